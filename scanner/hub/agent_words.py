"""The words of how an agent stands: its state, what is odd about its reports, what happened on its chain, and who may look."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique

from scanner.hub.access import Role
from scanner.hub.book import AgentRow
from scanner.model.text import Text


@unique
class State(StrEnum):
    """How an agent stands."""

    REPORTING = "reporting"
    SILENT = "silent"
    NEVER = "never"
    REVOKED = "revoked"


def state_of(row: AgentRow) -> State:
    """Tell how an agent stands."""
    if row.revoked_at:
        return State.REVOKED
    if row.received_at is None:
        return State.NEVER
    return State.SILENT if row.stale else State.REPORTING


STATE_WORDS: Mapping[State, Text] = {
    State.REPORTING: Text(ja="稼働", en="reporting"),
    State.SILENT: Text(ja="途絶", en="silent"),
    State.NEVER: Text(ja="報告なし", en="no report yet"),
    State.REVOKED: Text(ja="登録取消し", en="revoked"),
}
FLAG_WORDS: Mapping[str, Text] = {
    "clock-ahead": Text(ja="未来の日時", en="dated into the future"),
    "old": Text(ja="古い報告", en="old when it came"),
    "clock-backwards": Text(ja="時計の逆行", en="clock set back"),
    "uptime-backwards": Text(ja="稼働時間の逆行", en="uptime runs backwards"),
    "late": Text(ja="遅れて到着", en="came late"),
    "after-hole": Text(ja="直前の報告が欠けている", en="reports before it are missing"),
}
EVENT_WORDS: Mapping[str, Text] = {
    **FLAG_WORDS,
    "missing": Text(ja="報告の欠落", en="reports missing"),
    "gap": Text(ja="端末が申告した欠落", en="a gap that the agent explained"),
    "repeat": Text(ja="同じ報告の再送", en="the same report again"),
    "moved": Text(ja="送信元が変わった", en="reports from elsewhere"),
    "rejoined": Text(ja="途絶の後の報告", en="back after a silence"),
    "forked": Text(ja="同じ番号で内容の異なる報告", en="another report with a used number"),
    "chain-broken": Text(ja="連なりに合わない報告", en="a report that does not follow"),
    "replay": Text(ja="古い報告の再送", en="an old report sent again"),
}
GAP_WORDS: Mapping[str, Text] = {
    "spool-full": Text(ja="端末の待ち行列が満ちた", en="the machine's spool was full"),
    "damaged": Text(ja="端末の保存領域で壊れた", en="damaged on the machine's disk"),
    "refused": Text(ja="集約サーバが拒否した", en="refused by the hub"),
}
ROLE_WORDS: Mapping[Role, Text] = {
    Role.ADMINISTRATOR: Text(ja="管理者", en="administrator"),
    Role.AUDITOR: Text(ja="監査者", en="auditor"),
    Role.OWNER: Text(ja="システムの責任者", en="system owner"),
}
