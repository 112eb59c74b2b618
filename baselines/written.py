"""A baseline as plain lists and back, for what is kept of it between two runs. The form is private to one version of this code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from baselines.model import Baseline, Control, MachineRole, Status, Strength, Use
from scanner.model.text import Text

Plain = Any
"""What JSON has: the fields of a value in a list, and so on inside. ``Any``: its checksum was held against it, its shape is as written."""


def written(baseline: Baseline) -> Iterator[Plain]:
    """Give a baseline as what JSON has: what it says of itself, then its rows."""
    yield [_plain(getattr(baseline, name)) for name in _BASELINE]
    yield from map(_plain, baseline.controls)


def _plain(value: object) -> Plain:
    if is_dataclass(value):
        return [_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def read_back(plain: Iterator[Plain]) -> Baseline:
    """Give the baseline that was ``written``. What never was raises ``ValueError``, ``TypeError`` or ``RecursionError``."""
    same: dict[str, str] = {}

    def word(text: str) -> str:  # the rows of a document repeat most of their words: one string for all that are equal
        return same.setdefault(text, text)

    def words(texts: list[str]) -> tuple[str, ...]:
        return tuple([same.setdefault(text, text) for text in texts])

    def control(row: list[Plain]) -> Control:
        return Control(*[value if read is None else read(value) for read, value in zip(in_order, row, strict=True)])

    readers: Mapping[str, Callable[[Plain], Plain]] = {
        "section": word,
        "area": word,
        "tier": word,
        "confidence": word,
        "file": word,
        "summary": _text,
        "strength": Strength,
        "duty_holder": words,
        "verification": words,
        "observables": words,
        "supports": words,
        "info_class": words,
        "status": Status,
        "checks": lambda uses: tuple([_use(*use) for use in uses]),
        "related": words,
        "note": _text,
        "reason": _text,
    }
    in_order = [readers.get(field.name) for field in fields(Control)]
    head = dict(zip(_BASELINE, next(plain, ()), strict=True))
    texts: dict[str, Plain] = {name: _text(head.pop(name)) for name in ("title", "edition", "edition_note")}
    return Baseline(**head, **texts, controls=tuple(map(control, plain)))


_BASELINE = tuple(field.name for field in fields(Baseline) if field.name != "controls")


def _text(both: list[str] | None) -> Text | None:
    return None if both is None else Text(*both)


def _use(check: str, settings: dict[str, Plain], services: list[str], machines: list[str]) -> Use:
    found = {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
    return Use(check, found, frozenset(services), frozenset(map(MachineRole, machines)))
