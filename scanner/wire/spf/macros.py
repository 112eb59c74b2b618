"""SPF macro strings, RFC 7208 section 7: reading them, and expanding them into names and texts. What a letter stands for is passed in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import quote

from scanner.wire.spf.values import ProblemKind

LETTERS: Final = frozenset("slodiphv")
EXPLANATION_LETTERS: Final = LETTERS | frozenset("crt")  # section 7.2: c, r and t in explanation texts only
MAX_NAME: Final = 253
MAX_EXPLANATION: Final = 4_096  # characters; ours, since a short text may name a long sender thousands of times
KEEP_ALL: Final = 10_000  # more parts than an identity of permitted length can have

# One token of a macro-string. The possessive-free classes do not overlap, so that matching stays linear.
_TOKEN = re.compile(r"%\{([A-Za-z])([0-9]*)([rR]?)([.\-+,/_=]*)\}|%([%_-])|([!-$&-~]+)")
_SPACED_TOKEN = re.compile(r"%\{([A-Za-z])([0-9]*)([rR]?)([.\-+,/_=]*)\}|%([%_-])|([ -$&-~]+)")
_ESCAPES: Final = {"%": "%", "_": " ", "-": "%20"}
_LITERAL = re.compile(r"[!-$&-~]*\Z")
_LABELS = re.compile(r"(?:[ -\-/-~]{1,63}\.)*[ -\-/-~]{1,63}\Z")


class NotMacroString(ValueError):
    """The text does not follow the grammar; ``kind`` tells which rule."""

    def __init__(self, kind: ProblemKind) -> None:
        super().__init__(kind.value)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Macro:
    """``%{letter digits r delimiters}``; ``keep`` is the number of right-hand parts, ``escaped`` tells that the letter was upper case."""

    letter: str
    keep: int = KEEP_ALL
    reverse: bool = False
    delimiters: str = "."
    escaped: bool = False


@dataclass(frozen=True, slots=True)
class MacroString:
    """A macro string in pieces. ``letters`` holds the macro letters used, each in lower case; empty means that the text is fixed."""

    text: str
    parts: tuple[str | Macro, ...]
    letters: frozenset[str] = frozenset()


def read_macro_string(text: str, letters: frozenset[str] = LETTERS, *, spaces: bool = False) -> MacroString:
    """Read ``macro-string``, or with ``spaces`` an ``explain-string``; raises ``NotMacroString``."""
    if "%" not in text and _LITERAL.match(text):
        return MacroString(text, (text,) if text else ())
    token = _SPACED_TOKEN if spaces else _TOKEN
    parts: list[str | Macro] = []
    used: set[str] = set()
    position = 0
    while position < len(text):
        found = token.match(text, position)
        if found is None:
            raise NotMacroString(ProblemKind.BAD_MACRO if text[position] == "%" else ProblemKind.BAD_NAME)
        position = found.end()
        letter, digits, reverse, delimiters, escape, literal = found.groups()
        if letter:
            macro = _macro(letter, digits, bool(reverse), delimiters)
            if macro.letter not in letters:
                raise NotMacroString(ProblemKind.BAD_MACRO)
            parts.append(macro)
            used.add(macro.letter)
        else:
            parts.append(literal or _ESCAPES[escape])
    return MacroString(text, tuple(parts), frozenset(used))


def _macro(letter: str, digits: str, reverse: bool, delimiters: str) -> Macro:
    keep = KEEP_ALL
    if digits:
        digits = digits.lstrip("0")
        if not digits:  # section 7.3: a transformer DIGIT must be nonzero
            raise NotMacroString(ProblemKind.BAD_MACRO)
        keep = int(digits) if len(digits) <= 4 else KEEP_ALL  # int() refuses thousands of digits
    return Macro(letter.lower(), keep, reverse, delimiters or ".", letter.isupper())


def read_domain_spec(text: str) -> MacroString:
    """Read ``domain-spec``: a macro string that ends in a macro or in a dot and a top label; raises ``NotMacroString``."""
    if not text:
        raise NotMacroString(ProblemKind.MISSING_NAME)
    spec = read_macro_string(text)
    if "%" in text:
        # The end counts as it was written: %% and its like are macros too, and one that expands to a dot does not start a top label.
        tail = text[_last_macro_end(text) :]
        if not tail:
            return spec
    else:
        tail = text
    dot, label = _top_label(tail)
    if not dot or not is_top_label(label):
        numeric = "%" not in text and _looks_like_address(text)
        raise NotMacroString(ProblemKind.ADDRESS_AS_NAME if numeric else ProblemKind.BAD_NAME)
    return spec


def _last_macro_end(text: str) -> int:
    end = 0
    for found in _TOKEN.finditer(text):
        if found.group(6) is None:
            end = found.end()
    return end


def _top_label(tail: str) -> tuple[str, str]:
    _, dot, label = (tail[:-1] if tail.endswith(".") else tail).rpartition(".")
    return dot, label


def is_top_label(label: str) -> bool:
    """Tell whether the label may stand last: letters, digits and inner hyphens, not digits alone (section 7.1, ``toplabel``)."""
    if not label.isascii() or label.isdigit():
        return False
    return label[:1].isalnum() and label[-1:].isalnum() and label.replace("-", "").isalnum()


def _looks_like_address(text: str) -> bool:
    return len(text) < 64 and ((text.count(".") == 3 and text.replace(".", "").replace("/", "").isdigit()) or text.count(":") > 1)


def domain_name(text: str) -> str | None:
    """Give the name to ask the DNS for, or ``None`` when no question can be made of the text.

    One last dot goes; labels fall off the left until 253 octets remain (section 7.3). What is left is malformed when a label is empty
    or longer than 63 octets (section 4.3), or holds control characters or anything outside ASCII: a local part in UTF-8 never
    matches (RFC 8616 section 4).
    """
    text = text.removesuffix(".")
    if len(text) > MAX_NAME:
        cut = text.find(".", len(text) - MAX_NAME - 1)
        text = text[cut + 1 :] if cut >= 0 else ""
    return text.lower() if _LABELS.match(text) else None


def expand_name(spec: MacroString, values: Mapping[str, str]) -> str | None:
    """Expand a ``domain-spec`` into a name as ``domain_name`` gives it.

    Works from the right and stops when the rest would be cut off, so that the cost does not depend on how often a long sender is named.
    """
    if not spec.letters and len(spec.parts) == 1:
        return domain_name(str(spec.parts[0]))
    pieces: list[str] = []
    length = 0
    for part in reversed(spec.parts):
        piece = part if isinstance(part, str) else _expand(part, values)
        pieces.append(piece)
        length += len(piece)
        if length > MAX_NAME + 1:  # one dot more may go at the end
            break
    return domain_name("".join(reversed(pieces)))


def expand_text(text: MacroString, values: Mapping[str, str]) -> str | None:
    """Expand an explanation; ``None`` when it would be longer than ``MAX_EXPLANATION`` characters."""
    pieces: list[str] = []
    length = 0
    for part in text.parts:
        piece = part if isinstance(part, str) else _expand(part, values)
        pieces.append(piece)
        length += len(piece)
        if length > MAX_EXPLANATION:
            return None
    return "".join(pieces)


def _expand(macro: Macro, values: Mapping[str, str]) -> str:
    value = values[macro.letter]
    if macro.reverse or macro.keep != KEEP_ALL or macro.delimiters != ".":
        if len(macro.delimiters) > 1:
            value = value.translate({ord(c): macro.delimiters[0] for c in macro.delimiters})
        parts = value.split(macro.delimiters[0])
        if macro.reverse:
            parts.reverse()
        value = ".".join(parts[-macro.keep :])
    # Section 7.3: everything outside the unreserved set of RFC 3986 is escaped, which is what quote() keeps.
    return quote(value, safe="", errors="replace") if macro.escaped else value


def address_parts(ip: IPv4Address | IPv6Address) -> str:
    """Give the value of ``i``: dotted quad, or the 32 nibbles of an IPv6 address between dots, in upper case."""
    return str(ip) if isinstance(ip, IPv4Address) else ".".join(f"{int(ip):032X}")


def reverse_name(ip: IPv4Address | IPv6Address) -> str:
    """Give the name that holds the PTR records of an address."""
    return ip.reverse_pointer
