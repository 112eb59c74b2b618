"""Whether a zone is signed and its chain holds, from the DS set at the parent down to the zone's own records; and how it denies names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from scanner.facts.dns import (
    Chain,
    ChainProblem,
    Delegation,
    Denial,
    DenialKind,
    Dnssec,
    DsSeen,
    KeySeen,
    SignatureSeen,
    SignatureState,
    Validation,
    ZoneWalk,
)
from scanner.facts.ledger import DeclaredDomain
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Domain
from scanner.net.net import Answer, DnsServer, Net, Status
from scanner.net.scope import Purpose
from scanner.probes.base import probe
from scanner.probes.dns_asking import ROOT, below, no_servers, of_type, part, resolve_anyway, side_by_side, within
from scanner.wire import dnssec
from scanner.wire.dns import Dnskey, Ds, Message, Nsec, Nsec3, Rcode, Record, Rrsig, Type, type_name
from scanner.wire.dnssec_verify import signature_time, verify

SIGNED_TYPES = (Type.NS, Type.A, Type.AAAA, Type.MX, Type.TXT)
"""Sets at the apex whose signatures are looked at, beside the SOA and the key set."""
SERVERS_TRIED = 3
STEPS_WALKED = 256
NOTHING = Dnssec("", False, Chain.UNSIGNED, ChainProblem.NONE, (), (), (), Validation.INSECURE, None)


@probe(limit=30.0)
async def dnssec_state(domain: Domain, net: Net, tree: Delegation) -> Dnssec:
    """Verify the zone's key set against the DS set and its records against the keys; ask the operator's resolver what it makes of it."""
    zone = tree.zone
    if not tree.exists:
        return Dnssec(zone, False, NOTHING.chain, NOTHING.problem, (), (), (), NOTHING.validation, None)
    async with side_by_side() as group:
        asked_ds = group.create_task(resolve_anyway(net, zone, Type.DS)) if zone != ROOT else None
        asked_keys = group.create_task(resolve_anyway(net, zone, Type.DNSKEY))
        asked_validation = group.create_task(part(_validation(net, zone)))
    ds_records = [r for r in asked_ds.result().records if isinstance(r.data, Ds)] if asked_ds else []
    key_answer = asked_keys.result()
    keys = [r for r in key_answer.records if isinstance(r.data, Dnskey)]
    validation = asked_validation.result()
    signed: list[Answer] = []
    missing: Unobserved | None = None
    denial: Denial | Unobserved | None = None
    if keys:
        sets = await _signed_sets(net, zone, bogus=validation is Validation.BOGUS)
        signed = [key_answer, *(a for a in sets if isinstance(a, Answer) and a.status is Status.FOUND and not a.aliases)]
        missing = next((a for a in sets if isinstance(a, Unobserved)), None)
        denial = await part(_denial(net, tree))
    now = net.now()
    seen = [_signatures(answer, keys, now) for answer in signed]
    chain, problem = _chain(zone, ds_records, keys, seen)
    return Dnssec(
        zone=zone,
        exists=True,
        chain=chain,
        problem=problem,
        ds=tuple(
            sorted((_ds_seen(r.data, zone, keys) for r in ds_records if isinstance(r.data, Ds)), key=lambda d: (d.key_tag, d.digest_type))
        ),
        keys=tuple(sorted((_key_seen(r.data) for r in keys if isinstance(r.data, Dnskey)), key=lambda k: (k.key_tag, k.algorithm))),
        signatures=tuple(s for of_set in seen for s in of_set),
        validation=validation,
        denial=denial,
        unsigned=tuple(type_name(answer.type) for answer, of_set in zip(signed, seen, strict=True) if not of_set),
        missing=missing,
    )


async def _validation(net: Net, zone: str) -> Validation:
    try:
        answer = await net.resolve(zone, Type.SOA)
    except CannotObserve as why:
        if why.reason is not Reason.SERVER_FAILURE:
            raise
        await net.resolve(zone, Type.SOA, checking=False)
        return Validation.BOGUS
    if answer.authenticated:
        return Validation.SECURE
    # The root is signed: a resolver that does not say so of the root's own records does not validate at all.
    control = await net.resolve(ROOT, Type.SOA)
    return Validation.INSECURE if control.authenticated else Validation.OFF


async def _signed_sets(net: Net, zone: str, *, bogus: bool) -> list[Answer | Unobserved]:
    """Look up the sets at the apex; one that alone fails the resolver's validation is to be seen too, with its signatures."""

    async def one(kind: Type) -> Answer | Unobserved:
        return await part(net.resolve(zone, kind, checking=False) if bogus else resolve_anyway(net, zone, kind))

    async with side_by_side() as group:
        tasks = [group.create_task(one(kind)) for kind in (Type.SOA, *SIGNED_TYPES)]
    return [task.result() for task in tasks]


