"""A network for tests of probes that look things up: a resolver that answers from a table. No test stands here."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from scanner.model.reason import CannotObserve, Reason
from scanner.net.net import Answer, DnsServer, Exchange, HttpReply, Status
from scanner.wire.dns import RData, Record, Type

Zone = Mapping[tuple[str, Type], list[RData] | Status | Reason]


class FakeNet:
    """Answers from a table; what is not in it does not exist. Names in ``secure`` are answered with the AD bit.

    A name in ``aliases`` is one for the name given there. Servers that are asked themselves stay silent.
    """

    def __init__(
        self, zone: Zone, *, secure: frozenset[str] = frozenset(), aliases: Mapping[str, str] | None = None, reply: HttpReply | None = None
    ) -> None:
        self.table = zone
        self.zone = "internet"  # where the scanner stands
        self.secure = secure
        self.aliases = aliases or {}
        self.reply = reply
        self.asked: list[tuple[str, Type]] = []
        self.fetched: list[str] = []
        self.rng = random.Random(7)

    def now(self) -> datetime:
        """A fixed time."""
        return datetime(2026, 11, 22, tzinfo=UTC)

    async def resolve(self, name: str, kind: Type, *, checking: bool = True) -> Answer:
        """See the class."""
        self.asked.append((name, kind))
        found = self.table.get((name, kind), Status.NXDOMAIN)
        if isinstance(found, Reason):
            raise CannotObserve(found, f"{kind.name} {name}")
        status, data = (found, []) if isinstance(found, Status) else (Status.FOUND, found)
        records = tuple(Record(name, kind, 300, one, b"") for one in data)
        aliases = (self.aliases[name],) if name in self.aliases else ()
        return Answer(name, kind, status, records, aliases, name in self.secure, (), 100)

    async def ask(self, server: DnsServer, name: str, kind: Type, **_: object) -> Exchange:
        """Nobody answers."""
        raise CannotObserve(Reason.TIMEOUT, f"{server.name}: {kind.name} {name}")

    def expect(self, names: Iterable[str], kind: Type) -> None:
        """Nothing is gained by asking early here."""

    async def fetch(self, url: str) -> HttpReply:
        """Give the reply of the table."""
        self.fetched.append(url)
        assert self.reply is not None
        return self.reply


def txt(*records: bytes) -> list[RData]:
    """TXT records of one string each, longer ones cut into strings."""
    return [tuple(r[i : i + 255] for i in range(0, max(len(r), 1), 255)) for r in records]
