"""Rule files of polkit(8) of a few known shapes: whom they let act without a password. Local authority files (pkla) too.

Rules are programs in JavaScript and nothing is run here. A rule counts as known where it is made of ``if`` and ``return`` with conditions
on the action's id and on the subject's name, group and session, joined by ``&&`` and ``||``. Everything else ends as ``NotKnown``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

LONGEST = 200_000
MOST_TOKENS = 20_000
MOST_WAYS = 200
DEEPEST = 30
_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[A-Za-z_$][\w$]*|\d+|===?|!==?|&&|\|\||\S""", re.DOTALL
)
_YES = frozenset({"polkit.Result.YES", '"yes"'})
_ANSWERS = frozenset({f"polkit.Result.{word}" for word in ("NO", "YES", "AUTH_SELF", "AUTH_SELF_KEEP", "AUTH_ADMIN", "AUTH_ADMIN_KEEP")})


class NotKnown(ValueError):
    """The text is beyond the shapes that are understood."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to act without a password. ``action`` is an id, one that ends in ``*`` for all that begin so, or ``*`` for all.

    ``whom``: ``user:NAME``, ``group:NAME``, all of which have to fit; empty: everybody who is logged in. ``narrowed``: a detail of the
    action, such as the unit, has to fit too.
    """

    action: str
    whom: tuple[str, ...]
    narrowed: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule answers under which conditions; the first that fits ends the matter."""

    conditions: frozenset[tuple[str, str]]
    yes: bool


_Atom = tuple[str, str]
"""What a condition asks for: ``action``, ``user``, ``group`` or ``other``, and the value."""
_Ways = list[frozenset[_Atom]]
"""Conjunctions, of which one has to hold."""


def rules(data: bytes) -> tuple[Decision, ...]:
    """Give what a rule file decides, in its order. Raises ``NotKnown``."""
    text = data.decode("utf-8", "replace")
    if len(text) > LONGEST:
        raise NotKnown(f"more than {LONGEST} characters")
    words = [word for word in _TOKEN.findall(text) if not word.startswith(("//", "/*"))]
    if len(words) > MOST_TOKENS:
        raise NotKnown(f"more than {MOST_TOKENS} words")
    return _Reading(words).file()


def may_grant(data: bytes) -> bool:
    """Tell whether a rule file of unknown shape might let somebody act without a password: it says yes, or lets others say it."""
    words = _TOKEN.findall(data.decode("utf-8", "replace")[:LONGEST])
    plain = [word for word in words if not word.startswith(("//", "/*"))]
    said = any(word == "YES" or word[1:-1].lower() == "yes" or word in {"spawn", "eval", "Function"} or "\\" in word for word in plain)
    return said or len(data) > LONGEST or any(one == "Result" and other == "[" for one, other in pairwise(plain))


def ways(decisions: Sequence[Decision]) -> tuple[Way, ...]:
    """Give what all rules together, in polkit's order, let people do without a password.

    A rule is passed over where an earlier one answers everything that it would.
    """
    found = []
    for number, decision in enumerate(decisions):
        if decision.yes and not any(_covers(earlier.conditions, decision.conditions) for earlier in decisions[:number]):
            found.append(_way(decision.conditions))
    return tuple(dict.fromkeys(found))


def _covers(wider: frozenset[_Atom], narrower: frozenset[_Atom]) -> bool:
    actions = [value for kind, value in narrower if kind == "action"]
    for kind, value in wider:
        if kind == "action" and any(one == value or (value.endswith("*") and one.startswith(value[:-1])) for one in actions):
            continue
        if (kind, value) not in narrower:
            return False
    return True


class _Reading:
    """Reads tokens from the front."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.action = self.subject = ""
        self.found: list[Decision] = []

    def file(self) -> tuple[Decision, ...]:
        while self.at < len(self.tokens):
            if self.take(";"):
                continue
            self.need("polkit", ".")
            kind = self.next()
            self.need("(", "function", "(")
            self.action = self.next()
            self.need(",")
            self.subject = self.next()
            self.need(")", "{")
            if kind == "addRule":
                self.block([frozenset()], 0)
            elif kind == "addAdminRule":
                self.pass_over()  # whose password is asked for; an empty list means root's
            else:
                raise NotKnown(f"polkit.{kind[:40]}")
            self.need(")")
        return tuple(self.found)

    def next(self) -> str:
        if self.at >= len(self.tokens):
            raise NotKnown("it ends in the middle")
        self.at += 1
        return self.tokens[self.at - 1]

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *words: str) -> bool:
        if tuple(self.tokens[self.at : self.at + len(words)]) != words:
            return False
        self.at += len(words)
        return True

    def need(self, *words: str) -> None:
        if not self.take(*words):
            raise NotKnown(f"{' '.join(words)} is missing before {self.peek()[:40]}")

    def unknown(self, what: str) -> str:
        raise NotKnown(what[:60])

    def pass_over(self) -> None:
        """Pass over a block whose brace has been read."""
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self.next(), 0)

    def block(self, under: _Ways, depth: int) -> None:
        """Read statements up to the closing brace."""
        while not self.take("}"):
            self.statement(under, depth + 1)

    def statement(self, under: _Ways, depth: int) -> None:
        if depth > DEEPEST:
            raise NotKnown("nested too deep")
        if self.take(";"):
            return
        if self.take("return"):
            value = self.value()
            self.take(";")
            if value:
                self.found += [Decision(way, value in _YES) for way in under]
            if len(self.found) > MOST_WAYS:
                raise NotKnown("too many answers")
            return
        if self.take("polkit", ".", "log", "("):
            open_ = 1
            while open_:
                open_ += {"(": 1, ")": -1}.get(self.next(), 0)
            self.take(";")
            return
        self.need("if", "(")
        ways = self.either(depth)
        self.need(")")
        self.branch(_both(under, ways), depth)
        if self.take("else"):
            # It holds where the condition does not. Without that, a yes is taken for wider than it is, and a refusal must not be.
            before = len(self.found)
            self.branch(under, depth)
            self.found[before:] = [decision for decision in self.found[before:] if decision.yes]

    def branch(self, under: _Ways, depth: int) -> None:
        if self.take("{"):
            self.block(under, depth)
        else:
            self.statement(under, depth + 1)

    def value(self) -> str:
        """Read what is returned: a constant of polkit, a text, ``null`` or nothing."""
        if self.peek() in {";", "}"}:
            return ""
        if self.take("polkit", ".", "Result", "."):
            answer = f"polkit.Result.{self.next()}"
            if answer not in _ANSWERS:  # NOT_HANDLED is no answer
                answer = "" if answer == "polkit.Result.NOT_HANDLED" else self.unknown(answer)
            return answer
        word = self.next()
        if word[0] in "\"'":
            self.at -= 1
            return f'"{self.text()}"'
        if word in {"null", "undefined"}:
            return ""
        raise NotKnown(f"return {word[:40]}")

    def either(self, depth: int) -> _Ways:
        ways = self.all(depth)
        while self.take("||"):
            ways = ways + self.all(depth)
            if len(ways) > MOST_WAYS:
                raise NotKnown("too many alternatives")
        return ways

    def all(self, depth: int) -> _Ways:
        ways = self.one(depth)
        while self.take("&&"):
            ways = _both(ways, self.one(depth))
        return ways

    def one(self, depth: int) -> _Ways:
        if depth > DEEPEST:
            raise NotKnown("nested too deep")
        if self.take("("):
            ways = self.either(depth + 1)
            self.need(")")
            return ways
        name = self.next()
        if name == self.action:
            return [frozenset({self.of_action()})]
        if name == self.subject:
            return [frozenset({self.of_subject()})]
        raise NotKnown(f"a condition on {name[:40]}")

    def of_action(self) -> _Atom:
        self.need(".")
        what = self.next()
        if what == "id" and self.equals():
            return "action", self.text()
        if what == "id" and (self.take(".", "indexOf", "(") or self.take(".", "startsWith", "(")):
            asked = self.tokens[self.at - 2]
            start = self.text()
            self.need(")")
            if asked == "indexOf":
                if not self.equals():
                    raise NotKnown("indexOf without a comparison")
                self.need("0")
            return "action", f"{start}*"
        if what == "lookup" and self.take("("):
            # a unit, a verb, a device: it narrows what may be done, and that is not looked into
            detail = self.text()
            self.need(")")
            if self.equals():
                return "other", f"{detail}={self.text()}"
        raise NotKnown(f"a condition on the action's {what[:40]}")

    def of_subject(self) -> _Atom:
        self.need(".")
        what = self.next()
        if what == "isInGroup" and self.take("("):
            group = self.text()
            self.need(")")
            return "group", group
        if what == "user" and self.equals():
            return "user", self.text()
        if what in {"active", "local"}:
            if self.equals():
                self.need("true")
            return "other", what
        raise NotKnown(f"a condition on the subject's {what[:40]}")

    def equals(self) -> bool:
        return self.take("==") or self.take("===")

    def text(self) -> str:
        word = self.next()
        if word[0] not in "\"'" or len(word) < 2 or word[-1] != word[0] or "\\" in word:
            raise NotKnown(f"a text is missing at {word[:40]}")
        return word[1:-1]


