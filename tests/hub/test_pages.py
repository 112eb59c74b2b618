"""The pages of a hub that runs as its command starts it, over TLS: who sees what, and what is refused to whom."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select, update

from scanner.facts.network_history import JoinedNetwork, LinkKind, NetworksJoined
from scanner.hub import access, audit, book, enrolment
from scanner.hub.access import Role
from scanner.hub.database import Database
from scanner.hub.door import Door
from scanner.hub.keyfile import load_or_make
from scanner.hub.schema import sessions, users
from scanner.hub.serve import HSTS
from scanner.model.fact import Observed
from scanner.pages.asked import COOKIE, LARGEST_FORM
from scanner.protocol.refusal import REFUSAL_WORDS, Refusal
from tests.agent.killing import free_port, make_certificate, wait_for
from tests.hub.browser import Answer, Browser
from tests.hub.simulated import Simulated
from tests.hub.test_access import code, secret_of
from tests.hub.test_chain import send
from tests.hub.test_history import at, day, facts
from tests.unit.html_page import Page

PASSWORD = "correct horse battery"
HOSTILE = '<script>alert("x")</script>\u202eevil'


@dataclass
class Running:
    """A hub with three machines, and the secrets of its users."""

    folder: Path
    url: str
    port: int
    certificate: Path
    agents: dict[str, str]
    secrets: dict[str, str]
    browsers: dict[str, Browser] = field(default_factory=dict)

    def stranger(self) -> Browser:
        return Browser(self.certificate, self.port)

    def as_(self, name: str) -> Browser:
        """Give the browser of a user who has logged in; a code is good once, so they do so once."""
        if name not in self.browsers:
            browser = self.browsers[name] = self.stranger()
            assert browser.log_in(name, PASSWORD, code(self.secrets[name])).status == 303
        return self.browsers[name]

    def tokens(self) -> int:
        with Database(self.url) as database:
            return len(enrolment.token_rows(database))


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("pages")
    certificate, private_key = make_certificate(folder)
    url, key_file = f"sqlite:///{folder / 'hub.sqlite3'}", folder / "hub.key"
    names, secrets, agents = ("root", "eye", "owner", "guessed", "leaving", "late", "removed"), {}, {}
    with Database(url) as database:
        door = Door(database, load_or_make(key_file))
        for note in ("own", "other", HOSTILE):
            agent = Simulated.enrol(door, note)
            agents[note] = agent.agent
            first, now = facts(office=day(60)), facts(realtime=False, software=("vim", HOSTILE), office=day(60))
            joined = (JoinedNetwork("office", LinkKind.WIRELESS, day(60), ""), JoinedNetwork(HOSTILE, LinkKind.WIRELESS, day(30), ""))
            send(door, agent.report(first, made_at=at(60)))
            agent.report(first, made_at=at(50))  # it is lost on the way
            send(door, agent.report({**now, "NetworksJoined": Observed(NetworksJoined(joined, ()), "")}, made_at=at(2)))
        for name in names:
            role = {"root": Role.ADMINISTRATOR, "removed": Role.ADMINISTRATOR, "owner": Role.OWNER}.get(name, Role.AUDITOR)
            uri = access.add_user(database, "test", name, role, password=PASSWORD, systems=["mine"] if role is Role.OWNER else [])
            secrets[name] = secret_of(uri)
    (folder / "inventory.yaml").write_text(
        f"endpoints: [{agents['own']}]\nsystems:\n  - {{id: mine, name: 電子メール, targets: ['endpoint:{agents['own']}']}}\n", "utf-8"
    )
    port = free_port()
    words = ["--port", str(port), "--certificate", str(certificate), "--private-key", str(private_key), "--key-file", str(key_file)]
    words += ["--database", url, "--inventory", str(folder / "inventory.yaml"), "--baseline", "ssk"]
    command = [str(Path(sys.executable).with_name("tenken")), "hub", "serve", *words]
    process = subprocess.Popen(command, env={**os.environ, "LANG": "C.UTF-8"})
    try:
        wait_for(port)
        yield Running(folder, url, port, certificate, agents, secrets)
    finally:
        process.terminate()
        process.wait(30)


def judged(hub: Running, name: str) -> Answer:
    """Give the page of a machine when its reports have been judged."""
    until = time.monotonic() + 30
    while True:
        with Database(hub.url) as database:
            if book.agent_row(database, hub.agents[name]).judged_at:
                return hub.as_("root").get(f"/machines/{hub.agents[name]}")
        assert time.monotonic() < until, "nothing was judged"
        time.sleep(0.05)


@pytest.mark.parametrize("path", ["/", "/machines", "/machines/AGENT", "/tokens", "/refusals", "/audit", "/audit?before=9"])
def test_without_a_session_there_is_no_page(hub: Running, path: str) -> None:
    for cookie in ("", "guess", hub.as_("eye").session + "x"):
        browser = hub.stranger()
        browser.cookies = {COOKIE: cookie}
        answer = browser.get(path.replace("AGENT", hub.agents["own"]))
        assert (answer.status, answer.body) == (303, b"")
        assert answer.headers["location"] in {"/login", "/machines"}


def test_without_a_session_nothing_is_changed(hub: Running) -> None:
    before = hub.tokens()
    assert hub.stranger().post("/tokens", {"note": "x"}).status == 401
    assert hub.stranger().post(f"/machines/{hub.agents['own']}/revoke", {"why": "x"}).status == 401
    assert hub.tokens() == before


def test_the_cookie_is_for_this_host_over_tls_and_for_no_script(hub: Running) -> None:
    browser = hub.stranger()
    answer = browser.log_in("late", PASSWORD, code(hub.secrets["late"]))
    assert (answer.status, answer.headers["location"]) == (303, "/machines")
    name, *flags = (part.strip().lower() for part in answer.cookies[0].split(";"))
    assert name == f"{COOKIE.lower()}={browser.session.lower()}"
    assert {"httponly", "secure", "path=/", "samesite=strict"} <= set(flags)
    assert not any(flag.startswith("domain") for flag in flags)
    assert hub.stranger().log_in("late", PASSWORD, code(hub.secrets["late"])).status == 401, "a code is good once"
    with Database(hub.url) as database, database.writing() as db:
        db.execute(update(sessions).where(sessions.c.user == "late").values(expires_at="2026-01-01T00:00:00Z"))
    assert browser.get("/machines").headers["location"] == "/login", "a session ends"


def test_after_wrong_tries_even_the_right_password_is_refused_and_the_page_tells_nothing(hub: Running) -> None:
    said = [hub.stranger().log_in("guessed", "wrong password", "000000") for _ in range(access.FREE_FAILURES)]
    said.append(hub.stranger().log_in("guessed", PASSWORD, code(hub.secrets["guessed"])))
    said.append(hub.stranger().log_in("nobody", "wrong password", "000000"))
    assert {answer.status for answer in said} == {401}
    assert len({answer.body for answer in said}) == 1
    with Database(hub.url) as database, database.reading() as db:
        assert db.execute(select(users.c.locked_until).where(users.c.name == "guessed")).scalar_one()


def test_an_administrator_who_is_removed_is_out_at_once(hub: Running) -> None:
    browser = hub.as_("removed")
    proof, before = browser.proof(), hub.tokens()
    with Database(hub.url) as database:
        access.disable_user(database, "test", "removed")
    assert browser.get("/tokens").headers["location"] == "/login"
    assert browser.post("/tokens", {"note": "x", "proof": proof}).status == 401
    assert browser.log_in("removed", PASSWORD, code(hub.secrets["removed"], 1)).status == 401
    assert hub.tokens() == before


def test_who_logs_out_is_out(hub: Running) -> None:
    browser = hub.as_("leaving")
    session = browser.session
    assert browser.fill("/machines", "/logout", {}).headers["location"] == "/login"
    browser.cookies = {COOKIE: session}
    assert browser.get("/machines").status == 303


@pytest.mark.parametrize(
    ("headers", "proof"),
    [
        ({}, None),
        ({}, "0" * 64),
        ({}, "of another session"),
        ({"Origin": "https://evil.example"}, "own"),
        ({"Origin": "null"}, "own"),
        ({"Sec_Fetch_Site": "cross-site"}, "own"),
        ({"Sec_Fetch_Site": "same-site"}, "own"),
    ],
)
def test_a_form_that_is_not_ours_changes_nothing(hub: Running, headers: dict[str, str], proof: str | None) -> None:
    browser, before = hub.as_("root"), hub.tokens()
    proofs = {"own": browser.proof(), "of another session": hub.as_("eye").proof()}
    fields = {"note": "forged", "why": "forged"} | ({"proof": proofs.get(proof, proof)} if proof else {})
    for path in ("/tokens", f"/machines/{hub.agents['other']}/revoke", "/logout"):
        assert browser.post(path, fields, **headers).status == 403
    assert hub.tokens() == before
    with Database(hub.url) as database:
        assert book.agent_row(database, hub.agents["other"]).revoked_at is None
    assert browser.get("/machines").status == 200, "still logged in"


def test_another_site_can_log_nobody_in(hub: Running) -> None:
    fields = {"user": "eye", "password": PASSWORD, "code": "000000"}
    assert hub.stranger().post("/login", fields, Origin="https://evil.example").status == 403


def test_a_system_owner_sees_own_machines_and_nothing_else(hub: Running) -> None:
    owner = hub.as_("owner")
    listed = owner.get("/machines").text
    assert hub.agents["own"] in listed
    assert not {hub.agents["other"], hub.agents[HOSTILE], "/audit", "/tokens"} & set(re.findall(r"a-[0-9a-f]{16}|/audit|/tokens", listed))
    assert owner.get(f"/machines?q={hub.agents['other']}").text.count(f"/machines/{hub.agents['other']}") == 0
    assert owner.get(f"/machines/{hub.agents['own']}").status == 200
    refused = [owner.get(f"/machines/{agent}") for agent in (hub.agents["other"], "a-0000000000000000")]
    assert [answer.status for answer in refused] == [403, 403]
    assert refused[0].body == refused[1].body, "what is not theirs and what is not there look alike"
    assert [owner.get(path).status for path in ("/tokens", "/refusals", "/audit")] == [403, 403, 403]
    assert owner.fill("/machines", f"/machines/{hub.agents['own']}/revoke", {"why": "mine"}).status == 403


def test_an_auditor_reads_everything_and_changes_nothing(hub: Running) -> None:
    eye, before = hub.as_("eye"), hub.tokens()
    assert [eye.get(path).status for path in ("/machines", f"/machines/{hub.agents['other']}", "/audit", "/tokens")] == [200, 200, 200, 403]
    assert eye.fill("/machines", "/tokens", {"note": "x"}).status == 403
    assert eye.fill("/machines", f"/machines/{hub.agents['other']}/revoke", {"why": "x"}).status == 403
    assert "/revoke" not in eye.get(f"/machines/{hub.agents['other']}").text
    assert hub.tokens() == before


def test_a_page_is_whole_has_no_script_and_asks_nobody_else(hub: Running) -> None:
    root = hub.as_("root")
    judged(hub, HOSTILE)
    paths = [
        "/login",
        "/machines",
        f"/machines/{hub.agents[HOSTILE]}",
        f"/machines/{hub.agents[HOSTILE]}?document=ssk",
        "/tokens",
        "/refusals",
        "/audit",
    ]
    for path in paths:
        answer = root.get(path)
        assert answer.status == 200, path
        policy = answer.headers["content-security-policy"]
        assert policy == "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-store")
        assert answer.headers["strict-transport-security"] == HSTS
        page = Page(answer.body)
        assert not {"script", "style", "iframe", "object", "embed", "base", "img"} & {e.tag for e in page.all}
        assert not any(name.startswith("on") or name == "style" for e in page.all for name in e.attributes)
        places = [v or "" for e in page.all for name, v in e.attributes.items() if name in {"href", "src", "action"}]
        assert all(place.startswith(("/", "?", "#")) and not place.startswith("//") for place in places), path
        inputs = [e for e in page.all if e.tag == "input" and e.attributes.get("type") != "hidden"]
        labelled = {e.attributes["for"] for e in page.all if e.tag == "label"}
        assert all(e.attributes["id"] in labelled for e in inputs), "every field has its label"
    style = next(e.attributes["href"] for e in page.all if e.tag == "link") or ""
    assert hub.stranger().get(style).headers["content-type"].startswith("text/css")


def test_hostile_names_are_shown_and_not_obeyed(hub: Running) -> None:
    for text in (judged(hub, HOSTILE).text, hub.as_("root").get("/machines").text, hub.as_("root").get("/tokens").text):
        assert "<script" not in text
        assert "\u202e" not in text
        assert "&lt;script&gt;" in text
        assert "U+202E" in text
    searched = hub.as_("root").get("/machines?q=%22%3E%3Cscript%3E&show=%3Cb%3E&page=99999999999999999999").text
    assert "<script" not in searched


def test_a_machine_shows_what_fails_what_changed_and_how_it_came_back(hub: Running) -> None:
    page = Page(judged(hub, "own").body)
    text = page.root.text
    assert "host.malware.realtime" in page.by_id("failures").text
    changes, networks = page.by_id("changes").text, page.by_id("networks").text
    assert "software installed" in changes
    assert "joined a new network" in changes
    assert "wireless" in networks
    assert "off" in networks
    assert "report 2 is missing" in page.by_id("chain").text
    assert "reports before it are missing" in text
    by_document = Page(hub.as_("root").get(f"/machines/{hub.agents['own']}?document=ssk").body).by_id("failures").text
    assert re.search(r"\d\.\d\.\d\(\d\)", by_document)
    assert "host.malware.realtime" in by_document
    assert "電子メール mine" in text, "the system that it belongs to"


def test_the_list_counts_filters_and_searches(hub: Running) -> None:
    judged(hub, "own")
    root, everyone = hub.as_("root"), set(hub.agents.values())

    def listed(query: str) -> set[str]:
        found = re.findall(r'href="/machines/(a-[0-9a-f]{16})"', root.get(f"/machines?{query}").text)
        return everyone & set(found)  # other tests enrol machines too

    assert listed("") == listed("show=flagged") == everyone
    assert listed("show=silent") == set()
    assert listed("q=oTh") == {hub.agents["other"]}
    assert listed("q=mine") == listed("q=%E9%9B%BB%E5%AD%90") == {hub.agents["own"]}


def test_an_administrator_makes_a_token_and_revokes_a_machine(hub: Running) -> None:
    root = hub.as_("root")
    with Database(hub.url) as database:
        door = Door(database, load_or_make(hub.folder / "hub.key"))
        spare = Simulated.enrol(door, "spare")
    made = root.fill("/tokens", "/tokens", {"note": "総務課 PC-300", "agent": ""})
    token = re.search(r"tk1-[A-Za-z0-9_-]{32}-[0-9a-f]{32}", made.text)
    assert made.status == 200
    assert token
    assert token[0] not in root.get("/tokens").text, "it is shown once"
    assert root.fill("/tokens", "/tokens", {"note": "", "agent": ""}).status == 400
    assert root.fill("/tokens", "/tokens", {"note": "x", "agent": "a-none"}).status == 404
    assert root.fill("/tokens", "/tokens", {"note": "x" * LARGEST_FORM}).status == 413
    assert root.fill("/tokens", "/tokens", {"note": "NUL \0", "agent": ""}).status == 400
    assert root.get("/machines/%00").status == 404
    assert root.fill("/tokens", f"/machines/{spare.agent}/revoke", {"why": " "}).status == 400
    assert root.fill("/tokens", f"/machines/{spare.agent}/revoke", {"why": "廃棄"}).headers["location"] == f"/machines/{spare.agent}"
    with Database(hub.url) as database:
        assert book.agent_row(database, spare.agent).revoked_at
        entries = {(entry.actor, entry.action, entry.object) for entry in audit.entries(database)}
        assert list(audit.faults(database)) == []
    assert ("user:root", "agent.revoke", spare.agent) in entries
    assert "agent.revoke" in root.get("/audit").text


def test_what_was_refused_is_counted_by_reason_and_machine(hub: Running) -> None:
    with Database(hub.url) as database:
        door = Door(database, load_or_make(hub.folder / "hub.key"))
        agent = Simulated.enrol(door, "refused")
        send(door, agent.report(), agent.report(sequence=1))
        door.refusals.flush()
    row = next(e for e in Page(hub.as_("eye").get("/refusals").body).all if e.tag == "tr" and agent.agent in e.text)
    assert REFUSAL_WORDS[Refusal.FORKED].ja in row.text


def test_the_language_is_kept_and_either_is_whole(hub: Running) -> None:
    browser = hub.stranger()
    browser.cookies = dict(hub.as_("root").cookies)
    assert '<html lang="ja">' in browser.get("/machines").text
    assert '<html lang="en">' in browser.get("/machines?lang=en&q=x").text
    kept = browser.get("/machines").text
    assert '<html lang="en">' in kept
    assert '<html lang="en">' in browser.get("/machines?lang=xx").text
    languages = [e.attributes["lang"] for e in Page(kept.encode()).all if e.tag == "i"]
    assert languages.count("ja") == languages.count("en") > 10
