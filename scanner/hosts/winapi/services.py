"""The state of services and drivers (advapi32): names and numbers, no display names, which are translated."""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes

from scanner.hosts.windows.answers import RunningService, RunningServices

assert sys.platform == "win32"

from scanner.hosts.winapi.calls import advapi, checked  # noqa: E402  after the guard

_ENUMERATE, _ALL_KINDS, _ALL_STATES = 0x1 | 0x4, 0x3B, 3
_MORE_DATA = 234
MOST_OCTETS = 8_000_000


class _Service(ctypes.Structure):
    """ENUM_SERVICE_STATUS_PROCESSW."""

    _fields_ = (("name", wintypes.LPWSTR), ("display", wintypes.LPWSTR), ("status", wintypes.DWORD * 9))


def states() -> RunningServices:
    """Give the state of every service and driver."""
    advapi.OpenSCManagerW.restype = ctypes.c_void_p
    advapi.CloseServiceHandle.argtypes = [ctypes.c_void_p]
    manager = advapi.OpenSCManagerW(None, None, _ENUMERATE)
    if not manager:
        checked("OpenSCManagerW", ctypes.get_last_error() or 1)
    try:
        size = 262_144
        while True:
            buffer = ctypes.create_string_buffer(size)
            needed, count, resume = wintypes.DWORD(), wintypes.DWORD(), wintypes.DWORD()
            done = advapi.EnumServicesStatusExW(
                ctypes.c_void_p(manager),
                0,
                _ALL_KINDS,
                _ALL_STATES,
                buffer,
                size,
                ctypes.byref(needed),
                ctypes.byref(count),
                ctypes.byref(resume),
                None,
            )
            if done:
                break
            status = ctypes.get_last_error()
            if status != _MORE_DATA or size >= MOST_OCTETS:
                checked("EnumServicesStatusExW", status or 1)
            size = min(MOST_OCTETS, size + needed.value)
        listed = ctypes.cast(buffer, ctypes.POINTER(_Service))[: count.value] if count.value else []
        return RunningServices(
            tuple(sorted((RunningService(one.name, int(one.status[1]), int(one.status[3])) for one in listed), key=lambda s: s.name))
        )
    finally:
        advapi.CloseServiceHandle(manager)
