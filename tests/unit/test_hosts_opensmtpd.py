"""OpenSMTPD's configuration: the language, and for whom mail is relayed. The real program checks every text that is judged here."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.mail_configuration import MailConfiguration, MailListener, MailProgram
from scanner.facts.readings import Audience
from scanner.hosts.linux.mail_programs import mail_configuration
from scanner.model.fact import Unobserved
from scanner.wire import smtpd_conf
from tests.unit.host_trees import Machine, running

REAL = Path(__file__).parents[2] / "build/mail-programs/usr/sbin/smtpd"
KEY = "/etc/smtpd.pem"
PKI = f'pki mx cert "{KEY}"\npki mx key "{KEY}"\n'
ACTIONS = 'action "keep" mbox\naction "send" relay\n'
ALL = "listen on all\n"


def program(room: Path, text: str, more: dict[str, str] | None = None, **processes: int) -> MailProgram:
    machine = Machine(room).write({"/usr/sbin/smtpctl": "", "/etc/smtpd.conf": text, **(more or {})})
    running(machine, **processes)
    fact = mail_configuration.run(machine)
    assert isinstance(fact, MailConfiguration)
    assert not isinstance(fact.programs, Unobserved)
    (found,) = fact.programs
    return found


def listeners(found: MailProgram) -> tuple[MailListener, ...]:
    assert not isinstance(found.listeners, Unobserved)
    return found.listeners


RULES = [
    ('match from any for domain "example.jp" action "keep"\nmatch from local for any action "send"\n', Audience.ITSELF),
    ('match for any action "send"\n', Audience.ITSELF),
    ('match from any for any action "send"\n', Audience.EVERYBODY),
    ('match from any for any reject\nmatch from any for any action "send"\n', Audience.ITSELF),
    ('match from any for any action "keep"\nmatch from any for any action "send"\n', Audience.ITSELF),
    ('match from src 192.0.2.0/24 for any action "send"\n', Audience.SOME),
    ('match from src 127.0.0.1 for any action "send"\n', Audience.ITSELF),
    ('match from src 0.0.0.0/0 for any action "send"\n', Audience.EVERYBODY),
    ('match ! from src 192.0.2.0/24 for any action "send"\n', Audience.EVERYBODY),
    ('match ! from local for any reject\nmatch from any for any action "send"\n', Audience.ITSELF),
    ('table lan { 192.0.2.0/24, 198.51.100.7 }\nmatch from src <lan> for any action "send"\n', Audience.SOME),
    ('lan = "192.0.2.0/24"\nmatch from src $lan for any action "send"\n', Audience.SOME),
    ('match from auth for any action "send"\n', Audience.ITSELF),
    ('match auth from any for any action "send"\n', Audience.ITSELF),
    ('match ! auth from any for any action "send"\n', Audience.EVERYBODY),
    ('match from any ! for local action "send"\n', Audience.EVERYBODY),
    ('match from any for local action "send"\n', Audience.ITSELF),
    ('match from any for rcpt-to "a@example.jp" action "send"\n', Audience.ITSELF),
    ('match from any for \\\n any action "send" # relays\n', Audience.EVERYBODY),
    ('match from any for any action "send"\nmatch from any for any reject\n', Audience.EVERYBODY),
    ('# match from any for any action "send"\nmatch for local action "keep"\n', Audience.ITSELF),
    ('match tag OWN from any for any action "send"\n', Audience.ITSELF),
    # what a stranger may have, or choose, is not followed
    ('match from any mail-from "@example.jp" for any action "send"\n', None),
    ('match from rdns for any action "send"\n', None),
    ('match from src regex "^10" for any action "send"\n', None),
    ('match from any for domain "*" action "send"\n', None),
    ('match from any mail-from "bad@example.com" for any reject\nmatch from local for any action "send"\n', Audience.ITSELF),
    ('match from any mail-from "bad@example.com" for any reject\nmatch from any for any action "send"\n', None),
    ('action "on" mda "/bin/true"\nmatch from any for any action "on"\n', None),
]


@pytest.mark.parametrize(("rules", "who"), RULES)
def test_the_first_rule_that_fits_a_stranger_decides(tmp_path: Path, rules: str, who: Audience | None) -> None:
    (one,) = listeners(program(tmp_path, ALL + ACTIONS + rules))
    assert one.relays is who if who else isinstance(one.relays, Unobserved)


def test_a_table_may_take_several_lines_since_7_5(tmp_path: Path) -> None:
    rules = 'table lan {\n 192.0.2.0/24\n}\nmatch from src <lan> for any action "send"\n'
    (one,) = listeners(program(tmp_path, ALL + ACTIONS + rules))
    assert one.relays is Audience.SOME


@pytest.mark.lab
def test_the_real_program_takes_all_of_these_texts(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if not REAL.is_file():
        assert request.config.getoption("--lab") != "require", "run .ci/setup lab"
        pytest.skip("OpenSMTPD is not unpacked")
    for rules, _ in RULES:
        place = tmp_path / "smtpd.conf"
        place.write_text("listen on 192.0.2.1\n" + ACTIONS + rules)
        done = subprocess.run([REAL, "-n", "-f", place], capture_output=True, text=True, check=False, timeout=20)
        assert done.returncode == 0, f"{rules}: {done.stderr}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("listen on all\n", [("all:25", "none", False)]),
        (PKI + "listen on all tls pki mx\n", [("all:25", "may", False)]),
        (PKI + "listen on eth0 port 587 tls-require pki mx auth\n", [("eth0:587", "encrypt", True)]),
        (PKI + "listen on eth0 smtps pki mx auth-optional\n", [("eth0:465", "wrapped", True)]),
        ("listen on lo\nlisten on 127.0.0.1\nlisten on localhost port 26\nlisten on socket\n", []),
        ("", []),
    ],
)
def test_listeners(tmp_path: Path, text: str, found: list[tuple[str, str, bool]]) -> None:
    seen = listeners(program(tmp_path, text + ACTIONS))
    assert [(one.name, one.tls, one.authenticates) for one in seen] == found
    assert not any(one.clear_authentication for one in seen)


def test_nobody_relays_past_a_listener_that_wants_a_login_first_and_tags_tell_listeners_apart(tmp_path: Path) -> None:
    text = f"{PKI}listen on all\nlisten on all port 587 tls-require pki mx auth\nlisten on all port 2525 tag OWN\n{ACTIONS}"
    seen = listeners(program(tmp_path, text + 'match tag OWN from any for any action "send"\nmatch from local for any action "send"\n'))
    assert [one.relays for one in seen] == [Audience.ITSELF, Audience.NOBODY, Audience.EVERYBODY]


@pytest.mark.parametrize("listener", ["", "tls pki mx", "tls-require pki mx"])
@pytest.mark.parametrize("rule", ["tls from any for any", "! tls from any for any"])
def test_whether_a_rule_asks_for_tls_is_not_relied_on(tmp_path: Path, listener: str, rule: str) -> None:
    sends = 'match from any for any action "send"\n'
    conf = f"{PKI}listen on all {listener}\n{ACTIONS}"
    for rules in (f'match {rule} action "send"\n', f"match {rule} reject\n{sends}"):
        (one,) = listeners(program(tmp_path, conf + rules))
        assert isinstance(one.relays, Unobserved)
    (one,) = listeners(program(tmp_path, f'{conf}{sends}match {rule} action "send"\n'))
    assert one.relays is Audience.EVERYBODY


@pytest.mark.parametrize(
    ("actions", "level"),
    [
        ('action "a" relay\n', "may"),
        ('action "a" relay tls\n', "encrypt"),
        ('action "a" relay\naction "b" relay host "smtp+notls://192.0.2.1"\n', "none"),
        ('action "a" relay host "smtps://192.0.2.1"\n', "encrypt"),
        ('action "a" mbox\n', None),
    ],
)
def test_tls_on_the_way_out(tmp_path: Path, actions: str, level: str | None) -> None:
    found = program(tmp_path, ALL + actions).sends_with_tls
    assert found == level if level else isinstance(found, Unobserved)


FILTER = 'filter "spam" proc-exec "filter-rspamd"\n'


def test_dmarc_is_evaluated_where_rspamd_is_asked_and_runs(tmp_path: Path) -> None:
    asked = FILTER + 'listen on all filter "spam"\n'
    assert program(tmp_path / "a", asked, rspamd=1_700_000_100).judges_senders is True
    assert isinstance(program(tmp_path / "b", asked).judges_senders, Unobserved)
    assert program(tmp_path / "c", FILTER + ALL, rspamd=1_700_000_100).judges_senders is False
    assert program(tmp_path / "d", "listen on lo\n").judges_senders is None


def test_filters_before_an_open_relay_may_refuse(tmp_path: Path) -> None:
    text = FILTER + 'listen on all filter "spam"\n' + ACTIONS + 'match from any for any action "send"\n'
    (one,) = listeners(program(tmp_path, text))
    assert isinstance(one.relays, Unobserved)


def test_includes_are_read_in_place_and_macros_hold_behind_them(tmp_path: Path) -> None:
    text = 'include "/etc/smtpd.more"\nlisten on $where\n' + ACTIONS
    (one,) = listeners(program(tmp_path, text, {"/etc/smtpd.more": 'where = "192.0.2.1"\nmatch from any for any action "send"\n'}))
    assert (one.name, one.relays) == ("192.0.2.1:25", Audience.EVERYBODY)


@pytest.mark.parametrize(
    "text", ["accept from any for any relay\n", "listen on $gone\n", 'include "/gone"\n', 'include "/etc/smtpd.conf"\n', "table a {\n"]
)
def test_what_cannot_be_read_leaves_everything_open(tmp_path: Path, text: str) -> None:
    found = program(tmp_path, text)
    assert isinstance(found.listeners, Unobserved)
    assert isinstance(found.sends_with_tls, Unobserved)


def test_postfix_has_processes_of_the_same_name(tmp_path: Path) -> None:
    machine = Machine(tmp_path).write({"/usr/lib/postfix/sbin/master": "", "/etc/postfix/main.cf": ""})
    running(machine, master=1_700_000_100, qmgr=1_700_000_100, smtpd=1_700_000_100)
    fact = mail_configuration.run(machine)
    assert isinstance(fact, MailConfiguration)
    assert not isinstance(fact.programs, Unobserved)
    assert [one.name for one in fact.programs] == ["postfix"]


PIECES = st.sampled_from(
    ["match", "from", "for", "any", "!", "{", "}", "<a>", '"x"', "\n", "listen", "on", "=", "$a", "a", "table", "action", "\\\n", "#"]
)


@settings(max_examples=80, deadline=None)
@given(st.lists(PIECES, max_size=20).map(" ".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(smtpd_conf.NotSmtpd):
        assert all(one.name for one in smtpd_conf.parse(text.encode(), {}))
