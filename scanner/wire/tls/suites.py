"""Cipher suites: what each registered code stands for, and which may be chosen in which version. The rows stand in ``suite_table``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from scanner.wire.tls.names import SSL2, TLS12, TLS13
from scanner.wire.tls.suite_table import DRAFTS, TABLE

_BITS: Final = {
    "NULL": 0,
    "DES40": 40,
    "RC2_40": 40,
    "RC4_40": 40,
    "DES": 56,
    "RC2_56": 56,
    "RC4_56": 56,
    "RC4_64": 64,
    "FORTEZZA": 80,
    "3DES_EDE": 112,  # three keys of 56 bits, met in the middle (NIST SP 800-57 part 1 section 5.6.1)
    "RC2_128": 128,
    "RC4_128": 128,
    "IDEA": 128,
    "SEED": 128,
    "SM4": 128,
    "AES_128": 128,
    "CAMELLIA_128": 128,
    "ARIA_128": 128,
    "AES_256": 256,
    "CAMELLIA_256": 256,
    "ARIA_256": 256,
    "CHACHA20_POLY1305": 256,
    "28147_CNT": 256,
    "KUZNYECHIK": 256,
    "MAGMA": 256,
}
_SHORT_BLOCKS: Final = frozenset(("DES40", "DES", "3DES_EDE", "RC2_40", "RC2_56", "RC2_128", "IDEA", "28147_CNT", "MAGMA", "FORTEZZA"))


@dataclass(frozen=True, slots=True)
class Suite:
    """One cipher suite.

    ``kx`` is RSA, DH, DHE, ECDH, ECDHE, PSK, SRP, KRB5, ECCPWD, FORTEZZA, a GOST name, or TLS13 where the suite leaves it open; ``auth`` is
    RSA, DSA, ECDSA, PSK, anon and so on. ``mode`` is CBC, GCM, CCM, CCM_8, POLY1305, STREAM, CTR, CNT, MGM or empty. ``mac`` is ``AEAD``
    or a hash, ``prf`` the hash that TLS 1.2 and 1.3 derive keys with. ``bits`` is the effective key length. ``oldest`` and ``newest`` are
    the versions (0x0300 to 0x0304) between which a server may choose it. ``openssl`` is empty where OpenSSL has no name.
    """

    code: int
    name: str
    openssl: str
    kx: str
    auth: str
    cipher: str
    mode: str
    mac: str
    prf: str
    bits: int
    aead: bool
    forward_secret: bool
    export: bool
    oldest: int
    newest: int

    @property
    def kind(self) -> str:
        """The exchange as the suite's own name writes it: ``DHE_RSA``, ``DH_anon``, ``DHE_RSA_EXPORT``; ``TLS13`` for TLS 1.3."""
        return "TLS13" if self.kx == "TLS13" else self.name.partition("_")[2].partition("_WITH_")[0]

    @property
    def block_64(self) -> bool:
        """Whether the cipher works on blocks of 64 bits (Sweet32, CVE-2016-2183)."""
        return self.cipher in _SHORT_BLOCKS


def _read(table: str) -> dict[int, Suite]:
    suites = {}
    for line in table.splitlines():
        code, name, openssl, kx, auth, cipher, mode, hash_, oldest, newest = line.split()
        aead = mode in ("GCM", "CCM", "CCM_8", "POLY1305", "MGM")
        suites[int(code, 16)] = Suite(
            code=int(code, 16),
            name=name,
            openssl="" if openssl == "-" else openssl,
            kx=kx,
            auth=auth,
            cipher=cipher,
            mode="" if mode == "-" else mode,
            mac="AEAD" if aead else hash_,
            prf=hash_ if hash_ in ("SHA384", "SM3", "GOSTR3411") else "SHA256",
            bits=_BITS[cipher],
            aead=aead,
            forward_secret=kx in ("TLS13", "ECCPWD", "DHE", "ECDHE"),
            export="EXPORT" in name,
            oldest=int(oldest, 16),
            newest=int(newest, 16),
        )
    return suites


SUITES: Final[Mapping[int, Suite]] = MappingProxyType(_read(TABLE))
"""Every registered suite by its code."""

DRAFT_SUITES: Final[Mapping[int, Suite]] = MappingProxyType(_read(DRAFTS))
"""Codes that were never registered and are seen all the same; ``suites_for`` gives them only when asked."""

_BY_NAME: Final = {suite.name: suite for suite in (*SUITES.values(), *DRAFT_SUITES.values())}


