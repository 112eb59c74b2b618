"""A key exchange with an SSH server, from our KEXINIT to the secret that both hold: RFC 4253 sections 7 and 8, RFC 4419, 5656 and 8731.

The server's signature is not verified: what is wanted is what it tells anybody, and nothing of ours that follows is a secret. How packets
are protected afterwards stands in ``ssh_packets``, what a host key is in ``ssh_keys``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from scanner.wire.ssh import MSG_KEXINIT, KexInit, NotSsh
from scanner.wire.ssh_keys import LONGEST_KEY, string, take

MSG_KEX_INIT = 30  # KEXDH_INIT, KEX_ECDH_INIT
MSG_KEX_REPLY = 31
MSG_GEX_GROUP = 31
MSG_GEX_INIT = 32
MSG_GEX_REPLY = 33
MSG_GEX_REQUEST = 34
LARGEST_PRIME = 16_384  # bits
_EXPONENT = 16  # octets. Nothing that an exchange protects here is a secret, and a long exponent takes most of the time of a look

_X25519 = {"curve25519-sha256": "sha256", "curve25519-sha256@libssh.org": "sha256"}
_EC = {"ecdh-sha2-nistp256": "sha256", "ecdh-sha2-nistp384": "sha384", "ecdh-sha2-nistp521": "sha512"}
_FINITE = {  # the hash, and the bits of the prime
    "diffie-hellman-group14-sha256": ("sha256", 2048),
    "diffie-hellman-group14-sha1": ("sha1", 2048),
    "diffie-hellman-group15-sha512": ("sha512", 3072),
    "diffie-hellman-group16-sha512": ("sha512", 4096),
    "diffie-hellman-group18-sha512": ("sha512", 8192),
    "diffie-hellman-group1-sha1": ("sha1", 1024),
}
GROUP_EXCHANGE = {"diffie-hellman-group-exchange-sha256": "sha256", "diffie-hellman-group-exchange-sha1": "sha1"}
"""Methods in which the server chooses the prime, and their hash."""
METHODS = (*_X25519, *_EC, *_FINITE, *GROUP_EXCHANGE)
"""Methods of key exchange that are known here, the cheapest for the server first."""
_ADDED = {1024: 129093, 2048: 124476, 3072: 1690314, 4096: 240904, 8192: 4743158}
"""What RFC 2409 section 6.2 and RFC 3526 add in their formula for the prime of so many bits."""
_SIZES = (1024, 1024, 8192)
"""Smallest, wanted and largest prime asked for in a group exchange: a short one, to see whether it comes."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What both sides said before the exchange, as it stood on the wire: the identifications without line ends, and the KEXINITs."""

    client: bytes
    server: bytes
    client_kexinit: bytes
    server_kexinit: bytes


@dataclass(frozen=True, slots=True)
class Secret:
    """What a finished exchange gives: the shared secret as it goes into the hash, and the hash, which is the session's identifier too."""

    shared: bytes
    session: bytes
    algorithm: str

    def key(self, letter: bytes, octets: int) -> bytes:
        """Derive a key (section 7.2); ``letter`` is ``A`` to ``F``."""
        key = hashlib.new(self.algorithm, self.shared + self.session + letter + self.session).digest()
        while len(key) < octets:
            key += hashlib.new(self.algorithm, self.shared + self.session + key).digest()
        return key[:octets]


class _Half(Protocol):
    """Our half of one agreement: a public value, and the shared secret made with the server's."""

    public: bytes

    def shared(self, theirs: bytes) -> bytes: ...


class Exchange:
    """One exchange. Send ``first``, then what ``reply`` gives for each message of the server until it gives ``None``. Raises ``NotSsh``."""

    def __init__(self, method: str, random: Callable[[int], bytes]) -> None:
        self._method = method
        self._random = random
        self._half: _Half | None = None
        self._group = b""
        self._theirs = b""
        self.host_key = b""
        """The server's key blob, once the exchange is at its end."""
        self.group_bits: int | None = None
        """The length of the prime that the server has given, in a group exchange."""
        if method in GROUP_EXCHANGE:
            self.first = bytes([MSG_GEX_REQUEST]) + _sizes()
        else:
            self._half = _half(method, random)
            self.first = bytes([MSG_KEX_INIT]) + string(self._half.public)

    def reply(self, payload: bytes) -> bytes | None:
        """Take a message of the server."""
        if self._half is None:
            prime, generator = read_group(payload)
            self._half = half = _Finite(prime, generator, self._random(_EXPONENT))
            self.group_bits = prime.bit_length()
            if self.group_bits > _SIZES[2]:
                raise NotSsh(f"a prime of {self.group_bits} bits where at most {_SIZES[2]} were asked for")
            self._group = _sizes() + mpint(prime) + mpint(generator)
            return bytes([MSG_GEX_INIT]) + string(half.public)
        self.host_key, at = _reply(payload, MSG_GEX_REPLY if self._method in GROUP_EXCHANGE else MSG_KEX_REPLY)
        self._theirs, _ = take(payload, at)
        return None

    def secret(self, spoken: Spoken) -> Secret:
        """Give the secret of the exchange at its end. Raises ``NotSsh`` for a public value that is none."""
        if self._half is None:
            raise NotSsh("the exchange is not at its end")
        shared = mpint(int.from_bytes(self._half.shared(self._theirs), "big"))
        name = GROUP_EXCHANGE.get(self._method) or _X25519.get(self._method) or _EC.get(self._method) or _FINITE[self._method][0]
        said = (spoken.client, spoken.server, spoken.client_kexinit, spoken.server_kexinit, self.host_key)
        values = string(self._half.public) + string(self._theirs)
        session = hashlib.new(name, b"".join(map(string, said)) + self._group + values + shared).digest()
        return Secret(shared, session, name)


