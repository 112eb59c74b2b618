"""``tenken checks`` and ``tenken baselines``: what can be checked, and what the documents ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from baselines.loader import SHIPPED
from baselines.model import STATUS_WORDS, Baseline, Control, Status
from scanner.cli import console, template
from scanner.cli.setup import load_baselines
from scanner.cli.words import Language, usual_language
from scanner.codec import fact_types
from scanner.engine.catalogue import AnyValue, catalogue
from scanner.hosts.base import Collector
from scanner.model.check import Check, Parameter, is_id
from scanner.model.problem import Problems
from scanner.model.text import Text
from scanner.probes.base import Probe

checks_app = typer.Typer(no_args_is_help=True, help="点検項目 / Checks")
baselines_app = typer.Typer(no_args_is_help=True, help="基準文書 / Baselines")

Line = dict[str, Any]  # one JSON object


class ListFormat(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"


class CoverageFormat(StrEnum):
    """How coverage is printed."""

    TABLE = "table"
    JSONL = "jsonl"


Lang = Annotated[Language | None, typer.Option("--lang", help="言語 / Language")]


@checks_app.command("list")
def list_checks(
    format: Annotated[ListFormat, typer.Option("--format", help="出力の形 / Output format")] = ListFormat.TABLE,  # noqa: A002  the option's name
    lang: Lang = None,
) -> None:
    """点検項目の一覧 / List all checks."""
    language = lang or usual_language()
    if format is ListFormat.JSON:
        baselines = load_baselines(SHIPPED)
        console.print_json([check_line(c, baselines) for c in catalogue().checks.values()])
        return
    rows = [(c.id, c.severity.value, language.of(c.title)) for c in catalogue().checks.values()]  # all or a refusal, not half a list
    console.print_table(("id", language.of(Text("重大度", "severity")), language.of(Text("件名", "title"))), rows)


@checks_app.command("show")
def show_check(check_id: Annotated[str, typer.Argument(metavar="ID")], lang: Lang = None) -> None:
    """一つの点検項目の説明 / Explain one check."""
    known = catalogue()
    check = known.checks.get(known.formerly.get(check_id, check_id))
    if check is None:
        nearest = known.nearest_check(check_id)
        console.refuse(f"{check_id}: そのような点検項目はない / no such check" + (f" → {nearest}" if nearest else ""))
    language = lang or usual_language()
    line = check_line(check, load_baselines(SHIPPED))
    say = console.out.print
    say(f"[bold]{check.id}[/bold]  {language.of(check.title)}  ({check.severity.value})")
    say(language.of(check.why), markup=False)
    say(language.of(check.remedy), markup=False)  # its settings are named below, each with its default
    for tag, text in check.says.items():
        say(f"  {tag}: {language.of(text)}", markup=False)
    for name, parameter in check.parameters.items():
        key = f" ← {parameter.value.key}" if parameter.value else ""
        say(f"  {name} = {parameter.default!r} ({parameter.type}){key}", markup=False)
    for control in line["controls"]:
        say(f"  {control['baseline']} {control['ref']} ({control['id']})", markup=False)
    say(_file_of(check.module), markup=False)
    for need in check.needs:
        say(f"{_file_of(need.fact.__module__)} {need.fact.__name__}", markup=False)


def _file_of(module: str) -> str:
    return f"{module.replace('.', '/')}.py"


@checks_app.command("new")
def new_check(
    check_id: Annotated[str, typer.Argument(metavar="ID")],
    fact: Annotated[str, typer.Argument(metavar="FACT", help="判定する事実の型（scanner/facts） / The fact type that it judges")],
) -> None:
    """新しい点検項目のひな形を書き出す / Print the template of a new check."""
    if not is_id(check_id):
        console.refuse(f"{check_id}: family.subject[.aspect] の形にする / write family.subject[.aspect]")
    known = catalogue()
    if check_id in known.checks or check_id in known.formerly:
        console.refuse(f"{check_id}: すでに存在する / exists already")
    facts = fact_types()
    if fact not in facts:
        nearest = Problems("").nearest(fact, facts)
        console.refuse(f"{fact}: そのような事実の型はない / no such fact type" + (f" → {nearest}" if nearest else ""))
    console.out.print(template.new_check(check_id, facts[fact]), markup=False, end="")


@baselines_app.command("list")
def list_baselines(
    format: Annotated[ListFormat, typer.Option("--format", help="出力の形 / Output format")] = ListFormat.TABLE,  # noqa: A002  the option's name
    lang: Lang = None,
) -> None:
    """基準文書の一覧 / List the shipped baselines."""
    language = lang or usual_language()
    found = load_baselines(SHIPPED)
    if format is ListFormat.JSON:
        console.print_json([{"id": b.id, "title": _both(b.title), "edition": _both(b.edition), "controls": len(b.controls)} for b in found])
        return
    console.print_table(
        ("id", language.of(Text("条文数", "rows")), language.of(Text("版", "edition")), language.of(Text("名称", "title"))),
        ((b.id, str(len(b.controls)), language.of(b.edition), language.of(b.title)) for b in found),
    )


@baselines_app.command("show")
def show_control(
    baseline: str,
    control: Annotated[str | None, typer.Argument(help="条文の番号又は行のID / A ref or a row id")] = None,
    lang: Lang = None,
) -> None:
    """基準文書の条文 / Show the clauses of a baseline."""
    language = lang or usual_language()
    (found,) = load_baselines([baseline])
    rows = [c for c in found if control is None or control in {c.id, c.ref}]
    if not rows:
        console.refuse(f"{control}: {baseline} にそのような条文はない / {baseline} has no such clause")
    if control is None:
        console.print_table(
            ("id", language.of(Text("条文", "ref")), language.of(Text("状態", "status")), language.of(Text("件名", "title"))),
            ((c.id, c.ref, c.status.value, c.title) for c in rows),
        )
        return
    for c in rows:
        console.out.print(f"[bold]{c.id}[/bold]  {c.ref}  {c.title}")
        console.out.print(f"  {language.of(c.summary)}", markup=False)
        console.out.print(f"  {c.strength.value}  {language.of(STATUS_WORDS[c.status])}", markup=False)
        for text in (c.note, c.reason):
            if text:
                console.out.print(f"  {language.of(text)}", markup=False)
        for use in c.checks:
            console.out.print(f"  ← {use.check} {dict(use.settings) or ''}", markup=False)


@baselines_app.command("check")
def check_baseline(
    folder: Annotated[Path, typer.Argument(help="document.yaml と controls.yaml のある場所 / The folder that holds both files")],
) -> None:
    """基準文書のデータを検査する / Validate a baseline's data."""
    (found,) = load_baselines([str(folder)])
    console.out.print(f"{found.id}: {len(found.controls)} 件、問題なし / rows, no problem", markup=False)


