"""What the checks of TLS ask of one address's facts: accepted suites, whether a search came to its end, certificates. No check is here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from scanner.facts.tls import CertificateSeen, Features, TlsSeen, Upgrade, Version
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Verdict, not_applicable
from scanner.wire.tls.suites import SSL2_SUITES, Suite, suite_by_name

OLD: Final = (Version.SSL3, Version.TLS10, Version.TLS11, Version.TLS12)
"""The versions whose handshake names the exchange of keys in the suite."""
ALL: Final = (*OLD, Version.TLS13)
"""The versions with suites in IANA's registry: SSL 2.0 has kinds of its own."""

NO_TLS: Final[Mapping[str, Text]] = {
    "NO_TLS": Text(ja="TLS で通信できない（{address}）", en="TLS cannot be spoken ({address})"),
}
"""Words for an address without TLS; ``tls.offered`` judges that."""

_SSL2_NAMES: Final = {suite.name: suite for suite in SSL2_SUITES.values()}


def without_tls(tls: TlsSeen) -> Verdict | None:
    """Give the ending for an address that has no TLS to judge; ``None`` where there is some, or where that is not known."""
    if tls.upgrade in {Upgrade.NOT_OFFERED, Upgrade.REFUSED}:
        return not_applicable("NO_TLS")
    if not any(seen.accepted for seen in tls.versions) and unsearched(tls, (Version.SSL2, *ALL)) is None:
        return not_applicable("NO_TLS")
    return None


def accepts(tls: TlsSeen, version: Version) -> bool:
    """Tell whether a version was seen accepted."""
    seen = tls.version(version)
    return seen is not None and seen.accepted


def unsearched(tls: TlsSeen, versions: Iterable[Version]) -> Unobserved | None:
    """Give why "not seen" does not mean "not there" for some of the versions; ``None`` where the search ended for all of them."""
    if tls.only_once:
        return once()
    for version in versions:
        seen = tls.version(version)
        if seen is None:
            return cannot_tell(Reason.UNSUPPORTED, "{version} を調べていない", "{version} was not looked at", version=str(version))
        if seen.unfinished is not None:
            return seen.unfinished
    return None


def once() -> Unobserved:
    """Give why nothing more is known of a third party's server."""
    return cannot_tell(
        Reason.OUT_OF_SCOPE,
        "第三者のサーバのため接続を一度しか行わず、ほかに何を受け付けるかは分からない",
        "a third party's server: one handshake only, nothing is known of what else it would accept",
    )


def offered(tls: TlsSeen, versions: Iterable[Version] = ALL) -> Iterator[tuple[Version, str]]:
    """Give every accepted suite with its version."""
    for version in versions:
        seen = tls.version(version)
        if seen is not None and seen.accepted:
            for suite in seen.suites:
                yield version, suite


def suites(tls: TlsSeen, versions: Iterable[Version] = ALL) -> tuple[Suite, ...]:
    """Give the accepted suites that are registered, each once."""
    found = dict.fromkeys(name for _, name in offered(tls, versions))
    return tuple(suite for name in found if (suite := suite_of(name)) is not None)


def suite_of(name: str) -> Suite | None:
    """Give what a suite's name stands for, SSL 2.0's kinds among them; ``None`` for a number that is not registered."""
    return suite_by_name(name) or _SSL2_NAMES.get(name)


def unknown_suite(tls: TlsSeen) -> Unobserved | None:
    """Give why not all accepted suites can be judged, where one of them has no registered name."""
    odd = next((name for _, name in offered(tls) if suite_of(name) is None), None)
    if odd is None:
        return None
    return cannot_tell(
        Reason.UNSUPPORTED,
        "受け付ける暗号スイート {suite} は登録されたものでない",
        "the accepted suite {suite} is not a registered one",
        suite=odd,
    )


def signs(suite: Suite) -> bool:
    """Tell whether a server signs the exchange of keys with its certificate in this suite of TLS 1.2 or older."""
    return suite.forward_secret and suite.auth in {"RSA", "ECDSA", "DSA"}


def features(tls: TlsSeen) -> Features | Unobserved:
    """Give the features, or why none were asked for."""
    return once() if tls.only_once and isinstance(tls.features, Features) and tls.features == Features() else tls.features


def leaves(tls: TlsSeen) -> tuple[CertificateSeen, ...] | Unobserved:
    """Give the server's own certificates, each once; or why they were not seen."""
    if isinstance(tls.chains, Unobserved):
        return tls.chains
    return tuple({chain.certificates[0].sha256: chain.certificates[0] for chain in tls.chains if chain.certificates}.values())
