"""Checks of the addresses of one service against each other. What each address shows by itself is judged elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import Final

from checks.common import listed
from checks.tls.seen import ALL, leaves, unsearched
from scanner.facts.tls import TlsSeen, TlsSurvey, Version
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed


def _versions(tls: TlsSeen) -> Hashable | Unobserved:
    return unsearched(tls, (Version.SSL2, *ALL)) or frozenset(seen.version for seen in tls.versions if seen.accepted)


def _suites(tls: TlsSeen) -> Hashable | Unobserved:
    accepted = frozenset((seen.version, frozenset(seen.suites)) for seen in tls.versions if seen.accepted)
    return unsearched(tls, (Version.SSL2, *ALL)) or accepted


def _certificates(tls: TlsSeen) -> Hashable | Unobserved:
    found = leaves(tls)
    return found if isinstance(found, Unobserved) else frozenset(leaf.sha256 for leaf in found)


_COMPARED: Final[Mapping[str, Callable[[TlsSeen], Hashable | Unobserved]]] = MappingProxyType(
    {"upgrade": lambda tls: tls.upgrade, "versions": _versions, "suites": _suites, "certificates": _certificates}
)
"""What is compared, by the word that the sentence shows."""


@check(
    "tls.addresses.agree",
    severity=Severity.LOW,
    title=Text(ja="すべてのアドレスの TLS の設定が同じである", en="All addresses of the service have the same TLS set-up"),
    why=Text(
        ja="一部のアドレスだけ設定や証明書の更新が漏れると、どのアドレスにつながるかで安全性が変わり、障害にも気付きにくい。",
        en="Where an address missed a change of settings or certificate, safety depends on which one answers, and faults are hard to find.",
    ),
    remedy=Text(
        ja=(
            "異なるアドレスのサーバに同じ設定と証明書を配り、一台ずつ点検し直す（例「tenken scan "
            "www.example.lg.jp=203.0.113.10:443/https」）。"
        ),
        en=(
            'Give the servers the same settings and certificate and look at each again ("tenken scan '
            'www.example.lg.jp=203.0.113.10:443/https").'
        ),
    ),
    says={
        "ADDRESSES_SAME": Text(ja="{count} 件のアドレスの設定が同じである", en="{count} addresses are set up alike"),
        "ADDRESSES_DIFFER": Text(
            ja=(
                "アドレスによって異なる：{parts}（upgrade：TLS への入り方、versions：バージョン、suites：暗号スイート、certificates："
                "証明書）"
            ),
            en="addresses differ in: {parts} (upgrade is the way into TLS)",
        ),
        "ADDRESSES_ONE": Text(ja="アドレスは一つである", en="there is one address only"),
    },
)
def addresses_agree(survey: TlsSurvey) -> Judgement:
    if len(survey.addresses) + survey.left_out < 2:
        return not_applicable("ADDRESSES_ONE")
    shown = [seen.tls for seen in survey.addresses if not isinstance(seen.tls, Unobserved)]
    missing: list[Unobserved] = [seen.tls for seen in survey.addresses if isinstance(seen.tls, Unobserved)]
    differing = []
    for word, part in _COMPARED.items():
        values = [part(tls) for tls in shown]
        missing += [value for value in values if isinstance(value, Unobserved)]
        if len({value for value in values if not isinstance(value, Unobserved)}) > 1:
            differing.append(word)
    if differing:
        return failed("ADDRESSES_DIFFER", parts=listed(differing))
    if survey.left_out:
        ja, en = "ほかのアドレス {count} 件を見ていない", "{count} further addresses were not looked at"
        missing.append(cannot_tell(Reason.BUDGET_SPENT, ja, en, count=survey.left_out))
    return missing[0] if missing else passed("ADDRESSES_SAME", count=len(shown))
