"""Configurations of Postfix as administrators write them, printed by the real postconf, to what the collector makes of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.mail_configuration import MailConfiguration, MailListener, MailProgram
from scanner.facts.readings import Audience
from scanner.hosts.linux import mail_postfix
from scanner.hosts.linux.mail_programs import mail_configuration
from scanner.model.fact import Unobserved
from scanner.wire import postfix
from scanner.wire.postfix import Relaying
from tests.unit.host_trees import Machine

MASTER = "smtp inet n - y - - smtpd\npickup unix n - y 60 1 pickup\n"
SUBMISSION = """submission inet n - y - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
"""
FILES = {
    "/usr/lib/postfix/sbin/master": "",
    "/usr/lib/systemd/system/postfix.service": "",
    "/etc/systemd/system/multi-user.target.wants/postfix.service": "",
    "/proc/1/stat": "1 (systemd) S" + " 0" * 18 + " 100 0",
}


def machine(room: Path, main: str, master: str = MASTER) -> Machine:
    """A machine with Postfix, whose commands answer what the real postconf prints of these files."""
    etc = room / "own"
    etc.mkdir(parents=True)
    (etc / "main.cf").write_text("compatibility_level = 3.6\n" + main)
    (etc / "master.cf").write_text(master)
    os.utime(etc / "main.cf", (1, 1))  # Postfix waits two seconds for a file that was just written to be whole
    for name in ("postfix-files", "dynamicmaps.cf"):
        if Path(f"/etc/postfix/{name}").exists():
            shutil.copy(f"/etc/postfix/{name}", etc)
    commands = {}
    for asked in (mail_postfix.PARAMETERS, mail_postfix.SERVICES, mail_postfix.OVERRIDES):
        argv = ["postconf", "-c", str(etc), asked[-1].rpartition(" ")[2]]
        commands[" ".join(asked)] = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return Machine(room, commands=commands).write({**FILES, "/etc/postfix/main.cf": main, "/etc/postfix/master.cf": master})


def program(read: Machine) -> MailProgram:
    fact = mail_configuration.run(read)
    assert isinstance(fact, MailConfiguration)
    assert not isinstance(fact.programs, Unobserved)
    (found,) = fact.programs
    return found


def listeners(found: MailProgram) -> dict[str, MailListener]:
    assert not isinstance(found.listeners, Unobserved)
    return {one.name: one for one in found.listeners}


OWN = "mynetworks = 127.0.0.0/8 [::1]/128\n"


@pytest.mark.parametrize(
    ("main", "relays"),
    [
        (OWN, Audience.ITSELF),
        ("mynetworks = 127.0.0.0/8, 192.168.0.0/16\n", Audience.SOME),
        ("mynetworks = 0.0.0.0/0\n", Audience.EVERYBODY),
        ("mynetworks = 127.0.0.0/8\n  133.0.0.0/8\n", Audience.EVERYBODY),
        ("mynetworks = 10.0.0.0/8\n", Audience.SOME),
        (OWN + "smtpd_relay_restrictions = permit\n", Audience.EVERYBODY),
        (OWN + "smtpd_relay_restrictions = permit_mynetworks, permit\n", Audience.EVERYBODY),
        (
            OWN + "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination\n",
            Audience.ITSELF,
        ),
        (OWN + "smtpd_relay_restrictions = permit\nsmtpd_recipient_restrictions = reject_unauth_destination\n", Audience.ITSELF),
        (OWN + "smtpd_relay_restrictions = permit\nsmtpd_relay_restrictions = reject_unauth_destination\n", Audience.ITSELF),
        ("#mynetworks = 0.0.0.0/0\n" + OWN, Audience.ITSELF),
    ],
)
def test_for_whom_postfix_relays(tmp_path: Path, main: str, relays: Audience) -> None:
    assert listeners(program(machine(tmp_path, main)))["smtp"].relays is relays


@pytest.mark.parametrize(
    "main",
    [
        "mynetworks = hash:/etc/postfix/networks\n",
        "mynetworks = /etc/postfix/networks\n",
        OWN + "smtpd_relay_restrictions = check_client_access hash:/etc/postfix/clients, reject_unauth_destination\n",
        OWN + "smtpd_relay_restrictions = permit_mynetworks, check_policy_service inet:127.0.0.1:9, defer_unauth_destination\n",
    ],
)
def test_a_table_that_decides_leaves_relaying_open(tmp_path: Path, main: str) -> None:
    assert isinstance(listeners(program(machine(tmp_path, main)))["smtp"].relays, Unobserved)


def test_settings_of_master_hold_for_their_service_alone(tmp_path: Path) -> None:
    found = listeners(program(machine(tmp_path, OWN + "smtpd_sasl_auth_enable = yes\n", MASTER + SUBMISSION)))
    assert (found["smtp"].clear_authentication, found["smtp"].tls) == (True, "none")
    assert (found["submission"].clear_authentication, found["submission"].tls) == (False, "encrypt")
    assert found["submission"].relays is Audience.ITSELF


def test_wrapped_services_take_passwords_within_tls(tmp_path: Path) -> None:
    wrapped = "submissions inet n - y - - smtpd\n  -o smtpd_tls_wrappermode=yes\n  -o smtpd_sasl_auth_enable=yes\n"
    found = listeners(program(machine(tmp_path, OWN, MASTER + wrapped)))["submissions"]
    assert (found.tls, found.authenticates, found.clear_authentication) == ("wrapped", True, False)


@pytest.mark.parametrize(
    ("banner", "tells"),
    [("$myhostname ESMTP", False), ("$myhostname ESMTP $mail_name $mail_version", True), ("${myhostname} ${mail_version}", True)],
)
def test_the_banner(tmp_path: Path, banner: str, tells: bool) -> None:
    assert program(machine(tmp_path, f"smtpd_banner = {banner}\n")).tells_version is tells


def test_defaults_of_the_installed_version(tmp_path: Path) -> None:
    found = program(machine(tmp_path, ""))
    assert (found.answers_vrfy, found.sends_with_tls, found.judges_senders, found.keeps_line_ends) == (True, "none", False, False)


OPENDMARC = {"/proc/5/stat": "5 (opendmarc) S" + " 0" * 18 + " 100 0", "/proc/5/cmdline": "/usr/sbin/opendmarc\0"}
RSPAMD = {"/proc/6/stat": "6 (rspamd) S" + " 0" * 18 + " 100 0", "/proc/6/cmdline": "rspamd: main process\0"}
SOCKET = {"/etc/opendmarc.conf": "# Socket inet:1@localhost\nSocket local:/var/spool/postfix/opendmarc/opendmarc.sock\n"}


@pytest.mark.parametrize(
    ("milters", "files", "judges"),
    [
        ("", OPENDMARC, False),
        ("inet:127.0.0.1:8893", {"/etc/opendmarc.conf": "Socket inet:8893@localhost\n"}, None),  # it does not run
        ("inet:127.0.0.1:8893", OPENDMARC | {"/etc/opendmarc.conf": "Socket inet:8893@localhost\n"}, True),
        ("inet:127.0.0.1:8891", OPENDMARC | {"/etc/opendmarc.conf": "Socket inet:8893@localhost\n"}, None),  # another filter's
        ("inet:192.0.2.9:8893", OPENDMARC | {"/etc/opendmarc.conf": "Socket inet:8893@localhost\n"}, None),  # on another machine
        ("unix:opendmarc/opendmarc.sock", OPENDMARC | SOCKET, True),
        ("local:/opendmarc/opendmarc.sock", OPENDMARC | SOCKET, True),
        ("unix:/opendkim/opendkim.sock", OPENDMARC | SOCKET, None),
        ("unix:/opendkim/opendkim.sock, unix:/opendmarc/opendmarc.sock", OPENDMARC | SOCKET, True),
        ("unix:/run/dmarc", OPENDMARC | {"/proc/5/cmdline": "/usr/sbin/opendmarc\0-p\0local:/var/run/dmarc\0"} | SOCKET, True),
        ("inet:localhost:11332", RSPAMD, True),
        ("inet:localhost:11332", RSPAMD | {"/etc/rspamd/local.d/worker-proxy.inc": 'bind_socket = "localhost:11333";\n'}, None),
        ("inet:localhost:11332", OPENDMARC, None),
        ("inet:localhost:11332", RSPAMD | {"/etc/rspamd/local.d/dmarc.conf": "enabled = false;\n"}, None),
        ("inet:localhost:11332\nsmtpd_milter_maps = cidr:/etc/postfix/x", RSPAMD, None),
    ],
)
def test_a_program_that_evaluates_dmarc_has_to_listen_where_postfix_asks(
    tmp_path: Path, milters: str, files: dict[str, str], judges: bool | None
) -> None:
    found = program(machine(tmp_path, f"queue_directory = /var/spool/postfix\nsmtpd_milters = {milters}\n").write(files)).judges_senders
    assert isinstance(found, Unobserved) if judges is None else found is judges


PLAIN_OUT = "submission inet n - y - - smtpd\n  -o smtpd_client_restrictions=permit_sasl_authenticated,reject\n  -o smtpd_milters=\n"


def test_only_services_for_strangers_need_to_evaluate_dmarc(tmp_path: Path) -> None:
    asked = "queue_directory = /var/spool/postfix\nsmtpd_milters = unix:opendmarc/opendmarc.sock\n"
    for number, (master, judges) in enumerate(
        [
            (MASTER + PLAIN_OUT, True),
            (PLAIN_OUT, None),
            (MASTER + PLAIN_OUT.replace("reject", "permit"), False),
            (MASTER + PLAIN_OUT.replace("permit_sasl_authenticated", "permit_auth_destination"), False),
        ]
    ):
        assert program(machine(tmp_path / str(number), asked, master).write(OPENDMARC | SOCKET)).judges_senders is judges


@pytest.mark.parametrize(
    ("option", "part", "value"),
    [
        ("disable_vrfy_command=no", "answers_vrfy", True),
        ("smtpd_banner=$mail_version", "tells_version", True),
        ("{ smtpd_banner = $myhostname $mail_version }", "tells_version", True),
        ("smtpd_forbid_bare_newline=no", "keeps_line_ends", False),
    ],
)
def test_what_one_service_does_of_its_own_counts(tmp_path: Path, option: str, part: str, value: bool) -> None:
    main = "disable_vrfy_command = yes\nsmtpd_forbid_bare_newline = yes\nsmtpd_banner = $myhostname\n"
    master = f"{MASTER}2525 inet n - y - - smtpd\n  -o {option}\n"
    assert getattr(program(machine(tmp_path, main)), part) is not value
    assert getattr(program(machine(tmp_path / "own", main, master)), part) is value
    files = {**FILES, "/etc/postfix/main.cf": main, "/etc/postfix/master.cf": master}
    image = program(Machine(tmp_path / "image", live=False).write(files))
    assert isinstance(getattr(image, part), Unobserved)


def test_another_instance_that_runs_leaves_a_pass_open(tmp_path: Path) -> None:
    started = {
        "/proc/stat": "btime 9000000000\n",
        "/proc/9/stat": "9 (master) S" + " 0" * 18 + " 100 0",
        "/proc/10/stat": "10 (qmgr) S" + " 0" * 18 + " 100 0",
    }
    for number, (argv, alone) in enumerate([("-w", True), ("-w\0-c\0/etc/postfix", True), ("-w\0-c\0/etc/postfix-out", False)]):
        words = {"/proc/9/cmdline": f"/usr/lib/postfix/sbin/master\0{argv}\0"}
        assert (program(machine(tmp_path / str(number), OWN).write(started | words)).applied is None) is alone


def test_the_service_behind_postscreen_is_looked_at(tmp_path: Path) -> None:
    master = "smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd\n  -o smtpd_relay_restrictions=permit\n"
    found = listeners(program(machine(tmp_path, OWN + "smtpd_recipient_restrictions = permit\n", master)))
    assert {name: one.relays for name, one in found.items()} == {"smtpd": Audience.EVERYBODY}


def test_mechanisms_that_send_the_password_itself_may_be_left_out(tmp_path: Path) -> None:
    main = OWN + "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_security_options = noanonymous, noplaintext\n"
    assert listeners(program(machine(tmp_path, main)))["smtp"].clear_authentication is False
    assert listeners(program(machine(tmp_path / "x", main.replace(", noplaintext", ""))))["smtp"].clear_authentication is True


DOVECOT = """# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf
auth_mechanisms = plain
disable_plaintext_auth = yes
service imap-login {{
  inet_listener imaps {{
    port = 993
    ssl = yes
  }}
}}
ssl = required
ssl_min_protocol = TLSv1.2
{block}"""


@pytest.mark.parametrize(
    ("block", "parts"),
    [
        ("", ("required", False, "TLSv1.2")),
        ("protocol imap {\n  mail_max_userip_connections = 10\n  ssl = required\n}\n", ("required", False, "TLSv1.2")),
        ("protocol pop3 {\n  ssl = no\n}\n", (None, False, "TLSv1.2")),
        ("remote 192.0.2.0/24 {\n  disable_plaintext_auth = no\n}\n", ("required", None, "TLSv1.2")),
        ("local_name old.example.jp {\n  protocol imap {\n    ssl_min_protocol = TLSv1\n  }\n}\n", ("required", False, None)),
    ],
)
def test_what_holds_for_some_connections_to_dovecot_leaves_the_part_open(tmp_path: Path, block: str, parts: tuple[object, ...]) -> None:
    read = Machine(tmp_path, commands={"doveconf -a": DOVECOT.format(block=block)}).write({**FILES, "/usr/sbin/dovecot": ""})
    fact = mail_configuration.run(read)
    assert isinstance(fact, MailConfiguration)
    assert not isinstance(fact.mailboxes, Unobserved)
    (found,) = fact.mailboxes
    seen = (found.tls, found.clear_authentication, found.least_version)
    assert tuple(None if isinstance(part, Unobserved) else part for part in seen) == parts


def test_a_mounted_root_tells_what_is_written_and_no_default(tmp_path: Path) -> None:
    files = {**FILES, "/etc/postfix/main.cf": "disable_vrfy_command = yes\n", "/etc/postfix/master.cf": MASTER}
    found = program(Machine(tmp_path, live=False).write(files))
    assert found.answers_vrfy is False
    assert isinstance(found.sends_with_tls, Unobserved)
    assert isinstance(found.listeners, Unobserved)


@pytest.mark.parametrize(
    ("restrictions", "what"),
    [
        ("", Relaying.OPEN_END),
        ("permit_mynetworks permit_sasl_authenticated defer_unauth_destination", Relaying.REFUSED),
        ("permit_mynetworks, reject", Relaying.REFUSED),
        ("permit_auth_destination, reject", Relaying.REFUSED),
        ("reject_unknown_sender_domain, permit_mynetworks", Relaying.OPEN_END),
        ("check_sender_access hash:/x permit", Relaying.BY_TABLE),
        ("warn_if_reject reject_unauth_destination, permit", Relaying.PERMITTED),
        ("warn_if_reject reject_rbl_client bl.example, reject_unauth_destination", Relaying.REFUSED),
        ("defer_if_reject, permit", Relaying.PERMITTED),
        ("our_own_class, reject_unauth_destination", Relaying.BY_TABLE),
        ("reject_rbl_client bl.example, reject_rhsbl_sender bl.example, reject_unauth_destination", Relaying.REFUSED),
        ("permit_dnswl_client wl.example, reject_unauth_destination", Relaying.BY_TABLE),
        ("{ check_client_access cidr:/x }, reject_unauth_destination", Relaying.BY_TABLE),
    ],
)
def test_lists_of_restrictions(restrictions: str, what: Relaying) -> None:
    assert postfix.relaying(postfix.words(restrictions)) is what


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_a_parser(text: str) -> None:
    values = postfix.parameters(text.encode())
    assert all(isinstance(postfix.expanded(value, values), str) for value in values.values())
    assert isinstance(postfix.relaying(postfix.words(text)), Relaying)
    assert len(postfix.services(text.encode())) <= text.count("\n") + 1
