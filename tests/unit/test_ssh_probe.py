"""The SSH survey against real servers on loopback, and against some that misbehave."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paramiko
import pytest

from scanner.facts.ssh import SshAddress, SshHostKey, SshOffer, SshSurvey
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.model.target import Service
from scanner.net.network import Network, Settings
from scanner.probes.ssh import ssh_survey
from scanner.probes.ssh_talk import USER
from scanner.wire.ssh_exchange import GROUP_EXCHANGE, METHODS
from scanner.wire.ssh_packets import CIPHERS, MACS
from tests.unit.net_servers import LOOPBACK
from tests.unit.test_wire_ssh import free_port, kexinit, opening_of, packet, server

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def survey(port: int) -> SshAddress:
    service = Service("127.0.0.1", port, "ssh")
    async with Network(Settings(scope=LOOPBACK)) as network:
        fact = await ssh_survey.run(service, network.view(service.key))
    assert isinstance(fact, SshSurvey)
    (address,) = fact.addresses
    return address


def look(port: int) -> SshAddress:
    return asyncio.run(survey(port))


def look_at(handler: Handler) -> SshAddress:
    async def go() -> SshAddress:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            finally:
                writer.close()

        listener = await asyncio.start_server(handle, "127.0.0.1", 0)
        async with listener:
            return await survey(listener.sockets[0].getsockname()[1])

    return asyncio.run(go())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("keys")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    for kind, bits in (("rsa", "1024"), ("ecdsa", "384"), ("ed25519", "256")):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", "", "-f", str(tmp_path / kind)], check=True)
    return tmp_path


def openssh(folder: Path, *lines: str) -> SshAddress:
    port = free_port()
    config = folder / "config"
    config.write_text("\n".join([f"ListenAddress 127.0.0.1:{port}", "PidFile none", "UsePAM no", "RequiredRSASize 1024", *lines, ""]))
    with server("/usr/sbin/sshd", "-D", "-e", "-f", str(config), port=port):
        opening_of(port)
        return look(port)


def test_openssh_with_three_keys(folder: Path) -> None:
    seen = openssh(
        folder,
        *(f"HostKey {folder / kind}" for kind in ("rsa", "ecdsa", "ed25519")),
        "PasswordAuthentication yes",
        "KbdInteractiveAuthentication no",
    )
    assert isinstance(seen.keys, tuple)
    assert {(key.type, key.bits) for key in seen.keys} == {("ssh-rsa", 1024), ("ecdsa-sha2-nistp384", 384), ("ssh-ed25519", 256)}
    assert seen.methods == ("password", "publickey")
    assert seen.gex_bits == 2048


def test_openssh_without_passwords_and_group_exchange(folder: Path) -> None:
    seen = openssh(
        folder,
        f"HostKey {folder / 'ed25519'}",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "KexAlgorithms curve25519-sha256@libssh.org",
    )
    truth = subprocess.run(["ssh-keygen", "-lf", str(folder / "ed25519")], check=True, capture_output=True, text=True).stdout.split()[1]
    assert seen.keys == (SshHostKey("ssh-ed25519", "ssh-ed25519", 256, truth),)
    assert seen.methods == ("publickey",)
    assert seen.gex_bits is None


NOT_IN_OPENSSH = "diffie-hellman-group15-sha512"
EACH = [
    *(f"KexAlgorithms {name}" for name in METHODS if name != NOT_IN_OPENSSH),
    *(f"Ciphers {name}" for name in CIPHERS),
    *(f"Ciphers aes128-ctr\nMACs {name}" for name in MACS),
    "Ciphers 3des-cbc\nMACs hmac-sha1-etm@openssh.com",
]


@pytest.mark.parametrize("only", EACH)
def test_methods_are_asked_for_under_every_exchange_and_protection(folder: Path, only: str) -> None:
    seen = openssh(folder, f"HostKey {folder / 'ed25519'}", "PasswordAuthentication no", "KbdInteractiveAuthentication no", only)
    assert isinstance(seen.keys, tuple)
    assert [key.type for key in seen.keys] == ["ssh-ed25519"]
    assert seen.methods == ("publickey",)


@pytest.mark.parametrize("only", ["Ciphers aes128-ctr\nMACs umac-64@openssh.com", "KexAlgorithms sntrup761x25519-sha512@openssh.com"])
def test_methods_stay_unknown_where_no_algorithm_is_shared(folder: Path, only: str) -> None:
    seen = openssh(folder, f"HostKey {folder / 'ed25519'}", only)
    assert isinstance(seen.offer, SshOffer)
    assert isinstance(seen.keys, tuple) == ("MACs" in only)
    assert isinstance(seen.methods, Unobserved)
    assert seen.methods.reason is Reason.UNSUPPORTED


def test_a_user_whom_nobody_knows_is_let_in(folder: Path) -> None:
    """Only a server of our own does such a thing: it takes the question for ways of authentication as a login."""

    class Open(paramiko.ServerInterface):
        def check_auth_none(self, username: str) -> int:
            assert username == USER
            return paramiko.common.AUTH_SUCCESSFUL

        def get_allowed_auths(self, username: str) -> str:
            return "none"

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as threads:
        key = paramiko.RSAKey.from_private_key_file(str(folder / "rsa"))

        def serve() -> None:
            transport = paramiko.Transport(listener.accept()[0], disabled_algorithms={"kex": GROUP_EXCHANGE})
            transport.add_server_key(key)
            transport.start_server(server=Open(), event=threading.Event())
            transport.join(10)

        served = threads.submit(serve)
        seen = look(listener.getsockname()[1])
        served.result(10)
    assert seen.methods == ()


def test_a_kind_of_key_that_the_server_does_not_have_hides_nothing_else(folder: Path) -> None:
    """A server that names a kind of key first and hangs up on whoever asks for it, in front of a real one for everything else."""
    port = free_port()
    config = folder / "config"
    config.write_text(
        f"ListenAddress 127.0.0.1:{port}\nPidFile none\nUsePAM no\nHostKey {folder / 'ecdsa'}\nHostKey {folder / 'ed25519'}\n"
    )
    connections = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        if connections > 1:
            there, back = await asyncio.open_connection("127.0.0.1", port)
            async with asyncio.TaskGroup() as group:
                group.create_task(carry(reader, back))
                group.create_task(carry(there, writer))
            return
        writer.write(opening)
        await writer.drain()
        await reader.readline()
        await reader.read(4000)

    with server("/usr/sbin/sshd", "-D", "-e", "-f", str(config), port=port):
        opening = opening_of(port)
        seen = look_at(handler)
    assert isinstance(seen.keys, tuple)
    assert [key.type for key in seen.keys] == ["ssh-ed25519"]
    assert isinstance(seen.keys_unseen, Unobserved)
    assert (seen.keys_unseen.reason, "ecdsa-sha2-nistp384" in seen.keys_unseen.detail) == (Reason.RESET, True)
    assert isinstance(seen.methods, tuple)
    assert "publickey" in seen.methods


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass  # the scanner hangs up abruptly
    finally:
        writer.close()


def test_dropbear(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["dropbearkey", "-t", "rsa", "-s", "2048", "-f", str(key)], check=True, capture_output=True)
    port = free_port()
    with server("dropbear", "-F", "-E", "-s", "-r", str(key), "-P", str(tmp_path / "pid"), "-p", f"127.0.0.1:{port}", port=port):
        opening_of(port)
        seen = look(port)
    assert isinstance(seen.keys, tuple)
    assert [(key.type, key.bits) for key in seen.keys] == [("ssh-rsa", 2048)]
    assert seen.methods == ("publickey",)


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def closing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.readline()


async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"<p>" * 2000)
    await writer.drain()


async def goodbye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    text = b"go away"
    writer.write(b"SSH-2.0-x\r\n" + packet(b"\x01" + (12).to_bytes(4, "big") + len(text).to_bytes(4, "big") + text + bytes(4)))
    await writer.drain()


@pytest.mark.parametrize(
    ("handler", "reason"),
    [(closing, Reason.RESET), (web, Reason.PROTOCOL_VIOLATION), (goodbye, Reason.REFUSED)],
)
def test_each_misbehaviour_has_its_reason(handler: Handler, reason: Reason) -> None:
    seen = look_at(handler)
    assert isinstance(seen.offer, Unobserved)
    assert seen.offer.reason is reason
    assert seen.keys == seen.offer  # nothing is known of its keys either


def test_silence_is_told_as_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.probes.ssh.SECONDS", 0.3)
    seen = look_at(silent)
    assert isinstance(seen.offer, Unobserved)
    assert seen.offer.reason is Reason.TIMEOUT


def test_a_server_that_closes_after_its_lists_keeps_them() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        names = [
            b"curve25519-sha256@libssh.org",
            b"ssh-ed25519",
            b"aes128-ctr",
            b"aes128-ctr",
            b"hmac-sha2-256",
            b"hmac-sha2-256",
            b"none",
            b"none",
        ]
        writer.write(b"SSH-2.0-x\r\n" + packet(kexinit(*names)))
        await writer.drain()

    seen = look_at(handler)
    assert isinstance(seen.offer, SshOffer)
    assert seen.offer.kex == ("curve25519-sha256@libssh.org",)
    assert isinstance(seen.keys, Unobserved)
    assert isinstance(seen.methods, Unobserved)
    assert (seen.keys.reason, seen.methods.reason) == (Reason.RESET, Reason.RESET)


def test_a_server_of_the_old_protocol() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-1.5-OpenSSH_2.1\n")
        await reader.readline()

    seen = look_at(handler)
    assert seen == SshAddress("127.0.0.1", SshOffer("1.5", "OpenSSH_2.1", ""))
