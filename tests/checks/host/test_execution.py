"""Cases of the check of what restricts which programs run."""

from __future__ import annotations

from scanner.facts.execution import ExecutionControl, Means, Unnamed
from scanner.facts.readings import Readings
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, always, off

ASKED = {"required": True}


def means(*found: tuple[Unnamed | Unobserved | None, Unnamed | Unobserved]) -> ExecutionControl:
    """Means that do this now and after a restart, named by their order."""
    return ExecutionControl(tuple(Means(str(number), Readings(None, *one, "place")) for number, one in enumerate(found, 1)))


def unwatched(places: tuple[str, ...] | Unobserved) -> ExecutionControl:
    """A means that stops programs, but not at these places, beside one that does nothing."""
    return ExecutionControl((Means("1", always(Unnamed.REFUSED), places), Means("2", always(Unnamed.RUNS))))


STOPS, RECORDS, RUNS = (Unnamed.REFUSED,) * 2, (Unnamed.RECORDED,) * 2, (Unnamed.RUNS,) * 2
CASES: dict[str, list[Case]] = {
    "host.software.execution": [
        case(means(STOPS), says="EXECUTION_RESTRICTED", args={"name": "1"}),
        case(means(RUNS, STOPS), says="EXECUTION_RESTRICTED", with_=ASKED, args={"name": "2"}),
        case(means((DENIED, DENIED), STOPS), says="EXECUTION_RESTRICTED", with_=ASKED),
        case(ExecutionControl((Means("1", off(Unnamed.REFUSED)),)), says="EXECUTION_RESTRICTED"),
        case(means(), says="EXECUTION_NOT_ASKED"),
        case(means(RECORDS), says="EXECUTION_NOT_ASKED"),
        case(ExecutionControl(DENIED), says="EXECUTION_NOT_ASKED"),
        case(means(), says="EXECUTION_NO_MEANS", with_=ASKED),
        case(means(RUNS, RUNS), says="EXECUTION_FREE", with_=ASKED, args={"names": ("1", "2")}),
        case(means(RUNS, RECORDS), says="EXECUTION_RECORDED", with_=ASKED, args={"name": "2"}),
        case(means((Unnamed.RECORDED, DENIED)), says="EXECUTION_RECORDED", with_=ASKED),
        case(means((Unnamed.REFUSED, Unnamed.RUNS), RECORDS), says="EXECUTION_UNTIL_RESTART", with_=ASKED, args={"name": "1"}),
        case(means((Unnamed.RUNS, Unnamed.REFUSED)), says="EXECUTION_AFTER_RESTART", with_=ASKED),
        case(unwatched(("/home (nfs4)",)), says="EXECUTION_UNWATCHED", with_=ASKED, args={"places": ("/home (nfs4)",)}),
        case(unwatched(("/home (nfs4)",)), says="EXECUTION_NOT_ASKED"),
        case(unwatched(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=ASKED),
        case(means((Unnamed.REFUSED, DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=ASKED),
        case(means(RECORDS, (DENIED, Unnamed.REFUSED)), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=ASKED),
        case(ExecutionControl(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=ASKED),
        case(Unobserved(Reason.TIMEOUT), outcome="undetermined", reason=Reason.TIMEOUT),
    ]
}
