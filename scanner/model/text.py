"""Sentences that a person reads, in Japanese and English, and the values put into them."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

Arg = str | int | float | bool | tuple[str, ...]
"""What a verdict may carry into a sentence. Tuples become lists in the reader's language."""

LANGUAGES = ("ja", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages, with the same ``{placeholders}`` in each."""

    ja: str
    en: str

    def fill(self, args: Mapping[str, Arg]) -> Text:
        """Give the sentence with its placeholders replaced.

        Raises ``KeyError`` when a placeholder has no argument: the tests hold every check to its own words,
        so this is a defect of ours and not of the data.
        """
        if "{" not in self.ja and "{" not in self.en:
            return self
        return Text(
            ja=self.ja.format_map({k: _shown(v, "、", "はい", "いいえ") for k, v in args.items()}),
            en=self.en.format_map({k: _shown(v, ", ", "yes", "no") for k, v in args.items()}),
        )

    def placeholders(self) -> frozenset[str]:
        """Name the placeholders of both languages together."""
        return _of_both(self.ja, self.en)


@cache
def placeholders(sentence: str) -> frozenset[str]:
    """Name the ``{placeholders}`` of one sentence."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(sentence) if name)


@cache
def _of_both(ja: str, en: str) -> frozenset[str]:
    return placeholders(ja) | placeholders(en)


def _shown(value: Arg, comma: str, yes: str, no: str) -> str | int | float:
    if isinstance(value, bool):
        return yes if value else no
    if isinstance(value, tuple):
        return comma.join(value)
    return value
