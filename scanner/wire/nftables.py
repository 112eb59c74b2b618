"""The language of nftables, as ``nft list ruleset`` prints it and as people write it, to rules of ``packetfilter``.

Tables, chains, named sets and maps, definitions and the commands add, create, insert, flush and delete are understood. Includes are
left to the caller, who gives the files' text. A condition that is not named here counts as unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from scanner.wire.packetfilter import EVERY_PORT, Chain, Does, Match, NotARuleset, Rule, Table

MOST_TOKENS = 400_000
MOST_INCLUDES = 64
FAMILIES = frozenset({"ip", "ip6", "inet", "arp", "bridge", "netdev"})
_PRIORITIES = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100}
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\\\r?\n|#[^\n]*|\r?\n|[{};,]|!=|==|<=|>=|<|>|=|[^\s{};,!=<>#"]+|!|.', re.DOTALL)
_PORT_PROTOCOLS = frozenset({"tcp", "udp", "sctp", "dccp", "udplite", "th"})
_NUMBERED = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "ipv6-icmp": "icmpv6"}
_PAIRS = frozenset({"level", "prefix", "group", "snaplen", "queue-threshold", "flags"})
"""Words of a log statement that take one value."""
_ENDS = {"accept": Does.ACCEPT, "drop": Does.DENY, "reject": Does.DENY, "return": Does.RETURN, "queue": Does.UNCLEAR}
_BEGINNINGS = frozenset(
    {"accept", "drop", "reject", "jump", "goto", "return", "counter", "log", "ct", "limit", "comment", "meta", "ip", "ip6", "tcp"}
)
"""Words with which a condition or statement that is understood may begin."""
_OPERATORS = frozenset({"==", "!=", "<", ">", "<=", ">=", "eq", "ne"})
Tokens = list[str]
Value = tuple[str, ...]


@dataclass(slots=True)
class _Chain:
    hook: str = ""
    kind: str = "filter"
    priority: int = 0
    denies: bool = False
    lines: list[Tokens] = field(default_factory=list)


@dataclass(slots=True)
class _Table:
    family: str
    name: str
    chains: dict[str, _Chain] = field(default_factory=dict)
    sets: dict[str, Tokens] = field(default_factory=dict)


def parse(data: bytes, include: Callable[[str], Iterable[bytes]] = lambda _: ()) -> tuple[Table, ...]:
    """Read a ruleset; ``include`` gives the texts that a path or pattern stands for. Raises ``NotARuleset``."""
    reader = _Reader(include)
    reader.read(data)
    return tuple(
        Table(table.family, table.name, {name: _made(table, name, chain) for name, chain in table.chains.items()})
        for table in reader.tables.values()
        if table.family in {"ip", "ip6", "inet"}
    )


def _made(table: _Table, name: str, chain: _Chain) -> Chain:
    rules = [rule for line in chain.lines for rule in _Line(line, table).rules()]
    return Chain(name, tuple(rules), chain.hook, chain.kind, chain.priority, chain.denies)


class _Reader:
    """Reads texts one after the other into tables, as nft runs commands."""

    def __init__(self, include: Callable[[str], Iterable[bytes]]) -> None:
        self.tables: dict[tuple[str, str], _Table] = {}
        self._include = include
        self._included = 0
        self._defined: dict[str, Tokens] = {}

    def read(self, data: bytes) -> None:
        """Read one text."""
        tokens = self._tokens(data)
        at = 0
        while at < len(tokens):
            line, at = _statement(tokens, at)
            if line:
                self._command(line)

    def _tokens(self, data: bytes) -> Tokens:
        found: Tokens = []
        for match in _TOKEN.finditer(data.decode("utf-8", "replace")):
            piece = match[0]
            if piece.startswith(("#", "\\\n", "\\\r")) or piece in {" ", "\t", "\r", "\f", "\v"}:
                continue
            found.append("\n" if piece.endswith("\n") else piece)
            if len(found) > MOST_TOKENS:
                raise NotARuleset(f"more than {MOST_TOKENS} words")
        return found

    def _filled(self, line: Tokens) -> Tokens:
        if not self._defined:
            return line
        out: Tokens = []
        for piece in line:
            out.extend(self._defined.get(piece[1:], [piece]) if piece.startswith("$") else [piece])
            if len(out) > MOST_TOKENS:
                raise NotARuleset("definitions grow without end")
        return out

    def _command(self, line: Tokens) -> None:
        if line[0] == "include" and len(line) > 1:
            self._included += 1
            if self._included > MOST_INCLUDES:
                raise NotARuleset(f"more than {MOST_INCLUDES} includes")
            for text in self._include(line[1].strip('"')):
                self.read(text)
            return
        if line[0] in {"define", "redefine"} and len(line) > 3 and line[2] == "=":
            self._defined[line[1]] = self._filled(line[3:])
            return
        words = self._filled(line)
        verb = words[0] if words[0] in {"add", "create", "insert", "flush", "delete", "destroy", "replace"} else ""
        rest = words[1:] if verb else words
        what = rest[0] if rest else ""
        if verb == "flush" and what == "ruleset":
            family = rest[1] if len(rest) > 1 else ""
            self.tables = {key: table for key, table in self.tables.items() if family and key[0] != family}
            return
        named = [word for word in rest[1:4] if word != "\n"]
        family = named[0] if named and named[0] in FAMILIES else "ip"
        names = rest[2:] if named and named[0] in FAMILIES else rest[1:]
        if not names:
            return
        match verb, what:
            case "" | "add" | "create", "table":
                self._block(self._table(family, names[0]), names[1:])
            case "delete" | "destroy", "table":
                self.tables.pop((family, names[0]), None)
            case "flush", "table":
                for chain in self._table(family, names[0]).chains.values():
                    chain.lines.clear()
            case "flush", "chain" if len(names) > 1:
                self._table(family, names[0]).chains.setdefault(names[1], _Chain()).lines.clear()
            case "" | "add" | "create", "chain" | "set" | "map" if len(names) > 1:
                self._part(self._table(family, names[0]), [what, *names[1:]])
            case (("" | "add" | "create"), "element") if len(names) > 2:
                self._table(family, names[0]).sets.setdefault(names[1], []).extend([",", *_inside(names[2:])])
            case (("" | "add" | "insert"), "rule") if len(names) > 2:
                self._rule(family, names, verb == "insert")
            case "delete" | "destroy" | "replace", _:
                raise NotARuleset(f"{verb} {what}: not followed")

    def _rule(self, family: str, names: Tokens, first: bool) -> None:
        chain = self._table(family, names[0]).chains.setdefault(names[1], _Chain())
        words = names[2:]
        if words[:1] and words[0] in {"position", "handle", "index"}:
            raise NotARuleset(f"rule {words[0]}: not followed")
        chain.lines.insert(0 if first else len(chain.lines), words)

    def _table(self, family: str, name: str) -> _Table:
        return self.tables.setdefault((family, name), _Table(family, name))

    def _block(self, table: _Table, tokens: Tokens) -> None:
        body = _inside(tokens)
        at = 0
        while at < len(body):
            line, at = _statement(body, at)
            if line:
                self._part(table, line)

    def _part(self, table: _Table, line: Tokens) -> None:
        if len(line) < 2:
            return
        if line[0] in {"set", "map"}:
            elements = _inside(line[2:])
            if "elements" in elements:
                table.sets.setdefault(line[1], []).extend(_inside(elements[elements.index("elements") + 2 :]))
            else:
                table.sets.setdefault(line[1], [])
        elif line[0] == "chain":
            chain = table.chains.setdefault(line[1], _Chain())
            body, at = _inside(line[2:]), 0
            while at < len(body):
                statement, at = _statement(body, at)
                if statement:
                    _of_chain(chain, statement)


def _of_chain(chain: _Chain, line: Tokens) -> None:
    if line[0] == "type" and "hook" in line[:3]:
        chain.kind = line[1]
        chain.hook = line[line.index("hook") + 1] if line.index("hook") + 1 < len(line) else ""
        if "priority" in line:
            chain.priority = _priority(line[line.index("priority") + 1 :])
        line = line[line.index("policy") :] if "policy" in line else []
    if line[:1] == ["policy"]:
        chain.denies = line[1:2] == ["drop"]
    elif line and line[0] not in {"comment", "flags", "devices", "device"}:
        chain.lines.append(line)


def _priority(words: Tokens) -> int:
    text = "".join(words[:3])
    found = re.match(r"([a-z]*)([+-]?[0-9]{1,9})?", text)
    return (_PRIORITIES.get(found[1], 0) + int(found[2] or 0)) if found else 0


def _statement(tokens: Tokens, at: int) -> tuple[Tokens, int]:
    """Take one statement: up to a line's end or semicolon outside braces."""
    line: Tokens = []
    depth = 0
    while at < len(tokens):
        piece = tokens[at]
        at += 1
        if piece == "{":
            depth += 1
        elif piece == "}":
            depth -= 1
            if depth < 0:
                raise NotARuleset("a brace too many")
        if depth == 0 and piece in {"\n", ";"}:
            break
        if piece != "\n" or depth:
            line.append(piece)
    if depth:
        raise NotARuleset("a brace is left open")
    while line and line[-1] == "\n":
        line.pop()
    return line, at


