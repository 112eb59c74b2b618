"""Reads the shipped baselines and an organisation's own from YAML. Every mistake is told with file, line, key and nearest name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import baselines.model
import baselines.written
from baselines import kept
from baselines.model import Baseline, Control, MachineRole, Status, Strength, Use
from baselines.written import read_back, written
from scanner.model import check, problem, target, yamlfields, yamltext
from scanner.model.check import Check, Setting
from scanner.model.problem import Problems, say
from scanner.model.target import IMPLICIT_TLS, STARTTLS
from scanner.model.text import Text
from scanner.model.yamlfields import Fields, Item, fields
from scanner.model.yamltext import parse

HERE = Path(__file__).parent
SHIPPED = ("nisc-r5", "nite", "kochi", "ssk", "ciip")
"""The five documents, the government's own first."""

_MODULES = (baselines.model, baselines.written, check, problem, target, yamlfields, yamltext)
_READERS = (__file__, *(str(module.__file__) for module in _MODULES))
"""The code that decides what a baseline comes to."""

_STRENGTHS = {s.value: s for s in Strength}
_STATUSES = {s.value: s for s in Status if s is not Status.THROUGH_EXAMPLES}
_TIERS = {"基本": "基本", "追加": "追加"}


def load_shipped(name: str, checks: Mapping[str, Check], digest: str = "") -> Baseline:
    """Give a shipped baseline, as ``load`` does. Raises ``KeyError`` for a name that is not shipped and ``BadFile`` for broken data."""
    if name not in SHIPPED:
        raise KeyError(name)
    return load(HERE / name, checks, digest)


def load(folder: Path, checks: Mapping[str, Check], digest: str = "") -> Baseline:
    """Give the baseline of one folder: ``document.yaml`` and ``controls.yaml``, the checks named in them validated against ``checks``.

    What the account read before is not parsed again (``kept``): the same bytes, checks and code give the same baseline. ``digest`` is
    that of the checks' sources; without it their names and parameters are gone through, and so all of them have to be loaded.
    Raises ``BadFile`` with every problem of the file that has any, and ``OSError`` where a file cannot be read.
    """
    about, controls = (folder / "document.yaml").read_bytes(), (folder / "controls.yaml").read_bytes()
    name = f"baseline-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    key = _key(folder, about, controls, digest or _parameters(checks))
    before = kept.recall(name, key)
    if before is not None:
        with suppress(ValueError, TypeError, RecursionError):  # not ours after all
            return read_back(before)
    read = _read(folder, about, controls, checks)
    kept.keep(name, key, written(read))
    return read


def _key(folder: Path, about: bytes, controls: bytes, checks: str) -> str:
    """Digest all that a baseline is made of: its bytes, what stands for the checks, and the code that reads."""
    made_of = hashlib.sha256()
    for part in (os.fsencode(folder), about, controls, checks.encode(), *(Path(file).read_bytes() for file in _READERS)):
        made_of.update(b"%d " % len(part) + part)
    return made_of.hexdigest()


def _parameters(checks: Mapping[str, Check]) -> str:
    return "".join(f"{name} {sorted(check.parameters.items())}\n" for name, check in sorted(checks.items()))


def _read(folder: Path, about_bytes: bytes, top_bytes: bytes, checks: Mapping[str, Check]) -> Baseline:
    about = _fields(folder / "document.yaml", about_bytes)
    baseline_id = about.text("id")
    title = Text(ja=about.text("title_ja"), en=about.text("title_en"))
    issuer, edition = about.text("issuer"), Text(ja=about.text("edition_ja"), en=about.text("edition_en"))
    edition_note = _both(about, "edition_note")
    about.texts("notes", ())
    about.done()
    about.problems.close()
    top = _fields(folder / "controls.yaml", top_bytes)
    seen: dict[str, int] = {}
    controls = tuple(_control(row, checks, seen, str(folder / "controls.yaml")) for row in top.tables("controls"))
    top.done()
    top.problems.close()
    digest = "sha256:" + hashlib.sha256(about_bytes + top_bytes).hexdigest()
    return _with_computed_status(Baseline(baseline_id, title, issuer, edition, edition_note, controls, digest))


def _with_computed_status(read: Baseline) -> Baseline:
    """Give the baseline with the status that no row states by itself: clauses that are judged by the checks of their examples."""

    def status(control: Control) -> Status:
        if control.checks or not control.strength.binds or not any(example.checks for example in read.examples_of(control)):
            return control.status
        return Status.THROUGH_EXAMPLES

    return replace(read, controls=tuple(replace(control, status=status(control)) for control in read))


