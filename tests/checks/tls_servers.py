"""Surveys of TLS services for the cases of checks: a well-kept server, and any part of it changed. No expectations are here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from scanner.facts.tls import (
    AddressSeen,
    CertificateSeen,
    ChainSeen,
    DhParameters,
    Features,
    GroupsSeen,
    Path,
    PathSeen,
    Preference,
    PublicKey,
    SignaturesSeen,
    TlsSeen,
    TlsSurvey,
    Upgrade,
    Version,
    VersionSeen,
)
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason

SILENT = Unobserved(Reason.TIMEOUT, "no answer from 192.0.2.10:443/tcp within 5 s")
CUT = Unobserved(Reason.RESET, "the peer began to refuse after 12 connections")
SPENT = Unobserved(Reason.BUDGET_SPENT, "192.0.2.25:25: the 12 connections of a survey are spent")

GCM128, GCM256, CHACHA = (
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
)
NEW128, NEW256, NEWCHACHA = "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"
CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
STATIC = "TLS_RSA_WITH_AES_128_GCM_SHA256"
TDES = "TLS_RSA_WITH_3DES_EDE_CBC_SHA"
RC4 = "TLS_RSA_WITH_RC4_128_SHA"
DHE = "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"

GOOD_FEATURES = Features(
    compression=False,
    secure_renegotiation=True,
    client_renegotiation=0,
    extended_master_secret=True,
    encrypt_then_mac=True,
    session_id=True,
    session_ticket=True,
    tls13_ticket=True,
    early_data=0,
    fallback_scsv=True,
    heartbeat=False,
)


def certificate(kind: str = "RSA", bits: int = 2048, *, hashed: str = "SHA256", **changed: Any) -> CertificateSeen:
    """Give a certificate of a usual form; ``changed`` replaces fields of it."""
    seen = CertificateSeen(
        sha256=f"{kind}{bits}{hashed}",
        sha512="b" * 128,
        spki_sha256="c" * 64,
        spki_sha512="d" * 128,
        subject="CN=www.example.jp",
        issuer="CN=Example CA",
        serial="01",
        not_before="2026-10-01T00:00:00Z",
        not_after="2027-01-01T00:00:00Z",
        key=PublicKey(kind, bits),
        signature=f"{hashed.lower()}With{kind}Encryption",
        signature_hash=hashed,
        dns_names=("www.example.jp",),
    )
    return replace(seen, **changed)


def chain(leaf: CertificateSeen, *, version: Version = Version.TLS12) -> ChainSeen:
    """Give the chain of one certificate, its way to a public root."""
    return ChainSeen(version, leaf.key.type, True, (leaf,), PathSeen(Path.PUBLIC, "CN=Example Root"))


def dh(bits: int, *, known: str = "", safe: bool | None = True, suites: tuple[str, ...] = ("DHE_RSA",)) -> DhParameters:
    """Give parameters of a finite-field exchange."""
    return DhParameters(bits, 2, "e" * 64, known, safe, suites)


def tls(
    accepted: Mapping[Version, Sequence[str]] | None = None,
    *,
    prefers: Preference | Unobserved | None = Preference.SERVER,
    groups: Sequence[str] = ("x25519", "secp256r1", "secp384r1"),
    leaves: Sequence[CertificateSeen] | None = None,
    signs: Sequence[str] = ("rsa_pss_rsae_sha256", "rsa_pkcs1_sha256"),
    unfinished: Mapping[Version, Unobserved] | None = None,
    group_cut: Unobserved | None = None,
    sign_cut: Unobserved | None = None,
    **changed: Any,
) -> TlsSeen:
    """Give what one address shows: TLS 1.2 and 1.3 with three good suites each, unless ``accepted`` says otherwise."""
    if accepted is None:
        accepted = {Version.TLS12: (GCM128, GCM256, CHACHA), Version.TLS13: (NEW128, NEW256, NEWCHACHA)}
    cut = unfinished or {}
    versions = tuple(
        VersionSeen(
            version,
            version in accepted,
            tuple(accepted.get(version, ())),
            prefers if len(accepted.get(version, ())) > 1 else None,
            "" if version in accepted else "alert protocol_version",
            cut.get(version),
        )
        for version in Version
    )
    older: list[Version] = [v for v in accepted if v is not Version.TLS13 and any("ECDHE" in suite for suite in accepted[v])]
    curved: list[Version] = older[-1:] + [v for v in accepted if v is Version.TLS13]  # older versions are measured once
    named = {v: groups if v is Version.TLS13 else [g for g in groups if "MLKEM" not in g and "ffdhe" not in g] for v in curved}
    built = TlsSeen(
        upgrade=Upgrade.IMPLICIT,
        versions=versions,
        groups=tuple(GroupsSeen(v, tuple(names), group_cut) for v, names in named.items()),
        signs=(SignaturesSeen(Version.TLS12, tuple(signs), sign_cut),) if Version.TLS12 in accepted else (),
        chains=tuple(chain(leaf) for leaf in (leaves if leaves is not None else [certificate()])),
        features=GOOD_FEATURES,
        connections=20,
    )
    return replace(built, **changed)


def survey(*seen: TlsSeen | Unobserved, protocol: str = "https", left_out: int = 0) -> TlsSurvey:
    """Give the survey of a service with one address for each part, the well-kept server where none is given."""
    addresses = tuple(AddressSeen(f"192.0.2.{n}", part) for n, part in enumerate(seen or (tls(),), 10))
    return TlsSurvey("www.example.jp", 443, protocol, "2026-11-22T00:00:00Z", addresses, left_out)


def one(accepted: Mapping[Version, Sequence[str]] | None = None, **changed: Any) -> TlsSurvey:
    """Give the survey of a service with one address."""
    return survey(tls(accepted, **changed))


def features(**changed: Any) -> TlsSurvey:
    """Give the survey of the well-kept server with some features changed."""
    return one(features=replace(GOOD_FEATURES, **changed))
