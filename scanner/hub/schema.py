"""The tables of the hub, in a database of its own apart from the run store (docs/adr/0012). ``migrations`` makes and changes them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

agents = Table(
    "agents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agent", String, nullable=False, unique=True),
    Column("name", String, nullable=False),  # the machine's own name when it enrolled
    Column("note", String, nullable=False),  # what the administrator wrote on its token
    Column("platform", String, nullable=False),
    Column("enrolled_at", String, nullable=False),
    Column("revoked_at", String),
    Column("changed", Integer, nullable=False),  # counts the reports that brought another state
    Column("judged", Integer, nullable=False),  # the value of ``changed`` that the results rest on
    Column("judged_at", String),
    Column("judged_by", String),  # digest of everything else that the results rest on
    Column("stale", Boolean, nullable=False),  # whether the results say so
    Column("compared", Integer, nullable=False),  # the value of ``changed`` up to which reports were compared with those before
    Column("summary", String, nullable=False),  # JSON: how many results there are of each outcome, and failures of each severity
)

chains = Table(
    "chains",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agent_id", Integer, ForeignKey("agents.id"), nullable=False, index=True),
    Column("key", String, nullable=False, unique=True),
    Column("public_key", String, nullable=False),
    Column("enrolled_at", String, nullable=False),
    Column("revoked_at", String),
    Column("genesis", String, nullable=False),  # digest of the enrolment, which report number 1 follows
    Column("last", Integer, nullable=False),  # number of the last report
    Column("digest", String, nullable=False),  # and its digest; of the enrolment while there is none
    Column("state", String, nullable=False),  # digest of its answers together
    Column("made_at", String),
    Column("received_at", String),
    Column("boot", String, nullable=False),
    Column("uptime", Integer, nullable=False),
    Column("address", String, nullable=False),  # where the last report came from
    Column("version", String, nullable=False),
    Column("repeats", Integer, nullable=False),  # reports that came again and got the same receipt
)

reports = Table(
    "reports",
    metadata,
    Column("chain_id", Integer, ForeignKey("chains.id"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("digest", String, nullable=False),
    Column("made_at", String, nullable=False),
    Column("received_at", String, nullable=False),
    Column("flags", String, nullable=False),
    Column("answer", String),  # what the receipt says beside the rest, as JSON
    Column("envelope", LargeBinary),  # of reports that brought something; the chain covers the others
    PrimaryKeyConstraint("chain_id", "sequence"),
)

gaps = Table(
    "gaps",
    metadata,
    Column("chain_id", Integer, ForeignKey("chains.id"), nullable=False),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("digest", String, nullable=False),  # of report number ``last``, as the chain behind it says
    Column("reason", String, nullable=False),  # of the agent's note; empty: nobody has explained it
    Column("noted_at", String, nullable=False),
    PrimaryKeyConstraint("chain_id", "first"),
)

notes = Table(
    "notes",
    metadata,
    Column("chain_id", Integer, ForeignKey("chains.id"), nullable=False),
    Column("digest", String, nullable=False),  # of an agent's note of a gap, so that it gets the same receipt again
    Column("received_at", String, nullable=False),
    PrimaryKeyConstraint("chain_id", "digest"),
)

bodies = Table(
    "bodies",
    metadata,
    Column("digest", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

spans = Table(
    "spans",
    metadata,
    Column("agent_id", Integer, ForeignKey("agents.id"), nullable=False),
    Column("fact", String, nullable=False),
    Column("since", Integer, nullable=False),  # the agent's ``changed`` from which on this was so
    Column("digest", String, nullable=False),
    Column("since_at", String, nullable=False),
    Column("until_at", String),  # empty: still so
    Column("before_at", String),  # when the report before was made; empty: it is the first of its enrolment
    PrimaryKeyConstraint("agent_id", "fact", "since"),
    Index(None, "agent_id", "digest"),
)

changes = Table(
    "changes",
    metadata,
    Column("agent_id", Integer, ForeignKey("agents.id"), nullable=False),
    Column("number", Integer, nullable=False),  # the agent's ``changed`` of the report that showed it
    Column("sign", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("day", String, nullable=False),
    Column("before_at", String, nullable=False),  # when the report was made that it is compared with; empty: there is none
    Column("at", String, nullable=False),
    PrimaryKeyConstraint("agent_id", "number", "sign", "subject", "detail"),
)

events = Table(
    "events",
    metadata,
    Column("chain_id", Integer, ForeignKey("chains.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("at", String, nullable=False),
    Column("detail", String, nullable=False),
    PrimaryKeyConstraint("chain_id", "kind", "sequence"),  # however often it happens, it is one row
)

refusals = Table(
    "refusals",
    metadata,
    Column("day", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("agent", String, nullable=False),  # empty where it is not known who sent it
    Column("count", Integer, nullable=False),
    Column("last_at", String, nullable=False),
    Column("last_detail", String, nullable=False),
    Column("last_address", String, nullable=False),
    PrimaryKeyConstraint("day", "reason", "agent"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("digest", String, primary_key=True),
    Column("made_at", String, nullable=False),
    Column("made_by", String, nullable=False),
    Column("expires_at", String, nullable=False),
    Column("note", String, nullable=False),
    Column("agent", String),  # an agent that is to be enrolled anew
    Column("used_at", String),
    Column("key", String),
    Column("answer", LargeBinary),
)

policies = Table(
    "policies",
    metadata,
    Column("serial", Integer, primary_key=True),
    Column("digest", String, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("made_at", String, nullable=False),
    Column("made_by", String, nullable=False),
)

results = Table(
    "results",
    metadata,
    Column("agent_id", Integer, ForeignKey("agents.id"), nullable=False),
    Column("check_id", String, nullable=False),
    Column("variant", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("tag", String, nullable=False),
    Column("since", String, nullable=False),  # when outcome and tag became what they are
    Column("line", LargeBinary, nullable=False),  # the whole result as JSON, compressed
    PrimaryKeyConstraint("agent_id", "check_id", "variant", "subject"),
)

users = Table(
    "users",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("systems", String, nullable=False),  # JSON list; what a system owner sees
    Column("password", String, nullable=False),  # argon2id; empty: no login with a password
    Column("totp", String, nullable=False),
    Column("totp_step", Integer, nullable=False),  # the last one used: a code is good once
    Column("certificate", String, nullable=False),  # SHA-256 of a client certificate; empty: none
    Column("failures", Integer, nullable=False),
    Column("locked_until", String, nullable=False),
    Column("made_at", String, nullable=False),
    Column("disabled_at", String),
)

user_places = Table(
    "user_places",
    metadata,
    Column("user", String, ForeignKey("users.name"), nullable=False),
    Column("place", String, nullable=False),  # where the user has logged in with a password
    Column("at", String, nullable=False),  # when, the last time
    Column("failures", Integer, nullable=False),  # there, since then; those of all other places stand with the user
    Column("locked_until", String, nullable=False),
    PrimaryKeyConstraint("user", "place"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String, primary_key=True),
    Column("user", String, ForeignKey("users.name"), nullable=False),
    Column("expires_at", String, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("object", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("previous", String, nullable=False),
    Column("digest", String, nullable=False),
    UniqueConstraint("previous"),
)
