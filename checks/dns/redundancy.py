"""Checks that a zone survives the loss of a server or of a network."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Annotated

from checks.common import listed
from checks.dns.common import NAME_ABSENT, serving, silent_names, unlooked
from scanner.facts.dns import ZoneServers
from scanner.model.check import Judgement, Value, check
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

DNS_LEAST_NETWORKS = Value(
    "dns.redundancy.least-networks",
    default=2,
    text=Text(ja="権威サーバを分けて置くネットワークの数", en="networks among which the name servers are spread"),
    least=1,
    most=13,
)

DNS_LEAST_SERVERS = Value(
    "dns.redundancy.least-servers",
    default=2,
    text=Text(ja="権威サーバの台数", en="number of authoritative servers"),
    least=1,
    most=13,
)


LONGEST_V4 = 32
LONGEST_V6 = 128


@check(
    "dns.redundancy.servers",
    severity=Severity.HIGH,
    title=Text(ja="複数の権威サーバがゾーンに応答する", en="Several authoritative servers answer for the zone"),
    why=Text(
        ja="権威サーバが 1 台だけでは、その停止でドメインのウェブもメールも使えなくなる。",
        en="With a single authoritative server its failure takes the domain's web sites and mail with it.",
    ),
    remedy=Text(
        ja=(
            "別の機器にセカンダリサーバを設け（NSD の例「zone: name: example.lg.jp / request-xfr: 203.0.113.1 KEY」）、"
            "「example.lg.jp. IN NS ns2.example.jp.」をゾーンと上位の登録（レジストラ）の両方に加えて {least} 台以上とする。"
        ),
        en=(
            'Set up a secondary server elsewhere (NSD: "zone: name: example.lg.jp / request-xfr: 203.0.113.1 KEY") and add '
            '"example.lg.jp. IN NS ns2.example.jp." both to the zone and at the registrar, so that there are {least} or more.'
        ),
    ),
    says={
        **NAME_ABSENT,
        "SERVERS_ENOUGH": Text(ja="{count} 台の権威サーバが応答した：{servers}", en="{count} authoritative servers answered: {servers}"),
        "SERVERS_FEW": Text(
            ja="権威サーバが {count} 台しか登録されていない（{least} 台以上が必要）：{servers}",
            en="name servers registered: {count} ({least} are needed): {servers}",
        ),
        "SERVERS_NOT_SERVING": Text(
            ja="ゾーンに応答する権威サーバが {count} 台しかない（{least} 台以上が必要）。応答しないもの：{others}",
            en="name servers that serve the zone: {count} ({least} are needed); the others do not: {others}",
        ),
    },
)
def redundancy_servers(zone: ZoneServers, *, least: Annotated[int, DNS_LEAST_SERVERS] = DNS_LEAST_SERVERS.default) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    names = sorted({v.name for v in zone.views} | {s.name for s in zone.unresolved})
    if len(names) < least:
        return failed("SERVERS_FEW", count=len(names), least=least, servers=listed(names))
    answering = sorted({v.name for v in serving(zone)})
    if len(answering) >= least:
        return passed("SERVERS_ENOUGH", count=len(answering), servers=listed(answering))
    silent = silent_names(zone)
    if len(answering) + len(silent) < least:
        others = [n for n in names if n not in answering]
        return failed("SERVERS_NOT_SERVING", count=len(answering), least=least, others=listed(others))
    return next(iter(silent.values()))


@check(
    "dns.redundancy.addresses",
    severity=Severity.MEDIUM,
    title=Text(ja="権威サーバが別々のアドレスにある", en="The name servers have different addresses"),
    why=Text(
        ja="名前が複数あっても同じアドレスを指すなら実体は 1 台であり、冗長になっていない。",
        en="Several names for one address are one server: nothing is gained when it fails.",
    ),
    remedy=Text(
        ja="NS に挙げたホストの A/AAAA レコードを、それぞれ別の機器のアドレスにする。",
        en="Give each host named in the NS set the A and AAAA records of a machine of its own.",
    ),
    says={
        **NAME_ABSENT,
        "ADDRESSES_APART": Text(ja="権威サーバのアドレス：{addresses}", en="addresses of the name servers: {addresses}"),
        "ADDRESSES_ONE": Text(
            ja="すべての権威サーバが、IPv4・IPv6 のそれぞれで同じアドレスにある：{addresses}",
            en="all name servers stand at the same address of each family: {addresses}",
        ),
        "ADDRESSES_NONE": Text(ja="アドレスを持つ権威サーバがない：{servers}", en="no name server has an address: {servers}"),
    },
)
def redundancy_addresses(zone: ZoneServers) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    addresses = list(dict.fromkeys(v.address for v in zone.views))
    if _most_in_a_family(addresses) > 1:
        return passed("ADDRESSES_APART", addresses=listed(addresses))
    # A server that nobody could find may have the second address.
    if (missing := unlooked(zone)) is not None:
        return missing
    if not addresses:
        return failed("ADDRESSES_NONE", servers=listed(s.name for s in zone.unresolved))
    return failed("ADDRESSES_ONE", addresses=listed(addresses))


@check(
    "dns.redundancy.networks",
    severity=Severity.MEDIUM,
    title=Text(ja="権威サーバが別々のネットワークにある", en="The name servers stand in different networks"),
    why=Text(
        ja="すべての権威サーバが同じネットワークにあると、回線や経路の障害、DoS 攻撃で同時に使えなくなる（RFC 2182）。",
        en="Name servers in one network go down together when its line or route fails or is flooded (RFC 2182).",
    ),
    remedy=Text(
        ja="少なくとも 1 台を別の回線・別の事業者（例：DNS ホスティング）に置き、{least} 以上のネットワークに分ける。",
        en="Place at least one server with another line or provider (a DNS hosting service, say), so that {least} networks are used.",
    ),
    says={
        **NAME_ABSENT,
        "NETWORKS_APART": Text(ja="権威サーバのネットワーク：{networks}", en="networks of the name servers: {networks}"),
        "NETWORKS_FEW": Text(
            ja="権威サーバのネットワークが、IPv4・IPv6 のどちらでも {count} を超えない（{least} 以上が必要）：{networks}",
            en="networks of the name servers, within one address family: {count} ({least} are needed): {networks}",
        ),
        "NETWORKS_NONE": Text(ja="アドレスを持つ権威サーバがない：{servers}", en="no name server has an address: {servers}"),
    },
)
def redundancy_networks(
    zone: ZoneServers,
    *,
    least: Annotated[int, DNS_LEAST_NETWORKS] = DNS_LEAST_NETWORKS.default,
    v4_prefix: int = 24,
    v6_prefix: int = 48,
) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    networks = list(dict.fromkeys(_network(v.address, v4_prefix, v6_prefix) for v in zone.views))
    count = _most_in_a_family(networks)
    if count >= least:
        return passed("NETWORKS_APART", networks=listed(networks))
    if (missing := unlooked(zone)) is not None:
        return missing
    if not networks:
        return failed("NETWORKS_NONE", servers=listed(s.name for s in zone.unresolved))
    return failed("NETWORKS_FEW", count=count, least=least, networks=listed(networks))


def _network(address: str, v4_prefix: int, v6_prefix: int) -> str:
    length = min(v6_prefix, LONGEST_V6) if ":" in address else min(v4_prefix, LONGEST_V4)
    return str(ip_network(f"{address}/{max(length, 0)}", strict=False))


def _most_in_a_family(items: Iterable[str]) -> int:
    """Count within one address family: who speaks IPv4 only is not helped by a second server on IPv6."""
    found = list(items)
    v6 = sum(":" in item for item in found)
    return max(v6, len(found) - v6)
