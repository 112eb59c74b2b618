"""The command ``tenken``: turns every expected failure of its commands into one clear message and an exit status."""

from __future__ import annotations

import logging
import sys

from scanner.cli import console
from scanner.cli.commands import command_line
from scanner.cli.words import usual_language
from scanner.model.problem import BadFile, system_says
from scanner.model.text import Text

DEFECT = 70
INTERRUPTED = 130
_INTERRUPTED = Text(ja="中断された", en="interrupted")
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
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        console.err.print(where + usual_language().of(system_says(error)), markup=False)
        sys.exit(console.WRONG_USE)
    except SystemExit as end:
        if end.code == INTERRUPTED:  # typer makes it from a KeyboardInterrupt
            console.err.print(usual_language().of(_INTERRUPTED), markup=False)
        raise
    except Exception:
        logging.getLogger(__name__).exception("点検プログラムの不具合 / a defect of the scanner")
        sys.exit(DEFECT)
