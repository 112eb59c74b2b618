"""The laboratory's resolver from some milliseconds away: dnsdist (Debian's package) stands before it and holds each of its answers back.

In the laboratory itself packets are there at once, and a resolver that has every name in its memory answers within 0.05 ms: programs
that wait for one answer before they ask for the next lose nothing by it there, as they do on a network.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab import Lab, network

ADDRESS = "192.175.48.54"
"""Beside the resolver's own, in its namespace."""
HOST = "resolver"
PATIENCE = 10.0

CONFIGURATION = """
setLocal("{address}:53")
newServer({{address="{resolver}:53", healthCheckMode="up"}})
setACL({{"0.0.0.0/0"}})
setSecurityPollSuffix("")
addAction(AllRule(), DelayAction({milliseconds}))
"""


@contextmanager
def far_resolver(lab: Lab, milliseconds: int, folder: Path) -> Iterator[str]:
    """Give the address at which the laboratory's resolver answers so many milliseconds later, over UDP.

    Raises ``RuntimeError`` where dnsdist is missing or does not answer.
    """
    if shutil.which("dnsdist") is None:
        raise RuntimeError("dnsdist is not installed: apt-get install --no-install-recommends dnsdist")
    written = folder / "dnsdist.conf"
    written.write_text(CONFIGURATION.format(address=ADDRESS, resolver=lab.resolver, milliseconds=milliseconds))
    lab.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "eth0"], HOST, check=True)
    lab.run(["ip", "route", "add", ADDRESS, "dev", f"v-{HOST}", "scope", "link"], network.ROUTER, check=True)
    process = subprocess.Popen(
        lab.command(["dnsdist", "--supervised", "--config", str(written)], HOST), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(lab, process)
        yield ADDRESS
    finally:
        process.kill()
        process.wait()
        lab.run(["ip", "route", "del", ADDRESS], network.ROUTER, check=True)
        lab.run(["ip", "address", "del", f"{ADDRESS}/32", "dev", "eth0"], HOST, check=True)


def _wait(lab: Lab, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if lab.run(["dig", "+tries=1", "+time=1", f"@{ADDRESS}", lab.bulk[0], "SOA"]).returncode == 0:
            return
        time.sleep(0.1)  # nothing tells when a server begins to answer
    raise RuntimeError(f"dnsdist ended with {process.returncode}" if process.poll() is not None else "dnsdist does not answer")
