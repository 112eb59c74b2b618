"""What can go wrong in the agent, each with words in both languages: for the person at the machine, and for its log."""

from __future__ import annotations

from scanner.model.text import Text


class Trouble(Exception):
    """Something that a person has to know of. ``text`` says what happened and what to do."""

    def __init__(self, ja: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(ja=ja, en=en)


class NotEnrolled(Trouble):
    """The machine is not known to a hub, or no longer."""


class BadConfig(Trouble):
    """The configuration cannot be used."""


class AlreadyRunning(Trouble):
    """Another agent works on the same state."""


class HubAway(Trouble):
    """The hub cannot be reached, or asks for patience: to be tried again. ``patience`` are seconds it asked for, or 0."""

    def __init__(self, ja: str, en: str, patience: float = 0) -> None:
        super().__init__(ja, en)
        self.patience = patience


class HubRefuses(Trouble):
    """The hub answered and does not accept. ``reason`` is its word, as in ``scanner.protocol.refusal``."""

    def __init__(self, ja: str, en: str, reason: str) -> None:
        super().__init__(ja, en)
        self.reason = reason
