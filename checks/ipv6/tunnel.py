"""Checks of tunnels that carry IPv6: devices, addresses, lasting definitions, and what a restart would change."""

from __future__ import annotations

from typing import Annotated, Final

from checks.common import also, listed
from scanner.facts.ipv6 import Ipv6Tunnels, TunnelDefinition, TunnelInterface
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

IPV6_TUNNELS = Value[tuple[str, ...]](
    "ipv6.tunnels",
    default=(),
    text=Text(ja="使用を認めた IPv6 トンネルのインタフェース名", en="interface names of the IPv6 tunnels that are meant to be there"),
)


NOT_RUNNING: Final = Text(ja="動作していない機器（ディスクイメージ等）である", en="the machine does not run (a disk image, for example)")


def _tunnel(tunnel: TunnelInterface) -> str:
    return f"{tunnel.name} ({tunnel.technique})"


def _definition(definition: TunnelDefinition) -> str:
    return f"{definition.name} ({definition.technique}, {definition.source})"


MACOS_TUNNEL_INTERFACES = Text(
    ja="macOS：ネットワーク設定から 6to4 のサービスを除き、「ifconfig stf0 down」「ifconfig gif0 deletetunnel」を実行する。",
    en='macOS: remove the 6to4 service from the network settings and run "ifconfig stf0 down" and "ifconfig gif0 deletetunnel".',
)


@check(
    "ipv6.tunnel.interfaces",
    severity=Severity.HIGH,
    title=Text(ja="想定しない IPv6 トンネルのインタフェースがない", en="There is no unintended tunnel interface for IPv6"),
    why=Text(
        ja="トンネルは IPv4 の通信に IPv6 を隠して運ぶため、ファイアウォールや監視をすり抜ける経路となる。",
        en="A tunnel hides IPv6 inside IPv4, and with it a way around firewalls and monitoring.",
    ),
    remedy=also(
        Text(
            ja=(
                "「ip tunnel del 名前」で除き、定義（/etc/network/interfaces、/etc/netplan、/etc/systemd/network、NetworkManager）も消す。"
                "使わない場合は /etc/modprobe.d/no-ipv6-tunnel.conf に「install sit /bin/false」を書く。認めるものは方針プロファイルの "
                "ipv6.tunnels に名前を挙げる。"
                "Windows：グループポリシー「コンピューターの構成」→「管理用テンプレート」→「ネットワーク」→「TCPIP 設定」→「IPv6 "
                "移行テクノロジ」の Teredo、6to4、ISATAP の状態を「無効な状態」とする。"
            ),
            en=(
                "Remove it with ip tunnel del NAME and delete its definition (/etc/network/interfaces, /etc/netplan, "
                "/etc/systemd/network, NetworkManager). Where none is wanted, write install sit /bin/false in "
                "/etc/modprobe.d/no-ipv6-tunnel.conf. Name those that are meant to be there under ipv6.tunnels in the policy profile. "
                "Windows: Group Policy, Computer Configuration > Administrative Templates > Network > TCPIP Settings > IPv6 Transition "
                "Technologies: set the states of Teredo, 6to4 and ISATAP to Disabled."
            ),
        ),
        MACOS_TUNNEL_INTERFACES,
    ),
    says={
        "TUNNEL_NONE": Text(ja="トンネルのインタフェースがない", en="there is no tunnel interface"),
        "TUNNEL_FALLBACK": Text(
            ja="カーネルが自動で作る停止中のインタフェースだけがある：{tunnels}",
            en="only idle devices that the kernel makes by itself: {tunnels}",
        ),
        "TUNNEL_DECLARED": Text(ja="認めたトンネルだけがある：{tunnels}", en="only tunnels that are meant to be there: {tunnels}"),
        "TUNNEL_FOUND": Text(ja="想定しないトンネルが動いている：{tunnels}", en="unintended tunnels are up: {tunnels}"),
        "TUNNEL_DOWN": Text(ja="想定しないトンネルが停止中の状態で存在する：{tunnels}", en="unintended tunnels exist, not up: {tunnels}"),
        "NOT_RUNNING": NOT_RUNNING,
    },
)
def tunnel_interfaces(tunnels: Ipv6Tunnels, *, declared: Annotated[tuple[str, ...], IPV6_TUNNELS] = IPV6_TUNNELS.default) -> Judgement:
    found = tunnels.interfaces
    if found is None:
        return not_applicable("NOT_RUNNING")
    if isinstance(found, Unobserved):
        return found
    idle = [t for t in found if t.fallback and not t.up]
    foreign = [t for t in found if t not in idle and t.name not in declared]
    up = [t for t in foreign if t.up]
    if up:
        return failed("TUNNEL_FOUND", tunnels=listed(map(_tunnel, up)))
    if foreign:
        return failed("TUNNEL_DOWN", tunnels=listed(map(_tunnel, foreign)))
    meant = [t for t in found if t.name in declared]
    if meant:
        return passed("TUNNEL_DECLARED", tunnels=listed(map(_tunnel, meant)))
    return passed("TUNNEL_FALLBACK", tunnels=listed(t.name for t in idle)) if idle else passed("TUNNEL_NONE")


