"""What a configuration in the manner of Cisco IOS means for the management of the device.

Where a command is absent and every release has the same default (Cisco IOS command references), the default is told; where
releases differ, the part is unobserved: ``show running-config all`` would tell it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

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
from scanner.hosts.config_file import RUNNING, STARTUP, DeviceReader
from scanner.hosts.devices.common import READS, every, running, unwritten, whole
from scanner.hosts.devices.ios_access import Door, Lists
from scanner.hosts.snmp_secrets import USUAL_COMMUNITIES
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import ios
from scanner.wire.ios import Config, Line

EXEC_TIMEOUT = 600
"""Seconds after which an idle session ends where ``exec-timeout`` is not written."""
MOST_NAMED = 20
MOST_VLANS = 4094
OFF_BY_DEFAULT = ("service tcp-small-servers", "service udp-small-servers", "ip finger", "service finger", "service config", "ip identd")
OFF_BY_DEFAULT_TOO = ("ftp-server enable", "tftp-server", "ip rcmd rsh-enable", "ip rcmd rcp-enable")
DIFFERING_DEFAULT = ("ip bootp server", "service pad", "ip source-route")
_FORMS = {"0": PasswordForm.PLAIN, "7": PasswordForm.REVERSIBLE, "4": PasswordForm.OLD_HASH, "5": PasswordForm.OLD_HASH}
_MODES = {"noauth": SnmpSecurity.NONE, "auth": SnmpSecurity.AUTHENTICATED, "priv": SnmpSecurity.ENCRYPTED}
_ETHERNET = re.compile(
    r"(?:Fast|Gigabit|TwoGigabit|FiveGigabit|TenGigabit|TwentyFiveGigE|FortyGigabit|HundredGig)\w*\d|Ethernet\d|eth\d", re.I
)
_ROUTED = (
    *(("no", "switchport"), ("ip", "address"), ("no", "ip", "address"), ("ip", "unnumbered"), ("ipv6", "address")),
    *(("vrf", "forwarding"), ("ip", "vrf"), ("encapsulation",), ("service", "instance"), ("xconnect",), ("bridge-group",)),
)
"""Lines that only a routed port has; every routed port has ``ip address`` or ``no ip address``."""
_SWITCH = (("spanning-tree",), ("vlan",), ("vtp",), ("switch",))
NETCONF = Door("tcp", 830)
TELNET, SSH, HTTP, HTTPS, SNMP = Door("tcp", 23), Door("tcp", 22), Door("tcp", 80), Door("tcp", 443), Door("udp", 161)
_CUT = re.compile(r"<.*>|\*+|[xX]{3,}")
_CERTIFICATE = re.compile(r"\s+certificate ")
_NVRAM = re.compile(r"^(\s*certificate .*?) nvram:\S+\Z")
_VOLATILE = re.compile(r"!|ntp clock-period |Building configuration|Current configuration|Using \d+ out of|Load for |Time source is ")


@collector(Platform.IOS, *READS)
def network_device_ios(read: DeviceReader) -> NetworkDevice:
    """See what the configuration says."""
    config = running(read, ios.parse)
    whole({name: config.has(name) for name in ("hostname", "line", "interface")})
    version = next((line.words[1] for line in config.find("version") if len(line.words) > 1), None)
    read.keep("running-config", f"version {version}, {len(config.lines)} commands at the top level")
    return NetworkDevice(
        dialect="ios",
        version=version or Unobserved(Reason.UNSUPPORTED, "no line names the version"),
        services=tuple(_services(config)),
        ssh_version_1=_ssh_version_1(config),
        snmp=tuple(_snmp(config)),
        central=tuple(_central(config)),
        passwords=tuple(_passwords(config)),
        lockout=config.has("login", "block-for") or config.has("aaa", "local", "authentication", "attempts", "max-fail"),
        idle=tuple(_idle(config)),
        time_servers=tuple(dict.fromkeys(_time_servers(config))),
        log_hosts=() if config.has("no", "logging", "on") else tuple(_log_hosts(config)),
        log_times=_log_times(config),
        needless=tuple(_needless(config)),
        tunnels=tuple(_tunnels(config)),
        access_ports=_access_ports(config),
        saved=_saved(read),
    )


def _speaks_v6(config: Config) -> bool:
    return any(below.starts("ipv6", "address") or below.starts("ipv6", "enable") for i in config.find("interface") for below in i.below)


def _services(config: Config) -> Iterator[ManagementService]:
    access = Lists(config)
    speaks_v6 = _speaks_v6(config)
    terminals = list(config.find("line", "vty"))
    if not terminals:
        for name in ("telnet", "ssh"):
            yield ManagementService(name, "line vty", unwritten("line vty"), False)
    for line in terminals:
        where = " ".join(line.words[:4])
        v4 = next((b.words[1] for b in reversed(line.below) if b.starts("access-class") and "in" in b.words[2:]), None)
        v6 = next((b.words[2] for b in reversed(line.below) if b.starts("ipv6", "access-class") and "in" in b.words[3:]), None)
        inputs = [b.words[2:] for b in line.below if b.starts("transport", "input")]
        for name, door in (("telnet", TELNET), ("ssh", SSH)):
            on = bool({name, "all"} & set(inputs[-1])) if inputs else unwritten(f"transport input of {where}")
            yield ManagementService(name, where, on, _both(access, v4, v6, door, speaks_v6))
    named = [line.words[3:] for line in config.find("ip", "http", "access-class")]
    v6 = next((words[1] for words in named if words[0] == "ipv6" and len(words) > 1), None)
    v4 = next((words[-1] for words in named if words[0] != "ipv6"), None)
    for name, words, door in (("http", ("ip", "http", "server"), HTTP), ("https", ("ip", "http", "secure-server"), HTTPS)):
        state = config.switched(*words)
        limited = _both(access, v4, v6, door, speaks_v6)
        yield ManagementService(name, " ".join(words), unwritten(" ".join(words)) if state is None else state, limited)
    yield from _by_program(config, access, speaks_v6)


def _by_program(config: Config, access: Lists, speaks_v6: bool) -> Iterator[ManagementService]:
    """Give the ways of management for programs, which are off unless they are written: NETCONF over SSH, gNMI."""
    if config.switched("netconf-yang"):
        named = {
            line.words[2]: line.words[5]
            for line in config.find("netconf-yang", "ssh")
            if line.words[3:5] == ["access-list", "name"] and len(line.words) > 5
        }
        limited = _both(access, named.get("ipv4"), named.get("ipv6"), NETCONF, speaks_v6)
        yield ManagementService("netconf", "netconf-yang", True, limited)
    for line in config.find("netconf", "ssh"):
        acl = line.words[3] if line.words[2:3] == ["acl"] and len(line.words) > 3 else None
        yield ManagementService("netconf", "netconf ssh", True, access.limit(acl, SSH))
    if config.has("gnxi", "server") or config.has("gnxi", "secure-server"):
        yield ManagementService("gnxi", "gnxi", True, Unobserved(Reason.UNSUPPORTED, "who reaches gNMI is not read"))


def _both(access: Lists, v4: str | None, v6: str | None, door: Door, speaks_v6: bool) -> bool | Unobserved:
    """Tell whether a service is limited for every family that the device speaks."""
    return every([access.limit(v4, door), access.limit(v6, door, ipv6=True) if speaks_v6 else True])


def _ssh_version_1(config: Config) -> bool | Unobserved:
    versions = [line.words[3] for line in config.find("ip", "ssh", "version") if len(line.words) > 3]
    return versions[-1] == "1" if versions else unwritten("ip ssh version")


def _snmp(config: Config) -> Iterator[SnmpAccess]:
    access = Lists(config)
    speaks_v6 = _speaks_v6(config)
    for line in config.find("snmp-server", "community"):
        words = line.words
        rest = [w.lower() for w in words[3:]]
        mode = next((i for i, w in enumerate(rest) if w in {"ro", "rw"}), -1)
        limits = words[3 + mode + 1 :] if mode >= 0 else [w for w in words[3:] if w.isdecimal()]
        writes = mode >= 0 and rest[mode] == "rw"
        usual = len(words) > 2 and words[2].lower() in USUAL_COMMUNITIES
        yield SnmpAccess(f"line {line.number}", SnmpSecurity.COMMUNITY, writes, usual, _snmp_limit(access, limits, speaks_v6))
    for line in config.find("snmp-server", "group"):
        words = line.words
        if len(words) > 4 and words[3] == "v3" and words[4] in _MODES:
            limits = words[words.index("access") + 1 :] if "access" in words[5:] else []
            limited = _snmp_limit(access, limits, speaks_v6)
            yield SnmpAccess(f"group {words[2]}", _MODES[words[4]], "write" in words[5:], False, limited)


def _snmp_limit(access: Lists, words: list[str], speaks_v6: bool) -> bool | Unobserved:
    """Read ``[ipv6 LIST] [LIST]``."""
    v6 = words[1] if words[:1] == ["ipv6"] and len(words) > 1 else None
    v4 = next(iter(words[2:] if v6 else words), None)
    limited = access.limit(v4, SNMP)
    if limited is True and speaks_v6 and v6 is None:
        return Unobserved(Reason.UNSUPPORTED, "the list is for IPv4 only, and the device speaks IPv6")
    return every([limited, access.limit(v6, SNMP, ipv6=True) if speaks_v6 and v6 else True])


def _central(config: Config) -> Iterator[str]:
    """Give the kinds of server that logins of the default list and of the lists named at terminal lines are asked of."""
    if not config.has("aaa", "new-model"):
        return
    groups = {line.words[4]: line.words[3] for line in config.find("aaa", "group", "server") if len(line.words) > 4}
    used = {"default"} | {
        b.words[2] for line in config.find("line", "vty") for b in line.below if b.starts("login", "authentication") and len(b.words) > 2
    }
    for line in config.find("aaa", "authentication", "login"):
        words = line.words
        if len(words) > 4 and words[3] in used:
            for before, word in pairwise(words[4:]):
                if before == "group":
                    yield groups.get(word, word)


def _passwords(config: Config) -> Iterator[StoredPassword]:
    for line in (*config.find("enable", "password"), *config.find("enable", "secret")):
        words = line.words[2:]
        yield StoredPassword("enable", _form(words[2:] if words[:1] == ["level"] else words))
    for line in config.find("username"):
        words = line.words
        for word in ("password", "secret"):
            if word in words[2:]:
                yield StoredPassword(words[1], _form(words[words.index(word, 2) + 1 :]))
        if "nopassword" in words[2:]:
            yield StoredPassword(words[1], PasswordForm.NONE)
    for line in config.find("line"):
        for below in line.below:
            if below.starts("password"):
                yield StoredPassword(" ".join(line.words[:4]), _form(below.words[1:]))
    aaa = config.has("aaa", "new-model")
    open_ = {line.words[3] for line in config.find("aaa", "authentication", "login") if line.words[4:5] == ["none"]}
    for line in config.find("line", "vty"):
        if _asks_nothing(line, aaa, open_):
            yield StoredPassword(" ".join(line.words[:4]), PasswordForm.NONE)


def _asks_nothing(line: Line, aaa: bool, open_: set[str]) -> bool:
    """Tell whether whoever reaches a terminal line is let in: ``no login``, or a method list of AAA that begins with ``none``."""
    if any(b.text in {"no exec", "transport input none"} for b in line.below):
        return False
    if not aaa:
        return any(b.text == "no login" for b in line.below)
    named = [b.words[2] for b in line.below if b.starts("login", "authentication") and len(b.words) > 2]
    return (named[-1] if named else "default") in open_


def _form(words: list[str]) -> PasswordForm | Unobserved:
    """Tell the form by the number before the text; a lone word is the password itself, unless it was cut out of the text."""
    if words and _CUT.fullmatch(words[-1]):
        return Unobserved(Reason.UNSUPPORTED, "the password was cut out of the text")
    return PasswordForm.PLAIN if len(words) < 2 else _FORMS.get(words[0], PasswordForm.HASH)


def _idle(config: Config) -> Iterator[IdleLimit]:
    for line in config.find("line"):
        if any(b.text == "no exec" for b in line.below):
            continue  # no session can be had there
        wait = Wait(EXEC_TIMEOUT)
        for below in line.below:
            if below.starts("exec-timeout"):
                numbers = [int(w) for w in below.words[1:] if w.isdecimal() and len(w) < 9]
                seconds = sum(n * unit for n, unit in zip(numbers, (60, 1), strict=False))
                wait = Wait(seconds or None)
            elif below.starts("no", "exec-timeout"):
                wait = Wait(None)
        yield IdleLimit(" ".join(line.words[:4]), wait)


def _time_servers(config: Config) -> Iterator[str]:
    for line in (*config.find("ntp", "server"), *config.find("ntp", "peer"), *config.find("sntp", "server")):
        words = line.words[2:]
        if words[:1] == ["vrf"]:
            words = words[2:]
        words = [w for w in words if w not in {"ip", "ipv6"}]
        if words:
            yield words[0]


def _log_hosts(config: Config) -> Iterator[LogHost]:
    for line in config.find("logging"):
        words = line.words[1:]
        if words[:1] == ["host"]:
            words = words[1:]
        elif len(words) != 1 or not re.fullmatch(r"[0-9.]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*", words[0]):
            continue  # the form of old releases is the address alone
        words = [w for w in words if w != "ipv6"]
        if words:
            at = words.index("transport") + 1 if "transport" in words else len(words)
            yield LogHost(words[0], words[at] if at < len(words) else "udp")


def _log_times(config: Config) -> bool | Unobserved:
    written = [line.words for line in config.find("service", "timestamps", "log")]
    if written:
        return "uptime" not in written[-1]
    return False if config.has("no", "service", "timestamps", "log") else unwritten("service timestamps log")


def _needless(config: Config) -> Iterator[NeedlessService]:
    for name in (*OFF_BY_DEFAULT, *OFF_BY_DEFAULT_TOO):
        yield NeedlessService(name, config.switched(*name.split()) is True)
    for name in DIFFERING_DEFAULT:
        state = config.switched(*name.split())
        yield NeedlessService(name, unwritten(name) if state is None else state)
    if _ports(config):
        state = config.switched("vstack")
        yield NeedlessService("vstack", unwritten("vstack") if state is None else state)


def _tunnels(config: Config) -> Iterator[str]:
    for interface in config.find("interface"):
        modes = [b.words[2:] for b in interface.below if b.starts("tunnel", "mode")]
        over_gre = any(b.starts("tunnel", "source") for b in interface.below) and (not modes or modes[-1][:1] == ["gre"])
        carries = any(b.starts("ipv6", "address") or b.starts("ipv6", "enable") for b in interface.below)
        if (modes and modes[-1][:1] == ["ipv6ip"]) or (over_gre and carries and modes[-1:] != [["gre", "ipv6"]]):
            yield " ".join(interface.words[1:3])


def _ports(config: Config) -> list[Line]:
    """Give the ports that terminals may be put to: all that switch and are no trunk by their own words, written out or not."""
    interfaces = list(config.find("interface"))
    a_switch = any(config.has(*words) for words in _SWITCH) or any("switchport" in b.words[:2] for i in interfaces for b in i.below)
    return [
        i
        for i in interfaces
        if (
            (a_switch and _switches(i))
            or any(b.starts("switchport", "mode", "access") or b.starts("switchport", "access", "vlan") for b in i.below)
        )
        and not any(b.text == "shutdown" or b.starts("switchport", "mode", "trunk") or b.starts("channel-group") for b in i.below)
    ]


def _switches(interface: Line) -> bool:
    """Tell whether an Ethernet port of a switch is left as it came, which is a switching one."""
    name = "".join(interface.words[1:3])
    return bool(_ETHERNET.match(name)) and not any(b.starts(*words) for b in interface.below for words in _ROUTED)


def _access_ports(config: Config) -> AccessPorts | None:
    ports = _ports(config)
    if not ports:
        return None
    guarded = {
        vlan
        for line in config.find("vlan", "configuration")
        if len(line.words) > 2 and any(b.starts("ipv6", "nd", "raguard") for b in line.below)
        for vlan in _vlans(line.words[2])
    }
    open_ = []
    for port in ports:
        vlan = next((b.words[3] for b in port.below if b.starts("switchport", "access", "vlan") and len(b.words) > 3), "1")
        own = any(b.starts("ipv6", "nd", "raguard") for b in port.below)
        if not own and not (vlan.isdecimal() and len(vlan) < 6 and int(vlan) in guarded):
            open_.append(" ".join(port.words[1:3]))
    return AccessPorts(len(ports), len(ports) - len(open_), tuple(open_[:MOST_NAMED]))


def _vlans(listed: str) -> Iterator[int]:
    """Read ``10,20-29``."""
    for part in listed.split(","):
        first, _, last = part.partition("-")
        ends = [int(end) for end in (first, last or first) if end.isdecimal() and len(end) < 6]
        if len(ends) == 2:
            yield from range(ends[0], min(ends[1], MOST_VLANS) + 1)


def _saved(read: DeviceReader) -> bool | Unobserved:
    try:
        startup = read.file(STARTUP)
    except CannotObserve as why:
        return Unobserved.from_error(why)
    # A device that has none starts without what runs now.
    return startup is not None and _lines(startup) == _lines(read.file(RUNNING) or b"")


def _lines(data: bytes) -> list[str]:
    """Give the lines that both texts write alike: a certificate stands in one, and the name of its file in the other."""
    found = []
    within = False
    for raw in data.decode("utf-8", "replace").split("\n"):
        line = _NVRAM.sub(r"\1", raw.rstrip())
        if within and (raw[:1].isspace() or not raw):
            within = line.strip() != "quit"
            continue
        within = bool(_CERTIFICATE.match(line)) and line == raw.rstrip()
        if line and not _VOLATILE.match(line):
            found.append(line)
    return found
