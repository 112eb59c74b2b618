"""Network interfaces as the kernel tells them to ip-link(8), for the collectors that ask about them."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.hosts.base import Reader, Run
from scanner.hosts.seeing import parse_json
from scanner.model.reason import CannotObserve, Reason

LINKS = Run(("ip", "-j", "-d", "link", "show"))
MOST_LINKS = 2_000


def links(read: Reader) -> Mapping[str, Mapping[str, object]]:
    """Give name → what ``ip`` says of the interface. Raises ``CannotObserve`` where it is missing, too old for JSON or not understood."""
    said = read.command(LINKS.argv)
    if said is None or said.status:
        raise CannotObserve(Reason.UNSUPPORTED, "ip does not tell of network interfaces")
    try:
        told = parse_json(said.stdout)
    except ValueError as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"ip link: {error}") from error
    held = [link for link in told if isinstance(link, dict)] if isinstance(told, list) else []
    if len(held) > MOST_LINKS:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_LINKS} network interfaces")
    return {name: link for link in held if isinstance(name := link.get("ifname"), str)}


def within(held: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Give the object of that name within another; empty where there is none."""
    value = held.get(name)
    return value if isinstance(value, dict) else {}
