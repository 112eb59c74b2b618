"""Proves that a record is whole: every line fits the schema, every reference leads somewhere, what was planned has ended."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import IO, Any

import jsonschema_rs

LONGEST_LINE = 16 * 1024 * 1024
MOST_PROBLEMS = 100

Line = dict[str, Any]  # one JSON object of the record


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one line; line 0 is the file as a whole."""

    line: int
    message: str


def schema() -> Mapping[str, Any]:  # JSON Schema is JSON
    """Give the schema of the record."""
    text = resources.files("baselines").joinpath("schema/record-1.schema.json").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


def verify(source: IO[bytes]) -> list[Problem]:
    """Give the problems of a record, at most ``MOST_PROBLEMS`` of them; an empty list for a whole one."""
    reading = _Reading()
    found: list[Problem] = []
    for problem in reading.problems(source):
        found.append(problem)
        if len(found) == MOST_PROBLEMS:
            found.append(Problem(0, f"more than {MOST_PROBLEMS} problems; the rest is not shown"))
            break
    return found


@dataclass(slots=True)
class _Reading:
    run: str = ""
    baselines: frozenset[str] = frozenset()
    started: bool = False
    ended: bool = False
    planned_targets: int = 0
    target: str = ""
    target_planned: int = 0
    target_seen: Counter[str] = field(default_factory=Counter)
    target_line: int = 0
    targets: set[str] = field(default_factory=set)
    results: Counter[str] = field(default_factory=Counter)
    assessments: int = 0

    def problems(self, source: IO[bytes]) -> Iterator[Problem]:
        schemas = schema()
        validators = {kind: jsonschema_rs.validator_for({**schemas, "oneOf": [{"$ref": f"#/$defs/{kind}"}]}) for kind in schemas["$defs"]}
        number = 0
        while raw := source.readline(LONGEST_LINE + 1):
            number += 1
            line = _parsed(raw)
            if isinstance(line, str):
                yield Problem(number, line)
                if len(raw) > LONGEST_LINE:
                    return
                continue
            kind = line.get("type")
            if not isinstance(kind, str) or kind not in validators:
                yield Problem(number, f"there is no line of type {str(kind)[:60]!r}")
                continue
            wrong = [f"{'/'.join(map(str, e.instance_path)) or 'line'}: {e.message[:300]}" for e in validators[kind].iter_errors(line)]
            yield from (Problem(number, w) for w in wrong)
            if not wrong:
                yield from (Problem(number, w) for w in self._refers(kind, line, number))
        if not self.started:
            yield Problem(0, "the record has no run line")
        elif not self.ended:
            yield Problem(0, "the record has no end line: it was cut off")

    def _refers(self, kind: str, line: Line, number: int) -> Iterator[str]:
        if self.ended:
            yield "stands after the end line"
        if kind != "run" and not self.started:
            yield "stands before the run line"
        if kind != "run" and line["run"] != self.run:
            yield f"belongs to the run {line['run']!r}, the record to {self.run!r}"
        match kind:
            case "run":
                if self.started:
                    yield "is a second run line"
                self.started, self.run = True, line["run"]
                self.baselines = frozenset(b["id"] for b in line["baselines"])
                self.planned_targets = line["planned"]["targets"]
            case "target":
                yield from self._close_target()
                if line["target"] in self.targets:
                    yield f"is a second line for the target {line['target']}"
                self.targets.add(line["target"])
                self.target, self.target_planned, self.target_line = line["target"], line["planned"], number
                self.target_seen = Counter()
                if line["planned"] != line["ended"]:
                    yield f"planned {line['planned']} checks and ended {line['ended']}"
            case "result":
                yield from self._result(line)
            case "assessment":
                self.assessments += 1
                if line["baseline"] not in self.baselines:
                    yield f"names the baseline {line['baseline']!r}, which the run line does not"
                if stray := next((b["target"] for b in line["because"] if b["target"] not in self.targets), None):
                    yield f"rests on the target {stray!r}, which is not in the record"
            case _:
                yield from self._close_target()
                yield from self._end(line)

    def _result(self, line: Line) -> Iterator[str]:
        if line["target"] != self.target:
            yield f"is a result of {line['target']}, but stands below {self.target or 'no target'}"
        if (line["outcome"] == "undetermined") != (line["reason"] is not None):
            yield "has a reason without being undetermined, or the other way round"
        if stray := next((c["baseline"] for c in line["controls"] if c["baseline"] not in self.baselines), None):
            yield f"names the baseline {stray!r}, which the run line does not"
        self.target_seen[line["outcome"]] += 1
        self.results[line["outcome"]] += 1

    def _close_target(self) -> Iterator[str]:
        if self.target and self.target_seen.total() != self.target_planned:
            yield f"the target of line {self.target_line} planned {self.target_planned} results and has {self.target_seen.total()}"
        self.target = ""

    def _end(self, line: Line) -> Iterator[str]:
        self.ended = True
        planned, ended = line["targets"]["planned"], line["targets"]["ended"]
        if not planned == ended == len(self.targets) == self.planned_targets:
            yield f"planned {planned} and ended {ended} targets; the run line planned {self.planned_targets}, {len(self.targets)} are here"
        planned, ended = line["results"]["planned"], line["results"]["ended"]
        if not planned == ended == self.results.total():
            yield f"planned {planned} and ended {ended} results; {self.results.total()} are here"
        if any(n != self.results[outcome] for outcome, n in line["outcomes"].items()):
            yield f"counts outcomes as {line['outcomes']}; the results here are {dict(self.results)}"
        if line["assessments"] != self.assessments:
            yield f"counts {line['assessments']} assessments; {self.assessments} are here"


def _parsed(raw: bytes) -> Line | str:
    if len(raw) > LONGEST_LINE:
        return f"the line is longer than {LONGEST_LINE} bytes"
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return f"no JSON: {str(error)[:200]}"
    if not isinstance(line, dict):
        return "a JSON object is needed"
    return line
