"""One verdict for a service out of what each of its addresses shows. No check is here, and nothing about what is good."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from checks.common import listed
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.verdict import Outcome, Verdict

T = TypeVar("T")
Judged = Verdict | Unobserved

_FAIL, _DOUBT, _UNSEEN, _PASS, _IDLE = range(5)
_RANK: Final = {Outcome.FAIL: _FAIL, Outcome.PASS: _PASS, Outcome.NOT_APPLICABLE: _IDLE}


def each_address(
    parts: Iterable[tuple[str, T | Unobserved]], judge: Callable[[T], Judged], *, left_out: int = 0, worst_first: tuple[str, ...] = ()
) -> Judged:
    """Judge what every address showed and give the worst ending: a failure, a doubtful one, an address nobody saw, a pass, no question.

    ``parts`` are pairs of an address and what it showed. A pass thus needs every address, those ``left_out`` among them; a failure needs
    one. The verdict's argument ``address`` names all addresses that ended with its tag (a tuple, fit for a sentence). Among equals the tag
    that stands first in ``worst_first`` speaks, then the address that stands first.
    """
    endings: list[tuple[str, Judged]] = [(address, seen if isinstance(seen, Unobserved) else judge(seen)) for address, seen in parts]
    if left_out:
        ja, en = "ほかのアドレス {count} 件を見ていない", "{count} further addresses were not looked at"
        endings.append(("", cannot_tell(Reason.BUDGET_SPENT, ja, en, count=left_out)))
    worst = worst_of((ending for _, ending in endings), worst_first=worst_first)
    if worst is None:
        return cannot_tell(Reason.UNREACHABLE, "サービスにアドレスがない", "the service has no address")
    if isinstance(worst, Unobserved):
        return worst
    same = [address for address, ending in endings if isinstance(ending, Verdict) and ending.tag == worst.tag]
    return worst._replace(args={**worst.args, "address": listed(same)})


def worst_of(endings: Iterable[Judged], *, worst_first: tuple[str, ...] = ()) -> Judged | None:
    """Give the worst of several endings, as ``each_address`` ranks them; ``None`` where there are none."""
    order = {tag: place for place, tag in enumerate(worst_first)}
    return min(endings, key=lambda ending: _standing(ending, order), default=None)


def _standing(ending: Judged, order: dict[str, int]) -> tuple[int, int]:
    if isinstance(ending, Unobserved):
        return _UNSEEN, 0
    rank = _RANK[ending.outcome]
    return _DOUBT if rank == _FAIL and not ending.confirmed else rank, order.get(ending.tag, len(order))
