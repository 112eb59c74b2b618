"""``tenken inventory`` and ``tenken exceptions``: what the organisation wrote down, and every mistake in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from scanner.cli import console
from scanner.cli.scan import Baselines, Lang, ProfileFile
from scanner.cli.setup import set_up
from scanner.cli.words import usual_language
from scanner.ledger.inventory import Inventory
from scanner.model.text import Text

inventory_app = typer.Typer(no_args_is_help=True, help="情報システム台帳 / The inventory")
exceptions_app = typer.Typer(no_args_is_help=True, help="例外措置 / Exceptions")


@inventory_app.command("check")
def check_inventory(
    inventory: Path, profile: ProfileFile = None, exceptions: Annotated[Path | None, typer.Option("--exceptions")] = None
) -> None:
    """台帳、方針の値、例外措置を検査する / Check inventory, profile and exceptions; explains every mistake."""
    setup = set_up(None, inventory, profile, exceptions)
    found = setup.inventory
    text = Text(
        ja="{file}：システム {systems} 件、対象 {targets} 件、観測点 {zones} 件、問題なし",
        en="{file}: {systems} systems, {targets} targets, {zones} zones, no problem",
    ).fill({"file": str(inventory), "systems": len(found.systems), "targets": len(found.entries), "zones": len(found.zones)})
    console.out.print(usual_language().of(text), markup=False)


@exceptions_app.command("list")
def list_exceptions(exceptions: Path, inventory: Annotated[Path | None, typer.Option("--inventory")] = None, lang: Lang = None) -> None:
    """例外措置の一覧と期限 / List the exceptions and their ends."""
    language = lang or usual_language()
    setup = (
        set_up(None, inventory or Inventory.of_targets([]), None, exceptions)
        if inventory
        else set_up(None, Inventory.of_targets([]), None, exceptions)
    )
    today = datetime.now(UTC).date()
    rows = []
    for e in setup.exceptions.entries:
        state = (
            Text(ja="期限切れ", en="expired")
            if e.expired(today)
            else Text(ja="有効", en="active")
            if e.active(today)
            else Text(ja="開始前", en="not begun")
        )
        rows.append(
            (
                e.id,
                f"{e.article.baseline} {e.article.ref}",
                ", ".join((*e.targets, *e.systems)),
                e.end.isoformat(),
                language.of(state),
                e.approver,
            )
        )
    heads = Text(ja="id|条文|対象|終了日|状態|承認者", en="id|article|targets|end|state|approver")
    console.print_table(language.of(heads).split("|"), rows)


@exceptions_app.command("check")
def check_exceptions(
    exceptions: Path, inventory: Annotated[Path | None, typer.Option("--inventory")] = None, baseline: Baselines = None
) -> None:
    """例外措置の台帳を検査する / Check the register of exceptions."""
    setup = set_up(baseline, inventory or Inventory.of_targets([]), None, exceptions)
    console.out.print(f"{exceptions}: {len(setup.exceptions.entries)} 件、問題なし / entries, no problem", markup=False)
