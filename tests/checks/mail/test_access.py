"""Cases of ``checks.mail.access``: what IMAP, POP3 and ManageSieve services offer before a login."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.mail_access import AccessAt, AccessSeen, LoginOffer, MailAccess
from scanner.facts.smtp import Injected, Upgrade
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

V4, V6 = "192.0.2.143", "2001:db8::143"
TIMEOUT = Unobserved(Reason.TIMEOUT, "no answer")
SHUT = LoginOffer((), False, True)
OPEN = LoginOffer(("PLAIN",), True, True)
GOOD = AccessSeen("ready", Upgrade.DONE, SHUT, LoginOffer(("PLAIN",), True, False), injected=Injected.DISCARDED)


def access(*seen: AccessSeen | Unobserved, left_out: int = 0) -> MailAccess:
    return MailAccess("imap.a.example", 143, "imap", tuple(AccessAt(a, s) for a, s in zip((V4, V6), seen, strict=False)), left_out)


CASES: dict[str, list[Case]] = {
    "mail.access.encrypted": [
        case(access(GOOD), says="ACCESS_ENCRYPTED"),
        case(access(replace(GOOD, upgrade=Upgrade.IMPLICIT, open=OPEN, protected=None)), says="ACCESS_ENCRYPTED"),
        case(access(replace(GOOD, open=OPEN)), says="ACCESS_IN_CLEAR", args={"ways": ("PLAIN", "LOGIN/USER")}),
        case(access(GOOD, replace(GOOD, open=LoginOffer((), True, True))), says="ACCESS_IN_CLEAR", args={"address": (V6,)}),
        case(access(replace(GOOD, logged_in=True)), says="ACCESS_LOGGED_IN"),
        case(access(replace(GOOD, open=TIMEOUT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(access(GOOD, TIMEOUT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(access(GOOD, left_out=1), outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
    "mail.access.starttls": [
        case(access(GOOD), says="ACCESS_TLS_OFFERED"),
        case(access(replace(GOOD, upgrade=Upgrade.NOT_OFFERED)), says="ACCESS_TLS_NONE"),
        case(access(replace(GOOD, upgrade=Upgrade.REFUSED)), says="ACCESS_TLS_BROKEN", args={"problem": "refused"}),
        case(access(replace(GOOD, upgrade=Upgrade.FAILED, tls_problem="no answer")), says="ACCESS_TLS_BROKEN"),
        case(access(replace(GOOD, upgrade=Upgrade.IMPLICIT)), says="ACCESS_TLS_IMPLICIT"),
        case(access(replace(GOOD, upgrade=Upgrade.UNKNOWN, protected=TIMEOUT)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.access.mechanisms": [
        case(access(GOOD), says="ACCESS_MECHANISMS_FINE"),
        case(
            access(replace(GOOD, protected=LoginOffer(("PLAIN", "CRAM-MD5"), False, False))),
            says="ACCESS_MECHANISMS_WEAK",
            args={"mechanisms": ("CRAM-MD5",)},
        ),
        case(access(replace(GOOD, open=LoginOffer(("ANONYMOUS",), False, False), protected=TIMEOUT)), says="ACCESS_MECHANISMS_WEAK"),
        case(access(GOOD), says="ACCESS_MECHANISMS_WEAK", with_={"weak": ("PLAIN",)}),
        case(access(replace(GOOD, protected=TIMEOUT)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.access.injection": [
        case(access(GOOD), says="ACCESS_INJECTION_NONE"),
        case(access(replace(GOOD, injected=Injected.CLOSED)), says="ACCESS_INJECTION_NONE"),
        case(access(replace(GOOD, injected=Injected.EXECUTED)), says="ACCESS_INJECTION_RUN"),
        case(access(replace(GOOD, injected=None)), says="ACCESS_INJECTION_IDLE"),
        case(access(replace(GOOD, injected=TIMEOUT)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.access.software": [
        case(access(replace(GOOD, banner="Dovecot 2.3.19 ready.")), says="ACCESS_SOFTWARE_VERSION"),
        case(access(replace(GOOD, implementation="IMPLEMENTATION Dovecot (Debian) Pigeonhole")), says="ACCESS_SOFTWARE_NAME"),
        case(access(GOOD), says="ACCESS_SOFTWARE_HIDDEN"),
        case(access(TIMEOUT), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
}
