"""The registry of a running Windows, through winreg. Accounts that are not signed in are read from their own hive, which is not loaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from scanner.hosts.windows.base import PROFILES, RegistryValue, on_system_drive, split
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import filetime, hive

assert sys.platform == "win32"

import winreg  # noqa: E402  after the guard

T = TypeVar("T")
_ROOTS = {"HKLM": winreg.HKEY_LOCAL_MACHINE, "HKU": winreg.HKEY_USERS}
_GONE = {2, 3, 1018}  # ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, ERROR_KEY_DELETED
_DENIED = {5, 1314}  # ERROR_ACCESS_DENIED, ERROR_PRIVILEGE_NOT_HELD


class Registry:
    """The registry as ``WindowsReader`` has it."""

    def value(self, key: str, name: str) -> RegistryValue | None:
        """Give one value; see ``WindowsReader.value``."""
        stored = self._stored(key)
        if stored is not None:
            with stored as (inside, node):
                found = inside.value(node, name) if node else None
                return None if found is None else hive.decoded(*found)
        with _opened(key) as handle:
            if handle is None:
                return None
            try:
                return _given(*winreg.QueryValueEx(handle, name))
            except OSError as error:
                _unseen(rf"{key}\{name}", error)
                return None

    def values(self, key: str) -> Mapping[str, RegistryValue] | None:
        """Give all values; see ``WindowsReader.values``."""
        stored = self._stored(key)
        if stored is not None:
            with stored as (inside, node):
                return {name: hive.decoded(kind, data) for name, kind, data in inside.values(node)} if node else None
        with _opened(key) as handle:
            if handle is None:
                return None
            try:
                many = winreg.QueryInfoKey(handle)[1]
                if many > hive.MOST_VALUES:
                    raise CannotObserve(Reason.TOO_LARGE, f"{key}: {many} values")
                return {name: _given(value, kind) for name, value, kind in (winreg.EnumValue(handle, number) for number in range(many))}
            except OSError as error:
                _unseen(key, error)
                return None

    def subkeys(self, key: str) -> tuple[str, ...] | None:
        """Give the names below a key; see ``WindowsReader.subkeys``."""
        stored = self._stored(key)
        if stored is not None:
            with stored as (inside, node):
                return tuple(sorted(below.name for below in inside.below(node))) if node else None
        with _opened(key) as handle:
            if handle is None:
                return None
            try:
                many = winreg.QueryInfoKey(handle)[0]
                if many > hive.MOST_KEYS:
                    raise CannotObserve(Reason.TOO_LARGE, f"{key}: {many} keys")
                return tuple(sorted(winreg.EnumKey(handle, number) for number in range(many)))
            except OSError as error:
                _unseen(key, error)
                return None

    def changed(self, key: str) -> int | None:
        """Give when a key was last written to; see ``WindowsReader.changed``."""
        stored = self._stored(key)
        if stored is not None:
            with stored as (_, node):
                return filetime.seconds(node.written) if node else None
        with _opened(key) as handle:
            if handle is None:
                return None
            return filetime.seconds(winreg.QueryInfoKey(handle)[2])

    def _stored(self, key: str) -> _Stored | None:
        """Give the place of a key in the hive of an account that is not signed in; ``None``: the key is the running registry's."""
        root, first, rest = split(key)
        if root != "HKU" or not first.startswith("S-1-") or _loaded(first):
            return None
        where = self.value(rf"{PROFILES}\{first}", "ProfileImagePath")
        return _Stored(f"{on_system_drive(where)}/NTUSER.DAT", rest) if isinstance(where, str) and where else None


class _Stored:
    """One key in a hive that is not loaded, opened for one question."""

    def __init__(self, path: str, key: str) -> None:
        self._path = path if path[1:2] == ":" else os.environ.get("SYSTEMDRIVE", "C:") + path
        self._key = key
        self._open = ExitStack()

    def __enter__(self) -> tuple[hive.Hive, hive.Node | None]:
        try:
            file = self._open.enter_context(open(self._path, "rb"))

            def read(offset: int, size: int) -> bytes:
                file.seek(offset)
                return file.read(size)

            inside = hive.Hive(read)
            if not inside.finished:
                raise CannotObserve(Reason.UNSUPPORTED, f"{self._path}: its last changes stand in its logs, which are not read")
            return inside, inside.node(self._key)
        except BaseException as error:
            self._open.close()
            raise _translated(self._path, error) from error

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._open.close()
        if isinstance(error, OSError | hive.BadHive):
            raise _translated(self._path, error) from error


def _translated(path: str, error: BaseException) -> BaseException:
    match error:
        case PermissionError():
            return CannotObserve(Reason.ACCESS_DENIED, f"{path}: {error.strerror}")
        case OSError():
            return CannotObserve(Reason.UNSUPPORTED, f"{path}: {error.strerror}")
        case hive.BadHive():
            return CannotObserve(Reason.PROTOCOL_VIOLATION, f"{path}: {error}")
        case _:
            return error


def _loaded(sid: str) -> bool:
    try:
        with winreg.OpenKeyEx(winreg.HKEY_USERS, sid, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY):
            return True
    except OSError as error:
        return error.winerror not in _GONE


@contextmanager
def _opened(key: str) -> Iterator[winreg.HKEYType | None]:
    """Open a key; ``None``: it is not there. Raises ``CannotObserve``."""
    root, _, _ = split(key)
    try:
        handle = winreg.OpenKeyEx(_ROOTS[root], key.partition("\\")[2], 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY)
    except OSError as error:
        _unseen(key, error)
        yield None
        return
    with handle:
        yield handle


def _given(value: object, kind: int) -> RegistryValue:
    """Write what winreg gives as ``WindowsReader`` has it; an empty value that is no text comes from it as nothing."""
    match value:
        case int() | str() | bytes():
            return value
        case list():
            return tuple(part for part in value if part)
        case _:
            return () if kind == winreg.REG_MULTI_SZ else "" if kind in {winreg.REG_SZ, winreg.REG_EXPAND_SZ} else b""


def _unseen(what: str, error: OSError) -> None:
    if error.winerror in _GONE:
        return
    raise CannotObserve(Reason.ACCESS_DENIED if error.winerror in _DENIED else Reason.UNSUPPORTED, f"{what}: {error.strerror}") from error