@check(
    "ipv6.tunnel.addresses",
    severity=Severity.HIGH,
    title=Text(ja="自動トンネルによる IPv6 アドレスがない", en="No interface has an address of a transition technique"),
    why=Text(
        ja="6to4、Teredo、ISATAP のアドレスは、その技術が実際に働いている最も確かな証拠である。",
        en="An address of 6to4, Teredo or ISATAP is the firmest proof that the technique is at work.",
    ),
    remedy=Text(
        ja=(
            "アドレスを持つトンネルを止めて定義を消す（Teredo は「systemctl disable --now miredo」）。"
            "認めるものは方針プロファイルの ipv6.tunnels に挙げる。"
            "Windows：グループポリシー「コンピューターの構成」→「管理用テンプレート」→「ネットワーク」→「TCPIP 設定」→「IPv6 "
            "移行テクノロジ」の Teredo、6to4、ISATAP の状態を「無効な状態」とする。"
        ),
        en=(
            "Stop the tunnel that has the address and delete its definition (Teredo: systemctl disable --now miredo), or name it under "
            "ipv6.tunnels. Windows: Group Policy, Computer Configuration > Administrative Templates > Network > TCPIP Settings > IPv6 "
            "Transition Technologies: set the states of Teredo, 6to4 and ISATAP to Disabled."
        ),
    ),
    says={
        "TUNNEL_ADDRESS_NONE": Text(ja="自動トンネルのアドレスがない", en="no interface has such an address"),
        "TUNNEL_ADDRESS_DECLARED": Text(
            ja="認めたトンネルのアドレスだけがある：{addresses}", en="only on tunnels that are meant to be there: {addresses}"
        ),
        "TUNNEL_ADDRESS_FOUND": Text(ja="自動トンネルのアドレスがある：{addresses}", en="there are addresses of tunnels: {addresses}"),
        "NOT_RUNNING": NOT_RUNNING,
    },
)
def tunnel_addresses(tunnels: Ipv6Tunnels, *, declared: Annotated[tuple[str, ...], IPV6_TUNNELS] = IPV6_TUNNELS.default) -> Judgement:
    found = tunnels.addresses
    if found is None:
        return not_applicable("NOT_RUNNING")
    if isinstance(found, Unobserved):
        return found
    foreign = listed(f"{a.address} ({a.technique}, {a.interface})" for a in found if a.interface not in declared)
    if foreign:
        return failed("TUNNEL_ADDRESS_FOUND", addresses=foreign)
    if found:
        return passed("TUNNEL_ADDRESS_DECLARED", addresses=listed(f"{a.address} ({a.technique}, {a.interface})" for a in found))
    return passed("TUNNEL_ADDRESS_NONE")


