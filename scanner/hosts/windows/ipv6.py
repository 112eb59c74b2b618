r"""The collectors for IPv6 on Windows: the protocol itself, and the tunnels that carry it.

Sources of truth: ``DisabledComponents`` (read at the start only, so it says what holds after a restart), the list of adapters that the
protocol is bound to, the adapters and addresses that GetAdaptersAddresses gives, and the policies under ``TCPIP\v6Transition``. Where no
policy is set the tunnels' own settings decide, which are in no place known here: then only what is there now can be told.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import partial

from scanner.facts.ipv6 import (
    Ipv6Interface,
    Ipv6Native,
    Ipv6Tunnels,
    Technique,
    TunnelAddress,
    TunnelDefinition,
    TunnelDriver,
    TunnelInterface,
)
from scanner.facts.readings import Hold, Readings
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import seen, shown
from scanner.hosts.transition import technique
from scanner.hosts.windows.answers import ADAPTERS, SERVICE_STATES, Adapter
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
)
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

PARAMETERS = SERVICES + r"\Tcpip6\Parameters"
LINKAGE = SERVICES + r"\Tcpip6\Linkage"
TRANSITION = POLICIES + r"\Microsoft\Windows\TCPIP\v6Transition"
HTTPS = TRANSITION + r"\IPHTTPS\IPHTTPSInterface"
NETWORK = CONTROL + r"\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}"
HELPER = "iphlpsvc"
"""The service without which Windows sets up no tunnel by itself."""
TUNNELS, NATIVE = 0x01, 0x10
"""Bits of DisabledComponents (KB 929852)."""
BITS = {Technique.SIX_TO_FOUR: 0x02, Technique.ISATAP: 0x04, Technique.TEREDO: 0x08}
POLICY = {Technique.TEREDO: "Teredo_State", Technique.SIX_TO_FOUR: "6to4_State", Technique.ISATAP: "ISATAP_State"}
NAMES = {Technique.TEREDO: "Teredo", Technique.SIX_TO_FOUR: "6to4", Technique.ISATAP: "ISATAP", Technique.HTTPS: "IP-HTTPS"}
STATES = {
    (Technique.TEREDO, "disabled"): False,
    (Technique.TEREDO, "client"): True,
    (Technique.TEREDO, "enterprise client"): True,
    (Technique.SIX_TO_FOUR, "disabled"): False,
    (Technique.SIX_TO_FOUR, "default"): False,
    (Technique.SIX_TO_FOUR, "enabled"): True,
    (Technique.ISATAP, "disabled"): False,
    (Technique.ISATAP, "enabled"): True,
}
"""The words of the policies, which stand in English everywhere (tcpip.admx). The others leave it to circumstances."""
LOOPBACK, TUNNEL = 24, 131
"""IfType."""
KINDS = {11: Technique.SIX_TO_FOUR, 13: Technique.ISATAP, 14: Technique.TEREDO, 15: Technique.HTTPS}
"""TUNNEL_TYPE of ifdef.h."""
TUNNEL_DEVICE = re.compile(r"SWD\\IP_TUNNEL_VBUS\\|ROOT\\\*(TEREDO|ISATAP|6TO4MP)", re.IGNORECASE)
OFF_BY_POLICY = 3
MOST_ADAPTERS = 1_000


@collector(Platform.WINDOWS, Key(PARAMETERS), Key(LINKAGE), Key(NETWORK + r"\*\Connection"), ADAPTERS.source)
def ipv6_native(read: WindowsReader) -> Ipv6Native:
    """See IPv6 on the machine: bound to which adapters now, and after a restart."""
    bits = seen(lambda: _bits(read))
    bound = seen(lambda: _bound(read))
    adapters = _adapters(read)
    now: bool | Unobserved | None = None
    if isinstance(adapters, Unobserved):
        now = adapters
    elif adapters is not None:
        now = any(_plain(one) and one.ipv6 for one in adapters)
    later: bool | Unobserved = bits if isinstance(bits, Unobserved) else bits & (NATIVE | TUNNELS) != NATIVE | TUNNELS
    if now is False and later is not False:
        now = True  # it is there, though bound to no adapter
    stack = Readings(None if bits == 0 else later, now, later, rf"{PARAMETERS}\DisabledComponents")
    unknown = Unobserved(Reason.UNSUPPORTED, "forwarding is kept for each interface, in no place that is read")
    forwards: Readings[bool] = Readings(unknown, unknown if read.live else None, unknown, "Tcpip6")
    fact = Ipv6Native(stack, forwards, seen(lambda: tuple(_interfaces(read, bits, bound, adapters))))
    read.keep(stack.source, f"{bits}" if isinstance(bits, Unobserved) else f"{bits:#x}")
    if not isinstance(fact.interfaces, Unobserved):
        for one in fact.interfaces:
            on = one.enabled
            read.keep(on.source, f"{one.name or 'default'}: now {on.in_force}, after a restart {on.after_restart}")
    return fact


def _bits(read: WindowsReader) -> int:
    return (number(read, PARAMETERS, "DisabledComponents") or 0) & 0xFF


def _bound(read: WindowsReader) -> frozenset[str]:
    """Give the adapters that IPv6 is bound to, by GUID in capitals."""
    devices = texts(read, LINKAGE, "Bind")
    if devices is None:
        raise CannotObserve(Reason.UNSUPPORTED, rf"{LINKAGE}\Bind: there is no list of the adapters that the protocol is bound to")
    return frozenset(found[1].upper() for device in devices if (found := re.search(r"(\{[0-9A-Fa-f-]{36}\})\Z", device)))


def _adapters(read: WindowsReader) -> tuple[Adapter, ...] | Unobserved | None:
    return seen(lambda: read.ask(ADAPTERS).adapters) if read.live else None


def _plain(adapter: Adapter) -> bool:
    """Whether it is neither loopback nor a tunnel."""
    return adapter.kind not in {LOOPBACK, TUNNEL} and adapter.tunnel not in KINDS


def _interfaces(
    read: WindowsReader,
    bits: int | Unobserved,
    bound: frozenset[str] | Unobserved,
    adapters: tuple[Adapter, ...] | Unobserved | None,
) -> Iterator[Ipv6Interface]:
    allowed: bool | Unobserved = bits if isinstance(bits, Unobserved) else not bits & NATIVE
    default = rf"{PARAMETERS}\DisabledComponents"
    # A new adapter gets every protocol that is not switched off.
    yield Ipv6Interface("", "", Readings(None, None, allowed, default), _advertised(read), ())
    if isinstance(adapters, Unobserved):
        raise adapters.error()
    source = rf"{LINKAGE}\Bind"
    if adapters is None:
        if isinstance(bound, Unobserved):
            raise bound.error()
        for guid in sorted(bound)[:MOST_ADAPTERS]:
            name = text(read, rf"{NETWORK}\{guid}\Connection", "Name")
            device = text(read, rf"{NETWORK}\{guid}\Connection", "PnPInstanceId")
            # What has no connection is Windows' own; what has no device is a tunnel of Windows 7, later ones have such devices.
            if name is not None and device is not None and not TUNNEL_DEVICE.match(device):
                yield Ipv6Interface(shown(name), "", Readings(None, None, allowed, source), _advertised(read), ())
        return
    for one in adapters:
        if _plain(one):
            later: bool | Unobserved = bound if isinstance(bound, Unobserved) else one.guid.upper() in bound
            if later is not False and allowed is not True:
                later = allowed
            mine = tuple(f"{held.address}/{held.prefix}" for held in one.addresses if ":" in held.address)
            name = shown(one.name or one.guid)
            yield Ipv6Interface(name, "", Readings(None, one.ipv6, later, source), _advertised(read, one), mine)


def _advertised(read: WindowsReader, adapter: Adapter | None = None) -> Readings[bool]:
    """An address whose prefix came by an advertisement proves that they are heeded; that there is none proves nothing."""
    why = Unobserved(Reason.UNSUPPORTED, "router discovery is kept for each interface, in no place that is read")
    if adapter is not None and any(held.advertised for held in adapter.addresses):
        return Readings(None, True, why, "GetAdaptersAddresses: PrefixOrigin")
    return Readings(None, why if read.live else None, why, "netsh interface ipv6")


@collector(
    Platform.WINDOWS,
    *(Key(key) for key in (PARAMETERS, TRANSITION, HTTPS, rf"{SERVICES}\{HELPER}", rf"{SERVICES}\tunnel")),
    ADAPTERS.source,
    SERVICE_STATES.source,
)
def ipv6_tunnels(read: WindowsReader) -> Ipv6Tunnels:
    """See tunnels for IPv6 that are there now and that policies speak of."""
    adapters = _adapters(read)
    bits = seen(lambda: _bits(read))
    definitions = [
        TunnelDefinition(NAMES[kind], kind, seen(partial(_starts, read, kind, bits)), rf"{TRANSITION}\{value}")
        for kind, value in POLICY.items()
    ]
    https = seen(lambda: _https(read))
    unread = (https,) if isinstance(https, Unobserved) else ()
    if isinstance(https, TunnelDefinition):
        definitions.append(https)
    fact = Ipv6Tunnels(
        interfaces=tuple(_tunnels(adapters)) if isinstance(adapters, tuple) else adapters,
        addresses=tuple(_addresses(adapters)) if isinstance(adapters, tuple) else adapters,
        definitions=tuple(definitions),
        unread=unread,
        drivers=(_driver(read, bits),),
    )
    for one in definitions:
        read.keep(one.source, f"{one.name}: starts {one.starts}")
    for interface in fact.interfaces if isinstance(fact.interfaces, tuple) else ():
        read.keep("GetAdaptersAddresses", f"{interface.name}: {interface.kind}, up {interface.up}")
    return fact


def _starts(read: WindowsReader, kind: Technique, bits: int | Unobserved) -> bool:
    """Tell whether Windows sets such a tunnel up at the next start. Raises ``CannotObserve`` where it depends on what is not read."""
    if isinstance(bits, int) and bits & (TUNNELS | BITS[kind]):
        return False
    if service_start(read, HELPER) == DISABLED:
        return False
    state = text(read, TRANSITION, POLICY[kind])
    if state is not None and (known := STATES.get((kind, state.strip().lower()))) is not None:
        if known and isinstance(bits, Unobserved):
            raise bits.error()
        return known
    detail = f"{NAMES[kind]}: no policy decides it, and its own setting is in no place that is read"
    raise CannotObserve(Reason.UNSUPPORTED, detail if state is None else rf"{POLICY[kind]} = {state!r}: it depends on the network")


def _https(read: WindowsReader) -> TunnelDefinition | None:
    """Give the IP-HTTPS interface that a policy describes; without an address of its server there is none."""
    server, state = text(read, HTTPS, "IPHTTPS_ClientUrl"), number(read, HTTPS, "IPHTTPS_ClientState")
    if not server:
        return None
    return TunnelDefinition(NAMES[Technique.HTTPS], Technique.HTTPS, state != OFF_BY_POLICY, rf"{HTTPS}\IPHTTPS_ClientUrl")


def _tunnels(adapters: tuple[Adapter, ...]) -> Iterator[TunnelInterface]:
    for one in adapters:
        found = KINDS.get(one.tunnel)
        if found is None and one.kind == TUNNEL:
            found = next((kind for held in one.addresses if (kind := _of(held.address))), None)
            if found is None and one.ipv6 and any(":" in held.address for held in one.addresses):
                found = Technique.GENERIC
        if found is not None:
            # Windows makes these adapters by itself; without a network that answers them they stay down.
            sort = f"IfType {one.kind}, TunnelType {one.tunnel}"
            yield TunnelInterface(_called(one, found), found, sort, one.up, True, "any", "any")


def _addresses(adapters: tuple[Adapter, ...]) -> Iterator[TunnelAddress]:
    for one in adapters:
        for held in one.addresses:
            found = _of(held.address)
            if found is Technique.ISATAP and not one.up:
                continue  # the address of an adapter that waits for a network
            if found is not None:
                yield TunnelAddress(held.address, _called(one, found), found)


def _called(adapter: Adapter, kind: Technique) -> str:
    """Name a tunnel by its technique where Windows made the adapter: Windows translates the adapter's own name."""
    return NAMES[kind] if kind in NAMES and (adapter.tunnel in KINDS or adapter.kind == TUNNEL) else shown(adapter.name or adapter.guid)


def _of(address: str) -> Technique | None:
    try:
        return technique(ipaddress.IPv6Address(address))
    except ValueError:
        return None


def _driver(read: WindowsReader, bits: int | Unobserved) -> TunnelDriver:
    barred: Hold | Unobserved = bits if isinstance(bits, Unobserved) else Hold.FULL if bits & TUNNELS else Hold.NONE
    return TunnelDriver("tunnel", service_runs(read, "tunnel"), Readings(barred, None, barred, rf"{PARAMETERS}\DisabledComponents"))
