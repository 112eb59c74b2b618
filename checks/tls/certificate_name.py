"""Checks of who a certificate speaks for: the name of the service, and the same certificate at each of its addresses."""

from __future__ import annotations

from checks.common import listed
from checks.tls.certificates import NO_CERTIFICATE, OPPORTUNISTIC, each_chain, label, opportunistic, own_chains
from checks.tls.each import Judged, for_each_address
from checks.tls.seen import without_tls
from scanner.facts.tls import AddressSeen, ChainSeen, TlsSeen, TlsSurvey
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.x509.names import names_server


@check(
    "tls.certificate.name",
    severity=Severity.HIGH,
    title=Text(ja="サーバの名前と一致する証明書", en="A certificate with the server's name"),
    why=Text(
        ja="名前が一致しない証明書では、利用者は目的のサーバに接続したことを確かめられない（RFC 9525）。CN は照合に使われない。",
        en="Unless the certificate has its name, nobody can tell it is the server asked for (RFC 9525); the common name never counts.",
    ),
    remedy=Text(
        ja="利用者が使うすべての名前を subjectAltName の dNSName に含む証明書の発行を受け、その名前の仮想サーバに設定する。",
        en="Get a certificate with every name in use among its subjectAltName dNSNames, and configure it for the virtual server.",
    ),
    says={
        "NAME_MATCHES": Text(ja="証明書の名前と一致する：{name}", en="the certificate names {name}"),
        "NAME_DIFFERS": Text(
            ja="{name} の名前が証明書にない（{address}）。証明書の名前：{names}",
            en="{name} is not among the names of the certificate ({address}), which are {names}",
        ),
        "NAME_COMMON_ONLY": Text(
            ja="{name} の名前が CN にしかなく、利用者は照合しない（{address}）",
            en="{name} stands in the common name only, where clients do not look ({address})",
        ),
        "NAME_NONE": Text(
            ja="証明書に subjectAltName の名前が一つもない（{address}）：{certificate}",
            en="the certificate has no subjectAltName at all ({address}): {certificate}",
        ),
        "NAME_OPPORTUNISTIC": OPPORTUNISTIC,
        **NO_CERTIFICATE,
    },
)
def name(survey: TlsSurvey) -> Judgement:
    def at_one(tls: TlsSeen, seen: AddressSeen) -> Judged:
        host = survey.name or seen.address
        alone = TlsSurvey(survey.name, survey.port, survey.protocol, survey.at, (AddressSeen(seen.address, tls),))
        return each_chain(alone, lambda chain: _named(survey, host, chain))

    return for_each_address(survey, at_one)


def _named(survey: TlsSurvey, host: str, chain: ChainSeen) -> Judged:
    own = chain.certificates[0]
    if names_server(host, own.dns_names, own.ip_names):
        return passed("NAME_MATCHES", name=host)
    if not survey.name:
        return cannot_tell(
            Reason.NOT_DECLARED,
            "アドレスだけで指定されたため、利用者がどの名前で接続するか分からない。証明書の名前：{names}",
            "the service was given by its address, so the name that users go by is unknown; the certificate has {names}",
            names=listed(own.dns_names) or ("-",),
        )
    if opportunistic(survey):
        return not_applicable("NAME_OPPORTUNISTIC", seen=f"{host} / {', '.join(listed(own.dns_names)) or '-'}")
    if not own.dns_names and not own.ip_names:
        if names_server(host, own.common_names, ()):
            return failed("NAME_COMMON_ONLY", name=host)
        return failed("NAME_NONE", certificate=label(own))
    return failed("NAME_DIFFERS", name=host, names=listed((*own.dns_names, *own.ip_names)))


@check(
    "tls.certificate.alike",
    severity=Severity.INFO,
    title=Text(ja="すべてのアドレスで同じ証明書", en="The same certificate at every address"),
    why=Text(
        ja="アドレスによって証明書が違うと、更新の漏れたサーバが残っている可能性があり、接続先によって障害の出方が変わる。",
        en="Where addresses differ, one of them may have missed a renewal, and users see different faults depending on where they connect.",
    ),
    remedy=Text(
        ja="意図したものでなければ、すべてのサーバに最新の証明書を配置し、再読込みする。",
        en="Unless it is meant, put the newest certificate on every server and reload them.",
    ),
    says={
        "ALIKE": Text(ja="すべてのアドレスが同じ証明書を示す", en="every address shows the same certificate"),
        "ALIKE_NOT": Text(ja="アドレスによって証明書が違う：{certificates}", en="addresses show different certificates: {certificates}"),
        "ALIKE_SINGLE": Text(ja="証明書を示すアドレスは一つである", en="only one address shows a certificate"),
    },
)
def alike(survey: TlsSurvey) -> Judgement:
    shown: dict[str, frozenset[str]] = {}
    missing: Unobserved | None = None
    for seen in survey.addresses:
        chains = seen.tls if isinstance(seen.tls, Unobserved) else own_chains(survey, seen.tls)
        if isinstance(chains, Unobserved):
            missing = missing or chains
        elif chains and not (isinstance(seen.tls, TlsSeen) and without_tls(seen.tls)):
            shown[seen.address] = frozenset(chain.certificates[0].sha256 for chain in chains)
    if len(set(shown.values())) > 1:
        return failed("ALIKE_NOT", certificates=listed(f"{address}: {', '.join(_short(all_))}" for address, all_ in shown.items()))
    if missing is None and survey.left_out:
        ja, en = "ほかのアドレス {count} 件を見ていない", "{count} further addresses were not looked at"
        missing = cannot_tell(Reason.BUDGET_SPENT, ja, en, count=survey.left_out)
    if missing is not None:
        return missing
    return passed("ALIKE") if len(shown) > 1 else not_applicable("ALIKE_SINGLE")


def _short(hashes: frozenset[str]) -> list[str]:
    return sorted(one[:16] for one in hashes)
