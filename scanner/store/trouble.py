"""What a run store raises. It stands apart from the store, so that whoever catches it need not load the SQL layer."""

from __future__ import annotations

import sqlite3

from scanner.model.problem import BadFile, say
from scanner.model.text import Text

_SQLITE: dict[int, Text] = {
    sqlite3.SQLITE_CANTOPEN: Text(ja="実行記録の保管先を開けない", en="the run store cannot be opened"),
    sqlite3.SQLITE_NOTADB: Text(ja="実行記録の保管先ではない", en="this is no run store"),
    sqlite3.SQLITE_READONLY: Text(
        ja="実行記録の保管先に書き込む権限がない（読むだけの場合も要る）",
        en="there is no right to write to the run store, which is needed even to read it",
    ),
    sqlite3.SQLITE_FULL: Text(ja="実行記録の保管先に空きがない", en="no space is left for the run store"),
    sqlite3.SQLITE_BUSY: Text(
        ja="ほかの点検が実行記録の保管先を使い続けている。終わってからやり直す",
        en="another run keeps the run store busy; try again when it has ended",
    ),
    sqlite3.SQLITE_CORRUPT: Text(ja="実行記録の保管先が壊れている", en="the run store is damaged"),
}


class StoreError(BadFile):
    """The store cannot be used, or does not hold what was asked for."""


def database_says(error: Exception) -> Text:
    """Say why the database failed, from what SQLAlchemy or SQLite raised."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorcode", None)  # of exceptions that SQLite itself gave a code
    known = _SQLITE.get(code & 0xFF) if isinstance(code, int) else None  # the lowest octet: https://sqlite.org/rescode.html
    return known or say("実行記録の保管先を使えない（{why}）", "the run store cannot be used ({why})", why=str(cause))
