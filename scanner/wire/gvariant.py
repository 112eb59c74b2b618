"""GVariant values: from their serialised form, and simple ones from their text form. Container files live elsewhere.

The serialised form is that of the GVariant specification (little-endian). Where the format lets a reader fall back to
a default value for broken data, this parser refuses it instead: a broken settings file must not look like a setting.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

LONGEST_TYPE = 255
DEEPEST = 32
MOST_VALUES = 20_000
"""Values in one serialised value, containers included."""

GValue = bool | int | float | str | None | tuple["GValue", ...]
"""Arrays, tuples and dictionary entries are tuples; an unset maybe is ``None``; a variant is what it holds."""


class NotGVariant(ValueError):
    """The octets or the text are not a value of the type that they claim."""


@dataclass(frozen=True, slots=True)
class _Type:
    """A parsed type: its first letter, members, alignment in octets, and size where it is always the same."""

    letter: str
    members: tuple[_Type, ...]
    align: int
    size: int | None


_BASIC = {
    "b": (1, "B"), "y": (1, "B"), "n": (2, "h"), "q": (2, "H"), "i": (4, "i"), "u": (4, "I"), "h": (4, "i"),
    "x": (8, "q"), "t": (8, "Q"), "d": (8, "d"),
}  # fmt: skip


def variant(data: bytes) -> GValue:
    """Give what a serialised variant holds: the value, a zero octet, the type string. Raises ``NotGVariant``."""
    return _variant(data, 0, [MOST_VALUES])


def value(type_string: str, data: bytes) -> GValue:
    """Give the value of a type that is known from elsewhere. Raises ``NotGVariant``."""
    return _value(_type(type_string), data, 0, [MOST_VALUES])


def _type(text: str) -> _Type:
    if len(text) > LONGEST_TYPE:
        raise NotGVariant(f"a type string of {len(text)} characters")
    found, end = _one_type(text, 0, 0)
    if end != len(text):
        raise NotGVariant(f"{text!r} is not one type")
    return found


def _one_type(text: str, at: int, depth: int) -> tuple[_Type, int]:
    if depth > DEEPEST or at >= len(text):
        raise NotGVariant(f"{text!r} is not a type")
    letter = text[at]
    if letter in _BASIC:
        size, _ = _BASIC[letter]
        return _Type(letter, (), size, size), at + 1
    if letter in "sog":
        return _Type(letter, (), 1, None), at + 1
    if letter == "v":
        return _Type(letter, (), 8, None), at + 1
    if letter in "am":
        element, end = _one_type(text, at + 1, depth + 1)
        return _Type(letter, (element,), element.align, None), end
    if letter in "({":
        close, members, end = ")" if letter == "(" else "}", [], at + 1
        while text[end : end + 1] != close:
            member, end = _one_type(text, end, depth + 1)
            members.append(member)
        if letter == "{" and len(members) != 2:
            raise NotGVariant(f"{text!r}: a dictionary entry has two members")
        return _structure(tuple(members)), end + 1
    raise NotGVariant(f"{text!r} is not a type")


def _structure(members: tuple[_Type, ...]) -> _Type:
    align = max((m.align for m in members), default=1)
    size: int | None = 0
    for member in members:
        size = None if size is None or member.size is None else _up(size, member.align) + member.size
    return _Type("(", members, align, None if size is None else max(1, _up(size, align)))


def _up(offset: int, align: int) -> int:
    return -(-offset // align) * align


def _value(kind: _Type, data: bytes, depth: int, left: list[int]) -> GValue:
    left[0] -= 1
    if left[0] < 0 or depth > DEEPEST:
        raise NotGVariant(f"more than {MOST_VALUES} values, or deeper than {DEEPEST}")
    if kind.size is not None and len(data) != kind.size:
        raise NotGVariant(f"{len(data)} octets where {kind.size} are needed")
    match kind.letter:
        case "b":
            if data not in {b"\0", b"\1"}:
                raise NotGVariant("a boolean is 0 or 1")
            return data == b"\1"
        case "s" | "o" | "g":
            return _string(data)
        case "v":
            return _variant(data, depth, left)
        case "m":
            return _maybe(kind.members[0], data, depth, left)
        case "a":
            return tuple(_value(kind.members[0], part, depth + 1, left) for part in _elements(kind.members[0], data, left))
        case "(":
            return _tuple(kind, data, depth, left)
        case basic:
            number: int | float = struct.unpack("<" + _BASIC[basic][1], data)[0]
            return number


def _string(data: bytes) -> str:
    if not data.endswith(b"\0") or b"\0" in data[:-1]:
        raise NotGVariant("a string ends in its only zero octet")
    try:
        return data[:-1].decode()
    except UnicodeDecodeError as error:
        raise NotGVariant("a string is UTF-8") from error


def _variant(data: bytes, depth: int, left: list[int]) -> GValue:
    held, zero, kind = data.rpartition(b"\0")
    if not zero or not kind.isascii():
        raise NotGVariant("a variant names its type")
    return _value(_type(kind.decode("ascii")), held, depth + 1, left)


def _maybe(element: _Type, data: bytes, depth: int, left: list[int]) -> GValue:
    if not data:
        return None
    if element.size is None:
        if data[-1:] != b"\0":
            raise NotGVariant("a maybe of varying size ends in a zero octet")
        data = data[:-1]
    return _value(element, data, depth + 1, left)


def _elements(element: _Type, data: bytes, left: list[int]) -> list[bytes]:
    if element.size is not None:
        if len(data) % element.size:
            raise NotGVariant("an array ends inside an element")
        if len(data) // element.size > left[0]:
            raise NotGVariant(f"more than {MOST_VALUES} values")
        return [data[at : at + element.size] for at in range(0, len(data), element.size)]
    if not data:
        return []
    width = _width(len(data))
    table = _offset(data, len(data) - width, width)
    if table > len(data) or (len(data) - table) % width:
        raise NotGVariant("the offsets of an array point outside it")
    parts: list[bytes] = []
    start = 0
    for at in range(table, len(data), width):
        end, start = _offset(data, at, width), _up(start, element.align)
        if not start <= end <= table or len(parts) >= left[0]:
            raise NotGVariant("the offsets of an array do not rise")
        parts.append(data[start:end])
        start = end
    return parts


def _tuple(kind: _Type, data: bytes, depth: int, left: list[int]) -> tuple[GValue, ...]:
    width = _width(len(data))
    frame, at, values = len(data), 0, []
    for index, member in enumerate(kind.members):
        at = _up(at, member.align)
        if member.size is not None:
            end = at + member.size
        elif index == len(kind.members) - 1:
            end = frame
        else:
            frame -= width
            end = _offset(data, frame, width)
        if not at <= end <= frame:
            raise NotGVariant("the offsets of a tuple do not rise")
        values.append(_value(member, data[at:end], depth + 1, left))
        at = end
    return tuple(values)


def _width(size: int) -> int:
    return 1 if size <= 0xFF else 2 if size <= 0xFFFF else 4


def _offset(data: bytes, at: int, width: int) -> int:
    if at < 0:
        raise NotGVariant("there is no room for an offset")
    return int.from_bytes(data[at : at + width], "little")


_PREFIX = re.compile(r"(?:@[bynqiuxthds]|boolean|byte|u?int(?:16|32|64)|handle|double|string)\s+")
_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})\Z")
_QUOTED = re.compile(r"""(?:'([^'\\\n]*)'|"([^"\\\n]*)")\Z""")


def scalar(text: str) -> bool | int | str:
    """Read a boolean, an integer or a plain string as written in dconf key files. Raises ``NotGVariant`` for all else."""
    text = _PREFIX.sub("", text.strip(), count=1)
    if text in {"true", "false"}:
        return text == "true"
    if _INTEGER.match(text):
        octal = re.fullmatch(r"[+-]?0[0-7]+", text)
        return int(text, 8) if octal else int(text, 0) if "x" in text.lower() else int(text)
    if quoted := _QUOTED.match(text):
        return next(part for part in quoted.groups() if part is not None)
    raise NotGVariant(f"{text[:60]!r} is not a boolean, an integer or a plain string")
