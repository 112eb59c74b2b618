"""Files of the scanner's machine that hold secrets: private keys and passwords. Nobody else may be able to read them."""

from __future__ import annotations

import os
import stat

from scanner.model.reason import CannotObserve, Reason

LONGEST = 4096


def check_private(path: str) -> str:
    """Give the path with ``~`` written out when it is a file that only its owner, we or root, can read; else ``CannotObserve``."""
    full = os.path.expanduser(path)
    try:
        found = os.stat(full)
    except OSError as error:
        raise CannotObserve(Reason.ACCESS_DENIED, f"{path}: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise CannotObserve(Reason.ACCESS_DENIED, f"{path}: not a file")
    if found.st_mode & 0o077:
        raise CannotObserve(
            Reason.ACCESS_DENIED, f"{path}: others can read it (mode {stat.S_IMODE(found.st_mode):04o}), so it is not used; chmod 600"
        )
    if found.st_uid not in {os.geteuid(), 0}:
        raise CannotObserve(Reason.ACCESS_DENIED, f"{path}: it belongs to another account, so it is not used")
    return full


def password_of(path: str) -> str:
    """Give the first line of a password file. Raises ``CannotObserve``, never with what the file holds."""
    full = check_private(path)
    try:
        with open(full, "rb") as file:
            line = file.read(LONGEST).split(b"\n", 1)[0].removesuffix(b"\r")
        password = line.decode("utf-8")
    except OSError as error:
        raise CannotObserve(Reason.ACCESS_DENIED, f"{path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise CannotObserve(Reason.ACCESS_DENIED, f"{path}: its first line is no UTF-8 text") from None
    if not password:
        raise CannotObserve(Reason.ACCESS_DENIED, f"{path}: its first line is empty")
    return password
