"""With which arguments a running program was started, so far as they tell where it has its configuration from.

Command lines may hold secrets: nothing of them but the value of such an option leaves this module.
"""

from __future__ import annotations

import getopt
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from scanner.hosts.base import Reader
from scanner.hosts.linux.base import shown
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason

LONGEST = 65_536


@dataclass(frozen=True, slots=True)
class Grammar:
    """A program's options as ``getopt`` has them, and those among them that lead it to another configuration or root directory."""

    short: str
    leading: tuple[str, ...]
    long: tuple[str, ...] = field(default=())


def pids(read: Reader, names: Collection[str]) -> Iterator[str]:
    """Give the numbers of running processes of these names. Raises ``CannotObserve``."""
    for number in read.names("/proc") or () if read.live else ():
        data = read.file(f"/proc/{number}/stat", limit=4096) if number.isdecimal() else None
        if data and data.decode("utf-8", "replace").partition("(")[2].rpartition(")")[0] in names:
            yield number


def leads_elsewhere(read: Reader, names: Collection[str], grammar: Grammar, usual: Collection[str]) -> Unobserved | None:
    """Tell why a running program does not go by the configuration at the ``usual`` places; ``None``: it does, or it does not run.

    Raises ``CannotObserve`` where its arguments cannot be read.
    """
    for number in pids(read, names):
        data = read.file(f"/proc/{number}/cmdline", limit=LONGEST)
        if not data:
            continue  # it ended meanwhile
        words = data.decode("utf-8", "surrogateescape").removesuffix("\0").split("\0")
        try:
            options, _ = getopt.gnu_getopt(words[1:], grammar.short, list(grammar.long))
        except getopt.GetoptError as error:
            raise CannotObserve(
                Reason.UNSUPPORTED, f"an option of the running {words[0]} is not known: -{shown(error.opt)[:40]}"
            ) from error
        for name, value in options:
            if name in grammar.leading and value not in usual:
                return Unobserved(Reason.UNSUPPORTED, f"the running program was started with {name} {shown(value)}, which is not read")
    return None
