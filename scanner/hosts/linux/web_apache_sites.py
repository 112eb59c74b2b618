"""What Apache httpd's virtual servers are, which addresses they have, and which of their paths they serve from folders themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanner.facts.readings import Audience
from scanner.hosts.linux.base import shown
from scanner.hosts.linux.web_apache_access import Nodes, last
from scanner.hosts.linux.web_reading import MOST_SITES, loopback
from scanner.model.reason import CannotObserve, Reason
from scanner.wire.httpd import Node

_OFF = frozenset({"off", "!on", "!=on", "^off$", "!^on$"})
_WHOLE = frozenset({"^", "^/", "^/?", "^(.*)$", "^/(.*)$", "^/?(.*)$", "(.*)", ".*", "^.*$", "/?(.*)"})


@dataclass(frozen=True)
class Site:
    """A virtual server with the main server around it, or the main server alone."""

    name: str
    reach: Audience
    main: Nodes
    own: Nodes

    @property
    def levels(self) -> tuple[Nodes, Nodes]:
        """Give what holds for it, from the outside in."""
        return self.main, self.own

    def word(self, name: str) -> str | None:
        """Give the argument of the directive that holds for the site: its own, else the main server's."""
        found = last(self.own, name) or last(self.main, name)
        return found.words[0] if found and found.words else None

    def all(self, name: str) -> tuple[Node, ...]:
        """Give its own directives of a name, then the main server's."""
        return tuple(n for level in (self.own, self.main) for n in level if n.name == name and n.body is None)


def sites(top: Nodes) -> Iterator[Site]:
    """Give the virtual servers, and the main server where an address is left to it. Raises ``CannotObserve``."""
    main = tuple(node for node in top if node.name != "virtualhost")
    hosts = [node for node in top if node.name == "virtualhost"]
    if len(hosts) > MOST_SITES:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_SITES} virtual servers")
    listens = [node.words[0] for node in main if node.name == "listen" and node.words]
    alone = bool(listens) and all(loopback(address) for address in listens)
    covered = {word.rpartition(":")[2] for node in hosts for word in node.words if re.fullmatch(r"(\*|_default_):(\d+|\*)", word)}
    covered |= {"*" for node in hosts for word in node.words if word in {"*", "_default_"}}
    if not hosts or ("*" not in covered and any(address.rpartition(":")[2] not in covered for address in listens)):
        yield Site(_name(main, ()), Audience.ITSELF if alone else Audience.EVERYBODY, main, ())
    for node in hosts:
        reach = Audience.ITSELF if alone or (node.words and all(loopback(word) for word in node.words)) else Audience.EVERYBODY
        yield Site(_name(node.body or (), node.words), reach, main, node.body or ())


def _name(nodes: Nodes, addresses: Sequence[str]) -> str:
    named = last(nodes, "servername")
    host = re.sub(r"\Ahttps?://", "", named.words[0]) if named and named.words else ""
    port = addresses[0].rpartition(":")[2] if addresses and ":" in addresses[0] else ""
    return shown(f"{host}:{port}" if host and port.isdecimal() and ":" not in host else host or " ".join(addresses) or "main")


def aliases_in(nodes: Nodes, url: str) -> Iterator[tuple[str, str, bool]]:
    """Give path, folder and whether what lies there is run, for the aliases of one level; ``url`` is that of the section around it."""
    for node in nodes:
        if node.name in {"alias", "scriptalias"} and node.words:
            words = node.words if len(node.words) > 1 else (url, node.words[0])
            yield words[0], words[1], node.name == "scriptalias"
        elif node.name in {"aliasmatch", "scriptaliasmatch"} and len(node.words) > 1:
            runs = node.name == "scriptaliasmatch"
            yield node.words[0], node.words[1] if runs else node.words[1].split("$")[0].rsplit("/", 1)[0] or "/", runs


def within(levels: Sequence[Nodes], names: frozenset[str]) -> Iterator[Node]:
    """Give the directives that stand in sections of these names, however deep."""
    todo = [(node, False) for level in levels for node in level]
    while todo:
        node, inside = todo.pop()
        if node.body is None:
            if inside:
                yield node
        else:
            todo += [(inner, inside or node.name in names) for inner in node.body]


def covered(site: Site, url: str) -> bool:
    """Tell whether a proxy answers at a path, so that no folder is served there."""
    for level in site.levels:
        for node in level:
            if node.name == "proxypass" and len(node.words) > 1 and node.words[1] != "!":
                bare = node.words[0].rstrip("/")
                excluded = any(n.name == "proxypass" and n.words[1:2] == ("!",) for n in level)
                if (url.rstrip("/") == bare or url.startswith(f"{bare}/")) and not excluded:
                    return True
    rule = _first_rule(site)
    return rule is not None and bool({"p", "proxy"} & _flags(rule))


def sent_elsewhere(site: Site) -> bool:
    """Tell whether every request is sent to another address, so that the site serves nothing itself."""
    for node in site.own:
        words = node.words
        if node.name in {"redirect", "redirectpermanent"} and len(words) > 1 and words[-2] == "/" and "://" in words[-1]:
            return True
    rule = _first_rule(site)
    return rule is not None and rule[1].startswith("https://") and not {"p", "proxy"} & _flags(rule)


def _first_rule(site: Site) -> tuple[str, ...] | None:
    """Give the first rule of rewriting where it takes every request: with no condition, or only that the site does not speak TLS."""
    rules = [node for node in site.own if node.name in {"rewriterule", "rewritecond"}]
    clear = (site.word("sslengine") or "off").lower() == "off"
    if (site.word("rewriteengine") or "off").lower() != "on":
        return None
    for node in rules:
        words = node.words
        if node.name == "rewriterule":
            return words if len(words) > 1 and words[0] in _WHOLE else None
        without_tls = len(words) == 2 and words[0].upper() == "%{HTTPS}" and words[1].lower() in _OFF
        if not (clear and without_tls):
            return None
    return None


def _flags(rule: tuple[str, ...]) -> set[str]:
    return {flag.partition("=")[0].lower() for flag in rule[2].strip("[]").split(",")} if len(rule) > 2 else set()
