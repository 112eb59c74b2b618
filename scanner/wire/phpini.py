"""php.ini and the pools of PHP-FPM: text to settings. Defaults and what a setting means are not known here."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_LINES = 100_000
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'')
_POOLED = re.compile(r"php_(?:admin_)?(?:value|flag)\[([\w.]+)\]\Z")


class NotPhpIni(ValueError):
    """The text is no such configuration, or goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One line: the section that it stands in, its name, and its value without quotation marks and comment."""

    section: str
    name: str
    value: str

    @property
    def for_pool(self) -> str:
        """The setting of PHP that a line of a pool is about (``php_admin_value[name]``), else empty."""
        found = _POOLED.match(self.name)
        return found[1] if found else ""


def parse(data: bytes) -> tuple[Setting, ...]:
    """Read a whole text. Raises ``NotPhpIni``."""
    if b"\0" in data:
        raise NotPhpIni("the text holds zero octets")
    lines = data.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise NotPhpIni(f"more than {MOST_LINES} lines")
    found, section = [], ""
    for line in map(str.strip, lines):
        if line.startswith("["):
            section = line[1:].partition("]")[0].strip()
        elif line and line[0] not in ";#":
            name, equals, text = line.partition("=")
            found.append(Setting(section, name.strip(), _value(text.strip()) if equals else ""))
    return tuple(found)


def _value(text: str) -> str:
    quoted = _QUOTED.match(text)
    if quoted:
        return quoted[1] if quoted[1] is not None else quoted[2]
    return text.partition(";")[0].strip()


def is_on(value: str) -> bool | None:
    """Read a switch as PHP does: words, else the number that the text begins with; ``None`` for an expression."""
    word = value.strip().lower()
    if word in {"on", "yes", "true", "stdout", "stderr"}:
        return True
    if word in {"", "off", "no", "false", "none", "null"}:
        return False
    if re.fullmatch(r"[+-]?\d{1,18}", word):
        return int(word) != 0
    return None
