"""Reads what a batch printed, into what is known of a machine. The far side may be hostile: nothing here trusts it, and nothing is lost
that arrived whole."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field

from scanner.hosts.base import CommandOutput, FileKind, Files, FileState, Run
from scanner.hosts.local import NAMES, OUTPUT
from scanner.hosts.ssh import sudo
from scanner.hosts.ssh.batch import MERGED, Batch, Call, behind_links
from scanner.hosts.ssh.search import Search, prints
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason

MOST_ERRORS = 4000
"""Characters of what a command says on standard error that are looked at."""
_NOT_RUN = frozenset({"125", "126", "127"})
"""Statuses of timeout(1) where it could not start the program."""
_DENIED = ("Permission denied", "Operation not permitted")
_MISSING = ("No such file or directory", "Not a directory", "No such process", "No such device", "File name too long")


@dataclass(slots=True)
class Gathered:
    """What is known of a machine. A key that is missing was not asked; ``None`` is knowledge that nothing is there."""

    states: dict[str, FileState | Unobserved | None] = field(default_factory=dict)
    listings: dict[str, tuple[str, ...] | Unobserved | None] = field(default_factory=dict)
    contents: dict[str, tuple[int, bytes | Unobserved | None]] = field(default_factory=dict)
    """With the limit under which the file was asked for."""
    outputs: dict[tuple[str, ...], CommandOutput | Unobserved | None] = field(default_factory=dict)
    searched: list[Search] = field(default_factory=list)
    """Searches whose answer is known: what they decide on and did not find is not there."""
    links: dict[str, str] = field(default_factory=dict)
    """Of ``MERGED``, what is a link on this machine."""
    started: bool = False
    uid: str = ""

    def canonical(self, path: str) -> str:
        """Write a path in the one form under which it is kept."""
        return behind_links("/" + "/".join(part for part in path.split("/") if part not in {"", "."}), self.links)


def read_answer(data: bytes, batch: Batch, into: Gathered) -> bool:
    """Take in what arrived; tell whether it arrived to its end. Whatever stands before the start marker is noise."""
    pieces = (b"\n" + data).split(b"\n" + batch.boundary + b" ")
    ended = pieces[-1].startswith(b"end") and pieces[-1].endswith(b"\n")
    if len(pieces) > 1 and not ended:
        pieces.pop()  # it was cut off
    reading = _Reading(batch, into)
    for piece in pieces[1:]:
        code, _, rest = piece.partition(b" ")
        reading.take(code.partition(b"\n")[0].decode("latin-1"), rest if code.count(b"\n") == 0 else piece)
    return ended


class _Reading:
    def __init__(self, batch: Batch, into: Gathered) -> None:
        self.batch = batch
        self.into = into
        self.number = 0
        self.call = Call("")
        self.files: list[bytes] = []
        self.blob = b""
        self._names: dict[str, set[str]] = {}

    def take(self, code: str, rest: bytes) -> None:
        match code:
            case "start":
                self.into.started, self.into.uid = True, rest.strip().decode("latin-1")[:20]
            case "a":
                name = self._path(rest, linked=False)
                if name in MERGED:
                    self.into.links[name] = MERGED[name]
            case "S" | "L" | "F" | "X" | "Y" | "Z" | "R" | "U":
                head, _, self.blob = rest.partition(b"\n")
                self.number = int(head) if head.isdigit() and len(head) < 9 else 0
                self.call = self.batch.calls.get(self.number, Call(""))
                self.files, self._names = [], {}
            case "h":
                self.blob = rest.partition(b"\n")[2]
            case "s":
                self._state(rest)
            case "f":
                self.files.append(self.batch.prefix + _shorn(rest))
            case "n" | "t" | "x" | "m" | "d" | "k" | "l" | "z" | "o":
                self._without_content(code, self._path(rest))
            case "e":
                number, _, said = rest.partition(b" ")
                if number == str(self.number).encode():
                    self._ended(said.removesuffix(b"\n").decode("utf-8", "replace"))
            case _:
                pass

    def _path(self, rest: bytes, *, linked: bool = True) -> str:
        path = _shorn(rest)
        if path.startswith(self.batch.prefix + b"/"):
            path = path[len(self.batch.prefix) :]
        text = path.decode("utf-8", "surrogateescape")
        return self.into.canonical(text) if linked else text

    def _state(self, rest: bytes) -> None:
        fields = rest.split(b" ", 5)
        if len(fields) == 6 and (state := _state_of(fields[:5])):
            path = self._path(fields[5])
            self.into.states[path] = state
            if self.call.letter == "L":
                above, _, name = path.rpartition("/")
                self._names.setdefault(above or "/", set()).add(name)

    def _without_content(self, code: str, path: str) -> None:
        into, unobserved = self.into, _unobserved(code, path)
        match self.call.letter, code:
            case "L", "n":
                names = self._names.get(path, ())
                into.listings[path] = tuple(sorted(names))
            case "L", "k":
                into.listings[path] = None
            case "L", _:
                if unobserved and path not in into.listings:
                    into.listings[path] = unobserved
                elif code == "m":
                    into.states.setdefault(path, None)
            case "S", "m" | "d":
                into.states.setdefault(path, unobserved)
            case "F", _:
                self._content(path, b"" if code == "z" else unobserved)
            case _:
                pass

    def _content(self, path: str, content: bytes | Unobserved | None) -> None:
        known = self.into.contents.get(path)
        better = isinstance(content, bytes) or known is None or isinstance(known[1], Unobserved)
        if better and not (known and isinstance(known[1], bytes)):
            self.into.contents[path] = (self.call.limit, content)

    def _ended(self, said: str) -> None:
        match self.call.letter:
            case "F":
                self._files(said[:MOST_ERRORS])
            case "X" if isinstance(self.call.source, Files):
                self._one(self.call.source, said)
            case "Y" if isinstance(self.call.source, Search):
                self._listed(self.call.source, said)
            case "Z" if isinstance(self.call.source, Files):
                self._printed(self.call.source, said)
            case "R" | "U" if isinstance(self.call.source, Run):
                self._ran(self.call.source, said)
            case _:
                pass
        self.blob = b""

    def _files(self, said: str) -> None:
        """Take apart what head(1) printed. Each file has one heading, in order: a file that imitates one is found out by that."""
        found = _headed(self.blob, self.files, self.batch.prefix)
        errors = _errors(said)
        for raw in self.files:
            path = self._path(raw)
            if found is None:
                self._content(path, _imitated(path))
            elif (error := errors.get(raw.decode("utf-8", "surrogateescape"))) is not None:
                self._content(path, _why_unread(path, error))
            elif raw not in found:
                self._content(path, Unobserved(Reason.UNSUPPORTED, f"{path!r}: it could not be opened"))
            else:
                self._content(path, _capped(path, found[raw], self.call.limit))

    def _one(self, source: Files, said: str) -> None:
        path = self.into.canonical(source.pattern)
        if said in _WHY or said == "z":
            self._content(path, b"" if said == "z" else _unobserved(said, path))
            return
        errors, _, status = said.rpartition(" ")
        if status == "0":
            self._content(path, _capped(path, self.blob, source.limit))
        elif said != "m" and "sudo:" in errors:
            self._content(path, Unobserved(Reason.ACCESS_DENIED, f"{path!r}: sudo does not permit to read it"))
        elif status == "137":
            self._content(path, Unobserved(Reason.TIMEOUT, f"{path!r}: no end within {sudo.FILE_SECONDS} s"))
        elif status in _NOT_RUN:  # "No such file" is then said of the program
            self._content(path, Unobserved(Reason.UNSUPPORTED, f"{path!r}: the program that reads it could not be run"))
        else:
            content = None if said == "m" else _why_unread(path, errors)
            self._content(path, content)
            if content is None and not isinstance(self.into.states.get(path), FileState):
                self.into.states[path] = None  # without root's rights it could not even be told whether it is there

    def _listed(self, search: Search, said: str) -> None:
        errors, _, status = said.rpartition(" ")
        if "sudo:" in errors or said == "-" or len(self.blob) > self.call.limit:
            return
        if status != "0":
            if status not in _NOT_RUN and _is_missed(search.base, errors) and not self.blob:
                self.into.states[self.into.canonical(search.base)] = None
            return
        names: dict[str, list[str]] = {}
        for line in self.blob.split(b"\n"):
            fields = line.split(b"/", 5)
            if len(fields) == 6 and (state := _state_of(fields[:5])):
                path = self.into.canonical(fields[5].decode("utf-8", "surrogateescape"))
                self.into.states[path] = state
                above, _, name = path.rpartition("/")
                names.setdefault(above, []).append(name)
                if state.kind is FileKind.DIRECTORY:
                    names.setdefault(path, [])
        for directory, inside in names.items():
            if search.lists(directory):
                self.into.listings[directory] = _unobserved("t", directory) if len(inside) > NAMES else tuple(sorted(inside))
        for path in [path for path, state in self.into.states.items() if isinstance(state, Unobserved) and search.decides(path)]:
            del self.into.states[path]  # what the account could not tell: root found nothing there
            self.into.contents.pop(path, None)
        self.into.searched.append(search)

    def _printed(self, source: Files, said: str) -> None:
        if "sudo:" in said or said == "-" or len(self.blob) > self.call.limit:
            return
        status = said.rpartition(" ")[2]
        cut: Unobserved | None = None
        if status == "137":
            cut = Unobserved(Reason.TIMEOUT, f"{source.pattern!r}: no end within {sudo.FIND_SECONDS} s")
        elif status != "0":
            cut = Unobserved(Reason.UNSUPPORTED, f"{source.pattern!r}: not all that fits could be read")
        found: dict[str, bytes | None] = {}
        printed = prints(source)
        for piece in (b"\n" + self.blob).split(b"\n==> /")[1:]:
            name, _, content = piece.partition(b" <==\n")
            written = "/" + name.decode("utf-8", "surrogateescape")
            path = self.into.canonical(written)
            state = self.into.states.get(path)
            # Nothing here is secret, so a heading counts only where find(1) had a file to print, and counts once.
            real = path not in found and printed(written) and isinstance(state, FileState) and state.kind is FileKind.FILE
            found[path] = content if real else None
        forged = any(content is None for content in found.values())
        for path, given in found.items():
            whole = _imitated(path) if forged or given is None else _capped(path, given, source.limit)
            self._keep(path, source, cut or whole)

    def _keep(self, path: str, source: Files, content: bytes | Unobserved) -> None:
        known = self.into.contents.get(path)
        if known is None or not isinstance(known[1], bytes):
            self.into.contents[path] = (source.limit, content)

    def _ran(self, run: Run, said: str) -> None:
        name = run.argv[0]
        if self.call.letter == "U" and self.batch_said_sudo(said):
            errors, _, status = said.rpartition(" ")
            if "sudo:" in errors:
                self.into.outputs[run.argv] = Unobserved(Reason.ACCESS_DENIED, f"{name}: sudo does not permit to run it")
                return
        else:
            status = said
        if said == "none":
            self.into.outputs[run.argv] = None
        elif said == "unlimited":
            self.into.outputs[run.argv] = Unobserved(Reason.UNSUPPORTED, f"{name}: the machine has no timeout(1) to run it with")
        elif len(self.blob) > OUTPUT:
            self.into.outputs[run.argv] = Unobserved(Reason.TOO_LARGE, f"{name}: more than {OUTPUT} octets of output")
        elif status == "137":  # SIGKILL, as timeout(1) sends it
            self.into.outputs[run.argv] = Unobserved(Reason.TIMEOUT, f"{name}: no end within {run.seconds:g} s")
        elif not status.isdigit() or len(status) > 3:
            self.into.outputs[run.argv] = Unobserved(Reason.PROTOCOL_VIOLATION, f"{name}: its status did not arrive")
        elif status in {"126", "127"}:
            self.into.outputs[run.argv] = Unobserved(Reason.ACCESS_DENIED, f"{name}: it could not be run")
        elif run.root and int(status) and self.into.uid != "0" and not self.batch_said_sudo(said):
            self.into.outputs[run.argv] = Unobserved(Reason.ACCESS_DENIED, f"{name}: status {status} without the rights of root")
        else:
            self.into.outputs[run.argv] = CommandOutput(int(status), self.blob, b"")

    @staticmethod
    def batch_said_sudo(said: str) -> bool:
        """Tell whether a command went by ``sudo``, whose ending carries what it said on standard error before the status."""
        return " " in said


_WHY = {
    "d": (Reason.ACCESS_DENIED, "Permission denied"),
    "k": (Reason.UNSUPPORTED, "no file stands where one is expected"),
    "l": (Reason.UNSUPPORTED, "too many links"),
    "o": (Reason.UNSUPPORTED, "a name with a line end in it"),
    "t": (Reason.TOO_LARGE, f"more than {NAMES} entries"),
    "x": (Reason.UNSUPPORTED, "its entries could not be looked at"),
}


def _unobserved(code: str, path: str) -> Unobserved | None:
    why = _WHY.get(code)
    return Unobserved(why[0], f"{path!r}: {why[1]}") if why else None


def _imitated(path: str) -> Unobserved:
    return Unobserved(Reason.PROTOCOL_VIOLATION, f"{path!r}: read with files that imitate the scanner's own framing")


def _shorn(rest: bytes) -> bytes:
    return rest.removesuffix(b"\n").removesuffix(b"/")


def _state_of(fields: list[bytes]) -> FileState | None:
    try:
        mode, size, uid, gid, modified = int(fields[0], 16), *(int(field) for field in fields[1:])
    except ValueError:
        return None
    if max(size, uid, gid, abs(modified), mode) >= 1 << 63:
        return None
    kinds = {stat.S_IFREG: FileKind.FILE, stat.S_IFDIR: FileKind.DIRECTORY, stat.S_IFLNK: FileKind.LINK}
    return FileState(kinds.get(mode & 0o170000, FileKind.OTHER), size, mode & 0o7777, uid, gid, modified)


def _headed(blob: bytes, files: list[bytes], prefix: bytes) -> dict[bytes, bytes] | None:
    """Give each file's content; ``None`` where the headings are not as head(1) prints them."""
    pieces = (b"\n" + blob).split(b"\n==> " + prefix)
    if pieces[0].strip(b"\n"):
        return None
    found: dict[bytes, bytes] = {}
    ahead = iter(files)
    for piece in pieces[1:]:
        name, _, content = piece.partition(b" <==\n")
        path = prefix + name
        if not any(path == expected for expected in ahead):
            return None
        found[path] = content
    return found


