"""Who may report: one-time tokens, enrolment and enrolment anew, revocation, and the policy that agents are given."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, insert, select, update

from scanner.codec import fact_types
from scanner.hub import audit, clock
from scanner.hub.database import Database, for_update
from scanner.hub.refusals import DETAIL
from scanner.hub.schema import agents, chains, policies, tokens
from scanner.protocol.answer import Policy, policy_in
from scanner.protocol.enrolment import Enrolment, Token, request_in
from scanner.protocol.envelope import Envelope, Sort, digest, open_envelope, seal
from scanner.protocol.keys import PublicKey, SigningKey
from scanner.protocol.refusal import Refusal, Refused
from scanner.protocol.texts import fit

USUAL_LIFE = timedelta(days=7)
LARGEST_REQUEST = 65_536
MOST_TOKENS = 200
"""Rows of the list of tokens."""
NEW_AGENT = {"changed": 0, "judged": 0, "stale": False, "compared": 0, "summary": "{}"}
"""What the table says of an agent that has not reported yet."""


class NoSuchAgent(Exception):
    """No agent of that name is known."""


def make_token(database: Database, hub_key: SigningKey, actor: str, *, note: str, agent: str | None, life: timedelta = USUAL_LIFE) -> Token:
    """Make a token for one machine; for an agent that is known already it enrols that one anew. Raises ``NoSuchAgent``."""
    token = Token.make(hub_key.id)
    made = clock.now()
    with database.writing() as db:
        if agent is not None:
            _agent_id(db, agent)
        expires = clock.written(clock.read(made) + life)
        row = {"digest": token.digest, "made_at": made, "made_by": actor, "expires_at": expires, "note": note, "agent": agent}
        db.execute(insert(tokens).values(**row))
        audit.note(db, actor, "token.make", agent or "", f"{note} until {expires}")
    return token


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as the list shows it; the token itself is not kept."""

    made_at: str
    made_by: str
    expires_at: str
    note: str
    agent: str | None
    """An agent that it enrols anew."""
    used_at: str | None


def token_rows(database: Database) -> list[TokenRow]:
    """Give the newest tokens, the last one made first."""
    t = tokens.c
    wanted = select(t.made_at, t.made_by, t.expires_at, t.note, t.agent, t.used_at).order_by(t.made_at.desc(), t.digest).limit(MOST_TOKENS)
    with database.reading() as db:
        return [TokenRow(*row) for row in db.execute(wanted)]


def enrol(database: Database, hub_key: SigningKey, envelope: Envelope, address: str) -> bytes:
    """Enrol the machine that holds a token. Asked again with the same key it gets the same answer. Raises ``Refused``."""
    request = request_in(envelope.claimed(LARGEST_REQUEST).plain())
    key = PublicKey.of_text(request.public_key)
    envelope.open(key, LARGEST_REQUEST)
    now = clock.now()
    with database.writing() as db:
        wanted = select(tokens).where(tokens.c.digest == Token(request.secret, "").digest)
        token = db.execute(for_update(db, wanted)).first()
        if token is None or (token.used_at is None and token.expires_at < now):
            raise Refused(Refusal.BAD_TOKEN, "unknown or expired")
        if token.used_at is not None:
            if token.key != key.id:
                raise Refused(Refusal.BAD_TOKEN, "used by another key")
            return bytes(token.answer)
        if db.execute(select(chains.c.id).where(chains.c.key == key.id)).first():
            raise Refused(Refusal.BAD_TOKEN, "the key is enrolled already; an enrolment takes a new one")
        if token.agent:
            agent, agent_id = token.agent, _agent_id(db, token.agent)
            db.execute(update(chains).where((chains.c.agent_id == agent_id) & chains.c.revoked_at.is_(None)).values(revoked_at=now))
            db.execute(update(agents).where(agents.c.id == agent_id).values(revoked_at=None, name=request.name, platform=request.platform))
        else:
            agent = "a-" + secrets.token_hex(8)
            row = {"agent": agent, "name": request.name, "note": token.note, "platform": request.platform, "enrolled_at": now}
            agent_id = db.execute(insert(agents).values(**row, **NEW_AGENT).returning(agents.c.id)).scalar_one()
        enrolment = Enrolment(agent, key.id, now, (hub_key.public.text,))
        answer = seal(Sort.ENROLMENT, enrolment.plain(), hub_key)
        genesis = open_envelope(answer, {Sort.ENROLMENT}).claimed().digest
        db.execute(
            insert(chains).values(
                agent_id=agent_id,
                key=key.id,
                public_key=key.text,
                enrolled_at=now,
                genesis=genesis,
                last=0,
                digest=genesis,
                state="",
                boot="",
                uptime=0,
                address=address,
                version=request.version,
                repeats=0,
            )
        )
        db.execute(update(tokens).where(tokens.c.digest == token.digest).values(used_at=now, key=key.id, answer=answer))
        audit.note(db, f"agent:{agent}", "agent.enrol", agent, f"{request.name} key {key.id} from {address}")
    return answer


def revoke(database: Database, actor: str, agent: str, why: str) -> None:
    """Take no further report of an agent. Raises ``NoSuchAgent``."""
    now = clock.now()
    with database.writing() as db:
        agent_id = _agent_id(db, agent)
        db.execute(update(agents).where(agents.c.id == agent_id).values(revoked_at=now))
        db.execute(update(chains).where((chains.c.agent_id == agent_id) & chains.c.revoked_at.is_(None)).values(revoked_at=now))
        audit.note(db, actor, "agent.revoke", agent, why)


def key_of(database: Database, key: str) -> tuple[PublicKey, str] | None:
    """Give an enrolled key and its agent; revoked ones too, so that their refusal can say so."""
    with database.reading() as db:
        row = db.execute(select(chains.c.public_key, agents.c.agent).join_from(chains, agents).where(chains.c.key == key)).first()
    return (PublicKey.of_text(row.public_key), row.agent) if row else None


def set_policy(database: Database, hub_key: SigningKey, actor: str, facts: Sequence[str], interval: int) -> Policy:
    """Make the policy that agents are given from now on. Raises ``Refused`` where agents would not take it."""
    if unknown := sorted(set(facts) - fact_types().keys()):
        raise Refused(Refusal.NOT_OF_SCHEMA, fit(f"no such fact: {', '.join(unknown)}", DETAIL))
    with database.writing() as db:
        serial = (db.execute(select(policies.c.serial).order_by(policies.c.serial.desc()).limit(1)).scalar() or 0) + 1
        policy = Policy(serial, tuple(sorted(set(facts))), interval, (hub_key.public.text,))
        policy_in(policy.plain())
        envelope = seal(Sort.POLICY, policy.plain(), hub_key)
        known_by = digest(open_envelope(envelope, {Sort.POLICY}).claimed().payload)
        db.execute(insert(policies).values(serial=serial, digest=known_by, envelope=envelope, made_at=clock.now(), made_by=actor))
        audit.note(db, actor, "policy.set", str(serial), f"every {interval} s: {', '.join(policy.facts) or 'all facts'}")
    return policy


def policy(database: Database) -> tuple[str, bytes] | None:
    """Give digest and envelope of the policy in force; ``None`` while there is none."""
    with database.reading() as db:
        row = db.execute(select(policies.c.digest, policies.c.envelope).order_by(policies.c.serial.desc()).limit(1)).first()
    return (row.digest, bytes(row.envelope)) if row else None


def _agent_id(db: Connection, agent: str) -> int:
    found: int | None = db.execute(select(agents.c.id).where(agents.c.agent == agent)).scalar()
    if found is None:
        raise NoSuchAgent(agent)
    return found
