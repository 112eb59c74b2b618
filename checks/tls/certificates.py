"""What the checks of certificates share: which chains of a service count, how a certificate is named, mail servers. No check is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from checks.tls.each import Judged, for_each_address, worst_of
from checks.tls.seen import NO_TLS, without_tls
from scanner.facts.tls import AddressSeen, CertificateSeen, ChainSeen, TlsSeen, TlsSurvey
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import not_applicable

NO_CERTIFICATE: Final[Mapping[str, Text]] = {
    **NO_TLS,
    "CERTIFICATE_NONE": Text(ja="サーバは証明書を示さない（{address}）", en="the server shows no certificate ({address})"),
}
"""The tags of every check that goes over the certificates of a service, beside its own."""

OPPORTUNISTIC: Final = Text(
    ja="メールサーバ間の暗号化は証明書の検証を前提としない。MTA-STS 又は DANE を使う場合に限り支障となる（{address}）：{seen}",
    en="mail servers encrypt without verifying certificates; it matters only with MTA-STS or DANE ({address}): {seen}",
)
"""Words for a mail server whose certificate would not be accepted elsewhere."""

_UNREADABLE: Final = "not a certificate"


def opportunistic(survey: TlsSurvey) -> bool:
    """Whether clients of the service go on without verifying: mail between servers (RFC 7435, RFC 3207 section 4.1)."""
    return survey.protocol == "smtp"


def own_chains(survey: TlsSurvey, tls: TlsSeen) -> tuple[ChainSeen, ...] | Unobserved:
    """Give the chains shown to a client that asks for the service by its name, each of its kinds of key."""
    if isinstance(tls.chains, Unobserved):
        return tls.chains
    found: dict[tuple[str, ...], ChainSeen] = {}
    for chain in tls.chains:
        if chain.certificates and chain.sni == bool(survey.name):
            key = tuple(one.sha256 for one in chain.certificates)
            if key not in found or (found[key].staple is None and chain.staple is not None):
                found[key] = chain
    return tuple(found.values())


def worst_chain(
    survey: TlsSurvey, tls: TlsSeen, judge: Callable[[ChainSeen], Judged], *, worst_first: tuple[str, ...] = ()
) -> Judged | None:
    """Judge every chain that an address shows for the service's name and give the worst ending; ``None`` where it shows none."""
    chains = own_chains(survey, tls)
    if isinstance(chains, Unobserved):
        return chains
    endings = [judge(chain) for chain in chains]
    if tls.chains_left_out:
        ja, en = "ほかに {count} 通りの証明書の列が示され、見ていない", "{count} more chains of certificates were shown and not looked at"
        endings.append(cannot_tell(Reason.TOO_LARGE, ja, en, count=tls.chains_left_out))
    return worst_of(endings, worst_first=worst_first)


def each_chain(survey: TlsSurvey, judge: Callable[[ChainSeen], Judged], *, worst_first: tuple[str, ...] = ()) -> Judged:
    """Judge every chain that every address shows for the service's name and give the worst ending, see ``for_each_address``."""

    def one(tls: TlsSeen, _: AddressSeen) -> Judged:
        if ending := without_tls(tls):
            return ending
        worst = worst_chain(survey, tls, lambda chain: _judged(chain, judge), worst_first=worst_first)
        return worst if worst is not None else not_applicable("CERTIFICATE_NONE")

    return for_each_address(survey, one, worst_first=worst_first)


def _judged(chain: ChainSeen, judge: Callable[[ChainSeen], Judged]) -> Judged:
    problem = next((p for p in chain.certificates[0].problems if p.startswith(_UNREADABLE)), None)
    if problem is None:
        return judge(chain)
    ja, en = "サーバの証明書を読み取れない：{problem}", "the server's certificate cannot be read: {problem}"
    return cannot_tell(Reason.PROTOCOL_VIOLATION, ja, en, problem=problem)


def label(certificate: CertificateSeen) -> str:
    """Name a certificate for a sentence: its subject, with its key, since a server may have one for each kind of key."""
    names = certificate.common_names or certificate.dns_names or (certificate.subject or certificate.serial,)
    return f"{names[0][:80]} ({key_label(certificate)})"


def key_label(certificate: CertificateSeen) -> str:
    """Name a key for a sentence: ``RSA 2048``, ``ECDSA secp256r1``."""
    key = certificate.key
    return f"{key.type} {key.curve or key.bits}" if key.type else "?"


def moment(text: str) -> datetime | None:
    """Read a time of a fact; ``None`` where there is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def no_time(certificate: CertificateSeen) -> Unobserved:
    """Say that a certificate's validity cannot be read."""
    ja, en = "証明書 {certificate} の有効期間を読み取れない", "the validity of the certificate {certificate} cannot be read"
    return cannot_tell(Reason.PROTOCOL_VIOLATION, ja, en, certificate=label(certificate))


def unchecked(chain: ChainSeen) -> Unobserved:
    """Say of a way to a root that it could not be followed: a signature that is not verified here, names that are not compared."""
    ja, en = "証明書の経路を検証し切れない：{problem}", "the way to a root cannot be verified here: {problem}"
    return cannot_tell(Reason.UNSUPPORTED, ja, en, problem=chain.path.problem)


def sent_below_roots(chain: ChainSeen) -> Iterable[CertificateSeen]:
    """Give the server's own certificate and the authorities sent with it, self-signed roots left out: nobody relies on what those sign."""
    return (one for at, one in enumerate(chain.certificates) if at == 0 or not one.self_signed)
