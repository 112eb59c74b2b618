"""Cases of the checks of IPv6 tunnels."""

from __future__ import annotations

from scanner.facts.ipv6 import Ipv6Tunnels, Technique, TunnelAddress, TunnelDefinition, TunnelInterface
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
HE6 = TunnelInterface("he6", Technique.CONFIGURED, "sit", True, False, "198.51.100.2", "203.0.113.1")
DOWN = TunnelInterface("he7", Technique.CONFIGURED, "sit", False, False, "any", "203.0.113.1")
SIT0 = TunnelInterface("sit0", Technique.CONFIGURED, "sit", False, True, "any", "any")
SIT0_UP = TunnelInterface("sit0", Technique.CONFIGURED, "sit", True, True, "any", "any")
TEREDO = TunnelAddress("2001:0:53aa:64c::1", "teredo", Technique.TEREDO)
STARTS = TunnelDefinition("he6", Technique.CONFIGURED, True, "/etc/network/interfaces line 9")
BY_HAND = TunnelDefinition("he8", Technique.CONFIGURED, False, "/etc/network/interfaces line 20")
UNCLEAR = TunnelDefinition("he9", Technique.CONFIGURED, DENIED, "/etc/systemd/network/x.netdev")
MEANT = {"declared": ("he6", "teredo")}


def seen(
    *interfaces: TunnelInterface,
    addresses: tuple[TunnelAddress, ...] = (),
    definitions: tuple[TunnelDefinition, ...] = (),
    unread: tuple[Unobserved, ...] = (),
) -> Ipv6Tunnels:
    """A machine that runs."""
    return Ipv6Tunnels(interfaces, addresses, definitions, unread, ())


IMAGE = Ipv6Tunnels(None, None, (), (), ())
BLIND = Ipv6Tunnels(DENIED, DENIED, (), (), ())
CASES: dict[str, list[Case]] = {
    "ipv6.tunnel.interfaces": [
        case(seen(), says="TUNNEL_NONE"),
        case(seen(SIT0), says="TUNNEL_FALLBACK", args={"tunnels": ("sit0",)}),
        case(seen(SIT0, HE6), says="TUNNEL_FOUND", args={"tunnels": ("he6 (6in4)",)}),
        case(seen(SIT0_UP), says="TUNNEL_FOUND"),
        case(seen(DOWN), says="TUNNEL_DOWN"),
        case(seen(HE6, SIT0), says="TUNNEL_DECLARED", with_=MEANT, args={"tunnels": ("he6 (6in4)",)}),
        case(seen(HE6, DOWN), says="TUNNEL_DOWN", with_=MEANT),
        case(IMAGE, says="NOT_RUNNING"),
        case(BLIND, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "ipv6.tunnel.addresses": [
        case(seen(), says="TUNNEL_ADDRESS_NONE"),
        case(seen(addresses=(TEREDO,)), says="TUNNEL_ADDRESS_FOUND", args={"addresses": ("2001:0:53aa:64c::1 (teredo, teredo)",)}),
        case(seen(addresses=(TEREDO,)), says="TUNNEL_ADDRESS_DECLARED", with_=MEANT),
        case(IMAGE, says="NOT_RUNNING"),
        case(BLIND, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "ipv6.tunnel.configured": [
        case(seen(), says="TUNNEL_NOT_CONFIGURED"),
        case(IMAGE, says="TUNNEL_NOT_CONFIGURED"),
        case(
            seen(definitions=(STARTS,)),
            says="TUNNEL_CONFIGURED",
            args={"tunnels": ("he6 (6in4, /etc/network/interfaces line 9)",)},
        ),
        case(seen(definitions=(STARTS,)), says="TUNNEL_CONFIGURED_DECLARED", with_=MEANT),
        case(seen(definitions=(BY_HAND,)), says="TUNNEL_CONFIGURED_OFF"),
        case(seen(definitions=(UNCLEAR, STARTS), unread=(DENIED,)), says="TUNNEL_CONFIGURED"),
        case(seen(definitions=(UNCLEAR,)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(seen(unread=(DENIED,)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "ipv6.tunnel.after-restart": [
        case(seen(), says="TUNNEL_SAME"),
        case(seen(HE6, definitions=(STARTS,)), says="TUNNEL_SAME"),
        case(seen(HE6), says="TUNNEL_GOES"),
        case(seen(definitions=(STARTS,)), says="TUNNEL_RETURNS"),
        case(seen(definitions=(STARTS,)), says="TUNNEL_SAME", with_=MEANT),
        case(seen(definitions=(BY_HAND,)), says="TUNNEL_SAME"),
        case(seen(definitions=(UNCLEAR,)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(seen(definitions=(STARTS,), unread=(DENIED,)), says="TUNNEL_RETURNS"),
        case(seen(unread=(DENIED,)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(IMAGE, says="NOT_RUNNING"),
        case(BLIND, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
