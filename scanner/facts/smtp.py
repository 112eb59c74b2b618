"""What an SMTP server says and does before anybody has logged in: greeting, extensions, relaying, odd input. No message is ever sent.

The subject is the service by its name; what each of its addresses shows stands side by side. What the DNS says of mail is in ``mail``,
TLS itself in ``tls``, mailboxes in ``mail_access``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class SmtpTestNames(Fact):
    """The names with which servers are tried; the organisation may put its own in their place.

    ``victim`` stands for "a domain that is not the server's": example.com is reserved (RFC 2606), run by IANA, takes no mail (null MX)
    and is nobody's customer. A server that looks the domain up before it decides refuses it for that, which proves nothing: name a domain
    of your own there that takes mail elsewhere. ``mailbox`` is the local part tried at it. ``canary`` is a mailbox of the organisation
    whose MX is this scanner, and ``listen`` the addresses where this scanner takes mail for it while ``mail.relay.delivery`` runs.
    """

    of: ClassVar[Kind] = Kind.SMTP_SERVICE

    victim: str = "example.com"
    mailbox: str = "tenken-relay-test"
    canary: str = ""
    listen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplySeen:
    """A reply: its code, its enhanced code (RFC 3463) or empty, its lines joined and cut."""

    code: int
    enhanced: str
    text: str

    @property
    def positive(self) -> bool:
        """Whether it says yes (2xx)."""
        return 200 <= self.code < 300


@dataclass(frozen=True, slots=True)
class ExtensionSeen:
    """One extension that EHLO lists: its keyword in capitals and its parameters."""

    keyword: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """The answer to EHLO: the name given there, and the extensions."""

    name: str
    extensions: tuple[ExtensionSeen, ...]

    def get(self, keyword: str) -> ExtensionSeen | None:
        """Give one extension; ``None`` where it is not offered."""
        return next((e for e in self.extensions if e.keyword == keyword), None)

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms offered, in capitals."""
        auth = self.get("AUTH")
        return tuple(sorted({p.upper() for p in auth.parameters})) if auth else ()


@unique
class Upgrade(StrEnum):
    """How a change to TLS by STARTTLS went."""

    IMPLICIT = "implicit"
    """TLS from the first octet: the question does not arise."""
    DONE = "done"
    NOT_OFFERED = "not-offered"
    REFUSED = "refused"
    """Offered, but the command was refused."""
    FAILED = "failed"
    """The command was accepted, but no TLS came of it."""
    UNKNOWN = "unknown"
    """Offered; the session ended before it could be tried."""


@dataclass(frozen=True, slots=True)
class SmtpTalk:
    """What one address says when it is greeted.

    ``banner`` is the greeting, ``offer`` the answer to EHLO as the connection began (within TLS where that is implicit), ``tls_offer``
    the one after STARTTLS. ``vrfy_postmaster``, ``vrfy_nobody`` and ``expn`` how VRFY and
    EXPN were, asked where EHLO allowed them; ``help`` what HELP says. ``mail`` is the answer to ``MAIL FROM:<>`` before anybody logged in
    or changed to TLS.
    """

    banner: ReplySeen
    offer: Offer
    upgrade: Upgrade
    tls_offer: Offer | Unobserved | None = None
    tls_problem: str = ""
    vrfy_postmaster: ReplySeen | Unobserved | None = None
    vrfy_nobody: ReplySeen | Unobserved | None = None
    expn: ReplySeen | Unobserved | None = None
    help: ReplySeen | Unobserved | None = None
    mail: ReplySeen | Unobserved | None = None
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TalkAt:
    """One address of the service."""

    address: str
    seen: SmtpTalk | Unobserved


@dataclass(frozen=True, slots=True)
class SmtpGreeting(Fact):
    """What every address of an SMTP service says when it is greeted. ``left_out`` counts addresses beyond the cap."""

    of: ClassVar[Kind] = Kind.SMTP_SERVICE

    name: str
    port: int
    protocol: str
    addresses: tuple[TalkAt, ...]
    left_out: int = 0


@unique
class Shape(StrEnum):
    """Whose mailbox the address names when it is read by the letter."""

    FOREIGN = "foreign"
    """One of a domain that is not the server's: nobody there may accept it."""
    ROUTE = "route"
    """The same behind a source route, which a server strips (RFC 5321 appendix C): nobody there may accept it either."""
    TRICK = "trick"
    """One that only a server with old routing habits reads as foreign; others find a local mailbox or a fault in it."""
    UNKNOWN = "unknown"
    """Control: a mailbox of the server's own domain that does not exist. Acceptance shows a catch-all."""
    NOWHERE = "nowhere"
    """Control: a domain that cannot exist (RFC 6761 section 6.4)."""
    NONSENSE = "nonsense"
    """Control: no address at all. Acceptance shows a server that says yes to everything."""
    POSTMASTER = "postmaster"
    """Control: the mailbox that every server has to accept (RFC 5321 section 4.5.1)."""


@unique
class Said(StrEnum):
    """What a server's answer to MAIL or RCPT is about."""

    ACCEPTED = "accepted"
    LATER = "later"
    """Refused for now (4xx): greylisting, a look-up that failed, a limit."""
    REFUSED = "refused"
    """This recipient, or relaying to it, was refused."""
    AUTH = "authentication"
    TLS = "tls"
    SENDER = "sender"
    """The sender was refused: nothing was said of the recipient."""
    NAME = "name"
    """The domain does not exist or takes no mail: the server looked at the name, not at relaying."""
    CLIENT = "client"
    """The scanner itself was refused: a list of addresses, a missing reverse name, the HELO name, a rate."""
    SYNTAX = "syntax"
    CLOSED = "closed"
    """The server ended the session (421)."""


