"""smb.conf of Samba, smb.conf(5), and what ``testparm`` prints in the same form: sections, synonyms, continued lines. No defaults here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST_LINES = 100_000
MOST_SECTIONS = 5_000
GLOBAL = "global"
_SYNONYMS = {
    "public": "guestok",
    "onlyguest": "guestonly",
    "allowhosts": "hostsallow",
    "denyhosts": "hostsdeny",
    "minprotocol": "serverminprotocol",
    "protocol": "servermaxprotocol",
    "maxprotocol": "servermaxprotocol",
    "smbencrypt": "serversmbencrypt",
}
"""Names that mean the same, without blanks."""
_YES, _NO = frozenset({"yes", "true", "on", "1"}), frozenset({"no", "false", "off", "0"})


class NotSmbConf(ValueError):
    """The text goes beyond the caps, or a line stands where none may."""


@dataclass
class Section:
    """One section. Names of parameters are lower case without blanks, synonyms made one; the last of equal names counts."""

    name: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SmbConf:
    """A whole text. ``included`` are the files that it names where they stand, by name of the section."""

    sections: tuple[Section, ...]
    included: tuple[str, ...]

    @property
    def settings(self) -> dict[str, str]:
        """The values of the global section."""
        return next((s.values for s in self.sections if s.name == GLOBAL), {})

    @property
    def shares(self) -> tuple[Section, ...]:
        """Everything but the global section."""
        return tuple(s for s in self.sections if s.name != GLOBAL)


def name_of(parameter: str) -> str:
    """Write the name of a parameter as ``Section.values`` has it: case and blanks do not count, smb.conf(5)."""
    bare = re.sub(r"\s+", "", parameter.lower())
    return _SYNONYMS.get(bare, bare)


def parse(data: bytes) -> SmbConf:
    """Read a text. What stands before the first section belongs to the global one. Raises ``NotSmbConf``."""
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise NotSmbConf(f"more than {MOST_LINES} lines")
    sections: dict[str, Section] = {GLOBAL: Section(GLOBAL)}
    current = sections[GLOBAL]
    included: list[str] = []
    waiting: list[str] = []
    for raw in lines:
        piece = raw.strip()
        # A comment is never continued; the mark counts at the start of a line only.
        if not waiting and (not piece or piece[0] in "#;"):
            continue
        if piece.endswith("\\"):
            waiting.append(piece[:-1].rstrip())
            continue
        line = " ".join((*waiting, piece)).strip()
        waiting = []
        if not line:
            continue
        if line[0] == "[":
            name, closed, _ = line[1:].partition("]")
            if not closed:
                raise NotSmbConf("a section's name is not closed")
            name = re.sub(r"\s+", " ", name.strip()).lower()
            current = sections.setdefault(GLOBAL if name == "globals" else name, Section(name))
            if len(sections) > MOST_SECTIONS:
                raise NotSmbConf(f"more than {MOST_SECTIONS} sections")
            continue
        key, equals, value = line.partition("=")
        if not equals:
            continue  # Samba passes over such a line with a warning
        key, value = name_of(key), value.strip()
        if key == "include":
            included.append(value)
        else:
            current.values[key] = value
    return SmbConf(tuple(sections.values()), tuple(included))


def truth(value: str) -> bool | None:
    """Read yes or no; ``None``: it is neither."""
    bare = value.strip().strip('"').lower()
    return True if bare in _YES else False if bare in _NO else None


def words(value: str) -> list[str]:
    """Split a list as Samba does: at blanks, commas and semicolons, quotation marks around a word left out."""
    return [word.strip('"') for word in re.findall(r'"[^"]*"|[^\s,;]+', value)]
