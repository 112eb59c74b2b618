"""The configuration of logrotate(8): how long rotated logs are kept. Scripts inside are passed over."""

from __future__ import annotations

import fnmatch
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

MOST_LINES = 50_000
LONGEST_LINE = 8_192
MOST_INCLUDES = 500
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 28 * 86_400, "yearly": 365 * 86_400}
"""The shortest that each lasts."""
_MEANT = frozenset({*_PERIODS, "rotate", "maxage", "size", "maxsize", "}"})
PASSED_OVER = tuple(
    f"*{ending}"
    for ending in (
        *(",v", "~", ".bak", ".cfsaved", ".disabled", ".rhn-cfg-tmp-*", ".rpmnew", ".rpmorig", ".rpmsave", ".swp"),
        *(f".dpkg-{kind}" for kind in ("bak", "del", "dist", "new", "old", "tmp")),
        *(f".ucf-{kind}" for kind in ("dist", "new", "old")),
    )
)
"""Names of files that an included directory may hold without being read; ``*.bak`` from 3.17 on."""
_SCRIPTS = frozenset({"prerotate", "postrotate", "firstaction", "lastaction", "preremove"})


class NotLogrotate(ValueError):
    """The text is beyond the caps, or changes what is understood of it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How logs are rotated."""

    period: int | None = None
    """Seconds between two rotations; ``None``: rotation by size alone, which is logrotate's own default."""
    count: int = 0
    """Rotated files that are kept; -1: all."""
    most_age: int | None = None
    """Seconds after which they are removed whatever their count; ``None``: no such limit."""
    by_size: bool = False
    """Whether a log's size can bring a rotation before the period is over."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """A block: the logs it is for, as paths or patterns, and its settings."""

    patterns: tuple[str, ...]
    settings: Settings

    def covers(self, path: str) -> bool:
        """Tell whether a log is one of the block's."""
        return any(fnmatch.fnmatchcase(path, pattern) and path.count("/") == pattern.count("/") for pattern in self.patterns)


def kept_seconds(settings: Settings) -> int | None:
    """Give for how long a record is surely kept, ``None`` for ever. Raises ``NotLogrotate`` where size decides."""
    if settings.count < 0:
        return settings.most_age
    if settings.period is None or settings.by_size:
        raise NotLogrotate("rotation depends on the size of the log")
    kept = settings.period * settings.count
    return kept if settings.most_age is None else min(kept, settings.most_age)


def parse(data: bytes, include: Callable[[str], Iterable[bytes]] = lambda _: ()) -> tuple[Rotation, ...]:
    """Read a configuration; ``include`` gives the texts of an included file or directory. Raises ``NotLogrotate``."""
    reader = _Reader(include)
    reader.read(data, Settings())
    return tuple(reader.found)


class _Reader:
    def __init__(self, include: Callable[[str], Iterable[bytes]]) -> None:
        self.found: list[Rotation] = []
        self._include = include
        self._includes = 0
        self._lines = 0

    def read(self, data: bytes, settings: Settings) -> Settings:
        """Read one file under the settings that hold so far; settings outside blocks hold for what follows."""
        outer, inner = settings, settings
        patterns: list[str] = []
        inside = script = False
        for raw in data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\\\n", " ").split("\n"):
            self._lines += 1
            if self._lines > MOST_LINES:
                raise NotLogrotate(f"more than {MOST_LINES} lines")
            if len(raw) > LONGEST_LINE:
                raise NotLogrotate("a line beyond the cap")
            line = raw.strip()
            if script:
                script = line != "endscript"
                continue
            if not line or line.startswith("#"):
                continue
            opens = line.endswith("{")
            word = re.split(r"[\s={]", line, maxsplit=1)[0]
            if inside and line.startswith("}"):
                self.found.append(Rotation(tuple(patterns), inner))
                patterns, inside = [], False
            elif inside and word in _SCRIPTS:
                script = True
            elif inside:
                inner = _set(inner, line)
            elif opens or line.startswith(("/", '"', "'", "~")):
                names, brace, behind = line.partition("{")
                if behind.strip() and not behind.lstrip().startswith("#"):
                    raise NotLogrotate("a block goes on in the line in which it begins")
                patterns += _words(names)
                if brace:
                    inside, inner = True, outer
            elif word == "include":
                self._includes += 1
                if self._includes > MOST_INCLUDES:
                    raise NotLogrotate("too many includes")
                for text in self._include(line.split(None, 1)[1] if " " in line or "\t" in line else ""):
                    outer = self.read(text, outer)
            elif word in {"tabooext", "taboopat"}:
                raise NotLogrotate(f"{word} changes which files of a directory are read")
            else:
                outer = _set(outer, line)
        return outer


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _set(settings: Settings, line: str) -> Settings:
    """Apply one directive, ``name value`` or ``name=value``, where the value is all that is left of the line.

    Raises ``NotLogrotate`` for several in one line, or the end of a block, and for a number for which logrotate passes over the block.
    """
    words = line.replace("=", " ", 1).split(None, 1)
    if not words:  # "=": logrotate complains and reads on
        return settings
    name, value = words[0], words[1] if len(words) > 1 else ""
    if _MEANT & set(value.partition("#")[0].split()):
        raise NotLogrotate("several directives, or the end of a block, stand in one line")
    if name in _PERIODS:
        return replace(settings, period=_PERIODS[name])
    match name:
        case "rotate":
            return replace(settings, count=_number(value, r"-?[0-9]{1,9}"))
        case "maxage":
            return replace(settings, most_age=_number(value, r"[0-9]{1,9}") * 86_400 or None)
        case "size":
            return replace(settings, period=None)  # of it and a period the one named last holds
        case "maxsize":
            return replace(settings, by_size=True)
        case _:
            return settings


def _number(value: str, form: str) -> int:
    if not re.fullmatch(form, value):
        raise NotLogrotate("a number is not understood")
    return int(value)
