"""Judging server programs that stand side by side on a machine, for the checks of their configurations. No check stands here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from scanner.model.check import Judgement
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Outcome, Verdict, failed, not_applicable, passed

WHY_NOT_ROOT = Text(
    ja="管理者権限で動くサーバの欠陥は、機器全体の乗っ取りになる。",
    en="A fault in a server that runs as root gives away the whole machine.",
)
ACCOUNT_SAYS = {
    "ACCOUNT_OWN": Text(ja="{program} は {account} として動く", en="{program} runs as {account}"),
    "ACCOUNT_ROOT": Text(ja="{program} は root として動く", en="{program} runs as root"),
}
"""What ``own_account`` says."""


class Installed(Protocol):
    """A program that is installed, as far as its use goes."""

    @property
    def running(self) -> bool | Unobserved | None:
        """``None``: the machine does not run."""
        ...

    @property
    def starts(self) -> bool | Unobserved:
        """Whether it starts with the machine."""
        ...

    @property
    def applied(self) -> Unobserved | None:
        """Why its files may not be what it goes by now."""
        ...


class Running(Protocol):
    """A program, as far as its account goes."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def account(self) -> str | Unobserved:
        """Its name, or ``#`` and its number."""
        ...


P = TypeVar("P", bound=Installed)


def in_use(program: Installed) -> bool | Unobserved:
    """Tell whether it runs, or will after the next start."""
    if program.running is True or program.starts is True:
        return True
    return next((part for part in (program.running, program.starts) if isinstance(part, Unobserved)), False)


def each(programs: Sequence[P], judge: Callable[[P], Judgement | None]) -> Judgement | None:
    """Judge every program in use: a failure beats what could not be told, that beats a pass. ``None``: none is concerned.

    A pass needs a program that is known to be in use and goes by the files that were read.
    """
    judged: list[Judgement] = []
    for program in programs:
        use = in_use(program)
        found = None if use is False else judge(program)
        if isinstance(found, Verdict) and found.outcome is Outcome.PASS:
            found = program.applied or (use if isinstance(use, Unobserved) else found)
        if found is not None:
            judged.append(found)
    failing = [j for j in judged if isinstance(j, Verdict) and j.outcome is Outcome.FAIL]
    unseen = [j for j in judged if isinstance(j, Unobserved)]
    return next(iter((*failing, *unseen, *judged)), None)


def each_of(programs: Sequence[P] | Unobserved, judge: Callable[[P], Judgement | None], none: str) -> Judgement:
    """Judge every program in use as ``each`` does; where none is concerned the question does not arise, and ``none`` is its tag."""
    if isinstance(programs, Unobserved):
        return programs
    return each(programs, judge) or not_applicable(none)


def switch(on: bool | Unobserved | None, good: Verdict, bad: Verdict) -> Judgement | None:
    """Judge a part that should be on; ``None`` where the program has no such thing."""
    return on if on is None or isinstance(on, Unobserved) else good if on else bad


def opposite(on: bool | Unobserved) -> bool | Unobserved:
    """Turn a part around, for what should be off."""
    return on if isinstance(on, Unobserved) else not on


def own_account(program: Running, *, unread: Unobserved | None = None) -> Judgement:
    """Judge that a program does not run as root; ``unread``: why a part that nobody read may name another account."""
    if isinstance(program.account, Unobserved):
        return program.account
    if program.account in {"root", "#0"}:
        return failed("ACCOUNT_ROOT", program=program.name)
    return unread or passed("ACCOUNT_OWN", program=program.name, account=program.account)
