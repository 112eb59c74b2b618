"""The language of sudoers(5): lines into rules, settings and aliases; what ``cvtsudoers -f json`` prints. Includes are named only.

What is read here is who, as whom, which commands, and whether a password is asked for. Digests, roles and time limits are passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MOST_LINES: Final = 20_000
LONGEST_LINE: Final = 200_000
MOST_RULES: Final = 5_000
DEEPEST: Final = 20
"""How deep aliases may stand within aliases."""
MOST_MEMBERS: Final = 500_000
"""Of all rules, with aliases written out."""
LONGEST_TAG: Final = 200
"""Letters in which a tag is looked for before its colon, blanks between the two among them."""
_ALIASES: Final = frozenset({"User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias"})
_TAGS: Final = frozenset(
    {"EXEC", "NOEXEC", "FOLLOW", "NOFOLLOW", "LOG_INPUT", "NOLOG_INPUT", "LOG_OUTPUT", "NOLOG_OUTPUT", "MAIL", "NOMAIL", "INTERCEPT"}
    | {"NOINTERCEPT", "PASSWD", "NOPASSWD", "SETENV", "NOSETENV"}
)
_INCLUDE: Final = re.compile(r"(?:#|[ \t]*@)(include|includedir)[ \t]+(?:\"([^\"]+)\"|([^\s\"](?:\\[ \t]|\S)*))")
"""With ``#`` at the beginning of a line only; what stands behind the path is passed over."""
_OPTIONS: Final = frozenset(
    {"ROLE", "TYPE", "PRIVS", "LIMITPRIVS", "NOTBEFORE", "NOTAFTER", "TIMEOUT", "CWD", "CHROOT", "APPARMOR_PROFILE"}
)


class NotSudoers(ValueError):
    """The text goes beyond the caps, or a line is not understood."""


@dataclass(frozen=True, slots=True)
class Include:
    """A further file, or the files of a directory."""

    path: str
    directory: bool


@dataclass(frozen=True, slots=True)
class Setting:
    """A line of ``Defaults``: one name and value, and what it is bound to."""

    name: str
    value: str
    binding: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for a list of users, hosts, targets or commands."""

    kind: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One specification of commands for users on hosts. ``asks``: ``PASSWD`` or ``NOPASSWD``, ``None`` where neither stands."""

    users: tuple[str, ...]
    hosts: tuple[str, ...]
    targets: tuple[str, ...]
    commands: tuple[str, ...]
    asks: bool | None


Entry = Include | Setting | Alias | Rule


def parse(data: bytes) -> tuple[Entry, ...]:
    """Give the entries of a file in order. Raises ``NotSudoers``."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    rows = text.split("\n")
    if len(rows) > MOST_LINES:
        raise NotSudoers(f"more than {MOST_LINES} lines")
    found: list[Entry] = []
    for number, row in _joined(rows):
        if len(row) > LONGEST_LINE:
            raise NotSudoers(f"line {number}: too long")
        if included := _INCLUDE.match(row):
            found.append(Include((included[2] or included[3]).replace("\\ ", " "), included[1] == "includedir"))
            continue
        line = _uncommented(row.strip())
        if not line:
            continue
        try:
            found.extend(_entries(line))
        except (IndexError, ValueError) as error:
            raise NotSudoers(f"line {number}: not understood") from error
        if len(found) > MOST_RULES:
            raise NotSudoers(f"more than {MOST_RULES} entries")
    return tuple(found)


def _joined(rows: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Give whole lines with their numbers: a backslash joins the next row, also with blanks behind it, but not at the end of a comment."""
    kept: list[str] = []
    begun, quoted = 0, False
    for number, row in enumerate(rows, 1):
        ends = re.search(r"\\[ \t]*\Z", row)
        plain = '"' * quoted + row
        if ends and _uncommented(plain) == plain:
            kept.append(f"{row[: ends.start()]} ")
            begun, quoted = begun or number, quoted != (len(re.findall(r'(?<!\\)"', row)) % 2 == 1)
            continue
        yield begun or number, "".join((*kept, row))
        kept.clear()
        begun, quoted = 0, False
    yield begun, "".join(kept)


def _uncommented(line: str) -> str:
    """Take the comment off: ``#`` outside of quotations, not before a number (``#0`` is a user number), not behind a backslash."""
    quoted = False
    for at, letter in enumerate(line):
        if letter == '"' and line[at - 1 : at] != "\\":
            quoted = not quoted
        elif letter == "#" and not quoted and line[at - 1 : at] != "\\" and not re.match(r"#\d|#-\d", line[at : at + 3]):
            return line[:at].strip()
    return line