def _ds_seen(ds: Ds, zone: str, keys: Sequence[Record]) -> DsSeen:
    found = [dnssec.matches(ds, zone, k.data, k.rdata) for k in keys if isinstance(k.data, Dnskey)]
    return DsSeen(ds.key_tag, ds.algorithm, ds.digest_type, True if True in found else None if None in found else False)


def _key_seen(key: Dnskey) -> KeySeen:
    return KeySeen(key.key_tag, key.algorithm, key.bits, key.sep, key.revoked)


def _signatures(answer: Answer, keys: Sequence[Record], now: datetime) -> list[SignatureSeen]:
    found = []
    for record in answer.signatures:
        if not isinstance(record.data, Rrsig):
            continue
        rrsig = record.data
        inception, expiration = signature_time(rrsig.inception, now), signature_time(rrsig.expiration, now)
        found.append(
            SignatureSeen(
                name=answer.name,
                type=type_name(answer.type),
                algorithm=rrsig.algorithm,
                key_tag=rrsig.key_tag,
                state=verify(answer.records, record, keys, now),
                seconds_left=expiration - int(now.timestamp()),
                lifetime_seconds=expiration - inception,
            )
        )
    return sorted(found, key=lambda s: (s.type, s.key_tag, s.seconds_left))


def _chain(
    zone: str, ds: Sequence[Record], keys: Sequence[Record], signatures: Sequence[Sequence[SignatureSeen]]
) -> tuple[Chain, ChainProblem]:
    """Judge the chain from the DS set down. ``signatures`` holds one list for each set of records, the key set first."""
    if not ds:
        return (Chain.ISLAND if keys else Chain.UNSIGNED), ChainProblem.NONE
    if not keys:
        return Chain.BROKEN, ChainProblem.NO_DNSKEY
    entries = {(k.data.key_tag, k.data.algorithm) for k in keys if isinstance(k.data, Dnskey) and _is_entry(k, zone, ds) is True}
    if not entries:
        # A DS set of unknown digests leaves the zone unsigned for validators (RFC 4035 section 5.2), which is not the same as wrong.
        unknown = any(_is_entry(k, zone, ds) is None for k in keys)
        return (Chain.UNSUPPORTED, ChainProblem.NONE) if unknown else (Chain.BROKEN, ChainProblem.NO_MATCHING_KEY)
    over_keys = {s.state for s in signatures[0] if (s.key_tag, s.algorithm) in entries}
    if SignatureState.VALID not in over_keys:
        unsupported = SignatureState.UNSUPPORTED in over_keys
        return (Chain.UNSUPPORTED, ChainProblem.NONE) if unsupported else (Chain.BROKEN, ChainProblem.KEYS_NOT_SIGNED)
    if any(not {s.state for s in of_set} & {SignatureState.VALID, SignatureState.UNSUPPORTED} for of_set in signatures[1:]):
        return Chain.BROKEN, ChainProblem.DATA_NOT_SIGNED
    return Chain.VALID, ChainProblem.NONE


