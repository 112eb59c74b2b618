"""The format of iptables-save and iptables-restore, to rules of ``packetfilter``. Extensions that are not named here count as unknown."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from scanner.wire.packetfilter import EVERY_PORT, Chain, Does, Match, NotARuleset, Rule, Table

MOST_LINES = 200_000
LONGEST_LINE = 8_192
_HOOKS = {"INPUT": "input", "OUTPUT": "output", "FORWARD": "forward", "PREROUTING": "prerouting", "POSTROUTING": "postrouting"}
_PRIORITY = {"raw": -300, "mangle": -150, "filter": 0, "security": 50}
_DENY = frozenset({"DROP", "REJECT", "TARPIT"})
_NO_END = frozenset(
    {"LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "CT", "NOTRACK", "TRACE", "TCPMSS", "DSCP", "SET", "AUDIT", "CLASSIFY", "TOS"}
)
_LOGS = frozenset({"LOG", "NFLOG", "ULOG"})
_IGNORED = frozenset({"--comment", "--log-prefix", "--log-level", "--reject-with", "--nflog-prefix", "--nflog-group", "--nflog-threshold"})
_NARROW = frozenset({"--icmp-type", "--icmpv6-type", "--ctstatus", "--rt-type", "--hl-eq", "--ahspi", "--espspi"})
_KNOWN_MODULES = frozenset(
    {"tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmp6", "icmpv6", "conntrack", "state", "comment", "multiport"}
)


def parse(data: bytes, family: str) -> tuple[Table, ...]:
    """Read what iptables-save or ip6tables-save printed, or a file for restore. ``family`` is ``ip`` or ``ip6``.

    Raises ``NotARuleset``.
    """
    tables: dict[str, dict[str, tuple[str, list[Rule]]]] = {}
    table: dict[str, tuple[str, list[Rule]]] | None = None
    for number, line in enumerate(data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n"), 1):
        if number > MOST_LINES or len(line) > LONGEST_LINE:
            raise NotARuleset(f"line {number}: beyond the caps")
        text = line.strip()
        if text.startswith("*"):
            table = tables.setdefault(text[1:], {})
        elif text.startswith(":") and table is not None:
            words = text[1:].split()
            if len(words) >= 2:
                policy = words[1] if words[1] != "-" else table.get(words[0], ("-", []))[0]
                table[words[0]] = (policy, table.get(words[0], ("", []))[1])
        elif text.startswith(("-A ", "-I ")) and table is not None:
            chain, rules = _rules(text)
            held = table.setdefault(chain, ("-", []))[1]
            held[:] = [*held, *rules] if text.startswith("-A ") else [*rules, *held]
    return tuple(
        Table(family, name, {chain: _chain(name, chain, policy, rules) for chain, (policy, rules) in chains.items()})
        for name, chains in tables.items()
        if name in _PRIORITY
    )


def _chain(table: str, name: str, policy: str, rules: list[Rule]) -> Chain:
    hook = _HOOKS.get(name, "")
    return Chain(name, tuple(rules), hook, "filter", _PRIORITY[table], policy == "DROP")


def _rules(text: str) -> tuple[str, list[Rule]]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise NotARuleset(str(error)) from error
    if len(words) < 2:
        raise NotARuleset("a rule without a chain")
    known = _read(words[2:], Rule(Does.NOTHING, text=text[:200]))
    return words[1], [known]


def _read(words: list[str], rule: Rule) -> Rule:
    values: dict[str, object] = {}
    narrow = unknown = negated = False
    at = iter(words)
    for word in at:
        if word == "!":
            negated = True
            continue
        match word:
            case "-i" | "--in-interface":
                values["inward"] = Match(frozenset({_next(at)}), negated)
            case "-o" | "--out-interface":
                values["outward"] = Match(frozenset({_next(at)}), negated)
            case "-p" | "--protocol" | "--proto":
                values["protocols"] = None if (name := _next(at).lower()) == "all" else Match(frozenset({_protocol(name)}), negated)
            case "-s" | "--source" | "--src":
                values["sources"], values["sources_negated"] = tuple(_next(at).split(",")), negated
            case "-d" | "--destination" | "--dst":
                values["destinations"], values["destinations_negated"] = tuple(_next(at).split(",")), negated
            case "--dport" | "--dports" | "--destination-port" | "--destination-ports" | "--ports":
                values["ports"], values["ports_negated"] = _ports(_next(at)), negated
            case "--sport" | "--sports" | "--source-port" | "--source-ports":
                _next(at)
                values["from_port"] = True
            case "--ctstate" | "--state":
                states = frozenset(_next(at).upper().split(","))
                values["states"] = Match(frozenset(state.lower() for state in states), negated)
            case "-m" | "--match":
                unknown = unknown or _next(at) not in _KNOWN_MODULES | {"addrtype"}
            case "--dst-type":
                kind = _next(at).upper()
                narrow = narrow or (kind != "LOCAL") is not negated
            case "--syn":
                narrow = narrow or negated
            case "--tcp-flags":
                mask, flags = _next(at), _next(at)
                first = {mask, flags} == {"FIN,SYN,RST,ACK", "SYN"}
                narrow = narrow or first is negated
            case "-j" | "--jump" | "-g" | "--goto":
                values |= _target(_next(at), word)
            case _ if word in _NARROW:
                _next(at)
                narrow = True
            case _ if word in _IGNORED:
                _next(at)
            case _:
                # options of a target that has no end do not narrow; all others are conditions
                unknown = unknown or (word.startswith("-") and "does" not in values)
        negated = False
    return Rule(**{"does": rule.does, "text": rule.text, **values, "narrow": narrow, "unknown": unknown})  # type: ignore[arg-type]  # fields of Rule by name


def _next(at: Iterator[str]) -> str:
    found = next(at, None)
    if found is None:
        raise NotARuleset("an option without its value")
    return found


def _protocol(name: str) -> str:
    return {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "ipv6-icmp": "icmpv6"}.get(name, name)


def _target(name: str, option: str) -> dict[str, object]:
    if name in _DENY:
        return {"does": Does.DENY}
    if name in _NO_END:
        return {"does": Does.NOTHING, "logs": name in _LOGS}
    match name:
        case "ACCEPT":
            return {"does": Does.ACCEPT}
        case "RETURN":
            return {"does": Does.RETURN}
        case "NFQUEUE" | "QUEUE":
            return {"does": Does.UNCLEAR}
    return {"does": Does.GOTO if option in {"-g", "--goto"} else Does.JUMP, "target": name}


def _ports(text: str) -> tuple[tuple[int, int], ...] | None:
    found = []
    for part in text.split(","):
        first, colon, last = part.partition(":")
        low, high = first or "0", (last or "65535") if colon else first
        if not (low.isdecimal() and high.isdecimal() and len(low) < 6 and len(high) < 6):
            return EVERY_PORT  # a service's name: whichever it is, it may be any
        found.append((int(low), int(high)))
    return tuple(found)
