"""Cases of the checks of listening sockets and services."""

from __future__ import annotations

from scanner.facts.ledger import DeclaredMachine, DeclaredPort
from scanner.facts.services import ListeningSocket, ListeningSockets, Services, ServiceState
from scanner.facts.software import InstalledSoftware, Package
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED

SSH = ListeningSocket("tcp", "", 22, False, "sshd")
MYSQL = ListeningSocket("tcp", "192.0.2.5", 3306, False, "mysqld")
LOCAL = ListeningSocket("tcp", "127.0.0.1", 5432, True, "postgres")
CLIENT = ListeningSocket("udp", "", 40000, False, DENIED)
DHCP = ListeningSocket("udp", "", 68, False, "dhclient")
DNS_UDP = ListeningSocket("udp", "", 53, False, "named")
LISTED = DeclaredMachine((DeclaredPort(22, "ssh", True, False), DeclaredPort(53, "dns", True, True)))


def sockets(*found: ListeningSocket) -> ListeningSockets:
    """Where the machine listens."""
    return ListeningSockets(found, (32768, 60999))


def runs(
    name: str, kind: str = "service", *, starts: bool | Unobserved = True, running: bool | Unobserved | None = True, bad: bool = False
) -> ServiceState:
    """One service."""
    return ServiceState(name, kind, starts, running, bad)


def services(*found: ServiceState) -> Services:
    """Those of a machine."""
    return Services(found)


CASES: dict[str, list[Case]] = {
    "host.services.listed": [
        case(
            sockets(SSH, LOCAL, CLIENT, DHCP, DNS_UDP), LISTED, says="SOCKETS_LISTED", args={"sockets": ("22/tcp (sshd)", "53/udp (named)")}
        ),
        case(sockets(SSH, MYSQL), LISTED, says="SOCKETS_UNLISTED", args={"sockets": ("3306/tcp (mysqld)",)}),
        # the ledger's entry is for TCP only
        case(sockets(ListeningSocket("udp", "", 22, False, DENIED)), LISTED, says="SOCKETS_UNLISTED", args={"sockets": ("22/udp",)}),
        # a short-lived port is nothing to hide behind for TCP
        case(sockets(ListeningSocket("tcp", "", 40000, False, DENIED)), LISTED, says="SOCKETS_UNLISTED"),
        case(sockets(SSH), DeclaredMachine(None), outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(sockets(LOCAL), DeclaredMachine(None), says="SOCKETS_LISTED"),
        case(Unobserved(Reason.UNSUPPORTED), LISTED, outcome="undetermined", reason=Reason.UNSUPPORTED),
    ],
    "host.services.needless": [
        case(services(runs("ssh"), runs("cron")), says="NEEDLESS_NONE"),
        case(services(runs("rpcbind")), says="NEEDLESS_RUNNING", args={"names": ("rpcbind.service",)}),
        case(services(runs("rpcbind", starts=False)), says="NEEDLESS_RUNNING"),
        case(services(runs("cups", running=False)), says="NEEDLESS_STARTING", args={"names": ("cups.service",)}),
        case(services(runs("cups", running=None)), says="NEEDLESS_STARTING"),
        # the service is off, the socket brings it back
        case(services(runs("cups", starts=False, running=False), runs("cups", "socket")), says="NEEDLESS_ACTIVATED"),
        case(services(runs("telnet", "inetd")), says="NEEDLESS_ACTIVATED", args={"names": ("telnet.inetd",)}),
        case(services(runs("rpcbind")), says="NEEDLESS_NONE", with_={"needless": ("cups",)}),
        case(services(runs("rpcbind", starts=False, running=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(Services(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.services.failed": [
        case(services(runs("rsyslog")), says="GUARDS_FINE"),
        case(services(runs("rsyslog", running=False, bad=True)), says="GUARDS_FAILED", args={"names": ("rsyslog",)}),
        case(services(runs("apt-daily-upgrade", running=False, bad=True)), says="GUARDS_FAILED"),
        # what does not protect the machine is no matter here
        case(services(runs("myapp", running=False, bad=True)), says="GUARDS_FINE"),
        case(services(runs("rsyslog", running=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(Services(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.services.display": [
        case(InstalledSoftware("dpkg", (Package("nginx", "1"),)), says="DISPLAY_NONE"),
        case(InstalledSoftware("dpkg", (Package("xserver-xorg-core", "1"),)), says="DISPLAY_INSTALLED"),
        case(InstalledSoftware("dpkg", DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(InstalledSoftware("windows", ()), outcome="undetermined", reason=Reason.UNSUPPORTED),
    ],
}