def _inside(tokens: Tokens) -> Tokens:
    """Give what the first pair of braces holds; nothing where there is none."""
    if "{" not in tokens:
        return []
    start, depth = tokens.index("{"), 0
    for at in range(start, len(tokens)):
        depth += {"{": 1, "}": -1}.get(tokens[at], 0)
        if depth == 0:
            return tokens[start + 1 : at]
    raise NotARuleset("a brace is left open")


def _elements(tokens: Tokens) -> tuple[Tokens, ...]:
    """Split the content of a set at its commas, line ends dropped."""
    found: list[Tokens] = [[]]
    for piece in tokens:
        if piece == ",":
            found.append([])
        elif piece != "\n":
            found[-1].append(piece)
    return tuple(one for one in found if one)


class _Line:
    """One rule, read from left to right."""

    def __init__(self, tokens: Tokens, table: _Table) -> None:
        self._tokens = [piece for piece in tokens if piece != "\n"]
        self._table = table
        self._at = 0
        self._made = [Rule(Does.NOTHING, text=" ".join(self._tokens)[:200])]

    def rules(self) -> list[Rule]:
        """Give the rules that the line stands for: several where it holds a verdict map."""
        while self._at < len(self._tokens):
            self._part()
        return self._made

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            return ""
        self._at += 1
        return self._tokens[self._at - 1]

    def _peek(self, ahead: int = 0) -> str:
        return self._tokens[self._at + ahead] if self._at + ahead < len(self._tokens) else ""

    def _mark(self, **changes: object) -> None:
        """Change every rule that the line stands for so far."""
        self._made = [replace(rule, **changes) for rule in self._made]  # type: ignore[arg-type]  # fields of Rule by name

    def _part(self) -> None:
        """Read one condition, verdict or map."""
        word = self._next()
        if self._peek() == "vmap" or (self._peek(1) == "vmap"):
            self._map(word)
            return
        if "." in (self._peek(), self._peek(1)):  # values joined to one key
            self._mark(unknown=True)
            self._skip_to_statement()
        elif word in _ENDS:
            self._mark(does=_ENDS[word])
            if word in {"reject", "queue"}:
                self._at = len(self._tokens)  # its own options follow
        else:
            self._condition(word)

    def _condition(self, word: str) -> None:
        match word:
            case "jump" | "goto":
                self._mark(does=Does(word), target=self._next())
            case "counter":
                while self._peek() in {"packets", "bytes", "name"}:
                    self._at += 2
            case "log":
                self._mark(logs=True)
                while self._peek() in _PAIRS:
                    self._at += 2
            case "comment":
                self._next()
            case "continue" | "notrack":
                pass
            case "redirect":
                self._mark(redirects=True)
                self._at = len(self._tokens)  # the port and its own options follow
            case "add" | "update" | "delete" | "meter":
                while self._peek() and self._next() != "{":
                    pass
                while self._peek() and self._next() != "}":
                    pass
                self._mark(unknown=True)
            case "meta" | "iif" | "iifname" | "oif" | "oifname" | "mark" | "skuid" | "pkttype":
                self._meta(self._next() if word == "meta" else word)
            case "ct":
                self._ct()
            case "ip" | "ip6":
                self._mark(family=word)
                self._address(self._next())
            case "icmp" | "icmpv6":
                self._next()
                self._values()
                self._mark(narrow=True)
            case "fib":
                self._fib()
            case _ if word in _PORT_PROTOCOLS:
                self._port(word, self._next())
            case _:
                self._mark(unknown=True)

    def _values(self) -> tuple[Value, bool]:
        """Take an operator and what follows: a value, a list, a set or the name of one."""
        negated = False
        if self._peek() in _OPERATORS:
            operator = self._next()
            negated = operator in {"!=", "ne"}
            if operator in {"<", ">", "<=", ">="}:
                self._mark(unknown=True)
                return (self._next(),), False
        elif self._peek() == "!":
            self._next()
            negated = True
        if self._peek() == "{":
            body = _inside(self._tokens[self._at :])
            self._at += len(body) + 2
            return tuple(one[0] for one in _elements(body)), negated
        if self._peek().startswith("@"):
            held = self._table.sets.get(self._next()[1:])
            if held is None:
                self._mark(unknown=True)
                return (), negated
            return tuple(one[0] for one in _elements(held)), negated
        found = [self._next()]
        while self._peek() == ",":
            self._at += 1
            found.append(self._next())
        return tuple(word for part in found for word in part.split(",")), negated

    def _match(self, strip: bool = False) -> Match:
        values, negated = self._values()
        return Match(frozenset(value.strip('"') if strip else value for value in values), negated)

    def _meta(self, key: str) -> None:
        match key:
            case "iif" | "iifname":
                self._mark(inward=self._match(strip=True))
            case "oif" | "oifname":
                self._mark(outward=self._match(strip=True))
            case "l4proto":
                self._protocol(self._match())
            case "nfproto" | "protocol":
                values, negated = self._values()
                wanted = {"ipv4": "ip", "ipv6": "ip6", "ip": "ip", "ip6": "ip6"}.get(values[0] if values else "", "")
                if len(values) == 1 and wanted:
                    self._mark(family=wanted if not negated else {"ip": "ip6", "ip6": "ip"}[wanted])
                else:
                    self._mark(unknown=True)
            case "pkttype":
                values, negated = self._values()
                self._mark(narrow=("unicast" in values or "host" in values) is negated)
            case _ if self._peek() == "set":
                self._at += 2  # meta mark set 1
            case _:
                self._values()
                self._mark(unknown=True)

    def _protocol(self, match: Match) -> None:
        self._mark(protocols=Match(frozenset(_NUMBERED.get(v, v) for v in match.values), match.negated))

    def _ct(self) -> None:
        key = self._next()
        if key == "state":
            self._mark(states=self._match())
        elif key == "status":
            values, negated = self._values()
            self._mark(narrow=True, sent_on="dnat" in values and not negated)
        elif self._peek() == "set":
            self._at += 2
        else:
            self._values()
            self._mark(unknown=True)

    def _address(self, key: str) -> None:
        match key:
            case "saddr":
                values, negated = self._values()
                self._mark(sources=values or None, sources_negated=negated, unknown=self._made[0].unknown or not values)
            case "daddr":
                values, negated = self._values()
                self._mark(destinations=values or None, destinations_negated=negated, unknown=self._made[0].unknown or not values)
            case "protocol" | "nexthdr":
                self._protocol(self._match())
            case _:
                self._values()
                self._mark(unknown=True)

    def _port(self, protocol: str, key: str) -> None:
        if protocol != "th":
            self._mark(protocols=Match(frozenset({protocol})))
        if key == "dport":
            values, negated = self._values()
            self._mark(ports=_ports(values), ports_negated=negated)
        elif key == "sport":
            self._values()
            self._mark(from_port=True)
        else:
            self._skip_to_statement()
            self._mark(unknown=True)

    def _skip_to_statement(self) -> None:
        """Pass over an expression of flags: up to the next word that begins something known."""
        while self._peek() and self._peek() not in _BEGINNINGS:
            self._at += 1

    def _fib(self) -> None:
        words = []
        while self._peek() not in {"", "type", "oif", "oifname", "check"}:
            words.append(self._next())
        kind = self._next()
        values, negated = self._values()
        if kind == "type" and words == ["daddr"]:
            self._mark(narrow=("local" not in values) is not negated)
        else:
            self._mark(unknown=True)

    def _map(self, word: str) -> None:
        """Read ``KEY vmap { value : verdict, ... }`` as one rule for each element."""
        key = [word]
        while self._peek() != "vmap":
            key.append(self._next())
        self._next()
        if self._peek() == "{":
            body = _inside(self._tokens[self._at :])
            self._at += len(body) + 2
        else:
            body = self._table.sets.get(self._next().lstrip("@"), [])
        before, made = self._made[0], []
        elements = _elements(body)
        for element in elements:
            joined = [part for piece in element for part in (piece.split(":") if piece.endswith(":") else [piece]) if part]
            joined = [part for part in joined if part != ":"]
            verdict = next((at for at, part in enumerate(joined) if part in {"accept", "drop", "jump", "goto", "return", "continue"}), None)
            if verdict is None or "." in joined[:verdict]:
                made.append(replace(before, does=Does.UNCLEAR, unknown=True))
                continue
            value = joined[0]
            sub = _Line([*key, value, *joined[verdict:]] if value != "*" else joined[verdict:], self._table)
            made.extend(_under(before, rule) for rule in sub.rules())
        self._made = made or [before]


