"""What the tests of the SSH reader share: a far ``sh`` that is a process of this machine, and asking over it in rounds."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from scanner.hosts.base import Reader, Source
from scanner.hosts.ssh.pipes import PipeShell
from scanner.hosts.ssh.session import Session
from scanner.hosts.ssh.snapshot import SnapshotReader
from scanner.hosts.ssh.sudo import Permitted
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason

T = TypeVar("T")
FOURTH = Unobserved(Reason.BUDGET_SPENT, "a fourth round would be needed")
SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"], "mksh": ["mksh"]}


def shells() -> list[str]:
    """Name the shells that this machine has; its own ``sh`` is always there."""
    return ["sh", *(name for name, argv in SHELLS.items() if shutil.which(argv[0]))]


def begun(
    argv: Sequence[str], sources: Iterable[Source] = (), *, seconds: float = 30.0, by_sudo: Permitted | None = None, **env: str
) -> Session:
    """Start a session with a first batch; the caller closes its shell."""
    session = Session(PipeShell(argv, {**os.environ, **env}), time.monotonic() + seconds, by_sudo=by_sudo)
    try:
        session.begin(sources)
    except BaseException:
        session.close()
        raise
    return session


def asked(session: Session, ask: Callable[[Reader], T]) -> T:
    """Run what asks a reader, in as many rounds as a machine would."""
    while True:
        reader = SnapshotReader(session.gathered, session.over or (FOURTH if session.spent else None))
        outcome: T | CannotObserve
        try:
            outcome = ask(reader)
        except CannotObserve as why:
            outcome = why
        if not reader.missed:
            if isinstance(outcome, CannotObserve):
                raise outcome
            return outcome
        session.go_on(reader.missed)


def over(shell: str, ask: Callable[[Reader], T], sources: Iterable[Source] = ()) -> T:
    """Ask over one of the shells."""
    session = begun(SHELLS.get(shell, [shell]), sources)
    try:
        return asked(session, ask)
    finally:
        session.close()
