"""``tenken look``: what a service shows, unjudged. For a person at a terminal who wants to know now.

It loads no check, document or store and is there in a fraction of a scan's time, so ``main`` calls it before anything else is imported.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import gc
import importlib
import sys
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from scanner.model.fact import Fact, Observation, Observed, Unobserved
from scanner.model.reason import WORDS, CannotObserve, Reason
from scanner.model.target import Kind, NotATarget, Service
from scanner.net.budget import Allowance
from scanner.net.network import Network, Settings
from scanner.net.pacing import Pace
from scanner.net.scope import Entry, Match, Scope
from scanner.wire.addresses import is_address

if TYPE_CHECKING:
    from scanner.cli.look_shares import Tell
    from scanner.probes.base import Probe

PROBES = {Kind.TLS_SERVICE: ("scanner.probes.tls", "tls_survey"), Kind.SSH_SERVICE: ("scanner.probes.ssh", "ssh_survey")}
AT_ONCE = 64
"""Services looked at side by side; what each shows is printed as soon as it is there."""
MANY = 100
"""Services from which on several processes pay."""
ALLOCATIONS = 50_000
"""New objects between two searches for garbage: a survey makes next to none, and what is loaded stays."""
WRONG_USE = 2
UNSEEN = 3


def main(arguments: Sequence[str]) -> int:
    """Look at the services named and print what they show. Gives the exit status: 0, or 3 where one of them could not be seen."""
    options = _parser().parse_args(arguments)
    try:
        services = [Service.parse(text) for text in options.services]
    except NotATarget as error:
        sys.stderr.write(f"対象を読めない / not a target: {error}\n")
        return WRONG_USE
    unknown = [s.key for s in services if not any(kind in PROBES for kind in s.kinds)]
    if unknown:
        sys.stderr.write(f"見ることのできないプロトコル / a protocol that look does not know: {', '.join(unknown)}\n")
        return WRONG_USE
    for kind in {kind for service in services for kind in service.kinds if kind in PROBES}:
        _probe(kind)  # loaded before the processes part
    gc.freeze()
    gc.set_threshold(ALLOCATIONS)
    gc.enable()
    return _looked(services, options.connections, options.format)


def _parser() -> argparse.ArgumentParser:
    what = "サービスが示すものを、判定せずに表示する / Show what a service shows, unjudged."
    parser = argparse.ArgumentParser(prog="tenken look", description=what)
    examples = "www.example.jp:443/https, mx.example.jp:25/smtp, 192.0.2.1:22/ssh"
    parser.add_argument("services", nargs="+", metavar="HOST:PORT/PROTOCOL", help=examples)
    parser.add_argument(
        "--connections", type=int, default=60, metavar="N", help="TLS の接続数の上限 / Most connections to one TLS server (default 60)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="出力の形式 / Form of the output")
    return parser


def _looked(services: Sequence[Service], connections: int, form: str) -> int:
    status = 0

    def tell(seen: bool, text: str) -> None:
        nonlocal status
        status = status if seen else UNSEEN
        sys.stdout.write(text)
        sys.stdout.flush()  # whoever ends the program keeps what was seen until then

    async def work(share: Sequence[Service], pace: Pace, tell: Tell) -> None:
        await _look(
            share, Settings(_scope(share), pace=pace, allowance=Allowance(tls_connections=connections, tls_connections_of=())), form, tell
        )

    if len(services) >= MANY:
        from scanner.cli.look_shares import divided, look_in_shares  # few are so many

        shares = divided(services)
        if len(shares) > 1:
            look_in_shares(shares, work, tell)
            return status
    asyncio.run(work(services, Pace(), tell))
    return status


async def _look(services: Sequence[Service], settings: Settings, form: str, tell: Tell) -> None:
    async with Network(settings) as network, asyncio.TaskGroup() as group:
        room = asyncio.Semaphore(AT_ONCE)

        async def look(service: Service, probe: Probe) -> None:
            async with room:
                seen = await _observation(service, probe, network)
                tell(isinstance(seen, Observed), _written(service, seen, form) + "\n")

        for service in services:
            for kind in service.kinds:
                if kind in PROBES:
                    group.create_task(look(service, _probe(kind)))


def _probe(kind: Kind) -> Probe:
    module, name = PROBES[kind]
    found: Probe = getattr(importlib.import_module(module), name)
    return found


def _scope(services: Sequence[Service]) -> Scope:
    """Only what was named may be touched."""
    entries = []
    for service in services:
        for name in filter(None, (service.host, service.address)):
            entries.append(Entry(Match.NETWORK if is_address(name) else Match.HOST, name))
    return Scope(allowed=tuple(entries))


async def _observation(service: Service, probe: Probe, network: Network) -> Observation[Fact]:
    net = network.view(service.key)
    try:
        async with asyncio.timeout(probe.limit) as clock:
            net.stop_with(clock)
            return Observed(await probe.run(service, net), net.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
    except CannotObserve as why:
        return Unobserved.from_error(why)
    except TimeoutError:
        return Unobserved(Reason.TIMEOUT, f"{probe.name} of {service.key} did not end within {probe.limit:g} s")


def _written(service: Service, seen: Observation[Fact], form: str) -> str:
    if form == "json":
        from scanner.codec import canonical, observation_out  # to load it takes longer than to look

        return canonical({"subject": service.key, **observation_out(seen)}).decode()
    shown = [service.key]
    if isinstance(seen, Observed):
        _lines(seen.fact, "  ", shown)
    else:
        shown.append(f"  {_short(seen)}")
    return "\n".join(shown)


def _lines(value: Any, pad: str, out: list[str]) -> None:  # Any: whatever dataclass stands in a fact
    """Write the fields of a fact, one a line; what is not known or has no meaning is left out."""
    for name in _fields(value.__class__):
        part = getattr(value, name)
        if part is None or part in ("", ()):
            continue
        if isinstance(part, tuple) and _fields(part[0].__class__):
            for item in part:
                _titled(name, item, pad, out)
        elif _fields(part.__class__):
            _titled(name, part, pad, out)
        elif isinstance(part, tuple):
            out.append(f"{pad}{name}:")
            out += [f"{pad}  {item}" for item in part]
        else:
            out.append(f"{pad}{name}: {part}")


@cache
def _fields(kind: type) -> tuple[str, ...]:
    """Give the names of a dataclass's fields; of anything else, none."""
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()


def _titled(name: str, part: Any, pad: str, out: list[str]) -> None:  # Any: see ``_lines``
    if isinstance(part, Unobserved):
        out.append(f"{pad}{name}: {_short(part)}")
    else:
        out.append(f"{pad}{name}:")
        _lines(part, pad + "  ", out)


def _short(why: Unobserved) -> str:
    return f"{WORDS[why.reason].ja} / {WORDS[why.reason].en} ({why.detail})"