@baselines_app.command("coverage")
def coverage(
    baseline: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None,
    format: Annotated[CoverageFormat, typer.Option("--format", help="出力の形 / Output format")] = CoverageFormat.TABLE,  # noqa: A002  the option's name
    lang: Lang = None,
) -> None:
    """文書ごとに、領域と対応状況の行数を示す / For each document, rows by area and status."""
    found = load_baselines(baseline or SHIPPED)
    if format is CoverageFormat.JSONL:
        console.print_json_lines(coverage_lines(found))
        return
    language = lang or usual_language()
    statuses = list(Status)
    for one in found:
        console.out.print(f"[bold]{one.id}[/bold]  {language.of(one.title)}")
        counts = Counter((c.area, c.status) for c in one)
        areas = sorted({c.area for c in one})
        rows = [(area, *(str(counts[area, s] or "·") for s in statuses), str(sum(counts[area, s] for s in statuses))) for area in areas]
        total = ("Σ", *(str(sum(counts[a, s] for a in areas)) for s in statuses), str(len(one.controls)))
        console.print_table((language.of(Text("領域", "area")), *(s.value for s in statuses), "Σ"), [*rows, total])


def coverage_lines(found: list[Baseline]) -> Iterator[Line]:
    """Give one line a control; other programs read them, so fields are only ever added."""
    for baseline in found:
        for c in baseline:
            yield {
                "baseline": baseline.id,
                "id": c.id,
                "ref": c.ref,
                "area": c.area,
                "strength": c.strength.value,
                "verification": list(c.verification),
                "confidence": c.confidence,
                "status": c.status.value,
                "checks": [use.check for use in c.checks],
                "reason": _both(_reason(c)),
            }


def _reason(control: Control) -> Text | None:
    if control.status is Status.AUTOMATED:
        return None
    return control.reason or control.note or STATUS_WORDS[control.status]


def check_line(check: Check, baselines: list[Baseline]) -> Line:
    """Give one check; other programs read it, so fields are only ever added."""
    makers = [m for need in check.needs for m in catalogue().observers.get(need.fact, ())]
    return {
        "id": check.id,
        "severity": check.severity.value,
        "title": _both(check.title),
        "facts": [need.fact.__name__ for need in check.needs],
        "parameters": {name: _parameter(p) for name, p in check.parameters.items()},
        "methods": sorted({"network" if isinstance(m, Probe) else "host" for m in makers}),
        "intrusive": any(isinstance(m, Probe) and m.intrusive for m in makers if not isinstance(m, Collector)),
        "controls": [
            {"baseline": b.id, "id": c.id, "ref": c.ref} for b in baselines for c in b if any(u.check == check.id for u in c.checks)
        ],
    }


def _parameter(parameter: Parameter) -> Line:
    value: AnyValue | None = parameter.value
    default = list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
    return {"type": parameter.type, "default": default, "value": value.key if value else None, "unit": value.unit if value else ""}


def _both(text: Text | None) -> Line | None:
    return {"ja": text.ja, "en": text.en} if text else None
