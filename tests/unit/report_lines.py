"""The golden record as lines that a test may change, and the HTML report made from lines. No expectation stands here."""

from __future__ import annotations

import io
import json
from typing import Any

from scanner.report.html import write_html
from tests.golden.report_record import RECORD

Line = dict[str, Any]  # one JSON object of the record


def golden_lines() -> list[Line]:
    """Give the lines of the golden record, fresh ones at each call."""
    return [json.loads(line) for line in RECORD.read_bytes().splitlines()]


def written(lines: list[Line], language: str = "ja") -> bytes:
    """Give the HTML report of some lines."""
    out = io.BytesIO()
    write_html(lambda: iter(lines), out, language)
    return out.getvalue()
