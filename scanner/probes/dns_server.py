"""How one DNS server treats us: recursion, what it tells of itself, and how a resolver treats signed and broken names."""

from __future__ import annotations

from scanner.facts.dns_server import DnsTestNames, IdentityAnswer, IdentityPart, Recursion, ResolverBehaviour, ServerIdentity, Trial
from scanner.facts.ledger import DeclaredDnsService
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import DnsServer, Net, Transport
from scanner.net.scope import Purpose
from scanner.probes.base import probe
from scanner.probes.dns_asking import ROOT, ancestors, is_address, part, service_addresses, side_by_side
from scanner.wire.dns import Rclass, Type, rcode_name, type_name

IDENTITY_NAMES = ("version.bind", "version.server", "hostname.bind", "id.server")
USUAL_OFFER = 1232
LARGE_OFFER = 4096
NO_EDNS = frozenset({"FORMERR", "NOTIMP", "BADVERS"})
MOST_TEXTS = 4
LONGEST_TEXT = 255


@probe(limit=2.0)
async def dns_test_names(service: Service, net: Net) -> DnsTestNames:
    """Give the names that Tenken ships; an organisation that declares its own takes this probe's place."""
    return DnsTestNames()


async def server_of(service: Service, net: Net) -> DnsServer:
    """Give the address to talk to: the service's own, or the first one of its host."""
    return DnsServer(service.host, (await service_addresses(service, net))[0], service.port)


async def trial(
    net: Net,
    server: DnsServer,
    name: str,
    kind: Type,
    *,
    transport: Transport,
    rd: bool = True,
    cd: bool = False,
    do: bool = False,
    edns: int | None = USUAL_OFFER,
) -> Trial:
    """Ask one question as a test and describe the answer. Another address may answer a question over UDP."""
    seen = await net.ask(
        server, name, kind, transport=transport, rd=rd, cd=cd, do=do, edns=edns, purpose=Purpose.TEST, any_source=transport is Transport.UDP
    )
    message = seen.message
    above = set(ancestors(name))
    return Trial(
        name=name,
        type=type_name(kind),
        transport=str(seen.transport),
        rcode=rcode_name(message.rcode),
        ra=message.ra,
        aa=message.aa,
        ad=message.ad,
        records=sum(r.type != Type.RRSIG for r in message.answer),
        referral=not message.answer and any(r.type == Type.NS for r in message.authority),
        denied=any(r.type == Type.SOA and r.name in above for r in message.authority),
        sent=seen.sent,
        received=message.size,
        source=seen.source,
    )


@probe(limit=45.0)
async def recursion(service: Service, net: Net, names: DnsTestNames, ledger: DeclaredDnsService) -> Recursion:
    """Ask for a name outside the server's zones over UDP and TCP, for what its cache holds, and for something large."""
    server = await server_of(service, net)
    edns: int | None = USUAL_OFFER
    # First without RD: the recursive questions below would fill the cache.
    cached = await part(trial(net, server, ROOT, Type.NS, transport=Transport.UDP, rd=False))
    if isinstance(cached, Unobserved) and cached.reason in {Reason.OUT_OF_SCOPE, Reason.NO_CONSENT}:
        raise cached.error()
    if cached.reason is Reason.TIMEOUT if isinstance(cached, Unobserved) else cached.rcode in NO_EDNS:
        # A server that stumbles over EDNS must not pass for one that refuses to recurse.
        plain = await part(trial(net, server, ROOT, Type.NS, transport=Transport.UDP, rd=False, edns=None))
        if isinstance(plain, Trial):
            cached, edns = plain, None
    async with side_by_side() as group:
        udp = group.create_task(part(trial(net, server, names.outside, Type.A, transport=Transport.UDP, edns=edns)))
        tcp = group.create_task(part(trial(net, server, names.outside, Type.A, transport=Transport.TCP, edns=edns)))
        largest = group.create_task(
            part(trial(net, server, ROOT, Type.DNSKEY, transport=Transport.UDP, do=edns is not None, edns=edns and LARGE_OFFER))
        )
    parts = (udp.result(), tcp.result(), cached, largest.result())
    alive = any(isinstance(p, Trial) for p in parts) or await _answers_for_its_zones(net, server, ledger)
    return Recursion(server.address, *parts, alive)


async def _answers_for_its_zones(net: Net, server: DnsServer, ledger: DeclaredDnsService) -> bool:
    """Find out whether a server that says nothing about other names speaks for its own: then its silence is a refusal."""
    zones = list(ledger.authoritative_for or ())
    if not is_address(server.name):
        zones += [name for name in ancestors(server.name) if "." in name and name != ROOT][1:]
    for zone in dict.fromkeys(zones[:8]):
        seen = await part(net.ask(server, zone, Type.SOA))
        if not isinstance(seen, Unobserved):
            return True
    return False


@probe(limit=30.0)
async def server_identity(service: Service, net: Net) -> ServerIdentity:
    """Ask the four names of class CHAOS under which servers tell about themselves."""
    server = await server_of(service, net)

    async def one(name: str) -> IdentityAnswer:
        seen = await net.ask(server, name, Type.TXT, transport=Transport.UDP, rclass=Rclass.CH, purpose=Purpose.TEST)
        texts = [
            b"".join(s for s in r.data if isinstance(s, bytes))
            for r in seen.message.answer
            if r.type == Type.TXT and isinstance(r.data, tuple)
        ]
        return IdentityAnswer(name, rcode_name(seen.message.rcode), tuple(t.decode("latin-1")[:LONGEST_TEXT] for t in texts[:MOST_TEXTS]))

    # One after the other, and silence tried again: BIND answers no more than three such questions a second.
    seen = {name: await part(one(name)) for name in IDENTITY_NAMES}
    if any(isinstance(answer, IdentityAnswer) for answer in seen.values()):
        for name, answer in seen.items():
            if isinstance(answer, Unobserved) and answer.reason is Reason.TIMEOUT:
                seen[name] = await part(one(name))
    return ServerIdentity(service.host, tuple(IdentityPart(name, answer) for name, answer in seen.items()))


def only_resolvers(service: Service, ledger: DeclaredDnsService, seen: Recursion | Unobserved) -> None:
    """Come back for a server that is declared a resolver or resolved a name for us; others raise ``CannotObserve(UNSUPPORTED)``."""
    trials = () if isinstance(seen, Unobserved) else (seen.udp, seen.tcp)
    if not ledger.resolver_for and not any(isinstance(t, Trial) and t.resolved for t in trials):
        raise CannotObserve(Reason.UNSUPPORTED, f"{service.key} is not known to resolve for anybody")


@probe(limit=60.0)
async def resolver_behaviour(
    service: Service, net: Net, names: DnsTestNames, ledger: DeclaredDnsService, seen: Recursion | Unobserved
) -> ResolverBehaviour:
    """Try a resolver with a name that validates and with one that must not."""
    only_resolvers(service, ledger, seen)
    server = await server_of(service, net)
    async with side_by_side() as group:
        signed = group.create_task(part(trial(net, server, names.signed, Type.SOA, transport=Transport.AUTO, do=True)))
        broken = group.create_task(part(trial(net, server, names.broken, Type.A, transport=Transport.AUTO, do=True)))
    # Afterwards: a cached answer to the question with CD must not stand behind the one without.
    unchecked = await part(trial(net, server, names.broken, Type.A, transport=Transport.AUTO, do=True, cd=True))
    return ResolverBehaviour(signed.result(), broken.result(), unchecked)
