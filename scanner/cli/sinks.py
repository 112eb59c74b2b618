"""Where a run goes: record files, stdout, the run store and the terminal, each a sink of the engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import IO, TYPE_CHECKING, NamedTuple

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scanner.cli import console
from scanner.cli.summary import Summary
from scanner.cli.words import Language
from scanner.engine import factsfile
from scanner.engine.run import RunEnd, RunStart, TargetDone
from scanner.ledger.exceptions import Exceptions
from scanner.model.text import Text
from scanner.report.record import Recorder, display_name, to_bytes
from scanner.store.packing import PackedTarget, packed_target

if TYPE_CHECKING:  # see outputs.py
    from scanner.store.store import Store


_NOTHING = Text(
    ja="選んだ点検項目に、この対象に当てはまるものが一つもない。--only と --baseline を確かめる。",
    en="None of the chosen checks concerns these targets; see --only and --baseline.",
)


class Written(NamedTuple):
    """A target that stands in the files already; ``kept`` is what the store takes of it, ``None`` where there is no store."""

    kept: PackedTarget | None


class _Made(NamedTuple):
    """A target for the files and for the store."""

    lines: bytes
    kept: PackedTarget | None


class RecordSink:
    """Makes the record lines once and hands them to a file, to stdout and to the store.

    The store is opened when the run begins, by the process that keeps it: where a run is divided among the cores, the others see their
    first targets meanwhile.
    """

    def __init__(self, start: RunStart, exceptions: Exceptions, outs: list[IO[bytes]], open_store: Callable[[], Store] | None) -> None:
        self._recorder = Recorder(start, exceptions)
        self._outs = outs
        self._open_store = open_store
        self._store: Store | None = None
        self._count = 0

    def begin(self, start: RunStart) -> None:
        """Write the run line."""
        line = self._recorder.begin()
        self._write([to_bytes(line)])
        if self._open_store:
            self._store = self._open_store()
            self._store.begin(line)

    def target(self, done: TargetDone) -> None:
        """Write a target and its results."""
        written = done.written if isinstance(done.written, Written) else self.write(self.made(done))
        if self._store and written.kept:
            self._store.target(self._count, written.kept)
        self._count += 1

    def made(self, done: TargetDone) -> _Made:
        """Make the lines of a target. This and ``write`` may be called in another process than the one with the store."""
        if not self._outs and self._open_store is None:  # nobody takes them
            return _Made(b"", None)
        line, results = self._recorder.target(done)
        lines = b"".join([to_bytes(line), *[result.raw for result in results]]) if self._outs else b""
        if self._open_store is None:
            return _Made(lines, None)
        return _Made(lines, packed_target(line, results, factsfile.target_line(done.seen, self._recorder.bodies)))

    def write(self, made: object) -> Written:
        """Write the lines of a target to the files and give the rest."""
        assert isinstance(made, _Made)
        self._write([made.lines])
        return Written(made.kept)

    def end(self, end: RunEnd) -> None:
        """Write the assessments and the end line."""
        if self._store:
            lines = list(self._recorder.end(end))
            self._write(map(to_bytes, lines))
            self._store.end(lines[:-1], lines[-1])
        else:  # thousands of clauses, none of which has to wait for the last
            for line in self._recorder.end(end):
                self._write([to_bytes(line)], flush=False)
            self._write([])

    def close(self) -> None:
        """Let the store go; also when the run broke off."""
        if self._store:
            self._store.close()

    def _write(self, lines: Iterable[bytes], *, flush: bool = True) -> None:
        if self._outs:
            text = b"".join(lines)
            for out in self._outs:
                out.write(text)
                if flush:
                    out.flush()


class TerminalSink:
    """Progress while a run goes on, and what it found, on stderr for the one and stdout for the other."""

    def __init__(self, language: Language, *, summary: bool) -> None:
        self._language = language
        self._summary = Summary(language) if summary else None
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
        if self._summary:
            for result in done.results:
                self._summary.take(result)

    def close(self) -> None:
        """Take the bar away; also when the run broke off."""
        if self._progress:
            self._progress.stop()
            self._progress = None

    def end(self, end: RunEnd) -> None:
        """Print the summary."""
        self.close()
        if not any(end.outcomes.values()):
            console.err.print(self._language.of(_NOTHING), markup=False)
        if self._summary:
            self._summary.tell(end, time.monotonic() - self._began)
