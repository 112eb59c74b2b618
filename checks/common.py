"""What checks of several families share: lists for sentences, what nobody saw or set. No check is here, nothing of one family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

from scanner.facts.keys import SharedKey
from scanner.model.check import Setting, Value
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text

_T = TypeVar("_T", bound=Setting)

MAX_LISTED: Final = 10
"""Items of a list that a sentence names; the rest is counted."""
LONGEST_ITEM: Final = 160


def listed(items: Iterable[str]) -> tuple[str, ...]:
    """Give a list fit for a sentence: each item once, in order, of a readable length, cut with a count of the rest."""
    found = tuple(dict.fromkeys(item if len(item) <= LONGEST_ITEM else item[: LONGEST_ITEM - 1] + "…" for item in items))
    return found if len(found) <= MAX_LISTED else (*found[:MAX_LISTED], f"… (+{len(found) - MAX_LISTED})")


def also(words: Text, more: Text) -> Text:
    """Add to a remedy what is to be done on a further platform."""
    return Text(ja=words.ja + more.ja, en=f"{words.en} {more.en}")


def first_missing(parts: Iterable[object]) -> Unobserved | None:
    """Give the first part that could not be seen."""
    return next((part for part in parts if isinstance(part, Unobserved)), None)


def value_not_set(value: Value[_T]) -> Unobserved:
    """Say that the organisation has not set a value without which there is no verdict, and what the value means."""
    return cannot_tell(Reason.VALUE_NOT_SET, f"{value.key}（{value.text.ja}）", f"{value.key} ({value.text.en})")


def shared_by(keys: Iterable[SharedKey]) -> tuple[str, ...]:
    """Write keys that several servers share by the services that use each."""
    return listed(" = ".join(listed(service.removeprefix("service:") for service in key.services)) for key in keys)
