"""What the inventory declares of a subject, as facts for checks; and where the scanner stands seen from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scanner.facts.dns_server import DnsTestNames
from scanner.facts.ledger import (
    DeclaredDnsService,
    DeclaredDomain,
    DeclaredHost,
    DeclaredMachine,
    DeclaredPort,
    DeclaredSmtpService,
    DeclaredSshService,
    DeclaredTlsService,
    DeclaredWebService,
    Vantage,
)
from scanner.facts.smtp import SmtpTestNames
from scanner.ledger.entries import DomainEntry, HostEntry, ServiceEntry
from scanner.ledger.inventory import Inventory, Zone
from scanner.ledger.words import Network, as_network
from scanner.model.fact import Fact
from scanner.model.target import Domain, Host, Kind, Service, Target

UDP_ONLY = frozenset(
    {"ntp", "snmp", "snmptrap", "tftp", "dhcp", "radius", "ike", "ipsec", "openvpn", "wireguard", "coap", "ipmi", "mdns", "quic"}
)
"""Protocols that a service entry names and that need no TCP port."""
BOTH = frozenset({"dns", "syslog", "sip", "kerberos", "portmap", "nfs", "memcached", "stun"})

EVERYBODY = frozenset({as_network("0.0.0.0/0"), as_network("::/0")})


def declared_domain(inventory: Inventory, domain: Domain, zone: str) -> DeclaredDomain:
    """Give what is declared of a domain, looked at from the zone ``zone``. Nothing is taken over from a domain above it."""
    where = inventory.zones.get(zone)
    entry = inventory.entry_of(domain)
    if not isinstance(entry, DomainEntry):
        entry = DomainEntry(domain)
    return DeclaredDomain(
        sends_mail=entry.sends_mail,
        receives_mail=entry.receives_mail,
        dkim_selectors=entry.dkim_selectors,
        outbound_addresses=entry.outbound_addresses,
        internal_names=entry.internal_names,
        public_site=entry.public_site,
        domain_exception=entry.domain_exception,
        vantage_outside=where.outside if where else None,
    )


def declared_dns_service(inventory: Inventory, service: Service, zone: str) -> DeclaredDnsService:
    """Give what is declared of a DNS server, and whether the zone ``zone`` is one of its clients.

    The zone is a client where ``resolver_for`` names it, or holds all of its networks, by themselves or through another zone. A
    zone marked outside that is no client is an outsider, also to a server that the ledger does not list. Everything else is
    unknown: inside, a server that says nothing of a zone may still be meant for it.
    """
    entry = inventory.entry_of(service)
    found = entry if isinstance(entry, ServiceEntry) else ServiceEntry(service)
    where = inventory.zones.get(zone)
    return DeclaredDnsService(
        authoritative_for=found.authoritative_for,
        resolver_for=found.resolver_for,
        vantage=_vantage(where, found.resolver_for or (), inventory.zones) if where else Vantage.UNKNOWN,
    )


def declared_smtp_service(inventory: Inventory, service: Service, zone: str) -> DeclaredSmtpService:
    """Give what is declared of a mail server, and whether the zone ``zone`` may relay through it: told as for DNS servers."""
    entry = inventory.entry_of(service)
    found = entry if isinstance(entry, ServiceEntry) else ServiceEntry(service)
    where = inventory.zones.get(zone)
    return DeclaredSmtpService(
        mail_for=found.mail_for,
        relays_for=found.relays_for,
        vantage=_vantage(where, found.relays_for or (), inventory.zones) if where else Vantage.UNKNOWN,
    )


def internal_names(inventory: Inventory) -> frozenset[str]:
    """Gather the names that domains are listed with as meant for inside use only."""
    with_some = inventory.entries.of(DomainEntry, lambda entry: entry.internal_names)
    return frozenset(name for entry in with_some for name in entry.internal_names)


def declared_tls_service(inventory: Inventory, service: Service, zone: str, internal: frozenset[str] | None = None) -> DeclaredTlsService:
    """Give for whom a service is meant: by the zones that it or its host is listed with, else by being an internal name or below one.

    ``internal`` are those of ``internal_names``, for whoever asks of many services.
    """
    where = inventory.zones.get(zone)
    places: tuple[Target, ...] = (service, *(Host(name) for name in (service.host, service.address) if name))
    zones = next((named for place in places if (named := inventory.named_zones(place))), ())
    inside: bool | None = not any(inventory.zones[name].outside for name in zones) if zones else None
    if inside is None and any(above in (internal_names(inventory) if internal is None else internal) for above in _above(service.host)):
        inside = True
    return DeclaredTlsService(for_insiders=inside, vantage_outside=where.outside if where else None)


def _above(name: str) -> list[str]:
    """A name and all names above it."""
    labels = name.split(".")
    return [".".join(labels[at:]) for at in range(len(labels))]


def services_by_place(inventory: Inventory) -> Mapping[str, tuple[ServiceEntry, ...]]:
    """Index the listed services by the host name and by the address under which they are listed."""
    found: dict[str, list[ServiceEntry]] = {}
    for entry in inventory.entries.of(ServiceEntry):
        for place in dict.fromkeys(filter(None, (entry.target.host, entry.target.address))):
            found.setdefault(place, []).append(entry)
    return {place: tuple(entries) for place, entries in found.items()}


def declared_host(
    inventory: Inventory, host: Host, zone: str, by_place: Mapping[str, tuple[ServiceEntry, ...]] | None = None
) -> DeclaredHost:
    """Give what is declared of a host: its addresses, and the services that are listed by its name or by one of its addresses.

    ``by_place`` is the index of ``services_by_place``, for whoever asks of many hosts.
    """
    where = inventory.zones.get(zone)
    entry = inventory.entry_of(host)
    addresses = entry.addresses if isinstance(entry, HostEntry) else ()
    by_place = by_place if by_place is not None else services_by_place(inventory)
    found = {listed.target.key: listed for place in (host.name, *addresses) for listed in by_place.get(place, ())}
    services = [
        DeclaredPort(
            port=listed.target.port,
            protocol=listed.target.protocol,
            tcp=listed.target.protocol not in UDP_ONLY,
            udp=listed.target.protocol in UDP_ONLY | BOTH,
            address=listed.target.address or (listed.target.host if listed.target.host in addresses else ""),
            here=zone in inventory.zones_of(listed.target),
        )
        for _, listed in sorted(found.items())
    ]
    return DeclaredHost(
        services=tuple(services) or None,
        addresses=addresses,
        vantage_outside=where.outside if where else None,
        zone=zone,
        ports=inventory.permissions.ports,
    )


def declarations(inventory: Inventory, zone: str) -> Callable[[Target], Mapping[type[Fact], Fact]]:
    """Give the function that says what the inventory declares of any subject, seen from one zone."""
    by_place, internal = services_by_place(inventory), internal_names(inventory)

    def declare(subject: Target) -> Mapping[type[Fact], Fact]:
        if isinstance(subject, Service) and Kind.TLS_SERVICE in subject.kinds:
            return {**besides_tls(subject), DeclaredTlsService: declared_tls_service(inventory, subject, zone, internal)}
        return besides_tls(subject)

    def besides_tls(subject: Target) -> Mapping[type[Fact], Fact]:
        if isinstance(subject, Domain):
            return {DeclaredDomain: declared_domain(inventory, subject, zone)}
        if isinstance(subject, Host):
            host = declared_host(inventory, subject, zone, by_place)
            entry = inventory.entry_of(subject)
            backups = entry.backups if isinstance(entry, HostEntry) else ()
            return {DeclaredHost: host, DeclaredMachine: DeclaredMachine(host.services, backups)}
        if isinstance(subject, Service) and Kind.DNS_SERVICE in subject.kinds:
            own: dict[type[Fact], Fact] = {DnsTestNames: inventory.dns_tests} if inventory.dns_tests else {}
            return own | {DeclaredDnsService: declared_dns_service(inventory, subject, zone)}
        if isinstance(subject, Service) and Kind.SMTP_SERVICE in subject.kinds:
            tests: dict[type[Fact], Fact] = {SmtpTestNames: inventory.smtp_tests} if inventory.smtp_tests else {}
            return tests | {DeclaredSmtpService: declared_smtp_service(inventory, subject, zone)}
        if isinstance(subject, Service) and Kind.SSH_SERVICE in subject.kinds:
            where = inventory.zones.get(zone)
            return {DeclaredSshService: DeclaredSshService(where.outside if where else None)}
        if isinstance(subject, Service) and Kind.WEB_SERVICE in subject.kinds:
            where, listed = inventory.zones.get(zone), inventory.entry_of(subject)
            profiles = listed.social_profiles if isinstance(listed, ServiceEntry) else None
            return {DeclaredWebService: DeclaredWebService(where.outside if where else None, profiles)}
        return {DeclaredMachine: DeclaredMachine(None)} if Kind.MACHINE in subject.kinds else {}

    return declare


def _vantage(zone: Zone, served: tuple[str, ...], zones: Mapping[str, Zone]) -> Vantage:
    if zone.name in served:
        return Vantage.CLIENT
    written = [n for text in served for n in (zones[text].networks if text in zones else (text,))]
    clients = frozenset(as_network(text) for text in written)
    if clients >= EVERYBODY:
        return Vantage.CLIENT
    own = [as_network(text) for text in zone.networks]
    held = [any(_inside(network, client) for client in clients) for network in own]
    if held and all(held):
        return Vantage.CLIENT
    # A zone half of whose addresses are clients is neither: which half the scanner stands in is not known here.
    touched = any(held) or any(_inside(client, network) for network in own for client in clients)
    return Vantage.OUTSIDER if zone.outside and not touched else Vantage.UNKNOWN


def _inside(small: Network, large: Network) -> bool:
    # mypy needs the two families apart; subnet_of refuses to mix them anyway.
    if small.version == 4 and large.version == 4:
        return small.subnet_of(large)
    return small.version == 6 and large.version == 6 and small.subnet_of(large)
