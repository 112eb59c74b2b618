r"""The reader of a Windows that does not run: a directory that holds its system drive, and the registry's hives in it.

Names are compared as Windows does, whatever the file system of the directory; nothing leads out of it. What Windows keeps in memory
only is not there: no command, no question to Windows, ``HKLM\HARDWARE``, and of ``HKU`` the accounts that have a profile.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from scanner.hosts.base import CommandOutput, FileState
from scanner.hosts.keeping import Keeping
from scanner.hosts.local import Missing, RootReader
from scanner.hosts.windows.answers import Api
from scanner.hosts.windows.base import PROFILES, VERSION, RegistryValue, on_system_drive, split
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import filetime, hive, hivelog

A = TypeVar("A")
T = TypeVar("T")

CONFIG = "/Windows/System32/config/"
LOGS = (".LOG1", ".LOG2")
_MACHINE = ("SOFTWARE", "SYSTEM", "SAM", "SECURITY")


def is_windows(root: Path) -> bool:
    """Tell whether a directory holds the system drive of a Windows."""
    try:
        return _Folded(root).find(CONFIG + "SYSTEM") is not None
    except CannotObserve:
        return False


class _Folded(RootReader):
    """A directory whose names are looked up whatever their case."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._listed: dict[str, Mapping[str, str]] = {}

    def find(self, path: str) -> str | None:
        """Give a path as it is written on the disk; ``None``: nothing of that name is there."""
        found = ""
        for name in path.split("/"):
            if name in {"", "."}:
                continue
            if name == "..":
                raise CannotObserve(Reason.UNSUPPORTED, f"{path!r}: a path with ..")
            if found not in self._listed:
                self._listed[found] = {entry.upper(): entry for entry in reversed(super().names(found or "/") or ())}
            entry = self._listed[found].get(name.upper())
            if entry is None:
                return None
            found = f"{found}/{entry}"
        return found or "/"


