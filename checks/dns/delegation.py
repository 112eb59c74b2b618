"""Checks of the delegation: parent and zone name the same servers, glue is right, every server named serves the zone."""

from __future__ import annotations

from checks.common import first_missing, listed
from checks.dns.common import NAME_ABSENT, unlooked, unserved, who
from scanner.facts.dns import Delegation, ParentView, PublicRecords, ServerView, SoaAnswer, ZoneServers
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_SHARED = Text(
    ja="上位ゾーンのサーバがこのゾーンも持つため、委任の内容は外から見えない",
    en="the servers of the parent serve this zone too, so the delegation cannot be seen from outside",
)
_UNDELEGATED = Text(ja="上位ゾーン {parent} に委任がない", en="the parent zone {parent} has no delegation")


@check(
    "dns.delegation.agreement",
    severity=Severity.MEDIUM,
    title=Text(ja="上位ゾーンの委任とゾーン自身の NS が一致する", en="The delegation at the parent names the servers that the zone names"),
    why=Text(
        ja="食い違うと、使われないサーバや古いサーバへ問合せが向かい、名前解決が不安定になる。残った古い委任先は乗っ取りの足がかりになる。",
        en=(
            "Where they differ questions go to servers that are old or unused: resolution becomes flaky, and a forgotten server can be "
            "taken over."
        ),
    ),
    remedy=Text(
        ja="正しい NS の一覧を決め、ゾーンの「@ IN NS ns1.example.jp.」等とレジストラの登録（ネームサーバ設定）の両方を一致させる。",
        en='Decide on the right list and put it both into the zone ("@ IN NS ns1.example.jp." and so on) and at the registrar.',
    ),
    says={
        **NAME_ABSENT,
        "AGREEMENT_SAME": Text(ja="上位ゾーンとゾーン自身の NS が一致：{servers}", en="parent and zone agree: {servers}"),
        "AGREEMENT_SHARED": _SHARED,
        "AGREEMENT_UNDELEGATED": _UNDELEGATED,
        "AGREEMENT_PARENT_MORE": Text(ja="上位ゾーンだけにある NS：{parent_only}", en="only the parent names {parent_only}"),
        "AGREEMENT_ZONE_MORE": Text(ja="ゾーンだけにある NS：{zone_only}", en="only the zone names {zone_only}"),
        "AGREEMENT_DIFFERS": Text(
            ja="上位ゾーンだけにある NS：{parent_only}／ゾーンだけにある NS：{zone_only}",
            en="only the parent names {parent_only}; only the zone names {zone_only}",
        ),
    },
)
def delegation_agreement(tree: Delegation, zone: ZoneServers) -> Judgement:
    if not tree.exists:
        return not_applicable("NAME_ABSENT")
    if isinstance(tree.parents, Unobserved):
        return tree.parents
    if not tree.parents:
        return not_applicable("AGREEMENT_SHARED")
    if any(not view.names for view in tree.parents):
        return failed("AGREEMENT_UNDELEGATED", parent=tree.parent)
    held = [set(c.names) for c in zone.contents if isinstance(c.names, tuple) and c.names]
    if not held and isinstance(tree.own, tuple) and tree.own:
        held = [set(tree.own)]
    if not held:
        return first_missing(c.names for c in zone.contents) or unserved(zone)
    at_parent = [set(view.names) for view in tree.parents]
    parent_only = sorted({n for p in at_parent for n in p if any(n not in z for z in held)})
    zone_only = sorted({n for z in held for n in z if any(n not in p for p in at_parent)})
    if parent_only and zone_only:
        return failed("AGREEMENT_DIFFERS", parent_only=listed(parent_only), zone_only=listed(zone_only))
    if parent_only:
        return failed("AGREEMENT_PARENT_MORE", parent_only=listed(parent_only))
    if zone_only:
        return failed("AGREEMENT_ZONE_MORE", zone_only=listed(zone_only))
    return passed("AGREEMENT_SAME", servers=listed(sorted(at_parent[0])))


