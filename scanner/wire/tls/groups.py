"""Named groups for key exchange: code points, names, kind and size. Primes of finite fields stand in ``dh``."""

# Source: IANA TLS parameters (TLS Supported Groups); RFC 8422, RFC 7919, RFC 8734, RFC 9189, draft-ietf-tls-ecdhe-mlkem and -mlkem.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Group:
    """One named group.

    ``kind`` is ``ecdhe``, ``dhe``, ``hybrid`` (a curve together with ML-KEM) or ``kem``. ``bits`` is the size of the field or the prime (of
    the classical part for a hybrid; the parameter set for a KEM). ``classical`` names the curve inside a hybrid. ``client_share`` and
    ``server_share`` are the octets of a key share in TLS 1.3, 0 where TLS 1.3 does not know the group. ``oldest`` and ``newest`` bound the
    versions.
    """

    code: int
    name: str
    kind: str
    bits: int
    classical: str = ""
    client_share: int = 0
    server_share: int = 0
    newest: int = 0x0303
    oldest: int = 0x0301


def _both(code: int, name: str, kind: str, bits: int, share: int) -> Group:
    return Group(code, name, kind, bits, "", share, share, 0x0304)


def _new(code: int, name: str, kind: str, bits: int, classical: str, *shares: int) -> Group:
    client, server = shares
    return Group(code, name, kind, bits, classical, client, server, 0x0304, 0x0304)


_OLD: Final = (
    *((1, "sect163k1", 163), (2, "sect163r1", 163), (3, "sect163r2", 163), (4, "sect193r1", 193), (5, "sect193r2", 193)),
    *((6, "sect233k1", 233), (7, "sect233r1", 233), (8, "sect239k1", 239), (9, "sect283k1", 283), (10, "sect283r1", 283)),
    *((11, "sect409k1", 409), (12, "sect409r1", 409), (13, "sect571k1", 571), (14, "sect571r1", 571)),
    *((15, "secp160k1", 160), (16, "secp160r1", 160), (17, "secp160r2", 160), (18, "secp192k1", 192), (19, "secp192r1", 192)),
    *((20, "secp224k1", 224), (21, "secp224r1", 224), (22, "secp256k1", 256)),
    *((26, "brainpoolP256r1", 256), (27, "brainpoolP384r1", 384), (28, "brainpoolP512r1", 512)),
    *((34, "GC256A", 256), (35, "GC256B", 256), (36, "GC256C", 256), (37, "GC256D", 256)),
    *((38, "GC512A", 512), (39, "GC512B", 512), (40, "GC512C", 512)),
)

GROUPS: Final[Mapping[int, Group]] = MappingProxyType(
    {
        group.code: group
        for group in (
            _both(29, "x25519", "ecdhe", 255, 32),
            _both(23, "secp256r1", "ecdhe", 256, 65),
            _both(24, "secp384r1", "ecdhe", 384, 97),
            _both(25, "secp521r1", "ecdhe", 521, 133),
            _both(30, "x448", "ecdhe", 448, 56),
            *(Group(code, name, "ecdhe", bits) for code, name, bits in _OLD),
            _new(31, "brainpoolP256r1tls13", "ecdhe", 256, "", 65, 65),
            _new(32, "brainpoolP384r1tls13", "ecdhe", 384, "", 97, 97),
            _new(33, "brainpoolP512r1tls13", "ecdhe", 512, "", 129, 129),
            _new(41, "curveSM2", "ecdhe", 256, "", 65, 65),
            _both(256, "ffdhe2048", "dhe", 2048, 256),
            _both(257, "ffdhe3072", "dhe", 3072, 384),
            _both(258, "ffdhe4096", "dhe", 4096, 512),
            _both(259, "ffdhe6144", "dhe", 6144, 768),
            _both(260, "ffdhe8192", "dhe", 8192, 1024),
            _new(0x0200, "MLKEM512", "kem", 512, "", 800, 768),
            _new(0x0201, "MLKEM768", "kem", 768, "", 1184, 1088),
            _new(0x0202, "MLKEM1024", "kem", 1024, "", 1568, 1568),
            _new(0x11EB, "SecP256r1MLKEM768", "hybrid", 256, "secp256r1", 1249, 1153),
            _new(0x11EC, "X25519MLKEM768", "hybrid", 255, "x25519", 1216, 1120),
            _new(0x11ED, "SecP384r1MLKEM1024", "hybrid", 384, "secp384r1", 1665, 1665),
            _new(0x11EE, "curveSM2MLKEM768", "hybrid", 256, "curveSM2", 1249, 1153),
            _new(0x6399, "X25519Kyber768Draft00", "hybrid", 255, "x25519", 1216, 1120),
            _new(0x639A, "SecP256r1Kyber768Draft00", "hybrid", 256, "secp256r1", 1249, 1153),
        )
    }
)
"""Every group that this program knows, by its code."""

_BY_NAME: Final = {group.name: group for group in GROUPS.values()}


def group_name(code: int) -> str:
    """The registered name; ``0x1234`` for a code that has none."""
    group = GROUPS.get(code)
    return group.name if group else f"0x{code:04X}"


def group_by_name(name: str) -> Group | None:
    """The group of a registered name, or ``None``."""
    return _BY_NAME.get(name)


def groups_for(version: int, *kinds: str) -> tuple[int, ...]:
    """All codes that may be used in ``version`` (0x0301 to 0x0304), of the ``kinds`` given or of all, in the order of ``GROUPS``."""
    fitting = (group for group in GROUPS.values() if group.oldest <= version <= group.newest)
    return tuple(group.code for group in fitting if not kinds or group.kind in kinds)
