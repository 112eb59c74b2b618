"""The policy profile: the organisation's own values, its recorded decisions, attestations and its grading scale.

Which values exist and of which type they are comes from the caller (the check catalogue); the ledger knows no check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from scanner.ledger.attestations import Attestation, Decision, read_attestations, read_decisions
from scanner.ledger.grading import STANDARD, Scale, read_scale
from scanner.ledger.known import NOTHING_KNOWN, Known
from scanner.ledger.yamlfile import finish, open_file, open_text
from scanner.model.check import Setting, Value
from scanner.model.problem import say
from scanner.model.text import Text
from scanner.model.yamlfields import Fields, Item

AnyValue = Value[bool] | Value[int] | Value[float] | Value[str] | Value[tuple[str, ...]]
"""A value of whichever type its default has."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where the organisation's own rules say so."""

    document: str
    clause: str = ""
    date: date | None = None


@dataclass(frozen=True, slots=True)
class ProfileSetting:
    """A value in force and where it comes from; file and line are empty for a shipped default."""

    value: Setting
    source: Literal["profile", "default"]
    file: str = ""
    line: int = 0
    stated: Citation | None = None


_NO_VALUES: Mapping[str, ProfileSetting] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Profile:
    """What one organisation has fixed. ``values`` holds only what its profile sets."""

    organisation: str = ""
    values: Mapping[str, ProfileSetting] = field(default_factory=lambda: _NO_VALUES)
    decisions: tuple[Decision, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    scale: Scale = STANDARD
    file: str = ""

    def setting(self, value: AnyValue) -> ProfileSetting:
        """Give the organisation's setting of a value, or the shipped default, called so."""
        return self.values.get(value.key) or ProfileSetting(value.default, "default")


EMPTY = Profile()
"""No profile: every value is the shipped default."""


def load_profile(path: str | Path, values: Mapping[str, AnyValue], known: Known = NOTHING_KNOWN) -> Profile:
    """Read a profile. ``values`` are those that exist, by key. Raises ``BadLedger`` with all that is wrong."""
    return _profile(open_file(path), values, known)


def parse_profile(file: str, content: bytes | str, values: Mapping[str, AnyValue], known: Known = NOTHING_KNOWN) -> Profile:
    """Do the same for content that is already in memory; ``file`` is the name that problems carry."""
    return _profile(open_text(file, content), values, known)


def _profile(top: Fields, values: Mapping[str, AnyValue], known: Known) -> Profile:
    profile = Profile(
        organisation=top.text("organisation", ""),
        values=MappingProxyType(_values(top.table("values"), values)),
        decisions=read_decisions(top, known),
        attestations=read_attestations(top, known),
        scale=read_scale(top.table("grading")),
        file=top.problems.file,
    )
    finish(top)
    return profile


def _values(table: Fields | None, values: Mapping[str, AnyValue]) -> dict[str, ProfileSetting]:
    found = {}
    for key, item in table.rest() if table is not None else ():
        value = values.get(key)
        if value is None:
            message = say("「{key}」という値はない", "there is no value '{key}'", key=key)
            item.problems.note(item.named_at, item.path, message, item.problems.nearest(key, values))
            continue
        row = item.table() if item.is_table else None
        stated = _citation(row.table("source")) if row is not None else None
        given = row.item("value") if row is not None else item
        if given is None:
            item.note(say("「{key}」がない", "'{key}' is missing", key="value"))
        setting = _setting(given, value) if given is not None else None
        if row is not None:
            row.done()
        if setting is not None:
            found[key] = ProfileSetting(setting, "profile", item.problems.file, item.named_at.line, stated)
    return found


def _citation(table: Fields | None) -> Citation | None:
    if table is None:
        return None
    citation = Citation(table.text("document"), table.text("clause", ""), table.day("date", None))
    table.done()
    return citation


def _setting(item: Item, value: AnyValue) -> Setting | None:
    """Read one value by the type of its default, its choices and its bounds."""
    setting: Setting | None
    match value.default:
        case bool():
            setting = item.flag()
        case int():
            # Bounds of a whole number may be written as 1.0 in the catalogue.
            setting = item.whole(least=_int(value.least), most=_int(value.most))
        case float():
            setting = item.number(least=value.least, most=value.most)
        case str():
            setting = _word(item, value.choices)
        case _:
            words = tuple(_word(i, value.choices) for i in item.items())
            setting = None if None in words or not item.is_list else tuple(w for w in words if w is not None)
    if setting is not None and (why := value.accepts(setting)):
        item.note(Text(ja=f"{value.key} に使えない値である（{why.ja}）", en=f"{value.key} cannot take this value: it {why.en}"))
        return None
    return setting


def _word(item: Item, choices: tuple[str, ...]) -> str | None:
    return item.choice({choice: choice for choice in choices}) if choices else item.text()


def _int(bound: float | None) -> int | None:
    return None if bound is None else int(bound)
