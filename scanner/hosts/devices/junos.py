"""What a configuration of Junos means for the management of the device. Services are off unless they are configured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from scanner.facts.network_device import (
    AccessPorts,
    IdleLimit,
    LogHost,
    ManagementService,
    NeedlessService,
    NetworkDevice,
    PasswordForm,
    SnmpAccess,
    SnmpSecurity,
    StoredPassword,
)
from scanner.facts.readings import Wait
from scanner.hosts.base import collector
from scanner.hosts.config_file import DeviceReader
from scanner.hosts.devices.common import READS, USUAL_COMMUNITIES, running
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.wire import junos
from scanner.wire.junos import Config

T = TypeVar("T")
MOST_NAMED = 20
SERVICES = (
    ("telnet", ("system", "services", "telnet")),
    ("ftp", ("system", "services", "ftp")),
    ("ssh", ("system", "services", "ssh")),
    ("netconf", ("system", "services", "netconf", "ssh")),
    ("http", ("system", "services", "web-management", "http")),
    ("https", ("system", "services", "web-management", "https")),
    ("xnm-clear-text", ("system", "services", "xnm-clear-text")),
    ("rest-http", ("system", "services", "rest", "http")),
)
NEEDLESS = (
    ("finger", ("system", "services", "finger")),
    ("rlogin", ("system", "services", "rlogin")),
    ("rsh", ("system", "services", "rsh")),
    ("tftp-server", ("system", "services", "tftp-server")),
    ("autoinstallation", ("system", "autoinstallation")),
)
_LEVELS = {"none": SnmpSecurity.NONE, "authentication": SnmpSecurity.AUTHENTICATED, "privacy": SnmpSecurity.ENCRYPTED}


@collector(Platform.JUNOS, *READS)
def network_device_junos(read: DeviceReader) -> NetworkDevice:
    """See what the configuration says."""
    config = running(read, junos.parse)
    version = config.value("version")
    read.keep("running-config", f"version {version}, {len(config.statements)} statements")
    return NetworkDevice(
        dialect="junos",
        version=version or Unobserved(Reason.UNSUPPORTED, "no statement names the version"),
        services=tuple(ManagementService(name, " ".join(path), _on(config, path), _limited(config)) for name, path in SERVICES),
        ssh_version_1="v1" in {rest[0] for rest in config.below("system", "services", "ssh", "protocol-version") if rest},
        snmp=tuple(_snmp(config)),
        central=_central(config),
        passwords=tuple(_passwords(config)),
        lockout=True
        if config.has("system", "login", "retry-options", "lockout-period")
        else Unobserved(
            Reason.VALUE_NOT_SET, "lockout-period is not written, and what retry-options does without it differs between releases"
        ),
        idle=tuple(_idle(config)),
        time_servers=tuple(dict.fromkeys(rest[0] for rest in config.below("system", "ntp", "server") if rest)) or _unless_more(config, ()),
        time_authenticated=_time_authenticated(config),
        log_hosts=tuple(_log_hosts(config)),
        log_times=True,
        needless=tuple(NeedlessService(name, _on(config, path)) for name, path in NEEDLESS),
        tunnels=tuple(_tunnels(config)),
        access_ports=_access_ports(config),
        saved=True,  # a commit writes the configuration before it takes effect
    )


def _on(config: Config, path: tuple[str, ...]) -> bool | Unobserved:
    return True if config.has(*path) else _unless_more(config, False)


def _unless_more(config: Config, value: T) -> T | Unobserved:
    """Give what silence means, unless groups that were not expanded may say more."""
    if config.more:
        return Unobserved(
            Reason.UNSUPPORTED,
            "apply-groups below the top or with wildcards is not expanded: give show configuration | display inheritance",
        )
    return value


def _limited(config: Config) -> bool | Unobserved:
    """A filter on what reaches the routing engine: ``interfaces lo0 unit N family F filter input``, for both families in use."""
    if config.has("security", "zones"):
        return Unobserved(Reason.UNSUPPORTED, "host-inbound-traffic of security zones is not read")
    spoken = {s[5] for s in config.statements if s[0] == "interfaces" and len(s) > 5 and s[2] == "unit" and s[4] == "family"} & {
        "inet",
        "inet6",
    }
    filtered = {
        rest[2]
        for rest in config.below("interfaces", "lo0", "unit")
        if len(rest) > 4 and rest[1] == "family" and rest[3] == "filter" and rest[4] in {"input", "input-list"}
    }
    return True if spoken and spoken <= filtered else _unless_more(config, False)


def _snmp(config: Config) -> Iterator[SnmpAccess]:
    for name in dict.fromkeys(rest[0] for rest in config.below("snmp", "community") if rest):
        below = config.below("snmp", "community", name)
        writes = any(rest[:2] == ("authorization", "read-write") for rest in below)
        limited = any(rest[:1] in {("clients",), ("client-list-name",)} for rest in below)
        yield SnmpAccess("snmp community", SnmpSecurity.COMMUNITY, writes, name.lower() in USUAL_COMMUNITIES, limited)
    groups: dict[tuple[str, str], bool] = {}
    for rest in config.below("snmp", "v3", "vacm", "access", "group"):
        if "security-level" in rest[:-1]:
            key = rest[0], rest[rest.index("security-level") + 1]
            groups[key] = groups.get(key, False) or "write-view" in rest
    for (group, level), writes in groups.items():
        if level in _LEVELS:
            yield SnmpAccess(f"group {group}", _LEVELS[level], writes, False, False)


def _central(config: Config) -> tuple[str, ...] | Unobserved:
    order = [rest[0] for rest in config.below("system", "authentication-order") if rest]
    named = tuple({"tacplus": "tacacs+"}.get(word, word) for word in order if word != "password")
    return named or _unless_more(config, ())


def _passwords(config: Config) -> Iterator[StoredPassword]:
    for rest in config.below("system", "root-authentication"):
        if rest[:1] == ("encrypted-password",) and len(rest) > 1:
            yield StoredPassword("root", _form(rest[1]))
    for rest in config.below("system", "login", "user"):
        if rest[1:3] == ("authentication", "encrypted-password") and len(rest) > 3:
            yield StoredPassword(rest[0], _form(rest[3]))


def _form(text: str) -> PasswordForm:
    if text.startswith("$9$"):
        return PasswordForm.REVERSIBLE
    if text.startswith("$1$"):
        return PasswordForm.OLD_HASH
    return PasswordForm.HASH if text.startswith(("$5$", "$6$", "*", "!")) else PasswordForm.OLD_HASH


def _idle(config: Config) -> Iterator[IdleLimit]:
    """An account's class says when its idle sessions end; the classes that Junos brings along never do."""
    limits = {rest[0]: rest[2] for rest in config.below("system", "login", "class") if rest[1:2] == ("idle-timeout",) and len(rest) > 2}
    for rest in config.below("system", "login", "user"):
        if rest[1:2] == ("class",) and len(rest) > 2:
            minutes = limits.get(rest[2], "")
            yield IdleLimit(f"class {rest[2]}", Wait(int(minutes) * 60 if minutes.isdecimal() and len(minutes) < 9 else None))


