"""What ``exim -bP`` and ``exim -bP config`` print, and whom an ACL lets relay (Exim specification, chapters 10, 43 and 44).

An ACL is a program. It is walked through for one caller: a stranger who has not logged in and wants mail sent to a foreign domain.
What that caller cannot tell from the text (look-ups, expansions, callouts) may be true and may be false.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from enum import StrEnum, unique

from scanner.wire.addresses import wide

MOST_LINES = 50_000
DEEPEST = 8
MOST_STEPS = 100_000
"""Items of lists that one walk looks at, about."""
_VERBS = frozenset({"accept", "defer", "deny", "discard", "drop", "require", "warn"})
_MODIFIERS = frozenset(
    {
        "add_header",
        "continue",
        "control",
        "delay",
        "log_message",
        "log_reject_target",
        "logwrite",
        "message",
        "queue",
        "remove_header",
        "set",
        "udpsend",
    }
)
_ITEM = re.compile(r"(!?)\s*([a-z_0-9]+)\s*(?:=\s*(.*))?\Z", re.DOTALL)


class NotExim(ValueError):
    """The text goes beyond the caps."""


@unique
class Relaying(StrEnum):
    """What an ACL does with the stranger."""

    REFUSED = "refused"
    PERMITTED = "permitted"
    OPEN = "open"
    """It depends on what cannot be told from the text."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a statement."""

    negated: bool
    name: str
    value: str
    after_endpass: bool = False


@dataclass
class Statement:
    """One statement of an ACL."""

    verb: str
    conditions: list[Condition] = field(default_factory=list)
    endpass: bool = False


@dataclass
class Config:
    """A configuration: named lists by kind and name, ACLs, and the options of each authenticator, router and transport."""

    version: str = ""
    lists: dict[tuple[str, str], str] = field(default_factory=dict)
    acls: dict[str, list[Statement]] = field(default_factory=dict)
    authenticators: dict[str, dict[str, str]] = field(default_factory=dict)
    routers: dict[str, dict[str, str]] = field(default_factory=dict)
    """In their order, which is that in which an address is offered to them."""
    transports: dict[str, dict[str, str]] = field(default_factory=dict)
    text: str = ""
    """Only for looking whether a word occurs; it may hold secrets."""

    @property
    def blocks(self) -> dict[str, dict[str, dict[str, str]]]:
        """The parts that are made of named blocks of options, by the name of the part."""
        return {"authenticators": self.authenticators, "routers": self.routers, "transports": self.transports}


def options(data: bytes) -> dict[str, str]:
    """Read the main options as ``exim -bP`` prints them; a switch reads as ``yes`` or ``no``. Raises ``NotExim``."""
    found = {}
    for line in _lines(data):
        name, equals, value = line.strip().partition(" =")
        if equals:
            found[name] = value.strip()
        elif re.fullmatch(r"[a-z_0-9]+", name):
            found[name.removeprefix("no_")] = "no" if name.startswith("no_") else "yes"
    return found


def config(data: bytes) -> Config:
    """Read what ``exim -bP config`` prints: one logical line a line, blocks named at two blanks. Raises ``NotExim``."""
    lines = _lines(data)
    found = Config(text="\n".join(lines))
    if lines and (head := re.match(r"# Exim Configuration \((\d[\d.]*)", lines[0])):
        found.version = head[1]
    part, acl, block = "main", [Statement("")], dict[str, str]()
    for raw in lines:
        line = raw.strip()
        if not line or line[0] == "#":
            continue
        if begun := re.fullmatch(r"begin\s+(\w+)", line):
            part, acl, block = begun[1], [Statement("")], {}
        elif part == "main":
            if named := re.match(r"(?:hide\s+)?(domain|host|address|localpart)list(?:_cache)?\s+(\w+)\s*=\s*(.*)", line):
                found.lists[named[1], named[2]] = named[3]
        elif name := re.fullmatch(r"([\w.-]+)\s*:", line):
            if part == "acl":
                acl = found.acls.setdefault(name[1], [])
            elif part in found.blocks:
                block = found.blocks[part].setdefault(name[1], {})
        elif part == "acl":
            _statement(acl, line)
        elif "=" in line:
            key, _, value = line.partition("=")
            block[key.strip()] = value.strip()
        else:
            block[line] = "yes"
    return found


def _lines(data: bytes) -> list[str]:
    lines = data.decode("utf-8", "replace").split("\n")
    if len(lines) > MOST_LINES:
        raise NotExim(f"more than {MOST_LINES} lines")
    return lines


def _statement(acl: list[Statement], line: str) -> None:
    verb, *rest = line.split(None, 1)
    if verb in _VERBS:
        acl.append(Statement(verb))
        line = rest[0] if rest else ""
    if not line or not acl or line[0].isupper():  # a macro that is set between the statements
        return
    if line == "endpass":
        acl[-1].endpass = True
        return
    if item := _ITEM.match(line):
        name = item[2]
    else:
        name, item = line.split()[0].lstrip("!").split("=")[0], None
    if name not in _MODIFIERS:
        negated, value = (item[1] == "!", item[3] or "") if item else (line.startswith("!"), line)
        acl[-1].conditions.append(Condition(negated, name, value, acl[-1].endpass))


