"""What the reading commands of ``tenken hub`` print: agents, one agent, refusals, the audit log."""

from __future__ import annotations

from dataclasses import asdict

import typer

from scanner.cli import console
from scanner.cli.hub_work import Place, note
from scanner.cli.words import OUTCOMES, Language
from scanner.hub import audit, book, change_words, history
from scanner.hub.agent_words import FLAG_WORDS, STATE_WORDS, state_of
from scanner.hub.change_words import SIGN_WORDS
from scanner.hub.enrolment import NoSuchAgent
from scanner.hub.standing import Standing
from scanner.model.reason import WORDS, Reason
from scanner.model.text import Text
from scanner.model.verdict import Outcome
from scanner.protocol.refusal import REFUSAL_WORDS, Refusal


def list_agents(place: Place, language: Language, *, as_json: bool) -> None:
    """Print the agents."""
    with place.database() as database:
        rows = book.agent_rows(database)
        note(database, "agents.list")
    if as_json:
        console.print_json([row.plain() for row in rows])
        return
    heads = (
        Text(ja="番号", en="agent"),
        Text(ja="端末名", en="name"),
        Text(ja="覚書", en="note"),
        Text(ja="状態", en="state"),
        Text(ja="報告", en="reports"),
        Text(ja="最後の報告", en="last report"),
        *OUTCOMES.values(),
        Text(ja="報告の異常", en="odd about its reports"),
    )
    console.print_table(
        [language.of(head) for head in heads],
        (
            (
                row.agent,
                row.name,
                row.note,
                language.of(STATE_WORDS[state_of(row)]),
                str(row.reports),
                row.received_at or "",
                *(str(row.outcomes.get(outcome.value, 0)) for outcome in OUTCOMES),
                _oddities(row, language),
            )
            for row in rows
        ),
    )


def _oddities(row: book.AgentRow, language: Language) -> str:
    found = [language.of(FLAG_WORDS[flag]) if flag in FLAG_WORDS else flag for flag in row.flags]
    if row.missing:
        found.append(language.of(Text(ja=f"欠落 {row.missing}", en=f"gaps: {row.missing}")))
    return ", ".join(found)


def show(place: Place, agent: str, language: Language, *, as_json: bool) -> None:
    """Print one agent."""
    with place.database() as database:
        chains = book.chain_book(database, agent)
        if not chains:
            raise NoSuchAgent(agent)
        results = list(book.result_lines(database, agent))
        changes, returns = history.change_rows(database, agent), history.returns_of(database, agent)
        note(database, "agent.read", agent)
    if as_json:
        plain = {"changes": [row.plain() for row in changes], "returns": [one.plain() for one in returns]}
        console.print_json({"agent": agent, "chains": chains, **plain, "results": results})
        return
    heads = (Text(ja="鍵", en="key"), Text(ja="番号", en="number"), Text(ja="出来事", en="event"), Text(ja="内容", en="detail"))
    rows = [(chain["key"], str(e["sequence"]), e["kind"], e["detail"]) for chain in chains for e in chain["events"]]
    console.print_table([language.of(head) for head in heads], rows)
    _print_changes(changes, language)
    _print_returns(returns, language)
    heads = (
        Text(ja="判定", en="outcome"),
        Text(ja="点検項目", en="check"),
        Text(ja="確認した内容", en="what was seen"),
        Text(ja="いつから", en="since"),
    )
    shown = [(language.of(OUTCOMES[Outcome(r["outcome"])]), r["check"], _in_words(r, language), r["since"]) for r in results]
    console.print_table([language.of(head) for head in heads], shown)


def _print_changes(changes: list[history.ChangeRow], language: Language) -> None:
    heads = (
        Text(ja="変化", en="change"),
        Text(ja="名前", en="name"),
        Text(ja="内容", en="detail"),
        Text(ja="端末の日付", en="day"),
        Text(ja="前の報告", en="report before"),
        Text(ja="報告", en="report"),
    )
    rows = (
        (
            language.of(SIGN_WORDS[row.sign]),
            _said_or_named(change_words.subject(row.sign, row.subject), language),
            _said_or_named(change_words.detail(row.sign, row.detail), language),
            row.day,
            row.before_at,
            row.at,
        )
        for row in changes
    )
    console.print_table([language.of(head) for head in heads], rows)


def _said_or_named(text: Text | str, language: Language) -> str:
    return text if isinstance(text, str) else language.of(text)


def _print_returns(returns: list[Standing], language: Language) -> None:
    heads = (
        Text(ja="前の報告", en="report before"),
        Text(ja="報告", en="report"),
        Text(ja="その間に接続した網", en="networks joined meanwhile"),
        Text(ja="リアルタイム保護", en="real-time protection"),
        Text(ja="定義ファイル（時間）", en="definitions (hours)"),
        Text(ja="未適用の更新", en="updates missing"),
    )
    switch = {True: Text(ja="有効", en="on"), False: Text(ja="無効", en="off"), None: Text(ja="不明", en="not known")}
    rows = (
        (
            one.left_at,
            one.at,
            ", ".join(network.name for network in one.networks),
            language.of(switch[one.realtime]),
            *(language.of(switch[None]) if n is None else str(n) for n in (one.definitions_hours, one.updates_missing)),
        )
        for one in returns
    )
    console.print_table([language.of(head) for head in heads], rows)


def _in_words(line: dict[str, object], language: Language) -> str:
    message = line["message"]
    text = message[language.value] if isinstance(message, dict) else ""
    return str(text) if text or not line["reason"] else language.of(WORDS[Reason(str(line["reason"]))])


def list_refusals(place: Place, language: Language, *, as_json: bool) -> None:
    """Print what was refused."""
    with place.database() as database:
        rows = book.refusal_rows(database)
        note(database, "refusals.read")
    if as_json:
        console.print_json(rows)
        return
    heads = (
        Text(ja="日", en="day"),
        Text(ja="理由", en="reason"),
        Text(ja="端末", en="agent"),
        Text(ja="件数", en="count"),
        Text(ja="最後", en="last"),
        Text(ja="送信元", en="from"),
    )
    console.print_table(
        [language.of(head) for head in heads],
        (
            (
                r["day"],
                language.of(REFUSAL_WORDS[Refusal(r["reason"])]),
                r["agent"],
                str(r["count"]),
                r["last_at"],
                r["last_address"],
            )
            for r in rows
        ),
    )


def audit_log(place: Place, *, as_json: bool) -> None:
    """Print the audit log; status 1 where its chain is broken."""
    with place.database() as database:
        faults = list(audit.faults(database))
        after = 0
        while found := audit.entries(database, after):
            after = found[-1].id
            for entry in found:
                if as_json:
                    console.print_json(asdict(entry))
                else:
                    console.print_cells((entry.at, entry.actor, entry.action, entry.object, entry.detail))
        note(database, "audit.read")
    for fault in faults:
        console.err.print(f"監査記録の連なりが壊れている / the audit log is broken: {fault}", markup=False)
    if faults:
        raise typer.Exit(1)
