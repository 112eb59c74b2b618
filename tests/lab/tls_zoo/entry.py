"""What an entry of the TLS zoo is: a server, how it is started, and what is true of it. The entries themselves stand in ``kinds_*``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.facts.tls import Preference, Upgrade, Version
from tests.lab.tls_zoo.certificates import DOMAIN, RECIPES, Issued, Recipe

if TYPE_CHECKING:
    from tests.lab.tls_zoo.certificates import Mint

REPOSITORY = Path(__file__).resolve().parents[3]
FETCHED = REPOSITORY / "build" / "tls-zoo"
"""Programs that ``.ci/tls-zoo`` fetches."""
SERVERS = Path(__file__).with_name("servers")
"""Server programs of the zoo's own, in several languages."""
READY = "ready"
"""A file of this name in an entry's home, for servers that write down what is true of them before they count as up."""


@dataclass(frozen=True, slots=True)
class Program:
    """A process to start; it stays in the foreground and ends by a signal."""

    argv: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Truth:
    """What the configuration of a server allows, said by its own library.

    ``suites`` has one entry for each version that is spoken, in the order of the server where ``prefers`` says that it goes by its own.
    A ``None`` or a missing version means: not claimed. ``groups`` are the named groups of a version, ``dh`` the lengths of primes.
    ``features`` are fields of ``scanner.facts.tls.Features``.
    """

    suites: Mapping[Version, tuple[str, ...]]
    prefers: Mapping[Version, Preference] = field(default_factory=dict)
    groups: Mapping[Version, frozenset[str]] = field(default_factory=dict)
    dh: frozenset[int] | None = None
    features: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry lives once the zoo is up, and what it finds there. ``home`` is a folder of its own."""

    host: str
    v4: str
    v6: str
    home: Path
    folder: Path
    neighbours: Mapping[str, tuple[str, str]]
    """Every entry's name → its addresses."""
    mint: Mint | None = None

    def certificate(self, recipe: str, host: str = "") -> Issued:
        """The certificate of this entry's host; it is made on the keeper's side, and read on the owner's."""
        host = host or self.host
        return self.mint.issue(recipe, host) if self.mint else Issued(recipe, host, self.folder)

    def write(self, name: str, text: str) -> Path:
        """Write a file into the entry's home."""
        path = self.home / name
        path.write_text(text, encoding="utf-8")
        return path


Start = Callable[[Place], Sequence[Program]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One TLS service of the zoo.

    ``lives_with`` names the entry whose programs serve this one too, at the same address. ``certificates`` are the recipes of its
    certificates. ``answers``: which of its two addresses the name has. ``truth`` is ``None`` for peers that misbehave;
    ``truth6`` is that of the IPv6 address where it is another. It counts as up
    when its port answers, with ``ready_file`` when its file READY is there.
    """

    name: str
    about: str
    start: Start | None
    truth: Callable[[Place], Truth] | None = None
    truth6: Callable[[Place], Truth] | None = None
    port: int = 443
    protocol: str = "https"
    certificates: Sequence[str] = ("rsa-2048",)
    lives_with: str = ""
    upgrade: Upgrade = Upgrade.IMPLICIT
    answers: Sequence[str] = ("v4", "v6")
    ready_file: bool = False

    @property
    def host(self) -> str:
        """Host name."""
        return f"{self.lives_with or self.name}.{DOMAIN}"

    @property
    def service(self) -> str:
        """The target as a user writes it."""
        return f"{self.host}:{self.port}/{self.protocol}"

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """How its certificates are made."""
        return tuple(RECIPES[name] for name in self.certificates)


def together(
    name: str,
    about: str,
    ports: Sequence[tuple[str, int, str, Upgrade]],
    start: Start,
    truth: Callable[[Place], Truth],
    *,
    certificates: Sequence[str] = ("rsa-2048",),
) -> list[Entry]:
    """Entries of one program at several ports: suffix of the name, port, protocol, how TLS is reached. The first starts it."""
    return [
        Entry(
            f"{name}{suffix}",
            f"{about}: {protocol}",
            start if not suffix else None,
            truth,
            port=port,
            protocol=protocol,
            upgrade=upgrade,
            lives_with=name if suffix else "",
            certificates=certificates,
        )
        for suffix, port, protocol, upgrade in ports
    ]
