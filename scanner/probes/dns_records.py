"""What the public can look up: addresses and targets of the usual names, names meant for inside use, and the CAA policy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cache

from publicsuffixlist import PublicSuffixList

from scanner.facts.dns import (
    CaaPolicy,
    CaaRecord,
    Delegation,
    InternalName,
    InternalNames,
    NameGap,
    PublicAddress,
    PublicRecords,
    RecordTarget,
    Role,
    TargetState,
    Visibility,
)
from scanner.facts.ledger import DeclaredDomain
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Domain
from scanner.net.net import Answer, DnsServer, Net, Status
from scanner.probes.base import probe
from scanner.probes.dns_asking import (
    ROOT,
    ancestors,
    below,
    parent_of,
    part,
    referral_owner,
    resolve_anyway,
    side_by_side,
    together,
    within,
)
from scanner.probes.dns_hosting import service_of
from scanner.wire.dns import Caa, Mx, Rcode, Type, rcode_name, type_name

COMMON_LABELS = ("www", "mail", "ftp", "autodiscover")
"""Host names that most domains have; other names cannot be listed from outside and come from the ledger as targets of their own."""
MOST_TARGETS = 64
MOST_INTERNAL_NAMES = 32
SERVERS_ASKED = 8
"""RFC 2182 section 5 advises at most seven."""
NOT_MINE = frozenset({Rcode.REFUSED, Rcode.NOTAUTH})
"""What a server says of names outside its zones."""


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)  # below a top-level name that does not exist nobody can register anything


@probe(limit=30.0)
async def public_records(domain: Domain, net: Net, tree: Delegation) -> PublicRecords:
    """Look up the domain, its usual host names, exchangers and name servers: their addresses, and whether what they point to exists."""
    name = domain.name
    if not tree.exists:
        return PublicRecords(name, False, (name,), (), (), ())
    names = (name, *(below(label, name) for label in COMMON_LABELS))
    survey = _Survey(net, tree.zone)
    async with side_by_side() as group:
        for owner in names:
            group.create_task(survey.addresses(owner, Role.SELF if owner == name else Role.COMMON))
        group.create_task(survey.exchangers(name))
        for server in {s.name for s in tree.servers}:
            group.create_task(survey.target(tree.zone, "NS", server))
    survey.name_servers(tree)
    return survey.result(name, names)


class _Survey:
    """Gathers what the look-ups of one domain show."""

    def __init__(self, net: Net, zone: str) -> None:
        self.net = net
        self.zone = zone
        self.seen: set[PublicAddress] = set()
        self.targets: dict[tuple[str, str, str], RecordTarget] = {}
        self.gaps: dict[tuple[str, str], NameGap] = {}

    def result(self, name: str, names: tuple[str, ...]) -> PublicRecords:
        return PublicRecords(
            domain=name,
            exists=True,
            names=names,
            addresses=tuple(sorted(self.seen, key=lambda a: (a.role, a.name, a.address))),
            targets=tuple(self.targets[key] for key in sorted(self.targets)),
            gaps=tuple(self.gaps[key] for key in sorted(self.gaps)),
        )

    async def addresses(self, owner: str, role: Role) -> None:
        """Both families of one name; an alias on the way is a target."""
        answers = await together(self._ask(owner, kind) for kind in (Type.A, Type.AAAA))
        for answer in answers:
            if answer is None:
                continue
            self.seen |= {PublicAddress(owner, role, r.data) for r in answer.records if isinstance(r.data, str)}
            if answer.aliases:
                await self.target(owner, "CNAME", answer.aliases[-1])

    async def exchangers(self, name: str) -> None:
        """Where mail goes; addresses only of exchangers in the zone, the others are somebody else's records."""
        answer = await self._ask(name, Type.MX)
        hosts = [r.data.host for r in answer.records if isinstance(r.data, Mx) and r.data.host != ROOT] if answer else []
        for host in sorted(set(hosts))[:MOST_TARGETS]:
            await self.target(name, "MX", host)
            if within(host, self.zone):
                await self.addresses(host, Role.MAIL)

    def name_servers(self, tree: Delegation) -> None:
        for server in tree.servers:
            if not within(server.name, self.zone):
                continue
            if isinstance(server.addresses, Unobserved):
                self.gaps[server.name, "A"] = NameGap(server.name, "A", server.addresses)
            else:
                self.seen |= {PublicAddress(server.name, Role.NAME_SERVER, a) for a in server.addresses}

    async def target(self, owner: str, kind: str, target: str) -> None:
        key = (owner, kind, target)
        if key in self.targets:
            return
        if len(self.targets) >= MOST_TARGETS:
            spent = Unobserved(Reason.BUDGET_SPENT, f"only {MOST_TARGETS} targets of {owner} are looked at")
            self.gaps[target, kind] = NameGap(target, kind, spent)
            return
        self.targets[key] = await self._look(owner, kind, target)

    async def _look(self, owner: str, kind: str, target: str) -> RecordTarget:
        parts = await together(part(resolve_anyway(self.net, target, family)) for family in (Type.A, Type.AAAA))
        answers = [p for p in parts if isinstance(p, Answer)]
        state = await part(self._state(target, parts))
        alias = next((a.aliases[-1] for a in answers if a.aliases), "")
        return RecordTarget(owner, kind, target, state, service_of(target), alias)

    async def _state(self, target: str, parts: Sequence[Answer | Unobserved]) -> TargetState:
        answers = [p for p in parts if isinstance(p, Answer)]
        if any(a.status is Status.FOUND for a in answers):
            return TargetState.RESOLVES
        if (gap := next((p for p in parts if isinstance(p, Unobserved)), None)) is not None:
            raise gap.error()
        if any(a.status is Status.EMPTY for a in answers):
            return TargetState.EMPTY
        registrable = _suffixes().privatesuffix(target)
        if registrable is None or within(registrable, self.zone) or within(self.zone, registrable):
            return TargetState.NXDOMAIN
        above = await self.net.resolve(registrable, Type.NS)
        return TargetState.FREE if above.status is Status.NXDOMAIN else TargetState.NXDOMAIN

    async def _ask(self, name: str, kind: Type) -> Answer | None:
        seen = await part(resolve_anyway(self.net, name, kind))
        if isinstance(seen, Unobserved):
            self.gaps[name, type_name(kind)] = NameGap(name, type_name(kind), seen)
            return None
        return seen


