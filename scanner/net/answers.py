"""From a resolver's message to an ``Answer``: the alias chain followed, the records of its end taken. Pure."""

from __future__ import annotations

from scanner.model.reason import CannotObserve, Reason
from scanner.net.net import Answer, Status
from scanner.wire.dns import Message, NotDns, Rclass, Rcode, Record, Rrsig, Type, parse, rcode_name, type_name

MOST_ALIASES = 16  # what resolvers follow themselves lies between 8 and 16
_EDE = 15  # extended DNS errors, RFC 8914
_EDE_TEXT = 100  # octets of a server's own words that go into a message

_REASONS: dict[int, Reason] = {Rcode.SERVFAIL: Reason.SERVER_FAILURE, Rcode.REFUSED: Reason.REFUSED}


def parsed(data: bytes, where: str, *, proofs: bool = True) -> Message:
    """Read a message that came from ``where``, or raise ``CannotObserve(PROTOCOL_VIOLATION)``. For ``proofs`` see ``parse``."""
    try:
        return parse(data, proofs=proofs)
    except NotDns as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{where} sent no DNS message: {error}") from error


def answer_of(message: Message, name: str, type: int, where: str) -> Answer:  # noqa: A002  the protocol's own word
    """Read a resolver's answer to the question ``name``, ``type``. ``where`` names the resolver in messages.

    Raises ``CannotObserve``: SERVER_FAILURE, TOO_LARGE, REFUSED (also where the server offers no recursion and says nothing itself),
    PROTOCOL_VIOLATION (other rcodes, a question that is not ours, alias loops, two aliases at one name).
    """
    asked = f"{type_name(type)} {name}"
    if message.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        reason = _REASONS.get(message.rcode, Reason.PROTOCOL_VIOLATION)
        raise CannotObserve(reason, f"{where} answered {rcode_name(message.rcode)}{extended_error(message)} to {asked}")
    if message.tc:
        raise CannotObserve(Reason.TOO_LARGE, f"{where} answered {asked} with a truncated message of {message.size} octets over TCP")
    if len(message.question) != 1:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{where} answered {asked} without repeating the question")
    if not message.ra and not message.aa and not message.answer:
        # Empty because it does not ask others, not because there is nothing.
        raise CannotObserve(Reason.REFUSED, f"{where} offers no recursion for {asked}")
    name = message.question[0].name
    records = [record for record in message.answer if record.rclass == Rclass.IN]
    end, aliases = _chain(records, name, type, f"{where} answered {asked}") if records else (name, ())
    found = tuple(record for record in records if record.name == end and type in (record.type, Type.ANY))
    if message.rcode == Rcode.NXDOMAIN:
        status, found = Status.NXDOMAIN, ()
    else:
        status = Status.FOUND if found else Status.EMPTY
    return Answer(
        name=name,
        type=type,
        status=status,
        records=found,
        aliases=aliases,
        authenticated=message.ad,
        signatures=tuple(r for r in records if r.name == end and isinstance(r.data, Rrsig) and r.data.covered == type) if found else (),
        size=message.size,
    )


def _chain(records: list[Record], name: str, type: int, context: str) -> tuple[str, tuple[str, ...]]:  # noqa: A002  as above
    """Follow aliases from ``name``: its end and the targets in order."""
    if type in (Type.CNAME, Type.ANY):
        return name, ()
    targets: dict[str, str] = {}
    held = {record.name for record in records if record.type == type}
    for record in records:
        if record.type == Type.CNAME and isinstance(record.data, str) and targets.setdefault(record.name, record.data) != record.data:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{context} with two aliases at {record.name}")
    aliases: list[str] = []
    end = name
    while end not in held and end in targets:
        end = targets[end]
        if end == name or end in aliases:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{context} with an alias loop at {end}")
        aliases.append(end)
        if len(aliases) > MOST_ALIASES:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{context} with more than {MOST_ALIASES} aliases in a row")
    return end, tuple(aliases)


def extended_error(message: Message) -> str:
    """Write the extended error that came along, such as `` (EDE 6: validation failure)``, or nothing (RFC 8914)."""
    for code, data in message.edns.options if message.edns else ():
        if code == _EDE and len(data) >= 2:
            words = data[2 : 2 + _EDE_TEXT].decode("utf-8", "replace")
            shown = "".join(letter if letter.isprintable() else "?" for letter in words)
            return f" (EDE {int.from_bytes(data[:2], 'big')}{': ' if shown else ''}{shown})"
    return ""