def _entries(line: str) -> Iterator[Entry]:
    word = re.match(r"[A-Za-z_]+", line)
    if word and word[0] in _ALIASES:
        for part in _split(line[word.end() :], ":"):
            name, equals, members = part.partition("=")
            if not equals or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name.strip()) or not (named := _members(members)):
                raise ValueError(part)
            yield Alias(word[0][:4], name.strip(), named)
        return
    if line.startswith("Defaults"):
        yield from _settings(line)
        return
    yield from _rules(line)


def _split(text: str, separator: str) -> list[str]:
    """Split at a character outside of quotations and not behind a backslash."""
    parts, word, quoted, at = [], "", False, 0
    while at < len(text):
        letter = text[at]
        if letter == "\\" and at + 1 < len(text):
            word += text[at : at + 2]
            at += 2
            continue
        quoted = not quoted if letter == '"' else quoted
        if letter == separator and not quoted:
            parts.append(word)
            word = ""
        else:
            word += letter
        at += 1
    return [*parts, word]


def _members(text: str) -> tuple[str, ...]:
    return tuple(member for part in _split(text, ",") if (member := _member(part)))


def _member(text: str) -> str:
    plain = text.strip()
    bangs = len(plain) - len(plain.lstrip("! "))
    negated = plain[:bangs].count("!") % 2 == 1
    name = plain[bangs:].strip()
    name = name.strip('"') if name.startswith('"') else re.sub(r"\\([,:=# \t\\])", r"\1", name)
    return ("!" if negated else "") + name if name else ""


def _settings(line: str) -> Iterator[Setting]:
    binding: tuple[str, ...] = ()
    rest = line[len("Defaults") :]
    if rest[:1] in "@:!>" and rest[:1]:
        sign, (bound, rest) = rest[0], _who(rest[1:].strip())
        binding = tuple(f"{sign}{member}" for member in bound)
    elif rest[:1].strip():
        raise ValueError(line)
    for part in _split(rest, ","):
        text = part.strip()
        if not text:
            continue
        found = re.fullmatch(r"(!*)\s*([a-z_0-9]+)\s*(?:([+-]?=)\s*(.*))?", text, re.DOTALL)
        if not found:
            raise ValueError(text)
        value = found[4].strip().strip('"') if found[3] else ("no" if len(found[1]) % 2 else "yes")
        yield Setting(found[2], value if found[3] in {"=", None} else f"{found[3]}{value}", binding)


def _rules(line: str) -> Iterator[Rule]:
    users, hosts_and_rest = _who(line)
    for part in _parts(hosts_and_rest):  # "user HOSTS = CMNDS : HOSTS = CMNDS"
        hosts, equals, rest = _cut(part)
        if not equals:
            raise ValueError(part)
        yield from _commands(users, _members(hosts), rest)


