"""As which account a program runs, and what local accounts with a number are called."""

from __future__ import annotations

from collections.abc import Collection

from scanner.hosts.base import Reader
from scanner.hosts.linux.arguments import pids
from scanner.hosts.linux.base import shown
from scanner.model.reason import CannotObserve, Reason


def account(read: Reader, names: Collection[str]) -> str:
    """Name the account of the running process, which tells more than any option. Raises ``CannotObserve``."""
    states = [read.state(f"/proc/{number}") for number in pids(read, names)]
    numbers = {state.uid for state in states if state is not None}
    if not numbers:
        raise CannotObserve(Reason.UNSUPPORTED, "it does not run, so the account it will run as is not known")
    if len(numbers) > 1:
        raise CannotObserve(Reason.UNSUPPORTED, f"several of {' or '.join(names)} run, as different accounts")
    return account_name(read, numbers.pop())


def account_name(read: Reader, uid: int) -> str:
    """Name the local account with a number; the number itself where no local account has it. Raises ``CannotObserve``."""
    for line in (read.file("/etc/passwd", limit=10_000_000) or b"").decode("utf-8", "replace").split("\n"):
        fields = line.split(":")
        if len(fields) > 2 and fields[2] == str(uid):
            return shown(fields[0])
    return str(uid)
