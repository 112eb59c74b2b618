"""Small helpers of the DNS probes: parts that may be missing, questions side by side, names and their ancestors. No probe stands here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any, TypeVar

from scanner.model.fact import Unobserved, needed
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import Answer, Net, Status
from scanner.wire.dns import Message, Record, Type

T = TypeVar("T")

ROOT = "."


async def part(work: Awaitable[T]) -> T | Unobserved:
    """Give what ``work`` gives, or the reason why it could not be seen, as a part of a larger fact."""
    try:
        return await work
    except CannotObserve as why:
        return Unobserved.from_error(why)


@asynccontextmanager
async def side_by_side() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group whose members may raise ``CannotObserve``: the first one ends the others and comes out as it is, not in a group."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        raise _what_ended(errors) from None


def _what_ended(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    first: BaseException = errors
    while isinstance(first, BaseExceptionGroup) and errors.split(CannotObserve)[1] is None:
        first = first.exceptions[0]
    return first


async def together(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:  # Any: what a coroutine is sent, which nobody uses
    """Run coroutines side by side under one parent and give their results in order. Raises the first ``CannotObserve``."""
    waiting = list(works)
    if len(waiting) < 2:  # nothing to run beside it
        return [await work for work in waiting]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in waiting]
    except BaseExceptionGroup as errors:
        raise _what_ended(errors) from None
    return [task.result() for task in tasks]


def parent_of(name: str) -> str:
    """Give the name with its first label taken off; the parent of a top-level name and of the root is the root.

    A dot inside a label is written as an escape, so splitting at the first dot is safe.
    """
    return name.partition(".")[2] or ROOT


def within(name: str, zone: str) -> bool:
    """Tell whether ``name`` is ``zone`` or below it."""
    return zone in {ROOT, name} or name.endswith("." + zone)


def below(label: str, zone: str) -> str:
    """Give the name ``label`` directly below ``zone``."""
    return label if zone == ROOT else f"{label}.{zone}"


def ancestors(name: str) -> Iterator[str]:
    """Give the name, its parent and so on up to the root."""
    while name != ROOT:
        yield name
        name = parent_of(name)
    yield ROOT


def of_type(records: Iterable[Record], kind: Type, owner: str) -> list[Record]:
    """Give the records of one type and owner."""
    return [r for r in records if r.type == kind and r.name == owner]


def targets(records: Iterable[Record]) -> tuple[str, ...]:
    """Give the names that NS, CNAME or PTR records hold, sorted, each once."""
    return tuple(sorted({r.data for r in records if isinstance(r.data, str)}))


def referral_owner(message: Message, zone: str, name: str) -> str | None:
    """Give the owner of the delegation that an answer refers to, strictly below ``zone`` and at or above ``name``."""
    if message.aa and message.answer:
        return None
    owners = {r.name for r in message.authority if r.type == Type.NS and r.name != zone and within(r.name, zone) and within(name, r.name)}
    return max(owners, key=len, default=None)


async def resolve_anyway(net: Net, name: str, kind: Type) -> Answer:
    """Resolve, and where the resolver answers SERVFAIL once more without its validation: a bogus zone is to be looked at, not hidden."""
    try:
        return await net.resolve(name, kind)
    except CannotObserve as why:
        if why.reason is not Reason.SERVER_FAILURE:
            raise
    return await net.resolve(name, kind, checking=False)


async def addresses_of(net: Net, name: str) -> tuple[str, ...] | Unobserved:
    """Look up both address families of a host, IPv4 first. An empty tuple: it has none. One family's failure hides only that family."""
    found, missing = await families_of(net, name)
    return found if found or missing is None else missing


async def families_of(net: Net, name: str) -> tuple[tuple[str, ...], Unobserved | None]:
    """Look up both address families of a host: the addresses seen, IPv4 first, and why a family could not be seen."""
    net.expect((name,), Type.A)
    net.expect((name,), Type.AAAA)
    parts = [await part(resolve_anyway(net, name, kind)) for kind in (Type.A, Type.AAAA)]
    answers = [p for p in parts if isinstance(p, Answer) and p.status is Status.FOUND]
    found = tuple(dict.fromkeys(r.data for a in answers for r in a.records if isinstance(r.data, str)))
    return found, next((p for p in parts if isinstance(p, Unobserved)), None)


async def service_addresses(service: Service, net: Net) -> tuple[str, ...]:
    """Give the addresses of a service: its own where it names one, else all of its host. Raises ``CannotObserve``; never empty."""
    if service.address:
        return (service.address,)
    if is_address(service.host):
        return (service.host,)
    found = needed(await addresses_of(net, service.host))
    if not found:
        raise CannotObserve(Reason.NOT_DISCOVERABLE, f"{service.host} has no address")
    return found


def is_address(host: str) -> bool:
    """Tell an IP address from a host name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def no_servers(zone: str, what: str) -> CannotObserve:
    """Say that nobody could be asked because no server of the zone has an address that is known."""
    return CannotObserve(Reason.NOT_DISCOVERABLE, f"{what}: no address of any name server of {zone} is known")
