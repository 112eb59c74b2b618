"""Rules of the Windows firewall as the registry keeps them: ``v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|...``.

The form is that of [MS-GPFAS] section 2.2.2. What a rule narrows down by means not known here is told by ``narrowed``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_FIELDS = 512
PROTOCOLS = {6: "tcp", 17: "udp"}
_PORTS = re.compile(r"LPort(2_10)?\Z", re.IGNORECASE)
_HARMLESS = frozenset({"name", "desc", "embedctxt", "edge", "lport", "lport2_10", "action", "active", "dir", "protocol", "profile", "app"})
_REMOTE = {"ra4": 4, "ra42": 4, "ra6": 6, "ra62": 6}


@dataclass(frozen=True, slots=True)
class Ports:
    """Local ports. ``word``: a group of ports that Windows knows by name (``RPC``, ``Teredo``), else empty."""

    first: int
    last: int
    word: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``protocol`` is ``tcp``, ``udp``, a number, or empty for all; ``profiles`` is empty for all of them."""

    allow: bool
    active: bool
    inbound: bool
    protocol: str
    ports: tuple[Ports, ...]
    """Empty: all of them."""
    program: str
    """The program, service or package that the rule is for; empty: all."""
    profiles: frozenset[str]
    """``domain``, ``private``, ``public``."""
    remote4: tuple[str, ...] | None
    """From where (to where) over IPv4; ``None``: the rule is not for IPv4, an empty tuple: anywhere."""
    remote6: tuple[str, ...] | None
    narrowed: bool
    """Whether it is further narrowed down: to interfaces, users, remote ports, authentication …"""


class NotARule(ValueError):
    """The text is no rule of the Windows firewall."""


def parse(written: str) -> Rule:
    """Read one rule. Raises ``NotARule``."""
    version, *fields = written.split("|")
    if not re.fullmatch(r"v\d{1,3}\.\d{1,3}", version):
        raise NotARule(f"it begins with {version[:20]!r}")
    if len(fields) > MOST_FIELDS:
        raise NotARule(f"{len(fields)} fields")
    held: dict[str, list[str]] = {}
    for field in fields:
        name, equals, value = field.partition("=")
        if equals:
            held.setdefault(name.strip().lower(), []).append(value.strip())
    action, direction = _one(held, "action").lower(), _one(held, "dir").lower()
    if action not in {"allow", "block", "bypass", "allowbypass"} or direction not in {"in", "out"}:
        raise NotARule(f"action {action!r}, direction {direction!r}")
    number = _one(held, "protocol", "")
    if number and not re.fullmatch(r"\d{1,3}", number):
        raise NotARule(f"protocol {number!r}")
    protocol = PROTOCOLS.get(int(number), number) if number and int(number) != 256 else ""  # 256 stands for all of them
    remote: dict[int, list[str]] = {4: [], 6: []}
    for name, which in _REMOTE.items():
        remote[which] += held.get(name, [])
    somewhere = bool(remote[4] or remote[6])
    return Rule(
        allow=action != "block",
        active=_one(held, "active", "false").lower() == "true",
        inbound=direction == "in",
        protocol=protocol,
        ports=tuple(_ports(value) for name in held if _PORTS.match(name) for text in held[name] for value in text.split(",") if value),
        program=_one(held, "app", "") or _one(held, "apppkgid", ""),
        profiles=frozenset(value.lower() for value in held.get("profile", [])) & {"domain", "private", "public"},
        remote4=tuple(remote[4]) if remote[4] or not somewhere else None,
        remote6=tuple(remote[6]) if remote[6] or not somewhere else None,
        narrowed=bool(held.keys() - _HARMLESS - _REMOTE.keys()),
    )


def _one(held: dict[str, list[str]], name: str, default: str | None = None) -> str:
    values = held.get(name)
    if values:
        return values[-1]
    if default is None:
        raise NotARule(f"there is no {name}")
    return default


def _ports(text: str) -> Ports:
    found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text)
    if not found:
        return Ports(0, 0, text[:40])
    first, last = int(found[1]), int(found[2] or found[1])
    if first > last or last > 65_535:
        raise NotARule(f"port {text!r}")
    return Ports(first, last)
