"""What is read of HAProxy, OpenSMTPD and memcached, held against what the running programs say over the wire."""

from __future__ import annotations

import smtplib
import socket
import subprocess
from functools import partial
from pathlib import Path

import pytest

from scanner.facts.database_configuration import DatabaseConfiguration, DatabaseServer
from scanner.facts.mail_configuration import MailConfiguration, MailListener
from scanner.facts.readings import Audience
from scanner.facts.web_configuration import WebConfiguration, WebProgram
from scanner.hosts.linux.database_programs import database_configuration
from scanner.hosts.linux.mail_programs import mail_configuration
from scanner.hosts.linux.web_programs import web_configuration
from scanner.model.fact import Unobserved
from tests.lab import netns
from tests.lab.hosts.lab import HostsLab, Machine

pytestmark = pytest.mark.lab
BOTH = pytest.mark.parametrize("name", ["few-kept", "few-bad"])
SECONDS = 20


def inside(machine: Machine, *argv: str) -> str:
    """Run a program on the machine that has to succeed; give what it prints."""
    done = subprocess.run(["nsenter", "-t", str(machine.init), "-a", *argv], capture_output=True, text=True, check=True, timeout=SECONDS)
    return done.stdout


def said(address: tuple[str, int] | str, text: str, last: bytes = b"") -> bytes | None:
    """Send a text to a port or a socket of files, and give what comes back up to ``last`` or the end; ``None``: nobody listens."""
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as connection:
        connection.settimeout(SECONDS)
        try:
            connection.connect(address)
        except ConnectionRefusedError:
            return None
        connection.sendall(text.encode())
        found = b""
        while not (last and found.endswith(last)) and (part := connection.recv(65_536)):
            found += part
        return found


def haproxy(machine: Machine) -> WebProgram:
    fact = web_configuration.run(machine.reader())
    assert isinstance(fact, WebConfiguration)
    assert not isinstance(fact.programs, Unobserved)
    return next(one for one in fact.programs if one.name == "haproxy")


@BOTH
def test_haproxy_shows_and_obeys_whom_its_file_was_read_to_let_in(hosts_lab: HostsLab, name: str) -> None:
    machine = hosts_lab.machines[name]
    found = haproxy(machine)
    inside(machine, "haproxy", "-c", "-f", found.source)
    page = hosts_lab.call(lambda: said((machine.address, 8404), "GET /st HTTP/1.0\r\n\r\n"))
    assert found.status_open is not None
    assert found.consoles is not None
    assert found.orders is not None
    assert (b"Statistics Report for HAProxy" in (page or b"")) is bool(found.status_open.found)
    assert (b"name=action" in (page or b"")) is bool(found.consoles.found)
    orders = hosts_lab.call(lambda: said((machine.address, 9999), "disable server app/a\n"))
    assert (orders is not None and b"Permission denied" not in orders) is bool(found.orders.found)


@BOTH
def test_haproxy_has_the_sites_version_and_account_that_were_read(hosts_lab: HostsLab, name: str) -> None:
    machine = hosts_lab.machines[name]
    found = haproxy(machine)
    place = f"/proc/{machine.init}/root/run/haproxy/admin.sock" if name == "few-kept" else (machine.address, 9999)
    told = hosts_lab.call(lambda: said(place, "show info; show stat\n"))
    assert told is not None
    lines = told.decode().splitlines()
    assert [line.split(":")[1].strip().rpartition(".")[0] for line in lines if line.startswith("Version:")] == [found.version]
    assert tuple(line.split(",")[0] for line in lines if line.split(",")[1:2] == ["FRONTEND"]) == found.sites
    # the first process keeps root's rights, the one that serves gives them up
    owners = set(inside(machine, "ps", "-C", "haproxy", "-o", "user=").split())
    assert owners - {"root"} == {found.account} - {"root"}


