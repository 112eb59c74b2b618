"""What one target may cost: questions, connections, seconds of conversation, octets received. Counting only, no waiting."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.model.reason import CannotObserve, Reason


@dataclass(frozen=True, slots=True)
class Allowance:
    """The limits of one target in one run. ``seconds`` adds up the time spent in conversations, side by side or not.

    ``tls_connections`` is what a survey of one TLS server, that is one address and port, may open; ``tls_connections_of`` says otherwise
    for some protocols: a mail server bears less than a web server, and many keep strangers away after a few connections.
    ``ports`` are the tries of looks at ports.
    """

    questions: int = 2000
    connections: int = 600
    ports: int = 600_000
    seconds: float = 600.0
    octets: int = 64 * 1024 * 1024
    tls_connections: int = 60
    tls_connections_of: tuple[tuple[str, int], ...] = (("smtp", 12),)

    def tls(self, protocol: str) -> int:
        """How many connections a survey of one TLS server with this protocol may open."""
        return dict(self.tls_connections_of).get(protocol, self.tls_connections)


class Budget:
    """What one target has spent so far. Asked before each conversation, told after it."""

    __slots__ = ("_allowance", "_target", "connections", "octets", "ports", "questions", "seconds")

    def __init__(self, target: str, allowance: Allowance) -> None:
        self._target = target
        self._allowance = allowance
        self.questions = 0
        self.connections = 0
        self.ports = 0
        self.seconds = 0.0
        self.octets = 0

    def tls_connections(self, protocol: str) -> int:
        """How many connections the allowance gives a survey of one TLS server with this protocol."""
        return self._allowance.tls(protocol)

    def question(self) -> None:
        """Count one question, or raise ``CannotObserve(BUDGET_SPENT)``."""
        self._check()
        if self.questions >= self._allowance.questions:
            raise self._spent(f"{self._allowance.questions} questions")
        self.questions += 1

    def connection(self) -> None:
        """Count one connection, or raise ``CannotObserve(BUDGET_SPENT)``."""
        self._check()
        if self.connections >= self._allowance.connections:
            raise self._spent(f"{self._allowance.connections} connections")
        self.connections += 1

    def look(self, ports: int) -> None:
        """Count tries of so many ports, or raise ``CannotObserve(BUDGET_SPENT)``."""
        self._check()
        if self.ports + ports > self._allowance.ports:
            raise self._spent(f"{self._allowance.ports} tries of ports")
        self.ports += ports

    def spend(self, seconds: float, octets: int) -> None:
        """Count what a conversation took; the next one is refused when this was too much."""
        self.seconds += seconds
        self.octets += octets

    def _check(self) -> None:
        if self.seconds >= self._allowance.seconds:
            raise self._spent(f"{self._allowance.seconds:g} s of conversation")
        if self.octets >= self._allowance.octets:
            raise self._spent(f"{self._allowance.octets} octets")

    def _spent(self, what: str) -> CannotObserve:
        return CannotObserve(Reason.BUDGET_SPENT, f"the budget of {self._target} is spent: {what}")
