"""A private authority and the certificates of the TLS zoo, good and faulty, with what is true of each. Files only; nothing is served here.

Signatures with SHA-1 and MD5 are made by the ``openssl`` command: ``cryptography`` refuses to make them.
"""

from __future__ import annotations

import hashlib
import ipaddress
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from scanner.facts.tls import Path as Way

DOMAIN = "zoo.or.jp"
OCSP_PORT = 8888
OCSP_URL = f"http://ocsp.{DOMAIN}:{OCSP_PORT}/"
CRL_URL = f"http://crl.{DOMAIN}/zoo.crl"
NOBODY = ipaddress.ip_address("192.0.2.1")
PASSWORD = "changeit"
"""Of the PKCS #12 files; Java wants one."""
NO_PATH = -1

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a certificate is made and sent, and what is true of it.

    ``sends`` is what the server sends, in this order: ``leaf``, ``intermediate``, ``root``, ``stranger`` (an authority that has nothing to
    do with it), ``crowd`` (many strangers). ``days`` is its time in days from now. ``end`` is how the way to a root ends when the zoo's
    root is trusted, ``names`` whether the certificate holds for the host name by RFC 9525.
    """

    key: str = "rsa-2048"
    days: tuple[int, int] = (-1, 89)
    hash: str = "sha256"
    sends: tuple[str, ...] = ("leaf", "intermediate")
    signer: str = "intermediate"
    subject: str = "host"
    revoked: bool = False
    must_staple: bool = False
    end: Way = Way.ORGANISATION
    names: bool = True

    @property
    def auth(self) -> str:
        """Kind of key as OpenSSL's list of suites calls it; Ed25519 counts as ECDSA there."""
        return "RSA" if self.key.startswith("rsa") else "ECDSA"


RECIPES: Mapping[str, Recipe] = {
    "rsa-512": Recipe(key="rsa-512"),
    "rsa-1024": Recipe(key="rsa-1024"),
    "rsa-2048": Recipe(),
    "rsa-3072": Recipe(key="rsa-3072"),
    "p256": Recipe(key="p256"),
    "p384": Recipe(key="p384"),
    "ed25519": Recipe(key="ed25519"),
    "sha1": Recipe(hash="sha1"),
    "md5": Recipe(hash="md5"),
    "expired": Recipe(days=(-90, -10)),
    "future": Recipe(days=(10, 99)),
    "long": Recipe(days=(-1, 1824)),
    "wrong-name": Recipe(subject="elsewhere", names=False),
    "wildcard": Recipe(subject="wildcard"),
    "cn-only": Recipe(subject="cn-only", names=False),
    "ip-name": Recipe(subject="address", names=False),
    "self-signed": Recipe(signer="itself", sends=("leaf",), end=Way.SELF_SIGNED),
    "no-intermediate": Recipe(sends=("leaf",), end=Way.INCOMPLETE),
    "wrong-order": Recipe(sends=("leaf", "root", "intermediate")),
    "extra": Recipe(sends=("leaf", "intermediate", "root", "stranger")),
    "crowd": Recipe(sends=("leaf", "intermediate", "crowd")),
    "unknown-root": Recipe(signer="stranger", sends=("leaf", "stranger"), end=Way.UNKNOWN_ROOT),
    "revoked": Recipe(revoked=True),
    "must-staple": Recipe(key="p256", must_staple=True),
}
CROWD = 12
_OLD_HASHES = {"md5": 4, "sha1": 5}
"""Last number of the signature algorithm 1.2.840.113549.1.1.N (RFC 8017 appendix C); 11 is sha256WithRSAEncryption."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its files: ``chain`` (what is sent), ``leaf``, ``rest`` (what is sent after the leaf), ``key``, ``both``."""

    recipe: str
    host: str
    folder: Path

    @property
    def chain(self) -> Path:
        """PEM of all that the server sends."""
        return self._file("chain.pem")

    @property
    def leaf(self) -> Path:
        """PEM of the server's own certificate."""
        return self._file("leaf.pem")

    @property
    def rest(self) -> Path:
        """PEM of what is sent after it; empty for some."""
        return self._file("rest.pem")

    @property
    def key(self) -> Path:
        """PKCS #8, not encrypted."""
        return self._file("key.pem")

    @property
    def both(self) -> Path:
        """Key and chain in one file."""
        return self._file("both.pem")

    @property
    def store(self) -> Path:
        """Key and chain as PKCS #12; see ``Mint.store``."""
        return self._file("store.p12")

    def sent(self) -> tuple[str, ...]:
        """SHA-256 of each certificate that is sent, in hex, in order."""
        found = x509.load_pem_x509_certificates(self.chain.read_bytes())
        return tuple(hashlib.sha256(one.public_bytes(serialization.Encoding.DER)).hexdigest() for one in found)

    def _file(self, name: str) -> Path:
        return self.folder / "certificates" / f"{self.recipe}.{self.host}.{name}"


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"), x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def _usage(*, authority: bool, encipher: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=encipher,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _key(kind: str) -> PrivateKey:
    match kind:
        case "p256":
            return ec.generate_private_key(ec.SECP256R1())
        case "p384":
            return ec.generate_private_key(ec.SECP384R1())
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "rsa-512":  # cryptography makes no key this small
            pem = subprocess.run(["openssl", "genrsa", "512"], capture_output=True, check=True).stdout
            found = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
            assert isinstance(found, rsa.RSAPrivateKey)
            return found
        case _:
            return rsa.generate_private_key(65537, int(kind.removeprefix("rsa-")))


