"""Access lists of IOS: whether a list that stands before a service keeps strangers out.

A list that is named and not defined, or that has no entries, filters nothing (Cisco IOS Security Configuration Guide, access lists).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanner.hosts.devices.strangers import Rule, keeps_out
from scanner.model.fact import Unobserved
from scanner.wire.addresses import is_wide
from scanner.wire.ios import Config

_PORTS = {"ftp": 21, "ssh": 22, "telnet": 23, "www": 80, "snmp": 161, "domain": 53, "bgp": 179, "ntp": 123, "tacacs": 49, "smtp": 25}
_NUMBERS = {"tcp": "6", "udp": "17"}
_HARMLESS = frozenset({"log", "log-input"})


@dataclass(frozen=True, slots=True)
class Door:
    """A service that lists stand before: its protocol (``tcp`` or ``udp``) and port."""

    protocol: str
    port: int


Entries = list[tuple[str, ...]]


class Lists:
    """Every access list of a configuration by name: whether it is an extended one, and its entries without sequence numbers."""

    def __init__(self, config: Config) -> None:
        self._v4: dict[str, tuple[bool, Entries]] = {}
        self._v6: dict[str, tuple[bool, Entries]] = {}
        self._known: dict[tuple[str, Door, bool], bool | Unobserved] = {}
        for line in config.find("access-list"):
            if len(line.words) > 1:
                name = line.words[1]
                number = int(name) if name.isdecimal() and len(name) < 6 else 0
                standard = 1 <= number <= 99 or 1300 <= number <= 1999
                self._v4.setdefault(name, (not standard, []))[1].append(tuple(line.words[2:]))
        for line in config.find("ip", "access-list"):
            if len(line.words) > 3:
                self._v4[line.words[3]] = (line.words[2] != "standard", [_entry(below.words) for below in line.below])
        for line in config.find("ipv6", "access-list"):
            if len(line.words) > 2:
                self._v6[line.words[2]] = (True, [_entry(below.words) for below in line.below])

    def limit(self, name: str | None, door: Door, *, ipv6: bool = False) -> bool | Unobserved:
        """Tell whether a list keeps strangers from a service; ``None``: no list is named."""
        if name is None:
            return False
        key = name, door, ipv6
        if key not in self._known:
            extended, entries = (self._v6 if ipv6 else self._v4).get(name, (True, []))
            rules = [rule for words in entries if (rule := _rule(words, extended, door)) is not None]
            self._known[key] = bool(rules) and keeps_out(rules, f"access list {name}")
        return self._known[key]


def _entry(words: list[str]) -> tuple[str, ...]:
    if words[:1] == ["sequence"]:
        words = words[2:]
    return tuple(words[1:] if words and words[0].isdecimal() else words)


def _rule(words: tuple[str, ...], extended: bool, door: Door) -> Rule | None:
    """Read one entry; ``None`` for a remark."""
    if not words or words[0] not in {"permit", "deny"}:
        return None if words[:1] in {("remark",), ("description",), ()} else Rule(True, None, None)
    permits = words[0] == "permit"
    peek = _Words(words[1:])
    if not extended:
        everybody = _everybody(peek)
        return Rule(permits, everybody, everybody)
    protocol = peek.take()
    speaks = True if protocol in {"ip", "ipv6", door.protocol, _NUMBERS[door.protocol]} else None if "object-group" in protocol else False
    source, from_ports = _everybody(peek), _ports(peek, door.port)
    target, to_ports = _everybody(peek), _ports(peek, door.port)
    options = set(peek.rest()) - _HARMLESS
    fits: list[bool | None] = [speaks, source, True if target else None, to_ports[0], not ({"established", "fragments"} & options)]
    always: list[bool | None] = [speaks, source, True if target else None, to_ports[1], not from_ports[2], not options]
    return Rule(permits, _all(fits), _all(always))


def _all(parts: list[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


class _Words:
    """Words one after the other, with a look at the next one; empty at the end."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._at = 0

    def next(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def take(self) -> str:
        word = self.next()
        self._at += 1
        return word

    def rest(self) -> Sequence[str]:
        return self._words[self._at :]


def _everybody(words: _Words) -> bool | None:
    """Take an address off the front and tell whether strangers have such."""
    word = words.take()
    if word in {"any", "any4", "any6"}:
        return True
    if word == "host":
        words.take()
        return False
    if word in {"object-group", "addrgroup"}:
        words.take()
        return None
    if "/" in word:
        return is_wide(word)
    if word.count(".") != 3:
        return None
    if words.next().count(".") != 3:
        return False  # one address
    mask = [int(part) if part.isdecimal() and len(part) < 4 else 0 for part in words.take().split(".")]
    bits = sum((part & 255) << (24 - 8 * place) for place, part in enumerate(mask))
    # A wildcard mask has ones where anything goes; ones with gaps are not networks.
    return is_wide(f"{word}/{32 - bits.bit_length()}") if not bits & (bits + 1) else None


def _ports(words: _Words, port: int) -> tuple[bool | None, bool | None, bool]:
    """Take a condition on ports off the front: whether it may hold for the port, surely holds, and is there at all."""
    verb = words.next()
    if verb not in {"eq", "neq", "gt", "lt", "range"}:
        return True, True, False
    words.take()
    numbers: list[int | None] = []
    while (word := words.next()) and (word.isdecimal() or word in _PORTS or not numbers) and len(numbers) < (2 if verb == "range" else 10):
        numbers.append(_PORTS.get(word, int(word) if word.isdecimal() and len(word) < 6 else None))
        words.take()
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers) or not known:
        # A name that is not in the table is some other service's; only that of an unlike verb can reach ours.
        found = True if port in known else False if verb == "eq" else None
    elif verb == "range":
        found = known[0] <= port <= known[-1]
    else:
        found = {"eq": port in known, "neq": port not in known, "gt": port > known[0], "lt": port < known[0]}[verb]
    return found, found, True
