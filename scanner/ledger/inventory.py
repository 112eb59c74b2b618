"""The inventory as values: what the organisation has, how it hangs together in systems, and from where it is looked at.

Its entries stand in ``entries`` and are held by ``rows``. Reading it from YAML stands in ``inventory_file``, what it declares to checks
in ``declared``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scanner.facts.dns_server import DnsTestNames
from scanner.facts.smtp import SmtpTestNames
from scanner.ledger.entries import InventoryEntry, plain_entry
from scanner.ledger.grading import UNGRADED, Grade, SystemClass
from scanner.ledger.rows import Entries, Targets
from scanner.ledger.scope import Permissions, listed_targets
from scanner.model.target import Domain, Endpoint, Host, Service, Target, WholeRun, target_of

INTERNET = "internet"


@dataclass(frozen=True, slots=True)
class Zone:
    """A vantage point. ``networks`` are the addresses from which a scanner there is seen, in CIDR or plain form."""

    name: str
    outside: bool
    networks: tuple[str, ...] = ()


DEFAULT_ZONE = Zone(INTERNET, outside=True)


@dataclass(frozen=True, slots=True)
class System:
    """A row of the system ledger 情報システム台帳. ``targets`` are canonical keys; ``classed`` is ``None`` where nobody has said."""

    id: str
    name: str
    grade: Grade = UNGRADED
    classed: SystemClass | None = None
    owner: str = ""
    duty: str = ""
    zones: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    line: int = 0

    @property
    def key(self) -> str:
        """The canonical key, ``system:mail``."""
        return f"system:{self.id}"


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that is listed. ``entries`` is by target key, ``systems`` by id, ``member_of`` from target key to system ids."""

    organisation: str
    zones: Mapping[str, Zone]
    entries: Entries
    systems: Mapping[str, System]
    member_of: Mapping[str, tuple[str, ...]]
    permissions: Permissions
    file: str = ""
    dns_tests: DnsTestNames | None = None
    """The organisation's own names to try DNS servers with; ``None``: those that Tenken ships."""
    smtp_tests: SmtpTestNames | None = None
    """The same for mail servers."""

    @classmethod
    def of_targets(cls, targets: Iterable[Target]) -> Inventory:
        """Make the inventory of a scan without a file: the targets named, seen from ``internet``, and they alone in scope."""
        listed = tuple(dict.fromkeys(targets))
        return cls(
            organisation="",
            zones=MappingProxyType({INTERNET: DEFAULT_ZONE}),
            entries=Entries(map(plain_entry, listed)),
            systems=MappingProxyType({}),
            member_of=MappingProxyType({}),
            permissions=listed_targets((target, ()) for target in listed),
        )

    def entry_of(self, target: Target) -> InventoryEntry | None:
        """Give the entry of a target. A service seen at one address also answers to its entry without or by that address."""
        return next((entry for key in _keys(target) if (entry := self.entries.get(key)) is not None), None)

    def systems_of(self, target: Target) -> tuple[System, ...]:
        """Give the systems that a target belongs to, in the order of the file.

        A service that no system names belongs to the systems of its host. Nothing is concluded from the domain above a name: a
        provider's server under the organisation's domain has its own grade.
        """
        keys = _keys(target)
        if isinstance(target, Service):
            keys += tuple(Host(name).key for name in (target.host, target.address) if name)
        for key in keys:
            if key in self.member_of:
                return tuple(self.systems[system] for system in self.member_of[key])
        return ()

    def zones_of(self, target: Target) -> tuple[str, ...]:
        """Name the zones from which a target is to be looked at: its own, else those of its systems, else all."""
        return self.named_zones(target) or tuple(self.zones)

    def named_zones(self, target: Target) -> tuple[str, ...]:
        """Name the zones that a target or its systems are listed with; none where nothing is said."""
        entry = self.entry_of(target)
        if entry is not None and entry.zones:
            return entry.zones
        named = {zone for system in self.systems_of(target) for zone in system.zones}
        return tuple(zone for zone in self.zones if zone in named)

    def knows(self, target: Target) -> bool:
        """Tell whether a target is listed, or lies at or below a listed name, as what a scan finds on the way does."""
        if self.entry_of(target) is not None:
            return True
        if isinstance(target, Endpoint | WholeRun):
            return False
        name = target.host if isinstance(target, Service) else target.name
        parts = name.split(".")
        above = (".".join(parts[i:]) for i in range(len(parts)))
        return Host(name).key in self.entries or any(Domain(n).key in self.entries for n in above)


def targets(inventory: Inventory, zone: str) -> Targets:
    """Give the targets to be looked at from a zone, by key."""
    return Targets(target for target in map(target_of, inventory.entries) if zone in inventory.zones_of(target))


def _keys(target: Target) -> tuple[str, ...]:
    """Give the keys under which a target may be listed, the closest first."""
    if not isinstance(target, Service) or not target.address:
        return (target.key,)
    return (
        target.key,
        Service(target.host, target.port, target.protocol).key,
        Service(target.address, target.port, target.protocol).key,
    )
