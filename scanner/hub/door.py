"""The door for agents: from octets to a verified item, and from its outcome to a signed answer. No HTTP here; media come the same way."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from scanner.codec import Plain
from scanner.hub import answers, enrolment
from scanner.hub.database import Database
from scanner.hub.ingest import Ingest, Item, Outcome
from scanner.hub.refusals import RefusalBook
from scanner.protocol.answer import Receipt
from scanner.protocol.envelope import Sort, open_envelope, seal
from scanner.protocol.keys import PublicKey, SigningKey
from scanner.protocol.refusal import Refusal, Refused
from scanner.protocol.report import Gap, Report, gap_in, report_in

KEYS = 50_000
"""Public keys that are remembered. Whether one was revoked is asked of the database each time."""
POLICY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Known:
    """An enrolled key."""

    key: PublicKey
    agent: str


class Door:
    """Reads what agents send and signs what they are told. Safe in several threads."""

    def __init__(self, database: Database, hub_key: SigningKey) -> None:
        self.database = database
        self.hub_key = hub_key
        self.ingest = Ingest(database)
        self.refusals = RefusalBook(database)
        self._keys: OrderedDict[str, Known] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, body: bytes, address: str) -> Item:
        """Verify an envelope of a report or a gap and read it. Raises ``Refused``; what is known of the sender is booked."""
        agent = ""
        try:
            envelope = open_envelope(body, {Sort.REPORT, Sort.GAP})
            known = self.known(envelope.key)
            if known is None:
                raise Refused(Refusal.UNKNOWN_KEY, envelope.key)
            agent = known.agent
            opened = envelope.open(known.key)
            said: Report | Gap = report_in(opened.plain()) if opened.sort is Sort.REPORT else gap_in(opened.plain())
        except Refused as refused:
            self.refusals.note(refused, agent, address)
            raise
        read = answers.read(said) if isinstance(said, Report) and said.observations else None
        return Item(envelope.key, said, opened.digest, body, read, address)

    def known(self, key: str) -> Known | None:
        """Give an enrolled key; from memory where it was asked for before."""
        with self._lock:
            found = self._keys.get(key)
        if found is None:
            row = enrolment.key_of(self.database, key)
            if row is None:
                return None
            found = Known(*row)
            with self._lock:
                self._keys[key] = found
                if len(self._keys) > KEYS:
                    self._keys.popitem(last=False)
        return found

    def sign(self, receipt: Receipt) -> str:
        """Give a receipt as it travels."""
        return seal(Sort.RECEIPT, receipt.plain(), self.hub_key).decode("ascii")

    def take(self, items: Sequence[Item]) -> list[Outcome]:
        """Write items; refusals are booked. Called from one thread."""
        outcomes = self.ingest.take(items)
        for item, outcome in zip(items, outcomes, strict=True):
            if isinstance(outcome, Refused):
                known = self.known(item.key)  # whose key it is, not who it says to be
                self.refusals.note(outcome, known.agent if known else "", item.address)
        return outcomes

    def enrol(self, body: bytes, address: str) -> Plain:
        """Enrol a machine and give the answer as it travels. Raises ``Refused``."""
        try:
            signed = enrolment.enrol(self.database, self.hub_key, open_envelope(body, {Sort.REQUEST}), address)
        except Refused as refused:
            self.refusals.note(refused, "", address)
            raise
        policy = enrolment.policy(self.database)
        return {"enrolment": signed.decode("ascii"), "policy": policy[1].decode("ascii") if policy else None}
