"""Which outputs a command makes and where: files below a folder, or one of them on stdout."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from scanner.cli import console
from scanner.cli.words import Language
from scanner.report.files import whole_file
from scanner.report.record import Line
from scanner.report.table import write_csv

if TYPE_CHECKING:  # the SQL layer takes a while to load, and many commands do without
    from scanner.store.store import Store


@unique
class Format(StrEnum):
    """The forms in which a run can be had."""

    TEXT = "text"
    JSONL = "jsonl"
    HTML = "html"
    CSV = "csv"


FILES = {Format.JSONL: "record.jsonl", Format.HTML: "report.html", Format.CSV: "results.csv"}

Formats = Annotated[
    list[Format] | None,
    typer.Option(
        "--format", help="出力の形（繰り返し可）。--out があれば既定は全部 / Output format, repeatable; with --out all of them by default"
    ),
]
Out = Annotated[Path | None, typer.Option("--out", help="出力先のフォルダ / Folder for the output files")]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What was asked for. Without a folder, one form goes to stdout."""

    formats: tuple[Format, ...]
    folder: Path | None
    language: Language

    @classmethod
    def asked(cls, formats: Sequence[Format] | None, folder: Path | None, language: Language) -> Outputs:
        """Take the options; refuses several forms on one stdout."""
        if folder is None:
            chosen = tuple(dict.fromkeys(formats or (Format.TEXT,)))
            if len(chosen) > 1:
                console.refuse("複数の形で出力するには --out を指定する / several formats need --out")
            return cls(chosen, None, language)
        return cls(tuple(dict.fromkeys(formats or (Format.TEXT, *FILES))), folder, language)

    @property
    def text(self) -> bool:
        """Whether the summary is printed."""
        return Format.TEXT in self.formats

    @contextmanager
    def record(self) -> Iterator[list[IO[bytes]]]:
        """Give the files that the record is to be written to; makes the other forms from it when the block ends well."""
        with ExitStack() as stack:
            if self.folder is not None:
                path = self.folder / FILES[Format.JSONL]
                wanted: AbstractContextManager[IO[bytes]] = whole_file(path) if Format.JSONL in self.formats else _passing()
                with wanted as out:
                    yield [out]
                    out.flush()
                    self._others(lambda: _lines(out))
            elif self.formats == (Format.JSONL,):
                yield [console.binary_stdout()]
            elif self.text:
                yield []
            else:
                out = stack.enter_context(_passing())
                yield [out]
                self._others(lambda: _lines(out))

    def of_lines(
        self, lines: Callable[[], Iterator[Line]], copy: Callable[[IO[bytes]], None], beside: Callable[[], Iterator[Line]] | None = None
    ) -> None:
        """Make the forms from a record that is there already; the HTML report puts the lines of another one ``beside`` it."""
        if self.folder is not None and Format.JSONL in self.formats:
            with whole_file(self.folder / FILES[Format.JSONL]) as out:
                copy(out)
        elif self.formats == (Format.JSONL,):
            copy(console.binary_stdout())
        self._others(lines, beside)

    def _others(self, lines: Callable[[], Iterator[Line]], beside: Callable[[], Iterator[Line]] | None = None) -> None:
        writers = {
            Format.CSV: lambda out: write_csv(lines(), out, self.language.value),
            Format.HTML: lambda out: _write_html(lines, out, self.language.value, beside),
        }
        for form in self.formats:
            write = writers.get(form)
            if write is None:
                continue
            if self.folder is None:
                write(console.binary_stdout())
                continue
            with whole_file(self.folder / FILES[form]) as out:
                write(out)

    def tell(self) -> None:
        """Say where the files lie, on stderr."""
        if self.folder is not None:
            for form in self.formats:
                if form in FILES:
                    console.err.print(f"{form.value}: {(self.folder / FILES[form]).resolve()}", markup=False)


def _write_html(lines: Callable[[], Iterator[Line]], out: IO[bytes], language: str, beside: Callable[[], Iterator[Line]] | None) -> None:
    from scanner.report.html import write_html  # templates are loaded for those who want a page

    write_html(lines, out, language, beside)


@contextmanager
def _passing() -> Iterator[IO[bytes]]:
    """Give a file that is gone afterwards."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as out:
        yield out


def _lines(out: IO[bytes]) -> Iterator[Line]:
    """Read back the record that was written to ``out`` so far."""
    with Path(out.name).open("rb") as source:
        for raw in source:
            yield json.loads(raw)


def usual_store() -> Path:
    """Give the place of the run store: below ``$XDG_STATE_HOME``."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "tenken" / "runs.sqlite3"


StorePath = Annotated[Path | None, typer.Option("--store", help="実行記録の保管先 / The run store")]


OpenStore = Callable[[], "Store"]
"""Opens the run store, when it is needed."""


def open_store(path: Path | None, *, existing: bool = False) -> Store:
    """Open the run store; with ``existing``, for looking into it, none is made."""
    from scanner.store.store import Store

    return Store(path or usual_store(), existing=existing)
