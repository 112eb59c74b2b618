"""Cases of the checks of mail programs."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.mail_client import MailClient, MailClients, MailSetting
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED

OFF = MailSetting(False, True)
SAFE = MailClient("thunderbird", "", OFF, OFF, OFF, OFF)
TARO = replace(SAFE, account="taro")


def cases(field: str, good: str, bad: str) -> list[Case]:
    """The same table for every setting."""

    def so(happens: bool | Unobserved) -> MailClient:
        return replace(TARO, **{field: MailSetting(happens, False)})  # type: ignore[arg-type]  # the field's name is data here

    return [
        case(MailClients((SAFE, TARO)), says=good, args={"where": ("thunderbird", "thunderbird:taro")}),
        case(MailClients((SAFE, so(True))), says=bad, args={"where": ("thunderbird:taro",)}),
        case(MailClients((so(DENIED), so(True))), says=bad),
        case(MailClients((SAFE, so(DENIED))), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(MailClients(()), says="NO_MAIL_CLIENT"),
        case(MailClients(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]


CASES: dict[str, list[Case]] = {
    "endpoint.mail-client.preview": cases("preview", "PREVIEW_OFF", "PREVIEW_ON"),
    "endpoint.mail-client.html": cases("html", "HTML_NOT_SHOWN", "HTML_SHOWN"),
    "endpoint.mail-client.remote-content": cases("remote_content", "REMOTE_BLOCKED", "REMOTE_FETCHED"),
    "endpoint.mail-client.scripts": cases("scripts", "SCRIPTS_OFF", "SCRIPTS_RUN"),
    "endpoint.mail-client.enforced": [
        case(MailClients((SAFE, TARO)), says="MAIL_FIXED"),
        case(MailClients((replace(SAFE, html=MailSetting(False, False)),)), says="MAIL_CHANGEABLE", args={"settings": ("html",)}),
        case(MailClients((replace(SAFE, scripts=MailSetting(False, DENIED)),)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(MailClients(()), says="NO_MAIL_CLIENT"),
        case(MailClients(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
