"""``tenken runs``, ``tenken report``, ``tenken facts`` and ``tenken feed``: what was recorded before."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from scanner.cli import console
from scanner.cli.outputs import Format, Formats, Out, Outputs, StorePath, open_store
from scanner.cli.scan import Baselines, ExceptionsFile, InventoryFile, Lang, ProfileFile, judge_file
from scanner.cli.setup import set_up
from scanner.cli.words import OUTCOMES, usual_language
from scanner.engine import factsfile
from scanner.ledger.inventory import Inventory
from scanner.model.reason import ADVICE, TECHNICAL_NOTE
from scanner.model.text import Text
from scanner.model.verdict import Outcome
from scanner.report.files import whole_file
from scanner.report.record import Line, to_bytes

if TYPE_CHECKING:  # see outputs.py
    from scanner.store.store import Change, RunRow, Store

runs_app = typer.Typer(no_args_is_help=True, help="実行の記録 / Recorded runs")
facts_app = typer.Typer(no_args_is_help=True, help="観測した事実 / Facts")
feed_app = typer.Typer(no_args_is_help=True, help="適合性評価基盤への引渡し / The feed to the compliance engine")

PREVIOUS = "previous"
_SAME = Text(ja="{before} と {after} の結果に違いはない", en="the results of {before} and {after} do not differ")

Run = Annotated[str, typer.Argument(metavar="RUN", help="実行のID、その先頭、又は latest / A run id, its beginning, or latest")]


@runs_app.command("list")
def list_runs(
    store: StorePath = None,
    lang: Lang = None,
    json: Annotated[bool, typer.Option("--json", help="JSON で出力 / Print JSON")] = False,
) -> None:
    """実行の一覧、新しい順 / List the runs, the newest first."""
    language = lang or usual_language()
    with open_store(store, existing=True) as found:
        rows = found.runs()
    if json:
        console.print_json([{"run": r.run, "started_at": r.started_at, "ended_at": r.ended_at, "zone": r.zone, "end": r.end} for r in rows])
        return
    heads = (
        "run",
        language.of(Text(ja="開始", en="started")),
        language.of(Text(ja="観測点", en="zone")),
        *(language.of(OUTCOMES[o]) for o in OUTCOMES),
    )
    console.print_table(heads, ((r.run, r.started_at, r.zone, *_counts(r, language.of(Text(ja="未完", en="unfinished")))) for r in rows))


def _counts(row: RunRow, unfinished: str) -> tuple[str, ...]:
    if row.end is None:
        return (unfinished, "", "", "")
    return tuple(str(row.end["outcomes"][outcome.value]) for outcome in OUTCOMES)


@runs_app.command("show")
def show_run(run: Run = "latest", store: StorePath = None, lang: Lang = None) -> None:
    """一つの実行の不適合と判定不能 / The failing and undetermined results of a run."""
    language = lang or usual_language()
    heads = (
        Text(ja="判定", en="outcome"),
        Text(ja="点検項目", en="check"),
        Text(ja="確認した対象", en="subject"),
        Text(ja="確認した内容", en="what was seen"),
        Text(ja="対処", en="what to do"),
        TECHNICAL_NOTE,
    )
    wanted = {Outcome.FAIL.value, Outcome.UNDETERMINED.value}
    with open_store(store, existing=True) as found:
        lines = (line for line in found.lines(found.find(run)) if line["type"] == "result" and line["outcome"] in wanted)
        console.print_table([language.of(head) for head in heads], (_shown(line, language.value) for line in lines))


_NO_WORDS = Text(ja="", en="")  # of a reason that a newer version recorded


def _shown(line: Line, language: str) -> tuple[str, ...]:
    to_do = line["remedy"] if line["outcome"] == Outcome.FAIL else asdict(ADVICE.get(line["reason"], _NO_WORDS))
    return (line["outcome"], line["check"], line["subject"], line["message"][language], to_do[language], line["detail"])


@runs_app.command("diff")
def diff_runs(
    before: Annotated[
        str,
        typer.Argument(
            metavar="[RUN]",
            help="前の実行。previous は同じ観測点と台帳の一つ前の実行 / The earlier run; previous: the last of the same zone and inventory",
        ),
    ] = PREVIOUS,
    after: Run = "latest",
    store: StorePath = None,
    lang: Lang = None,
    json: Annotated[bool, typer.Option("--json", help="JSON で出力 / Print JSON")] = False,
) -> None:
    """二つの実行の違い / What differs between two runs."""
    language = lang or usual_language()
    with open_store(store, existing=True) as found:
        later = found.find(after)
        earlier = found.before(later) if before == PREVIOUS else found.find(before)
        if earlier == later:
            console.refuse(f"{later}: 同じ実行どうしは比べられない / a run cannot be compared with itself")
        changes = list(found.diff(earlier, later))
    if not changes:
        console.err.print(language.of(_SAME.fill({"before": earlier, "after": later})), markup=False)
    if json:
        console.print_json_lines(_change(c) for c in changes)
        return
    rows = ((c.check, c.subject, _in_words(c.before, language.value), "→", _in_words(c.after, language.value)) for c in changes)
    heads = (language.of(Text(ja="点検項目", en="check")), language.of(Text(ja="確認した対象", en="subject")), earlier, "→", later)
    console.print_table(heads, rows)


def _in_words(line: Line | None, language: str) -> str:
    return f"{line['outcome']}: {line['message'][language]}" if line else "—"


def _change(change: Change) -> Line:
    return {
        "target": change.target,
        "zone": change.zone,
        "check": change.check,
        "subject": change.subject,
        "before": change.before,
        "after": change.after,
    }


def report(
    run: Run = "latest",
    beside: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN2",
            help="並べて比べる実行（別の観測点など）。HTML だけ / A run to put beside it, such as one from another zone; HTML only",
        ),
    ] = None,
    format: Formats = None,  # noqa: A002  the option's name
    out: Out = None,
    store: StorePath = None,
    lang: Lang = None,
) -> None:
    """記録された実行から報告書を作る / Make reports of a recorded run, or of two side by side."""
    outputs = Outputs.asked(format or ([Format.HTML] if out is None else None), out, lang or usual_language())
    if beside and Format.HTML not in outputs.formats:
        console.refuse("二つの実行は HTML の報告書だけが並べる / only the HTML report puts two runs side by side")
    with open_store(store, existing=True) as found:
        name, other = found.find(run), found.find(beside) if beside else None
        outputs.of_lines(lambda: found.lines(name), _copy(found, name), (lambda: found.lines(other)) if other else None)
    outputs.tell()


def _copy(store: Store, run: str) -> Callable[[IO[bytes]], None]:
    def copy(out: IO[bytes]) -> None:
        for line in store.lines(run):
            out.write(to_bytes(line))

    return copy


@facts_app.command("export")
def export_facts(
    run: Run = "latest",
    out: Annotated[Path | None, typer.Option("--out", help="出力先のファイル。なければ標準出力 / Output file, else stdout")] = None,
    store: StorePath = None,
) -> None:
    """実行で得た事実を書き出す / Write the facts of a run."""
    with open_store(store, existing=True) as found:
        name = found.find(run)
        row = next(r for r in found.runs() if r.run == name)
        if row.ended_at is None:
            console.refuse(f"{name}: 完了していない実行である / the run never ended")
        head = factsfile.Head(name, row.started_at, row.zone, row.begin["approved_by"])
        if out is None:
            factsfile.write(console.binary_stdout(), head, found.facts(name), row.ended_at)
        else:
            with whole_file(out) as file:
                factsfile.write(file, head, found.facts(name), row.ended_at)


@facts_app.command("import")
def import_facts(
    facts: Annotated[Path, typer.Argument(metavar="FACTS")],
    inventory: InventoryFile = None,
    baseline: Baselines = None,
    profile: ProfileFile = None,
    exceptions: ExceptionsFile = None,
    store: StorePath = None,
    lang: Lang = None,
) -> None:
    """事実を読み込み、判定して実行として保管する / Read facts, judge them and keep them as a run."""
    setup = set_up(baseline, inventory or Inventory.of_targets([]), profile, exceptions)
    judge_file(facts, setup, Outputs.asked(None, None, lang or usual_language()), partial(open_store, store))


@feed_app.command("verify")
def verify_record(file: Annotated[str, typer.Argument(metavar="FILE", help="record.jsonl、又は - / record.jsonl, or -")]) -> None:
    """記録を検証する：形、参照、計画どおりの完了 / Verify a record: schema, references, planned = ended."""
    from scanner.feed.verify import verify  # loads what reads the schema

    if file == "-":
        problems = verify(sys.stdin.buffer)
    else:
        with Path(file).open("rb") as source:
            problems = verify(source)
    for problem in problems:
        console.err.print(f"{file}:{problem.line}: {problem.message}" if problem.line else f"{file}: {problem.message}", markup=False)
    if problems:
        raise typer.Exit(1)
    console.out.print(f"{file}: 問題なし / no problem", markup=False)
