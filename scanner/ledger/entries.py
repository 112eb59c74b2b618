"""What the inventory says of one target, as values: an entry for each sort of target."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.facts.ledger import DeclaredBackup
from scanner.model.login import Login, SavedConfig
from scanner.model.target import Domain, Endpoint, Host, Service, Target, WholeRun


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


def plain_entry(target: Target) -> InventoryEntry:
    """Give the entry of a target of which nothing is said. Raises ``ValueError`` for the run itself, which nobody lists."""
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
