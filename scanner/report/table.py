"""Results as CSV for spreadsheets: UTF-8 with the mark that Excel needs to read Japanese, one row a result."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Mapping
from typing import IO, Any

from scanner.model.reason import ADVICE, MEANS
from scanner.model.text import Text

Line = dict[str, Any]  # one JSON object of the record

_HEADS = {
    "ja": (
        "対象",
        "観測点",
        "点検項目",
        "確認した対象",
        "判定",
        "重大度",
        "件名",
        "確認した内容",
        "対処",
        "根拠条文",
        "例外措置",
        "観測日時",
        "タグ",
        "理由",
        "理由の意味",
        "技術情報（英語）",
    ),
    "en": (
        "target",
        "zone",
        "check",
        "subject",
        "outcome",
        "severity",
        "title",
        "seen",
        "remedy",
        "articles",
        "exception",
        "observed at",
        "tag",
        "reason",
        "what the reason means",
        "technical note",
    ),
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(lines: Iterable[Line], out: IO[bytes], language: str) -> None:
    """Write the results of a record in one language (``ja`` or ``en``), in the order of their targets' keys.

    A record has its targets as they ended, so the rows wait in a file that is gone afterwards; of each target its place there is kept.
    """
    out.write(b"\xef\xbb\xbf")
    _row(out, _HEADS[language])
    with tempfile.TemporaryFile() as rows:
        starts: list[tuple[str, int]] = []
        for line in lines:
            if line["type"] == "result":
                if not starts or starts[-1][0] != line["target"]:
                    starts.append((line["target"], rows.tell()))
                _row(rows, _cells(line, language))
        ends = (*(start for _, start in starts[1:]), rows.tell())
        for (_, start), end in sorted(zip(starts, ends, strict=False)):  # without a result there is an end and no start
            rows.seek(start)
            out.write(rows.read(end - start))


def _cells(line: Line, language: str) -> tuple[str, ...]:
    articles = "; ".join(f"{c['baseline']} {c['ref']}" for c in line["controls"])
    return (
        line["target"],
        line["zone"],
        line["check"],
        line["subject"],
        line["outcome"],
        line["severity"],
        line["title"][language],
        line["message"][language],
        _to_do(line, language),
        articles,
        line["exception"] or "",
        line["observed_at"],
        line["tag"],
        line["reason"] or "",
        _of(MEANS, line["reason"], language),
        line["detail"],
    )


def _to_do(line: Line, language: str) -> str:
    """Say what mends a failure, or what makes an undetermined result determinable."""
    if line["outcome"] == "fail":
        return str(line["remedy"][language])
    return _of(ADVICE, line["reason"], language)


def _of(words: Mapping[str, Text], reason: str | None, language: str) -> str:
    """Give the words of a reason; none for one that a newer version wrote."""
    text = words.get(reason or "")
    return "" if text is None else text.ja if language == "ja" else text.en


def _row(out: IO[bytes], cells: Iterable[str]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    out.write(text.getvalue().encode("utf-8", "backslashreplace"))


def _harmless(cell: str) -> str:
    """Keep a spreadsheet from running what a stranger wrote into a record as a formula."""
    return "'" + cell if cell.startswith(_FORMULA) else cell
