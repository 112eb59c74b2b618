"""Grades 格付 of information and classes of systems, on a scale that the organisation may name and size itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.model.problem import say
from scanner.model.yamlfields import Fields, Item

MOST_LEVELS = 9


@unique
class Axis(StrEnum):
    """What a grade is given for."""

    CONFIDENTIALITY = "confidentiality"
    INTEGRITY = "integrity"
    AVAILABILITY = "availability"


@unique
class SystemClass(StrEnum):
    """How important a system is. Measures of tier 追加 bind systems classed high only."""

    HIGH = "high"
    MIDDLE = "middle"
    LOW = "low"


SYSTEM_CLASSES = {
    "高": SystemClass.HIGH,
    "中": SystemClass.MIDDLE,
    "低": SystemClass.LOW,
    "high": SystemClass.HIGH,
    "middle": SystemClass.MIDDLE,
    "low": SystemClass.LOW,
}
UNKNOWN = ("unknown", "不明", "未定")


@dataclass(frozen=True, slots=True)
class Grade:
    """What a system's information is graded as: level numbers from 1, ``None`` where nobody has said."""

    confidentiality: int | None = None
    integrity: int | None = None
    availability: int | None = None

    def level(self, axis: Axis) -> int | None:
        """Give the level on one axis."""
        match axis:
            case Axis.CONFIDENTIALITY:
                return self.confidentiality
            case Axis.INTEGRITY:
                return self.integrity
            case Axis.AVAILABILITY:
                return self.availability


UNGRADED = Grade()


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of one axis, lowest first, and the number of the first level that needs protection."""

    names: tuple[str, ...]
    protected_from: int

    def number(self, text: str) -> int:
        """Read a level by its number or its name. Raises ``ValueError``."""
        if text in self.names:
            return self.names.index(text) + 1
        if text.isascii() and text.isdigit() and len(text) == 1 and 1 <= int(text) <= len(self.names):
            return int(text)
        raise ValueError(text)


@dataclass(frozen=True, slots=True)
class Scale:
    """The organisation's scale. The documents' own has confidentiality 1-3, integrity 1-2 and availability 1-2, protected from 2."""

    confidentiality: Levels = Levels(("機密性1", "機密性2", "機密性3"), 2)
    integrity: Levels = Levels(("完全性1", "完全性2"), 2)
    availability: Levels = Levels(("可用性1", "可用性2"), 2)

    def levels(self, axis: Axis) -> Levels:
        """Give the levels of one axis."""
        match axis:
            case Axis.CONFIDENTIALITY:
                return self.confidentiality
            case Axis.INTEGRITY:
                return self.integrity
            case Axis.AVAILABILITY:
                return self.availability

    def needs_protection(self, grade: Grade, axis: Axis) -> bool | None:
        """Tell whether the grade is 要機密, 要保全 or 要安定 on an axis; ``None`` when it is unknown."""
        level = grade.level(axis)
        return None if level is None else level >= self.levels(axis).protected_from


STANDARD = Scale()


def read_grade(item: Item | None, scale: Scale) -> Grade:
    """Read ``grade:`` of a system: ``unknown`` or a level for each axis. Absent is unknown."""
    if item is None:
        return UNGRADED
    if not item.is_table:
        text = item.text()
        if text is not None and text not in UNKNOWN:
            item.note(
                say(
                    "格付は unknown か、confidentiality・integrity・availability ごとに書く",
                    "a grade is unknown, or a level for each of confidentiality, integrity and availability",
                )
            )
        return UNGRADED
    table = item.table()
    assert table is not None
    grade = Grade(*(_level(table, axis, scale.levels(axis)) for axis in Axis))
    table.done()
    return grade


def _level(table: Fields, axis: Axis, levels: Levels) -> int | None:
    item = table.item(axis.value)
    text = item.text() if item is not None else None
    if item is None or text is None or text in UNKNOWN:
        return None
    try:
        return levels.number(text)
    except ValueError:
        item.unknown(
            say(
                "「{text}」という段階はない。1 から {most} の数、{names}、unknown のどれかを書く",
                "'{text}' is no level: write a number from 1 to {most}, one of {names}, or unknown",
                text=text,
                most=len(levels.names),
                names=levels.names,
            ),
            text,
            levels.names,
        )
        return None


def read_scale(table: Fields | None) -> Scale:
    """Read ``grading:`` of a profile. An axis that is left out keeps the documents' own levels."""
    if table is None:
        return STANDARD
    scale = Scale(*(_levels(table.table(axis.value), STANDARD.levels(axis)) for axis in Axis))
    table.done()
    return scale


def _levels(table: Fields | None, standard: Levels) -> Levels:
    if table is None:
        return standard
    names = table.texts("names")
    if "names" in table and not 2 <= len(names) <= MOST_LEVELS:
        table.note(say("段階は 2 から {most} 個である", "there must be 2 to {most} levels", most=MOST_LEVELS), key="names")
    for name in names[:MOST_LEVELS]:
        if name in UNKNOWN:
            table.note(say("「{name}」は段階の名前にできない", "'{name}' cannot name a level", name=name), key="names")
    for name in names[:MOST_LEVELS]:
        if name.isdigit() and name != str(names.index(name) + 1):
            table.note(
                say(
                    "「{name}」は {place} 番目の段階の名前にできない",
                    "'{name}' cannot name level {place}",
                    name=name,
                    place=names.index(name) + 1,
                ),
                key="names",
            )
    protected_from = table.whole("protected_from", 2, least=1, most=max(2, len(names)))
    table.done()
    return Levels(names, protected_from)
