"""The way from a server's certificate to a trusted root (RFC 5280 section 6, RFC 4158), through what the server sent and nothing else.

Time is kept apart: a way may be right and have run out, which people mend differently. Revocation and names of servers are not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Final

from scanner.facts.tls import Path, PathSeen
from scanner.wire.x509 import oids
from scanner.wire.x509.certificate import Certificate, NotCertificate, parse
from scanner.wire.x509.distinguished import same_name
from scanner.wire.x509.extensions import Limits
from scanner.wire.x509.limits import outside, undecided
from scanner.wire.x509.roots import Root, Roots
from scanner.wire.x509.signature import Checked

MOST_STEPS = 200
"""Signatures looked at in one search; a chain of 16 certificates with one name would else give 16! ways."""
LONGEST = 16
"""Certificates on one way."""
MOST_SENT = 64
LONGEST_SHOWN = 120
"""Characters of a name in ``problem``."""

_RANK: Final = {  # what may be the way stands before what is none, and then the ending that tells most
    Path.PUBLIC: 0,
    Path.ORGANISATION: 1,
    Path.UNCHECKED: 2,
    Path.NOT_PERMITTED: 3,
    Path.BAD_SIGNATURE: 4,
    Path.UNKNOWN_ROOT: 5,
    Path.SELF_SIGNED: 6,
    Path.INCOMPLETE: 7,
}


@dataclass(frozen=True, slots=True)
class _Link:
    """A certificate on the way: as read, and where it was sent; -1 for one that came from the list of roots."""

    certificate: Certificate
    place: int


@dataclass(frozen=True, slots=True)
class _Ending:
    end: Path
    way: tuple[_Link, ...]
    anchor: str = ""
    problem: str = ""
    expired: tuple[int, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether it is a root that somebody trusts."""
        return self.end in (Path.PUBLIC, Path.ORGANISATION)

    @property
    def standing(self) -> tuple[int, int, int]:
        """Trusted and in time first; then trusted; then what tells most, the longest way first."""
        return (0 if self.trusted and not self.expired else 1, _RANK[self.end], len(self.way) if self.trusted else -len(self.way))


def path(chain: Sequence[bytes], roots: Roots, at: datetime) -> PathSeen:
    """Find the way to a root; ``chain`` as sent (DER), the server's own certificate first; ``at`` (UTC) is the time for ``expired``.

    Raises ``ValueError`` for an empty chain, nothing else. Certificates beyond ``MOST_SENT`` are not looked at.
    """
    if not chain:
        raise ValueError("a chain without any certificate")
    sent: list[_Link] = []
    for place, der in enumerate(chain[:MOST_SENT]):
        try:
            sent.append(_Link(parse(der), place))
        except NotCertificate as error:
            if place == 0:
                return PathSeen(Path.UNCHECKED, in_order=False, problem=f"the first certificate cannot be read: {error}")
    found = _Search(sent, roots, at).best()
    used = {link.place for link in found.way}
    return PathSeen(
        end=found.end,
        anchor=found.anchor,
        in_order=_in_order(sent, len(chain)),
        extra=tuple(place for place in range(len(chain)) if place not in used),
        expired=found.expired,
        problem=found.problem,
    )


def dead_end(chain: Sequence[bytes]) -> Certificate:
    """Give the certificate at which a chain (DER) without a way to a root ends, followed by names from the server's own.

    Raises ``NotCertificate`` where one of them is none, ``ValueError`` for an empty chain.
    """
    if not chain:
        raise ValueError("a chain without any certificate")
    known = [parse(der) for der in chain]
    last, left = known[0], known[1:]
    while (issuer := next((one for one in left if same_name(one.subject, last.issuer)), None)) is not None:
        left.remove(issuer)
        last = issuer
    return last


