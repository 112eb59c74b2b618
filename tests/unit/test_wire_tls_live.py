"""Both clients against a real OpenSSL server on the loopback: every suite of its list completed, resumption, renegotiation, early data."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.wire.tls.client12 import Client12, Session
from scanner.wire.tls.client13 import Client13
from scanner.wire.tls.hello import ClientHello
from scanner.wire.tls.messages import (
    Alert,
    ApplicationData,
    CertificateRequest,
    Finished,
    HelloRetryRequest,
    Message,
    NewSessionTicket,
    ServerHelloDone,
)
from scanner.wire.tls.protect12 import can_protect
from scanner.wire.tls.shares import CannotCompute, key_share
from scanner.wire.tls.suites import SUITES, suite_by_name, suite_name, suites_for

ENTROPY = bytes(range(32))
RANDOM = bytes(range(32, 64))
ASK = b"GET / HTTP/1.0\r\n\r\n"
FINE = b"HTTP/1.0 200"


def _make(folder: Path, name: str, *algorithm: str) -> tuple[str, str]:
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    command = [
        "openssl",
        "req",
        "-x509",
        "-nodes",
        "-subj",
        "/CN=a.test",
        "-newkey",
        *algorithm,
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return str(certificate), str(key)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server that agrees to everything its library still knows, with an RSA and an ECDSA certificate, and asks for one of ours."""
    folder = tmp_path_factory.mktemp("server")
    rsa, rsa_key = _make(folder, "rsa", "rsa:2048")
    ec, ec_key = _make(folder, "ec", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    listening = [
        "openssl",
        "s_server",
        "-accept",
        "127.0.0.1:0",
        "-www",
        "-client_renegotiation",
        "-max_early_data",
        "1000",
        "-verify",
        "1",
    ]
    keys = ["-cert", rsa, "-key", rsa_key, "-dcert", ec, "-dkey", ec_key]
    thirteen = ":".join(suite_name(code) for code in range(0x1301, 0x1306))
    allowed = [
        "-cipher",
        "ALL:COMPLEMENTOFALL:@SECLEVEL=0",
        "-ciphersuites",
        thirteen,
        "-groups",
        "X25519:P-256:P-384:P-521:X448:ffdhe2048",
    ]
    process = subprocess.Popen([*listening, *keys, *allowed], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        yield next(int(found[1]) for line in process.stdout if (found := re.search(r"ACCEPT .*:(\d+)", line)))
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


_OPEN: list[socket.socket] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """The server serves one client at a time: what a test leaves open would hold up the next one."""
    yield
    while _OPEN:
        _OPEN.pop().close()


class Talk:
    """One connection and everything that was read on it."""

    def __init__(self, port: int, client: Client12 | Client13) -> None:
        self.messages: list[Message] = []
        self.client = client
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        _OPEN.append(self._socket)
        self._socket.sendall(client.start())

    def until(self, *kinds: type) -> Message:
        """Read on to a message of one of these kinds, or an alert."""
        while True:
            while (message := self.client.next()) is not None:
                self.messages.append(message)
                if isinstance(message, (*kinds, Alert)):
                    return message
            data = self._socket.recv(65536)
            assert data, f"closed after {[type(message).__name__ for message in self.messages]}"
            self.client.feed(data)

    def say(self, data: bytes) -> None:
        self._socket.sendall(data)

    def close(self) -> None:
        self._socket.close()


def complete(
    port: int, version: int, suite: int, session: Session | None = None, *, ticket: bytes | None = None, session_id: bytes = b""
) -> Talk:
    """A handshake of TLS 1.2 or older to its end."""
    hello = ClientHello(
        version=version, suites=(suite,), random=RANDOM, server_name="a.test", etm=True, ticket=ticket, session_id=session_id
    )
    client = Client12(hello, ENTROPY, session)
    talk = Talk(port, client)
    if isinstance(talk.until(ServerHelloDone, Finished), ServerHelloDone):
        talk.say(client.finish())
        talk.until(Finished)
    elif client.resumed:
        talk.say(client.finish())
    return talk


def fetch(talk: Talk) -> bytes:
    talk.say(talk.client.send(ASK))
    answer = talk.until(ApplicationData)
    talk.close()
    return answer.data if isinstance(answer, ApplicationData) else b""


def _served() -> list[tuple[int, str]]:
    listed = subprocess.run(
        ["openssl", "ciphers", "-s", "-stdname", "-tls1_2", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"], check=True, capture_output=True, text=True
    ).stdout
    names = re.findall(r"^(TLS_\w+)", listed, re.MULTILINE)
    suites = [suite for name in names if (suite := suite_by_name(name)) and suite.auth in ("RSA", "ECDSA", "anon") and suite.kx != "SRP"]
    return [(version, suite.name) for suite in suites for version in (0x0301, 0x0302, 0x0303) if suite.oldest <= version <= suite.newest]


SERVED = _served()


def test_the_server_has_something_to_offer() -> None:
    assert len(SERVED) > 60


@pytest.mark.parametrize(("version", "name"), SERVED, ids=[f"{version:04x}-{name}" for version, name in SERVED])
def test_every_suite_is_completed_or_named_as_one_that_is_not(port: int, version: int, name: str) -> None:
    suite = suite_by_name(name)
    assert suite is not None
    if not can_protect(suite):
        with pytest.raises(CannotCompute, match=name):
            complete(port, version, suite.code)
        assert "ARIA" in name
        return
    talk = complete(port, version, suite.code)
    assert isinstance(talk.client, Client12)
    assert talk.client.complete
    hello = talk.client.server_hello
    assert hello is not None
    assert (hello.version, hello.suite, hello.encrypt_then_mac) == (version, suite.code, not suite.aead)
    assert fetch(talk).startswith(FINE)


@pytest.mark.parametrize("version", [0x0301, 0x0303])
@pytest.mark.parametrize("how", ["ticket", "session_id"])
def test_a_session_is_resumed(port: int, version: int, how: str) -> None:
    first = complete(port, version, 0xC013, ticket=b"" if how == "ticket" else None)
    assert isinstance(first.client, Client12)
    session = first.client.session
    first.say(first.client.close())
    assert first.until(Alert) == Alert(1, 0, version)
    first.close()
    assert session is not None
    assert bool(session.ticket) is (how == "ticket")
    ticket, session_id = (session.ticket, b"any") if how == "ticket" else (None, session.session_id)
    again = complete(port, version, 0xC013, session, ticket=ticket, session_id=session_id)
    assert isinstance(again.client, Client12)
    assert (again.client.resumed, again.client.complete) == (True, True)
    assert fetch(again).startswith(FINE)


@pytest.mark.parametrize(("version", "suite"), [(0x0301, 0x002F), (0x0302, 0xC013), (0x0303, 0xC02F), (0x0303, 0xCCA8)])
def test_a_client_negotiates_anew_inside_the_protection(port: int, version: int, suite: int) -> None:
    talk = complete(port, version, suite)
    client = talk.client
    assert isinstance(client, Client12)
    talk.say(client.renegotiate(RANDOM[::-1]))
    assert isinstance(talk.until(ServerHelloDone), ServerHelloDone)
    talk.say(client.finish())
    assert isinstance(talk.until(Finished), Finished)
    assert (client.rounds, client.complete) == (2, True)
    talk.close()


def test_nothing_is_finished_before_its_time(port: int) -> None:
    client = Client12(ClientHello(suites=(0xC02F,), random=RANDOM), ENTROPY)
    for early in (client.finish, lambda: client.renegotiate(RANDOM)):
        with pytest.raises(ValueError, match="not"):
            early()
    talk = complete(port, 0x0303, 0xC02F)
    with pytest.raises(ValueError, match="not said all"):
        talk.client.finish()
    talk.close()


@pytest.mark.parametrize("suite", range(0x1301, 0x1306))
@pytest.mark.parametrize("group", [29, 23, 24, 25, 30, 256])
def test_tls_13_is_completed_with_every_suite_and_group(port: int, suite: int, group: int) -> None:
    retry = suite == 0x1302
    hello = ClientHello(version=0x0304, suites=(suite,), groups=(group,), random=RANDOM, server_name="a.test", session_id=bytes(32))
    client = Client13(hello, () if retry else (key_share(group, ENTROPY),))
    talk = Talk(port, client)
    if retry:
        request = talk.until(HelloRetryRequest)
        assert isinstance(request, HelloRetryRequest)
        assert request.group == group
        talk.say(client.retry(key_share(group, ENTROPY)))
    assert isinstance(talk.until(Finished), Finished)
    assert any(isinstance(message, CertificateRequest) for message in talk.messages)
    assert (client.version, client.suite, client.group, client.unreadable) == (0x0304, suite, group, "")
    talk.say(client.finish())
    ticket = talk.until(NewSessionTicket)
    assert isinstance(ticket, NewSessionTicket)
    assert ticket.early_data == 1000
    assert fetch(talk).startswith(FINE)


def test_the_suites_of_all_versions_are_refused_together_only_where_none_fits(port: int) -> None:
    hello = ClientHello(suites=tuple(code for code in suites_for(0x0303) if SUITES[code].kx == "KRB5"), random=RANDOM)
    talk = Talk(port, Client12(hello, ENTROPY))
    answer = talk.until(ServerHelloDone)
    assert isinstance(answer, Alert)
    assert answer.name == "handshake_failure"
    talk.close()
