"""One verdict for a service out of what each of its addresses shows. No check is here, and nothing about what is good."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from checks.common import listed
from scanner.facts.tls import AddressSeen, TlsSeen, TlsSurvey
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.model.verdict import Outcome, Verdict

Judged = Verdict | Unobserved

_FAIL, _DOUBT, _UNSEEN, _PASS, _IDLE = range(5)
_RANK: Final = {Outcome.FAIL: _FAIL, Outcome.PASS: _PASS, Outcome.NOT_APPLICABLE: _IDLE}


def for_each_address(survey: TlsSurvey, judge: Callable[[TlsSeen, AddressSeen], Judged], *, worst_first: tuple[str, ...] = ()) -> Judged:
    """Judge every address and give the worst ending: a failure, a doubtful one, an address nobody saw, a pass, no question at all.

    A pass thus needs every address, those beyond the cap among them; a failure needs one. The verdict's argument ``address`` names all
    addresses that ended with its tag (a tuple, fit for a sentence). Among equals the tag that stands first in ``worst_first`` speaks, then
    the address that stands first.
    """
    endings: list[tuple[str, Judged]] = []
    for seen in survey.addresses:
        endings.append((seen.address, seen.tls if isinstance(seen.tls, Unobserved) else judge(seen.tls, seen)))
    if survey.left_out:
        endings.append(("", Unobserved(Reason.BUDGET_SPENT, f"{survey.left_out} further addresses were not looked at")))
    if not endings:
        return Unobserved(Reason.UNREACHABLE, f"{survey.name or 'the service'} has no address")
    order = {tag: place for place, tag in enumerate(worst_first)}
    worst = min((ending for _, ending in endings), key=lambda ending: _standing(ending, order))
    if isinstance(worst, Unobserved):
        return worst
    return replace(worst, args={**worst.args, "address": listed(_same(endings, worst.tag))})


def worst_of(endings: Iterable[Judged], *, worst_first: tuple[str, ...] = ()) -> Judged | None:
    """Give the worst of several endings at one address, as ``for_each_address`` ranks them; ``None`` where there are none."""
    order = {tag: place for place, tag in enumerate(worst_first)}
    return min(endings, key=lambda ending: _standing(ending, order), default=None)


def _standing(ending: Judged, order: dict[str, int]) -> tuple[int, int]:
    if isinstance(ending, Unobserved):
        return _UNSEEN, 0
    rank = _RANK[ending.outcome]
    return _DOUBT if rank == _FAIL and not ending.confirmed else rank, order.get(ending.tag, len(order))


def _same(endings: list[tuple[str, Judged]], tag: str) -> list[str]:
    return [address for address, ending in endings if isinstance(ending, Verdict) and ending.tag == tag]
