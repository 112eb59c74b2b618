"""The reader of a mounted macOS: its system volume, and the data volume that belongs to it. Commands are not available.

From macOS 10.15 on the system is spread over two volumes that the running system shows as one: places that "firm links" lead to stand
on the data volume (/usr/share/firmlinks). Mounted elsewhere the links do not work, and those places look empty on the system volume.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scanner.hosts.base import CommandOutput, FileState
from scanner.hosts.keeping import Keeping
from scanner.hosts.local import RootReader
from scanner.model.reason import CannotObserve, Reason

SYSTEM: Final = "System/Library/CoreServices/SystemVersion.plist"
DATA: Final = "System/Volumes/Data"
MARK: Final = "private/var/db"
"""What every data volume has."""
FIRM: Final = ("/Applications", "/Library", "/Users", "/Volumes", "/cores", "/opt", "/private", "/usr/local", "/etc", "/var", "/tmp")  # noqa: S108  a path of the machine that is read
"""Places on the data volume; the last three are links into /private."""


def is_macos(root: Path) -> bool:
    """Tell whether a directory is the root of a macOS."""
    return (root / SYSTEM).is_file()


class MacRootReader(Keeping):
    """Reads a mounted macOS. Without its data volume what stands there is unobserved, not missing."""

    live = False

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._system = RootReader(root)
        joined = root / DATA
        self._data = next((RootReader(place) for place in (joined, root) if (place / MARK).is_dir()), None)

    def _at(self, path: str) -> RootReader:
        parts = [part for part in path.split("/") if part not in {"", "."}]
        plain = "/" + "/".join(parts)
        if ".." in parts or not any(plain == place or plain.startswith(f"{place}/") for place in FIRM):
            return self._system
        if self._data is None:
            raise CannotObserve(Reason.UNSUPPORTED, f"{path!r}: the data volume is not mounted at {DATA}")
        return self._data

    def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        """Give a file's bytes; see ``Reader.file``."""
        return self._at(path).file(self._real(path), limit=limit)

    def names(self, directory: str) -> tuple[str, ...] | None:
        """Give the names in a directory; see ``Reader.names``."""
        return self._at(directory).names(self._real(directory))

    def state(self, path: str) -> FileState | None:
        """Give the state of a path; see ``Reader.state``."""
        return self._at(path).state(self._real(path))

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Raise ``CannotObserve(UNSUPPORTED)``: nothing runs here."""
        return self._system.command(argv, seconds=seconds)

    @staticmethod
    def _real(path: str) -> str:
        """Follow the links of the system volume that a data volume does not have."""
        first, _, rest = path.lstrip("/").partition("/")
        return f"/private/{first}/{rest}" if first in {"etc", "var", "tmp"} else path
