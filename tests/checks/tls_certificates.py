"""Facts of TLS services for the cases of certificates: one good service, and what to change in it."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.mail import Status
from scanner.facts.tls import (
    AddressSeen,
    CertificateSeen,
    CertificateStatus,
    ChainSeen,
    Path,
    PathSeen,
    PublicKey,
    Revocation,
    RevocationSeen,
    Sct,
    ServiceTlsa,
    TlsRevocation,
    TlsSeen,
    TlsSurvey,
    Upgrade,
    Version,
    VersionSeen,
)
from scanner.model.fact import Fact, Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

NAME = "www.example.lg.jp"
AT = "2026-11-22T00:00:00Z"
ONE, TWO = "192.175.48.25", "2620:4f:8000::25"
ROOT_NAME, CA_NAME = "CN=Root,O=Authority", "CN=CA 1,O=Let's Encrypt,C=US"
RSA_2048, P256 = PublicKey("RSA", 2048, "", 65537), PublicKey("ECDSA", 256, "secp256r1")
SILENT = Unobserved(Reason.TIMEOUT, "no answer")


def digest(text: str) -> str:
    """A hash of the right length that tells what it stands for."""
    return text.encode().hex().ljust(64, "0")[:64]


GOOD = CertificateSeen(
    sha256=digest("leaf"),
    sha512=digest("leaf") * 2,
    spki_sha256=digest("leaf key"),
    spki_sha512=digest("leaf key") * 2,
    subject=f"CN={NAME}",
    issuer=CA_NAME,
    serial="01ab",
    not_before="2026-10-23T00:00:00Z",
    not_after="2027-01-21T00:00:00Z",
    key=P256,
    signature="sha256WithRSAEncryption",
    signature_hash="SHA256",
    dns_names=(NAME,),
    common_names=(NAME,),
    usage=("digitalSignature",),
    extended_usage=("serverAuth",),
    ocsp_urls=("http://ocsp.example.jp/",),
    scts=(Sct("aa" * 32, AT), Sct("bb" * 32, AT)),
)
CA = replace(
    GOOD,
    sha256=digest("ca"),
    sha512=digest("ca") * 2,
    spki_sha256=digest("ca key"),
    spki_sha512=digest("ca key") * 2,
    subject=CA_NAME,
    issuer=ROOT_NAME,
    key=RSA_2048,
    dns_names=(),
    common_names=("CA 1",),
    is_ca=True,
    usage=("keyCertSign", "cRLSign"),
    extended_usage=None,
    scts=(),
    not_after="2030-01-01T00:00:00Z",
)
ROOT = replace(CA, sha256=digest("root"), subject=ROOT_NAME, issuer=ROOT_NAME, self_signed=True, common_names=("Root",))
PUBLIC = PathSeen(Path.PUBLIC, ROOT_NAME)
ORGANISATION = PathSeen(Path.ORGANISATION, ROOT_NAME)
SELF_SIGNED = replace(GOOD, issuer=GOOD.subject, self_signed=True, ocsp_urls=())
SELF_PATH = PathSeen(Path.SELF_SIGNED, GOOD.subject)


def chain(
    *certificates: CertificateSeen,
    path: PathSeen = PUBLIC,
    staple: RevocationSeen | None = None,
    scts: tuple[Sct, ...] = (),
    sni: bool = True,
) -> ChainSeen:
    """A chain as one handshake showed it; the good one where no certificate is given."""
    return ChainSeen(Version.TLS12, "any", sni, certificates or (GOOD, CA), path, staple, scts)


def tls(*chains: ChainSeen, suites: tuple[str, ...] = ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",), tls13: bool = True) -> TlsSeen:
    """What an address showed."""
    versions = [VersionSeen(Version.TLS12, bool(suites), suites), VersionSeen(Version.TLS13, tls13, ("TLS_AES_128_GCM_SHA256",) * tls13)]
    return TlsSeen(Upgrade.IMPLICIT, tuple(versions), chains=chains)


def survey(*seen: TlsSeen | Unobserved, protocol: str = "https", name: str = NAME, left_out: int = 0) -> TlsSurvey:
    """A service with one address for each thing seen."""
    addresses = tuple(AddressSeen(address, one) for address, one in zip((ONE, TWO), seen, strict=False))
    port = {"https": 443, "smtp": 25, "submission": 587}[protocol]
    return TlsSurvey(name, port, protocol, AT, addresses, left_out)


def service(
    *certificates: CertificateSeen, path: PathSeen = PUBLIC, protocol: str = "https", staple: RevocationSeen | None = None
) -> TlsSurvey:
    """A service with one address that shows one chain."""
    return survey(tls(chain(*certificates, path=path, staple=staple)), protocol=protocol)


NO_TLS = survey(TlsSeen(Upgrade.NOT_OFFERED), protocol="smtp")
NO_CHAIN = survey(tls())
HALF_SEEN = survey(tls(chain()), SILENT)
UNREADABLE = service(replace(GOOD, problems=("not a certificate: tag 0x6a where 0x30 should be",)))


def common(*more: Fact) -> list[Case]:
    """The cases that every check over certificates has; ``more`` are its further facts."""
    return [
        case(NO_TLS, *more, says="NO_TLS"),
        case(NO_CHAIN, *more, says="CERTIFICATE_NONE"),
        case(UNREADABLE, *more, outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
        case(survey(SILENT), *more, outcome="undetermined", reason=Reason.TIMEOUT),
        case(survey(replace(tls(), chains=SILENT)), *more, outcome="undetermined", reason=Reason.TIMEOUT),
        case(survey(replace(tls(), chains_left_out=1)), *more, outcome="undetermined", reason=Reason.TOO_LARGE),
    ]


def said(
    state: Revocation = Revocation.GOOD,
    *,
    until: str = "2026-11-25T00:00:00Z",
    signed: bool = True,
    problem: str = "",
    revoked_at: str = "",
) -> RevocationSeen:
    """What an authority says."""
    return RevocationSeen(state, "2026-11-21T00:00:00Z", until, signed, revoked_at, "keyCompromise" if revoked_at else "", problem)


def status(ocsp: RevocationSeen | Unobserved | None = None, crl: RevocationSeen | Unobserved | None = None) -> TlsRevocation:
    """What the authorities say of the good certificate."""
    return TlsRevocation((CertificateStatus(GOOD.sha256, ocsp, crl),))


def tlsa(*records: str, authenticated: bool = True, found: bool = True) -> ServiceTlsa:
    """TLSA records of the service."""
    return ServiceTlsa(f"_25._tcp.{NAME}", Status.FOUND if found else Status.NXDOMAIN, records, authenticated)
