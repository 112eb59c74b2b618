"""What the lasting sysctl files of a Linux machine come to at its next start, by the program that reads them then.

systemd-sysctl and ``sysctl --system`` of procps 4 disagree on one thing: the one reads /etc/sysctl.conf only where a link
in sysctl.d names it, the other reads it last of all. In both a full name beats a pattern, wherever it stands.
"""

from __future__ import annotations

from dataclasses import dataclass

from scanner.hosts.base import Reader
from scanner.hosts.linux.base import Text, drop_ins, init, one_file, parsed, seen
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import sysctl

# /run is left out: it is empty after a restart.
DIRECTORIES = ("/etc/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
MAIN = "/etc/sysctl.conf"


@dataclass(frozen=True, slots=True)
class Written:
    """A value that lasting files give a key, and the place that decides."""

    value: str
    source: str


Answer = Written | Unobserved | None
_File = tuple[str, tuple[sysctl.Assignment, ...] | Unobserved]


@dataclass(frozen=True, slots=True)
class Sysctl:
    """The lasting files in the order in which the starting program takes them; more than one program where it is not known."""

    ways: tuple[tuple[_File, ...], ...] | Unobserved

    def get(self, key: str) -> Answer:
        """Give what a key (``net/ipv6/conf/all/accept_ra``) is set to at the next start; ``None``: nothing sets it."""
        if isinstance(self.ways, Unobserved):
            return self.ways
        answers = [_answer(files, key) for files in self.ways]
        values = {answer.value if isinstance(answer, Written) else answer for answer in answers}
        if len(values) == 1:
            return answers[0]
        return Unobserved(Reason.UNSUPPORTED, f"{key}: it depends on the program that sets it at the start, which cannot be told")


def settings(read: Reader) -> Sysctl:
    """Read the files."""
    started = seen(lambda: init(read))
    if isinstance(started, Unobserved):
        return Sysctl(started)
    files = drop_ins(read, DIRECTORIES, ".conf")
    if isinstance(files, Unobserved):
        return Sysctl(files)
    by_directory = tuple(_parsed(file) for file in files)
    main = one_file(read, MAIN)
    in_order = (*by_directory, *((_parsed(main),) if main else ()))
    match started:
        case "systemd":
            return Sysctl((by_directory,))
        case None:
            return Sysctl((by_directory, in_order))
        case _:
            return Sysctl((in_order,))


def _parsed(file: Text) -> _File:
    return file.path, file.data if isinstance(file.data, Unobserved) else parsed(file.path, file.data, sysctl.parse)


def _answer(files: tuple[_File, ...], key: str) -> Answer:
    """Give the last line that names the key in full; only where there is none, the last pattern that fits."""
    by_pattern: Answer = None
    for path, lines in reversed(files):
        if isinstance(lines, Unobserved):
            return lines  # it may name the key in full
        for line in reversed(lines):
            if not sysctl.covers(line, key):
                continue
            if not line.pattern:
                return None if line.value is None else Written(line.value, f"{path} line {line.line}")
            if by_pattern is None and line.value is not None:
                by_pattern = Written(line.value, f"{path} line {line.line}")
    return by_pattern
