"""Whether an ordered list of permits and refusals lets in a new connection from anywhere: access lists of IOS, filters of Junos."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scanner.model.fact import Unobserved
from scanner.model.reason import Reason


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry. ``fits``: a stranger can make a connection that it takes; ``always``: it takes each of a stranger's connections.

    ``None`` where that cannot be told.
    """

    permits: bool
    fits: bool | None
    always: bool | None


def keeps_out(rules: Iterable[Rule], what: str) -> bool | Unobserved:
    """Tell whether strangers are kept out: the first rule that applies decides, and what none takes is refused."""
    doubt = Unobserved(Reason.UNSUPPORTED, f"{what} has conditions that are not followed")
    perhaps_in = perhaps_out = False
    for rule in rules:
        if rule.permits and rule.fits:
            return doubt if perhaps_out else False
        if not rule.permits and rule.always:
            break
        perhaps_in = perhaps_in or (rule.permits and rule.fits is None)
        perhaps_out = perhaps_out or (not rule.permits and rule.always is None)
    return doubt if perhaps_in else True
