"""The survey of one address: which searches run when, in order of worth, and how what they found becomes the fact. No octets here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from scanner.facts.tls import AddressSeen, Features, GroupsSeen, SignaturesSeen, TlsSeen, Upgrade, Version, VersionSeen
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.model.target import STARTTLS
from scanner.net.scope import Purpose
from scanner.probes.tls_chains import chains, dh_parameters, no_chain
from scanner.probes.tls_features import fallback, intolerance, other_name, reading, shown, usual_answer
from scanner.probes.tls_groups import NewSignatures, OldExchange, keyed, old_exchange, tls13_signatures
from scanner.probes.tls_names import UNKNOWN_NAME, OtherNames
from scanner.probes.tls_order import Unusual
from scanner.probes.tls_protocols import Protocols
from scanner.probes.tls_search import (
    UNRECOGNIZED_NAME,
    Found,
    Manner,
    Present,
    chacha_first,
    old_suites,
    order,
    presence_of,
    searched,
    ssl2_suites,
)
from scanner.probes.tls_search13 import Tls13, tls13, tls13_groups
from scanner.probes.tls_server import Job, Server
from scanner.probes.tls_sessions import Sessions, new_tickets, old_sessions
from scanner.probes.tls_talk import Talker
from scanner.probes.tls_values import (
    NUMBERS,
    VERSIONS,
    Again,
    Answer,
    Chosen,
    Failed,
    Offer,
    Raw,
    Refused,
    Ssl2Offer,
    Unsure,
    Wants,
    plainly,
)
from scanner.wire.starttls import printable
from scanner.wire.tls.groups import group_name
from scanner.wire.tls.hello import ClientHello
from scanner.wire.tls.names import SSL2, SSL3, TLS10, TLS11, TLS12, TLS13, version_name
from scanner.wire.tls.schemes import USUAL_SCHEMES, scheme_name
from scanner.wire.tls.suites import suite_name

FIRST_PATIENCE = 3.0
"""Seconds for the first hello; a second, plainer one gets ``SECOND_PATIENCE``. Together they are what a silent server costs."""
SECOND_PATIENCE = 2.0
USUAL_SUITES = (0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014, 0x009C, 0x009D, 0x002F, 0x0035, 0x000A, 0x0005)
"""What any client of the last twenty years would offer."""
WELL_MADE = (29, 23, 24)
"""The groups of the one hello to a third party, each with a share, so that nothing has to be asked for again."""


Jobs = Job[Any]  # Any: searches differ in what they find


@dataclass(slots=True)
class _State:
    """What the survey of one address has found so far."""

    name: str | None
    manner: Manner
    found: dict[int, Found] = field(default_factory=dict)
    new: Tls13 | None = None
    ssl2: Chosen | None = None
    old: OldExchange | None = None
    signs: NewSignatures | None = None
    unusual: Unusual = field(default_factory=Unusual)
    features: Features = field(default_factory=Features)

    @property
    def accepted(self) -> list[Found]:
        """The versions with suites, the newest first."""
        return [found for _, found in sorted(self.found.items(), reverse=True) if found.suites]

    def newest_old(self) -> Found | None:
        """The newest version from SSL 3.0 to TLS 1.2."""
        return next((found for found in self.accepted if SSL3 <= found.version <= TLS12), None)

    def reasons(self) -> list[Unobserved]:
        """Why versions are unfinished."""
        return [found.unfinished for found in self.found.values() if found.unfinished is not None]


async def survey_address(talker: Talker, at: datetime) -> AddressSeen:
    """Look at one address. What could not be seen at all is ``Unobserved``, as is each part that was not reached."""
    server = Server(talker, talker.net.tls_connections(talker.protocol))
    try:
        tls = await _survey(server, at)
    finally:
        server.keep_evidence()
    return AddressSeen(talker.address, tls)


async def _survey(server: Server, at: datetime) -> TlsSeen | Unobserved:
    talker = server.talker
    manner, first = await _opening(server, Manner(talker.sni))
    if talker.upgrade in {Upgrade.NOT_OFFERED, Upgrade.REFUSED}:
        server.tell("upgrade", f"{talker.protocol}: {talker.words}")
        return TlsSeen(talker.upgrade, connections=talker.opened)
    if isinstance(first, Failed) and first.why.reason is Reason.OUT_OF_SCOPE:
        return await _once(server, at, first.why)
    if isinstance(first, Failed | Unsure):
        return _dead(server, first)
    state = _State(talker.sni, manner)
    await _versions(server, state, first)
    await _details(server, state)
    return _seen(server, state, at)


def _dead(server: Server, first: Failed | Unsure) -> Unobserved:
    if isinstance(first, Failed):
        return first.why
    return Unobserved(Reason.RESET, f"{server.talker.peer}: {first.words} at the first hello, and at a plainer one")


def _every(manner: Manner) -> Offer:
    """The hello that offers all versions and suites at once."""
    hello = manner.hello(TLS13, (*searched(TLS13), *searched(TLS12)))
    old = manner.hello(TLS12, hello.suites)
    hello = replace(
        hello,
        versions=(TLS13, TLS12, TLS11, TLS10),
        groups=tuple(dict.fromkeys((*(hello.groups or ()), *(old.groups or ())))),
        ticket=b"",
        etm=True,
    )
    return Offer(hello, "opening", f"hello of every version from TLSv1.0, {len(hello.suites)} suites", Wants.KEYS)


def _plain(name: str | None) -> Offer:
    hello = ClientHello(version=TLS12, suites=USUAL_SUITES, server_name=name, groups=(29, 23, 24))
    return Offer(hello, "opening", f"plain TLSv1.2 hello of {len(USUAL_SUITES)} suites")


async def _opening(server: Server, manner: Manner) -> tuple[Manner, Raw]:
    """Find a hello that the server answers. A refusal because of the name, or of all that a large hello carries, is told apart."""
    first = await server.ask(_every(manner), FIRST_PATIENCE)
    talker = server.talker
    if isinstance(first, Chosen):
        return manner, first
    if isinstance(first, Refused) and first.alert == UNRECOGNIZED_NAME and manner.name is not None:
        nameless = Manner(None)
        second = await server.ask(_every(nameless))
        return (nameless, second) if isinstance(second, Chosen) else (manner, first)
    if isinstance(first, Failed) and (first.why.reason not in {Reason.TIMEOUT, Reason.RESET} or not _greeted(talker)):
        return manner, first
    second = await server.ask(_plain(manner.name), SECOND_PATIENCE)
    if isinstance(second, Chosen):
        return replace(manner, plain=True), first if isinstance(first, Refused) else second
    if isinstance(first, Refused) or isinstance(second, Refused):
        return manner, first if isinstance(first, Refused) else second
    if isinstance(first, Unsure) and isinstance(second, Unsure) and isinstance(await server.ask(Ssl2Offer(group="opening")), Chosen):
        return manner, Refused(first.words, first.alert)
    return manner, first


def _greeted(talker: Talker) -> bool:
    """Whether the last conversation went as far as a hello."""
    return talker.upgrade is not None


async def _once(server: Server, at: datetime, why: Unobserved) -> TlsSeen | Unobserved:
    """One well-made hello to a server that the scope does not name; nothing else is known of it afterwards."""
    talker = server.talker
    talker.purpose = Purpose.TLS_HANDSHAKE
    hello = ClientHello(
        version=TLS13,
        versions=(TLS13, TLS12, TLS11, TLS10),
        suites=(0x1301, 0x1302, 0x1303, *USUAL_SUITES),
        groups=WELL_MADE,
        schemes=USUAL_SCHEMES,
        server_name=talker.sni,
        session_id=talker.net.rng.randbytes(32),
        status_request=True,
        sct=True,
        ticket=b"",
    )
    offer = Offer(hello, "one handshake", "the one well-made hello", Wants.KEYS, WELL_MADE)
    raw = await server.ask(offer)
    if talker.upgrade in {Upgrade.NOT_OFFERED, Upgrade.REFUSED}:
        server.tell("upgrade", f"{talker.protocol}: {talker.words}")
        return TlsSeen(talker.upgrade, only_once=True, connections=talker.opened)
    if isinstance(raw, Failed):
        return why if raw.why.reason is Reason.OUT_OF_SCOPE else raw.why
    if not isinstance(raw, Chosen):
        return Unobserved(Reason.REFUSED, f"{talker.peer}: {raw.words} at the one hello that a third party gets")
    only = Unobserved(Reason.OUT_OF_SCOPE, f"{talker.peer}: not listed in the scope; one handshake is all that a third party gets")
    version = VERSIONS.get(raw.version)
    if version is None:
        return Unobserved(Reason.PROTOCOL_VIOLATION, f"{talker.peer} chose {version_name(raw.version)}")
    seen, _ = chains(server.book, talker.sni, None, talker.net.roots(), at)
    return TlsSeen(
        upgrade=talker.upgrade or Upgrade.IMPLICIT,
        versions=tuple(
            VersionSeen(each, each is version, (suite_name(raw.suite),) if each is version else (), unfinished=only) for each in Version
        ),
        groups=(GroupsSeen(version, (group_name(raw.group),) if raw.group is not None else (), only),),
        dh=only,
        signs=(SignaturesSeen(version, (scheme_name(raw.scheme),), only),) if raw.scheme is not None else (),
        chains=seen or (raw.cut or only),
        features=only,
        only_once=True,
        connections=talker.opened,
        early=printable(talker.early),
    )


async def _versions(server: Server, state: _State, raw: Raw) -> None:
    """Versions first, then their suites, the most worth knowing; a certificate; whose order decides."""
    manner = state.manner
    first: Answer = Failed(_dead(server, raw)) if isinstance(raw, Unsure) else raw
    known = first if isinstance(first, Chosen) and first.version <= TLS12 else None
    presence, ssl2 = Job(presence_of(manner, known)), Job(ssl2_suites())
    await server.run(presence, ssl2, keep=1)
    spoken = {version: seen for version, seen in presence.result.items() if isinstance(seen, Present)}
    newest = TLS13 if isinstance(first, Chosen) and first.version == TLS13 else max(spoken, default=0)
    new = Job(tls13(manner, first, state.unusual if newest == TLS13 else None))
    old = {
        version: Job(old_suites(manner, version, seen, state.unusual if newest == version >= TLS12 else None))
        for version, seen in spoken.items()
    }
    await server.run(*old.values(), new, keep=1)
    state.new = new.result
    state.found = {SSL2: ssl2.result, TLS13: new.result.found()}
    state.found |= {version: seen for version, seen in presence.result.items() if isinstance(seen, Found)}
    state.found |= {version: job.result for version, job in old.items()}
    if not any(answer.certificates for _, answer in server.book.answers) and state.found[TLS13].suites:
        offer = keyed(manner, state.found[TLS13].suites, state.new.two.found[1], "certificate")
        if isinstance(offer, Offer):
            await server.ask(offer)
    orders = {found.version: Job(order(manner, found)) for found in state.accepted if found.version != SSL2}
    await server.run(*orders.values())
    for version, job in orders.items():
        state.found[version].preference = job.result


async def _details(server: Server, state: _State) -> None:
    """Groups and signatures, then features, each as far as the connections last: in a round, whatever stands first comes first."""
    manner, book = state.manner, server.book
    protocols = Protocols.of(server.talker.protocol)
    names = OtherNames.of(manner.name, book)
    jobs: list[Jobs] = []
    new, old = state.found[TLS13], state.newest_old()
    signs = None
    if new.suites and state.new is not None:
        jobs.append(Job(tls13_groups(state.new)))
        signs = Job(tls13_signatures(manner, new.suites, state.new.two.found[1], book, plainly if old is not None else protocols.search))
        jobs.append(signs)
    chacha = {found.version: Job(chacha_first(manner, found)) for found in state.accepted}
    jobs += chacha.values()
    exchange = (
        Job(old_exchange(manner, old.version, old.suites, book, lambda offer: protocols.search(offer, names.search)))
        if old is not None
        else None
    )
    if exchange is not None:
        jobs.append(exchange)
    await server.run(*jobs)
    for version, job in chacha.items():
        state.found[version].preference = job.result
    state.old = exchange.result if exchange is not None else None
    state.signs = signs.result if signs is not None else None
    await _features(server, state, old or new, protocols, names)


async def _features(server: Server, state: _State, best: Found, protocols: Protocols, names: OtherNames) -> None:
    manner, book = state.manner, server.book
    by_the_way = shown(book)
    if not best.suites:
        why = next(iter(state.reasons()), None)
        state.features = Features() if why is None else _all_unobserved(why)
        return
    groups = state.new.two.found[1] if state.new is not None else []
    usual = usual_answer(book, manner.name, best.version)
    others = {name: Job(other_name(manner, best, groups, usual, name)) for name in names.open}
    offer = reading(manner, best, groups, "application protocols")
    alpn = Job(protocols.rest(offer)) if isinstance(offer, Offer) else None
    back = Job(fallback(manner, state.accepted))
    tolerance = Job(intolerance(manner, best, state.unusual))
    jobs: list[Jobs] = [*others.values(), back, *([alpn] if alpn is not None else []), tolerance]
    await server.run(*jobs)
    by_name = names.found | {name: job.result for name, job in others.items()}
    sessions = await _sessions(server, state)
    state.features = Features(
        session_id=sessions.session_id,
        client_renegotiation=sessions.client_renegotiation,
        tls13_ticket=sessions.tls13_ticket,
        early_data=sessions.early_data,
        compression=by_the_way.compression,
        secure_renegotiation=by_the_way.secure_renegotiation,
        extended_master_secret=by_the_way.extended_master_secret,
        encrypt_then_mac=by_the_way.encrypt_then_mac,
        session_ticket=by_the_way.session_ticket,
        heartbeat=by_the_way.heartbeat,
        fallback_scsv=back.result,
        alpn=offer if isinstance(offer, Unobserved) else protocols.seen(),
        intolerant=tolerance.result,
        without_sni=by_name.get(None),
        unknown_sni=by_name.get(UNKNOWN_NAME),
    )


async def _sessions(server: Server, state: _State) -> Sessions:
    out = Sessions()
    new, old = state.found[TLS13], state.newest_old()
    if new.suites and state.new is not None:
        seen = await new_tickets(server, state.manner, new, state.new.two.found[1], state.signs or NewSignatures())
        why = seen if isinstance(seen, Unobserved) else seen.cut
        if isinstance(seen, Chosen) and seen.ticket is not None:
            why = seen.ticket if isinstance(seen.ticket, Unobserved) else None
            out = replace(out, tls13_ticket=seen.ticket, early_data=why or seen.early_data)
        else:
            out = replace(out, tls13_ticket=why, early_data=why)
    if old is not None:
        again = state.old.again if state.old is not None else None
        if again is None:
            job = Job(old_sessions(state.manner, old, state.old.session if state.old is not None else None))
            await server.run(job)
            again = job.result
        out = replace(out, session_id=again.taken_up, client_renegotiation=await _renegotiations(server, again))
    return out


async def _renegotiations(server: Server, again: Again) -> int | Unobserved:
    """How many were carried out. A close at our hello is a refusal if the server is still there."""
    seen = again.renegotiations
    if not isinstance(seen, Unsure):
        return seen
    return 0 if await server.control() else Unobserved(Reason.RESET, f"{server.talker.peer}: {seen.words} at a renegotiation")


def _all_unobserved(why: Unobserved) -> Features:
    return Features(why, why, why, why, why, why, why, why, why, why, why, why, why, why, why)


def _seen(server: Server, state: _State, at: datetime) -> TlsSeen:
    book, talker, reasons = server.book, server.talker, state.reasons()
    accepted = [code for found in state.accepted for code in found.suites]
    groups: list[GroupsSeen] = []
    signs: list[SignaturesSeen] = []
    if state.new is not None and state.found[TLS13].suites:
        groups.append(state.new.groups())
    if state.signs is not None:
        signs.append(state.signs.seen())
    if state.old is not None:
        groups += [one for one in (state.old.groups_seen(),) if one is not None]
        signs += [one for one in (state.old.signatures_seen(),) if one is not None]
    found_chains, left_out = chains(book, state.name, server.ssl2, talker.net.roots(), at)
    return TlsSeen(
        upgrade=talker.upgrade or (Upgrade.OFFERED if talker.protocol in STARTTLS else Upgrade.IMPLICIT),
        versions=tuple(state.found[NUMBERS[version]].seen() for version in Version),
        groups=tuple(groups),
        dh=dh_parameters(book, reasons),
        signs=tuple(signs),
        chains=found_chains or no_chain(accepted, reasons, book),
        features=state.features,
        connections=talker.opened,
        early=printable(talker.early),
        chains_left_out=left_out,
    )


def unobserved(addresses: Sequence[AddressSeen]) -> Unobserved | None:
    """The first reason, where nothing was seen at any address."""
    reasons = [each.tls for each in addresses if isinstance(each.tls, Unobserved)]
    if len(reasons) < len(addresses) or not reasons:
        return None
    return Unobserved(reasons[0].reason, "; ".join(dict.fromkeys(why.detail for why in reasons)))
