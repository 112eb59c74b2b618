"""Cases of the checks of what answers to datagrams."""

from __future__ import annotations

from scanner.facts.exposure import HostDatagrams, Speaks, Trait
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.exposure_hosts import INSIDE, NOWHERE, OUTSIDE, answered, answers, ledger, udp

LATE = Unobserved(Reason.TIMEOUT, "no answer")
FORBIDDEN = Unobserved(Reason.NO_CONSENT, "no consent")


def _answers(speaks: Speaks, outside: str, inside: str, none: str) -> list[Case]:
    return [
        case(answers((speaks, answered())), OUTSIDE, says=outside),
        case(answers((speaks, answered())), INSIDE, says=inside),
        case(answers((speaks, answered())), NOWHERE, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(answers((speaks, None)), OUTSIDE, says=none),
        case(answers((speaks, LATE)), OUTSIDE, outcome="undetermined", reason=Reason.TIMEOUT),
        case(HostDatagrams((), left_out=1), OUTSIDE, outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ]


CASES: dict[str, list[Case]] = {
    "exposure.udp.amplification": [
        case(answers((Speaks.MEMCACHED, answered(4000))), OUTSIDE, says="UDP_AMPLIFIES", args={"factor": 100.0}),
        case(answers((Speaks.MEMCACHED, answered(4000))), INSIDE, says="UDP_AMPLIFIES_INSIDE"),
        case(answers((Speaks.MEMCACHED, answered(4000))), NOWHERE, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(answers((Speaks.SSDP, answered(200))), OUTSIDE, says="UDP_SMALL", with_={"most_factor": 5.0}),
        case(answers((Speaks.DNS, answered(4000)), (Speaks.NTP, None), (Speaks.SNMP_COMMUNITY, FORBIDDEN)), OUTSIDE, says="UDP_SILENT"),
        case(answers((Speaks.NTP, LATE)), OUTSIDE, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "exposure.udp.small-services": [
        case(answers((Speaks.CHARGEN, answered())), says="SMALL_SERVED"),
        case(answers((Speaks.CHARGEN, None)), says="SMALL_NONE"),
        case(answers((Speaks.ECHO, LATE)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "exposure.udp.discovery": _answers(Speaks.SSDP, "DISCOVERY_OUTSIDE", "DISCOVERY_INSIDE", "DISCOVERY_NONE"),
    "exposure.management.ipmi": _answers(Speaks.IPMI, "IPMI_OUTSIDE", "IPMI_INSIDE", "IPMI_NONE"),
    "exposure.snmp.outside": _answers(Speaks.SNMP, "SNMP_OUTSIDE", "SNMP_INSIDE", "SNMP_NONE"),
    "exposure.udp.unlisted": [
        case(answers((Speaks.NTP, answered())), ledger(udp(1000, "ntp")), says="UDP_LISTED"),
        case(answers((Speaks.NTP, answered()), (Speaks.SSDP, answered())), ledger(udp(1000, "ntp")), says="UDP_UNLISTED"),
        case(answers((Speaks.NTP, answered())), NOWHERE, outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(answers((Speaks.NTP, None), (Speaks.SNMP_COMMUNITY, FORBIDDEN)), NOWHERE, says="UDP_SILENT"),
    ],
    "exposure.ntp.control": [
        case(answers((Speaks.NTP, answered()), (Speaks.NTP, answered(200, Trait.MODE_6))), says="NTP_CONTROL"),
        case(answers((Speaks.NTP, answered()), (Speaks.NTP, None)), says="NTP_REFUSED"),
        case(answers((Speaks.NTP, None)), says="NTP_NONE"),
        case(answers((Speaks.NTP, answered()), (Speaks.NTP, LATE)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "exposure.ntp.monlist": [
        case(answers((Speaks.NTP, answered(4400, Trait.MODE_7))), says="NTP_MONLIST"),
        case(answers((Speaks.NTP, answered(8))), says="NTP_REFUSED"),
        case(answers((Speaks.NTP, None)), says="NTP_NONE"),
    ],
    "exposure.snmp.default-community": [
        case(answers((Speaks.SNMP_COMMUNITY, answered(90, Trait.NO_LOGIN))), says="SNMP_PUBLIC"),
        case(answers((Speaks.SNMP_COMMUNITY, None)), says="SNMP_NO_PUBLIC"),
        case(answers((Speaks.SNMP_COMMUNITY, FORBIDDEN)), outcome="undetermined", reason=Reason.NO_CONSENT),
    ],
}
