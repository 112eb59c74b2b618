"""The scope as people write it: what may be touched, by whom approved, how far, when and how quickly, and consents to
intrusive tests.

Gives the values of ``scanner.net.scope``, which guards every conversation; nothing here decides about one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import time

from scanner.ledger.words import A_DOMAIN, A_HOST, A_NETWORK, domain, host, name_in, network, network_around
from scanner.model.problem import say
from scanner.model.target import IMPLICIT_TLS, STARTTLS, Domain, Endpoint, Host, Service, Target, WholeRun
from scanner.model.text import Text
from scanner.model.yamlfields import Fields, Item
from scanner.net.pacing import Rate
from scanner.net.scope import ALWAYS, Consent, Entry, Level, Match, Scope, Window

COMMAND_LINE = "command line"
"""The approver of a scope that nobody wrote down: whoever started the program with these targets."""

_LEVELS = {level.value: level for level in Level}
_DAYS = {
    "mon": 0,
    "tue": 1,
    "wed": 2,
    "thu": 3,
    "fri": 4,
    "sat": 5,
    "sun": 6,
    "月": 0,
    "火": 1,
    "水": 2,
    "木": 3,
    "金": 4,
    "土": 5,
    "日": 6,
}
_HOURS = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})\Z")
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})\Z")
_MATCHES = (
    ("domain", Match.DOMAIN, domain, A_DOMAIN, name_in),
    ("host", Match.HOST, host, A_HOST, name_in),
    ("network", Match.NETWORK, network, A_NETWORK, network_around),
)

HOURS = Text(ja="時間帯（22:00-05:00 の形）", en="hours such as 22:00-05:00")
OFFSET = Text(ja="時差（+09:00 の形）", en="an offset such as +09:00")
A_CONSENT_TARGET = Text(
    ja="同意の対象（ホスト名、*.example.lg.jp 又はアドレス範囲）",
    en="what a consent can be given for: a host name, *.example.lg.jp or a network",
)


MOST_PORT_ITEMS = 1000
ALL_PORTS = ((1, 65535),)
_PORT_LISTS: dict[str, tuple[tuple[int, int], ...] | None] = {"listed": None, "all": ALL_PORTS}
_PORTS = re.compile(r"([0-9]{1,5})(?: ?- ?([0-9]{1,5}))?\Z")
A_PORT = Text(ja="ポート（1 から 65535、範囲は 8000-8100 の形）", en="a port from 1 to 65535, or a range such as 8000-8100")

MOST_TLS_CONNECTIONS = 1000
MOST_PER_SECOND = 10_000
MOST_AT_ONCE = 256
BURST_SECONDS = 0.2
"""Of a pace that may come at once at the start, as in the usual one."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """The scope and the consents that go with it."""

    scope: Scope
    consents: tuple[Consent, ...] = ()
    pace: tuple[tuple[str, Rate], ...] = ()
    """Networks, and what each address in them bears by its owner's word."""
    ports: tuple[tuple[int, int], ...] | None = None
    """The TCP ports of hosts to be looked at, as spans; ``None``: those that Tenken lists."""
    tls_connections: tuple[tuple[str, int], ...] = ()
    """How many connections a survey of one TLS server may open, by protocol, where that differs from the usual."""


def listed_targets(listed: Iterable[tuple[Target, tuple[str, ...]]]) -> Permissions:
    """Make the scope that is exactly the targets listed, each with its further addresses; subdomains of domains included."""
    entries: dict[Entry, None] = {}
    for target, addresses in listed:
        match target:
            case Domain(name):
                entries[Entry(Match.DOMAIN, name, approved_by=COMMAND_LINE)] = None
            case Host(name):
                entries[_host(name)] = None
            case Service(name, address=address):
                entries[_host(name)] = None
                if address:
                    entries[_host(address)] = None
            case Endpoint() | WholeRun():
                pass
        for address in addresses:
            entries[_host(address)] = None
    return Permissions(Scope(allowed=tuple(entries)))


