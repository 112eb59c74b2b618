"""Exceptions 例外措置: approved deviations from an article, with reason, substitute measure, approver and a compulsory end.

An exception is an overlay: the check still runs and its result stays; the report shows the exception and its end beside it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from scanner.ledger.known import NOTHING_KNOWN, Known, period, read_control, read_systems, read_targets
from scanner.ledger.words import AN_IDENTIFIER, identifier
from scanner.ledger.yamlfile import finish, open_file, open_text
from scanner.model.problem import say
from scanner.model.yamlfields import Fields

_Refs = dict[str, dict[str, list[str]]]  # baseline id → ref → ids of its controls


@dataclass(frozen=True, slots=True)
class Article:
    """What is deviated from. ``controls`` are the rows of the baseline that stand for it, where the baselines are known."""

    baseline: str
    ref: str
    controls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApprovedException:
    """One row of the register. ``targets`` are canonical keys; ``check`` narrows the exception to one check."""

    id: str
    article: Article
    targets: tuple[str, ...]
    systems: tuple[str, ...]
    check: str
    reason: str
    impact: str
    substitute: str
    applicant: str
    approver: str
    start: date
    end: date
    end_report: str
    file: str
    line: int

    def active(self, on: date) -> bool:
        """Tell whether it holds on a day; both ends count."""
        return self.start <= on <= self.end

    def expired(self, on: date) -> bool:
        """Tell whether its end has passed, so that the end has to be reported."""
        return on > self.end

    def covers(self, control: str, subjects: Collection[str], check: str = "") -> bool:
        """Tell whether it speaks of a control (by id), of one of the subjects (keys of targets or systems) and of the check."""
        return (
            control in self.article.controls
            and (not self.check or self.check == check)
            and any(t in subjects for t in (*self.targets, *(f"system:{s}" for s in self.systems)))
        )


@dataclass(frozen=True, slots=True)
class Exceptions:
    """The register of exceptions, in the order of the file."""

    entries: tuple[ApprovedException, ...] = ()

    def active(self, on: date) -> tuple[ApprovedException, ...]:
        """Give those that hold on a day."""
        return tuple(e for e in self.entries if e.active(on))

    def expired(self, on: date) -> tuple[ApprovedException, ...]:
        """Give those whose end has passed on a day."""
        return tuple(e for e in self.entries if e.expired(on))

    def covering(self, on: date, control: str, subjects: Collection[str], check: str = "") -> tuple[ApprovedException, ...]:
        """Give those that hold on a day and cover a control for one of the subjects."""
        return tuple(e for e in self.entries if e.active(on) and e.covers(control, subjects, check))


def load_exceptions(path: str | Path, known: Known = NOTHING_KNOWN) -> Exceptions:
    """Read a register of exceptions. Raises ``BadLedger`` with all that is wrong."""
    return _exceptions(open_file(path), known)


def parse_exceptions(file: str, content: bytes | str, known: Known = NOTHING_KNOWN) -> Exceptions:
    """Do the same for content that is already in memory; ``file`` is the name that problems carry."""
    return _exceptions(open_text(file, content), known)


def _exceptions(top: Fields, known: Known) -> Exceptions:
    if "exceptions" not in top:
        top.note(say("「exceptions」がない", "'exceptions' is missing"))
    refs = _refs(known)
    found: dict[str, ApprovedException] = {}
    for row in top.tables("exceptions"):
        entry = _exception(row, known, refs)
        if entry.id in found:
            row.note(
                say("「{id}」は {line} 行目にもある", "'{id}' is in line {line} too", id=entry.id, line=found[entry.id].line), key="id"
            )
        if entry.id:
            found.setdefault(entry.id, entry)
    finish(top)
    return Exceptions(tuple(found.values()))


def _exception(row: Fields, known: Known, refs: _Refs | None) -> ApprovedException:
    start, end = period(row, "start", "end")
    entry = ApprovedException(
        id=row.parsed("id", identifier, AN_IDENTIFIER, "", required=True),
        article=_article(row, known, refs),
        targets=read_targets(row, known),
        systems=read_systems(row, known),
        check=_check(row, known),
        reason=row.text("reason"),
        impact=row.text("impact", ""),
        substitute=row.text("substitute"),
        applicant=row.text("applicant"),
        approver=row.text("approver"),
        start=start,
        end=end,
        end_report=row.text("end_report"),
        file=row.problems.file,
        line=row.place.line,
    )
    if not row.items("targets") and not row.items("systems"):
        row.note(say("対象がない。targets 又は systems に書く", "there is nothing it is for; write targets or systems"))
    if entry.approver and entry.approver == entry.applicant:
        row.note(say("申請者と許可権限者が同じである", "applicant and approver are the same"), key="approver")
    row.done()
    return entry


def _article(row: Fields, known: Known, refs: _Refs | None) -> Article:
    """Read ``control:`` alone, or ``baseline:`` with ``ref:``, the number as the document writes it."""
    if "control" in row or ("ref" not in row and "baseline" not in row):
        control = read_control(row, known)
        baseline, ref = (known.controls or {}).get(control, ("", ""))
        for key, right in (("baseline", baseline), ("ref", ref)):
            written = row.text(key, "")
            if written and right and written != right:
                row.note(
                    say(
                        "{control} の {key} は「{right}」である",
                        "the {key} of {control} is '{right}'",
                        control=control,
                        key=key,
                        right=right,
                    ),
                    right,
                    key=key,
                )
        return Article(baseline or row.text("baseline", ""), ref or row.text("ref", ""), (control,) if control else ())
    row.item("control")
    baseline, ref = row.text("baseline"), row.text("ref")
    if refs is None or not baseline or not ref:
        return Article(baseline, ref, ())
    return _by_ref(row, refs, baseline, ref)


def _by_ref(row: Fields, refs: _Refs, baseline: str, ref: str) -> Article:
    if baseline not in refs:
        message = say("「{id}」という基準はない", "there is no baseline '{id}'", id=baseline)
        row.note(message, row.problems.nearest(baseline, refs), key="baseline")
        return Article(baseline, ref, ())
    if ref not in refs[baseline]:
        message = say("{baseline} に「{ref}」はない", "{baseline} has no '{ref}'", baseline=baseline, ref=ref)
        row.note(message, row.problems.nearest(ref, refs[baseline]), key="ref")
    return Article(baseline, ref, tuple(refs[baseline].get(ref, ())))


def _refs(known: Known) -> _Refs | None:
    if known.controls is None:
        return None
    refs: _Refs = {}
    for control, (baseline, ref) in known.controls.items():
        refs.setdefault(baseline, {}).setdefault(ref, []).append(control)
    return refs


def _check(row: Fields, known: Known) -> str:
    check = row.text("check", "")
    item = row.item("check")
    if item is not None and check and known.checks is not None and check not in known.checks:
        item.unknown(say("「{id}」という点検項目はない", "there is no check '{id}'", id=check), check, known.checks)
    return check