def items(value: str) -> list[str]:
    """Split a list: at colons, or at what stands behind a leading ``<``; a doubled separator is meant itself (chapter 6.21)."""
    text = value.strip()
    separator = ":"
    if begun := re.match(r"<\s*([^\w\s])", text):
        separator, text = begun[1], text[begun.end() :]
    held = text.replace(separator * 2, "\0")
    return [part.replace("\0", separator).strip() for part in held.split(separator)]


@dataclass
class _Walk:
    conf: Config
    networks: list[str]
    """Networks that a statement under way tells apart."""
    steps: list[int]
    """How many items of lists were looked at so far."""

    def fits(self, kind: str, value: str, *, admits: bool, depth: int = 0) -> bool | None:
        """Tell whether the stranger, or the foreign domain, is on a list; ``None``: it cannot be told.

        ``admits``: being on it lets in, so that a network larger than an organisation's own holds strangers.
        """
        self.steps[0] += len(value) // 20
        if depth > DEEPEST or self.steps[0] > MOST_STEPS or "$" in value:
            return None
        open_ = False
        negated = False
        for item in items(value):
            self.steps[0] += 1
            if self.steps[0] > MOST_STEPS:
                return None
            negated = item.startswith("!")
            on = self._on(kind, item.removeprefix("!").strip(), admits=admits and not negated, depth=depth)
            if on is None:
                open_ = True
            elif on:
                return None if open_ else not negated
        return None if open_ else negated

    def _on(self, kind: str, item: str, *, admits: bool, depth: int) -> bool | None:
        if item == "*":
            return True
        if item.startswith("+"):
            known = self.conf.lists.get((kind, item[1:]))
            return self.fits(kind, known, admits=admits, depth=depth + 1) if known is not None else None
        if not item or item.startswith("@") or (kind == "domain" and re.fullmatch(r"\*?[\w.-]+", item)):
            return False
        try:
            network = ipaddress.ip_network(item.strip("[]"), strict=False)
        except ValueError:
            # a name, a pattern of names, or a look-up: of hosts too it may be somebody else's
            return None
        self.networks.append(str(network))
        return True if network.prefixlen == 0 else (admits or None) if wide(network) else False

    def holds(self, condition: Condition, *, admits: bool) -> bool | None:
        """Tell whether a condition holds for the stranger."""
        found: bool | None = None
        if condition.name in {"hosts", "domains"}:
            found = self.fits(condition.name.removesuffix("s"), condition.value, admits=admits and not condition.negated)
        elif condition.name == "authenticated":
            found = False
        return found if found is None else found is not condition.negated


def relaying(conf: Config, acl: str) -> tuple[Relaying, tuple[str, ...]]:
    """Say what the ACL for RCPT does with the stranger, and which networks it lets relay.

    No ACL refuses everybody (chapter 43.5); one that ends without a word refuses.
    """
    if not acl:
        return Relaying.REFUSED, ()
    statements = conf.acls.get(acl)
    if statements is None:
        return {"accept": Relaying.PERMITTED, "deny": Relaying.REFUSED}.get(acl, Relaying.OPEN), ()
    networks: list[str] = []
    ends = Relaying.REFUSED
    maybe = False
    steps = [0]
    for statement in statements:
        accepts = statement.verb == "accept"
        walk = _Walk(conf, [], steps)
        before = [walk.holds(one, admits=accepts) for one in statement.conditions if not one.after_endpass]
        after = [walk.holds(one, admits=accepts) for one in statement.conditions if one.after_endpass]
        if accepts:
            others = [walk.holds(one, admits=True) for one in statement.conditions if one.name != "hosts"]
            networks += walk.networks if False not in others else []
            if False in before:
                continue
            if all((*before, *after)):
                ends = Relaying.PERMITTED
                break
            maybe = maybe or False not in after
            # where endpass stands, a condition behind it that fails ends the matter
            if None not in before and False in after:
                break
        elif statement.verb in {"deny", "drop", "defer", "discard"}:
            if all((*before, *after)):
                networks += walk.networks  # what is left out of the refusal may get further
                break
        elif statement.verb == "require" and False in (*before, *after):
            break
    return (Relaying.OPEN if maybe else ends), tuple(dict.fromkeys(networks))


def only_by_tls(value: str) -> bool | None:
    """Tell whether an expansion is one of those by which something is offered within TLS alone; ``None``: not known here."""
    bare = re.sub(r"\s+", "", value).replace("$tls_cipher", "$tls_in_cipher").replace("def:tls_cipher", "def:tls_in_cipher")
    known = {"${ifeq{$tls_in_cipher}{}{}{*}}", "${if!eq{$tls_in_cipher}{}{*}{}}", "${if!eq{$tls_in_cipher}{}{*}}"}
    known |= {"${ifdef:tls_in_cipher}", "${ifdef:tls_in_cipher{*}}", "${ifdef:tls_in_cipher{*}{}}", "${ifdef:tls_in_cipher{yes}}"}
    if bare.strip('"') in known:
        return True
    return None if "$" in bare else False
