"""lighttpd's configuration put together as the program does it: includes, variables, conditions. What its settings mean: ``web_lighttpd``.

``lighttpd -p`` prints the same, but runs the commands of ``include_shell`` first, so it is not asked; a test holds the two together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial

from scanner.hosts.base import Reader
from scanner.hosts.linux.base import needed, parsed, seen, shown
from scanner.hosts.linux.named_paths import absolute, matching
from scanner.hosts.linux.web_reading import MOST_FILES
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import lighttpd
from scanner.wire.lighttpd import Assignment, Block, Include, Items, Name, Statement, Sum

MOST_SCOPES = 2_000
DEEPEST = 40
"""Files within files and conditions within conditions, together."""
LARGEST = 100_000
"""Letters and items of one value; ``+`` of variables could double it with every line."""

Entry = tuple[str | None, "Value"]
Value = str | int | tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Fits:
    """One condition that a request has to meet: ``field`` is ``HTTP[url]``."""

    field: str
    how: str
    value: str


@dataclass
class Scope:
    """What holds under the same conditions, from the outside in; without any: for all requests."""

    conditions: tuple[Fits, ...]
    around: Scope | None
    values: dict[str, Value] = field(default_factory=dict)

    def value(self, name: str) -> Value | None:
        """Give what holds here: its own value, else that of the scope around it."""
        if name in self.values:
            return self.values[name]
        return self.around.value(name) if self.around else None

    def text(self, name: str) -> str | None:
        """Give a value that is a text or a number; numbers may stand in quotes."""
        value = self.value(name)
        return None if value is None or isinstance(value, tuple) else str(value)

    def items(self, name: str) -> tuple[Entry, ...]:
        """Give the items of a list, none where it is not written."""
        value = self.value(name)
        return value if isinstance(value, tuple) else ()


_OPPOSITE = {"==": "!=", "!=": "==", "=~": "!~", "!~": "=~", "=^": "!^", "=$": "!$"}


class Files:
    """The scopes that the files come to, the files that were read, and why there may be more."""

    def __init__(self, read: Reader, main: str) -> None:
        self._read = read
        self._base = main.rsplit("/", 1)[0]
        self.all = Scope((), None)
        self.scopes: dict[tuple[Fits, ...], Scope] = {(): self.all}
        self.names: list[str] = []
        self.doubt: Unobserved | None = None
        self._file(main, self.all, 0)

    def _file(self, path: str, scope: Scope, depth: int) -> None:
        statements = seen(partial(self._parsed, path, depth))
        if isinstance(statements, Unobserved):
            self.doubt = self.doubt or statements
        else:
            self._statements(statements, scope, depth)

    def _parsed(self, path: str, depth: int) -> tuple[Statement, ...]:
        """Read one file. Raises ``CannotObserve``, as all below do."""
        if depth > DEEPEST or len(self.names) >= MOST_FILES:
            raise CannotObserve(Reason.TOO_LARGE, f"{shown(path)}: too many files are included, or nested too deeply")
        data = self._read.file(path, limit=lighttpd.MOST_OCTETS)
        if data is None:
            raise _unsupported(f"{path} is not there, so lighttpd does not start with these files")
        found = needed(parsed(path, data, lighttpd.parse))
        self.names.append(shown(path))
        return found

    def _statements(self, statements: tuple[Statement, ...], scope: Scope, depth: int) -> None:
        chain: list[Fits] = []
        for statement in statements:
            problem = seen(partial(self._statement, statement, scope, depth, chain))
            self.doubt = self.doubt or problem

    def _statement(self, statement: Statement, scope: Scope, depth: int, chain: list[Fits]) -> None:
        """Take one statement in; ``chain`` holds the conditions that an ``else`` follows."""
        match statement:
            case Assignment():
                self._assign(statement, scope)
            case Include():
                self._include(statement, scope, depth)
            case Block(condition=None, otherwise=False):
                self._inside(statement, self.all, depth)
            case Block():
                if not statement.otherwise:
                    chain.clear()
                conditions = [Fits(fits.field, _OPPOSITE[fits.how], fits.value) for fits in chain]
                if statement.condition is not None:
                    one = statement.condition
                    chain.append(Fits(one.field, one.how, _text(one.value, scope)))
                    conditions.append(chain[-1])
                self._inside(statement, self._scope((*scope.conditions, *conditions), scope), depth)

    def _inside(self, block: Block, scope: Scope, depth: int) -> None:
        if depth > DEEPEST:
            raise CannotObserve(Reason.TOO_LARGE, "conditions are nested too deeply")
        self._statements(block.statements, scope, depth + 1)

    def _scope(self, conditions: tuple[Fits, ...], around: Scope) -> Scope:
        if conditions not in self.scopes and len(self.scopes) >= MOST_SCOPES:
            raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_SCOPES} conditions")
        return self.scopes.setdefault(conditions, Scope(conditions, around))

    def _assign(self, one: Assignment, scope: Scope) -> None:
        value = _sum(one.value, scope)
        if one.how == "+=" and (before := scope.value(one.name)) is not None:
            value = _merged(before, value)
        elif one.how == "=" and one.name in scope.values:
            raise _unsupported(f"{one.name} is set twice, so lighttpd does not start with these files")
        scope.values[one.name] = value

    def _include(self, one: Include, scope: Scope, depth: int) -> None:
        said = _text(one.what, scope)
        if one.shell:
            self._statements(_printed(said), scope, depth)
            return
        pattern = absolute(self._base, said)
        if "{" in pattern or said.startswith(("./", "../")):
            raise _unsupported(f"the pattern {said}")
        for path in matching(self._read, pattern):
            self._file(path, scope, depth + 1)


def _printed(command: str) -> tuple[Statement, ...]:
    """Give what the commands of Debian's own files print, as far as it matters here: types of files, and the IPv6 socket."""
    if command == "/usr/share/lighttpd/create-mime.conf.pl":
        return ()
    found = re.fullmatch(r"/usr/share/lighttpd/use-ipv6\.pl +(\d{1,5})", command)
    if found is None:
        raise _unsupported(f"what {command} prints is part of the configuration, and it is not run")
    engine = 'ssl.engine = "enable"' if found[1] == "443" else ""
    return lighttpd.parse(f'$SERVER["socket"] == "[::]:{found[1]}" {{\n{engine}\n}}'.encode())


