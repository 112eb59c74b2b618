"""Packet filter rules as values, whatever language they were written in, and the way of a new connection through them.

A filter is asked one question: what becomes of a new TCP or UDP packet that no rule names by port or address, and which are named?
Rules beyond understanding never make the answer better: one that may let something through is reported as unclear.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum, unique

DEEPEST = 32
MOST_STEPS = 200_000
PROTOCOLS = ("tcp", "udp")
EVERY_PORT = ((0, 65_535),)


class NotARuleset(ValueError):
    """The text is not a ruleset, or one beyond the caps."""


@unique
class Does(StrEnum):
    """What a rule does to the packets that it matches."""

    ACCEPT = "accept"
    DENY = "deny"
    JUMP = "jump"
    GOTO = "goto"
    RETURN = "return"
    NOTHING = "nothing"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Match:
    """A value that must be one of several, or none of them."""

    values: frozenset[str]
    negated: bool = False

    def holds(self, value: str) -> bool:
        """Tell whether a value fits; a trailing ``*`` or ``+`` in ours stands for any ending."""
        found = any(value.startswith(v[:-1]) if v[-1:] in "*+" and v else v == value for v in self.values)
        return found is not self.negated


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. A field that is ``None`` does not narrow it."""

    does: Does
    target: str = ""
    family: str | None = None
    """``ip`` or ``ip6``, where it is for one only."""
    inward: Match | None = None
    outward: Match | None = None
    protocols: Match | None = None
    ports: tuple[tuple[int, int], ...] | None = None
    ports_negated: bool = False
    from_port: bool = False
    """It looks at the port that a packet comes from, which the other side chooses."""
    sources: tuple[str, ...] | None = None
    sources_negated: bool = False
    destinations: tuple[str, ...] | None = None
    destinations_negated: bool = False
    states: Match | None = None
    narrow: bool = False
    """It is for packets of a special kind only: ICMP types, broadcasts, flags that no new connection has."""
    unknown: bool = False
    """It has a condition that is not understood, or one that holds only at times."""
    logs: bool = False
    redirects: bool = False
    """It sends packets on to another port of the machine."""
    sent_on: bool = False
    """It is for packets that another rule has sent on, at whichever port they came in."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain. ``hook`` is empty for one that others jump to."""

    name: str
    rules: tuple[Rule, ...]
    hook: str = ""
    kind: str = "filter"
    priority: int = 0
    denies: bool = False
    """The policy of a base chain."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: ``family`` is ``ip``, ``ip6`` or ``inet``."""

    family: str
    name: str
    chains: Mapping[str, Chain]


@dataclass(frozen=True, slots=True)
class Opened:
    """Ports let through; ``sources`` empty means from everywhere."""

    protocol: str
    ports: tuple[int, int]
    sources: tuple[str, ...]
    interface: str


@dataclass(slots=True)
class Way:
    """What was met on the way through one base chain."""

    opened: list[Opened] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    logs: bool = False
    steps: int = 0


@dataclass(frozen=True, slots=True)
class _Packets:
    """The packets that are followed, and how far rules have narrowed them."""

    family: str
    interface: str
    inbound: bool
    protocol: str
    ports: tuple[tuple[int, int], ...] | None = None
    sources: tuple[str, ...] | None = None
    unsure: bool = False


@dataclass(slots=True)
class _Barred:
    """What a rule before refused: ports, and the sources that it spared (``None``: nobody)."""

    ports: tuple[tuple[int, int], ...]
    spared: tuple[str, ...] | None


def base_chains(tables: tuple[Table, ...], family: str, hooks: frozenset[str]) -> tuple[tuple[Table, Chain], ...]:
    """Give the filtering base chains that packets of a family meet at some hooks, in the order of their priority."""
    found = [
        (table, chain)
        for table in tables
        if table.family in {family, "inet"}
        for chain in table.chains.values()
        if chain.hook in hooks and chain.kind == "filter"
    ]
    return tuple(sorted(found, key=lambda pair: pair[1].priority))


def follow(table: Table, chain: Chain, family: str, interface: str, way: Way) -> bool:
    """Tell whether a new packet that no rule names is refused by a base chain; what is named is added to ``way``.

    Raises ``NotARuleset`` where the chains are too deep or too long.
    """
    refused = True
    for protocol in PROTOCOLS:
        packets = _Packets(family, interface, chain.hook != "output", protocol)
        barred: list[_Barred] = []
        end = _walk(table, chain, packets, way, barred)
        if not (end is Does.DENY or (end is Does.NOTHING and chain.denies)):
            refused = False
    return refused


def follow_redirects(tables: tuple[Table, ...], family: str, interface: str, way: Way) -> None:
    """Add to ``way`` what new packets find open because they are sent on to another port of the machine, and let in there as such.

    Raises ``NotARuleset`` as ``follow`` does.
    """
    for table in (table for table in tables if table.family in {family, "inet"}):
        turned = replace(
            table, chains={name: replace(chain, rules=tuple(map(_turned, chain.rules))) for name, chain in table.chains.items()}
        )
        for chain in turned.chains.values():
            nat = chain.kind == "nat" and chain.hook == "prerouting"
            if nat and not follow(turned, replace(chain, denies=True), family, interface, way):
                way.unclear.append(f"{table.name} {chain.name}: everything is sent on to another port")


