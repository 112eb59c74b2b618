"""The hosts of the exposure laboratory: addresses, packet filters, what their owner's ledger lists, and the ground truth.

``must`` and ``must_not`` are tags of checks as an outside scanner must and must not give them. Data only.
"""

from __future__ import annotations

from dataclasses import dataclass

from scanner.facts.ledger import DeclaredPort

OUTSIDE = ("10.77.0.1", "fd77::1")
BULK = "10.78.0"
"""The network of the 254 addresses that runs are measured at."""


def tcp(port: int, protocol: str) -> DeclaredPort:
    """A listed TCP service."""
    return DeclaredPort(port, protocol, tcp=True, udp=False)


def udp(port: int, protocol: str) -> DeclaredPort:
    """A listed UDP service."""
    return DeclaredPort(port, protocol, tcp=False, udp=True)


@dataclass(frozen=True)
class LabHost:
    """One host. ``filters`` are lines of an nftables input chain, ``redirected`` of a prerouting chain of nat."""

    name: str
    number: int
    listed: tuple[DeclaredPort, ...] | None
    must: frozenset[str]
    must_not: frozenset[str]
    six: bool = False
    filters: tuple[str, ...] = ()
    redirected: tuple[str, ...] = ()
    open: tuple[int, ...] = ()
    """Ports where the odd server merely accepts."""

    @property
    def v4(self) -> str:
        """The IPv4 address."""
        return f"10.77.0.{self.number}"

    @property
    def v6(self) -> str:
        """The IPv6 address, whether it is in use or not."""
        return f"fd77::{self.number}"

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses."""
        return (self.v4, self.v6) if self.six else (self.v4,)


def _tags(text: str) -> frozenset[str]:
    return frozenset(text.split())


ALARMS = _tags(
    "PORT_UNLISTED ONLY_OVER_IPV6 ONLY_OVER_IPV4 TELNET_SERVED FTP_CLEAR R_OPEN LDAP_CLEAR TFTP_SERVED DEVICE_CLEAR "
    "DATA_NO_LOGIN DATA_CLEAR RSYNC_LISTED SMB1_TAKEN SIGNING_OPTIONAL CONTROL_NO_LOGIN IPMI_OUTSIDE PAGE_OUTSIDE "
    "RDP_WITHOUT_NLA VNC_NO_LOGIN STREAM_NO_LOGIN PROXY_OPEN UDP_AMPLIFIES SMALL_SERVED DISCOVERY_OUTSIDE UDP_UNLISTED "
    "NTP_CONTROL NTP_MONLIST SNMP_OUTSIDE SNMP_PUBLIC TUNNEL_TAKEN"
)
_NOTHING_SAID = _tags("TUNNEL_REFUSED PORTS_LISTED PORTS_NONE TELNET_NONE SMB_NONE NOT_REACHED DATA_NONE FTP_NONE UDP_SILENT")

WELL = LabHost(
    "well",
    11,
    (tcp(21, "ftp"), tcp(445, "smb"), tcp(5432, "postgresql"), tcp(6379, "redis"), udp(123, "ntp")),
    must=_tags(
        "PORTS_LISTED PORTS_OPEN FTP_TLS TELNET_NONE DATA_LOGIN DATA_TLS SMB1_REFUSED SIGNING_REQUIRED UDP_LISTED NTP_REFUSED UDP_SMALL "
        "FAMILIES_SAME REACHED_OUTSIDE SNMP_NO_PUBLIC TUNNEL_REFUSED"
    ),
    must_not=ALARMS | {"PORT_CLOSED"},
    six=True,
)
BAD = LabHost(
    "bad",
    12,
    (tcp(22, "ssh"),),
    must=_tags(
        "PORT_UNLISTED PORT_CLOSED TELNET_SERVED FTP_CLEAR TFTP_SERVED DATA_NO_LOGIN DATA_CLEAR SMB1_TAKEN SIGNING_OPTIONAL "
        "REACHED_OUTSIDE UDP_AMPLIFIES UDP_UNLISTED NTP_CONTROL SNMP_OUTSIDE SNMP_PUBLIC LDAP_CLEAR"
    ),
    must_not=_tags("PORTS_LISTED SMB1_REFUSED SIGNING_REQUIRED FTP_TLS NTP_MONLIST VNC_NO_LOGIN PROXY_OPEN SMALL_SERVED"),
)
ODD = LabHost(
    "odd",
    13,
    (tcp(80, "http"),),
    must=_tags(
        "PORT_UNLISTED VNC_NO_LOGIN RDP_WITHOUT_NLA CONTROL_NO_LOGIN STREAM_NO_LOGIN PROXY_OPEN PAGE_OUTSIDE DEVICE_CLEAR NTP_MONLIST "
        "SMALL_SERVED DISCOVERY_OUTSIDE IPMI_OUTSIDE UDP_AMPLIFIES TELNET_SERVED RSYNC_LISTED REACHED_OUTSIDE R_OPEN TUNNEL_TAKEN"
    ),
    must_not=_tags("NTP_CONTROL RDP_NLA VNC_LOGIN SNMP_PUBLIC SNMP_OUTSIDE SMB1_TAKEN TFTP_SERVED"),
    open=(102, 502, 513, 9100, 44818),
)
SIX = LabHost(
    "six",
    14,
    (tcp(443, "https"),),
    must=_tags("ONLY_OVER_IPV6 PORT_UNLISTED"),
    must_not=_tags("ONLY_OVER_IPV4 FAMILIES_SAME PORTS_LISTED"),
    six=True,
    filters=("ip daddr 10.77.0.14 tcp dport != 443 reject with tcp reset",),
    open=(22, 443),
)
DROP = LabHost(
    "drop",
    15,
    (tcp(443, "https"),),
    must=_tags("PORTS_LISTED PORTS_OPEN TELNET_NONE NOT_REACHED UDP_SILENT ONE_FAMILY"),
    must_not=ALARMS | {"REACHED_OUTSIDE", "PORT_CLOSED"},
    filters=("ip daddr 10.77.0.15 tcp dport != 443 drop", "ip daddr 10.77.0.15 meta l4proto udp drop"),
    open=(443,),
)
RESET = LabHost(
    "reset",
    16,
    (tcp(443, "https"),),
    must=_tags("PORTS_LISTED PORTS_OPEN TELNET_NONE NOT_REACHED UDP_SILENT"),
    must_not=ALARMS | {"REACHED_OUTSIDE", "PORT_CLOSED"},
    filters=("ip daddr 10.77.0.16 tcp dport != 443 reject with tcp reset",),
    open=(443,),
)
ICMP = LabHost(
    "icmp",
    17,
    (tcp(443, "https"), tcp(22, "ssh")),
    must=_tags("PORTS_LISTED TELNET_NONE NOT_REACHED UDP_SILENT"),
    must_not=ALARMS | {"REACHED_OUTSIDE", "PORT_CLOSED"},
    filters=("ip daddr 10.77.0.17 tcp dport != 443 reject with icmp admin-prohibited",),
    open=(443,),
)
TARPIT = LabHost(
    "tarpit",
    18,
    (tcp(443, "https"),),
    must=frozenset(),
    must_not=ALARMS | _NOTHING_SAID - {"UDP_SILENT", "TUNNEL_REFUSED"} | {"REACHED_OUTSIDE", "PORT_CLOSED", "PORTS_OPEN"},
    redirected=("ip daddr 10.77.0.18 tcp dport 1-65535 redirect to :9999",),
)
LIMIT = LabHost(
    "limit",
    19,
    (tcp(22, "ssh"), tcp(443, "https")),
    must=_tags("PORT_UNLISTED"),
    must_not=(ALARMS - {"PORT_UNLISTED"}) | {"PORTS_LISTED", "PORT_CLOSED"},
    filters=(
        "ip daddr 10.77.0.19 tcp flags & (syn | ack) == syn limit rate over 20/second burst 20 packets drop",
        "ip daddr 10.77.0.19 tcp dport != { 22, 443, 6379 } reject with tcp reset",
    ),
    open=(22, 443, 6379),
)
BAN = LabHost(
    "ban",
    20,
    (tcp(22, "ssh"), tcp(443, "https")),
    must=frozenset(),
    must_not=ALARMS | {"PORTS_LISTED", "PORTS_NONE", "PORT_CLOSED", "NOT_REACHED"},
    filters=(
        "ip daddr 10.77.0.20 tcp flags & (syn | ack) == syn limit rate over 1/minute burst 30 packets drop",
        "ip daddr 10.77.0.20 tcp dport != { 22, 443 } reject with tcp reset",
    ),
    open=(22, 443),
)
SILENT = LabHost(
    "silent",
    21,
    (tcp(443, "https"),),
    must=frozenset(),
    must_not=ALARMS | _NOTHING_SAID | {"REACHED_OUTSIDE", "PORT_CLOSED", "PORTS_OPEN"},
    filters=("ip daddr 10.77.0.21 drop",),
)

HOSTS = {host.name: host for host in (WELL, BAD, ODD, SIX, DROP, RESET, ICMP, TARPIT, LIMIT, BAN, SILENT)}