@dataclass(slots=True)
class _Search:
    sent: list[_Link]
    roots: Roots
    at: datetime
    steps: int = 0
    endings: list[_Ending] = field(default_factory=list)
    limited: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def best(self) -> _Ending:
        """Search and give the ending that stands first."""
        for ending in self._from((self.sent[0],)):
            self.endings.append(ending)
            if ending.standing[:2] == (0, 0):
                break
        best = min(self.endings, key=lambda ending: ending.standing)
        if self.steps >= MOST_STEPS and not best.trusted:
            return _Ending(Path.UNCHECKED, best.way, problem=f"no way was found within {MOST_STEPS} steps")
        return best

    def _from(self, way: tuple[_Link, ...]) -> Iterator[_Ending]:
        """All endings of ways that begin like this, depth first."""
        last = way[-1].certificate
        for root in self.roots.named(last.subject):
            if root.certificate.spki == last.spki:  # the root itself was sent, or a certificate by another for the same key
                yield self._ended(way, root)
        went_on = False
        for root in self.roots.named(last.issuer):
            if root.certificate.spki == last.spki and same_name(root.certificate.subject, last.subject):
                went_on = True
                continue
            step = self._step(way, _Link(root.certificate, -1))
            went_on = went_on or step is not None
            if isinstance(step, _Ending):
                yield step
            elif step is not None:
                yield self._ended(step, root)
        for link in self.sent:
            if any(_same(link, one) for one in way) or not same_name(link.certificate.subject, last.issuer) or len(way) >= LONGEST:
                continue
            step = self._step(way, link)
            went_on = went_on or step is not None
            if isinstance(step, _Ending):
                yield step
            elif step is not None:
                yield from self._from(step)
        if not went_on:
            yield self._dead_end(way)

    def _step(self, way: tuple[_Link, ...], issuer: _Link) -> tuple[_Link, ...] | _Ending | None:
        """Go on to an issuer: the longer way, the ending that it is, or ``None`` where it is not the issuer after all."""
        last, above = way[-1].certificate, issuer.certificate
        if self.steps >= MOST_STEPS:
            return None
        self.steps += 1
        match last.signed_by(above):
            case Checked.BROKEN:
                # Authorities of one name with several keys are common: one whose key is not the one named is simply another.
                if last.authority_key_id and above.key_id and last.authority_key_id != above.key_id:
                    return None
                problem = f"the signature of {_shown(last)} is not by {_shown(above)}"
                return self._stopped(Path.BAD_SIGNATURE, (*way, issuer), problem)
            case Checked.UNKNOWN:
                problem = f"{last.seen.signature} by {above.seen.key.type} {above.seen.key.bits} cannot be verified here"
                return self._stopped(Path.UNCHECKED, (*way, issuer), problem)
            case Checked.HOLDS:
                pass
        if problem := _not_permitted(way, issuer):
            return self._stopped(Path.NOT_PERMITTED, (*way, issuer), problem)
        limits = [(below, *self._limits(above, below)) for below in _limited(way)] if above.limits is not None else []
        for _, name, _ in limits:
            if name:
                return self._stopped(Path.NOT_PERMITTED, (*way, issuer), f"{_shown(above)} may not certify {name[:LONGEST_SHOWN]}")
        for below, _, names in limits:
            if names:
                problem = f"{_shown(above)} limits names, and {_shown(below)} has {names}"
                return self._stopped(Path.UNCHECKED, (*way, issuer), problem)
        return (*way, issuer)

    def _limits(self, above: Certificate, below: Certificate) -> tuple[str, str]:
        """What ``outside`` and ``undecided`` say of a certificate below another; looked at once, however many ways go through both."""
        pair = above.seen.sha256, below.seen.sha256
        if pair not in self.limited:
            limits = above.limits or Limits()
            self.limited[pair] = outside(limits, below), undecided(limits, below)
        return self.limited[pair]

    def _ended(self, way: tuple[_Link, ...], root: Root) -> _Ending:
        own = way[0].certificate
        anchor = root.certificate.seen.subject
        if own.unknown_critical:
            return self._stopped(Path.NOT_PERMITTED, way, _critical(own))
        if not _in_time(root.certificate, self.at):
            return self._stopped(Path.NOT_PERMITTED, way, f"the root {_shown(root.certificate)} is outside its time")
        return _Ending(Path.PUBLIC if root.public else Path.ORGANISATION, way, anchor, expired=self._expired(way))

    def _stopped(self, end: Path, way: tuple[_Link, ...], problem: str) -> _Ending:
        return _Ending(end, way, problem=problem, expired=self._expired(way))

    def _dead_end(self, way: tuple[_Link, ...]) -> _Ending:
        last = way[-1].certificate
        if last.seen.self_signed:
            end = Path.SELF_SIGNED if len(way) == 1 else Path.UNKNOWN_ROOT
            return _Ending(end, way, last.seen.subject, expired=self._expired(way))
        if last.self_issued and last.signed_by(last) is Checked.BROKEN and last.authority_key_id in (b"", last.key_id):
            return self._stopped(Path.BAD_SIGNATURE, way, f"{_shown(last)} did not sign itself")
        problem = f"no certificate of {last.seen.issuer[:LONGEST_SHOWN] or 'an issuer without a name'} was sent, and no root has that name"
        return self._stopped(Path.INCOMPLETE, way, problem)

    def _expired(self, way: tuple[_Link, ...]) -> tuple[int, ...]:
        return tuple(sorted(link.place for link in way if link.place >= 0 and not _in_time(link.certificate, self.at)))


