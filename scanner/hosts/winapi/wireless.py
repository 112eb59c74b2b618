"""The wireless networks in use (wlanapi). Keys of networks are never asked for."""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes

from scanner.hosts.windows.answers import WirelessLink, WirelessLinks

assert sys.platform == "win32"

from scanner.hosts.winapi.calls import Guid, checked, function  # noqa: E402  after the guard

_VERSION, _CURRENT_CONNECTION = 2, 7
_NOT_CONNECTED = 5023  # ERROR_INVALID_STATE
_MOST = 64


class _Interface(ctypes.Structure):
    """WLAN_INTERFACE_INFO."""

    _fields_ = (("guid", Guid), ("description", ctypes.c_wchar * 256), ("state", ctypes.c_int))


class _Interfaces(ctypes.Structure):
    _fields_ = (("count", wintypes.DWORD), ("index", wintypes.DWORD), ("listed", _Interface * _MOST))


class _Connection(ctypes.Structure):
    """WLAN_CONNECTION_ATTRIBUTES."""

    _fields_ = (
        ("state", ctypes.c_int),
        ("mode", ctypes.c_int),
        ("profile", ctypes.c_wchar * 256),
        ("ssid_length", wintypes.ULONG),
        ("ssid", ctypes.c_ubyte * 32),
        ("sort", ctypes.c_int),
        ("station", ctypes.c_ubyte * 6),
        ("physical", ctypes.c_int),
        ("numbers", wintypes.ULONG * 4),
        ("secured", wintypes.BOOL),
        ("one_x", wintypes.BOOL),
        ("authentication", ctypes.c_uint32),
        ("cipher", ctypes.c_uint32),
    )


def links() -> WirelessLinks:
    """Give the wireless networks in use."""
    opened, version = wintypes.HANDLE(), wintypes.DWORD()
    checked("WlanOpenHandle", function("wlanapi", "WlanOpenHandle")(_VERSION, None, ctypes.byref(version), ctypes.byref(opened)))
    release = function("wlanapi", "WlanFreeMemory")
    release.argtypes = [ctypes.c_void_p]
    try:
        interfaces = ctypes.POINTER(_Interfaces)()
        checked("WlanEnumInterfaces", function("wlanapi", "WlanEnumInterfaces")(opened, None, ctypes.byref(interfaces)))
        try:
            listed = interfaces.contents.listed[: min(_MOST, interfaces.contents.count)] if interfaces else []
            found = [link for one in listed if (link := _link(opened, one))]
            return WirelessLinks(bool(listed), tuple(found))
        finally:
            release(interfaces)
    finally:
        function("wlanapi", "WlanCloseHandle")(opened, None)


def _link(opened: wintypes.HANDLE, one: _Interface) -> WirelessLink | None:
    size, data = wintypes.DWORD(), ctypes.POINTER(_Connection)()
    ask = function("wlanapi", "WlanQueryInterface")
    status = ask(opened, ctypes.byref(one.guid), _CURRENT_CONNECTION, None, ctypes.byref(size), ctypes.byref(data), None)
    if status == _NOT_CONNECTED:
        return None
    checked("WlanQueryInterface", status)
    release = function("wlanapi", "WlanFreeMemory")
    release.argtypes = [ctypes.c_void_p]
    try:
        now = data.contents
        ssid = bytes(now.ssid[: min(32, now.ssid_length)]).decode("utf-8", "backslashreplace")
        secured, one_x = bool(now.secured), bool(now.one_x)
        return WirelessLink(one.description, ssid, now.profile, secured, one_x, int(now.authentication), int(now.cipher))
    finally:
        release(data)
