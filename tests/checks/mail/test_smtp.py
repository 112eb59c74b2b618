"""Cases of ``checks.mail.submission``, ``starttls``, ``disclosure`` and ``server``: what SMTP servers say before anybody logs in."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.ledger import DeclaredSmtpService, Vantage
from scanner.facts.smtp import (
    ExtensionSeen,
    Injected,
    InputAt,
    InputSeen,
    LineEnd,
    NameAt,
    Offer,
    RelayAt,
    RelaySeen,
    ReplySeen,
    Said,
    Shape,
    SmtpGreeting,
    SmtpInput,
    SmtpNames,
    SmtpRelay,
    SmtpTalk,
    Stage,
    SubmissionAt,
    SubmissionOpening,
    TalkAt,
    TrialSeen,
    Upgrade,
)
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

V4, V6 = "192.0.2.25", "2001:db8::25"
OUTSIDER = DeclaredSmtpService(None, None, Vantage.OUTSIDER)
INSIDER = DeclaredSmtpService(None, None, Vantage.UNKNOWN)
TIMEOUT = Unobserved(Reason.TIMEOUT, "no answer")


def reply(code: int, text: str = "") -> ReplySeen:
    return ReplySeen(code, "", text)


def offer(*extensions: str, name: str = "mx.a.example") -> Offer:
    return Offer(name, tuple(ExtensionSeen(text.split()[0], tuple(text.split()[1:])) for text in extensions))


TALK = SmtpTalk(
    reply(220, "mx.a.example ESMTP"),
    offer("PIPELINING", "SIZE 10240000"),
    Upgrade.NOT_OFFERED,
    vrfy_postmaster=reply(252, "252 cannot tell"),
    vrfy_nobody=reply(252, "252 cannot tell"),
    expn=reply(502, "no"),
    help=reply(502, "no"),
    mail=reply(250, "ok"),
)
DONE = replace(TALK, upgrade=Upgrade.DONE, offer=offer("STARTTLS"), tls_offer=offer("AUTH PLAIN LOGIN"))
IMPLICIT = replace(TALK, upgrade=Upgrade.IMPLICIT, offer=offer("AUTH PLAIN"))
CUT_OFF = replace(TALK, upgrade=Upgrade.UNKNOWN, offer=offer("STARTTLS"), tls_offer=TIMEOUT, tls_problem="cut off")


def greeting(*talks: SmtpTalk | Unobserved, port: int = 25, protocol: str = "smtp", left_out: int = 0) -> SmtpGreeting:
    return SmtpGreeting("mx.a.example", port, protocol, tuple(TalkAt(a, t) for a, t in zip((V4, V6), talks, strict=False)), left_out)


def banner(text: str, *, help_text: str = "") -> SmtpTalk:
    return replace(TALK, banner=reply(220, text), help=reply(214, help_text) if help_text else TALK.help)


def opening(at: SubmissionAt, trusted: bool | None = False) -> SubmissionOpening:
    return SubmissionOpening(trusted, (at,))


def tried(mail: Said, own: Said | Unobserved | None = None, foreign: Said | Unobserved | None = None) -> SubmissionAt:
    return SubmissionAt(V4, reply(250 if mail is Said.ACCEPTED else 530, "words"), mail, own, foreign, True)


def odd(
    lf: LineEnd | Unobserved = LineEnd.WITHIN, cr: LineEnd | Unobserved = LineEnd.WITHIN, injected: Injected | Unobserved | None = None
) -> SmtpInput:
    return SmtpInput((InputAt(V4, InputSeen(lf, cr, True, injected)),))


def named(reverse: tuple[str, ...] | Unobserved, called: str | Unobserved, forward: tuple[str, ...] | Unobserved = ()) -> SmtpNames:
    return SmtpNames((NameAt(V4, reverse, called, forward),))


DEMANDED = SmtpRelay(
    "elsewhere.example",
    (RelayAt(V4, RelaySeen("a.example", (TrialSeen("plain", Shape.FOREIGN, Stage.EHLO, "<>", "<t@x>", Said.TLS, 530, "TLS first"),), 1)),),
)
QUIET = SmtpRelay("elsewhere.example", (RelayAt(V4, RelaySeen("a.example", (), 1)),))

CASES: dict[str, list[Case]] = {
    "mail.submission.login": [
        case(opening(tried(Said.AUTH)), says="SUBMISSION_LOGIN", args={"text": "MAIL: 530 words"}),
        case(opening(tried(Said.ACCEPTED, Said.AUTH, Said.REFUSED)), says="SUBMISSION_LOGIN"),
        case(opening(tried(Said.ACCEPTED, Said.ACCEPTED, Said.ACCEPTED)), says="SUBMISSION_OPEN"),
        case(opening(tried(Said.ACCEPTED, Said.ACCEPTED, Said.REFUSED)), says="SUBMISSION_LOCAL"),
        # Networks that may send without a login (RFC 6409 section 4.3): what is taken from them proves nothing.
        case(opening(tried(Said.ACCEPTED, Said.ACCEPTED, Said.ACCEPTED), True), outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(opening(tried(Said.ACCEPTED, Said.ACCEPTED, Said.REFUSED), None), outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(opening(tried(Said.AUTH), None), says="SUBMISSION_LOGIN"),
        case(opening(tried(Said.LATER)), outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(opening(tried(Said.ACCEPTED, TIMEOUT, Said.REFUSED)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(opening(SubmissionAt(V4, TIMEOUT, TIMEOUT)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.submission.encrypted": [
        case(greeting(DONE), says="AUTH_ENCRYPTED"),
        case(greeting(IMPLICIT), says="AUTH_ENCRYPTED"),
        case(greeting(replace(TALK, offer=offer("AUTH PLAIN LOGIN"))), says="AUTH_IN_CLEAR", args={"mechanisms": ("LOGIN", "PLAIN")}),
        case(greeting(DONE, replace(DONE, offer=offer("STARTTLS", "AUTH PLAIN"))), says="AUTH_IN_CLEAR", args={"address": (V6,)}),
        case(greeting(TALK), says="AUTH_NOT_OFFERED"),
        case(greeting(CUT_OFF), outcome="undetermined", reason=Reason.TIMEOUT),
        case(TIMEOUT, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.submission.mechanisms": [
        case(greeting(DONE), says="MECHANISMS_FINE", args={"mechanisms": ("LOGIN", "PLAIN")}),
        case(greeting(replace(DONE, tls_offer=offer("AUTH PLAIN CRAM-MD5"))), says="MECHANISMS_WEAK", args={"mechanisms": ("CRAM-MD5",)}),
        case(greeting(replace(TALK, offer=offer("AUTH NTLM"))), says="MECHANISMS_WEAK"),
        case(greeting(DONE), says="MECHANISMS_WEAK", with_={"weak": ("LOGIN",)}),
        case(greeting(TALK), says="MECHANISMS_NONE"),
        case(greeting(CUT_OFF), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.starttls.offered": [
        case(greeting(DONE), says="STARTTLS_WORKS"),
        case(greeting(TALK), says="STARTTLS_NONE"),
        case(greeting(DONE, TALK), says="STARTTLS_NONE", args={"address": (V6,)}),
        case(
            greeting(replace(TALK, upgrade=Upgrade.REFUSED, tls_problem="454 later")), says="STARTTLS_BROKEN", args={"problem": "454 later"}
        ),
        case(greeting(replace(TALK, upgrade=Upgrade.FAILED, tls_problem="closed")), says="STARTTLS_BROKEN"),
        case(greeting(IMPLICIT), says="STARTTLS_IMPLICIT"),
        case(greeting(CUT_OFF), outcome="undetermined", reason=Reason.TIMEOUT),
        case(greeting(DONE, left_out=1), outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
    "mail.starttls.public": [
        case(greeting(TALK), QUIET, says="PUBLIC_TLS_OPTIONAL"),
        case(greeting(TALK), TIMEOUT, says="PUBLIC_TLS_OPTIONAL"),
        case(greeting(replace(TALK, mail=reply(530, "5.7.0 Must issue a STARTTLS command first"))), QUIET, says="PUBLIC_TLS_DEMANDED"),
        case(greeting(TALK), DEMANDED, says="PUBLIC_TLS_DEMANDED", args={"text": "TLS first"}),
        case(greeting(TALK, port=587, protocol="submission"), QUIET, says="PUBLIC_TLS_NOT_MX"),
        case(greeting(replace(TALK, mail=TIMEOUT)), QUIET, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.starttls.injection": [
        case(odd(injected=Injected.DISCARDED), says="INJECTION_NONE"),
        case(odd(injected=Injected.CLOSED), says="INJECTION_NONE"),
        case(odd(injected=Injected.EXECUTED), says="INJECTION_RUN"),
        case(odd(), says="INJECTION_IDLE"),
        case(odd(injected=TIMEOUT), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.disclosure.software": [
        case(greeting(banner("mx.a.example ESMTP Postfix (3.7.11)")), says="SOFTWARE_VERSION"),
        case(greeting(banner("mx.a.example ESMTP Exim 4.96 (date)")), says="SOFTWARE_VERSION"),
        case(greeting(banner("mx.a.example ESMTP Sendmail 8.11.6/8.11.6; (date)")), says="SOFTWARE_VERSION"),
        case(greeting(banner("mx.a.example ESMTP", help_text="This is sendmail version 8.17.1")), says="SOFTWARE_VERSION"),
        case(greeting(banner("mx.a.example ESMTP Postfix")), says="SOFTWARE_NAME"),
        case(greeting(banner("mx.a.example ESMTP", help_text="2.0.0 This is OpenSMTPD / 2.0.0 End of HELP")), says="SOFTWARE_NAME"),
        case(greeting(banner("mx.a.example Microsoft ESMTP MAIL Service ready at (date)")), says="SOFTWARE_NAME"),
        case(greeting(banner("postfix.a.example ESMTP [192.0.2.25]")), says="SOFTWARE_HIDDEN"),
        case(greeting(TALK, TIMEOUT), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.disclosure.names": [
        case(greeting(replace(TALK, banner=reply(220, "mx.a.lg.jp ESMTP"), offer=offer(name="mx.a.lg.jp"))), OUTSIDER, says="NAMES_PUBLIC"),
        case(
            greeting(replace(TALK, banner=reply(220, "mail01.kakuu.local ESMTP"), offer=offer(name="mx.a.lg.jp"))),
            OUTSIDER,
            says="NAMES_INTERNAL",
            args={"names": ("mail01.kakuu.local",)},
        ),
        case(
            greeting(replace(TALK, banner=reply(220, "mx.a.lg.jp at [10.1.2.3]"), offer=offer(name="MAIL01"))),
            OUTSIDER,
            says="NAMES_INTERNAL",
            args={"names": ("MAIL01", "10.1.2.3")},
        ),
        case(greeting(replace(TALK, offer=offer(name="MAIL01"))), INSIDER, outcome="undetermined", reason=Reason.NO_VANTAGE),
    ],
    "mail.disclosure.vrfy": [
        case(greeting(TALK), says="VRFY_NEUTRAL", args={"code": 252}),
        case(greeting(replace(TALK, vrfy_postmaster=reply(502), vrfy_nobody=reply(502))), says="VRFY_OFF"),
        case(greeting(replace(TALK, vrfy_postmaster=reply(250, "Taro"), vrfy_nobody=reply(550, "unknown"))), says="VRFY_TELLS"),
        case(greeting(replace(TALK, vrfy_nobody=reply(554, "Client host rejected"))), says="VRFY_OFF"),
        case(
            greeting(replace(TALK, vrfy_postmaster=reply(250), vrfy_nobody=reply(450))),
            outcome="undetermined",
            reason=Reason.SERVER_FAILURE,
        ),
        case(greeting(replace(TALK, vrfy_nobody=TIMEOUT)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.disclosure.expn": [
        case(greeting(TALK), says="EXPN_OFF", args={"code": 502}),
        case(greeting(replace(TALK, expn=reply(250, "Taro <taro@a.example>"))), says="EXPN_ON"),
        case(greeting(replace(TALK, expn=reply(250, "yes"))), says="EXPN_EMPTY"),
        case(greeting(replace(TALK, expn=reply(252, "cannot"))), says="EXPN_OFF"),
        case(greeting(replace(TALK, expn=reply(450, "later"))), outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(greeting(replace(TALK, expn=TIMEOUT)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.server.name": [
        case(named(("mx.a.example",), "MX.a.example", (V4,)), OUTSIDER, says="NAME_AGREES"),
        case(named(("mx.a.example",), "localhost"), OUTSIDER, says="NAME_NOT_QUALIFIED"),
        case(named(("mx.a.example",), "[192.0.2.25]"), OUTSIDER, says="NAME_NOT_QUALIFIED"),
        case(named(("mx.a.example",), "mx.a.example"), OUTSIDER, says="NAME_UNRESOLVED"),
        case(named(("mx.a.example",), "mx.a.example", ("192.0.2.1",)), OUTSIDER, says="NAME_ELSEWHERE", args={"found": ("192.0.2.1",)}),
        case(named((), "mx.a.example", (V4,)), OUTSIDER, says="NAME_PTR_NONE"),
        case(named(("host25.isp.example",), "mx.a.example", (V4,)), OUTSIDER, says="NAME_PTR_OTHER"),
        case(named(TIMEOUT, "mx.a.example", (V4,)), OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
        case(named(("mx.a.example",), TIMEOUT), OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
        case(named(("mx.a.example",), "mx.a.example", TIMEOUT), OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
        case(named((), "mx"), INSIDER, outcome="undetermined", reason=Reason.NO_VANTAGE),
    ],
    "mail.server.size": [
        case(greeting(TALK), says="SIZE_LIMITED", args={"octets": 10240000}),
        case(greeting(replace(TALK, offer=offer("SIZE 0"))), says="SIZE_UNLIMITED"),
        case(greeting(replace(TALK, offer=offer("SIZE"))), says="SIZE_UNSAID"),
        case(greeting(replace(TALK, offer=offer())), says="SIZE_UNSAID"),
        case(greeting(TIMEOUT), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.server.line-ends": [
        case(odd(), says="LINE_ENDS_STRICT"),
        case(odd(LineEnd.REFUSED, LineEnd.REFUSED), says="LINE_ENDS_STRICT"),
        case(odd(LineEnd.ACCEPTED), says="LINE_ENDS_BARE", args={"ends": ("LF",)}),
        case(odd(TIMEOUT), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
}
