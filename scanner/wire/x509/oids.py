"""Names of the object identifiers that certificates use, from the documents that assign them. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ATTRIBUTES: Final[Mapping[str, str]] = {  # RFC 4514 section 3, RFC 4519
    "2.5.4.3": "CN",
    "2.5.4.4": "sn",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.15": "businessCategory",
    "2.5.4.17": "postalCode",
    "2.5.4.42": "givenName",
    "2.5.4.46": "dnQualifier",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
}

RSA: Final = "1.2.840.113549.1.1.1"
RSA_PSS: Final = "1.2.840.113549.1.1.10"
MGF1: Final = "1.2.840.113549.1.1.8"
EC: Final = "1.2.840.10045.2.1"
DSA: Final = "1.2.840.10040.4.1"
ED25519: Final = "1.3.101.112"
ED448: Final = "1.3.101.113"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature algorithm: its name, its hash as the facts write it, and the type of key; the padding of RSA-PSS is in its parameters."""

    name: str
    hash: str
    key: str


SIGNATURES: Final[Mapping[str, Signature]] = {  # RFC 3279, 4055, 5758, 8410, 9881
    "1.2.840.113549.1.1.2": Signature("md2WithRSAEncryption", "MD2", "RSA"),
    "1.2.840.113549.1.1.3": Signature("md4WithRSAEncryption", "MD4", "RSA"),
    "1.2.840.113549.1.1.4": Signature("md5WithRSAEncryption", "MD5", "RSA"),
    "1.2.840.113549.1.1.5": Signature("sha1WithRSAEncryption", "SHA1", "RSA"),
    "1.3.14.3.2.29": Signature("sha1WithRSA", "SHA1", "RSA"),
    RSA_PSS: Signature("RSASSA-PSS", "", "RSA-PSS"),
    "1.2.840.113549.1.1.11": Signature("sha256WithRSAEncryption", "SHA256", "RSA"),
    "1.2.840.113549.1.1.12": Signature("sha384WithRSAEncryption", "SHA384", "RSA"),
    "1.2.840.113549.1.1.13": Signature("sha512WithRSAEncryption", "SHA512", "RSA"),
    "1.2.840.113549.1.1.14": Signature("sha224WithRSAEncryption", "SHA224", "RSA"),
    "1.2.840.10045.4.1": Signature("ecdsa-with-SHA1", "SHA1", "ECDSA"),
    "1.2.840.10045.4.3.1": Signature("ecdsa-with-SHA224", "SHA224", "ECDSA"),
    "1.2.840.10045.4.3.2": Signature("ecdsa-with-SHA256", "SHA256", "ECDSA"),
    "1.2.840.10045.4.3.3": Signature("ecdsa-with-SHA384", "SHA384", "ECDSA"),
    "1.2.840.10045.4.3.4": Signature("ecdsa-with-SHA512", "SHA512", "ECDSA"),
    "1.2.840.10040.4.3": Signature("dsa-with-SHA1", "SHA1", "DSA"),
    "2.16.840.1.101.3.4.3.1": Signature("dsa-with-SHA224", "SHA224", "DSA"),
    "2.16.840.1.101.3.4.3.2": Signature("dsa-with-SHA256", "SHA256", "DSA"),
    ED25519: Signature("Ed25519", "", "Ed25519"),
    ED448: Signature("Ed448", "", "Ed448"),
    "2.16.840.1.101.3.4.3.17": Signature("ML-DSA-44", "", "ML-DSA-44"),
    "2.16.840.1.101.3.4.3.18": Signature("ML-DSA-65", "", "ML-DSA-65"),
    "2.16.840.1.101.3.4.3.19": Signature("ML-DSA-87", "", "ML-DSA-87"),
}

HASHES: Final[Mapping[str, str]] = {
    "1.2.840.113549.2.5": "MD5",
    "1.3.14.3.2.26": "SHA1",
    "2.16.840.1.101.3.4.2.1": "SHA256",
    "2.16.840.1.101.3.4.2.2": "SHA384",
    "2.16.840.1.101.3.4.2.3": "SHA512",
    "2.16.840.1.101.3.4.2.4": "SHA224",
}

