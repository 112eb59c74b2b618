"""Real TLS servers on loopback for tests of the prober: OpenSSL's own, and a gate before it that misbehaves. The zoo has all others."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from scanner.facts.tls import TlsSeen, TlsSurvey
from scanner.model.fact import Evidence, Unobserved
from scanner.model.target import Service
from scanner.net.budget import Allowance
from scanner.net.net import DnsServer
from scanner.net.network import Network, Settings
from scanner.net.pacing import Pace, Rate
from scanner.net.scope import Consent, Scope
from scanner.probes.tls import tls_survey
from tests.unit.net_servers import LOOPBACK

NAME = "www.lab.test"
_FREE = Rate(8, 2000, 200)

Before = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="tenken-tls-")


@cache
def certificate(kind: str, name: str = NAME) -> tuple[str, str]:
    """A self-signed certificate and its key as files; ``kind`` is rsa, ec or ed."""
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    match kind:
        case "rsa":
            key = rsa.generate_private_key(65537, 2048)
        case "ec":
            key = ec.generate_private_key(ec.SECP256R1())
        case _:
            key = ed25519.Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, None if kind == "ed" else hashes.SHA256())
    )
    pem = Path(_folder().name) / f"{kind}-{name}.pem"
    pem.write_bytes(built.public_bytes(Encoding.PEM))
    secret = pem.with_suffix(".key")
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(pem), str(secret)


@contextmanager
def openssl_server(*options: str, keys: tuple[str, ...] = ("rsa",)) -> Iterator[int]:
    """Run ``openssl s_server`` with these options and up to two kinds of key; gives its port."""
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "100000"]
    for kind, (own, secret) in zip(keys, (("-cert", "-key"), ("-dcert", "-dkey")), strict=False):
        pem, key = certificate(kind)
        command += [own, pem, secret, key]
    with subprocess.Popen(
        [*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=_folder().name
    ) as server:
        try:
            assert server.stdout
            for line in server.stdout:
                if line.startswith("ACCEPT "):
                    break
            else:
                raise AssertionError(f"openssl did not start with {options}")
            yield int(line.rpartition(":")[2])
        finally:
            server.kill()


def accepted_by_openssl(ciphers: str, version: str) -> set[str]:
    """The suites, by OpenSSL's names, that a list of ciphers allows in a version up to TLS 1.2, without shared secrets and DSA keys."""
    flag = {"TLSv1": "-tls1", "TLSv1.1": "-tls1_1", "TLSv1.2": "-tls1_2"}[version]
    out = subprocess.run(["openssl", "ciphers", "-s", flag, "-v", ciphers], capture_output=True, text=True, check=True).stdout
    names = set()
    for line in out.splitlines():
        name, oldest, *rest = line.split()
        words = dict(word.split("=", 1) for word in rest if "=" in word)
        if oldest != "TLSv1.3" and not {"PSK", "SRP", "DSS"} & set(re.findall("[A-Z]+", words["Kx"] + " " + words["Au"])):
            names.add(name)
    return names


class Gate:
    """Stands before a server (or nothing) and spoils what it is told to. ``met`` counts connections, ``heard`` holds their first octets."""

    def __init__(self, behind: int = 0, *, most: int = 1_000_000, then: str = "close", before: Before | None = None) -> None:
        self.behind = behind
        self.most = most
        self.then = then
        self.before = before
        self.met = 0
        self.heard: list[bytes] = []
        self.port = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        """Listen; gives the port."""
        tasks: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task
            tasks.add(task)
            self.met += 1
            try:
                await (self._pass if self.met <= self.most else self._spoil)(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            except asyncio.CancelledError:
                pass  # the test is over; asyncio would write about it otherwise
            finally:
                tasks.discard(task)
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self.port
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _spoil(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append(await reader.read(65536))
        match self.then:
            case "silent":
                await reader.read()
            case "reset":
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case "http":
                writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                await writer.drain()
            case "drip":
                writer.write(b"\x16\x03\x03\x40\x00")
                while not writer.transport.is_closing():
                    writer.write(b"\x02")
                    await writer.drain()
                    await asyncio.sleep(0.05)
            case "internal-error":
                writer.write(b"\x15\x03\x03\x00\x02\x02\x50")
                await writer.drain()
            case _:
                pass

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.before is not None:
            await self.before(reader, writer)
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self.behind)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, heard: list[bytes] | None = None) -> None:
            try:
                while data := await source.read(65536):
                    if heard is not None:
                        heard.append(data)
                    sink.write(data)
                    await sink.drain()
            except ConnectionError:
                pass
            finally:
                sink.close()

        await asyncio.gather(pump(reader, their_writer, self.heard), pump(their_reader, writer))


def settings(connections: int = 60, *, scope: Scope = LOOPBACK, consents: tuple[Consent, ...] = ()) -> Settings:
    """A network for surveys of loopback, without waiting between connections."""
    return Settings(
        scope=scope,
        consents=consents,
        resolvers=(DnsServer("", "127.0.0.1", 1),),
        pace=Pace(_FREE, _FREE, _FREE),
        allowance=Allowance(connections=10_000, tls_connections=connections, tls_connections_of=()),
        called="scanner.test",
    )


def service(port: int, protocol: str = "https", name: str = NAME) -> Service:
    """The service at a port of loopback."""
    return Service(name, port, protocol, "" if name == "127.0.0.1" else "127.0.0.1")


async def survey(target: Service, given: Settings) -> tuple[TlsSurvey, tuple[Evidence, ...]]:
    """Survey a service; the fact and its evidence."""
    async with Network(given) as net:
        view = net.view(target.key)
        fact = await tls_survey.run(target, view)
        assert isinstance(fact, TlsSurvey)
        return fact, view.evidence()


def seen(fact: TlsSurvey) -> TlsSeen:
    """What the one address showed."""
    (one,) = fact.addresses
    assert not isinstance(one.tls, Unobserved), one.tls
    return one.tls
