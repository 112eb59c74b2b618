"""Hostile input at the hub's door: refused with its reason, nothing is stored, and honest reports still get through."""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from random import Random

from sqlalchemy import func, select

from scanner.codec import canonical
from scanner.hub import book, enrolment
from scanner.hub.door import Door
from scanner.hub.schema import bodies, events, reports, spans
from scanner.protocol.answer import Receipt
from scanner.protocol.envelope import LARGEST, Sort, open_envelope, seal
from scanner.protocol.keys import SigningKey
from scanner.protocol.refusal import Refusal, Refused
from scanner.protocol.report import Report, report_in
from tests.hub.simulated import Simulated, some_facts
from tests.hub.test_chain import send

HOW_MANY = 10_000


class Attacker:
    """Makes bad envelopes of good ones."""

    def __init__(self, victim: Simulated, old: bytes, fresh: bytes, report: Report, rng: Random) -> None:
        self.victim, self.old, self.fresh, self.report, self.rng = victim, old, fresh, report, rng
        self.stranger = SigningKey.make()
        self.bomb = base64.b64encode(zlib.compress(b"[" * 4_500_000, 9)).decode()

    @classmethod
    def after(cls, victim: Simulated, old: bytes, door: Door, rng: Random) -> Attacker:
        """Give one who has seen a report that was taken, and the next one, which was not sent."""
        fresh = victim.report(some_facts(1))
        said = door.read(fresh, "test").said
        assert isinstance(said, Report)
        return cls(victim, old, fresh, report_in(said.plain()), rng)

    def one(self, *, costly: bool) -> tuple[bytes, set[Refusal]]:
        """Give a bad envelope and the refusals that may be its answer; any where none is named."""
        cheap = (
            self.flipped, self.cut, self.strange, self.forged, self.swapped, self.future, self.followed,
            self.retyped, self.another, self.forked, self.unlinked,
        )  # fmt: skip
        return self.rng.choice((self.oversized, self.bombed, self.nested) if costly else cheap)()

    def flipped(self) -> tuple[bytes, set[Refusal]]:
        """Some bits of the line are flipped, others than those of base64 that carry nothing."""
        while True:
            line = bytearray(self.fresh)
            for _ in range(self.rng.randint(1, 3)):
                line[self.rng.randrange(len(line))] ^= 1 << self.rng.randrange(8)
            try:
                open_envelope(bytes(line), {Sort.REPORT}).open(self.victim.key.public)
            except Refused:
                return bytes(line), set()

    def cut(self) -> tuple[bytes, set[Refusal]]:
        return self.fresh[: self.rng.randrange(len(self.fresh))], {Refusal.NOT_AN_ENVELOPE}

    def oversized(self) -> tuple[bytes, set[Refusal]]:
        return self.fresh + b" " * LARGEST, {Refusal.TOO_LARGE}

    def bombed(self) -> tuple[bytes, set[Refusal]]:
        return self._with(payload=self.bomb), {Refusal.TOO_LARGE_UNPACKED}

    def nested(self) -> tuple[bytes, set[Refusal]]:
        return b"[" * self.rng.randrange(1, 200_000), {Refusal.NOT_AN_ENVELOPE}

    def strange(self) -> tuple[bytes, set[Refusal]]:
        """Signed by somebody who is not enrolled."""
        return seal(Sort.REPORT, self.report.plain(), self.stranger), {Refusal.UNKNOWN_KEY}

    def forged(self) -> tuple[bytes, set[Refusal]]:
        """A stranger's signature under the victim's name."""
        return self._with(**{**json.loads(self.strange()[0]), "key": self.victim.key.id}), {Refusal.BAD_SIGNATURE}

    def swapped(self) -> tuple[bytes, set[Refusal]]:
        """The signature of another report."""
        return self._with(signature=json.loads(self.old)["signature"]), {Refusal.BAD_SIGNATURE}

    def future(self) -> tuple[bytes, set[Refusal]]:
        """A later number and time, put in without the key."""
        plain = {**self.report.plain(), "sequence": 10**9, "made_at": "2099-01-01T00:00:00Z"}
        return self._with(payload=base64.b64encode(zlib.compress(canonical(plain))).decode()), {Refusal.BAD_SIGNATURE}

    def followed(self) -> tuple[bytes, set[Refusal]]:
        """Something hangs on behind the compressed content."""
        packed = base64.b64decode(json.loads(self.fresh)["payload"]) + b"more"
        return self._with(payload=base64.b64encode(packed).decode()), {Refusal.DAMAGED}

    def retyped(self) -> tuple[bytes, set[Refusal]]:
        """A field of another type or value, signed by an agent that has gone bad: the schema holds."""
        plain = self.report.plain()
        plain[self.rng.choice(sorted(plain))] = self.rng.choice([None, -1, 2**60, "x" * 300, [1], {"a": []}, True, 1.5])
        return seal(Sort.REPORT, plain, self.victim.key), {Refusal.NOT_OF_SCHEMA}

    def another(self) -> tuple[bytes, set[Refusal]]:
        """An enrolled agent speaks for another one."""
        plain = {**self.report.plain(), "agent": "a-0000000000000000"}
        return seal(Sort.REPORT, plain, self.victim.key), {Refusal.WRONG_AGENT}

    def forked(self) -> tuple[bytes, set[Refusal]]:
        """A number that was used, with another content."""
        plain = {**self.report.plain(), "sequence": 1, "uptime": self.rng.randrange(10**6)}
        return seal(Sort.REPORT, plain, self.victim.key), {Refusal.FORKED}

    def unlinked(self) -> tuple[bytes, set[Refusal]]:
        """The right number on a chain of its own."""
        plain = {**self.report.plain(), "previous": "sha256:" + "0" * 64}
        return seal(Sort.REPORT, plain, self.victim.key), {Refusal.CHAIN_BROKEN}

    def _with(self, **changes: str) -> bytes:
        return canonical({**json.loads(self.fresh), **changes})