def _under(before: Rule, rule: Rule) -> Rule:
    """Join the conditions of a line with those of one element of its map."""
    changes = {
        name: value
        for name in ("family", "inward", "outward", "protocols", "ports", "sources", "destinations", "states")
        if getattr(rule, name) is None and (value := getattr(before, name)) is not None
    }
    changes["sources_negated"] = rule.sources_negated or (rule.sources is None and before.sources_negated)
    changes["destinations_negated"] = rule.destinations_negated or (rule.destinations is None and before.destinations_negated)
    return replace(
        rule,
        **changes,
        narrow=rule.narrow or before.narrow,
        unknown=rule.unknown or before.unknown,
        logs=rule.logs or before.logs,
        from_port=rule.from_port or before.from_port,
        text=before.text,
    )


def _ports(values: Value) -> tuple[tuple[int, int], ...] | None:
    found = []
    for value in values:
        first, dash, last = value.partition("-")
        number = SERVICES.get(value)
        if number is not None:
            found.append((number, number))
        elif first.isdecimal() and len(first) < 6 and (not dash or (last.isdecimal() and len(last) < 6)):
            found.append((int(first), int(last) if dash else int(first)))
        else:
            return EVERY_PORT
    return tuple(found) or EVERY_PORT


SERVICES = {
    "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "http": 80, "pop3": 110, "ntp": 123, "imap2": 143, "imap": 143, "snmp": 161,
    "https": 443, "submission": 587, "syslog": 514, "imaps": 993, "pop3s": 995, "ldap": 389, "ldaps": 636, "mysql": 3306,
    "postgresql": 5432, "bootps": 67, "bootpc": 68, "dhcpv6-client": 546, "dhcpv6-server": 547, "mdns": 5353,
}  # fmt: skip
"""Service names that people write in rules; any other counts as every port."""
