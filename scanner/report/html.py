"""The run as one self-contained HTML file, for people. Takes the lines of the record and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from typing import IO, Any

Line = dict[str, Any]  # one JSON object of the record


def write_html(lines: Callable[[], Iterator[Line]], out: IO[bytes], language: str) -> None:
    """Write the report of a record; ``language`` (``ja`` or ``en``) is the one shown first."""
    out.write(f"<!doctype html><html lang={language}><meta charset=utf-8><title>Tenken</title><table>".encode())
    for line in lines():
        if line["type"] == "result":
            cells = (line["subject"], line["outcome"], line["title"][language], line["message"][language])
            row = "".join(f"<td>{escape(cell)}" for cell in cells)
            out.write(f"<tr>{row}".encode("utf-8", "backslashreplace"))
    out.write(b"</table></html>")