def _ssl2(code: int, name: str, openssl: str, cipher: str, *, export: bool = False, mac: str = "MD5") -> Suite:
    mode = "STREAM" if cipher.startswith("RC4") else "CBC" if cipher != "NULL" else ""
    return Suite(code, name, openssl, "RSA", "RSA", cipher, mode, mac, mac, _BITS[cipher], False, False, export, SSL2, SSL2)


# Source: the SSL 2.0 draft (Hickman, 1995) appendix C.4; the last five stand in SSLeay's and OpenSSL's headers.
SSL2_SUITES: Final[Mapping[int, Suite]] = MappingProxyType(
    {
        suite.code: suite
        for suite in (
            _ssl2(0x0700C0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", "DES-CBC3-MD5", "3DES_EDE"),
            _ssl2(0x050080, "SSL_CK_IDEA_128_CBC_WITH_MD5", "IDEA-CBC-MD5", "IDEA"),
            _ssl2(0x030080, "SSL_CK_RC2_128_CBC_WITH_MD5", "RC2-CBC-MD5", "RC2_128"),
            _ssl2(0x010080, "SSL_CK_RC4_128_WITH_MD5", "RC4-MD5", "RC4_128"),
            _ssl2(0x060040, "SSL_CK_DES_64_CBC_WITH_MD5", "DES-CBC-MD5", "DES"),
            _ssl2(0x020080, "SSL_CK_RC4_128_EXPORT40_WITH_MD5", "EXP-RC4-MD5", "RC4_40", export=True),
            _ssl2(0x040080, "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5", "EXP-RC2-CBC-MD5", "RC2_40", export=True),
            _ssl2(0x0701C0, "SSL_CK_DES_192_EDE3_CBC_WITH_SHA", "DES-CBC3-SHA", "3DES_EDE", mac="SHA1"),
            _ssl2(0x060140, "SSL_CK_DES_64_CBC_WITH_SHA", "DES-CBC-SHA", "DES", mac="SHA1"),
            _ssl2(0x080080, "SSL_CK_RC4_64_WITH_MD5", "RC4-64-MD5", "RC4_64"),
            _ssl2(0xFF0800, "SSL_CK_DES_64_CFB64_WITH_MD5_1", "DES-CFB-M1", "DES"),
            _ssl2(0x000000, "SSL_CK_NULL_WITH_MD5", "NULL-MD5", "NULL"),
        )
    }
)
"""The cipher kinds of SSL 2.0 by their three octets, the strongest first."""


def suite_name(code: int, *, ssl2: bool = False) -> str:
    """The registered name; ``0xC0FF`` for a code that has none (``0x010203`` for SSL 2.0)."""
    suite = SSL2_SUITES.get(code) if ssl2 else SUITES.get(code) or DRAFT_SUITES.get(code)
    if suite is not None:
        return suite.name
    return f"0x{code:06X}" if ssl2 else f"0x{code:04X}"


def suite_by_name(name: str) -> Suite | None:
    """The suite of a registered name, or ``None``."""
    return _BY_NAME.get(name)


@cache
def suites_for(version: int, *, drafts: bool = False) -> tuple[int, ...]:
    """All codes that a server may choose in ``version``, the strongest first; ``0x0002`` gives the cipher kinds of SSL 2.0.

    TLS_NULL_WITH_NULL_NULL is never among them: RFC 5246 appendix A.5 forbids its negotiation. ``drafts`` adds unregistered codes.
    """
    if version == SSL2:
        return tuple(SSL2_SUITES)
    at = min(version, TLS13)
    every = [*SUITES.values(), *(DRAFT_SUITES.values() if drafts else ())]
    fitting = [suite for suite in every if suite.oldest <= at <= suite.newest and suite.code]
    return tuple(suite.code for suite in sorted(fitting, key=_weakness))


def _weakness(suite: Suite) -> tuple[bool, bool, bool, int, bool, bool, int]:
    named = suite.auth not in ("anon", "PSK", "KRB5", "SRP", "FORTEZZA")
    usual = suite.cipher.startswith(("AES", "CHACHA"))
    # Finite fields cost a server most, so that they stand behind the curves.
    return (not named, not suite.forward_secret, not suite.aead, -min(suite.bits, 128), not usual, suite.kx == "DHE", suite.code)


MOST_SUITES: Final = len(suites_for(TLS12, drafts=True))
"""Suites of the longest list that this program offers."""
