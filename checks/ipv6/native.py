"""Checks of native IPv6 on machines whose line is not meant for it, and of router advertisements."""

from __future__ import annotations

from typing import Annotated

from checks.common import also, listed, value_not_set
from checks.endpoint.common import settled
from scanner.facts.ipv6 import Ipv6Interface, Ipv6Native
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

IPV6_NATIVE_USE = Value(
    "ipv6.native",
    default="unset",
    text=Text(
        ja="接続する通信回線での IPv6 通信（allowed：想定する、unused：想定しない、unset：未定）",
        en="IPv6 on the line the machines are connected to (allowed, unused, or unset: not decided)",
    ),
    choices=("allowed", "unused", "unset"),
)

IPV6_ROUTER_ADVERTISEMENTS = Value(
    "ipv6.router-advertisements",
    default="unset",
    text=Text(
        ja="ルータ広告による IPv6 の自動設定（allowed：認める、refused：認めない、unset：IPv6 通信を想定しない回線でだけ認めない）",
        en="set-up of IPv6 by router advertisements (allowed, refused, or unset: refused only where IPv6 is unused)",
    ),
    choices=("allowed", "refused", "unset"),
)


LINK_LOCAL = "fe80:"


def _names(interfaces: list[Ipv6Interface]) -> tuple[str, ...]:
    return listed(i.name for i in interfaces)


def _without_stack(native: Ipv6Native) -> bool:
    """Whether the protocol is not there, now and after a restart."""
    return all(part is False for part in native.stack.effective())


def _on_later(native: Ipv6Native, interface: Ipv6Interface) -> bool | Unobserved:
    if native.stack.after_restart is False:
        return False
    later = interface.enabled.after_restart
    # an interface that will be off is off whatever the stack does
    return native.stack.after_restart if isinstance(native.stack.after_restart, Unobserved) and later is not False else later


MACOS_NATIVE_UNUSED = Text(
    ja="macOS：「networksetup -setv6off サービス名」。",
    en='macOS: "networksetup -setv6off SERVICE".',
)


@check(
    "ipv6.native.unused",
    severity=Severity.MEDIUM,
    title=Text(ja="IPv6 通信を想定しない回線の機器で IPv6 が抑止されている", en="IPv6 is off on machines whose line is not meant for it"),
    why=Text(
        ja="IPv6 を想定しない回線では IPv6 の制限や監視が整っておらず、同じ回線の者がアドレスを配れば通信の盗聴や迂回ができる。",
        en="Where nobody plans for IPv6 nobody filters or watches it, and whoever hands out addresses on the line can divert traffic.",
    ),
    remedy=also(
        Text(
            ja=(
                "/etc/sysctl.d/90-no-ipv6.conf に「net.ipv6.conf.all.disable_ipv6 = 1」「net.ipv6.conf.default.disable_ipv6 = 1」を書き、"
                "「sysctl --system」を実行する。NetworkManager は接続ごとに「ipv6.method disabled」、systemd-networkd は "
                "「LinkLocalAddressing=no」「IPv6AcceptRA=no」とする。"
                "Windows：アダプターごとに「インターネット プロトコル バージョン 6 (TCP/IPv6)」を外すか、グループポリシーの「基本設定」→"
                "「Windows の設定」→「レジストリ」で HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip6\\Parameters の DisabledComponents "
                "を 0x11 とし、再起動する。"
            ),
            en=(
                "In /etc/sysctl.d/90-no-ipv6.conf write net.ipv6.conf.all.disable_ipv6 = 1 and net.ipv6.conf.default.disable_ipv6 "
                "= 1 and run "
                "sysctl --system. NetworkManager: ipv6.method disabled for each connection; systemd-networkd: LinkLocalAddressing=no and "
                "IPv6AcceptRA=no. Windows: clear Internet Protocol Version 6 (TCP/IPv6) on each adapter, or by Group Policy "
                "(Preferences > Windows "
                "Settings > Registry) set DisabledComponents = 0x11 in HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip6\\Parameters "
                "and restart."
            ),
        ),
        MACOS_NATIVE_UNUSED,
    ),
    says={
        "IPV6_MEANT": Text(ja="組織が IPv6 通信を想定している回線である", en="the organisation plans for IPv6 on the line"),
        "IPV6_NO_STACK": Text(ja="IPv6 の機能がない、又は起動時に無効としている", en="the machine has no IPv6, or is started without"),
        "IPV6_OFF": Text(ja="すべてのインタフェースで無効", en="it is off on every interface"),
        "IPV6_GLOBAL": Text(ja="IPv6 アドレスを持つインタフェースがある：{interfaces}", en="interfaces have IPv6 addresses: {interfaces}"),
        "IPV6_LINK_LOCAL": Text(
            ja="リンクローカルアドレスだけではあるが有効：{interfaces}", en="on, with link-local addresses only: {interfaces}"
        ),
        "IPV6_RETURNS": Text(ja="今は無効だが、再起動後に有効となる：{interfaces}", en="off now, but on after a restart: {interfaces}"),
        "IPV6_NEW_INTERFACES": Text(
            ja="今あるインタフェースでは無効だが、新たに現れるものでは有効となる",
            en="off on the interfaces there are, but on for those that appear later",
        ),
    },
)
def native_unused(native: Ipv6Native, *, use: Annotated[str, IPV6_NATIVE_USE] = IPV6_NATIVE_USE.default) -> Judgement:
    if use == "allowed":
        return not_applicable("IPV6_MEANT")
    judged = _unused(native)
    # Where IPv6 is off nothing has to be decided; for the rest the organisation has to say whether the line is meant for it.
    return judged if use == "unused" or settled(judged) else value_not_set(IPV6_NATIVE_USE)


