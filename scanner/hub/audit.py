"""The hub's audit log: every access and change, in order, each entry carrying the digest of the one before it. Only ever added to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from scanner.codec import canonical
from scanner.hub import clock
from scanner.hub.database import Database, only_one
from scanner.hub.schema import audit
from scanner.protocol.envelope import digest

_LOCK = 0x61756469
BEGINNING = "sha256:" + "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what to what, when."""

    id: int
    at: str
    actor: str
    action: str
    object: str
    detail: str
    previous: str
    digest: str


def note(db: Connection, actor: str, action: str, object_: str, detail: str = "") -> None:
    """Add an entry, within the transaction of what it tells of."""
    only_one(db, _LOCK)
    newest = db.execute(select(audit.c.id, audit.c.digest).order_by(audit.c.id.desc()).limit(1)).first()
    number, previous = (newest.id + 1, newest.digest) if newest else (1, BEGINNING)
    row = {"at": clock.now(), "actor": actor, "action": action, "object": object_[:300], "detail": detail[:1000]}
    db.execute(insert(audit).values(id=number, **row, previous=previous, digest=_digest(number, row, previous)))


def entries(database: Database, after: int = 0, most: int = 1000) -> list[Entry]:
    """Give entries in order."""
    with database.reading() as db:
        rows = db.execute(select(audit).where(audit.c.id > after).order_by(audit.c.id).limit(most)).all()
    return [Entry(*row) for row in rows]


def newest(database: Database, before: int | None = None, most: int = 200) -> list[Entry]:
    """Give entries, the newest first; ``before`` leaves out what has this number or a higher one."""
    wanted = select(audit).order_by(audit.c.id.desc()).limit(most)
    with database.reading() as db:
        rows = db.execute(wanted if before is None else wanted.where(audit.c.id < before)).all()
    return [Entry(*row) for row in rows]


def faults(database: Database) -> Iterator[str]:
    """Name every entry that was changed and every place where one was taken out; a cut-off end shows against a digest kept elsewhere."""
    previous, expected = BEGINNING, 1
    after = 0
    while found := entries(database, after):
        for entry in found:
            row = {"at": entry.at, "actor": entry.actor, "action": entry.action, "object": entry.object, "detail": entry.detail}
            if entry.id != expected:
                yield f"entries {expected} to {entry.id - 1} are missing"
            elif entry.previous != previous:
                yield f"entry {entry.id} does not follow the one before it"
            if entry.digest != _digest(entry.id, row, entry.previous):
                yield f"entry {entry.id} was changed"
            previous, expected, after = entry.digest, entry.id + 1, entry.id


def _digest(number: int, row: dict[str, str], previous: str) -> str:
    return digest(canonical({"id": number, "previous": previous, **row}))
