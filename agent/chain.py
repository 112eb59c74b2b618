"""The chain of reports: the next number, the digest it follows, and which facts the hub has acknowledged already.

Everything is read back from the head, which is replaced as a whole when a receipt comes, and from the names in the spool.
Nothing else is remembered, so no stop at any moment can use a number twice or forget a report.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent import clock, files
from agent.identity import Identity
from agent.spool import Spool, Waiting
from agent.trouble import Trouble
from scanner import codec
from scanner.model.fact import Fact, Observation
from scanner.protocol.answer import Receipt
from scanner.protocol.envelope import Sort, digest, open_envelope, seal
from scanner.protocol.report import Gap, Report, report_in

HEAD_FILE = "head.json"
SPOOL = "spool"
PREFIX = "chain-"


@dataclass(frozen=True, slots=True)
class Head:
    """The last report that the hub has acknowledged, and the facts that it holds since."""

    sequence: int
    digest: str
    facts: Mapping[str, str]
    received_at: str = ""
    receipt: str = ""
    """The hub's receipt as it was signed."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a report says beside the facts."""

    version: str
    platform: str
    policy: str


class Chain:
    """The chain of an enrolled machine, on disk. To look at it changes nothing; whoever adds to it must ``take_over`` before."""

    def __init__(self, state: Path, identity: Identity, most_reports: int, most_octets: int) -> None:
        # Each key has a directory of its own: reports of a former enrolment can never be taken for this one's.
        self._own = state / (PREFIX + identity.key.id.removeprefix("ed25519:")[:16])
        self._path = self._own / HEAD_FILE
        self._identity = identity
        self.head = self._load()
        self.spool = Spool(self._own / SPOOL, most_reports, most_octets, self._seal_gap)

    def take_over(self) -> None:
        """Clear away what former enrolments and a stop at any moment have left; for the one process that holds the lock."""
        for former in self._own.parent.glob(PREFIX + "*"):
            if former != self._own:
                shutil.rmtree(former)
        files.make_directory(self._own)
        files.flush_directory(self._own.parent)
        files.remove_unfinished(self._own)
        self.spool.recover(self.head.sequence)

    def make(self, about: Circumstances, seen: Mapping[str, Observation[Fact]]) -> Report:
        """Make the next report of what was seen, by names of facts. What the hub has already is only referred to."""
        sequence, previous = self.last()
        answered = {name: codec.digest(one) for name, one in sorted(seen.items())}
        return Report(
            agent=self._identity.enrolment.agent,
            sequence=sequence + 1,
            previous=previous,
            made_at=clock.now(),
            boot=clock.boot(),
            uptime=clock.uptime(),
            version=about.version,
            platform=about.platform,
            policy=about.policy,
            asked=tuple(answered),
            answered=answered,
            observations={
                answered[name]: codec.observation_out(one) for name, one in seen.items() if self.head.facts.get(name) != answered[name]
            },
        )

    def keep(self, report: Report) -> None:
        """Sign a report and put it into the spool; from then on its number is used. Raises ``Refused`` when it is too large."""
        envelope = seal(Sort.REPORT, report.plain(), self._identity.key)
        self.spool.put(report.sequence, digest(codec.canonical(report.plain())), envelope)

    def last(self) -> tuple[int, str]:
        """Give number and digest of the last report made."""
        waiting = self.spool.waiting()
        if waiting and waiting[-1].last > self.head.sequence:
            return waiting[-1].last, waiting[-1].digest
        return self.head.sequence, self.head.digest

    def acknowledge(self, waiting: Waiting, envelope: bytes, receipt: Receipt, signed: str) -> None:
        """Take the hub's receipt: move the head, then let the spooled file go."""
        facts = dict(self.head.facts)
        if not waiting.gap:
            report = report_in(open_envelope(envelope, {Sort.REPORT}).claimed().plain())
            lacking = {*receipt.wanted, *receipt.not_taken}
            facts = {name: value for name, value in report.answered.items() if name not in lacking}
        self._move(Head(waiting.last, waiting.digest, facts, receipt.received_at, signed))
        self.spool.remove(waiting)

    def _move(self, head: Head) -> None:
        plain = {
            "sequence": head.sequence,
            "digest": head.digest,
            "facts": dict(head.facts),
            "received_at": head.received_at,
            "receipt": head.receipt,
        }
        files.replace(self._path, codec.canonical(plain))
        self.head = head

    def _load(self) -> Head:
        if self._path.exists():
            try:
                plain = json.loads(self._path.read_bytes())
                return Head(*(plain[key] for key in ("sequence", "digest", "facts", "received_at", "receipt")))
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise Trouble(f"{self._path}：壊れている。登録し直す", f"{self._path} is damaged: enrol this machine again") from error
        return Head(0, self._identity.genesis, {})

    def _seal_gap(self, first: int, last: int, last_digest: str, reason: str) -> bytes:
        gap = Gap(self._identity.enrolment.agent, first, last, last_digest, clock.now(), reason)
        return seal(Sort.GAP, gap.plain(), self._identity.key)
