"""Checks of the networks that a machine joins and of the way that its traffic takes: history, links at once, VPNs, web proxies."""

from __future__ import annotations

from typing import Annotated

from checks.common import first_missing, listed, value_not_set
from checks.endpoint.common import whose
from scanner.facts.network_history import LinkKind, NetworksJoined
from scanner.facts.network_path import ProxyMode, ProxySetting, VpnConnections, WebProxies
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

NETWORKS_PERMITTED = Value[tuple[str, ...]](
    "networks.permitted",
    default=(),
    text=Text(
        ja="端末の接続を認めた無線 LAN（SSID）及び移動体通信網の名前",
        en="names of the wireless networks (SSID) and mobile lines that terminals may join",
    ),
)

PROXIES_PERMITTED = Value[tuple[str, ...]](
    "proxies.permitted",
    default=(),
    text=Text(
        ja="ウェブの利用に用いるプロキシ（ホスト名:ポート）又は設定スクリプトの URL",
        en="the web proxies to be used (host:port), or the URL of the script that chooses them",
    ),
)


BY_AIR = frozenset({LinkKind.WIRELESS, LinkKind.MOBILE, LinkKind.BLUETOOTH})
"""Links whose networks have names of their own; a wired one cannot be told from another by its name."""
BROKEN = frozenset({"pptp"})
NO_VPN = Text(ja="VPN の設定を持たない機器", en="the machine has no settings of VPNs")


@check(
    "endpoint.network.permitted",
    severity=Severity.MEDIUM,
    title=Text(ja="許可された無線 LAN と移動体通信網にだけ接続する", en="Only permitted wireless networks and mobile lines are joined"),
    why=Text(
        ja="許可されない網（公衆無線 LAN、個人の回線等）では、通信を読まれ、監視や制限の届かない経路で情報が出入りする。",
        en="On other networks (public, private) traffic may be read, and information goes in and out past every control.",
    ),
    remedy=Text(
        ja="接続した事情を利用者に確かめ、認めるものは方針ファイルの networks.permitted に加え、認めないものは端末から接続設定を消す。",
        en="Ask the user about them; add what is permitted to networks.permitted of the profile and remove the rest from the machine.",
    ),
    says={
        "NETWORKS_PERMITTED": Text(
            ja="記憶している網は全て許可されている（{count} 件）", en="every network that is remembered is permitted ({count})"
        ),
        "NETWORKS_OTHER": Text(
            ja="許可されていない網を記憶している（括弧内は最後に接続した日）：{networks}",
            en="networks that are not permitted (day last joined): {networks}",
        ),
        "NO_NETWORKS": Text(ja="無線 LAN や移動体通信網に接続した記録がない", en="no wireless network or mobile line is remembered"),
    },
)
def network_permitted(
    joined: NetworksJoined, *, permitted: Annotated[tuple[str, ...], NETWORKS_PERMITTED] = NETWORKS_PERMITTED.default
) -> Judgement:
    if isinstance(joined.networks, Unobserved):
        return joined.networks
    networks = [n for n in joined.networks if n.kind in BY_AIR]
    if not networks:
        return not_applicable("NO_NETWORKS")
    if not permitted:
        return value_not_set(NETWORKS_PERMITTED)
    others = [n for n in networks if n.name not in permitted]
    if others:
        return failed("NETWORKS_OTHER", networks=listed(f"{n.name} ({n.last_day if isinstance(n.last_day, str) else '-'})" for n in others))
    return passed("NETWORKS_PERMITTED", count=len(networks))


@check(
    "endpoint.network.single",
    severity=Severity.LOW,
    title=Text(ja="有線と無線等、複数の回線に同時に接続しない", en="The machine has one link to the outside at a time"),
    why=Text(
        ja="内部の回線と外部の回線に同時につながる端末は、両者を橋渡しする経路になる。",
        en="A machine that is on an inner and an outer line at once can carry traffic between them.",
    ),
    remedy=Text(
        ja=(
            "有線の接続中は無線を切る。Linux：NetworkManager の dispatcher で「nmcli radio wifi off」。Windows：グループポリシー"
            "「コンピューターの構成＞管理用テンプレート＞ネットワーク＞Windows 接続マネージャー＞インターネットまたは Windows "
            "ドメインへの同時接続の数を最小限に抑える」を 3 にする。macOS：有線の接続中は Wi-Fi を切る。"
        ),
        en=(
            'Switch the radio off while a cable is in. Linux: "nmcli radio wifi off" by a dispatcher script of NetworkManager. Windows: '
            "Computer Configuration > Administrative Templates > Network > Windows Connection Manager > Minimize the number of "
            "simultaneous connections, 3. macOS: switch Wi-Fi off while a cable is in."
        ),
    ),
    says={
        "LINK_SINGLE": Text(ja="同時に使う回線の種類は一つ以下である", en="no more than one kind of link is in use"),
        "LINK_SEVERAL": Text(ja="同時につながっている：{links}", en="in use at once: {links}"),
    },
)
def network_single(joined: NetworksJoined) -> Judgement:
    if joined.active is None:
        return cannot_tell(Reason.UNSUPPORTED, "動作していない機器の回線は分からない", "the machine does not run, so it has no links")
    if isinstance(joined.active, Unobserved):
        return joined.active
    links = [link for link in joined.active if link.kind in BY_AIR | {LinkKind.WIRED}]
    if len({link.kind for link in links}) > 1:
        return failed("LINK_SEVERAL", links=listed(f"{link.device} ({link.kind})" for link in links))
    return passed("LINK_SINGLE")


