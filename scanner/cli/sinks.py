"""Where a run goes: record files, stdout, the run store and the terminal, each a sink of the engine."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import IO, NamedTuple

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scanner.cli import console
from scanner.cli.words import OUTCOMES, Language
from scanner.engine import factsfile
from scanner.engine.assess import Finding
from scanner.engine.judge import Result
from scanner.engine.run import RunEnd, RunStart, TargetDone
from scanner.ledger.exceptions import Exceptions
from scanner.model.reason import ADVICE, MEANS, TECHNICAL_NOTE, WORDS, Reason
from scanner.model.text import Text
from scanner.model.verdict import Outcome
from scanner.report.record import Line, Recorder, ResultLine, display_name, to_bytes
from scanner.store.store import Store

MOST_SHOWN = 40
"""Failing results, and groups of undetermined ones, that the terminal lists; files and reports have all."""
CHECKS_NAMED = 6


class _Stopped(NamedTuple):
    """Where something stopped checks: target, what is said beyond the reason, and the technical note."""

    name: str
    message: str
    note: str


class Written(NamedTuple):
    """A target as file and store take it. The last three are for the store and empty where there is none."""

    lines: bytes
    line: Line
    results: list[ResultLine]
    facts: bytes


class RecordSink:
    """Makes the record lines once and hands them to a file, to stdout and to the store."""

    def __init__(self, start: RunStart, exceptions: Exceptions, outs: list[IO[bytes]], store: Store | None) -> None:
        self._recorder = Recorder(start, exceptions)
        self._outs = outs
        self._store = store
        self._count = 0

    def begin(self, start: RunStart) -> None:
        """Write the run line."""
        line = self._recorder.begin()
        self._write([to_bytes(line)])
        if self._store:
            self._store.begin(line)

    def target(self, done: TargetDone) -> None:
        """Write a target and its results."""
        written = done.written if isinstance(done.written, Written) else self.written(done)
        self._write([written.lines])
        if self._store:
            self._store.target(self._count, written.line, written.results, written.facts)
        self._count += 1

    def written(self, done: TargetDone) -> Written:
        """Make the lines of a target; also in another process than the one that keeps them."""
        line, results = self._recorder.target(done)
        lines = b"".join([to_bytes(line), *(result.raw for result in results)]) if self._outs else b""
        if self._store is None:
            return Written(lines, {}, [], b"")
        return Written(lines, line, results, factsfile.target_line(done.seen, self._recorder.bodies))

    def end(self, end: RunEnd) -> None:
        """Write the assessments and the end line."""
        lines = list(self._recorder.end(end))
        self._write(map(to_bytes, lines))
        if self._store:
            self._store.end(lines[:-1], lines[-1])

    def _write(self, lines: Iterable[bytes]) -> None:
        if self._outs:
            text = b"".join(lines)
            for out in self._outs:
                out.write(text)
                out.flush()


class TerminalSink:
    """Progress while a run goes on, and what it found, on stderr for the one and stdout for the other."""

    def __init__(self, language: Language, *, summary: bool) -> None:
        self._language = language
        self._summary = summary
        self._failing: list[Result] = []
        self._reasons: Counter[Reason] = Counter()
        self._undetermined: dict[Reason, dict[_Stopped, list[str]]] = {}
        self._groups = 0
        self._progress: Progress | None = None

    def begin(self, start: RunStart) -> None:
        """Show the bar."""
        self._began = time.monotonic()
        if console.err.is_terminal:
            words = self._language.of(Text(ja="点検中", en="scanning"))
            bar = (TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.fields[name]}"))
            self._progress = Progress(*bar, console=console.err, transient=True)
            self._progress.start()
            self._task = self._progress.add_task("", total=start.planned_targets, name="")

    def target(self, done: TargetDone) -> None:
        """Count one target."""
        if self._progress:
            self._progress.update(self._task, advance=1, name=display_name(done.seen.facts.target))
        for result in done.results:
            if result.ending.outcome is Outcome.FAIL and len(self._failing) < MOST_SHOWN:
                self._failing.append(result)
            if result.ending.outcome is Outcome.UNDETERMINED and result.ending.reason:
                self._reasons[result.ending.reason] += 1
                self._keep_undetermined(result, result.ending.reason)

    def _keep_undetermined(self, result: Result, reason: Reason) -> None:
        """Gather the checks that one and the same thing stopped: a dead resolver is one entry, not a hundred."""
        of_reason = self._undetermined.setdefault(reason, {})
        message = result.message()
        key = _Stopped(display_name(result.target), "" if message == WORDS[reason] else self._language.of(message), result.ending.detail)
        if key not in of_reason:
            if self._groups >= MOST_SHOWN:
                return
            self._groups += 1
        of_reason.setdefault(key, []).append(result.variant.check.id)

    def close(self) -> None:
        """Take the bar away; also when the run broke off."""
        if self._progress:
            self._progress.stop()
            self._progress = None

    def end(self, end: RunEnd) -> None:
        """Print the summary."""
        self.close()
        if not self._summary:
            return
        language = self._language
        say = console.out.print
        ranked = sorted(self._failing, key=lambda r: (-r.variant.check.severity.rank, r.target.key, r.variant.check.id))
        for result in ranked:
            place = (
                display_name(result.target) if result.subject == result.target else f"{display_name(result.target)} · {result.subject.key}"
            )
            say(f"[red]✗[/red] [bold]{result.variant.check.id}[/bold] ({result.variant.check.severity.value})  ", end="")
            say(place, markup=False, style="cyan")
            say(f"    {language.of(result.message())}", markup=False)
            say(f"    → {language.of(result.variant.check.remedy.fill(result.variant.values))}", markup=False, style="dim")
        for reason, n in self._reasons.most_common():
            self._print_reason(reason, n)
        shown = len(ranked) + sum(len(checks) for of_reason in self._undetermined.values() for checks in of_reason.values())
        hidden = end.outcomes.get(Outcome.FAIL, 0) + end.outcomes.get(Outcome.UNDETERMINED, 0) - shown
        if hidden > 0:
            say(language.of(Text(ja="ほか {n} 件は報告書にある。", en="{n} more are in the report.").fill({"n": hidden})))
        self._print_counts(end)

    def _print_reason(self, reason: Reason, n: int) -> None:
        """Say what stopped how many checks, what follows and what to do, then where; the probe's own words last, under their label."""
        language = self._language
        say = console.out.print
        say(f"[yellow]?[/yellow] [bold]{language.of(WORDS[reason])}[/bold] ({reason.value})  {n}")
        say(f"    {language.of(MEANS[reason])}", markup=False)
        say(f"    → {language.of(ADVICE[reason])}", markup=False, style="dim")
        for stopped, checks in self._undetermined[reason].items():
            say(f"    {stopped.name}", markup=False, style="cyan", end="")
            say(f"  {stopped.message}" if stopped.message else "", markup=False)
            more = f" … +{len(checks) - CHECKS_NAMED}" if len(checks) > CHECKS_NAMED else ""
            say(f"      {', '.join(checks[:CHECKS_NAMED])}{more}", markup=False, style="dim")
            if stopped.note:
                say(f"      {language.of(TECHNICAL_NOTE)}: {stopped.note}", markup=False, style="dim")

    def _print_counts(self, end: RunEnd) -> None:
        language = self._language
        counts = "  ".join(f"{language.of(OUTCOMES[o])} {end.outcomes.get(o, 0)}" for o in OUTCOMES)
        seconds = f"{time.monotonic() - self._began:.1f}"
        head = Text(ja="対象 {n} 件、{seconds} 秒：", en="{n} targets in {seconds} s: ").fill({"n": end.ended_targets, "seconds": seconds})
        console.out.print(language.of(head) + counts, style="bold")
        if self._reasons:
            reasons = ", ".join(f"{language.of(WORDS[reason])} {n}" for reason, n in self._reasons.most_common())
            console.out.print(f"  {language.of(OUTCOMES[Outcome.UNDETERMINED])}: {reasons}", markup=False)
        findings = Counter((a.baseline, a.finding) for a in end.assessments)
        rows = [
            (baseline, *(str(findings[baseline, finding]) for finding in Finding))
            for baseline in dict.fromkeys(a.baseline for a in end.assessments)
        ]
        if rows:
            heads = {
                Finding.SATISFIED: Text(ja="充足", en="satisfied"),
                Finding.NOT_SATISFIED: Text(ja="不充足", en="not satisfied"),
                Finding.UNDETERMINED: Text(ja="判定不能", en="undetermined"),
                Finding.NOT_APPLICABLE: Text(ja="適用外", en="not applicable"),
                Finding.EVIDENCE_NEEDED: Text(ja="記録が必要", en="evidence needed"),
            }
            console.print_table((language.of(Text(ja="文書", en="document")), *(language.of(heads[f]) for f in Finding)), rows)
