"""Which application protocols a server chooses (RFC 7301): asked for in hellos that ask for something else too. No network."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from scanner.model.fact import Unobserved
from scanner.probes.tls_values import Answer, Chosen, Failed, Offer, Refused, Say, Search, plainly, untellable
from scanner.wire.tls.names import TLS13

NO_APPLICATION_PROTOCOL = 120

PROTOCOLS = {
    "https": ("h2", "http/1.1"),
    "imaps": ("imap",),
    "pop3s": ("pop3",),
    "ftps": ("ftp",),
    "nntps": ("nntp",),
    "xmpps-client": ("xmpp-client",),
    "xmpps-server": ("xmpp-server",),
    "imap": ("imap",),
    "pop3": ("pop3",),
    "ftp": ("ftp",),
    "nntp": ("nntp",),
    "sieve": ("managesieve",),
    "xmpp-client": ("xmpp-client",),
    "xmpp-server": ("xmpp-server",),
    "postgresql": ("postgresql",),
    "mysql": ("mysql",),
    "mssql": ("tds/8.0",),
    "tls": ("h2", "http/1.1"),
}
"""Application protocols to offer (IANA, TLS Application-Layer Protocol Negotiation Protocol IDs), the usual ones of each service."""


@dataclass(slots=True)
class Protocols:
    """The search, as far as it has come. ``left`` are those not chosen yet, ``found`` those chosen, in the server's order.

    ``ended``: the server has declined what was left, by choosing nothing, by its alert, or by choosing what was not offered.
    """

    left: list[str]
    found: list[str] = field(default_factory=list)
    ended: bool = False
    why: Unobserved | None = None

    @classmethod
    def of(cls, protocol: str) -> Protocols:
        """Begin with those that are usual for a protocol of the scanner's."""
        return cls(list(PROTOCOLS.get(protocol, ())))

    @property
    def open(self) -> bool:
        """Whether something is still to be asked."""
        return bool(self.left) and not self.ended and self.why is None

    def search(self, offer: Offer, say: Say = plainly) -> Search[Answer]:
        """Make an offer and ask for what is left with it. Where it is refused that might be why, so that it is made again without.

        ``say`` is how it is made without.
        """
        if not self.open:
            return (yield from say(offer))
        answer = yield self.dressed(offer)
        if isinstance(answer, Chosen):
            self.take(answer)
            return answer
        if isinstance(answer, Refused) and answer.alert == NO_APPLICATION_PROTOCOL:
            self.ended = True
        return answer if isinstance(answer, Failed) else (yield from say(offer))

    def rest(self, offer: Offer) -> Search[None]:
        """Ask for what is left, with an offer that is accepted without."""
        while self.open:
            answer = yield self.dressed(offer)
            match answer:
                case Chosen():
                    self.take(answer)
                case Refused(alert=alert) if alert == NO_APPLICATION_PROTOCOL or self.found:
                    self.ended = True
                case _:
                    self.why = untellable(answer, "application protocols")

    def dressed(self, offer: Offer) -> Offer:
        """Give an offer with what is left."""
        return replace(offer, hello=replace(offer.hello, alpn=tuple(self.left)), words=f"{offer.words}, {' '.join(self.left)}")

    def take(self, answer: Chosen) -> None:
        """Note the choice of an answer to an offer with what is left."""
        match answer.alpn:
            case None:
                if answer.version == TLS13 and answer.cut is not None:
                    self.why = answer.cut  # it would stand in what could not be read
                self.ended = True
            case chosen if chosen in self.left:
                self.found.append(chosen)
                self.left.remove(chosen)
            case chosen:
                # Apache falls back to its own protocol, offered or not: that is one it speaks, and the end of its list.
                self.found += [chosen] if chosen and chosen not in self.found else []
                self.ended = True

    def seen(self) -> tuple[str, ...] | Unobserved:
        """As the fact has it."""
        return self.why or tuple(self.found)
