"""What every way to log in has in common: a ``sh`` or a device's command line that bytes go to and come from, and a login's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from scanner.model.login import Login


class Shell(Protocol):
    """A ``sh`` on the far machine, or a device's command line. Its standard error is thrown away."""

    def send(self, data: bytes, until: float) -> None:
        """Send everything before the moment ``until`` of the monotonic clock. Raises ``CannotObserve(TIMEOUT | RESET)``."""
        ...

    def receive(self, until: float) -> bytes:
        """Give what has come, at least one octet; nothing at the end. Raises ``CannotObserve(TIMEOUT | RESET)``."""
        ...

    def close(self) -> None:
        """End the conversation; from any thread, more than once, and without waiting."""
        ...


@dataclass(frozen=True, slots=True)
class Hop:
    """One machine on the way: the name under which its key is known, the address that is connected to, and whom to log in as."""

    name: str
    address: str
    port: int
    user: str

    @property
    def known_as(self) -> str:
        """The name as known_hosts files have it."""
        return self.name if self.port == 22 else f"[{self.name}]:{self.port}"

    def __str__(self) -> str:
        where = f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"
        return f"{self.user}@{self.name} ({where})" if self.name != self.address else f"{self.user}@{where}"


@dataclass(frozen=True, slots=True)
class Route:
    """The hops to a machine, it being the last, and with what to log in. ``password`` never appears in a text made of this."""

    hops: tuple[Hop, ...]
    login: Login
    password: str | None = None

    def __repr__(self) -> str:
        return f"Route({' → '.join(map(str, self.hops))})"


class NoCommonAlgorithm(Exception):
    """This way to log in and the server have no algorithm of some kind in common; another way may."""
