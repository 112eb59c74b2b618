"""known_hosts files of OpenSSH, sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT": bytes to entries, and which of them speak of a host."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

MOST_LINES = 200_000
MARKERS = frozenset({"", "@revoked", "@cert-authority"})


@dataclass(frozen=True, slots=True)
class KnownHost:
    """One line. ``names`` are patterns, or one hashed name; ``key`` is the key's blob as it goes over the wire."""

    marker: str
    names: tuple[str, ...]
    kind: str
    key: bytes
    line: int

    def speaks_of(self, name: str) -> bool:
        """Tell whether the line is about a host: its name in lower case, or ``[name]:port`` where the port is not 22."""
        if any(pattern.startswith("!") and _fits(pattern[1:], name) for pattern in self.names):
            return False
        return any(_fits(pattern, name) for pattern in self.names if not pattern.startswith("!"))


def parse(data: bytes) -> tuple[KnownHost, ...]:
    """Read a file. Lines that OpenSSH would pass over are passed over; ``ValueError`` for a file beyond ``MOST_LINES``."""
    lines = data.decode("utf-8", "replace").split("\n")
    if len(lines) > MOST_LINES:
        raise ValueError(f"more than {MOST_LINES} lines")
    found = []
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        marker = words.pop(0) if words[0].startswith("@") else ""
        if marker not in MARKERS or len(words) < 3:
            continue
        try:
            key = base64.b64decode(words[2], validate=True)
        except (binascii.Error, ValueError):
            continue
        found.append(KnownHost(marker, tuple(words[0].split(",")), words[1], key, number))
    return tuple(found)


def about(entries: Iterable[KnownHost], name: str) -> tuple[KnownHost, ...]:
    """Give the lines about a host."""
    wanted = name.lower()
    return tuple(entry for entry in entries if entry.speaks_of(wanted))


def fingerprint(key: bytes) -> str:
    """Give the fingerprint of a key as OpenSSH prints it, ``SHA256:`` and base64 without padding."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode("ascii").rstrip("=")


def _fits(pattern: str, name: str) -> bool:
    if pattern.startswith("|1|"):
        parts = pattern.split("|")
        if len(parts) != 4:
            return False
        try:
            salt, digest = base64.b64decode(parts[2]), base64.b64decode(parts[3])
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(hmac.new(salt, name.encode(), hashlib.sha1).digest(), digest)
    # Only * and ? are wildcards there; brackets belong to names with a port.
    return fnmatchcase(name, pattern.lower().replace("[", "[[]"))
