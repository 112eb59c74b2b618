"""What an SMTP server says, RFC 5321 section 4.2: its replies and the list of extensions that follows EHLO. What a client says is not here.

Replies are read as servers write them: bare line feeds, lines that are too long and codes that change within a reply become ``problems``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.facts.smtp import ExtensionSeen, Offer
from scanner.wire.txt import excerpt

LONGEST_LINE = 2048  # section 4.5.3.1.5 has 512 octets; servers with long lists of mechanisms pass it
MOST_LINES = 128
LARGEST_REPLY = 32_768
LONGEST_TEXT = 200
"""Characters of a line that are kept."""
MOST_KEYWORDS = 64

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?\Z", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:\s|\Z)")  # RFC 3463 section 2
_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*\Z")  # section 4.1.1.1, ehlo-keyword


class NotSmtp(ValueError):
    """The octets are no SMTP reply; the message says where they go wrong."""


@unique
class ReplyFlaw(StrEnum):
    """What is odd about a reply that can be read all the same."""

    BARE_LF = "bare-lf"
    CODES_DIFFER = "codes-differ"
    NOT_ASCII = "not-ascii"


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole reply: the code of its last line, and its lines without code, printable and cut. ``enhanced`` is like 5.7.1, or empty."""

    code: int
    lines: tuple[str, ...]
    enhanced: str = ""
    flaws: tuple[ReplyFlaw, ...] = ()

    @property
    def text(self) -> str:
        """All lines in one, cut."""
        joined = " / ".join(self.lines)
        return joined if len(joined) <= LONGEST_TEXT else joined[: LONGEST_TEXT - 1] + "…"

    @property
    def positive(self) -> bool:
        """Whether the command was carried out (2xx)."""
        return 200 <= self.code < 300

    @property
    def temporary(self) -> bool:
        """Whether the command was refused for now (4xx)."""
        return 400 <= self.code < 500


def read_reply(buffer: bytes) -> tuple[Reply, bytes] | None:
    """Take one whole reply off the front of ``buffer``; ``None`` asks for more octets. Raises ``NotSmtp``."""
    lines: list[str] = []
    codes: list[int] = []
    flaws: dict[ReplyFlaw, None] = {}
    at = 0
    while True:
        end = buffer.find(b"\n", at, at + LONGEST_LINE)
        if end < 0:
            if len(buffer) - at >= LONGEST_LINE:
                raise NotSmtp(f"a line of {LONGEST_LINE} octets or more")
            return None
        raw = buffer[at:end]
        at = end + 1
        if raw.endswith(b"\r"):
            raw = raw[:-1]
        else:
            flaws[ReplyFlaw.BARE_LF] = None
        found = _LINE.match(raw)
        if found is None:
            raise NotSmtp(f"a line that does not begin with a reply code: {excerpt(raw)}")
        codes.append(int(found[1]))
        if any(octet > 126 or octet < 32 for octet in raw.replace(b"\t", b" ")):
            flaws[ReplyFlaw.NOT_ASCII] = None
        lines.append(excerpt(found[3] or b"", LONGEST_TEXT))
        if found[2] != b"-":
            break
        if len(lines) >= MOST_LINES or at > LARGEST_REPLY:
            raise NotSmtp(f"a reply of more than {MOST_LINES} lines or {LARGEST_REPLY} octets")
    if len(set(codes)) > 1:
        flaws[ReplyFlaw.CODES_DIFFER] = None  # section 4.2.1: all lines carry the same code; the last one counts
    enhanced = _ENHANCED.match(lines[0])
    fits = enhanced is not None and enhanced[1][0] == str(codes[-1])[0]
    return Reply(codes[-1], tuple(lines), enhanced[1] if enhanced and fits else "", tuple(flaws)), buffer[at:]


def offer(reply: Reply) -> Offer:
    """Read the answer to EHLO (section 4.1.1.1). Lines that hold no keyword are left out.

    ``AUTH=LOGIN PLAIN``, a form of before RFC 2554 that servers still send for old clients, is taken as AUTH.
    """
    found: dict[str, dict[str, None]] = {}
    for line in reply.lines[1 : 1 + MOST_KEYWORDS]:
        words = line.replace("=", " ", 1).split() if line[:5].upper() == "AUTH=" else line.split()
        if words and _KEYWORD.match(words[0]):
            found.setdefault(words[0].upper(), {}).update(dict.fromkeys(words[1:]))
    name = reply.lines[0].partition(" ")[0]
    return Offer(name, tuple(ExtensionSeen(word, tuple(parameters)) for word, parameters in found.items()))
