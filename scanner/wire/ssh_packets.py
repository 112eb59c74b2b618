"""The packets of an SSH connection under its keys: which protection both sides know, writing, and reading with every length checked.

RFC 4253 sections 6 and 7.2, RFC 4344, RFC 5647 as OpenSSH has it, and OpenSSH's PROTOCOL and PROTOCOL.chacha20poly1305. Weak ciphers
and MACs are known too: a server that has nothing else is to be seen, and nothing that is sent is a secret.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.poly1305 import Poly1305

from scanner.wire.ssh import LARGEST_PACKET, KexInit, NotSsh
from scanner.wire.ssh_exchange import Secret

CHACHA = "chacha20-poly1305@openssh.com"
_GCM = {"aes128-gcm@openssh.com": 16, "aes256-gcm@openssh.com": 32}
_CTR = {"aes128-ctr": 16, "aes192-ctr": 24, "aes256-ctr": 32}
_CBC = {"aes128-cbc": 16, "aes192-cbc": 24, "aes256-cbc": 32, "3des-cbc": 24}
CIPHERS = (*_CTR, *_GCM, CHACHA, *_CBC)
_ETM = "-etm@openssh.com"
_HASHES = {
    "hmac-sha2-256": ("sha256", 32),
    "hmac-sha2-512": ("sha512", 64),
    "hmac-sha1": ("sha1", 20),
    "hmac-sha1-96": ("sha1", 12),
    "hmac-md5": ("md5", 16),
    "hmac-md5-96": ("md5", 12),
}
"""The hash of a MAC, and how many of its octets are sent."""
MACS = (*_HASHES, *(name + _ETM for name in _HASHES))
LATER = "zlib@openssh.com"
"""Compression that begins after the login only, so that to name it is to have none."""
_TAG = 16


@dataclass(frozen=True, slots=True)
class Protection:
    """What guards the packets of one direction. ``mac`` is empty where the cipher does without."""

    cipher: str
    mac: str
    compression: str


def chosen(server: KexInit) -> tuple[Protection, Protection] | None:
    """Give the protection towards the server and back that both sides know; ``None``: there is none."""
    there = _protection(server.ciphers_in, server.macs_in, server.compression_in)
    back = _protection(server.ciphers_out, server.macs_out, server.compression_out)
    return (there, back) if there and back else None


def named(there: Protection, back: Protection, server: KexInit) -> tuple[tuple[str, ...], ...]:
    """The lists of a KEXINIT that leaves no other choice. Where the cipher does without a MAC the server's own are named; none is used."""
    macs = (there.mac,) if there.mac else server.macs_in, (back.mac,) if back.mac else server.macs_out
    return (there.cipher,), (back.cipher,), *macs, (there.compression,), (back.compression,)


def _protection(ciphers: Sequence[str], macs: Sequence[str], compressions: Sequence[str]) -> Protection | None:
    compression = next((name for name in ("none", LATER) if name in compressions), None)
    mac = next((name for name in MACS if name in macs), "")
    for cipher in CIPHERS if compression else ():
        alone = cipher == CHACHA or cipher in _GCM
        if cipher in ciphers and (alone or mac):
            return Protection(cipher, "" if alone else mac, compression or "")
    return None


class Direction(Protocol):
    """Seals or opens the packets of one direction, in their order."""

    block: int
    """The octets that a packet's length is a multiple of."""
    counted: bool
    """Whether the four octets of the length are counted in that."""
    head: int
    """Octets that must be there before the length is known."""
    tag: int
    """Octets behind the packet."""

    def length(self, head: bytes) -> int:
        """Give the length that stands in the packet's head."""

    def seal(self, plain: bytes) -> bytes:
        """Protect a packet, length included."""

    def open(self, octets: bytes) -> bytes:
        """Give what stands behind the length of a whole packet, tag included. Raises ``NotSsh``."""


