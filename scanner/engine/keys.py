"""Gathers from all targets of a run what is judged over them together: the keys in use. Pure; it holds fingerprints, never keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scanner.engine.factset import FactSet
from scanner.engine.plan import Plan
from scanner.facts.keys import KeysInUse, SharedKey
from scanner.facts.ssh import SshSurvey
from scanner.facts.tls import TlsSurvey
from scanner.model.fact import Unobserved
from scanner.model.target import Kind, Service, Target

UNSEEN = ""


class KeyUse(NamedTuple):
    """A service uses a key. An empty ``fingerprint`` says that some of its keys could not be seen.

    ``places`` tell one server from another: the name of its host, and the addresses at which it showed the key.
    """

    kind: Kind
    fingerprint: str
    service: str
    places: tuple[str, ...]


def judges_the_run(plan: Plan, targets: Sequence[Target]) -> bool:
    """Tell whether a run has something to judge over all of its targets: checks for it, and targets with or leading to keys."""
    if len(targets) < 2 or not plan.kinds.get(Kind.RUN):
        return False
    with_keys = {Kind.TLS_SERVICE, Kind.SSH_SERVICE}
    return any(plan.kinds_below(target) & with_keys for target in targets)


def keys_of(facts: FactSet) -> tuple[KeyUse, ...]:
    """Give the keys that the services of one target were seen to use."""
    found: dict[tuple[Kind, str, str], list[str]] = {}
    for subject, by_fact in facts.seen.items():
        for kind, fact in ((Kind.TLS_SERVICE, TlsSurvey), (Kind.SSH_SERVICE, SshSurvey)):
            seen = by_fact.get(fact)
            if isinstance(seen, Unobserved):
                found[kind, UNSEEN, subject.key] = []
            elif seen is not None:
                assert isinstance(subject, Service)
                for fingerprint, address in _used(seen.fact):
                    found.setdefault((kind, fingerprint, subject.key), [subject.host]).append(address)
    return tuple(KeyUse(kind, print_, service, tuple(dict.fromkeys(where))) for (kind, print_, service), where in found.items())


def _used(fact: object) -> Iterable[tuple[str, str]]:
    if isinstance(fact, TlsSurvey):
        for at in fact.addresses:
            if isinstance(at.tls, Unobserved) or isinstance(at.tls.chains, Unobserved):
                yield UNSEEN, at.address
            else:
                for chain in at.tls.chains:
                    if chain.certificates:
                        yield chain.certificates[0].spki_sha256, at.address
    elif isinstance(fact, SshSurvey):
        for each in fact.addresses:
            if isinstance(each.keys, Unobserved):
                yield UNSEEN, each.address
            else:
                if each.keys_unseen is not None:
                    yield UNSEEN, each.address
                for key in each.keys:
                    yield key.fingerprint, each.address


class Register:
    """The keys of a run as its targets come by; one entry for each key and service, however many targets lead to it."""

    def __init__(self) -> None:
        self._uses: dict[tuple[Kind, str], dict[str, tuple[str, ...]]] = {}

    def take(self, uses: Iterable[KeyUse]) -> None:
        """Enter what one target has shown."""
        for use in uses:
            self._uses.setdefault((use.kind, use.fingerprint), {})[use.service] = use.places

    def fact(self) -> KeysInUse:
        """Give the fact, the same whatever came first."""
        unseen = [len(self._uses.get((kind, UNSEEN), ())) for kind in (Kind.TLS_SERVICE, Kind.SSH_SERVICE)]
        return KeysInUse(*self._of(Kind.TLS_SERVICE), *self._of(Kind.SSH_SERVICE), *unseen)

    def _of(self, kind: Kind) -> tuple[int, tuple[SharedKey, ...]]:
        mine = {print_: services for (of, print_), services in self._uses.items() if of is kind and print_ != UNSEEN}
        shared = [SharedKey(print_, tuple(sorted(services))) for print_, services in mine.items() if _servers(services.values()) > 1]
        return len({service for services in mine.values() for service in services}), tuple(sorted(shared, key=lambda k: k.fingerprint))


def _servers(services: Iterable[tuple[str, ...]]) -> int:
    """Count servers: services that have their host's name or an address in common are one.

    Clients expect the same key at every address of a name: those of one machine, or of several that stand in for each other.
    """
    apart: list[set[str]] = []
    for places in services:
        one = set(places)
        touching = [other for other in apart if other & one]
        apart = [other for other in apart if not other & one]
        apart.append(one.union(*touching))
    return len(apart)
