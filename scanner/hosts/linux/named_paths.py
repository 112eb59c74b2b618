"""Paths as configuration files name them: relative ones, and patterns of glob(7). What the paths lead to is the collectors' business."""

from __future__ import annotations

from fnmatch import fnmatchcase

from scanner.hosts.base import Reader
from scanner.hosts.linux.base import shown
from scanner.model.reason import CannotObserve, Reason

MOST_MATCHING = 500
"""Paths that one pattern may stand for."""


def absolute(base: str, path: str) -> str:
    """Give a path that may be relative to ``base``."""
    return path if path.startswith("/") else f"{base.rstrip('/')}/{path}"


def is_pattern(path: str) -> bool:
    """Tell whether a path has wildcards."""
    return any(letter in path for letter in "*?[")


def matching(read: Reader, pattern: str) -> tuple[str, ...]:
    """Give the paths that fit an absolute pattern, sorted; a path without wildcards is given as it is, there or not.

    Wildcards may stand in any part. As glob(7) has it, they leave out names that begin with a dot. Raises ``CannotObserve``.
    """
    if not is_pattern(pattern):
        return (pattern,)
    parts = [part for part in pattern.split("/") if part]
    found = [""]
    for part in parts:
        found = _entries(read, found, part) if is_pattern(part) else [f"{directory}/{part}" for directory in found]
        if len(found) > MOST_MATCHING:
            raise CannotObserve(Reason.TOO_LARGE, f"{shown(pattern)}: more than {MOST_MATCHING} files")
    if not is_pattern(parts[-1]):
        found = [path for path in found if read.state(path) is not None]
    return tuple(sorted(found))


def _entries(read: Reader, directories: list[str], part: str) -> list[str]:
    """Give what stands in the directories under a name that fits, little more of it than ``MOST_MATCHING``."""
    found: list[str] = []
    for directory in directories:
        names = read.names(directory or "/") or ()
        found += [f"{directory}/{name}" for name in names if fnmatchcase(name, part) and (part.startswith(".") or not name.startswith("."))]
        if len(found) > MOST_MATCHING:
            break
    return found
