"""Access rules of OpenLDAP: text to rules, and what they let a kind of person do with an attribute of some entry (slapd.access(5)).

Many conditions depend on the entry, the network or the directory's content. Where such a one decides, both ends are followed, so the
answer is the set of all that may come out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, unique

MOST_RULES = 2_000
MOST_PARTS = 5_000
MOST_ENDS = 64
_LEVELS = {
    "none": "",
    "disclose": "d",
    "auth": "dx",
    "compare": "dxc",
    "search": "dxcs",
    "read": "dxcsr",
    "add": "dxcsra",
    "delete": "dxcsrz",
    "write": "dxcsraz",
    "manage": "dxcsrazm",
}
_RIGHTS = re.compile(r"([=+-])([0dxcsrwazm]+)")
_CONTROLS = frozenset({"stop", "continue", "break"})
_SPECIAL = frozenset({'""', "", "cn=subschema", "cn=monitor", "cn=config"})
"""Entries that every server shows; they hold nothing of the directory."""


class NotAccess(ValueError):
    """The text is no such rule, or goes beyond the caps."""


@unique
class Fits(Enum):
    """Whether something fits."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


@unique
class Person(Enum):
    """For whom a question is asked: somebody who did not log in, or somebody who did, without any special right."""

    ANONYMOUS = "anonymous"
    USER = "user"


@dataclass(frozen=True, slots=True)
class By:
    """One ``by``: conditions that all must fit, what it grants (``=dx``, ``+r`` …), and what comes next."""

    who: tuple[str, ...]
    rights: str
    control: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One access rule: conditions on what is asked for, and its ``by`` parts."""

    what: tuple[str, ...]
    by: tuple[By, ...]


def parse(text: str) -> Rule:
    """Read one rule, ``to …``. Raises ``NotAccess``."""
    words = _words(text)
    if words[:1] != ["to"] or "by" not in words:
        raise NotAccess("no access rule")
    first = words.index("by")
    return Rule(tuple(words[1:first]), tuple(_bys(words[first:])))


def _words(text: str) -> list[str]:
    """Split at white space outside double quotes, which stay; a backslash takes the next letter's meaning away within them."""
    found: list[str] = []
    word: list[str] = []
    inside = escaped = False
    for letter in text:
        if letter.isspace() and not inside:
            if word:
                found.append("".join(word))
                word = []
            continue
        word.append(letter)
        if letter == '"' and not escaped:
            inside = not inside
        escaped = inside and letter == "\\" and not escaped
    if inside:
        raise NotAccess("a quote is not closed")
    return [*found, "".join(word)] if word else found


def _bys(words: Sequence[str]) -> Iterator[By]:
    part: list[str] = []
    for word in (*words[1:], "by"):
        if word != "by":
            part.append(word)
            continue
        control = part.pop().lower() if len(part) > 1 and part[-1].lower() in _CONTROLS else "stop"
        rights = "+"
        if len(part) > 1 and (_RIGHTS.fullmatch(part[-1].lower()) or _bare(part[-1].lower()) in _LEVELS):
            last = part.pop().lower()
            rights = last if _RIGHTS.fullmatch(last) else ("~" if _bare(last) != last else "=") + _LEVELS[_bare(last)]
        if not part:
            raise NotAccess("by without anybody")
        yield By(tuple(part), rights, control)
        part = []


def _bare(word: str) -> str:
    """``selfwrite`` and the like grant only what concerns one's own name among the values."""
    return word.removeprefix("realself").removeprefix("self")


def outcomes(rules: Iterable[Rule], person: Person, attribute: str, suffix: str) -> frozenset[str]:
    """Give every set of rights that may come out, each as its letters in order; nothing but ``""`` where no rule fits.

    ``attribute`` is a name in small letters, or ``entry``, or any word that no rule names. Raises ``NotAccess`` where there are too many.
    """
    left = list(rules)
    if len(left) > MOST_RULES or sum(len(rule.by) for rule in left) > MOST_PARTS:
        raise NotAccess(f"more than {MOST_RULES} rules or {MOST_PARTS} parts")
    going = {""}
    ended: set[str] = set()
    for rule in left:
        if not going:
            break
        fits = _concerns(rule.what, attribute, suffix)
        if fits is Fits.NO:
            continue
        after, stopped = _through(rule.by, person, going)
        ended |= stopped
        going = after | going if fits is Fits.MAYBE else after
        if len(going) + len(ended) > MOST_ENDS:
            raise NotAccess("too many conditions")
    # Behind the last rule stands one that grants nothing to anybody; what was granted before a break goes with it.
    return frozenset(ended | ({""} if going else set()))


