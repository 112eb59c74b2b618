"""YAML text to values that know where they stand: line and column of every key and value, and every problem of the file.

Pure: text in, values out; reading a file is the business of the room that owns it. The typed reading of what was parsed
stands in ``yamlfields``.

The YAML taken here is the plain part of YAML 1.1 that people write: one document, a mapping at the top, unique keys that
are text, no tags. Values stay as they were written; the reader that knows which type is wanted decides what they mean, so
``no`` as a country and ``2026`` as a DKIM selector stay text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

import yaml

from scanner.model.problem import UNFIT, WHOLE_FILE, Place, Problems, path_of, say
from scanner.model.text import Text

LARGEST = 5_000_000
"""Most bytes of one file."""
MOST_NODES = 250_000
"""Most values and keys of one file; an alias counts as much as what it stands for."""
DEEPEST = 32
"""Most levels of nesting."""
LONGEST_KEY = 200

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Not in YAML at all (section 5.1), or a line break to YAML 1.1 and to nobody's editor, so that line numbers would be wrong.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value as written; ``plain`` when it stood without quotes and may be read as a number, a date or true/false."""

    place: Place
    text: str
    plain: bool

    @property
    def empty(self) -> bool:
        """Whether nothing was written, or YAML's word for nothing."""
        return self.plain and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Series:
    """A list."""

    place: Place
    items: tuple[Node, ...]


class Entry(NamedTuple):
    """A key of a mapping with its place and its value."""

    key: str
    place: Place
    node: Node


@dataclass(frozen=True, slots=True)
class Pairs:
    """A mapping; keys are unique and in the order of the file."""

    place: Place
    entries: tuple[Entry, ...]


Node = Leaf | Series | Pairs


def parse(content: bytes | str, problems: Problems) -> Pairs:
    """Parse one file's content. Problems that leave the structure clear are noted; others end the reading and raise.

    ``problems`` carries the file's name and the exception, which is raised at once when the content is too large, is no YAML,
    nests too deep, holds more than one document or is not a mapping. Time and memory grow with the size of the content only.
    """
    text = _decoded(content, problems)
    try:
        top = _Tree(problems).build(text)
    except yaml.YAMLError as error:
        _syntax(error, text, problems)
        top = None
    if isinstance(top, Pairs):
        return top
    if isinstance(top, Series) or (isinstance(top, Leaf) and not top.empty):
        problems.note(top.place, "", say("最上位は「キー: 値」の形で書く", "the top level must be of the form 'key: value'"))
    elif top is not None:
        problems.note(WHOLE_FILE, "", say("ファイルに何も書かれていない", "the file has nothing in it"))
    problems.close()
    raise AssertionError("a file without a mapping always has a problem")


def refuse_size(size: int, problems: Problems) -> None:
    """Note that the file has more than ``LARGEST`` bytes, and raise what was found so far."""
    words = say(
        "ファイルが大きすぎる（{size} バイト。上限は {limit} バイト）",
        "the file is too large ({size} bytes; the limit is {limit})",
        size=size,
        limit=LARGEST,
    )
    problems.note(WHOLE_FILE, "", words)
    problems.close()


def _decoded(content: bytes | str, problems: Problems) -> str:
    if len(content) > LARGEST:
        refuse_size(len(content), problems)
    if isinstance(content, str):
        text = content
    else:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            problems.note(Place(1, 1), "", say("UTF-16 で保存されている。UTF-8 で保存する", "saved as UTF-16; save it as UTF-8"))
            problems.close()
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            before = content[: error.start].decode("utf-8")
            problems.note(
                _place_at(before, len(before)),
                "",
                say(
                    "UTF-8 ではないバイトがある（Shift_JIS などで保存されていないか）。UTF-8 で保存する",
                    "there is a byte that is not UTF-8 (was it saved as Shift_JIS?); save the file as UTF-8",
                ),
            )
            problems.close()
    text = text.removeprefix("\ufeff")  # editors on Windows put it there
    if bad := _FORBIDDEN.search(text):
        problems.note(
            _place_at(text, bad.start()),
            "",
            say(
                "使えない制御文字 U+{code} がある",
                "there is a control character U+{code}, which is not allowed",
                code=f"{ord(bad.group()):04X}",
            ),
        )
        problems.close()
    return text


def _place_at(text: str, index: int) -> Place:
    return Place(text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1)


# --- events to a tree -------------------------------------------------------------------------------------------------

_DROPPED = ""  # stands for a key that cannot be used: no usable key is empty


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    place: Place
    path: str
    is_map: bool
    as_key: bool  # it stands where a key belongs, so it is read and thrown away
    anchor: str | None
    first_node: int
    items: list[Node] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    key: tuple[str, Place] | None = None

    @property
    def wants_key(self) -> bool:
        return self.is_map and self.key is None


