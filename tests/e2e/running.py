"""How the end-to-end tests run the command line and read its record. No expectation stands here."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab import Lab

EXAMPLE = Path(__file__).parents[2] / "examples" / "kakuu"
LEDGER = [f"--{name}={EXAMPLE / name}.yaml" for name in ("inventory", "profile", "exceptions")]
PROGRAM = str(Path(sys.executable).with_name("tenken"))

Line = dict[str, Any]  # one JSON object of the record


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[Line]:
        """The record on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


def tenken(*words: str, lab: Lab | None = None, where: str = "outside") -> Ran:
    """Run the command, inside the laboratory where one is given."""
    command = [PROGRAM, *words]
    done = subprocess.run(lab.command(command, where) if lab else command, capture_output=True, text=True, check=False, timeout=110)
    return Ran(done.returncode, done.stdout, done.stderr)


def scan(lab: Lab, *words: str, where: str = "outside") -> Ran:
    """Scan inside the laboratory with its resolver and its authorities."""
    return tenken("scan", *words, f"--resolver={lab.resolver}", f"--ca-file={lab.ca_file}", lab=lab, where=where)


def record(folder: Path) -> list[Line]:
    """The record in a folder of reports."""
    return [json.loads(line) for line in (folder / "record.jsonl").read_text(encoding="utf-8").splitlines()]
