"""Typed reading of parsed YAML: each key is asked for with its type, and what was not asked for is refused with the nearest right name.

Mistakes never raise here: they are noted with their place, the default or a stand-in of the right type is handed back, and the
caller raises all of them together with ``Problems.close`` when the file is read. Nothing made from it may leave before that.

    top = fields(parse(content, problems), problems)
    limit = top.whole("limit", least=0)
    names = top.texts("names", ())
    top.done()
    problems.close()
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from typing import TypeVar

from scanner.model.problem import UNFIT, Place, Problems, path_of, say
from scanner.model.text import Text
from scanner.model.yamltext import Leaf, Node, Pairs, Series

D = TypeVar("D")
T = TypeVar("T")

LONGEST_TEXT = 2_000
"""Most characters of one value, unless the caller says otherwise."""

_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\Z")  # no 010, which YAML 1.1 reads as eight
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|z|[+-][0-9]{2}:[0-9]{2})\Z")


class _Required(Enum):
    KEY = "no default"


REQUIRED = _Required.KEY
"""In place of a default: the key must be there."""


@dataclass(frozen=True, slots=True)
class Item:
    """A cursor on one value. Each method gives the value as its type, or notes why it cannot and gives ``None``."""

    node: Node
    path: str
    problems: Problems
    named_at: Place
    """Where its key stands; in a list, where it begins itself."""

    @property
    def place(self) -> Place:
        """Where the value begins."""
        return self.node.place

    @property
    def is_table(self) -> bool:
        """Whether it is a mapping."""
        return isinstance(self.node, Pairs)

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self.node, Series)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written, or YAML's word for nothing."""
        return isinstance(self.node, Leaf) and self.node.empty

    def note(self, message: Text, nearest: str | None = None) -> None:
        """Note a problem with this value."""
        self.problems.note(self.place, self.path, message, nearest)

    def unknown(self, message: Text, word: str, names: Iterable[str]) -> None:
        """Note that ``word`` is none of ``names``, with the nearest of them."""
        self.note(message, self.problems.nearest(word, names))

    def text(self, *, most: int = LONGEST_TEXT) -> str | None:
        """Give text without outer blanks; numbers, dates and words such as ``no`` count as the text that was written."""
        leaf = self._leaf(_TEXT)
        if leaf is None:
            return None
        text = leaf.text.strip()
        if not text:
            self.note(say("値が空である", "the value is empty"))
        elif len(text) > most:
            self.note(say("値が長すぎる（上限は {most} 文字）", "the value is too long (the limit is {most} characters)", most=most))
        elif UNFIT.search(text):
            self.note(say("制御文字を含む", "the value has a control character"))
        else:
            return text
        return None

    def flag(self) -> bool | None:
        """Give true or false."""
        leaf = self._leaf(_FLAG, plain=True)
        if leaf is None:
            return None
        if leaf.text.lower() not in _TRUTH:
            self._wrong(_FLAG, leaf)
            return None
        return _TRUTH[leaf.text.lower()]

    def whole(self, *, least: int | None = None, most: int | None = None) -> int | None:
        """Give a whole number within its bounds."""
        leaf = self._leaf(_INT, plain=True)
        if leaf is None:
            return None
        if not _WHOLE.match(leaf.text):
            self._wrong(_INT, leaf)
            return None
        return self._within(int(leaf.text), least, most)

    def number(self, *, least: float | None = None, most: float | None = None) -> float | None:
        """Give a number within its bounds."""
        leaf = self._leaf(_FLOAT, plain=True)
        if leaf is None:
            return None
        if not _NUMBER.match(leaf.text):
            self._wrong(_FLOAT, leaf)
            return None
        return self._within(float(leaf.text), least, most)

    def day(self) -> date | None:
        """Give a date written as 2026-04-01."""
        return self.parsed(_day, _DATE)

    def moment(self) -> datetime | None:
        """Give a point in time with its offset, such as 2026-04-01T22:00+09:00, as UTC."""
        return self.parsed(_moment, _TIME)

    def choice(self, options: Mapping[str, T]) -> T | None:
        """Give what the word written stands for; capitals do not matter."""
        text = self.text()
        if text is None:
            return None
        lowered = {word.lower(): meaning for word, meaning in options.items()}
        if text.lower() in lowered:
            return lowered[text.lower()]
        wanted = tuple(options)
        message = say("「{text}」は選べない。{wanted} のどれかを書く", "'{text}' is none of {wanted}", text=text, wanted=wanted)
        self.unknown(message, text, options)
        return None

    def parsed(self, parse: Callable[[str], T], wanted: Text, mend: Callable[[str], str | None] | None = None) -> T | None:
        """Give ``parse(text)``; its ``ValueError`` becomes the problem "not ``wanted``", with what ``mend(text)`` suggests."""
        text = self.text()
        if text is None:
            return None
        try:
            return parse(text)
        except ValueError:
            self.note(
                say("「{text}」は{wanted}ではない", "'{text}' is not {wanted}", text=text, wanted=wanted),
                mend(text) if mend else None,
            )
            return None

    def items(self) -> tuple[Item, ...]:
        """Give the cursors of a list."""
        if isinstance(self.node, Series):
            return tuple(Item(node, f"{self.path}[{i}]", self.problems, node.place) for i, node in enumerate(self.node.items))
        self.note(say("一覧で書く（[a, b] 又は行ごとに「- a」）", "must be a list: [a, b], or '- a' on lines of their own"))
        return ()

    def table(self) -> Fields | None:
        """Give the reader of a mapping."""
        if isinstance(self.node, Pairs):
            return Fields(self.node, self.path, self.problems)
        self.note(say("「キー: 値」の形で書く", "must be of the form 'key: value'"))
        return None

    def _leaf(self, wanted: Text, *, plain: bool = False) -> Leaf | None:
        if not isinstance(self.node, Leaf):
            shape = say("一覧", "a list") if isinstance(self.node, Series) else say("入れ子", "a mapping")
            self.note(say("{wanted}が要るが、{shape}になっている", "must be {wanted}, not {shape}", wanted=wanted, shape=shape))
            return None
        if self.node.empty:
            self.note(say("値が空である", "the value is empty"))
            return None
        if plain and not self.node.plain:
            self._wrong(wanted, self.node)
            return None
        return self.node

    def _wrong(self, wanted: Text, leaf: Leaf) -> None:
        unquote = Text(ja="", en="") if leaf.plain else Text(ja="（引用符を付けずに書く）", en=" (write it without quotes)")
        self.note(
            say(
                "「{text}」は{wanted}ではない{unquote}",
                "'{text}' is not {wanted}{unquote}",
                text=leaf.text,
                wanted=wanted,
                unquote=unquote,
            )
        )

    def _within(self, value: D, least: float | None, most: float | None) -> D | None:
        assert isinstance(value, (int, float))
        if least is not None and value < least:
            self.note(say("{least} 以上でなければならない", "must be at least {least}", least=least))
            return None
        if most is not None and value > most:
            self.note(say("{most} 以下でなければならない", "must be at most {most}", most=most))
            return None
        return value


