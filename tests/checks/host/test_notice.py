"""Cases of the checks of what people are told at a log-on."""

from __future__ import annotations

from scanner.facts.login_notice import LoginNotice, Notice
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED

DEBIAN = Notice("/etc/issue", False, True)
WARNING = Notice("/etc/issue", True, False)
MOTD = Notice("/etc/motd", True, False)
CASES: dict[str, list[Case]] = {
    "host.notice.given": [
        case(LoginNotice((WARNING,), ()), says="NOTICE_GIVEN", args={"places": ("/etc/issue",)}),
        case(LoginNotice((DEBIAN,), (MOTD,)), says="NOTICE_GIVEN", args={"places": ("/etc/motd",)}),
        case(LoginNotice((DEBIAN,), ()), says="NOTICE_MISSING"),
        case(LoginNotice((), DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(LoginNotice(DENIED, ()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.notice.disclosure": [
        case(LoginNotice((WARNING,), (Notice("/etc/motd", False, True),)), says="NOTHING_TOLD"),
        case(LoginNotice((WARNING, DEBIAN), ()), says="SYSTEM_TOLD"),
        case(LoginNotice(DENIED, ()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
