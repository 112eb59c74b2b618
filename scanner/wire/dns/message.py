"""Whole messages: questions written, answers read. Record data is read in ``rdata``, names in ``names``."""

from __future__ import annotations

import struct

from scanner.wire.dns.names import Known, name_end, name_to_wire, read_name
from scanner.wire.dns.rdata import INTERNET, READERS
from scanner.wire.dns.values import LARGEST_MESSAGE, Edns, Message, NotDns, Question, Rclass, Record, Type

MOST_RECORDS = 4200  # a whole message of the smallest A records under one compressed name holds 4,093
MOST_QUESTIONS = 8
MOST_OPTIONS = 64
_NEGATIVE = 0x80000000
_OPT = int(Type.OPT)  # compared for every record: a plain number is quicker
_IN = int(Rclass.IN)

_header = struct.Struct("!6H")
_fixed = struct.Struct("!HHIH")
_question = struct.Struct("!HH")
_option = struct.Struct("!HH")
_opt = struct.Struct("!BHHBBHH")


def query(
    name: str,
    type: int,  # noqa: A002  the protocol's own word, as in every DNS interface
    *,
    id: int,  # noqa: A002  the same
    rd: bool = False,
    cd: bool = False,
    edns: int | None = 1232,
    do: bool = False,
    rclass: int = Rclass.IN,
    ixfr_serial: int | None = None,
) -> bytes:
    """Write one question; ``edns`` is the largest answer over UDP that we say to accept, ``None`` leaves EDNS away (and DO with it).

    ``ixfr_serial`` adds the SOA record that an IXFR question carries (RFC 1995 section 3). Raises ``BadName``.
    """
    wire = (
        _header.pack(id, (0x0100 if rd else 0) | (0x0010 if cd else 0), 1, 0, ixfr_serial is not None, edns is not None)
        + name_to_wire(name)
        + _question.pack(type, rclass)
    )
    if ixfr_serial is not None:
        wire += b"\xc0\x0c" + _fixed.pack(Type.SOA, rclass, 0, 22) + b"\0\0" + struct.pack("!5I", ixfr_serial, 0, 0, 0, 0)
    if edns is not None:
        wire += _opt.pack(0, Type.OPT, edns, 0, 0, 0x8000 if do else 0, 0)
    return wire


def parse(wire: bytes, *, proofs: bool = True) -> Message:
    """Read a message. Raises ``NotDns`` for anything that is cut off, too large, or does not follow RFC 1035, 3597, 4034, 6891.

    ``proofs=False`` passes over what a validating resolver has looked at already: beyond the answer section only OPT is read. In the
    usual denial that is all but one record.
    """
    try:
        return _parse(wire, proofs)
    except (IndexError, struct.error):
        # The readers look ahead without asking first, which is twice as fast; falling off the end is the one thing these mean.
        raise NotDns(f"the message of {len(wire)} octets ends in the middle of a record") from None


def _parse(wire: bytes, proofs: bool) -> Message:
    size = len(wire)
    if size > LARGEST_MESSAGE:
        raise NotDns(f"{size} octets; a message has at most {LARGEST_MESSAGE}")
    id_, flags, questions, answers, authorities, additionals = _header.unpack_from(wire)
    records = answers + authorities + additionals
    # The smallest question takes 5 octets, the smallest record 11: a header that promises more is not read on.
    if questions > MOST_QUESTIONS or records > MOST_RECORDS or 12 + 5 * questions + 11 * records > size:
        raise NotDns(f"{questions} questions and {records} records in {size} octets")
    known: Known = {}
    at = 12
    asked: list[Question] = []
    for _ in range(questions):
        name, _, at = read_name(wire, at, known)
        asked.append(Question(name, *_question.unpack_from(wire, at)))
        at += 4
    opts: list[tuple[Edns, int]] = []
    answer, at = _records(wire, at, answers, known)
    authority, at = _records(wire, at, authorities, known, opts_only=not proofs)
    additional, at = _records(wire, at, additionals, known, opts=opts, opts_only=not proofs)
    if at != size:
        raise NotDns(f"{size - at} octets behind the last record")
    rcode = flags & 0x000F
    edns = None
    if opts:
        edns, extended = opts[0]
        rcode |= extended
    return Message(
        id_,
        flags & 0x8000 != 0,
        flags >> 11 & 0x000F,
        flags & 0x0400 != 0,
        flags & 0x0200 != 0,
        flags & 0x0100 != 0,
        flags & 0x0080 != 0,
        flags & 0x0020 != 0,
        flags & 0x0010 != 0,
        rcode,
        tuple(asked),
        answer,
        authority,
        additional,
        edns,
        size,
    )


def _records(
    wire: bytes, at: int, count: int, known: Known, *, opts: list[tuple[Edns, int]] | None = None, opts_only: bool = False
) -> tuple[tuple[Record, ...], int]:
    """Read one section; OPT goes to ``opts``, which only the additional section brings along (RFC 6891 section 6.1.1).

    With ``opts_only`` the other records are passed over: their bounds are kept, their data is not looked at.
    """
    if not count:
        return (), at
    records = []
    for _ in range(count):
        start = at
        if not opts_only:
            name, _, at = read_name(wire, at, known)
        else:
            at = name_end(wire, at)
        type_, rclass, ttl, length = _fixed.unpack_from(wire, at)
        at += 10
        end = at + length
        if end > len(wire):
            raise NotDns(f"the record at octet {start} promises {length} octets of data and has {len(wire) - at}")
        if opts_only and type_ != _OPT:
            at = end
            continue
        if type_ == _OPT:
            if opts is None or opts or (wire[start] and read_name(wire, start, known)[0] != "."):
                raise NotDns(f"an OPT record at octet {start} that is the second, in a wrong section or has a name")
            opts.append((Edns(rclass, ttl >> 16 & 0xFF, ttl & 0x8000 != 0, _options(wire, at, end)), ttl >> 20 & 0xFF0))
        else:
            read = (INTERNET if rclass == _IN else READERS).get(type_)
            data, rdata = read(wire, at, end, known) if read else (wire[at:end],) * 2
            # RFC 2181 section 8: a TTL with the highest bit set counts as zero.
            records.append(Record(name, type_, ttl if ttl < _NEGATIVE else 0, data, rdata, rclass))
        at = end
    return tuple(records), at


def _options(wire: bytes, at: int, end: int) -> tuple[tuple[int, bytes], ...]:
    options: list[tuple[int, bytes]] = []
    while at < end:
        code, length = _option.unpack_from(wire, at)
        at += 4 + length
        if at > end or len(options) >= MOST_OPTIONS:
            raise NotDns(f"EDNS options that pass the end of their record, or more than {MOST_OPTIONS}")
        options.append((code, wire[at - length : at]))
    return tuple(options)
