"""How a machine stood when it came back from other networks, in short, for those who look at it. A check judges it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from scanner.codec import Plain
from scanner.facts.malware import MalwareProduct, Protection
from scanner.facts.network_history import LinkKind
from scanner.facts.rejoining import Return
from scanner.model.fact import Unobserved


@dataclass(frozen=True, slots=True)
class Network:
    """A network that was joined; ``day`` is empty where the machine keeps none."""

    name: str
    kind: LinkKind
    day: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One return: the times of the two reports, what was joined between them, and the state at the second; ``None``: not known."""

    left_at: str
    at: str
    networks: tuple[Network, ...]
    realtime: bool | None
    """Whether files were looked at as they are used."""
    definitions_hours: int | None
    updates_missing: int | None
    """Security updates that were offered and not installed."""

    def plain(self) -> Plain:
        """Give the JSON object."""
        return asdict(self)


def standing(back: Return) -> Standing:
    """Put a return in short."""
    products: tuple[MalwareProduct, ...] = ()
    if not isinstance(back.protection, Unobserved) and not isinstance(back.protection.products, Unobserved):
        products = tuple(p for p in back.protection.products if p.kind is not Protection.ROOTKITS)
    states = [p.realtime for p in products if isinstance(p.realtime, bool)]
    offered = None if isinstance(back.updates, Unobserved) else back.updates.offered
    return Standing(
        left_at=back.left_at,
        at=back.at,
        networks=tuple(Network(n.name, n.kind, n.last_day if isinstance(n.last_day, str) else "") for n in back.networks),
        realtime=any(states) if states else None,
        definitions_hours=min((p.definitions_hours for p in products if isinstance(p.definitions_hours, int)), default=None),
        updates_missing=len(offered) if isinstance(offered, tuple) else None,
    )
