"""What is wrong in a file that people write: one value per mistake with its place, and the exception that carries all of them.

Nothing here knows a file format; the readers of formats note their problems with these words.
"""

from __future__ import annotations

import difflib
import errno
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from scanner.model.text import Arg, Text

MOST_PROBLEMS = 200
"""Problems kept of one file; the rest is only counted."""
_SHOWN = 60  # characters of a value that a message repeats
_LONGEST_NAME = 200
# One file's share of the search for nearest names, so that thousands of wrong names among thousands of right ones end soon.
_LOOKS = 2_000_000
_COMPARISONS = 50_000  # difflib is slow

# What an escape in double quotes can bring in, and marks that make a reader see another order of characters.
UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
"""Characters that no value may have: controls, surrogates, and marks that change the direction of reading."""


class Place(NamedTuple):
    """A position in a file; line and column count from 1, line 0 is the file as a whole."""

    line: int
    column: int


WHOLE_FILE = Place(0, 0)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file: where, under which key, what, and the nearest right name if there is one.

    Line and column are 0 where they are not known.
    """

    file: str
    line: int
    column: int
    key_path: str
    message: Text
    nearest: str | None = None

    @property
    def text(self) -> Text:
        """The whole sentence, ``file:line:column: key: message``, in both languages."""
        where = self.file + (f":{self.line}" if self.line else "") + (f":{self.column}" if self.line and self.column else "")
        head = f"{where}: {self.key_path}: " if self.key_path else f"{where}: "
        return Text(
            ja=head + self.message.ja + (f"（「{self.nearest}」の誤りではないか）" if self.nearest else ""),
            en=head + self.message.en + (f" (did you mean {self.nearest}?)" if self.nearest else ""),
        )


class BadFile(Exception):
    """A file cannot be used. ``problems`` holds what is wrong, by line; ``more`` counts those beyond ``MOST_PROBLEMS``."""

    def __init__(self, problems: tuple[Problem, ...], more: int = 0) -> None:
        super().__init__("\n".join(p.text.en for p in problems) + (f"\n… and {more} more" if more else ""))
        self.problems = problems
        self.more = more

    @classmethod
    def because(cls, file: str, message: Text, line: int = 0) -> Self:
        """Give the exception for one problem, of a line or of the file as a whole."""
        return cls((Problem(file, line, 0, "", message),))


@dataclass(slots=True)
class Problems:
    """What is wrong with one file, gathered while it is read; ``close`` raises it all together."""

    file: str
    raises: type[BadFile] = BadFile
    _found: dict[Problem, None] = field(default_factory=dict)
    _more: int = 0
    _looks: int = 0
    _comparisons: int = 0

    def note(self, place: Place, path: str, message: Text, nearest: str | None = None) -> None:
        """Keep one problem; the same one noted again, by a value that is read twice, stays one."""
        problem = Problem(self.file, place.line, place.column, path, message, nearest)
        if problem in self._found:
            return
        if len(self._found) < MOST_PROBLEMS:
            self._found[problem] = None
        else:
            self._more += 1

    def nearest(self, word: str, names: Iterable[str]) -> str | None:
        """Give the name that ``word`` was probably meant to be. Gives up when the file has used its share of comparisons."""
        if not 0 < len(word) <= _LONGEST_NAME or len(self._found) >= MOST_PROBLEMS:
            return None
        close: list[str] = []
        for name in names:
            self._looks += 1
            if self._looks > _LOOKS or self._comparisons > _COMPARISONS:
                return None
            if abs(len(name) - len(word)) <= max(3, len(word) // 2):  # names of another length cannot be close
                self._comparisons += 1
                close.append(name)
        close.sort()  # so that ties fall the same way in every run
        folded = word.casefold()
        if same := next((n for n in close if n.casefold() == folded), None):
            return same
        found = difflib.get_close_matches(word, close, n=1, cutoff=0.6)
        return found[0] if found else None

    def close(self) -> None:
        """Raise what was found, in the order of the file."""
        if self._found:
            raise self.raises(tuple(sorted(self._found, key=lambda p: (p.line, p.column))), self._more)


def say(ja: str, en: str, **args: Arg | Text) -> Text:
    """Give a sentence with its arguments filled in: text from a file cut and made printable, words of ours whole in each language."""
    common: dict[str, Arg] = {k: shown(v) if isinstance(v, str) else v for k, v in args.items() if not isinstance(v, Text)}
    own = {k: v for k, v in args.items() if isinstance(v, Text)}
    return Text(
        ja=Text(ja=ja, en="").fill(common | {k: v.ja for k, v in own.items()}).ja,
        en=Text(ja="", en=en).fill(common | {k: v.en for k, v in own.items()}).en,
    )


_SYSTEM: dict[int, Text] = {
    errno.ENOENT: Text(ja="ファイルがない", en="there is no such file"),
    errno.EACCES: Text(ja="ファイルを読み書きする権限がない", en="there is no right to read or write it"),
    errno.EPERM: Text(ja="ファイルを読み書きする権限がない", en="there is no right to read or write it"),
    errno.EISDIR: Text(ja="ファイルではなくフォルダである", en="a folder, not a file"),
    errno.ENOTDIR: Text(ja="フォルダではない", en="not a folder"),
    errno.EEXIST: Text(ja="同じ名前のファイルがあり、フォルダを作れない", en="a file of that name stands in the place of a folder"),
    errno.ENOSPC: Text(ja="書き込む先に空きがない", en="no space is left to write it"),
    errno.EDQUOT: Text(ja="書き込む先の割当てを使い切った", en="the quota of the place to write to is used up"),
    errno.EROFS: Text(ja="書き込む先が読取り専用である", en="the place to write to is read-only"),
}


def system_says(error: OSError) -> Text:
    """Say why the system refused a file, in a plain sentence where it is one that people can mend."""
    known = _SYSTEM.get(error.errno or 0)
    return known or say("使えない（{why}）", "it cannot be used ({why})", why=error.strerror or str(error) or type(error).__name__)


def shown(text: str) -> str:
    """Give ``text`` as a message may repeat it: short, and without characters that a terminal would obey."""
    cut = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return UNFIT.sub(lambda c: f"\\u{ord(c.group()):04x}", cut.replace("\n", "⏎").replace("\t", "⇥"))


def path_of(above: str, key: str) -> str:
    """Write the path of ``key`` in the mapping at ``above``: ``scope.level``, or ``values["a.b"]`` where a dot would mislead."""
    name = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'["{shown(key)}"]'
    return above + name if name.startswith("[") or not above else f"{above}.{name}"
