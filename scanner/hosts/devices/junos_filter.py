"""Firewall filters of Junos: whether those on lo0, before the routing engine, keep strangers from a TCP port.

Terms are taken in their order; a term without an action accepts, what no term takes is discarded, several prefixes are alternatives
(Junos routing policy and firewall filter guide).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.hosts.devices.common import every
from scanner.hosts.devices.strangers import Rule, keeps_out
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire.addresses import is_wide
from scanner.wire.junos import Config, Statement

MOST_FILTERS = 64
_PORTS = {"ftp": 21, "ssh": 22, "telnet": 23, "http": 80, "https": 443, "snmp": 161, "bgp": 179, "ntp": 123, "domain": 53, "tacacs": 49}
_OTHERS = frozenset(
    {"is-fragment", "first-fragment", "fragment-flags", "fragment-offset", "ip-options", "ttl", "hop-limit", "packet-length"}
)
"""Conditions that no new connection needs to meet."""


def keeps_strangers_from(config: Config, port: int) -> bool | Unobserved:
    """Tell whether the filters on lo0 do so, for both families that the interfaces speak."""
    spoken = {s[5] for s in config.statements if s[0] == "interfaces" and len(s) > 5 and s[2] == "unit" and s[4] == "family"}
    return every(_family(config, family, port) for family in ("inet", "inet6") if family in spoken) if spoken & {"inet", "inet6"} else False


def _family(config: Config, family: str, port: int) -> bool | Unobserved:
    applied: dict[str, list[str]] = {}
    for rest in config.below("interfaces", "lo0", "unit"):
        if rest[1:4] == ("family", family, "filter") and len(rest) > 5 and rest[4] in {"input", "input-list"}:
            applied.setdefault(rest[0], []).append(rest[5])
    if not applied:
        return False
    return every(_chain(config, family, names, port) for names in applied.values())


def _chain(config: Config, family: str, names: list[str], port: int) -> bool | Unobserved:
    rules: list[Rule] = []
    lists = _prefix_lists(config)
    if len(names) > MOST_FILTERS:
        return Unobserved(Reason.TOO_LARGE, f"more than {MOST_FILTERS} filters on lo0")
    for name in names:
        terms = config.below("firewall", "family", family, "filter", name)
        if not terms and family == "inet":
            terms = config.below("firewall", "filter", name)
        if not terms:
            return Unobserved(Reason.UNSUPPORTED, f"the filter {name} on lo0 is not defined in the text")
        rules += _rules(lists, terms, port)
    return keeps_out(rules, f"the filter {', '.join(names)} on lo0")


def _rules(lists: Mapping[str, bool | None], terms: tuple[Statement, ...], port: int) -> Iterator[Rule]:
    by_name: dict[str, list[Statement]] = {}
    for rest in terms:
        if rest[:1] == ("term",) and len(rest) > 1:
            by_name.setdefault(rest[1], []).append(rest[2:])
    for parts in by_name.values():
        actions = {part[1] for part in parts if part[:1] == ("then",) and len(part) > 1}
        if "next" in actions:
            continue
        permits = not {"discard", "reject"} & actions
        if any(part[:1] not in {("from",), ("then",), ()} for part in parts):
            yield Rule(True, None, None)  # a filter within the term, or what is not known
            continue
        conditions: dict[str, list[Statement]] = {}
        for part in parts:
            if part[:1] == ("from",) and len(part) > 1:
                conditions.setdefault(part[1], []).append(part[2:])
        sources = [value for name in ("source-address", "source-prefix-list") for value in conditions.pop(name, ())]
        found = [_condition(name, values, port) for name, values in conditions.items()]
        if sources:
            found.append(_sources(lists, sources))
        yield Rule(permits, _all(fits for fits, _ in found), _all(always for _, always in found))


def _all(parts: Iterator[bool | None]) -> bool | None:
    known = list(parts)
    return False if False in known else None if None in known else True


def _prefix_lists(config: Config) -> dict[str, bool | None]:
    """Tell of each list whether strangers are in it; ``None``: it is filled by ``apply-path``."""
    found: dict[str, bool | None] = {}
    for rest in config.below("policy-options", "prefix-list"):
        if len(rest) > 1:
            wide = is_wide(rest[1])
            known = found.get(rest[0], False)
            found[rest[0]] = None if known is None or wide is None else known or wide
    return found


def _sources(lists: Mapping[str, bool | None], values: list[Statement]) -> tuple[bool | None, bool | None]:
    """Tell whether strangers are among the sources; what stands there with ``except`` are taken to be one's own."""
    own = [value[0] for value in values if value and "except" not in value[1:]]
    wide = [lists.get(value) if (given := is_wide(value)) is None else given for value in own]  # a list that is not defined is not known
    if not own or None in wide:
        return None, None
    return True in wide, True in wide


def _condition(name: str, values: list[Statement], port: int) -> tuple[bool | None, bool | None]:
    """Tell whether a stranger's connection may meet a condition, and whether each does."""
    words = [value[0] for value in values if value]
    match name:
        case "protocol" | "next-header" | "payload-protocol":
            spoken = bool({"tcp", "6"} & set(words))
            return spoken, spoken
        case "destination-port":
            within = _within(words, port)
            return within, within
        case "port":
            return True, _within(words, port) or None
        case "source-port":
            return True, False
        case "tcp-established":
            return False, False
        case "tcp-initial":
            return True, True
        case "destination-address" | "destination-prefix-list":
            return (True, True) if any(is_wide(word) for word in words) else (None, None)
        case _ if name in _OTHERS:
            return None, False
    return None, None


def _within(words: list[str], port: int) -> bool | None:
    unknown = False
    for word in words:
        first, _, last = word.partition("-")
        ends = [_PORTS.get(end, int(end) if end.isdecimal() and len(end) < 6 else None) for end in (first, last or first)]
        low, high = ends
        if low is None or high is None:
            unknown = unknown or bool(last)  # a name that is not in the table is some other service's
        elif low <= port <= high:
            return True
    return None if unknown else False
