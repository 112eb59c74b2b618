"""Cases of the checks of what network devices offer and record."""

from __future__ import annotations

from scanner.facts.network_device import AccessPorts, NeedlessService
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.network import KEPT, device

UNWRITTEN = Unobserved(Reason.VALUE_NOT_SET, "service pad is not written")

CASES: dict[str, list[Case]] = {
    "network.time.servers": [
        case(KEPT, says="TIME_SERVERS"),
        case(device(time_servers=()), says="TIME_NONE"),
        case(device(time_servers=UNWRITTEN), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
    ],
    "network.logging.remote": [
        case(KEPT, says="LOG_SENT"),
        case(device(log_hosts=()), says="LOG_KEPT_ONLY"),
        case(device(log_hosts=UNWRITTEN), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
    ],
    "network.logging.times": [
        case(KEPT, says="LOG_DATED"),
        case(device(log_times=False), says="LOG_UNDATED"),
        case(device(log_times=UNWRITTEN), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
    ],
    "network.services.needless": [
        case(KEPT, says="NEEDLESS_OFF"),
        case(device(needless=(NeedlessService("service pad", True), NeedlessService("vstack", UNWRITTEN))), says="NEEDLESS_ON"),
        case(device(needless=(NeedlessService("service pad", UNWRITTEN),)), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
    ],
    "network.ipv6.tunnel": [
        case(KEPT, says="DEVICE_TUNNEL_NONE"),
        case(device(tunnels=("Tunnel0",)), says="DEVICE_TUNNEL"),
        case(device(more=UNWRITTEN), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
    ],
    "network.ipv6.ra-guard": [
        case(KEPT, says="NO_ACCESS_PORTS"),
        case(device(access_ports=AccessPorts(2, 2, ())), says="RA_GUARDED"),
        case(device(access_ports=AccessPorts(2, 1, ("Gi1/0/2",))), says="RA_OPEN", args={"open": 1}),
        case(device(access_ports=UNWRITTEN), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
    ],
    "network.config.saved": [
        case(KEPT, says="CONFIG_SAVED"),
        case(device(saved=False), says="CONFIG_UNSAVED"),
        case(device(saved=Unobserved(Reason.UNSUPPORTED)), outcome="undetermined", reason=Reason.UNSUPPORTED),
    ],
}