def _host(name: str) -> Entry:
    try:
        return Entry(Match.NETWORK, network(name), approved_by=COMMAND_LINE)
    except ValueError:
        return Entry(Match.HOST, name, approved_by=COMMAND_LINE)


def read_scope(table: Fields, zones: Collection[str]) -> Permissions:
    """Read a ``scope:`` section. Problems are noted where they belong."""
    approver = table.text("approved_by", "")
    allowed = tuple(e for row in table.tables("allow") if (e := _allowed(row, approver, zones)) is not None)
    if not allowed:
        table.note(
            say("許可する対象が一つもない。「allow」に書く", "nothing is allowed; write it under 'allow'"),
            key="allow" if "allow" in table else "",
        )
    forbidden = []
    both = {(entry.match, entry.what) for entry in allowed}
    for row in table.tables("forbid"):
        entry = _what(row)
        row.text("reason", "")
        row.done()
        if entry is not None and (entry.match, entry.what) in both:
            row.note(say("同じ「{what}」が許可もされている", "the same '{what}' is allowed too", what=entry.what))
        if entry is not None:
            forbidden.append(entry)
    control = table.several("control_networks", network, A_NETWORK, network_around)
    third_parties = table.flag("third_parties", True)
    revocation = table.flag("revocation", False)
    consents = tuple(_consent(row) for row in table.tables("consents"))
    pace: dict[str, Rate] = {}
    for row in table.tables("pace"):
        where, rate = _pace(row, approver)
        if where in pace:
            row.note(say("同じ「{what}」が二度ある", "'{what}' is there twice", what=where))
        pace[where] = rate
    ports = _ports(table.item("ports"))
    connections = _tls_connections(table.table("tls_connections")) if "tls_connections" in table else ()
    table.done()
    scope = Scope(allowed, tuple(forbidden), control, third_parties, revocation)
    return Permissions(scope, consents, tuple(pace.items()), ports, connections)


def _tls_connections(table: Fields | None) -> tuple[tuple[str, int], ...]:
    if table is None:
        return ()
    given = {name: table.whole(name, None, least=1, most=MOST_TLS_CONNECTIONS) for name in sorted(IMPLICIT_TLS | STARTTLS)}
    table.done()
    return tuple((name, most) for name, most in given.items() if most is not None)


def _ports(item: Item | None) -> tuple[tuple[int, int], ...] | None:
    """Read ``ports:``, the word ``listed`` or ``all``, or a list of ports and ranges."""
    if item is None:
        return None
    if not item.is_list:
        return item.choice(_PORT_LISTS)
    spans: dict[tuple[int, int], None] = {}
    rows = item.items()
    for row in rows[:MOST_PORT_ITEMS]:
        span = row.parsed(_port_span, A_PORT)
        if span is not None and span in spans:
            row.note(say("同じポートが二度ある", "the same port is there twice"))
        elif span is not None:
            spans[span] = None
    if not rows:
        item.note(say("ポートが一つもない", "no port is named"))
    if len(rows) > MOST_PORT_ITEMS:
        item.note(
            say(
                "ポートが多すぎる（上限は {limit}）。範囲で書く",
                "too many ports (the limit is {limit}); write ranges",
                limit=MOST_PORT_ITEMS,
            )
        )
    return tuple(sorted(spans))


def _port_span(text: str) -> tuple[int, int]:
    found = _PORTS.match(text)
    if not found:
        raise ValueError(text)
    first, last = int(found[1]), int(found[2] or found[1])
    if not 1 <= first <= last <= 65535:
        raise ValueError(text)
    return first, last


def _pace(row: Fields, approver: str) -> tuple[str, Rate]:
    where = row.parsed("network", network, A_NETWORK, "", network_around, required=True)
    per_second = row.number("per_second", least=1, most=MOST_PER_SECOND)
    at_once = row.whole("at_once", 4, least=1, most=MOST_AT_ONCE)
    _approver(row, approver)
    row.done()
    return where, Rate(at_once, per_second, max(1, round(per_second * BURST_SECONDS)))


