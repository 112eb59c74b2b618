"""The guard: asked before every conversation whether the scope allows it. It answers or raises; it never sends.

Rules, in this order. Forbidden entries and control networks win over everything. Addresses that are nobody's public ones
(loopback, private, documentation ...) need a listed network: hostile records can point anywhere, so a name in scope is not
enough. Then the most specific name entry and the most specific network entry decide, and where both match the lower level
holds. What no entry names is a third party: DNS questions to port 53, one TLS handshake for each address and port, and
questions about certificates where the scope grants them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network

from scanner.model.reason import CannotObserve, Reason
from scanner.net.scope import Consent, Entry, Level, Match, Purpose, Scope
from scanner.wire.addresses import Address, carried, is_address, parse_address, special_use

REMEMBERED = 512  # pairs of name and address whose entries are kept at hand: some for each target that is seen at a time
WEB_PORTS = (80, 443)
MOST_HANDSHAKES = 100_000  # third-party addresses and ports in one run

_RANK = {Level.PASSIVE: 0, Level.NORMAL: 1, Level.INTRUSIVE: 2}


@dataclass(frozen=True, slots=True)
class _Matches:
    """What the scope says of one name and address, before zone and time are looked at."""

    name: str
    addresses: tuple[Address, ...]  # the address, and the IPv4 address that it carries inside
    refusal: str  # a reason that holds at any time, or empty
    forbidden: tuple[Entry, ...] = ()
    allowed: tuple[tuple[Entry, ...], ...] = ()  # the most specific by name, and by network for each address


class _Networks:
    """Entries by network, found by one look-up for each prefix length in use."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_length: dict[tuple[int, int], dict[int, list[Entry]]] = {}
        for entry in entries:
            network = ip_network(entry.what, strict=False)
            group = self._by_length.setdefault((network.version, network.prefixlen), {})
            group.setdefault(int(network.network_address), []).append(entry)
        self._lengths = sorted(self._by_length, reverse=True)

    def most_specific(self, address: Address) -> tuple[Entry, ...]:
        """The entries of the longest prefix that holds the address."""
        return next(self._holding(address), ())

    def all(self, address: Address) -> tuple[Entry, ...]:
        """Every entry that holds the address."""
        return tuple(entry for group in self._holding(address) for entry in group)

    def _holding(self, address: Address) -> Iterator[tuple[Entry, ...]]:
        bits = address.max_prefixlen
        for version, length in self._lengths:
            if version == address.version:
                start = int(address) >> (bits - length) << (bits - length)
                if found := self._by_length[version, length].get(start):
                    yield tuple(found)