@dataclass(frozen=True, slots=True)
class _Signer:
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Mint:
    """Makes certificates below ``folder``. All leaves of one kind of key share that key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "certificates").mkdir()
        self.now = datetime.now(UTC).replace(microsecond=0)
        self._keys: dict[str, PrivateKey] = {}
        self._issued: dict[Issued, x509.Certificate] = {}
        self.root = self._authority("Tenken Zoo Root", None, 1, "rsa-2048")
        self.intermediate = self._authority("Tenken Zoo Intermediate", self.root, 0, "rsa-2048")
        (folder / "root.pem").write_bytes(_pem(self.root.certificate))
        (folder / "intermediate.pem").write_bytes(_pem(self.intermediate.certificate))
        (folder / "intermediate.key").write_bytes(self._private(self.intermediate.key))

    @cached_property
    def stranger(self) -> _Signer:
        """An authority that nobody trusts."""
        return self._authority("Nobody Knows Me CA", None, 1)

    def issue(self, recipe: str, host: str) -> Issued:
        """Make the certificate of a host, or give the one made before."""
        wanted = Issued(recipe, host, self.folder)
        if wanted in self._issued:
            return wanted
        how = RECIPES[recipe]
        if how.key not in self._keys:
            self._keys[how.key] = _key(how.key)
        key = self._keys[how.key]
        leaf = self._leaf(how, host, key)
        others = [certificate for what in how.sends if what != "leaf" for certificate in self._sent(what)]
        wanted.key.write_bytes(self._private(key))
        wanted.leaf.write_bytes(_pem(leaf))
        wanted.rest.write_bytes(_pem(*others))
        wanted.chain.write_bytes(_pem(leaf, *others))
        wanted.both.write_bytes(wanted.key.read_bytes() + wanted.chain.read_bytes())
        self._issued[wanted] = leaf
        return wanted

    def store(self, issued: Issued) -> Path:
        """Write the PKCS #12 file of a certificate and give its path."""
        command = ["openssl", "pkcs12", "-export", "-passout", f"pass:{PASSWORD}", "-name", "zoo"]
        subprocess.run([*command, "-in", issued.chain, "-inkey", issued.key, "-out", issued.store], check=True, capture_output=True)
        return issued.store

    def staple(self, issued: Issued) -> Path:
        """Write a stapled OCSP answer (DER): good, by the intermediate itself."""
        leaf = self._issued[issued]
        made = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                leaf,
                self.intermediate.certificate,
                hashes.SHA1(),  # the hash of the name by which OCSP identifies an issuer (RFC 6960 section 4.1.1)
                ocsp.OCSPCertStatus.GOOD,
                self.now - timedelta(hours=1),
                self.now + timedelta(days=5),
                None,
                None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.NAME, self.intermediate.certificate)
            .sign(self.intermediate.key, hashes.SHA256())
        )
        path = self.folder / "certificates" / f"{issued.recipe}.{issued.host}.ocsp"
        path.write_bytes(made.public_bytes(serialization.Encoding.DER))
        return path

    def publish(self) -> None:
        """Write the responder's index and the revocation list of all that was issued so far."""
        lines, revoked = [], []
        for issued, leaf in self._issued.items():
            if leaf.issuer != self.intermediate.certificate.subject:
                continue
            end, serial = leaf.not_valid_after_utc.strftime("%y%m%d%H%M%SZ"), f"{leaf.serial_number:X}"
            serial = serial.zfill(len(serial) + len(serial) % 2)
            when = self.now - timedelta(hours=2)
            if RECIPES[issued.recipe].revoked:
                lines.append(f"R\t{end}\t{when:%y%m%d%H%M%SZ},keyCompromise\t{serial}\tunknown\t/CN={issued.host}")
                reason = x509.CRLReason(x509.ReasonFlags.key_compromise)
                entry = x509.RevokedCertificateBuilder().serial_number(leaf.serial_number).revocation_date(when)
                revoked.append(entry.add_extension(reason, critical=False).build())
            else:
                lines.append(f"V\t{end}\t\t{serial}\tunknown\t/CN={issued.host}")
        (self.folder / "index.txt").write_text("".join(line + "\n" for line in lines))
        (self.folder / "index.txt.attr").write_text("unique_subject = no\n")
        authority = self.intermediate
        builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
        builder = builder.last_update(self.now - timedelta(hours=1)).next_update(self.now + timedelta(days=7))
        for one in revoked:
            builder = builder.add_revoked_certificate(one)
        (self.folder / "zoo.crl").write_bytes(builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))

    def _sent(self, what: str) -> list[x509.Certificate]:
        match what:
            case "intermediate":
                return [self.intermediate.certificate]
            case "root":
                return [self.root.certificate]
            case "stranger":
                return [self.stranger.certificate]
            case _:
                return [self._authority(f"Crowd {number} CA", None, NO_PATH).certificate for number in range(CROWD)]

    def _authority(self, name: str, signer: _Signer | None, length: int, kind: str = "p256") -> _Signer:
        key = _key(kind)
        assert not isinstance(key, ed25519.Ed25519PrivateKey)
        issuer = signer.certificate.subject if signer else _name(name)
        signing = signer.key if signer else key
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(days=400))
            .not_valid_after(self.now + timedelta(days=3000))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None if length == NO_PATH else length), critical=True)
            .add_extension(_usage(authority=True, encipher=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
            .sign(signing, hashes.SHA256())
        )
        return _Signer(certificate, key)

    def _leaf(self, how: Recipe, host: str, key: PrivateKey) -> x509.Certificate:
        signer = {"intermediate": self.intermediate, "stranger": self.stranger}.get(how.signer) if how.signer != "itself" else None
        signing = signer.key if signer else key
        subject = f"mail.elsewhere.{DOMAIN}" if how.subject == "elsewhere" else f"*.{DOMAIN}" if how.subject == "wildcard" else host
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(signer.certificate.subject if signer else _name(subject))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + timedelta(days=how.days[0]))
            .not_valid_after(self.now + timedelta(days=how.days[1]))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False, encipher=how.auth == "RSA"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        )
        if how.subject == "address":
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(NOBODY)]), critical=False)
        elif how.subject != "cn-only":
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
        if signer is self.intermediate:
            where = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(OCSP_URL))
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(CRL_URL)], None, None, None)
            builder = builder.add_extension(x509.AuthorityInformationAccess([where]), critical=False)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        if how.must_staple:
            builder = builder.add_extension(x509.TLSFeature([x509.TLSFeatureType.status_request]), critical=False)
        made = builder.sign(signing, None if isinstance(signing, ed25519.Ed25519PrivateKey) else hashes.SHA256())
        return made if how.hash == "sha256" else self._signed_anew(made, how.hash)

    def _signed_anew(self, certificate: x509.Certificate, digest: str) -> x509.Certificate:
        """Sign the same certificate again with an old hash: another last octet in the two object identifiers, another signature."""
        old, new = bytes.fromhex("06092a864886f70d01010b"), bytes.fromhex("06092a864886f70d0101") + bytes([_OLD_HASHES[digest]])
        der = certificate.public_bytes(serialization.Encoding.DER)
        assert der.count(old) == 2
        tbs = certificate.tbs_certificate_bytes.replace(old, new)
        signing = self.folder / "intermediate.key"
        signature = subprocess.run(["openssl", "dgst", f"-{digest}", "-sign", signing], input=tbs, capture_output=True, check=True).stdout
        return x509.load_der_x509_certificate(der.replace(old, new)[: -len(signature)] + signature)

    @staticmethod
    def _private(key: PrivateKey) -> bytes:
        return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
