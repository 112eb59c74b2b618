"""A private certificate authority and the certificates of the laboratory, good and faulty. Files only; who uses them is elsewhere."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LOGS = 2
"""Logs of Certificate Transparency that a certificate names; browsers ask for two."""
SCTS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")  # RFC 6962 section 3.3
Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_Public: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def pem_of_key(key: Key) -> bytes:
    """Unencrypted PKCS #8."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def spki_sha256(key: Key) -> str:
    """What a TLSA record 3 1 1 says about a certificate with this key, hexadecimal."""
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def _timestamps(now: datetime) -> bytes:
    """Signed timestamps of logs that nobody runs, as an extension's value: in form only, the signatures are random octets."""
    found = b""
    for _ in range(LOGS):
        signature = os.urandom(70)
        body = b"\0" + os.urandom(32) + struct.pack(">QHBBH", int(now.timestamp() * 1000), 0, 4, 3, len(signature)) + signature
        found += struct.pack(">H", len(body)) + body
    value = struct.pack(">H", len(found)) + found
    length = bytes([0x81, len(value)]) if len(value) < 256 else b"\x82" + struct.pack(">H", len(value))
    return b"\x04" + length + value


class Authority:
    """Signs leaf certificates; leaves share ``leaf_key`` unless given another, so one key file serves them.

    With ``crl_url`` it behaves as public authorities do: leaves name the place of the revocation list and two logs.
    """

    def __init__(self, now: datetime | None = None, *, crl_url: str = "") -> None:
        self.now = now or datetime.now(UTC)
        self.crl_url = crl_url
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.leaf_key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Tenken Lab CA")
        self.certificate = (
            self._builder(name, self.key.public_key(), timedelta(days=365))
            .issuer_name(name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=False,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    key_cert_sign=True,
                    crl_sign=True,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def _builder(self, subject: x509.Name, key: _Public, life: timedelta, age: timedelta = timedelta(days=1)) -> x509.CertificateBuilder:
        start = self.now - age
        builder = x509.CertificateBuilder().subject_name(subject).public_key(key).serial_number(x509.random_serial_number())
        return builder.not_valid_before(start).not_valid_after(start + life)

    def leaf(self, names: Iterable[str], *, key: Key | None = None, expired: bool = False, self_signed: bool = False) -> bytes:
        """A server certificate in PEM for ``names``; expired means ten days ago."""
        listed = list(names)
        own = key or self.leaf_key
        life, age = (timedelta(days=80), timedelta(days=90)) if expired else (timedelta(days=90), timedelta(days=1))
        issuer, signer = (_name(listed[0]), own) if self_signed else (self.certificate.subject, self.key)
        builder = (
            self._builder(_name(listed[0]), own.public_key(), life, age)
            .issuer_name(issuer)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in listed]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            # Python 3.13 and OpenSSL's strict mode refuse a chain without it.
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        if self.crl_url and not self_signed:
            place = x509.DistributionPoint([x509.UniformResourceIdentifier(self.crl_url)], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([place]), critical=False)
            builder = builder.add_extension(x509.UnrecognizedExtension(SCTS, _timestamps(self.now)), critical=False)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def revocation_list(self) -> bytes:
        """The list of revoked certificates in DER, for a week; none is on it."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(self.now - timedelta(hours=1)).next_update(self.now + timedelta(days=7))
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(x509.CRLNumber(1), critical=False).add_extension(identifier, critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The authority's own certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def write(self, folder: Path) -> None:
        """``ca.pem`` and ``leaf.key``."""
        (folder / "ca.pem").write_bytes(self.pem)
        (folder / "leaf.key").write_bytes(pem_of_key(self.leaf_key))
