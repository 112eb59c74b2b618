"""Cases of the checks of the clock."""

from __future__ import annotations

from scanner.facts.time_sync import ClockState, TimeProgram, TimeSource, TimeSync
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
GOOD = ClockState(True, "192.0.2.1", 0.0004, 0.02)
OWN = (TimeSource("ntp1.town.example", False), TimeSource("192.0.2.1", False))
NTS = (TimeSource("nts.town.example", True),)


def program(
    name: str = "chrony",
    *,
    running: bool | Unobserved | None = True,
    starts: bool | Unobserved = True,
    sources: tuple[TimeSource, ...] | Unobserved = OWN,
    serves: bool | Unobserved = False,
    state: ClockState | Unobserved | None = GOOD,
) -> TimeProgram:
    """A program that keeps the clock well unless the case says otherwise."""
    return TimeProgram(name, running, starts, sources, "/etc/chrony/chrony.conf", serves, state)


def clock(*programs: TimeProgram, host: bool | Unobserved = False) -> TimeSync:
    """A machine with these programs."""
    return TimeSync(host, programs)


def state(**changes: object) -> TimeProgram:
    """A program in a state of its own."""
    held = {"synchronised": True, "selected": "192.0.2.1", "offset_seconds": 0.0004, "distance_seconds": 0.02, **changes}
    return program(state=ClockState(**held))  # type: ignore[arg-type]  # the cases name fields of ClockState


SERVERS = {"servers": ("ntp1.town.example", "192.0.2.1")}
NONE = clock()
CONTAINER = clock(host=True)
IMAGE = clock(program(running=None, state=None))
UNSEEN = TimeSync(False, DENIED)
HIDDEN = clock(program(running=DENIED))
CASES: dict[str, list[Case]] = {
    "host.time.program": [
        case(clock(program()), says="ONE_PROGRAM", args={"program": "chrony"}),
        case(IMAGE, says="ONE_PROGRAM"),
        case(clock(program(), program("systemd-timesyncd", running=False, starts=False)), says="ONE_PROGRAM"),
        case(clock(program(), program("ntpd")), says="SEVERAL_PROGRAMS", args={"programs": ("chrony", "ntpd")}),
        case(clock(program(starts=False)), says="NOT_AFTER_RESTART"),
        case(clock(program(running=False)), says="NOT_RUNNING"),
        # a container that was given a program which does not run is still its host's affair only where nothing is set to start
        case(clock(program(running=False, starts=False), host=True), says="HOST_CLOCK"),
        case(clock(program(running=False, starts=False)), says="NO_PROGRAM"),
        case(NONE, says="NO_PROGRAM"),
        case(CONTAINER, says="HOST_CLOCK"),
        case(clock(host=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(clock(program(starts=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(HIDDEN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(UNSEEN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.time.sources": [
        case(clock(program()), says="SOURCES_OWN", with_=SERVERS),
        case(clock(program(sources=(TimeSource("NTP1.town.example.", False),))), says="SOURCES_OWN", with_=SERVERS),
        case(clock(program()), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(clock(program(sources=())), says="NO_SOURCES"),
        case(clock(program()), says="SOURCES_OTHER", args={"sources": ("ntp1.town.example",)}, with_={"servers": ("192.0.2.1",)}),
        case(clock(program(sources=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=SERVERS),
        case(NONE, says="NO_PROGRAM"),
        case(CONTAINER, says="HOST_CLOCK"),
    ],
    "host.time.synchronised": [
        case(clock(program()), says="SYNCHRONISED", args={"selected": ("192.0.2.1",)}),
        case(clock(state(synchronised=False)), says="NOT_SYNCHRONISED"),
        case(clock(state(selected="")), says="NOT_SYNCHRONISED"),
        case(clock(program(state=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(IMAGE, says="IMAGE"),
        case(NONE, says="NO_PROGRAM"),
        case(CONTAINER, says="HOST_CLOCK"),
    ],
    "host.time.offset": [
        case(clock(program()), says="OFFSET_SMALL", args={"milliseconds": 0.4, "error": 20.0}),
        case(clock(state(offset_seconds=1.5)), says="OFFSET_LARGE", args={"milliseconds": 1500.0}),
        case(clock(state(offset_seconds=0.2)), says="OFFSET_LARGE", with_={"limit": 0.1}),
        case(clock(state(distance_seconds=16.0)), says="ERROR_LARGE", args={"error": 16000.0}),
        case(clock(state(synchronised=False)), says="NOT_SYNCHRONISED"),
        case(clock(state(offset_seconds=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(clock(state(distance_seconds=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(clock(program(state=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(IMAGE, says="IMAGE"),
        case(NONE, says="NO_PROGRAM"),
        case(CONTAINER, says="HOST_CLOCK"),
    ],
    "host.time.authentication": [
        case(clock(program(sources=NTS)), says="AUTHENTICATED"),
        case(clock(program(sources=(*NTS, *OWN))), says="NOT_AUTHENTICATED", args={"sources": ("ntp1.town.example", "192.0.2.1")}),
        case(clock(program(sources=())), says="NO_SOURCES"),
        case(clock(program(sources=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(NONE, says="NO_PROGRAM"),
        case(CONTAINER, says="HOST_CLOCK"),
    ],
    "host.time.serving": [
        case(clock(program()), says="SERVES_NOBODY"),
        case(NONE, says="SERVES_NOBODY"),
        case(clock(program(serves=True)), says="SERVES", args={"programs": ("chrony",)}, with_={"serving": "refused"}),
        case(clock(program(serves=True)), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(clock(program(serves=True)), says="SERVING_MEANT", with_={"serving": "allowed"}),
        case(clock(program(running=False, serves=True)), says="SERVES_NOBODY"),
        case(clock(program(serves=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
