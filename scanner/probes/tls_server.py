"""Runs searches against one TLS server within its budget of connections, in rounds, and decides what closes and failures mean.

In each round every search under way says one hello, side by side, so that the same server gives the same result whatever answers first.
A close without a word is a refusal only when another hello still works afterwards. A failure is tried once more after a hello that works;
where none works any more the server has begun to refuse, and all that is left stays unfinished for that reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.probes.dns_asking import together
from scanner.probes.tls_hearing import told
from scanner.probes.tls_line import Line, NoTls
from scanner.probes.tls_talk import Talker
from scanner.probes.tls_values import Answer, Book, Chosen, Failed, Offer, R, Raw, Refused, Search, Ssl2Offer, Unsure
from scanner.wire.tls.names import NotTls
from scanner.wire.tls.shares import CannotCompute

T = TypeVar("T")

MOST_SECONDS = 75.0
"""Of conversation with one address, conversations side by side counted once."""
LEAST_PATIENCE = 2.0
PATIENCE = 8
"""How many times as long as the slowest answer so far a later one may take."""
MOST_LINES = 18
"""Lines of evidence under one heading."""


class Job(Generic[R]):
    """A search under way."""

    def __init__(self, search: Search[R]) -> None:
        self._search = search
        self._result: tuple[R] | None = None

    @property
    def result(self) -> R:
        """What it found. Raises ``RuntimeError`` before its end."""
        if self._result is None:
            raise RuntimeError("the search has not ended")
        return self._result[0]

    def go(self, answer: Answer | None) -> Offer | Ssl2Offer | None:
        """Go on with an answer (none at first); ``None`` at its end."""
        try:
            return next(self._search) if answer is None else self._search.send(answer)
        except StopIteration as end:
            self._result = (end.value,)
            return None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A search that awaits what its offer becomes. ``failed``: the first failure of an offer that is tried again."""

    job: Job[Any]  # Any: what a search finds is its caller's matter
    offer: Offer | Ssl2Offer
    raw: Raw | None = None
    failed: Failed | None = None


