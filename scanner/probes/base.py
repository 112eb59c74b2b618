"""How a probe is declared. The probes themselves stand in the other modules of this room, by subject."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class Probe:
    """A declared probe: ``await run(target, net, *facts)`` gives one fact or raises ``CannotObserve``.

    ``limit`` is its own time in seconds, counted from its first turn on the wire.
    """

    name: str
    makes: type[Fact]
    of: Kind
    needs: tuple[tuple[type[Fact], bool], ...]
    intrusive: bool
    limit: float
    run: Callable[..., Awaitable[Fact]]


class BadProbe(TypeError):
    """A probe is declared wrongly; raised when its module is imported."""


def probe(*, limit: float, intrusive: bool = False) -> Callable[[Callable[..., Awaitable[Fact]]], Probe]:
    """Declare ``async def name(target, net, *facts) -> FactType`` as the probe that makes ``FactType``.

    Further positional parameters are facts of the same target that must be there first: ``F``, or ``F | Unobserved``
    for a probe that can go on without. Raises ``BadProbe`` where the signature does not follow this form.
    """

    def declare(run: Callable[..., Awaitable[Fact]]) -> Probe:
        hints = typing.get_type_hints(run)
        makes = hints.get("return")
        if not (isinstance(makes, type) and issubclass(makes, Fact)):
            raise BadProbe(f"{run.__qualname__}: must be annotated to return one fact type")
        needs = tuple(_need(run.__qualname__, hints.get(name)) for name in list(inspect.signature(run).parameters)[2:])
        return Probe(run.__qualname__, makes, makes.of, needs, intrusive, limit, run)

    return declare


def _need(name: str, hint: object) -> tuple[type[Fact], bool]:
    members = typing.get_args(hint) or (hint,)
    facts = [m for m in members if isinstance(m, type) and issubclass(m, Fact)]
    if len(facts) != 1 or any(m is not facts[0] and m is not Unobserved for m in members):
        raise BadProbe(f"{name}: parameters after target and net must be a fact type, or a fact type | Unobserved")
    return facts[0], Unobserved in members
