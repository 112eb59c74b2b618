"""What Apache httpd's sections come to at one folder or path: merging, Options, who is let in (httpd.apache.org/docs/2.4/sections.html)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from scanner.facts.readings import Audience
from scanner.hosts.linux.audience import audience_of, narrowest, shuts_out_all, widest
from scanner.wire.httpd import Node

Nodes = Sequence[Node]
LONGEST_PATTERN = 500
LONGEST_TEXT = 200
MOST_REPEATS = 3
_BY_PLACE = frozenset({"directory", "directorymatch", "location", "locationmatch"})
_ALL = frozenset({"indexes", "execcgi", "includes", "followsymlinks"})
"""What ``Options All`` means, as far as it is asked about here; MultiViews is not part of it."""
_LISTS = frozenset({"require", "requireany", "requireall", "requirenone"})
_COMPAT = frozenset({"order", "allow", "deny"})
_OPEN_ENDED = frozenset({"env", "expr"})


@dataclass(frozen=True)
class Point:
    """A folder that is served, or a path that has settings of its own; ``url`` is empty where it is not known."""

    url: str
    folder: str


def sections(nodes: Nodes, *names: str) -> Iterator[Node]:
    """Give the sections of these names, those inside conditions on requests left out."""
    return (node for node in nodes if node.body is not None and node.name in names)


def last(nodes: Nodes, name: str) -> Node | None:
    """Give the last directive of a name outside sections."""
    return next((node for node in reversed(nodes) if node.name == name and node.body is None), None)


def bodies(levels: Sequence[Nodes], point: Point, own: Nodes = ()) -> tuple[Nodes, ...]:
    """Give everything that holds at a point, in the order in which httpd merges it.

    ``levels`` are the main server and the virtual server; ``own`` is what the folder's own file of settings says. Sections for folders come
    from the shortest to the longest, then those with expressions, then those for paths.
    """
    folders = [
        node for level in levels for node in sections(level, "directory") if not _is_regex(node) and _holds_folder(node, point.folder)
    ]
    folders.sort(key=lambda node: _folder(node).count("/") if _folder(node) != "/" else 0)
    matched = [
        node
        for level in levels
        for node in sections(level, "directory", "directorymatch")
        if _is_regex(node) and point.folder and _found(_expression(node), point.folder)
    ]
    paths = [
        node for level in levels for node in sections(level, "location", "locationmatch") if point.url and _holds_path(node, point.url)
    ]
    return (*levels, *(n.body or () for n in (*folders, *matched)), own, *(n.body or () for n in paths))


def conditional(levels: Sequence[Nodes], names: frozenset[str]) -> Node | None:
    """Give a section with a condition on requests (``<If>``) that sets one of these; whether it holds is not known."""

    def walk(nodes: Nodes, inside: bool) -> Node | None:
        for node in nodes:
            if node.body is None:
                if inside and node.name in names:
                    return node
            elif (found := walk(node.body, inside or node.name in {"if", "elseif", "else"})) is not None:
                return node if node.name in {"if", "elseif", "else"} else found
        return None

    return next((found for level in levels if (found := walk(level, inside=False)) is not None), None)


def options(held: Sequence[Nodes]) -> frozenset[str]:
    """Give the Options that hold; without any only FollowSymLinks (from 2.3.11)."""
    found = {"followsymlinks"}
    for body in held:
        for node in body:
            if node.name == "options" and node.body is None:
                words = [word.lower() for word in node.words]
                if any(word[:1] not in "+-" for word in words):
                    found = set()
                for word in words:
                    plain = word.lstrip("+-")
                    meant = _ALL if plain == "all" else {"includes"} if plain == "includesnoexec" else set() if plain == "none" else {plain}
                    found = found - meant if word[:1] == "-" else found | meant
    return frozenset(found)


def overrides(held: Sequence[Nodes]) -> frozenset[str]:
    """Give what the folder's own file of settings may say; nothing unless it is written (from 2.3.9)."""
    found: frozenset[str] = frozenset()
    for body in held:
        for node in body:
            if node.name == "allowoverride" and node.body is None:
                found = frozenset(word.lower().partition("=")[0] for word in node.words) - {"none"}
            elif node.name == "allowoverridelist" and node.body is None:
                found = found | {word.lower() for word in node.words} - {"none"}
    return found


def lets_in(held: Sequence[Nodes], method: str = "GET") -> Audience | None:
    """Say whom ``Require``, or the older ``Allow`` and ``Deny``, let in; ``None``: only a request would tell."""
    bounds = _required_of(held, method)
    for body in reversed(held):
        rules = [node for node in _for_method(body, method) if node.name in _COMPAT]
        if rules:
            bounds.append(_compat(rules))
            break
    satisfy = next((n for body in reversed(held) for n in reversed(body) if n.name == "satisfy"), None)
    known = [bound for bound in bounds if bound is not None]
    if len(known) < len(bounds):
        return None
    return widest(known) if satisfy and satisfy.rest.lower() == "any" and known else narrowest(known)


def _required_of(held: Sequence[Nodes], method: str) -> list[Audience | None]:
    """Say whom the last body with rules lets in, joined with the one before it where ``AuthMerging`` says so; empty: no rules."""
    found: list[Audience | None] = []
    for body in held:
        rules = [node for node in _for_method(body, method) if node.name in _LISTS]
        if not rules:
            continue
        who = _any(rules)
        merging = last(body, "authmerging")
        match merging.rest.lower() if merging is not None else "off":
            case "and" if found:
                found = [_in_all([*found, who])]
            case "or" if found:
                found = [_in_any([*found, who])]
            case _:
                found = [who]
    return found


