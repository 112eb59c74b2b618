"""Configuration text as Cisco IOS and its likes write it: lines to a tree by indentation. What lines mean is not known here.

Understood: indentation, ``!`` comments, banners between delimiters, certificate blocks up to ``quit``. What ``show
running-config`` puts around the text (its own name, sizes, a final prompt) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_LINES = 200_000
DEEPEST = 32
LONGEST = 2_000
_BANNER = re.compile(r"banner (?:motd|login|exec|incoming|prompt-timeout|slip-ppp)\s+(\^C|\S)(.*)\Z", re.DOTALL)
_AROUND = re.compile(r"Building configuration|Current configuration\s*:|Using \d+ out of \d+ bytes|Load for |Time source is |\S+[#>]")
_HEX = re.compile(r"\s+(?:[0-9A-F]{8}|[0-9A-F]{2})(?: [0-9A-F]{2,8})*\s*\Z")


class NotIos(ValueError):
    """The text is no such configuration, or goes beyond the caps."""


@dataclass(slots=True)
class Line:
    """One command: its words with the indented lines below it. ``number`` counts from one."""

    text: str
    number: int
    below: list[Line] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        """The command's words."""
        return self.text.split()

    def starts(self, *words: str) -> bool:
        """Tell whether the command begins with these words."""
        return self.words[: len(words)] == list(words)


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration."""

    lines: tuple[Line, ...]
    _by_word: dict[str, list[Line]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for line in self.lines:
            self._by_word.setdefault(line.words[0], []).append(line)

    def find(self, *words: str) -> Iterator[Line]:
        """Give the commands of the top level that begin with these words."""
        return (line for line in self._by_word.get(words[0], ()) if line.starts(*words))

    def has(self, *words: str) -> bool:
        """Tell whether a command of the top level begins with these words."""
        return next(self.find(*words), None) is not None

    def switched(self, *words: str) -> bool | None:
        """Tell whether a switch is set; a later line beats an earlier one; ``None``: neither it nor its ``no`` is there."""
        lines = [*((line.number, True) for line in self.find(*words)), *((line.number, False) for line in self.find("no", *words))]
        return max(lines)[1] if lines else None


def parse(data: bytes) -> Config:
    """Read a configuration. Raises ``NotIos``."""
    if b"\0" in data:
        raise NotIos("the text holds zero octets")
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise NotIos(f"more than {MOST_LINES} lines")
    top: list[Line] = []
    open_: list[tuple[int, Line]] = []
    numbered = iter(enumerate(lines, 1))
    for number, raw in numbered:
        text = raw.rstrip()
        bare = text.strip()
        if not bare or bare.startswith("!") or len(text) > LONGEST or (not open_ and _AROUND.match(text)):
            continue
        if not text[0].isspace() and (found := _BANNER.match(text)):
            _to_end_of_banner(numbered, found[1], found[2])
            continue
        if _HEX.match(text) and open_ and open_[-1][1].starts("certificate"):
            continue
        indent = len(text) - len(text.lstrip())
        while open_ and open_[-1][0] >= indent:
            open_.pop()
        if len(open_) >= DEEPEST:
            raise NotIos(f"line {number}: nested deeper than {DEEPEST}")
        line = Line(bare, number)
        (open_[-1][1].below if open_ else top).append(line)
        open_.append((indent, line))
    if not any(line.words[0] in {"hostname", "version", "interface", "line", "service", "ip", "no"} for line in top):
        raise NotIos("no command of such a configuration is in it")
    return Config(tuple(top))


def _to_end_of_banner(lines: Iterator[tuple[int, str]], delimiter: str, rest: str) -> None:
    """Skip a banner's text. One that is never closed takes the rest of the file: nothing behind it can be told apart."""
    if delimiter in rest:
        return
    for number, raw in lines:
        if delimiter in raw or (delimiter == "^C" and "\x03" in raw):
            return
        if number >= MOST_LINES:
            break
    raise NotIos("a banner is not closed")
