"""Order of package versions: Debian's (deb-version(7)) and RPM's (rpm-version(7)). Pure; any text has a place in the order."""

from __future__ import annotations

import re
from itertools import zip_longest

LONGEST = 512
"""Characters of a version that are compared; real ones have fewer than a hundred."""
_PARTS = re.compile(r"([^0-9]*)([0-9]*)")
_RPM_PARTS = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")


def debian(a: str, b: str) -> int:
    """Compare two Debian versions: -1, 0 or 1."""
    (epoch_a, up_a, rev_a), (epoch_b, up_b, rev_b) = _debian_parts(a[:LONGEST]), _debian_parts(b[:LONGEST])
    return _sign(epoch_a - epoch_b) or _debian_part(up_a, up_b) or _debian_part(rev_a, rev_b)


def _debian_parts(version: str) -> tuple[int, str, str]:
    epoch, colon, rest = version.partition(":")
    if not colon or not _digits(epoch):
        epoch, rest = "0", version
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "0")
    return int(epoch), upstream, revision


def _debian_part(a: str, b: str) -> int:
    for (text_a, number_a), (text_b, number_b) in zip_longest(_PARTS.findall(a), _PARTS.findall(b), fillvalue=("", "")):
        for one, other in zip_longest(text_a, text_b, fillvalue=""):
            if order := _sign(_weight(one) - _weight(other)):
                return order
        if order := _sign(_whole(number_a) - _whole(number_b)):
            return order
    return 0


def _weight(letter: str) -> int:
    """A tilde sorts before the end, letters before all other characters."""
    if not letter:
        return 0
    if letter == "~":
        return -1
    return ord(letter) if letter.isascii() and letter.isalpha() else ord(letter) + 0x110000


def rpm(a: str, b: str) -> int:
    """Compare two RPM versions written ``epoch:version-release``; without an epoch it is 0."""
    (epoch_a, up_a, rel_a), (epoch_b, up_b, rel_b) = _rpm_fields(a[:LONGEST]), _rpm_fields(b[:LONGEST])
    return _sign(epoch_a - epoch_b) or _rpm_part(up_a, up_b) or _rpm_part(rel_a, rel_b)


def _rpm_fields(version: str) -> tuple[int, str, str]:
    epoch, colon, rest = version.partition(":")
    if not colon or not _digits(epoch):
        epoch, rest = "0", version
    upstream, _, release = rest.partition("-")
    return int(epoch), upstream, release


def _rpm_part(a: str, b: str) -> int:
    left, right = _RPM_PARTS.findall(a), _RPM_PARTS.findall(b)
    for one, other in zip_longest(left, right):
        if one == other:
            continue
        for mark, sign in (("~", -1), ("^", 1)):
            # a tilde sorts before everything, also before the end; a caret after the end and before all the rest
            if mark in {one, other}:
                mine = one == mark
                if mark == "^" and (other if mine else one) is not None:
                    return -1 if mine else 1
                return sign if mine else -sign
        if one is None or other is None:
            return -1 if one is None else 1
        if _digits(one) != _digits(other):
            return 1 if _digits(one) else -1  # numbers are newer than letters
        order = _sign(int(one) - int(other)) if _digits(one) else (1 if one > other else -1)
        if order:
            return order
    return 0


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _whole(text: str) -> int:
    return int(text) if text else 0


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