def _errors(said: str) -> dict[str, str]:
    """Read what head(1) says: GNU's ``head: cannot open 'PATH' for reading: WHY`` and busybox' ``head: PATH: WHY``."""
    found: dict[str, str] = {}
    for line in said.split("\n"):
        start = line.find("/")
        if start >= 0:
            rest = line[start:]
            end = rest.find("'")
            path = rest[:end] if end >= 0 else rest.rpartition(": ")[0]
            found[path] = rest.rpartition(": ")[2]
    return found


def _why_unread(path: str, error: str) -> Unobserved | None:
    """Turn what a program said into "it is not there", or a reason."""
    last = error.strip().rpartition("\n")[2][-200:]
    if any(words in error for words in _MISSING):
        return None
    if any(words in error for words in _DENIED):
        return Unobserved(Reason.ACCESS_DENIED, f"{path!r}: Permission denied")
    return Unobserved(Reason.UNSUPPORTED, f"{path!r}: {last or 'it could not be read'}")


def _is_missed(path: str, errors: str) -> bool:
    """Tell whether find(1) says of the path itself that it is not there: ``find: 'PATH': WHY``, of busybox without quotes."""
    return re.search(rf"(?m)^find: '?{re.escape(path)}'?: (?:{'|'.join(_MISSING)})$", errors) is not None


def _capped(path: str, content: bytes, limit: int) -> bytes | Unobserved:
    if len(content) > limit:
        return Unobserved(Reason.TOO_LARGE, f"{path!r}: more than {limit} octets")
    return content
