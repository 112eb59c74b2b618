"""pg_hba.conf: text to rules, and which of them a connection can reach (PostgreSQL manual, Client Authentication). No file is opened."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_OCTETS = 4_000_000
MOST_RULES = 5_000
MOST_WORDS = 100_000
KINDS = frozenset({"local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"})
INCLUDES = frozenset({"include", "include_if_exists", "include_dir"})
"""From PostgreSQL 16."""
METHODS = frozenset(
    {"trust", "reject", "scram-sha-256", "md5", "password", "gss", "sspi", "ident", "peer", "ldap", "radius", "cert", "pam", "bsd", "oauth"}
)
LEFT_OUT = "\\"
"""A name in quotes carries this mark where it would else be read as a word with a meaning."""

EVERYWHERE = ("0.0.0.0/0", "::/0")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class NotHba(ValueError):
    """The text is no such file, or goes beyond the caps. The server would not take it either."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One record. ``address`` is ``all``, ``samehost``, ``samenet``, a network in CIDR form or a name; empty for ``local``."""

    kind: str
    databases: frozenset[str]
    accounts: frozenset[str]
    address: str
    method: str
    line: int


@dataclass(frozen=True, slots=True)
class Include:
    """A line that has other files read in its place."""

    how: str
    path: str
    line: int


Field = tuple[str, ...]


def parse(data: bytes, *, joins: bool = True) -> tuple[Rule | Include, ...]:
    """Read a whole file. Names of files behind ``@`` stand in the lists as they are. Raises ``NotHba``.

    ``joins``: whether a backslash at the end of a line joins the next one to it, as from PostgreSQL 14.
    """
    found: list[Rule | Include] = []
    for number, fields in _lines(data, joins):
        first = fields[0][0]
        if first in INCLUDES:
            if len(fields) != 2 or len(fields[1]) != 1:
                raise NotHba(f"line {number}: {first} takes one file")
            found.append(Include(first, _plain(fields[1][0]), number))
        else:
            found.append(_rule(number, fields))
        if len(found) > MOST_RULES:
            raise NotHba(f"more than {MOST_RULES} records")
    return tuple(found)


def names(data: bytes, *, joins: bool = True) -> tuple[str, ...]:
    """Read a file that a record names behind ``@``: its words; ``joins`` as in ``parse``. Raises ``NotHba``."""
    return tuple(word for _, fields in _lines(data, joins) for field in fields for word in field)


def has_joined_lines(data: bytes) -> bool:
    """Tell whether a line ends in a backslash, so that the server's version decides what the text means."""
    return re.search(rb"\\\r*\n", data) is not None


def _lines(data: bytes, joins: bool) -> list[tuple[int, list[Field]]]:
    if len(data) > MOST_OCTETS or b"\0" in data:
        raise NotHba("the text is too long, or holds zero octets")
    found = []
    count = 0
    kept, begun = "", 0
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        text = line.rstrip("\r")
        if joins and text.endswith("\\"):
            kept, begun = kept + text[:-1], begun or number
            continue
        fields = _fields(kept + text, begun or number)
        count += sum(map(len, fields))
        if count > MOST_WORDS:
            raise NotHba(f"more than {MOST_WORDS} words")
        if fields:
            found.append((begun or number, fields))
        kept, begun = "", 0
    if kept and (fields := _fields(kept, begun)):
        found.append((begun, fields))
    return found


def _fields(line: str, number: int) -> list[Field]:
    """Split a line into fields of words, as next_token() in hba.c: a comma makes a list, a hash outside quotes ends the line."""
    found: list[Field] = []
    words: list[str] = []
    at = 0
    while at < len(line):
        letter = line[at]
        if letter in " \t\r":
            at += 1
            continue
        if letter == "#":
            break
        text: list[str] = []
        quoted = inside = False
        listed = False
        while at < len(line):
            letter = line[at]
            if letter == '"':
                quoted = True
                if inside and line[at + 1 : at + 2] == '"':
                    text.append('"')
                    at += 1
                else:
                    inside = not inside
            elif not inside and letter == ",":
                at += 1
                listed = True
                break
            elif not inside and letter in " \t\r#":
                break
            else:
                text.append(letter)
            at += 1
        if inside:
            raise NotHba(f"line {number}: a quote is not closed")
        word = "".join(text)
        if word or quoted:
            words.append(LEFT_OUT + word if quoted else word)
        if not listed and words:
            found.append(tuple(words))
            words = []
    if words:
        found.append(tuple(words))
    return found


def _plain(word: str) -> str:
    return word.removeprefix(LEFT_OUT)


