"""What a bench starts: Tenken's processes as an installation would, and other programs from an environment of their own."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path


def as_installed() -> dict[str, str]:
    """Give this process's environment, but with bytecode written once and read afterwards, as pip writes it when it installs.

    Containers often forbid it, and then every start of the command compiles the whole program anew: more than half of its time.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def set_up(environment: Path, lock: Path) -> None:
    """Install the packages of a lock file, pinned by hash, into an environment of their own; nothing to do where they are there."""
    stamp = environment / "ready"
    if stamp.exists() and stamp.read_text() == lock.read_text():
        return
    venv.create(environment, with_pip=True, clear=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([*pip, "-r", str(lock)], check=True)
    stamp.write_text(lock.read_text())
