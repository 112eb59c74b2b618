"""The canonical record of a run as JSON Lines: one object a line, each with ``type``.

Every other report, the store and the feed to the compliance engine are made from these lines. Their shape is fixed by
``baselines/schema/record-1.schema.json``; fields are added, never renamed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from functools import cached_property
from typing import Any

from baselines.model import Baseline, Control
from scanner import codec
from scanner.engine.assess import WHY_WORDS, Assessment
from scanner.engine.judge import Result
from scanner.engine.plan import Applied, Variant
from scanner.engine.run import UNLISTED, RunEnd, RunStart, TargetDone
from scanner.ledger.exceptions import ApprovedException, Exceptions
from scanner.ledger.inventory import System
from scanner.model.fact import Fact, Observation, Observed
from scanner.model.target import Domain, Target, unicode_name
from scanner.model.text import Text
from scanner.model.verdict import Outcome

SCHEMA = "tenken-record/1"
MOST_EVIDENCE = 8
LONGEST_EXCERPT = 400

Line = dict[str, Any]  # one JSON object of the record; the schema says what stands in it

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def to_bytes(line: Line) -> bytes:
    """Write one line, with its newline. Lone surrogates, which no UTF-8 file can hold, become escapes."""
    try:
        return _encode(line).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(line, separators=(",", ":")).encode() + b"\n"


class Recorder:
    """Makes the lines of one run."""

    def __init__(self, start: RunStart, exceptions: Exceptions) -> None:
        self.start = start
        self._exceptions = exceptions
        self._today = date.fromisoformat(start.started_at[:10])
        self._variants: dict[str, _VariantLines] = {}
        self._controls: Mapping[str, Mapping[str, Control]] = {b.id: {c.id: c for c in b} for b in start.baselines}

    def begin(self) -> Line:
        """The ``run`` line."""
        start = self.start
        return {
            "type": "run",
            "schema": SCHEMA,
            "run": start.run,
            "tool": {"name": "tenken", "version": start.version},
            "started_at": start.started_at,
            "zone": start.zone,
            "approved_by": start.approved_by,
            "catalogue": start.catalogue_digest,
            "baselines": [_baseline(b) for b in start.baselines],
            "profile": {"file": start.profile_file, "digest": start.profile_digest} if start.profile_file else None,
            "inventory": {"file": start.inventory_file, "digest": start.inventory_digest} if start.inventory_file else None,
            "systems": [{"id": system.id, "name": system.name} for system in (*start.systems, UNLISTED)],
            "exceptions": [_exception(e) for e in self._exceptions.active(self._today)],
            "planned": {"targets": start.planned_targets, "checks": start.planned_checks},
        }

    def target(self, done: TargetDone) -> Iterator[Line]:
        """The ``target`` line, then its ``result`` lines."""
        facts = done.seen.facts
        outcomes: dict[str, int] = {}
        for result in done.results:
            outcomes[result.ending.outcome.value] = outcomes.get(result.ending.outcome.value, 0) + 1
        observations = [o for _, _, o in facts.rows()]
        yield {
            "type": "target",
            "run": self.start.run,
            "target": facts.target.key,
            "name": display_name(facts.target),
            "zone": self.start.zone,
            "systems": [system.id for system in done.systems],
            "started_at": done.seen.started_at,
            "ended_at": done.seen.ended_at,
            "planned": len(done.results),
            "ended": len(done.results),
            "outcomes": dict(sorted(outcomes.items())),
            "facts": {
                "observed": sum(isinstance(o, Observed) for o in observations),
                "unobserved": sum(not isinstance(o, Observed) for o in observations),
            },
        }
        digests: dict[int, str] = {}
        for result in done.results:
            yield self._result(result, done.systems, digests)

    def _result(self, result: Result, systems: tuple[System, ...], digests: dict[int, str]) -> Line:
        variant = self._variants.get(result.variant.key)
        if variant is None:
            variant = self._variants[result.variant.key] = _VariantLines(result.variant, self._controls)
        ending = result.ending
        return {
            "type": "result",
            "run": self.start.run,
            "target": result.target.key,
            "zone": self.start.zone,
            "check": result.variant.check.id,
            "subject": result.subject.key,
            "outcome": ending.outcome.value,
            "tag": ending.tag,
            "args": {k: list(v) if isinstance(v, tuple) else v for k, v in ending.args.items()},
            "reason": ending.reason.value if ending.reason else None,
            "detail": ending.detail,
            "severity": result.variant.check.severity.value,
            "title": variant.title,
            "message": _text(result.message()),
            "why": variant.why,
            "remedy": variant.remedy,
            "settings": variant.settings,
            "evidence": list(_evidence(result.basis, digests)),
            "controls": variant.controls,
            "exception": self._exception(result, systems),
            "observed_at": result.observed_at,
        }

    def _exception(self, result: Result, systems: tuple[System, ...]) -> str | None:
        """Name the approved exception that covers a result: an overlay, the result stays as it is."""
        subjects = [result.target.key, result.subject.key, *(system.key for system in systems)]
        for _, control in result.variant.controls:
            for exception in self._exceptions.covering(self._today, control, subjects, result.variant.check.id):
                return exception.id
        return None

    def end(self, end: RunEnd) -> Iterator[Line]:
        """The ``assessment`` lines, then the ``end`` line."""
        for assessment in end.assessments:
            yield _assessment(self.start.run, assessment)
        yield {
            "type": "end",
            "run": end.run,
            "ended_at": end.ended_at,
            "targets": {"planned": end.planned_targets, "ended": end.ended_targets},
            "results": {"planned": end.planned_results, "ended": end.ended_results},
            "outcomes": {outcome.value: end.outcomes.get(outcome, 0) for outcome in Outcome},
            "assessments": len(end.assessments),
            "defects": end.defects,
            "exit": end.exit_status,
        }


class _VariantLines:
    """The parts of a result line that are the same for every result of one variant."""

    def __init__(self, variant: Variant, controls: Mapping[str, Mapping[str, Control]]) -> None:
        check = variant.check
        self.title = _text(check.title)
        self.why = _text(check.why)
        self._variant = variant
        rows = [(b, controls[b][c]) for b, c in variant.controls]
        self.controls = [{"baseline": b, "id": c.id, "ref": c.ref, "strength": c.strength.value} for b, c in rows]
        self.settings = {name: _applied(applied) for name, applied in variant.settings.items()}

    @cached_property
    def remedy(self) -> Line:
        """The remedy with the settings in use."""
        return _text(self._variant.check.remedy.fill(self._variant.values))


def _baseline(baseline: Baseline) -> Line:
    return {
        "id": baseline.id,
        "title": _text(baseline.title),
        "edition": baseline.edition,
        "controls": len(baseline.controls),
        "digest": baseline.digest,
    }


def _exception(exception: ApprovedException) -> Line:
    return {
        "id": exception.id,
        "baseline": exception.article.baseline,
        "ref": exception.article.ref,
        "reason": exception.reason,
        "substitute": exception.substitute,
        "approver": exception.approver,
        "start": exception.start.isoformat(),
        "end": exception.end.isoformat(),
    }


def _applied(applied: Applied) -> Line:
    value = list(applied.setting) if isinstance(applied.setting, tuple) else applied.setting
    return {"value": value, "source": applied.source.value, "key": applied.key or None, "where": applied.where or None}


def _evidence(basis: tuple[tuple[type[Fact], Observation[Fact]], ...], digests: dict[int, str]) -> Iterator[Line]:
    given = 0
    for fact, seen in basis:
        digest = digests.get(id(seen))
        if digest is None:
            digest = digests[id(seen)] = codec.digest(seen)
        sightings = seen.evidence if isinstance(seen, Observed) else ()
        if not sightings:
            yield {"fact": fact.__name__, "digest": digest, "source": "", "excerpt": ""}
        for sighting in sightings[: MOST_EVIDENCE - given]:
            given += 1
            yield {"fact": fact.__name__, "digest": digest, "source": sighting.source, "excerpt": _cut(sighting.excerpt)}


def _cut(excerpt: str) -> str:
    return excerpt if len(excerpt) <= LONGEST_EXCERPT else excerpt[: LONGEST_EXCERPT - 1] + "…"


def _assessment(run: str, assessment: Assessment) -> Line:
    control = assessment.control
    decision = assessment.decision
    return {
        "type": "assessment",
        "run": run,
        "baseline": assessment.baseline,
        "control": control.id,
        "ref": control.ref,
        "area": control.area,
        "title": control.title,
        "summary": _text(control.summary),
        "system": assessment.system,
        "outcome": assessment.finding.value,
        "why": assessment.why.value,
        "message": _text(WHY_WORDS[assessment.why]),
        "counts": {outcome.value: n for outcome, n in sorted(assessment.counts.items())},
        "because": [asdict(because) for because in assessment.because],
        "examples": list(assessment.examples),
        "strength": control.strength.value,
        "status": control.status.value,
        "tier": control.tier or None,
        "duty_holder": list(control.duty_holder),
        "decision": {"choice": decision.choice.value, "by": decision.by, "on": decision.on.isoformat()} if decision else None,
        "exception": assessment.exception,
    }


def display_name(target: Target) -> str:
    """Give a target's name as people read it."""
    return target.unicode if isinstance(target, Domain) else unicode_name(target.key.partition(":")[2])


def _text(text: Text) -> Line:
    return {"ja": text.ja, "en": text.en}
