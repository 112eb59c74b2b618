"""The reader of the Windows that the scanner runs on. Nothing is written, loaded into the registry or started that stays."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from scanner.hosts.base import CommandOutput, FileKind, FileState
from scanner.hosts.keeping import Keeping
from scanner.hosts.windows.answers import (
    ACCOUNTS,
    ADAPTERS,
    AUDIT_BACKUP,
    AUDIT_POLICY,
    CLOCK,
    FIRMWARE,
    GROUPS,
    JOINED,
    PASSWORD_RULES,
    SECURITY_EXPORT,
    SERVICE_STATES,
    SOCKETS,
    WIRELESS,
    Api,
    Clock,
)
from scanner.hosts.windows.base import RegistryValue
from scanner.model.reason import CannotObserve, Reason

assert sys.platform == "win32"

from scanner.hosts.winapi import accounts, audit, exports, firmware, network, programs, registry, services, wireless  # noqa: E402  after the guard

A = TypeVar("A")
NAMES = 20_000
"""Entries of one directory; a directory with more is not read in part."""
_IN_USE = {32, 33}  # ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION

_ASK: Mapping[str, Callable[[], object]] = {
    CLOCK.name: lambda: Clock(int(time.time())),
    PASSWORD_RULES.name: accounts.password_rules,
    ACCOUNTS.name: accounts.local_accounts,
    GROUPS.name: accounts.local_groups,
    JOINED.name: accounts.joined,
    FIRMWARE.name: firmware.firmware,
    ADAPTERS.name: network.adapters,
    SOCKETS.name: network.sockets,
    SERVICE_STATES.name: services.states,
    AUDIT_POLICY.name: audit.policy,
    AUDIT_BACKUP.name: exports.audit_backup,
    SECURITY_EXPORT.name: exports.security_settings,
    WIRELESS.name: wireless.links,
}


class LiveReader(Keeping):
    """Reads the Windows that the scanner runs on; see ``WindowsReader``."""

    live = True

    def __init__(self) -> None:
        super().__init__()
        self._registry = registry.Registry()

    def value(self, key: str, name: str) -> RegistryValue | None:
        """Give one value; see ``WindowsReader.value``."""
        return self._registry.value(key, name)

    def values(self, key: str) -> Mapping[str, RegistryValue] | None:
        """Give all values; see ``WindowsReader.values``."""
        return self._registry.values(key)

    def subkeys(self, key: str) -> tuple[str, ...] | None:
        """Give the names below a key; see ``WindowsReader.subkeys``."""
        return self._registry.subkeys(key)

    def changed(self, key: str) -> int | None:
        """Give when a key was last written to; see ``WindowsReader.changed``."""
        return self._registry.changed(key)

    def ask(self, question: Api[A]) -> A:
        """Ask Windows itself; see ``WindowsReader.ask``."""
        answer = _ASK[question.name]()
        assert isinstance(answer, question.answers)
        return answer

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Run a program of Windows that only reads; see ``Reader.command``. Only programs of the system's own folders are started."""
        return programs.run(argv, seconds)

    def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        """Give a file's bytes; see ``Reader.file``."""
        try:
            with open(_there(path), "rb") as opened:
                data = opened.read(limit + 1)
        except OSError as error:
            _unseen(path, error)
            return None
        if len(data) > limit:
            raise CannotObserve(Reason.TOO_LARGE, f"{path!r}: more than {limit} octets")
        return data

    def names(self, directory: str) -> tuple[str, ...] | None:
        """Give the names in a directory; see ``Reader.names``."""
        try:
            with os.scandir(_there(directory)) as entries:
                found = [entry.name for _, entry in zip(range(NAMES + 1), entries, strict=False)]
        except OSError as error:
            _unseen(directory, error)
            return None
        if len(found) > NAMES:
            raise CannotObserve(Reason.TOO_LARGE, f"{directory!r}: more than {NAMES} entries")
        return tuple(sorted(found))

    def state(self, path: str) -> FileState | None:
        """Give the state of a path; see ``Reader.state``. Owners and rights of Windows have no place in it."""
        try:
            found = os.lstat(_there(path))
        except OSError as error:
            _unseen(path, error)
            return None
        kind = FileKind.LINK if found.st_reparse_tag else FileKind.DIRECTORY if os.path.isdir(_there(path)) else FileKind.FILE
        return FileState(kind, found.st_size, 0, 0, 0, int(found.st_mtime))


def _there(path: str) -> str:
    """Write a path of ours as Windows has it; what would leave the drive (``//server/share``, devices) is refused."""
    if re.match(r"[A-Za-z]:/", path):
        return path.replace("/", "\\")
    if path.startswith("/") and not path.startswith("//"):
        return os.environ.get("SYSTEMDRIVE", "C:") + path.replace("/", "\\")
    raise CannotObserve(Reason.UNSUPPORTED, f"{path!r}: no path on a drive of this machine")


def _unseen(path: str, error: OSError) -> None:
    """Tell "it is not there" from a reason why it cannot be seen."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return
    if error.winerror in _IN_USE:
        raise CannotObserve(Reason.UNSUPPORTED, f"{path!r}: another program holds it") from error
    if isinstance(error, PermissionError):
        raise CannotObserve(Reason.ACCESS_DENIED, f"{path!r}: {error.strerror}") from error
    raise CannotObserve(Reason.UNSUPPORTED, f"{path!r}: {error.strerror}") from error