def _through(parts: Sequence[By], person: Person, begun: set[str]) -> tuple[set[str], set[str]]:
    """Follow the parts of one rule; give what goes on to the next rule and what ends here."""
    on, ended = set(), set()
    going = set(begun)
    for by in parts:
        # What is granted for one's own name among the values concerns no other value: the part does not fit.
        fits = Fits.NO if by.rights[:1] == "~" else _whose(by.who, person)
        if fits is Fits.NO:
            continue
        given = {_granted(rights, by.rights) for rights in going}
        if by.control == "stop":
            ended |= given
        elif by.control == "break":
            on |= given
        else:
            going = given | (going if fits is Fits.MAYBE else set())
            continue
        if fits is Fits.YES:
            return on, ended
    # Behind the last part stands one that grants nothing to anybody, whatever a part with "continue" gave before.
    return on, ended | {""}


def _granted(before: str, rights: str) -> str:
    match rights[:1]:
        case "=":
            letters = set(rights[1:])
        case "+":
            letters = set(before) | set(rights[1:])
        case _:
            letters = set(before) - set(rights[1:])
    letters.discard("0")
    if "w" in letters:
        letters = (letters - {"w"}) | set("az")
    return "".join(letter for letter in "dxcsrazm" if letter in letters)


def _all(answers: Iterable[Fits]) -> Fits:
    found = set(answers)
    return Fits.NO if Fits.NO in found else Fits.MAYBE if Fits.MAYBE in found else Fits.YES


def _concerns(what: Sequence[str], attribute: str, suffix: str) -> Fits:
    return _all(_concerned(word, attribute, suffix) for word in what)


def _concerned(word: str, attribute: str, suffix: str) -> Fits:
    name, equals, value = word.partition("=")
    name, value = name.lower(), value.strip('"').lower()
    if word == "*":
        return Fits.YES
    if not equals:
        return Fits.MAYBE
    if name in {"attrs", "attr"}:
        named = {part.strip() for part in value.split(",")}
        if attribute in named:
            return Fits.YES
        return Fits.MAYBE if any(part[:1] in {"@", "!", "+"} for part in named) else Fits.NO
    style = name.partition(".")[2] or "base"
    if name == "dn" or name.startswith("dn."):
        dn = ",".join("=".join(piece.strip() for piece in part.split("=")) for part in value.split(","))
        if dn == "*" or (style == "regex" and dn in {".*", ".+", ""}) or (style in {"subtree", "sub"} and dn in {"", suffix.lower()}):
            return Fits.YES
        return Fits.NO if style in {"base", "exact", "baseobject"} and dn in _SPECIAL else Fits.MAYBE
    return Fits.MAYBE  # filter=, val= and what is not known


_NOBODY_SPECIAL = frozenset({"self", "realself", "dnattr", "realdnattr", "group", "aci", "dynacl"})


def _whose(who: Sequence[str], person: Person) -> Fits:
    return _all(_fits(word, person) for word in who)


def _fits(word: str, person: Person) -> Fits:
    name, equals, value = word.partition("=")
    name, value = name.lower(), value.strip('"').lower()
    base = re.split(r"[./{]", name, maxsplit=1)[0]
    match base:
        case "*":
            return Fits.YES
        case "anonymous" | "realanonymous":
            return Fits.YES if person is Person.ANONYMOUS else Fits.NO
        case "users" | "realusers":
            return Fits.YES if person is Person.USER else Fits.NO
        case "dn" | "realdn" if equals:
            if name.endswith("regex") and value == ".*":
                return Fits.YES  # slapd reads it as "*"
            if person is Person.ANONYMOUS:
                return Fits.MAYBE if name.endswith("regex") else Fits.NO
            one = name in {"dn", "realdn"} or name.endswith((".base", ".exact", ".baseobject"))
            return Fits.NO if one else Fits.MAYBE
        case _ if base in _NOBODY_SPECIAL:
            return Fits.NO
    return Fits.MAYBE  # ssf and its kin, peername, sockname, domain, sockurl, set and what is not known
