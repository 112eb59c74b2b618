r"""The collectors for file sharing, remote desktop, guessed names and the old logon protocol on Windows.

Sources of truth: policies before local values, the drivers of the first version of SMB (its server and client are components of their own,
which recent Windows does not install), the services without which nothing is offered. Where a value is missing the documented default of
the version holds; where that differs by edition and is not told, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from scanner.facts.readings import Readings
from scanner.facts.windows_protocols import NameGuessing, NetbiosAdapter, NtlmProtocol, RemoteDesktop, SmbProtocol
from scanner.hosts.base import Key, Names, collector
from scanner.hosts.combining import both, same
from scanner.hosts.seeing import seen, shown
from scanner.hosts.windows.answers import SERVICE_STATES
from scanner.hosts.windows.base import (
    CONTROL,
    DISABLED,
    POLICIES,
    SERVICES,
    WindowsReader,
    number,
    service_runs,
    service_start,
    text,
    texts,
    version,
)
from scanner.hosts.windows.ipv6 import NETWORK
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

SERVER = SERVICES + r"\LanmanServer"
CLIENT = SERVICES + r"\LanmanWorkstation"
FIRST_SERVER, FIRST_CLIENT = "srv", "mrxsmb10"
DRIVERS = "/Windows/System32/drivers"
SIGNED_BY_DEFAULT = 26_100
"""From this build on (Windows 11 24H2, Server 2025) signatures are insisted on by default, depending on edition and role."""
TERMINAL_POLICY = POLICIES + r"\Microsoft\Windows NT\Terminal Services"
TERMINAL = CONTROL + r"\Terminal Server"
LISTENER = TERMINAL + r"\WinStations\RDP-Tcp"
ASSISTANCE = CONTROL + r"\Remote Assistance"
NAMES_POLICY = POLICIES + r"\Microsoft\Windows NT\DNSClient"
NAMES_LOCAL = SERVICES + r"\Dnscache\Parameters"
NETBIOS = SERVICES + r"\NetBT\Parameters\Interfaces"
LINKAGE = SERVICES + r"\NetBT\Linkage"
OFF = 2
LSA = CONTROL + r"\Lsa"
USUAL_LEVEL = 3
MOST_ADAPTERS = 1_000


@collector(
    Platform.WINDOWS,
    Key(SERVER),
    Key(SERVER + r"\Parameters"),
    Key(CLIENT + r"\Parameters"),
    Key(rf"{SERVICES}\{FIRST_SERVER}"),
    Key(rf"{SERVICES}\{FIRST_CLIENT}"),
    Names(DRIVERS),
    SERVICE_STATES.source,
)
def smb_protocol(read: WindowsReader) -> SmbProtocol:
    """See how files are shared."""
    fact = SmbProtocol(
        _first(read, FIRST_SERVER, lambda: _serves(read) and number(read, SERVER + r"\Parameters", "SMB1") != 0),
        _first(read, FIRST_CLIENT, lambda: True),
        _signed(read, SERVER),
        _signed(read, CLIENT),
    )
    for name, part in (("SMBv1 server", fact.first_version_served), ("SMBv1 client", fact.first_version_used)):
        read.keep(part.source, f"{name}: now {part.in_force}, after a restart {part.after_restart}")
    return fact


def _serves(read: WindowsReader) -> bool:
    return service_start(read, "LanmanServer") not in {None, DISABLED}


def _first(read: WindowsReader, driver: str, wanted: Callable[[], bool]) -> Readings[bool]:
    """Tell whether one half of the first version works: its driver is there, may start, and is asked for."""

    def later() -> bool:
        if service_start(read, driver) in {None, DISABLED}:
            return False
        files = read.names(DRIVERS)
        if files is None:
            raise CannotObserve(Reason.UNSUPPORTED, f"{DRIVERS}: there is no such folder, though every Windows has it")
        return f"{driver}.sys" in {name.lower() for name in files} and wanted()

    source = rf"{SERVICES}\{driver}"
    now = service_runs(read, driver)
    if driver == FIRST_SERVER and now is not None:
        serving = service_runs(read, "LanmanServer")
        now, source = both(now, False if serving is None else serving), rf"{source}, {SERVER}\Parameters\SMB1"
    return Readings(None, now, seen(later), source)


def _signed(read: WindowsReader, service: str) -> Readings[bool]:
    source = rf"{service}\Parameters\RequireSecuritySignature"

    def required() -> bool:
        value = number(read, service + r"\Parameters", "RequireSecuritySignature")
        if value is None and version(read).build >= SIGNED_BY_DEFAULT:
            raise CannotObserve(Reason.UNSUPPORTED, f"{source}: it is not set, and what then holds depends on the edition")
        return value == 1

    return same(seen(required), read.live, source)


@collector(
    Platform.WINDOWS,
    *(Key(key) for key in (TERMINAL_POLICY, TERMINAL, LISTENER, ASSISTANCE, rf"{SERVICES}\TermService")),
    SERVICE_STATES.source,
)
def remote_desktop(read: WindowsReader) -> RemoteDesktop:
    """See whether the desktop can be used from afar."""
    allowed, source = _decided(read, "fDenyTSConnections", TERMINAL)
    start = seen(lambda: service_start(read, "TermService") not in {None, DISABLED})
    open_: bool | Unobserved = allowed if isinstance(allowed, Unobserved) else allowed == 0  # what is not set denies (tsrds.admx)
    running = service_runs(read, "TermService")
    offered = Readings(None if allowed is None else open_, None if running is None else both(open_, running), both(open_, start), source)
    first, where = _decided(read, "UserAuthentication", LISTENER)
    asked: bool | Unobserved = first if isinstance(first, Unobserved) else first != 0
    help_, helped = _decided(read, "fAllowToGetHelp", ASSISTANCE)
    given = help_ if isinstance(help_, Unobserved) else help_ == 1
    if help_ is None and seen(lambda: read.values(ASSISTANCE)) is not None:
        given = Unobserved(Reason.UNSUPPORTED, f"{helped}: it is not set, and what then holds is not documented")
    unasked = seen(lambda: number(read, TERMINAL_POLICY, "fAllowUnsolicited") == 1)
    fact = RemoteDesktop(
        offered,
        same(asked, read.live, where, configured=None if first is None else asked),
        same(given, read.live, helped, configured=None if help_ is None else given),
        same(unasked, read.live, rf"{TERMINAL_POLICY}\fAllowUnsolicited"),
    )
    read.keep(source, f"offered: now {offered.in_force}, after a restart {offered.after_restart}")
    return fact


def _decided(read: WindowsReader, name: str, local: str) -> tuple[int | Unobserved | None, str]:
    """Give the policy's value before the local one, and where it stands."""
    policy = seen(lambda: number(read, TERMINAL_POLICY, name))
    if policy is not None:
        return policy, rf"{TERMINAL_POLICY}\{name}"
    return seen(lambda: number(read, local, name)), rf"{local}\{name}"


