"""Cases of the checks of accounts that close by themselves."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.account_closing import AccountClosing, ClosingAccount, ClosingRule
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED

SOON = ClosingRule(90, 14)
WELL = AccountClosing(SOON, (ClosingAccount("sato", "1000", SOON),))
ASKED = {"most": 90}


def default(rule: ClosingRule | Unobserved) -> AccountClosing:
    """A machine that gives new accounts this rule."""
    return replace(WELL, default=rule)


def held(*rules: ClosingRule, number: str = "1000") -> AccountClosing:
    """A machine whose accounts have these rules."""
    return replace(WELL, accounts=tuple(ClosingAccount(f"a{at}", number, rule) for at, rule in enumerate(rules)))


CASES: dict[str, list[Case]] = {
    "host.password.closing": [
        case(default(ClosingRule(None, None)), says="NEW_UNASKED"),
        case(WELL, says="NEW_CLOSE", args={"days": 14}, with_=ASKED),
        case(default(ClosingRule(90, 0)), says="NEW_CLOSE", with_=ASKED),
        case(default(ClosingRule(90, 31)), says="NEW_OPEN", args={"rule": "90 + 31"}, with_=ASKED),
        case(default(ClosingRule(90, 31)), says="NEW_CLOSE", with_={"most": 90, "limit": 31}),
        case(default(ClosingRule(90, None)), says="NEW_OPEN", with_=ASKED),
        case(default(ClosingRule(None, 14)), says="NEW_OPEN", args={"rule": "- + 14"}, with_=ASKED),
        case(default(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=ASKED),
    ],
    "host.accounts.closing": [
        case(held(ClosingRule(None, None)), says="CLOSING_UNASKED"),
        case(WELL, says="CLOSING_SET", args={"count": 1}, with_=ASKED),
        case(held(SOON, ClosingRule(90, None)), says="CLOSING_OPEN", args={"names": ("a1 (90 + -)",)}, with_=ASKED),
        case(held(ClosingRule(None, 14)), says="CLOSING_OPEN", with_=ASKED),
        case(held(ClosingRule(90, 31)), says="CLOSING_OPEN", with_=ASKED),
        case(held(ClosingRule(None, None), number="0"), says="CLOSING_NOBODY", with_=ASKED),
        case(held(), says="CLOSING_NOBODY", with_=ASKED),
        case(replace(WELL, accounts=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=ASKED),
    ],
}