@unique
class Stage(StrEnum):
    """The way into the transaction in which an address was tried."""

    EHLO = "ehlo"
    HELO = "helo"
    TLS = "starttls"


@dataclass(frozen=True, slots=True)
class TrialSeen:
    """One pair of sender and recipient and the answer to RCPT, or to MAIL where that was refused already (``at_mail``).

    ``ended`` is missing where no answer came, with the reason: a session that the server ended, silence.
    """

    name: str
    shape: Shape
    stage: Stage
    sender: str
    recipient: str
    ended: Said | Unobserved
    code: int = 0
    text: str = ""
    at_mail: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the server took the recipient."""
        return self.ended is Said.ACCEPTED


@dataclass(frozen=True, slots=True)
class RelaySeen:
    """What one address did with the addresses that were tried, control addresses among them.

    ``own`` is the domain taken for one of the server's own. ``slowest`` is the longest that an answer took, in whole seconds;
    ``sessions`` how many connections were used; ``stopped`` why no more were tried, if so.
    """

    own: str
    trials: tuple[TrialSeen, ...]
    sessions: int
    slowest: int = 0
    stopped: Unobserved | None = None

    def of(self, *shapes: Shape) -> tuple[TrialSeen, ...]:
        """Give the trials of some shapes."""
        return tuple(trial for trial in self.trials if trial.shape in shapes)


@dataclass(frozen=True, slots=True)
class RelayAt:
    """One address of the service."""

    address: str
    seen: RelaySeen | Unobserved


@dataclass(frozen=True, slots=True)
class SmtpRelay(Fact):
    """Which recipients every address of the service took at RCPT. Acceptance there is no proof that mail would be passed on."""

    of: ClassVar[Kind] = Kind.SMTP_SERVICE

    victim: str
    addresses: tuple[RelayAt, ...]
    left_out: int = 0


@unique
class Delivery(StrEnum):
    """How the sending of one marked message to the organisation's own canary mailbox went."""

    ARRIVED = "arrived"
    REFUSED = "refused"
    NOT_SEEN = "not-seen"
    """The server took the message, but it did not come within the time waited."""


@dataclass(frozen=True, slots=True)
class DeliveryAt:
    """One address: how the sending went, the trial's name, the server's last words, and from where the message came."""

    address: str
    ended: Delivery | Unobserved
    trial: str = ""
    text: str = ""
    came_from: str = ""
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class RelayDelivery(Fact):
    """Whether one marked message to the canary mailbox was passed on. ``canary`` empty: the organisation named none, nothing was sent."""

    of: ClassVar[Kind] = Kind.SMTP_SERVICE

    canary: str
    addresses: tuple[DeliveryAt, ...] = ()


@unique
class LineEnd(StrEnum):
    """How a command line that ends in something else than CR LF was taken."""

    ACCEPTED = "accepted"
    """As the end of a line."""
    WITHIN = "within"
    """As a character within the line."""
    REFUSED = "refused"
    """With a refusal that speaks of it, or the end of the session."""


@unique
class Injected(StrEnum):
    """What became of a command that came in clear behind STARTTLS, in the same packet."""

    DISCARDED = "discarded"
    CLOSED = "closed"
    """No TLS came of it: the server gave up."""
    EXECUTED = "executed"


@dataclass(frozen=True, slots=True)
class InputSeen:
    """How one address takes input that differs from the rules. ``pipelined``: whether commands sent at once were all answered, in order."""

    bare_lf: LineEnd | Unobserved
    bare_cr: LineEnd | Unobserved
    pipelined: bool | Unobserved | None
    injected: Injected | Unobserved | None


@dataclass(frozen=True, slots=True)
class InputAt:
    """One address of the service."""

    address: str
    seen: InputSeen | Unobserved


@dataclass(frozen=True, slots=True)
class SmtpInput(Fact):
    """How every address of the service takes odd input. Only commands are sent, never a message."""

    of: ClassVar[Kind] = Kind.SMTP_SERVICE

    addresses: tuple[InputAt, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class NameAt:
    """One address: its reverse names, the name given to EHLO, and the addresses that this name has."""

    address: str
    reverse: tuple[str, ...] | Unobserved
    called: str | Unobserved
    forward: tuple[str, ...] | Unobserved = ()


@dataclass(frozen=True, slots=True)
class SmtpNames(Fact):
    """Whether the name that a server gives itself leads to its address and back."""

    of: ClassVar[Kind] = Kind.SMTP_SERVICE

    addresses: tuple[NameAt, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class SubmissionAt:
    """One address: the answers to MAIL and RCPT (a local recipient, a foreign one) from a client that never logged in.

    ``encrypted``: within TLS, where the server offers it. ``None`` where MAIL was refused already.
    """

    address: str
    mail: ReplySeen | Unobserved
    mail_said: Said | Unobserved
    own: Said | Unobserved | None = None
    foreign: Said | Unobserved | None = None
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class SubmissionOpening(Fact):
    """Whether a submission service takes mail from a client that has not logged in (RFC 6409 section 4.3). No credential is sent.

    ``trusted``: whether the ledger lets this vantage zone send without a login; ``None`` where it does not say.
    """

    of: ClassVar[Kind] = Kind.SUBMISSION_SERVICE

    trusted: bool | None
    addresses: tuple[SubmissionAt, ...]
    left_out: int = 0
