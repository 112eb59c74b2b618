"""Cases: all servers of a zone hold the same zone."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.dns import AnswerSeen, NameServer, SoaAnswer
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.dns_zones import A1, A2, ABSENT, ANSWERS, B2, DEAD, KEPT, LAME, NS1, NS2, SILENT, SOA, ZONE, content, view, zone

OLDER = SoaAnswer("NOERROR", True, replace(SOA, serial=2026112200))
OTHER = (AnswerSeen(ZONE, "A", "found", "zz"), ANSWERS[1])
QUIET = view(NS2, A2, udp=SILENT, tcp=SILENT)

CASES: dict[str, list[Case]] = {
    "dns.consistency.serial": [
        case(KEPT, says="SERIAL_SAME", args={"serial": 2026112201}),
        case(ABSENT, says="NAME_ABSENT"),
        case(zone(view(NS1, A1), view(NS2, A2, udp=OLDER, tcp=OLDER)), says="SERIAL_DIFFERS"),
        case(zone(view(NS1, A1)), says="SERIAL_ALONE"),
        case(zone(view(NS1, A1), QUIET), outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, A1), unresolved=(NameServer(NS2, SILENT),)), outcome="undetermined", reason=Reason.TIMEOUT),
        # One silent address of a server that answers at the other.
        case(zone(view(NS1, A1), view(NS2, A2), view(NS2, B2, udp=SILENT, tcp=SILENT)), says="SERIAL_SAME"),
        # A lame server has no version to compare; dns.delegation.lame tells of it.
        case(zone(view(NS1, A1), view(NS2, A2, udp=LAME, tcp=LAME)), says="SERIAL_ALONE"),
        case(zone(view(NS1, A1), view("ns3.example.jp", A2, udp=OLDER, tcp=OLDER), QUIET), says="SERIAL_DIFFERS"),
        case(DEAD, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "dns.consistency.ns": [
        case(KEPT, says="NS_SAME"),
        case(ABSENT, says="NAME_ABSENT"),
        case(
            zone(*KEPT.views, contents=(content(NS1, A1), content(NS2, A2, names=(NS1,)))),
            says="NS_DIFFERS",
            args={"servers": (f"{NS2} ← {NS1}",)},
        ),
        case(zone(view(NS1, A1), contents=(content(NS1, A1),)), says="NS_ALONE"),
        case(zone(*KEPT.views, contents=(content(NS1, A1), content(NS2, A2, names=SILENT))), outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, A1), QUIET, contents=(content(NS1, A1),)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, A1, udp=LAME, tcp=LAME), contents=()), outcome="undetermined", reason=Reason.SERVER_FAILURE),
    ],
    "dns.consistency.answers": [
        case(KEPT, says="ANSWERS_SAME", args={"count": 2}),
        case(ABSENT, says="NAME_ABSENT"),
        case(
            zone(*KEPT.views, contents=(content(NS1, A1), content(NS2, A2, answers=OTHER))),
            says="ANSWERS_DIFFER",
            args={"records": (f"{ZONE} A",)},
        ),
        case(zone(view(NS1, A1), contents=(content(NS1, A1),)), says="ANSWERS_ALONE"),
        # A difference that was seen outranks an answer that was not.
        case(zone(*KEPT.views, contents=(content(NS1, A1), content(NS2, A2, answers=OTHER[:1], missing=SILENT))), says="ANSWERS_DIFFER"),
        case(
            zone(*KEPT.views, contents=(content(NS1, A1), content(NS2, A2, answers=ANSWERS[:1], missing=SILENT))),
            outcome="undetermined",
            reason=Reason.TIMEOUT,
        ),
        case(DEAD, outcome="undetermined", reason=Reason.TIMEOUT),
        case(zone(view(NS1, A1, udp=LAME, tcp=LAME), contents=()), outcome="undetermined", reason=Reason.SERVER_FAILURE),
    ],
}