def _turned(rule: Rule) -> Rule:
    """Let in what a rule sends on; what NAT leaves as it is goes no further here."""
    return replace(rule, does=Does.ACCEPT if rule.redirects else Does.DENY if rule.does is Does.ACCEPT else rule.does)


def _walk(table: Table, chain: Chain, packets: _Packets, way: Way, barred: list[_Barred], depth: int = 0) -> Does:  # noqa: PLR0917  a walk's state
    """Follow packets through a chain: ACCEPT, DENY, or NOTHING where they come out at its end."""
    if depth > DEEPEST:
        raise NotARuleset(f"chains call each other more than {DEEPEST} deep")
    for rule in chain.rules:
        way.steps += 1
        if way.steps > MOST_STEPS:
            raise NotARuleset(f"more than {MOST_STEPS} steps")
        if not _may_match(rule, packets):
            continue
        inside = _narrowed(rule, packets)
        certain = inside is packets
        if rule.logs and rule.does is not Does.ACCEPT:
            way.logs = True
        match rule.does:
            case Does.RETURN:
                if certain:
                    return Does.NOTHING
            case Does.DENY:
                if certain:
                    return Does.DENY
                if not rule.unknown and not packets.unsure:
                    _bar(rule, inside, barred)
            case Does.ACCEPT:
                if certain and packets.ports is None and packets.sources is None and not packets.unsure:
                    return Does.ACCEPT
                _open(rule, inside, way, barred)
                if certain:
                    return Does.ACCEPT
            case Does.UNCLEAR:
                way.unclear.append(rule.text)
            case Does.JUMP | Does.GOTO:
                called = table.chains.get(rule.target)
                if called is None:  # a target of some extension, or a chain that is made elsewhere
                    if rule.does is Does.JUMP and rule.target and not rule.narrow:
                        way.unclear.append(rule.text)
                    continue
                end = _walk(table, called, inside, way, barred, depth + 1)
                if certain and (end is not Does.NOTHING or rule.does is Does.GOTO):
                    return end
                if end is Does.DENY and inside.sources is None and inside.ports is not None and not inside.unsure:
                    barred.append(_Barred(inside.ports, None))
            case Does.NOTHING:
                pass
    return Does.NOTHING


def _may_match(rule: Rule, packets: _Packets) -> bool:
    """Tell whether a rule can match the packets at all; those of special kinds are not followed."""
    if rule.narrow or (rule.family and rule.family != packets.family):
        return False
    if rule.protocols and not rule.protocols.holds(packets.protocol):
        return False
    if rule.states and not rule.states.holds("new"):
        return False
    near, far = (rule.inward, rule.outward) if packets.inbound else (rule.outward, rule.inward)
    if near and not near.holds(packets.interface):
        return False
    if far and packets.inbound and not far.negated:
        return False
    return not (rule.destinations and not rule.destinations_negated and all(_special(one) for one in rule.destinations))


def _special(address: str) -> bool:
    """Whether an address is none that a connection is made to: multicast, broadcast, link-local."""
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return False
    return network.is_multicast or network.is_link_local or str(network) == "255.255.255.255/32"


def _wide(network: str) -> bool:
    """Whether a network is about everything, such as 0.0.0.0/0 or a half of it."""
    return network.endswith(("/0", "/1"))


def _narrowed(rule: Rule, packets: _Packets) -> _Packets:
    """Give the packets that a rule takes; the very same object where it takes all of them."""
    inside = packets
    if rule.ports is not None and rule.ports != EVERY_PORT and not rule.ports_negated:
        inside = replace(inside, ports=rule.ports)
    ours, negated = (rule.sources, rule.sources_negated) if packets.inbound else (rule.destinations, rule.destinations_negated)
    if ours is not None and not negated and not any(_wide(one) for one in ours):
        inside = replace(inside, sources=ours)
    elif ours is not None and negated and rule.does is not Does.ACCEPT:
        inside = replace(inside, unsure=packets.unsure)  # a refusal that spares some takes not all of them
    if rule.does is not Does.ACCEPT and inside is packets and (rule.from_port or rule.ports_negated):
        inside = replace(inside)
    if packets.inbound and rule.destinations is not None and rule.does is not Does.ACCEPT and inside is packets:
        inside = replace(inside)
    return replace(inside, unsure=True) if rule.unknown else inside


def _bar(rule: Rule, inside: _Packets, barred: list[_Barred]) -> None:
    ports = inside.ports or EVERY_PORT
    spared = rule.sources if inside.inbound else rule.destinations
    negated = rule.sources_negated if inside.inbound else rule.destinations_negated
    if spared is not None and negated:
        barred.append(_Barred(ports, spared))
    elif inside.sources is None and inside.ports is not None and not rule.ports_negated and not rule.from_port:
        barred.append(_Barred(ports, None))


def _open(rule: Rule, inside: _Packets, way: Way, barred: list[_Barred]) -> None:
    if inside.unsure and inside.ports is None and inside.sources is None:
        way.unclear.append(rule.text)
        return
    for first, last in inside.ports or EVERY_PORT:
        sources: tuple[str, ...] | None = inside.sources
        shut = False
        for bar in barred:
            if any(low <= first and last <= high for low, high in bar.ports):
                shut = shut or bar.spared is None
                sources = bar.spared if sources is None and bar.spared is not None else sources
        if not shut:
            opened = Opened(inside.protocol, (first, last), sources or (), inside.interface)
            if opened not in way.opened:
                way.opened.append(opened)
