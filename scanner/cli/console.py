"""Printing: results to stdout, everything else to stderr; colour and progress only for a terminal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import IO, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scanner.model.problem import UNFIT

WRONG_USE = 2
NARROW = 60
"""Columns of a terminal below which the columns of a table would be too narrow to be read."""
_SPACES = re.compile(r"[\t\r\n]+")

out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def print_json(value: Any) -> None:  # whatever JSON can hold
    """Print one JSON value on a line of its own."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def print_json_lines(values: Iterable[Any]) -> None:  # whatever JSON can hold
    """Print one JSON object a line."""
    for value in values:
        print_json(value)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; on a narrow terminal each cell below the last, with its head. Without rows nothing is printed.

    Where stdout is no terminal: tab-separated lines below one with the heads.
    """
    if not out.is_terminal:
        for n, row in enumerate(rows):
            for cells in (heads, row) if n == 0 else (row,):
                print_cells(cells)
        return
    if out.width < NARROW:
        for row in rows:
            out.print(*(Text.assemble((f"{head}: ", "bold"), _fit(cell)) for head, cell in zip(heads, row, strict=True)), "", sep="\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_fit(cell)) for cell in row))  # a plain string would be read as markup
    out.print(table)


def print_cells(cells: Iterable[str]) -> None:
    """Print one line of tab-separated cells."""
    sys.stdout.write("\t".join(map(_fit, cells)) + "\n")


def _fit(cell: str) -> str:
    """Put a cell on one line, with nothing in it that a terminal would obey: some hold what other machines said."""
    return UNFIT.sub(lambda c: f"\\u{ord(c.group()):04x}", _SPACES.sub(" ", cell))


def binary_stdout() -> IO[bytes]:
    """Give stdout for bytes."""
    return sys.stdout.buffer


def refuse(message: str) -> NoReturn:
    """Say what was used wrongly and end with status 2."""
    err.print(message, markup=False)
    raise typer.Exit(WRONG_USE)
