"""How communities and passphrases are cut out of the files of Net-SNMP: with sed(1) on a far machine, here by the same steps.

What is not known to be free of secrets keeps its first word only. A community stays where it is a usual name, which is what a check asks;
where a line cannot be taken apart, what is left of it grants more than the line did, or is a word that is known to be left open.
"""

from __future__ import annotations

import re

USUAL_COMMUNITIES = frozenset(
    {"public", "private", "community", "snmp", "cisco", "admin", "manager", "monitor", "default", "read", "write"}
)


FILES = ("snmpd.conf", "snmpd.local.conf", "snmp.conf", "snmp.local.conf")


def _any_case(text: str) -> str:
    """Write each letter of an expression as both of its cases; letters behind a backslash and in brackets stay."""
    parts = re.split(r"(\\.|\[[^]]*\])", text)
    return "".join(part if at % 2 else re.sub("[a-z]", lambda m: f"[{m[0].upper()}{m[0]}]", part) for at, part in enumerate(parts))


_KIND = r"^\s*(\[[^]]*\])?\s*"
_WORD = r"[^\"\s]\S*"
_SECRET = rf"(\"[^\"]*\"|{_WORD})"
_COMMUNITY = _any_case(r"r[OoWw]community6?")
_AUTH = _any_case("authcommunity")
_NAMED = rf"{_any_case('com2sec')}6?\s+(-Cn\s+{_WORD}\s+)?{_WORD}\s+{_WORD}\s+"
_USER = rf"({_KIND}{_any_case('createuser')}"
_AUTHENTICATION, _PRIVACY = _any_case("md5|sha(-?[0-9]+)?"), _any_case("des|aes(-?[0-9]+c?)?")
_USM = r"\.1\.3\.6\.1\.6\.3\.10\.1"
_KEPT = _any_case(
    r"(agentaddress|include[A-Za-z]*|r[OoWw]user|auth(user|group|access)|(set)?access|group|view|vacm[A-Za-z]*|disablesnmpv[A-Za-z0-9]*)"
)
STEPS: tuple[tuple[str, str | None], ...] = (
    (r"^\s*#.*$", "#"),
    (rf"({_KIND}({_COMMUNITY}\s+|{_AUTH}\s+{_WORD}\s+)){_SECRET}(\s.*)?$", r"\1\n\4\n\5"),
    (rf"({_KIND}{_NAMED}){_SECRET}(\s.*)?$", r"\1\n\4\n"),
    (rf"({_KIND}{_COMMUNITY})\s.*$", r"\1 ?"),
    (rf"({_KIND}{_AUTH})\s.*$", r"\1 read,write ?"),
    (rf"({_KIND}{_any_case('usmuser')})\s.*({_USM}\.1\.[0-9]+)\s.*({_USM}\.2\.[0-9]+).*$", r"\1 \3 \4"),
    (rf"{_USER}\s+(-e\s+\S+\s+)?{_WORD}(\s+{_AUTHENTICATION})?)\s*$", None),
    (
        rf"{_USER}\s+(-e\s+\S+\s+)?{_WORD})\s+({_AUTHENTICATION})\s+(-[ml]\s+)?{_SECRET}(\s+({_PRIVACY})(\s.*)?)?\s*$",
        r"\1 \4 \6? \9",
    ),
    (rf"{_USER})\s.*$", r"\1 ? ? ? ?"),
    (rf"{_KIND}{_KEPT}(\s.*)?$", None),
    (rf"({_KIND})\".*$", r"\1setaccess"),
    (r"^\s*\[[^]]*$", "?"),
    (rf"({_KIND}\S+)\s.*$", r"\1"),
)
"""Expression and what is put in its place, ``None``: the line stays. The first that fits ends; line feeds set off a community."""
_USUAL = (rf"\n\"?({_any_case('|'.join(sorted(USUAL_COMMUNITIES)))})\"?\n", r"\1")
_OTHER = (r"\n.*\n", "?")
_COMPILED = [(re.compile(find.encode()), None if put is None else put.encode()) for find, put in STEPS]
_COMMUNITIES = [(re.compile(find.encode()), put.encode()) for find, put in (_USUAL, _OTHER)]


def cut_line(line: bytes) -> bytes:
    """Cut one line."""
    for find, put in _COMPILED:
        if put is None:
            if find.search(line):
                return line
            continue
        made, found = find.subn(put, line, count=1)
        if found:
            return made if b"\n" not in made else next(m for f, p in _COMMUNITIES for m, n in (f.subn(p, made, count=1),) if n)
    return line


def _extended(expression: str) -> str:
    """Write an expression as sed -E has it."""
    return expression.replace(r"[^\"\s]", '[^"[:space:]]').replace(r"\"", '"').replace(r"\s", "[[:space:]]").replace(r"\S", "[^[:space:]]")


SED = (
    *(
        word
        for find, put in STEPS
        for word in ((f"/{_extended(find)}/b",) if put is None else (f"s/{_extended(find)}/{put}/", "t u" if r"\n" in put else "t"))
    ),
    "b",
    ":u",
    f"s/{_extended(_USUAL[0])}/{_USUAL[1]}/",
    "t",
    f"s/{_OTHER[0]}/{_OTHER[1]}/",
)
"""The same as commands of sed -E."""