@check(
    "dns.delegation.glue",
    severity=Severity.MEDIUM,
    title=Text(ja="委任のグルーレコードが正しい", en="The glue of the delegation is right"),
    why=Text(
        ja="ゾーン内の名前を持つ権威サーバへはグルーがなければ到達できず、古いグルーは別の機器へ問合せを導く。",
        en="A name server inside its own zone is reached by glue only, and stale glue leads questions to another machine.",
    ),
    remedy=Text(
        ja="レジストラの「ホスト情報」で ns1.example.jp の IPv4・IPv6 アドレスを、ゾーンの A/AAAA レコードと同じ値にする。",
        en="At the registrar set the host object of ns1.example.jp to the addresses of its A and AAAA records.",
    ),
    says={
        **NAME_ABSENT,
        "GLUE_RIGHT": Text(ja="グルーが A/AAAA レコードと一致：{servers}", en="the glue equals the address records: {servers}"),
        "GLUE_NOT_NEEDED": Text(
            ja="ゾーン内の名前を持つ権威サーバがなく、グルーは不要", en="no name server lies in the zone, so no glue is needed"
        ),
        "GLUE_SHARED": _SHARED,
        "GLUE_MISSING": Text(ja="グルーのない権威サーバ：{servers}", en="name servers without glue: {servers}"),
        "GLUE_DIFFERS": Text(ja="グルーが A/AAAA レコードと異なる：{servers}", en="the glue differs from the address records: {servers}"),
        "GLUE_INCOMPLETE": Text(ja="グルーに足りないアドレスがある：{servers}", en="addresses are missing from the glue: {servers}"),
    },
)
def delegation_glue(tree: Delegation) -> Judgement:
    if not tree.exists:
        return not_applicable("NAME_ABSENT")
    if isinstance(tree.parents, Unobserved):
        return tree.parents
    if not tree.parents:
        return not_applicable("GLUE_SHARED")
    needed = sorted({n for view in tree.parents for n in view.names if n == tree.zone or n.endswith("." + tree.zone)})
    if not needed:
        return not_applicable("GLUE_NOT_NEEDED")
    known: dict[str, tuple[str, ...]] = {}
    gaps: dict[str, Unobserved] = {}
    for server in tree.servers:
        own = server.addresses if server.own is None else server.own
        if isinstance(own, Unobserved):
            gaps[server.name] = own
        else:
            known[server.name] = own
    missing: list[str] = []
    different: list[str] = []
    incomplete: list[str] = []
    for name in needed:
        addresses = set(known.get(name, ()))
        for view in tree.parents:
            glue = _glue(view, name)
            if not glue:
                missing.append(name)
            elif name not in gaps and glue - addresses:
                different.append(f"{name}: {' '.join(sorted(glue))} ≠ {' '.join(sorted(addresses)) or '-'}")
            elif addresses - glue:
                incomplete.append(f"{name}: {' '.join(sorted(addresses - glue))}")
    if missing:
        return failed("GLUE_MISSING", servers=listed(missing))
    if different:
        return failed("GLUE_DIFFERS", servers=listed(different))
    if incomplete:
        return failed("GLUE_INCOMPLETE", servers=listed(incomplete))
    return first_missing(gaps.get(n) for n in needed) or passed("GLUE_RIGHT", servers=listed(needed))


def _glue(view: ParentView, name: str) -> set[str]:
    return {g.address for g in view.glue if g.name == name}


