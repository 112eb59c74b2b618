"""What a TLS service agrees to and shows, as raw handshakes saw it: versions, suites, groups, certificates, extensions, known defects.

The subject is the service by its name; what each of its addresses shows stands side by side, because they can differ. Names are those of
the IANA registries (``TLS_AES_128_GCM_SHA256``, ``x25519``, ``ecdsa_secp256r1_sha256``); a number that is not registered is written
``0xC0FF``. Nothing here says whether something is good.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.facts.lookup import Status
from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@unique
class Version(StrEnum):
    """Protocol versions, the oldest first."""

    SSL2 = "SSLv2"
    SSL3 = "SSLv3"
    TLS10 = "TLSv1.0"
    TLS11 = "TLSv1.1"
    TLS12 = "TLSv1.2"
    TLS13 = "TLSv1.3"


@unique
class Upgrade(StrEnum):
    """How the connection came to TLS: from its first octet, by the protocol's own command, or not at all."""

    IMPLICIT = "implicit"
    OFFERED = "offered"
    NOT_OFFERED = "not-offered"
    REFUSED = "refused"


@unique
class Preference(StrEnum):
    """Whose order of suites decides. ``SERVER_CHACHA``: the server's, but ChaCha20 comes first for a client that puts it first.

    ``SERVER_OR_CHACHA``: one of these two; nobody asked which.
    """

    SERVER = "server"
    SERVER_CHACHA = "server-chacha"
    SERVER_OR_CHACHA = "server-or-chacha"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class VersionSeen:
    """One protocol version and the suites that the server accepts in it.

    ``suites`` stand in the order in which the server chose them: its own order where ``preference`` says so, else ours. ``preference`` is
    ``None`` with fewer than two suites, or where nobody asked. ``refusal`` tells how the last offer ended (``alert
    protocol_version``, ``closed``, ``chose TLSv1.2``). ``unfinished`` says why the search ended early: ``suites`` is then a lower bound
    and ``accepted`` false means only that nothing was seen.
    """

    version: Version
    accepted: bool
    suites: tuple[str, ...] = ()
    preference: Preference | Unobserved | None = None
    refusal: str = ""
    unfinished: Unobserved | None = None


@dataclass(frozen=True, slots=True)
class GroupsSeen:
    """The named groups that the server takes in one version, in the order in which it chose them; ``unfinished`` as for suites."""

    version: Version
    groups: tuple[str, ...] = ()
    unfinished: Unobserved | None = None


@dataclass(frozen=True, slots=True)
class DhParameters:
    """Parameters of a finite-field exchange in TLS 1.2 or older.

    ``bits`` is the length of the prime, ``sha256`` the hash of its octets, ``known`` its common name (``ffdhe2048``, ``RFC 3526 group 14``,
    ``Apache 2.2``) or empty, ``safe`` whether (p-1)/2 is prime too (``None``: not tried, too long). ``suites`` are the kinds of suite that
    brought it: ``DHE_RSA``, ``DH_anon``, ``DHE_RSA_EXPORT``. ``generator`` is -1 where it is longer than 64 bits.
    """

    bits: int
    generator: int
    sha256: str
    known: str
    safe: bool | None
    suites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignaturesSeen:
    """The signature schemes that the server signs its handshake with in one version, in the order found; ``unfinished`` as for suites."""

    version: Version
    schemes: tuple[str, ...] = ()
    unfinished: Unobserved | None = None


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key. ``type`` is RSA, RSA-PSS, ECDSA, Ed25519, Ed448, DSA or a dotted object identifier; ``curve`` is the group."""

    type: str
    bits: int
    curve: str = ""
    exponent: int = 0


@dataclass(frozen=True, slots=True)
class Sct:
    """A signed certificate timestamp (RFC 6962): the log's id (hex) and the time it promises (UTC)."""

    log: str
    at: str


