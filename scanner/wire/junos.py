"""Configuration text of Junos: braces or ``set`` lines to statements, each a path of words. What statements mean is not known here.

Understood: comments, quoted words, lists in brackets, ``inactive:`` and ``deactivate`` (left out with all below them),
``delete`` lines (refused: what they leave cannot be told), groups that are applied to the whole configuration. Groups applied
further down, and those with wildcards, are noted and not expanded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST_STATEMENTS = 200_000
MOST_OCTETS = 20_000_000
DEEPEST = 64
INDEXED = 5
_TOKEN = re.compile(r'\s+|#[^\n]*|/\*.*?\*/|"(?:[^"\\]|\\.)*"|[{};\[\]]|[^\s{};\[\]"#]+', re.DOTALL)
_DENIED = re.compile(r"(?:/\*|#)[^\n]*ACCESS-DENIED")

Statement = tuple[str, ...]


class NotJunos(ValueError):
    """The text is no such configuration, or goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Config:
    """Every active statement in full, in the order of the text.

    ``more`` tells that groups may add others that were not expanded, ``denied`` that the account was not shown all.
    """

    statements: tuple[Statement, ...]
    more: bool
    denied: bool
    _by_path: dict[Statement, list[Statement]] = field(default_factory=dict, repr=False, compare=False)
    """The statements below each path of up to ``INDEXED`` words."""

    def __post_init__(self) -> None:
        for statement in self.statements:
            for depth in range(1, min(len(statement), INDEXED) + 1):
                self._by_path.setdefault(statement[:depth], []).append(statement)

    def below(self, *path: str) -> tuple[Statement, ...]:
        """Give what stands below a path, without the path."""
        depth = len(path)
        return tuple(s[depth:] for s in self._by_path.get(path[:INDEXED], ()) if s[:depth] == path)

    def has(self, *path: str) -> bool:
        """Tell whether a statement begins so."""
        return any(s[: len(path)] == path for s in self._by_path.get(path[:INDEXED], ()))

    def value(self, *path: str) -> str | None:
        """Give the word behind a path, the last one where it comes twice."""
        found = [rest[0] for rest in self.below(*path) if rest]
        return found[-1] if found else None


def parse(data: bytes, *, inherited: bool = False) -> Config:
    """Read either form; ``inherited``: Junos itself put in what groups bring (``display inheritance``). Raises ``NotJunos``."""
    if len(data) > MOST_OCTETS or b"\0" in data:
        raise NotJunos("the text is too long, or holds zero octets")
    text = data.decode("utf-8", "replace").replace("\r", "")
    lines = [line.strip() for line in text.split("\n")]
    commands = [line for line in lines if line.startswith(("set ", "deactivate ", "delete "))]
    statements = _of_lines(commands) if commands and "{" not in text else _of_braces(text)
    if not any(s[0] in {"system", "interfaces", "groups", "security", "protocols"} for s in statements):
        raise NotJunos("no statement of such a configuration is in it")
    return _expanded(statements, _DENIED.search(text) is not None, inherited)


def _expanded(statements: list[Statement], denied: bool, inherited: bool) -> Config:
    """Add what groups that are applied at the top bring in; the configuration's own statements come last, so that they win."""
    if inherited:
        return Config(tuple(s for s in statements if s[0] != "groups" and "apply-groups" not in s), False, denied)
    groups: dict[str, list[Statement]] = {}
    for s in statements:
        if s[0] == "groups" and len(s) > 2:
            groups.setdefault(s[1], []).append(s[2:])
    applied = dict.fromkeys(s[1] for s in statements if s[0] == "apply-groups" and len(s) > 1)
    brought = [s for name in applied for s in groups.get(name, ())]
    own = [s for s in statements if s[0] not in {"groups", "apply-groups"}]
    more = any("apply-groups" in s for s in (*own, *brought)) or any(word.startswith("<") for s in brought for word in s)
    plain = [s for s in (*brought, *own) if "apply-groups" not in s and not any(word.startswith("<") for word in s)]
    return Config(tuple(plain), more, denied)


def _of_lines(lines: list[str]) -> list[Statement]:
    found: list[Statement] = []
    inactive: set[Statement] = set()
    for line in lines[: MOST_STATEMENTS + 1]:
        verb, *words = _tokens(line)
        if verb == "delete":
            raise NotJunos("a line deletes: what is left cannot be told from such a text")
        at = words.index("[") if "[" in words else len(words)
        whole = tuple(_bare(word) for word in words[:at])
        listed: list[Statement] = [(_bare(word),) for word in words[at:] if word not in {"[", "]"}]
        every = [(*whole, *end) for end in listed or [()]]
        if verb == "set":
            found += every
        else:
            inactive.update(every)
    if len(lines) > MOST_STATEMENTS:
        raise NotJunos(f"more than {MOST_STATEMENTS} lines")
    return [s for s in found if s and not any(s[:depth] in inactive for depth in range(1, len(s) + 1))]


def _of_braces(text: str) -> list[Statement]:
    found: list[Statement] = []
    path: list[Statement] = []
    words: list[str] = []
    listed: list[str] | None = None
    off = 0  # depth from which everything is inactive; 0: nothing is
    for token in _tokens(text):
        match token:
            case "{":
                path.append(tuple(words))
                if len(path) > DEEPEST:
                    raise NotJunos(f"nested deeper than {DEEPEST}")
                if words[:1] == ["inactive:"] and not off:
                    off = len(path)
                words = []
            case "}":
                if not path or words:
                    raise NotJunos("a brace is closed that was not open, or a statement is not ended")
                if len(path) == off:
                    off = 0
                path.pop()
            case ";":
                whole = tuple(word for part in path for word in part)
                if words and words[0] != "inactive:" and not off:
                    ends = [*((word,) for word in listed)] if listed is not None else [()]
                    found += [(*whole, *words, *end) for end in ends]
                words, listed = [], None
            case "[":
                listed = []
            case "]":
                if listed is None:
                    raise NotJunos("a bracket is closed that was not open")
            case _:
                (words if listed is None else listed).append(_bare(token))
        if len(found) > MOST_STATEMENTS:
            raise NotJunos(f"more than {MOST_STATEMENTS} statements")
    if path or words:
        raise NotJunos("the text ends within a statement")
    return [s for s in found if s]


def _tokens(text: str) -> list[str]:
    found = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise NotJunos("a quotation is not closed")
        at = token.end()
        if not token[0].isspace() and not token[0].startswith(("#", "/*")):
            found.append(token[0])
    return found


def _bare(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token[:1] == '"' else token
