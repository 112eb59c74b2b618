"""Pieces of record lines: the words that many lines share and the ``run`` line has once, and records on paper."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scanner.engine.catalogue import AnyValue
from scanner.ledger.attestations import Attestation
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


def attestation(record: Attestation | None) -> Line | None:
    """Give the record on paper that an assessment may rest on."""
    if record is None:
        return None
    return {
        "statement": record.statement,
        "document": record.document,
        "by": record.by,
        "valid_from": record.valid_from.isoformat(),
        "valid_until": record.valid_until.isoformat(),
    }


def _text(text: Text) -> Line:
    return {"ja": text.ja, "en": text.en}