@dataclass(frozen=True, slots=True)
class CertificateSeen:
    """One certificate. Hashes are hex; times UTC, ISO 8601; ``serial`` hex; names of subject and issuer as RFC 4514 strings.

    ``signature`` is the algorithm's name (``sha256WithRSAEncryption``), ``signature_hash`` its hash (``SHA256``; empty for EdDSA).
    ``dns_names`` and ``ip_names`` come from the subject alternative name, ``common_names`` from the subject. ``usage`` and
    ``extended_usage`` are ``None`` where the extension is missing. ``problems`` names parts that could not be read.
    """

    sha256: str
    sha512: str
    spki_sha256: str
    spki_sha512: str
    subject: str
    issuer: str
    serial: str
    not_before: str
    not_after: str
    key: PublicKey
    signature: str
    signature_hash: str
    dns_names: tuple[str, ...] = ()
    ip_names: tuple[str, ...] = ()
    common_names: tuple[str, ...] = ()
    is_ca: bool = False
    path_length: int | None = None
    usage: tuple[str, ...] | None = None
    extended_usage: tuple[str, ...] | None = None
    must_staple: bool = False
    ocsp_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    scts: tuple[Sct, ...] = ()
    self_signed: bool = False
    problems: tuple[str, ...] = ()


@unique
class Revocation(StrEnum):
    """What an OCSP answer or a revocation list says of a certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RevocationSeen:
    """An OCSP answer or a revocation list: what it says, when it was made, until when it holds, whether the issuer signed it."""

    state: Revocation
    produced_at: str
    next_update: str
    signed_by_issuer: bool
    revoked_at: str = ""
    reason: str = ""
    problem: str = ""


@unique
class Path(StrEnum):
    """How the way from a certificate to a trusted root ended."""

    PUBLIC = "public"
    """A root of the public list."""
    ORGANISATION = "organisation"
    """A root that the organisation adds."""
    SELF_SIGNED = "self-signed"
    UNKNOWN_ROOT = "unknown-root"
    """The chain ends in a root that is on neither list."""
    INCOMPLETE = "incomplete"
    """The issuer of some certificate was neither sent nor is it a known root."""
    BAD_SIGNATURE = "bad-signature"
    NOT_PERMITTED = "not-permitted"
    """An issuer is no authority, may not sign certificates, or its length or name limits are broken."""
    UNCHECKED = "unchecked"
    """A certificate cannot be read, or a signature is of a kind that cannot be verified here."""


@dataclass(frozen=True, slots=True)
class PathSeen:
    """The way to a root, its validity in time left aside.

    ``anchor`` is the root's subject. ``in_order``: each certificate sent certifies the one before it. ``extra`` are the positions sent that
    the way does not use (a root among them); ``expired`` those on the way that are outside their time. ``fetched`` lists the addresses
    (AIA) from which missing ones came: a client that does not fetch cannot go this way. ``problem`` tells what was wrong, in English.
    """

    end: Path
    anchor: str = ""
    in_order: bool = True
    extra: tuple[int, ...] = ()
    expired: tuple[int, ...] = ()
    fetched: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ChainSeen:
    """The certificates of one handshake, as sent, the server's own first.

    ``wanted`` is the kind of key the hello asked for: RSA, ECDSA, EdDSA, or ``any``; ``sni`` whether the name was sent. ``staple`` is the
    OCSP answer of the handshake; ``scts`` came in the TLS extension or the staple.
    """

    version: Version
    wanted: str
    sni: bool
    certificates: tuple[CertificateSeen, ...]
    path: PathSeen
    staple: RevocationSeen | None = None
    scts: tuple[Sct, ...] = ()


@unique
class SniBehaviour(StrEnum):
    """What becomes of a hello without a name, or with a name that the server does not know."""

    SAME = "same-certificate"
    OTHER = "other-certificate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Features:
    """Extensions and behaviour. ``None``: has no meaning here, as compression has none where only TLS 1.3 is spoken.

    ``client_renegotiation`` tells how many renegotiations that we began were carried out (0: refused). ``early_data`` is the size in octets
    promised in a TLS 1.3 ticket. ``intolerant`` names the offers that a well-made server passes over and this one stumbles on: ``version``
    (a newer version number), ``grease``, ``long`` (a hello of several kilobytes), ``extension`` (an unknown one).
    """

    compression: bool | Unobserved | None = None
    secure_renegotiation: bool | Unobserved | None = None
    client_renegotiation: int | Unobserved | None = None
    extended_master_secret: bool | Unobserved | None = None
    encrypt_then_mac: bool | Unobserved | None = None
    session_id: bool | Unobserved | None = None
    session_ticket: bool | Unobserved | None = None
    tls13_ticket: bool | Unobserved | None = None
    early_data: int | Unobserved | None = None
    fallback_scsv: bool | Unobserved | None = None
    heartbeat: bool | Unobserved | None = None
    alpn: tuple[str, ...] | Unobserved = ()
    intolerant: tuple[str, ...] | Unobserved = ()
    without_sni: SniBehaviour | Unobserved | None = None
    unknown_sni: SniBehaviour | Unobserved | None = None


@dataclass(frozen=True, slots=True)
class TlsSeen:
    """What one address of the service showed.

    ``signs`` and ``groups`` have one entry for each version in which they were measured. ``only_once``: a third party, whose one handshake
    is all there is; nothing is known of what it would also accept. ``connections`` is how many were opened. ``early`` is what came in clear
    right behind the go-ahead to TLS, printable and cut short, empty for nothing: whoever reads it after the change takes a stranger's words
    for the server's (CVE-2011-0411, CVE-2021-38371). ``chains_left_out`` counts different chains beyond the cap.
    """

    upgrade: Upgrade
    versions: tuple[VersionSeen, ...] = ()
    groups: tuple[GroupsSeen, ...] = ()
    dh: tuple[DhParameters, ...] | Unobserved = ()
    signs: tuple[SignaturesSeen, ...] = ()
    chains: tuple[ChainSeen, ...] | Unobserved = ()
    features: Features | Unobserved = Features()
    only_once: bool = False
    connections: int = 0
    early: str = ""
    chains_left_out: int = 0

    def version(self, version: Version) -> VersionSeen | None:
        """Give what is known of one version; ``None`` where it was not looked at."""
        return next((seen for seen in self.versions if seen.version is version), None)


@dataclass(frozen=True, slots=True)
class AddressSeen:
    """One address of the service, and what it showed."""

    address: str
    tls: TlsSeen | Unobserved


@dataclass(frozen=True, slots=True)
class TlsSurvey(Fact):
    """What every address of a service shows. ``name`` was sent as SNI, empty for a service known by its address only (RFC 6066 section 3).

    ``at`` is the time of the survey (UTC), against which validity is reckoned. ``left_out`` counts addresses beyond the cap.
    """

    of: ClassVar[Kind] = Kind.TLS_SERVICE

    name: str
    port: int
    protocol: str
    at: str
    addresses: tuple[AddressSeen, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class DefectsSeen:
    """Answers to probes for known defects at one address: whether the defect showed, ``None`` where it cannot be there.

    ``heartbleed`` CVE-2014-0160, ``early_ccs`` CVE-2014-0224, ``ticketbleed`` CVE-2016-9244, ``robot`` the oracle of RFC 5246 section
    7.4.7.1 (several CVE).
    """

    address: str
    heartbleed: bool | Unobserved | None = None
    early_ccs: bool | Unobserved | None = None
    ticketbleed: bool | Unobserved | None = None
    robot: bool | Unobserved | None = None


@dataclass(frozen=True, slots=True)
class TlsDefects(Fact):
    """Known defects of implementations that the exchange of hellos reveals."""

    of: ClassVar[Kind] = Kind.TLS_SERVICE

    addresses: tuple[DefectsSeen, ...]


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """What the authority says of one certificate (by its SHA-256) when asked: over OCSP, and by its revocation list."""

    sha256: str
    ocsp: RevocationSeen | Unobserved | None = None
    crl: RevocationSeen | Unobserved | None = None


@dataclass(frozen=True, slots=True)
class TlsRevocation(Fact):
    """The state of the service's own certificates at their authorities; ``None`` where a certificate names no place to ask."""

    of: ClassVar[Kind] = Kind.TLS_SERVICE

    certificates: tuple[CertificateStatus, ...]


@dataclass(frozen=True, slots=True)
class ServiceTlsa(Fact):
    """The TLSA records of the service (RFC 6698 section 3). Without ``authenticated`` they bind nobody (RFC 7672 section 2.2)."""

    of: ClassVar[Kind] = Kind.TLS_SERVICE

    owner: str
    status: Status
    records: tuple[str, ...]
    """``usage selector matching data`` with the data in hex, as published."""
    authenticated: bool


@dataclass(frozen=True, slots=True)
class ServiceCaa(Fact):
    """The CAA records that govern the service's name (RFC 8659 section 3); ``owner`` is where they were found, empty where nowhere."""

    of: ClassVar[Kind] = Kind.TLS_SERVICE

    owner: str
    issue: tuple[str, ...]
    issuewild: tuple[str, ...]
    authenticated: bool
