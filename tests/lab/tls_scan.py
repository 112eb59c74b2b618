"""How the tests of the TLS zoo look at its servers: the real probe, from the scanner's namespace, and what differs from the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from scanner.facts.tls import AddressSeen, ChainSeen, Features, Preference, TlsDefects, TlsSeen, TlsSurvey, Version
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.budget import Allowance
from scanner.net.net import DnsServer
from scanner.net.network import Network, Settings
from scanner.net.pacing import Pace, Rate
from scanner.net.scope import Entry as Listed
from scanner.net.scope import Match, Scope
from scanner.net.view import Timing
from scanner.probes.tls import tls_survey
from scanner.probes.tls_defects import tls_defects
from tests.lab.tls_zoo import Zoo, world
from tests.lab.tls_zoo.certificates import RECIPES, Issued
from tests.lab.tls_zoo.entry import Truth

T = TypeVar("T")

ENOUGH = 400
"""Connections for one server: its whole truth is wanted here, however weak it is."""
WIDTH = 8
FAST = Pace(address=Rate(8), operator=Rate(64))


def settings(zoo: Zoo, *, connections: int = ENOUGH) -> Settings:
    """What a scanner in the zoo is told."""
    return Settings(
        scope=Scope(tuple(Listed(Match.NETWORK, network) for network in world.SCOPE)),
        resolvers=(DnsServer("", zoo.resolver),),
        pace=FAST,
        allowance=Allowance(connections=4 * connections, tls_connections=connections, tls_connections_of=()),
        timing=Timing(tcp=5.0),
        ca_file=str(zoo.root_file),
    )


def surveys(
    zoo: Zoo, services: Sequence[str], *, connections: int = ENOUGH, seconds: float = 100.0, width: int = WIDTH
) -> dict[str, TlsSurvey | Unobserved]:
    """Look at services, ``width`` of them side by side. ``seconds`` is the time of each."""

    async def survey(network: Network, text: str) -> TlsSurvey:
        service = Service.parse(text)
        seen = await tls_survey.run(service, network.view(service.key))
        assert isinstance(seen, TlsSurvey)
        return seen

    return _each(zoo, services, survey, connections=connections, seconds=seconds, width=width)


def defects(zoo: Zoo, seen: Mapping[str, TlsSurvey]) -> dict[str, TlsDefects | Unobserved]:
    """Look for the defects of surveyed services that need no consent."""

    async def trial(network: Network, text: str) -> TlsDefects:
        service = Service.parse(text)
        found = await tls_defects.run(service, network.view(service.key), seen[text])
        assert isinstance(found, TlsDefects)
        return found

    return _each(zoo, list(seen), trial)


def _each(
    zoo: Zoo,
    services: Sequence[str],
    probe: Callable[[Network, str], Awaitable[T]],
    *,
    connections: int = ENOUGH,
    seconds: float = 100.0,
    width: int = WIDTH,
) -> dict[str, T | Unobserved]:
    found: dict[str, T | Unobserved] = {}

    async def one(network: Network, text: str, places: asyncio.Semaphore) -> None:
        async with places:
            try:
                async with asyncio.timeout(seconds):
                    found[text] = await probe(network, text)
            except CannotObserve as error:
                found[text] = Unobserved(error.reason, error.detail)
            except TimeoutError:
                found[text] = Unobserved(Reason.TIMEOUT, f"no end after {seconds:g} s")

    async def run() -> None:
        places = asyncio.Semaphore(width)
        async with Network(settings(zoo, connections=connections)) as network, asyncio.TaskGroup() as group:
            for text in services:
                group.create_task(one(network, text, places))

    zoo.run_async(run)
    return found


def differences(truth: Truth, seen: AddressSeen, certificates: Sequence[Issued], name: str) -> Iterator[str]:
    """Everything in which what was seen is not exactly the truth, one sentence each."""
    tls = seen.tls
    if isinstance(tls, Unobserved):
        yield f"nothing seen: {tls.reason} {tls.detail}"
        return
    yield from _suites(truth, tls)
    yield from _exchanges(truth, tls)
    yield from _features(truth, tls)
    yield from _chains(tls, certificates, name)


def _suites(truth: Truth, tls: TlsSeen) -> Iterator[str]:
    for one in tls.versions:
        wanted = truth.suites.get(one.version, ())
        if one.unfinished is not None:
            yield f"{one.version}: unfinished: {one.unfinished.reason} {one.unfinished.detail}"
        if one.accepted != bool(wanted):
            yield f"{one.version}: accepted is {one.accepted} ({one.refusal})"
        if missed := set(wanted) - set(one.suites):
            yield f"{one.version}: missed {sorted(missed)}"
        if more := set(one.suites) - set(wanted):
            yield f"{one.version}: not in truth {sorted(more)}"
        preference = truth.prefers.get(one.version)
        if preference is not None and one.preference is not preference:
            yield f"{one.version}: preference {one.preference} instead of {preference}"
        if preference is Preference.SERVER and set(one.suites) == set(wanted) and one.suites != tuple(wanted):
            yield f"{one.version}: order {one.suites} instead of {wanted}"
    if missing := set(truth.suites) - {one.version for one in tls.versions}:
        yield f"not looked at: {sorted(missing)}"


def _exchanges(truth: Truth, tls: TlsSeen) -> Iterator[str]:
    groups = {one.version: one for one in tls.groups}
    newest = max((version for version in truth.groups if version != "TLSv1.3"), default=None)
    for version, wanted in truth.groups.items():
        if version not in (newest, "TLSv1.3"):  # older ones of one library do not differ, and need not be measured
            continue
        if version not in groups:
            yield f"{version}: groups not looked at"
        elif set(groups[version].groups) != wanted or groups[version].unfinished is not None:
            yield f"{version}: groups {groups[version]} instead of {sorted(wanted)}"
    if truth.dh is not None:
        if isinstance(tls.dh, Unobserved):
            yield f"DH parameters not seen: {tls.dh}"
        elif {one.bits for one in tls.dh} != truth.dh:
            yield f"DH parameters {tls.dh} instead of {sorted(truth.dh)}"


def _features(truth: Truth, tls: TlsSeen) -> Iterator[str]:
    if isinstance(tls.features, Features):
        for name, value in truth.features.items():
            seen = getattr(tls.features, name)
            # How often a server lets a client renegotiate depends on how often it was asked.
            if (seen > 0) is not value if isinstance(value, bool) and type(seen) is int else seen != value:
                yield f"{name} is {seen!r} instead of {value!r}"
    elif truth.features:
        yield f"features not seen: {tls.features}"


def _chains(tls: TlsSeen, certificates: Sequence[Issued], name: str) -> Iterator[str]:
    if isinstance(tls.chains, Unobserved):
        yield f"chains not seen: {tls.chains}"
        return
    only = [one.version for one in tls.versions if one.accepted] == [Version.SSL2]  # beside others it shows less: one certificate
    sent = {_hashes(chain): chain for chain in tls.chains if chain.version is not Version.SSL2 or only}
    for issued in certificates:
        recipe, wanted = RECIPES[issued.recipe], issued.sent()
        if wanted not in sent:
            yield f"certificate {issued.recipe}: not seen as sent; seen were {[len(one) for one in sent]}"
            continue
        chain = sent[wanted]
        if chain.path.end is not recipe.end:
            yield f"certificate {issued.recipe}: way ends in {chain.path} instead of {recipe.end}"
        if bool(chain.path.expired) != (not recipe.days[0] <= 0 <= recipe.days[1]):
            yield f"certificate {issued.recipe}: expired {chain.path.expired}"
        if chain.certificates[0].must_staple != recipe.must_staple:
            yield f"certificate {issued.recipe}: must-staple {chain.certificates[0].must_staple}"
    if more := set(sent) - {issued.sent() for issued in certificates}:
        yield f"certificates that it does not have: {[chain.certificates[0].subject for one, chain in sent.items() if one in more]}"
    if not certificates and tls.chains:
        yield f"certificates of {name}, which has none"


def _hashes(chain: ChainSeen) -> tuple[str, ...]:
    return tuple(one.sha256 for one in chain.certificates)
