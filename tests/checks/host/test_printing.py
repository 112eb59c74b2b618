"""Cases of the checks of print services."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.printing import Printing, PrintService
from scanner.facts.readings import Audience
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
STALE = Unobserved(Reason.STALE)
CUPS = PrintService("cups", True, True, None, "/etc/cups/cupsd.conf", Audience.SOME, True, True, (), False, False)


def cups(**changes: object) -> Printing:
    """The well kept print server, with changes."""
    return Printing((replace(CUPS, **changes),))  # type: ignore[arg-type]  # fields of the fact


def common(good: str, bad: str, part: str, wrong: object) -> list[Case]:
    """What holds for every check."""
    return [
        case(cups(), says=good),
        case(cups(**{part: wrong}), says=bad),
        case(cups(**{part: wrong}, applied=STALE), says=bad),
        case(cups(**{part: DENIED}), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(cups(applied=STALE), outcome="undetermined", reason=Reason.STALE),
        case(cups(running=None, starts=True), says=good),
        case(cups(running=False, starts=False), says="NO_PRINT_SERVICE"),
        case(Printing(()), says="NO_PRINT_SERVICE"),
        case(Printing(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]


CASES: dict[str, list[Case]] = {
    "host.printing.clients": [
        *common("PRINTING_LIMITED", "PRINTING_OPEN", "clients", Audience.EVERYBODY),
        case(cups(clients=Audience.ITSELF), says="PRINTING_LOCAL", outcome="pass"),
    ],
    "host.printing.encrypted": [
        *common("PRINTING_ENCRYPTED", "PRINTING_CLEAR", "encrypted", False),
        case(cups(clients=Audience.ITSELF, encrypted=False), says="PRINTING_LOCAL", outcome="not-applicable"),
        case(cups(clients=DENIED, encrypted=False), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(cups(clients=DENIED, encrypted=True), says="PRINTING_ENCRYPTED"),
    ],
    "host.printing.administration": common("ADMINISTRATION_ASKS", "ADMINISTRATION_OPEN", "administration_asks", False),
    "host.printing.administrators": [
        *common("PRINT_ADMINISTRATORS_APPROVED", "PRINT_ADMINISTRATORS_ANYBODY", "administrators", ("*",)),
        case(cups(administrators=("taro",)), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(cups(administrators=("taro",)), with_={"approved": ("taro",)}, says="PRINT_ADMINISTRATORS_APPROVED"),
        case(
            cups(administrators=("jiro", "taro")),
            with_={"approved": ("taro",)},
            says="PRINT_ADMINISTRATORS_OTHER",
            args={"accounts": ("jiro",)},
        ),
    ],
    "host.printing.announced": common("ANNOUNCED_NOT", "ANNOUNCED", "announces", True),
    "host.printing.file-devices": common("FILE_DEVICES_OFF", "FILE_DEVICES_ON", "file_devices", True),
}
