"""Where a domain stands in the tree: its zone, the parent zone, and the delegation seen from the parent's servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scanner.facts.dns import Delegation, DomainName, Glue, NameServer, ParentView
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Domain
from scanner.net.net import DnsServer, Net, Status, Transport
from scanner.probes.base import probe
from scanner.probes.dns_asking import (
    ROOT,
    addresses_of,
    ancestors,
    families_of,
    of_type,
    parent_of,
    part,
    referral_owner,
    resolve_anyway,
    targets,
    together,
)
from scanner.wire.dns import Message, Rcode, Type, rcode_name

PARENTS_ASKED = 2
"""Servers of the parent zone whose view is taken: enough to see a parent that disagrees with itself, and kind to the registry."""
PARENTS_TRIED = 5
MOST_NAME_SERVERS = 16
"""Name servers of one zone that are looked at; RFC 2182 section 5 advises at most seven."""
MOST_ADDRESSES = 8
BROKEN = frozenset({Reason.SERVER_FAILURE, Reason.TIMEOUT, Reason.PROTOCOL_VIOLATION, Reason.REFUSED})
"""Endings of a resolver's look-up after which the delegation itself can still be read at the parent."""


@probe(limit=2.0)
async def domain_name(domain: Domain, net: Net) -> DomainName:
    """Repeat the name: it is known without asking anybody."""
    return DomainName(domain.name)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a name stands. ``sure``: the resolver gave the zone's own SOA or a clean denial; otherwise the parent must be read."""

    zone: str
    exists: bool
    sure: bool


@probe(limit=30.0)
async def delegation(domain: Domain, net: Net) -> Delegation:
    """Find the zone by its SOA, read the delegation at the parent, and look up every name server."""
    name = domain.name
    standing = await _standing(net, name)
    views: tuple[ParentView, ...] | Unobserved
    if standing.sure:
        zone, exists = standing.zone, standing.exists
        parent = await _enclosing(net, parent_of(zone)) if zone != ROOT else ROOT
        views = () if zone == ROOT or not exists else await _parent_views(net, parent, zone)
    else:
        zone, parent, exists, views = await _read_at_parent(net, standing.zone, name)
    own = await part(_own_names(net, zone))
    if not exists:
        return Delegation(name, False, zone, parent, (), own, ())
    return Delegation(name, True, zone, parent, views, own, await _servers(net, views, own))


async def _standing(net: Net, name: str) -> Standing:
    exists = True
    doubtful = False
    for ancestor in ancestors(name):
        try:
            answer = await _soa(net, ancestor)
        except CannotObserve as why:
            if why.reason not in BROKEN or ancestor == ROOT:
                raise
            doubtful = True
            continue
        if answer is None:  # an alias: the name has no SOA of its own, or the zone breaks the rule that an apex is no alias
            doubtful = doubtful or ancestor == name
        elif answer is Status.FOUND:
            return Standing(ancestor, exists, not doubtful)
        elif answer is Status.NXDOMAIN and ancestor == name:
            exists = False
    raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"the resolver knows no zone above {name}, not even the root")


async def _soa(net: Net, name: str) -> Status | None:
    """What the resolver says of the SOA at a name; ``None`` for an alias. A zone that fails validation is looked at all the same."""
    answer = await resolve_anyway(net, name, Type.SOA)
    if answer.aliases:
        return None
    return answer.status


async def _enclosing(net: Net, name: str) -> str:
    """Find the apex of the zone that holds ``name``."""
    for ancestor in ancestors(name):
        if await _soa(net, ancestor) is Status.FOUND:
            return ancestor
    raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"the resolver knows no zone above {name}, not even the root")


async def _own_names(net: Net, zone: str) -> tuple[str, ...]:
    answer = await resolve_anyway(net, zone, Type.NS)
    return targets(answer.records)


async def _parent_servers(net: Net, parent: str) -> list[DnsServer]:
    """The parent's servers in random order, one address each, so that a nightly run does not lean on one of them."""
    names = list(await _own_names(net, parent))
    net.rng.shuffle(names)
    found = []
    for name in names[:PARENTS_TRIED]:
        addresses = await addresses_of(net, name)
        if not isinstance(addresses, Unobserved) and addresses:
            found.append(DnsServer(name, addresses[0]))
    return found


