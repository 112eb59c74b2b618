"""An agent without a machine: it holds a key and a chain and makes reports of whatever facts a test names. Benches use it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner import codec
from scanner.facts.keys import KeysInUse
from scanner.hub import enrolment
from scanner.hub.door import Door
from scanner.model.fact import Fact, Observation, Observed, Unobserved
from scanner.model.reason import Reason
from scanner.protocol.enrolment import Request, enrolment_in
from scanner.protocol.envelope import Sort, open_envelope, seal
from scanner.protocol.keys import SigningKey
from scanner.protocol.report import Gap, Report

AT = "2026-11-22T00:00:00Z"


def some_facts(number: int = 0) -> dict[str, Observation[Fact]]:
    """Give answers of two facts; ``number`` makes them differ."""
    return {
        "KeysInUse": Observed(KeysInUse(tls=(), ssh=(), tls_services=0, ssh_services=0), AT),
        "ScreenLock": Unobserved(Reason.ACCESS_DENIED, f"trial {number}", AT),
    }


@dataclass
class Simulated:
    """An enrolled agent."""

    agent: str
    key: SigningKey
    digest: str
    sequence: int = 0
    sent: dict[str, str] = field(default_factory=dict)

    @classmethod
    def enrol(cls, door: Door, note: str = "test", again: str | None = None) -> Simulated:
        """Enrol one."""
        token = enrolment.make_token(door.database, door.hub_key, "test", note=note, agent=again)
        key = SigningKey.make()
        request = Request(token.secret, key.public.text, note, "linux", "0")
        answer = door.enrol(seal(Sort.REQUEST, request.plain(), key), "test")
        opened = open_envelope(answer["enrolment"].encode(), {Sort.ENROLMENT}).open(door.hub_key.public)
        return cls(enrolment_in(opened.plain()).agent, key, opened.digest)

    def report(self, seen: Mapping[str, Observation[Fact]] | None = None, **changes: object) -> bytes:
        """Make the next report and move the chain on. ``changes`` replace fields of the report."""
        answered = {name: codec.digest(one) for name, one in sorted((seen or some_facts()).items())}
        plain = Report(
            agent=self.agent,
            sequence=self.sequence + 1,
            previous=self.digest,
            made_at=AT,
            boot="b",
            uptime=self.sequence,
            version="0",
            platform="linux",
            policy="",
            asked=tuple(answered),
            answered=answered,
            observations={
                answered[n]: codec.observation_out(one) for n, one in (seen or some_facts()).items() if self.sent.get(n) != answered[n]
            },
        ).plain()
        plain.update(changes)
        envelope = seal(Sort.REPORT, plain, self.key)
        self.sent = answered
        self.sequence += 1
        self.digest = open_envelope(envelope, {Sort.REPORT}).claimed().digest
        return envelope

    def gap(self, first: int, last: int, digest: str, reason: str = "spool-full") -> bytes:
        """Make a note of a gap."""
        return seal(Sort.GAP, Gap(self.agent, first, last, digest, AT, reason).plain(), self.key)
