"""Checks of the packet filter: is what no rule names refused over IPv4 and IPv6, now and later. What rules name: ``firewall_openings``."""

from __future__ import annotations

from typing import Annotated

from checks.common import also, listed, value_not_set
from scanner.facts.firewall import Filter, Firewall
from scanner.facts.ipv6 import Ipv6Native
from scanner.facts.readings import Readings
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

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
        "In /etc/nftables.conf give the chain at hook input policy drop and accept established connections, loopback, ICMP and the ports "
        "needed (a table of family inet covers IPv4 and IPv6); systemctl enable --now nftables. With ufw: ufw enable. With firewalld: "
        "systemctl enable --now firewalld. Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Windows "
        "Defender Firewall with Advanced Security: in each profile set the state to On and inbound connections to Block."
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


def let_through(found: Filter, trusted: tuple[str, ...]) -> tuple[str, ...]:
    """Name the interfaces on which everything is let in, but for trusted ones."""
    return tuple(name for name in found.let_through_on if name not in trusted)


def unclear(found: Filter) -> Unobserved:
    """Say that rules cannot be understood."""
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
    through = next((names for part in seen if (names := let_through(part, trusted))), ())
    if through:
        if now is not None and not isinstance(now, Unobserved) and not let_through(now, trusted):
            return failed("OPEN_AFTER_RESTART", interfaces=listed(through), place=readings.source)
        if isinstance(now, Filter) and isinstance(later, Filter) and not let_through(later, trusted):
            return failed("NOT_APPLIED", interfaces=listed(through), place=readings.source)
        if not any(part.filtered for part in seen):
            return failed("NO_RULES", place=readings.source)
        return failed("INBOUND_OPEN", interfaces=listed(through), place=readings.source)
    if why := readings.missing():
        return why
    if odd := next((part for part in seen if part.unclear), None):
        return unclear(odd)
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
            "nftables の「hook output」の連鎖を「policy drop;」とし、名前解決・時刻・更新・ログ転送等の宛先だけを accept する（ufw は"
            "「ufw default deny outgoing」）。Windows：グループポリシー「コンピューターの構成」→「Windows の設定」→「セキュリティの設定」→"
            "「セキュリティが強化された Windows Defender ファイアウォール」の各プロファイルで送信接続を「ブロック」とし、"
            "必要なものを許可する。"
        ),
        en=(
            "With nftables, give the chain at hook output policy drop and accept DNS, time, updates, log hosts and the like (ufw: ufw "
            "default deny outgoing). Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Windows "
            "Defender Firewall with Advanced Security: in each profile block outbound connections and allow what is needed."
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


def inbound(firewall: Firewall, ipv6: Ipv6Native | Unobserved) -> tuple[tuple[str, Filter | Unobserved], ...]:
    """Give the filters that are in force, or on an image those that will be, by the version of IP."""
    without = isinstance(ipv6, Ipv6Native) and set(ipv6.stack.effective()) == {False}
    versions = (("IPv4", firewall.inbound_ipv4), *(() if without else (("IPv6", firewall.inbound_ipv6),)))
    return tuple((name, held.after_restart if held.in_force is None else held.in_force) for name, held in versions)


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
    filters = inbound(firewall, ipv6)
    seen = [(version, found) for version, found in filters if isinstance(found, Filter)]
    if bare := [version for version, found in seen if found.let_through_on]:
        return failed("NO_FILTER", versions=listed(bare))
    if silent := [version for version, found in seen if found.logs is False]:
        return failed("REFUSALS_NOT_LOGGED", versions=listed(silent))
    parts = (found.logs if isinstance(found, Filter) else found for _, found in filters)
    why = next((part for part in parts if isinstance(part, Unobserved)), None)
    return why or passed("REFUSALS_LOGGED")
