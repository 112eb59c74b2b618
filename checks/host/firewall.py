"""Checks of the packet filter: is what nobody asked for refused, over IPv4 and IPv6, now and after a restart, and what is open."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Final

from checks.common import also, listed, value_not_set
from scanner.facts.firewall import Filter, Firewall, Opening
from scanner.facts.ipv6 import Ipv6Native
from scanner.facts.readings import Readings
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

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

FIREWALL_OUTBOUND = Value(
    "firewall.outbound",
    default="unset",
    text=Text(
        ja="機器から外への通信（restricted：必要なものに限る、free：限らない、unset：未定）",
        en="outgoing connections of machines (restricted, free, or unset: not decided)",
    ),
    choices=("restricted", "free", "unset"),
)

FIREWALL_TRUSTED_INTERFACES = Value[tuple[str, ...]](
    "firewall.trusted-interfaces",
    default=(),
    text=Text(
        ja="フィルタを求めないインタフェース（内部のブリッジ等）の名前",
        en="interfaces on which no filter is asked for, such as inner bridges",
    ),
)


MOST_PORTS: Final = 1000
"""Ports of one rule beyond which it is no longer an opening for something but a hole."""

NFT = Text(
    ja=(
        "/etc/nftables.conf の「hook input」の連鎖を「policy drop;」とし、確立済みの通信、ループバック、ICMP、必要なポートだけを "
        "accept する"
        "（table inet とすれば IPv4 と IPv6 の両方に効く）。systemctl enable --now nftables で再起動後も有効にする。"
        "ufw は「ufw enable」、"
        "firewalld は「systemctl enable --now firewalld」とする。"
        "Windows：グループポリシー「コンピューターの構成」→「Windows の設定」→「セキュリティの設定」→「セキュリティが強化された "
        "Windows Defender ファイアウォール」の各プロファイルで、状態を「有効」、受信接続を「ブロック」とする。"
    ),
    en=(
        "In /etc/nftables.conf give the chain at hook input policy drop and accept established connections, loopback, ICMP and "
        "the ports needed "
        "(a table of family inet covers IPv4 and IPv6); systemctl enable --now nftables. With ufw: ufw enable. With firewalld: "
        "systemctl enable "
        "--now firewalld. "
        "Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Windows Defender Firewall "
        "with Advanced Security: in each profile set the state to On and inbound connections to Block."
    ),
)
INBOUND_SAYS = {
    "INBOUND_REFUSED": Text(
        ja="規則にない接続は、今も再起動後も拒否される（{place}）", en="what no rule names is refused, now and after a restart ({place})"
    ),
    "INBOUND_OPEN": Text(
        ja="規則にない接続を受け入れる：{interfaces}（{place}）", en="what no rule names is let in on {interfaces} ({place})"
    ),
    "NO_RULES": Text(ja="フィルタの規則がない（{place}）", en="there are no filter rules ({place})"),
    "OPEN_AFTER_RESTART": Text(
        ja="今は拒否されるが、再起動後は受け入れる：{interfaces}（{place}）",
        en="refused now, but let in after a restart on {interfaces} ({place})",
    ),
    "NOT_APPLIED": Text(
        ja="拒否する設定が書かれているが、今は効いていない：{interfaces}（{place}）",
        en="files refuse it, but it is let in now on {interfaces} ({place})",
    ),
}


def _through(found: Filter, trusted: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in found.let_through_on if name not in trusted)


def _unclear(found: Filter) -> Unobserved:
    return cannot_tell(
        Reason.UNSUPPORTED,
        "読み解けない規則がある：{rules}",
        "rules that are beyond understanding: {rules}",
        rules=listed(found.unclear),
    )


def _default(readings: Readings[Filter], trusted: tuple[str, ...]) -> Judgement:
    """Judge what becomes of what no rule names, now and after a restart."""
    now, later = readings.in_force, readings.after_restart
    seen = [part for part in (now, later) if isinstance(part, Filter)]
    through = next((names for part in seen if (names := _through(part, trusted))), ())
    if through:
        if now is not None and not isinstance(now, Unobserved) and not _through(now, trusted):
            return failed("OPEN_AFTER_RESTART", interfaces=listed(through), place=readings.source)
        if isinstance(now, Filter) and isinstance(later, Filter) and not _through(later, trusted):
            return failed("NOT_APPLIED", interfaces=listed(through), place=readings.source)
        if not any(part.filtered for part in seen):
            return failed("NO_RULES", place=readings.source)
        return failed("INBOUND_OPEN", interfaces=listed(through), place=readings.source)
    if why := readings.missing():
        return why
    if odd := next((part for part in seen if part.unclear), None):
        return _unclear(odd)
    return passed("INBOUND_REFUSED", place=readings.source)


MACOS_FIREWALL_INBOUND_IPV4 = Text(
    ja=(
        "macOS：構成プロファイル com.apple.security.firewall に EnableFirewall=true を置く（受け入れるものがなければ "
        "BlockAllIncoming=true）。"
    ),
    en=(
        "macOS: EnableFirewall true in a configuration profile for com.apple.security.firewall, and BlockAllIncoming "
        "true where nothing is to be let in."
    ),
)


@check(
    "host.firewall.inbound-ipv4",
    severity=Severity.HIGH,
    title=Text(ja="IPv4 で、規則にない外からの接続が拒否される", en="Over IPv4, connections that no rule names are refused"),
    why=Text(
        ja="受け入れるものだけを列挙しなければ、後から動き出したサービスや不要なサービスが、そのまま攻撃を受ける。",
        en="Unless only what is needed is let in, every service that starts later, or that nobody needs, can be attacked.",
    ),
    remedy=also(NFT, MACOS_FIREWALL_INBOUND_IPV4),
    says=INBOUND_SAYS,
)
def firewall_inbound_ipv4(
    firewall: Firewall, *, trusted: Annotated[tuple[str, ...], FIREWALL_TRUSTED_INTERFACES] = FIREWALL_TRUSTED_INTERFACES.default
) -> Judgement:
    return _default(firewall.inbound_ipv4, trusted)


@check(
    "host.firewall.inbound-ipv6",
    severity=Severity.HIGH,
    title=Text(ja="IPv6 で、規則にない外からの接続が拒否される", en="Over IPv6, connections that no rule names are refused"),
    why=Text(
        ja="IPv4 だけにフィルタを設けると、同じ回線の機器から IPv6（リンクローカルを含む）で全てのサービスに接続できる。",
        en="With a filter for IPv4 alone, neighbours reach every service over IPv6, link-local addresses included.",
    ),
    remedy=also(NFT, MACOS_FIREWALL_INBOUND_IPV4),
    says={**INBOUND_SAYS, "NO_IPV6": Text(ja="IPv6 が無効である", en="the machine has no IPv6")},
)
def firewall_inbound_ipv6(
    firewall: Firewall,
    ipv6: Ipv6Native | Unobserved,
    *,
    trusted: Annotated[tuple[str, ...], FIREWALL_TRUSTED_INTERFACES] = FIREWALL_TRUSTED_INTERFACES.default,
) -> Judgement:
    if isinstance(ipv6, Ipv6Native) and set(ipv6.stack.effective()) == {False}:
        return not_applicable("NO_IPV6")
    return _default(firewall.inbound_ipv6, trusted)


@check(
    "host.firewall.outbound",
    severity=Severity.LOW,
    title=Text(ja="機器から外への通信が必要なものに限られている", en="Outgoing connections are limited to what is needed"),
    why=Text(
        ja="侵入された機器は、外の指令サーバへの接続や他の機器への攻撃に使われる。出て行く通信を限れば、それを妨げられる。",
        en="A machine that was broken into calls its masters and attacks others; limiting what goes out stands in the way.",
    ),
    remedy=Text(
        ja=(
            "nftables の「hook output」の連鎖を「policy drop;」とし、名前解決・時刻・更新・ログ転送等の宛先だけを accept する（"
            "ufw は「ufw default deny outgoing」）。"
            "Windows：グループポリシー「コンピューターの構成」→「Windows の設定」→「セキュリティの設定」→「セキュリティが強化された "
            "Windows Defender ファイアウォール」の各プロファイルで送信接続を「ブロック」とし、必要なものを許可する。"
        ),
        en=(
            "With nftables, give the chain at hook output policy drop and accept DNS, time, updates, log hosts and the like (ufw: ufw "
            "default deny outgoing). "
            "Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Windows Defender Firewall "
            "with Advanced Security: in each profile block outbound connections and allow what is needed."
        ),
    ),
    says={
        "OUTBOUND_LIMITED": Text(ja="規則にない外への通信は拒否される（{place}）", en="what no rule names is refused ({place})"),
        "OUTBOUND_FREE": Text(ja="{versions} で、外への通信が限られていない（{place}）", en="not limited over {versions} ({place})"),
        "OUTBOUND_MEANT": Text(ja="組織が外への通信を限らないこととしている", en="the organisation does not limit it"),
    },
)
def firewall_outbound(
    firewall: Firewall,
    ipv6: Ipv6Native | Unobserved,
    *,
    outbound: Annotated[str, FIREWALL_OUTBOUND] = FIREWALL_OUTBOUND.default,
    trusted: Annotated[tuple[str, ...], FIREWALL_TRUSTED_INTERFACES] = FIREWALL_TRUSTED_INTERFACES.default,
) -> Judgement:
    if outbound == "free":
        return not_applicable("OUTBOUND_MEANT")
    without = isinstance(ipv6, Ipv6Native) and set(ipv6.stack.effective()) == {False}
    judged = [
        ("IPv4", _default(firewall.outbound_ipv4, trusted)),
        *([] if without else [("IPv6", _default(firewall.outbound_ipv6, trusted))]),
    ]
    free = [name for name, verdict in judged if not isinstance(verdict, Unobserved) and verdict.tag != "INBOUND_REFUSED"]
    place = firewall.outbound_ipv4.source
    if free:
        return failed("OUTBOUND_FREE", versions=listed(free), place=place) if outbound == "restricted" else value_not_set(FIREWALL_OUTBOUND)
    unseen = next((verdict for _, verdict in judged if isinstance(verdict, Unobserved)), None)
    return unseen or passed("OUTBOUND_LIMITED", place=place)


def _inbound(firewall: Firewall, ipv6: Ipv6Native | Unobserved) -> tuple[tuple[str, Filter | Unobserved], ...]:
    """Give the filters that are in force, or on an image those that will be, by the version of IP."""
    without = isinstance(ipv6, Ipv6Native) and set(ipv6.stack.effective()) == {False}
    versions = (("IPv4", firewall.inbound_ipv4), *(() if without else (("IPv6", firewall.inbound_ipv6),)))
    return tuple((name, held.after_restart if held.in_force is None else held.in_force) for name, held in versions)


def _named(version: str, opening: Opening) -> str:
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
            "「ip saddr 管理ネットワーク tcp dport 22 accept」のように接続元を限る（ufw allow from 管理ネットワーク to any port 22"
            "、firewalld は rich rule）。Windows では受信の規則の「スコープ」でリモート IP アドレスを限る。"
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
    filters = _inbound(firewall, ipv6)
    seen = [(version, found) for version, found in filters if isinstance(found, Filter)]
    if bare := [version for version, found in seen if _through(found, trusted)]:
        return failed("NO_FILTER", versions=listed(bare))
    wanted = {int(port) for port in ports if port.isdecimal()}
    met = [
        (version, opening)
        for version, found in seen
        for opening in found.openings
        if opening.protocol == "tcp" and not _trusted_only(opening, trusted) and any(opening.first <= p <= opening.last for p in wanted)
    ]
    if anybody := [_named(version, opening) for version, opening in met if not opening.sources]:
        return failed("MANAGEMENT_OPEN", ports=listed(anybody))
    if networks and (wider := [pair for pair in met if not all(_within(source, networks) for source in pair[1].sources)]):
        sources = listed(source for _, opening in wider for source in opening.sources)
        return failed("MANAGEMENT_WIDER", ports=listed(_named(*pair) for pair in wider), sources=sources)
    if why := next((found for _, found in filters if isinstance(found, Unobserved)), None):
        return why
    if odd := next((found for _, found in seen if found.unclear), None):
        return _unclear(odd)
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
    filters = _inbound(firewall, ipv6)
    seen = [(version, found) for version, found in filters if isinstance(found, Filter)]
    if bare := [version for version, found in seen if _through(found, trusted)]:
        return failed("NO_FILTER", versions=listed(bare))
    met = [(v, o) for v, found in seen for o in found.openings if not o.sources and not _trusted_only(o, trusted)]
    other = [_named(version, opening) for version, opening in met if not any(_covers(one, opening) for one in approved)]
    if other:
        return failed("OPENINGS_OTHER", ports=listed(other)) if approved else value_not_set(FIREWALL_OPEN_PORTS)
    if why := next((found for _, found in filters if isinstance(found, Unobserved)), None):
        return why
    if odd := next((found for _, found in seen if found.unclear), None):
        return _unclear(odd)
    return passed("OPENINGS_APPROVED", ports=listed(_named(*pair) for pair in met)) if met else passed("NOTHING_OPEN")


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
    filters = _inbound(firewall, ipv6)
    seen = [(version, found) for version, found in filters if isinstance(found, Filter)]
    if bare := [version for version, found in seen if _through(found, trusted)]:
        return failed("NO_FILTER", versions=listed(bare))
    broad = [
        _named(version, opening)
        for version, found in seen
        for opening in found.openings
        if not opening.sources and opening.last - opening.first >= MOST_PORTS and not _trusted_only(opening, trusted)
    ]
    if broad:
        return failed("BROAD", ports=listed(broad))
    if why := next((found for _, found in filters if isinstance(found, Unobserved)), None):
        return why
    odd = next((found for _, found in seen if found.unclear), None)
    return _unclear(odd) if odd else passed("NONE_BROAD")


@check(
    "host.firewall.program",
    severity=Severity.MEDIUM,
    title=Text(
        ja="一つのプログラムがフィルタの規則を管理し、起動時に読み込む", en="One program keeps the filter rules and loads them at start"
    ),
    why=Text(
        ja="複数のプログラムが規則を書き換えると、どの規則が効いているか分からなくなり、再起動の順序で結果が変わる。",
        en="Where several programs write rules, nobody knows which hold, and the order of the next start decides.",
    ),
    remedy=Text(
        ja="nftables、ufw、firewalld のいずれか一つを systemctl enable で有効にし、ほかは disable --now とする。",
        en="Enable one of nftables, ufw and firewalld with systemctl enable, and disable the others.",
    ),
    says={
        "ONE_PROGRAM": Text(ja="{program} が規則を管理している", en="{program} keeps the rules"),
        "SEVERAL_PROGRAMS": Text(ja="複数のプログラムが起動時に規則を読み込む：{programs}", en="several load rules at start: {programs}"),
        "NOT_RUNNING": Text(ja="{program} は起動する設定であるが、今は動作していない", en="{program} is set to start but does not run"),
        "NO_PROGRAM": Text(ja="起動時に規則を読み込むプログラムがない", en="no program loads rules at start"),
    },
)
def firewall_program(firewall: Firewall) -> Judgement:
    if isinstance(firewall.programs, Unobserved):
        return firewall.programs
    starting = [program for program in firewall.programs if program.starts is True]
    if len(starting) > 1:
        return failed("SEVERAL_PROGRAMS", programs=listed(program.name for program in starting))
    if why := next((program.starts for program in firewall.programs if isinstance(program.starts, Unobserved)), None):
        return why
    if not starting:
        later = firewall.inbound_ipv4.after_restart
        # rules that a script of the machine's own loads have a keeper, if none by name
        return later if isinstance(later, Unobserved) else failed("NO_PROGRAM")
    if isinstance(starting[0].running, Unobserved):
        return starting[0].running
    if starting[0].running is False:
        return failed("NOT_RUNNING", program=starting[0].name)
    return passed("ONE_PROGRAM", program=starting[0].name)


@check(
    "host.firewall.logging",
    severity=Severity.LOW,
    title=Text(ja="フィルタが拒否した通信を記録する", en="The filter logs what it refuses"),
    why=Text(
        ja="拒否した通信の記録がなければ、探索や侵入の試みに気付けない。",
        en="Without a record of what was refused, probing and attempts to break in go unseen.",
    ),
    remedy=Text(
        ja=(
            "拒否の直前に「limit rate 10/minute log」を置く（ufw logging on、firewalld は LogDenied=all）。"
            "Windows では各プロファイルの「ログ」の「破棄されたパケットをログに記録する」を「はい」とする。"
        ),
        en=(
            "Put limit rate 10/minute log before the refusal (ufw logging on; firewalld: LogDenied=all). "
            "Windows: in each profile, under Logging, set Log dropped packets to Yes."
        ),
    ),
    says={
        "REFUSALS_LOGGED": Text(ja="拒否した通信を記録している", en="refused packets are logged"),
        "REFUSALS_NOT_LOGGED": Text(ja="拒否した通信を記録していない（{versions}）", en="refused packets are not logged over {versions}"),
        "NO_FILTER": Text(ja="拒否する規則がない（{versions}）", en="nothing is refused over {versions}"),
    },
)
def firewall_logging(firewall: Firewall, ipv6: Ipv6Native | Unobserved) -> Judgement:
    filters = _inbound(firewall, ipv6)
    seen = [(version, found) for version, found in filters if isinstance(found, Filter)]
    if bare := [version for version, found in seen if found.let_through_on]:
        return failed("NO_FILTER", versions=listed(bare))
    if silent := [version for version, found in seen if found.logs is False]:
        return failed("REFUSALS_NOT_LOGGED", versions=listed(silent))
    parts = (found.logs if isinstance(found, Filter) else found for _, found in filters)
    why = next((part for part in parts if isinstance(part, Unobserved)), None)
    return why or passed("REFUSALS_LOGGED")
