"""What a host shows to the network: which TCP ports answer, what listens there, what answers to datagrams. No opinion stands here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind, Service

Spans = tuple[tuple[int, int], ...]
"""Ports from one to another, both included."""


@dataclass(frozen=True, slots=True)
class OpenPorts:
    """How the TCP ports of one address answered. ``asked`` are all that were tried.

    ``open`` took the connection, ``closed`` refused it, ``filtered`` were silent or said to be forbidden while the address answered
    elsewhere. ``unsettled`` says why what is filtered may be open all the same, such as a limit on the rate of connections.
    """

    asked: Spans
    open: tuple[int, ...]
    closed: Spans
    filtered: Spans
    unsettled: Unobserved | None = None


@dataclass(frozen=True, slots=True)
class AddressPorts:
    """One address. Where nothing at all answers, or something answers for every port, there is a reason instead."""

    address: str
    seen: OpenPorts | Unobserved


@dataclass(frozen=True, slots=True)
class HostPorts(Fact):
    """The ports of every address of a host; ``left_out`` counts addresses beyond the cap."""

    of: ClassVar[Kind] = Kind.HOST

    addresses: tuple[AddressPorts, ...]
    left_out: int = 0


@unique
class Speaks(StrEnum):
    """What answered at a port, told by its answer and never by the port's number alone."""

    UNKNOWN = "unknown"
    CHARGEN = "chargen"
    COAP = "coap"
    CLDAP = "cldap"
    DNS = "dns"
    DOCKER = "docker"
    ECHO = "echo"
    ELASTICSEARCH = "elasticsearch"
    ETCD = "etcd"
    FINGER = "finger"
    FTP = "ftp"
    HTTP = "http"
    IMAP = "imap"
    IPMI = "ipmi"
    IPP = "ipp"
    KUBELET = "kubelet"
    LDAP = "ldap"
    MDNS = "mdns"
    MEMCACHED = "memcached"
    MONGODB = "mongodb"
    MYSQL = "mysql"
    NETBIOS = "netbios"
    NTP = "ntp"
    POP3 = "pop3"
    PORTMAP = "portmap"
    POSTGRESQL = "postgresql"
    PROXY = "proxy"
    QOTD = "qotd"
    RDP = "rdp"
    REDIS = "redis"
    RSYNC = "rsync"
    RTSP = "rtsp"
    SIP = "sip"
    SMB = "smb"
    SMTP = "smtp"
    SNMP = "snmp"
    SNMP_COMMUNITY = "snmp-community"
    """SNMP versions 1 and 2c, asked with the community "public"."""
    SOCKS = "socks"
    SSDP = "ssdp"
    SSH = "ssh"
    TELNET = "telnet"
    TEREDO = "teredo"
    TFTP = "tftp"
    VNC = "vnc"
    WS_DISCOVERY = "ws-discovery"
    X11 = "x11"


@unique
class Trait(StrEnum):
    """What a service showed of itself."""

    NO_LOGIN = "no-login"
    """It answered a question, or let a session begin, that it should have asked a login for."""
    LOGIN = "login"
    """It asked for a login."""
    TLS = "tls"
    """It offers to change to TLS."""
    NO_TLS = "no-tls"
    """It was asked and does not."""
    SMB1 = "smb1"
    """It takes SMB 1 (the "NT LM 0.12" dialect)."""
    NO_SMB1 = "no-smb1"
    SIGNING_REQUIRED = "signing-required"
    SIGNING_OPTIONAL = "signing-optional"
    WITHOUT_NLA = "without-nla"
    """RDP: a session can begin without network level authentication (CredSSP)."""
    NLA = "nla"
    STANDARD_SECURITY = "standard-security"
    """RDP: its own old encryption is taken."""
    MODE_6 = "mode-6"
    """NTP: strangers may read control variables."""
    MODE_7 = "mode-7"
    """NTP: strangers may read the list of clients."""
    FORWARDS = "forwards"
    """A proxy that passes strangers' connections on."""
    DEVICE = "device"
    """The administration page of a printer, camera, router or the like."""
    MODULES = "modules"
    """rsync: modules are named to strangers."""
    NFS = "nfs"
    """Portmap: a file server is registered."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a service said. ``words`` is a short excerpt for people: its greeting, title or version."""

    speaks: Speaks
    traits: tuple[Trait, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """One open TCP port."""

    address: str
    port: int
    seen: Spoken | Unobserved


@dataclass(frozen=True, slots=True)
class HostListeners(Fact):
    """What listens at the open TCP ports. ``unseen``: addresses whose open ports are not all known; ``left_out`` ports beyond the cap."""

    of: ClassVar[Kind] = Kind.HOST

    listeners: tuple[Listener, ...]
    unseen: tuple[AddressPorts, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class UnlistedServices(Fact):
    """Services that listen at a host without being listed, by their keys: what is found is judged as a service, whoever forgot it.

    Only those that checks of services can judge; ``left_out`` counts those beyond the cap. Web sites are not among what they lead to:
    a site goes with a name, which nobody has told.
    """

    of: ClassVar[Kind] = Kind.HOST
    leads_to: ClassVar[tuple[Kind, ...]] = (Kind.SSH_SERVICE, Kind.SMTP_SERVICE, Kind.TLS_SERVICE)

    services: tuple[str, ...]
    left_out: int = 0

    def leads(self) -> tuple[Service, ...]:
        """The services."""
        return tuple(Service.parse(key.removeprefix("service:")) for key in self.services)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back to one question in a datagram: octets of payload sent, in all tries, and received."""

    sent: int
    received: int
    traits: tuple[Trait, ...] = ()
    words: str = ""

    @property
    def factor(self) -> float:
        """How many times larger the answer is than the question."""
        return round(self.received / max(1, self.sent), 1)


@dataclass(frozen=True, slots=True)
class UdpPort:
    """One question to one UDP port. ``None``: no answer, though the address answers elsewhere, or ICMP says that nobody listens."""

    address: str
    port: int
    speaks: Speaks
    seen: Answered | Unobserved | None


@dataclass(frozen=True, slots=True)
class HostDatagrams(Fact):
    """What answers to datagrams at every address of a host; ``left_out`` counts addresses beyond the cap."""

    of: ClassVar[Kind] = Kind.HOST

    ports: tuple[UdpPort, ...]
    left_out: int = 0
