"""Tables of the end of support: what is shipped, how a release is found, and how mistakes are told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from baselines.profiles import support
from scanner.model.problem import BadFile


def test_the_shipped_table_tells_regular_and_extended_support_apart() -> None:
    table = support.support_table("linux")
    row = table.find("debian", "12")
    assert row is not None
    assert {phase.kind: phase.until for phase in row.phases} == {
        "regular": date(2026, 7, 11),
        "debian-lts": date(2028, 6, 30),
        "debian-elts": date(2033, 6, 30),
    }
    assert row.confirmed


@pytest.mark.parametrize(("release", "found"), [("9.4", "9"), ("9", "9"), ("99", None)])
def test_a_minor_release_has_the_days_of_its_major_one(release: str, found: str | None) -> None:
    row = support.support_table("linux").find("rhel", release)
    assert (row.release if row else None) == found
    # Ubuntu's releases are told apart by both numbers
    assert support.support_table("linux").find("ubuntu", "24") is None


@pytest.mark.parametrize("name", ["linux", "windows"])
def test_every_row_has_regular_support_and_later_kinds_end_later(name: str) -> None:
    for row in support.support_table(name).releases:
        days = [phase.until for phase in row.phases]
        assert row.phases[0].kind == "regular", row
        assert days == sorted(days), row


@pytest.mark.parametrize(
    ("was", "put"),
    [
        ('release: "8", provenance: sourced', 'release: "8", provenance: heard'),
        ("{kind: regular", "{kind: for-ever"),
        ('until: "2020-06-30"', 'until: "soon"'),
        ('release: "9", provenance: sourced', 'release: "8", provenance: sourced'),
    ],
)
def test_a_mistake_in_a_table_is_told_with_file_and_line(tmp_path: Path, was: str, put: str) -> None:
    text = (support.HERE / "linux.yaml").read_text(encoding="utf-8")
    assert was in text
    (tmp_path / "x.yaml").write_text(text.replace(was, put, 1), encoding="utf-8")
    with pytest.raises(BadFile) as why:
        support.load(tmp_path / "x.yaml")
    assert "x.yaml" in str(why.value)
