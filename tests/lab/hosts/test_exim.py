"""Configurations of Exim as administrators write them, printed by the real program of a tree, to what is made of them."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.facts.mail_configuration import MailConfiguration, MailListener, MailProgram
from scanner.facts.readings import Audience
from scanner.hosts.linux.mail_programs import mail_configuration
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import exim
from tests.lab.hosts.lab import why_not
from tests.lab.hosts.trees import place
from tests.lab.needed import need_lab
from tests.unit.host_trees import Machine

pytestmark = pytest.mark.lab
LISTS = "domainlist ours = @ : example.jp : *.example.jp\nhostlist friends = <; 127.0.0.1 ; ::1 ; 192.0.2.0/24\n"
RCPT = "acl_smtp_rcpt = rcpt\n{main}begin acl\nrcpt:\n{acl}\n{rest}"
REFUSES = "  accept hosts = : +friends\n  accept authenticated = *\n  require message = no\n    domains = +ours\n  accept\n"
LOGIN = "begin authenticators\nlogin:\n  driver = plaintext\n  public_name = LOGIN\n  server_condition = ${{if eq{{$auth1}}{{x}}}}\n{more}"


@pytest.fixture(autouse=True)
def possible(request: pytest.FixtureRequest) -> None:
    """Needs the trees."""
    need_lab(request.config, why_not())


def program(room: Path, conf: str, files: dict[str, str] | None = None) -> MailProgram:
    """Let the tree's Exim print a configuration, and read what it prints."""
    (room / "own").mkdir()
    (room / "own/exim.conf").write_text(LISTS + conf)
    tree = shlex.quote(str(place("trixie")))
    commands = {}
    for words in ("-bP", "-bP config"):
        line = f"mount --bind {shlex.quote(str(room / 'own'))} {tree}/mnt && exec chroot {tree} /usr/sbin/exim4 -C /mnt/exim.conf {words}"
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-ec", line], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
        )
        commands[f"exim4 {words}"] = done.stdout
    machine = Machine(room / "root", commands=commands)
    machine.write(
        {
            "/usr/sbin/exim4": "",
            "/usr/lib/systemd/system/exim4.service": "",
            "/etc/systemd/system/multi-user.target.wants/exim4.service": "",
            "/proc/1/stat": "1 (systemd) S" + " 0" * 18 + " 100 0",
            **(files or {}),
        }
    )
    fact = mail_configuration.run(machine)
    assert isinstance(fact, MailConfiguration)
    assert not isinstance(fact.programs, Unobserved)
    (found,) = fact.programs
    assert "secret" not in repr(fact)
    return found


def listeners(found: MailProgram) -> dict[str, MailListener]:
    assert not isinstance(found.listeners, Unobserved)
    return {one.name: one for one in found.listeners}


@pytest.mark.parametrize(
    ("acl", "who"),
    [
        (REFUSES, Audience.SOME),
        (REFUSES.replace("+friends", "127.0.0.1"), Audience.ITSELF),
        ("  accept domains = +ours\n", Audience.ITSELF),  # one that ends without a word refuses
        ("  accept hosts = +friends\n  accept\n", Audience.EVERYBODY),
        ("  deny domains = !+ours\n    hosts = !+friends\n    !authenticated = *\n  accept\n", Audience.SOME),
        ("  accept hosts = *\n", Audience.EVERYBODY),
        ("  accept hosts = 0.0.0.0/0\n", Audience.EVERYBODY),
        ("  accept hosts = 203.0.0.0/8\n", Audience.EVERYBODY),  # larger than any organisation's own
        ("  deny hosts = 203.0.0.0/8\n  accept\n", Audience.EVERYBODY),
        ("  accept hosts = ! 192.0.2.1\n", Audience.EVERYBODY),
        ("  accept domains = ! +ours\n", Audience.EVERYBODY),
        ("  accept hosts = +friends : *.example.com\n", Reason.UNSUPPORTED),  # a name that anybody may give his address
        ("  accept senders = *@example.jp\n", Reason.UNSUPPORTED),  # anybody can write that sender
        ("  accept encrypted = *\n  deny\n", Reason.UNSUPPORTED),
        ("  accept domains = ${lookup{$domain}lsearch{/etc/relay}}\n", Reason.UNSUPPORTED),
        ("  accept domains = lsearch;/etc/relay\n", Reason.UNSUPPORTED),
        ("  accept acl = other\n", Reason.UNSUPPORTED),
        ("  accept hosts = *\n    domains = +ours\n    endpass\n    verify = recipient\n  deny\n", Audience.ITSELF),
        ("  accept hosts = *\n    endpass\n    domains = +ours\n  accept\n", Audience.ITSELF),  # what fails behind endpass refuses
        ("  warn message = x\n  deny dnslists = black.example\n  accept\n", Audience.EVERYBODY),
    ],
)
def test_whom_an_acl_lets_relay(tmp_path: Path, acl: str, who: Audience | Reason) -> None:
    found = listeners(program(tmp_path, RCPT.format(main="", acl=acl, rest="")))["smtp"].relays
    assert (found.reason if isinstance(found, Unobserved) else found) is who


