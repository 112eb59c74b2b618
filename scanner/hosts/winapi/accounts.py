"""The machine's own accounts, groups and password rules (netapi32). No password and no hash is ever asked for."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import wintypes
from typing import TypeVar

from scanner.hosts.windows.answers import Joined, LocalAccount, LocalAccounts, LocalGroup, LocalGroups, PasswordRules
from scanner.model.reason import CannotObserve, Reason

assert sys.platform == "win32"

from scanner.hosts.winapi.calls import advapi, checked, kernel, netapi, sid_of, sid_text  # noqa: E402  after the guard

S = TypeVar("S", bound=ctypes.Structure)
_Ask = Callable[[object, object, object], int]
FOREVER = 0xFFFF_FFFF
MOST = 10_000
"""Accounts or members that are read; a machine with more is not read in part."""
_NORMAL, _ALL = 0x2, 0xFFFF_FFFF  # FILTER_NORMAL_ACCOUNT, MAX_PREFERRED_LENGTH
_JOINED = 3  # NetSetupDomainName
_THIS_PROCESS, _TOKEN_QUERY, _TOKEN_USER = -1, 0x8, 1


class _Modals0(ctypes.Structure):
    _fields_ = tuple((name, wintypes.DWORD) for name in ("length", "most_age", "least_age", "logoff", "history"))


class _Modals3(ctypes.Structure):
    _fields_ = tuple((name, wintypes.DWORD) for name in ("seconds", "window", "attempts"))


class _User3(ctypes.Structure):
    """USER_INFO_3 (lmaccess.h)."""

    _fields_ = (
        ("name", wintypes.LPWSTR),
        ("password", ctypes.c_void_p),
        ("password_age", wintypes.DWORD),
        ("privilege", wintypes.DWORD),
        ("home", ctypes.c_void_p),
        ("comment", ctypes.c_void_p),
        ("flags", wintypes.DWORD),
        ("script", ctypes.c_void_p),
        ("auth_flags", wintypes.DWORD),
        ("full_name", ctypes.c_void_p),
        ("user_comment", ctypes.c_void_p),
        ("parameters", ctypes.c_void_p),
        ("workstations", ctypes.c_void_p),
        ("last_logon", wintypes.DWORD),
        ("last_logoff", wintypes.DWORD),
        ("expires", wintypes.DWORD),
        ("storage", wintypes.DWORD),
        ("units", wintypes.DWORD),
        ("hours", ctypes.c_void_p),
        ("bad_passwords", wintypes.DWORD),
        ("logons", wintypes.DWORD),
        ("server", ctypes.c_void_p),
        ("country", wintypes.DWORD),
        ("code_page", wintypes.DWORD),
        ("number", wintypes.DWORD),
        ("group", wintypes.DWORD),
        ("profile", ctypes.c_void_p),
        ("drive", ctypes.c_void_p),
        ("password_expired", wintypes.DWORD),
    )


class _Group0(ctypes.Structure):
    _fields_ = (("name", wintypes.LPWSTR),)


class _Member2(ctypes.Structure):
    _fields_ = (("sid", ctypes.c_void_p), ("use", ctypes.c_int), ("name", wintypes.LPWSTR))


def password_rules() -> PasswordRules:
    """Give the rules for the machine's own accounts."""
    with _modals(0, _Modals0) as first, _modals(3, _Modals3) as lock:
        return PasswordRules(
            length=first.length,
            most_age=_span(first.most_age),
            least_age=first.least_age,
            history=first.history,
            lockout_attempts=lock.attempts,
            lockout_seconds=_span(lock.seconds),
            lockout_window=lock.window,
        )


def local_accounts() -> LocalAccounts:
    """Give the machine's own accounts."""
    with _listed(
        "NetUserEnum", lambda buffer, read, total: netapi.NetUserEnum(None, 3, _NORMAL, buffer, _ALL, read, total, None), _User3
    ) as users:
        if not users:
            raise CannotObserve(Reason.UNSUPPORTED, "NetUserEnum: no account, though every Windows has some")
        return LocalAccounts(
            tuple(
                LocalAccount(user.name, sid_of(user.name), user.flags, user.password_age, user.last_logon or None, _span(user.expires))
                for user in users
            )
        )


def local_groups() -> LocalGroups:
    """Give the machine's own groups with their members."""
    with _listed(
        "NetLocalGroupEnum", lambda buffer, read, total: netapi.NetLocalGroupEnum(None, 0, buffer, _ALL, read, total, None), _Group0
    ) as groups:
        if not groups:
            raise CannotObserve(Reason.UNSUPPORTED, "NetLocalGroupEnum: no group, though every Windows has some")
        return LocalGroups(tuple(LocalGroup(sid_of(group.name), group.name, _members(group.name)) for group in groups))


def _members(group: str) -> tuple[tuple[str, str], ...]:
    def ask(buffer: object, read: object, total: object) -> int:
        return int(netapi.NetLocalGroupGetMembers(None, group, 2, buffer, _ALL, read, total, None))

    with _listed("NetLocalGroupGetMembers", ask, _Member2) as members:
        return tuple(sorted((sid_text(member.sid), member.name or "") for member in members))


def joined() -> Joined:
    """Tell whether the machine belongs to a domain."""
    name, status = wintypes.LPWSTR(), ctypes.c_int()
    checked("NetGetJoinInformation", netapi.NetGetJoinInformation(None, ctypes.byref(name), ctypes.byref(status)))
    try:
        return Joined(status.value == _JOINED, name.value or "")
    finally:
        netapi.NetApiBufferFree(ctypes.cast(name, ctypes.c_void_p))


def own_sid() -> str:
    """Give the SID of the account that this process runs as."""
    token, needed = wintypes.HANDLE(), wintypes.DWORD()
    process = wintypes.HANDLE(_THIS_PROCESS)
    checked("OpenProcessToken", _error(advapi.OpenProcessToken(process, _TOKEN_QUERY, ctypes.byref(token))))
    try:
        found = (ctypes.c_void_p * 64)()  # TOKEN_USER: a pointer to the SID, which stands behind it
        size = ctypes.sizeof(found)
        checked("GetTokenInformation", _error(advapi.GetTokenInformation(token, _TOKEN_USER, found, size, ctypes.byref(needed))))
        return sid_text(found[0])
    finally:
        kernel.CloseHandle(token)


def _error(well: int) -> int:
    return 0 if well else ctypes.get_last_error()


@contextmanager
def _modals(level: int, form: type[S]) -> Iterator[S]:
    buffer = ctypes.c_void_p()
    checked("NetUserModalsGet", netapi.NetUserModalsGet(None, level, ctypes.byref(buffer)))
    try:
        yield ctypes.cast(buffer, ctypes.POINTER(form)).contents
    finally:
        netapi.NetApiBufferFree(buffer)


@contextmanager
def _listed(call: str, ask: _Ask, form: type[S]) -> Iterator[list[S]]:
    """Give everything of a list at once, as these functions do for the greatest length that one can wish for."""
    buffer, read, total = ctypes.c_void_p(), wintypes.DWORD(), wintypes.DWORD()
    checked(call, ask(ctypes.byref(buffer), ctypes.byref(read), ctypes.byref(total)))
    try:
        if total.value > MOST or read.value != total.value:
            raise CannotObserve(Reason.TOO_LARGE, f"{call}: {total.value} entries")
        yield ctypes.cast(buffer, ctypes.POINTER(form))[: read.value] if read.value else []
    finally:
        netapi.NetApiBufferFree(buffer)


def _span(seconds: int) -> int | None:
    return None if seconds == FOREVER else seconds
