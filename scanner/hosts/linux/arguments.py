"""With which arguments a running program was started, so far as they tell what configuration it has.

Command lines may hold secrets: nothing of them but the value of such an option leaves this module.
"""

from __future__ import annotations

import getopt
from collections.abc import Collection, Iterator, Sequence
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


def options(read: Reader, names: Collection[str], grammar: Grammar | None) -> Iterator[Sequence[tuple[str, str]]]:
    """Give the options of each running process of these names; none of them where no ``grammar`` is given.

    Raises ``CannotObserve`` where they cannot be read.
    """
    for number in pids(read, names):
        if grammar is None:
            yield ()
            continue
        data = read.file(f"/proc/{number}/cmdline", limit=LONGEST)
        if not data:
            continue  # it ended meanwhile
        words = data.decode("utf-8", "surrogateescape").removesuffix("\0").split("\0")
        try:
            found, _ = getopt.gnu_getopt(words[1:], grammar.short, list(grammar.long))
        except getopt.GetoptError as error:
            what = f"an option of the running {shown(words[0])} is not known: -{shown(error.opt)[:40]}"
            raise CannotObserve(Reason.UNSUPPORTED, what) from error
        yield found


def command_line(read: Reader, names: Collection[str]) -> tuple[str, ...]:
    """Give the words that the running program was started with; empty where none runs. Only options asked for may reach a fact.

    Raises ``CannotObserve`` where they cannot be read, or several programs run with different ones.
    """
    lines = {data for number in pids(read, names) if (data := read.file(f"/proc/{number}/cmdline", limit=LONGEST))}
    if len(lines) > 1:
        raise CannotObserve(Reason.UNSUPPORTED, f"several of {' or '.join(names)} run, with different options")
    return tuple(word for data in lines for word in data.decode("utf-8", "surrogateescape").removesuffix("\0").split("\0"))


def leads_elsewhere(read: Reader, names: Collection[str], grammar: Grammar, usual: Collection[str]) -> Unobserved | None:
    """Tell why a running program does not go by the configuration at the ``usual`` places; ``None``: it does, or it does not run.

    Raises ``CannotObserve`` where its arguments cannot be read.
    """
    for given in options(read, names, grammar):
        for name, value in given:
            if name in grammar.leading and value not in usual:
                return Unobserved(Reason.UNSUPPORTED, f"the running program was started with {name} {shown(value)}, which is not read")
    return None
