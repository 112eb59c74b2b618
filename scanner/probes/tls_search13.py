"""How a survey finds out what a TLS 1.3 server accepts: suites and groups side by side, as one answer names one of each. No network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from scanner.facts.tls import GroupsSeen, Version
from scanner.model.fact import Unobserved
from scanner.probes.tls_order import Unusual, WhoseOrder
from scanner.probes.tls_search import Found, Manner, searched, violation
from scanner.probes.tls_values import VERSIONS, Answer, Chosen, Failed, Offer, Refused, Say, Search, plainly
from scanner.wire.tls.groups import group_name, groups_for
from scanner.wire.tls.names import TLS13, version_name


@dataclass(slots=True)
class Two:
    """Two lists that are struck side by side, because one answer names a member of each."""

    left: tuple[list[int], list[int]]
    found: tuple[list[int], list[int]]
    refusal: str = ""
    why: Unobserved | None = None
    done: list[bool] = field(default_factory=lambda: [False, False])

    def unfinished(self, side: int) -> Unobserved | None:
        """Why the search on one side ended early."""
        return None if self.done[side] else self.why

    def note(self, pair: tuple[int | None, int | None]) -> bool:
        """Strike a pair; false where nothing of it was still left."""
        new = False
        for side, code in enumerate(pair):
            if code is not None and code in self.left[side]:
                self.left[side].remove(code)
                self.found[side].append(code)
                new = True
        return new


Make = Callable[[Sequence[int], Sequence[int]], Offer]
Pick = Callable[[Chosen], tuple[int | None, int | None]]


def lockstep(two: Two, make: Make, pick: Pick, *, enough: frozenset[int] = frozenset()) -> Search[bool]:
    """Strike both lists at once until the server refuses: then one of them is used up, and the next steps show which.

    With ``enough`` found on the left, one more is not tried. Tells whether it ended with a refusal.
    """
    while two.left[0] and two.left[1]:
        if enough and enough.issuperset(two.found[0]) and len(two.found[0]) == len(enough):
            return False
        answer = yield make(two.left[0], two.left[1])
        if not isinstance(answer, Chosen):
            _ended(two, answer)
            return True
        if not two.note(pick(answer)):
            two.why = violation("chose what was not offered")
            return True
        two.done = [not left for left in two.left]
    return False


def _ended(two: Two, answer: Answer) -> None:
    if isinstance(answer, Failed):
        two.why = answer.why
    elif isinstance(answer, Refused):
        two.refusal = answer.words


def one_side(two: Two, side: int, make: Make, pick: Pick, *, say: Say = plainly, other_ended: bool = True) -> Search[None]:
    """Go on with one list, beside all that was found in the other.

    Its first success shows that the other list had been used up, if with both an offer was refused before (``other_ended``).
    """
    if two.why is not None or not two.found[1 - side]:
        return
    while two.left[side]:
        known = two.found[1 - side]
        answer = yield from say(make(*((two.left[side], known) if side == 0 else (known, two.left[side]))))
        if not isinstance(answer, Chosen):
            _ended(two, answer)
            two.done[side] = isinstance(answer, Refused)
            return
        picked = pick(answer)[side]
        if picked is None and answer.stopped:
            two.refusal, two.done[side] = answer.stopped, True  # chosen first and found impossible then, as OpenSSL does with ECDHE_PSK
            return
        if picked is None or picked not in two.left[side]:
            if picked in two.found[side]:
                break  # one that had to stay in the offer is all that is left
            two.why = violation("chose what was not offered")
            return
        two.note((picked, None) if side == 0 else (None, picked))
        two.done[1 - side] |= other_ended
    two.done[side] = True


@dataclass(slots=True)
class Tls13:
    """TLS 1.3 as its search goes on: suites and groups are found together."""

    manner: Manner
    two: Two
    whose: WhoseOrder
    refusal: str = ""
    unfinished: Unobserved | None = None

    def make(self, suites: Sequence[int], groups: Sequence[int]) -> Offer:
        """A hello without key shares, of TLS 1.3 alone."""
        offer = self.manner.offer(TLS13, suites, VERSIONS[TLS13].value, groups=tuple(groups))
        return replace(offer, words=f"{offer.words}, {len(groups)} groups")

    def pick(self, answer: Chosen) -> tuple[int | None, int | None]:
        """The suite and the group of an answer; the choice of suite is noted."""
        pair = pick13(answer)
        if pair[0] in self.two.left[0]:
            self.whose.choice(answer.suite)
        return pair

    def note(self, answer: Chosen) -> bool:
        """Strike what an answer names; false where nothing of it was left."""
        return self.two.note(self.pick(answer))

    def found(self) -> Found:
        """The suites."""
        why = self.unfinished or (self.two.unfinished(0) if self.two.found[0] else None)
        return Found(TLS13, list(self.two.found[0]), self.refusal or self.two.refusal, why, whose=self.whose)

    def groups(self) -> GroupsSeen:
        """The groups."""
        return GroupsSeen(Version.TLS13, tuple(map(group_name, self.two.found[1])), self.unfinished or self.two.unfinished(1))


def pick13(answer: Chosen) -> tuple[int | None, int | None]:
    """The suite and the group of a HelloRetryRequest."""
    return (answer.suite, answer.group) if answer.version == TLS13 else (None, None)


_USUAL = frozenset((0x1301, 0x1302, 0x1303))
"""What nearly every server accepts, and no more: with these found, suites are taken to be used up, and the next hello confirms it."""


def tls13(manner: Manner, first: Answer, unusual: Unusual | None = None) -> Search[Tls13]:
    """Find the suites of TLS 1.3, and such groups as come along. ``first`` is what became of the hello that offered all versions."""
    state = Tls13(manner, Two((list(searched(TLS13)), list(groups_for(TLS13))), ([], [])), WhoseOrder(searched(TLS13)))
    if isinstance(first, Chosen) and first.version < TLS13:
        state.refusal = f"chose {version_name(first.version)}"
        return state
    if not isinstance(first, Chosen):
        first = yield state.make(*state.two.left)
    match first:
        case Refused():
            state.refusal = first.words
        case Failed():
            state.unfinished = first.why
        case Chosen():
            if first.version < TLS13:
                state.refusal = f"chose {version_name(first.version)}"
            elif not state.note(first):
                state.unfinished = violation("chose what was not offered")
            else:
                yield from _suites(state, unusual)
    return state


def _suites(state: Tls13, unusual: Unusual | None) -> Search[None]:
    two = state.two
    if state.whose.worth_turning:
        yield from _turned(state, unusual)
    if two.why is not None:
        return
    refused = not two.done[1] and (yield from lockstep(two, state.make, state.pick, enough=_USUAL))
    if two.why is not None or all(two.done):
        return
    if not refused:
        yield from one_side(two, 0, state.make, state.pick, other_ended=False)
        return
    # Groups first: servers mostly have more of them, and one more group shows that the suites were used up.
    answer = yield state.make(two.found[0], two.left[1])
    if isinstance(answer, Chosen) and two.note((None, pick13(answer)[1])):
        two.done[0] = True
        return
    if isinstance(answer, Chosen):
        two.why = violation("chose what was not offered")
        return
    _ended(two, answer)
    if isinstance(answer, Refused):
        two.done[1] = True
        yield from one_side(two, 0, state.make, state.pick)


def _turned(state: Tls13, unusual: Unusual | None) -> Search[None]:
    """Offer what is left with the first suite behind it: a server that follows the client's order chooses another one."""
    two = state.two
    suites, groups = [*two.left[0], *two.found[0]], two.left[1]
    offer = state.make(suites, groups)
    offer = replace(offer, words=f"{offer.words}, the first choice last")
    answer = yield from unusual.search(offer) if unusual is not None else plainly(offer)
    match answer:
        case Chosen(version=version) if version == TLS13:
            suite, group = pick13(answer)
            if suite not in suites or group not in groups:
                two.why = violation("chose what was not offered")
                return
            two.note((suite, group))
            state.whose.turned(answer.suite)
        case Refused():
            two.refusal, two.done[1] = answer.words, True  # not for want of a suite
        case Failed():
            two.why = answer.why
        case Chosen():
            two.why = violation(f"chose {version_name(answer.version)}, which was not offered")


def tls13_groups(state: Tls13) -> Search[None]:
    """Find the groups that are still left after the suites."""
    if state.two.found[1] and not state.two.done[1]:
        yield from one_side(state.two, 1, state.make, pick13)
