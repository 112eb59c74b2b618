"""Everything that was seen of one target and of the subjects it led to, with a reason for what was not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from scanner.model.fact import Fact, Observation, Observed, Unobserved
from scanner.model.reason import Reason
from scanner.model.target import Kind, Target

OfKind = tuple[tuple[Target, Mapping[type[Fact], Observation[Fact]]], ...] | Unobserved
"""Subjects with what was seen of them, or why no subject is known."""


def unsupported(subject: Target, fact: type[Fact]) -> Unobserved:
    """Say that nobody tried to see a fact."""
    return Unobserved(Reason.UNSUPPORTED, f"nothing here can observe {fact.__name__} of {subject.key}")


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
        return found if found is not None else unsupported(subject, fact)

    def of_kind(self, kind: Kind) -> OfKind:
        """Give what was seen of each subject of a kind, in the order of ``subjects``, or the reason why there is none."""
        subjects = self.subjects(kind)
        return subjects if isinstance(subjects, Unobserved) else tuple((subject, self.seen.get(subject, {})) for subject in subjects)

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
