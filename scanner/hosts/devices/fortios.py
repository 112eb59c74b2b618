"""What a configuration of FortiOS means for the management of the device. A backup holds what differs from the defaults of its version."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from scanner.facts.network_device import (
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
from scanner.hosts.devices.common import READS, running, unwritten, whole
from scanner.hosts.snmp_secrets import USUAL_COMMUNITIES
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.wire import fortios
from scanner.wire.addresses import wide
from scanner.wire.fortios import Config, Table

ADMIN_TIMEOUT = 5
"""Minutes of ``admintimeout`` where it is not written."""
ALWAYS = ("system global", "system interface", "system admin")
WRITTEN_OUT = ("system ntp", "system snmp sysinfo", "log syslogd setting")
"""Tables that ``show full-configuration`` holds in any case; where they are missing, the account's profile does not read them."""
WAYS = ("telnet", "http", "https", "ssh")
_LEVELS = {"no-auth-no-priv": SnmpSecurity.NONE, "auth-no-priv": SnmpSecurity.AUTHENTICATED, "auth-priv": SnmpSecurity.ENCRYPTED}


@collector(Platform.FORTIOS, *READS)
def network_device_fortios(read: DeviceReader) -> NetworkDevice:
    """See what the configuration says."""
    config = running(read, fortios.parse)
    whole({name: any(_tables(config, name)) for name in (*ALWAYS, *(WRITTEN_OUT if read.live else ()))})
    read.keep("running-config", f"version {config.version}")
    system = config.top.table("system global")
    servers = _time_servers(config)
    return NetworkDevice(
        dialect="fortios",
        version=config.version or Unobserved(Reason.UNSUPPORTED, "no line names the version"),
        services=tuple(_services(config)),
        ssh_version_1=system.value("admin-ssh-v1") == "enable",
        snmp=tuple(_snmp(config)),
        central=tuple(_central(config)),
        passwords=tuple(_passwords(config)),
        lockout=system.value("admin-lockout-threshold") != "0",
        idle=(IdleLimit("system global", _minutes(system.value("admintimeout"))),),
        time_servers=servers,
        log_hosts=_log_hosts(config),
        log_times=True,
        needless=(NeedlessService("auto-install", _auto_install(config)),),
        tunnels=tuple(config.top.table("system sit-tunnel").entries),
        access_ports=None,
        saved=True if system.value("cfg-save") in {None, "automatic"} else _unsaved(system),
    )


def _unsaved(system: Table) -> Unobserved:
    return Unobserved(
        Reason.UNSUPPORTED, f"cfg-save is {system.value('cfg-save')}: what is saved does not show in the running configuration"
    )


def _tables(config: Config, name: str) -> list[Table]:
    """Give a table of the device and of each virtual domain."""
    return [found for top in (config.top, *config.domains.values()) if (found := top.tables.get(name))]


def _services(config: Config) -> Iterator[ManagementService]:
    limits = {"": _limited(config, 4), " (IPv6)": _limited(config, 6)}
    # From 7.0 on telnet may be switched off as a whole.
    ways_on = [way for way in WAYS if way != "telnet" or config.top.table("system global").value("admin-telnet") != "disable"]
    seen = set()
    for table in _tables(config, "system interface"):
        for name, interface in table.entries.items():
            if interface.value("status") == "down":
                continue
            ways = {"": interface.settings.get("allowaccess", ()), " (IPv6)": interface.table("ipv6").settings.get("ip6-allowaccess", ())}
            for family, allowed in ways.items():
                for way in allowed:
                    if way in ways_on:
                        seen.add(way)
                        yield ManagementService(way, f"{name}{family}", True, limits[family])
    for way in WAYS:
        if way not in seen:
            yield ManagementService(way, "allowaccess", False, True)


def _limited(config: Config, version: int) -> bool | Unobserved:
    """Every administrator bound to trusted hosts; else local-in policies may do it, which are not read."""
    admins = [_trusted(admin, version) for admin in config.top.table("system admin").entries.values()]
    if admins and all(admin is True for admin in admins):
        return True
    if any(table.entries for table in _tables(config, "firewall local-in-policy" + ("6" if version == 6 else ""))):
        return Unobserved(Reason.UNSUPPORTED, "local-in policies are not read")
    if not admins:
        return Unobserved(Reason.UNSUPPORTED, "no administrator is in the text")
    return False if False in admins else next(admin for admin in admins if isinstance(admin, Unobserved))


def _trusted(admin: Table, version: int) -> bool | Unobserved:
    """Tell whether one may log in from named networks only. Entries that were not set hold the network of everybody.

    Fortinet's notes agree that such entries are passed over behind another one; of one in the first place they do not.
    """
    head = "ip6-trusthost" if version == 6 else "trusthost"
    hosts = [_network(admin.settings[name]) for number in range(1, 11) if (name := f"{head}{number}") in admin.settings]
    named = [network for network in hosts if network is None or network.prefixlen]
    if not named or any(network is not None and wide(network) for network in named):
        return False
    if None in named:
        return Unobserved(Reason.UNSUPPORTED, f"an entry of {head} is no network")
    if hosts[0] not in named:
        return Unobserved(Reason.UNSUPPORTED, f"{head}1 is everybody, and other entries are not")
    return True