def _unused(native: Ipv6Native) -> Judgement:
    if _without_stack(native):
        return passed("IPV6_NO_STACK")
    if isinstance(native.interfaces, Unobserved):
        return native.interfaces
    named = [i for i in native.interfaces if i.name]
    on = [i for i in named if i.enabled.in_force is True]
    wide = [i for i in on if not isinstance(i.addresses, Unobserved) and any(not a.startswith(LINK_LOCAL) for a in i.addresses)]
    if wide:
        return failed("IPV6_GLOBAL", interfaces=_names(wide))
    if on:
        return failed("IPV6_LINK_LOCAL", interfaces=_names(on))
    returning = [i for i in named if _on_later(native, i) is True]
    if returning:
        return failed("IPV6_RETURNS", interfaces=_names(returning))
    general = [i for i in native.interfaces if not i.name]
    if any(_on_later(native, i) is True for i in general):
        return failed("IPV6_NEW_INTERFACES")
    for interface in native.interfaces:
        for part in (interface.enabled.in_force, _on_later(native, interface)):
            if isinstance(part, Unobserved):
                return part
    return passed("IPV6_OFF")


@check(
    "ipv6.native.router-advertisements",
    severity=Severity.MEDIUM,
    title=Text(ja="想定しないルータ広告を受け入れない", en="Unintended router advertisements are not accepted"),
    why=Text(
        ja="ルータ広告を受け入れる機器には、同じ回線の誰もがアドレスと経路を設定でき、通信を自分に向けさせることができる。",
        en="Whoever is on the line can give an accepting machine addresses and routes, and draw its traffic to himself.",
    ),
    remedy=Text(
        ja=(
            "/etc/sysctl.d/90-no-ra.conf に「net.ipv6.conf.default.accept_ra = 0」とインタフェースごとに"
            "「net.ipv6.conf.eth0.accept_ra = 0」を書く（all.accept_ra は既存のインタフェースに効かない）。"
            "systemd-networkd は「IPv6AcceptRA=no」、NetworkManager は "
            "「ipv6.method」を manual 等とする。"
        ),
        en=(
            "In /etc/sysctl.d/90-no-ra.conf write net.ipv6.conf.default.accept_ra = 0 and a line like net.ipv6.conf.eth0.accept_ra = 0 "
            "for each interface (all.accept_ra has no effect on interfaces that exist). systemd-networkd: IPv6AcceptRA=no; "
            "NetworkManager: set ipv6.method to manual, for example."
        ),
    ),
    says={
        "RA_MEANT": Text(ja="組織がルータ広告による設定を認めている", en="the organisation allows set-up by router advertisements"),
        "RA_NO_STACK": Text(ja="IPv6 の機能がない、又は起動時に無効としている", en="the machine has no IPv6, or is started without"),
        "RA_REFUSED": Text(ja="ルータ広告を受け入れない", en="router advertisements are not accepted"),
        "RA_ACCEPTED": Text(
            ja="ルータ広告を受け入れるインタフェースがある：{interfaces}", en="interfaces accept router advertisements: {interfaces}"
        ),
        "RA_RETURNS": Text(
            ja="今は受け入れないが、再起動後に受け入れる：{interfaces}", en="not accepted now, but accepted after a restart: {interfaces}"
        ),
        "RA_NEW_INTERFACES": Text(ja="新たに現れるインタフェースで受け入れる", en="interfaces that appear later will accept them"),
    },
)
def native_router_advertisements(
    native: Ipv6Native,
    *,
    use: Annotated[str, IPV6_NATIVE_USE] = IPV6_NATIVE_USE.default,
    advertisements: Annotated[str, IPV6_ROUTER_ADVERTISEMENTS] = IPV6_ROUTER_ADVERTISEMENTS.default,
) -> Judgement:
    if advertisements == "allowed":
        return not_applicable("RA_MEANT")
    if advertisements == "unset" and use == "allowed":
        return not_applicable("RA_MEANT")
    judged = _advertisements(native)
    decided = advertisements == "refused" or use == "unused"
    return judged if decided or settled(judged) else value_not_set(IPV6_ROUTER_ADVERTISEMENTS)


def _advertisements(native: Ipv6Native) -> Judgement:
    if _without_stack(native):
        return passed("RA_NO_STACK")
    if isinstance(native.interfaces, Unobserved):
        return native.interfaces
    states = [
        (
            i,
            _heeds(i.enabled.in_force, i.accepts_advertisements.in_force),
            _heeds(_on_later(native, i), i.accepts_advertisements.after_restart),
        )
        for i in native.interfaces
    ]
    now = [i for i, heeds, _ in states if i.name and heeds is True]
    if now:
        return failed("RA_ACCEPTED", interfaces=_names(now))
    returning = [i for i, _, heeds in states if i.name and heeds is True]
    if returning:
        return failed("RA_RETURNS", interfaces=_names(returning))
    if any(not i.name and heeds is True for i, _, heeds in states):
        return failed("RA_NEW_INTERFACES")
    unseen = next((part for _, *parts in states for part in parts if isinstance(part, Unobserved)), None)
    return unseen or passed("RA_REFUSED")


def _heeds(enabled: bool | Unobserved | None, accepts: bool | Unobserved | None) -> bool | Unobserved | None:
    """Tell whether advertisements reach an interface: with IPv6 off they do not, whatever accept_ra says."""
    if enabled is False or accepts is False:
        return False
    return enabled if isinstance(enabled, Unobserved) else accepts
