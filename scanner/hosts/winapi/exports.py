"""Programs of Windows that tell what they know into a file only: it is made in a folder of our own, read, and removed at once."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence

from scanner.hosts.windows.answers import Exported
from scanner.model.reason import CannotObserve, Reason

assert sys.platform == "win32"

from scanner.hosts.winapi import programs  # noqa: E402  after the guard

SECONDS = 30.0
LIMIT = 4_000_000


def security_settings() -> Exported:
    """Ask for the rules for accounts: ``secedit /export``."""
    return _exported(lambda file: ("secedit.exe", "/export", "/areas", "SECURITYPOLICY", "/cfg", file, "/quiet"))


def audit_backup() -> Exported:
    """Ask for the audit policy: ``auditpol /backup``."""
    return _exported(lambda file: ("auditpol.exe", "/backup", f"/file:{file}"))


def _exported(argv_for: Callable[[str], Sequence[str]]) -> Exported:
    # from Python 3.12.4 on (3.11.10) such a folder opens to its owner, administrators and the system only; TEMP is the account's own
    with tempfile.TemporaryDirectory(prefix="tenken-") as room:
        file = os.path.join(room, "export")
        argv = argv_for(file)
        said = programs.run(argv, SECONDS)
        if said is None:
            raise CannotObserve(Reason.UNSUPPORTED, f"{argv[0]}: there is no such program")
        try:
            with open(file, "rb") as opened:
                octets = opened.read(LIMIT + 1)
        except FileNotFoundError:
            # silence with status 0, as of a program that does nothing, is no answer
            reason = Reason.ACCESS_DENIED if said.status else Reason.UNSUPPORTED
            raise CannotObserve(reason, f"{argv[0]}: it wrote no file (status {said.status})") from None
        except OSError as error:
            raise CannotObserve(Reason.UNSUPPORTED, f"{argv[0]}: {error.strerror}") from error
    if len(octets) > LIMIT:
        raise CannotObserve(Reason.TOO_LARGE, f"{argv[0]}: more than {LIMIT} octets")
    return Exported(octets)
