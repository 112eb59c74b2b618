"""What the checks of database servers share: judging those in use, and what is kept in the databases. No check stands here."""

from __future__ import annotations

from collections.abc import Callable

from checks.host.programs import each, in_use
from scanner.facts.database_configuration import DatabaseConfiguration, DatabaseServer, Entrance
from scanner.facts.readings import Audience
from scanner.model.check import Judgement
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Outcome, not_applicable

NONE = Text(ja="データベースのサーバが動いていない", en="no database server is in use")
NOT_CONCERNED = Text(ja="この設定を持つデータベースのサーバが動いていない", en="no database server with such a setting is in use")


def each_server(db: DatabaseConfiguration, judge: Callable[[DatabaseServer], Judgement | None], idle: str = "NO_DATABASE") -> Judgement:
    """Judge every server in use; ``idle`` is said where servers are in use and none of them is concerned."""
    found = each(db.servers, judge)
    if isinstance(found, Unobserved) or (found is not None and found.outcome is Outcome.FAIL):
        return found
    if db.unseen is not None:
        return db.unseen
    return found or not_applicable(idle if any(in_use(server) is not False for server in db.servers) else "NO_DATABASE")


def is_local(server: DatabaseServer) -> bool:
    """Tell whether nobody outside the machine can connect."""
    return server.listens in {Audience.NOBODY, Audience.ITSELF}


def from_network(server: DatabaseServer) -> tuple[Entrance, ...] | Unobserved:
    """Give the rules that let in somebody from another machine."""
    if isinstance(server.listens, Unobserved):
        return server.listens
    if server.entrances is None or isinstance(server.entrances, Unobserved):
        return server.entrances or in_database("接続を許すアカウント", "which accounts may connect")
    return tuple(entrance for entrance in server.entrances if not entrance.socket and entrance.who is not Audience.ITSELF)


def in_database(ja: str, en: str) -> Unobserved:
    """Say that something is kept in the database, which nobody asked."""
    return cannot_tell(
        Reason.UNSUPPORTED, ja=f"{ja}はデータベースの中にあり、見ていない", en=f"{en} stands in the database, which was not read"
    )
