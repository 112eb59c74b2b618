"""Cases of the checks of open ports."""

from __future__ import annotations

from scanner.facts.exposure import AddressPorts
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.exposure_hosts import LIMITED, NOWHERE, OUTSIDE, SILENT, A, B, ledger, open_at, ports, tcp, udp

OPEN_443 = ports(open_at(A, 443))

CASES: dict[str, list[Case]] = {
    "exposure.ports.unlisted": [
        case(OPEN_443, ledger(tcp(443)), says="PORTS_LISTED", args={"services": (f"{A} 443 (https)",)}),
        case(ports(open_at(A, 443, 6379)), ledger(tcp(443)), says="PORT_UNLISTED", args={"services": (f"{A} 6379 (redis)",)}),
        case(ports(open_at(A, 443), open_at(B, 443, 22)), ledger(tcp(443)), says="PORT_UNLISTED"),
        case(OPEN_443, ledger(udp(443, "quic")), says="PORT_UNLISTED"),
        case(OPEN_443, ledger(tcp(443, here=False)), says="PORT_OTHER_ZONE"),
        case(OPEN_443, OUTSIDE, says="PORT_UNLISTED"),
        case(ports(open_at(A)), NOWHERE, says="PORTS_NONE"),
        case(OPEN_443, NOWHERE, outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(ports(open_at(A, 443), AddressPorts(B, SILENT)), ledger(tcp(443)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(ports(open_at(A, 80), AddressPorts(B, SILENT)), ledger(tcp(443)), says="PORT_UNLISTED"),
        case(ports(open_at(A, 443, unsettled=LIMITED)), ledger(tcp(443)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(ports(open_at(A, 443), left_out=2), ledger(tcp(443)), outcome="undetermined", reason=Reason.BUDGET_SPENT),
        case(SILENT, ledger(tcp(443)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "exposure.ports.listed-closed": [
        case(OPEN_443, ledger(tcp(443)), says="PORTS_OPEN"),
        case(OPEN_443, ledger(tcp(443), tcp(22)), says="PORT_CLOSED", args={"services": (f"{A} 22 (ssh)",)}),
        case(OPEN_443, ledger(udp(123, "ntp")), says="NONE_LISTED"),
        case(OPEN_443, ledger(tcp(22, here=False)), says="NONE_LISTED"),
        case(OPEN_443, ledger(tcp(2000)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(ports(AddressPorts(A, SILENT)), ledger(tcp(22)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "exposure.ports.families-differ": [
        case(ports(open_at(A, 443), open_at(B, 443)), says="FAMILIES_SAME"),
        case(ports(open_at(A, 443), open_at(B, 22, 443)), says="ONLY_OVER_IPV6", args={"ports": ("22 (ssh)",)}),
        case(ports(open_at(A, 22, 443), open_at(B, 443)), says="ONLY_OVER_IPV4"),
        case(OPEN_443, says="ONE_FAMILY"),
        case(ports(open_at(A, 443), AddressPorts(B, SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(ports(open_at(A, 443), open_at(B, 443, unsettled=LIMITED)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
}
