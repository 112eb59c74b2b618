"""What the mail checks share: whether a domain sends or takes mail, a record's text for sentences. No check is here."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from scanner.facts.ledger import DeclaredDomain
from scanner.facts.mail import MailExchangers, Status
from scanner.facts.mail_sender import SpfPolicy
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.wire.txt import Problem, excerpt

MAX_SHOWN = 200
"""Characters of a record that a sentence shows."""
MX_HOSTS: Final = Text(ja="MX のホスト", en="MX hosts")
ADDRESSES: Final = Text(ja="アドレス", en="addresses")
REPORT_ADDRESSES: Final = Text(ja="レポートの宛先", en="report addresses")
"""What ``beyond_cap`` may speak of."""


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


def use_undeclared(domain: str, use: Literal["sends", "takes"]) -> Unobserved:
    """Say that neither the ledger nor the records tell whether a domain sends, or takes, mail."""
    if use == "sends":
        ja = "{domain} がメールを送信するかどうかが、台帳にもレコードにも示されていない"
        return cannot_tell(Reason.NOT_DECLARED, ja, "neither the ledger nor its records tell whether {domain} sends mail", domain=domain)
    ja = "{domain} がメールを受信するかどうかが、台帳にもレコードにも示されていない"
    return cannot_tell(Reason.NOT_DECLARED, ja, "neither the ledger nor its records tell whether {domain} takes mail", domain=domain)


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


def beyond_cap(count: int, what: Text) -> Unobserved | None:
    """Say that parts beyond a cap were not looked at, if there are any; ``what`` names them in the plural."""
    if not count:
        return None
    ja, en = f"ほかの{what.ja} {{count}} 件を見ていない", f"{{count}} further {what.en} were not looked at"
    return cannot_tell(Reason.BUDGET_SPENT, ja, en, count=count)