CURVES: Final[Mapping[str, tuple[str, int]]] = {  # RFC 5480 section 2.1.1.1, RFC 5639, SEC 2; names as IANA registers TLS groups
    "1.3.132.0.1": ("sect163k1", 163),
    "1.3.132.0.2": ("sect163r1", 163),
    "1.3.132.0.15": ("sect163r2", 163),
    "1.3.132.0.24": ("sect193r1", 193),
    "1.3.132.0.25": ("sect193r2", 193),
    "1.3.132.0.26": ("sect233k1", 233),
    "1.3.132.0.27": ("sect233r1", 233),
    "1.3.132.0.3": ("sect239k1", 239),
    "1.3.132.0.16": ("sect283k1", 283),
    "1.3.132.0.17": ("sect283r1", 283),
    "1.3.132.0.36": ("sect409k1", 409),
    "1.3.132.0.37": ("sect409r1", 409),
    "1.3.132.0.38": ("sect571k1", 571),
    "1.3.132.0.39": ("sect571r1", 571),
    "1.3.132.0.9": ("secp160k1", 160),
    "1.3.132.0.8": ("secp160r1", 160),
    "1.3.132.0.30": ("secp160r2", 160),
    "1.3.132.0.31": ("secp192k1", 192),
    "1.2.840.10045.3.1.1": ("secp192r1", 192),
    "1.3.132.0.32": ("secp224k1", 224),
    "1.3.132.0.33": ("secp224r1", 224),
    "1.3.132.0.10": ("secp256k1", 256),
    "1.2.840.10045.3.1.7": ("secp256r1", 256),
    "1.3.132.0.34": ("secp384r1", 384),
    "1.3.132.0.35": ("secp521r1", 521),
    "1.3.36.3.3.2.8.1.1.7": ("brainpoolP256r1", 256),
    "1.3.36.3.3.2.8.1.1.11": ("brainpoolP384r1", 384),
    "1.3.36.3.3.2.8.1.1.13": ("brainpoolP512r1", 512),
}

USAGES: Final = (  # RFC 5280 section 4.2.1.3, by bit
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)

ANY_EXTENDED_USAGE: Final = "anyExtendedKeyUsage"
EXTENDED_USAGES: Final[Mapping[str, str]] = {  # RFC 5280 section 4.2.1.12
    "2.5.29.37.0": ANY_EXTENDED_USAGE,
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
}

SUBJECT_KEY_ID: Final = "2.5.29.14"
KEY_USAGE: Final = "2.5.29.15"
SUBJECT_ALT_NAME: Final = "2.5.29.17"
BASIC_CONSTRAINTS: Final = "2.5.29.19"
CRL_REASON: Final = "2.5.29.21"
ISSUING_POINT: Final = "2.5.29.28"
DELTA_CRL: Final = "2.5.29.27"
NAME_CONSTRAINTS: Final = "2.5.29.30"
CRL_POINTS: Final = "2.5.29.31"
POLICIES: Final = "2.5.29.32"
POLICY_MAPPINGS: Final = "2.5.29.33"
AUTHORITY_KEY_ID: Final = "2.5.29.35"
POLICY_CONSTRAINTS: Final = "2.5.29.36"
EXTENDED_KEY_USAGE: Final = "2.5.29.37"
INHIBIT_ANY_POLICY: Final = "2.5.29.54"
AUTHORITY_ACCESS: Final = "1.3.6.1.5.5.7.1.1"
TLS_FEATURE: Final = "1.3.6.1.5.5.7.1.24"
SCT_LIST: Final = "1.3.6.1.4.1.11129.2.4.2"
OCSP_SCT_LIST: Final = "1.3.6.1.4.1.11129.2.4.5"
OCSP_ACCESS: Final = "1.3.6.1.5.5.7.48.1"
ISSUER_ACCESS: Final = "1.3.6.1.5.5.7.48.2"
OCSP_BASIC: Final = "1.3.6.1.5.5.7.48.1.1"

EMAIL_ADDRESS: Final = "1.2.840.113549.1.9.1"

HANDLED: Final = frozenset(
    {
        SUBJECT_KEY_ID,
        KEY_USAGE,
        SUBJECT_ALT_NAME,
        BASIC_CONSTRAINTS,
        NAME_CONSTRAINTS,
        CRL_POINTS,
        POLICIES,
        POLICY_MAPPINGS,
        POLICY_CONSTRAINTS,
        INHIBIT_ANY_POLICY,
        AUTHORITY_KEY_ID,
        EXTENDED_KEY_USAGE,
        AUTHORITY_ACCESS,
        TLS_FEATURE,
        SCT_LIST,
    }
)
"""Extensions that may be critical and do not make a certificate unusable. Policies bind nobody who asks for none (RFC 5280 6.1.1)."""
