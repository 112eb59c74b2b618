"""Cases of the check of interfaces that take every frame."""

from __future__ import annotations

from scanner.facts.promiscuous import PromiscuousInterface, PromiscuousInterfaces
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case


def receiving(*interfaces: PromiscuousInterface) -> PromiscuousInterfaces:
    """A machine with these interfaces, beside those that take only what is for them."""
    return PromiscuousInterfaces(interfaces)


LISTENER = PromiscuousInterface("eth0", "", 1, ())
PORT = PromiscuousInterface("eth1", "", 1, ("br0",))
CASES: dict[str, list[Case]] = {
    "host.network.promiscuous": [
        case(receiving(), says="LISTENS_NOT"),
        case(receiving(PORT), says="LISTENS_AS_PORT", args={"names": ("eth1 (br0)",)}),
        case(receiving(PromiscuousInterface("veth1", "veth", 2, ())), says="LISTENS_NOT"),
        case(receiving(PORT, LISTENER), says="LISTENS", args={"names": ("eth0",)}),
        case(receiving(PromiscuousInterface("bond0", "bond", 1, ())), says="LISTENS"),
        case(receiving(PromiscuousInterface("eth1", "", 2, ("br0",))), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(receiving(PromiscuousInterface("br0", "bridge", 1, ())), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(receiving(PromiscuousInterface("br0", "bridge", 1, ()), LISTENER), says="LISTENS"),
        case(Unobserved(Reason.UNSUPPORTED), outcome="undetermined", reason=Reason.UNSUPPORTED),
    ],
}
