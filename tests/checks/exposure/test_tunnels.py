"""Cases of the check of what unpacks strangers' packets."""

from __future__ import annotations

from scanner.facts.exposure import Speaks
from scanner.facts.tunnels import Taken
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.exposure_hosts import INSIDE, NOWHERE, OUTSIDE, answered, answers, tunnels

LATE = Unobserved(Reason.TIMEOUT, "no answer")
DOWN, TAKEN = Taken.TURNED_DOWN, Taken.ANSWERED
NONE = answers((Speaks.TEREDO, None))

CASES: dict[str, list[Case]] = {
    "exposure.tunnel.strangers": [
        case(tunnels(DOWN, DOWN, DOWN), NONE, OUTSIDE, says="TUNNEL_REFUSED"),
        case(tunnels(DOWN, TAKEN, LATE), NONE, OUTSIDE, says="TUNNEL_TAKEN", args={"services": ("192.0.2.1 (6in4)",)}),
        case(tunnels(DOWN, DOWN, DOWN), answers((Speaks.TEREDO, answered())), OUTSIDE, says="TUNNEL_TAKEN"),
        case(tunnels(TAKEN, DOWN, DOWN), NONE, INSIDE, says="TUNNEL_TAKEN_INSIDE"),
        case(tunnels(TAKEN, DOWN, DOWN), NONE, NOWHERE, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(tunnels(DOWN, LATE, DOWN), NONE, OUTSIDE, outcome="undetermined", reason=Reason.TIMEOUT),
        case(tunnels(DOWN, DOWN, DOWN), answers((Speaks.TEREDO, LATE)), OUTSIDE, outcome="undetermined", reason=Reason.TIMEOUT),
        case(tunnels(DOWN, DOWN, DOWN, left_out=2), NONE, OUTSIDE, outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
}