def _both(left: _Ways, right: _Ways) -> _Ways:
    if len(left) * len(right) > MOST_WAYS:
        raise NotKnown("too many alternatives")
    return [one | other for one, other in product(left, right)]


def _way(atoms: frozenset[_Atom]) -> Way:
    narrowed = any(kind == "other" and "=" in value for kind, value in atoms)
    # with two ids at once neither fits; the longer of two beginnings is the narrower one
    actions = sorted((value for kind, value in atoms if kind == "action"), key=len)
    return Way(
        actions[-1] if actions else "*", tuple(sorted(f"{kind}:{value}" for kind, value in atoms if kind in {"user", "group"})), narrowed
    )


def local_authority(data: bytes) -> tuple[Way, ...]:
    """Give what a pkla file grants without a password, pklocalauthority(8). Raises ``NotKnown``."""
    text = data.decode("utf-8", "replace")
    if len(text) > LONGEST:
        raise NotKnown(f"more than {LONGEST} characters")
    found: list[Way] = []
    entry: dict[str, str] = {}
    for line in [*text.split("\n"), "[end]"]:
        bare = line.strip()
        if bare.startswith("["):
            if "yes" in {entry.get(name, "").lower() for name in ("resultany", "resultinactive", "resultactive")}:
                whom = [_identity(one) for one in entry.get("identity", "").split(";") if one.strip()]
                actions = [action.strip() for action in entry.get("action", "").split(";") if action.strip()]
                if len(actions) * len(whom) > MOST_WAYS:
                    raise NotKnown("too many entries")
                found += [Way(action, one) for action in actions for one in whom]
            entry = {}
        elif "=" in bare and not bare.startswith("#"):
            name, _, value = bare.partition("=")
            entry[name.strip().lower()] = value.strip()
        if len(found) > MOST_WAYS:
            raise NotKnown("too many entries")
    return tuple(dict.fromkeys(found))


def _identity(text: str) -> tuple[str, ...]:
    kind, _, name = text.strip().partition(":")
    if name == "*":
        return ()
    if kind in {"unix-user", "unix-group"} and name:
        return (f"{kind.removeprefix('unix-')}:{name}",)
    raise NotKnown(f"an identity of the kind {kind[:40]}")
