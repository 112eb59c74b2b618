"""Cases: a zone survives the loss of a server or of a network."""

from __future__ import annotations

from scanner.facts.dns import NameServer
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.dns_zones import A1, A2, ABSENT, B1, B2, DEAD, KEPT, LAME, NOWHERE, NS1, NS2, SILENT, UNFOUND, view, zone

CASES: dict[str, list[Case]] = {
    "dns.redundancy.servers": [
        case(KEPT, says="SERVERS_ENOUGH", args={"count": 2}),
        case(ABSENT, says="NAME_ABSENT"),
        case(zone(view(NS1, A1), view(NS1, B1)), says="SERVERS_FEW", args={"count": 1}),
        case(zone(view(NS1, A1), view(NS2, A2, udp=LAME, tcp=LAME)), says="SERVERS_NOT_SERVING", args={"others": (NS2,)}),
        # An address that is silent does not matter while the same server answers at another.
        case(zone(view(NS1, A1), view(NS1, B1, udp=SILENT, tcp=SILENT), view(NS2, A2)), says="SERVERS_ENOUGH"),
        case(zone(view(NS1, A1), view(NS2, A2, udp=SILENT, tcp=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, A1), unresolved=(NameServer(NS2, SILENT),)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, A1), unresolved=(NameServer(NS2, ()),)), says="SERVERS_NOT_SERVING"),
        case(KEPT, says="SERVERS_FEW", args={"least": 3}, with_={"least": 3}),
    ],
    "dns.redundancy.addresses": [
        case(KEPT, says="ADDRESSES_APART"),
        case(ABSENT, says="NAME_ABSENT"),
        case(zone(view(NS1, A1), view(NS2, A1)), says="ADDRESSES_ONE"),
        # One dual-stack machine under two names.
        case(zone(view(NS1, A1), view(NS1, B1), view(NS2, A1), view(NS2, B1)), says="ADDRESSES_ONE"),
        case(NOWHERE, says="ADDRESSES_NONE"),
        case(UNFOUND, outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, A1), unresolved=(NameServer(NS2, SILENT),)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "dns.redundancy.networks": [
        case(KEPT, says="NETWORKS_APART"),
        case(ABSENT, says="NAME_ABSENT"),
        case(zone(view(NS1, "192.0.2.53"), view(NS2, "192.0.2.54")), says="NETWORKS_FEW", args={"networks": ("192.0.2.0/24",)}),
        case(zone(view(NS1, "192.0.2.53"), view(NS2, "192.0.2.254")), says="NETWORKS_APART", with_={"v4_prefix": 25}),
        case(zone(view(NS1, B1), view(NS2, B2)), says="NETWORKS_APART"),
        case(NOWHERE, says="NETWORKS_NONE"),
        case(UNFOUND, outcome="undetermined", reason=Reason.TIMEOUT),
        case(DEAD, says="NETWORKS_FEW"),
    ],
}