def _is_entry(key: Record, zone: str, ds: Sequence[Record]) -> bool | None:
    if not isinstance(key.data, Dnskey):
        return False
    found = [dnssec.matches(d.data, zone, key.data, key.rdata) for d in ds if isinstance(d.data, Ds)]
    return True if True in found else None if None in found else False


async def _denial(net: Net, tree: Delegation) -> Denial:
    """Ask a server of the zone for a name that nobody made, and look at how it says so."""
    nonce = f"tenken{net.rng.getrandbits(64):016x}"
    name = below(nonce, tree.zone)
    why = no_servers(tree.zone, "denial of a name")
    for server in _some_servers(tree):
        try:
            message = (await net.ask(server, name, Type.A, do=True)).message
        except CannotObserve as error:
            why = error
            continue
        if message.edns is None:  # a server without EDNS cannot be asked for proofs
            why = CannotObserve(Reason.UNSUPPORTED, f"{server.name} ({server.address}) answers without EDNS, so without DNSSEC")
            continue
        if message.rcode in {Rcode.NOERROR, Rcode.NXDOMAIN} and message.aa:
            return _read_denial(message, nonce)
        why = CannotObserve(Reason.SERVER_FAILURE, f"{server.name} ({server.address}) does not serve {tree.zone}")
    raise why


def _read_denial(message: Message, nonce: str) -> Denial:
    hashed = [r.data for r in message.authority if isinstance(r.data, Nsec3)]
    if hashed:
        return Denial(
            DenialKind.NSEC3, max(h.iterations for h in hashed), max(len(h.salt) for h in hashed), any(h.flags & 1 for h in hashed)
        )
    plain = [(r.name, r.data.next) for r in message.authority if isinstance(r.data, Nsec)]
    if not plain:
        return Denial(DenialKind.NONE)
    # Records made up for this question carry its random label, or end right behind their owner ("\000." and the owner).
    invented = any(nonce[:12] in owner or nonce[:12] in following or following == f"\\000.{owner}" for owner, following in plain)
    return Denial(DenialKind.MINIMAL if invented else DenialKind.NSEC)


def _some_servers(tree: Delegation) -> list[DnsServer]:
    return [DnsServer(s.name, s.addresses[0]) for s in tree.servers if isinstance(s.addresses, tuple) and s.addresses][:SERVERS_TRIED]


@probe(limit=40.0)
async def zone_walk(domain: Domain, net: Net, tree: Delegation, state: Dnssec, ledger: DeclaredDomain) -> ZoneWalk:
    """Follow the NSEC chain, but only where it stands open and the ledger names something that must not be found there."""
    zone = tree.zone
    if isinstance(state.denial, Unobserved):
        raise state.denial.error()
    kind = state.denial.kind if state.denial else DenialKind.NONE
    declared = tuple(sorted(n for n in ledger.internal_names if within(n, zone)))
    if kind is not DenialKind.NSEC or not declared:
        return ZoneWalk(zone, kind, declared)
    why = no_servers(zone, "zone walk")
    for server in _some_servers(tree):
        try:
            return await _walk(net, server, zone, declared)
        except CannotObserve as error:
            why = error
    raise why


async def _walk(net: Net, server: DnsServer, zone: str, declared: tuple[str, ...]) -> ZoneWalk:
    name, met, complete = zone, {zone: None}, False
    for _ in range(STEPS_WALKED):
        message = (await net.ask(server, name, Type.NSEC, do=True, purpose=Purpose.TEST)).message
        following = next((r.data.next for r in of_type(message.answer, Type.NSEC, name) if isinstance(r.data, Nsec)), None)
        if following is None or not within(following, zone):
            break
        if following in met:
            complete = following == zone
            break
        met[following] = None
        name = following
    internal = tuple(sorted(n for n in met if any(within(n, d) for d in declared)))
    return ZoneWalk(zone, DenialKind.NSEC, declared, internal, len(met), complete)