class _Tree:
    """Builds the tree of one document from events, without recursion, within the caps."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.open: list[_Open] = []
        self.nodes = 0
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.top: Node | None = None

    def build(self, text: str) -> Node:
        documents = 0
        for event in yaml.parse(text, Loader=_LOADER):
            mark = event.start_mark
            place = Place(mark.line + 1, mark.column + 1) if mark else WHOLE_FILE
            match event:
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents > 1:
                        self._stop(place, say("一つのファイルに書けるのは一つの文書だけである", "a file holds one document only"))
                case yaml.ScalarEvent():
                    self._leaf(event, place)
                case yaml.AliasEvent():
                    self._alias(str(event.anchor), place)
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._begin(event, place)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._end()
                case _:
                    pass
        return self.top or Leaf(WHOLE_FILE, "", plain=True)

    def _stop(self, place: Place, message: Text) -> None:
        self.problems.note(place, self._path(), message)
        self.problems.close()

    def _count(self, place: Place, more: int = 1) -> None:
        self.nodes += more
        if self.nodes > MOST_NODES:
            self._stop(
                place, say("値が多すぎる（上限は {limit} 個）", "there are too many values (the limit is {limit})", limit=MOST_NODES)
            )

    def _path(self) -> str:
        """Give the path of the value that comes next."""
        if not self.open:
            return ""
        above = self.open[-1]
        if not above.is_map:
            return f"{above.path}[{len(above.items)}]"
        return path_of(above.path, above.key[0]) if above.key and above.key[0] else above.path

    def _refuse_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, place: Place) -> None:
        if event.tag:
            self.problems.note(
                place, self._path(), say("型の指定 {tag} は使えない", "the tag {tag} cannot be used here", tag=str(event.tag))
            )

    def _leaf(self, event: yaml.ScalarEvent, place: Place) -> None:
        self._count(place)
        self._refuse_tag(event, place)
        leaf = Leaf(place, str(event.value), plain=not event.style)
        if self.open and self.open[-1].wants_key:
            self._key(leaf)
            return
        if event.anchor:
            self.anchors[str(event.anchor)] = (leaf, 1)
        self._put(leaf)

    def _key(self, leaf: Leaf) -> None:
        above = self.open[-1]
        key, path = leaf.text, above.path
        above.key = (_DROPPED, leaf.place)
        if not key or len(key) > LONGEST_KEY or UNFIT.search(key):
            self.problems.note(leaf.place, path, say("「{key}」はキーにできない", "'{key}' cannot be a key", key=key))
        elif leaf.plain and (kind := _not_text(key)):
            self.problems.note(
                leaf.place,
                path_of(path, key),
                say(
                    "キーは文字列でなければならない。「{key}」は{kind_ja}と読まれる。引用符で囲む",
                    "keys must be text; '{key}' reads as {kind_en}: put it in quotes",
                    key=key,
                    kind_ja=kind.ja,
                    kind_en=kind.en,
                ),
            )
        elif key in above.lines:
            self.problems.note(
                leaf.place,
                path_of(path, key),
                say(
                    "「{key}」が二度ある（最初は {line} 行目）",
                    "'{key}' is there twice (first in line {line})",
                    key=key,
                    line=above.lines[key],
                ),
            )
        else:
            above.lines[key] = leaf.place.line
            above.key = (key, leaf.place)

    def _alias(self, name: str, place: Place) -> None:
        if self.open and self.open[-1].wants_key:
            self.problems.note(
                place, self.open[-1].path, say("別名 *{name} はキーにできない", "the alias *{name} cannot be a key", name=name)
            )
            self.open[-1].key = (_DROPPED, place)
            return
        node, size = self.anchors.get(name, (Leaf(place, "", plain=True), 1))
        if name not in self.anchors:
            self.problems.note(
                place,
                self._path(),
                say("別名 *{name} の元（&{name}）が前にない", "there is no finished &{name} before the alias *{name}", name=name),
            )
        self._count(place, size)
        self._put(node)

    def _begin(self, event: yaml.CollectionStartEvent, place: Place) -> None:
        self._count(place)
        if len(self.open) >= DEEPEST:
            self._stop(place, say("入れ子が深すぎる（上限は {limit} 段）", "the nesting is too deep (the limit is {limit})", limit=DEEPEST))
        self._refuse_tag(event, place)
        as_key = bool(self.open) and self.open[-1].wants_key
        if as_key:
            self.problems.note(place, self.open[-1].path, say("一覧や入れ子はキーにできない", "a list or a mapping cannot be a key"))
        anchor = str(event.anchor) if event.anchor else None
        is_map = isinstance(event, yaml.MappingStartEvent)
        self.open.append(_Open(place, self._path(), is_map, as_key, anchor, self.nodes))

    def _end(self) -> None:
        done = self.open.pop()
        node: Node = Pairs(done.place, tuple(done.entries)) if done.is_map else Series(done.place, tuple(done.items))
        if done.as_key:
            self.open[-1].key = (_DROPPED, done.place)
            return
        if done.anchor:
            self.anchors[done.anchor] = (node, self.nodes - done.first_node + 1)
        self._put(node)

    def _put(self, node: Node) -> None:
        if not self.open:
            self.top = node
            return
        above = self.open[-1]
        if not above.is_map:
            above.items.append(node)
        elif above.key is not None:
            key, place = above.key
            above.key = None
            if key != _DROPPED:
                above.entries.append(Entry(key, place, node))


_KINDS = {
    "bool": Text(ja="真偽値", en="true or false"),
    "int": Text(ja="数", en="a number"),
    "float": Text(ja="数", en="a number"),
    "null": Text(ja="空", en="nothing"),
    "timestamp": Text(ja="日付", en="a date"),
    "merge": Text(ja="結合の指示", en="a merge"),
    "value": Text(ja="既定値の指示", en="a default value"),
}


def _not_text(key: str) -> Text | None:
    """Name the type that YAML 1.1 gives to a plain key, where it is not text."""
    for tag, pattern in yaml.SafeLoader.yaml_implicit_resolvers.get(key[:1], ()):
        if pattern.match(key):
            return _KINDS.get(str(tag).rpartition(":")[2])
    return None


# --- syntax errors in two languages -----------------------------------------------------------------------------------

# fmt: off
_SYNTAX: tuple[tuple[str, Text], ...] = (
    ("mapping values are not allowed",
     Text(ja="ここに「キー: 値」は書けない（字下げを確かめ、コロンを含む値は引用符で囲む）",
          en="a 'key: value' cannot stand here (check the indentation; put a value with a colon in quotes)")),
    ("could not find expected ':'", Text(ja="キーの後のコロンがない", en="the colon after the key is missing")),
    ("expected ',' or ']'", Text(ja="一覧 [ ] が閉じていない、又はコンマがない", en="a list [ ] is not closed, or a comma is missing")),
    ("expected ',' or '}'", Text(ja="{{ }} が閉じていない、又はコンマがない", en="{{ }} is not closed, or a comma is missing")),
    ("expected '-' indicator", Text(ja="一覧の字下げがそろっていない", en="the indentation of the list is uneven")),
    ("expected key",
     Text(ja="字下げがそろっていない、又は値の後に余分なものがある",
          en="the indentation is uneven, or there is something left over after the value")),
    ("expected <block end>",
     Text(ja="字下げがそろっていない、又は値の後に余分なものがある",
          en="the indentation is uneven, or there is something left over after the value")),
    ("block sequence entries are not allowed", Text(ja="ここに一覧の「-」は書けない", en="a list entry '-' cannot stand here")),
    ("mapping keys are not allowed", Text(ja="ここにキーは書けない", en="a key cannot stand here")),
    ("unexpected end of stream", Text(ja="引用符が閉じていない", en="a quote is not closed")),
    ("unexpected document indicator", Text(ja="引用符が閉じていない", en="a quote is not closed")),
    ("unknown escape",
     Text(ja="\\ の後の文字が正しくない（引用符を ' にすれば \\ はそのまま書ける）",
          en="the character after \\ is not right (inside ' quotes \\ stands for itself)")),
    ("escape", Text(ja="\\ の後の文字が正しくない", en="the characters after \\ are not right")),
    ("cannot start any token",
     Text(ja="値の先頭に書けない文字がある（引用符で囲む）", en="a value cannot begin with this character (put it in quotes)")),
    ("tag", Text(ja="型の指定は使えない", en="tags cannot be used here")),
    ("node content",
     Text(ja="値が要る所に値がない（* や & で始まる値は引用符で囲む）",
          en="a value is missing here (put a value that begins with * or & in quotes)")),
    ("alphabetic or numeric",
     Text(ja="* 又は & の後に名前がない（そのままの文字なら引用符で囲む）",
          en="there is no name after * or & (put it in quotes if it stands for itself)")),
    ("<document start>", Text(ja="値の後に余分なものがある", en="there is something left over after the value")),
    ("YAML document", Text(ja="YAML の版の指定が正しくない", en="the YAML version line is not right")),
)
# fmt: on
_BEGINS = ("expected ',' or", "unexpected end of stream", "unexpected document indicator")
"""Complaints about something that never ends: people look for where it begins."""
_TAB = Text(ja="字下げにタブがある。空白を使う", en="the indentation has a tab; use spaces")


def _syntax(error: yaml.YAMLError, text: str, problems: Problems) -> None:
    """Translate the parser's complaint, once, and raise."""
    complaint, place = str(error).partition("\n")[0], WHOLE_FILE
    if isinstance(error, yaml.MarkedYAMLError):
        complaint = str(error.problem)
        mark = error.problem_mark or error.context_mark
        if any(part in complaint for part in _BEGINS):
            mark = error.context_mark or mark
        if mark is not None:
            place = Place(mark.line + 1, mark.column + 1)
    message = next((words for part, words in _SYNTAX if part in complaint), None)
    if message is not None:
        message = message.fill({})
    if (tab := _tab_near(text, place.line)) is not None:
        place, message = tab, _TAB
    problems.note(place, "", message or say("YAML として読めない（{why}）", "not YAML ({why})", why=complaint))
    problems.close()


def _tab_near(text: str, line: int) -> Place | None:
    """Find a tab in the indentation of the line where the parser stopped, or of the one before it."""
    lines = text.splitlines()
    for number in (line, line - 1):
        if 0 < number <= len(lines) and (tab := re.match(r" *\t", lines[number - 1])):
            return Place(number, tab.end())
    return None
