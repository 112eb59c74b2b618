"""Sieve (RFC 5228) as far as mail leaves by it: redirect, other scripts that are included (RFC 6609), programs that are handed mail.

Conditions are not worked out, but for ``if false``, by which mail readers keep rules that are switched off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_OCTETS = 1_000_000
DEEPEST = 100
_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*(?:\n|\Z)|/\*.*?\*/)
    |text:[ \t]*(?:\#[^\n]*)?\r?\n(?P<block>.*?)^\.\r?$
    |"(?P<quoted>(?:\\.|[^"\\])*)"
    |(?P<mark>[{};(),\[\]])
    |(?P<word>:?[A-Za-z_0-9.]+)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_PROGRAMS = frozenset({"pipe", "filter", "execute"})
"""Commands and tests of Pigeonhole that hand mail to a program (vnd.dovecot.pipe, .filter, .execute)."""


class NotSieve(ValueError):
    """The text is no such script, or goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Included:
    """A script that another one names: the owner's own, or one for everybody."""

    name: str
    everybodys: bool


@dataclass(frozen=True, slots=True)
class Script:
    """What a script may do with mail beside keeping it."""

    redirects: tuple[str, ...]
    """Addresses as they are written; ``${name}`` in one stands for what is known only when mail comes."""
    includes: tuple[Included, ...]
    programs: tuple[str, ...]


@dataclass(slots=True)
class _Command:
    """The words of the command that is being read, and its texts."""

    words: list[str]
    texts: list[str]


def script(data: bytes) -> Script:
    """Read a script. Raises ``NotSieve``."""
    if len(data) > MOST_OCTETS:
        raise NotSieve(f"more than {MOST_OCTETS} octets")
    text = data.decode("utf-8", "replace")
    redirects: list[str] = []
    includes: list[Included] = []
    programs: list[str] = []
    off = [False]
    now = _Command([], [])
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise NotSieve(f"{text[at]!r} stands where nothing of the kind can")
        at = found.end()
        kind = found.lastgroup
        said = found[kind] if kind else ""
        if kind == "word":
            now.words.append(said.lower())
        elif kind in {"quoted", "block"}:
            now.texts.append(re.sub(r"\\(.)", r"\1", said) if kind == "quoted" else said)
        elif said in {";", "{"}:
            if not off[-1]:
                _take(now, redirects, includes, programs)
            if said == "{":
                off.append(off[-1] or now.words in (["if", "false"], ["elsif", "false"]))
                if len(off) > DEEPEST:
                    raise NotSieve("blocks stand too deep in each other")
            now = _Command([], [])
        elif said == "}":
            if len(off) == 1:
                raise NotSieve("a block ends that was not begun")
            off.pop()
    if len(off) > 1 or now.words:
        raise NotSieve("the script ends in the middle of a command")
    return Script(tuple(redirects), tuple(includes), tuple(programs))


def _take(command: _Command, redirects: list[str], includes: list[Included], programs: list[str]) -> None:
    """Note what one command does."""
    name = command.words[0] if command.words else ""
    if name == "redirect":
        redirects += command.texts[-1:]
    elif name == "include":
        includes += [Included(one, ":global" in command.words) for one in command.texts[-1:]]
    # execute is a test as well, so it may stand behind ``if``
    programs += [word for word in command.words if word in _PROGRAMS]
