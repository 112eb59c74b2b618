"""Key shares: our half of a key exchange, and what it makes of the other half. The octets to make them from come from the caller."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Final, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import x448, x25519

from scanner.wire.tls.dh import FFDHE, ffdhe_prime
from scanner.wire.tls.groups import GROUPS, group_name
from scanner.wire.tls.names import NotTls

_mlkem: ModuleType | None
try:
    from cryptography.hazmat.primitives.asymmetric import mlkem as _mlkem
except ImportError:  # an older cryptography, or one built without it
    _mlkem = None

LEAST_ENTROPY: Final = 32
"""Octets that a caller gives for one share."""


class CannotCompute(ValueError):
    """The peer's choice is in order, and this program has no means to compute with it; the message names the choice."""


class _Half(Protocol):
    public: bytes

    def agree(self, peer: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class KeyShare:
    """Our half for one group: ``public`` goes into the hello."""

    group: int
    public: bytes
    _half: _Half = field(repr=False, compare=False)

    def agree(self, peer: bytes) -> bytes:
        """The shared secret. Raises ``NotTls`` for a half that is no point, number or ciphertext of this group."""
        try:
            return self._half.agree(peer)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise NotTls(f"a key share of {group_name(self.group)}, {len(peer)} octets, that cannot be used: {error}") from None


def key_share(group: int, entropy: bytes) -> KeyShare:
    """Make our half for ``group``. ``entropy`` is at least 32 random octets; the same octets make the same half, a different one per group.

    Raises ``CannotCompute`` for a group that this program does not compute with, ``ValueError`` for too little entropy.
    """
    if len(entropy) < LEAST_ENTROPY:
        raise ValueError(f"{len(entropy)} octets of entropy; at least {LEAST_ENTROPY}")
    make = _MAKERS.get(group)
    if make is None:
        raise CannotCompute(f"no key exchange over {group_name(group)}")
    try:
        half = make(hashlib.shake_256(b"tenken key share" + group.to_bytes(2, "big") + entropy).digest(_OCTETS))
    except UnsupportedAlgorithm:
        raise CannotCompute(f"this build of cryptography has no {group_name(group)}") from None
    return KeyShare(group, half.public, half)


_OCTETS: Final = 256


class _X25519:
    def __init__(self, octets: bytes) -> None:
        self._key = x25519.X25519PrivateKey.from_private_bytes(octets[:32])
        self.public = self._key.public_key().public_bytes_raw()

    def agree(self, peer: bytes) -> bytes:
        return self._key.exchange(x25519.X25519PublicKey.from_public_bytes(peer))


class _X448:
    def __init__(self, octets: bytes) -> None:
        self._key = x448.X448PrivateKey.from_private_bytes(octets[:56])
        self.public = self._key.public_key().public_bytes_raw()

    def agree(self, peer: bytes) -> bytes:
        return self._key.exchange(x448.X448PublicKey.from_public_bytes(peer))


class _Curve:
    def __init__(self, name: str, octets: bytes) -> None:
        # Loaded for those few servers that want a curve of this kind: it takes as long as all else of this module.
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        curve: ec.EllipticCurve = getattr(ec, name)()
        # Below the order of every curve of this size; the keys of one handshake need no even spread.
        self._key = ec.derive_private_key(int.from_bytes(octets[: curve.key_size // 8 - 1], "big") + 1, curve)
        self.public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def agree(self, peer: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric import ec

        return self._key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(self._key.curve, peer))


class FiniteField:
    """Our half over a prime and a generator, ours or the server's (RFC 8446 section 7.4.1, RFC 5246 section 8.1.2)."""

    def __init__(self, prime: int, generator: int, octets: bytes, *, padded: bool = True) -> None:
        self._prime = prime
        self._padded = padded
        self._size = (prime.bit_length() + 7) // 8
        self._exponent = int.from_bytes(octets[:40], "big") | 1 << 319
        self.public = pow(generator, self._exponent, prime).to_bytes(self._size, "big")

    def agree(self, peer: bytes) -> bytes:
        """The shared secret; TLS 1.2 strips its leading zeros, TLS 1.3 keeps them."""
        other = int.from_bytes(peer, "big")
        if len(peer) > self._size or (self._padded and len(peer) != self._size) or not 1 < other < self._prime - 1:
            raise ValueError("outside the group")
        secret = pow(other, self._exponent, self._prime).to_bytes(self._size, "big")
        return secret if self._padded else secret.lstrip(b"\0")


class _Kem:
    def __init__(self, bits: int, octets: bytes) -> None:
        if _mlkem is None or bits not in (768, 1024):
            raise UnsupportedAlgorithm(f"ML-KEM-{bits}")
        kind = _mlkem.MLKEM768PrivateKey if bits == 768 else _mlkem.MLKEM1024PrivateKey
        self._key = kind.from_seed_bytes(octets[128:192])
        self.public = self._key.public_key().public_bytes_raw()

    def agree(self, peer: bytes) -> bytes:
        secret: bytes = self._key.decapsulate(peer)
        return secret


class _Hybrid:
    """Two halves side by side (draft-ietf-tls-ecdhe-mlkem): with X25519 the KEM comes first, with the NIST curves the curve."""

    def __init__(self, curve: _Half, kem: _Half, *, kem_first: bool, server_curve: int) -> None:
        self._halves = (kem, curve) if kem_first else (curve, kem)
        self._cut = -server_curve if kem_first else server_curve
        self.public = b"".join(half.public for half in self._halves)

    def agree(self, peer: bytes) -> bytes:
        first, second = self._halves
        return first.agree(peer[: self._cut]) + second.agree(peer[self._cut :])


def _ffdhe(code: int) -> Callable[[bytes], _Half]:
    return lambda octets: FiniteField(ffdhe_prime(code), 2, octets)


def _curve(name: str) -> Callable[[bytes], _Half]:
    return lambda octets: _Curve(name, octets)


_MAKERS: Final[dict[int, Callable[[bytes], _Half]]] = {
    29: _X25519,
    30: _X448,
    23: _curve("SECP256R1"),
    24: _curve("SECP384R1"),
    25: _curve("SECP521R1"),
    22: _curve("SECP256K1"),
    26: _curve("BrainpoolP256R1"),
    27: _curve("BrainpoolP384R1"),
    28: _curve("BrainpoolP512R1"),
    31: _curve("BrainpoolP256R1"),
    32: _curve("BrainpoolP384R1"),
    33: _curve("BrainpoolP512R1"),
    **{code: _ffdhe(code) for code in FFDHE},
    0x0201: lambda octets: _Kem(768, octets),
    0x0202: lambda octets: _Kem(1024, octets),
    0x11EB: lambda octets: _Hybrid(_Curve("SECP256R1", octets), _Kem(768, octets), kem_first=False, server_curve=65),
    0x11EC: lambda octets: _Hybrid(_X25519(octets), _Kem(768, octets), kem_first=True, server_curve=32),
    0x11ED: lambda octets: _Hybrid(_Curve("SECP384R1", octets), _Kem(1024, octets), kem_first=False, server_curve=97),
}


def can_compute(group: int) -> bool:
    """Whether ``key_share`` knows the group; a build of cryptography without the curve can still say no."""
    return group in _MAKERS and (_mlkem is not None or GROUPS[group].kind not in ("kem", "hybrid"))
