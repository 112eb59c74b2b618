"""Destinations of mail as Sendmail's heirs write them: aliases(5), forward(5), the tables of postmap(1) and regexp_table(5).

What a destination is, not whether it is the program's own: that is the collectors' business. Grammars are those of Postfix;
where Exim (specification, chapter 22.6) and OpenSMTPD (aliases(5)) know more words, these are here too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, unique

MOST_LINES = 200_000
LONGEST = 100_000
"""Characters of one entry."""
_DIRECTIVE = re.compile(r":(\w+):")
_COMMENT = re.compile(r"\(.*\)", re.DOTALL)
_SAYING = frozenset({"fail", "defer", "error"})
"""Words behind which the rest of the entry is said to the sender."""


class NotAliases(ValueError):
    """The text goes beyond the caps."""


@unique
class What(StrEnum):
    """What kind of destination it is."""

    ADDRESS = "address"
    COMMAND = "command"
    FILE = "file"
    INCLUDE = "include"
    """A file with further destinations."""
    NOTHING = "nothing"
    """The mail is refused or thrown away; the value is the word that says so."""


@dataclass(frozen=True, slots=True)
class Destination:
    """One destination: an address, the command line, the path."""

    what: What
    value: str

    @property
    def domain(self) -> str:
        """The domain of an address, lower case; empty where it has none, so that the program adds its own."""
        found = self.value.rpartition("@")[2] if "@" in self.value else ""
        if not found and "!" in self.value:  # host!user, the oldest form
            found = self.value.partition("!")[0]
        if not found and "%" in self.value:  # user%host, which servers read as user@host
            found = self.value.rpartition("%")[2]
        return found.strip("<>. ").lower()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: whom it is for, and where the mail goes."""

    key: str
    destinations: tuple[Destination, ...]


def aliases(data: bytes) -> tuple[Entry, ...]:
    """Read ``name: destination, destination`` with lines that go on. Raises ``NotAliases``."""
    return _entries(data, ":")


def searched(data: bytes) -> tuple[Entry, ...]:
    """Read a file as Exim's lsearch does: the key ends at a colon or at white space. Raises ``NotAliases``."""
    return _entries(data, ": \t")


def table(data: bytes) -> tuple[Entry, ...]:
    """Read ``key destination, destination``, as postmap(1) does. Raises ``NotAliases``."""
    return _entries(data, " \t")


def patterns(data: bytes) -> tuple[Entry, ...]:
    """Read ``/pattern/flags destination`` of regexp_table(5) and pcre_table(5). Raises ``NotAliases``."""
    found = []
    for line in _logical(data):
        text = line.strip().lstrip("!").lstrip()
        mark = text[:1]
        if not mark or mark.isalnum():  # if, endif
            continue
        ends = re.match(rf"{re.escape(mark)}(?:\\.|[^\\{re.escape(mark)}])*{re.escape(mark)}[A-Za-z]*\s+(.*)\Z", text, re.DOTALL)
        if ends:
            found.append(Entry("", destinations(ends[1])))
    return tuple(found)


def own(data: bytes) -> tuple[Destination, ...]:
    """Read a .forward or an included file: destinations parted by commas and ends of lines. Raises ``NotAliases``."""
    return tuple(one for line in _lines(data) if not line.lstrip().startswith("#") for one in destinations(line))


def destinations(text: str) -> tuple[Destination, ...]:
    """Read a list of destinations. Raises ``NotAliases``."""
    if len(text) > LONGEST:
        raise NotAliases(f"an entry of more than {LONGEST} characters")
    found: list[Destination] = []
    for part in _parts(text, ","):
        found += _destination(part)
        if found[-1:] and found[-1].what is What.NOTHING and found[-1].value in _SAYING:
            break
    return tuple(found)


def _destination(text: str) -> Iterator[Destination]:
    """Read what stands between two commas; of several words each is taken for an address, one of them is."""
    bare = text.strip('"').strip()
    directive = _DIRECTIVE.match(bare)
    if bare.startswith("|"):
        yield Destination(What.COMMAND, bare[1:].strip())
    elif bare.startswith("/"):
        yield Destination(What.FILE, bare)
    elif directive:
        included = directive[1].lower() == "include"
        yield Destination(What.INCLUDE, bare[directive.end() :].strip()) if included else Destination(What.NOTHING, directive[1])
    elif re.match(r"error:\d", bare):
        yield Destination(What.NOTHING, "error")
    else:
        yield from (Destination(What.ADDRESS, _bare(word)) for word in _parts(text, " \t;") if not _COMMENT.fullmatch(word))


def _bare(word: str) -> str:
    """Take the address out of ``Name <address>``; a backslash only keeps a name from being looked up again."""
    inside = re.search(r"<([^<>]*)>", word)
    return (inside[1] if inside else word).lstrip("\\")


def _entries(data: bytes, marks: str) -> tuple[Entry, ...]:
    """Read entries whose key ends at one of the marks."""
    found = []
    for line in _logical(data):
        key, end = _until(line, 0, marks)
        if end < len(line):
            rest = re.sub(r"\A\s*:", "", line[end:]) if ":" in marks else line[end:]
            found.append(Entry(key.strip().strip('"'), destinations(rest)))
    return tuple(found)


def _parts(text: str, marks: str) -> Iterator[str]:
    """Split at marks that stand outside quotation marks, and leave out what is empty."""
    at = 0
    while at < len(text):
        part, end = _until(text, at, marks)
        if part.strip():
            yield part.strip()
        at = end + 1


def _until(text: str, start: int, marks: str) -> tuple[str, int]:
    """Give the text up to the first mark outside quotation marks and comments in parentheses, and where that stands."""
    quoted, depth, at = False, 0, start
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 1
        elif letter == '"':
            quoted = not quoted
        elif letter in "()" and not quoted:
            depth = max(depth + (1 if letter == "(" else -1), 0)
        elif letter in marks and not quoted and not depth:
            break
        at += 1
    return text[start:at], min(at, len(text))


def _logical(data: bytes) -> list[str]:
    """Put lines that begin with white space behind the one that they carry on; empty lines and comments do not end an entry."""
    found: list[str] = []
    for line in _lines(data):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0].isspace() and found:
            found[-1] += " " + line.strip()
            if len(found[-1]) > LONGEST:
                raise NotAliases(f"an entry of more than {LONGEST} characters")
        else:
            found.append(line)
    return found


def _lines(data: bytes) -> list[str]:
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise NotAliases(f"more than {MOST_LINES} lines")
    return lines
