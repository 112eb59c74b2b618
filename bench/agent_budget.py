"""Measures what an agent costs: memory, processor and octets of a report with every fact of this platform, against a real hub over TLS.

``python -m bench.agent_budget [--reports N] [--without FACT]…``
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from agent import collect
from tests.agent.killing import Pair, wait_for


def main() -> None:
    """Enrol an agent, and let it report in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--reports", type=int, default=6)
    parser.add_argument("--without", action="append", default=[], metavar="FACT")
    given = parser.parse_args()
    facts = [name for name in collect.collectors(collect.this_platform()) if name not in given.without]
    print(f"{len(facts)} facts, load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(Path(folder), facts=facts)
        try:
            wait_for(pair.port)
            pair.enrol()
            words = ["-m", "bench.measured_agent", str(pair.configuration), str(given.reports)]
            subprocess.run([sys.executable, *words], check=True)
        finally:
            pair.close()


if __name__ == "__main__":
    main()
