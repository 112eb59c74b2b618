"""A conversation with one far ``sh``: at most three questions, each of them a batch, with limits on time and octets."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.hosts.base import Source
from scanner.hosts.ssh.answer import Gathered, read_answer
from scanner.hosts.ssh.batch import Batch, Request, first_batch, next_batch
from scanner.hosts.ssh.shell import Shell
from scanner.hosts.ssh.sudo import Permitted
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason

ROUNDS = 3
"""Questions after login."""
OCTETS = 48_000_000
"""Octets that a machine may send in all."""
EXCERPT = 300


class Session:
    """Gathers in rounds. ``over`` says why nothing further can be asked, once that is so; what had arrived stays."""

    def __init__(self, shell: Shell, until: float, *, by_sudo: Permitted | None) -> None:
        self._shell = shell
        self._until = until
        self._by_sudo = by_sudo
        self.gathered = Gathered()
        self.over: Unobserved | None = None
        self.rounds = 0
        self.sent = 0
        self.received = 0

    def begin(self, sources: Iterable[Source]) -> None:
        """Ask for everything that is known beforehand. Raises ``CannotObserve`` where no ``sh`` answers at all."""
        noise = self._ask(first_batch(sources, by_sudo=self._by_sudo))
        if not self.gathered.started:
            why = self.over or Unobserved(Reason.PROTOCOL_VIOLATION, "")
            said = noise[:EXCERPT].decode("utf-8", "replace").strip()
            shown = "".join(c if c.isprintable() else " " for c in said)
            raise CannotObserve(why.reason, f"logged in, but no POSIX sh answered{': ' + shown if shown else ''} {why.detail}".strip())

    def go_on(self, requests: Iterable[Request]) -> None:
        """Ask for what turned up on the way."""
        if self.over is None:
            self._ask(next_batch(requests, by_sudo=self._by_sudo))

    def close(self) -> None:
        """End the conversation."""
        self._shell.close()

    @property
    def spent(self) -> bool:
        """Whether no further question may be asked."""
        return self.over is not None or self.rounds >= ROUNDS

    def _ask(self, batch: Batch) -> bytes:
        self.rounds += 1
        data = bytearray()
        end = b"\n" + batch.boundary + b" end\n"
        lost: CannotObserve | None = None
        try:
            try:
                self._shell.send(batch.text, self._until)
                self.sent += len(batch.text)
            except CannotObserve as why:  # what the far side said before it went away is still to be read
                if why.reason is not Reason.RESET:
                    raise
                lost = why
            while end not in data[-len(end) - 1 :]:
                chunk = self._shell.receive(self._until)
                if not chunk:
                    raise CannotObserve(Reason.RESET, "the far shell ended before its answer did")
                self.received += len(chunk)
                data += chunk
                if self.received > OCTETS:
                    raise CannotObserve(Reason.TOO_LARGE, f"more than {OCTETS} octets in all")
        except CannotObserve as why:
            self.over = Unobserved(lost.reason, lost.detail) if lost else Unobserved(why.reason, why.detail)
            self._shell.close()
        whole = bytes(data)
        del data
        read_answer(whole, batch, self.gathered)
        return whole[:EXCERPT]
