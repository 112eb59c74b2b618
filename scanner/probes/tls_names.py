"""What becomes of hellos with a name that is not the server's, or with none: asked in hellos that ask for something else too. No network.

A server that shows the same certificate to strangers has answered the other question as well. Else the hello is made again with the name.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from scanner.facts.tls import SniBehaviour
from scanner.probes.tls_values import Answer, Book, Chosen, Offer, Refused, Search, Wants

UNKNOWN_NAME = "tenken-unknown-name.invalid"


@dataclass(slots=True)
class OtherNames:
    """The search, as far as it has come. ``left`` are the names not asked for yet, ``None`` for no name at all; ``found`` what was told.

    ``name`` is the server's own; ``book`` holds the certificates that go with it. ``untold``: asked for, and nothing was told.
    """

    name: str | None
    book: Book
    left: list[str | None]
    untold: list[str | None] = field(default_factory=list)
    found: dict[str | None, SniBehaviour] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str | None, book: Book) -> OtherNames:
        """Begin for a server that is asked for by ``name``; where it is asked for by none, there is no other."""
        return cls(name, book, [] if name is None else [None, UNKNOWN_NAME])

    @property
    def open(self) -> list[str | None]:
        """The names that are still to be asked for, by hellos of their own."""
        return [*self.untold, *self.left]

    def search(self, offer: Offer) -> Search[Answer]:
        """Make an offer, with another name in it where one is left and the certificate of the right one is known."""
        own = {
            answer.certificates[0] for asked, answer in self.book.answers if asked.hello.server_name == self.name and answer.certificates
        }
        if not self.left or not own:
            return (yield offer)
        name = self.left.pop(0)
        other = yield renamed(offer, name)
        if isinstance(other, Chosen) and other.certificates and other.certificates[0] in own and other.scheme is not None:
            self.found[name] = SniBehaviour.SAME
            return other
        answer = yield offer
        match other, answer:
            case Refused(), Chosen():  # refused both times it may be for what else the offer asks
                self.found[name] = SniBehaviour.REFUSED
            case Chosen(certificates=(theirs, *_)), Chosen(certificates=(ours, *_)):
                self.found[name] = SniBehaviour.SAME if theirs == ours else SniBehaviour.OTHER
            case _:
                self.untold.append(name)
        return answer


def renamed(offer: Offer, name: str | None) -> Offer:
    """Give an offer with another name. No session is made: it would not be one with the server of the right name."""
    words = f"{offer.words}, {'without a name' if name is None else 'with an unknown name'}"
    wants = Wants.FLIGHT if offer.wants is Wants.SESSION else offer.wants
    return replace(offer, hello=replace(offer.hello, server_name=name), words=words, wants=wants)