def _same(one: _Link, other: _Link) -> bool:
    """Whether both certify the same key for the same name: no way goes through such twice."""
    return one.certificate.spki == other.certificate.spki and same_name(one.certificate.subject, other.certificate.subject)


def _in_time(certificate: Certificate, at: datetime) -> bool:
    begin, end = certificate.not_before, certificate.not_after
    return begin is not None and end is not None and begin <= at <= end


def _not_permitted(way: tuple[_Link, ...], issuer: _Link) -> str:
    """Why this certificate may not stand above the way, in English; empty where it may. RFC 5280 section 6.1.4 (k) to (n)."""
    above, seen, who = issuer.certificate, issuer.certificate.seen, _shown(issuer.certificate)
    # An old root that cannot say more is trusted for being on the list.
    old_root = issuer.place < 0 and (above.version < 3 or "keyCertSign" in (seen.usage or ()))
    if not seen.is_ca and not old_root:
        return f"{who} is not an authority"
    if seen.usage is not None and "keyCertSign" not in seen.usage:
        return f"{who} may not sign certificates"
    between = sum(not link.certificate.self_issued for link in way[1:])
    if seen.path_length is not None and between > seen.path_length:
        return f"{who} allows {seen.path_length} authorities below it, not {between}"
    purposes = seen.extended_usage
    if purposes is not None and not {"serverAuth", oids.ANY_EXTENDED_USAGE} & set(purposes):
        return f"{who} is not for servers"
    if above.unknown_critical:
        return _critical(above)
    if oids.NAME_CONSTRAINTS in above.unreadable:
        return f"the name constraints of {who} cannot be read"
    return ""


def _limited(way: tuple[_Link, ...]) -> Iterator[Certificate]:
    """The certificates whose names an authority above them may limit: not its own new keys (RFC 5280 section 6.1.3 (b))."""
    yield way[0].certificate
    yield from (link.certificate for link in way[1:] if not link.certificate.self_issued)


def _shown(certificate: Certificate) -> str:
    """The name of a certificate for a sentence."""
    return certificate.seen.subject[:LONGEST_SHOWN] or f"the certificate {certificate.seen.serial}"


def _critical(certificate: Certificate) -> str:
    return f"{_shown(certificate)} has a critical extension that is not known: {certificate.unknown_critical[0]}"


def _in_order(sent: Sequence[_Link], count: int) -> bool:
    """Whether all could be read and each certifies the one before it."""
    certificates = [link.certificate for link in sent]
    return len(sent) == count and all(
        same_name(after.subject, before.issuer) and before.signed_by(after) is not Checked.BROKEN
        for before, after in pairwise(certificates)
    )
