"""OpenSMTPD's configuration language since 6.4 (smtpd.conf(5)): text to directives, with macros put in. Their meaning is not known here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MOST_OCTETS = 1_000_000
MOST_DIRECTIVES = 20_000
LONGEST = 20_000
"""Words of one directive."""
_TOKEN = re.compile(
    r"""(?P<space>(?:[ \t\r]|\\\r?\n)+|\#(?:\\\r?\n|[^\n])*)
    |(?P<end>\n)
    |"(?P<quoted>(?:\\"|[^"\n])*)"|'(?P<single>(?:\\'|[^'\n])*)'
    |(?P<table><[A-Za-z0-9_.:-]+>)
    |(?P<mark>[{}(),=!])
    |\$(?P<macro>[A-Za-z0-9_]+)
    |(?P<word>[^\s{}(),=!<>"'\#$]+)""",
    re.VERBOSE,
)
_KEYWORDS = frozenset(
    {"action", "bounce", "ca", "filter", "include", "listen", "match", "mda", "mta", "pki", "proc", "queue", "smtp", "srs"}
)
_KEYWORDS |= {"table", "admd"}
_OLD = frozenset({"accept", "reject", "expire", "limit"})
"""How directives of the language before 6.4 begin."""


class NotSmtpd(ValueError):
    """The text is no such configuration, or goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive: its words, among them ``<table>`` and the marks ``{ } , = !`` where they were not quoted."""

    words: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its first word."""
        return self.words[0]

    def behind(self, word: str) -> str:
        """Give the word that follows another one; empty where there is none."""
        at = self.words.index(word) if word in self.words else -2
        return self.words[at + 1] if 0 <= at + 1 < len(self.words) and at >= 0 else ""


def parse(data: bytes, macros: dict[str, str]) -> Iterator[Directive]:
    """Give the directives of one file, one by one, so that a caller can read what is included in between. Raises ``NotSmtpd``.

    ``macros`` are those that are known already; those of the file are added as they come.
    """
    if len(data) > MOST_OCTETS or b"\0" in data:
        raise NotSmtpd("the text is too long, or holds zero octets")
    for number, words in enumerate(_lines(data.decode("utf-8", "replace"), macros)):
        if number >= MOST_DIRECTIVES:
            raise NotSmtpd(f"more than {MOST_DIRECTIVES} directives")
        if len(words) == 3 and words[1] == "=":
            macros[words[0]] = words[2]
        elif words[0] in _OLD:
            raise NotSmtpd(f"{words[0]} is of the language before 6.4")
        elif words[0] not in _KEYWORDS:
            raise NotSmtpd(f"no directive begins with {words[0]}")
        else:
            yield Directive(tuple(words))


def _lines(text: str, macros: Mapping[str, str]) -> Iterator[list[str]]:
    """Give the words of each line; one within braces goes on behind the end of the line."""
    at, depth = 0, 0
    words: list[str] = []
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise NotSmtpd(f"{text[at]!r} stands where nothing of the kind can")
        at, kind = found.end(), str(found.lastgroup)
        said = found[kind]
        if kind == "macro":
            if said not in macros:
                raise NotSmtpd(f"the macro {said} is not defined")
            said = macros[said]
        depth += {"{": 1, "}": -1}.get(said, 0) if kind == "mark" else 0
        if kind == "end":
            if words and depth <= 0:
                yield words
                words = []
        elif kind != "space":
            words.append(said)
            if len(words) > LONGEST:
                raise NotSmtpd(f"a directive of more than {LONGEST} words")
    if depth > 0:
        raise NotSmtpd("a brace is not closed")
    if words:
        yield words
