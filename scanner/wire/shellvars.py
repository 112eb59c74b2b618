"""Assignments to one variable in shell start-up files, told without running them.

A script can do anything; what is read here are plain assignments, and whether they stand under a condition. Nothing is
expanded: a value with an expansion in it is given as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_TEXT = 1_000_000
_OPENING = frozenset({"if", "for", "while", "until", "case", "select", "{"})
_CLOSING = frozenset({"fi", "done", "esac", "}"})
_LEADING = frozenset({"then", "else", "elif", "do", "!", "time"})
_DECLARING = frozenset({"export", "readonly", "declare", "typeset", "local"})
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


class NotShell(ValueError):
    """The text goes beyond the caps, or a quotation does not end."""


@dataclass(frozen=True, slots=True)
class Change:
    """One statement about the variable. ``value`` is ``None`` where none is given (``readonly NAME``, ``unset NAME``)."""

    value: str | None
    unset: bool
    readonly: bool
    conditional: bool
    line: int


def changes(text: str, name: str) -> tuple[Change, ...]:
    """Give every statement about the variable ``name``, in order. Raises ``NotShell``."""
    if len(text) > MOST_TEXT:
        raise NotShell(f"more than {MOST_TEXT} characters")
    found: list[Change] = []
    depth = 0
    for words, hinges, parens, line in _statements(text):
        rest = list(words)
        while rest and (rest[0] in _LEADING or rest[0] in _OPENING or rest[0] in _CLOSING):
            word = rest.pop(0)
            depth = depth + 1 if word in _OPENING else max(0, depth - 1) if word in _CLOSING else depth
            if word in {"for", "case", "select"}:  # "for TMOUT in …" sets a variable too, but nobody writes that
                rest = []
        found.extend(_about(name, rest, hinges or depth > 0 or parens > 0, line))
    return tuple(found)


def _about(name: str, words: list[str], conditional: bool, line: int) -> Iterator[Change]:
    if not words:
        return
    if words[0] == "unset":
        if name in words[1:]:
            yield Change(None, True, False, conditional, line)
        return
    declaring = words[0] in _DECLARING
    flags = "".join(w[1:] for w in words[1:] if w.startswith("-")) if declaring else ""
    readonly = words[0] == "readonly" or "r" in flags
    if not declaring and not all(_ASSIGNMENT.match(word) for word in words):
        return  # NAME=value command: for that command only
    for word in words[1:] if declaring else words:
        key, equals, value = word.partition("=")
        if key == name and (equals or readonly):
            yield Change(value if equals else None, False, readonly, conditional, line)


def _statements(text: str) -> Iterator[tuple[list[str], bool, int, int]]:
    """Split into statements: words, whether the statement hangs on the one before it, depth of parentheses, line."""
    words: list[str] = []
    hinges, parens, line, at, begun = False, 0, 1, 0, 1
    while at < len(text):
        letter = text[at]
        if letter in " \t":
            at += 1
        elif letter == "\\" and text[at + 1 : at + 2] == "\n":
            line, at = line + 1, at + 2
        elif letter == "#":
            end = text.find("\n", at)
            at = len(text) if end == -1 else end
        elif letter in "\n;&|()":
            run = text[at : at + 2] if text[at : at + 2] in {"&&", "||", ";;"} else letter
            if words:
                yield words, hinges, parens, begun
            parens = parens + 1 if run == "(" else max(0, parens - 1) if run == ")" else parens
            hinges = run in {"&&", "||", "|"} or (hinges and run == "\n" and not words)
            words, at, line = [], at + len(run), line + (run == "\n")
            begun = line
        else:
            word, end = _word(text, at)
            if not words:
                begun = line
            words.append(word)
            line += text.count("\n", at, end)
            at = end
    if words:
        yield words, hinges, parens, begun


def _word(text: str, at: int) -> tuple[str, int]:
    """Take one word with its quotations off the text."""
    out: list[str] = []
    while at < len(text) and text[at] not in " \t\n;&|()":
        letter = text[at]
        if letter == "\\":
            if text[at + 1 : at + 2] != "\n":
                out.append(text[at + 1 : at + 2])
            at += 2
        elif letter in "'\"`":
            end = at + 1
            while end < len(text) and text[end] != letter:
                end += 2 if text[end] == "\\" and letter != "'" else 1
            if end >= len(text):
                raise NotShell("a quotation that does not end")
            out.append(text[at + 1 : end])
            at = end + 1
        elif letter == "$" and text[at + 1 : at + 2] in {"(", "{"}:
            end = _closing(text, at + 1)
            out.append(text[at:end])
            at = end
        else:
            out.append(letter)
            at += 1
    return "".join(out), at


def _closing(text: str, at: int) -> int:
    """Give the place behind the bracket that closes the one at ``at``; quotations inside are not looked into."""
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] in "({") - (text[place] in ")}")
        if depth == 0:
            return place + 1
    raise NotShell("a bracket that does not close")


@dataclass(frozen=True, slots=True)
class Command:
    """One call of a program or built-in: its arguments, and the text of the line or of the condition it hangs on, where there is one."""

    words: tuple[str, ...]
    conditional: bool
    condition: str
    line: int


def commands(text: str, name: str) -> tuple[Command, ...]:
    """Give every call of ``name`` in order. Raises ``NotShell``. What is in quotations or substitutions is no call."""
    if len(text) > MOST_TEXT:
        raise NotShell(f"more than {MOST_TEXT} characters")
    found: list[Command] = []
    depth = 0
    conditions: list[str] = []
    last = ""
    for words, hinges, parens, line in _statements(text):
        rest = list(words)
        while rest and (rest[0] in _LEADING or rest[0] in _OPENING or rest[0] in _CLOSING):
            word = rest.pop(0)
            if word in _OPENING:
                depth += 1
                conditions.append(" ".join(rest))
            elif word in _CLOSING:
                depth = max(0, depth - 1)
                conditions[-1:] = []
            if word in {"for", "case", "select"}:
                rest = []
        if rest[:1] == [name]:
            under = " ".join(conditions) + (f" {last}" if hinges else "")
            found.append(Command(tuple(rest[1:]), hinges or depth > 0 or parens > 0, under, line))
        last = " ".join(words)
    return tuple(found)
