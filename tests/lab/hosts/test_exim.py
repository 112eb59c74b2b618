"""Configurations of Exim as administrators write them, printed by the real program of a tree, to what is made of them."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.facts.mail_configuration import MailConfiguration, MailListener, MailProgram
from scanner.facts.mail_forwarding import Forwarding, MailForwarding
from scanner.facts.readings import Audience
from scanner.hosts.linux.mail_forwarding import mail_forwarding
from scanner.hosts.linux.mail_programs import mail_configuration
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import exim, exim_filter
from scanner.wire.aliases import What
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


def machine(room: Path, conf: str, files: dict[str, str] | None = None) -> Machine:
    """A machine whose Exim prints what the tree's makes of a configuration."""
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
    return Machine(room / "root", commands=commands).write(
        {
            "/usr/sbin/exim4": "",
            "/usr/lib/systemd/system/exim4.service": "",
            "/etc/systemd/system/multi-user.target.wants/exim4.service": "",
            "/proc/1/stat": "1 (systemd) S" + " 0" * 18 + " 100 0",
            **(files or {}),
        }
    )


def program(room: Path, conf: str, files: dict[str, str] | None = None) -> MailProgram:
    """Read what the tree's Exim prints of a configuration."""
    fact = mail_configuration.run(machine(room, conf, files))
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


ROUTERS = """primary_hostname = mail.example.jp
qualify_domain = example.jp
begin routers
remote:
  driver = dnslookup
  domains = ! +ours : !mail.example.org
  transport = out
{routers}
local:
  driver = accept
  check_local_user
  transport = out
begin transports
out:
  driver = smtp
"""
SYSTEM_ALIASES = "aliases:\n  driver = redirect\n  data = ${lookup{$local_part}lsearch*{/etc/aliases}{$value}fail}\n  forbid_pipe\n"
USERFORWARD = "own:\n  driver = redirect\n  check_local_user\n  file = $home/.forward\n  allow_filter\n"
OUTSIDE = "taro.private@mail.example.com"
HOMES = {"/etc/passwd": "tanaka:x:1000:1000::/home/tanaka:/bin/sh\nroot:x:0:0::/root:/bin/sh\n"}
FILE = "/home/tanaka/.forward"


def sent_on(room: Path, routers: str, files: dict[str, str]) -> tuple[Forwarding, ...]:
    fact = mail_forwarding.run(machine(room, ROUTERS.format(routers=routers), {**HOMES, **files}))
    assert isinstance(fact, MailForwarding)
    assert "private" not in repr(fact)
    assert not isinstance(fact.programs, Unobserved)
    (found,) = fact.programs
    assert not isinstance(found.forwardings, Unobserved)
    return found.forwardings


@pytest.mark.parametrize(
    ("routers", "files", "where"),
    [
        (SYSTEM_ALIASES, {"/etc/aliases": "root: tanaka\nx: y@example.jp, z@mail.example.org, w@w.example.jp\n"}, []),
        (SYSTEM_ALIASES, {"/etc/aliases": f"root {OUTSIDE}\nx: :fail: no, ask a@b.example\n"}, ["router aliases /etc/aliases"]),
        (SYSTEM_ALIASES, {"/etc/aliases": 'x: "|/usr/bin/private"\n'}, []),
        (SYSTEM_ALIASES + USERFORWARD, {"/etc/aliases": "tanaka: root\n", FILE: OUTSIDE}, []),
        (SYSTEM_ALIASES + USERFORWARD, {"/etc/aliases": "root: tanaka\n", FILE: OUTSIDE}, [FILE]),
        (
            USERFORWARD,
            {FILE: f"# Exim filter\n# deliver a@b.example\nif error_message then finish endif\nunseen deliver {OUTSIDE}\n"},
            [FILE],
        ),
        (USERFORWARD, {FILE: f'# Sieve filter\nredirect "{OUTSIDE}";\n'}, [FILE]),
        (f"copy:\n  driver = redirect\n  data = {OUTSIDE}\n  unseen\n", {}, ["router copy"]),
        ("gone:\n  driver = redirect\n  data = ${quote_local_part:$local_part}@mail.example.com\n", {}, ["router gone"]),
    ],
)
def test_where_mail_is_sent_on_to(tmp_path: Path, routers: str, files: dict[str, str], where: list[str]) -> None:
    found = sent_on(tmp_path, routers, files)
    assert [one.unread for one in found if one.unread] == []
    assert {one.source: one.domains for one in found if one.domains} == dict.fromkeys(where, ("mail.example.com",))


@pytest.mark.parametrize(
    ("routers", "files", "why"),
    [
        (SYSTEM_ALIASES.replace("lsearch*", "cdb"), {}, "an expansion says where mail goes"),
        (
            "remote2:\n  driver = dnslookup\n  domains = !lsearch;/etc/x\n  transport = out\n" + SYSTEM_ALIASES,
            {"/etc/aliases": f"x: {OUTSIDE}\n"},
            "it may be delivered here",
        ),
        ("gone:\n  driver = redirect\n  data = $local_part@$domain_data\n", {}, "put together when mail comes"),
        (USERFORWARD, {FILE: "|/usr/bin/procmail -p private\n"}, "procmail is handed mail"),
        (USERFORWARD.replace("$home", "/srv/$domain"), {}, "is not worked out"),
    ],
)
def test_what_cannot_be_told_of_routers_is_said(tmp_path: Path, routers: str, files: dict[str, str], why: str) -> None:
    [said] = [one.unread.detail for one in sent_on(tmp_path, routers, files) if one.unread]
    assert why in said


def test_older_versions_may_have_been_mended() -> None:
    conf = exim.config(b"# Exim Configuration (4.96)\n")
    assert conf.version == "4.96"


@given(st.text(alphabet="abcl =:!+*<;\n{}$@.0/12acceptdenyrequirehostsdomains", max_size=300))
def test_any_text_ends_in_a_verdict(text: str) -> None:
    data = f"begin acl\n\n  rcpt:\n{text}".encode()
    conf = exim.config(data)
    assert exim.relaying(conf, "rcpt")[0] in exim.Relaying
    assert all(one.what in {What.ADDRESS, What.COMMAND} for one in exim_filter.destinations(text.encode()))
    assert isinstance(exim.options(text.encode()), dict)
