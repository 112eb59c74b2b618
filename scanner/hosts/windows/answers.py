"""The closed list of questions that are put to Windows itself, and the form of each answer.

Windows' programming interface answers in numbers, identifiers and SIDs, the same under every language. A question is asked with
``reader.ask(PASSWORD_RULES)``; how it is put to a running Windows stands in ``scanner.hosts.winapi``. Secrets are never asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from scanner.hosts.base import Asked

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Api(Generic[A]):
    """One question. ``call`` is the function of Windows that answers it, ``answers`` the type of the answer."""

    name: str
    call: str
    answers: type[A]
    root: bool = False
    """Whether an ordinary account usually gets no answer."""

    @property
    def source(self) -> Asked:
        """The form in which a collector declares that it asks this."""
        return Asked(self.name, self.root)


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """The rules for the machine's own accounts. Seconds; ``None`` is "for ever" or "never"."""

    length: int
    most_age: int | None
    least_age: int
    history: int
    lockout_attempts: int
    """Zero: an account is never locked."""
    lockout_seconds: int | None
    """``None``: until an administrator unlocks it."""
    lockout_window: int


PASSWORD_RULES = Api("password-rules", "NetUserModalsGet, levels 0 and 3", PasswordRules)


@dataclass(frozen=True, slots=True)
class Clock:
    """The machine's own time, in seconds since 1970."""

    seconds: int


CLOCK = Api("clock", "time(), of GetSystemTimeAsFileTime", Clock)


@dataclass(frozen=True, slots=True)
class LocalAccount:
    """One of the machine's own accounts. ``flags`` are those of USER_INFO_3 (lmaccess.h: 0x2 disabled, 0x20 no password needed,
    0x10000 password never expires, 0x10 locked out)."""

    name: str
    sid: str
    flags: int
    password_age: int
    """Seconds since the password was set."""
    last_logon: int | None
    """Seconds since 1970; ``None``: not known, or never."""
    expires: int | None
    """Seconds since 1970; ``None``: never."""


@dataclass(frozen=True, slots=True)
class LocalAccounts:
    """All of the machine's own accounts."""

    accounts: tuple[LocalAccount, ...]


ACCOUNTS = Api("accounts", "NetUserEnum, level 3", LocalAccounts)


@dataclass(frozen=True, slots=True)
class LocalGroup:
    """A group of the machine and its members, as SIDs with the names that could be found for them (empty where none was)."""

    sid: str
    name: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LocalGroups:
    """All groups of the machine itself."""

    groups: tuple[LocalGroup, ...]


GROUPS = Api("groups", "NetLocalGroupEnum, NetLocalGroupGetMembers level 2", LocalGroups)


@dataclass(frozen=True, slots=True)
class Joined:
    """Whether the machine belongs to a domain. ``name`` is that of the domain or workgroup."""

    domain: bool
    name: str


JOINED = Api("joined", "NetGetJoinInformation", Joined)


@dataclass(frozen=True, slots=True)
class FirmwareState:
    """How the machine starts and whether it has a TPM."""

    uefi: bool | None
    """``None``: Windows could not tell."""
    tpm_version: int | None
    """1 is TPM 1.2, 2 is TPM 2.0; ``None``: there is none that Windows can use."""


FIRMWARE = Api("firmware", "GetFirmwareType, Tbsi_GetDeviceInfo", FirmwareState)


@dataclass(frozen=True, slots=True)
class AdapterAddress:
    """An address of an adapter and the length of its prefix."""

    address: str
    prefix: int
    advertised: bool = False
    """Whether the prefix came by a router advertisement (NL_PREFIX_ORIGIN)."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A network adapter. ``kind`` is its IfType (24 loopback, 6 Ethernet, 71 wireless, 131 tunnel), ``tunnel`` its TUNNEL_TYPE
    (0 none, 11 6to4, 13 ISATAP, 14 Teredo, 15 IP-HTTPS, 1 other, 2 direct)."""

    guid: str
    name: str
    description: str
    kind: int
    tunnel: int
    up: bool
    ipv6: bool
    """Whether the IPv6 protocol is bound to it."""
    addresses: tuple[AdapterAddress, ...]


@dataclass(frozen=True, slots=True)
class Adapters:
    """All network adapters, those without addresses among them."""

    adapters: tuple[Adapter, ...]


ADAPTERS = Api("adapters", "GetAdaptersAddresses", Adapters)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A socket that waits for others. ``process`` is the number of the process, ``program`` its file's name; empty where hidden."""

    protocol: str
    address: str
    port: int
    process: int
    program: str


@dataclass(frozen=True, slots=True)
class WaitingSockets:
    """All sockets that wait, TCP and UDP, IPv4 and IPv6."""

    sockets: tuple[Waiting, ...]


SOCKETS = Api("sockets", "GetExtendedTcpTable, GetExtendedUdpTable", WaitingSockets)


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service or driver. ``state`` is its SERVICE_STATUS (1 stopped, 4 running, 7 paused), ``exit`` its last exit code."""

    name: str
    state: int
    exit: int


@dataclass(frozen=True, slots=True)
class RunningServices:
    """The state of all services; drivers are among them."""

    services: tuple[RunningService, ...]


SERVICE_STATES = Api("services", "EnumServicesStatusExW", RunningServices)


@dataclass(frozen=True, slots=True)
class AuditPolicy:
    """The audit policy in force: for each subcategory's GUID (lower case, no braces) 0 none, 1 success, 2 failure, 3 both."""

    subcategories: tuple[tuple[str, int], ...]


AUDIT_POLICY = Api("audit-policy", "AuditQuerySystemPolicy", AuditPolicy, root=True)


@dataclass(frozen=True, slots=True)
class Exported:
    """What a program wrote into a file that was removed again."""

    octets: bytes


AUDIT_BACKUP = Api("audit-backup", "auditpol /backup", Exported, root=True)
SECURITY_EXPORT = Api("security-export", "secedit /export /areas SECURITYPOLICY", Exported, root=True)


@dataclass(frozen=True, slots=True)
class WirelessLink:
    """A wireless network in use. Numbers are those of wlantypes.h (DOT11_AUTH_ALGORITHM, DOT11_CIPHER_ALGORITHM)."""

    adapter: str
    ssid: str
    profile: str
    secured: bool
    one_x: bool
    """Whether 802.1X is used."""
    authentication: int
    cipher: int


@dataclass(frozen=True, slots=True)
class WirelessLinks:
    """The wireless networks in use; ``present``: the machine has a wireless adapter."""

    present: bool
    links: tuple[WirelessLink, ...]


WIRELESS = Api("wireless", "WlanQueryInterface", WirelessLinks)
