"""Reading Apache httpd's files as httpd itself does: includes, variables, conditions, in one pass. What they mean is in ``web_apache``."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from scanner.hosts.base import FileKind, Reader
from scanner.hosts.linux.base import parsed, seen, shown
from scanner.hosts.linux.named_paths import absolute, is_pattern, matching
from scanner.hosts.linux.web_reading import DEEPEST, MOST_FILES, unsupported
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import httpd
from scanner.wire.httpd import Node

LONGEST_LINE = 20_000
SOURCES = {
    "mpm_event_module": "event.c",
    "mpm_worker_module": "worker.c",
    "mpm_prefork_module": "prefork.c",
    "php_module": "mod_php.c",
    "php7_module": "mod_php7.c",
    "php5_module": "mod_php5.c",
}
"""Modules whose source file is not called after their shared object."""
OTHER_SECTIONS = frozenset({"macro", "ifdirective", "ifsection"})
_COMPARE = {"=": operator.eq, "==": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_VARIABLE = re.compile(r"\$\{([^}:]+)\}")


@dataclass(frozen=True)
class Setting:
    """What httpd starts with: its root, the modules it was built with, names defined by ``-D``, its environment and version."""

    root: str
    built_in: frozenset[str]
    defined: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    version: tuple[int, int, int] | None = None


class ApacheFiles:
    """One pass over the files. ``doubt``: why something may be missing; ``modules``: identifiers and source files of what is loaded."""

    def __init__(self, read: Reader, setting: Setting) -> None:
        self._read = read
        self.root = setting.root
        self._version = setting.version
        self._environment = setting.environment
        self.defined = dict.fromkeys(setting.defined, "")
        self.modules = set(setting.built_in)
        self.names: list[str] = []
        self.doubt: Unobserved | None = None

    def tree(self, path: str, depth: int = 0) -> tuple[Node, ...]:
        """Give what is in force of a file and of all that it includes."""
        if depth > DEEPEST or len(self.names) >= MOST_FILES:
            self._doubtful(Unobserved(Reason.TOO_LARGE, f"{shown(path)}: too many files are included"))
            return ()
        data = seen(lambda: self._read.file(path, limit=httpd.MOST_OCTETS))
        if data is None:
            self._doubtful(unsupported(f"{path} is not there, so httpd does not start with these files"))
            return ()
        if isinstance(data, Unobserved):
            self._doubtful(data)
            return ()
        self.names.append(shown(path))
        nodes = parsed(path, data, httpd.parse)
        if isinstance(nodes, Unobserved):
            self._doubtful(nodes)
            return ()
        return tuple(self._opened(nodes, depth))

    def _opened(self, nodes: tuple[Node, ...], depth: int) -> Iterator[Node]:
        for raw in nodes:
            node = Node(raw.name, self._expanded(raw.rest), raw.body)
            if node.body is None:
                yield from self._line(node, depth)
            elif node.name in {"ifmodule", "ifdefine", "ifversion", "iffile"}:
                holds = self._holds(node)
                if isinstance(holds, Unobserved):
                    self._doubtful(holds)
                elif holds:
                    yield from self._opened(node.body, depth)
            elif node.name in OTHER_SECTIONS:
                self._doubtful(unsupported(f"<{node.name}> is not read"))
            else:
                yield Node(node.name, node.rest, tuple(self._opened(node.body, depth)))

    def _line(self, node: Node, depth: int) -> Iterator[Node]:
        words = node.words
        match node.name:
            case "include" | "includeoptional" if words:
                for path in self._included(words[0], optional=node.name == "includeoptional"):
                    yield from self.tree(path, depth + 1)
            case "define" if words:
                self.defined[words[0]] = words[1] if len(words) > 1 else ""
            case "undefine" if words:
                self.defined.pop(words[0], None)
            case "serverroot" if words:
                self.root = words[0]
            case "loadmodule" if len(words) > 1:
                stem = re.sub(r"\.so\Z", "", words[1].rsplit("/", 1)[-1])
                self.modules |= {words[0], SOURCES.get(words[0], f"{stem}.c")}
            case "loadfile" | "addmodule" | "clearmodulelist":
                pass
            case "use":
                self._doubtful(unsupported(f"macros are not read: Use {' '.join(words[:1])}"))
            case _:
                yield node

    def _included(self, pattern: str, *, optional: bool) -> tuple[str, ...]:
        path = absolute(self.root, pattern)
        if is_pattern(path):
            found = seen(lambda: matching(self._read, path))
            if isinstance(found, Unobserved):
                self._doubtful(found)
                return ()
            if not found and not optional:
                self._doubtful(unsupported(f"Include {pattern}: there is no such file, so httpd does not start with these files"))
            return tuple(file for one in found for file in self._files(one))
        state = seen(lambda: self._read.state(path))
        if isinstance(state, Unobserved):
            self._doubtful(state)
            return ()
        if state is None:
            if not optional:
                self._doubtful(unsupported(f"{path} is not there, so httpd does not start with these files"))
            return ()
        return self._files(path)

    def _files(self, path: str, depth: int = 0) -> tuple[str, ...]:
        """A folder that is included stands for everything below it, in the order of names."""
        state = seen(lambda: self._read.state(path))
        if isinstance(state, Unobserved) or state is None or state.kind is not FileKind.DIRECTORY:
            return (path,)
        names = seen(lambda: self._read.names(path))
        if isinstance(names, Unobserved) or depth > DEEPEST:
            self._doubtful(names if isinstance(names, Unobserved) else Unobserved(Reason.TOO_LARGE, f"{shown(path)} is nested too deep"))
            return ()
        return tuple(file for name in names or () for file in self._files(f"{path.rstrip('/')}/{name}", depth + 1))

    def _expanded(self, text: str) -> str:
        """Put variables in; one that is not defined stays as it is written."""
        found = _VARIABLE.sub(lambda m: self.defined.get(m[1], self._environment.get(m[1], m[0])), text)
        return found if len(found) <= LONGEST_LINE else text

    def _holds(self, node: Node) -> bool | Unobserved:
        wanted = node.rest.strip().strip('"')
        inverted = wanted.startswith("!")
        wanted = wanted.removeprefix("!").strip()
        match node.name:
            case "ifmodule":
                return (wanted in self.modules) != inverted
            case "ifdefine":
                return (wanted in self.defined) != inverted
            case "iffile":
                there = seen(lambda: self._read.state(absolute(self.root, wanted)) is not None)
                return there if isinstance(there, Unobserved) else there != inverted
            case _:
                return self._is_version(wanted, inverted=inverted)

    def _is_version(self, wanted: str, *, inverted: bool) -> bool | Unobserved:
        words = wanted.split()
        sign, number = words if len(words) == 2 else ("=", wanted)
        if self._version is None or sign not in _COMPARE or not re.fullmatch(r"\d{1,4}(\.\d{1,4}){0,2}", number):
            return unsupported(f"<IfVersion {wanted}> is not decided")
        parts = (*map(int, number.split(".")), 0, 0)[:3]
        return bool(_COMPARE[sign](self._version, parts)) != inverted

    def _doubtful(self, why: Unobserved) -> None:
        self.doubt = self.doubt or why
