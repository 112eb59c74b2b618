"""Cases: the way to a zone's servers."""

from __future__ import annotations

from scanner.facts.dns import EdnsHandling, EdnsSeen, NameServer, SizeSeen
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.dns_zones import (
    A1,
    A2,
    ABSENT,
    B1,
    DEAD,
    GOOD,
    KEPT,
    LAME,
    NOWHERE,
    NS1,
    NS2,
    OUT,
    SHUT,
    SILENT,
    TRUNCATED,
    UNFOUND,
    content,
    view,
    zone,
)


def edns(handling: EdnsHandling, size: int | None = None) -> EdnsSeen:
    """How a server handles EDNS."""
    return EdnsSeen(handling, size)


CASES: dict[str, list[Case]] = {
    "dns.transport.udp": [
        case(KEPT, says="UDP_ANSWERED", args={"count": 4}),
        case(ABSENT, says="NAME_ABSENT"),
        case(zone(view(NS1, A1), view(NS2, A2, udp=SILENT)), says="UDP_MUTE", args={"servers": (f"{NS2} ({A2})",)}),
        case(zone(view(NS1, A1), view(NS2, A2, udp=SHUT)), says="UDP_MUTE"),
        case(zone(view(NS1, A1), view(NS2, A2, udp=SILENT, tcp=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, A1), view(NS2, A2, udp=OUT)), outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(UNFOUND, outcome="undetermined", reason=Reason.TIMEOUT),
        case(NOWHERE, outcome="undetermined", reason=Reason.SERVER_FAILURE),
    ],
    "dns.transport.tcp": [
        case(KEPT, says="TCP_ANSWERED", args={"count": 4}),
        case(ABSENT, says="NAME_ABSENT"),
        case(zone(view(NS1, A1), view(NS2, A2, tcp=SILENT)), says="TCP_SHUT", args={"servers": (f"{NS2} ({A2})",)}),
        # A port that is shut is proof by itself.
        case(zone(view(NS1, A1, tcp=SHUT)), says="TCP_SHUT"),
        # Silence of all is ours or theirs: only TCP to somebody else tells.
        case(zone(view(NS1, A1, tcp=SILENT), view(NS2, A2, tcp=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, A1, tcp=SILENT), tcp_elsewhere=False), outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, A1, tcp=SILENT), tcp_elsewhere=True), says="TCP_SHUT"),
        case(zone(view(NS1, A1, tcp=LAME)), says="TCP_DIFFERS"),
        case(zone(view(NS1, A1, udp=TRUNCATED)), says="TCP_ANSWERED"),
        case(zone(view(NS1, A1, udp=TRUNCATED, tcp=SHUT)), says="TCP_SHUT"),
        case(zone(view(NS1, A1), view(NS2, A2, tcp=OUT)), outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(DEAD, outcome="undetermined", reason=Reason.TIMEOUT),
        case(NOWHERE, outcome="undetermined", reason=Reason.SERVER_FAILURE),
    ],
    "dns.transport.edns": [
        case(KEPT, says="EDNS_SUPPORTED"),
        case(ABSENT, says="NAME_ABSENT"),
        case(zone(view(NS1, A1), view(NS2, A2, edns=edns(EdnsHandling.DROPPED))), says="EDNS_DROPPED"),
        case(zone(view(NS1, A1, edns=edns(EdnsHandling.REJECTED))), says="EDNS_REJECTED"),
        case(zone(view(NS1, A1, edns=edns(EdnsHandling.IGNORED))), says="EDNS_IGNORED"),
        case(zone(view(NS1, A1), view(NS2, A2, edns=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(
            zone(view(NS1, A1, udp=LAME, tcp=LAME, edns=edns(EdnsHandling.IGNORED))), outcome="undetermined", reason=Reason.SERVER_FAILURE
        ),
    ],
    "dns.transport.size": [
        case(KEPT, says="SIZE_FITTING", args={"largest": 600}),
        case(ABSENT, says="NAME_ABSENT"),
        case(
            zone(*KEPT.views, contents=(content(NS1, A1, keys=SizeSeen("DNSKEY", 40, 1700, False)), content(NS2, A2))),
            says="SIZE_SENT",
            args={"servers": (f"{NS1} ({A1}) DNSKEY 1700",)},
        ),
        case(
            zone(view(NS1, A1, edns=edns(EdnsHandling.SUPPORTED, 4096))), says="SIZE_ANNOUNCED", args={"servers": (f"{NS1} ({A1}) 4096",)}
        ),
        case(zone(view(NS1, A1, edns=edns(EdnsHandling.SUPPORTED, 1400))), says="SIZE_FITTING", with_={"limit": 1400}),
        case(zone(*KEPT.views, contents=(content(NS1, A1, keys=SILENT),)), outcome="undetermined", reason=Reason.TIMEOUT),
        # Third parties are not asked for everything; the other questions tell enough.
        case(zone(*KEPT.views, contents=(content(NS1, A1, everything=OUT),)), says="SIZE_FITTING"),
        case(DEAD, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "dns.transport.amplification": [
        case(KEPT, says="AMPLIFICATION_LOW", args={"factor": "15.0"}),
        case(ABSENT, says="NAME_ABSENT"),
        case(zone(*KEPT.views, contents=(content(NS1, A1, everything=SizeSeen("ANY", 40, 3600, False)),)), says="AMPLIFICATION_HIGH"),
        case(zone(*KEPT.views, contents=(content(NS1, A1, everything=OUT),)), outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(KEPT, says="AMPLIFICATION_HIGH", with_={"limit": 12.0}),
        case(NOWHERE, outcome="undetermined", reason=Reason.SERVER_FAILURE),
    ],
    "dns.transport.ipv6": [
        case(KEPT, says="IPV6_SERVED"),
        case(ABSENT, says="NAME_ABSENT"),
        case(zone(view(NS1, A1), view(NS2, A2)), says="IPV6_NONE"),
        case(zone(view(NS1, A1), unresolved=(NameServer(NS1, SILENT),)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, A1), view(NS1, B1, udp=LAME, tcp=LAME)), says="IPV6_NOT_SERVING"),
        case(zone(view(NS1, B1, udp=LAME, tcp=LAME)), outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(zone(view(NS1, A1), view(NS1, B1, udp=SILENT, tcp=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, A1), unresolved=(NameServer(NS2, SILENT),)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, B1, udp=SILENT, tcp=GOOD)), says="IPV6_SERVED"),
    ],
}
