"""The collector for tunnels that carry IPv6 on Linux: devices and addresses now, drivers, and lasting definitions."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scanner.facts.ipv6 import Ipv6Tunnels, Technique, TunnelAddress, TunnelDriver, TunnelInterface
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.linux.base import first_line, seen, shown
from scanner.hosts.linux.inet6 import IP6GRE, IPGRE, SIT, TUNNEL6, Address, addresses, flags
from scanner.hosts.linux.links import LINKS, links, within
from scanner.hosts.linux.modules import modules
from scanner.hosts.linux.reads import MODULES
from scanner.hosts.linux.tunnel_files import READS, definitions
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform

DRIVERS = ("sit", "ip6_tunnel")
FALLBACK = frozenset({"sit0", "ip6tnl0", "ip6gre0", "ip6_vti0", "gre0", "gretap0", "erspan0"})
"""Devices that a driver makes when it loads; they carry nothing unless somebody brings them up."""
UP = 0x1  # IFF_UP
_GENERIC_KINDS = frozenset({"gre", "gretap", "erspan"})
_OVER_KINDS = frozenset({"ip6tnl", "ip6gre", "ip6gretap", "vti6", "ip6erspan"})
_ANY = frozenset({"", "any", "0.0.0.0", "::"})  # noqa: S104  the unspecified far end of a tunnel, nothing is bound to it


@collector(
    Platform.LINUX,
    *MODULES,
    Files("/proc/net/if_inet6", limit=16_000_000),
    LINKS,
    *(Files(f"/sys/class/net/*/{leaf}") for leaf in ("type", "flags", "tun_flags", "address", "broadcast")),
    Names("/sys/module/sit"),
    Names("/sys/module/ip6_tunnel"),
    *READS,
)
def ipv6_tunnels(read: Reader) -> Ipv6Tunnels:
    """See tunnels for IPv6 that are there now and that lasting settings describe."""
    held = seen(lambda: addresses(read)) if read.live else None
    interfaces: tuple[TunnelInterface, ...] | Unobserved | None = None
    if read.live:
        mine = () if held is None or isinstance(held, Unobserved) else held
        interfaces = held if isinstance(held, Unobserved) else seen(lambda: _interfaces(read, mine))
    described, unread = definitions(read)
    rules = modules(read)
    fact = Ipv6Tunnels(
        interfaces=interfaces,
        addresses=held if held is None or isinstance(held, Unobserved) else _from_techniques(read, held),
        definitions=described,
        unread=unread,
        drivers=tuple(TunnelDriver(name, rules.loaded(name), rules.barred(name)) for name in DRIVERS),
    )
    _keep(read, fact)
    return fact


def _from_techniques(read: Reader, held: Iterable[Address]) -> tuple[TunnelAddress, ...] | Unobserved:
    """Leave out what only looks like one: Linux gives GRE devices link-local addresses with an ISATAP identifier."""

    def counts(address: Address) -> bool:
        return address.technique is not Technique.ISATAP or first_line(read, f"/sys/class/net/{address.interface}/type") != str(IPGRE)

    return seen(lambda: tuple(TunnelAddress(str(a.address), a.interface, a.technique) for a in held if a.technique and counts(a)))


@dataclass(frozen=True, slots=True)
class _Device:
    """What ``ip -d link`` says of a device beyond what /sys has."""

    kind: str
    local: str
    remote: str
    isatap: bool
    rapid: bool
    """Whether a 6rd prefix of its own is set."""


def _interfaces(read: Reader, held: tuple[Address, ...]) -> tuple[TunnelInterface, ...]:
    described = _described(read)
    found = []
    for name in read.names("/sys/class/net") or ():
        number = first_line(read, f"/sys/class/net/{name}/type") or ""
        mine = [address for address in held if address.interface == shown(name)]
        device = described.get(name) or _from_sys(read, name, number)
        technique = _technique(name, number, device, mine)
        if technique is None:
            continue
        up = bool((flags(read, name) or 0) & UP)
        fallback = name in FALLBACK and device.remote in _ANY and device.local in _ANY
        found.append(
            TunnelInterface(
                shown(name), technique, shown(device.kind), up, fallback, shown(device.local or "any"), shown(device.remote or "any")
            )
        )
    return tuple(found)


def _technique(name: str, number: str, device: _Device, mine: list[Address]) -> Technique | None:
    of_addresses = {address.technique for address in mine}
    if number == str(SIT):
        if device.isatap or Technique.ISATAP in of_addresses:
            return Technique.ISATAP
        if device.rapid:
            return Technique.RAPID
        # Without a far end a sit device takes it out of 2002:: addresses, so it is a 6to4 one.
        return Technique.CONFIGURED if device.remote not in _ANY or name in FALLBACK else Technique.SIX_TO_FOUR
    if number in {str(TUNNEL6), str(IP6GRE)} or device.kind in _OVER_KINDS:
        return Technique.OVER_IPV6
    if Technique.TEREDO in of_addresses or (name == "teredo" and device.kind in {"tun", ""}):
        return Technique.TEREDO
    if (number == str(IPGRE) or device.kind in _GENERIC_KINDS) and mine:
        return Technique.GENERIC
    return None


def _described(read: Reader) -> Mapping[str, _Device]:
    """Ask ``ip``; nothing where it does not tell: /sys has the essentials."""
    told = seen(lambda: links(read))
    return {} if isinstance(told, Unobserved) else {name: _device(link) for name, link in told.items()}


def _device(link: Mapping[str, object]) -> _Device:
    info = within(link, "linkinfo")
    data = within(info, "info_data")
    prefix = str(data.get("prefix", ""))
    return _Device(
        kind=str(info.get("info_kind", "")),
        local=str(data.get("local", "")),
        remote=str(data.get("remote", "")),
        isatap="isatap" in data and data["isatap"] is not False,
        rapid=bool(prefix) and prefix not in {"2002::", "2002::/16"},
    )


def _from_sys(read: Reader, name: str, number: str) -> _Device:
    """Take the outer addresses from /sys: for tunnels they stand where other devices have their hardware addresses."""
    kind = {str(SIT): "sit", str(TUNNEL6): "ip6tnl", str(IPGRE): "gre", str(IP6GRE): "ip6gre"}.get(number, "")
    if not kind:
        return _Device("tun" if first_line(read, f"/sys/class/net/{name}/tun_flags") else "", "", "", False, False)
    local, remote = (_outer(first_line(read, f"/sys/class/net/{name}/{leaf}") or "") for leaf in ("address", "broadcast"))
    return _Device(kind, local, remote, False, False)


def _outer(text: str) -> str:
    try:
        address = ipaddress.ip_address(bytes.fromhex(text.replace(":", "")))
    except ValueError:
        return ""
    return "any" if address.is_unspecified else str(address)


def _keep(read: Reader, fact: Ipv6Tunnels) -> None:
    if fact.interfaces and not isinstance(fact.interfaces, Unobserved):
        for tunnel in fact.interfaces:
            read.keep(
                f"device {tunnel.name}", f"{tunnel.kind} {tunnel.technique} up={tunnel.up} local {tunnel.local} remote {tunnel.remote}"
            )
    if fact.addresses and not isinstance(fact.addresses, Unobserved):
        for address in fact.addresses:
            read.keep("/proc/net/if_inet6", f"{address.interface} {address.address} {address.technique}")
    for definition in fact.definitions:
        read.keep(definition.source, f"{definition.name} {definition.technique}")