def _time_authenticated(config: Config) -> bool | Unobserved:
    servers = {rest[0] for rest in config.below("system", "ntp", "server") if rest}
    keyed = {rest[0] for rest in config.below("system", "ntp", "server") if "key" in rest[1:]}
    return True if servers and servers == keyed and config.has("system", "ntp", "trusted-key") else _unless_more(config, False)


def _log_hosts(config: Config) -> Iterator[LogHost]:
    for host in dict.fromkeys(rest[0] for rest in config.below("system", "syslog", "host") if rest):
        yield LogHost(host, config.value("system", "syslog", "host", host, "transport") or "udp")


def _tunnels(config: Config) -> Iterator[str]:
    for name in dict.fromkeys(rest[0] for rest in config.below("interfaces") if rest and rest[0].startswith(("ip-", "gr-"))):
        if any("inet6" in rest for rest in config.below("interfaces", name)):
            yield name


def _access_ports(config: Config) -> AccessPorts | None:
    modes = {"interface-mode", "port-mode"}
    ports = [
        s[1]
        for s in config.statements
        if s[0] == "interfaces" and s[-2:-1] and s[-2] in modes and s[-1] == "access" and "ethernet-switching" in s
    ]
    ports = [port for port in dict.fromkeys(ports) if not config.has("interfaces", port, "disable")]
    if not ports:
        return None
    guard = ("forwarding-options", "access-security", "router-advertisement-guard")
    interfaces = {rest[0].split(".")[0] for rest in config.below(*guard, "interface") if rest}
    vlans = {rest[0] for rest in config.below(*guard, "vlan") if rest}
    member = {s[1]: s[-1] for s in config.statements if s[0] == "interfaces" and s[-2:-1] == ("members",)}
    open_ = [port for port in ports if port not in interfaces and member.get(port) not in vlans]
    return AccessPorts(len(ports), len(ports) - len(open_), tuple(open_[:MOST_NAMED]))