@collector(Platform.WINDOWS, Key(NAMES_POLICY), Key(NAMES_LOCAL), Key(NETBIOS + r"\*"), Key(LINKAGE), Key(NETWORK + r"\*\Connection"))
def name_guessing(read: WindowsReader) -> NameGuessing:
    """See how names are looked up among neighbours."""
    policy = seen(lambda: number(read, NAMES_POLICY, "EnableMulticast"))
    llmnr: bool | Unobserved = policy if isinstance(policy, Unobserved) else policy != 0
    netbios = seen(lambda: _netbios(read))
    fact = NameGuessing(
        same(llmnr, read.live, rf"{NAMES_POLICY}\EnableMulticast", configured=None if policy is None else llmnr), _mdns(read), netbios
    )
    read.keep(fact.llmnr.source, f"LLMNR {llmnr}, mDNS {fact.mdns.after_restart}")
    for one in netbios if isinstance(netbios, tuple) else ():
        read.keep(one.on.source, f"NetBIOS on {one.adapter}: {one.on.after_restart}")
    return fact


def _mdns(read: WindowsReader) -> Readings[bool]:
    policy = seen(lambda: number(read, NAMES_POLICY, "EnableMDNS"))
    source = rf"{NAMES_POLICY}\EnableMDNS"
    if policy is None:
        policy, source = seen(lambda: number(read, NAMES_LOCAL, "EnableMDNS")), rf"{NAMES_LOCAL}\EnableMDNS"
    on: bool | Unobserved = policy if isinstance(policy, Unobserved) else policy != 0
    return same(on, read.live, source, configured=None if policy is None else on)


def _netbios(read: WindowsReader) -> tuple[NetbiosAdapter, ...]:
    """Give the adapters. The policy switches it off only by zero; its other words are for public networks alone."""
    if number(read, NAMES_POLICY, "EnableNetbios") == 0:
        return (NetbiosAdapter("*", same(False, read.live, rf"{NAMES_POLICY}\EnableNetbios", configured=False)),)
    bound = texts(read, LINKAGE, "Bind")
    guids = {key[len("tcpip_") :].upper(): key for key in read.subkeys(NETBIOS) or () if key.lower().startswith("tcpip_")}
    if bound is None or len(guids) > MOST_ADAPTERS:
        raise CannotObserve(Reason.UNSUPPORTED, rf"{LINKAGE}\Bind: there is no list of the adapters that the protocol is bound to")
    found = []
    for device in bound:
        listed = re.search(r"\\Tcpip_(\{[0-9A-Fa-f-]{36}\})\Z", device)  # those of Tcpip6 carry no NetBIOS
        if listed is None:
            continue
        guid = listed[1]
        key = guids.get(guid.upper())
        # Zero, or nothing: as the DHCP server says, and on where it says nothing.
        value = None if key is None else seen(partial(number, read, rf"{NETBIOS}\{key}", "NetbiosOptions"))
        on: bool | Unobserved = value if isinstance(value, Unobserved) else value != OFF
        name = seen(partial(text, read, rf"{NETWORK}\{guid}\Connection", "Name"))
        if name is None:
            continue  # what has no connection is Windows' own
        readings = same(on, read.live, rf"{NETBIOS}\Tcpip_{guid}\NetbiosOptions")
        found.append(NetbiosAdapter(shown(name if isinstance(name, str) else guid), readings))
    return tuple(found)


@collector(Platform.WINDOWS, Key(LSA))
def ntlm_protocol(read: WindowsReader) -> NtlmProtocol:
    """See which versions of the old logon protocol are spoken."""
    value = seen(lambda: number(read, LSA, "LmCompatibilityLevel"))
    level = USUAL_LEVEL if value is None else value
    source = rf"{LSA}\LmCompatibilityLevel"
    read.keep(source, str(value))
    return NtlmProtocol(same(level, read.live, source, configured=value))
