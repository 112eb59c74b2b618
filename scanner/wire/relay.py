"""The address tricks with which mail servers have been made to relay, the controls beside them, and what a refusal is about. Text only.

An address is tried as the argument of RCPT (RFC 5321 section 4.1.1.3); nothing here sends anything. The family covers what the published
test lists of relay checkers have in common, and the forms that RFC 5321 sections 4.1.2 and F.2 and old gateways gave rise to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from scanner.facts.smtp import Said, Shape
from scanner.wire.smtp import Reply


@dataclass(frozen=True, slots=True)
class Trial:
    """One pair of sender and recipient: ``sender`` and ``recipient`` are what follows ``MAIL FROM:`` and ``RCPT TO:``."""

    name: str
    shape: Shape
    sender: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Names:
    """The names that trials are made of.

    ``mailbox`` at ``victim`` is the foreign address; ``own`` a domain of the server's, ``host`` its name, ``address`` its IP address,
    ``nobody`` a label that no mailbox has.
    """

    mailbox: str
    victim: str
    own: str
    host: str
    address: str
    nobody: str

    @property
    def literal(self) -> str:
        """The server as an address literal (RFC 5321 section 4.1.3)."""
        version6 = ip_address(self.address).version == 6
        return f"[IPv6:{self.address}]" if version6 else f"[{self.address}]"


NULL: Final = "<>"
ENCAPSULATED: Final = "encapsulated"
"""The one trick that is written like any mailbox: where unknown mailboxes are taken it says nothing."""


def plain(names: Names) -> Trial:
    """Give the plainest trial: a foreign recipient, the null sender, which every server has to accept (RFC 5321 section 4.5.5)."""
    return Trial("plain", Shape.FOREIGN, NULL, f"<{names.mailbox}@{names.victim}>")


def family(names: Names, sender: str = NULL) -> tuple[Trial, ...]:
    """Give every trial, those with the same sender side by side. ``sender`` goes with all that do not try a sender of their own."""
    m, v, own, host, lit = names.mailbox, names.victim, names.own, names.host, names.literal
    target = f"{m}@{v}"
    foreign = {
        "plain": f"<{target}>",
        "no-brackets": target,
        "trailing-dot": f"<{target}.>",
        "sub-domain": f"<{m}@mail.{v}>",
        "capitals": f"<{m}@{v.upper()}>",
        "smtp-prefix": f"<smtp:{target}>",
    }
    routes = {
        "source-route-host": f"<@{host}:{target}>",
        "source-route-own": f"<@{own}:{target}>",
        "source-route-literal": f"<@{lit}:{target}>",
        "source-route-two": f"<@{own},@{host}:{target}>",
    }
    tricks = {
        "percent-own": f"<{m}%{v}@{own}>",
        "percent-host": f"<{m}%{v}@{host}>",
        "percent-literal": f"<{m}%{v}@{lit}>",
        "percent-localhost": f"<{m}%{v}@localhost>",
        "percent-bare": f"<{m}%{v}>",
        "percent-quoted": f'<"{m}%{v}">',
        "percent-quoted-own": f'<"{m}%{v}"@{own}>',
        "percent-twice": f"<{m}%{v}%{host}@{own}>",
        "quoted": f'<"{target}">',
        "quoted-own": f'<"{target}"@{own}>',
        "quoted-host": f'<"{target}"@{host}>',
        "quoted-literal": f'<"{target}"@{lit}>',
        "two-ats-own": f"<{target}@{own}>",
        "two-ats-host": f"<{target}@{host}>",
        "two-ats-literal": f"<{target}@{lit}>",
        "bang": f"<{v}!{m}>",
        "bang-own": f"<{v}!{m}@{own}>",
        "bang-host": f"<{v}!{m}@{host}>",
        "bang-literal": f"<{v}!{m}@{lit}>",
        "bang-two": f"<{own}!{v}!{m}>",
        "bang-percent": f"<{v}!{m}%{host}@{own}>",
        "percent-bang": f"<{own}!{m}%{v}>",
        "bang-at": f"<{host}!{target}>",
        "own-at-victim": f"<{m}@{own}@{v}>",
        "null-domain": f"<{target}@>",
        ENCAPSULATED: f"<IMCEASMTP-{m}+40{v}@{own}>",
    }
    senders = {
        "sender-null": NULL,
        "sender-victim": f"<{m}@{v}>",
        "sender-own": f"<postmaster@{own}>",
        "sender-host": f"<postmaster@{host}>",
        "sender-literal": f"<postmaster@{lit}>",
        "sender-localhost": "<postmaster@localhost>",
        "sender-bare": "<postmaster>",
        "sender-bang": f"<{v}!{m}>",
    }
    trials = [Trial(name, Shape.FOREIGN, sender, address) for name, address in foreign.items()]
    trials += [Trial(name, Shape.ROUTE, sender, address) for name, address in routes.items()]
    trials += [Trial(name, Shape.TRICK, sender, address) for name, address in tricks.items()]
    trials += [Trial(name, Shape.FOREIGN, own_sender, f"<{target}>") for name, own_sender in senders.items() if own_sender != sender]
    # Some servers trust a sender of their own with more than others.
    trials += [
        Trial("percent-own-sender-literal", Shape.TRICK, f"<postmaster@{lit}>", f"<{m}%{v}@{own}>"),
        Trial("quoted-sender-literal", Shape.TRICK, f"<postmaster@{lit}>", f'<"{target}"@{own}>'),
        Trial("percent-own-sender-own", Shape.TRICK, f"<postmaster@{own}>", f"<{m}%{v}@{own}>"),
        Trial("bang-own-sender-own", Shape.TRICK, f"<postmaster@{own}>", f"<{v}!{m}@{own}>"),
    ]
    return tuple(sorted(trials, key=lambda trial: trial.sender != sender))


def short_family(names: Names, sender: str = NULL) -> tuple[Trial, ...]:
    """Give the trials for the other ways into a transaction (HELO, STARTTLS): one of each kind that differs from the rest."""
    wanted = {"plain", "sender-own", "sender-literal", "percent-own", "bang-own", "quoted-own", "source-route-own"}
    return tuple(trial for trial in family(names, sender) if trial.name in wanted)


def controls(names: Names, sender: str = NULL) -> tuple[Trial, ...]:
    """Give what tells an acceptance that means something from one that means nothing, and a refusal likewise.

    Each way of naming the server has an unknown mailbox of its own: a trick at ``home_of`` it is compared with that one.
    """
    homes = {"own": f"@{names.own}", "host": f"@{names.host}", "literal": f"@{names.literal}", "localhost": "@localhost", "bare": ""}
    return (
        Trial("postmaster", Shape.POSTMASTER, sender, f"<postmaster@{names.own}>"),
        Trial("postmaster-bare", Shape.POSTMASTER, sender, "<postmaster>"),
        *(Trial(f"unknown-{what}", Shape.UNKNOWN, sender, f"<{names.nobody}{at}>") for what, at in homes.items()),
        Trial("nowhere", Shape.NOWHERE, sender, f"<{names.mailbox}@{names.nobody}.invalid>"),
        Trial("nonsense", Shape.NONSENSE, sender, "<>"),
    )


def home_of(recipient: str) -> str:
    """Give the domain that an address ends in, in lower case; empty for one without."""
    return recipient.strip("<>").rpartition("@")[2].lower() if "@" in recipient.rpartition('"')[2] else ""


_AUTH = re.compile(
    r"authenticat|auth(?:orization)? (?:is )?required|must (?:log ?in|issue an? auth)|log ?in (?:first|required)", re.IGNORECASE
)
_TLS = re.compile(r"starttls|encrypt|\btls\b", re.IGNORECASE)
_RELAY = re.compile(r"rela[yi]|not local|not (?:hosted|handled|accepted) here|accepted domain|rcpthosts|through this server", re.IGNORECASE)
_NO_RELAY = re.compile(r"rela[yi]\w*\s+(?:access\s+)?(?:is\s+)?(?:denied|not\s+(?:permitted|allowed)|refused|prohibited)", re.IGNORECASE)
_NAME = re.compile(
    r"domain (?:name )?(?:does ?n.t exist|does not exist|not found|does not accept mail)|null ?mx|unrouteable|no such domain|"
    r"recipient address rejected: domain|unknown (?:recipient )?domain|host not found|malformed dns",
    re.IGNORECASE,
)
_SENDER = re.compile(
    r"sender|mail from|\bspf\b|envelope[- ]from|return[- ]path|reverse[- ]path|5\.7\.(?:23|25|26|27)|bounces? not accepted", re.IGNORECASE
)
_CLIENT = re.compile(
    r"helo|ehlo|client host|black ?list|block(?:ed| ?list)|listed (?:at|by|in|on)|dnsbl|\brbl\b|spamhaus|spamcop|barracuda|reputation|"
    r"reverse(?![- ]path)|\bptr\b|\brdns\b|banned|bad host|too many|rate limit|your (?:ip|host|address)|access denied|protocol error|"
    r"synchroni[sz]ation",
    re.IGNORECASE,
)


def said_of(reply: Reply, *, to_mail: bool = False) -> Said:
    """Tell what an answer to RCPT (or to MAIL, with ``to_mail``) is about, by code, enhanced code (RFC 3463) and words, in this order."""
    text = reply.text
    match reply.code:
        case code if 200 <= code < 300:
            return Said.ACCEPTED
        case 421:
            return Said.CLOSED
        case 530 | 535 | 538 | 534 if _TLS.search(text) and not _AUTH.search(text):
            return Said.TLS
        case 530 | 534 | 535 | 538:
            return Said.AUTH
        case code if 400 <= code < 500:
            # Postfix's own default refuses relaying with 454 (defer_unauth_destination): no later try fares better.
            return Said.REFUSED if _NO_RELAY.search(text) else Said.LATER
        case 500 | 501 | 502 | 503 | 504 | 555:
            return Said.AUTH if _AUTH.search(text) else Said.SYNTAX
        case _:
            pass
    return _by_words(reply, text, to_mail)


def _by_words(reply: Reply, text: str, to_mail: bool) -> Said:
    match reply.enhanced:
        case "5.1.2" | "5.1.10" | "5.4.4":
            return Said.NAME
        case "5.1.7" | "5.1.8" | "5.7.23" | "5.7.26" | "5.7.27":
            return Said.SENDER
        case "5.7.25":  # RFC 7372 section 3.3: the client's reverse name
            return Said.CLIENT
        case "5.1.3":
            return Said.SYNTAX
        case _:
            pass
    # The order matters: "relay access denied" names relaying, "Client host rejected: Access denied" the client.
    if _AUTH.search(text) and not _RELAY.search(text):
        return Said.AUTH
    if _RELAY.search(text):
        return Said.REFUSED
    if _NAME.search(text):
        return Said.NAME
    if _CLIENT.search(text):
        return Said.CLIENT
    if to_mail or _SENDER.search(text):
        return Said.SENDER
    return Said.REFUSED
