"""The inventory as values: what the organisation has, how it hangs together in systems, and from where it is looked at.

Reading it from YAML stands in ``inventory_file``, what it declares to checks in ``declared``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scanner.facts.dns_server import DnsTestNames
from scanner.facts.ledger import DeclaredBackup
from scanner.facts.smtp import SmtpTestNames
from scanner.ledger.grading import UNGRADED, Grade, SystemClass
from scanner.ledger.scope import Permissions, listed_targets
from scanner.model.login import Login, SavedConfig
from scanner.model.target import Domain, Endpoint, Host, Service, Target, WholeRun

INTERNET = "internet"


@dataclass(frozen=True, slots=True)
class Zone:
    """A vantage point. ``networks`` are the addresses from which a scanner there is seen, in CIDR or plain form."""

    name: str
    outside: bool
    networks: tuple[str, ...] = ()


DEFAULT_ZONE = Zone(INTERNET, outside=True)


@dataclass(frozen=True, slots=True)
class DomainEntry:
    """A domain name and what is declared of it; ``None`` means that nothing is. ``zones`` empty: see ``Inventory.zones_of``."""

    target: Domain
    sends_mail: bool | None = None
    receives_mail: bool | None = None
    dkim_selectors: tuple[str, ...] = ()
    outbound_addresses: tuple[str, ...] = ()
    internal_names: tuple[str, ...] = ()
    public_site: bool | None = None
    domain_exception: str = ""
    zones: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class HostEntry:
    """A machine. ``addresses`` are its addresses where its name does not tell them everywhere; ``login``, ``config``: the way into it.

    ``backups`` are the files in which its jobs write how the last backup ended.
    """

    target: Host
    addresses: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    line: int = 0
    login: Login | None = None
    config: SavedConfig | None = None
    backups: tuple[DeclaredBackup, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """A service. ``resolver_for`` and ``relays_for`` hold networks and zone names; an empty tuple says that nobody is served."""

    target: Service
    authoritative_for: tuple[str, ...] | None = None
    resolver_for: tuple[str, ...] | None = None
    mail_for: tuple[str, ...] | None = None
    relays_for: tuple[str, ...] | None = None
    social_profiles: tuple[str, ...] | None = None
    zones: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class EndpointEntry:
    """A terminal known by its agent's id."""

    target: Endpoint
    zones: tuple[str, ...] = ()
    line: int = 0


InventoryEntry = DomainEntry | HostEntry | ServiceEntry | EndpointEntry


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
    entries: Mapping[str, InventoryEntry]
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
        entries: dict[str, InventoryEntry] = {}
        for target in targets:
            entries.setdefault(target.key, _plain_entry(target))
        return cls(
            organisation="",
            zones=MappingProxyType({INTERNET: DEFAULT_ZONE}),
            entries=MappingProxyType(entries),
            systems=MappingProxyType({}),
            member_of=MappingProxyType({}),
            permissions=listed_targets([(entry.target, ()) for entry in entries.values()]),
        )

    def entry_of(self, target: Target) -> InventoryEntry | None:
        """Give the entry of a target. A service seen at one address also answers to its entry without or by that address."""
        return next((self.entries[key] for key in _keys(target) if key in self.entries), None)

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


def targets(inventory: Inventory, zone: str) -> tuple[Target, ...]:
    """Give the targets to be looked at from a zone, by key."""
    return tuple(
        inventory.entries[key].target for key in sorted(inventory.entries) if zone in inventory.zones_of(inventory.entries[key].target)
    )


def _keys(target: Target) -> tuple[str, ...]:
    """Give the keys under which a target may be listed, the closest first."""
    if not isinstance(target, Service) or not target.address:
        return (target.key,)
    return (
        target.key,
        Service(target.host, target.port, target.protocol).key,
        Service(target.address, target.port, target.protocol).key,
    )


def _plain_entry(target: Target) -> InventoryEntry:
    match target:
        case Domain():
            return DomainEntry(target)
        case Host():
            return HostEntry(target)
        case Service():
            return ServiceEntry(target)
        case Endpoint():
            return EndpointEntry(target)
        case WholeRun():
            raise ValueError("the run itself is no entry of an inventory")
