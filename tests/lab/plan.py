"""The map of the small Internet: networks, hosts, name servers and resolvers with their addresses. Data and lookups only.

Addresses. Documentation ranges will not do: a scanner rightly calls 192.0.2.1 "not a public address". The laboratory therefore
uses blocks that IANA lists as globally reachable and in which nobody lives: AS112 and AMT anycast (RFC 7534, 7535, 7450) for
IPv4, the returned 6bone block (RFC 3701) for IPv6. Nothing leaves the namespaces, so nobody ever sees a packet.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NETWORKS = {
    "a": ("192.175.48", "3ffe:a:"),
    "b": ("192.31.196", "3ffe:b:"),
    "c": ("192.52.193", "3ffe:c:"),
    "office": ("10.20.0", "fd20:20:"),
}
"""Network name → (first three octets, first two groups). Each is one IPv4 /24 and one IPv6 /64, "one network" to a check."""

SCOPE = ("192.175.48.0/24", "192.31.196.0/24", "192.52.193.0/24", "3ffe:a::/64", "3ffe:b::/64", "3ffe:c::/64")
OFFICE = ("10.20.0.0/24", "fd20:20::/64")


def ip4(place: str) -> str:
    """``"a.11"`` → ``"192.175.48.11"``."""
    network, number = place.split(".")
    return f"{NETWORKS[network][0]}.{number}"


def ip6(place: str) -> str:
    """``"a.11"`` → ``"3ffe:a::11"``: the same digits, so that a reader sees which addresses belong together."""
    network, number = place.split(".")
    return f"{NETWORKS[network][1]}:{number}"


class Kind(StrEnum):
    """What a server is for."""

    ROOT = "root"
    TLD = "tld"
    AUTHORITY = "authority"
    RESOLVER = "resolver"
    ODD = "odd"
    MAIL = "mail"
    WEB = "web"
    SSH = "ssh"


@dataclass(frozen=True, slots=True)
class Server:
    """One address pair of the laboratory at which something answers (or is meant not to)."""

    name: str  # unique; for name servers the host name without the final dot
    kind: Kind
    place: str  # "a.11": network and last number of both addresses
    host: str  # the namespace it lives in
    about: str  # one sentence
    behaviour: str = ""  # for kind ODD: a name from odd.BEHAVIOURS
    reverse: bool = True  # both addresses have a PTR record with the name
    published: bool = True  # the name stands in the DNS

    @property
    def v4(self) -> str:
        """IPv4 address."""
        return ip4(self.place)

    @property
    def v6(self) -> str:
        """IPv6 address."""
        return ip6(self.place)

    @property
    def addresses(self) -> tuple[str, str]:
        """Both addresses, IPv4 first."""
        return self.v4, self.v6


_FIXED = (
    Server("a.root.test", Kind.ROOT, "c.1", "root", "the root, NSD"),
    Server("a.dns.jp", Kind.TLD, "c.2", "tld", "jp, lg.jp, go.jp, or.jp, test and the reverse zones, NSD"),
    Server("b.dns.jp", Kind.TLD, "a.2", "tld", "the same in another network"),
    Server("ns1.hosting.or.jp", Kind.AUTHORITY, "a.11", "bind", "well-kept BIND of the hosting provider"),
    Server("ns4.hosting.or.jp", Kind.AUTHORITY, "a.12", "bind", "the same BIND, another address in the same network as ns1"),
    Server("ns2.hosting.or.jp", Kind.AUTHORITY, "b.11", "nsd", "well-kept NSD of the hosting provider, another network"),
    Server("ns3.hosting.or.jp", Kind.AUTHORITY, "c.11", "knot", "Knot that carries none of the lab's delegated zones unless told: lame"),
    Server("ns1.kakuu.lg.jp", Kind.AUTHORITY, "a.21", "bind", "first server of the well-kept municipality, BIND"),
    Server("ns2.kakuu.lg.jp", Kind.AUTHORITY, "b.21", "nsd", "second server of the well-kept municipality, NSD"),
    Server("axfr.servers.or.jp", Kind.AUTHORITY, "a.33", "bind", "BIND that gives whole zones to everybody (AXFR and IXFR)"),
    Server("recursive.servers.or.jp", Kind.AUTHORITY, "a.34", "bind", "BIND that serves zones and resolves for everybody"),
    Server("version.servers.or.jp", Kind.AUTHORITY, "c.35", "knot", "Knot that tells its version and name"),
    Server("resolver.operator.test", Kind.RESOLVER, "a.53", "resolver", "Unbound, validating: the resolver the scanner uses"),
    Server("resolver.kakuu.lg.jp", Kind.RESOLVER, "b.53", "resolvers", "Unbound, validating, answers the office and refuses outsiders"),
    Server("novalidate.resolvers.test", Kind.RESOLVER, "b.54", "resolvers", "Unbound without validation, answers the office only"),
    Server(
        "fixedport.resolvers.test", Kind.RESOLVER, "b.55", "resolvers", "Unbound that always asks from port 5353, answers the office only"
    ),
    Server("open.resolvers.test", Kind.RESOLVER, "a.61", "resolvers", "BIND, validating, open to everybody"),
    Server("closed.resolvers.test", Kind.RESOLVER, "a.62", "resolvers", "BIND, validating, answers the office, REFUSED to outsiders"),
    Server("oneport.resolvers.test", Kind.RESOLVER, "a.63", "resolvers", "Unbound that always asks from port 1053, open to everybody"),
    Server("mx1.hosting.or.jp", Kind.MAIL, "b.25", "mail", "mail host of the hosting provider, Postfix"),
    Server("mx2.hosting.or.jp", Kind.MAIL, "c.25", "mail", "second mail host of the hosting provider"),
    Server("mx1.kakuu.lg.jp", Kind.MAIL, "a.25", "mail", "mail host of the well-kept municipality, Postfix"),
    Server("mx2.kakuu.lg.jp", Kind.MAIL, "b.26", "mail", "second mail host of the well-kept municipality"),
    Server("mx2.bad-all.lg.jp", Kind.MAIL, "c.24", "mail", "Postfix that relays for everybody, tells its version, speaks TLS 1.0"),
    Server("web.hosting.or.jp", Kind.WEB, "c.80", "web", "nginx with the MTA-STS policies"),
    Server("www.kakuu.lg.jp", Kind.WEB, "a.80", "sites", "nginx of the well-kept municipality"),
    Server("www.bad-all.lg.jp", Kind.WEB, "c.81", "sites", "nginx with TLS 1.0, bad certificates, .git published"),
    Server("crl.ca.test", Kind.WEB, "c.83", "sites", "revocation list of the authority, over HTTP"),
    Server("file.kakuu.lg.jp", Kind.SSH, "a.22", "ssh", "OpenSSH of the well-kept municipality: keys only, modern algorithms"),
    Server("old.bad-all.lg.jp", Kind.SSH, "c.22", "ssh", "OpenSSH with passwords, 3DES, SHA-1 and DSA"),
    Server(
        "juki-db.naibu.kakuu.lg.jp",
        Kind.WEB,
        "office.80",
        "juki",
        "server for the office, nginx and OpenSSH",
        reverse=False,
        published=False,
    ),
)

VANTAGE = {"outside": "c.200", "inside": "office.10"}
"""Namespaces a scanner runs in: from the Internet, and from the municipality's office network."""

SPARE = {"mail": ("c.26", "c.27", "c.28", "c.29", "c.30"), "odd": ("c.99",)}
"""Host → further places on it that have no server name: mail hosts of fault domains, a source of misdirected answers."""

BLACKHOLE = "c.250"
"""Packets to this address vanish in the router: a host that is switched off behind a silent firewall."""
PROHIBITED = "c.251"
"""Packets to this address are answered "administratively prohibited" by the router."""


def servers() -> dict[str, Server]:
    """All servers by name."""
    return {server.name: server for server in _FIXED}
