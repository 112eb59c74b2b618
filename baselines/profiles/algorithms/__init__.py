"""Lists of approved algorithms as data, and what reads them: every mistake is told with file, line, key and the nearest right name."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType

from scanner.model.algorithms import AlgorithmList, Family, Period, Standing, Use
from scanner.model.problem import Problems, say
from scanner.model.text import Text
from scanner.model.yamlfields import Fields, fields
from scanner.model.yamltext import parse

HERE = Path(__file__).parent

_STANDINGS = {s.value: s for s in Standing if s is not Standing.UNLISTED}
_USES = {u.value: u for u in Use}
_FAMILIES = {f.value: f for f in Family}


@cache
def list_names() -> tuple[str, ...]:
    """Name the lists that are shipped."""
    return tuple(sorted(found.stem for found in HERE.glob("*.yaml")))


@cache
def algorithm_list(name: str) -> AlgorithmList:
    """Give a shipped list. Raises ``KeyError`` for a name that is not shipped and ``BadFile`` for broken data."""
    if name not in list_names():
        raise KeyError(name)
    return load(HERE / f"{name}.yaml")


def load(path: Path) -> AlgorithmList:
    """Read one list. Raises ``BadFile`` with every problem, ``OSError`` where it is missing."""
    problems = Problems(str(path))
    top = fields(parse(path.read_bytes(), problems), problems)
    list_id, title, edition = top.text("id"), Text(ja=top.text("title_ja"), en=top.text("title_en")), top.text("edition")
    top.text("provenance")
    top.texts("notes", ())
    entries: dict[str, Standing] = {}
    seen: set[tuple[str, Standing]] = set()
    for row in top.tables("entries"):
        name, standing = row.text("name"), row.choice("status", _STANDINGS)
        row.text("class")
        row.text("note", "")
        if (name, standing) in seen:
            row.note(say("{name} が二度書かれている", "{name} stands here twice", name=name), key="name")
        seen.add((name, standing))
        entries.setdefault(name, standing)  # the tables stand in order of rank: the first one counts
        row.done()
    periods = tuple(map(_period, top.tables("periods")))
    lengths: dict[Family, list[tuple[int, int]]] = {family: [] for family in Family}
    for row in top.tables("strengths"):
        lengths[row.choice("family", _FAMILIES)].append(
            (row.whole("bits", least=1, most=100_000), row.whole("strength", least=1, most=512))
        )
        row.done()
    fixed = {}
    for row in top.tables("fixed"):
        fixed[row.text("name")] = row.whole("strength", least=1, most=512)
        row.done()
    top.done()
    problems.close()
    return AlgorithmList(
        id=list_id,
        title=title,
        edition=edition,
        entries=MappingProxyType(entries),
        fixed=MappingProxyType(fixed),
        lengths=MappingProxyType({family: tuple(sorted(rows)) for family, rows in lengths.items()}),
        periods=periods,
    )


def _period(row: Fields) -> Period:
    period = Period(
        strength=row.whole("strength", least=1, most=512),
        first=row.whole("first", least=2000, most=2200),
        last=row.whole("last", least=2000, most=2200),
        new=row.choice("new", _USES),
        existing=row.choice("existing", _USES),
    )
    row.done()
    return period
