"""The configuration of syslog-ng to ``syslogconf``: sources, destinations, filters and log paths. What else there is, is passed over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from scanner.wire.syslogconf import FACILITIES, PRIORITIES, Action, Listener, NotSyslogConf, SyslogConf, Way

MOST_PIECES = 200_000
MOST_INCLUDES = 64
DEEPEST = 24
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|#[^\n]*|\s+|[(){};,]|[^\s(){};,"\'#]+|.', re.DOTALL)
_INCLUDE = re.compile(r'^\s*@include\s+"([^"\n]+)"', re.MULTILINE)
_PRAGMA = re.compile(r"^\s*@[^\n]*", re.MULTILINE)
"""Lines such as ``@version: 4.2``, which no semicolon ends."""
_NETWORK = {"tcp": "tcp", "tcp6": "tcp", "udp": "udp", "udp6": "udp", "network": "tcp", "syslog": "tcp"}
_LOCAL = frozenset({"system", "unix-dgram", "unix-stream", "systemd-journal", "systemd-syslog", "file", "sun-streams", "pipe"})
Pieces = list[str]


@dataclass(slots=True)
class _Parts:
    sources: dict[str, list[tuple[str, Pieces]]] = field(default_factory=dict)
    destinations: dict[str, list[tuple[str, Pieces]]] = field(default_factory=dict)
    filters: dict[str, Pieces] = field(default_factory=dict)
    logs: list[Pieces] = field(default_factory=list)


def parse(data: bytes, include: Callable[[str], Iterable[bytes]] = lambda _: ()) -> SyslogConf:
    """Read a configuration; ``include`` gives the texts that a path or pattern stands for. Raises ``NotSyslogConf``."""
    text = _PRAGMA.sub("", _joined(data, include, [0]))
    parts = _Parts()
    pieces = _pieces(text)
    for kind, name, body in _statements(pieces):
        match kind:
            case "source":
                parts.sources.setdefault(name, []).extend(_drivers(body))
            case "destination":
                parts.destinations.setdefault(name, []).extend(_drivers(body))
            case "filter":
                parts.filters[name] = body
            case "log":
                parts.logs.append(body)
            case _:
                pass
    actions: list[Action] = []
    listeners: dict[Listener, None] = {}
    local = False
    for body in parts.logs:
        local = _path(parts, body, actions, listeners) or local
    return SyslogConf(tuple(actions), tuple(listeners), local)


def _joined(data: bytes, include: Callable[[str], Iterable[bytes]], count: list[int]) -> str:
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")

    def filled(found: re.Match[str]) -> str:
        count[0] += 1
        if count[0] > MOST_INCLUDES:
            raise NotSyslogConf("too many files are included")
        return "\n".join(_joined(one, include, count) for one in include(found[1]))

    return _INCLUDE.sub(filled, text)


def _pieces(text: str) -> Pieces:
    found: Pieces = []
    for match in _PIECE.finditer(text):
        if not match[0].isspace() and not match[0].startswith("#"):
            found.append(match[0])
            if len(found) > MOST_PIECES:
                raise NotSyslogConf(f"more than {MOST_PIECES} words")
    return found


def _closed(pieces: Pieces, start: int) -> int:
    """Give the place of the bracket that closes the one at ``start``."""
    depth = 0
    for at in range(start, len(pieces)):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(pieces[at], 0)
        if depth == 0:
            return at
    raise NotSyslogConf("a bracket is left open")


def _statements(pieces: Pieces) -> Iterable[tuple[str, str, Pieces]]:
    at = 0
    while at < len(pieces):
        kind, start = pieces[at], at + 1
        while start < len(pieces) and pieces[start] not in {"{", ";"}:
            start += 1
        if start >= len(pieces):
            return
        if pieces[start] == ";":
            at = start + 1
            continue
        end = _closed(pieces, start)
        yield kind, pieces[at + 1] if start > at + 1 else "", pieces[start + 1 : end]
        at = end + 1
        while at < len(pieces) and pieces[at] == ";":
            at += 1


def _drivers(body: Pieces) -> list[tuple[str, Pieces]]:
    """Split ``name(arguments); name(arguments);``."""
    found, at = [], 0
    while at + 1 < len(body):
        if body[at + 1] == "(":
            end = _closed(body, at + 1)
            found.append((body[at].lower().replace("_", "-"), body[at + 2 : end]))
            at = end + 1
        else:
            at += 1
    return found


def _option(arguments: Pieces, name: str) -> str | None:
    for key, inside in _drivers(arguments):
        if key == name and inside:
            return inside[0].strip("\"'")
    return None


def _path(parts: _Parts, body: Pieces, actions: list[Action], listeners: dict[Listener, None]) -> bool:
    """Follow one log path; tell whether records of the machine itself go through it."""
    items = _drivers(body)
    if any(piece == "{" for piece in body):
        # junctions and nested log paths: their destinations are taken, under a condition
        items = [(name, inside) for name, inside in items if name in {"source", "destination"}]
    local = False
    flags = [piece.replace("_", "-") for name, inside in items if name == "flags" for piece in inside]
    for name, inside in items:
        if name != "source" or not inside:
            continue
        drivers = _drivers(inside) if len(inside) > 1 else parts.sources.get(inside[0].strip("\"'"), [])
        for kind, arguments in drivers:
            local = local or kind in _LOCAL
            if kind in _NETWORK:
                listeners[_listener(kind, arguments)] = None
    nested = any(piece == "{" for piece in body)
    selectors, conditional = _chosen(parts, [inside for name, inside in items if name == "filter"])
    conditional = conditional or nested or "fallback" in flags
    for name, inside in items:
        if name == "destination" and inside and local:
            drivers = _drivers(inside) if len(inside) > 1 else parts.destinations.get(inside[0].strip("\"'"), [])
            actions.extend(_action(kind, arguments, selectors, conditional) for kind, arguments in drivers)
    if "final" in flags and local:
        actions.append(Action(Way.DISCARD, "", selectors, conditional))
    return local


def _listener(kind: str, arguments: Pieces) -> Listener:
    transport = _option(arguments, "transport") or _NETWORK[kind]
    port = _option(arguments, "port") or _option(arguments, "localport") or ("601" if kind == "syslog" else "514")
    return Listener("udp" if transport == "udp" else "tcp", int(port) if re.fullmatch(r"[0-9]{1,5}", port) else 0, "tls" in transport)


def _action(kind: str, arguments: Pieces, selectors: tuple[str, ...], conditional: bool) -> Action:
    target = arguments[0].strip("\"'") if arguments else ""
    if kind == "file":
        perm = _option(arguments, "perm") or "0600"
        return Action(Way.FILE, target, selectors, conditional, mode=int(perm, 8) if re.fullmatch(r"[0-7]{1,5}", perm) else None)
    if kind not in _NETWORK:
        return Action(Way.OTHER, kind[:100], selectors, conditional)
    transport = (_option(arguments, "transport") or _NETWORK[kind]).lower()
    port = _option(arguments, "port") or ("601" if kind == "syslog" else "514")
    tls = next((inside for name, inside in _drivers(arguments) if name == "tls"), None)
    encrypted = "tls" in transport or (tls is not None and transport not in {"udp", "tcp"}) or (tls is not None and kind.startswith("tcp"))
    verify = (_option(tls or [], "peer-verify") or "required-trusted").lower()
    disk = next((inside for name, inside in _drivers(arguments) if name in {"disk-buffer", "disk-queue"}), None)
    return Action(
        Way.FORWARD,
        target,
        selectors,
        conditional,
        "udp" if transport.startswith("udp") else "tcp",
        int(port) if re.fullmatch(r"[0-9]{1,5}", port) else 0,
        encrypted,
        encrypted and verify in {"required-trusted", "yes"},
        disk is not None,
    )


def _chosen(parts: _Parts, filters: list[Pieces]) -> tuple[tuple[str, ...], bool]:
    """Give the filters of a path as selectors: for each facility and priority the expression is worked out."""
    selectors = []
    conditional = False
    for inside in filters:
        expression = parts.filters.get(inside[0].strip("\"'")) if len(inside) == 1 else inside
        if expression is None:
            conditional = True
            continue
        rows = []
        for facility in FACILITIES:
            answers = [_Expression(parts, expression, facility, priority).value() for priority in PRIORITIES]
            conditional = conditional or None in answers
            rows += [f"{facility}.={p}" for p, answer in zip(PRIORITIES, answers, strict=True) if answer is not False]
        selectors.append(";".join(rows) or "*.none")
    return tuple(selectors), conditional


class _Expression:
    """A filter's expression for one facility and priority: true, false, or ``None`` where it depends on something else."""

    def __init__(self, parts: _Parts, pieces: Pieces, facility: str, priority: str, depth: int = 0) -> None:
        if depth > DEEPEST:
            raise NotSyslogConf("filters call each other without end")
        self._parts, self._facility, self._priority, self._depth = parts, facility, priority, depth
        self._pieces = [piece for piece in pieces if piece != ";"]
        self._at = 0

    def value(self) -> bool | None:
        """Work it out."""
        return self._or()

    def _word(self) -> str:
        return self._pieces[self._at].lower() if self._at < len(self._pieces) else ""

    def _or(self) -> bool | None:
        held = self._and()
        while self._word() == "or":
            self._at += 1
            other = self._and()
            held = True if True in (held, other) else None if None in (held, other) else False
        return held

    def _and(self) -> bool | None:
        held = self._one()
        while self._word() == "and":
            self._at += 1
            other = self._one()
            held = False if False in (held, other) else None if None in (held, other) else True
        return held

    def _one(self) -> bool | None:
        negated = False
        while self._word() == "not":
            self._at += 1
            negated = not negated
        held = self._term()
        return held if held is None else held is not negated

    def _term(self) -> bool | None:
        start = self._at + (0 if self._word() == "(" else 1)
        if start >= len(self._pieces) or self._pieces[start] != "(":
            self._at += 1
            return None
        end = _closed(self._pieces, start)
        name, inside = self._word(), self._pieces[start + 1 : end]
        self._at = end + 1
        match name:
            case "(":
                return self._under(inside)
            case "facility":
                return self._facility in [piece for piece in inside if piece != ","]
            case "level" | "priority" | "severity":
                return any(self._level(piece) for piece in inside if piece != ",")
            case "filter" if inside and (called := self._parts.filters.get(inside[0].strip("\"'"))) is not None:
                return self._under(called)
            case _:
                return None

    def _under(self, pieces: Pieces) -> bool | None:
        return _Expression(self._parts, pieces, self._facility, self._priority, self._depth + 1).value()

    def _level(self, text: str) -> bool:
        first, dots, last = text.lower().partition("..")
        names = {"warn": "warning", "error": "err", "panic": "emerg"}
        low, high = names.get(first, first), names.get(last, last) if dots else names.get(first, first)
        if low not in PRIORITIES or high not in PRIORITIES:
            return False
        a, b = sorted((PRIORITIES.index(low), PRIORITIES.index(high)))
        return a <= PRIORITIES.index(self._priority) <= b
