"""What the terminal says at the end of a run: failures by check, doubts by what stopped the checks, counts. Progress is in ``sinks``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice

from scanner.cli import console
from scanner.cli.words import OUTCOMES, Language
from scanner.engine.assess import Finding
from scanner.engine.judge import Result
from scanner.engine.run import RunEnd
from scanner.model.reason import ADVICE, MEANS, TECHNICAL_NOTE, WORDS, Reason
from scanner.model.text import Text
from scanner.model.verdict import Outcome
from scanner.report.names import readable

MOST_SHOWN = 40
"""Failing checks, and subjects that something stopped, that the terminal lists; files and reports have all."""
MOST_KEPT = 1_000
"""Failing checks, and subjects that something stopped, that are remembered; beyond that they are only counted."""
SENTENCES_SHOWN = 5
SUBJECTS_NAMED = 6
SUBJECTS_KEPT = 100
CHECKS_NAMED = 6
NOTES_SHOWN = 3
_MANY = Text(ja="  {n} 項目を判定できなかった", en="  {n} checks could not be judged")
_EACH = Text(ja="  それぞれ {n} 項目を判定できなかった", en="  {n} checks could not be judged in each")


@dataclass(slots=True)
class _Failure:
    """The failures of one check judged with the same settings: subjects by what was said of them."""

    first: Result
    count: int = 0
    said: dict[str, dict[str, None]] = field(default_factory=dict)


@dataclass(slots=True)
class _Stopped:
    """One subject that something stopped checks of: which ones, and what the probes noted."""

    results: int = 0
    checks: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)


class Summary:
    """Gathers results as they come and prints them at the end. Grows with the caps above and by one number for each cause."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._failures: dict[str, _Failure] = {}
        self._reasons: Counter[Reason] = Counter()
        self._stopped: dict[Reason, dict[tuple[str, str], _Stopped]] = {}
        self._kept = 0
        self._causes: dict[Reason, set[int]] = {}

    def take(self, result: Result) -> None:
        """Take one result."""
        if result.ending.outcome is Outcome.FAIL:
            self._take_failure(result)
        elif result.ending.outcome is Outcome.UNDETERMINED and result.ending.reason:
            self._take_doubt(result, result.ending.reason)

    def _take_failure(self, result: Result) -> None:
        failure = self._failures.get(result.variant.key)
        if failure is None:
            if len(self._failures) >= MOST_KEPT:
                return
            failure = self._failures[result.variant.key] = _Failure(result)
        failure.count += 1
        sentence = self._language.of(result.message())
        if sentence in failure.said or len(failure.said) < SENTENCES_SHOWN:
            subjects = failure.said.setdefault(sentence, {})
            if len(subjects) < SUBJECTS_KEPT:
                subjects[readable(result.subject.key)] = None

    def _take_doubt(self, result: Result, reason: Reason) -> None:
        """Gather the checks that one and the same thing stopped: a server that refuses is one entry, not a hundred."""
        self._reasons[reason] += 1
        message = result.message()
        said = "" if message == WORDS[reason] else self._language.of(message)
        subject = readable(result.subject.key)
        self._causes.setdefault(reason, set()).add(hash((subject, said, result.ending.detail)))
        of_reason = self._stopped.setdefault(reason, {})
        stopped = of_reason.get((subject, said))
        if stopped is None:
            if self._kept >= MOST_KEPT:
                return
            self._kept += 1
            stopped = of_reason[subject, said] = _Stopped()
        stopped.results += 1
        stopped.checks[result.variant.check.id] = None
        if result.ending.detail and len(stopped.notes) < NOTES_SHOWN:
            stopped.notes[result.ending.detail] = None

    def tell(self, end: RunEnd, seconds: float) -> None:
        """Print all of it."""
        told = self._tell_failures() + self._tell_doubts()
        hidden = end.outcomes.get(Outcome.FAIL, 0) + end.outcomes.get(Outcome.UNDETERMINED, 0) - told
        if hidden > 0:
            rest = Text(ja="ほか {n} 件は報告書にある。", en="{n} more are in the report.").fill({"n": hidden})
            console.out.print(self._language.of(rest))
        self._tell_counts(end, seconds)

    def _tell_failures(self) -> int:
        """Print the gravest failures; gives how many results these are."""
        language, say = self._language, console.out.print
        ranked = sorted(self._failures.values(), key=lambda f: (-f.first.variant.check.severity.rank, -f.count, f.first.variant.check.id))
        for failure in ranked[:MOST_SHOWN]:
            check = failure.first.variant.check
            say(f"[red]✗[/red] [bold]{check.id}[/bold] ({check.severity.value})  ", end="")
            say(language.of(check.title), markup=False, end="")
            say(f"  {failure.count}" if failure.count > 1 else "", markup=False)
            for sentence, subjects in failure.said.items():
                say(f"    {_first(list(subjects), SUBJECTS_NAMED)}", markup=False, style="cyan", end="")
                say(f"  {sentence}", markup=False)
            say(f"    → {language.of(check.remedy.fill(failure.first.variant.values))}", markup=False, style="dim")
        return sum(failure.count for failure in ranked[:MOST_SHOWN])

    def _tell_doubts(self) -> int:
        """Print each reason, and where it stopped most; gives how many results these are."""
        room, told = MOST_SHOWN, 0
        for reason, n in self._reasons.most_common():
            self._tell_reason(reason, n)
            alike: dict[tuple[str, ...], list[tuple[str, _Stopped]]] = {}
            for (subject, said), stopped in self._stopped.get(reason, {}).items():
                alike.setdefault((said, *stopped.checks), []).append((subject, stopped))
            ranked = sorted(alike.items(), key=lambda pair: -sum(stopped.results for _, stopped in pair[1]))
            for (said, *_), same in ranked[: max(room, 1)]:  # a reason is never without an example
                self._tell_stopped(said, same)
                room -= 1
                told += sum(stopped.results for _, stopped in same)
        return told

    def _tell_reason(self, reason: Reason, n: int) -> None:
        """Say what stopped how many checks, what follows and what to do."""
        language, say = self._language, console.out.print
        causes = len(self._causes[reason])
        beside = Text(ja="（原因 {n}）", en=" ({n} causes)").fill({"n": causes}) if causes < n else Text(ja="", en="")
        say(f"[yellow]?[/yellow] [bold]{language.of(WORDS[reason])}[/bold] ({reason.value})  {n}{language.of(beside)}")
        say(f"    {language.of(MEANS[reason])}", markup=False)
        say(f"    → {language.of(ADVICE[reason])}", markup=False, style="dim")

    def _tell_stopped(self, said: str, same: list[tuple[str, _Stopped]]) -> None:
        """Say where, what the check had to add, which checks; the probes' own words last, under their label."""
        language, say = self._language, console.out.print
        checks = same[0][1].checks
        say(f"    {_first([subject for subject, _ in same], SUBJECTS_NAMED)}", markup=False, style="cyan", end="")
        many = _EACH if len(same) > 1 else _MANY
        many_said = language.of(many.fill({"n": len(checks)})) if len(checks) > 1 else ""
        say((f"  {said}" if said else "") + many_said, markup=False)
        say(f"      {_first(list(checks), CHECKS_NAMED)}", markup=False, style="dim")
        for note in islice(dict.fromkeys(note for _, stopped in same for note in stopped.notes), NOTES_SHOWN):
            say(f"      {language.of(TECHNICAL_NOTE)}: {note}", markup=False, style="dim")

    def _tell_counts(self, end: RunEnd, seconds: float) -> None:
        language = self._language
        counts = "  ".join(f"{language.of(OUTCOMES[o])} {end.outcomes.get(o, 0)}" for o in OUTCOMES)
        head = Text(ja="対象 {n} 件、{seconds} 秒：", en="{n} targets in {seconds} s: ").fill(
            {"n": end.ended_targets, "seconds": f"{seconds:.1f}"}
        )
        console.out.print(language.of(head) + counts, style="bold")
        if self._reasons:
            reasons = ", ".join(f"{language.of(WORDS[reason])} {n}" for reason, n in self._reasons.most_common())
            causes = Text(ja="（原因 {n}）", en=" ({n} causes)").fill({"n": sum(map(len, self._causes.values()))})
            console.out.print(f"  {language.of(OUTCOMES[Outcome.UNDETERMINED])}{language.of(causes)}: {reasons}", markup=False)
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
            console.print_table(
                (
                    language.of(Text(ja="文書（システムごとの条文）", en="document (clauses, by system)")),
                    *(language.of(heads[f]) for f in Finding),
                ),
                rows,
            )


def _first(names: list[str], most: int) -> str:
    """Name the first of them and tell how many more there are (of subjects that fail, how many more were kept)."""
    return ", ".join(names[:most]) + (f" … +{len(names) - most}" if len(names) > most else "")
