"""The local account files of a Linux machine: passwd(5), group(5), shadow(5). Readers cut the hashes before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scanner.hosts.base import Reader
from scanner.hosts.linux.base import file_needed
from scanner.model.reason import CannotObserve, Reason

PASSWD: Final = "/etc/passwd"  # noqa: S105  a path
GROUP: Final = "/etc/group"
SHADOW: Final = "/etc/shadow"
LARGEST: Final = 10_000_000
MOST_ENTRIES: Final = 20_000
NO_SHELL: Final = frozenset({"nologin", "false", "true", "sync", "halt", "shutdown", "git-shell"})
"""Programs that a login starts in the place of a shell."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of /etc/passwd. ``password`` is the kind of the second field, see ``kind_of_password``."""

    name: str
    password: str
    uid: int
    gid: int
    home: str
    shell: str

    @property
    def logs_in(self) -> bool:
        """Whether a login gets a shell."""
        return self.shell.rsplit("/", 1)[-1] not in NO_SHELL


@dataclass(frozen=True, slots=True)
class Group:
    """A line of /etc/group."""

    name: str
    gid: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shadow:
    """A line of /etc/shadow without its secret. Days count from 1970; ``None`` where the field is empty."""

    name: str
    password: str
    changed: int | None
    least_days: int | None
    most_days: int | None
    close_days: int | None
    expires: int | None


_KINDS: Final = {
    "y": "yescrypt",
    "gy": "gost-yescrypt",
    "7": "scrypt",
    "2": "bcrypt",
    "2a": "bcrypt",
    "2b": "bcrypt",
    "2x": "bcrypt",
    "2y": "bcrypt",
    "6": "sha512",
    "5": "sha256",
    "sha1": "sha1",
    "md5": "sunmd5",
    "3": "nt",
    "1": "md5",
}
"""The marks of crypt(5)."""
OTHER: Final = "other"


def kind_of_password(field: str) -> str:
    """Name what a password field holds, as readers hand it over (``scanner.hosts.secrets``): the mark of the hash, never the hash.

    ``empty``; ``locked`` (begins with ``!``: no password opens it, another could be unlocked); ``none`` (``*``: none was ever set);
    ``shadow`` (``x``: it stands in /etc/shadow); otherwise the kind of hash, ``other`` for what has no mark that is known.
    """
    if not field:
        return "empty"
    if field == "x":
        return "shadow"
    if field.startswith("!"):
        return "locked"
    if field.startswith("*"):
        return "none"
    if field == "DES":
        return "des"
    mark = field[1:].partition("$")[0].partition(",")[0] if field.startswith("$") else ""
    return _KINDS.get(mark, OTHER)


def passwd(read: Reader) -> tuple[Entry, ...]:
    """Give the accounts of /etc/passwd. Raises ``CannotObserve``. Lines that the C library passes over are left out."""
    found = []
    for fields in _lines(read, PASSWD):
        if len(fields) >= 7 and fields[0][:1] not in {"+", "-", ""} and _number(fields[2]) is not None and _number(fields[3]) is not None:
            shell = fields[6] or "/bin/sh"  # passwd(5)
            found.append(Entry(fields[0], kind_of_password(fields[1]), int(fields[2]), int(fields[3]), fields[5], shell))
    return tuple(found)


def groups(read: Reader) -> tuple[Group, ...]:
    """Give the groups of /etc/group. Raises ``CannotObserve``."""
    found = []
    for fields in _lines(read, GROUP):
        if len(fields) >= 4 and fields[0][:1] not in {"+", "-", ""} and _number(fields[2]) is not None:
            found.append(Group(fields[0], int(fields[2]), tuple(name for name in fields[3].split(",") if name)))
    return tuple(found)


def shadow(read: Reader) -> tuple[Shadow, ...]:
    """Give the lines of /etc/shadow with the kind of hash in the hash's place. Raises ``CannotObserve``."""
    found = []
    for fields in _lines(read, SHADOW):
        if len(fields) >= 2 and fields[0][:1] not in {"+", "-", ""}:
            changed, least, most, _warning, close, expires = map(_number, (fields[2:8] + [""] * 6)[:6])
            found.append(Shadow(fields[0], kind_of_password(fields[1]), changed, least, most, close, expires))
    return tuple(found)


def _lines(read: Reader, path: str) -> list[list[str]]:
    data = file_needed(read, path, limit=LARGEST)
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    if len(lines) > MOST_ENTRIES:
        raise CannotObserve(Reason.TOO_LARGE, f"{path}: more than {MOST_ENTRIES} lines")
    return [line.split(":") for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _number(text: str) -> int | None:
    negative = text[:1] == "-"
    plain = text[1:] if negative else text
    return None if not plain.isdecimal() or not plain.isascii() or len(plain) > 12 else int(text)
