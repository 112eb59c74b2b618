"""The command ``tenken``: puts the commands together, and turns every expected failure into one clear message and an exit status."""

from __future__ import annotations

import logging
import sys

import typer

from scanner.cli import console, look
from scanner.cli.catalogue import baselines_app, checks_app
from scanner.cli.hosts import hosts_app
from scanner.cli.hub import hub_app
from scanner.cli.ledger import exceptions_app, inventory_app
from scanner.cli.runs import facts_app, feed_app, report, runs_app
from scanner.cli.scan import judge, scan
from scanner.cli.words import usual_language
from scanner.engine.factsfile import BadFacts
from scanner.model.problem import BadFile
from scanner.model.version import VERSION
from scanner.store.trouble import StoreError

DEFECT = 70
INTERRUPTED = 130

app = typer.Typer(
    name="tenken",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="点検：情報セキュリティ基準に照らして機器とサービスを点検する / Tests hosts and services against security standards.",
)
app.command("scan")(scan)
app.command("judge")(judge)


@app.command("look", context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def look_at(context: typer.Context) -> None:
    """サービスが示すものを、判定せずに表示する / Show what a service shows, unjudged (`tenken look --help`)."""
    raise typer.Exit(look.main(context.args))


app.command("report")(report)
app.add_typer(facts_app, name="facts")
app.add_typer(runs_app, name="runs")
app.add_typer(checks_app, name="checks")
app.add_typer(baselines_app, name="baselines")
app.add_typer(exceptions_app, name="exceptions")
app.add_typer(inventory_app, name="inventory")
app.add_typer(hosts_app, name="hosts")
app.add_typer(feed_app, name="feed")
app.add_typer(hub_app, name="hub")


def _print_version(wanted: bool) -> None:
    if wanted:
        console.out.print(f"tenken {VERSION}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="版を示す / Print the version"),
    verbose: bool = typer.Option(False, "--verbose", help="経過を詳しく記す / Log what is done"),
) -> None:
    """Take the options that stand before every command."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")


def main() -> None:
    """Run the command line."""
    try:
        app()
    except BadFile as error:
        language = usual_language()
        for problem in error.problems:
            console.err.print(language.of(problem.text), markup=False)
        sys.exit(console.WRONG_USE)
    except (BadFacts, StoreError) as error:
        console.err.print(str(error), markup=False)
        sys.exit(console.WRONG_USE)
    except OSError as error:
        console.err.print(f"{error.filename or ''}: {error.strerror or error}", markup=False)
        sys.exit(console.WRONG_USE)
    except KeyboardInterrupt:
        console.err.print("中断された / interrupted", markup=False)
        sys.exit(INTERRUPTED)
    except Exception:
        logging.getLogger(__name__).exception("点検プログラムの不具合 / a defect of the scanner")
        sys.exit(DEFECT)