@check(
    "ipv6.tunnel.configured",
    severity=Severity.MEDIUM,
    title=Text(ja="想定しない IPv6 トンネルが設定に残っていない", en="No lasting setting describes an unintended IPv6 tunnel"),
    why=Text(
        ja="今は動いていなくても、設定に残ったトンネルは再起動や操作一つで動き出す。",
        en="A tunnel that is only described still comes up with a restart or a single command.",
    ),
    remedy=also(
        Text(
            ja=(
                "挙げた箇所の定義を消す。Teredo は「systemctl disable --now miredo」とし、miredo を削除する。"
                "認めるものは方針プロファイルの ipv6.tunnels に挙げる。"
                "Windows：グループポリシー「コンピューターの構成」→「管理用テンプレート」→「ネットワーク」→「TCPIP 設定」→「IPv6 "
                "移行テクノロジ」の Teredo、6to4、ISATAP の状態を「無効な状態」とする。"
            ),
            en=(
                "Delete the definitions named; for Teredo run systemctl disable --now miredo and remove miredo, or name the tunnel under "
                "ipv6.tunnels. Windows: Group Policy, Computer Configuration > Administrative Templates > Network > TCPIP Settings > IPv6 "
                "Transition Technologies: set the states of Teredo, 6to4 and ISATAP to Disabled."
            ),
        ),
        MACOS_TUNNEL_INTERFACES,
    ),
    says={
        "TUNNEL_NOT_CONFIGURED": Text(ja="トンネルの定義がない", en="no tunnel is described"),
        "TUNNEL_CONFIGURED_DECLARED": Text(
            ja="認めたトンネルの定義だけがある：{tunnels}", en="only tunnels that are meant to be there: {tunnels}"
        ),
        "TUNNEL_CONFIGURED_OFF": Text(
            ja="定義はあるが自動では開始されない：{tunnels}", en="described, but not started by themselves: {tunnels}"
        ),
        "TUNNEL_CONFIGURED": Text(ja="想定しないトンネルの定義がある：{tunnels}", en="unintended tunnels are described: {tunnels}"),
    },
)
def tunnel_configured(tunnels: Ipv6Tunnels, *, declared: Annotated[tuple[str, ...], IPV6_TUNNELS] = IPV6_TUNNELS.default) -> Judgement:
    foreign = [d for d in tunnels.definitions if d.name not in declared]
    starting = [d for d in foreign if d.starts is True]
    if starting:
        return failed("TUNNEL_CONFIGURED", tunnels=listed(map(_definition, starting)))
    unseen = next((d.starts for d in foreign if isinstance(d.starts, Unobserved)), None) or next(iter(tunnels.unread), None)
    if unseen:
        return unseen
    if foreign:
        return passed("TUNNEL_CONFIGURED_OFF", tunnels=listed(map(_definition, foreign)))
    if tunnels.definitions:
        return passed("TUNNEL_CONFIGURED_DECLARED", tunnels=listed(map(_definition, tunnels.definitions)))
    return passed("TUNNEL_NOT_CONFIGURED")


@check(
    "ipv6.tunnel.after-restart",
    severity=Severity.MEDIUM,
    title=Text(ja="再起動しても IPv6 トンネルが新たに動き出さない", en="A restart brings no further IPv6 tunnel"),
    why=Text(
        ja="動作中の状態だけを直しても、設定が残っていれば再起動で元に戻る。",
        en="Mending only the running state does not last where the settings still say otherwise.",
    ),
    remedy=Text(
        ja="挙げたトンネルの定義を消し、再起動後にも現れないことを確かめる。",
        en="Delete the definitions named and see that they stay away after a restart.",
    ),
    says={
        "TUNNEL_SAME": Text(ja="再起動しても変わらない", en="a restart changes nothing"),
        "TUNNEL_GOES": Text(ja="再起動するとなくなるトンネルがある：{tunnels}", en="tunnels that a restart ends: {tunnels}"),
        "TUNNEL_RETURNS": Text(ja="再起動すると動き出すトンネルがある：{tunnels}", en="tunnels that a restart brings up: {tunnels}"),
        "NOT_RUNNING": NOT_RUNNING,
    },
)
def tunnel_after_restart(tunnels: Ipv6Tunnels, *, declared: Annotated[tuple[str, ...], IPV6_TUNNELS] = IPV6_TUNNELS.default) -> Judgement:
    if tunnels.interfaces is None:
        return not_applicable("NOT_RUNNING")
    if isinstance(tunnels.interfaces, Unobserved):
        return tunnels.interfaces
    now = {t.name for t in tunnels.interfaces if t.up}
    absent = [d for d in tunnels.definitions if d.name not in now and d.name not in declared]
    returning = [d for d in absent if d.starts is True]
    if returning:
        return failed("TUNNEL_RETURNS", tunnels=listed(map(_definition, returning)))
    unseen = next((d.starts for d in absent if isinstance(d.starts, Unobserved)), None) or next(iter(tunnels.unread), None)
    if unseen:
        return unseen
    lasting = {d.name for d in tunnels.definitions if d.starts is True}
    going = [t for t in tunnels.interfaces if t.up and t.name not in lasting and t.name not in declared]
    return passed("TUNNEL_GOES", tunnels=listed(map(_tunnel, going))) if going else passed("TUNNEL_SAME")
