"""Cases of ``checks.mail.relay``: who may tell, what an acceptance is worth beside its controls, what keeps a refusal from being a pass."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.ledger import DeclaredSmtpService, Vantage
from scanner.facts.smtp import (
    Delivery,
    DeliveryAt,
    ExtensionSeen,
    Offer,
    RelayAt,
    RelayDelivery,
    RelaySeen,
    ReplySeen,
    Said,
    Shape,
    SmtpGreeting,
    SmtpRelay,
    SmtpTalk,
    SmtpTestNames,
    Stage,
    TalkAt,
    TrialSeen,
    Upgrade,
)
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

V4, V6 = "192.0.2.25", "2001:db8::25"
OUTSIDER = DeclaredSmtpService(None, None, Vantage.OUTSIDER)
CLIENT = DeclaredSmtpService(None, ("office",), Vantage.CLIENT)
UNKNOWN = DeclaredSmtpService(None, None, Vantage.UNKNOWN)
NOBODY = DeclaredSmtpService(None, (), Vantage.UNKNOWN)
TIMEOUT = Unobserved(Reason.TIMEOUT, "no answer")


def trial(name: str, shape: Shape, ended: Said | Unobserved, recipient: str, *, stage: Stage = Stage.EHLO, text: str = "") -> TrialSeen:
    return TrialSeen(name, shape, stage, "<>", recipient, ended, 250 if ended is Said.ACCEPTED else 550, text)


PLAIN = "<t@elsewhere.example>"
PERCENT = "<t%elsewhere.example@a.example>"


def relay(
    plain: Said | Unobserved = Said.REFUSED,
    *,
    trick: Said | Unobserved = Said.REFUSED,
    unknown: Said | Unobserved = Said.REFUSED,
    unknown_bare: Said | Unobserved = Said.SYNTAX,
    nowhere: Said | Unobserved = Said.REFUSED,
    nonsense: Said | Unobserved = Said.SYNTAX,
    text: str = "",
    more: tuple[TrialSeen, ...] = (),
) -> RelaySeen:
    """What one address did, by the answer to each kind of trial."""
    return RelaySeen(
        "a.example",
        (
            trial("plain", Shape.FOREIGN, plain, PLAIN, text=text),
            trial("percent-own", Shape.TRICK, trick, PERCENT, text=text),
            trial("unknown-own", Shape.UNKNOWN, unknown, "<nobody@a.example>"),
            trial("unknown-bare", Shape.UNKNOWN, unknown_bare, "<nobody>"),
            trial("nowhere", Shape.NOWHERE, nowhere, "<t@nobody.invalid>"),
            trial("nonsense", Shape.NONSENSE, nonsense, "<>"),
            *more,
        ),
        3,
    )


def at(seen: RelaySeen | Unobserved, second: RelaySeen | Unobserved | None = None, *, left_out: int = 0) -> SmtpRelay:
    both = (RelayAt(V4, seen),) if second is None else (RelayAt(V4, seen), RelayAt(V6, second))
    return SmtpRelay("elsewhere.example", both, left_out)


TALK = SmtpTalk(ReplySeen(220, "", "mx.a.example ESMTP"), Offer("mx.a.example", ()), Upgrade.NOT_OFFERED)
LOGIN = replace(TALK, offer=Offer("mx.a.example", (ExtensionSeen("AUTH", ("PLAIN",)),)))
TLS_LOGIN = replace(TALK, tls_offer=Offer("mx.a.example", (ExtensionSeen("AUTH", ("PLAIN",)),)))
MX = SmtpGreeting("mx.a.example", 25, "smtp", (TalkAt(V4, TALK), TalkAt(V6, TALK)))
WITH_LOGIN = SmtpGreeting("mx.a.example", 25, "smtp", (TalkAt(V4, TLS_LOGIN),))
SUBMISSION = SmtpGreeting("mx.a.example", 587, "submission", (TalkAt(V4, LOGIN),))
SUBMISSION_BOTH = SmtpGreeting("mx.a.example", 587, "submission", (TalkAt(V4, LOGIN), TalkAt(V6, LOGIN)))
CANARY = SmtpTestNames(canary="c@a.example", listen=("192.0.2.9",))
OPEN = relay(Said.ACCEPTED, trick=Said.ACCEPTED)
CATCH_ALL = relay(Said.ACCEPTED, trick=Said.ACCEPTED, unknown=Said.ACCEPTED, nowhere=Said.ACCEPTED)
BABBLER = relay(Said.ACCEPTED, trick=Said.ACCEPTED, unknown=Said.ACCEPTED, nowhere=Said.ACCEPTED, nonsense=Said.ACCEPTED)
BY_SENDER = trial("sender-own", Shape.FOREIGN, Said.SENDER, PLAIN)
ENCAPSULATED = trial("encapsulated", Shape.TRICK, Said.ACCEPTED, "<IMCEASMTP-t+40elsewhere.example@a.example>")
OVER_TLS = trial("plain", Shape.FOREIGN, Said.ACCEPTED, PLAIN, stage=Stage.TLS)

CASES: dict[str, list[Case]] = {
    "mail.relay.recipients": [
        case(at(relay()), MX, OUTSIDER, says="RELAY_REFUSED", args={"count": 1, "address": (V4,)}),
        case(at(relay()), MX, NOBODY, says="RELAY_REFUSED"),
        case(at(relay(more=(BY_SENDER,))), MX, OUTSIDER, says="RELAY_REFUSED", args={"count": 2}),
        case(at(OPEN), MX, OUTSIDER, says="RELAY_OPEN", args={"trials": (f"RCPT TO:{PLAIN}",)}),
        # Over IPv6 alone, and after STARTTLS alone: one address, one way in is enough.
        case(at(relay(), OPEN), MX, OUTSIDER, says="RELAY_OPEN", args={"address": (V6,)}),
        case(at(relay(more=(OVER_TLS,))), MX, OUTSIDER, says="RELAY_OPEN", args={"trials": (f"RCPT TO:{PLAIN} (STARTTLS)",)}),
        # A failure outranks what could not be seen elsewhere.
        case(at(TIMEOUT, OPEN), MX, OUTSIDER, says="RELAY_OPEN"),
        case(at(TIMEOUT, relay()), MX, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
        case(at(relay(), left_out=2), MX, OUTSIDER, outcome="undetermined", reason=Reason.BUDGET_SPENT),
        # The control in another place, and a look-up of the domain, exclude a catch-all too.
        case(
            at(relay(Said.ACCEPTED, unknown=Said.ACCEPTED, unknown_bare=Said.REFUSED, nowhere=Said.ACCEPTED)),
            MX,
            OUTSIDER,
            says="RELAY_OPEN",
        ),
        case(at(relay(Said.ACCEPTED, unknown=Said.ACCEPTED, nowhere=Said.NAME)), MX, OUTSIDER, says="RELAY_OPEN"),
        case(at(CATCH_ALL), MX, OUTSIDER, says="RELAY_CATCH_ALL"),
        case(at(relay(Said.ACCEPTED, unknown=Said.LATER, nowhere=TIMEOUT)), MX, OUTSIDER, says="RELAY_CATCH_ALL"),
        case(at(BABBLER), MX, OUTSIDER, says="RELAY_YES_TO_ALL"),
        case(at(relay(Said.AUTH)), SUBMISSION, OUTSIDER, says="RELAY_LOGIN"),
        case(at(relay(Said.CLIENT)), SUBMISSION, OUTSIDER, says="RELAY_LOGIN"),
        case(at(relay(Said.CLIENT)), WITH_LOGIN, OUTSIDER, says="RELAY_LOGIN"),
        case(at(relay(Said.CLIENT, text="blocked")), MX, OUTSIDER, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(at(relay(Said.LATER, text="greylisted")), MX, OUTSIDER, outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(at(relay(Said.NAME, text="null MX")), MX, OUTSIDER, outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(at(relay(Said.SENDER, text="sender")), MX, OUTSIDER, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(at(relay(Said.TLS)), MX, OUTSIDER, outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(at(relay(TIMEOUT)), MX, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
        # Whoever may relay there, or may be one of those, proves nothing.
        case(at(OPEN), MX, CLIENT, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(at(relay()), MX, UNKNOWN, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(SmtpRelay("elsewhere.example", ()), MX, OUTSIDER, outcome="undetermined", reason=Reason.UNREACHABLE),
        case(TIMEOUT, MX, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.relay.tricks": [
        case(at(relay()), MX, OUTSIDER, says="TRICKS_REFUSED", args={"count": 1}),
        case(at(relay(trick=Said.SYNTAX)), MX, OUTSIDER, says="TRICKS_REFUSED"),
        case(at(relay(trick=Said.ACCEPTED)), MX, OUTSIDER, says="TRICKS_ACCEPTED", args={"trials": (f"RCPT TO:{PERCENT}",)}),
        # A refused control elsewhere says nothing of mailboxes in this place.
        case(at(relay(trick=Said.ACCEPTED, unknown=Said.ACCEPTED, unknown_bare=Said.REFUSED)), MX, OUTSIDER, says="TRICKS_CATCH_ALL"),
        # What is written like any mailbox says nothing where unknown mailboxes are taken.
        case(at(relay(unknown=Said.ACCEPTED, more=(ENCAPSULATED,))), MX, OUTSIDER, says="TRICKS_REFUSED"),
        case(at(relay(more=(ENCAPSULATED,))), MX, OUTSIDER, says="TRICKS_ACCEPTED"),
        case(at(BABBLER), MX, OUTSIDER, says="TRICKS_YES_TO_ALL"),
        case(
            at(relay(more=(trial("source-route-own", Shape.ROUTE, Said.ACCEPTED, "<@a.example:t@elsewhere.example>"),))),
            MX,
            OUTSIDER,
            says="TRICKS_ACCEPTED",
        ),
        case(at(relay(trick=Said.LATER)), MX, OUTSIDER, outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(at(TIMEOUT), MX, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
        case(at(relay()), MX, CLIENT, outcome="undetermined", reason=Reason.NO_VANTAGE),
    ],
    "mail.relay.families": [
        case(at(relay(), relay()), MX, OUTSIDER, says="FAMILIES_SAME", args={"count": 2}),
        case(at(OPEN, OPEN), MX, OUTSIDER, says="FAMILIES_SAME"),
        case(at(relay(), OPEN), MX, OUTSIDER, says="FAMILIES_DIFFER", args={"accepting": (V6,), "refusing": (V4,)}),
        case(at(relay()), MX, OUTSIDER, says="FAMILIES_ONE"),
        case(at(relay(), TIMEOUT), MX, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
        case(at(relay(), relay(Said.LATER)), MX, OUTSIDER, outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(at(relay(), relay(), left_out=1), MX, OUTSIDER, outcome="undetermined", reason=Reason.BUDGET_SPENT),
        case(at(relay(), OPEN), MX, CLIENT, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(at(relay(Said.CLIENT), relay(Said.AUTH)), SUBMISSION_BOTH, OUTSIDER, says="FAMILIES_SAME"),
    ],
    "mail.relay.delivery": [
        case(SmtpTestNames(), RelayDelivery(""), OUTSIDER, says="DELIVERY_NOT_ASKED"),
        case(
            CANARY,
            RelayDelivery("c@a.example", (DeliveryAt(V4, Delivery.ARRIVED, "percent-own", "250 ok", "192.0.2.99", 2),)),
            OUTSIDER,
            says="DELIVERY_ARRIVED",
            args={"source": "192.0.2.99", "trial": "percent-own", "seconds": 2},
        ),
        case(
            CANARY, RelayDelivery("c@a.example", (DeliveryAt(V4, Delivery.REFUSED, "plain", "554 no"),)), OUTSIDER, says="DELIVERY_REFUSED"
        ),
        case(
            CANARY,
            RelayDelivery("c@a.example", (DeliveryAt(V4, Delivery.NOT_SEEN, "plain", "250 ok", seconds=60),)),
            OUTSIDER,
            outcome="undetermined",
            reason=Reason.TIMEOUT,
        ),
        case(
            CANARY,
            RelayDelivery("c@a.example", (DeliveryAt(V4, Unobserved(Reason.NO_CONSENT, "none")),)),
            OUTSIDER,
            outcome="undetermined",
            reason=Reason.NO_CONSENT,
        ),
        case(SmtpTestNames(), TIMEOUT, OUTSIDER, says="DELIVERY_NOT_ASKED"),
        case(CANARY, TIMEOUT, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
        case(CANARY, RelayDelivery("c@a.example", ()), CLIENT, outcome="undetermined", reason=Reason.NO_VANTAGE),
    ],
}
