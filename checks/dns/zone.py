"""Checks of the zone's own settings: its timers, and the domain name as such."""

from __future__ import annotations

from typing import Annotated, Literal

from checks.common import value_not_set
from checks.dns.common import NAME_ABSENT, serving, unserved
from scanner.facts.dns import Delegation, DomainName, ZoneServers
from scanner.facts.ledger import DeclaredDomain
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

DNS_NAME_SUFFIXES = Value[tuple[str, ...]](
    "dns.name.suffixes",
    default=(),
    text=Text(
        ja="組織の公式なドメイン名の末尾（go.jp、lg.jp、ac.jp 等）",
        en="suffixes of the organisation's official domain names (go.jp, lg.jp …)",
    ),
)

DNS_SOA_LEAST_EXPIRE = Value(
    "dns.soa.least-expire",
    default=604800,
    text=Text(ja="SOA の expire の下限", en="least SOA expire"),
    unit="s",
    least=0,
    most=2147483647,
)


@check(
    "dns.soa.expire",
    severity=Severity.LOW,
    title=Text(
        ja="プライマリの停止中もセカンダリがゾーンを保つ（SOA expire）", en="Secondaries outlive an outage of the primary (SOA expire)"
    ),
    why=Text(
        ja="expire が短いと、プライマリが数日止まっただけでセカンダリもゾーンを失効させ、ドメインの名前が引けなくなる。",
        en="With a short expire a few days without the primary make the secondaries drop the zone, and the domain vanishes.",
    ),
    remedy=Text(
        ja="SOA の expire を {least} 秒以上、かつ refresh と retry の和より長くする（例「3600 900 1209600 300」）。",
        en='Set SOA expire to {least} s or more, and above refresh plus retry (for example "3600 900 1209600 300").',
    ),
    says={
        **NAME_ABSENT,
        "EXPIRE_LONG": Text(ja="expire は {expire} 秒", en="expire is {expire} s"),
        "EXPIRE_SHORT": Text(ja="expire が {expire} 秒で、{least} 秒に満たない", en="expire is {expire} s, below {least} s"),
        "EXPIRE_BELOW_REFRESH": Text(
            ja="expire（{expire} 秒）が refresh と retry の和（{refresh} 秒）以下",
            en="expire ({expire} s) does not exceed refresh plus retry ({refresh} s)",
        ),
    },
)
def soa_expire(zone: ZoneServers, *, least: Annotated[int, DNS_SOA_LEAST_EXPIRE] = DNS_SOA_LEAST_EXPIRE.default) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    timers = [v.answer.soa for v in serving(zone) if not isinstance(v.answer, Unobserved) and v.answer.soa]
    if not timers:
        return unserved(zone)
    soa = min(timers, key=lambda t: t.expire)
    if soa.expire <= soa.refresh + soa.retry:
        return failed("EXPIRE_BELOW_REFRESH", expire=soa.expire, refresh=soa.refresh + soa.retry)
    if soa.expire < least:
        return failed("EXPIRE_SHORT", expire=soa.expire, least=least)
    return passed("EXPIRE_LONG", expire=soa.expire)


@check(
    "dns.name.exists",
    severity=Severity.HIGH,
    title=Text(ja="台帳のドメイン名が DNS に存在する", en="The domain of the ledger exists in the DNS"),
    why=Text(
        ja="存在しない名前は、台帳の誤りか、登録の失効を示す。失効した名前は第三者が取得でき、利用者を欺くために使われる。",
        en="A name that does not exist is a mistake in the ledger or a lapsed registration, which anybody may take and abuse.",
    ),
    remedy=Text(
        ja="綴りを確かめる。廃止した名前は台帳から外し、失効していれば登録の回復をレジストラに依頼する。",
        en="Check the spelling; take a retired name out of the ledger, or have a lapsed registration restored by the registrar.",
    ),
    says={
        "NAME_FOUND": Text(ja="ゾーン {zone} にある", en="it stands in the zone {zone}"),
        "NAME_MISSING": Text(ja="DNS に存在しない（{zone} のサーバが否定）", en="it does not exist (denied by the servers of {zone})"),
    },
)
def name_exists(tree: Delegation) -> Judgement:
    return passed("NAME_FOUND", zone=tree.zone) if tree.exists else failed("NAME_MISSING", zone=tree.zone)


@check(
    "dns.name.suffix",
    severity=Severity.MEDIUM,
    title=Text(ja="組織の公式なドメイン名を使っている", en="An official domain name of the organisation is used"),
    why=Text(
        ja=(
            "go.jp・lg.jp・ac.jp 等は登録者が限られ、利用者が本物の組織と確かめられる。誰でも取得できる名前では偽サイトと見分けがつかない。"
        ),
        en="Names under go.jp, lg.jp, ac.jp and the like are given to such bodies only, so users can tell them from forgeries.",
    ),
    remedy=Text(
        ja="ウェブとメールを {suffixes} の下の名前へ移す。使えないときは理由を台帳の domain_exception に記録し、承認を得る。",
        en="Move web and mail to a name under {suffixes}; where that is impossible record the reason as domain_exception in the ledger.",
    ),
    says={
        "SUFFIX_OFFICIAL": Text(ja="{name} は公式なドメイン名（{suffix}）", en="{name} is an official name ({suffix})"),
        "SUFFIX_OTHER": Text(ja="{name} は公式なドメイン名（{suffixes}）でない", en="{name} is not under an official suffix ({suffixes})"),
        "SUFFIX_EXCEPTION": Text(
            ja="{name} には例外の理由が記録されている：{exception}", en="{name} has a recorded exception: {exception}"
        ),
        "SUFFIX_UNUSED": Text(ja="{name} は外部向けに使われていない", en="{name} is not used towards the public"),
    },
)
def name_suffix(
    name: DomainName,
    declared: DeclaredDomain,
    *,
    suffixes: Annotated[tuple[str, ...], DNS_NAME_SUFFIXES] = DNS_NAME_SUFFIXES.default,
    use: Literal["any", "site", "mail"] = "any",
) -> Judgement:
    official = [_plain(s) for s in suffixes]
    if not official:
        return value_not_set(DNS_NAME_SUFFIXES)
    for suffix in official:
        if name.name == suffix or name.name.endswith("." + suffix):
            return passed("SUFFIX_OFFICIAL", name=name.name, suffix=suffix)
    if declared.domain_exception:
        return not_applicable("SUFFIX_EXCEPTION", name=name.name, exception=declared.domain_exception)
    uses = {"site": (declared.public_site,), "mail": (declared.sends_mail,), "any": (declared.public_site, declared.sends_mail)}[use]
    if any(uses):
        return failed("SUFFIX_OTHER", name=name.name, suffixes=tuple(official))
    if all(u is False for u in uses):
        return not_applicable("SUFFIX_UNUSED", name=name.name)
    ja, en = "{name} を公衆に向けて使うかどうかが台帳にない", "the ledger does not say whether {name} is used towards the public"
    return cannot_tell(Reason.NOT_DECLARED, ja, en, name=name.name)


def _plain(suffix: str) -> str:
    return suffix.strip().lower().strip(".")
