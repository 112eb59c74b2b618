"""The commands of ``tenken``, where each stands, and the command line put together from those that are asked for.

A command brings along what it works with, and typer goes through every option of every command that it is given: so a call is given
the command that it names, and all of them only where it names none.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Mapping, Sequence

import typer

from scanner.cli import console
from scanner.model.version import VERSION

_COMMANDS: Mapping[str, tuple[str, str]] = {
    "scan": ("scanner.cli.scan", "scan"),
    "judge": ("scanner.cli.scan", "judge"),
    "look": ("scanner.cli.commands", "look_at"),
    "report": ("scanner.cli.runs", "report"),
    "facts": ("scanner.cli.runs", "facts_app"),
    "runs": ("scanner.cli.runs", "runs_app"),
    "checks": ("scanner.cli.catalogue", "checks_app"),
    "baselines": ("scanner.cli.catalogue", "baselines_app"),
    "exceptions": ("scanner.cli.ledger", "exceptions_app"),
    "inventory": ("scanner.cli.ledger", "inventory_app"),
    "hosts": ("scanner.cli.hosts", "hosts_app"),
    "feed": ("scanner.cli.runs", "feed_app"),
    "hub": ("scanner.cli.hub", "hub_app"),
}
"""By name, in the order in which help lists them: the module, and in it the function or the group."""
_TAKES_ITS_OWN_WORDS = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def command_line(words: Sequence[str] = ()) -> typer.Typer:
    """Give the command line for a call with these words."""
    first = next((word for word in words if word != "--verbose"), "")
    made = typer.Typer(
        name="tenken",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="点検：情報セキュリティ基準に照らして機器とサービスを点検する / Tests hosts and services against security standards.",
    )
    made.callback()(_options)
    for name in [first] if first in _COMMANDS else _COMMANDS:
        module, member = _COMMANDS[name]
        command = getattr(importlib.import_module(module), member)
        if isinstance(command, typer.Typer):
            made.add_typer(command, name=name)
        else:
            made.command(name, context_settings=_TAKES_ITS_OWN_WORDS if command is look_at else None)(command)
    return made


def look_at(context: typer.Context) -> None:
    """サービスが示すものを、判定せずに表示する / Show what a service shows, unjudged (`tenken look --help`)."""
    from scanner.cli import look  # a scan does without

    raise typer.Exit(look.main(context.args))


def _print_version(wanted: bool) -> None:
    if wanted:
        console.out.print(f"tenken {VERSION}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="版を示す / Print the version"),
    verbose: bool = typer.Option(False, "--verbose", help="経過を詳しく記す / Log what is done"),
) -> None:
    """Take the options that stand before every command."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
