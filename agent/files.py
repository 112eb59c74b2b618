"""Files that survive a loss of power at any octet: written beside, flushed to the disk, renamed, and the directory flushed too."""

from __future__ import annotations

import os
from pathlib import Path

UNFINISHED = ".new"
"""Ending of a file that is being written; whatever bears it after a restart was never finished and is removed."""
PRIVATE = 0o600


def make_directory(path: Path) -> None:
    """Make a directory for its owner only; on Windows with the rights of the one above.

    Python for Windows (3.12.4 and later) takes 0700 for rights of the owner, administrators and SYSTEM, which shut the service out.
    """
    path.mkdir(mode=0o777 if os.name == "nt" else 0o700, parents=True, exist_ok=True)


def replace(path: Path, content: bytes) -> None:
    """Put a file in place as a whole, readable by its owner only. Either the old or the new content is there, never a mixture."""
    unfinished = path.with_name(path.name + UNFINISHED)
    unfinished.unlink(missing_ok=True)  # where others may write too it could be their link to somewhere else
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), PRIVATE)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    os.replace(unfinished, path)
    flush_directory(path.parent)


def remove(path: Path) -> None:
    """Remove a file for good; it may be gone already."""
    path.unlink(missing_ok=True)
    flush_directory(path.parent)


def flush_directory(path: Path) -> None:
    """Flush the names in a directory to the disk. Windows has no such thing: NTFS writes names through its own log."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_unfinished(directory: Path) -> None:
    """Clear away what was being written when the machine stopped."""
    for path in directory.glob("*" + UNFINISHED):
        path.unlink(missing_ok=True)