_TEXT = Text(ja="文字列", en="text")
_FLAG = Text(ja="真偽値（true 又は false）", en="true or false")
_INT = Text(ja="整数", en="a whole number")
_FLOAT = Text(ja="数", en="a number")
_DATE = Text(ja="日付（2026-04-01 の形）", en="a date such as 2026-04-01")
_TIME = Text(ja="時刻（2026-04-01T22:00+09:00 の形。時差を付ける）", en="a time with its offset such as 2026-04-01T22:00+09:00")


def _day(text: str) -> date:
    if not _DAY.match(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _moment(text: str) -> datetime:
    if not _MOMENT.match(text):
        raise ValueError(text)
    try:
        return datetime.fromisoformat(text.upper().replace(" ", "T")).astimezone(UTC)
    except OverflowError as error:  # the first or last hours that datetime knows, moved by the offset
        raise ValueError(text) from error


@dataclass(slots=True)
class Fields:
    """A cursor on one mapping. Without a default a key must be there; ``done`` refuses the keys nobody asked for."""

    node: Pairs
    path: str
    problems: Problems
    _byname: dict[str, Item] = field(init=False, repr=False)
    _asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._byname = {e.key: Item(e.node, path_of(self.path, e.key), self.problems, e.place) for e in self.node.entries}

    @property
    def place(self) -> Place:
        """Where the mapping begins."""
        return self.node.place

    def __contains__(self, key: str) -> bool:
        return key in self._byname

    def note(self, message: Text, nearest: str | None = None, *, key: str = "") -> None:
        """Note a problem with this mapping, or with one key of it."""
        place = self._byname[key].place if key in self._byname else self.node.place
        self.problems.note(place, path_of(self.path, key) if key else self.path, message, nearest)

    def item(self, key: str) -> Item | None:
        """Give the cursor on a key's value; ``None`` when it is absent, without a problem."""
        self._asked.add(key)
        return self._byname.get(key)

    def rest(self) -> tuple[tuple[str, Item], ...]:
        """Give all keys not asked for yet, for mappings whose keys are names of the caller's."""
        found = tuple((key, item) for key, item in self._byname.items() if key not in self._asked)
        self._asked.update(key for key, _ in found)
        return found

    def text(self, key: str, default: D | _Required = REQUIRED, *, most: int = LONGEST_TEXT) -> str | D:
        """Give text."""
        return self._read(key, lambda item: item.text(most=most), "", default)

    def flag(self, key: str, default: D | _Required = REQUIRED) -> bool | D:
        """Give true or false."""
        return self._read(key, Item.flag, False, default)

    def whole(self, key: str, default: D | _Required = REQUIRED, *, least: int | None = None, most: int | None = None) -> int | D:
        """Give a whole number."""
        return self._read(key, lambda item: item.whole(least=least, most=most), least or 0, default)

    def number(self, key: str, default: D | _Required = REQUIRED, *, least: float | None = None, most: float | None = None) -> float | D:
        """Give a number."""
        return self._read(key, lambda item: item.number(least=least, most=most), least or 0.0, default)

    def day(self, key: str, default: D | _Required = REQUIRED) -> date | D:
        """Give a date."""
        return self._read(key, Item.day, date.min, default)

    def moment(self, key: str, default: D | _Required = REQUIRED) -> datetime | D:
        """Give a point in time, as UTC."""
        return self._read(key, Item.moment, datetime.min.replace(tzinfo=UTC), default)

    def choice(self, key: str, options: Mapping[str, T], default: D | _Required = REQUIRED) -> T | D:
        """Give what one of the words in ``options`` stands for."""
        return self._read(key, lambda item: item.choice(options), next(iter(options.values())), default)

    def parsed(
        self,
        key: str,
        parse: Callable[[str], T],
        wanted: Text,
        stand_in: D,
        mend: Callable[[str], str | None] | None = None,
        *,
        required: bool = False,
    ) -> T | D:
        """Give ``parse(text)``, or ``stand_in`` where the key is absent or the text is wrong, which is then noted."""
        if required:
            self.demand(key)
        item = self.item(key)
        read = item.parsed(parse, wanted, mend) if item else None
        return stand_in if read is None else read

    def several(self, key: str, parse: Callable[[str], T], wanted: Text, mend: Callable[[str], str | None] | None = None) -> tuple[T, ...]:
        """Give a list of parsed values, which must differ once they are parsed; absent is the empty list."""
        found: dict[T, None] = {}
        for item in self.items(key):
            value = item.parsed(parse, wanted, mend)
            if value is not None and value in found:
                item.note(say("同じものが二度ある", "the same is there twice"))
            elif value is not None:
                found[value] = None
        return tuple(found)

    def items(self, key: str) -> tuple[Item, ...]:
        """Give the cursors of a list; absent or empty is the empty list."""
        item = self.item(key)
        if item is None or item.is_empty:
            return ()
        return item.items()

    def texts(self, key: str, default: D | _Required = REQUIRED) -> tuple[str, ...] | D:
        """Give a list of texts; the values must differ."""
        self.demand(key, default)
        if key not in self:
            return () if isinstance(default, _Required) else default
        return self.several(key, str, _TEXT)

    def tables(self, key: str) -> tuple[Fields, ...]:
        """Give the readers of a list of mappings; absent is the empty list."""
        return tuple(table for item in self.items(key) if (table := item.table()) is not None)

    def table(self, key: str) -> Fields | None:
        """Give the reader of a mapping below this one; ``None`` when absent."""
        item = self.item(key)
        return item.table() if item else None

    def done(self) -> None:
        """Refuse the keys that nobody asked for."""
        absent = [key for key in self._asked if key not in self._byname]
        for entry in self.node.entries:
            if entry.key not in self._asked:
                nearest = self.problems.nearest(entry.key, absent) or self.problems.nearest(entry.key, self._asked)
                message = say("「{key}」というキーはない", "there is no key '{key}' here", key=entry.key)
                self.problems.note(entry.place, path_of(self.path, entry.key), message, nearest)

    def demand(self, key: str, default: object = REQUIRED) -> None:
        """Note that a key is missing, unless there is a default for it."""
        if self.item(key) is None and default is REQUIRED:
            self.problems.note(self.node.place, path_of(self.path, key), say("「{key}」がない", "'{key}' is missing", key=key))

    def _read(self, key: str, read: Callable[[Item], T | None], stand_in: T, default: D | _Required) -> T | D:
        self.demand(key, default)
        item = self._byname.get(key)
        value = read(item) if item is not None else None
        if value is not None:
            return value
        return stand_in if isinstance(default, _Required) else default


def fields(top: Pairs, problems: Problems) -> Fields:
    """Give the reader of a file's top mapping."""
    return Fields(top, "", problems)