def our_kexinit(method: str, host_key: str, rest: Sequence[Sequence[str]], cookie: bytes) -> bytes:
    """Offer one method and one host key algorithm; ``rest`` are the ciphers, MACs and compressions, each towards the server and back."""
    lists = ((method,), (host_key,), *rest, (), ())
    return bytes([MSG_KEXINIT]) + cookie + b"".join(string(",".join(names).encode("ascii")) for names in lists) + bytes(5)


def mirrored(server: KexInit) -> tuple[tuple[str, ...], ...]:
    """What the server itself names for the rest of a KEXINIT, so that nothing else can fail in an exchange that is not carried on."""
    return server.ciphers_in, server.ciphers_out, server.macs_in, server.macs_out, server.compression_in, server.compression_out


def packet(payload: bytes) -> bytes:
    """Frame a payload as long as nothing is encrypted (RFC 4253 section 6). The padding is zeros: there is nothing to hide yet."""
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return (1 + len(payload) + padding).to_bytes(4, "big") + bytes([padding]) + payload + bytes(padding)


def read_group(payload: bytes) -> tuple[int, int]:
    """Read the prime and the generator that a server gives for a group exchange. Raises ``NotSsh``."""
    if not payload or payload[0] != MSG_GEX_GROUP:
        raise NotSsh(f"message {payload[0] if payload else 'nothing'} where the group belongs")
    octets, at = take(payload, 1)
    prime, generator = int.from_bytes(octets, "big"), int.from_bytes(take(payload, at)[0], "big")
    if not 0 < prime.bit_length() <= LARGEST_PRIME:
        raise NotSsh(f"a prime of {prime.bit_length()} bits")
    return prime, generator


def mpint(number: int) -> bytes:
    """Write a number that is not negative (RFC 4251 section 5)."""
    return string(number.to_bytes((number.bit_length() + 8) // 8, "big") if number else b"")


def prime(bits: int) -> int:
    """Give the prime of the group of that many bits, by the formula that RFC 2409 and RFC 3526 give beside the digits."""
    return (1 << bits) - (1 << bits - 64) - 1 + (_pi(bits - 130) + _ADDED[bits] << 64)


@cache
def _pi(bits: int) -> int:
    """Pi times two to the power of ``bits``, rounded down, by Machin's formula."""
    guard = 64
    one = 1 << (bits + guard)

    def arctan(inverse: int) -> int:
        term = total = one // inverse
        divisor, sign = 1, 1
        while term:
            term //= inverse * inverse
            divisor += 2
            sign = -sign
            total += sign * (term // divisor)
        return total

    return (16 * arctan(5) - 4 * arctan(239)) >> guard


def _sizes() -> bytes:
    return b"".join(bits.to_bytes(4, "big") for bits in _SIZES)


def _reply(payload: bytes, number: int) -> tuple[bytes, int]:
    if not payload or payload[0] != number:
        raise NotSsh(f"message {payload[0] if payload else 'nothing'} where the reply of the key exchange belongs")
    blob, at = take(payload, 1)
    if len(blob) > LONGEST_KEY:
        raise NotSsh(f"a host key of {len(blob)} octets")
    return blob, at


def _half(method: str, random: Callable[[int], bytes]) -> _Half:
    if method in _X25519:
        return _Montgomery(random(32))
    if method in _EC:
        return _Weierstrass(method)
    return _Finite(prime(_FINITE[method][1]), 2, random(_EXPONENT))


class _Montgomery:
    def __init__(self, random: bytes) -> None:
        self._private = X25519PrivateKey.from_private_bytes(random)
        self.public = self._private.public_key().public_bytes_raw()

    def shared(self, theirs: bytes) -> bytes:
        try:
            return self._private.exchange(X25519PublicKey.from_public_bytes(theirs))
        except ValueError as error:  # of a wrong length, or the point that makes every secret zero (RFC 8731 section 3)
            raise NotSsh("not a public value of X25519") from error


class _Weierstrass:
    def __init__(self, method: str) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec  # few servers need it, and it loads slowly
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        curves = dict(zip(_EC, (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()), strict=True))
        self._ec = ec
        self._private = ec.generate_private_key(curves[method])
        self.public = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def shared(self, theirs: bytes) -> bytes:
        try:
            point = self._ec.EllipticCurvePublicKey.from_encoded_point(self._private.curve, theirs)
        except ValueError as error:
            raise NotSsh("not a point of the curve") from error
        return self._private.exchange(self._ec.ECDH(), point)


class _Finite:
    def __init__(self, modulus: int, generator: int, random: bytes) -> None:
        if not 1 < generator < modulus - 1:
            raise NotSsh("a generator that generates nothing")
        self._modulus = modulus
        self._private = int.from_bytes(random, "big") | 1 << 127
        number = pow(generator, self._private, modulus)
        self.public = mpint(number)[4:]

    def shared(self, theirs: bytes) -> bytes:
        number = int.from_bytes(theirs, "big")
        if not 1 < number < self._modulus - 1:
            raise NotSsh("a public value outside the group")
        return pow(number, self._private, self._modulus).to_bytes((self._modulus.bit_length() + 7) // 8, "big")
