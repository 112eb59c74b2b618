"""Ground truth of the mail laboratory: for each service what must be found fault with, what must stay open, and what must be said besides.

Written from what the servers are, not from what a scan said. What is not listed under ``fails`` must not fail, and what is not listed under
``open`` must not stay undetermined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.model.reason import Reason


@dataclass(frozen=True)
class Expected:
    """Check id without ``mail.`` → tag; ``open`` holds tags of doubtful verdicts and names of reasons, ``*`` stands for every check."""

    fails: Mapping[str, str] = field(default_factory=dict)
    open: Mapping[str, str] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)


# Postfix 3.7 as Debian ships it takes a bare LF in commands and answers VRFY of mailboxes that do not exist with 550.
_BARE = {"server.line-ends": "LINE_ENDS_BARE"}
_VRFY = {"disclosure.vrfy": "VRFY_TELLS"}
_NO_TLS = {"starttls.offered": "STARTTLS_NONE"}
_POSTFIX = {**_VRFY, **_NO_TLS}
_OPEN = {"relay.recipients": "RELAY_OPEN", "relay.tricks": "TRICKS_ACCEPTED"}
_CLOSED = {"relay.recipients": "RELAY_REFUSED", "relay.tricks": "TRICKS_REFUSED", "relay.families": "FAMILIES_SAME"}
_UNCLEAR = {"relay.recipients": "RELAY_CATCH_ALL", "relay.tricks": "TRICKS_CATCH_ALL"}
_ASKED_NOTHING = {"relay.delivery": "DELIVERY_NOT_ASKED"}


def _relay(reason: Reason) -> dict[str, str]:
    return dict.fromkeys(("relay.recipients", "relay.tricks", "relay.families"), reason.name)


EXPECTED: dict[str, Expected] = {
    "closed:25": Expected(
        _POSTFIX, _BARE, {**_CLOSED, **_ASKED_NOTHING, "disclosure.software": "SOFTWARE_NAME", "server.name": "NAME_AGREES"}
    ),
    "open:25": Expected({**_POSTFIX, **_OPEN}, _BARE, {"relay.families": "FAMILIES_SAME"}),
    "open6:25": Expected({**_POSTFIX, **_OPEN, "relay.families": "FAMILIES_DIFFER"}, _BARE),
    # Whoever takes every mailbox can be told from a relay by delivery alone.
    "open-blind:25": Expected(_NO_TLS, {**_BARE, **_UNCLEAR}, {"disclosure.vrfy": "VRFY_NEUTRAL"}),
    "bounce:25": Expected(_NO_TLS, {**_BARE, **_UNCLEAR}),
    "version:25": Expected({**_POSTFIX, "disclosure.software": "SOFTWARE_VERSION"}, _BARE, _CLOSED),
    "novrfy:25": Expected(_NO_TLS, _BARE, {**_CLOSED, "disclosure.vrfy": "VRFY_OFF"}),
    "tls:25": Expected(
        _VRFY,
        _BARE,
        {**_CLOSED, "starttls.offered": "STARTTLS_WORKS", "starttls.injection": "INJECTION_NONE", "starttls.public": "PUBLIC_TLS_OPTIONAL"},
    ),
    "tls-demanded:25": Expected({"starttls.public": "PUBLIC_TLS_DEMANDED"}, _BARE, _CLOSED),
    "open-tls:25": Expected({"starttls.public": "PUBLIC_TLS_DEMANDED", **_OPEN}, _BARE),
    "grey:25": Expected(_NO_TLS, {**_BARE, **_relay(Reason.SERVER_FAILURE), "disclosure.vrfy": "SERVER_FAILURE"}),
    "deferring:25": Expected(_POSTFIX, _BARE, _CLOSED),
    "impatient:25": Expected(_POSTFIX, _BARE, _CLOSED),
    "open-checks:25": Expected({**_POSTFIX, **_OPEN}, _BARE),
    "office:25": Expected(_POSTFIX, _BARE, _CLOSED),
    "catchall:25": Expected(_NO_TLS, _BARE, {**_CLOSED, "disclosure.vrfy": "VRFY_NEUTRAL"}),
    "naming:25": Expected({**_POSTFIX, "disclosure.names": "NAMES_INTERNAL", "server.name": "NAME_ELSEWHERE"}, _BARE, _CLOSED),
    "unloved:25": Expected(_NO_TLS, {**_BARE, **_relay(Reason.NO_VANTAGE)}, {"disclosure.vrfy": "VRFY_OFF"}),
    "size:25": Expected(_POSTFIX, _BARE, {"server.size": "SIZE_UNSAID"}),
    "submission:587": Expected(
        {},
        _BARE,
        {
            "submission.login": "SUBMISSION_LOGIN",
            "submission.encrypted": "AUTH_ENCRYPTED",
            "submission.mechanisms": "MECHANISMS_FINE",
            "relay.recipients": "RELAY_LOGIN",
            "starttls.public": "PUBLIC_TLS_NOT_MX",
        },
    ),
    "submissions:465": Expected(
        {},
        _BARE,
        {"submission.login": "SUBMISSION_LOGIN", "submission.encrypted": "AUTH_ENCRYPTED", "starttls.offered": "STARTTLS_IMPLICIT"},
    ),
    "submission-bad:587": Expected(
        {**_VRFY, **_OPEN, "submission.login": "SUBMISSION_OPEN", "submission.encrypted": "AUTH_IN_CLEAR"}, _BARE
    ),
    "submission-bad:2525": Expected(
        {**_VRFY, **_OPEN, "submission.login": "SUBMISSION_OPEN", "submission.encrypted": "AUTH_IN_CLEAR"}, _BARE
    ),
    "front:25": Expected(_NO_TLS, {**_BARE, "relay.tricks": "TRICKS_CATCH_ALL"}, {"relay.recipients": "RELAY_REFUSED"}),
    "percent:25": Expected({**_POSTFIX, "relay.tricks": "TRICKS_ACCEPTED"}, _BARE, {"relay.recipients": "RELAY_REFUSED"}),
    "back:25": Expected(_POSTFIX, _BARE, _CLOSED),
    # It takes remote.test!x@own as a mailbox of its own and never relays it: no failure.
    "exim:25": Expected(
        {**_NO_TLS, "disclosure.expn": "EXPN_ON", "disclosure.software": "SOFTWARE_VERSION"},
        {**_BARE, "relay.tricks": "TRICKS_CATCH_ALL"},
        {"relay.recipients": "RELAY_REFUSED", "disclosure.vrfy": "VRFY_NEUTRAL"},
    ),
    "opensmtpd:25": Expected(_NO_TLS, {}, {**_CLOSED, "server.line-ends": "LINE_ENDS_STRICT", "disclosure.software": "SOFTWARE_NAME"}),
    **{
        f"dovecot:{port}": Expected(
            {},
            {},
            {
                "access.encrypted": "ACCESS_ENCRYPTED",
                "access.starttls": "ACCESS_TLS_IMPLICIT" if port in {993, 995} else "ACCESS_TLS_OFFERED",
                "access.injection": "ACCESS_INJECTION_IDLE" if port in {993, 995} else "ACCESS_INJECTION_NONE",
                "access.mechanisms": "ACCESS_MECHANISMS_FINE",
            },
        )
        for port in (143, 993, 110, 995, 4190)
    },
    **{
        f"dovecot-bad:{port}": Expected(
            {
                "access.encrypted": "ACCESS_IN_CLEAR",
                "access.starttls": "ACCESS_TLS_NONE",
                "access.mechanisms": "ACCESS_MECHANISMS_WEAK",
                "access.software": "ACCESS_SOFTWARE_VERSION",
            },
            {},
        )
        for port in (143, 110, 4190)
    },
    "tarpit:25": Expected(
        {**_NO_TLS, "server.name": "NAME_UNRESOLVED"},
        {**_BARE, "relay.recipients": "RELAY_YES_TO_ALL", "relay.tricks": "TRICKS_YES_TO_ALL"},
        {"disclosure.expn": "EXPN_EMPTY"},
    ),
    "babbler:25": Expected(
        {**_NO_TLS, "server.name": "NAME_UNRESOLVED"},
        {**_BARE, "relay.recipients": "RELAY_YES_TO_ALL", "relay.tricks": "TRICKS_YES_TO_ALL"},
    ),
    "silent:25": Expected({}, {"*": "TIMEOUT"}),
    "endless:25": Expected({}, {"*": "PROTOCOL_VIOLATION"}),
    "turned-away:25": Expected({}, {"*": "REFUSED"}),
    "busy:25": Expected({}, {"*": "REFUSED"}),
    "wrong-codes:25": Expected({}, {"*": "PROTOCOL_VIOLATION"}),
    "injectable:25": Expected({"starttls.injection": "INJECTION_RUN", "server.name": "NAME_UNRESOLVED"}, _BARE, _CLOSED),
    "gossip:25": Expected(
        {
            **_VRFY,
            "disclosure.expn": "EXPN_ON",
            "disclosure.software": "SOFTWARE_VERSION",
            "starttls.offered": "STARTTLS_BROKEN",
            "server.name": "NAME_UNRESOLVED",
        },
        _BARE,
        _CLOSED,
    ),
    "strict:25": Expected(
        {**_NO_TLS, "server.name": "NAME_UNRESOLVED"},
        {},
        {**_CLOSED, "server.line-ends": "LINE_ENDS_STRICT", "server.size": "SIZE_LIMITED"},
    ),
    "imap-injectable:143": Expected({"access.injection": "ACCESS_INJECTION_RUN"}, {}, {"access.encrypted": "ACCESS_ENCRYPTED"}),
    "imap-preauth:143": Expected({"access.encrypted": "ACCESS_LOGGED_IN", "access.starttls": "ACCESS_TLS_NONE"}, {}),
}
