"""Reading a zone transfer far enough to know whether zone data is given to us, and no further. Pure."""

from __future__ import annotations

from scanner.model.reason import CannotObserve, Reason
from scanner.net.net import Transfer
from scanner.wire.dns import Message, Rcode, Soa, Type

MOST_MESSAGES = 16
MOST_OCTETS = 256 * 1024


class Reading:
    """Takes the messages of one transfer in their order. ``transfer`` says what has been seen so far."""

    def __init__(self, wire: bytes, kind: int, where: str) -> None:
        self._id = int.from_bytes(wire[:2], "big")
        self._kind = kind
        self._where = where
        self._messages = 0
        self._octets = 0
        self.transfer = Transfer(Rcode.NOERROR, None, 0, False)

    def take(self, message: Message) -> bool:
        """Look at one message; true when nothing more needs to be read. Raises ``CannotObserve(PROTOCOL_VIOLATION | TOO_LARGE)``.

        A transfer begins with the SOA (RFC 5936 section 2.2). Zone data is given as soon as another record follows; in an
        incremental one (RFC 1995 section 4) an SOA of another serial is the beginning of a difference, which counts as well.
        """
        self._messages += 1
        self._octets += message.size
        if message.id != self._id or not message.qr:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{self._where} answered with a wrong id")
        if message.rcode != Rcode.NOERROR:
            self.transfer = Transfer(message.rcode, self.transfer.soa, self.transfer.records_seen, self.transfer.given)
            return True
        soa, seen, given = self.transfer.soa, self.transfer.records_seen, False
        for record in message.answer:
            seen += 1
            if soa is None:
                if not isinstance(record.data, Soa):
                    raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{self._where} began a transfer with something other than the SOA")
                soa = record.data
            elif not isinstance(record.data, Soa) or record.data.serial != soa.serial:
                given = True
        self.transfer = Transfer(Rcode.NOERROR, soa, seen, given)
        if self._messages >= MOST_MESSAGES or self._octets >= MOST_OCTETS:
            if given:
                return True
            raise CannotObserve(Reason.TOO_LARGE, f"{self._where} sent {self._octets} octets of a transfer without a record beyond the SOA")
        # Nothing at all, the same SOA twice, or the lone SOA of an incremental transfer without news (RFC 1995 section 2): all said.
        return given or soa is None or seen > 1 or self._kind == Type.IXFR
