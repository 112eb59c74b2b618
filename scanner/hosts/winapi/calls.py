"""Calling Windows' own functions: error numbers as reasons, texts and SIDs out of memory that Windows gives and takes back."""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import wintypes

from scanner.model.reason import CannotObserve, Reason

assert sys.platform == "win32"

_MACHINE = 3  # SidTypeDomain
DENIED = {5, 1314}  # ERROR_ACCESS_DENIED, ERROR_PRIVILEGE_NOT_HELD

netapi = ctypes.WinDLL("netapi32")
advapi = ctypes.WinDLL("advapi32", use_last_error=True)
kernel = ctypes.WinDLL("kernel32", use_last_error=True)
kernel.LocalFree.argtypes = [ctypes.c_void_p]
netapi.NetApiBufferFree.argtypes = [ctypes.c_void_p]


class Guid(ctypes.Structure):
    """A GUID in memory."""

    _fields_ = (("octets", ctypes.c_ubyte * 16),)

    def text(self) -> str:
        """Write it as text: lower case, no braces."""
        import uuid  # here only

        return str(uuid.UUID(bytes_le=bytes(self.octets)))


def checked(call: str, status: int) -> None:
    """Raise ``CannotObserve`` for an error number."""
    if status:
        raise CannotObserve(Reason.ACCESS_DENIED if status in DENIED else Reason.UNSUPPORTED, f"{call}: error {status}")


def function(library: str, name: str) -> ctypes._NamedFuncPointer:
    """Give a function of a library that not every Windows has. Raises ``CannotObserve(UNSUPPORTED)``."""
    try:
        found: ctypes._NamedFuncPointer = getattr(ctypes.WinDLL(library, use_last_error=True), name)
    except (OSError, AttributeError) as error:
        raise CannotObserve(Reason.UNSUPPORTED, f"{name}: this Windows has no such function") from error
    return found


def sid_text(sid: int | None) -> str:
    """Write a SID in memory as text; empty where there is none."""
    written = wintypes.LPWSTR()
    advapi.ConvertSidToStringSidW.argtypes = [ctypes.c_void_p, ctypes.POINTER(wintypes.LPWSTR)]
    if not sid or not advapi.ConvertSidToStringSidW(sid, ctypes.byref(written)):
        return ""
    try:
        return written.value or ""
    finally:
        kernel.LocalFree(ctypes.cast(written, ctypes.c_void_p))


def sid_of(name: str) -> str:
    """Give the SID of an account or group of this machine by its name, as text; empty where there is none.

    An account that is called like the machine is found by both names only: the one alone means the machine.
    """
    for written in (name, f"{os.environ.get('COMPUTERNAME', '')}\\{name}"):
        sid = ctypes.create_string_buffer(256)
        domain = ctypes.create_unicode_buffer(512)
        size, wide, use = wintypes.DWORD(256), wintypes.DWORD(512), ctypes.c_int()
        found = advapi.LookupAccountNameW(None, written, sid, ctypes.byref(size), domain, ctypes.byref(wide), ctypes.byref(use))
        if found and use.value != _MACHINE:
            return sid_text(ctypes.addressof(sid))
    return ""