def _parts(text: str) -> list[str]:
    """Split at colons that stand neither within ``( )`` nor behind a tag or the name of a digest."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == ":" and depth == 0 and text[at - 1 : at] != "\\":
            word = re.search(r"(\w+)\s*\Z", text[max(start, at - LONGEST_TAG) : at])
            if word and (word[1] in _TAGS or re.fullmatch(r"sha(?:224|256|384|512)", word[1])):
                continue
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _who(line: str) -> tuple[tuple[str, ...], str]:
    """Split the list of users from the rest: the first white space that no comma stands beside, outside of quotations."""
    quoted = False
    for at, letter in enumerate(line):
        quoted = not quoted if letter == '"' and line[at - 1 : at] != "\\" else quoted
        if letter in " \t" and not quoted and line[at - 1 : at] != "\\":
            before, after = line[:at].rstrip(), line[at:].lstrip()
            if before.endswith((",", "!")) or after.startswith(","):
                continue
            return _members(before), after
    raise ValueError(line)


def _cut(part: str) -> tuple[str, str, str]:
    for at, letter in enumerate(part):
        if letter == "=" and part[at - 1 : at] != "\\":
            return part[:at], "=", part[at + 1 :]
    return part, "", ""


def _commands(users: tuple[str, ...], hosts: tuple[str, ...], text: str) -> Iterator[Rule]:
    """Read the list of commands; targets and tags hold for all that follow until others are given."""
    targets: tuple[str, ...] = ("root",)
    asks: bool | None = None
    for part in _commas(text):
        rest = part.strip()
        while rest:
            if rest.startswith("("):
                inside, _, rest = rest[1:].partition(")")
                names, _, group = inside.partition(":")
                targets = _members(names) or (("root",) if not group.strip() else ("",))
                rest = rest.strip()
                continue
            word = re.match(r"([A-Z_]+)\s*(:|=)\s*", rest)
            if word and word[2] == ":" and word[1] in _TAGS:
                asks = True if word[1] == "PASSWD" else False if word[1] == "NOPASSWD" else asks
                rest = rest[word.end() :]
                continue
            if word and word[2] == "=" and word[1] in _OPTIONS:
                rest = re.sub(r"\A(?:\"[^\"]*\"|\S+)\s*", "", rest[word.end() :])
                continue
            break
        command = _member(re.sub(r"\Asha(?:224|256|384|512)\s*:\s*\S+\s*", "", rest))
        if not command:
            raise ValueError(part)
        yield Rule(users, hosts, targets, (command,), asks)


def _commas(text: str) -> list[str]:
    """Split at commas that stand neither within ``( )`` nor in quotations."""
    parts, depth, quoted, word, at = [], 0, False, "", 0
    while at < len(text):
        letter = text[at]
        if letter == "\\" and at + 1 < len(text):
            word += text[at : at + 2]
            at += 2
            continue
        quoted = not quoted if letter == '"' else quoted
        depth += ((letter == "(") - (letter == ")")) if not quoted else 0
        if letter == "," and depth <= 0 and not quoted:
            parts.append(word)
            word = ""
        else:
            word += letter
        at += 1
    return [*parts, word]


def resolved(entries: Sequence[Entry]) -> tuple[Rule, ...]:
    """Give the rules with aliases written out; an alias that is not defined stays as it is. Raises ``NotSudoers``."""
    room = iter(range(MOST_MEMBERS))
    aliases: dict[tuple[str, str], tuple[str, ...]] = {(e.kind, e.name): e.members for e in entries if isinstance(e, Alias)}

    def out(kind: str, members: Sequence[str], depth: int = 0) -> tuple[str, ...]:
        if depth > DEEPEST:
            raise NotSudoers("aliases stand too deep within each other")
        found: list[str] = []
        for member in members:
            if next(room, None) is None:
                raise NotSudoers(f"more than {MOST_MEMBERS} members")
            negated, name = member.startswith("!"), member.lstrip("!")
            inner = aliases.get((kind, name))
            if inner is None:
                found.append(member)
                continue
            for one in out(kind, inner, depth + 1):
                found.append(one if not negated else one[1:] if one.startswith("!") else f"!{one}")
        return tuple(found)

    return tuple(
        Rule(out("User", e.users), out("Host", e.hosts), out("Runa", e.targets), out("Cmnd", e.commands), e.asks)
        for e in entries
        if isinstance(e, Rule)
    )


def printed(output: bytes) -> tuple[tuple[Rule, ...], tuple[Setting, ...]]:
    """Read what ``cvtsudoers -e -f json`` prints: rules and settings. Raises ``NotSudoers``."""
    try:
        told = json.loads(output)
    except (ValueError, RecursionError) as error:
        raise NotSudoers("this is not what cvtsudoers prints") from error
    if not isinstance(told, dict):
        raise NotSudoers("this is not what cvtsudoers prints")
    settings = [
        Setting(str(name), _word(value), tuple(_name(b) for b in _list(held, "Binding")))
        for held in _list(told, "Defaults")
        for option in _list(held, "Options")
        for name, value in _plain(option)
    ]
    rules = []
    for spec in _list(told, "User_Specs"):
        for commands in _list(spec, "Cmnd_Specs"):
            asks = next((bool(o["authenticate"]) for o in _list(commands, "Options") if isinstance(o, dict) and "authenticate" in o), None)
            # with a group alone the user stays who it is
            targets = tuple(_name(t) for t in _list(commands, "runasusers")) or (("",) if _list(commands, "runasgroups") else ("root",))
            rules.append(
                Rule(
                    tuple(_name(u) for u in _list(spec, "User_List")),
                    tuple(_name(h) for h in _list(spec, "Host_List")),
                    targets,
                    tuple(_name(c) for c in _list(commands, "Commands")),
                    asks,
                )
            )
    if len(rules) > MOST_RULES:
        raise NotSudoers(f"more than {MOST_RULES} rules")
    return tuple(rules), tuple(settings)


def _list(held: object, key: str) -> list[object]:
    value = held.get(key, []) if isinstance(held, dict) else []
    return value if isinstance(value, list) else []


def _plain(option: object) -> list[tuple[str, object]]:
    """Give the name and value of an option; lists are written as an operation with members."""
    if not isinstance(option, dict):
        return []
    operation = option.get("operation")
    if isinstance(operation, str):
        sign = {"list_add": "+=", "list_remove": "-="}.get(operation, "")
        return [
            (str(name), sign + " ".join(str(v) for v in value) if isinstance(value, list) else value)
            for name, value in option.items()
            if name != "operation"
        ]
    return [(str(name), value) for name, value in option.items()]


def _word(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


_SIGNS: Final[Mapping[str, str]] = {"usergroup": "%", "usergid": "%#", "netgroup": "+", "userid": "#", "nonunixgroup": "%:"}


def _name(held: object) -> str:
    """Write a member as sudoers does."""
    if not isinstance(held, dict):
        return str(held)
    negated = "!" if held.get("negated") is True else ""
    for key, value in held.items():
        if key not in {"negated", "sha224", "sha256", "sha384", "sha512"}:
            return f"{negated}{_SIGNS.get(str(key), '')}{value}"
    return negated