@probe(limit=40.0)
async def internal_names(domain: Domain, net: Net, tree: Delegation, ledger: DeclaredDomain) -> InternalNames:
    """Look for the declared internal names through the resolver and at the public name servers of the domain's zone."""
    wanted = ledger.internal_names[:MOST_INTERNAL_NAMES]
    servers = [DnsServer(s.name, s.addresses[0]) for s in tree.servers if isinstance(s.addresses, tuple) and s.addresses]
    found = await together(_internal(net, name, tree.zone, servers[:SERVERS_ASKED], _unasked(tree, servers)) for name in wanted)
    return InternalNames(net.zone, tuple(found), len(ledger.internal_names) - len(wanted))


def _unasked(tree: Delegation, servers: Sequence[DnsServer]) -> Unobserved | None:
    """Say why a name server was not asked, if so: its addresses could not be looked up, or there are too many servers."""
    known = {server.name for server in servers}
    unfound = (s.addresses for s in tree.servers if s.name not in known and isinstance(s.addresses, Unobserved))
    many = f"only {SERVERS_ASKED} of {len(servers)} name servers are asked for internal names"
    return next(unfound, Unobserved(Reason.BUDGET_SPENT, many) if len(servers) > SERVERS_ASKED else None)


async def _internal(net: Net, name: str, zone: str, servers: Iterable[DnsServer], unasked: Unobserved | None) -> InternalName:
    """Tell the first place that shows the name; ABSENT needs every place to have answered."""
    looked = await part(_through_resolver(net, name))
    if looked in {Visibility.RECORDS, Visibility.NAME}:
        return InternalName(name, looked, "resolver")
    gap = looked if isinstance(looked, Unobserved) else unasked
    for server in servers:
        there = await part(_at_server(net, server, name, zone))
        if there in {Visibility.RECORDS, Visibility.NAME}:
            return InternalName(name, there, f"{server.name} ({server.address})")
        gap = gap or (there if isinstance(there, Unobserved) else None)
    return InternalName(name, gap or Visibility.ABSENT, "")