def _rule(number: int, fields: list[Field]) -> Rule:
    kind = fields[0][0]
    need = 4 if kind == "local" else 5
    if kind not in KINDS or len(fields[0]) != 1 or len(fields) < need:
        raise NotHba(f"line {number} is no record")
    address, at = "", 3
    if kind != "local":
        if len(fields[3]) != 1:
            raise NotHba(f"line {number}: more than one address")
        address, at = _address(number, fields)
    if len(fields) <= at or len(fields[at]) != 1 or fields[at][0] not in METHODS:
        raise NotHba(f"line {number}: no known method")
    method = fields[at][0]
    if method == "trust" and any(_plain(word) == "clientcert=verify-full" for field in fields[at + 1 :] for word in field):
        method = "cert"  # the certificate has to name the account
    return Rule(kind, frozenset(fields[1]), frozenset(fields[2]), address, method, number)


def _address(number: int, fields: list[Field]) -> tuple[str, int]:
    """Give the address and the place of the method behind it."""
    word = fields[3][0]
    if word in {"all", "samehost", "samenet"}:
        return word, 4
    text = _plain(word)
    try:
        if "/" in text:
            return str(ipaddress.ip_network(text, strict=False)), 4
        bare = ipaddress.ip_address(text)
    except ValueError:
        if "/" in text:
            raise NotHba(f"line {number}: no network") from None
        return text.lower(), 4
    if len(fields) < 6 or len(fields[4]) != 1:
        raise NotHba(f"line {number}: an address without mask")
    try:
        mask = ipaddress.ip_address(_plain(fields[4][0]))
        bits = f"{int(mask):0{bare.max_prefixlen}b}"
        if mask.version != bare.version or "01" in bits:
            raise NotHba(f"line {number}: no mask")
        return str(ipaddress.ip_network(f"{bare}/{bits.count('1')}", strict=False)), 5
    except ValueError as error:
        raise NotHba(f"line {number}: no mask") from error


def network(address: str) -> Network | None:
    """Give the network that an address of a rule is; ``None``: it is a word or a name."""
    try:
        return ipaddress.ip_network(address)
    except ValueError:
        return None


_WAYS = {  # what kinds take: a socket, TCP in clear text, TLS, GSSAPI encryption
    "local": "s",
    "host": "ctg",
    "hostssl": "t",
    "hostnossl": "cg",
    "hostgssenc": "g",
    "hostnogssenc": "ct",
}


def ways(rules: Sequence[Rule], at: int, account: str | None = None) -> str:
    """Say by which ways somebody can come to the rule ``at``: letters of ``s`` socket, ``c`` clear text, ``t`` TLS, ``g`` GSSAPI.

    The first rule that fits a connection decides, so a way is closed where one earlier rule takes all that this one would.
    With ``account``, only connections of that account are looked at. Several earlier rules together are not added up.
    """
    rule = rules[at]
    if account is not None and not concerns(rule, account):
        return ""
    targets = (rule.address,) if network(rule.address) or rule.kind == "local" else EVERYWHERE
    left = {way for target in targets for way in _left(rules[:at], rule, target, account)}
    return "".join(way for way in _WAYS[rule.kind] if way in left)


def _left(before: Sequence[Rule], rule: Rule, target: str, account: str | None) -> str:
    left = _WAYS[rule.kind]
    for earlier in before:
        of_account = account is not None and names_it(earlier, account)
        if (
            ("all" in earlier.accounts or of_account or rule.accounts <= earlier.accounts)
            and (_all_but_replication(rule, earlier) or rule.databases <= earlier.databases)
            and (_covers(earlier.address, rule.address) or _covers(earlier.address, target))
        ):
            left = "".join(way for way in left if way not in _WAYS[earlier.kind])
    return left


def concerns(rule: Rule, account: str) -> bool:
    """Tell whether a rule may be for an account: by name, by ``all``, or by a group or pattern that may hold it."""
    return "all" in rule.accounts or names_it(rule, account) or any(word[:1] in {"+", "/", "@"} for word in rule.accounts)


def names_it(rule: Rule, account: str) -> bool:
    """Tell whether a rule names an account."""
    return account in rule.accounts or LEFT_OUT + account in rule.accounts


def _all_but_replication(rule: Rule, earlier: Rule) -> bool:
    return "all" in earlier.databases and ("replication" not in rule.databases or "replication" in earlier.databases)


def _covers(wide: str, narrow: str) -> bool:
    """Tell whether a rule's address takes in another one; sockets have none, so theirs are the same."""
    if wide == narrow or (wide == "all" and narrow):
        return True
    one, other = network(wide), network(narrow)
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return other.subnet_of(one)
    return isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network) and other.subnet_of(one)
