"""Cases of the checks of the packet filter."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.firewall import Filter, FilterProgram, Firewall, Opening
from scanner.facts.ipv6 import Ipv6Native
from scanner.facts.readings import Readings
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, always, off, unknown

SSH = Opening("tcp", 22, 22, ("192.0.2.0/24",), ())
SHUT = Filter(True, (), (SSH,), True, ())
OPEN = Filter(True, ("*",), (), False, ())
NONE = Filter(False, ("*",), (), False, ())
ODD = Filter(True, (), (SSH,), True, ("meta mark 1 accept",))
BRIDGE = Filter(True, ("docker0",), (SSH,), True, ())
NFTABLES = FilterProgram("nftables", True, None)
HAS_IPV6 = Ipv6Native(always(True), always(False), ())
NO_IPV6 = Ipv6Native(always(False), always(False), ())


def with_openings(*openings: Opening) -> Filter:
    """A filter that refuses all but these."""
    return Filter(True, (), openings, True, ())


def wall(
    inbound: Filter | Readings[Filter] = SHUT,
    inbound_ipv6: Filter | Readings[Filter] = SHUT,
    outbound: Filter | Readings[Filter] = SHUT,
    outbound_ipv6: Filter | Readings[Filter] = SHUT,
) -> Firewall:
    """A firewall that nftables keeps well unless the case says otherwise."""
    parts = [part if isinstance(part, Readings) else always(part) for part in (inbound, inbound_ipv6, outbound, outbound_ipv6)]
    return Firewall((NFTABLES,), *parts)


def by(*programs: FilterProgram) -> Firewall:
    """A firewall with other programs."""
    return replace(wall(), programs=programs)


def both(found: Filter) -> Firewall:
    """The same over IPv4 and IPv6."""
    return wall(found, found)


UNKNOWN: Readings[Filter] = unknown()
HTTPS = Opening("tcp", 443, 443, (), ())
CASES: dict[str, list[Case]] = {
    "host.firewall.inbound-ipv4": [
        case(wall(), says="INBOUND_REFUSED"),
        case(wall(off(SHUT)), says="INBOUND_REFUSED"),
        case(wall(OPEN), says="INBOUND_OPEN", args={"interfaces": ("*",)}),
        case(wall(NONE), says="NO_RULES"),
        case(wall(BRIDGE), says="INBOUND_OPEN", args={"interfaces": ("docker0",)}),
        case(wall(BRIDGE), says="INBOUND_REFUSED", with_={"trusted": ("docker0",)}),
        case(wall(Readings(None, SHUT, NONE, "place")), says="OPEN_AFTER_RESTART"),
        case(wall(Readings(SHUT, NONE, SHUT, "place")), says="NOT_APPLIED"),
        case(wall(Readings(None, DENIED, NONE, "place")), says="NO_RULES"),
        case(wall(Readings(None, SHUT, DENIED, "place")), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(wall(UNKNOWN), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(wall(ODD), outcome="undetermined", reason=Reason.UNSUPPORTED),
        # the other version of IP says nothing about this one
        case(wall(SHUT, OPEN), says="INBOUND_REFUSED"),
    ],
    "host.firewall.inbound-ipv6": [
        case(wall(), HAS_IPV6, says="INBOUND_REFUSED"),
        case(wall(), DENIED, says="INBOUND_REFUSED"),
        case(wall(SHUT, OPEN), HAS_IPV6, says="INBOUND_OPEN"),
        case(wall(SHUT, NONE), HAS_IPV6, says="NO_RULES"),
        case(wall(SHUT, Readings(None, SHUT, NONE, "place")), HAS_IPV6, says="OPEN_AFTER_RESTART"),
        case(wall(SHUT, Readings(SHUT, NONE, SHUT, "place")), HAS_IPV6, says="NOT_APPLIED"),
        case(wall(SHUT, NONE), NO_IPV6, says="NO_IPV6"),
        case(wall(SHUT, NONE), replace(HAS_IPV6, stack=Readings(False, False, True, "place")), says="NO_RULES"),
    ],
    "host.firewall.outbound": [
        case(wall(), HAS_IPV6, says="OUTBOUND_LIMITED"),
        case(wall(outbound=OPEN), HAS_IPV6, says="OUTBOUND_FREE", with_={"outbound": "restricted"}, args={"versions": ("IPv4",)}),
        case(wall(outbound_ipv6=NONE), HAS_IPV6, says="OUTBOUND_FREE", with_={"outbound": "restricted"}, args={"versions": ("IPv6",)}),
        case(wall(outbound_ipv6=NONE), NO_IPV6, says="OUTBOUND_LIMITED", with_={"outbound": "restricted"}),
        case(wall(outbound=OPEN), HAS_IPV6, outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(wall(outbound=OPEN), HAS_IPV6, says="OUTBOUND_MEANT", with_={"outbound": "free"}),
        case(wall(outbound=UNKNOWN), HAS_IPV6, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.firewall.management": [
        case(wall(), HAS_IPV6, says="MANAGEMENT_LIMITED", args={"sources": ("192.0.2.0/24",)}),
        case(wall(), HAS_IPV6, says="MANAGEMENT_LIMITED", with_={"networks": ("192.0.0.0/16",)}),
        case(wall(), HAS_IPV6, says="MANAGEMENT_WIDER", with_={"networks": ("192.0.2.0/28",)}),
        case(both(with_openings(HTTPS)), HAS_IPV6, says="MANAGEMENT_SHUT"),
        case(wall(with_openings(Opening("tcp", 20, 25, (), ()))), HAS_IPV6, says="MANAGEMENT_OPEN", args={"ports": ("tcp/20-25 (IPv4)",)}),
        case(
            wall(SHUT, with_openings(Opening("tcp", 22, 22, (), ()))), HAS_IPV6, says="MANAGEMENT_OPEN", args={"ports": ("tcp/22 (IPv6)",)}
        ),
        case(wall(SHUT, with_openings(Opening("tcp", 22, 22, (), ()))), NO_IPV6, says="MANAGEMENT_LIMITED"),
        case(both(with_openings(Opening("tcp", 22, 22, (), ("wg0",)))), HAS_IPV6, says="MANAGEMENT_SHUT", with_={"trusted": ("wg0",)}),
        case(wall(OPEN), HAS_IPV6, says="NO_FILTER", args={"versions": ("IPv4",)}),
        case(wall(UNKNOWN), HAS_IPV6, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(wall(ODD), HAS_IPV6, outcome="undetermined", reason=Reason.UNSUPPORTED),
    ],
    "host.firewall.openings": [
        case(both(with_openings(HTTPS)), HAS_IPV6, says="OPENINGS_APPROVED", with_={"approved": ("tcp/443",)}),
        case(both(with_openings(HTTPS)), HAS_IPV6, says="OPENINGS_APPROVED", with_={"approved": ("tcp/400-500",)}),
        case(wall(), HAS_IPV6, says="NOTHING_OPEN"),
        case(both(with_openings(HTTPS)), HAS_IPV6, says="OPENINGS_OTHER", with_={"approved": ("udp/443", "tcp/80")}),
        case(both(with_openings(HTTPS)), HAS_IPV6, outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(wall(OPEN), HAS_IPV6, says="NO_FILTER"),
        case(wall(UNKNOWN), HAS_IPV6, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(wall(ODD), HAS_IPV6, outcome="undetermined", reason=Reason.UNSUPPORTED),
    ],
    "host.firewall.broad": [
        case(wall(), HAS_IPV6, says="NONE_BROAD"),
        case(wall(with_openings(Opening("udp", 1024, 65535, (), ()))), HAS_IPV6, says="BROAD"),
        case(wall(with_openings(Opening("udp", 1024, 65535, ("192.0.2.0/24",), ()))), HAS_IPV6, says="NONE_BROAD"),
        case(wall(OPEN), HAS_IPV6, says="NO_FILTER"),
        case(wall(UNKNOWN), HAS_IPV6, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(wall(ODD), HAS_IPV6, outcome="undetermined", reason=Reason.UNSUPPORTED),
    ],
    "host.firewall.program": [
        case(wall(), says="ONE_PROGRAM", args={"program": "nftables"}),
        case(by(NFTABLES, FilterProgram("iptables", False, None)), says="ONE_PROGRAM"),
        case(by(NFTABLES, FilterProgram("ufw", True, None)), says="SEVERAL_PROGRAMS", args={"programs": ("nftables", "ufw")}),
        case(by(FilterProgram("firewalld", True, False)), says="NOT_RUNNING"),
        case(by(FilterProgram("firewalld", True, DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(by(FilterProgram("nftables", False, None)), says="NO_PROGRAM"),
        case(by(), says="NO_PROGRAM"),
        case(replace(by(), inbound_ipv4=Readings(None, SHUT, DENIED, "place")), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(by(FilterProgram("ufw", DENIED, None)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(replace(wall(), programs=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.firewall.logging": [
        case(wall(), HAS_IPV6, says="REFUSALS_LOGGED"),
        case(wall(replace(SHUT, logs=False)), HAS_IPV6, says="REFUSALS_NOT_LOGGED", args={"versions": ("IPv4",)}),
        case(wall(SHUT, replace(SHUT, logs=False)), NO_IPV6, says="REFUSALS_LOGGED"),
        case(wall(OPEN), HAS_IPV6, says="NO_FILTER"),
        case(wall(UNKNOWN), HAS_IPV6, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