class Sender:
    """Writes our packets."""

    def __init__(self, protection: Protection, secret: Secret, sequence: int) -> None:
        self._way = _direction(protection, secret, sequence, "ACE", sending=True)

    def packet(self, payload: bytes) -> bytes:
        """Write a packet. The padding is zeros."""
        fixed = 5 if self._way.counted else 1
        padding = -(len(payload) + fixed) % self._way.block
        padding += self._way.block if padding < 4 else 0
        return self._way.seal((1 + len(payload) + padding).to_bytes(4, "big") + bytes([padding]) + payload + bytes(padding))


class Receiver:
    """Reads the server's packets, in whatever pieces they come."""

    def __init__(self, protection: Protection, secret: Secret, sequence: int) -> None:
        self._way = _direction(protection, secret, sequence, "BDF", sending=False)
        self._rest = bytearray()
        self._length: int | None = None

    def feed(self, data: bytes) -> None:
        """Take octets."""
        self._rest += data

    def next(self) -> bytes | None:
        """Give the next payload; ``None``: it is not whole. Raises ``NotSsh``: a length that cannot be, or a wrong tag."""
        if self._length is None:
            if len(self._rest) < self._way.head:
                return None
            self._length = self._way.length(bytes(self._rest[: self._way.head]))
            if not 5 <= self._length <= LARGEST_PACKET or (self._length + (4 if self._way.counted else 0)) % self._way.block:
                raise NotSsh(f"a protected packet of {self._length} octets")
        end = 4 + self._length + self._way.tag
        if len(self._rest) < end:
            return None
        plain = self._way.open(bytes(self._rest[:end]))
        del self._rest[:end]
        self._length = None
        if plain[0] + 1 >= len(plain):
            raise NotSsh(f"a protected packet of {len(plain)} octets with {plain[0]} of padding")
        return plain[1 : len(plain) - plain[0]]


def _direction(protection: Protection, secret: Secret, sequence: int, letters: str, *, sending: bool) -> Direction:
    def key(which: int, octets: int) -> bytes:
        return secret.key(letters[which].encode("ascii"), octets)

    if protection.cipher == CHACHA:
        return _ChaCha(key(1, 64), sequence)
    if protection.cipher in _GCM:
        return _Gcm(key(1, _GCM[protection.cipher]), key(0, 12))
    cipher = _cipher(protection.cipher, key)
    context = cipher.encryptor() if sending else cipher.decryptor()
    block = 8 if protection.cipher == "3des-cbc" else 16
    name = protection.mac.removesuffix(_ETM)
    algorithm, sent = _HASHES[name]
    mac = _Mac(key(2, hashlib.new(algorithm).digest_size), algorithm, sent)
    return (_MacAfter if name != protection.mac else _MacBefore)(context, block, mac, sequence)


def _cipher(name: str, key: Callable[[int, int], bytes]) -> Cipher[modes.CTR] | Cipher[modes.CBC]:
    if name in _CTR:
        return Cipher(algorithms.AES(key(1, _CTR[name])), modes.CTR(key(0, 16)))
    if name == "3des-cbc":
        from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES  # hardly a server needs it

        return Cipher(TripleDES(key(1, 24)), modes.CBC(key(0, 8)))
    return Cipher(algorithms.AES(key(1, _CBC[name])), modes.CBC(key(0, 16)))


@dataclass(frozen=True, slots=True)
class _Mac:
    key: bytes
    algorithm: str
    sent: int

    def of(self, sequence: int, octets: bytes) -> bytes:
        return hmac.new(self.key, sequence.to_bytes(4, "big") + octets, self.algorithm).digest()[: self.sent]

    def check(self, sequence: int, octets: bytes, tag: bytes) -> None:
        if not hmac.compare_digest(self.of(sequence, octets), tag):
            raise NotSsh("a packet with a wrong MAC")


