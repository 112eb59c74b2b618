"""Cases of the check of an agent's contact."""

from __future__ import annotations

from scanner.facts.agent import AgentContact
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import case

CASES = {
    "endpoint.agent.reporting": [
        case(AgentContact(heard=True, silent_hours=71), says="REPORTING", args={"hours": 71}),
        case(AgentContact(heard=True, silent_hours=72), outcome="undetermined", reason=Reason.STALE),
        case(AgentContact(heard=False, silent_hours=0), outcome="undetermined", reason=Reason.STALE),
        case(Unobserved(Reason.UNSUPPORTED), says="NO_AGENT"),
        case(Unobserved(Reason.DEFECT), outcome="undetermined", reason=Reason.DEFECT),
    ],
}