@BOTH
def test_haproxy_speaks_the_versions_of_tls_that_were_read(hosts_lab: HostsLab, name: str) -> None:
    machine = hosts_lab.machines[name]
    seen = haproxy(machine).tls
    assert isinstance(seen, tuple)
    (tls,) = seen
    assert not isinstance(tls.versions, Unobserved)
    for flag, version in (("-tls1", "TLS 1.0"), ("-tls1_1", "TLS 1.1"), ("-tls1_2", "TLS 1.2"), ("-tls1_3", "TLS 1.3")):
        ask = ("openssl", "s_client", "-connect", f"{machine.address}:8444", flag, "-cipher", "ALL:@SECLEVEL=0")
        done = subprocess.run(hosts_lab.command(ask), stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=SECONDS)
        assert (done.returncode == 0) is (version in tls.versions), version


def memcached(machine: Machine) -> DatabaseServer:
    fact = database_configuration.run(machine.reader())
    assert isinstance(fact, DatabaseConfiguration)
    return next(one for one in fact.servers if one.name == "memcached")


@BOTH
def test_memcached_has_the_settings_and_answers_those_that_were_read(hosts_lab: HostsLab, name: str) -> None:
    machine = hosts_lab.machines[name]
    found = memcached(machine)
    own = Path(f"/proc/{machine.init}/ns/net")
    told = netns.call(own, lambda: said(("127.0.0.1", 11211), "stats settings\r\n", b"END\r\n"))
    assert told is not None
    settings = dict(line.split(" ")[1:3] for line in told.decode().splitlines() if line.startswith("STAT "))
    assert settings["inter"] == {Audience.ITSELF: "127.0.0.1", Audience.EVERYBODY: "0.0.0.0"}[found.listens]  # type: ignore[index]  # it is known
    assert (settings["auth_enabled_sasl"], settings["auth_enabled_ascii"], settings["ssl_enabled"]) == ("no", "no", "no")
    assert found.tls is False
    assert isinstance(found.entrances, tuple)
    ports = {"TCP": settings["tcpport"], "UDP": settings["udpport"]}
    assert [(one.place, one.method) for one in found.entrances] == [
        (f"{kind} {port}", "none") for kind, port in ports.items() if port != "0"
    ]
    assert inside(machine, "ps", "-C", "memcached", "-o", "user=").strip() == found.account
    from_outside = hosts_lab.call(lambda: said((machine.address, 11211), "version\r\n", b"\r\n"))
    assert (from_outside is not None) is (found.listens is Audience.EVERYBODY)
    assert from_outside in {None, f"VERSION {found.version}\r\n".encode()}


def listeners(machine: Machine) -> list[MailListener]:
    fact = mail_configuration.run(machine.reader())
    assert isinstance(fact, MailConfiguration)
    assert not isinstance(fact.programs, Unobserved)
    found = next(one for one in fact.programs if one.name == "opensmtpd")
    assert (found.answers_vrfy, found.tells_version) == (False, False)
    assert isinstance(found.listeners, tuple)
    return list(found.listeners)


@BOTH
def test_opensmtpd_relays_for_whom_its_rules_were_read_to_say(hosts_lab: HostsLab, name: str) -> None:
    """In clear text only: with Debian 12's OpenSSL its OpenSMTPD finishes no handshake."""
    machine = hosts_lab.machines[name]
    inside(machine, "smtpd", "-n")

    def ask(port: int) -> tuple[bool, bool, int, bytes, int]:
        with smtplib.SMTP(timeout=SECONDS) as session:
            _, greeting = session.connect(machine.address, port)
            session.ehlo("scan.example.jp")
            verified, _ = session.verify("root")
            sender, _ = session.mail("a@example.com")
            relayed = session.rcpt("b@example.net")[0] if sender == 250 else sender
            return session.has_extn("starttls"), session.has_extn("auth"), verified, greeting, relayed

    for one in listeners(machine):
        offers, login, verified, greeting, relayed = hosts_lab.call(partial(ask, int(one.name.rpartition(":")[2])))
        assert offers is (one.tls != "none"), one.name
        assert login is one.clear_authentication, one.name
        assert verified not in {250, 251, 252}
        assert greeting.endswith(b"ESMTP OpenSMTPD")
        if isinstance(one.relays, Unobserved):  # the rule asks for a session without TLS, which this is, and the mail is put off
            assert relayed == 451, one.name
        else:
            assert (relayed == 250) is (one.relays is Audience.EVERYBODY), one.name