@check(
    "endpoint.vpn.technique",
    severity=Severity.MEDIUM,
    title=Text(ja="VPN に破られた方式（PPTP）を使わない", en="No VPN uses a broken technique (PPTP)"),
    why=Text(
        ja="PPTP の暗号と認証は破られており、途中で読まれ、パスワードを求められる。",
        en="Encryption and authentication of PPTP are broken: the traffic can be read and the password found.",
    ),
    remedy=Text(
        ja="その接続設定を消し、IKEv2/IPsec、TLS を用いる VPN 等に替える。",
        en="Remove it and use IKEv2 with IPsec, or a VPN over TLS.",
    ),
    says={
        "VPN_SOUND": Text(ja="破られた方式の設定はない：{names}", en="none uses a broken one: {names}"),
        "VPN_BROKEN": Text(ja="破られた方式の設定がある：{names}", en="broken techniques: {names}"),
        "NO_VPN": NO_VPN,
    },
)
def vpn_technique(vpn: VpnConnections) -> Judgement:
    if isinstance(vpn.connections, Unobserved):
        return vpn.connections
    if not vpn.connections:
        return not_applicable("NO_VPN")
    broken = [c for c in vpn.connections if c.technique in BROKEN]
    if broken:
        return failed("VPN_BROKEN", names=listed(f"{c.name} ({c.technique})" for c in broken))
    return passed("VPN_SOUND", names=listed(f"{c.name} ({c.technique})" for c in vpn.connections))


@check(
    "endpoint.vpn.all-traffic",
    severity=Severity.LOW,
    title=Text(ja="VPN の接続中は全ての通信が VPN を通る", en="While a VPN is up, all traffic goes through it"),
    why=Text(
        ja="一部の通信だけを VPN に通す設定では、端末が外部の回線と内部の回線に同時につながった状態になる。",
        en="Where only some traffic takes the VPN, the machine is on an outer and an inner line at once.",
    ),
    remedy=Text(
        ja=(
            "全ての通信を通す設定にする。Linux（NetworkManager）：ipv4.never-default と ipv6.never-default を no にし、IPv6 も VPN に通す。"
            "WireGuard：AllowedIPs を「0.0.0.0/0, ::/0」とする。Windows：Set-VpnConnection -SplitTunneling $false。"
        ),
        en=(
            "Let all traffic through it. Linux (NetworkManager): ipv4.never-default and ipv6.never-default no, and IPv6 through the VPN as "
            "well. WireGuard: AllowedIPs = 0.0.0.0/0, ::/0. Windows: Set-VpnConnection -SplitTunneling $false."
        ),
    ),
    says={
        "VPN_TAKES_ALL": Text(ja="全ての通信を通す：{names}", en="all traffic goes through: {names}"),
        "VPN_SPLIT": Text(ja="一部の通信だけを通す：{names}", en="only some traffic goes through: {names}"),
        "NO_VPN": NO_VPN,
    },
)
def vpn_all_traffic(vpn: VpnConnections) -> Judgement:
    if isinstance(vpn.connections, Unobserved):
        return vpn.connections
    if not vpn.connections:
        return not_applicable("NO_VPN")
    split = [c for c in vpn.connections if c.takes_all is False]
    if split:
        return failed("VPN_SPLIT", names=listed(c.name for c in split))
    unseen = first_missing(c.takes_all for c in vpn.connections)
    return unseen or passed("VPN_TAKES_ALL", names=listed(c.name for c in vpn.connections))


def _where(settings: list[ProxySetting]) -> tuple[str, ...]:
    return listed(whose(s.program, s.account) for s in settings)


