"""What must and what must not be said of SSH servers whose settings are known: OpenSSH well kept, weakened, and Dropbear as it comes."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scanner.engine.catalogue import catalogue
from scanner.engine.collect import Collecting
from scanner.engine.judge import judge
from scanner.engine.plan import make_plan
from scanner.facts.ledger import DeclaredSshService
from scanner.ledger.profile import EMPTY
from scanner.model.fact import Fact
from scanner.model.target import Service, Target
from scanner.model.verdict import Outcome
from scanner.net.network import Network, Settings
from tests.unit.net_servers import LOOPBACK
from tests.unit.test_wire_ssh import free_port, opening_of, server

PLAN = make_plan(catalogue(), (), EMPTY, ["ssh"])


@dataclass(frozen=True)
class Kept:
    """How a server is kept: its host keys, its settings, and the truth as check → tag; every other check of SSH must not fail."""

    keys: tuple[tuple[str, int], ...] = (("ed25519", 256),)
    lines: tuple[str, ...] = ()
    says: Mapping[str, str] = field(default_factory=dict)
    fails: Mapping[str, str] = field(default_factory=dict)
    undetermined: frozenset[str] = frozenset()


STRONG = Kept(
    lines=(
        "KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256",
        "Ciphers aes256-gcm@openssh.com,aes256-ctr",
        "MACs hmac-sha2-512-etm@openssh.com",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "DebianBanner no",
    ),
    says={
        "auth.required": "AUTH_ASKED",
        "auth.password": "PASSWORD_REFUSED",
        "ciphers.strong": "CIPHER_SOUND",
        "macs.strong": "MAC_SOUND",
        "kex.strong": "KEX_STRONG",
        "kex.prime": "PRIME_FIXED",
        "host-key.strength": "KEY_STRONG",
        "protocol.two": "VERSION_TWO",
        "disclosure.system": "SYSTEM_HIDDEN",
        "terrapin.closed": "TERRAPIN_STRICT",
    },
)
WEAK = Kept(
    keys=(("rsa", 1024),),
    lines=(
        "RequiredRSASize 1024",
        "HostKeyAlgorithms ssh-rsa",
        "KexAlgorithms diffie-hellman-group1-sha1",
        "Ciphers 3des-cbc,aes128-cbc",
        "MACs hmac-md5",
        "PasswordAuthentication yes",
        "KbdInteractiveAuthentication no",
        "DebianBanner yes",
    ),
    says={"protocol.two": "VERSION_TWO", "auth.required": "AUTH_ASKED"},
    fails={
        "auth.password": "PASSWORD_OUTSIDE",
        "host-key.strength": "KEY_WEAK",
        "host-key.sha2": "SHA1_ONLY",
        "algorithms.cryptrec": "CRYPTREC_NONE",
        "kex.strong": "KEX_WEAK",
        "macs.strong": "MAC_WEAK",
        "disclosure.system": "SYSTEM_SHOWN",
    },
)
DROPBEAR = Kept(
    keys=(("ed25519", 256),),
    says={
        "auth.required": "AUTH_ASKED",
        "auth.password": "PASSWORD_REFUSED",
        "ciphers.strong": "CIPHER_SOUND",
        "kex.prime": "PRIME_FIXED",
        "protocol.two": "VERSION_TWO",
        "disclosure.system": "SYSTEM_HIDDEN",
    },
    # It names RSA too, which it has no key for, and hangs up on whoever asks for it: what it would show stays unknown.
    undetermined=frozenset({"host-key.strength"}),
)
TRUTH = {"strong": STRONG, "weak": WEAK, "dropbear": DROPBEAR}


def openssh(folder: Path, kept: Kept, port: int) -> tuple[str, ...]:
    lines = [f"ListenAddress 127.0.0.1:{port}", "PidFile none", "UsePAM no", *kept.lines]
    for kind, bits in kept.keys:
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-b", str(bits), "-N", "", "-f", str(folder / kind)], check=True)
        lines.append(f"HostKey {folder / kind}")
    (folder / "config").write_text("\n".join([*lines, ""]))
    return "/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "config")


def dropbear(folder: Path, port: int) -> tuple[str, ...]:
    subprocess.run(["dropbearkey", "-t", "ed25519", "-f", str(folder / "key")], check=True, capture_output=True)
    return "dropbear", "-F", "-E", "-s", "-r", str(folder / "key"), "-P", str(folder / "pid"), "-p", f"127.0.0.1:{port}"


Told = Mapping[str, tuple[Outcome, str]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Told]]:
    """All servers, seen and judged side by side from outside: name → check without ``ssh.`` → outcome and tag."""
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    services = {}
    with ExitStack() as stack:
        for name, kept in TRUTH.items():
            folder, port = tmp_path_factory.mktemp(name), free_port()
            command = dropbear(folder, port) if kept is DROPBEAR else openssh(folder, kept, port)
            stack.enter_context(server(*command, port=port))
            opening_of(port)
            services[name] = Service("127.0.0.1", port, "ssh")
        yield asyncio.run(judged(services))


async def judged(services: Mapping[str, Service]) -> dict[str, Told]:
    def declare(subject: Target) -> Mapping[type[Fact], Fact]:
        return {DeclaredSshService: DeclaredSshService(True)}

    with ThreadPoolExecutor(1) as threads:
        async with Network(Settings(scope=LOOPBACK)) as network:
            collecting = Collecting(PLAN, catalogue().observers, network, declare, lambda _: None, threads)
            found = {name: await collecting.collect(service, 60.0) for name, service in services.items()}
    return {
        name: {
            r.variant.check.id.removeprefix("ssh."): (r.ending.outcome, r.ending.tag) for r in judge(seen, PLAN.for_target(services[name]))
        }
        for name, seen in found.items()
    }


@pytest.mark.parametrize("name", TRUTH)
def test_of_every_server_is_said_what_is_true_and_nothing_else(told: Mapping[str, Told], name: str) -> None:
    kept, said = TRUTH[name], told[name]
    tags = {check: tag for check, (_, tag) in said.items()}
    assert {check: tags[check] for check in kept.says} == kept.says
    assert {check: tag for check, (outcome, tag) in said.items() if outcome is Outcome.FAIL} == kept.fails
    assert {check for check, (outcome, _) in said.items() if outcome is Outcome.UNDETERMINED} == kept.undetermined
