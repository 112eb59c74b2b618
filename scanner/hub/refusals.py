"""The book of refusals: a row a day, reason and agent. Counted in memory and written together, so that a flood costs little."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from scanner.hub import clock
from scanner.hub.database import Database, add_counts
from scanner.hub.schema import refusals
from scanner.protocol.refusal import Refused
from scanner.protocol.texts import fit

DETAIL = 300
"""Characters of a technical note that are kept."""
MOST = 10_000
"""Rows that wait to be written; beyond that nothing new is counted until they are."""


@dataclass(slots=True)
class _Row:
    count: int
    last_at: str
    last_detail: str
    last_address: str


class RefusalBook:
    """Counts refusals. Safe in several threads; ``flush`` writes what was counted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str, str], _Row] = {}

    def note(self, refused: Refused, agent: str, address: str) -> None:
        """Count one refusal; ``agent`` is empty where it is not known whose it is."""
        at = clock.now()
        key = (at[:10], refused.reason.value, agent)
        with self._lock:
            row = self._waiting.get(key)
            count = row.count if row else 0
            if row or len(self._waiting) < MOST:
                self._waiting[key] = _Row(count + 1, at, fit(refused.detail, DETAIL), address)

    def flush(self) -> None:
        """Write what was counted since the last time."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        with self._database.writing() as db:
            for (day, reason, agent), row in sorted(waiting.items()):
                more = {"last_at": row.last_at, "last_detail": row.last_detail, "last_address": row.last_address}
                add_counts(db, refusals, {"day": day, "reason": reason, "agent": agent}, row.count, more)