def test_no_acl_refuses_and_an_earlier_one_may(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    assert listeners(program(tmp_path / "a", ""))["smtp"].relays is Audience.ITSELF
    conf = RCPT.format(main="acl_smtp_connect = come\n", acl="  accept", rest="come:\n  accept hosts = +friends\n")
    assert listeners(program(tmp_path / "b", conf))["smtp"].relays is Audience.ITSELF


def test_ports_and_tls(tmp_path: Path) -> None:
    found = program(tmp_path, RCPT.format(main="daemon_smtp_ports = 25 : 465\ntls_on_connect_ports = smtps\n", acl=REFUSES, rest=""))
    assert {name: one.tls for name, one in listeners(found).items()} == {"25": "may", "465": "wrapped"}
    assert (found.sends_with_tls, found.answers_vrfy, found.tells_version, found.judges_senders) == ("may", False, True, False)
    assert (found.keeps_line_ends, str(found.version)[:2]) == (True, "4.")


def test_a_daemon_for_the_machine_itself_takes_no_mail_from_the_network(tmp_path: Path) -> None:
    assert program(tmp_path, "local_interfaces = <; 127.0.0.1 ; ::1\n").listeners == ()


@pytest.mark.parametrize(
    ("main", "more", "clear"),
    [
        ("", "", True),
        ("auth_advertise_hosts = ${if eq {$tls_in_cipher}{}{}{*}}\n", "", False),
        ("", "  server_advertise_condition = ${if def:tls_in_cipher }\n", False),
        ("", "  server_advertise_condition = ${if eq{$sender_host_address}{10.0.0.1}}\n", Reason.UNSUPPORTED),
        ("auth_advertise_hosts =\n", "", False),
    ],
)
def test_passwords_without_tls(tmp_path: Path, main: str, more: str, clear: bool | Reason) -> None:
    found = listeners(program(tmp_path, RCPT.format(main=main, acl=REFUSES, rest=LOGIN.format(more=more))))["smtp"].clear_authentication
    assert (found.reason if isinstance(found, Unobserved) else found) is clear


def test_dmarc_is_looked_at_by_an_acl_or_by_who_knows_what(tmp_path: Path) -> None:
    asked = RCPT.format(main="acl_smtp_data = data\n", acl=REFUSES, rest="data:\n  deny condition = ${readsocket{/run/x}{y}}\n  accept\n")
    found = program(tmp_path, asked).judges_senders
    assert isinstance(found, Unobserved)


@pytest.mark.parametrize(
    ("words", "program_reads", "ports_known"),
    [
        ("exim4\0-bdf\0-q30m", True, True),
        ("exim4\0-bd\0-oX\x00587", True, False),
        ("exim4\0-bd\0-C\0/srv/exim.conf", False, False),
        ("exim4\0-bs\0-C\0/srv/exim.conf", True, True),  # no daemon
    ],
)
def test_what_the_daemon_was_started_with(tmp_path: Path, words: str, program_reads: bool, ports_known: bool) -> None:
    found = program(
        tmp_path,
        RCPT.format(main="", acl=REFUSES, rest=""),
        {"/proc/9/stat": "9 (exim4) S" + " 0" * 18 + " 100 0", "/proc/9/cmdline": words},
    )
    assert isinstance(found.sends_with_tls, str) is program_reads
    assert isinstance(found.listeners, tuple) is ports_known


def test_older_versions_may_have_been_mended() -> None:
    conf = exim.config(b"# Exim Configuration (4.96)\n")
    assert conf.version == "4.96"


@given(st.text(alphabet="abcl =:!+*<;\n{}$@.0/12acceptdenyrequirehostsdomains", max_size=300))
def test_any_text_ends_in_a_verdict(text: str) -> None:
    data = f"begin acl\n\n  rcpt:\n{text}".encode()
    conf = exim.config(data)
    assert exim.relaying(conf, "rcpt")[0] in exim.Relaying
    assert isinstance(exim.options(text.encode()), dict)
