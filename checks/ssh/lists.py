"""What SSH algorithms rest on, by their registered names. Data and look-ups only; no check is here.

Sources: RFC 9142 table 12 (key exchange), RFC 8758 (RC4), RFC 8332 (RSA with SHA-2), RFC 4253, and the CRYPTREC list LS-0001-2022R2 for the
primitives behind a name. ``RECOMMENDED`` rests on the list of recommended ciphers, ``MONITORED`` on one kept for compatibility only;
``UNLISTED`` on none of the lists, which does not make it weak; ``BROKEN`` is forbidden or gives no protection.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum, unique
from fnmatch import fnmatchcase
from typing import Final


@unique
class Standing(StrEnum):
    """What an algorithm's name is worth."""

    RECOMMENDED = "recommended"
    MONITORED = "monitored"
    UNLISTED = "unlisted"
    BROKEN = "broken"


_R, _M, _U, _B = Standing.RECOMMENDED, Standing.MONITORED, Standing.UNLISTED, Standing.BROKEN

SIGNALS: Final = frozenset({"ext-info-s", "ext-info-c", "kex-strict-s-v00@openssh.com", "kex-strict-c-v00@openssh.com"})
"""Names in the list of key exchange methods that are none."""

KEX: Final = (
    ("rsa1024-sha1", _B),
    ("diffie-hellman-group1-sha1", _B),
    ("diffie-hellman-group-exchange-sha1", _B),
    ("gss-gex-sha1-*", _B),
    ("gss-group1-sha1-*", _B),
    ("gss-group14-sha1-*", _B),
    ("diffie-hellman-group14-sha1", _M),
    ("sntrup*", _U),
    ("mlkem768*", _R),  # ML-KEM-768 is listed for key establishment
    ("mlkem1024*", _R),
    ("curve25519-sha256*", _R),  # the guideline for TLS accepts X25519
    ("curve448-sha512", _R),
    ("ecdh-sha2-nistp*", _R),
    ("diffie-hellman-group14-sha256*", _R),
    ("diffie-hellman-group15-sha512", _R),
    ("diffie-hellman-group16-sha512", _R),
    ("diffie-hellman-group17-sha512", _R),
    ("diffie-hellman-group18-sha512", _R),
    ("diffie-hellman-group-exchange-sha256*", _R),
    ("gss-*-sha256-*", _R),
    ("gss-*-sha512-*", _R),
    ("gss-curve25519-*", _R),
    ("rsa2048-sha256", _M),  # RSA key transport
)
HOST_KEYS: Final = (
    ("ssh-dss*", _B),  # 1,024 bits at most
    ("ssh-rsa", _M),  # signs with SHA-1
    ("ssh-rsa-cert-v0?@openssh.com", _M),
    ("rsa-sha2-*", _R),
    ("ecdsa-sha2-nistp*", _R),
    ("sk-ecdsa-sha2-nistp*", _R),
    ("ssh-ed25519*", _R),
    ("sk-ssh-ed25519*", _R),
    ("ssh-ed448*", _R),
)
CIPHERS: Final = (
    ("none", _B),
    ("arcfour*", _B),
    ("des-cbc*", _B),
    ("des", _B),
    ("3des-cbc", _M),
    ("3des-ctr", _M),
    ("aes*-ctr", _R),
    ("aes*-gcm*", _R),
    ("aes*-cbc", _R),
    ("rijndael-cbc@lysator.liu.se", _R),
    ("AEAD_AES_*_GCM", _R),
    ("camellia*-ctr*", _R),
    ("camellia*-cbc*", _R),
    ("chacha20-poly1305*", _R),
)
MACS: Final = (
    ("none", _B),
    ("hmac-md5*", _B),
    ("hmac-sha1-96*", _B),  # a tag of 96 bits
    ("hmac-sha1*", _M),
    ("hmac-sha2-256-96*", _B),
    ("hmac-sha2-512-96*", _B),
    ("hmac-sha2-*", _R),
    ("AEAD_AES_*_GCM", _R),
)
HYBRID: Final = ("mlkem*", "sntrup*")
"""Key exchange that also withstands quantum computers."""


def standing(name: str, table: Iterable[tuple[str, Standing]]) -> Standing:
    """Give the standing of a name in one of the tables; a name that is not there is ``UNLISTED``."""
    return next((worth for pattern, worth in table if fnmatchcase(name, pattern)), Standing.UNLISTED)


def of_standing(names: Iterable[str], table: Iterable[tuple[str, Standing]], worth: Standing) -> tuple[str, ...]:
    """Give the names of one standing, each once, in order."""
    table = tuple(table)
    return tuple(dict.fromkeys(name for name in names if name not in SIGNALS and standing(name, table) is worth))
