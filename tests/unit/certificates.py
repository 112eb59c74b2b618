"""Makes certificates, chains, OCSP answers and revocation lists for tests. Weak ones that the library refuses come from openssl(1)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
SERVER_AUTH = ExtendedKeyUsageOID.SERVER_AUTH
_ALL_USES: tuple[str, ...] = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
_ALL_USES += ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


def name(common: str | x509.Name) -> x509.Name:
    if isinstance(common, x509.Name):
        return common
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "架空")])


@dataclass(frozen=True)
class Made:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def usage(*uses: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{use: use in uses for use in _ALL_USES})


def make(
    common: str | x509.Name,
    by: Made | None = None,
    *,
    key: Key | None = None,
    ca: bool = False,
    path_length: int | None = None,
    dns: Iterable[str] = (),
    ips: Iterable[str] = (),
    uses: tuple[str, ...] | None = None,
    purposes: Iterable[x509.ObjectIdentifier] | None = None,
    begins: datetime = NOW - 30 * DAY,
    ends: datetime = NOW + 60 * DAY,
    extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
    key_ids: bool = True,
    pss: bool = False,
    issuer: str | x509.Name | None = None,
    ocsp_url: str = "",
    crl_url: str = "",
    serial: int | None = None,
) -> Made:
    """Make one certificate, by itself where ``by`` is not given. ``issuer`` writes another name than that of the signer."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    signer = by.key if by else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(name(issuer) if issuer else by.certificate.subject if by else name(common))
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(True, path_length), critical=True)
        uses = ("key_cert_sign", "crl_sign") if uses is None else uses
    if names := [*map(x509.DNSName, dns), *(x509.IPAddress(ip_address(ip)) for ip in ips)]:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if uses:
        builder = builder.add_extension(usage(*uses), critical=True)
    if purposes is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if key_ids:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    if ocsp_url:
        place = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp_url))
        builder = builder.add_extension(x509.AuthorityInformationAccess([place]), critical=False)
    if crl_url:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl_url)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    hashed = None if isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey) else hashes.SHA256()
    filling = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else None
    return Made(builder.sign(signer, hashed, rsa_padding=filling), key)


def answer(
    leaf: Made,
    issuer: Made,
    *,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    signer: Made | None = None,
    along: Iterable[Made] = (),
    made: datetime = NOW - DAY,
    until: datetime | None = NOW + DAY,
    reason: x509.ReasonFlags | None = None,
    hashed: hashes.HashAlgorithm | None = None,
) -> bytes:
    """Make an OCSP answer about a certificate."""
    by = signer or issuer
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=leaf.certificate,
            issuer=issuer.certificate,
            algorithm=hashed or hashes.SHA1(),
            cert_status=status,
            this_update=made,
            next_update=until,
            revocation_time=made - DAY if status is ocsp.OCSPCertStatus.REVOKED else None,
            revocation_reason=reason,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, by.certificate)
    )
    if certificates := [one.certificate for one in along]:
        builder = builder.certificates(certificates)
    assert isinstance(by.key, ec.EllipticCurvePrivateKey)
    return builder.sign(by.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def revoked_list(
    issuer: Made,
    serials: Iterable[int],
    *,
    signer: Made | None = None,
    made: datetime = NOW - DAY,
    until: datetime = NOW + DAY,
    reason: x509.ReasonFlags | None = None,
    extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """Make a revocation list."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject).last_update(made).next_update(until)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(made - DAY)
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    by = (signer or issuer).key
    assert isinstance(by, ec.EllipticCurvePrivateKey)
    return builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def permitted(*subtrees: str) -> x509.NameConstraints:
    """Name constraints: ``!`` before a name, a network or a subject (RFC 4514) excludes it."""
    kinds: tuple[list[x509.GeneralName], list[x509.GeneralName]] = ([], [])
    for tree in subtrees:
        bare = tree.removeprefix("!")
        general: x509.GeneralName
        if "=" in bare:
            general = x509.DirectoryName(x509.Name.from_rfc4514_string(bare))
        else:
            general = x509.IPAddress(ip_network(bare)) if "/" in bare else x509.DNSName(bare)
        kinds[tree.startswith("!")].append(general)
    return x509.NameConstraints(kinds[0] or None, kinds[1] or None)


def openssl(folder: Path, *words: str) -> bytes:
    """Run openssl(1) in a folder; give what it says."""
    return subprocess.run(["openssl", *words], cwd=folder, capture_output=True, check=True).stdout


def weak(folder: Path, new_key: str = "rsa:1024", digest: str = "sha1", *more: str) -> bytes:
    """Make a self-signed certificate that no library would make any more; DER."""
    words = ("req", "-x509", "-newkey", new_key, "-nodes", "-keyout", "key.pem", f"-{digest}", "-days", "30", "-outform", "DER")
    return openssl(folder, *words, "-subj", "/CN=weak.example.lg.jp", "-addext", "subjectAltName=DNS:weak.example.lg.jp", *more)
