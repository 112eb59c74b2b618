"""Finite-field parameters: primes that many servers share, by name, and whether a prime is a safe one. Their use stands in ``shares``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final

from scanner.wire.tls.dh_table import KNOWN

MOST_TESTED_BITS: Final = 2048
"""Longer primes are not tested: that would hold the processor, and every other conversation, for up to a second."""

_SAFE: Final = ("RFC 2409", "RFC 3526", "ffdhe")  # the subgroups of RFC 5114 are smaller
_GROUPS: Final = {256: (2048, 560316), 257: (3072, 2625351), 258: (4096, 5736041), 259: (6144, 15705020), 260: (8192, 10965728)}

FFDHE: Final = tuple(_GROUPS)
"""The codes of the groups of RFC 7919."""

KNOWN_PRIMES: Final[Mapping[str, str]] = MappingProxyType({line[:64]: line[65:] for line in KNOWN.splitlines()})
"""Names by the hash that ``prime_hash`` gives."""


@dataclass(frozen=True, slots=True)
class Prime:
    """What is known of a prime: length in bits, hash (hex), common name or empty, and whether it is a safe prime (``None``: not tried)."""

    bits: int
    sha256: str
    known: str
    safe: bool | None


def prime_hash(prime: bytes) -> str:
    """The SHA-256 (hex) of the prime's octets without leading zeros."""
    return hashlib.sha256(prime.lstrip(b"\0")).hexdigest()


def study(prime: bytes) -> Prime:
    """Say what is known of a prime as a server sent it.

    A prime that no RFC names is tested, which holds the processor for a tenth of a second at 2048 bits; what was found is kept, because the
    same few primes come again and again.
    """
    return _study(prime.lstrip(b"\0"))


@cache
def ffdhe_prime(code: int) -> int:
    """The prime of a group of RFC 7919, by its appendix A: 2^b - 2^(b-64) + (floor(2^(b-130) e) + X) 2^64 - 1."""
    bits, offset = _GROUPS[code]
    return (1 << bits) - (1 << (bits - 64)) + ((_e(bits - 130) + offset) << 64) - 1


def is_safe_prime(number: int) -> bool | None:
    """Whether ``number`` and (``number`` - 1) / 2 are both prime, as far as a few rounds tell; ``None`` where it is too long to try."""
    if number.bit_length() > MOST_TESTED_BITS:
        return None
    if number < 7 or number % 2 == 0:
        return number == 5
    return _likely_prime(number >> 1) and _likely_prime(number)


@lru_cache(maxsize=256)
def _study(prime: bytes) -> Prime:
    number = int.from_bytes(prime, "big")
    digest = prime_hash(prime)
    known = KNOWN_PRIMES.get(digest, "")
    return Prime(number.bit_length(), digest, known, True if known.startswith(_SAFE) else is_safe_prime(number))


def _e(bits: int) -> int:
    """Floor of 2^bits e, by its series."""
    guard = 64
    term = total = 1 << (bits + guard)
    n = 0
    while term:
        n += 1
        term //= n
        total += term
    return total >> guard


def _small_primes(below: int) -> tuple[int, ...]:
    return tuple(n for n in range(3, below, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2)))


_SMALL: Final = _small_primes(1000)


def _likely_prime(number: int) -> bool:
    """Miller-Rabin with bases drawn from the number itself: whoever chooses the number cannot choose the bases apart from it."""
    if number < 2 or number % 2 == 0:
        return number == 2
    for small in _SMALL:
        if number % small == 0:
            return number == small
    odd = number - 1
    twos = (odd & -odd).bit_length() - 1
    odd >>= twos
    size = (number.bit_length() + 7) // 8
    seed = number.to_bytes(size, "big")
    # A round costs as the cube of the length, and the likelihood of error falls even faster with it (FIPS 186-5 appendix B.3).
    for turn in range(2 if size > 128 else 5):
        base = int.from_bytes(hashlib.shake_128(bytes((turn,)) + seed).digest(size), "big") % (number - 3) + 2
        power = pow(base, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True
