"""The audit policy in force, by the GUIDs of its subcategories (advapi32). Needs an administrator."""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes

from scanner.hosts.windows.answers import AuditPolicy
from scanner.model.reason import CannotObserve, Reason

assert sys.platform == "win32"

from scanner.hosts.winapi.calls import Guid, advapi, checked, function, kernel  # noqa: E402  after the guard

_SUCCESS, _FAILURE = 1, 2
_ADJUST, _ENABLED = 0x20 | 0x8, 0x2  # TOKEN_ADJUST_PRIVILEGES and TOKEN_QUERY, SE_PRIVILEGE_ENABLED


class _Information(ctypes.Structure):
    """AUDIT_POLICY_INFORMATION."""

    _fields_ = (("subcategory", Guid), ("setting", wintypes.ULONG), ("category", Guid))


class _Privilege(ctypes.Structure):
    """TOKEN_PRIVILEGES with one entry."""

    _fields_ = (("count", wintypes.DWORD), ("low", wintypes.DWORD), ("high", wintypes.LONG), ("attributes", wintypes.DWORD))


def policy() -> AuditPolicy:
    """Give the setting of each subcategory."""
    enumerate_all = function("advapi32", "AuditEnumerateSubCategories")
    query = function("advapi32", "AuditQuerySystemPolicy")
    release = function("advapi32", "AuditFree")
    release.argtypes = [ctypes.c_void_p]
    _may_read_security()
    guids, count = ctypes.POINTER(Guid)(), wintypes.ULONG()
    if not enumerate_all(None, 1, ctypes.byref(guids), ctypes.byref(count)) & 0xFF:
        checked("AuditEnumerateSubCategories", ctypes.get_last_error() or 1)
    try:
        found = ctypes.POINTER(_Information)()
        if not query(guids, count, ctypes.byref(found)) & 0xFF:
            checked("AuditQuerySystemPolicy", ctypes.get_last_error() or 1)
        try:
            read = [(one.subcategory.text(), one.setting & (_SUCCESS | _FAILURE)) for one in found[: count.value]]
        finally:
            release(found)
    finally:
        release(guids)
    if not read:
        raise CannotObserve(Reason.UNSUPPORTED, "AuditQuerySystemPolicy: no subcategory")
    return AuditPolicy(tuple(sorted(read)))


def _may_read_security() -> None:
    """Use the right to read security settings where this process has it; it is off until it is asked for."""
    token = wintypes.HANDLE()
    kernel.GetCurrentProcess.restype = wintypes.HANDLE
    advapi.OpenProcessToken.argtypes = [wintypes.HANDLE, wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE)]
    if not advapi.OpenProcessToken(kernel.GetCurrentProcess(), _ADJUST, ctypes.byref(token)):
        return
    try:
        wanted = _Privilege(1, 0, 0, _ENABLED)
        where = ctypes.byref(wanted, _Privilege.low.offset)
        if advapi.LookupPrivilegeValueW(None, "SeSecurityPrivilege", where):
            advapi.AdjustTokenPrivileges(token, 0, ctypes.byref(wanted), 0, None, None)
    finally:
        kernel.CloseHandle(token)
