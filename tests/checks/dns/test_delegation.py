"""Cases: parent and zone name the same servers, glue is right, every server named serves the zone."""

from __future__ import annotations

from scanner.facts.dns import Glue, NameServer, SoaAnswer
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.dns_zones import (
    A1,
    A2,
    ABSENT,
    B1,
    DEAD,
    KEPT,
    LAME,
    NO_TREE,
    NOWHERE,
    NS1,
    NS2,
    SERVERS,
    SILENT,
    SOA,
    TREE,
    TRUNCATED,
    UNFOUND,
    content,
    parent,
    tree,
    view,
    zone,
)

OLD = "ns9.example.jp"

CASES: dict[str, list[Case]] = {
    "dns.delegation.agreement": [
        case(TREE, KEPT, says="AGREEMENT_SAME"),
        case(NO_TREE, ABSENT, says="NAME_ABSENT"),
        case(tree(parents=()), KEPT, says="AGREEMENT_SHARED"),
        case(tree(parents=(parent(glue=()),)), KEPT, says="AGREEMENT_UNDELEGATED"),
        case(tree(parents=(parent(NS1, NS2, OLD),)), KEPT, says="AGREEMENT_PARENT_MORE", args={"parent_only": (OLD,)}),
        case(tree(parents=(parent(NS1),)), KEPT, says="AGREEMENT_ZONE_MORE", args={"zone_only": (NS2,)}),
        case(tree(parents=(parent(NS1, OLD),)), KEPT, says="AGREEMENT_DIFFERS"),
        # Two servers of the parent that tell different things.
        case(tree(parents=(parent(NS1, NS2), parent(NS1, NS2, OLD))), KEPT, says="AGREEMENT_PARENT_MORE"),
        case(tree(parents=SILENT), KEPT, outcome="undetermined", reason=Reason.TIMEOUT),
        case(tree(own=SILENT), DEAD, outcome="undetermined", reason=Reason.TIMEOUT),
        # No server answered us, but the resolver knows the zone's own set.
        case(TREE, DEAD, says="AGREEMENT_SAME"),
        # One silent server does not hide that the others agree with the parent.
        case(TREE, zone(*KEPT.views, contents=(content(NS1, A1), content(NS2, A2, names=SILENT))), says="AGREEMENT_SAME"),
    ],
    "dns.delegation.glue": [
        case(TREE, says="GLUE_RIGHT"),
        case(NO_TREE, says="NAME_ABSENT"),
        case(tree(parents=()), says="GLUE_SHARED"),
        case(tree(parents=(parent(NS2, OLD),)), says="GLUE_NOT_NEEDED"),
        case(tree(parents=(parent(NS1, NS2, glue=()),)), says="GLUE_MISSING", args={"servers": (NS1,)}),
        case(tree(parents=(parent(NS1, glue=(Glue(NS1, "203.0.113.9"),)),)), says="GLUE_DIFFERS"),
        case(tree(parents=(parent(NS1, glue=(Glue(NS1, A1),)),)), says="GLUE_INCOMPLETE", args={"servers": (f"{NS1}: {B1}",)}),
        case(tree(parents=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(tree(servers=(NameServer(NS1, SILENT),)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(tree(servers=(NameServer(NS1, SILENT),), parents=(parent(NS1, glue=()),)), says="GLUE_MISSING"),
        # One family could not be looked up: the other is no reason to call the glue wrong, nor right.
        case(tree(servers=(NameServer(NS1, (A1,)), NameServer(NS1, SILENT), SERVERS[1])), outcome="undetermined", reason=Reason.TIMEOUT),
        case(
            tree(servers=(NameServer(NS1, (A1, B1, A2)), NameServer(NS1, SILENT))),
            says="GLUE_INCOMPLETE",
            args={"servers": (f"{NS1}: {A2}",)},
        ),
        # Reached by glue alone: what cannot be looked up, or is not there, equals nothing.
        case(tree(servers=(NameServer(NS1, (A1, B1), SILENT),)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(tree(servers=(NameServer(NS1, (A1, B1), ()),)), says="GLUE_DIFFERS", args={"servers": (f"{NS1}: {A1} {B1} ≠ -",)}),
    ],
    "dns.delegation.lame": [
        case(KEPT, says="LAME_NONE", args={"count": 4}),
        case(ABSENT, says="NAME_ABSENT"),
        case(zone(view(NS1, A1), view(NS2, A2, udp=LAME, tcp=LAME)), says="LAME_FOUND", args={"servers": (f"{NS2} ({A2}) REFUSED",)}),
        case(zone(view(NS2, A2, udp=SoaAnswer("NOERROR", False, SOA))), says="LAME_NONE"),  # a load balancer: TCP reaches the real one
        case(
            zone(view(NS2, A2, udp=SoaAnswer("NOERROR", False, SOA), tcp=SILENT)),
            says="LAME_FOUND",
            args={"servers": (f"{NS2} ({A2}) AA=0",)},
        ),
        case(zone(view(NS2, A2, udp=SoaAnswer("NOERROR", True, None), tcp=SILENT)), says="LAME_FOUND"),
        case(zone(view(NS1, A1), unresolved=(NameServer(OLD, ()),)), says="LAME_UNRESOLVABLE", args={"names": (OLD,)}),
        case(zone(view(NS1, A1, udp=LAME, tcp=LAME), unresolved=(NameServer(OLD, ()),)), says="LAME_BOTH"),
        # Silence is no proof; a proven fault beside it is.
        case(zone(view(NS1, A1), view(NS2, A2, udp=SILENT, tcp=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, A1, udp=SILENT, tcp=SILENT), view(NS2, A2, udp=LAME, tcp=LAME)), says="LAME_FOUND"),
        case(UNFOUND, outcome="undetermined", reason=Reason.TIMEOUT),
        case(NOWHERE, says="LAME_UNRESOLVABLE"),
        # "Ask over TCP" is neither a proof nor an answer.
        case(zone(view(NS1, A1, udp=TRUNCATED, tcp=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, A1, udp=TRUNCATED)), says="LAME_NONE"),
        case(zone(contents=()), outcome="undetermined", reason=Reason.SERVER_FAILURE),
    ],
}
