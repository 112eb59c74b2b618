"""Network adapters with their addresses (iphlpapi), and the sockets that wait (through psutil, which asks the same library)."""

from __future__ import annotations

import ctypes
import ipaddress
import socket
import sys
from ctypes import wintypes

import psutil  # type: ignore[import-untyped]  # it carries no types

from scanner.hosts.windows.answers import Adapter, AdapterAddress, Adapters, Waiting, WaitingSockets
from scanner.model.reason import CannotObserve, Reason

assert sys.platform == "win32"

from scanner.hosts.winapi.calls import checked, function  # noqa: E402  after the guard

MOST = 4_000
"""Adapters and addresses together."""
_FLAGS = 0x2 | 0x4 | 0x8 | 0x100  # no anycast, multicast, DNS servers; all interfaces
_OVERFLOW, _NO_DATA = 111, 232
_UP, _IPV6 = 1, 0x100
_ADVERTISED = 4  # IpPrefixOriginRouterAdvertisement


class _Place(ctypes.Structure):
    """SOCKET_ADDRESS. A structure of its own: what follows it begins where its padding ends."""

    _fields_ = (("sockaddr", ctypes.c_void_p), ("length", ctypes.c_int))


class _Address(ctypes.Structure):
    """IP_ADAPTER_UNICAST_ADDRESS_LH."""


_Address._fields_ = (
    ("length", wintypes.ULONG),
    ("flags", wintypes.DWORD),
    ("next", ctypes.POINTER(_Address)),
    ("place", _Place),
    ("origins", ctypes.c_int * 3),
    ("lifetimes", wintypes.ULONG * 3),
    ("prefix", ctypes.c_uint8),
)


class _Adapter(ctypes.Structure):
    """IP_ADAPTER_ADDRESSES_LH, as far as it is read."""


_Adapter._fields_ = (
    ("length", wintypes.ULONG),
    ("index", wintypes.DWORD),
    ("next", ctypes.POINTER(_Adapter)),
    ("guid", ctypes.c_char_p),
    ("addresses", ctypes.POINTER(_Address)),
    ("others", ctypes.c_void_p * 3),
    ("suffix", ctypes.c_void_p),
    ("description", wintypes.LPWSTR),
    ("name", wintypes.LPWSTR),
    ("physical", ctypes.c_ubyte * 8),
    ("physical_length", wintypes.DWORD),
    ("flags", wintypes.DWORD),
    ("mtu", wintypes.DWORD),
    ("kind", wintypes.DWORD),
    ("status", ctypes.c_int),
    ("index6", wintypes.DWORD),
    ("zones", wintypes.DWORD * 16),
    ("prefixes", ctypes.c_void_p),
    ("speeds", ctypes.c_uint64 * 2),
    ("wins", ctypes.c_void_p),
    ("gateways", ctypes.c_void_p),
    ("metrics", wintypes.ULONG * 2),
    ("luid", ctypes.c_uint64),
    ("dhcp", _Place),
    ("compartment", ctypes.c_uint32),
    ("network", ctypes.c_ubyte * 16),
    ("connection", ctypes.c_int),
    ("tunnel", ctypes.c_int),
)


def adapters() -> Adapters:
    """Give all network adapters."""
    ask = function("iphlpapi", "GetAdaptersAddresses")
    size = wintypes.ULONG(65_536)
    for _ in range(4):  # the list may grow between two questions
        buffer = ctypes.create_string_buffer(size.value)
        status = ask(0, _FLAGS, None, buffer, ctypes.byref(size))
        if status != _OVERFLOW:
            break
    if status == _NO_DATA:
        return Adapters(())
    checked("GetAdaptersAddresses", status)
    found: list[Adapter] = []
    at = ctypes.cast(buffer, ctypes.POINTER(_Adapter))
    left = MOST
    while at:
        one = at.contents
        addresses = []
        where = one.addresses
        while where:
            left -= 1
            if left < 0:
                raise CannotObserve(Reason.TOO_LARGE, f"GetAdaptersAddresses: more than {MOST} adapters and addresses")
            if (text := _text(where.contents)) is not None:
                came_by = int(where.contents.origins[0])
                addresses.append(AdapterAddress(text, int(where.contents.prefix), came_by == _ADVERTISED))
            where = where.contents.next
        left -= 1
        guid = (one.guid or b"").decode("ascii", "replace")
        found.append(
            Adapter(
                guid,
                one.name or "",
                one.description or "",
                one.kind,
                one.tunnel,
                one.status == _UP,
                bool(one.flags & _IPV6),
                tuple(sorted(addresses, key=lambda address: address.address)),
            )
        )
        at = one.next
    return Adapters(tuple(sorted(found, key=lambda adapter: adapter.guid)))


def _text(address: _Address) -> str | None:
    raw = ctypes.string_at(address.place.sockaddr, address.place.length)
    family = int.from_bytes(raw[:2], "little")
    if family == socket.AF_INET and len(raw) >= 8:
        return str(ipaddress.IPv4Address(raw[4:8]))
    if family == socket.AF_INET6 and len(raw) >= 24:
        return str(ipaddress.IPv6Address(raw[8:24]))
    return None


def sockets() -> WaitingSockets:
    """Give the sockets that wait."""
    try:
        seen = psutil.net_connections("inet")
    except psutil.AccessDenied as error:
        raise CannotObserve(Reason.ACCESS_DENIED, "the table of sockets") from error
    except OSError as error:
        raise CannotObserve(Reason.UNSUPPORTED, f"the table of sockets: {error.strerror}") from error
    names: dict[int, str] = {}
    found = set()
    for one in seen:
        udp = one.type == socket.SOCK_DGRAM
        if not one.laddr or (one.raddr if udp else one.status != psutil.CONN_LISTEN):
            continue
        number = one.pid or 0
        if number not in names:
            names[number] = _program(number)
        found.add(Waiting("udp" if udp else "tcp", one.laddr.ip, one.laddr.port, number, names[number]))
    return WaitingSockets(tuple(sorted(found, key=lambda w: (w.protocol, w.port, w.address, w.process))))


def _program(number: int) -> str:
    try:
        return psutil.Process(number).name() if number else ""
    except (psutil.Error, OSError):
        return ""
