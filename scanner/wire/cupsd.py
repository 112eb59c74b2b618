"""cupsd.conf of CUPS, cupsd.conf(5): directives, locations and policies, and whom a block lets in. No defaults of a build here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from scanner.wire.addresses import is_wide, whole

MOST_LINES = 50_000
MOST_BLOCKS = 5_000
LONGEST = 10_000
MOST_OPERATIONS = 200
"""In one limit; IPP has about half of that."""
_YES, _NO = frozenset({"yes", "true", "on", "enabled"}), frozenset({"no", "false", "off", "disabled", "0"})


class NotCupsd(ValueError):
    """The text goes beyond the caps."""


@dataclass
class Block:
    """A location, or the limit on operations of a policy. ``limited``: it holds limits of its own, which are not worked out."""

    name: str
    values: dict[str, str] = field(default_factory=dict)
    allow: list[str] = field(default_factory=list)
    deny: list[str] = field(default_factory=list)
    require: list[str] = field(default_factory=list)
    limited: bool = False


@dataclass
class Cupsd:
    """A whole text: directives in their order with lower-case names, locations, policies with their limits by operation."""

    directives: list[tuple[str, str]] = field(default_factory=list)
    locations: dict[str, Block] = field(default_factory=dict)
    policies: dict[str, dict[str, Block]] = field(default_factory=dict)

    def last(self, name: str) -> str | None:
        """Give the value of a directive, the last where it comes twice."""
        return next((value for known, value in reversed(self.directives) if known == name), None)

    def every(self, *names: str) -> list[tuple[str, str]]:
        """Give all directives of some names."""
        return [(known, value) for known, value in self.directives if known in names]


def parse(data: bytes) -> Cupsd:
    """Read a text. A ``#`` begins a comment wherever it stands. Raises ``NotCupsd``."""
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise NotCupsd(f"more than {MOST_LINES} lines")
    whole = Cupsd()
    location: Block | None = None
    policy: dict[str, Block] | None = None
    limits: list[Block] = []
    blocks = 0
    for raw in lines:
        line = re.sub(r"(?<!\\)#.*", "", raw).strip()
        if not line:
            continue
        if len(line) > LONGEST:
            raise NotCupsd(f"a line of more than {LONGEST} letters")
        name, *rest = line.split(None, 1)
        name, value = name.lower(), rest[0] if rest else ""
        if name[0] == "<":
            value = value.removesuffix(">").strip()
            name = name.removesuffix(">")
            blocks += 1
            if blocks > MOST_BLOCKS:
                raise NotCupsd(f"more than {MOST_BLOCKS} blocks")
        match name:
            case "<location":
                location = whole.locations.setdefault(value, Block(value))
            case "</location":
                location = None
            case "<policy":
                policy = whole.policies.setdefault(value.lower(), {})
            case "</policy":
                policy, limits = None, []
            case "<limit" | "<limitexcept":
                if location is not None:
                    location.limited = True
                    limits = [Block("")]  # what it holds is not the location's own
                elif policy is not None:
                    words = value.split() or ["all"]
                    if len(words) > MOST_OPERATIONS:
                        raise NotCupsd(f"more than {MOST_OPERATIONS} operations in one Limit")
                    limits = [policy.setdefault(word.lower(), Block(word)) for word in words]
            case "</limit" | "</limitexcept":
                limits = []
            case _:
                inside = limits or ([location] if location is not None else [])
                for block in inside:
                    _set(block, name, value)
                if not inside and policy is None:
                    whole.directives.append((name, value))
    return whole


def _set(block: Block, name: str, value: str) -> None:
    if name in {"allow", "deny"}:
        words = [word.lower() for word in value.split() if word.lower() != "from"]
        (block.allow if name == "allow" else block.deny).extend(words)
    elif name == "require":
        block.require.append(value)
    else:
        block.values[name] = value


def truth(value: str) -> bool | None:
    """Read a switch; ``None``: it is none."""
    bare = value.lower()
    if bare in _YES or (bare.isdecimal() and int(bare)):
        return True
    return False if bare in _NO else None


def best(locations: Sequence[Block], path: str) -> Block | None:
    """Give the location that counts for a path: the longest that it begins with."""
    fitting = [block for block in locations if block.name.startswith("/") and path.startswith(block.name)]
    return max(fitting, key=lambda block: len(block.name), default=None)


def admits(block: Block) -> str:
    """Say whom a block lets in: ``itself``, ``some`` or ``everybody``. The machine itself always gets in.

    Without ``Order`` whoever is not denied gets in, as with ``Order deny,allow``.
    """
    first = block.values.get("order", "deny").lower()
    allowed, denied = ([word.replace("[", "").replace("]", "") for word in words] for words in (block.allow, block.deny))
    closed = frozenset().union(*map(whole, denied)) == whole("all")
    if first.startswith("deny") and not closed:
        return "everybody"
    if first.startswith("allow") and closed:
        return "itself"
    if any(word == "all" or is_wide(word) for word in allowed):
        return "everybody"
    own = all(re.fullmatch(r"localhost|127(\.[\d*]+){0,3}(/\d+)?|\[::1\]|none", word) for word in block.allow)
    return "itself" if own else "some"


def is_local(address: str) -> bool:
    """Tell whether a listening address can be reached from the machine itself alone; a port alone is every address."""
    text = address.lower()
    if text.startswith("/"):
        return True
    bracketed = re.match(r"\[([^\]]*)\]", text)
    host = bracketed[1] if bracketed else text.partition(":")[0]
    return host in {"localhost", "::1", "v1.::1"} or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host))
