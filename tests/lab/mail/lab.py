"""The owner's side of the mail laboratory: raise it, run an event loop or a command inside it, count what was delivered, take it down.

Needs root and Debian's postfix, dovecot and unbound; Exim and OpenSMTPD are unpacked below ``build`` by ``.ci/setup lab``, since only one
mail server can be installed. Nothing leaves the namespaces, and no service of the machine is touched.
"""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.lab import held, netns
from tests.lab.held import absent
from tests.lab.mail.keeper import NETNS
from tests.lab.mail.others import PROGRAMS

PREFIX = "tenken-maillab-"
NEEDED = ("postfix", "dovecot", "unbound", "ip", "unshare", "nsenter")
QUEUES = ("incoming", "active", "deferred", "hold", "maildrop", "corrupt")

T = TypeVar("T")


def why_not() -> str | None:
    """Why the laboratory cannot be raised here, or ``None``."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces and port 25 need Linux and root"
    if reason := absent(NEEDED):
        return reason
    if missing := [name for name in ("usr/sbin/exim4", "usr/sbin/smtpd") if not (PROGRAMS / name).exists()]:
        return f"not unpacked: {', '.join(missing)}; run .ci/setup lab"
    return None


class MailLab:
    """A running mail laboratory."""

    def __init__(self, folder: Path, keeper: int) -> None:
        self.folder = folder
        self._keeper = keeper

    @classmethod
    @contextmanager
    def up(cls) -> Iterator[MailLab]:
        """Raise a laboratory until every server answers, take it away at the end. ``RuntimeError`` holds a server's last words."""
        with held.raised("tests.lab.mail.keeper", PREFIX) as (folder, keeper):
            yield cls(folder, keeper)

    def run_async(self, work: Callable[[], Coroutine[Any, Any, T]], where: str = "outside") -> T:
        """Run the coroutine that ``work`` makes on an event loop of its own, ``outside`` or ``inside``. (``Any``: unused)"""
        return netns.call(self._place(where), lambda: asyncio.run(work()))

    def run(self, command: Sequence[str], where: str = "outside") -> subprocess.CompletedProcess[str]:
        """Run a command, ``outside`` or ``inside``, that asks the laboratory's resolver."""
        return subprocess.run(netns.command(self._keeper, self._place(where), command), capture_output=True, text=True, check=False)

    def _place(self, where: str) -> Path:
        return Path(f"/proc/{self._keeper}/root{NETNS}") / where

    def messages(self) -> list[str]:
        """Name every message in a queue, mailbox or store of the laboratory.

        Postfix opens a file in ``incoming`` at the first recipient that it accepts, lets owners execute it when the message is
        whole, and takes it away where DATA never came: a file without that bit is a conversation that is just being closed.
        """
        places = [self.folder / program / "spool" / queue for program in ("postfix", "front", "back") for queue in QUEUES]
        places += [
            self.folder / "store",
            self.folder / "exim" / "spool" / "input",
            *(self.folder / d / "m" for d in ("dovecot", "dovecot-bad")),
        ]
        places += [Path(f"/proc/{self._keeper}/root/var/spool/smtpd") / name for name in ("queue", "incoming", "offline", "corrupt")]
        found = [str(path) for place in places if place.exists() for path in place.rglob("*") if _is_message(path)]
        return found + [str(path) for path in [self.folder / "exim" / "mbox"] if path.exists()]

    def log(self, name: str) -> str:
        """What a server has written so far."""
        return "".join(
            path.read_text(errors="replace") for path in (self.folder / f"{name}.out", self.folder / name / "log") if path.exists()
        )


def _is_message(path: Path) -> bool:
    try:
        state = path.stat()
    except FileNotFoundError:  # taken away while the folder was listed
        return False
    return stat.S_ISREG(state.st_mode) and (
        path.parent.name != "incoming" or path.parents[1].name != "spool" or bool(state.st_mode & stat.S_IXUSR)
    )
