"""Where the command ``tenken`` begins. A look does without everything that a scan has to load first."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run ``tenken look`` at once, and everything else through ``scanner.cli.main``."""
    gc.disable()  # until all is loaded: nothing of it is ever garbage
    if sys.argv[1:2] == ["look"]:
        from scanner.cli import look  # the point of this module

        sys.exit(look.main(sys.argv[2:]))
    from scanner.cli.main import main as everything

    gc.enable()
    everything()
