"""A DNS written in a test, for the generators of ``scanner.wire.spf``. For tests of it only."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from scanner.wire.spf import Answer, MxName, Question, Record, Status


class Zone:
    """A DNS written as ``{"name TYPE": records}``; a value of ``None`` is no answer. Keeps what was asked."""

    def __init__(self, entries: dict[str, list[str] | None]) -> None:
        self.entries = entries
        self.names = {key.split()[0] for key in entries}
        self.asked: list[str] = []

    def __call__(self, question: Question) -> Answer:
        key = f"{question.name} {question.type}"
        self.asked.append(key)
        if key not in self.entries:
            return Answer(Status.EMPTY if question.name in self.names else Status.NXDOMAIN)
        values = self.entries[key]
        if values is None:
            return Answer(Status.FAILED)
        return Answer(Status.FOUND, tuple(record(question.type, v) for v in values))


def record(kind: str, text: str) -> Record:
    """The record that a line of zone data says."""
    match kind:
        case "TXT":
            return (text.encode("utf-8", "surrogateescape"),)
        case "A":
            return IPv4Address(text)
        case "AAAA":
            return IPv6Address(text)
        case "MX":
            return MxName(int(text.split(maxsplit=1)[0]), text.split()[1])
        case _:
            return text
