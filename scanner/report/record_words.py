"""Words that many lines of a record share, written once in its ``run`` line: of reasons and of the organisation's values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scanner.engine.catalogue import AnyValue
from scanner.model.reason import ADVICE, MEANS, WORDS, Reason
from scanner.model.text import Text

Line = dict[str, Any]  # one JSON object of the record


def reasons() -> Line:
    """Give for every reason what happened, what follows for the verdict and what makes the matter determinable."""
    return {r.value: {"message": _text(WORDS[r]), "means": _text(MEANS[r]), "advice": _text(ADVICE[r])} for r in Reason}


def values(known: Iterable[AnyValue]) -> Line:
    """Give the meaning, unit, shipped default and choices of each value, by the key that settings of results name."""
    return {
        v.key: {
            "text": _text(v.text),
            "unit": v.unit,
            "default": list(v.default) if isinstance(v.default, tuple) else v.default,
            "choices": list(v.choices),
        }
        for v in known
    }


def _text(text: Text) -> Line:
    return {"ja": text.ja, "en": text.en}
