"""Cases of the check of mail that mail servers send on by themselves."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.mail_forwarding import Forwarding, ForwardingProgram, MailForwarding
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
STALE = Unobserved(Reason.STALE)
OWN = {"domains": ("example.jp", "partner.example.")}
ALIASES = Forwarding("alias_maps hash:/etc/aliases", ("mail.example.jp",))
HOME = Forwarding("/home/tanaka/.forward", ("mail.example.com",))
CLOSED = Forwarding("/home/suzuki/.forward", (), DENIED)
POSTFIX = ForwardingProgram("postfix", running=True, starts=True, applied=None, forwardings=())


def sends(*places: Forwarding, applied: Unobserved | None = None) -> MailForwarding:
    """A Postfix with these places that send mail on."""
    return MailForwarding((replace(POSTFIX, forwardings=places, applied=applied),))


CASES: dict[str, list[Case]] = {
    "host.mail.forwarding": [
        case(sends(), says="FORWARDING_NONE"),
        case(sends(Forwarding("/etc/aliases", ())), says="FORWARDING_NONE"),
        case(sends(ALIASES), says="FORWARDING_INSIDE", with_=OWN, args={"domains": ("mail.example.jp",)}),
        case(sends(Forwarding("x", ("partner.example",))), says="FORWARDING_INSIDE", with_=OWN),
        case(sends(ALIASES, HOME), says="FORWARDING_OUTSIDE", with_=OWN, args={"places": ("/home/tanaka/.forward → mail.example.com",)}),
        case(sends(Forwarding("x", ("notexample.jp",))), says="FORWARDING_OUTSIDE", with_=OWN),
        case(sends(CLOSED, HOME, applied=STALE), says="FORWARDING_OUTSIDE", with_=OWN),
        case(sends(CLOSED, ALIASES), with_=OWN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(sends(ALIASES), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(sends(applied=STALE), outcome="undetermined", reason=Reason.STALE),
        case(MailForwarding((replace(POSTFIX, forwardings=DENIED),)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(MailForwarding((replace(POSTFIX, running=False, starts=False),)), says="NO_MAIL_PROGRAM"),
        case(MailForwarding(()), says="NO_MAIL_PROGRAM"),
        case(MailForwarding(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]
}