class ImageReader(Keeping):
    """Reads a directory that holds a Windows system drive; see ``WindowsReader``. ``close`` it at the end."""

    live = False

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = _Folded(root)
        self._open = ExitStack()
        self._hives: dict[str, hive.Hive] = {}
        self._drive: str | None = None

    def close(self) -> None:
        """Close the hives."""
        self._open.close()

    def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        """Give a file's bytes; see ``Reader.file``."""
        found = self._find(path)
        return None if found is None else self._root.file(found, limit=limit)

    def names(self, directory: str) -> tuple[str, ...] | None:
        """Give the names in a directory; see ``Reader.names``."""
        found = self._find(directory)
        return None if found is None else self._root.names(found)

    def state(self, path: str) -> FileState | None:
        """Give the state of a path; see ``Reader.state``."""
        found = self._find(path)
        return None if found is None else self._root.state(found)

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Raise ``CannotObserve(UNSUPPORTED)``: nothing runs here."""
        raise CannotObserve(Reason.UNSUPPORTED, f"{argv[0]}: the machine does not run, so no command can be asked")

    def ask(self, question: Api[A]) -> A:
        """Raise ``CannotObserve(UNSUPPORTED)``: nothing runs here."""
        raise CannotObserve(Reason.UNSUPPORTED, f"{question.call}: the machine does not run, so Windows cannot be asked")

    def value(self, key: str, name: str) -> RegistryValue | None:
        """Give one value; see ``WindowsReader.value``."""

        def read(inside: hive.Hive, node: hive.Node) -> RegistryValue | None:
            found = inside.value(node, name)
            return None if found is None else hive.decoded(*found)

        return self._at(key, read)

    def values(self, key: str) -> Mapping[str, RegistryValue] | None:
        """Give all values; see ``WindowsReader.values``."""
        return self._at(key, lambda inside, node: {name: hive.decoded(kind, data) for name, kind, data in inside.values(node)})

    def subkeys(self, key: str) -> tuple[str, ...] | None:
        """Give the names below a key; see ``WindowsReader.subkeys``."""
        if key.upper() == "HKU":
            return tuple(
                sorted(sid for sid in self.subkeys(VERSION + r"\ProfileList") or () if self._find(self._settings(sid)) is not None)
            )
        return self._at(key, lambda inside, node: tuple(sorted(below.name for below in inside.below(node))))

    def changed(self, key: str) -> int | None:
        """Give when a key was last written to; see ``WindowsReader.changed``."""
        return self._at(key, lambda _, node: filetime.seconds(node.written))

    def _at(self, key: str, read: Callable[[hive.Hive, hive.Node], T]) -> T | None:
        """Do something with a key; ``None``: there is no such key."""
        try:
            place = self._hive(key)
            if place is None:
                return None
            inside, path = place
            node = inside.node(path)
            if node is not None and node.link:
                raise CannotObserve(Reason.UNSUPPORTED, f"{key}: a link to another key, which only a running Windows follows")
            return None if node is None else read(inside, node)
        except hive.BadHive as error:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{key}: {error}") from error
        except OSError as error:
            raise CannotObserve(Reason.UNSUPPORTED, f"{key}: {error.strerror}") from error

    def _hive(self, key: str) -> tuple[hive.Hive, str] | None:
        """Give the hive that holds a key and the path inside it; ``None``: there is no such hive, which is knowledge."""
        root, first, rest = split(key)
        if root == "HKU":
            if not first:
                raise CannotObserve(Reason.UNSUPPORTED, f"{key}: no values here")
            if first == ".DEFAULT":
                return self._opened(CONFIG + "DEFAULT"), rest
            path = self._settings(first)
            return None if not path or self._find(path) is None else (self._opened(path), rest)
        if first not in _MACHINE:
            raise CannotObserve(Reason.UNSUPPORTED, f"{key}: Windows keeps it in memory only")
        inside = self._opened(CONFIG + first)
        if first == "SYSTEM":
            top, _, below = rest.partition("\\")
            if top.upper() == "CURRENTCONTROLSET":
                rest = f"{self._control_set(inside)}\\{below}"
        return inside, rest

    def _control_set(self, system: hive.Hive) -> str:
        """Name the set of settings that Windows starts with."""
        select = system.node("Select")
        found = system.value(select, "Current") if select else None
        number = hive.decoded(*found) if found else None
        if not isinstance(number, int) or not 0 < number < 1000:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, r"HKLM\SYSTEM\Select\Current: it does not say which settings are in use")
        return f"ControlSet{number:03d}"

    def _settings(self, sid: str) -> str:
        """Give the path of an account's own hive; empty where it has no profile."""
        where = self.value(rf"{PROFILES}\{sid}", "ProfileImagePath")
        return f"{on_system_drive(where)}/NTUSER.DAT" if isinstance(where, str) and where else ""

    def _opened(self, path: str) -> hive.Hive:
        if path not in self._hives:
            found = self._find(path)
            if found is None:
                raise CannotObserve(Reason.UNSUPPORTED, f"{path}: this hive is not there")
            try:
                handle = self._open.enter_context(self._root.opened(found))
            except Missing as error:
                raise CannotObserve(Reason.UNSUPPORTED, f"{path}: this hive is not there") from error
            if handle is None:
                raise CannotObserve(Reason.UNSUPPORTED, f"{path}: no hive")
            try:
                self._hives[path] = self._whole(path, lambda offset, size: os.pread(handle, size, offset))
            except hive.BadHive as error:
                raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{path}: {error}") from error
        return self._hives[path]

    def _whole(self, path: str, read: hive.Read) -> hive.Hive:
        """Give a hive, with its last changes where they stand only in its logs."""
        inside = hive.Hive(read)
        if inside.finished:
            return inside
        logs = [
            data
            for ending in LOGS
            if (found := self._find(path + ending)) is not None and (data := self._root.file(found, limit=hivelog.MOST_LOG)) is not None
        ]
        try:
            return hive.Hive(hivelog.replayed(read, logs))
        except hive.BadHive as error:
            detail = f"{path}: Windows was not shut down in order, and the last changes are not to be had: {error}"
            raise CannotObserve(Reason.UNSUPPORTED, detail) from error

    def _find(self, path: str) -> str | None:
        if not path:
            return None
        drive = re.match(r"([A-Za-z]):(?=/|\Z)", path)
        if drive:
            if drive[1].upper() != self._system_drive():
                raise CannotObserve(Reason.UNSUPPORTED, f"{path}: another drive than the one that Windows stands on")
            path = path[2:]
        return self._root.find(path)

    def _system_drive(self) -> str:
        if self._drive is None:
            where = self.value(VERSION, "SystemRoot")
            self._drive = where[:1].upper() if isinstance(where, str) and re.match(r"[A-Za-z]:\\", where) else "C"
        return self._drive
