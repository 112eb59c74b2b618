"""The SSH opening: real servers on loopback, every way of cutting their octets, and what no server should send."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire.ssh import IDENTIFICATION, MOST_NAMES, KexInit, NotSsh, Opening


def packet(payload: bytes) -> bytes:
    padding = 8 - (len(payload) + 5) % 8 + 8
    return (len(payload) + padding + 1).to_bytes(4, "big") + bytes([padding]) + payload + bytes(padding)


def kexinit(*lists: bytes) -> bytes:
    body = b"".join(len(names).to_bytes(4, "big") + names for names in (*lists, *[b""] * (10 - len(lists))))
    return b"\x14" + bytes(16) + body + bytes(5)


@contextmanager
def server(*command: str, port: int) -> Iterator[int]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            yield port
        finally:
            process.kill()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def opening_of(port: int) -> bytes:
    """Everything that the server sends until its KEXINIT has come."""
    deadline = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as talk:
                talk.sendall(IDENTIFICATION)
                seen, reading = b"", Opening()
                while True:
                    data = talk.recv(4096)
                    seen += data
                    if not data or reading.feed(data):
                        return seen
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@pytest.fixture(scope="module")
def openssh(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("sshd")
    key, config = folder / "key", folder / "config"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    port = free_port()
    config.write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {key}\nPidFile none\nUsePAM no\nCiphers aes128-ctr,chacha20-poly1305@openssh.com\n"
        "KexAlgorithms curve25519-sha256,diffie-hellman-group14-sha1\nMACs hmac-sha2-256,hmac-sha1\nCompression no\n"
    )
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd's place for privilege separation; Debian makes it when the service starts
    with server("/usr/sbin/sshd", "-D", "-e", "-f", str(config), port=port):
        return opening_of(port)


def read(data: bytes) -> Opening:
    reading = Opening()
    reading.feed(data)
    return reading


def words_of(data: bytes) -> str:
    """What the reader says is wrong, or nothing."""
    try:
        read(data)
    except NotSsh as error:
        return str(error)
    return ""


def test_openssh_offers_what_its_configuration_says(openssh: bytes) -> None:
    seen = read(openssh)
    assert seen.identification is not None
    assert seen.identification.protocol == "2.0"
    assert seen.identification.software.startswith("OpenSSH_")
    offer = seen.kexinit
    assert offer is not None
    methods = [name for name in offer.kex if not name.startswith(("kex-strict", "ext-info"))]
    assert methods == ["curve25519-sha256", "diffie-hellman-group14-sha1"]
    assert offer.host_keys == ("ssh-ed25519",)
    assert offer.ciphers_in == offer.ciphers_out == ("aes128-ctr", "chacha20-poly1305@openssh.com")
    assert offer.macs_in == offer.macs_out == ("hmac-sha2-256", "hmac-sha1")
    assert offer.compression_out == ("none",)
    assert offer.strict == ("kex-strict-s-v00@openssh.com" in offer.kex)


def test_dropbear_is_read_too(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["dropbearkey", "-t", "ecdsa", "-f", str(key)], check=True, capture_output=True)
    port = free_port()
    with server("dropbear", "-F", "-E", "-r", str(key), "-P", str(tmp_path / "pid"), "-p", f"127.0.0.1:{port}", port=port):
        seen = read(opening_of(port))
    assert seen.identification is not None
    assert seen.identification.software.startswith("dropbear")
    assert seen.kexinit is not None
    assert "ecdsa-sha2-nistp256" in seen.kexinit.host_keys


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(1, 400), max_size=30))
def test_pieces_make_no_difference(openssh: bytes, cuts: list[int]) -> None:
    reading, at = Opening(), 0
    for size in [*cuts, len(openssh)]:
        if reading.feed(openssh[at : at + size]):
            break
        at += size
    whole = read(openssh)
    assert (reading.identification, reading.kexinit) == (whole.identification, whole.kexinit)


@settings(max_examples=300, deadline=None)
@given(data=st.one_of(st.binary(max_size=400), st.binary(max_size=200).map(lambda b: b"SSH-2.0-x\r\n" + b)))
def test_junk_ends_in_nothing_or_in_not_ssh(data: bytes) -> None:
    assert (words_of(data) or "nothing wrong").isprintable()


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 2000), octet=st.integers(0, 255))
def test_a_changed_octet_is_survived(openssh: bytes, at: int, octet: int) -> None:
    bent = bytearray(openssh)
    bent[at % len(bent)] = octet
    assert (words_of(bytes(bent)) or "nothing wrong").isprintable()


def test_lines_before_the_identification_are_passed_over() -> None:
    seen = read(b"welcome\r\n\xe7\x82\xb9\r\nSSH-2.0-x comment here\r\n" + packet(kexinit(b"a,b", b"ssh-ed25519")))
    assert seen.identification is not None
    assert (seen.identification.software, seen.identification.comment) == ("x", "comment here")
    assert seen.kexinit == KexInit(("a", "b"), ("ssh-ed25519",), (), (), (), (), (), ())


@pytest.mark.parametrize("protocol", ["1.5", "1.3"])
def test_an_old_protocol_ends_the_reading(protocol: str) -> None:
    reading = Opening()
    assert reading.feed(f"SSH-{protocol}-OpenSSH_2.1\n".encode())
    assert reading.identification is not None
    assert reading.identification.protocol == protocol


def test_a_goodbye_is_kept() -> None:
    text = b"too many connections"
    seen = read(b"SSH-2.0-x\r\n" + packet(b"\x01" + (12).to_bytes(4, "big") + len(text).to_bytes(4, "big") + text + bytes(4)))
    assert seen.goodbye == "too many connections"
    assert seen.kexinit is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"A" * 1025, "a line of more than"),
        (b"SSH-" + b"A" * 300, "a line of more than"),
        (b"x\n" * 64, "64 lines"),
        (b"SSH-nonsense\n", "not an identification"),
        (b"SSH-2.0-x\r\n" + (10**6).to_bytes(4, "big") + b"\x04", "a packet of 1000000 octets"),
        (b"SSH-2.0-x\r\n" + packet(b"\x63"), "message 99"),
        (b"SSH-2.0-x\r\n" + packet(b"\x14" + bytes(16) + b"\x00\x00\xff\xff"), "name-list of 65535"),
        (b"SSH-2.0-x\r\n" + packet(kexinit(b",".join([b"n"] * (MOST_NAMES + 1)))), "more than 256 names"),
        (b"SSH-2.0-x\r\n" + packet(kexinit(b"a,,b")), "not a name"),
        (b"SSH-2.0-x\r\n" + packet(kexinit(b"a\x00b")), "not a name"),
    ],
)
def test_what_no_server_should_send(data: bytes, words: str) -> None:
    with pytest.raises(NotSsh, match=words):
        read(data)