Shown = frozenset[str] | None
"""The data that somebody gives for a name, aliases among them; ``None`` where the name does not exist."""


async def _through_resolver(net: Net, name: str) -> Visibility:
    async def look(asked: str) -> Shown:
        answer = await resolve_anyway(net, asked, Type.A)
        if answer.status is Status.NXDOMAIN and not answer.aliases:
            return None
        return frozenset((*answer.aliases, *(str(r.data) for r in answer.records)))

    return await _beside_wildcard(net, name, look)


async def _beside_wildcard(net: Net, name: str, look: Callable[[str], Awaitable[Shown]]) -> Visibility:
    """Tell a name's own records from those that a wildcard gives to every name, which tell nothing of this one."""
    seen = await look(name)
    if seen is None:
        return Visibility.ABSENT
    visible = Visibility.RECORDS if seen else Visibility.NAME
    if parent_of(name) == ROOT:
        return visible
    nobody, else_nobody = (below(f"tenken{net.rng.getrandbits(64):016x}", parent_of(name)) for _ in range(2))
    of_wildcard = await look(nobody)
    if of_wildcard is None:
        return visible
    if seen == of_wildcard:
        return Visibility.ABSENT
    if await look(else_nobody) != of_wildcard:
        raise CannotObserve(Reason.NOT_DISCOVERABLE, f"a wildcard beside {name} gives another answer each time")
    return visible


async def _at_server(net: Net, server: DnsServer, name: str, zone: str) -> Visibility:
    message = (await net.ask(server, name, Type.A)).message
    if message.rcode == Rcode.NOERROR and not message.aa:
        # A delegation shows that the name, or a zone above it, exists; any other referral says "not mine".
        owner = referral_owner(message, zone, name)
        return Visibility.NAME if owner is not None else Visibility.ABSENT

    async def look(asked: str) -> Shown:
        said = message if asked == name else (await net.ask(server, asked, Type.A)).message
        if said.rcode in NOT_MINE or (said.rcode == Rcode.NOERROR and not said.aa) or (said.rcode == Rcode.NXDOMAIN and not said.answer):
            return None
        if said.rcode not in {Rcode.NOERROR, Rcode.NXDOMAIN}:
            raise CannotObserve(Reason.SERVER_FAILURE, f"{server.name} ({server.address}) answers {rcode_name(said.rcode)} for {asked}")
        return frozenset(str(r.data) for r in said.answer if r.type in {Type.A, Type.CNAME})

    return await _beside_wildcard(net, name, look)


@probe(limit=20.0)
async def caa_policy(domain: Domain, net: Net) -> CaaPolicy:
    """Climb to the first CAA set (RFC 8659 section 3); an alias counts where it stands, its target's set is what the resolver gives."""
    for name in ancestors(domain.name):
        if name == ROOT:
            break
        answer = await resolve_anyway(net, name, Type.CAA)
        if name == domain.name and answer.status is Status.NXDOMAIN and not answer.aliases:
            return CaaPolicy(False, "", ())
        records = [r.data for r in answer.records if isinstance(r.data, Caa)]
        if records:
            kept = sorted((c.flags, c.tag, c.value.decode("latin-1")) for c in records)
            return CaaPolicy(True, name, tuple(CaaRecord(*fields) for fields in kept))
    return CaaPolicy(True, "", ())
