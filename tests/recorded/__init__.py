"""Recorded machines: what collectors read on real ones, replayed. The recordings are JSON files beside this module.

``provenance`` in each file says on what it was made, when and how; ``python -m tests.recorded.make`` makes them again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from scanner.hosts.base import CommandOutput
from scanner.hosts.local import RootReader

HERE = Path(__file__).parent


class RecordedReader(RootReader):
    """Reads a recording. A live one answers the commands that were recorded; all others are not installed."""

    def __init__(self, root: Path, commands: Mapping[str, str], live: bool) -> None:
        super().__init__(root)
        self.live = live
        self._commands = commands

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Give what the machine answered when it was recorded."""
        if not self.live:
            return super().command(argv, seconds=seconds)
        said = self._commands.get(" ".join(argv))
        return None if said is None else CommandOutput(0, said.encode(), b"")


def replay(name: str, part: str, room: Path) -> RecordedReader:
    """Unpack one part of a recording (``before``: the lasting files, ``running``: everything) into ``room`` and read it."""
    recording = json.loads((HERE / f"{name}.json").read_text())
    for path, text in recording[part]["files"].items():
        place = room / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    for path in recording[part]["directories"]:
        (room / path.lstrip("/")).mkdir(parents=True, exist_ok=True)
    return RecordedReader(room, recording[part]["commands"], recording[part]["live"])
