"""The lasting settings of ufw and firewalld, to the rules that they will load. What is in the kernel is read elsewhere."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace

from scanner.hosts.base import Files, Names, Reader, Source
from scanner.hosts.linux.base import needed, parsed, shown
from scanner.hosts.linux.nmprofiles import READS as PROFILES
from scanner.hosts.linux.nmprofiles import profiles
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import iptables
from scanner.wire.packetfilter import Chain, Does, Match, Rule, Table

UFW: tuple[Source, ...] = (
    Names("/usr/sbin/ufw"),
    Files("/etc/ufw/ufw.conf"),
    Files("/etc/default/ufw"),
    Files("/etc/ufw/*.rules", root=True),
)
FIREWALLD: tuple[Source, ...] = (
    *PROFILES,
    Names("/usr/sbin/firewalld"),
    Files("/etc/firewalld/firewalld.conf", root=True),
    Names("/etc/firewalld/zones", root=True),
    Files("/etc/firewalld/zones/*.xml", root=True),
    Files("/etc/firewalld/direct.xml", root=True),
    Names("/etc/firewalld/policies", root=True),
    Files("/etc/firewalld/policies/*.xml", root=True),
    Files("/usr/lib/firewalld/zones/*.xml"),
    Files("/usr/lib/firewalld/services/ssh.xml"),
    Files("/usr/lib/firewalld/services/dhcpv6-client.xml"),
    Files("/usr/lib/firewalld/services/cockpit.xml"),
)
LO = Match(frozenset({"lo"}))
KNOWN_STATES = Match(frozenset({"established", "related"}))
SCRIPTS = "/etc/sysconfig/network-scripts"
"""Connections of the Red Hat family as they were written up to its release 8, which NetworkManager still reads in 9."""
LONGEST_ZONE = 200_000
MOST_SERVICES_DEEP = 4


def ufw_enabled(read: Reader) -> bool:
    """Tell whether ufw loads its rules at the start. Raises ``CannotObserve``."""
    return _settings(read, "/etc/ufw/ufw.conf").get("ENABLED", "no").lower() == "yes"


def _settings(read: Reader, path: str) -> dict[str, str]:
    """Read ``NAME="value"`` lines as a shell would; the last of a name counts."""
    found = {}
    for line in (read.file(path) or b"").decode("utf-8", "replace").replace("\r", "").split("\n"):
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            found[name] = value.strip().strip("\"'")
    return found


def ufw(read: Reader) -> tuple[Table, ...]:
    """Give the rules as ufw-init puts them together: before, user and after rules under the default policies. Raises ``CannotObserve``."""
    defaults = _settings(read, "/etc/default/ufw")
    tables = []
    for family, mark in (("ip", ""), ("ip6", "6")):
        if mark and defaults.get("IPV6", "no").lower() != "yes":
            # ufw-init: with IPV6=no everything but the loopback is dropped
            closed = {
                "INPUT": Chain("INPUT", (Rule(Does.ACCEPT, inward=LO),), "input", denies=True),
                "OUTPUT": Chain("OUTPUT", (Rule(Does.ACCEPT, outward=LO),), "output", denies=True),
                "FORWARD": Chain("FORWARD", (), "forward", denies=True),
            }
            tables.append(Table("ip6", "filter", closed))
            continue
        chains: dict[str, Chain] = {}
        for name in ("before", "user", "after"):
            path = f"/etc/ufw/{name}{mark}.rules"
            data = read.file(path, limit=4_000_000)
            if data is None:
                continue
            for table in needed(parsed(path, data, lambda text: iptables.parse(text, family))):  # noqa: B023  called at once
                if table.name == "filter":
                    for chain in table.chains.values():
                        held = chains.get(chain.name)
                        chains[chain.name] = Chain(chain.name, (*(held.rules if held else ()), *chain.rules))
        for direction in ("input", "output", "forward"):
            policy = defaults.get(f"DEFAULT_{direction.upper()}_POLICY", "DROP").upper()
            jumps = tuple(Rule(Does.JUMP, f"ufw{mark}-{part}-{direction}") for part in ("before", "user", "after"))
            made = tuple(rule for rule in jumps if rule.target in chains)
            chains[direction.upper()] = Chain(direction.upper(), made, direction, denies=policy in {"DROP", "REJECT"})
        # what these lead to is the policy itself, and logging that lets nothing through
        for target in {rule.target for chain in chains.values() for rule in chain.rules if rule.does in {Does.JUMP, Does.GOTO}}:
            if target not in chains and target.startswith("ufw"):
                chains[target] = Chain(target, ())
        tables.append(Table(family, "filter", chains))
    return tuple(tables)


def firewalld(read: Reader) -> tuple[Table, ...]:
    """Give the rules that the permanent zones amount to. Raises ``CannotObserve``."""
    settings = _settings(read, "/etc/firewalld/firewalld.conf")
    default = settings.get("DefaultZone", "public")
    own = [name.removesuffix(".xml") for name in read.names("/etc/firewalld/zones") or () if name.endswith(".xml")]
    chains: dict[str, Chain] = {}
    joined = tuple(_of_connections(read))
    by_source: list[Rule] = []
    # a connection takes its interface out of the zone that names it
    by_interface = [Rule(Does.GOTO, zone, inward=Match(frozenset({name})) if name else None, unknown=not name) for zone, name in joined]
    for zone in dict.fromkeys((*own, default, *(zone for zone, _ in joined))):
        tree = _tree(read, "zones", zone)
        if tree is None:
            raise CannotObserve(Reason.UNSUPPORTED, f"firewalld: the zone {zone} has no file")
        chains[zone] = Chain(zone, _zone_rules(read, tree))
        names = frozenset(one.get("name", "") for one in tree.findall("interface"))
        sources = tuple(one.get("address", "") for one in tree.findall("source") if one.get("address"))
        if sources:
            by_source.append(Rule(Does.GOTO, zone, sources=sources))
        if len(sources) < len(tree.findall("source")):  # sets of addresses, and addresses of network cards
            by_source.append(Rule(Does.GOTO, zone, unknown=True))
        if names:
            by_interface.append(Rule(Does.GOTO, zone, inward=Match(names)))
    beside = [Rule(Does.UNCLEAR, text=f"firewalld: {what}") for what in _beside_zones(read)]
    first = (*beside, Rule(Does.ACCEPT, states=KNOWN_STATES), Rule(Does.ACCEPT, inward=LO))
    chains["INPUT"] = Chain("INPUT", (*first, *by_source, *by_interface, Rule(Does.GOTO, default)), "input", denies=True)
    # what firewalld lets through from zone to zone is refused unless a policy says otherwise; outgoing packets are free
    chains["FORWARD"] = Chain("FORWARD", (), "forward", denies=True)
    return (Table("inet", "firewalld", chains),)


def _of_connections(read: Reader) -> Iterator[tuple[str, str]]:
    """Give zones that connections put their interface into, with its name, empty where they are for any one of a kind.

    Raises ``CannotObserve``.
    """
    for zone, interface in _connections(read):
        if zone and not re.fullmatch(r"[\w-]{1,64}", zone):
            raise CannotObserve(Reason.UNSUPPORTED, shown(f"firewalld: the zone {zone[:64]} of a connection is not looked up"))
        if zone:
            yield zone, interface


def _connections(read: Reader) -> Iterator[tuple[str, str]]:
    found, unread = profiles(read)
    for why in unread:
        if why.reason is not Reason.UNSUPPORTED:  # which scripts for wireless networks are, whose zone is read below
            raise why.error()
    for profile in found:
        yield profile.text("connection", "zone") or "", profile.text("connection", "interface-name") or ""
    for name in read.names(SCRIPTS) or ():
        if name.startswith("ifcfg-"):
            settings = _settings(read, f"{SCRIPTS}/{name}")
            yield settings.get("ZONE", ""), settings.get("DEVICE", "")


def _beside_zones(read: Reader) -> Iterator[str]:
    """Name what may let something in besides the zones: direct rules, and policies for what comes to the machine."""
    if re.search(rb"<(?:rule|passthrough)\b", read.file("/etc/firewalld/direct.xml") or b""):
        yield "direct rules"
    for name in read.names("/etc/firewalld/policies") or ():
        tree = _tree(read, "policies", name.removesuffix(".xml")) if name.endswith(".xml") else None
        if tree is not None and {one.get("name") for one in tree.findall("egress-zone")} & {"HOST", "ANY"}:
            yield f"the policy {name.removesuffix('.xml')}"


def _tree(read: Reader, kind: str, name: str) -> ET.Element | None:
    for directory in ("/etc/firewalld", "/usr/lib/firewalld"):
        path = f"{directory}/{kind}/{name}.xml"
        data = read.file(path, limit=LONGEST_ZONE)
        if data is None:
            continue
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:  # no zone has them; they are how XML is made to grow
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{path}: a document type")
        try:
            return ET.fromstring(data)  # noqa: S314  entities are refused above
        except ET.ParseError as error:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{path}: {error}") from error
    return None


def _zone_rules(read: Reader, tree: ET.Element) -> tuple[Rule, ...]:
    found = [rule for one in tree for rule in _opens(read, one, ())]
    for rich in tree.findall("rule"):
        # a port that is forwarded on the machine is let in without a word that accepts
        if rich.find("accept") is None and all(one.get("to-addr") for one in rich.findall("forward-port")):
            continue
        source = rich.find("source")
        plain = source is None or (source.get("address") and source.get("invert", "no").lower() not in {"yes", "true"})
        opened = [rule for one in rich for rule in _opens(read, one, (source.get("address", ""),) if source is not None else ())]
        family = {"ipv4": "ip", "ipv6": "ip6"}.get(rich.get("family", ""))
        if plain and opened:
            found += [replace(rule, family=family) for rule in opened]
        else:
            found.append(Rule(Does.UNCLEAR, text="rich rule"))
    target = tree.get("target", "default")
    found.append(Rule(Does.ACCEPT if target == "ACCEPT" else Does.DENY))
    return tuple(found)


def _opens(read: Reader, element: ET.Element, sources: tuple[str, ...], depth: int = 0) -> list[Rule]:
    """Give what a port, protocol or service element of a zone lets through; a service may include others.

    A port that is forwarded to another one of the machine is let in at that of the two which is written first.
    """
    if element.tag in {"service", "include"}:
        name = element.get("name", "") or element.get("service", "")
        known = depth < MOST_SERVICES_DEEP and re.fullmatch(r"[A-Za-z0-9_.+-]{1,64}", name)
        tree = _tree(read, "services", name) if known else None
        if tree is None:
            return [Rule(Does.UNCLEAR, text=f"service {name}"[:100])]
        return [rule for one in tree for rule in _opens(read, one, sources, depth + 1)]
    if element.tag == "protocol" or (element.tag == "port" and not element.get("port")):  # in services the latter is the older form
        protocol = Match(frozenset({element.get("value", "") or element.get("protocol", "")}))
        return [Rule(Does.ACCEPT, protocols=protocol, sources=sources or None)]
    if element.tag not in {"port", "source-port", "forward-port"} or element.get("to-addr"):
        return []
    ends = element.get("port", "").split("-")
    if len(ends) > 2 or not all(re.fullmatch(r"[0-9]{1,5}", end) for end in ends):  # names of /etc/services are ports, too
        return [Rule(Does.UNCLEAR, text=f"port {element.get('port', '')}"[:100])]
    first, last = min(map(int, ends)), max(map(int, ends))
    protocol = Match(frozenset({element.get("protocol", "tcp")}))
    if element.tag == "source-port":  # the other side chooses it, so that every port is open
        return [Rule(Does.ACCEPT, protocols=protocol, from_port=True, sources=sources or None)]
    return [Rule(Does.ACCEPT, protocols=protocol, ports=((first, last),), sources=sources or None)]
