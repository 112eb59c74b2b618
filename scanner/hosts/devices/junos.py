"""What a configuration of Junos means for the management of the device. Services are off unless they are configured."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
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
from scanner.hosts.devices.common import READS, every, running, whole
from scanner.hosts.devices.junos_filter import keeps_strangers_from
from scanner.hosts.snmp_secrets import USUAL_COMMUNITIES
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import junos
from scanner.wire.addresses import is_wide
from scanner.wire.junos import Config, Statement

T = TypeVar("T")
MOST_NAMED = 20
SERVICES = (
    ("telnet", 23, ("system", "services", "telnet")),
    ("ftp", 21, ("system", "services", "ftp")),
    ("ssh", 22, ("system", "services", "ssh")),
    ("netconf", 830, ("system", "services", "netconf", "ssh")),
    ("http", 80, ("system", "services", "web-management", "http")),
    ("https", 443, ("system", "services", "web-management", "https")),
    ("xnm-clear-text", 3221, ("system", "services", "xnm-clear-text")),
    ("rest-http", 3000, ("system", "services", "rest", "http")),
    ("rest-https", 3443, ("system", "services", "rest", "https")),
    ("grpc-clear-text", 32767, ("system", "services", "extension-service", "request-response", "grpc", "clear-text")),
    ("grpc", 32767, ("system", "services", "extension-service", "request-response", "grpc", "ssl")),
)
"""Ways of managing the device, with the ports that they have unless ``port`` says otherwise."""
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
    config = running(read, partial(junos.parse, inherited=read.live))  # a device is asked with display inheritance
    if config.denied:
        raise CannotObserve(Reason.ACCESS_DENIED, "the account is not shown all of the configuration")
    whole({name: config.has(name) or bool(config.more) for name in ("system", "interfaces")})
    version = config.value("version")
    read.keep("running-config", f"version {version}, {len(config.statements)} statements")
    return NetworkDevice(
        dialect="junos",
        version=version or Unobserved(Reason.UNSUPPORTED, "no statement names the version"),
        services=tuple(
            ManagementService(name, " ".join(path), _on(config, path), _limited(config, path, port)) for name, port, path in SERVICES
        ),
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
        log_hosts=tuple(_log_hosts(config)) or _unless_more(config, ()),
        log_times=True,
        needless=tuple(NeedlessService(name, _on(config, path)) for name, path in NEEDLESS),
        tunnels=tuple(_tunnels(config)),
        access_ports=_access_ports(config),
        saved=True,  # a commit writes the configuration before it takes effect
        more=_unless_more(config, None),
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


def _limited(config: Config, path: tuple[str, ...], port: int) -> bool | Unobserved:
    """By a filter on what reaches the routing engine: ``interfaces lo0 unit N family F filter input``."""
    if config.has("security", "zones"):
        return Unobserved(Reason.UNSUPPORTED, "host-inbound-traffic of security zones is not read")
    given = config.value(*path, "port") or ""
    limited = keeps_strangers_from(config, int(given) if given.isdecimal() and len(given) < 6 else port)
    return limited if isinstance(limited, Unobserved) else _unless_more(config, limited)


def _snmp(config: Config) -> Iterator[SnmpAccess]:
    for name in dict.fromkeys(rest[0] for rest in config.below("snmp", "community") if rest):
        below = config.below("snmp", "community", name)
        writes = any(rest[:2] == ("authorization", "read-write") for rest in below)
        yield SnmpAccess("snmp community", SnmpSecurity.COMMUNITY, writes, name.lower() in USUAL_COMMUNITIES, _clients(config, below))
    groups: dict[tuple[str, str], bool] = {}
    for rest in config.below("snmp", "v3", "vacm", "access", "group"):
        if "security-level" in rest[:-1]:
            key = rest[0], rest[rest.index("security-level") + 1]
            groups[key] = groups.get(key, False) or "write-view" in rest
    for (group, level), writes in groups.items():
        if level in _LEVELS:
            yield SnmpAccess(f"group {group}", _LEVELS[level], writes, False, False)


def _clients(config: Config, community: tuple[Statement, ...]) -> bool | Unobserved:
    """Tell whether a community is for named clients only: networks that are larger than an organisation's own do not limit it."""
    listed = [rest[1:] for rest in community if rest[:1] == ("clients",) and len(rest) > 1]
    parts: list[bool | Unobserved] = []
    if any("clients" in rest[1:] for rest in community):
        parts.append(Unobserved(Reason.UNSUPPORTED, "clients of a routing instance or logical system are not read"))
    for name in [rest[1] for rest in community if rest[:1] == ("client-list-name",) and len(rest) > 1]:
        inner = config.below("snmp", "client-list", name) or config.below("policy-options", "prefix-list", name)
        listed += [rest for rest in inner if rest]
        if not inner:
            parts.append(Unobserved(Reason.UNSUPPORTED, "a list of clients is not defined in the text"))
    for network, *rest in listed:
        if "restrict" in rest or network == "default":
            continue
        is_open = is_wide(network)
        parts.append(Unobserved(Reason.UNSUPPORTED, f"{network} is no network") if is_open is None else not is_open)
    return every(parts) if parts or listed else _unless_more(config, False)


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


