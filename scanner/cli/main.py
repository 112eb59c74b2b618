"""The command ``tenken``: turns every expected failure of its commands into one clear message and an exit status."""

from __future__ import annotations

import sys

from scanner.cli import console
from scanner.cli.commands import command_line
from scanner.cli.words import usual_language
from scanner.model.check import BadCheck
from scanner.model.problem import BadFile, system_says
from scanner.model.text import Text

INTERRUPTED = 130
_INTERRUPTED = Text(ja="中断された", en="interrupted")
_BAD_CHECK = Text(ja="点検項目の書き方に誤りがある", en="a check is written wrongly")
_MORE = Text(ja="ほか {n} 件", en="and {n} more")


def main() -> None:
    """Run the command line."""
    try:
        command_line(sys.argv[1:])()
    except BadFile as error:
        language = usual_language()
        for problem in error.problems:
            console.err.print(language.of(problem.text), markup=False)
        if error.more:
            console.err.print(language.of(_MORE.fill({"n": error.more})), markup=False)
        sys.exit(console.WRONG_USE)
    except BadCheck as error:
        console.err.print(f"{usual_language().of(_BAD_CHECK)}: {error}", markup=False)
        sys.exit(console.WRONG_USE)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        console.err.print(where + usual_language().of(system_says(error)), markup=False)
        sys.exit(console.WRONG_USE)
    except SystemExit as end:
        if end.code == INTERRUPTED:  # typer makes it from a KeyboardInterrupt
            console.err.print(usual_language().of(_INTERRUPTED), markup=False)
        raise
