"""What IMAP, POP3 and ManageSieve servers say before anybody logs in: greetings, capabilities, endings of commands. Parsing only.

IMAP is RFC 9051 (and 3501), POP3 RFC 1939 and 2449, ManageSieve RFC 5804. All three speak in lines; strings that a server may send as
literals are read for ManageSieve, where capabilities may hold them, and refused for IMAP, where nothing asked for here can.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.wire.txt import excerpt

LONGEST_LINE = 8192
MOST_LINES = 128
LARGEST_LITERAL = 4096
LONGEST_TEXT = 200
MOST_WORDS = 64

_IMAP_STATUS = re.compile(r"(\*|\+|[^\s()*%\"{}\\]+) (OK|NO|BAD|PREAUTH|BYE)(?: (.*))?\Z", re.IGNORECASE)
_IMAP_CODE = re.compile(r"\[([^\]]*)\] ?(.*)\Z")
_IMAP_CAPABILITY = re.compile(r"\* CAPABILITY (.*)\Z", re.IGNORECASE)
_POP3 = re.compile(r"(\+OK|-ERR)(?:[ \t]+(.*))?\Z", re.IGNORECASE)
_SIEVE_END = re.compile(r"(OK|NO|BYE)(?: (?:\(([^)]*)\) ?)?(.*))?\Z", re.IGNORECASE)
_SIEVE_STRING = re.compile(rb'"((?:[^"\\\r\n]|\\.)*)"|\{([0-9]{1,5})\+?\}\r?\n')


class NotMailAccess(ValueError):
    """The octets are nothing that a server of this protocol says; the message says where they go wrong."""


@unique
class Dialect(StrEnum):
    """Which protocol is spoken."""

    IMAP = "imap"
    POP3 = "pop3"
    SIEVE = "sieve"


def read_line(buffer: bytes) -> tuple[bytes, bytes] | None:
    """Take one line off the front, its end removed; ``None`` asks for more octets. Raises ``NotMailAccess`` for an endless one."""
    end = buffer.find(b"\n", 0, LONGEST_LINE)
    if end < 0:
        if len(buffer) >= LONGEST_LINE:
            raise NotMailAccess(f"a line of {LONGEST_LINE} octets or more")
        return None
    return buffer[:end].removesuffix(b"\r"), buffer[end + 1 :]


@dataclass(frozen=True, slots=True)
class Status:
    """An ending or greeting: whether it is good, its word (OK, NO, BAD, PREAUTH, BYE, +OK, -ERR), the text, and a code in brackets.

    ``tag`` is that of an IMAP answer, ``*`` for one that nobody asked for, empty elsewhere.
    """

    good: bool
    word: str
    text: str
    code: str = ""
    tag: str = ""


def imap_status(line: bytes) -> Status | None:
    """Read a status line; ``None`` for any other line, such as one with data. Raises ``NotMailAccess`` for what is no line of IMAP."""
    text = excerpt(line, LONGEST_LINE)
    found = _IMAP_STATUS.match(text)
    if found is None:
        if not text.startswith(("* ", "+")):
            raise NotMailAccess(f"no line of IMAP: {excerpt(line)}")
        return None
    word = found[2].upper()
    inner = _IMAP_CODE.match(found[3] or "")
    code, rest = (inner[1], inner[2]) if inner else ("", found[3] or "")
    return Status(word in {"OK", "PREAUTH"}, word, rest[:LONGEST_TEXT], code[:LONGEST_LINE], found[1])


def imap_capabilities(line: bytes) -> tuple[str, ...] | None:
    """Read the capabilities out of an untagged CAPABILITY line or out of the code of a status line; ``None`` where it has none."""
    text = excerpt(line, LONGEST_LINE)
    found = _IMAP_CAPABILITY.match(text)
    if found is None:
        status = imap_status(line)
        if status is None or not status.code.upper().startswith("CAPABILITY "):
            return None
        return _words(status.code[len("CAPABILITY ") :])
    return _words(found[1])


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.upper() for word in text.split()[:MOST_WORDS]))


def pop3_status(line: bytes) -> Status:
    """Read the first line of an answer. Raises ``NotMailAccess``."""
    found = _POP3.match(excerpt(line, LONGEST_LINE))
    if found is None:
        raise NotMailAccess(f"no answer of POP3: {excerpt(line)}")
    word = found[1].upper()
    return Status(word == "+OK", word, (found[2] or "")[:LONGEST_TEXT])


@dataclass(frozen=True, slots=True)
class SieveLine:
    """One line of ManageSieve: the strings of a capability, or how a command ended."""

    strings: tuple[str, ...] = ()
    status: Status | None = None


def read_sieve(buffer: bytes) -> tuple[SieveLine, bytes] | None:
    """Take one line, its literals included, off the front of ``buffer``; ``None`` asks for more octets. Raises ``NotMailAccess``."""
    at = 0
    strings: list[str] = []
    while len(strings) < MOST_WORDS:
        found = _SIEVE_STRING.match(buffer, at)
        if found is None:
            break
        if found[2] is None:
            strings.append(excerpt(re.sub(rb"\\(.)", rb"\1", found[1]), LONGEST_LINE))
            at = found.end()
        else:
            length = int(found[2])
            if length > LARGEST_LITERAL:
                raise NotMailAccess(f"a literal of {length} octets; at most {LARGEST_LITERAL} are read")
            if len(buffer) < found.end() + length:
                return None
            strings.append(excerpt(buffer[found.end() : found.end() + length], LONGEST_LINE))
            at = found.end() + length
        while buffer[at : at + 1] == b" ":
            at += 1
    end = read_line(buffer[at:])
    if end is None:
        return None
    rest = end[0].strip()
    if strings and not rest:
        return SieveLine(tuple(strings)), end[1]
    status = None if strings else _SIEVE_END.match(excerpt(rest, LONGEST_LINE))
    if status is None:
        raise NotMailAccess(f"no line of ManageSieve: {excerpt(buffer[: at + 80])}")
    word = status[1].upper()
    return SieveLine((), Status(word == "OK", word, (status[3] or "").strip('"')[:LONGEST_TEXT], status[2] or "")), end[1]


@dataclass(frozen=True, slots=True)
class Login:
    """How one may log in as a server tells it: SASL mechanisms, and whether a plain login command beside them is open.

    ``command``: IMAP's LOGIN (without LOGINDISABLED), POP3's USER; ``None`` where the server does not tell.
    """

    mechanisms: tuple[str, ...]
    command: bool | None
    upgrade: bool
    """Whether the change to TLS is offered (STARTTLS, STLS)."""


def imap_login(capabilities: tuple[str, ...]) -> Login:
    """Read IMAP capabilities (RFC 9051 section 6.1.1, 6.2.3)."""
    mechanisms = sorted({c.removeprefix("AUTH=") for c in capabilities if c.startswith("AUTH=")})
    return Login(tuple(mechanisms), "LOGINDISABLED" not in capabilities, "STARTTLS" in capabilities)


def pop3_login(capabilities: tuple[str, ...]) -> Login:
    """Read the lines that CAPA gives, in capitals (RFC 2449 section 6). A server that lists USER takes USER and PASS."""
    sasl = sorted({word for line in capabilities if line.startswith("SASL ") for word in line.split()[1:]})
    return Login(tuple(sasl), "USER" in capabilities, "STLS" in capabilities)


def sieve_login(capabilities: tuple[tuple[str, ...], ...]) -> Login:
    """Read ManageSieve capabilities (RFC 5804 section 1.7); it has no login command beside SASL."""
    found = {line[0].upper(): line[1] if len(line) > 1 else "" for line in capabilities if line}
    return Login(tuple(sorted(set(found.get("SASL", "").upper().split()))), False, "STARTTLS" in found)
