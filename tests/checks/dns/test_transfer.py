"""Cases: nobody but the secondaries is given the whole zone."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.dns import NameServer, ServerTransfers, TransferEnd, TransferTrial, ZoneTransfers
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.dns_zones import A1, A2, NS1, NS2, OUT, SILENT, ZONE

GIVEN = TransferTrial(TransferEnd.GIVEN, "NOERROR")
REFUSED = TransferTrial(TransferEnd.REFUSED, "REFUSED")
CLOSED = TransferTrial(TransferEnd.CLOSED, "")


def transfers(first: TransferTrial | Unobserved, second: TransferTrial | Unobserved) -> ZoneTransfers:
    """Two servers that end both kinds of transfer in the same way."""
    return ZoneTransfers(ZONE, True, (ServerTransfers(NS1, A1, first, first), ServerTransfers(NS2, A2, second, second)))


def rows(kind: str) -> list[Case]:
    """The cases of one kind; both are judged alike."""
    return [
        case(transfers(REFUSED, CLOSED), says=f"{kind}_REFUSED", args={"count": 2}),
        case(ZoneTransfers("lg.jp", False, ()), says="NAME_ABSENT"),
        case(transfers(REFUSED, GIVEN), says=f"{kind}_GIVEN", args={"servers": (f"{NS2} ({A2})",)}),
        case(transfers(GIVEN, SILENT), says=f"{kind}_GIVEN"),
        case(transfers(REFUSED, SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(transfers(OUT, OUT), outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(ZoneTransfers(ZONE, True, ()), outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(replace(transfers(REFUSED, REFUSED), unresolved=(NameServer(NS2, SILENT),)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(replace(transfers(REFUSED, GIVEN), unresolved=(NameServer(NS2, SILENT),)), says=f"{kind}_GIVEN"),
        case(replace(transfers(REFUSED, REFUSED), unresolved=(NameServer(NS2, ()),)), says=f"{kind}_REFUSED"),
    ]


CASES: dict[str, list[Case]] = {
    "dns.transfer.axfr": [
        *rows("AXFR"),
        case(ZoneTransfers(ZONE, True, (ServerTransfers(NS1, A1, REFUSED, GIVEN),)), says="AXFR_REFUSED"),
    ],
    "dns.transfer.ixfr": [
        *rows("IXFR"),
        case(ZoneTransfers(ZONE, True, (ServerTransfers(NS1, A1, REFUSED, GIVEN),)), says="IXFR_GIVEN"),
    ],
}
