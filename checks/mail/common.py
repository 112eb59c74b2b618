"""What the mail checks share: whether a domain sends or takes mail, a record's text for sentences. No check is here."""

from __future__ import annotations

from enum import StrEnum

from scanner.facts.ledger import DeclaredDomain
from scanner.facts.mail import MailExchangers, Status
from scanner.facts.mail_sender import SpfPolicy
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire.txt import Problem, excerpt

MAX_SHOWN = 200
"""Characters of a record that a sentence shows."""


def shown(text: str | bytes) -> str:
    """Give a stranger's text for a sentence: printable and cut."""
    return excerpt(text, MAX_SHOWN)


def cut(text: str) -> str:
    """Cut a text that is printable already."""
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def problem(found: Problem[StrEnum]) -> str:
    """Write a parser's problem for a sentence: its word, the tag, the text in question."""
    where = f" {found.tag}" if found.tag else ""
    what = f": {found.excerpt}" if found.excerpt else ""
    return f"{found.kind}{where}{what}"


def undeclared(domain: str, question: str) -> Unobserved:
    """Say that neither the ledger nor the records tell what the check has to know."""
    return Unobserved(Reason.NOT_DECLARED, f"whether {domain} {question}: neither the ledger nor its records tell")


def sends_mail(declared: DeclaredDomain, mx: MailExchangers | Unobserved, spf: SpfPolicy | Unobserved) -> bool | None:
    """Tell whether mail is sent in the domain's name: by the ledger, else as its own records say; ``None`` when neither does.

    An SPF policy that lets somebody pass says yes; a flawless record that is ``-all`` and nothing else says no. Without either a null MX
    says no and exchangers say yes: a domain that takes mail answers it.
    """
    if declared.sends_mail is not None:
        return declared.sends_mail
    if isinstance(spf, SpfPolicy) and spf.published:
        if spf.lets_pass:
            return True
        if spf.ending == "-" and spf.lookups == 0 and not spf.problems:
            return False
    if isinstance(mx, Unobserved):
        return None
    return True if mx.hosts else False if mx.refuses_mail else None


def takes_mail(declared: DeclaredDomain, mx: MailExchangers) -> bool | None:
    """Tell whether the domain takes mail: by the ledger, else by its MX records; ``None`` when there are none and the ledger is silent.

    A domain that sends no mail and has no MX record is taken as one that receives none either.
    """
    if declared.receives_mail is not None:
        return declared.receives_mail
    if mx.hosts:
        return True
    if mx.refuses_mail or mx.status is Status.NXDOMAIN or declared.sends_mail is False:
        return False
    return None


def beyond_cap(count: int, what: str) -> Unobserved | None:
    """Say that parts beyond a cap were not looked at, if there are any."""
    return Unobserved(Reason.BUDGET_SPENT, f"{count} further {what} were not looked at") if count else None
