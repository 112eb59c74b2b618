"""The agent with no pause between reports, so that a kill meets it in the middle of something. It logs what it has made."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from agent import config, service
from agent.trouble import HubAway
from scanner.codec import canonical
from scanner.protocol.envelope import digest


def main(configuration: str, log: str, most: str) -> None:
    """Report and deliver until killed, or until ``most`` more reports are made and all is acknowledged."""
    given = config.load(Path(configuration))
    with service.at_work(given) as agent, Path(log).open("a", encoding="utf-8") as made:
        left = int(most)
        while left > 0 or agent.chain.spool.waiting():
            if left > 0:
                report = agent.report()
                made.write(f"{report.sequence} {digest(canonical(report.plain()))}\n")
                made.flush()
                left -= 1
            try:
                agent.deliver()
            except HubAway:
                time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
