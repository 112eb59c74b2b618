"""The command ``tenken``: turns every expected failure of its commands into one clear message and an exit status."""

from __future__ import annotations

import logging
import sys

from scanner.cli import console
from scanner.cli.commands import command_line
from scanner.cli.words import usual_language
from scanner.engine.factsfile import BadFacts
from scanner.model.problem import BadFile
from scanner.store.trouble import StoreError

DEFECT = 70
INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    try:
        command_line(sys.argv[1:])()
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
