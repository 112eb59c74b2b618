"""Turn domain entries into zone texts, and delegations into parent zones up to the root. No signing, no files, no servers.

Zone text here is lines of ``OWNER TYPE RDATA`` with one TTL for all. ``<...>`` in an entry stands for something made at run time,
see ``Fill``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from tests.lab import plan
from tests.lab.table import Domain

TTL = 300
TOPS = ("jp", "lg.jp", "go.jp", "or.jp", "ac.jp", "test", "in-addr.arpa", "ip6.arpa")
TLD_SERVERS = ("a.dns.jp", "b.dns.jp")
SERIAL = 2026112201

RecordSets = dict[tuple[str, str], list[str]]
"""(owner as written, type) → rdata texts, in the order written."""


@dataclass(frozen=True, slots=True)
class Fill:
    """What the placeholders of the table stand for; they are listed in domains/README.md."""

    dkim: Mapping[str, str]  # key name → base64 of the public key
    tlsa: Mapping[str, str]  # name → hexadecimal SHA-256 of a public key

    def __call__(self, text: str, domain: str) -> str:
        """``text`` with every placeholder replaced, for the zone ``domain``."""

        def value(match: re.Match[str]) -> str:
            rest = match[2] or ""
            match match[1]:
                case "self":
                    return domain
                case "serial":
                    return str(SERIAL)
                case "a4":
                    return plan.ip4(rest)
                case "a6":
                    return plan.ip6(rest)
                case "txt":
                    return quoted("".join(f"{number:09d}." for number in range(int(rest) // 10 + 1))[: int(rest)])
                case "tlsa":
                    return self.tlsa[rest]
                case _:
                    name, _, head = rest.partition(" ")
                    kind = "ed25519" if name == "ed25519" else "rsa"
                    return quoted(f"{head or f'v=DKIM1; k={kind};'} p={self.dkim[name]}")

        return re.sub(r"<(self|serial|a4|a6|txt|dkim|tlsa)(?: ([^<>]*))?>", value, text)


def quoted(text: str) -> str:
    """A TXT value of any length as the strings of at most 255 bytes that a zone file wants."""
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, max(len(text), 1), 255))


def parse(lines: str) -> RecordSets:
    """Read ``OWNER TYPE RDATA`` lines; empty lines and lines that begin with ``;`` are skipped."""
    found: RecordSets = {}
    for line in lines.splitlines():
        if not line.strip() or line.lstrip().startswith(";"):
            continue
        owner, kind, rdata = line.split(None, 2) if len(line.split(None, 2)) == 3 else (*line.split(None, 2), "")
        found.setdefault((owner, kind.upper()), []).append(rdata)
    return found


def overlay(base: RecordSets, change: RecordSets) -> RecordSets:
    """``base`` with every record set of ``change`` in place of its own; a CNAME ousts everything at its owner, and is ousted."""
    aliases = {owner for owner, kind in change if kind == "CNAME"}
    owners = {owner for owner, _ in change}
    kept = {
        key: value
        for key, value in base.items()
        if key not in change and key[0] not in aliases and not (key[1] == "CNAME" and key[0] in owners)
    }
    return {**kept, **change}


def to_text(origin: str, records: RecordSets) -> str:
    """A zone file."""
    body = [f"{owner} {kind} {rdata}" for (owner, kind), values in records.items() for rdata in values]
    return "\n".join([f"$ORIGIN {origin.rstrip('.')}.", f"$TTL {TTL}", *body, ""])


_BARE = """
@ SOA ns1.hosting.or.jp. hostmaster.hosting.or.jp. <serial> 3600 900 604800 300
"""
_WEB = """
@ A <a4 c.80>
@ AAAA <a6 c.80>
www A <a4 c.80>
www AAAA <a6 c.80>
@ CAA 0 issue "ca.test"
@ CAA 0 iodef "mailto:ca@<self>"
"""
_MAIL = """
@ MX 10 mx1.hosting.or.jp.
@ MX 20 mx2.hosting.or.jp.
@ TXT "v=spf1 include:_spf.hosting.or.jp -all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@<self>"
selector1._domainkey TXT <dkim rsa-2048>
s2026._domainkey TXT <dkim ed25519>
_mta-sts TXT "v=STSv1; id=20261101T000000;"
mta-sts A <a4 c.80>
mta-sts AAAA <a6 c.80>
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tlsrpt@<self>"
"""
_NO_MAIL = """
@ MX 0 .
@ TXT "v=spf1 -all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@reports.or.jp"
*._domainkey TXT "v=DKIM1; p="
"""
BASES = {"kept": _BARE + _WEB + _MAIL, "no-mail": _BARE + _WEB + _NO_MAIL, "bare": _BARE, "none": ""}


def _within(name: str, zone: str) -> bool:
    return name == zone or name.endswith("." + zone)


def relative(name: str, zone: str) -> str:
    """``name`` as an owner in ``zone``."""
    return "@" if name == zone else name.removesuffix("." + zone)


class Tree:
    """All zones of the laboratory and who is whose parent."""

    def __init__(self, domains: Mapping[str, Domain], servers: Mapping[str, plan.Server], fill: Fill, ptr: Mapping[str, str]) -> None:
        self.domains = domains
        self.servers = {name: server for name, server in servers.items() if server.published}
        self.fill = fill
        self.ptr = ptr
        self.names = sorted({*TOPS, *domains}, key=lambda name: name.count("."))

    def parent(self, name: str) -> str:
        """The zone that delegates ``name``; ``""`` is the root."""
        rest = name
        while "." in rest:
            rest = rest.split(".", 1)[1]
            if rest in TOPS or rest in self.domains:
                return rest
        return ""

    def hosts(self, name: str) -> tuple[str, ...]:
        """The hosts whose server carries the zone."""
        entry = self.domains[name]
        if entry.loaded_on is not None:
            return entry.loaded_on
        found = [self.servers[server] for server in entry.servers if server in self.servers]
        # Misbehaving servers stand before BIND and spoil what it says, so BIND carries their zones.
        return tuple(dict.fromkeys("bind" if server.kind is plan.Kind.ODD else server.host for server in found)) or ("bind",)

    def delegations(self, zone: str, ds: Mapping[str, Iterable[str]]) -> RecordSets:
        """NS, glue and DS that ``zone`` holds for the zones below it."""
        found: RecordSets = {}
        for name in self.names:
            if name == zone or self.parent(name) != zone:
                continue
            entry = self.domains.get(name)
            owner = f"{name}."
            servers = TLD_SERVERS if entry is None else entry.servers
            found[owner, "NS"] = [f"{server}." for server in servers]
            if records := list(ds.get(name, ())):
                found[owner, "DS"] = records
            if entry is not None and entry.glue not in {"auto", "none"}:
                found.update(parse(self.fill(entry.glue, name)))
            elif entry is None or entry.glue == "auto":
                for server in servers:
                    if _within(server, name) and server in self.servers:
                        found.update(self._addresses(server, f"{server}."))
        return found

    def _addresses(self, server: str, owner: str) -> RecordSets:
        return {(owner, "A"): [self.servers[server].v4], (owner, "AAAA"): [self.servers[server].v6]}

    def root(self, ds: Mapping[str, Iterable[str]]) -> str:
        """The root zone."""
        records: RecordSets = {
            ("@", "SOA"): [f"a.root.test. hostmaster.root.test. {SERIAL} 3600 900 604800 300"],
            ("@", "NS"): ["a.root.test."],
        }
        records.update(self.delegations("", ds))
        for server in ("a.root.test", *TLD_SERVERS):
            records.update(self._addresses(server, f"{server}."))
        return to_text(".", records)

    def top(self, zone: str, ds: Mapping[str, Iterable[str]]) -> str:
        """A zone of the registry: jp, lg.jp, the reverse zones …"""
        records: RecordSets = {
            ("@", "SOA"): [f"a.dns.jp. hostmaster.dns.jp. {SERIAL} 3600 900 604800 300"],
            ("@", "NS"): [f"{server}." for server in TLD_SERVERS],
        }
        records.update(self.delegations(zone, ds))
        for name in self.servers:
            if _within(name, zone) and self._home(name) == zone:
                records.update(self._addresses(name, relative(name, zone)))
        if zone.endswith("arpa"):
            records.update(self._reverse(zone))
        return to_text(zone, records)

    def _home(self, name: str) -> str:
        """The zone in which ``name`` itself lives."""
        return name if name in self.domains else self.parent(name)

    def _reverse(self, zone: str) -> RecordSets:
        names = {address: server.name for server in self.servers.values() if server.reverse for address in server.addresses}
        for name, place in plan.VANTAGE.items():
            names.update(dict.fromkeys((plan.ip4(place), plan.ip6(place)), f"scanner-{name}.operator.test"))
        for place, target in self.ptr.items():
            names.update(dict.fromkeys((plan.ip4(place), plan.ip6(place)), target))
        pointers = {ip_address(address).reverse_pointer: target for address, target in names.items() if target}
        return {(f"{owner}.", "PTR"): [f"{target}."] for owner, target in pointers.items() if owner.endswith(zone)}

    def mail_hosts(self, name: str) -> tuple[str, ...]:
        """The hosts that the domain's MX records name, as a good MTA-STS policy would list them."""
        entry = self.domains[name]
        records = overlay(parse(BASES[entry.base]), parse(entry.records))
        hosts = [rdata.split()[1] for rdata in records.get(("@", "MX"), ())]
        return tuple(self.fill(host, name).lower().rstrip(".") if host.endswith(".") else f"{host}.{name}" for host in hosts if host != ".")

    def zone(self, name: str, ds: Mapping[str, Iterable[str]]) -> dict[str, str]:
        """Zone text by host; hosts that serve the same text share it under ``""``."""
        entry = self.domains[name]
        records = parse(BASES[entry.base])
        for server_name in self.servers:
            if self._home(server_name) == name:
                records.update(self._addresses(server_name, relative(server_name, name)))
        own = entry.servers if entry.child_servers is None else entry.child_servers
        if entry.base != "none":
            records["@", "NS"] = [f"{server}." for server in own]
        for line in entry.without:
            owner, kind = line.split()
            del records[owner, kind]
        records = overlay(records, parse(entry.records))
        records.update(self.delegations(name, ds))
        texts = {"": records, **{host: overlay(records, parse(lines)) for host, lines in entry.variants.items()}}
        return {host: self.fill(to_text(name, content), name) for host, content in texts.items()}