def _network(words: tuple[str, ...]) -> IPv4Network | IPv6Network | None:
    """Read ``ADDRESS MASK`` or ``ADDRESS/LENGTH``; a mask of zeros is everybody."""
    try:
        return ip_network("/".join(words), strict=False)
    except ValueError:
        return None


def _snmp(config: Config) -> Iterator[SnmpAccess]:
    if config.top.table("system snmp sysinfo").value("status") != "enable":
        return  # the agent is off unless it is enabled
    for number, community in config.top.table("system snmp community").entries.items():
        if community.value("status") != "disable":
            limited = _stations(community)
            usual = (community.value("name") or "").lower() in USUAL_COMMUNITIES
            yield SnmpAccess(f"community {number}", SnmpSecurity.COMMUNITY, False, usual, limited)
    for name, user in config.top.table("system snmp user").entries.items():
        if user.value("status") != "disable":
            level = _LEVELS.get(user.value("security-level") or "no-auth-no-priv", SnmpSecurity.NONE)
            yield SnmpAccess(f"user {name}", level, False, False, False)


def _stations(community: Table) -> bool | Unobserved:
    """Tell whether a community is for named stations only."""
    hosts = [("ip", host) for host in community.table("hosts").entries.values()]
    hosts += [("ipv6", host) for host in community.table("hosts6").entries.values()]
    networks = [_network(host.settings.get(name, ())) for name, host in hosts]
    if not networks or any(network is not None and wide(network) for network in networks):
        return False
    return Unobserved(Reason.UNSUPPORTED, "a station of a community is no network") if None in networks else True


def _central(config: Config) -> Iterator[str]:
    if any(admin.value("remote-auth") == "enable" for admin in config.top.table("system admin").entries.values()):
        for kind, name in (("tacacs+", "user tacacs+"), ("radius", "user radius"), ("ldap", "user ldap")):
            if any(table.entries for table in _tables(config, name)):
                yield kind


def _passwords(config: Config) -> Iterator[StoredPassword]:
    for name, admin in config.top.table("system admin").entries.items():
        words = admin.settings.get("password")
        if words:
            yield StoredPassword(name, _form(words))
        elif "enable" not in {admin.value("remote-auth"), admin.value("peer-auth")}:
            yield StoredPassword(name, PasswordForm.NONE)


def _form(words: tuple[str, ...]) -> PasswordForm | Unobserved:
    """Tell the form: AK1 is a salted SHA-1 and SH2 a salted SHA-256, each once over; PB2 is PBKDF2."""
    if "FortinetPasswordMask" in words or set(words[-1]) == {"*"}:
        return Unobserved(Reason.UNSUPPORTED, "the password was cut out of the text")
    if words[0] != "ENC":
        return PasswordForm.PLAIN
    return PasswordForm.HASH if words[-1].startswith("PB2") else PasswordForm.OLD_HASH


def _minutes(text: str | None) -> Wait:
    if text is None:
        return Wait(ADMIN_TIMEOUT * 60)
    return Wait(int(text) * 60 or None) if text.isdecimal() and len(text) < 9 else Wait(None)


def _time_servers(config: Config) -> tuple[str, ...] | Unobserved:
    ntp = config.top.table("system ntp")
    if ntp.value("ntpsync") == "disable":
        return ()
    servers = tuple(s for entry in ntp.table("ntpserver").entries.values() if (s := entry.value("server")))
    if ntp.value("type") == "custom" or servers:
        return servers
    return ("fortiguard",) if ntp.value("ntpsync") == "enable" else unwritten("system ntp ntpsync")


def _log_hosts(config: Config) -> tuple[LogHost, ...] | Unobserved:
    """Where the device's log goes; virtual domains may send theirs elsewhere by settings of their own."""
    sent = tuple(_log_hosts_of(config.top, "setting"))
    own = {name: tuple(_log_hosts_of(domain, "override-setting")) for name, domain in config.domains.items()}
    if not sent and any(own.values()) and not all(own.values()):
        without = ", ".join(name for name, hosts in own.items() if not hosts)
        return Unobserved(Reason.UNSUPPORTED, f"some virtual domains send their log by settings of their own, and not {without}")
    return tuple(dict.fromkeys((*sent, *(host for hosts in own.values() for host in hosts))))


def _log_hosts_of(table: Table, last: str) -> Iterator[LogHost]:
    for number in ("", "2", "3", "4"):
        setting = table.table(f"log syslogd{number} {last}")
        if setting.value("status") == "enable" and (server := setting.value("server")):
            reliable = setting.value("mode") == "reliable"
            encrypted = reliable and (setting.value("enc-algorithm") or "disable") != "disable"
            yield LogHost(server, "tls" if encrypted else "tcp" if reliable else "udp")
        setting = table.table(f"log fortianalyzer{number} {last}")
        if setting.value("status") == "enable" and (server := setting.value("server")):
            yield LogHost(server, "tcp" if setting.value("enc-algorithm") == "disable" else "tls")
    for name in ("fortiguard", "fortianalyzer-cloud"):  # the maker's own log services
        setting = table.table(f"log {name} {last}")
        if setting.value("status") == "enable":
            yield LogHost(name, "tcp" if setting.value("enc-algorithm") == "disable" else "tls")


def _auto_install(config: Config) -> bool | Unobserved:
    """Whether the device takes over a configuration from a USB stick at its start."""
    state = config.top.table("system auto-install").value("auto-install-config")
    return unwritten("auto-install-config") if state is None else state == "enable"
