"""Cases of the checks of wireless networks."""

from __future__ import annotations

from scanner.facts.wireless import UNREAD, WirelessMode, WirelessNetwork, WirelessNetworks, WirelessSecurity
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED

OPEN, OWE, WEP, WPA, WPA2, WPA3 = WirelessSecurity
CLIENT, ACCESS_POINT, AD_HOC = WirelessMode


def net(
    name: str = "office",
    accepts: tuple[WirelessSecurity, ...] | Unobserved = (WPA2,),
    *,
    mode: WirelessMode | Unobserved = CLIENT,
    uses: WirelessSecurity | Unobserved | None = None,
    enterprise: bool | Unobserved = False,
    verifies: bool | Unobserved | None = None,
    joins: bool | Unobserved = True,
) -> WirelessNetwork:
    """A network with a key that all share, joined by itself, not in use."""
    return WirelessNetwork(name, "", mode, accepts, uses, enterprise, verifies, joins, "profile")


def knows(*networks: WirelessNetwork) -> WirelessNetworks:
    """A machine with a radio."""
    return WirelessNetworks(("wlan0",), networks)


NONE = WirelessNetworks((), ())
NO_RIGHT = WirelessNetworks(("wlan0",), DENIED)
CAFE = net("cafe", (OPEN,))
HIDDEN = net(UNREAD, DENIED, mode=DENIED, enterprise=DENIED, verifies=DENIED, joins=DENIED)
CASES: dict[str, list[Case]] = {
    "endpoint.wireless.encryption": [
        case(knows(net(uses=WPA2), net("home", (WPA2, WPA3))), says="WIRELESS_ENCRYPTED", args={"count": 2}),
        case(knows(net("guest", (OWE,), uses=OWE)), says="WIRELESS_ENCRYPTED"),
        case(knows(net(accepts=(WPA, WPA2), uses=WPA)), says="WIRELESS_WEAK_NOW", args={"networks": ("office (wpa)",)}),
        case(knows(net("cafe", (OPEN,), uses=OPEN, joins=False)), says="WIRELESS_WEAK_NOW"),
        case(knows(net(), CAFE), says="WIRELESS_WEAK_JOINS", args={"networks": ("cafe",)}),
        case(knows(net("old", (WEP,))), says="WIRELESS_WEAK_JOINS"),
        # known, neither joined now nor by itself
        case(knows(net("cafe", (OPEN,), joins=False)), says="WIRELESS_ENCRYPTED"),
        case(knows(net("cafe", (OPEN,), joins=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(knows(net(uses=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(knows(net(accepts=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(knows(net(accepts=DENIED), CAFE), says="WIRELESS_WEAK_JOINS"),
        # a clause on the organisation's own networks takes no word of others
        case(knows(net(), CAFE), says="WIRELESS_ENCRYPTED", args={"count": 1}, with_={"whose": "own", "own": ("office",)}),
        case(
            knows(net(accepts=(WEP,)), CAFE),
            says="WIRELESS_WEAK_JOINS",
            args={"networks": ("office",)},
            with_={"whose": "own", "own": ("office",)},
        ),
        case(knows(CAFE), says="OWN_NOT_KNOWN", with_={"whose": "own", "own": ("office",)}),
        # settings that could not be read may be those of one of them
        case(knows(net(), HIDDEN), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"whose": "own", "own": ("office",)}),
        case(knows(HIDDEN), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"whose": "own", "own": ("office",)}),
        case(knows(net(), CAFE), outcome="undetermined", reason=Reason.VALUE_NOT_SET, with_={"whose": "own"}),
        case(NONE, says="NO_WIRELESS", with_={"whose": "own"}),
        case(NONE, says="NO_WIRELESS"),
        case(NO_RIGHT, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.wireless.old-protection": [
        case(knows(net(), net("new", (WPA3,))), says="WIRELESS_ONLY_NEW"),
        case(knows(net(accepts=(WPA, WPA2))), says="WIRELESS_OLD_ACCEPTED", args={"networks": ("office",)}),
        case(knows(net(accepts=(WPA, WPA2), joins=False)), says="WIRELESS_ONLY_NEW"),
        case(knows(net("home", (WPA, WPA2)), net()), says="WIRELESS_ONLY_NEW", with_={"whose": "own", "own": ("office",)}),
        case(knows(net("home", (WPA, WPA2))), says="OWN_NOT_KNOWN", with_={"whose": "own", "own": ("office",)}),
        case(knows(net(), HIDDEN), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"whose": "own", "own": ("office",)}),
        case(knows(net(accepts=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(NONE, says="NO_WIRELESS"),
        case(NO_RIGHT, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.wireless.own-authentication": [
        case(knows(net(enterprise=True, verifies=True), net("home")), says="OWN_INDIVIDUAL", with_={"own": ("office",)}),
        case(knows(net()), says="OWN_SHARED_KEY", args={"networks": ("office",)}, with_={"own": ("office", "annex")}),
        case(knows(net("home")), says="OWN_NOT_KNOWN", with_={"own": ("office",)}),
        case(knows(net(enterprise=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"own": ("office",)}),
        case(knows(net()), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(NONE, says="NO_WIRELESS"),
        case(NO_RIGHT, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.wireless.server-proof": [
        case(knows(net(enterprise=True, verifies=True)), says="SERVER_VERIFIED"),
        case(knows(net(enterprise=True, verifies=False), net("x", enterprise=DENIED)), says="SERVER_UNVERIFIED"),
        case(knows(net(enterprise=True, verifies=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(knows(net(enterprise=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(knows(net()), says="NO_ENTERPRISE"),
        case(NONE, says="NO_ENTERPRISE"),
        case(NO_RIGHT, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.wireless.hotspot": [
        case(knows(net()), says="HOTSPOT_NONE"),
        case(knows(net(), net("mine", mode=ACCESS_POINT)), says="HOTSPOT_SET_UP", args={"networks": ("mine",)}),
        case(knows(net("mesh", mode=AD_HOC)), says="HOTSPOT_SET_UP"),
        case(knows(net(mode=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(NONE, says="NO_WIRELESS"),
        case(NO_RIGHT, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
