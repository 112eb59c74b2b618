"""With which arguments a program was started or will be, so far as they tell what configuration it has.

Command lines may hold secrets: nothing of them but the value of such an option leaves this module.
"""

from __future__ import annotations

import getopt
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from scanner.hosts.base import Files, Reader, Source
from scanner.hosts.linux.base import shown
from scanner.hosts.linux.units import settings, unit_files
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
        yield _options(data.decode("utf-8", "surrogateescape").removesuffix("\0").split("\0"), grammar)


def _options(words: Sequence[str], grammar: Grammar) -> Sequence[tuple[str, str]]:
    try:
        return getopt.gnu_getopt(words[1:], grammar.short, list(grammar.long))[0]
    except getopt.GetoptError as error:
        what = f"an option of the running {shown(words[0])} is not known: -{shown(error.opt)[:40]}"
        raise CannotObserve(Reason.UNSUPPORTED, what) from error


def command_line(read: Reader, names: Collection[str]) -> tuple[str, ...]:
    """Give the words that the running program was started with; empty where none runs. Only options asked for may reach a fact.

    Raises ``CannotObserve`` where they cannot be read, or several programs run with different ones.
    """
    lines = command_lines(read, names)
    if len(set(lines)) > 1:
        raise CannotObserve(Reason.UNSUPPORTED, f"several of {' or '.join(names)} run, with different options")
    return lines[0] if lines else ()


def command_lines(read: Reader, names: Collection[str]) -> list[tuple[str, ...]]:
    """Give the words of each running program of these names, as ``command_line`` does of one. Raises ``CannotObserve``."""
    every = [read.file(f"/proc/{number}/cmdline", limit=LONGEST) for number in pids(read, names)]
    return [tuple(data.decode("utf-8", "surrogateescape").removesuffix("\0").split("\0")) for data in every if data]


def leads_elsewhere(read: Reader, names: Collection[str], grammar: Grammar, usual: Collection[str]) -> Unobserved | None:
    """Tell why a running program does not go by the configuration at the ``usual`` places; ``None``: it does, or it does not run.

    Raises ``CannotObserve`` where its arguments cannot be read.
    """
    return next((why for given in options(read, names, grammar) if (why := _leading(given, grammar, usual))), None)


def will_lead_elsewhere(words: Sequence[str], grammar: Grammar, usual: Collection[str]) -> Unobserved | None:
    """Tell the same of the words that it is to be started with, its own name first. Raises ``CannotObserve``."""
    return _leading(_options(words, grammar), grammar, usual)


def _leading(given: Sequence[tuple[str, str]], grammar: Grammar, usual: Collection[str]) -> Unobserved | None:
    for name, value in given:
        if name in grammar.leading and value not in usual:
            return Unobserved(Reason.UNSUPPORTED, f"the program is started with {name} {shown(value)}, which is not read")
    return None


def named_elsewhere(read: Reader, names: Collection[str], option: str, usual: Collection[str]) -> Unobserved | None:
    """Tell the same by one option alone, where no running process goes by the ``usual`` files; ``None`` too where none runs.

    Raises ``CannotObserve``.
    """
    given = [option_value(words, option) for words in command_lines(read, names)]
    if given and all(place and place not in usual for place in given):
        return Unobserved(Reason.UNSUPPORTED, f"the program was started with {option} {shown(given[0])}, which is not read")
    return None


def told_more(read: Reader, names: Collection[str], short: str) -> Unobserved | None:
    """Tell why no running process goes by files and options alone: words stand behind them; ``None`` too where none runs.

    ``short`` are its options as POSIX' ``getopt`` has them. Raises ``CannotObserve``.
    """
    lines = command_lines(read, names)
    try:
        more = [getopt.getopt(words[1:], short)[1] for words in lines]
    except getopt.GetoptError as error:
        return Unobserved(Reason.UNSUPPORTED, f"an option of {' or '.join(names)} is not known: -{shown(error.opt)[:40]}")
    if more and all(more):
        return Unobserved(Reason.UNSUPPORTED, f"{' or '.join(names)} was started with words behind its options, which are not read")
    return None


def option_value(words: Sequence[str], option: str) -> str:
    """Give the value of an option; empty: it is not among the words."""
    joined = [word.removeprefix(option) for word in words if word.startswith(option) and word != option]
    apart = [value for word, value in pairwise(words) if word == option]
    return [*joined, *apart, ""][0]


def unit_sources(unit: str, files: Collection[str]) -> tuple[Source, ...]:
    """Give what ``written_words`` reads."""
    return (*unit_files((unit,)), *(Files(path) for path in files))


def written_words(read: Reader, unit: str, files: Collection[str], variables: Collection[str]) -> tuple[str, ...]:
    """Give the words by which a service of systemd starts its program, and those of variables in the files that it takes options from.

    Variables stand as they are written. Raises ``CannotObserve``.
    """
    lines = b"\n".join(read.file(path) or b"" for path in files).decode("utf-8", "replace").split("\n")
    set_ = [line.partition("=")[2] for line in lines if re.match(rf"\s*(?:export\s+)?(?:{'|'.join(variables)})\s*=", line)]
    said = (*settings(read, (unit,), "Service", "ExecStart"), *set_)
    return tuple(word.strip("\"'") for line in said for word in line.split())
