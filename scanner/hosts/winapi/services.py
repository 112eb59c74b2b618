"""The state of services and drivers (advapi32): names and numbers, no display names, which are translated."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from ctypes import wintypes

from scanner.hosts.windows.answers import RunningService, RunningServices
from scanner.model.reason import CannotObserve, Reason

assert sys.platform == "win32"

from scanner.hosts.winapi.calls import advapi, checked  # noqa: E402  after the guard

_ENUMERATE, _ALL_KINDS, _ALL_STATES = 0x1 | 0x4, 0x3B, 3
_MORE_DATA = 234
_OCTETS = 262_144
"""The most that one call gives ([MS-SCMR] 3.1.4.40); a longer list comes in parts."""
_MOST_PARTS = 40


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
        return RunningServices(tuple(sorted(_listed(manager), key=lambda service: service.name)))
    finally:
        advapi.CloseServiceHandle(manager)


def _listed(manager: int) -> Iterator[RunningService]:
    buffer = ctypes.create_string_buffer(_OCTETS)
    needed, count, resume = wintypes.DWORD(), wintypes.DWORD(), wintypes.DWORD()
    counts = (ctypes.byref(needed), ctypes.byref(count), ctypes.byref(resume))
    for _ in range(_MOST_PARTS):
        done = advapi.EnumServicesStatusExW(ctypes.c_void_p(manager), 0, _ALL_KINDS, _ALL_STATES, buffer, _OCTETS, *counts, None)
        status = 0 if done else ctypes.get_last_error() or 1
        if status != _MORE_DATA:
            checked("EnumServicesStatusExW", status)
        part = ctypes.cast(buffer, ctypes.POINTER(_Service))[: count.value] if count.value else []
        yield from [RunningService(one.name, int(one.status[1]), int(one.status[3])) for one in part]
        if done:
            return
    raise CannotObserve(Reason.TOO_LARGE, f"EnumServicesStatusExW: more than {_MOST_PARTS} parts of {_OCTETS} octets")
