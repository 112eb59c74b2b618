"""How the mail probes ask: TXT records that belong to a format, and the questions of the SPF engine.

Only what several mail probes share; the probes stand in the ``mail*`` modules beside this one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeVar

from scanner.facts.mail import Status, TextAnswer
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.net.net import Net
from scanner.net.net import Status as DnsStatus
from scanner.wire import spf
from scanner.wire.dns import Mx, Record, Type
from scanner.wire.txt import Selection

T = TypeVar("T")

MAX_TEXT_OCTETS = 32_768
"""Octets of the records of one format at one name that a fact keeps; no honest record set comes near."""

STATUS = {DnsStatus.FOUND: Status.FOUND, DnsStatus.EMPTY: Status.EMPTY, DnsStatus.NXDOMAIN: Status.NXDOMAIN}

_ESCAPED = re.compile(r"\\([0-9]{3})|\\(.)")
_ODD = re.compile(r"[^A-Za-z0-9_.*/+=-]")
_SPF_TYPES = {"TXT": Type.TXT, "A": Type.A, "AAAA": Type.AAAA, "MX": Type.MX, "PTR": Type.PTR}


def texts(records: Iterable[Record]) -> list[bytes]:
    """Give TXT records with their strings joined."""
    return [b"".join(strings) for record in records if (strings := _strings(record)) is not None]


async def ask_text(net: Net, name: str, select: Callable[[Iterable[bytes]], Selection] | None) -> TextAnswer:
    """Give the TXT records at a name that ``select`` chooses, or all with ``None``. Raises ``CannotObserve``."""
    answer = await net.resolve(name, Type.TXT)
    found = texts(answer.records)
    kept: Sequence[bytes] = found
    if select is not None:
        chosen = select(found)
        kept = (*chosen.records, *chosen.near)
    if sum(map(len, kept)) > MAX_TEXT_OCTETS:
        raise CannotObserve(Reason.TOO_LARGE, f"TXT {name}: {sum(map(len, kept))} octets of records, at most {MAX_TEXT_OCTETS} are read")
    return TextAnswer(
        name=name,
        status=STATUS[answer.status],
        texts=tuple(sorted(record.decode("latin-1") for record in kept)),  # sorted: servers rotate the order
        others=len(found) - len(kept),
        aliases=answer.aliases,
        authenticated=answer.authenticated,
    )


class SpfAsking:
    """Answers the questions of an SPF walk or evaluation through the resolver, and remembers which were not answered and why."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.failures: dict[spf.Question, Unobserved] = {}

    async def drive(self, asking: Generator[spf.Question, spf.Answer, T]) -> T:
        """Run a generator of ``scanner.wire.spf`` to its end and give what it returns."""
        try:
            question = next(asking)
            while True:
                question = asking.send(await self.answer(question))
        except StopIteration as end:
            value: T = end.value
            return value

    async def answer(self, question: spf.Question) -> spf.Answer:
        """Give the answer to one question; silence and failures become ``failed``."""
        try:
            answer = await self.net.resolve(presented(question.name), _SPF_TYPES[question.type])
        except CannotObserve as why:
            self.failures[question] = Unobserved.from_error(why)
            return spf.Answer(spf.Status.FAILED)
        records = [value for record in answer.records if (value := _spf_record(record)) is not None]
        records.sort(key=repr)  # servers rotate the order, and the same records shall give the same fact
        return spf.Answer(spf.Status(answer.status.value), tuple(records))


@lru_cache(maxsize=1024)
def _address(text: str) -> IPv4Address | IPv6Address:
    return ip_address(text)


def _spf_record(record: Record) -> spf.Record | None:
    data = record.data
    if isinstance(data, Mx):
        return spf.MxName(data.preference, plain(data.host))
    if isinstance(data, str):
        match record.type:
            case Type.A:
                return _address(data)
            case Type.AAAA:
                return _address(data)
            case _:
                return plain(data)
    return _strings(record)


def _strings(record: Record) -> tuple[bytes, ...] | None:
    """Give the strings of a TXT record. The other kinds of record data are tuples too, so the type must be asked."""
    if record.type != Type.TXT or not isinstance(record.data, tuple):
        return None
    return tuple(part for part in record.data if isinstance(part, bytes))


def presented(name: str) -> str:
    """Write a name of an SPF question as zone files do: what has a meaning there becomes ``\\DDD``."""
    return _ODD.sub(lambda odd: f"\\{ord(odd[0]):03d}", name)


def plain(name: str) -> str:
    """Undo the escapes of a name: each character one octet. A dot inside a label cannot be told from one between labels then."""
    if "\\" not in name:
        return name
    return _ESCAPED.sub(lambda found: chr(int(found[1]) & 0xFF) if found[1] else found[2], name)