async def _parent_views(net: Net, parent: str, zone: str) -> tuple[ParentView, ...] | Unobserved:
    """Ask servers of the parent for the delegation. Empty: all that answered serve the zone too and show only their own copy."""
    try:
        servers = await _parent_servers(net, parent)
    except CannotObserve as why:
        return Unobserved.from_error(why)
    views: list[ParentView] = []
    answered = 0
    gap = Unobserved(Reason.NOT_DISCOVERABLE, f"no address of a name server of {parent} is known")
    for server in servers:
        try:
            message = (await net.ask(server, zone, Type.NS, transport=Transport.AUTO)).message
            view = _view(server, zone, parent, message)
        except CannotObserve as why:
            gap = Unobserved.from_error(why)
            continue
        answered += 1
        views += [view] if view is not None else []
        if len(views) == PARENTS_ASKED:
            break
    return tuple(sorted(views, key=lambda v: (v.server, v.address))) if answered else gap


def _view(server: DnsServer, zone: str, parent: str, message: Message) -> ParentView | None:
    """Read a delegation out of an answer; ``None`` when the server answers for the zone itself."""
    owner = referral_owner(message, parent, zone)
    if owner == zone:
        names = targets(of_type(message.authority, Type.NS, zone))
        beside = [r for r in message.additional if r.type in {Type.A, Type.AAAA} and r.name in names]
        glue = sorted((r.name, r.data) for r in beside if isinstance(r.data, str))
        return ParentView(server.name, server.address, names, tuple(Glue(n, a) for n, a in glue))
    if message.rcode == Rcode.NOERROR and message.aa and of_type(message.answer, Type.NS, zone):
        return None
    if message.aa and message.rcode in {Rcode.NOERROR, Rcode.NXDOMAIN}:
        return ParentView(server.name, server.address, (), ())
    said = f"{server.name} ({server.address}), a server of {parent}, answered {rcode_name(message.rcode)} for the delegation of {zone}"
    raise CannotObserve(Reason.PROTOCOL_VIOLATION, said)


async def _read_at_parent(net: Net, above: str, name: str) -> tuple[str, str, bool, tuple[ParentView, ...] | Unobserved]:
    """Find zone, parent, existence and delegation of a name whose own zone does not answer, by asking the zone above it.

    ``above`` works. The nearest delegation on the way to the name is as far as anybody can look: the name stands in that zone.
    """
    for server in await _parent_servers(net, above):
        try:
            message = (await net.ask(server, name, Type.NS)).message
        except CannotObserve:
            continue
        if message.rcode not in {Rcode.NOERROR, Rcode.NXDOMAIN}:
            continue
        owner = referral_owner(message, above, name)
        if owner is not None:
            return owner, above, True, await _parent_views(net, above, owner)
        if not message.aa:  # it does not speak for the zone above: what it says of the name is hearsay
            continue
        parent = await _enclosing(net, parent_of(above)) if above != ROOT else ROOT
        exists = message.rcode != Rcode.NXDOMAIN or bool(message.answer)  # an alias to nothing is a name all the same
        return above, parent, exists, () if above == ROOT or not exists else await _parent_views(net, parent, above)
    raise CannotObserve(Reason.TIMEOUT, f"no server of {above} told where {name} is delegated to")


async def _servers(net: Net, views: tuple[ParentView, ...] | Unobserved, own: tuple[str, ...] | Unobserved) -> tuple[NameServer, ...]:
    seen = () if isinstance(views, Unobserved) else views
    names = sorted({n for v in seen for n in v.names} | set(() if isinstance(own, Unobserved) else own))
    if not names and (gap := next((x for x in (views, own) if isinstance(x, Unobserved)), None)) is not None:
        raise gap.error()
    looked_up = await together(families_of(net, n) for n in names[:MOST_NAME_SERVERS])
    found = [s for name, looked in zip(names, looked_up, strict=False) for s in _name_server(name, *looked, seen)]
    spent = Unobserved(Reason.BUDGET_SPENT, f"only {MOST_NAME_SERVERS} of {len(names)} name servers are looked at")
    return (*found, *(NameServer(n, spent) for n in names[MOST_NAME_SERVERS:]))


def _name_server(name: str, own: tuple[str, ...], missing: Unobserved | None, views: tuple[ParentView, ...]) -> Iterator[NameServer]:
    """Give a name server with its own addresses, and once more with the reason where there may be others."""
    glue = sorted({g.address for v in views for g in v.glue if g.name == name}, key=lambda a: (":" in a, a))
    if glue and not own:  # glue is what reaches a zone whose own address records cannot be looked up
        yield NameServer(name, tuple(glue[:MOST_ADDRESSES]), missing or ())
        return
    if own or missing is None:
        yield NameServer(name, own[:MOST_ADDRESSES])
    if len(own) > MOST_ADDRESSES:  # a name with very many addresses must not make us knock at all of them
        missing = Unobserved(Reason.BUDGET_SPENT, f"{name}: only {MOST_ADDRESSES} of {len(own)} addresses are looked at")
    if missing is not None:
        yield NameServer(name, missing)