def _approver(row: Fields, approver: str) -> str:
    approved_by = row.text("approved_by", approver)
    if not approved_by:
        row.note(
            say(
                "許可した者がない。「approved_by」をここか scope の直下に書く",
                "nobody approved this; write 'approved_by' here or directly under scope",
            )
        )
    return approved_by


def _allowed(row: Fields, approver: str, zones: Collection[str]) -> Entry | None:
    entry = _what(row)
    level = row.choice("level", _LEVELS, Level.NORMAL)
    named = read_zones(row, zones)
    window = _window(row.item("window"))
    approved_by = _approver(row, approver)
    row.done()
    return replace(entry, level=level, zones=named, window=window, approved_by=approved_by) if entry is not None else None


def _what(row: Fields) -> Entry | None:
    given = [m for m in _MATCHES if m[0] in row]
    if len(given) != 1:
        row.note(say("domain・host・network のうち一つだけを書く", "exactly one of domain, host and network is needed"))
    found = None
    for key, match, parse, wanted, mend in given:
        what = row.parsed(key, parse, wanted, None, mend)
        if what is None:
            continue
        try:  # an address under ``host`` is a network of one
            found = Entry(Match.NETWORK, network(what))
        except ValueError:
            found = Entry(match, what)
    for key, *_ in _MATCHES:
        row.item(key)
    return found


def read_zones(row: Fields, zones: Collection[str]) -> tuple[str, ...]:
    """Read ``zones:``, names of zones of the inventory."""
    found: dict[str, None] = {}
    for item in row.items("zones"):
        name = item.text()
        if name is None:
            continue
        if name not in zones:
            item.unknown(say("「{name}」というゾーンは zones にない", "there is no zone '{name}' under zones", name=name), name, zones)
        elif name in found:
            item.note(say("「{name}」が二度ある", "'{name}' is there twice", name=name))
        found[name] = None
    return tuple(found)


def _window(item: Item | None) -> Window:
    table = item.table() if item is not None else None
    if table is None:
        return ALWAYS
    start, end = table.moment("from", None), table.moment("until", None)
    if start is not None and end is not None and end <= start:
        table.note(say("until が from より前である", "until is before from"), key="until")
    hours = table.parsed("hours", _hours, HOURS, None)
    days: dict[int, None] = {}
    for day in table.items("weekdays"):
        number = day.choice(_DAYS)
        if number is not None and number in days:
            day.note(say("同じ曜日が二度ある", "the same day is there twice"))
        elif number is not None:
            days[number] = None
    offset = table.parsed("utc_offset", _offset, OFFSET, 540)
    table.done()
    return Window(start, end, hours, tuple(sorted(days)), offset)


def _hours(text: str) -> tuple[time, time]:
    found = _HOURS.match(text)
    if not found:
        raise ValueError(text)
    hour, minute, to_hour, to_minute = map(int, found.groups())
    begin, end = time(hour, minute), time(to_hour, to_minute)
    if begin == end:
        raise ValueError(text)
    return begin, end


def _offset(text: str) -> int:
    found = _OFFSET.match(text)
    if not found or int(found[2]) > 14 or int(found[3]) > 59:
        raise ValueError(text)
    minutes = int(found[2]) * 60 + int(found[3])
    return -minutes if found[1] == "-" else minutes


def _consent(row: Fields) -> Consent:
    target = row.parsed("target", _consent_target, A_CONSENT_TARGET, "", name_in, required=True)
    tests = row.texts("tests")
    if "tests" in row and not tests:
        row.note(say("検査が一つもない", "no test is named"), key="tests")
    approver = row.text("approved_by")
    window = _window(row.item("window"))
    if window.end is None:
        row.note(
            say("同意には期限が要る。window に until を書く", "a consent needs an end; write until under window"),
            key="window" if "window" in row else "",
        )
    row.done()
    return Consent(target, tests, window, approver)


def _consent_target(text: str) -> str:
    if text.startswith("*."):
        return "*." + domain(text[2:])
    try:
        return network(text)
    except ValueError:
        return host(text)