class Server:
    """One server: who talks with it, what may still be spent on it, what it has shown."""

    def __init__(self, talker: Talker, connections: int) -> None:
        self.talker = talker
        self.book = Book()
        self.left = connections
        self.gone: Unobserved | None = None
        self.ssl2: Chosen | None = None
        self._most = connections
        self._spent = 0.0
        self._good: Offer | Ssl2Offer | None = None
        self._lines: dict[str, list[str]] = {}

    async def ask(self, offer: Offer | Ssl2Offer, seconds: float = 0.0) -> Raw:
        """Say one hello, outside of any search."""
        if (no := self._no_more(0)) is not None:
            return no
        self.talker.longest = 0.0
        said = await self._one(offer, seconds)
        self._spent += self.talker.longest
        return self._noted(offer, *said)

    async def run(self, *jobs: Job[Any], keep: int = 0) -> None:
        """Run searches to their end. ``keep`` connections stay unspent."""
        waiting = [_Asked(job, offer) for job in jobs if (offer := job.go(None)) is not None]
        unsure: list[_Asked] = []
        while waiting or unsure:
            if not waiting:
                works = await self.control()
                waiting = self._settled(unsure, works=works)
                unsure = []
                continue
            seen = await self._round(waiting, keep)
            waiting = []
            if unsure and any(isinstance(each.raw, Chosen) for each in seen):
                waiting += self._settled(unsure, works=True)
                unsure = []
            failures = [each for each in seen if self._worth_another_try(each)]
            works = not failures or await self.control()
            for each in seen:
                if isinstance(each.raw, Unsure):
                    unsure.append(each)
                elif each in failures and works:
                    assert isinstance(each.raw, Failed)
                    waiting.append(replace(each, raw=None, failed=each.raw))
                else:
                    waiting += self._next(each, Failed(self.gone) if each in failures and self.gone else self._meant(each))
            if not works:
                waiting += self._settled(unsure, works=False)
                unsure = []

    def _worth_another_try(self, asked: _Asked) -> bool:
        """Whether a hello that failed is said again, if another one still works."""
        again = {Reason.TIMEOUT, Reason.RESET, Reason.REFUSED, Reason.UNREACHABLE}
        return isinstance(asked.raw, Failed) and asked.raw.why.reason in again and asked.failed is None and self.gone is None

    def _meant(self, asked: _Asked) -> Answer:
        raw = asked.raw
        assert raw is not None
        assert not isinstance(raw, Unsure)
        if isinstance(raw, Failed) and asked.failed is not None and raw.why.reason is asked.failed.why.reason:
            return replace(raw, steady=True)
        return raw

    def _next(self, asked: _Asked, answer: Answer) -> list[_Asked]:
        offer = asked.job.go(answer)
        return [] if offer is None else [_Asked(asked.job, offer)]

    def _settled(self, unsure: Sequence[_Asked], *, works: bool) -> list[_Asked]:
        """Tell searches what a close has meant: a refusal where the server still answers other hellos."""
        waiting: list[_Asked] = []
        for each in unsure:
            assert isinstance(each.raw, Unsure)
            answer: Answer = Refused(each.raw.words, each.raw.alert) if works else Failed(self._since(each.raw))
            waiting += self._next(each, answer)
        return waiting

    def _since(self, raw: Unsure) -> Unobserved:
        if self.gone is None and self.left <= 0:
            return self._all_spent()
        return self.gone or Unobserved(Reason.RESET, f"{self.talker.peer}: {raw.words}, and no hello shows whether it still answers at all")

    async def _round(self, waiting: Sequence[_Asked], keep: int) -> list[_Asked]:
        self.talker.longest = 0.0
        none = [self._no_more(keep) for _ in waiting]  # in this order, so that it is the same searches that are left out
        said = iter(await together(self._one(each.offer) for no, each in zip(none, waiting, strict=True) if no is None))
        self._spent += self.talker.longest
        # In the order of the searches, not that of the answers: what a server is asked next, and what is told of it, rests on the notes.
        raws = [no or self._noted(each.offer, *next(said)) for no, each in zip(none, waiting, strict=True)]
        return [replace(each, raw=raw) for each, raw in zip(waiting, raws, strict=True)]

    def _no_more(self, keep: int) -> Failed | None:
        """Take one connection from the budget, or say why there is none."""
        if self.gone is not None:
            return Failed(self.gone)
        if self.left <= keep:
            return Failed(self._all_spent())
        if self._spent > MOST_SECONDS:
            return Failed(Unobserved(Reason.BUDGET_SPENT, f"{self.talker.peer}: the {MOST_SECONDS:g} s of a survey are spent"))
        self.left -= 1
        return None

    def _all_spent(self) -> Unobserved:
        return Unobserved(Reason.BUDGET_SPENT, f"{self.talker.peer}: the {self._most} connections of a survey are spent")

    async def _one(self, offer: Offer | Ssl2Offer, seconds: float = 0.0) -> tuple[Raw, float]:
        """Say a hello; what came of it, and after how many seconds."""
        start = asyncio.get_running_loop().time()
        raw = await self.talker.say(offer, seconds)
        return raw, asyncio.get_running_loop().time() - start

    def _noted(self, offer: Offer | Ssl2Offer, raw: Raw, took: float) -> Raw:
        self.tell(offer.group, f"{offer.words} → {told(raw)}")
        if isinstance(raw, Chosen):
            self.talker.seconds = min(5.0, max(LEAST_PATIENCE, PATIENCE * took, self.talker.seconds if self._good else 0.0))
            if isinstance(offer, Ssl2Offer):
                self.ssl2 = raw
            else:
                self.book.answers.append((offer, raw))
            self._good = self._good or replace(offer, group="control", words="control hello")
        return raw

    async def converse(self, group: str, words: str, talk: Callable[[Line], Awaitable[T]], shown: Callable[[T], str]) -> T | Unobserved:
        """Have a conversation that is more than a hello; ``words`` and what came of it, as ``shown``, are for the evidence.

        Gives why it could not be had, or why it ended early.
        """
        if (no := self._no_more(0)) is not None:
            return no.why
        self.talker.longest = 0.0
        try:
            async with self.talker.line() as line:
                seen: T | Unobserved = await talk(line)
        except NoTls as no_tls:
            seen = Unobserved(Reason.REFUSED, f"{self.talker.peer}: {no_tls.upgrade}: {no_tls.words}")
        except CannotObserve as why:
            seen = Unobserved(why.reason, why.detail)
        except NotTls as error:
            seen = Unobserved(Reason.PROTOCOL_VIOLATION, f"{self.talker.peer}: {error}")
        except CannotCompute as error:
            seen = Unobserved(Reason.UNSUPPORTED, f"{self.talker.peer}: {error}")
        self._spent += self.talker.longest
        self.tell(group, f"{words} → {f'{seen.reason}: {seen.detail}' if isinstance(seen, Unobserved) else shown(seen)}")
        return seen

    async def control(self) -> bool:
        """Find out whether the server still answers a hello that it has answered before; if not, it is left alone from now on."""
        if self.gone is not None or self._good is None or self.left <= 0:
            return False
        raw = await self.ask(self._good)
        if isinstance(raw, Chosen):
            return True
        if isinstance(raw, Failed):
            why = raw.why
        else:
            why = Unobserved(Reason.REFUSED if isinstance(raw, Refused) else Reason.RESET, f"{self.talker.peer}: {raw.words}")
        seen = f"after {len(self.book.answers)} conversations in which it answered the server no longer does"
        self.gone = Unobserved(why.reason, f"{seen}: {why.detail}")
        return False

    def tell(self, group: str, line: str) -> None:
        """Add a line of evidence."""
        self._lines.setdefault(group, []).append(line)

    def keep_evidence(self) -> None:
        """Hand the lines over."""
        for group, lines in self._lines.items():
            more = len(lines) - MOST_LINES
            shown = lines if more <= 0 else [*lines[: MOST_LINES - 2], f"… {more + 1} more", lines[-1]]
            self.talker.net.keep(f"TLS {self.talker.peer} {group}", "\n".join(shown))
