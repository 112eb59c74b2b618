"""Listening sockets as ss(8) prints them and as the kernel writes them in /proc/net. Pure; lines that cannot be read are refused."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

MOST_LINES = 50_000
_USERS = re.compile(r'\(\("((?:[^"\\]|\\.)*)"')


class NotSockets(ValueError):
    """The text is not a list of sockets, or goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One socket. ``address`` is ``None`` where it waits at all of them; ``program`` is ``None`` where it is not said."""

    protocol: str
    address: str | None
    port: int
    program: str | None


def of_ss(data: bytes) -> tuple[Waiting, ...]:
    """Read what ``ss -H -tulpn`` prints. Raises ``NotSockets``."""
    found = []
    for line in _lines(data):
        words = line.split()
        if len(words) < 6 or words[0] not in {"tcp", "udp"}:
            raise NotSockets(f"no socket: {line[:80]!r}")
        host, colon, port = words[4].rpartition(":")
        if not colon or not re.fullmatch(r"[0-9]{1,5}", port):
            raise NotSockets(f"no address: {words[4][:80]!r}")
        users = _USERS.search(line)
        found.append(Waiting(words[0], _address(host), int(port), users[1] if users else None))
    return tuple(found)


def _address(text: str) -> str | None:
    plain = text.split("%", 1)[0].strip("[]") if "%" not in text or not text.startswith("[") else text[1:].split("]", 1)[0].split("%", 1)[0]
    if plain in {"*", "0.0.0.0", "::"}:  # noqa: S104  compared, nothing is bound
        return None
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError as error:
        raise NotSockets(f"no address: {text[:80]!r}") from error


def of_proc(data: bytes, protocol: str) -> tuple[Waiting, ...]:
    """Read /proc/net/tcp, tcp6, udp or udp6 (proc(5)); for UDP every socket without a peer waits. Raises ``NotSockets``."""
    found = []
    for line in _lines(data)[1:]:
        words = line.split()
        if len(words) < 4:
            raise NotSockets(f"no socket: {line[:80]!r}")
        if words[3] != ("0A" if protocol == "tcp" else "07"):
            continue
        host, _, port = words[1].partition(":")
        try:
            raw = b"".join(bytes.fromhex(host[i : i + 8])[::-1] for i in range(0, len(host), 8))
            address = ipaddress.ip_address(raw)
            number = int(port, 16)
        except ValueError as error:
            raise NotSockets(f"no address: {words[1][:80]!r}") from error
        found.append(Waiting(protocol, None if int(address) == 0 else str(address), number, None))
    return tuple(found)


def _lines(data: bytes) -> list[str]:
    lines = [line for line in data.decode("utf-8", "replace").split("\n") if line.strip()]
    if len(lines) > MOST_LINES:
        raise NotSockets(f"more than {MOST_LINES} sockets")
    return lines
