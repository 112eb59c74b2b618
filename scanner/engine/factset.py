"""Everything that was seen of one target and of the subjects it led to, with a reason for what was not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from scanner.model.check import Need
from scanner.model.fact import Fact, Observation, Observed, Unobserved
from scanner.model.reason import Reason
from scanner.model.target import Kind, Target


@dataclass(slots=True)
class FactSet:
    """Observations by subject and fact type. The target itself is the first subject."""

    target: Target
    seen: dict[Target, dict[type[Fact], Observation[Fact]]] = field(default_factory=dict)

    def put(self, subject: Target, fact: type[Fact], observation: Observation[Fact]) -> None:
        """Keep one observation."""
        self.seen.setdefault(subject, {})[fact] = observation

    def get(self, subject: Target, fact: type[Fact]) -> Observation[Fact]:
        """Give the observation; a fact that nobody tried to see is ``unsupported``."""
        found = self.seen.get(subject, {}).get(fact)
        return found if found is not None else Unobserved(Reason.UNSUPPORTED, f"nothing here can observe {fact.__name__} of {subject.key}")

    def basis(self, subject: Target, needs: Iterable[Need]) -> tuple[tuple[type[Fact], Observation[Fact]], ...]:
        """Give the observations that a check needs of a subject, each with its fact type, in the order of the needs."""
        seen = self.seen.get(subject, {})
        return tuple([(need.fact, seen.get(need.fact) or self.get(subject, need.fact)) for need in needs])

    def subjects(self, kind: Kind) -> tuple[Target, ...] | Unobserved:
        """Name the subjects of a kind, sorted by key; ``Unobserved`` where what leads to them could not be seen.

        Subjects that are known stay known when another lead is missing: the reason is told only when there is none at all.
        """
        if kind in self.target.kinds:
            return (self.target,)
        found: dict[str, Target] = {}
        missing: Unobserved | None = None
        for fact, observation in self.seen.get(self.target, {}).items():
            if kind not in fact.leads_to:
                continue
            if isinstance(observation, Observed):
                found.update((lead.key, lead) for lead in observation.fact.leads() if kind in lead.kinds)
            else:
                missing = observation
        if not found and missing is not None:
            return missing
        return tuple(found[key] for key in sorted(found))

    def rows(self) -> Iterator[tuple[Target, type[Fact], Observation[Fact]]]:
        """Give all observations: the target first, then its leads by key; facts by name."""
        for subject in sorted(self.seen, key=lambda s: (s != self.target, s.key)):
            for fact in sorted(self.seen[subject], key=lambda f: f.__name__):
                yield subject, fact, self.seen[subject][fact]
