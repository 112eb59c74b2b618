"""Writes one batch: shell text that makes a far ``sh`` print everything that was asked, in frames.

What comes back is read in ``answer``.
"""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from scanner.hosts.base import LIMIT, Files, Names, Run, Source
from scanner.hosts.local import OUTPUT
from scanner.hosts.ssh import sudo
from scanner.hosts.ssh.search import WILDCARD, Search, holders, levels, pattern_of, wild
from scanner.hosts.ssh.sudo import Permitted

MERGED = {
    **{f"/{name}": f"/usr/{name}" for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32")},
    "/var/run": "/run",
    "/var/lock": "/run/lock",
}
"""Directories that are links on most machines today, and where those lead."""
AT_ONCE = 50
"""Paths in one call of the batch; what a dead link cuts off is lost call by call."""
QUICK = 20.0
"""Seconds; commands that may take longer run one after the other beside everything else, and print last."""
SEVERAL = 16_000_000
"""Octets of all files together that one pattern gives by ``sudo``."""
_COMMENT = re.compile(r"^\s*#.*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a collector asked and nobody had gathered: a file, the names in a directory, the state of a path."""

    what: str
    path: str
    limit: int = LIMIT


Request = Source | Wanted


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the batch: its letter in far.sh and what it asks."""

    letter: str
    source: Request | Search | None = None
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """The text for the far ``sh``, and what is needed to read its answer."""

    text: bytes
    boundary: bytes
    prefix: bytes
    calls: Mapping[int, Call]
    first: bool


@dataclass(slots=True)
class _Writing:
    boundary: str
    prefix: str
    aliased: Mapping[str, str]
    first: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    calls: dict[int, Call] = field(default_factory=dict)

    def call(self, letter: str, rest: str, source: Request | Search | None = None, limit: int = 0) -> str:
        """Give the line that makes a call, and remember what it asks."""
        number = len(self.calls) + 1
        self.calls[number] = Call(letter, source, limit)
        return f"{letter} {number} {rest}"

    def job(self, *lines: str, when: str = "") -> None:
        """Have the lines run beside others, where the test ``when`` lets them: it takes no process, as most jobs are not needed."""
        name = f"j{len(self.calls)}"
        self.jobs += [f"{name}() {{", *lines, "}", f"{when} J {name}"]

    def beside(self) -> list[str]:
        """Give the lines of all calls: after the first ones, the plain ones, jobs and slow ones begin at once and print in this order."""
        lines = self.lines
        for later in (self.jobs and [*self.jobs, "G"], self.slow):
            if later:
                lines = ["{", *later, "} </dev/null 4>&1 | {", *lines, "cat", "}"]
        return [*self.first, *lines]

    def far(self, pattern: str, prefix: str = "") -> str:
        """Write a path or pattern as a word of the shell; ``prefix`` is ``$p`` where its contents are wanted."""
        for name, variable in self.aliased.items():
            if pattern.startswith(name + "/"):
                return f'"{prefix}${variable}"' + _quoted(pattern.removeprefix(name))
        return (f'"{prefix}"' if prefix else "") + _quoted(pattern)

    def several(self, letter: str, words: Iterable[str], before: str = "", limit: int = 0) -> None:
        listed = list(words)
        for start in range(0, len(listed), AT_ONCE):
            self.lines.append(self.call(letter, before + " ".join(listed[start : start + AT_ONCE]), limit=limit))


def first_batch(sources: Iterable[Source], *, by_sudo: Permitted | None) -> Batch:
    """Write the batch that a session begins with."""
    return _batch([*sources, *_behind_links(sources)], by_sudo=by_sudo, first=True)


def next_batch(requests: Iterable[Request], *, by_sudo: Permitted | None) -> Batch:
    """Write a later batch, for the same ``sh``."""
    return _batch(requests, by_sudo=by_sudo, first=False)


def _batch(requests: Iterable[Request], *, by_sudo: Permitted | None, first: bool) -> Batch:
    prefix = _prefix()
    aliased = {name: f"q{number}" for number, name in enumerate(MERGED)} if first else {}
    writing = _Writing(secrets.token_hex(16), prefix, aliased)
    begin = []
    if first:
        begin = [_functions(), 'printf \'\\n%s start %s\\n\' "$b" "$u"']
        begin += [f"A {name} {variable} {MERGED[name]}" for name, variable in aliased.items()]
    _calls(writing, _asked(writing, sorted(set(requests), key=repr), by_sudo))
    head = f"b={writing.boundary} p={prefix} cap={OUTPUT + 1} sudo={'y' if by_sudo else ''}\n"
    body = "\n".join([*begin, *writing.beside()])
    text = f"{head}{{\n{body}\nprintf '\\n%s end\\n' \"$b\"\n}} </dev/null 2>/dev/null\n"
    return Batch(text.encode("utf-8", "surrogateescape"), writing.boundary.encode(), prefix.encode(), writing.calls, first)


@dataclass(slots=True)
class _Asked:
    """What a batch asks, by the way in which it is asked; paths are words of the shell, each once."""

    states: dict[str, None] = field(default_factory=dict)
    directories: dict[str, None] = field(default_factory=dict)
    plain: dict[int, dict[str, None]] = field(default_factory=dict)
    """By the limit of octets."""
    single: list[Files] = field(default_factory=list)
    searched: dict[Search, list[Files | Names]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)


def _asked(writing: _Writing, requests: Iterable[Request], by_sudo: Permitted | None) -> _Asked:
    asked = _Asked()
    for request in requests:
        match request:
            case Run():
                asked.runs.append(request)
            case Names(pattern=pattern, root=root):
                asked.directories[writing.far(pattern)] = None
                if root and by_sudo:
                    asked.searched.setdefault(by_sudo.search(request), []).append(request)
            case Files(pattern=pattern, limit=limit, root=root) if wild(pattern):
                asked.directories.update((writing.far(part), None) for part in holders(pattern))
                asked.plain.setdefault(limit, {})[writing.far(pattern, "$p")] = None
                if root and by_sudo:
                    asked.searched.setdefault(by_sudo.search(request), []).append(request)
            case Files(pattern=pattern, limit=limit, root=root):
                asked.states[writing.far(pattern)] = None
                if sudo.cutter(pattern) or (root and by_sudo):
                    asked.single.append(request)
                if not sudo.cutter(pattern):
                    asked.plain.setdefault(limit, {})[writing.far(pattern, "$p")] = None
            case Wanted(what=what, path=path, limit=limit):
                word = shlex.quote(path)
                (asked.directories if what == "names" else asked.states)[word] = None
                if what == "file" and sudo.cutter(path):
                    asked.single.append(Files(path, limit))
                elif what == "file":
                    asked.plain.setdefault(limit, {})['"$p"' + word] = None
    return asked


def _calls(writing: _Writing, asked: _Asked) -> None:
    """Write the calls, cheap ones before slow ones."""
    # What runs is listed before the batch starts programs of its own, some of which bear the names of servers.
    _plain(writing, asked, _is_of_processes)
    writing.first, writing.lines = writing.lines, []
    _plain(writing, asked, lambda word: not _is_of_processes(word))
    for file in asked.single:
        within = next((search for search in asked.searched if search.decides(file.pattern)), None)
        if sudo.cutter(file.pattern):
            writing.job(_single(writing, file))
        elif within:
            asked.searched[within].append(file)
        else:
            writing.job(_single(writing, file), when=f"P {writing.far(file.pattern)} &&")
    for search, asking in sorted(asked.searched.items(), key=lambda item: item[0].base):
        writing.job(*_search(writing, search, asking), when=f"B {_parts(writing, asking)} ||")
    for run in asked.runs:
        line = _run(writing, run)
        there = f"T {len(writing.calls)} {shlex.join([run.argv[0], *filter(None, [run.needs])])} &&"
        if run.seconds > QUICK:
            writing.slow.append(f"{there} {line}")
        else:
            writing.job(line, when=there)


def _plain(writing: _Writing, asked: _Asked, wanted: Callable[[str], bool]) -> None:
    writing.several("S", filter(wanted, asked.states))
    writing.several("L", filter(wanted, asked.directories))
    for limit, patterns in sorted(asked.plain.items()):
        writing.several("F", filter(wanted, patterns), f"{limit + 1} ", limit)


def _is_of_processes(word: str) -> bool:
    path = word.removeprefix('"$p"')
    return path == "/proc" or path.startswith("/proc/[")


def _single(writing: _Writing, file: Files) -> str:
    cut = " ".join(shlex.quote(word) for word in sudo.cutter(file.pattern))
    path = shlex.quote(file.pattern) if file.root else "''"
    return writing.call("X", f"{file.limit + 1} {writing.far(file.pattern, '$p')} {path} {cut}", file, file.limit)


def _search(writing: _Writing, search: Search, asking: Sequence[Files | Names]) -> list[str]:
    """Write a search, and for each source what prints its files: made only where the search found such names, and they need it."""
    words = " ".join(map(shlex.quote, sudo.listing(search)))
    call = writing.call("Y", f"{SEVERAL + 1} {words}", search, SEVERAL)
    lines = [f"o=$({call} 4>&1)", "printf '%s\\n' \"$o\""]
    for source in asking:
        if isinstance(source, Names):
            continue
        first, *rest = WILDCARD.split(source.pattern)
        if rest:
            words = " ".join(map(shlex.quote, sudo.contents(source)))
            call = f"B {_parts(writing, [source])} || {writing.call('Z', f'{SEVERAL + 1} {words}', source, SEVERAL)}"
        else:
            call = f"P {writing.far(source.pattern)} && {_single(writing, source)}"
        lines.append(f"case $o in *{shlex.quote(first)}*{shlex.quote(rest[-1] if rest else '')}*) {call} ;; esac")
    return lines


def _parts(writing: _Writing, asking: Sequence[Files | Names]) -> str:
    """Give the words of what has to be readable for the sources to be seen without ``sudo``."""
    patterns = map(pattern_of, asking)
    return " ".join(dict.fromkeys(writing.far(part) for one in patterns for part in (levels(one) if wild(one) else (one,))))


def _run(writing: _Writing, run: Run) -> str:
    words = " ".join(shlex.quote(word) for word in run.argv)
    return writing.call("U" if run.root else "R", f"{sudo.seconds_of(run)} {words}", run)


def _behind_links(sources: Iterable[Source]) -> list[Source]:
    """Give the same sources where they stand on a machine on which their directory is a link."""
    found: list[Source] = []
    for source in sources:
        if isinstance(source, Run):
            continue
        end = behind_links(source.pattern, MERGED)
        if end != source.pattern:
            found.append(Names(end, source.root) if isinstance(source, Names) else Files(end, source.limit, source.root))
    return found


def behind_links(path: str, links: Mapping[str, str]) -> str:
    """Give the path with a directory that is such a link replaced by its end."""
    for name, end in links.items():
        if path.startswith(name + "/"):
            return end + path.removeprefix(name)
    return path


def _quoted(pattern: str) -> str:
    """Write a pattern as a word of the shell: wildcards bare, everything else quoted."""
    parts = WILDCARD.split(pattern)
    return "".join(part if number % 2 else shlex.quote(part) if part else "" for number, part in enumerate(parts))


def _prefix() -> str:
    """Make 64 random bits into slashes and dots: a way to write the root directory that is different each time."""
    return "".join("/." if bit == "1" else "/" for bit in f"{secrets.randbits(64):064b}").rstrip("/")


@cache
def _functions() -> str:
    return _COMMENT.sub("", Path(__file__).with_name("far.sh").read_text(encoding="utf-8")).strip()
