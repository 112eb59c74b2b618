"""An agent that tells after each report what it has cost. It loads nothing that the agent itself does not."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from agent import config, service


def main(configuration: Path, most: int) -> None:
    """Report ``most`` times and print the figures of this process after each."""
    with service.at_work(config.load(configuration)) as agent:
        for _ in range(most):
            began = _seconds()
            agent.report()
            octets = agent.chain.spool.waiting()[-1].path.stat().st_size
            agent.deliver()
            own, programs = (after - before for before, after in zip(began, _seconds(), strict=True))
            print(
                f"{_megabytes('VmRSS')} MB, most {_megabytes('VmHWM')} MB; {own:.1f} s own, {programs:.1f} s of programs; {octets} octets"
            )


def _seconds() -> tuple[float, float]:
    """Give the processor's time of this process and of those that it has run."""
    found = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    own, programs = (one.ru_utime + one.ru_stime for one in found)
    return own, programs


def _megabytes(what: str) -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith(what + ":")).split()[1]) // 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
