"""Kills a real agent and a real hub at random points, over TLS on loopback, and tells what became of the reports."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from agent import service
from agent.config import Config
from scanner.hub import enrolment
from scanner.hub.database import Database
from scanner.hub.keyfile import load_or_make
from scanner.hub.schema import chains, events, gaps, reports

HOST = "127.0.0.1"
READY_SECONDS = 60.0


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for loopback that is its own CA, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST)), x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "hub.pem", folder / "hub.tls.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return files


def free_port() -> int:
    """Give a port on which nothing listens."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Wait until something accepts connections."""
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


@dataclass
class Pair:
    """An enrolled agent and its hub, each a process that can be killed and started again."""

    folder: Path
    url: str = ""
    facts: Sequence[str] = ("ScreenLock",)

    def __post_init__(self) -> None:
        self.url = self.url or f"sqlite:///{self.folder / 'hub.sqlite3'}"
        self.certificate, self.private_key = make_certificate(self.folder)
        self.port = free_port()
        self.address = f"https://{HOST}:{self.port}"
        self.configuration = self.folder / "agent.toml"
        self.state = self.folder / "agent"
        self.log = self.folder / "made"
        self.configuration.write_text(f'state = "{self.state}"\nca_file = "{self.certificate}"\n', "utf-8")
        self.hub_key = self.folder / "hub.key"
        self.hub: subprocess.Popen[bytes] = self.start_hub()
        self.agent: subprocess.Popen[bytes] | None = None

    def start_hub(self) -> subprocess.Popen[bytes]:
        """Start the hub; it may not be ready yet."""
        words = [self.url, str(self.hub_key), str(self.port), str(self.certificate), str(self.private_key)]
        self.hub = _start("tests.hub.run_hub", *words)
        return self.hub

    def enrol(self) -> str:
        """Enrol the agent, with a policy of few facts."""
        wait_for(self.port)
        with Database(self.url) as database:
            key = load_or_make(self.hub_key)
            enrolment.set_policy(database, key, "test", self.facts, 3600)
            token = enrolment.make_token(database, key, "test", note="killed", agent=None)
        config = Config(state=self.state, ca_file=str(self.certificate))
        return service.enrol(config, self.address, token.text, anew=False).enrolment.agent

    def start_agent(self, most: int = 1_000_000) -> subprocess.Popen[bytes]:
        """Start the agent."""
        self.agent = _start("tests.agent.busy_agent", str(self.configuration), str(self.log), str(most))
        return self.agent

    def kill_one(self, rng: Random) -> None:
        """Kill the hub or the agent, whatever it is doing, and start it again."""
        if self.agent is None or rng.random() < 0.5:
            if self.agent:
                _kill(self.agent)
            self.start_agent()
        else:
            _kill(self.hub)
            self.start_hub()

    def wait_for_work(self) -> None:
        """Wait until both are there and the agent has made another report."""
        wait_for(self.port)
        before = self.log.stat().st_size if self.log.exists() else 0
        until = time.monotonic() + READY_SECONDS
        while not self.log.exists() or self.log.stat().st_size == before:
            assert time.monotonic() < until, "the agent makes no reports"
            time.sleep(0.01)

    def finish(self) -> None:
        """Let a last agent deliver everything that waits."""
        if self.agent:
            _kill(self.agent)
        wait_for(self.port)
        assert self.start_agent(most=2).wait(READY_SECONDS) == 0

    def close(self) -> None:
        """End both."""
        for process in (self.agent, self.hub):
            if process:
                _kill(process)

    def verdict(self) -> Verdict:
        """Compare what the agent made with what the hub has."""
        made = dict(line.split() for line in self.log.read_text("utf-8").splitlines() if line.count(" ") == 1)
        with Database(self.url) as database, database.reading() as db:
            rows = db.execute(select(reports.c.sequence, reports.c.digest).order_by(reports.c.sequence)).all()
            last = db.execute(select(chains.c.last)).scalar_one()
            odd = [f"{e.kind} {e.sequence}" for e in db.execute(select(events.c.kind, events.c.sequence)) if e.kind != "repeat"]
            odd += [f"gap {g.first}-{g.last}" for g in db.execute(select(gaps.c.first, gaps.c.last))]
        received = {str(row.sequence): row.digest for row in rows}
        return Verdict(
            made=len(made),
            received=len(rows),
            lost=tuple(number for number, digest in made.items() if received.get(number) != digest),
            doubled=len(rows) - len(received),
            whole=[row.sequence for row in rows] == list(range(1, last + 1)),
            odd=tuple(odd),
        )


@dataclass(frozen=True)
class Verdict:
    """What became of the reports. ``lost`` were made and are not at the hub as they were made."""

    made: int
    received: int
    lost: tuple[str, ...]
    doubled: int
    whole: bool
    odd: tuple[str, ...]


def kill_often(pair: Pair, kills: int, longest: float, rng: Random) -> Verdict:
    """Enrol, then kill one or the other after random times up to ``longest`` seconds of work, and let the rest arrive."""
    try:
        pair.enrol()
        pair.start_agent()
        for _ in range(kills):
            if rng.random() < 0.8:  # else it is killed while it starts
                pair.wait_for_work()
            time.sleep(rng.uniform(0, longest))
            pair.kill_one(rng)
        pair.finish()
    finally:
        pair.close()
    return pair.verdict()


def _start(module: str, *words: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen([sys.executable, "-m", module, *words], stdout=subprocess.DEVNULL, env=environment, stdin=subprocess.DEVNULL)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def trusting(certificate: Path) -> ssl.SSLContext:
    """Give a TLS context that trusts the certificate."""
    return ssl.create_default_context(cafile=str(certificate))