def _in_all(bounds: Sequence[Audience | None]) -> Audience | None:
    known = [who for who in bounds if who is not None]
    return narrowest(known) if len(known) == len(bounds) or Audience.NOBODY in known else None


def _in_any(bounds: Sequence[Audience | None]) -> Audience | None:
    known = [who for who in bounds if who is not None]
    return None if len(known) < len(bounds) and Audience.EVERYBODY not in known else widest(known)


def _for_method(body: Nodes, method: str) -> Iterator[Node]:
    """Give what of a body bears on a method: a Limit that does not name it is none of its business."""
    for node in body:
        named = {word.upper() for word in node.words} if node.name in {"limit", "limitexcept"} else set()
        if (node.name == "limit" and method in named) or (node.name == "limitexcept" and method not in named):
            yield from node.body or ()
        elif node.name not in {"limit", "limitexcept"}:
            yield node


def _any(nodes: Nodes) -> Audience | None:
    return _in_any([_required(node) for node in nodes if not _takes_away(node)])


def _takes_away(node: Node) -> bool:
    """Tell whether a rule lets nobody in by itself: RequireNone and ``Require not`` count within RequireAll alone (mod_authz_core)."""
    return node.name == "requirenone" or (node.name == "require" and bool(node.words[:1]) and node.words[0].lower() == "not")


def _required(node: Node) -> Audience | None:
    if node.name == "requireany":
        return _any(node.body or ())
    if node.name == "requireall":
        return _in_all([_required(inner) for inner in node.body or () if inner.name in _LISTS])
    if node.name != "require":
        return Audience.EVERYBODY  # RequireNone takes some away, and lets nobody in by itself
    words = [word.lower() for word in node.words] or [""]
    match words[0]:
        case "all":
            return Audience.EVERYBODY if words[1:2] == ["granted"] else Audience.NOBODY
        case "not" | "method":
            return Audience.EVERYBODY
        case "local":
            return Audience.ITSELF
        case "ip":
            return widest(audience_of(word) for word in words[1:])
        case word if word in _OPEN_ENDED:
            return None
        case _:
            return Audience.SOME  # names of hosts, and every kind of login


def _compat(nodes: Nodes) -> Audience | None:
    order = next((node.rest.lower().replace(" ", "") for node in reversed(nodes) if node.name == "order"), "deny,allow")
    allowed, denied = (_from(nodes, name) for name in ("allow", "deny"))
    if allowed is None or denied is None:
        return None
    who = widest(audience_of(word) for word in allowed)
    if order in {"allow,deny", "mutual-failure"}:
        return Audience.NOBODY if shuts_out_all(denied) else who
    return who if shuts_out_all(denied) else Audience.EVERYBODY


def _from(nodes: Nodes, name: str) -> list[str] | None:
    found = []
    for node in nodes:
        for word in node.words[1:] if node.name == name else ():
            if word.lower().startswith("env="):
                return None
            found.append(word)
    return found


def _is_regex(node: Node) -> bool:
    return node.name.endswith("match") or node.words[:1] == ("~",)


def _expression(node: Node) -> str:
    return node.words[-1] if node.words else ""


def _folder(node: Node) -> str:
    return (node.words[0].rstrip("/") or "/") if node.words else ""


def _holds_folder(node: Node, folder: str) -> bool:
    wanted = _folder(node)
    if not folder or not wanted:
        return False
    if wanted == "/":
        return True
    if not any(letter in wanted for letter in "*?["):
        return folder == wanted or folder.startswith(f"{wanted}/")
    # A wildcard does not reach over a slash, and a section holds for everything below what it fits.
    parts, wild = folder.split("/"), wanted.split("/")
    return len(parts) >= len(wild) and all(map(fnmatchcase, parts, wild))


def _holds_path(node: Node, url: str) -> bool:
    wanted = _expression(node)
    if _is_regex(node):
        return _found(wanted, url)
    if any(letter in wanted for letter in "*?["):
        return fnmatchcase(url, wanted)
    bare = wanted.rstrip("/")
    return url.rstrip("/") == bare or url.startswith(f"{bare}/")


def undecided(levels: Sequence[Nodes]) -> Node | None:
    """Give a section whose expression is not followed here, so that it is not known where it holds."""
    every = (node for level in levels for node in level if node.body is not None and _is_regex(node))
    return next((node for node in every if node.name in _BY_PLACE and _compiled(_expression(node)) is None), None)


def _found(expression: str, text: str) -> bool:
    compiled = _compiled(expression)
    return compiled is not None and compiled.search(text[:LONGEST_TEXT]) is not None


@lru_cache(maxsize=512)
def _compiled(expression: str) -> re.Pattern[str] | None:
    """Compile an expression; ``None`` for what Python does not know or could be busy with for long: repeated groups, many repeats."""
    if len(expression) > LONGEST_PATTERN or re.search(r"\)[*+{]", expression) or len(re.findall(r"[*+{]", expression)) > MOST_REPEATS:
        return None
    try:
        return re.compile(expression)
    except (re.error, RecursionError, OverflowError):
        return None
