"""Debian's /etc/network/interfaces with everything that it takes in."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.hosts.base import FileKind, Reader
from scanner.hosts.linux.base import needed, one_file, parsed
from scanner.hosts.linux.named_paths import absolute, is_pattern, matching
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import ifupdown

MAIN = "/etc/network/interfaces"
MOST_FILES = 200


@dataclass(frozen=True, slots=True)
class Placed:
    """A stanza, where it stands, and whether its interface comes up by itself."""

    stanza: ifupdown.Stanza
    where: str
    starts: bool


def stanzas(read: Reader) -> tuple[Placed, ...]:
    """Give every ``iface`` stanza; none where ifupdown is not used. Raises ``CannotObserve``."""
    queue, done = [MAIN], set[str]()
    starting: set[str] = set()
    found: list[tuple[ifupdown.Stanza, str]] = []
    while queue:
        path = queue.pop(0)
        if path in done:
            continue
        done.add(path)
        if len(done) > MOST_FILES:
            raise CannotObserve(Reason.TOO_LARGE, f"{MAIN}: takes in more than {MOST_FILES} files")
        file = one_file(read, path)
        if file is None:
            continue
        held = needed(parsed(path, needed(file.data), ifupdown.parse))
        starting |= held.starting
        found.extend((stanza, f"{file.path} line {stanza.line}") for stanza in held.stanzas)
        for pattern in (*held.sources, *(f"{directory.rstrip('/')}/*" for directory in held.directories)):
            queue.extend(_sourced(read, pattern))
    return tuple(Placed(stanza, where, stanza.name in starting) for stanza, where in found)


def _sourced(read: Reader, pattern: str) -> tuple[str, ...]:
    """Give the files that a ``source`` line means: what a pattern fits that is no file is passed over."""
    path = absolute("/etc/network", pattern)
    paths = matching(read, path)
    if not is_pattern(path):
        return paths
    return tuple(one for one in paths if (state := read.state(one)) and state.kind in {FileKind.FILE, FileKind.LINK})
