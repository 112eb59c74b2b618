"""Facts as a file: one header line, one line a target, one end line with the digest of all before it.

A file without its end line, or whose digest differs, is refused: nothing cut off ever looks whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from typing import IO, Any

from scanner import codec
from scanner.engine.factset import FactSet
from scanner.engine.run import Seen
from scanner.model.problem import BadFile, say
from scanner.model.target import NotATarget, parse_target
from scanner.model.text import Arg

SCHEMA = "tenken-facts/1"
LONGEST_LINE = 64 * 1024 * 1024

Line = dict[str, Any]  # one JSON object of the file; checked while it is read


class BadFacts(BadFile):
    """The file is not a complete facts file."""


def target_line(seen: Seen, bodies: codec.Bodies | None = None) -> bytes:
    """Write one target and everything that was seen of it, without the newline. ``bodies`` may hold its facts already written."""
    bodies = bodies or codec.Bodies()
    rows = [
        b'{"fact":"%b","observation":%b,"subject":%b}'
        % (fact.__name__.encode(), bodies.observation(observation), codec.canonical(subject.key))
        for subject, fact, observation in seen.facts.rows()
    ]
    ended, started, target = (codec.canonical(text) for text in (seen.ended_at, seen.started_at, seen.facts.target.key))
    return b'{"ended_at":%b,"seen":[%b],"started_at":%b,"target":%b,"type":"target"}' % (ended, b",".join(rows), started, target)


@dataclass(frozen=True, slots=True)
class Head:
    """The run that the facts belong to; a later judgement carries it on."""

    run: str
    started_at: str
    zone: str
    approved_by: str


def write(out: IO[bytes], head: Head, targets: Iterable[bytes], ended_at: str) -> None:
    """Write a whole file from the lines of its targets."""
    first = {"type": "facts", "schema": SCHEMA, **asdict(head)}
    digest = hashlib.sha256()
    count = 0
    for line in chain([codec.canonical(first)], targets):
        out.write(line + b"\n")
        digest.update(line + b"\n")
        count += 1
    end = {"type": "end", "ended_at": ended_at, "targets": count - 1, "digest": "sha256:" + digest.hexdigest()}
    out.write(codec.canonical(end) + b"\n")


class FactsFile:
    """A facts file being read: the header at once, then the targets, then the end. Raises ``BadFacts``."""

    def __init__(self, source: IO[bytes], name: str) -> None:
        self._source = source
        self._name = name
        self._number = 0
        self._digest = hashlib.sha256()
        self.ended_at = ""
        head = self._line()
        if head is None or head.get("type") != "facts" or head.get("schema") != SCHEMA:
            self._number = 1
            raise self._bad("事実のファイル（{schema}）の先頭行ではない", "this is not the head of a {schema} file", schema=SCHEMA)
        self.head = Head(*(self._text(head, key) for key in ("run", "started_at", "zone", "approved_by")))

    def targets(self) -> Iterator[Seen]:
        """Give the targets, one at a time; the end line is checked when all are read."""
        count = 0
        while True:
            before = self._digest.hexdigest()
            line = self._line()
            if line is None:
                raise self._bad("終わりの行がない。途中で切れている", "the file ends here without its end line: it was cut off")
            if line.get("type") == "end":
                if line.get("digest") != "sha256:" + before or line.get("targets") != count:
                    ja = "終わりの行が内容と合わない。書き換えられている"
                    raise self._bad(ja, "the end line does not agree with what stands before it: the file was changed")
                self.ended_at = self._text(line, "ended_at")
                if self._source.readline(2):
                    raise self._bad("終わりの行の後に何かが続く", "something follows the end line")
                return
            count += 1
            yield self._seen(line)

    def _seen(self, line: Line) -> Seen:
        try:
            facts = FactSet(parse_target(self._text(line, "target")))
            for row in line["seen"]:
                subject = parse_target(row["subject"])
                name = row["fact"]
                facts.put(subject, codec.fact_types()[name], codec.observation_in(name, row["observation"]))
        except (codec.NotAFact, NotATarget, KeyError, TypeError, AttributeError) as error:
            why = f"{type(error).__name__}: {error}"
            raise self._bad("事実として読めない（{why}）", "this cannot be read as facts ({why})", why=why) from error
        return Seen(facts, self._text(line, "started_at"), self._text(line, "ended_at"))

    def _text(self, line: Line, key: str) -> str:
        value = line.get(key)
        if not isinstance(value, str):
            raise self._bad("{key} は文字列でなければならない", "{key} must be text", key=key)
        return value

    def _line(self) -> Line | None:
        raw = self._source.readline(LONGEST_LINE + 1)
        if not raw:
            return None
        self._number += 1
        if len(raw) > LONGEST_LINE:
            raise self._bad("行が {most} バイトより長い", "the line is longer than {most} bytes", most=LONGEST_LINE)
        self._digest.update(raw)
        try:
            line = json.loads(raw)
        except (ValueError, RecursionError) as error:
            ja, en = "JSON ではないか、途中で切れている（{why}）", "no JSON, or cut off in the middle ({why})"
            raise self._bad(ja, en, why=str(error)) from error
        if not isinstance(line, dict):
            raise self._bad("JSON のオブジェクトでなければならない", "a JSON object is needed")
        return line

    def _bad(self, ja: str, en: str, **args: Arg) -> BadFacts:
        """Give what to raise about the line that was read last."""
        return BadFacts.because(self._name, say(ja, en, **args), self._number)
