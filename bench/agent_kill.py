"""Kills agent and hub 200 times at random points, on SQLite or on a PostgreSQL, and prints what became of the reports.

``python -m bench.agent_kill [--kills N] [--postgresql | --database URL] [--seed S]``
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random

from tests.agent.killing import Pair, kill_often
from tests.hub.postgres import cluster


def main() -> None:
    """Run it; fails where anything was lost or doubled."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database", default="")
    parser.add_argument("--postgresql", action="store_true", help="a cluster of its own, gone afterwards")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = stack.enter_context(cluster()) if given.postgresql else given.database
        began = time.monotonic()
        verdict = kill_often(Pair(Path(folder), url), given.kills, 0.3, Random(given.seed))
        print(f"{given.kills} kills in {time.monotonic() - began:.0f} s: {verdict}")
    assert not verdict.lost
    assert not verdict.doubled
    assert verdict.whole
    assert not verdict.odd


if __name__ == "__main__":
    main()