def _text(what: Sum, scope: Scope) -> str:
    value = _sum(what, scope)
    if isinstance(value, tuple):
        raise _unsupported("a list stands where a text has to")
    return str(value)


def _sum(what: Sum, scope: Scope) -> Value:
    first, *more = what.terms
    total = _term(first, scope)
    for term in more:
        total = _merged(total, _term(term, scope))
    return total


def _term(term: str | int | Name | Items, scope: Scope) -> Value:
    match term:
        case Name(name=name):
            value = scope.value(name)
            if value is None:
                raise _unsupported(f"{name} is known to the running program only, or to nobody")
            return value
        case Items(items=items):
            return tuple((None if key is None else _text(key, scope), _item(of, scope)) for key, of in items)
        case _:
            return term


def _item(what: Sum, scope: Scope) -> Value:
    value = _sum(what, scope)
    if isinstance(value, tuple) and any(isinstance(term, Name) for term in what.terms):
        raise _unsupported("a list stands in a list by its name")  # sizes could double with every line
    return value


def _merged(one: Value, more: Value) -> Value:
    """Add two values as lighttpd does."""
    if isinstance(one, tuple) and isinstance(more, tuple):
        known = dict(one)
        if any(key is not None and key in known and known[key] != value for key, value in more):
            raise _unsupported("a key stands twice in a list, so lighttpd does not start with these files")
        both: Value = (*one, *more)
    elif isinstance(one, tuple) or isinstance(more, tuple):
        raise _unsupported("values of different kinds are added, so lighttpd does not start with these files")
    else:
        both = one + more if isinstance(one, int) and isinstance(more, int) else f"{one}{more}"
    if not isinstance(both, int) and len(both) > LARGEST:
        raise CannotObserve(Reason.TOO_LARGE, f"a value grows beyond {LARGEST}")
    return both


def _unsupported(text: str) -> CannotObserve:
    return CannotObserve(Reason.UNSUPPORTED, shown(text))
