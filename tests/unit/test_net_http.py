"""HTTPS: pinned addresses, checked certificates, no redirects, limits in time and size. The server is real TLS on loopback."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from threading import Event, Thread

import psutil  # type: ignore[import-untyped]  # it has no types of its own, and two attributes need no stubs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scanner.model.reason import CannotObserve, Reason
from scanner.net.http import Web
from scanner.net.net import DnsServer, HttpReply
from scanner.net.network import Network, Settings
from scanner.net.scope import Entry, Match, Purpose, Scope
from scanner.wire.dns import Type, parse
from tests.unit.net_servers import LOOPBACK, QUICK, FakeDns, record, reply

HOST = "mta-sts.example.jp"
ALLOWED = Scope(allowed=(*LOOPBACK.allowed, Entry(Match.DOMAIN, "example.jp")))


@dataclass(frozen=True, slots=True)
class Files:
    """A certification authority and what it signed."""

    ca: str
    good: str
    other_name: str
    expired: str
    stranger: str


def _certificate(folder: Path, file: str, name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None, days: int) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    public = key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    if issuer:
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer[1].public_key()), critical=False)
    certificate = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    path = folder / file
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return str(path)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("pki")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    root = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=60))
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    return Files(
        ca=str(folder / "ca.pem"),
        good=_certificate(folder, "good.pem", HOST, (root, key), 30),
        other_name=_certificate(folder, "other.pem", "www.example.jp", (root, key), 30),
        expired=_certificate(folder, "expired.pem", HOST, (root, key), -1),
        stranger=_certificate(folder, "stranger.pem", HOST, None, 30),
    )


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def saying(answer: bytes, *, heard: list[bytes] | None = None) -> Talk:
    """A web server that reads a request and sends these octets."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if heard is not None:
            heard.append(request)
        writer.write(answer)

    return talk