@check(
    "dns.delegation.lame",
    severity=Severity.HIGH,
    title=Text(ja="委任先のサーバがすべて、ゾーンの権威サーバとして応答する", en="Every server named for the zone answers for it"),
    why=Text(
        ja="ゾーンを持たないサーバへの委任（lame delegation）は名前解決を遅く不安定にし、放置されたサーバ名は第三者に取得され得る。",
        en=(
            "A delegation to a server that does not know the zone (lame) makes resolution slow and flaky, and a forgotten server name can"
            " be taken."
        ),
    ),
    remedy=Text(
        ja=(
            "該当サーバにゾーンを設定する（BIND の例「zone example.lg.jp {{ type secondary; primaries {{ 203.0.113.1; }}; }};」）か、"
            "使わないサーバをゾーンとレジストラの NS から外す。"
        ),
        en=(
            'Configure the zone on that server (BIND: "zone example.lg.jp {{ type secondary; primaries {{ 203.0.113.1; }}; }};") or take '
            "an unused server out of the NS set of the zone and of the registrar."
        ),
    ),
    says={
        **NAME_ABSENT,
        "LAME_NONE": Text(ja="{count} 個のアドレスすべてが権威サーバとして応答した", en="all {count} addresses answered with authority"),
        "LAME_FOUND": Text(ja="ゾーンを持たないサーバ：{servers}", en="servers that do not know the zone: {servers}"),
        "LAME_UNRESOLVABLE": Text(ja="アドレスのない権威サーバ名：{names}", en="name server names without an address: {names}"),
        "LAME_BOTH": Text(
            ja="ゾーンを持たないサーバ：{servers}／アドレスのない権威サーバ名：{names}",
            en="servers that do not know the zone: {servers}; name server names without an address: {names}",
        ),
    },
)
def delegation_lame(zone: ZoneServers) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    lame = [f"{who(v.name, v.address)} {_answer(v.answer)}" for v in zone.views if isinstance(v.answer, SoaAnswer) and not v.answer.serves]
    nowhere = [s.name for s in zone.unresolved if s.addresses == ()]
    if lame and nowhere:
        return failed("LAME_BOTH", servers=listed(lame), names=listed(nowhere))
    if lame:
        return failed("LAME_FOUND", servers=listed(lame))
    if nowhere:
        return failed("LAME_UNRESOLVABLE", names=listed(nowhere))
    if not zone.views:
        return unserved(zone)
    # A server that says nothing is not proven to be lame.
    return unlooked(zone) or _silent(zone) or passed("LAME_NONE", count=len(zone.views))


def _answer(answer: SoaAnswer) -> str:
    if answer.rcode != "NOERROR":
        return answer.rcode
    return "AA=0" if not answer.authoritative else "SOA=0"


def _silent(zone: ZoneServers) -> Unobserved | None:
    silent: list[ServerView] = [v for v in zone.views if isinstance(v.answer, Unobserved)]
    return first_missing(v.answer for v in silent)


@check(
    "dns.delegation.alias",
    severity=Severity.LOW,
    title=Text(ja="NS が別名（CNAME）でないホスト名を指す", en="NS records name hosts, not aliases (CNAME)"),
    why=Text(
        ja="NS の指す名前が CNAME だと、多くのキャッシュサーバはその権威サーバを使わず、冗長性が見かけだけになる（RFC 2181 10.3）。",
        en=(
            "Many resolvers do not use a name server whose name is a CNAME, so that the redundancy is on paper only (RFC 2181 section "
            "10.3)."
        ),
    ),
    remedy=Text(
        ja="NS には A/AAAA レコードを持つ名前を書く（例「example.lg.jp. IN NS ns1.example.jp.」「ns1.example.jp. IN A 203.0.113.53」）。",
        en='Name hosts with address records: "example.lg.jp. IN NS ns1.example.jp.", "ns1.example.jp. IN A 203.0.113.53".',
    ),
    says={
        **NAME_ABSENT,
        "NS_HOSTS": Text(ja="{count} 個の NS はすべてホスト名", en="all {count} NS records name hosts"),
        "NS_ALIASES": Text(ja="別名を指す NS：{names}", en="NS records that name aliases: {names}"),
        "NS_UNKNOWN": Text(ja="NS が見当たらない", en="there is no NS record"),
    },
)
def delegation_alias(records: PublicRecords) -> Judgement:
    if not records.exists:
        return not_applicable("NAME_ABSENT")
    servers = [t for t in records.targets if t.type == "NS"]
    if aliases := [f"{t.target} → {t.alias}" for t in servers if t.alias]:
        return failed("NS_ALIASES", names=listed(aliases))
    missing = first_missing(t.state for t in servers)
    if missing is not None:
        return missing
    return passed("NS_HOSTS", count=len(servers)) if servers else not_applicable("NS_UNKNOWN")