def _form(text: str) -> PasswordForm | Unobserved:
    if "SECRET-DATA" in text:
        return Unobserved(Reason.UNSUPPORTED, "the password was cut out of the text")
    if text.startswith("$9$"):
        return PasswordForm.REVERSIBLE
    if text.startswith("$1$"):
        return PasswordForm.OLD_HASH
    return PasswordForm.HASH if text.startswith(("$5$", "$6$", "*", "!")) else PasswordForm.OLD_HASH


def _idle(config: Config) -> Iterator[IdleLimit]:
    """An account's class says when its idle sessions end; the classes that Junos brings along never do."""
    limits = {rest[0]: rest[2] for rest in config.below("system", "login", "class") if rest[1:2] == ("idle-timeout",) and len(rest) > 2}
    classes = {rest[0]: rest[2] for rest in config.below("system", "login", "user") if rest[1:2] == ("class",) and len(rest) > 2}
    for name in dict.fromkeys(classes.values()):
        minutes = limits.get(name, "")
        never = _unless_more(config, Wait(None))
        yield IdleLimit(f"class {name}", Wait(int(minutes) * 60 or None) if minutes.isdecimal() and len(minutes) < 9 else never)
    if not classes:
        yield IdleLimit(
            "root", Unobserved(Reason.UNSUPPORTED, "no account but root is in the text, and no class says when root's sessions end")
        )


def _log_hosts(config: Config) -> Iterator[LogHost]:
    for host in dict.fromkeys(rest[0] for rest in config.below("system", "syslog", "host") if rest):
        yield LogHost(host, config.value("system", "syslog", "host", host, "transport") or "udp")


def _tunnels(config: Config) -> Iterator[str]:
    for name in dict.fromkeys(rest[0] for rest in config.below("interfaces") if rest and rest[0].startswith(("ip-", "gr-"))):
        if any("inet6" in rest for rest in config.below("interfaces", name)):
            yield name


def _access_ports(config: Config) -> AccessPorts | Unobserved | None:
    """Ports that switch are for terminals unless ``interface-mode`` (``port-mode`` of old) says trunk: access is the default."""
    if config.has("interfaces", "interface-range"):
        return Unobserved(Reason.UNSUPPORTED, "interface-range is not expanded: give show configuration | display inheritance")
    switching = [s for s in config.statements if s[0] == "interfaces" and "ethernet-switching" in s]
    trunks = {s[1] for s in switching if s[-2] in {"interface-mode", "port-mode"} and s[-1] != "access"}
    ports = [p for p in dict.fromkeys(s[1] for s in switching) if p not in trunks and not config.has("interfaces", p, "disable")]
    if not ports:
        return None
    guard = ("forwarding-options", "access-security", "router-advertisement-guard")
    interfaces = {rest[0].split(".")[0] for rest in config.below(*guard, "interface") if rest}
    vlans = {rest[0] for rest in config.below(*guard, "vlan") if rest}
    numbers = {rest[0]: rest[2] for rest in config.below("vlans") if rest[1:2] == ("vlan-id",) and len(rest) > 2}
    guarded = vlans | {numbers[name] for name in vlans if name in numbers}
    member = {s[1]: s[-1] for s in switching if s[-2:-1] == ("members",)}
    everywhere = "all" in interfaces | vlans
    open_ = [port for port in ports if not everywhere and port not in interfaces and member.get(port) not in guarded]
    return AccessPorts(len(ports), len(ports) - len(open_), tuple(open_[:MOST_NAMED]))
