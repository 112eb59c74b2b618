"""Signature schemes: the sixteen-bit codes of TLS 1.3, and the pairs of hash and signature of TLS 1.2 that share their room."""

# Source: IANA TLS parameters (TLS SignatureScheme; TLS HashAlgorithm; TLS SignatureAlgorithm); RFC 5246 section 7.4.1.4.1, RFC 8446
# section 4.2.3, RFC 8734, RFC 8998, RFC 9189, RFC 9367; draft-ietf-tls-mldsa.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Scheme:
    """One signature scheme.

    ``key_type`` is RSA, RSA-PSS, ECDSA, DSA, Ed25519, Ed448, ML-DSA, SM2, GOST or anonymous; ``hash`` is MD5, SHA1 to SHA512, SM3, or empty
    where the scheme brings its own. ``tls13``: may sign a TLS 1.3 handshake (RFC 8446 section 4.2.3).
    """

    code: int
    name: str
    key_type: str
    hash: str
    tls13: bool = False


_HASHES: Final = ((1, "MD5"), (2, "SHA1"), (3, "SHA224"), (4, "SHA256"), (5, "SHA384"), (6, "SHA512"))
_SIGNERS: Final = ((1, "RSA", "rsa_pkcs1"), (2, "DSA", "dsa"), (3, "ECDSA", "ecdsa"))

SCHEMES: Final[Mapping[int, Scheme]] = MappingProxyType(
    {
        hash_ << 8 | signer: Scheme(hash_ << 8 | signer, f"{word}_{name.lower()}", key, name)
        for hash_, name in _HASHES
        for signer, key, word in _SIGNERS
    }
    | {
        scheme.code: scheme
        for scheme in (
            Scheme(0x0403, "ecdsa_secp256r1_sha256", "ECDSA", "SHA256", True),
            Scheme(0x0503, "ecdsa_secp384r1_sha384", "ECDSA", "SHA384", True),
            Scheme(0x0603, "ecdsa_secp521r1_sha512", "ECDSA", "SHA512", True),
            Scheme(0x0804, "rsa_pss_rsae_sha256", "RSA", "SHA256", True),
            Scheme(0x0805, "rsa_pss_rsae_sha384", "RSA", "SHA384", True),
            Scheme(0x0806, "rsa_pss_rsae_sha512", "RSA", "SHA512", True),
            Scheme(0x0807, "ed25519", "Ed25519", "", True),
            Scheme(0x0808, "ed448", "Ed448", "", True),
            Scheme(0x0809, "rsa_pss_pss_sha256", "RSA-PSS", "SHA256", True),
            Scheme(0x080A, "rsa_pss_pss_sha384", "RSA-PSS", "SHA384", True),
            Scheme(0x080B, "rsa_pss_pss_sha512", "RSA-PSS", "SHA512", True),
            Scheme(0x081A, "ecdsa_brainpoolP256r1tls13_sha256", "ECDSA", "SHA256", True),
            Scheme(0x081B, "ecdsa_brainpoolP384r1tls13_sha384", "ECDSA", "SHA384", True),
            Scheme(0x081C, "ecdsa_brainpoolP512r1tls13_sha512", "ECDSA", "SHA512", True),
            Scheme(0x0904, "mldsa44", "ML-DSA", "", True),
            Scheme(0x0905, "mldsa65", "ML-DSA", "", True),
            Scheme(0x0906, "mldsa87", "ML-DSA", "", True),
            Scheme(0x0708, "sm2sig_sm3", "SM2", "SM3", True),
            Scheme(0x0709, "gostr34102012_256a", "GOST", "", True),
            Scheme(0x070A, "gostr34102012_256b", "GOST", "", True),
            Scheme(0x070B, "gostr34102012_256c", "GOST", "", True),
            Scheme(0x070C, "gostr34102012_256d", "GOST", "", True),
            Scheme(0x070D, "gostr34102012_512a", "GOST", "", True),
            Scheme(0x070E, "gostr34102012_512b", "GOST", "", True),
            Scheme(0x070F, "gostr34102012_512c", "GOST", "", True),
            Scheme(0x0840, "gostr34102012_256", "GOST", ""),
            Scheme(0x0841, "gostr34102012_512", "GOST", ""),
            Scheme(0xEEEE, "gostr34102012_256_old", "GOST", ""),
            Scheme(0xEFEF, "gostr34102012_512_old", "GOST", ""),
            Scheme(0xEDED, "gostr34102001", "GOST", ""),
        )
    }
)
"""Every scheme that this program knows, by its code. In TLS 1.2 the ``ecdsa_`` names leave the curve open (RFC 8446 section 4.2.3)."""

_BY_NAME: Final = {scheme.name: scheme for scheme in SCHEMES.values()}

USUAL_SCHEMES: Final = (
    0x0403,
    0x0804,
    0x0401,
    0x0503,
    0x0805,
    0x0501,
    0x0807,
    0x0808,
    0x0806,
    0x0601,
    0x0603,
    0x0809,
    0x080A,
    0x080B,
    0x0203,
    0x0201,
)
"""What a client offers that wants to be served, the usual ones of today first."""

ALL_SCHEMES: Final = (*USUAL_SCHEMES, *(code for code in SCHEMES if code not in USUAL_SCHEMES))
"""Everything, so that a server has no reason to refuse."""


def scheme_name(code: int) -> str:
    """The registered name (``rsa_pkcs1_md5`` and the like for pairs of TLS 1.2); ``0x0A0A`` for a code that has none."""
    scheme = SCHEMES.get(code)
    return scheme.name if scheme else f"0x{code:04X}"


def scheme_by_name(name: str) -> Scheme | None:
    """The scheme of a name, or ``None``."""
    return _BY_NAME.get(name)
