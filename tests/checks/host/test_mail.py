"""Cases of the checks of mail server programs by their own configuration."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.mail_configuration import MailboxProgram, MailConfiguration, MailListener, MailProgram
from scanner.facts.readings import Audience
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
STALE = Unobserved(Reason.STALE)
SMTP = MailListener("smtp", Audience.ITSELF, "may", False, False)
SUBMISSION = MailListener("submission", Audience.ITSELF, "encrypt", True, False)
POSTFIX = MailProgram(
    name="postfix",
    version="3.7.11",
    running=True,
    starts=True,
    applied=None,
    source="postconf -x",
    listeners=(SMTP, SUBMISSION),
    sends_with_tls="dane",
    answers_vrfy=False,
    tells_version=False,
    judges_senders=True,
    keeps_line_ends=True,
)
DOVECOT = MailboxProgram("dovecot", "2.3.19", True, True, None, "doveconf -a", "required", False, "TLSv1.2")


def postfix(**changes: object) -> MailConfiguration:
    """The well kept Postfix, with changes."""
    return MailConfiguration((replace(POSTFIX, **changes),), ())  # type: ignore[arg-type]  # fields of the fact


def dovecot(**changes: object) -> MailConfiguration:
    """The well kept Dovecot, with changes."""
    return MailConfiguration((), (replace(DOVECOT, **changes),))  # type: ignore[arg-type]  # fields of the fact


def at_smtp(**changes: object) -> MailConfiguration:
    """The well kept Postfix, its port 25 changed."""
    return postfix(listeners=(replace(SMTP, **changes), SUBMISSION))  # type: ignore[arg-type]  # fields of the fact


def common(good: str, part: str, bad: str, wrong: object) -> list[Case]:
    """What holds for every check of a part of Postfix."""
    return [
        case(postfix(), says=good),
        case(postfix(**{part: wrong}), says=bad),
        case(postfix(**{part: wrong}, applied=STALE), says=bad),
        case(postfix(**{part: DENIED}), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *in_use(good),
    ]


def in_use(good: str) -> list[Case]:
    """What holds where the program may not be in use, or does not go by its files."""
    return [
        case(postfix(applied=STALE), outcome="undetermined", reason=Reason.STALE),
        case(postfix(running=DENIED, starts=False), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(postfix(running=False), says=good),
        case(postfix(running=False, starts=False), says="NO_MAIL_PROGRAM"),
        case(MailConfiguration((), ()), says="NO_MAIL_PROGRAM"),
        case(MailConfiguration(DENIED, ()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]


NOT_LISTENING = [
    case(postfix(listeners=()), says="NOT_LISTENING"),
    case(postfix(listeners=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
]
MAILBOXES = [
    case(dovecot(running=False, starts=False), says="NO_MAILBOX_PROGRAM"),
    case(MailConfiguration((), DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    case(dovecot(applied=STALE), outcome="undetermined", reason=Reason.STALE),
]

CASES: dict[str, list[Case]] = {
    "host.mail.relay": [
        case(postfix(), says="RELAY_REFUSED"),
        case(at_smtp(relays=Audience.EVERYBODY), says="RELAY_OPEN", args={"listeners": ("smtp",)}),
        case(at_smtp(relays=Audience.SOME), says="RELAY_REFUSED"),
        case(at_smtp(relays=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *in_use("RELAY_REFUSED"),
        *NOT_LISTENING,
    ],
    "host.mail.authentication": [
        case(postfix(), says="AUTHENTICATION_BY_TLS", args={"listeners": ("submission",)}),
        case(at_smtp(authenticates=True, clear_authentication=True), says="AUTHENTICATION_CLEAR"),
        case(at_smtp(clear_authentication=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(postfix(listeners=(SMTP,)), says="AUTHENTICATION_NONE"),
        *in_use("AUTHENTICATION_BY_TLS"),
        *NOT_LISTENING,
    ],
    "host.mail.tls-in": [
        case(postfix(), says="TLS_OFFERED"),
        case(at_smtp(tls="none"), says="TLS_NOT_OFFERED"),
        case(at_smtp(tls=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *in_use("TLS_OFFERED"),
        *NOT_LISTENING,
    ],
    "host.mail.tls-out": common("TLS_USED", "sends_with_tls", "TLS_NOT_USED", "none"),
    "host.mail.vrfy": common("VRFY_OFF", "answers_vrfy", "VRFY_ON", True),
    "host.mail.banner": common("BANNER_PLAIN", "tells_version", "BANNER_VERSION", True),
    "host.mail.dmarc-on-receipt": [
        case(postfix(judges_senders=None), says="OWN_MAIL_ONLY"),
        *common("DMARC_EVALUATED", "judges_senders", "DMARC_NOT_EVALUATED", False),
        *NOT_LISTENING,
    ],
    "host.mail.line-ends": [*common("LINE_ENDS_KEPT", "keeps_line_ends", "LINE_ENDS_TAKEN", False), *NOT_LISTENING],
    "host.mailbox.authentication": [
        case(dovecot(), says="MAILBOX_BY_TLS"),
        case(dovecot(tls="yes"), says="MAILBOX_BY_TLS"),
        case(dovecot(tls="yes", clear_authentication=True), says="MAILBOX_CLEAR"),
        case(dovecot(tls="yes", clear_authentication=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(dovecot(tls="no"), says="MAILBOX_NO_TLS"),
        case(dovecot(tls=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *MAILBOXES,
    ],
    "host.mailbox.tls-version": [
        case(dovecot(), says="MAILBOX_TLS_NEW"),
        case(dovecot(least_version="TLSv1"), says="MAILBOX_TLS_OLD"),
        case(dovecot(least_version=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(dovecot(tls="no"), says="MAILBOX_NO_TLS"),
        *MAILBOXES,
    ],
}
