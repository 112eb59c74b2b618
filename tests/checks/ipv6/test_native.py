"""Cases of the checks of native IPv6."""

from __future__ import annotations

from scanner.facts.ipv6 import Ipv6Interface, Ipv6Native
from scanner.facts.readings import Readings
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, always, unknown

ON, OFF = always(True), always(False)
RETURNS = Readings(None, False, True, "place")
GLOBAL, LOCAL = ("2001:db8::1/64", "fe80::1/64"), ("fe80::1/64",)


def on(
    name: str,
    enabled: Readings[bool],
    accepts: Readings[bool] = OFF,
    addresses: tuple[str, ...] | Unobserved = (),
) -> Ipv6Interface:
    """An interface."""
    return Ipv6Interface(name, "", enabled, accepts, addresses)


def host(*interfaces: Ipv6Interface, stack: Readings[bool] = ON) -> Ipv6Native:
    """A machine that does not route."""
    return Ipv6Native(stack, OFF, interfaces)


UNUSED = {"use": "unused"}
BLIND = Ipv6Native(ON, OFF, DENIED)
IMAGE = Readings(None, None, False, "place")
CASES: dict[str, list[Case]] = {
    "ipv6.native.unused": [
        case(host(on("eth0", ON)), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(BLIND, outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(host(on("eth0", OFF)), says="IPV6_OFF"),
        case(host(on("eth0", ON)), says="IPV6_MEANT", with_={"use": "allowed"}),
        case(host(on("eth0", ON), stack=OFF), says="IPV6_NO_STACK", with_=UNUSED),
        case(host(on("", OFF), on("eth0", OFF)), says="IPV6_OFF", with_=UNUSED),
        case(host(on("", IMAGE)), says="IPV6_OFF", with_=UNUSED),
        case(host(on("", OFF), on("eth0", ON, addresses=GLOBAL)), says="IPV6_GLOBAL", with_=UNUSED, args={"interfaces": ("eth0",)}),
        case(host(on("", OFF), on("eth0", ON, addresses=LOCAL)), says="IPV6_LINK_LOCAL", with_=UNUSED),
        case(host(on("", OFF), on("eth0", RETURNS)), says="IPV6_RETURNS", with_=UNUSED),
        case(host(on("", ON), on("eth0", OFF)), says="IPV6_NEW_INTERFACES", with_=UNUSED),
        # off now, and a restart takes the whole protocol away
        case(host(on("", ON), on("eth0", RETURNS), stack=Readings(None, True, False, "x")), says="IPV6_OFF", with_=UNUSED),
        case(host(on("", OFF), on("eth0", unknown())), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=UNUSED),
        case(host(on("", OFF), on("eth0", RETURNS), stack=unknown()), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=UNUSED),
        case(host(on("", OFF), on("eth0", OFF), stack=unknown()), says="IPV6_OFF", with_=UNUSED),
        case(BLIND, outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=UNUSED),
    ],
    "ipv6.native.router-advertisements": [
        case(host(on("eth0", ON, ON)), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(host(on("eth0", ON, OFF)), says="RA_REFUSED"),
        case(host(on("eth0", ON, ON)), says="RA_MEANT", with_={"advertisements": "allowed"}),
        case(host(on("eth0", ON, ON)), says="RA_MEANT", with_={"use": "allowed"}),
        case(host(on("eth0", ON, ON)), says="RA_ACCEPTED", with_={"use": "allowed", "advertisements": "refused"}),
        case(host(on("eth0", ON, ON), stack=OFF), says="RA_NO_STACK", with_=UNUSED),
        case(host(on("", ON, OFF), on("eth0", ON, OFF)), says="RA_REFUSED", with_=UNUSED),
        # with IPv6 off no advertisement is heeded
        case(host(on("", OFF, ON), on("eth0", OFF, ON)), says="RA_REFUSED", with_=UNUSED),
        case(host(on("", ON, OFF), on("eth0", ON, ON)), says="RA_ACCEPTED", with_=UNUSED, args={"interfaces": ("eth0",)}),
        case(host(on("", ON, OFF), on("eth0", ON, RETURNS)), says="RA_RETURNS", with_=UNUSED),
        case(host(on("", ON, ON), on("eth0", ON, OFF)), says="RA_NEW_INTERFACES", with_=UNUSED),
        case(host(on("", ON, OFF), on("eth0", ON, unknown())), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=UNUSED),
        case(BLIND, outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=UNUSED),
    ],
}
