"""How the results of one machine stand, in a few numbers: kept beside it, so that a list of thousands needs none of their results."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from scanner.engine.judge import Result
from scanner.model.verdict import Outcome


@dataclass(frozen=True, slots=True)
class Summary:
    """How many results there are of each outcome, and how many failures of each severity; what there is none of is left out."""

    outcomes: Mapping[str, int]
    failures: Mapping[str, int]

    @classmethod
    def of(cls, results: Iterable[Result]) -> Summary:
        """Count results."""
        found = [(result.ending.outcome, result.variant.check.severity) for result in results]
        outcomes = Counter(outcome.value for outcome, _ in found)
        return cls(dict(outcomes), dict(Counter(severity.value for outcome, severity in found if outcome is Outcome.FAIL)))

    @classmethod
    def read(cls, text: str) -> Summary:
        """Read what ``written`` wrote; nothing was judged where the text is an empty object."""
        plain = json.loads(text)
        return cls(plain.get("outcomes", {}), plain.get("failures", {}))

    def written(self) -> str:
        """Give the text that the table keeps."""
        return json.dumps(asdict(self))
