"""Configuration files of programs that keep time, chrony and the ntpd family, line by line. Which file is read stands elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

MOST_LINES = 20_000
LONGEST_LINE = 4_096
_SOURCES = frozenset({"server", "pool", "peer", "refclock", "servers"})


class NotNtpConf(ValueError):
    """The text is beyond the caps."""


@dataclass(frozen=True, slots=True)
class Line:
    """One directive: its word in lower case and what follows."""

    word: str
    rest: tuple[str, ...]
    number: int


@dataclass(frozen=True, slots=True)
class Source:
    """A configured source and whether its answers are authenticated."""

    name: str
    authenticated: bool


def lines(data: bytes, comments: str) -> tuple[Line, ...]:
    """Give the directives of a file. ``comments`` are the characters that begin a comment line; ``#`` also ends a line's meaning for ntpd.

    chrony.conf(5): ``! ; # %`` begin comments, only at the start of a line. ntp.conf(5): ``#`` anywhere.
    Raises ``NotNtpConf``.
    """
    found = []
    texts = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if len(texts) > MOST_LINES:
        raise NotNtpConf(f"more than {MOST_LINES} lines")
    for number, whole in enumerate(texts, 1):
        if len(whole) > LONGEST_LINE:
            raise NotNtpConf(f"line {number} is longer than {LONGEST_LINE} characters")
        text = whole.partition("#")[0] if comments == "#" else whole
        words = text.split()
        if words and words[0][0] not in comments:
            found.append(Line(words[0].lower(), tuple(words[1:]), number))
    return tuple(found)


def source(line: Line) -> Source | None:
    """Give the source that a line names, or ``None``."""
    if line.word not in _SOURCES:
        return None
    # ntpd takes -4 and -6 before the name; chrony's refclock has a driver and a device
    names = [word for word in line.rest if not word.startswith("-")]
    if not names:
        return None
    if line.word == "refclock":
        return Source(" ".join(names[:2]), True)
    options = [word.lower() for word in names[1:]]
    keyed = "nts" in options or any(word == "key" and options[at + 1 : at + 2] not in ([], ["0"]) for at, word in enumerate(options))
    return Source(names[0], keyed or (names[0].startswith("127.127.") and line.word == "server"))


def serves_by_chrony(directives: tuple[Line, ...]) -> bool:
    """Tell whether chronyd answers other machines: an ``allow`` that no ``deny all`` takes back, and a port.

    chrony.conf(5): without ``allow`` nobody is served; the order does not matter except for ``all``, which removes what stood before.
    """
    if any(line.word == "port" and line.rest[:1] == ("0",) for line in directives):
        return False
    allowed: set[str] = set()
    for line in directives:
        words = [word.lower() for word in line.rest]
        every, where = words[:1] == ["all"], next((word for word in words if word != "all"), "")
        if line.word == "allow":
            allowed.add(where or "*")
        elif line.word == "deny":
            if every and not where:
                allowed.clear()
            else:
                allowed.discard(where or "*")
    return bool(allowed)


def serves_by_ntpd(directives: tuple[Line, ...]) -> bool:
    """Tell whether ntpd answers others: it does unless a ``restrict default`` line of each family says ``ignore``, ``noserve``."""
    shut: set[str] = set()
    for line in directives:
        if line.word == "disable" and "ntp" in line.rest:
            continue
        if line.word != "restrict":
            continue
        words = [word.lower() for word in line.rest]
        families = {"-4"} if words[:1] == ["-4"] else {"-6"} if words[:1] == ["-6"] else {"-4", "-6"}
        rest = words[1:] if words[:1] in (["-4"], ["-6"]) else words
        if rest[:1] == ["default"]:
            shut = shut | families if {"ignore", "noserve"} & set(rest[1:]) else shut - families
    return shut != {"-4", "-6"}
