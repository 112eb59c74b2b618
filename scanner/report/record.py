"""The canonical record of a run as JSON Lines: one object a line, each with ``type``.

Every other report, the store and the feed to the compliance engine are made from these lines. Their shape is fixed by
``baselines/schema/record-1.schema.json``; fields are added, never renamed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from baselines.model import Baseline, Control
from scanner import codec
from scanner.engine.assess import WHY_WORDS, Assessment
from scanner.engine.judge import Result
from scanner.engine.plan import Applied, Variant
from scanner.engine.run import UNLISTED, RunEnd, RunStart, TargetDone
from scanner.ledger.exceptions import ApprovedException, Exceptions
from scanner.ledger.inventory import System
from scanner.model.fact import Fact, Observation, Observed
from scanner.model.reason import Reason
from scanner.model.target import Domain, Service, Target, unicode_name
from scanner.model.text import Arg, Text
from scanner.model.verdict import Outcome
from scanner.report import record_words

SCHEMA = "tenken-record/1"
MOST_EVIDENCE = 8
LONGEST_EXCERPT = 400

Line = dict[str, Any]  # one JSON object of the record; the schema says what stands in it

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_quoted = encode_basestring


def encoded(value: object) -> bytes:
    """Write a JSON value. Lone surrogates, which no UTF-8 file can hold, become escapes."""
    try:
        return _encode(value).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def to_bytes(line: Line) -> bytes:
    """Write one line, with its newline."""
    return encoded(line) + b"\n"


class ResultLine(NamedTuple):
    """A ``result`` line as it is written, newline included, and the fields by which a store finds and compares results.

    Results are by far the most of a record and mostly made of the same words, so they are put together from parts
    already written and are read again only by those who need their fields.
    """

    raw: bytes
    target: str
    subject: str
    check: str
    settings: str
    """The values of its settings as JSON with sorted keys: they tell the variants of one check apart."""
    outcome: str
    tag: str


class Recorder:
    """Makes the lines of one run. ``bodies`` may be shared with whoever else writes the same facts."""

    def __init__(self, start: RunStart, exceptions: Exceptions, bodies: codec.Bodies | None = None) -> None:
        self.start = start
        self.bodies = bodies or codec.Bodies()
        self._exceptions = exceptions
        self._today = date.fromisoformat(start.started_at[:10])
        self._head = b'{"type":"result","run":%b,"target":' % encoded(start.run)
        self._zone = b',"zone":%b' % encoded(start.zone)
        self._variants: dict[str, _VariantParts] = {}
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
            "reasons": record_words.reasons(),
            "values": record_words.values(start.values),
            "systems": [{"id": system.id, "name": system.name} for system in (*start.systems, UNLISTED)],
            "exceptions": [_exception(e) for e in self._exceptions.active(self._today)],
            "planned": {"targets": start.planned_targets, "checks": start.planned_checks},
        }

    def target(self, done: TargetDone) -> tuple[Line, list[ResultLine]]:
        """The ``target`` line and its ``result`` lines."""
        facts = done.seen.facts
        outcomes: dict[str, int] = {}
        for result in done.results:
            outcome = result.ending.outcome
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        observed = [isinstance(seen, Observed) for by_fact in facts.seen.values() for seen in by_fact.values()]
        line = {
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
            "facts": {"observed": sum(observed), "unobserved": len(observed) - sum(observed)},
        }
        parts = _TargetParts(self._head, facts.target, self.bodies)
        return line, [self._result(result, parts, done.systems) for result in done.results]

    def _result(self, result: Result, parts: _TargetParts, systems: tuple[System, ...]) -> ResultLine:
        variant = self._variants.get(result.variant.key)
        if variant is None:
            variant = self._variants[result.variant.key] = _VariantParts(result.variant, self._zone, self._controls)
        ending = result.ending
        subject, subject_json = parts.subject(result.subject)
        evidence, observed_at = parts.basis(result)
        pieces = (
            parts.head,
            variant.check,
            subject_json,
            variant.ending(result),
            evidence,
            variant.controls(result.subject),
            encoded(self._exception(result, systems)) if self._exceptions.entries else b"null",
            observed_at,
        )
        check = result.variant.check.id
        return ResultLine(b"".join(pieces), parts.target, subject, check, variant.values, str(ending.outcome), ending.tag)

    def _exception(self, result: Result, systems: tuple[System, ...]) -> str | None:
        """Name the approved exception that covers a result: an overlay, the result stays as it is."""
        subjects = [result.target.key, result.subject.key, *(system.key for system in systems)]
        for _, control in result.variant.controls_for(result.subject):
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


class _VariantParts:
    """The parts of a result line that are the same for every result of one variant, in the order of the line."""

    def __init__(self, variant: Variant, zone: bytes, controls: Mapping[str, Mapping[str, Control]]) -> None:
        check = variant.check
        self._variant, self._baselines = variant, controls
        settings = {name: _applied(applied) for name, applied in variant.settings.items()}
        self.values = codec.canonical(variant.values).decode()
        self.check = b'%b,"check":%b,"subject":' % (zone, encoded(check.id))
        self.title = b',"severity":%b,"title":%b,"message":' % (encoded(check.severity.value), encoded(_text(check.title)))
        remedy = _text(check.remedy.fill(variant.values))
        self.words = b',"why":%b,"remedy":%b,"settings":%b,"evidence":[' % (
            encoded(_text(check.why)),
            encoded(remedy),
            encoded(settings),
        )
        self._controls: dict[str, bytes] = {}
        self._plain: dict[tuple[Outcome, str, Reason | None], bytes] = {}

    def controls(self, subject: Target) -> bytes:
        """The controls that a result bears on; they differ by the protocol of a service or the sort of machine at most."""
        narrowed = self._variant.narrowed
        key = "" if not narrowed else subject.protocol if isinstance(subject, Service) else type(subject).__name__
        known = self._controls.get(key)
        if known is None:
            rows = [(b, self._baselines[b][c]) for b, c in self._variant.controls_for(subject)]
            known = self._controls[key] = b'],"controls":%b,"exception":' % encoded(
                [{"baseline": b, "id": c.id, "ref": c.ref, "strength": c.strength.value} for b, c in rows]
            )
        return known

    def ending(self, result: Result) -> bytes:
        """What ended and what is said of it, up to the evidence; without arguments it is the same each time."""
        ending = result.ending
        if ending.args or ending.detail or ending.said:
            return self._ending(result)
        key = (ending.outcome, ending.tag, ending.reason)
        known = self._plain.get(key)
        if known is None:
            known = self._plain[key] = self._ending(result)
        return known

    def _ending(self, result: Result) -> bytes:
        outcome, tag, args, reason, detail, *_ = result.ending
        told = "null" if reason is None else f'"{reason}"'
        return b"".join(
            (
                f',"outcome":"{outcome}","tag":"{tag}","args":'.encode(),
                _arguments(args) if args else b"{}",
                f',"reason":{told},"detail":'.encode(),
                encoded(detail) if detail else b'""',
                self.title,
                _both(result.message()),
                self.words,
            )
        )


def _both(text: Text) -> bytes:
    try:
        return f'{{"ja":{_quoted(text.ja)},"en":{_quoted(text.en)}}}'.encode()
    except UnicodeEncodeError:
        return encoded(_text(text))


def _arguments(args: Mapping[str, Arg]) -> bytes:
    try:
        return f"{{{','.join([f'{_quoted(name)}:{_argument(value)}' for name, value in args.items()])}}}".encode()
    except UnicodeEncodeError:
        return encoded(args)


def _argument(value: Arg) -> str:
    if isinstance(value, str):
        return _quoted(value)
    return f"[{','.join(map(_quoted, value))}]" if isinstance(value, tuple) else _encode(value)


def _baseline(baseline: Baseline) -> Line:
    return {
        "id": baseline.id,
        "title": _text(baseline.title),
        "edition": _text(baseline.edition),
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


class _TargetParts:
    """What the results of one target share: its name, its subjects and the evidence of the few facts that all of them rest on."""

    def __init__(self, head: bytes, target: Target, bodies: codec.Bodies) -> None:
        self.target = target.key
        self.head = head + encoded(self.target)
        self._bodies = bodies
        self._subjects: dict[Target, tuple[str, bytes]] = {}
        self._subject: Target | None = None
        self._known = ("", b"")
        # By fact too: what could not be seen is one and the same observation for all facts that rest on it.
        self._sightings: dict[tuple[type[Fact], int], list[bytes]] = {}
        self._bases: dict[tuple[tuple[type[Fact], int], ...], tuple[bytes, bytes]] = {}

    def subject(self, subject: Target) -> tuple[str, bytes]:
        """Give the key of a subject, as it is and as JSON."""
        if subject is self._subject:  # nearly always the same as before
            return self._known
        known = self._subjects.get(subject)
        if known is None:
            key = subject.key
            known = self._subjects[subject] = (key, encoded(key))
        self._subject, self._known = subject, known
        return known

    def basis(self, result: Result) -> tuple[bytes, bytes]:
        """Write what a result rests on, without the brackets, and the end of the line with the time of the latest observation.

        At most ``MOST_EVIDENCE`` sightings of all its facts together are written.
        """
        basis = result.basis
        key = tuple([(fact, id(seen)) for fact, seen in basis])
        known = self._bases.get(key)
        if known is None:
            lines: list[bytes] = []
            room = MOST_EVIDENCE
            for sighting, (fact, seen) in zip(key, basis, strict=True):
                of_fact = self._sightings.get(sighting)
                if of_fact is None:
                    of_fact = self._sightings[sighting] = list(self._lines(fact, seen))
                if isinstance(seen, Observed) and seen.evidence:
                    of_fact = of_fact[:room]
                    room -= len(of_fact)
                lines += of_fact
            known = self._bases[key] = (b",".join(lines), f',"observed_at":"{result.observed_at}"}}\n'.encode())
        return known

    def _lines(self, fact: type[Fact], seen: Observation[Fact]) -> Iterator[bytes]:
        head = b'{"fact":"%b","digest":"%b","source":' % (fact.__name__.encode(), self._bodies.digest(seen).encode())
        sightings = seen.evidence if isinstance(seen, Observed) else ()
        if not sightings:
            yield head + b'"","excerpt":""}'
        for sighting in sightings[:MOST_EVIDENCE]:
            yield b'%b%b,"excerpt":%b}' % (head, encoded(sighting.source), encoded(_cut(sighting.excerpt)))


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
        "because": [because._asdict() for because in assessment.because],
        "examples": list(assessment.examples),
        "strength": control.strength.value,
        "status": control.status.value,
        "tier": control.tier or None,
        "duty_holder": list(control.duty_holder),
        "attestation": record_words.attestation(assessment.attestation),
        "decision": {"choice": decision.choice.value, "by": decision.by, "on": decision.on.isoformat()} if decision else None,
        "exception": assessment.exception,
    }


def display_name(target: Target) -> str:
    """Give a target's name as people read it."""
    return target.unicode if isinstance(target, Domain) else unicode_name(target.key.partition(":")[2])


def _text(text: Text) -> Line:
    return {"ja": text.ja, "en": text.en}
