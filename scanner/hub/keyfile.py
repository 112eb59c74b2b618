"""The hub's own signing key: one file, readable by the hub alone. Whoever has it can speak for the hub."""

from __future__ import annotations

import os
from pathlib import Path

from scanner.protocol.keys import NotAKey, SigningKey


class BadKeyFile(Exception):
    """The key cannot be used; the message names the file."""


def load_or_make(path: Path) -> SigningKey:
    """Give the key; make it when there is none. Raises ``BadKeyFile`` where others may read it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(SigningKey.make().secret)
                file.flush()
                os.fsync(file.fileno())
        if os.name != "nt" and path.stat().st_mode & 0o077:
            raise BadKeyFile(f"{path}: others may read the hub's key")
        return SigningKey.of_text(path.read_text("ascii"))
    except (OSError, NotAKey, ValueError) as error:
        raise BadKeyFile(f"{path}: the hub's key cannot be used: {error}") from error
