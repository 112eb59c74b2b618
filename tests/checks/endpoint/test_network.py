"""Cases of the checks of joined networks, VPNs and web proxies."""

from __future__ import annotations

from scanner.facts.network_history import ActiveLink, JoinedNetwork, LinkKind, NetworksJoined
from scanner.facts.network_path import ProxyMode, ProxySetting, VpnConnection, VpnConnections, WebProxies
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED


def joined(
    *names: str, kind: LinkKind = LinkKind.WIRELESS, active: tuple[ActiveLink, ...] | Unobserved | None = (), day: str | None = "2026-11-20"
) -> NetworksJoined:
    """A machine that remembers networks of one kind."""
    return NetworksJoined(tuple(JoinedNetwork(name, kind, day, "store") for name in names), active)


def links(*kinds: LinkKind) -> NetworksJoined:
    """A machine with links that are up."""
    return joined(active=tuple(ActiveLink(f"if{n}", kind) for n, kind in enumerate(kinds)))


def vpn(technique: str = "ikev2", takes_all: bool | Unobserved = True) -> VpnConnection:
    """One VPN."""
    return VpnConnection("head office", technique, False, None, takes_all, "profile")


def proxy(mode: ProxyMode | Unobserved, server: str = "", fixed: bool | Unobserved = True, account: str = "") -> ProxySetting:
    """One program's way."""
    return ProxySetting("gnome", account, mode, server, fixed, "dconf")


def ways(*settings: ProxySetting) -> WebProxies:
    """All programs' ways."""
    return WebProxies(settings)


OURS = {"permitted": ("office", "annex")}
PROXY = {"permitted": ("proxy.example.lg.jp:8080", "http://proxy.example.lg.jp/proxy.pac")}
OWN = proxy(ProxyMode.FIXED, "proxy.example.lg.jp:8080")
CASES: dict[str, list[Case]] = {
    "endpoint.network.permitted": [
        case(joined("office", "annex"), says="NETWORKS_PERMITTED", args={"count": 2}, with_=OURS),
        case(joined("office", "cafe"), says="NETWORKS_OTHER", args={"networks": ("cafe (2026-11-20)",)}, with_=OURS),
        case(joined("cafe", day=None), says="NETWORKS_OTHER", args={"networks": ("cafe (-)",)}, with_=OURS),
        case(joined("docomo", kind=LinkKind.MOBILE), says="NETWORKS_OTHER", with_=OURS),
        case(joined("office"), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        # the name of a wired network says nothing
        case(joined("Wired connection 1", kind=LinkKind.WIRED), says="NO_NETWORKS", with_=OURS),
        case(joined(), says="NO_NETWORKS"),
        case(NetworksJoined(DENIED, ()), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=OURS),
    ],
    "endpoint.network.single": [
        case(links(LinkKind.WIRED), says="LINK_SINGLE"),
        case(links(), says="LINK_SINGLE"),
        case(links(LinkKind.WIRED, LinkKind.WIRED, LinkKind.VPN, LinkKind.OTHER), says="LINK_SINGLE"),
        case(links(LinkKind.WIRED, LinkKind.WIRELESS), says="LINK_SEVERAL", args={"links": ("if0 (wired)", "if1 (wireless)")}),
        case(links(LinkKind.WIRELESS, LinkKind.MOBILE), says="LINK_SEVERAL"),
        case(joined(active=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(joined(active=None), outcome="undetermined", reason=Reason.UNSUPPORTED),
    ],
    "endpoint.vpn.technique": [
        case(VpnConnections((vpn(), vpn("wireguard"))), says="VPN_SOUND"),
        case(VpnConnections((vpn(), vpn("pptp"))), says="VPN_BROKEN", args={"names": ("head office (pptp)",)}),
        case(VpnConnections(()), says="NO_VPN"),
        case(VpnConnections(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.vpn.all-traffic": [
        case(VpnConnections((vpn(),)), says="VPN_TAKES_ALL"),
        case(VpnConnections((vpn(), vpn(takes_all=DENIED))), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(VpnConnections((vpn(takes_all=False), vpn(takes_all=DENIED))), says="VPN_SPLIT"),
        case(VpnConnections(()), says="NO_VPN"),
        case(VpnConnections(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.proxy.discovery": [
        case(ways(proxy(ProxyMode.NONE), OWN, proxy(ProxyMode.SYSTEM)), says="PROXY_NOT_DISCOVERED"),
        case(ways(), says="PROXY_NOT_DISCOVERED"),
        case(ways(OWN, proxy(ProxyMode.DISCOVERY, account="taro")), says="PROXY_DISCOVERED", args={"where": ("gnome:taro",)}),
        case(ways(proxy(DENIED), proxy(ProxyMode.DISCOVERY)), says="PROXY_DISCOVERED"),
        case(ways(proxy(DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(WebProxies(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.proxy.permitted": [
        case(ways(OWN, proxy(ProxyMode.SYSTEM, fixed=False)), says="PROXY_OWN", with_=PROXY),
        case(ways(proxy(ProxyMode.SCRIPT, "http://proxy.example.lg.jp/proxy.pac")), says="PROXY_OWN", with_=PROXY),
        case(ways(OWN, proxy(ProxyMode.FIXED, "192.0.2.9:3128", account="taro")), says="PROXY_OTHER", with_=PROXY),
        case(ways(proxy(ProxyMode.DISCOVERY)), says="PROXY_OTHER", args={"servers": ("WPAD",)}, with_=PROXY),
        case(ways(OWN, proxy(ProxyMode.NONE, account="taro")), says="PROXY_NONE", with_=PROXY),
        case(ways(), says="PROXY_NONE", with_=PROXY),
        case(ways(proxy(ProxyMode.FIXED, "proxy.example.lg.jp:8080", fixed=False)), says="PROXY_CHANGEABLE", with_=PROXY),
        case(
            ways(proxy(ProxyMode.FIXED, "proxy.example.lg.jp:8080", fixed=DENIED)),
            outcome="undetermined",
            reason=Reason.ACCESS_DENIED,
            with_=PROXY,
        ),
        case(ways(proxy(DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=PROXY),
        case(ways(OWN), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(WebProxies(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=PROXY),
    ],
}
