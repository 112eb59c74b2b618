"""What a comparison of findings rests on: faults, where they are, and how each program names them; and who found which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from scanner.engine.judge import Result
from scanner.model.verdict import Outcome

Named = Mapping[str, Set[str]]
"""Server → tags of Tenken's failing checks, each also with a colon and every word of the finding's arguments."""
Printed = Mapping[str, Sequence[str]]
"""Server → what nmap prints of it, run by run."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and the servers that have it.

    ``nmap`` is a regular expression that its output matches where it shows the fault; empty: no script of it tells. ``accuses`` is false
    where nmap merely lists a property and leaves it to the reader whether that is a fault: then it is no false alarm elsewhere.
    """

    name: str
    tags: frozenset[str]
    nmap: str
    at: frozenset[str]
    accuses: bool = True

    def named_by_tenken(self, named: Named) -> set[str]:
        """Servers at which Tenken names it."""
        return {server for server, tags in named.items() if tags & self.tags}

    def named_by_nmap(self, printed: Printed) -> set[str]:
        """Servers at which nmap names it."""
        if not self.nmap:
            return set()
        shown = {server for server, texts in printed.items() if any(re.search(self.nmap, text) for text in texts)}
        return shown if self.accuses else shown & self.at


def fault(name: str, tags: str, nmap: str, at: Iterable[str], *, accuses: bool = True) -> Fault:
    """Make a fault. ``tags`` stand with spaces between them; one that says too little alone has a colon and a word of the finding."""
    return Fault(name, frozenset(tags.split()), nmap, frozenset(at), accuses)


@dataclass(frozen=True, slots=True)
class Tally:
    """What one program came to: its time, how many faults (each counted at each server that has it) it found, and how many false alarms."""

    seconds: float = 0.0
    found: int = 0
    false: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.seconds + other.seconds, self.found + other.found, self.false + other.false)


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison: how many faults there are, Tenken, and the other program."""

    there: int = 0
    ours: Tally = Tally()
    theirs: Tally = Tally()

    def __add__(self, other: Compared) -> Compared:
        return Compared(self.there + other.there, self.ours + other.ours, self.theirs + other.theirs)

    def line(self, other: str) -> str:
        """Tell both in one line; ``other`` is the other program's name."""
        told = [
            f"{name} {tally.seconds:.1f} s, {tally.found} of {self.there} found, {tally.false} false alarms"
            for name, tally in (("tenken", self.ours), (other, self.theirs))
        ]
        return f"{'; '.join(told)}; {self.theirs.seconds / self.ours.seconds:.1f} times as long"


def failing(results: Iterable[Result]) -> set[str]:
    """Give the tags of failing checks as ``Named`` has them."""
    named = set()
    for ending in (result.ending for result in results if result.ending.outcome is Outcome.FAIL):
        words = re.findall(r"\w+", " ".join(map(str, ending.args.values())))
        named |= {ending.tag, *(f"{ending.tag}:{word}" for word in words)}
    return named


def compare(faults: Iterable[Fault], named: Named, printed: Printed, seconds: tuple[float, float]) -> Compared:
    """Print who names which fault where, and add up. ``seconds`` are Tenken's and nmap's."""
    there, found, false = 0, [0, 0], [0, 0]
    for one in faults:
        there += len(one.at)
        told = []
        for who, at in enumerate((one.named_by_tenken(named), one.named_by_nmap(printed))):
            found[who] += len(at & one.at)
            false[who] += len(at - one.at)
            told.append(_told(one, at, asked=not who or bool(one.nmap)))
        print(f"  {one.name} ({', '.join(sorted(one.at)) or 'nowhere'}): tenken {told[0]}; nmap {told[1]}")
    ours, theirs = (Tally(seconds[who], found[who], false[who]) for who in (0, 1))
    compared = Compared(there, ours, theirs)
    print(compared.line("nmap"))
    return compared


def _told(one: Fault, at: Set[str], *, asked: bool) -> str:
    if not asked:
        return "has no script for it"
    missed, wrong = one.at - at, at - one.at
    told = "all" if not missed else f"not {', '.join(sorted(missed))}" if len(missed) < len(one.at) else "none"
    return f"{told}, FALSELY {', '.join(sorted(wrong))}" if wrong else told
