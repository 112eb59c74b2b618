"""One verdict for a TLS service out of what each of its addresses shows. No check is here, and nothing about what is good."""

from __future__ import annotations

from collections.abc import Callable

from checks.each import Judged, each_address, worst_of
from scanner.facts.tls import AddressSeen, TlsSeen, TlsSurvey
from scanner.model.fact import Unobserved

__all__ = ["Judged", "for_each_address", "worst_of"]


def for_each_address(survey: TlsSurvey, judge: Callable[[TlsSeen, AddressSeen], Judged], *, worst_first: tuple[str, ...] = ()) -> Judged:
    """Judge every address of a survey, see ``checks.each.each_address``."""

    def one(seen: AddressSeen) -> Judged:
        return seen.tls if isinstance(seen.tls, Unobserved) else judge(seen.tls, seen)

    return each_address(((seen.address, seen) for seen in survey.addresses), one, left_out=survey.left_out, worst_first=worst_first)
