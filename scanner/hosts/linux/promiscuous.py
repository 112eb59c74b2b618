"""The collector for network interfaces of Linux that take every frame.

The kernel counts who asked for it: ``ip link set promisc on``, a bridge for its ports, every packet socket of a capturing program.
The word PROMISC of ip-link(8) tells of the first only; its ``promiscuity`` is the count.
"""

from __future__ import annotations

from collections.abc import Mapping

from scanner.facts.promiscuous import PromiscuousInterface, PromiscuousInterfaces
from scanner.hosts.base import Reader, collector
from scanner.hosts.linux.base import shown
from scanner.hosts.linux.links import LINKS, links, within
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

SWITCHES = frozenset({"bridge", "openvswitch", "batadv"})
"""Kinds of master that need every frame of their ports."""
HANDS_DOWN = frozenset({"vlan", "bond", "team", "hsr"})
"""Kinds of interface that ask those below them for what they are asked for themselves."""
Link = Mapping[str, object]


@collector(Platform.LINUX, LINKS)
def promiscuous_interfaces(read: Reader) -> PromiscuousInterfaces:
    """See which interfaces take every frame, and what is known to ask for it."""
    if not read.live:
        raise CannotObserve(Reason.UNSUPPORTED, "the machine does not run")
    held = links(read)
    if any("promiscuity" not in link for link in held.values()):
        raise CannotObserve(Reason.UNSUPPORTED, "ip does not tell who takes every frame")
    found = tuple(
        PromiscuousInterface(shown(name), shown(_kind(link)), _asked(link), _causes(name, link, held))
        for name, link in held.items()
        if _asked(link)
    )
    read.keep("ip -d link", ", ".join(f"{one.name}: {one.asked}" for one in found) or "no interface takes every frame")
    return PromiscuousInterfaces(found)


def _asked(link: Link) -> int:
    count = link["promiscuity"]
    return count if isinstance(count, int) else 0


def _kind(link: Link) -> str:
    return str(within(link, "linkinfo").get("info_kind", ""))


def _causes(name: str, link: Link, held: Mapping[str, Link]) -> tuple[str, ...]:
    master = str(link.get("master", ""))
    found = [master] if within(link, "linkinfo").get("info_slave_kind") in SWITCHES else []
    above = [(one, other) for one, other in held.items() if other.get("link") == name or one == master]
    found += [one for one, other in above if _hands_down(other)]
    return tuple(shown(one) for one in found)


def _hands_down(link: Link) -> bool:
    data = within(within(link, "linkinfo"), "info_data")
    if _kind(link) in {"macvlan", "macvtap"}:
        return data.get("mode") == "passthru"
    return _kind(link) in HANDS_DOWN and _asked(link) > 0
