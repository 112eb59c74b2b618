"""What a check answers: an outcome, a tag and the arguments of its sentence."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import NamedTuple

from scanner.model.text import Arg

_NO_ARGS: Mapping[str, Arg] = MappingProxyType({})


@unique
class Outcome(StrEnum):
    """The four endings. ``undetermined`` is given by the engine, never chosen by a check."""

    PASS = "pass"  # noqa: S105  an outcome, no password
    FAIL = "fail"
    NOT_APPLICABLE = "not-applicable"
    UNDETERMINED = "undetermined"


@unique
class Severity(StrEnum):
    """How much a failing result matters, for sorting. It has no part in any verdict."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Give 0 for info up to 4 for critical."""
        return list(Severity).index(self)


class Verdict(NamedTuple):
    """A judged outcome. ``confirmed`` is false when it rests on a reference value that could not be checked at its source."""

    outcome: Outcome
    tag: str
    args: Mapping[str, Arg] = _NO_ARGS
    confirmed: bool = True


def passed(tag: str, **args: Arg) -> Verdict:
    """The wished state was seen."""
    return Verdict(Outcome.PASS, tag, args)


def failed(tag: str, **args: Arg) -> Verdict:
    """The unwished state was seen."""
    return Verdict(Outcome.FAIL, tag, args)


def doubtful(tag: str, **args: Arg) -> Verdict:
    """A state was seen that an unconfirmed reference calls unwished: shown as "to be confirmed", never as a violation."""
    return Verdict(Outcome.FAIL, tag, args, confirmed=False)


def not_applicable(tag: str, **args: Arg) -> Verdict:
    """The question does not arise for what was seen."""
    return Verdict(Outcome.NOT_APPLICABLE, tag, args)
