"""Where the command ``tenken`` begins. A look does without everything that a scan has to load first."""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys

DEFECT = 70


def main() -> None:
    """Run the command line. A defect of ours ends with ``DEFECT``, wherever it shows: Python's own status, 1, would mean findings."""
    _ready_to_print()
    gc.disable()  # until all is loaded: nothing of it is ever garbage
    atexit.register(gc.freeze)  # nor need any be looked for at the end, which the interpreter would do several times
    try:
        _run()
    except Exception:  # whatever it is: a traceback would end with 1
        import logging  # a look does without

        logging.getLogger(__name__).exception("点検プログラムの不具合 / a defect of the scanner")
        sys.exit(DEFECT)


def _run() -> None:
    """Run ``tenken look`` at once, and everything else through ``scanner.cli.main``."""
    if sys.argv[1:2] == ["look"]:
        from scanner.cli import look  # the point of this module

        sys.exit(look.main(sys.argv[2:]))
    from scanner.cli.main import main as everything

    gc.enable()
    everything()


def _ready_to_print() -> None:
    """Let neither a terminal without some of our signs (EUC-JP, Windows' code pages) nor an output that is closed end a run.

    A sign that is missing is written as its number: a question mark in its place is our sign of the undetermined.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  until the program ends
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