@check(
    "endpoint.proxy.discovery",
    severity=Severity.MEDIUM,
    title=Text(ja="プロキシの自動検出（WPAD）を使わない", en="Web proxies are not discovered on the network at hand (WPAD)"),
    why=Text(
        ja="自動検出では、その場の網にいる者が偽のプロキシを示し、通信を自分に通させることができる。",
        en="With discovery, whoever is on the network at hand can offer a proxy and have all traffic pass there.",
    ),
    remedy=Text(
        ja=(
            "プロキシを固定するか、直接接続とする。GNOME：dconf の [system/proxy] mode を manual 又は none に固定する。"
            'Firefox：policies.json の Proxy に「"Mode": "none"」「"Locked": true」等と書く。Windows：「設定を自動的に検出する」を切る。'
            "macOS：構成プロファイルでプロキシを固定する。"
        ),
        en=(
            "Name the proxy, or none. GNOME: fix mode of [system/proxy] in dconf to manual or none. Firefox: "
            '"Mode": "none" and "Locked": true under Proxy in policies.json, for example. Windows: switch "Automatically detect settings" '
            "off. macOS: set the proxy by a configuration profile."
        ),
    ),
    says={
        "PROXY_NOT_DISCOVERED": Text(ja="自動検出を使わない", en="discovery is not used"),
        "PROXY_DISCOVERED": Text(ja="自動検出を使う（{where}）", en="discovery is used ({where})"),
    },
)
def proxy_discovery(proxies: WebProxies) -> Judgement:
    if isinstance(proxies.settings, Unobserved):
        return proxies.settings
    found = [s for s in proxies.settings if s.mode is ProxyMode.DISCOVERY]
    if found:
        return failed("PROXY_DISCOVERED", where=_where(found))
    return first_missing(s.mode for s in proxies.settings) or passed("PROXY_NOT_DISCOVERED")


@check(
    "endpoint.proxy.permitted",
    severity=Severity.LOW,
    title=Text(ja="ウェブの利用は組織の定めたプロキシを経由する", en="The web is reached through the proxies of the organisation"),
    why=Text(
        ja="ほかの経路では、閲覧先の制限、不正プログラムの検査、記録が働かない。",
        en="On any other way neither the filter nor the search for malicious programs nor the record is at work.",
    ),
    remedy=Text(
        ja=(
            "プロキシの設定を組織のものに固定する（GNOME：dconf の lock、Firefox・Chromium：ポリシー、Windows：グループポリシー、macOS："
            "構成プロファイル）。"
        ),
        en=(
            "Fix the proxy to the organisation's own: dconf with locks (GNOME), policies (Firefox, Chromium), Group Policy (Windows), a "
            "configuration profile (macOS)."
        ),
    ),
    says={
        "PROXY_OWN": Text(ja="定められたプロキシを使う（{where}）", en="the organisation's own is used ({where})"),
        "PROXY_OTHER": Text(ja="定められていないプロキシを使う：{servers}（{where}）", en="others are used: {servers} ({where})"),
        "PROXY_NONE": Text(ja="プロキシを使わない（{where}）", en="none is used ({where})"),
        "PROXY_CHANGEABLE": Text(
            ja="定められたプロキシだが、利用者が変更できる（{where}）", en="it is the organisation's own, but users can change it ({where})"
        ),
    },
)
def proxy_permitted(
    proxies: WebProxies, *, permitted: Annotated[tuple[str, ...], PROXIES_PERMITTED] = PROXIES_PERMITTED.default
) -> Judgement:
    if not permitted:
        return value_not_set(PROXIES_PERMITTED)
    if isinstance(proxies.settings, Unobserved):
        return proxies.settings
    own = [s for s in proxies.settings if s.mode is not ProxyMode.SYSTEM]
    named = [s for s in own if s.mode in {ProxyMode.FIXED, ProxyMode.SCRIPT}]
    others = [s for s in named if s.server not in permitted] + [s for s in own if s.mode is ProxyMode.DISCOVERY]
    if others:
        return failed("PROXY_OTHER", servers=listed(s.server or "WPAD" for s in others), where=_where(others))
    without = [s for s in own if s.mode is ProxyMode.NONE]
    if without or not own:
        return failed("PROXY_NONE", where=_where(without))
    if why := first_missing(s.mode for s in own):
        return why
    loose = [s for s in own if s.fixed is False]
    if loose:
        return failed("PROXY_CHANGEABLE", where=_where(loose))
    return first_missing(s.fixed for s in own) or passed("PROXY_OWN", where=_where(own))
