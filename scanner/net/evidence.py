"""What supports a fact: answers are held by reference while a probe runs and written out only when somebody asks. Capped.

Records are written in a fixed order, because servers rotate them and the same facts must give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from scanner.model.fact import Evidence
from scanner.net.net import Answer, DnsServer, Exchange, HttpReply, Status, Transfer
from scanner.net.trouble import peer
from scanner.wire.dns import Record, rcode_name, type_name
from scanner.wire.dns.names import escaped

MOST_NOTES = 48
MOST_LINES = 24  # records of one answer
LONGEST_LINE = 300
LONGEST_EXCERPT = 2000


@dataclass(frozen=True, slots=True)
class Asked:
    """An exchange with one server, with what was asked."""

    server: DnsServer
    name: str
    type: int
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Transferred:
    """A request for a zone."""

    server: DnsServer
    zone: str
    kind: int
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class Fetched:
    """An HTTPS request."""

    url: str
    address: str
    reply: HttpReply


Note = Evidence | Answer | Asked | Transferred | Fetched


class Writing:
    """The resolver's answers already written out: many probes and targets rest on the same ones. The latest are kept."""

    MOST = 1024

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Answer, Evidence]] = {}

    def of(self, note: Note) -> Evidence:
        """Write out a note."""
        if not isinstance(note, Answer):
            return _written(note)
        known = self._kept.get(id(note))  # the answer is kept alive beside it, so its id is not given to another
        if known is None:
            known = self._kept[id(note)] = (note, _written(note))
            if len(self._kept) > self.MOST:
                del self._kept[next(iter(self._kept))]
        return known[1]


class Notes:
    """The notes of one probe run. Beyond ``MOST_NOTES`` they are counted only."""

    __slots__ = ("_more", "_notes", "_writing")

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._notes: list[Note] = []
        self._more = 0

    def add(self, note: Note) -> None:
        """Keep a note."""
        if len(self._notes) < MOST_NOTES:
            self._notes.append(note)
        else:
            self._more += 1

    def written(self) -> tuple[Evidence, ...]:
        """Write the notes out, each once, in the order in which they came."""
        lines = dict.fromkeys(map(self._writing.of, self._notes))
        if self._more:
            lines[Evidence("…", f"{self._more} more conversations are not written down")] = None
        return tuple(lines)


def _written(note: Note) -> Evidence:
    match note:
        case Evidence():
            return Evidence(_cut(note.source, LONGEST_LINE), _cut(note.excerpt, LONGEST_EXCERPT))
        case Answer():
            return Evidence(f"{type_name(note.type)} {note.name}", _answer(note))
        case Asked():
            message = note.exchange.message
            source = f"{type_name(note.type)} {note.name} @{peer(note.server.address, note.server.port)}/{note.exchange.transport}"
            if note.exchange.source != note.server.address:
                source += f", answered by {note.exchange.source}"
            flags = [flag for flag, on in (("aa", message.aa), ("tc", message.tc), ("ra", message.ra), ("ad", message.ad)) if on]
            head = " ".join([rcode_name(message.rcode), *flags, f"{message.size} octets"])
            sections = (("answer", message.answer), ("authority", message.authority), ("additional", message.additional))
            lines = [f"{section}: {line}" for section, records in sections for line in sorted(map(shown, records))]
            return Evidence(source, _joined([head, *lines]))
        case Transferred():
            transfer = note.transfer
            source = f"{type_name(note.kind)} {note.zone} @{peer(note.server.address, note.server.port)}/tcp"
            serial = f", serial {transfer.soa.serial}" if transfer.soa else ""
            given = "given" if transfer.given else "not given"
            return Evidence(source, f"{rcode_name(transfer.rcode)}, {given}, {transfer.records_seen} records read{serial}")
        case Fetched():
            reply = note.reply
            if reply.certificate_problem is not None:
                return Evidence(f"GET {note.url} from {note.address}", _cut(f"certificate: {reply.certificate_problem}", LONGEST_EXCERPT))
            body = reply.body.decode("utf-8", "backslashreplace")
            head = f"{reply.status} {reply.content_type}".strip() + (f" → {reply.location}" if reply.location else "")
            return Evidence(f"GET {note.url} from {note.address}", _cut(printable(f"{head}\n{body}"), LONGEST_EXCERPT))


def _answer(answer: Answer) -> str:
    if answer.status is not Status.FOUND:
        head = "no such name" if answer.status is Status.NXDOMAIN else "no records of this type"
    else:
        head = f"{len(answer.records)} records"
    signed = ", validated" if answer.authenticated else ""
    return _joined([head + signed, *(f"alias: {alias}" for alias in answer.aliases), *sorted(map(shown, answer.records))])


def _joined(lines: list[str]) -> str:
    kept = [_cut(line, LONGEST_LINE) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        kept.append(f"… {len(lines) - MOST_LINES} more")
    return _cut("\n".join(kept), LONGEST_EXCERPT)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def printable(text: str) -> str:
    """Replace what a terminal or a page would act upon: control characters but for the line feed, and direction marks."""
    return "".join(letter if letter.isprintable() or letter == "\n" else f"\\u{ord(letter):04x}" for letter in text)


def shown(record: Record) -> str:
    """Write a record in one line of printable ASCII, without its TTL, which changes from one look to the next."""
    return f"{record.name} {type_name(record.type)} {_shown_data(record)}"


def _shown_data(record: Record) -> str:
    data = record.data
    match data:
        case str():
            return data
        case bytes():
            return f"\\# {len(data)} {data[: LONGEST_LINE // 2].hex()}"  # RFC 3597 section 5
        case _ if all(isinstance(part, bytes) for part in data):
            return " ".join(f'"{escaped(part)}"' for part in data if isinstance(part, bytes))
        case _:
            return " ".join(_shown_part(part) for part in data)


def _shown_part(part: object) -> str:
    match part:
        case bytes():
            return f'"{escaped(part)}"' if part.isascii() and part.decode("ascii").isprintable() else part.hex()
        case tuple():
            return " ".join(type_name(number) for number in part)
        case _:
            return str(part)