class _MacBefore:
    """RFC 4253 as it was: the MAC is over the plain packet, and the length is encrypted with it."""

    counted = True

    def __init__(self, context: CipherContext, block: int, mac: _Mac, sequence: int) -> None:
        self._context = context
        self._mac = mac
        self._sequence = sequence
        self._first = b""
        self.block = self.head = block
        self.tag = mac.sent

    def length(self, head: bytes) -> int:
        self._first = self._context.update(head)
        return int.from_bytes(self._first[:4], "big")

    def seal(self, plain: bytes) -> bytes:
        tag = self._mac.of(self._sequence, plain)
        self._sequence += 1
        return self._context.update(plain) + tag

    def open(self, octets: bytes) -> bytes:
        plain = self._first + self._context.update(octets[self.head : -self.tag])
        self._mac.check(self._sequence, plain, octets[-self.tag :])
        self._sequence += 1
        return plain[4:]


class _MacAfter:
    """OpenSSH's -etm: the MAC is over the encrypted packet, and the length stands open."""

    counted = False
    head = 4

    def __init__(self, context: CipherContext, block: int, mac: _Mac, sequence: int) -> None:
        self._context = context
        self._mac = mac
        self._sequence = sequence
        self.block = block
        self.tag = mac.sent

    def length(self, head: bytes) -> int:
        return int.from_bytes(head, "big")

    def seal(self, plain: bytes) -> bytes:
        sealed = plain[:4] + self._context.update(plain[4:])
        tag = self._mac.of(self._sequence, sealed)
        self._sequence += 1
        return sealed + tag

    def open(self, octets: bytes) -> bytes:
        self._mac.check(self._sequence, octets[: -self.tag], octets[-self.tag :])
        self._sequence += 1
        return self._context.update(octets[4 : -self.tag])


class _Gcm:
    """AES in Galois/counter mode: the length stands open and is authenticated, the last eight octets of the nonce count packets."""

    block = 16
    counted = False
    head = 4
    tag = _TAG

    def __init__(self, key: bytes, nonce: bytes) -> None:
        self._cipher = AESGCM(key)
        self._fixed, self._count = nonce[:4], int.from_bytes(nonce[4:], "big")

    def length(self, head: bytes) -> int:
        return int.from_bytes(head, "big")

    def _nonce(self) -> bytes:
        nonce = self._fixed + self._count.to_bytes(8, "big")
        self._count = (self._count + 1) % 2**64
        return nonce

    def seal(self, plain: bytes) -> bytes:
        return plain[:4] + self._cipher.encrypt(self._nonce(), plain[4:], plain[:4])

    def open(self, octets: bytes) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(), octets[4:], octets[:4])
        except InvalidTag as error:
            raise NotSsh("a packet with a wrong tag") from error


class _ChaCha:
    """ChaCha20 and Poly1305: the length is encrypted with a key of its own, the nonce is the number of the packet."""

    block = 8
    counted = False
    head = 4
    tag = _TAG

    def __init__(self, key: bytes, sequence: int) -> None:
        self._key, self._length_key = key[:32], key[32:]
        self._sequence = sequence

    def _stream(self, key: bytes, octets: bytes, *, block: int = 0) -> bytes:
        nonce = block.to_bytes(8, "little") + self._sequence.to_bytes(8, "big")
        return Cipher(algorithms.ChaCha20(key, nonce), None).encryptor().update(octets)

    def length(self, head: bytes) -> int:
        return int.from_bytes(self._stream(self._length_key, head), "big")

    def seal(self, plain: bytes) -> bytes:
        sealed = self._stream(self._length_key, plain[:4]) + self._stream(self._key, plain[4:], block=1)
        tag = Poly1305.generate_tag(self._stream(self._key, bytes(32)), sealed)
        self._sequence += 1
        return sealed + tag

    def open(self, octets: bytes) -> bytes:
        sealed, tag = octets[:-_TAG], octets[-_TAG:]
        try:
            Poly1305.verify_tag(self._stream(self._key, bytes(32)), sealed, tag)
        except InvalidSignature as error:
            raise NotSsh("a packet with a wrong tag") from error
        plain = self._stream(self._key, sealed[4:], block=1)
        self._sequence += 1
        return plain
