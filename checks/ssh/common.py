"""What the SSH checks share: one verdict from all addresses, and the parts of an offer. No check is here."""

from __future__ import annotations

from collections.abc import Callable

from checks.each import Judged, each_address
from scanner.facts.ssh import SshAddress, SshOffer, SshSurvey
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason

OLD_ONLY = cannot_tell(
    Reason.UNSUPPORTED,
    "サーバが第1版だけを話し、その方式は調べられない",
    "the server speaks only version 1, whose algorithms are not looked at",
)


def each(survey: SshSurvey, judge: Callable[[SshAddress], Judged], *, worst_first: tuple[str, ...] = ()) -> Judged:
    """Judge every address of a survey, see ``checks.each.each_address``."""
    return each_address(((seen.address, seen) for seen in survey.addresses), judge, left_out=survey.left_out, worst_first=worst_first)


def each_offer(survey: SshSurvey, judge: Callable[[SshOffer], Judged], *, worst_first: tuple[str, ...] = ()) -> Judged:
    """Judge the algorithms that every address offers."""

    def one(seen: SshAddress) -> Judged:
        if isinstance(seen.offer, Unobserved):
            return seen.offer
        return judge(seen.offer) if seen.offer.kex else OLD_ONLY

    return each(survey, one, worst_first=worst_first)
