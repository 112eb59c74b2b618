"""The networks that a Windows machine was joined to (its network list), and its links that are up now."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from scanner.facts.network_history import ActiveLink, JoinedNetwork, LinkKind, NetworksJoined
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import seen, shown
from scanner.hosts.windows import answers
from scanner.hosts.windows.base import CONTROL, VERSION, WindowsReader, number, text
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

LIST: Final = VERSION + r"\NetworkList\Profiles"
ZONE: Final = CONTROL + r"\TimeZoneInformation"
MOST: Final = 5_000
KINDS: Final = {6: LinkKind.WIRED, 23: LinkKind.VPN, 71: LinkKind.WIRELESS, 243: LinkKind.MOBILE, 244: LinkKind.MOBILE}
"""IfType of an adapter, and NameType of a network: Ethernet, PPP, IEEE 802.11, mobile broadband."""
LOOPBACK, TUNNEL = 24, 131
VIRTUAL: Final = ("hyper-v virtual", "vmware virtual", "virtualbox host-only")
"""How makers describe adapters of a machine's own virtual networks, in English everywhere."""


@collector(Platform.WINDOWS, Key(LIST + r"\*"), Key(ZONE), answers.ADAPTERS.source)
def networks_joined(read: WindowsReader) -> NetworksJoined:
    """Give the networks of Windows' own list by the day on which they were joined last, and the links in use."""
    networks = seen(lambda: _networks(read))
    active = seen(lambda: _active(read)) if read.live else None
    if not isinstance(networks, Unobserved):
        read.keep(LIST, ", ".join(f"{n.name} ({n.kind}) {n.last_day}" for n in networks)[:2000])
    return NetworksJoined(networks, active)


def _networks(read: WindowsReader) -> tuple[JoinedNetwork, ...]:
    names = read.subkeys(LIST) or ()
    if len(names) > MOST:
        raise CannotObserve(Reason.TOO_LARGE, f"{LIST}: more than {MOST}")
    found = []
    for name in names:
        key = rf"{LIST}\{name}"
        kind = KINDS.get(number(read, key, "NameType") or 0, LinkKind.OTHER)
        found.append(JoinedNetwork(shown(text(read, key, "ProfileName") or name), kind, seen(partial(_day, read, key)), shown(key)))
    return tuple(found)


def _day(read: WindowsReader, key: str) -> str | None:
    """Turn the machine's local time into a day in UTC, by the bias that holds now."""
    value = read.value(key, "DateLastConnected")
    if value is None:
        return None
    if not isinstance(value, bytes) or len(value) != 16:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, rf"{key}\DateLastConnected: not a SYSTEMTIME")
    year, month, _, day, hour, minute, second, _ = struct.unpack("<8H", value)
    bias = number(read, ZONE, "ActiveTimeBias")
    if bias is None:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, rf"{ZONE}\ActiveTimeBias: there is none")
    bias = bias - 2**32 if bias >= 2**31 else bias  # minutes, signed: -540 in Japan
    try:
        return (datetime(year, month, day, hour, minute, second, tzinfo=UTC) + timedelta(minutes=bias)).date().isoformat()
    except (ValueError, OverflowError) as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, rf"{key}\DateLastConnected: no day") from error


def _active(read: WindowsReader) -> tuple[ActiveLink, ...]:
    found = []
    for adapter in read.ask(answers.ADAPTERS).adapters:
        if not adapter.up or not adapter.addresses or adapter.kind in {LOOPBACK, TUNNEL}:
            continue
        if not adapter.description.lower().startswith(VIRTUAL):
            found.append(ActiveLink(shown(adapter.name), KINDS.get(adapter.kind, LinkKind.OTHER)))
    return tuple(found)
