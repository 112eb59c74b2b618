"""Whether the key that a server shows is the one that the operator knows, as ssh(1) decides with StrictHostKeyChecking=yes."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from pathlib import Path

from scanner.model.reason import CannotObserve, Reason
from scanner.wire import known_hosts
from scanner.wire.known_hosts import KnownHost, about, fingerprint

USUAL = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")
MOST = 20_000_000  # octets of one file


def files_of(path: str) -> tuple[str, ...]:
    """Give the files that count: the one that the inventory names, or those of the account that scans and of its machine."""
    return tuple(os.path.expanduser(name) for name in ((path,) if path else USUAL))


class HostKeys:
    """What the operator knows of servers' keys. Reading raises ``CannotObserve`` for a file that cannot be used."""

    def __init__(self, path: str) -> None:
        self.files = files_of(path)
        entries: list[KnownHost] = []
        for name in self.files:
            try:
                data = Path(name).read_bytes()
                if len(data) > MOST:
                    raise ValueError(f"more than {MOST} octets")
                entries.extend(known_hosts.parse(data))
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                raise CannotObserve(Reason.UNVERIFIED, f"{name}: known host keys cannot be read: {error}") from error
        self._entries = tuple(entries)

    def kinds(self, name: str) -> tuple[str, ...]:
        """Give the types of the keys that are known of a host, so that the server is asked for one of these."""
        return tuple(dict.fromkeys(entry.kind for entry in about(self._entries, name) if not entry.marker))

    def check(self, name: str, kind: str, key: bytes) -> None:
        """Come back when the key is known; raise ``CannotObserve(UNVERIFIED)`` where it is unknown, another one, or revoked."""
        entries = about(self._entries, name)
        shown = f"{name}: the server shows the {kind} key {fingerprint(key)}"
        if any(entry.marker == "@revoked" and entry.key == key for entry in entries):
            raise CannotObserve(Reason.UNVERIFIED, f"{shown}, WHICH IS MARKED AS REVOKED. Nothing was sent to it.")
        plain = [entry for entry in entries if not entry.marker]
        if any(entry.key == key for entry in plain):
            return
        if plain:
            raise CannotObserve(
                Reason.UNVERIFIED,
                f"{shown}, BUT ANOTHER ONE IS KNOWN: {_listed(plain)}. Somebody may stand between, or the server was set up anew: "
                "find out which before the old line is taken out. Nothing was sent to it.",
            )
        raise CannotObserve(Reason.UNVERIFIED, f"{shown}, which is not in {' or '.join(self.files)}. {advice(name, kind, key)}")


def advice(name: str, kind: str, key: bytes) -> str:
    """Say how a key is accepted."""
    return f"Compare the fingerprint with the server's own (ssh-keygen -lf on its console), then add this line: {as_line(name, kind, key)}"


def as_line(name: str, kind: str, key: bytes) -> str:
    """Write the line of a known_hosts file."""
    return f"{name} {kind} {base64.b64encode(key).decode('ascii')}"


def _listed(entries: Sequence[KnownHost]) -> str:
    return ", ".join(f"{entry.kind} {fingerprint(entry.key)} (line {entry.line})" for entry in entries[:5])
