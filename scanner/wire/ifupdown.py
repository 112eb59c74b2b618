"""Debian's /etc/network/interfaces, interfaces(5): text to stanzas. Following ``source`` lines is the caller's part."""

from __future__ import annotations

from dataclasses import dataclass

MOST_LINES = 50_000
_VERBS = ("auto", "iface", "mapping", "source", "source-directory", "rename", "no-auto-down", "no-scripts", "template")


class NotInterfaces(ValueError):
    """The text goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Stanza:
    """One ``iface NAME FAMILY METHOD`` with its option lines."""

    name: str
    family: str
    method: str
    options: tuple[tuple[str, str], ...]
    line: int

    def option(self, name: str) -> str | None:
        """Give the value of the last line of that option."""
        return next((value for key, value in reversed(self.options) if key == name), None)


@dataclass(frozen=True, slots=True)
class Interfaces:
    """One file: what starts at boot (``auto``) or when it appears (``allow-hotplug``), the stanzas, further files."""

    starting: frozenset[str]
    stanzas: tuple[Stanza, ...]
    sources: tuple[str, ...]
    directories: tuple[str, ...]


def parse(data: bytes) -> Interfaces:
    """Read one file. Raises ``NotInterfaces``."""
    lines = data.decode("utf-8", "replace").replace("\\\n", " ").split("\n")
    if len(lines) > MOST_LINES:
        raise NotInterfaces(f"more than {MOST_LINES} lines")
    starting: set[str] = set()
    stanzas: list[Stanza] = []
    sources: list[str] = []
    directories: list[str] = []
    options: list[tuple[str, str]] | None = None
    head: tuple[str, str, str, int] | None = None

    def finish() -> None:
        nonlocal head, options
        if head and options is not None:
            stanzas.append(Stanza(*head[:3], tuple(options), head[3]))
        head, options = None, None

    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        verb = words[0]
        if verb in _VERBS or verb.startswith("allow-"):
            finish()
            if verb in {"auto", "allow-auto", "allow-hotplug"}:
                starting.update(words[1:])
            elif verb == "source":
                sources.extend(words[1:])
            elif verb == "source-directory":
                directories.extend(words[1:])
            elif verb == "iface" and len(words) >= 2:
                # family and method may be left out: "iface eth0 inherits template"
                head = (words[1], words[2] if len(words) >= 4 else "", words[3] if len(words) >= 4 else "", number)
                options = []
        elif options is not None:
            options.append((verb, " ".join(words[1:])))
    finish()
    return Interfaces(frozenset(starting), tuple(stanzas), tuple(sources), tuple(directories))
