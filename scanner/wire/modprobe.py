"""The configuration language of kmod, modprobe.d(5): text to directives. Which files count is not decided here."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

MOST_LINES = 50_000


class NotModprobe(ValueError):
    """The text goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Directive:
    """One line: ``verb`` (install, blacklist, options, alias …), the module it names (normalised), and the rest."""

    verb: str
    module: str
    rest: str


def normal(module: str) -> str:
    """Give the name of a module as the kernel writes it: dash and underscore are the same."""
    return module.replace("-", "_")


def parse(data: bytes) -> tuple[Directive, ...]:
    """Read one file; lines of other verbs are given too. Raises ``NotModprobe``."""
    text = data.decode("utf-8", "replace").replace("\\\n", " ")
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        raise NotModprobe(f"more than {MOST_LINES} lines")
    found = []
    for line in lines:
        words = line.strip().split(None, 2)
        if len(words) >= 2 and not words[0].startswith("#"):
            found.append(Directive(words[0], normal(words[1]), words[2] if len(words) == 3 else ""))
    return tuple(found)


def install_command(directives: tuple[Directive, ...], module: str) -> str | None:
    """Give the command that stands in for loading ``module``: the first one whose pattern fits, as kmod takes it."""
    wanted = normal(module)
    return next((d.rest for d in directives if d.verb == "install" and fnmatchcase(wanted, d.module)), None)


def blacklisted(directives: tuple[Directive, ...], module: str) -> bool:
    """Tell whether automatic loading by alias is suppressed; loading by name still works."""
    return any(d.verb == "blacklist" and d.module == normal(module) for d in directives)


def options(directives: tuple[Directive, ...], module: str) -> dict[str, str]:
    """Give the parameters set for a module, the last setting of each."""
    given: dict[str, str] = {}
    for directive in directives:
        if directive.verb == "options" and directive.module == normal(module):
            for word in directive.rest.split():
                name, _, value = word.partition("=")
                given[normal(name)] = value
    return given
