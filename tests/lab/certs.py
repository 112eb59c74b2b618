"""A private certificate authority and the certificates of the laboratory, good and faulty. Files only; who uses them is elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def pem_of_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Unencrypted PKCS #8."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


class Authority:
    """Signs leaf certificates; all leaves share ``leaf_key``, so one key file serves them."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or datetime.now(UTC)
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

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta, age: timedelta = timedelta(days=1)
    ) -> x509.CertificateBuilder:
        start = self.now - age
        builder = x509.CertificateBuilder().subject_name(subject).public_key(key).serial_number(x509.random_serial_number())
        return builder.not_valid_before(start).not_valid_after(start + life)

    def leaf(self, names: Iterable[str], *, expired: bool = False, self_signed: bool = False) -> bytes:
        """A server certificate in PEM for ``names``; expired means ten days ago."""
        listed = list(names)
        life, age = (timedelta(days=80), timedelta(days=90)) if expired else (timedelta(days=90), timedelta(days=1))
        issuer, key = (_name(listed[0]), self.leaf_key) if self_signed else (self.certificate.subject, self.key)
        certificate = (
            self._builder(_name(listed[0]), self.leaf_key.public_key(), life, age)
            .issuer_name(issuer)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in listed]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            # Python 3.13 and OpenSSL's strict mode refuse a chain without it.
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM)

    def spki_sha256(self) -> str:
        """What a TLSA record 3 1 1 says about every leaf, hexadecimal."""
        der = self.leaf_key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    def write(self, folder: Path) -> None:
        """``ca.pem`` and ``leaf.key``."""
        (folder / "ca.pem").write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "leaf.key").write_bytes(pem_of_key(self.leaf_key))
