"""Cases of the checks of macros in office documents."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.office_macros import MacroRule, OfficeMacros, OfficeProgram
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED

WRITER = OfficeProgram("libreoffice", "", MacroRule.SIGNED, True, None, (), "registrymodifications.xcu")
EXCEL = replace(WRITER, name="excel", blocks_foreign=True)
NONE, NO_RIGHT = OfficeMacros(()), OfficeMacros(DENIED)
CASES: dict[str, list[Case]] = {
    "endpoint.office-macros.rule": [
        case(OfficeMacros((WRITER,)), says="MACROS_BARRED", args={"rules": ("signed",)}),
        case(
            OfficeMacros((WRITER, replace(WRITER, account="taro", rule=MacroRule.ASKS))),
            says="MACROS_OPEN",
            args={"rules": ("asks",), "where": ("libreoffice:taro",)},
        ),
        case(OfficeMacros((replace(WRITER, rule=MacroRule.ASKS),)), says="MACROS_BARRED", with_={"accepted": ("never", "asks")}),
        case(OfficeMacros((replace(WRITER, rule=DENIED), replace(EXCEL, rule=MacroRule.ALL))), says="MACROS_OPEN"),
        case(OfficeMacros((replace(WRITER, rule=DENIED), EXCEL)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(NONE, says="NO_OFFICE"),
        case(NO_RIGHT, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.office-macros.foreign": [
        case(OfficeMacros((WRITER, EXCEL)), says="FOREIGN_BLOCKED", args={"where": ("excel",)}),
        case(OfficeMacros((EXCEL, replace(EXCEL, name="word", blocks_foreign=False))), says="FOREIGN_RUN", args={"where": ("word",)}),
        case(OfficeMacros((replace(EXCEL, blocks_foreign=DENIED),)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(OfficeMacros((WRITER,)), says="FOREIGN_UNKNOWN"),
        case(NONE, says="NO_OFFICE"),
        case(NO_RIGHT, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.office-macros.enforced": [
        case(OfficeMacros((WRITER, EXCEL)), says="MACROS_FIXED"),
        case(OfficeMacros((WRITER, replace(EXCEL, fixed=False))), says="MACROS_CHANGEABLE", args={"where": ("excel",)}),
        case(OfficeMacros((replace(EXCEL, fixed=DENIED),)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(NONE, says="NO_OFFICE"),
        case(NO_RIGHT, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.office-macros.trusted-places": [
        case(OfficeMacros((WRITER,)), says="PLACES_NONE"),
        case(
            OfficeMacros((WRITER, replace(WRITER, account="taro", trusted_places=("file:///srv/share",)))),
            says="PLACES_ADDED",
            args={"places": ("file:///srv/share",)},
        ),
        case(OfficeMacros((replace(WRITER, trusted_places=DENIED),)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(NONE, says="NO_OFFICE"),
        case(NO_RIGHT, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
