"""What one ``find`` looks for below a directory: the command line, and which paths its answer decides. Reading the answer is ``answer``'s.

A search goes only where a pattern leads, so a home with a million files costs as little as an empty one. Names with control characters are
passed over: a line end in a name would read as a further line of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from scanner.hosts.base import Files, Names, Run, Source

WILDCARD = re.compile(r"(\[[^]/]*\]|[*?])")
"""What of a pattern stands for several names."""
_LITERAL = re.compile(r"([.*+?\[\]])|([\\^$])")
STATE = "%f/%s/%u/%g/%Y/%n"
FIND = ("/usr/bin/find", "-H")


def wild(pattern: str) -> bool:
    """Tell whether a path holds a wildcard of the shell."""
    return bool(WILDCARD.search(pattern))


def levels(pattern: str) -> tuple[str, ...]:
    """Give the parts of a pattern that a look at it passes: its first wildcard's directory and everything from there on."""
    parts = pattern.split("/")
    first = next(i for i, part in enumerate(parts) if wild(part))
    return tuple("/".join(parts[:n]) or "/" for n in range(first, len(parts) + 1))


def holders(pattern: str) -> tuple[str, ...]:
    """Give the directories in which a part of the pattern stands that holds a wildcard."""
    parts = pattern.split("/")
    return tuple("/".join(parts[:n]) or "/" for n, part in enumerate(parts) if wild(part))


def pattern_of(source: Files | Names) -> str:
    """Give the pattern of what a search for the source finds: of a directory that is to be listed everything in it."""
    return f"{source.pattern}/*" if isinstance(source, Names) and not wild(source.pattern) else source.pattern


@dataclass(frozen=True)
class Search:
    """Everything below ``base`` that fits one of the patterns, and the directories on the way, by one ``find``."""

    base: str
    patterns: tuple[str, ...]

    @cached_property
    def _parts(self) -> tuple[str, ...]:
        above = len(self.base)
        inner = (pattern[:cut] for pattern in self.patterns for cut in _cuts(pattern) if cut >= above)
        return tuple(sorted({self.base, *inner}))

    def listing(self) -> tuple[str, ...]:
        """Give the words that print the state of each, in the form ``STATE``."""
        return (*FIND, self.base, *_within(self._parts), "-exec", "/usr/bin/stat", "-c", STATE, "{}", "+")

    @cached_property
    def decides(self) -> Callable[[str], object]:
        """Tell of a path whether it would be in the answer if it were there."""
        return _fits(self._parts)

    @cached_property
    def lists(self) -> Callable[[str], object]:
        """Tell of a directory whether all names in it would be in the answer."""
        whole = (part.rpartition("/")[0] for part in self._parts if part.endswith("/*"))
        return _fits(whole)


def printing(source: Files) -> tuple[str, ...]:
    """Give the words that print the files that fit a pattern, each below a heading; links are not followed."""
    base, *_ = parts = levels(source.pattern)
    chosen = (*_within(parts), "-type", "f", "-regex", _basic(source.pattern))
    return (*FIND, base, *chosen, "-exec", "/usr/bin/head", "-v", "-c", str(source.limit + 1), "{}", "+")


def prints(source: Files) -> Callable[[str], object]:
    """Tell of a path whether it is among those that ``printing`` would print as files."""
    return _fits([source.pattern])


def searches(sources: Iterable[Source]) -> Mapping[str, Search]:
    """Give the searches for everything of root's, by pattern: one for each directory that stands in no other."""
    of_root = (source for source in sources if source.root and not isinstance(source, Run))
    patterns = {pattern for pattern in map(pattern_of, of_root) if wild(pattern)}
    outermost: dict[str, list[str]] = {}
    for base, pattern in sorted((levels(pattern)[0], pattern) for pattern in patterns):
        top = next((known for known in outermost if base.startswith(f"{known}/")), base)
        outermost.setdefault(top, []).append(pattern)
    made = (Search(base, tuple(fitting)) for base, fitting in outermost.items())
    return {pattern: search for search in made for pattern in search.patterns}


def _fits(patterns: Iterable[str]) -> Callable[[str], object]:
    return re.compile("|".join(_written(one, r"[^/\0-\x1f\x7f]", re.escape) for one in patterns) or r"(?!)").fullmatch


def _cuts(pattern: str) -> list[int]:
    return [*(i for i, letter in enumerate(pattern) if letter == "/" and i), len(pattern)]


def _within(parts: Iterable[str]) -> tuple[str, ...]:
    return ("(", "-name", "*[[:cntrl:]]*", "-o", "!", "-regex", r"\|".join(map(_basic, parts)), ")", "-prune", "-o")


def _basic(pattern: str) -> str:
    r"""Write a pattern as a regular expression that GNU's and busybox' find read alike: ``\|`` alone is more than a basic one has."""
    return _written(pattern, "[^/]", lambda text: _LITERAL.sub(lambda m: f"[{m[1]}]" if m[1] else f"\\{m[2]}", text))


def _written(pattern: str, one: str, literal: Callable[[str], str]) -> str:
    """Write a pattern of the shell as a regular expression, by how it has one octet of a name and a text that stands for itself."""
    of = {"*": f"{one}*", "?": one}
    parts = WILDCARD.split(pattern)
    return "".join(of.get(part, part.replace("[!", "[^")) if n % 2 else literal(part) for n, part in enumerate(parts))
