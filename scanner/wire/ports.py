"""The TCP ports that are looked at unless the ledger says otherwise: numbers, usual protocols and what kind of thing stands there.

Chosen for what the documents speak of: clear text, databases, directories, remote management, printers, cameras, control systems, proxies.
Data only. What a port's number promises proves nothing; what is there is told by what it answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final


@unique
class Sort(StrEnum):
    """What kind of thing uses a port by custom."""

    CLEAR_TEXT = "clear-text"
    DATABASE = "database"
    DIRECTORY = "directory"
    FILES = "files"
    MAIL = "mail"
    MANAGEMENT = "management"
    NAMES = "names"
    OTHER = "other"
    PRINTER = "printer"
    PROXY = "proxy"
    CAMERA = "camera"
    CONTROL = "control"
    VPN = "vpn"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Port:
    """A TCP port. ``speaks``: how its usual protocol is begun (``scanner.probes.exposure_listeners``); empty: it is listened to only."""

    number: int
    name: str
    sort: Sort
    speaks: str = ""


def _ports(sort: Sort, *rows: tuple[int, str] | tuple[int, str, str]) -> tuple[Port, ...]:
    return tuple(Port(row[0], row[1], sort, row[2] if len(row) == 3 else "") for row in rows)


PORTS: Final[tuple[Port, ...]] = tuple(
    sorted(
        (
            *_ports(
                Sort.CLEAR_TEXT,
                (7, "echo"),
                (13, "daytime"),
                (17, "qotd"),
                (19, "chargen"),
                (21, "ftp", "ftp"),
                (23, "telnet"),
                (79, "finger"),
                (512, "rexec"),
                (513, "rlogin"),
                (514, "rsh"),
                (2121, "ftp (alternative)", "ftp"),
                (2323, "telnet (alternative)"),
            ),
            *_ports(
                Sort.MAIL,
                (25, "smtp"),
                (110, "pop3"),
                (143, "imap"),
                (465, "submissions"),
                (587, "submission"),
                (993, "imaps"),
                (995, "pop3s"),
                (4190, "sieve"),
            ),
            *_ports(Sort.NAMES, (53, "dns"), (111, "portmap", "portmap"), (135, "msrpc")),
            *_ports(
                Sort.FILES,
                (139, "netbios-ssn"),
                (445, "smb", "smb"),
                (548, "afp"),
                (873, "rsync", "rsync"),
                (2049, "nfs"),
                (3260, "iscsi"),
            ),
            *_ports(Sort.DIRECTORY, (88, "kerberos"), (389, "ldap", "ldap"), (636, "ldaps"), (3268, "ldap (global catalogue)", "ldap")),
            *_ports(
                Sort.DATABASE,
                (1433, "mssql"),
                (1521, "oracle"),
                (2379, "etcd", "etcd"),
                (3050, "firebird"),
                (3306, "mysql"),
                (5432, "postgresql", "postgresql"),
                (5984, "couchdb", "http"),
                (6379, "redis", "redis"),
                (8086, "influxdb", "http"),
                (9042, "cassandra"),
                (9200, "elasticsearch", "http"),
                (11211, "memcached", "memcached"),
                (27017, "mongodb", "mongodb"),
                (50000, "db2"),
            ),
            *_ports(
                Sort.MANAGEMENT,
                (22, "ssh"),
                (623, "ipmi (asf)"),
                (2222, "ssh (alternative)"),
                (2375, "docker", "docker"),
                (3389, "rdp", "rdp"),
                (4786, "smart install"),
                (4899, "radmin"),
                (5800, "vnc (web)", "http"),
                (5900, "vnc", "vnc"),
                (5901, "vnc (display 1)", "vnc"),
                (5985, "winrm", "http"),
                (5986, "winrm (tls)"),
                (6000, "x11", "x11"),
                (6443, "kubernetes"),
                (8291, "winbox"),
                (10000, "webmin", "http"),
                (10250, "kubelet"),
                (10255, "kubelet (read only)", "kubelet"),
                (16992, "intel amt", "http"),
            ),
            *_ports(Sort.PRINTER, (515, "lpd"), (631, "ipp", "ipp"), (9100, "raw print"), (9101, "raw print (2)"), (9102, "raw print (3)")),
            *_ports(Sort.CAMERA, (554, "rtsp", "rtsp"), (8554, "rtsp (alternative)", "rtsp"), (37777, "dahua")),
            *_ports(
                Sort.CONTROL,
                (102, "s7"),
                (502, "modbus"),
                (1911, "fox"),
                (2404, "iec 104"),
                (4840, "opc ua"),
                (20000, "dnp3"),
                (44818, "ethernet/ip"),
                (1883, "mqtt"),
            ),
            *_ports(
                Sort.PROXY,
                (1080, "socks", "socks"),
                (3128, "http proxy", "proxy"),
                (8080, "http (alternative)", "proxy"),
                (8118, "privoxy", "proxy"),
            ),
            *_ports(Sort.VPN, (1194, "openvpn"), (1723, "pptp")),
            *_ports(
                Sort.WEB,
                (80, "http", "http"),
                (81, "http (device)", "http"),
                (443, "https", "https"),
                (8000, "http (alternative)", "http"),
                (8008, "http (alternative)", "http"),
                (8081, "http (alternative)", "http"),
                (8443, "https (alternative)", "https"),
                (8888, "http (alternative)", "http"),
                (9090, "http (cockpit)", "http"),
            ),
            *_ports(
                Sort.OTHER,
                (1900, "upnp", "http"),
                (5000, "upnp (description)", "http"),
                (5060, "sip"),
                (5222, "xmpp"),
                (5357, "wsd", "http"),
                (5433, "postgresql (second)", "postgresql"),
                (6667, "irc"),
                (7547, "cwmp", "http"),
                (8009, "ajp"),
                (49152, "upnp (description)", "http"),
            ),
        ),
        key=lambda port: port.number,
    )
)
BY_NUMBER: Final = MappingProxyType({port.number: port for port in PORTS})

NEVER_SPOKEN_TO: Final = frozenset({515, *range(9100, 9110)}) | {port.number for port in PORTS if port.sort is Sort.CONTROL}
"""Ports at which an octet too many prints a page or moves a machine: connected to, and nothing more."""


def name_of(port: int) -> str:
    """Give the usual protocol of a port for a sentence: ``6379 (redis)``, or the number alone."""
    known = BY_NUMBER.get(port)
    return f"{port} ({known.name})" if known else str(port)


Span = tuple[int, int]
"""Ports from one to another, both included."""


def spans(ports: Iterable[int]) -> tuple[Span, ...]:
    """Write ports as spans, in order."""
    found: list[Span] = []
    for port in sorted(set(ports)):
        if found and found[-1][1] == port - 1:
            found[-1] = (found[-1][0], port)
        else:
            found.append((port, port))
    return tuple(found)


def within(port: int, held: Iterable[Span]) -> bool:
    """Tell whether a port lies in one of the spans."""
    return any(first <= port <= last for first, last in held)
