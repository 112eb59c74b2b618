"""Who may see and do what at the hub: one decision for the JSON interface and the pages, in the audit log before it is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scanner.hub import audit
from scanner.hub.access import Role, User
from scanner.hub.database import Database

SystemsOf = Callable[[str], Sequence[str]]
"""From an agent's id to the ids of the systems that it belongs to."""
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
READERS = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
ALL = frozenset(Role)


class NotPermitted(Exception):
    """The user is known and may not do this."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Decides, and writes down that it was asked."""

    database: Database
    systems_of: SystemsOf

    def demand(self, user: User, may: frozenset[Role], action: str, address: str, agent: str = "") -> None:
        """Let a user with one of these roles do something; a system owner only with own machines. Raises ``NotPermitted``."""
        denied = user.role not in may or (agent != "" and not self.sees(user, agent))
        with self.database.writing() as db:
            audit.note(db, f"user:{user.name}", action + (".deny" if denied else ""), agent, f"from {address}")
        if denied:
            raise NotPermitted

    def sees(self, user: User, agent: str) -> bool:
        """Whether a user may know of a machine at all."""
        return user.role is not Role.OWNER or not set(user.systems).isdisjoint(self.systems_of(agent))
