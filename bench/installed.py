"""The environment in which a bench starts Tenken's processes: that of an installation. No measuring here."""

from __future__ import annotations

import os


def as_installed() -> dict[str, str]:
    """Give this process's environment, but with bytecode written once and read afterwards, as pip writes it when it installs.

    Containers often forbid it, and then every start of the command compiles the whole program anew: more than half of its time.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
