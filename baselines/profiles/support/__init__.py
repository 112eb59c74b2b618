"""Tables of the end of support as data, and what reads them: every mistake is told with file, line, key and the nearest right name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from scanner.model.problem import Problems, say
from scanner.model.support import Phase, SupportedRelease, SupportTable
from scanner.model.text import Text
from scanner.model.yamlfields import fields
from scanner.model.yamltext import parse

HERE = Path(__file__).parent
_PROVENANCES = {"sourced": True, "derived": True, "remembered": False}
_KINDS = {kind: kind for kind in ("regular", "debian-lts", "debian-elts", "ubuntu-pro", "rhel-els", "windows-esu")}


@cache
def table_names() -> tuple[str, ...]:
    """Name the tables that are shipped."""
    return tuple(sorted(found.stem for found in HERE.glob("*.yaml")))


@cache
def support_table(name: str) -> SupportTable:
    """Give a shipped table. Raises ``KeyError`` for a name that is not shipped and ``BadFile`` for broken data."""
    if name not in table_names():
        raise KeyError(name)
    return load(HERE / f"{name}.yaml")


def load(path: Path) -> SupportTable:
    """Read one table. Raises ``BadFile`` with every problem, ``OSError`` where it is missing."""
    problems = Problems(str(path))
    top = fields(parse(path.read_bytes(), problems), problems)
    table_id, title, edition = top.text("id"), Text(ja=top.text("title_ja"), en=top.text("title_en")), top.text("edition")
    found: dict[tuple[str, str], SupportedRelease] = {}
    for row in top.tables("releases"):
        system, release = row.text("system"), row.text("release")
        confirmed = row.choice("provenance", _PROVENANCES)
        row.text("source")
        phases = []
        for phase in row.tables("phases"):
            phases.append(Phase(phase.choice("kind", _KINDS), phase.day("until")))
            phase.done()
        if (system, release) in found:
            row.note(say("{name} が二度書かれている", "{name} stands here twice", name=f"{system} {release}"), key="release")
        found.setdefault((system, release), SupportedRelease(system, release, tuple(phases), confirmed))
        row.done()
    top.done()
    problems.close()
    return SupportTable(table_id, title, edition, tuple(found.values()))
