"""Whose order of suites decides, as the choices of a search show it by the way; and oddities that a hello may carry. No network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scanner.facts.tls import Preference
from scanner.probes.tls_values import Answer, Chosen, Offer, Search
from scanner.wire.tls.names import TLS13
from scanner.wire.tls.suites import SUITES

NEWER = 0x0305
LONG = 4600
"""Octets of a long hello: more than three packets of an Ethernet, more than old boxes reassemble."""
UNKNOWN_EXTENSION = (0xFACE, b"tenken")
_USUAL = ((0x1301, 0x1302, 0x1303), (0xC02F, 0xC030, 0xCCA8), (0xC02B, 0xC02C, 0xCCA9), (0xC013, 0xC014), (0xC009, 0xC00A))
"""Suites that nearly every server of their kind accepts together, those of newer versions first."""


@dataclass(slots=True)
class WhoseOrder:
    """What one version's choices say of whose order decides. All lists have the suites in one order, but for one that is turned round.

    The order is the server's where it passed over a suite that it accepts for one that stood behind it, and the client's where it changed
    its mind between two lists that hold the same two suites.
    """

    listed: Sequence[int]
    first: int | None = None
    _last: int = -1
    _passed_over: bool = False
    _changed: bool = False
    _muddled: bool = False

    def choice(self, code: int) -> None:
        """Note a choice among all that has not been chosen before."""
        place = self.listed.index(code)
        self._passed_over |= place < self._last
        self._last = max(self._last, place)
        if self.first is None:
            self.first = code

    def turned(self, code: int) -> None:
        """Note a choice among the same and the first choice, which stood at the end this time."""
        if code == self.first:
            self._last = len(self.listed)  # whatever else it accepts stood before this one
        else:
            self._changed = True
            self.choice(code)

    def muddle(self) -> None:
        """Note that the lists were not those that this can tell from."""
        self._muddled = True

    @property
    def told(self) -> Preference | None:
        """Give whose order it is, as far as choices have shown it; ``None`` where they have not, or where they contradict each other."""
        if self._muddled or self._passed_over == self._changed:
            return None
        return Preference.CLIENT if self._changed else Preference.SERVER

    @property
    def worth_turning(self) -> bool:
        """Tell whether the first choice stands before all that is usual, so that the order seems to be the client's."""
        if self.first is None or self._muddled:
            return False
        own = [usual for usual in _USUAL if _kind(usual[0]) == _kind(self.first) and usual[0] in self.listed]
        return not own or self.listed.index(self.first) <= min(self.listed.index(code) for code in own[0])


def _kind(code: int) -> str:
    suite = SUITES.get(code)
    return suite.auth if suite is not None else ""


@dataclass(slots=True)
class Unusual:
    """What a well-made server passes over, for a hello that is answered anyway: GREASE, length, an unknown extension, a newer version.

    ``borne``: one such hello was answered. ``tried``: one has been said.
    """

    borne: bool = False
    tried: bool = False

    def search(self, offer: Offer) -> Search[Answer]:
        """Say a hello with everything unusual, once; where that is not answered, and from then on, the hello as it is."""
        if not self.tried:
            self.tried = True
            answer = yield self.dressed(offer)
            self.borne = isinstance(answer, Chosen)
            if self.borne:
                return answer
            answer = yield offer
            self.tried = isinstance(answer, Chosen)  # else it was refused for something else
            return answer
        return (yield offer)

    @staticmethod
    def dressed(offer: Offer) -> Offer:
        """Give the offer with everything unusual at once."""
        newer = newer_version(offer.hello.version)
        hello = replace(offer.hello, grease=True, padding=LONG, extra=(*offer.hello.extra, UNKNOWN_EXTENSION))
        hello = replace(hello, **newer)  # type: ignore[arg-type]  # fields by name, which replace checks itself
        return replace(offer, hello=hello, words=f"{offer.words}, GREASE, long, unknown extension, newer version")


def newer_version(version: int) -> dict[str, object]:
    """Give the fields of a hello that says more than ``version``, in both ways in which clients have done so."""
    if version >= TLS13:
        return {"versions": (NEWER, TLS13)}
    return {"versions": (NEWER, version), "legacy_version": TLS13}
