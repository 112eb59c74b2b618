"""Cases of the checks of SNMP agents on machines."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.network_device import SnmpAccess, SnmpSecurity
from scanner.facts.snmp import SnmpAgent, SnmpConfiguration, SnmpUser
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
STALE = Unobserved(Reason.STALE)
USER = SnmpAccess("snmpd.conf:1", SnmpSecurity.ENCRYPTED, writes=False, usual=False, limited=True)
NAMED = SnmpAccess("snmpd.conf:2", SnmpSecurity.COMMUNITY, writes=False, usual=False, limited=True)
SNMPD = SnmpAgent(
    name="snmpd",
    running=True,
    starts=True,
    applied=None,
    source="/etc/snmp/snmpd.conf",
    local=False,
    access=(USER,),
    beyond=None,
    users=(SnmpUser("SHA-256", "AES"),),
)


def snmpd(**changes: object) -> SnmpConfiguration:
    """The well kept agent, with changes."""
    return SnmpConfiguration((replace(SNMPD, **changes),))  # type: ignore[arg-type]  # fields of the fact


def also(**changes: object) -> SnmpConfiguration:
    """The well kept agent with a community that is well kept but for the changes."""
    return snmpd(access=(USER, replace(NAMED, **changes)))  # type: ignore[arg-type]  # fields of the fact


def common(good: str) -> list[Case]:
    """What holds for every check."""
    return [
        case(snmpd(), says=good),
        case(snmpd(applied=STALE), outcome="undetermined", reason=Reason.STALE),
        case(snmpd(running=None, starts=True), says=good),
        case(snmpd(running=False, starts=False), says="NO_SNMP"),
        case(snmpd(local=True, access=(NAMED,)), says="SNMP_LOCAL"),
        case(SnmpConfiguration(()), says="NO_SNMP"),
        case(SnmpConfiguration(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]


def ways_in(good: str) -> list[Case]:
    """What holds for every check of the ways in."""
    return [
        *common(good),
        case(snmpd(access=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(snmpd(beyond=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(snmpd(local=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]


CASES: dict[str, list[Case]] = {
    "host.snmp.encrypted": [
        *ways_in("SNMP_ENCRYPTED"),
        case(also(), says="SNMP_COMMUNITY", args={"where": ("snmpd.conf:2",)}),
        case(snmpd(access=(NAMED,), beyond=DENIED), says="SNMP_COMMUNITY"),
        case(snmpd(access=(NAMED,), local=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(snmpd(access=(replace(USER, security=SnmpSecurity.AUTHENTICATED),)), says="SNMP_WEAK"),
        case(snmpd(access=(replace(USER, security=SnmpSecurity.NONE),)), says="SNMP_WEAK"),
        case(snmpd(access=()), says="SNMP_CLOSED"),
    ],
    "host.snmp.community": [
        *ways_in("COMMUNITY_NONE"),
        case(also(), says="COMMUNITY_OWN"),
        case(also(usual=True), says="COMMUNITY_USUAL", args={"where": ("snmpd.conf:2",)}),
    ],
    "host.snmp.limited": [
        *ways_in("SNMP_LIMITED"),
        case(also(limited=False), says="SNMP_OPEN", args={"where": ("snmpd.conf:2",)}),
        case(also(limited=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(also(writes=True), says="SNMP_WRITES"),
        case(snmpd(access=(replace(USER, writes=True),)), says="SNMP_LIMITED"),
        case(snmpd(access=(replace(USER, writes=True, security=SnmpSecurity.NONE),)), says="SNMP_WRITES"),
        case(snmpd(access=()), says="SNMP_CLOSED"),
    ],
    "host.snmp.algorithms": [
        *common("ALGORITHMS_SOUND"),
        case(snmpd(users=(SnmpUser("MD5", "AES"), SnmpUser("SHA", "?"))), says="ALGORITHMS_WEAK", args={"algorithms": ("MD5",)}),
        case(snmpd(users=(SnmpUser("SHA", "DES"),)), says="ALGORITHMS_WEAK"),
        case(snmpd(users=(SnmpUser("SHA", "?"),)), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(snmpd(users=()), says="ALGORITHMS_NONE"),
        case(snmpd(users=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