class Guard:
    """The scope of one run at one vantage zone. ``resolvers`` are the operator's own, by address and port: always permitted."""

    def __init__(
        self, scope: Scope, consents: tuple[Consent, ...] = (), *, zone: str = "internet", resolvers: Iterable[tuple[str, int]] = ()
    ) -> None:
        self._scope = scope
        self._consents = consents
        self._zone = zone
        self._resolvers = frozenset(resolvers)
        self._hosts, self._domains, self._networks = _indexed(scope.allowed)
        self._no_hosts, self._no_domains, self._no_networks = _indexed(scope.forbidden)
        self._control = _Networks(Entry(Match.NETWORK, network, Level.PASSIVE) for network in scope.control_networks)
        self._remembered: OrderedDict[tuple[str, str], _Matches] = OrderedDict()
        self._handshakes: set[tuple[str, int]] = set()

    def ask(self, name: str, address: str, port: int, purpose: Purpose, now: datetime, *, test: str = "") -> None:
        """Come back when a conversation with ``address`` is allowed, or raise ``CannotObserve(OUT_OF_SCOPE | NO_CONSENT)``.

        ``name`` is the host name by which the address was found (from the resolver or the parent zone, never from the
        peer's own claim), empty where there is none. ``test`` is the id that a consent to an intrusive test names.
        A TLS handshake with a third party is granted by the first call and refused by the next.
        """
        if purpose is Purpose.ZONE_DATA and (address, port) in self._resolvers:
            return
        matches = self._matches(name.lower().removesuffix("."), address)
        where = f"{name} ({address}) port {port}" if name and name != address else f"{address} port {port}"
        if matches.refusal:
            raise CannotObserve(Reason.OUT_OF_SCOPE, f"{where}: {matches.refusal}")
        for entry in matches.forbidden:
            if self._applies(entry, now):
                raise CannotObserve(Reason.OUT_OF_SCOPE, f"{where}: the scope forbids {entry.match} {entry.what}")
        level = self._level(matches, where, now)
        if level is None:
            self._third_party(where, address, port, purpose)
        elif level is Level.PASSIVE:
            raise CannotObserve(Reason.OUT_OF_SCOPE, f"{where}: listed as passive only; an entry of level normal is missing")
        elif purpose is Purpose.INTRUSIVE:
            self._intrusive(matches, where, level, now, test)

    def _third_party(self, where: str, address: str, port: int, purpose: Purpose) -> None:
        if purpose is Purpose.REVOCATION:
            if not self._scope.revocation:
                raise CannotObserve(Reason.OUT_OF_SCOPE, f"{where}: not listed, and the scope does not say 'revocation: true'")
            if port not in WEB_PORTS:  # the URL is a certificate's, which anybody may have written
                raise CannotObserve(Reason.OUT_OF_SCOPE, f"{where}: not listed; authorities are asked at ports 80 and 443 only")
            return
        if not self._scope.third_parties:
            raise CannotObserve(Reason.OUT_OF_SCOPE, f"{where}: not listed, and the scope grants third parties nothing")
        match purpose:
            case Purpose.ZONE_DATA:
                if port != 53:
                    raise CannotObserve(Reason.OUT_OF_SCOPE, f"{where}: not listed; third parties are asked for DNS data at port 53 only")
            case Purpose.TLS_HANDSHAKE:
                if (address, port) in self._handshakes or len(self._handshakes) >= MOST_HANDSHAKES:
                    raise CannotObserve(Reason.OUT_OF_SCOPE, f"{where}: not listed; the one TLS handshake for third parties was made")
                self._handshakes.add((address, port))
            case _:
                raise CannotObserve(Reason.OUT_OF_SCOPE, f"{where}: no domain, host or network entry of the scope names it")

    def _intrusive(self, matches: _Matches, where: str, level: Level, now: datetime, test: str) -> None:
        if level is not Level.INTRUSIVE:
            raise CannotObserve(Reason.NO_CONSENT, f"{where}: listed as normal; an entry of level intrusive is missing")
        for consent in self._consents:
            if _consents(consent, matches) and ("*" in consent.tests or test in consent.tests) and consent.window.contains(now):
                return
        raise CannotObserve(Reason.NO_CONSENT, f"{where}: no consent entry names this target, the test {test or '(unnamed)'} and this time")

    def _level(self, matches: _Matches, where: str, now: datetime) -> Level | None:
        levels = []
        for entries in matches.allowed:
            open_now = [entry.level for entry in entries if self._applies(entry, now)]
            if not open_now:
                why = "at this time" if any(self._in_zone(entry) for entry in entries) else f"from zone {self._zone}"
                raise CannotObserve(Reason.OUT_OF_SCOPE, f"{where}: the entry for {entries[0].match} {entries[0].what} does not hold {why}")
            levels.append(max(open_now, key=_RANK.__getitem__))
        return min(levels, key=_RANK.__getitem__) if levels else None

    def _in_zone(self, entry: Entry) -> bool:
        return not entry.zones or self._zone in entry.zones

    def _applies(self, entry: Entry, now: datetime) -> bool:
        return self._in_zone(entry) and entry.window.contains(now)

    def _matches(self, name: str, address: str) -> _Matches:
        key = (name, address)
        found = self._remembered.get(key)
        if found is None:
            found = self._remembered[key] = self._match(name, address)
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return found

    def _match(self, name: str, text: str) -> _Matches:
        try:
            address = parse_address(text)
        except ValueError:
            return _Matches(name, (), f"{text!r} is not an IP address that can be judged")
        inner = carried(address)
        addresses = (address,) if inner is None else (address, inner)
        parents = _parents(name)
        refusal = ""
        for each in addresses:
            for entry in self._control.all(each):
                refusal = refusal or f"{each} lies in the control network {entry.what}, which is passive only"
            block = special_use(each)
            if block and not self._networks.most_specific(each):
                refusal = refusal or f"{each} is {block.words}, and no network entry of the scope holds it"
        forbidden = [entry for each in addresses for entry in self._no_networks.all(each)]
        forbidden += self._no_hosts.get(name, ())
        forbidden += [entry for parent in parents for entry in self._no_domains.get(parent, ())]
        by_name = self._hosts.get(name, ()) or next((self._domains[parent] for parent in parents if parent in self._domains), ())
        allowed = [by_name, *(self._networks.most_specific(each) for each in addresses)]
        return _Matches(name, addresses, refusal, tuple(forbidden), tuple(group for group in allowed if group))


def _indexed(entries: tuple[Entry, ...]) -> tuple[dict[str, tuple[Entry, ...]], dict[str, tuple[Entry, ...]], _Networks]:
    hosts: dict[str, tuple[Entry, ...]] = {}
    domains: dict[str, tuple[Entry, ...]] = {}
    networks = []
    for entry in entries:
        if entry.match is Match.NETWORK or (entry.match is Match.HOST and is_address(entry.what)):
            networks.append(entry)
        else:
            table = domains if entry.match is Match.DOMAIN else hosts
            table[entry.what] = (*table.get(entry.what, ()), entry)
    return hosts, domains, _Networks(networks)


def _parents(name: str) -> list[str]:
    """The name itself and every name above it, nearest first."""
    labels = name.split(".") if name else []
    return [".".join(labels[start:]) for start in range(len(labels))]


def _consents(consent: Consent, matches: _Matches) -> bool:
    if consent.target.startswith("*."):
        return matches.name.endswith(consent.target[1:])
    try:
        network = ip_network(consent.target, strict=False)
    except ValueError:
        return bool(matches.name) and matches.name == consent.target
    return matches.addresses[0] in network
