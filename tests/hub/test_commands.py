"""``tenken hub``: each command once, on a real database; the night's run goes into the run store like any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scanner.cli.commands import command_line
from scanner.hub import access, clock
from scanner.hub.database import Database
from scanner.hub.door import Door
from scanner.hub.keyfile import load_or_make
from scanner.protocol.enrolment import Token
from scanner.store.store import Store
from tests.hub.simulated import Simulated
from tests.hub.test_chain import send
from tests.hub.test_history import at, day, facts
from tests.hub.test_posture import reported


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default places, below the test's own folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("LANG", "en_US.UTF-8")


def run(*words: str, text: str = "") -> Result:
    return CliRunner().invoke(command_line(), ["hub", *words], input=text)


def lines(result: Result) -> list[list[str]]:
    assert result.exit_code == 0, result.output
    return [line.split("\t") for line in result.stdout.splitlines()]


def door(tmp_path: Path) -> Door:
    state = tmp_path / "tenken"
    return Door(Database(f"sqlite:///{state / 'hub.sqlite3'}"), load_or_make(state / "hub.key"))


def test_a_hub_from_its_first_token_to_the_night(tmp_path: Path) -> None:
    token = run("enroll", "総務課 PC-001")
    assert Token.of_text(token.stdout).hub_key == load_or_make(tmp_path / "tenken" / "hub.key").id
    assert run("policy", "--interval", "3600", "--fact", "ScreenLock").stdout == "1\n"
    with (hub := door(tmp_path)).database:
        agent = Simulated.enrol(hub, "総務課 PC-001")
        first, second = agent.report(reported(), made_at=clock.now()), agent.report(reported(), made_at=clock.now())
        send(hub, first)
    (tmp_path / "medium").write_bytes(first + b"\n" + second + b"\nnonsense\n")
    imported = run("import", str(tmp_path / "medium"), "--receipts", str(tmp_path / "receipts"))
    assert imported.exit_code == 1
    assert "medium:3: it is no signed envelope" in imported.output
    assert len((tmp_path / "receipts").read_bytes().splitlines()) == 2
    night = run("judge", "--only", "endpoint", "--store", str(tmp_path / "runs.sqlite3"), "--out", str(tmp_path / "out"))
    assert night.exit_code in {1, 3}, night.output
    with Store(tmp_path / "runs.sqlite3") as store:
        results = [line for line in store.lines(store.find("latest")) if line["type"] == "result"]
    found = {line["check"]: line["outcome"] for line in results}
    assert (found["endpoint.agent.reporting"], found["endpoint.screen-lock.idle"]) == ("pass", "not-applicable")
    assert (tmp_path / "out" / "report.html").exists()
    heads, row = lines(run("agents"))
    assert dict(zip(heads, row, strict=True))["state"] == "reporting"
    assert run("revoke", agent.agent, "--why", "end").exit_code == 0
    assert json.loads(run("agents", "--json").stdout)[0]["revoked_at"]
    shown = json.loads(run("show", agent.agent, "--json").stdout)
    assert (shown["chains"][0]["received"], shown["changes"]) == (2, [])
    assert [row[1] for row in lines(run("refusals"))[1:]] == ["it is no signed envelope"]
    actions = [row[2] for row in lines(run("audit"))]
    assert actions[:2] == ["token.make", "policy.set"]
    assert {"agent.enrol", "media.import", "agents.list", "agent.revoke", "agent.read"} <= set(actions)


def test_what_changed_on_a_machine_is_shown(tmp_path: Path) -> None:
    with (hub := door(tmp_path)).database:
        agent = Simulated.enrol(hub, "PC")
        send(hub, agent.report(facts(), made_at=at(60)), agent.report(facts(cafe=day(30)), made_at=at(2)))
    run("judge", "--only", "endpoint.network", "--no-store", "--out", str(tmp_path / "out"))
    shown = lines(run("show", agent.agent))
    assert ["joined a new network", "cafe", "wireless", day(30), at(60), at(2)] in shown
    assert [at(60), at(2), "cafe", "on", "1", "0"] in shown
    assert ["not compared", "software", "the first report: there is nothing to compare with", "", "", at(60)] in shown


def test_users_are_added_with_a_password_from_standard_input(tmp_path: Path) -> None:
    added = run("user", "add", "aoki", "--role", "auditor", "--password", text="a long enough one\n")
    assert added.stdout.startswith("otpauth://totp/")
    assert run("user", "add", "aoki", "--role", "auditor", "--password", text="a long enough one\n").exit_code == 2
    assert run("user", "add", "ito", "--role", "king", "--password", text="a long enough one\n").exit_code == 2
    assert run("user", "disable", "aoki").exit_code == 0
    assert run("user", "renew", "aoki", text="another long one\n").stdout.startswith("otpauth://totp/")
    assert run("user", "renew", "aoki", text="short\n").exit_code == 2
    assert run("user", "disable", "nobody").exit_code == 2


def test_what_is_asked_wrongly_ends_with_status_2(tmp_path: Path) -> None:
    for words in (
        ("show", "a-none"),
        ("revoke", "a-none", "--why", "w"),
        ("enroll", "n", "--agent", "a-none"),
        ("policy", "--interval", "3600", "--fact", "NoSuchFact"),
        ("serve", "--host", "0.0.0.0", "--receive-only"),
        ("agents", "--database", "mysql://h/x"),
        ("judge",),
    ):
        assert run(*words).exit_code == 2, words
    (tmp_path / "tenken" / "hub.key").chmod(0o644)
    assert run("enroll", "n").exit_code == 2


def test_what_a_stranger_gave_as_a_name_is_one_cell_that_no_terminal_obeys(tmp_path: Path) -> None:
    with (hub := door(tmp_path)).database, pytest.raises(access.NotAdmitted):
        access.log_in(hub.database, "\x1b]0;x\x07\n2026-01-01T00:00:00Z\tuser:root\tlogin", "p", "000000", "192.0.2.1")
    (row,) = lines(run("audit"))
    assert row[1] == "user:\\u001b]0;x\\u0007 2026-01-01T00:00:00Z user:root login"