def test_ten_thousand_mutated_reports_are_refused_and_nothing_is_stored(door: Door) -> None:
    rng = Random(4)
    victim, honest = Simulated.enrol(door), Simulated.enrol(door)
    old = victim.report()
    assert isinstance(send(door, old)[0], Receipt)
    attacker = Attacker.after(victim, old, door, rng)
    seen: Counter[Refusal] = Counter()
    for number in range(0, HOW_MANY, 100):
        made = [attacker.one(costly=n % 25 == 0) for n in range(100)]
        outcomes = send(door, *(line for line, _ in made), batch=100)
        for (_, expected), outcome in zip(made, outcomes, strict=True):
            assert isinstance(outcome, Refused)
            assert not expected or outcome.reason in expected, outcome
            seen[outcome.reason] += 1
        assert isinstance(send(door, honest.report(some_facts(number)))[0], Receipt), "the hub still answers"
    assert set(seen) >= {
        Refusal.TOO_LARGE,
        Refusal.NOT_AN_ENVELOPE,
        Refusal.TOO_LARGE_UNPACKED,
        Refusal.DAMAGED,
        Refusal.UNKNOWN_KEY,
        Refusal.BAD_SIGNATURE,
        Refusal.NOT_OF_SCHEMA,
        Refusal.WRONG_AGENT,
        Refusal.FORKED,
        Refusal.CHAIN_BROKEN,
    }
    door.refusals.flush()
    rows = book.refusal_rows(door.database)
    assert sum(row["count"] for row in rows) == sum(seen.values())
    assert len(rows) < 40, "counted, not kept"
    assert {row["agent"] for row in rows} <= {victim.agent, ""}, "by whose key it is, not by the name given"
    with door.database.reading() as db:
        assert db.execute(select(func.count()).select_from(reports)).scalar_one() <= 1 + 1 + HOW_MANY // 100
        assert db.execute(select(func.count()).select_from(bodies)).scalar_one() <= 3 + HOW_MANY // 100
        assert db.execute(select(func.count()).select_from(events)).scalar_one() <= 8
        assert db.execute(select(func.count()).select_from(spans)).scalar_one() <= 8 + HOW_MANY // 100


def test_a_revoked_key_is_refused_and_an_enrolment_anew_goes_on(door: Door) -> None:
    agent = Simulated.enrol(door)
    assert isinstance(send(door, agent.report())[0], Receipt)
    enrolment.revoke(door.database, "test", agent.agent, "lost")
    refused = send(door, agent.report())[0]
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.REVOKED
    again = Simulated.enrol(door, again=agent.agent)
    assert again.agent == agent.agent
    assert isinstance(send(door, again.report())[0], Receipt)
    old = send(door, agent.report())[0]
    assert isinstance(old, Refused)
    assert old.reason is Refusal.REVOKED


def test_a_token_is_good_once_and_asked_again_gives_the_same_answer(door: Door) -> None:
    token = enrolment.make_token(door.database, door.hub_key, "test", note="n", agent=None)

    def ask(key: SigningKey) -> bytes:
        plain = {
            "schema": "tenken-enrolment-request/1",
            "secret": token.secret,
            "public_key": key.public.text,
            "name": "n",
            "platform": "linux",
            "version": "0",
        }
        return canonical(door.enrol(seal(Sort.REQUEST, plain, key), "test"))

    key = SigningKey.make()
    assert ask(key) == ask(key)
    try:
        ask(SigningKey.make())
    except Refused as refused:
        reason: Refusal | None = refused.reason
    else:
        reason = None
    assert reason is Refusal.BAD_TOKEN
