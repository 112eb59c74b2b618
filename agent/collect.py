"""Runs the built-in collectors of this platform. Which of them run is chosen by name; nothing else can be asked of a machine."""

from __future__ import annotations

import importlib
import pkgutil
import platform
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from agent import clock
from scanner.hosts.base import Collector, what
from scanner.model.fact import Fact, Observation, Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.model.target import Kind

if TYPE_CHECKING:
    from scanner.hosts.machine import Machine

AnyCollector = Collector[Any]  # of whichever reader; the platform says which
SECONDS = 120.0
"""For all collectors of one report together."""


def this_platform() -> Platform:
    """Say what this machine runs. The module of the readers is chosen by it."""
    return {"Darwin": Platform.MACOS, "Windows": Platform.WINDOWS}.get(platform.system(), Platform.LINUX)


def this_machine() -> Machine:
    """Give the machine that this process runs on."""
    from scanner.hosts.machine import LocalMachine  # its readers load on their own platform only

    return LocalMachine()


@cache
def collectors(of: Platform) -> Mapping[str, AnyCollector]:
    """Give the collectors of a platform by the name of the fact that each makes. Only that platform's modules are loaded."""
    found: dict[str, AnyCollector] = {}
    for module in _modules(f"scanner.hosts.{of.value}"):
        for member in vars(importlib.import_module(module)).values():
            # what the ledger has to tell first is not the agent's to read
            if isinstance(member, Collector) and member.run.__module__ == module and member.of is Kind.MACHINE and member.told is None:
                found[member.makes.__name__] = member
    return dict(sorted(found.items()))


def see(asked: Collection[str], withheld: Collection[str], machine: Machine | None = None) -> Mapping[str, Observation[Fact]]:
    """Answer every fact that is asked (none named: all that are built in), each by what was seen or by a reason."""
    machine = machine or this_machine()
    known = collectors(machine.platform)
    wanted = sorted(asked) or list(known)
    running = [known[name] for name in wanted if name in known and name not in withheld]
    seen = machine.see(lambda: running, clock.now, SECONDS)
    answers: dict[str, Observation[Fact]] = {}
    for name in wanted:
        if name in withheld:
            answers[name] = Unobserved(Reason.NO_CONSENT, "withheld by the configuration of this agent", clock.now())
        elif name not in known:
            answers[name] = Unobserved(Reason.UNSUPPORTED, "this agent has no collector of that name", clock.now())
        else:
            answers[name] = seen[known[name].makes]
    return answers


def needs_rights(of: Platform) -> Mapping[str, tuple[str, ...]]:
    """Name the facts that read what an ordinary account usually may not, with what that is."""
    found = {}
    for name, collector in collectors(of).items():
        sources = tuple(what(source) for source in collector.reads if source.root)
        if sources:
            found[name] = sources
    return found


def _modules(package: str) -> Iterator[str]:
    try:
        found = importlib.import_module(package)
    except ModuleNotFoundError:
        return
    for module in sorted(pkgutil.walk_packages(found.__path__, package + "."), key=lambda m: m.name):
        yield module.name
