"""A machine reached over SSH, as the engine sees it: logs in, gathers in at most three rounds, runs the collectors on what came."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from scanner.hosts.machine import Chosen, observe
from scanner.hosts.ssh.batch import Request
from scanner.hosts.ssh.session import Session
from scanner.hosts.ssh.shell import Shell
from scanner.hosts.ssh.snapshot import SnapshotReader
from scanner.hosts.ssh.sudo import Permitted
from scanner.model.fact import Evidence, Fact, Observation, Observed, Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

log = logging.getLogger(__name__)

FOURTH = "a fourth round would be needed"
MOST_SHOWN = 5


class Entrance(Protocol):
    """The way into one machine."""

    @property
    def name(self) -> str:
        """What the machine is called in messages."""
        ...

    def open(self, until: float) -> tuple[Shell, str]:
        """Log in and give a ``sh`` or a device's command line, with a remark on how that was done, if any. Raises ``CannotObserve``."""
        ...

    def stop(self) -> None:
        """End ``open`` soon, from another thread."""
        ...


class SshMachine:
    """A Linux ``Machine`` behind an entrance; for one look only. ``counts`` tells afterwards what the look cost."""

    platform = Platform.LINUX

    def __init__(self, entrance: Entrance, *, by_sudo: Callable[[], Permitted] | None = None) -> None:
        self._entrance = entrance
        self._by_sudo = by_sudo
        self._shell: Shell | None = None
        self._stopped = threading.Event()
        self.counts: Mapping[str, int] = {}

    def see(self, chosen: Chosen, now: Callable[[], str], seconds: float) -> Mapping[type[Fact], Observation[Fact]]:
        """Log in, gather, run the collectors. A login that fails is one reason for all facts."""
        until = time.monotonic() + seconds
        try:
            return self._in_rounds(chosen, now, until)
        except CannotObserve as why:
            return {collector.makes: Unobserved(why.reason, why.detail, now()) for collector in chosen()}
        except Exception as error:
            log.exception("defect while seeing %s over SSH", self._entrance.name)
            defect = f"{self._entrance.name}: {type(error).__name__}: {error}"
            return {collector.makes: Unobserved(Reason.DEFECT, defect, now()) for collector in chosen()}
        finally:
            if self._shell:
                self._shell.close()

    def stop(self) -> None:
        """Close the connection; ``see`` ends soon after that."""
        self._stopped.set()
        if self._shell:
            self._shell.close()
        self._entrance.stop()

    def _in_rounds(self, chosen: Chosen, now: Callable[[], str], until: float) -> Mapping[type[Fact], Observation[Fact]]:
        self._shell, remark = self._entrance.open(until)
        if self._stopped.is_set():
            raise CannotObserve(Reason.BUDGET_SPENT, f"{self._entrance.name}: stopped")
        collectors = chosen()  # they may still load while the login is under way
        session = Session(self._shell, until, by_sudo=self._by_sudo() if self._by_sudo else None)
        session.begin(dict.fromkeys(source for collector in collectors for source in collector.sources))
        found: dict[type[Fact], Observation[Fact]] = {}
        waiting = list(collectors)
        while waiting and not self._stopped.is_set():
            missed: dict[Request, None] = {}
            late = []
            for collector in waiting:
                reader = SnapshotReader(session.gathered, self._over(session))
                observation = observe(collector, reader, now, complete=partial(_complete, reader))
                if reader.missed:
                    late.append(collector)
                    missed.update(reader.missed)
                else:
                    found[collector.makes] = remarked(observation, remark)
            waiting = late
            if missed:
                log.debug("%s: asked in round %d: %s", self._entrance.name, session.rounds + 1, list(missed)[:MOST_SHOWN])
                session.go_on(missed)
        for collector in waiting:
            found[collector.makes] = Unobserved(Reason.BUDGET_SPENT, f"{self._entrance.name}: stopped", now())
        self.counts = {"rounds": session.rounds, "sent": session.sent, "received": session.received}
        log.info("%s: %d rounds, %d octets sent, %d received", self._entrance.name, session.rounds, session.sent, session.received)
        return found

    def _over(self, session: Session) -> Unobserved | None:
        if session.over is not None:
            return Unobserved(session.over.reason, f"{self._entrance.name}: {session.over.detail}")
        return Unobserved(Reason.BUDGET_SPENT, f"{self._entrance.name}: {FOURTH}") if session.spent else None


def _complete(reader: SnapshotReader) -> bool:
    return not reader.missed


def remarked(observation: Observation[Fact], remark: str) -> Observation[Fact]:
    """Add a remark on how the login was done to what was seen by it."""
    if remark and isinstance(observation, Observed):
        return Observed(observation.fact, observation.at, (*observation.evidence, Evidence("ssh", remark)))
    return observation
