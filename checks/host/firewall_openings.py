"""Checks of what the packet filter lets in: management ports, approved openings, wide ranges."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Final

from checks.common import listed, value_not_set
from checks.host.firewall import FIREWALL_TRUSTED_INTERFACES, inbound, let_through, unclear
from scanner.facts.firewall import Filter, Firewall, Opening
from scanner.facts.ipv6 import Ipv6Native
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

FIREWALL_MANAGEMENT_NETWORKS = Value[tuple[str, ...]](
    "firewall.management-networks",
    default=(),
    text=Text(
        ja="管理用の接続を認めるネットワーク（CIDR。空であれば、限られていることだけを求める）",
        en="networks from which machines are managed, in CIDR (empty: it is only asked that there is a limit)",
    ),
)

FIREWALL_MANAGEMENT_PORTS = Value[tuple[str, ...]](
    "firewall.management-ports",
    default=("22", "23", "3389", "5900", "5985", "5986", "9090", "10000"),
    text=Text(ja="管理用の接続に使う TCP ポート", en="TCP ports on which machines are managed"),
)

FIREWALL_OPEN_PORTS = Value[tuple[str, ...]](
    "firewall.open-ports",
    default=(),
    text=Text(
        ja="全ての接続元に開くことを認めるポート（tcp/443 の形。範囲は tcp/6000-6010）",
        en="ports that may be open to everybody (as tcp/443, or tcp/6000-6010 for a range)",
    ),
)

MOST_PORTS: Final = 1000
"""Ports of one rule beyond which it is no longer an opening for something but a hole."""


def _port(version: str, opening: Opening) -> str:
    ports = str(opening.first) if opening.first == opening.last else f"{opening.first}-{opening.last}"
    return f"{opening.protocol}/{ports} ({version})"


def _trusted_only(opening: Opening, trusted: tuple[str, ...]) -> bool:
    return bool(opening.interfaces) and set(opening.interfaces) <= set(trusted)


@check(
    "host.firewall.management",
    severity=Severity.HIGH,
    title=Text(ja="管理用のポートに接続できるネットワークが限られている", en="Management ports are open to certain networks only"),
    why=Text(
        ja="管理用の接続をどこからでも受け入れると、総当たりや、管理用ソフトウェアの脆弱性を突く攻撃を受ける。",
        en="Management that anybody can reach is attacked by guessing and through its own vulnerabilities.",
    ),
    remedy=Text(
        ja=(
            "「ip saddr 管理ネットワーク tcp dport 22 accept」のように接続元を限る（ufw allow from 管理ネットワーク to any port 22、"
            "firewalld は rich rule）。Windows では受信の規則の「スコープ」でリモート IP アドレスを限る。"
        ),
        en=(
            "Name the source: ip saddr NETWORK tcp dport 22 accept (ufw allow from NETWORK to any port 22; firewalld: a rich rule). "
            "Windows: limit the remote IP addresses under Scope of the inbound rule."
        ),
    ),
    says={
        "MANAGEMENT_LIMITED": Text(ja="管理用のポートは次の接続元に限られている：{sources}", en="limited to {sources}"),
        "MANAGEMENT_SHUT": Text(ja="管理用のポートは開いていない", en="no management port is open"),
        "MANAGEMENT_OPEN": Text(ja="管理用のポートがどこからでも接続できる：{ports}", en="open to everybody: {ports}"),
        "MANAGEMENT_WIDER": Text(
            ja="管理用と定めたネットワーク以外からも接続できる：{ports}（{sources}）",
            en="open to networks other than those named for management: {ports} ({sources})",
        ),
        "NO_FILTER": Text(ja="規則にない接続を受け入れるため、限られていない（{versions}）", en="nothing is refused over {versions}"),
    },
)
def firewall_management(
    firewall: Firewall,
    ipv6: Ipv6Native | Unobserved,
    *,
    ports: Annotated[tuple[str, ...], FIREWALL_MANAGEMENT_PORTS] = FIREWALL_MANAGEMENT_PORTS.default,
    networks: Annotated[tuple[str, ...], FIREWALL_MANAGEMENT_NETWORKS] = FIREWALL_MANAGEMENT_NETWORKS.default,
    trusted: Annotated[tuple[str, ...], FIREWALL_TRUSTED_INTERFACES] = FIREWALL_TRUSTED_INTERFACES.default,
) -> Judgement:
    filters = inbound(firewall, ipv6)
    seen = [(version, found) for version, found in filters if isinstance(found, Filter)]
    if bare := [version for version, found in seen if let_through(found, trusted)]:
        return failed("NO_FILTER", versions=listed(bare))
    wanted = {int(port) for port in ports if port.isdecimal()}
    met = [
        (version, opening)
        for version, found in seen
        for opening in found.openings
        if opening.protocol == "tcp" and not _trusted_only(opening, trusted) and any(opening.first <= p <= opening.last for p in wanted)
    ]
    if anybody := [_port(version, opening) for version, opening in met if not opening.sources]:
        return failed("MANAGEMENT_OPEN", ports=listed(anybody))
    if networks and (wider := [pair for pair in met if not all(_within(source, networks) for source in pair[1].sources)]):
        sources = listed(source for _, opening in wider for source in opening.sources)
        return failed("MANAGEMENT_WIDER", ports=listed(_port(*pair) for pair in wider), sources=sources)
    if why := next((found for _, found in filters if isinstance(found, Unobserved)), None):
        return why
    if odd := next((found for _, found in seen if found.unclear), None):
        return unclear(odd)
    if not met:
        return passed("MANAGEMENT_SHUT")
    return passed("MANAGEMENT_LIMITED", sources=listed(source for _, opening in met for source in opening.sources))


def _within(source: str, networks: tuple[str, ...]) -> bool:
    """Tell whether a source lies in one of the networks; what is no network (a name, a set) does not."""
    try:
        inner = ipaddress.ip_network(source, strict=False)
    except ValueError:
        return False
    for network in networks:
        try:
            outer = ipaddress.ip_network(network, strict=False)
        except ValueError:
            continue
        if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer):
            return True
        if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer):
            return True
    return False


@check(
    "host.firewall.openings",
    severity=Severity.MEDIUM,
    title=Text(ja="全ての接続元に開いているポートが、認めたものだけである", en="Only approved ports are open to everybody"),
    why=Text(
        ja="使わなくなったサービスのための規則が残ると、次にそのポートで動くものが無防備に公開される。",
        en="A rule that is left behind exposes whatever uses the port next.",
    ),
    remedy=Text(
        ja="不要な accept 規則を除く。必要なポートは方針ファイルの firewall.open-ports に記す。",
        en="Remove accept rules that are not needed; enter ports that are needed under firewall.open-ports in the profile.",
    ),
    says={
        "OPENINGS_APPROVED": Text(ja="開いているポートは全て認めたものである：{ports}", en="all are approved: {ports}"),
        "NOTHING_OPEN": Text(ja="全ての接続元に開いているポートはない", en="nothing is open to everybody"),
        "OPENINGS_OTHER": Text(ja="認めていないポートが開いている：{ports}", en="open without approval: {ports}"),
        "NO_FILTER": Text(
            ja="規則にない接続を受け入れるため、全てのポートが開いている（{versions}）", en="nothing is refused over {versions}"
        ),
    },
)
def firewall_openings(
    firewall: Firewall,
    ipv6: Ipv6Native | Unobserved,
    *,
    approved: Annotated[tuple[str, ...], FIREWALL_OPEN_PORTS] = FIREWALL_OPEN_PORTS.default,
    trusted: Annotated[tuple[str, ...], FIREWALL_TRUSTED_INTERFACES] = FIREWALL_TRUSTED_INTERFACES.default,
) -> Judgement:
    filters = inbound(firewall, ipv6)
    seen = [(version, found) for version, found in filters if isinstance(found, Filter)]
    if bare := [version for version, found in seen if let_through(found, trusted)]:
        return failed("NO_FILTER", versions=listed(bare))
    met = [(v, o) for v, found in seen for o in found.openings if not o.sources and not _trusted_only(o, trusted)]
    other = [_port(version, opening) for version, opening in met if not any(_covers(one, opening) for one in approved)]
    if other:
        return failed("OPENINGS_OTHER", ports=listed(other)) if approved else value_not_set(FIREWALL_OPEN_PORTS)
    if why := next((found for _, found in filters if isinstance(found, Unobserved)), None):
        return why
    if odd := next((found for _, found in seen if found.unclear), None):
        return unclear(odd)
    return passed("OPENINGS_APPROVED", ports=listed(_port(*pair) for pair in met)) if met else passed("NOTHING_OPEN")


def _covers(approved: str, opening: Opening) -> bool:
    protocol, _, ports = approved.partition("/")
    first, _, last = ports.partition("-")
    if protocol != opening.protocol or not first.isdecimal() or (last and not last.isdecimal()):
        return False
    return int(first) <= opening.first and opening.last <= int(last or first)


@check(
    "host.firewall.broad",
    severity=Severity.MEDIUM,
    title=Text(ja="広い範囲のポートを開く規則がない", en="No rule opens a wide range of ports"),
    why=Text(
        ja="一つの規則で多数のポートを開くと、既定で拒否していることの意味がなくなる。送信元ポートによる許可は、攻撃者が自由に満たせる。",
        en=(
            "A rule that opens very many ports undoes the refusal of all others; one that goes by the sender's port can be met by anybody."
        ),
    ),
    remedy=Text(
        ja="規則を必要なポートと接続元に狭める。応答の許可は送信元ポートではなく「ct state established,related accept」による。",
        en=(
            "Narrow the rule to the ports and sources needed. Admit answers by ct state established,related, not by the port they "
            "come from."
        ),
    ),
    says={
        "NONE_BROAD": Text(ja="広い範囲を開く規則はない", en="no rule opens a wide range"),
        "BROAD": Text(ja="広い範囲のポートが全ての接続元に開いている：{ports}", en="a wide range is open to everybody: {ports}"),
        "NO_FILTER": Text(ja="規則にない接続を受け入れる（{versions}）", en="nothing is refused over {versions}"),
    },
)
def firewall_broad(
    firewall: Firewall,
    ipv6: Ipv6Native | Unobserved,
    *,
    trusted: Annotated[tuple[str, ...], FIREWALL_TRUSTED_INTERFACES] = FIREWALL_TRUSTED_INTERFACES.default,
) -> Judgement:
    filters = inbound(firewall, ipv6)
    seen = [(version, found) for version, found in filters if isinstance(found, Filter)]
    if bare := [version for version, found in seen if let_through(found, trusted)]:
        return failed("NO_FILTER", versions=listed(bare))
    broad = [
        _port(version, opening)
        for version, found in seen
        for opening in found.openings
        if not opening.sources and opening.last - opening.first >= MOST_PORTS and not _trusted_only(opening, trusted)
    ]
    if broad:
        return failed("BROAD", ports=listed(broad))
    if why := next((found for _, found in filters if isinstance(found, Unobserved)), None):
        return why
    odd = next((found for _, found in seen if found.unclear), None)
    return unclear(odd) if odd else passed("NONE_BROAD")
