"""Cases of the check of terminals that were on outside networks."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.malware import MalwareProduct, MalwareProtection, Protection
from scanner.facts.network_history import JoinedNetwork, LinkKind, NetworksJoined
from scanner.facts.rejoining import Rejoinings, Return
from scanner.facts.software import OfferedUpdate, SecurityUpdates
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.model.text import Arg
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED

PRODUCT = MalwareProduct(
    "clamav", Protection.ANTIVIRUS, running=True, starts=True, realtime=True, updates=True, definitions_hours=5, scans=True, managed=True
)
UPDATED = SecurityUpdates("apt", has_lists=True, lists_days=0, offered=(), held=())
UNTOLD = Unobserved(Reason.UNSUPPORTED, "networks were not compared whole with the report before: clock-set-back")


def back(
    *networks: str,
    kind: LinkKind = LinkKind.WIRELESS,
    product: MalwareProduct | Unobserved = PRODUCT,
    updates: SecurityUpdates | Unobserved = UPDATED,
) -> Return:
    """A report after networks were joined."""
    joined = tuple(JoinedNetwork(name, kind, "2026-11-21", "") for name in networks)
    protection = product if isinstance(product, Unobserved) else MalwareProtection((product,))
    return Return("2026-11-20T08:00:00Z", "2026-11-22T23:40:00Z", joined, protection, updates)


def told(*returns: Return, untold: Unobserved | None = None) -> Rejoinings:
    """The latest returns, the newest first."""
    return Rejoinings(returns, untold)


OURS = {"inside": ("office",)}
CAFE: dict[str, Arg] = {"at": "2026-11-22T23:40:00Z", "networks": ("cafe",)}
UNGUARDED = replace(PRODUCT, realtime=False)
MISSING = replace(UPDATED, offered=(OfferedUpdate("openssl", "3.0.17-1", "3.0.18-1"),))
ROAMS = NetworksJoined((JoinedNetwork("cafe", LinkKind.WIRELESS, "2026-11-21", ""),), ())
STAYS = NetworksJoined((JoinedNetwork("Wired connection 1", LinkKind.WIRED, "2026-11-21", ""),), ())
UNREAD = NetworksJoined(DENIED, ())


CASES: dict[str, list[Case]] = {
    "endpoint.network.rejoining": [
        case(ROAMS, told(back("cafe", "office")), says="RETURNED_PROTECTED", args=CAFE, with_=OURS),
        case(ROAMS, told(back("cafe", product=UNGUARDED)), says="RETURNED_UNGUARDED", args=CAFE, with_=OURS),
        case(ROAMS, told(back("cafe", product=replace(PRODUCT, definitions_hours=400))), says="RETURNED_OLD", args=CAFE, with_=OURS),
        case(ROAMS, told(back("cafe", updates=MISSING)), says="RETURNED_UNPATCHED", args=CAFE, with_=OURS),
        # the last return from outside counts, whatever was joined inside since, and an older one no more
        case(ROAMS, told(back("office"), back("cafe", product=UNGUARDED), back("hotel")), says="RETURNED_UNGUARDED", args=CAFE, with_=OURS),
        case(ROAMS, told(back("office"), back("cafe"), back("hotel", product=UNGUARDED)), says="RETURNED_PROTECTED", args=CAFE, with_=OURS),
        # a failure that was seen outranks what was not
        case(ROAMS, told(back("cafe", product=DENIED, updates=MISSING), untold=UNTOLD), says="RETURNED_UNPATCHED", with_=OURS),
        case(ROAMS, told(back("cafe", product=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=OURS),
        case(ROAMS, told(back("cafe", updates=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=OURS),
        case(ROAMS, told(back("cafe", updates=replace(UPDATED, lists_days=90))), outcome="undetermined", reason=Reason.STALE, with_=OURS),
        case(ROAMS, told(back("cafe"), untold=UNTOLD), outcome="undetermined", reason=Reason.UNSUPPORTED, with_=OURS),
        case(ROAMS, told(back("office")), says="STAYED_INSIDE", with_=OURS),
        case(ROAMS, told(back("Network 1", kind=LinkKind.WIRED)), says="STAYED_INSIDE"),
        case(ROAMS, told(), says="STAYED_INSIDE"),
        case(ROAMS, told(untold=UNTOLD), outcome="undetermined", reason=Reason.UNSUPPORTED, with_=OURS),
        case(ROAMS, told(back("office")), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        # a machine that remembers no network by air cannot have been outside on one
        case(STAYS, told(untold=UNTOLD), says="NO_NETWORKS"),
        case(STAYS, Unobserved(Reason.UNSUPPORTED), says="NO_NETWORKS"),
        case(STAYS, told(back("cafe", product=UNGUARDED)), says="RETURNED_UNGUARDED", with_=OURS),
        case(UNREAD, told(untold=UNTOLD), outcome="undetermined", reason=Reason.UNSUPPORTED, with_=OURS),
        # where nobody compares reports, nobody knows how it came back
        case(ROAMS, Unobserved(Reason.UNSUPPORTED), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(DENIED, Unobserved(Reason.UNSUPPORTED), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(ROAMS, Unobserved(Reason.STALE), outcome="undetermined", reason=Reason.STALE),
    ],
}