def _fields(path: Path, content: bytes) -> Fields:
    problems = Problems(str(path))
    return fields(parse(content, problems), problems)


def _control(row: Fields, checks: Mapping[str, Check], seen: dict[str, int], file: str) -> Control:
    control_id = row.text("id")
    if control_id in seen:
        row.note(say("「{id}」は {line} 行目にもある", "'{id}' is at line {line} too", id=control_id, line=seen[control_id]), key="id")
    seen[control_id] = row.node.place.line
    parameters = row.table("parameters")
    status = row.choice("status", _STATUSES)
    uses = tuple(_use(use, checks) for use in row.tables("checks"))
    if (status in {Status.AUTOMATED, Status.PARTIAL}) != bool(uses):
        row.note(
            say(
                "status が automated 又は partial の行にのみ checks を書く",
                "checks go with the status automated or partial, and only with these",
            ),
            key="status",
        )
    related = row.texts("related", ())
    for item in row.items("related"):
        name = item.text()
        if name is not None and name not in checks:
            item.unknown(say("「{name}」という点検項目はない", "there is no check '{name}'", name=name), name, checks)
    control = Control(
        id=control_id,
        ref=row.text("ref"),
        section=row.text("section"),
        title=row.text("title"),
        summary=Text(ja=row.text("summary_ja"), en=row.text("summary_en")),
        area=row.text("area"),
        strength=row.choice("strength", _STRENGTHS),
        tier=row.choice("tier", _TIERS, ""),
        duty_holder=row.texts("duty_holder", ()),
        verification=row.texts("verification"),
        confidence=row.text("confidence"),
        observables=row.texts("observables", ()),
        supports=_texts(parameters, "related"),
        info_class=_texts(parameters, "info_class"),
        status=status,
        checks=uses,
        related=related,
        note=_both(row, "note"),
        reason=_both(row, "reason"),
        file=file,
        line=row.node.place.line,
    )
    row.done()
    return control


def _texts(table: Fields | None, key: str) -> tuple[str, ...]:
    if table is None or key not in table:
        return ()
    item = table.item(key)
    if item is not None and item.is_list:
        return table.texts(key, ())
    return (table.text(key),)


def _both(row: Fields, name: str) -> Text | None:
    ja, en = row.text(f"{name}_ja", None), row.text(f"{name}_en", None)
    if (ja is None) != (en is None):
        row.note(say("日本語と英語の両方が必要である", "both Japanese and English are needed"), key=f"{name}_ja" if ja else f"{name}_en")
    return None if ja is None or en is None else Text(ja=ja, en=en)


def _use(use: Fields, checks: Mapping[str, Check]) -> Use:
    name = use.text("use")
    check = checks.get(name)
    if check is None:
        item = use.item("use")
        if item is not None:
            item.unknown(say("「{name}」という点検項目はない", "there is no check '{name}'", name=name), name, checks)
    table = use.table("with")
    settings = _settings(table, check) if table is not None and check is not None else {}
    services = use.texts("services", ())
    for item in use.items("services"):
        if (word := item.text()) is not None and word not in _SERVICES:
            item.unknown(say("「{word}」というプロトコルはない", "there is no protocol '{word}'", word=word), word, _SERVICES)
    machines = use.texts("machines", ())
    for item in use.items("machines"):
        if (word := item.text()) is not None and word not in _ROLES:
            item.unknown(say("「{word}」という機器の区分はない", "there is no sort of machine '{word}'", word=word), word, _ROLES)
    use.done()
    return Use(name, settings, frozenset(services), frozenset(MachineRole(word) for word in machines if word in _ROLES))


_ROLES = frozenset(MachineRole)
_SERVICES = IMPLICIT_TLS | STARTTLS | {"dns", "ssh"}
_READ: Mapping[str, Callable[[Item], Setting | None]] = {
    "bool": Item.flag,
    "int": Item.whole,
    "float": Item.number,
    "str": Item.text,
    "list of str": lambda item: tuple(t for i in item.items() if (t := i.text()) is not None),
}


def _settings(table: Fields, check: Check) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for name, item in table.rest():
        parameter = check.parameters.get(name)
        if parameter is None:
            words = say("{check} に「{name}」という設定はない", "{check} has no setting '{name}'", check=check.id, name=name)
            item.unknown(words, name, check.parameters)
            continue
        setting = _READ.get(parameter.type, Item.text)(item)
        if setting is not None and (problem := parameter.problem_with(setting)):
            message = Text(ja=f"{name} に使えない値である（{problem.ja}）", en=f"{name} cannot take this value: it {problem.en}")
            item.unknown(message, str(setting), parameter.choices)
        elif setting is not None:
            found[name] = setting
    return found