@asynccontextmanager
async def web(talk: Talk, certificate: str | None, address: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """Serve on loopback, with TLS where a certificate is given; yields the port."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client hung up, which some tests want
        finally:
            writer.close()

    server = await asyncio.start_server(one, address, port, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def connections_to(port: int) -> int:
    """How many sockets this process has open towards a port."""
    return sum(1 for seen in psutil.Process().net_connections("tcp") if seen.raddr and seen.raddr.port == port)


def names(*addresses: str) -> FakeDns:
    """A resolver that gives these IPv4 addresses for every name."""

    def answer(q: bytes) -> list[bytes]:
        question = parse(q).question[0]
        found = [record(question.name, Type.A, IPv4Address(a).packed) for a in addresses] if question.type == Type.A else []
        return [reply(q, *found)]

    return FakeDns(answer)


def fetched(
    talk: Talk,
    certificate: str | None,
    ca: str | None,
    *,
    addresses: tuple[str, ...] = ("127.0.0.1",),
    host: str = HOST,
    limit: int = 65536,
    seconds: float = 3.0,
    scope: Scope = ALLOWED,
) -> HttpReply:
    """Fetch the policy from a server on loopback. Nothing may be left open afterwards: unclosed things warn, and warnings fail."""

    async def go() -> HttpReply:
        async with names(*addresses).running() as dns, web(talk, certificate) as port:
            settings = Settings(scope=scope, timing=QUICK, resolvers=(dns.server,), ca_file=ca, contact="https://example.jp/scan")
            async with Network(settings) as network:
                view = network.view("domain:example.jp")
                try:
                    reply = await view.fetch(f"https://{host}:{port}/.well-known/mta-sts.txt", limit=limit, seconds=seconds)
                finally:
                    assert connections_to(port) == 0
                assert view.evidence()[-1].source.startswith("GET https://")
                return reply

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return asyncio.run(go())
        finally:
            gc.collect()


def refusal(talk: Talk, certificate: str | None, ca: str | None, **kept: object) -> CannotObserve:
    with pytest.raises(CannotObserve) as caught:
        fetched(talk, certificate, ca, **kept)  # type: ignore[arg-type]  # keywords of the function above, passed on
    return caught.value


POLICY = b"version: STSv1\nmode: enforce\nmx: mx.example.jp\nmax_age: 604800\n"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b" % (len(POLICY), POLICY)


def test_a_policy_is_fetched_and_the_scan_names_itself(files: Files) -> None:
    heard: list[bytes] = []
    seen = fetched(saying(GOOD, heard=heard), files.good, files.ca)
    assert seen == HttpReply(200, "text/plain", "", POLICY, None, False)
    request = heard[0].decode()
    assert request.startswith("GET /.well-known/mta-sts.txt HTTP/1.1\r\n")
    assert f"\r\nHost: {HOST}:" in request
    assert "(+https://example.jp/scan)\r\n" in request
    assert "\r\nUser-Agent: Tenken/" in request


@pytest.mark.parametrize(
    ("which", "words"),
    [("stranger", "self-signed certificate"), ("other_name", "not valid for"), ("expired", "expired")],
)
def test_a_certificate_that_does_not_hold_is_a_fact(files: Files, which: str, words: str) -> None:
    seen = fetched(saying(GOOD), getattr(files, which), files.ca)
    assert (seen.status, seen.body) == (0, b"")
    assert seen.certificate_problem is not None
    assert words in seen.certificate_problem


def test_the_organisations_authority_is_trusted_only_when_given(files: Files) -> None:
    problem = fetched(saying(GOOD), files.good, None).certificate_problem
    assert problem is not None
    assert "unable to get local issuer" in problem


def test_redirects_are_told_and_not_followed(files: Files) -> None:
    heard: list[bytes] = []
    answer = b"HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.test/x\r\nContent-Length: 0\r\n\r\n"
    seen = fetched(saying(answer, heard=heard), files.good, files.ca)
    assert (seen.status, seen.location, len(heard)) == (301, "https://elsewhere.test/x", 1)


@pytest.mark.parametrize("head", [b"Content-Length: 900000\r\n", b"Transfer-Encoding: chunked\r\n", b""])
def test_a_large_body_is_cut_at_the_limit(files: Files, head: bytes) -> None:
    body = b"FFFF\r\n" + b"x" * 0xFFFF + b"\r\n" if b"chunked" in head else b"x" * 900_000
    seen = fetched(saying(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body), files.good, files.ca, limit=1000)
    assert (seen.status, len(seen.body), seen.truncated) == (200, 1000, True)


def test_compressed_bodies_are_not_unpacked(files: Files) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nPK\1\2"
    assert fetched(saying(answer), files.good, files.ca).body == b"PK\1\2"


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _endless_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(10000):
        writer.write(b"X-More: more\r\n")
        await writer.drain()


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this"


@pytest.mark.alone
@pytest.mark.parametrize(
    ("talk", "reason", "words"),
    [
        (_silent, Reason.TIMEOUT, "no answer from mta-sts.example.jp (127.0.0.1:"),
        (_drip, Reason.TIMEOUT, "within 0.6 s"),
        (saying(b""), Reason.RESET, "before the answer was whole"),
        (saying(CUT), Reason.RESET, "before the answer was whole"),
        (saying(b"220 mail.example.jp ESMTP\r\n"), Reason.PROTOCOL_VIOLATION, "does not speak HTTP"),
        (saying(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"), Reason.PROTOCOL_VIOLATION, "does not speak HTTP"),
        (_endless_headers, Reason.PROTOCOL_VIOLATION, "does not speak HTTP"),
    ],
)
def test_servers_that_misbehave(files: Files, talk: Talk, reason: Reason, words: str) -> None:
    start = time.monotonic()
    why = refusal(talk, files.good, files.ca, seconds=0.6)
    assert (why.reason, words in why.detail) == (reason, True), why.detail
    assert time.monotonic() - start < 2


@contextmanager
def rude(certificate: str, answer: bytes) -> Iterator[tuple[int, Event]]:
    """A TLS server that reads the request, sends these octets and then neither speaks nor hangs up; yields the port, and when it has."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    answered, over = Event(), Event()

    def serve(listening: socket.socket) -> None:
        with context.wrap_socket(listening.accept()[0], server_side=True) as connection:
            connection.recv(65536)
            connection.sendall(answer)
            answered.set()
            over.wait(10)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        thread = Thread(target=serve, args=(listening,))
        thread.start()
        try:
            yield listening.getsockname()[1], answered
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize(
    ("answer", "ending"),
    [(b"", "timeout"), (CUT, "timeout"), (b"220 no HTTP\r\n", "protocol-violation"), (GOOD, "200"), (b"", "cancelled"), (CUT, "cancelled")],
)
def test_a_server_that_never_says_goodbye_holds_no_connection_open(files: Files, answer: bytes, ending: str) -> None:
    """asyncio would wait 30 s for the goodbye of TLS; whatever ends the call, the socket is closed when it has come back."""

    async def go(port: int, answered: Event) -> str:
        web = Web("test", files.ca)
        place = web.place(f"https://{HOST}:{port}/")
        fetching = asyncio.create_task(web.get(place, "127.0.0.1", limit=1000, seconds=10 if ending == "cancelled" else 0.4))
        try:
            if ending == "cancelled":
                await asyncio.to_thread(answered.wait, 5)
                fetching.cancel()
            return str((await fetching).status)
        except CannotObserve as why:
            return str(why.reason)
        except asyncio.CancelledError:
            return "cancelled"
        finally:
            assert connections_to(port) == 0

    with rude(files.good, answer) as (port, answered), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert asyncio.run(go(port, answered)) == ending
        gc.collect()


def test_a_server_without_tls(files: Files) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    why = refusal(plain, None, files.ca)
    assert (why.reason, "no TLS with" in why.detail) == (Reason.PROTOCOL_VIOLATION, True), why.detail


def test_a_tls_handshake_that_never_comes(files: Files) -> None:
    why = refusal(_silent, None, files.ca, seconds=0.4)
    assert (why.reason, "no TLS connection to" in why.detail) == (Reason.TIMEOUT, True), why.detail


def test_the_next_address_is_tried_when_one_refuses(files: Files) -> None:
    # Nobody listens at 127.0.0.2: the fake serves 127.0.0.1 only.
    assert fetched(saying(GOOD), files.good, files.ca, addresses=("127.0.0.2", "127.0.0.1")).status == 200
    why = refusal(saying(GOOD), files.good, files.ca, addresses=("127.0.0.2", "127.0.0.3"))
    assert why.reason is Reason.REFUSED
    assert "(127.0.0.2:" in why.detail
    assert "(127.0.0.3:" in why.detail


def test_addresses_out_of_scope_are_left_out(files: Files) -> None:
    only_two = Scope(allowed=(Entry(Match.NETWORK, "127.0.0.1/32"), Entry(Match.DOMAIN, "example.jp")))
    assert fetched(saying(GOOD), files.good, files.ca, addresses=("10.0.0.1", "127.0.0.1"), scope=only_two).status == 200
    why = refusal(saying(GOOD), files.good, files.ca, addresses=("10.0.0.1", "127.0.0.2"), scope=only_two)
    assert why.reason is Reason.OUT_OF_SCOPE
    assert "no network entry of the scope holds it" in why.detail


def test_policies_of_third_parties_are_not_fetched(files: Files) -> None:
    # The guard's own tests have public addresses; here, where something would really be sent, none is used.
    why = refusal(
        saying(GOOD), files.good, files.ca, addresses=("192.0.2.1",), scope=Scope(allowed=(Entry(Match.NETWORK, "127.0.0.1/32"),))
    )
    assert why.reason is Reason.OUT_OF_SCOPE


def test_a_file_of_authorities_that_holds_none_is_our_trouble(files: Files, tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificates")
    why = refusal(saying(GOOD), files.good, str(broken))
    assert (why.reason, str(broken) in why.detail) == (Reason.UNSUPPORTED, True)


def test_a_name_without_addresses(files: Files) -> None:
    why = refusal(saying(GOOD), files.good, files.ca, addresses=())
    assert (why.reason, why.detail) == (Reason.UNREACHABLE, f"{HOST} has no address")


@pytest.mark.parametrize(
    "url", ["http://example.jp/", "https://", "https://a b/", "ftp://x/", "https://u:p@example.jp/", "https://example.jp/" + "x" * 3000]
)
def test_what_is_no_https_url_is_not_fetched(url: str) -> None:
    async def go() -> None:
        async with Network(Settings(resolvers=(DnsServer("", "127.0.0.1", 1),))) as network:
            await network.view("domain:example.jp").fetch(url, purpose=Purpose.TEST)

    with pytest.raises(CannotObserve) as caught:
        asyncio.run(go())
    assert caught.value.reason is Reason.PROTOCOL_VIOLATION
