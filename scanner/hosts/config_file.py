"""Reading a network device: its configuration as text, saved in a file or asked for over SSH. What the text means is told elsewhere."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from typing import Protocol

from scanner.hosts.keeping import Keeping
from scanner.hosts.machine import Chosen, observe
from scanner.hosts.seeing import needed
from scanner.model.fact import Fact, Observation, Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

RUNNING = "running-config"
"""The configuration in force, or one that was saved to a file: ``live`` tells which."""
STARTUP = "startup-config"
"""The configuration that is read at the next start."""
LARGEST = 16_000_000


class DeviceReader(Protocol):
    """Read-only access to the configuration of a network device."""

    @property
    def live(self) -> bool:
        """Whether the device itself was asked; false for a saved file."""
        ...

    def file(self, name: str) -> bytes | None:
        """Give ``RUNNING`` or ``STARTUP`` as the device writes it; ``None`` where there is none. Raises ``CannotObserve``."""
        ...

    def keep(self, source: str, excerpt: str) -> None:
        """Hand over an excerpt that supports the fact; capped, secrets must be cut before."""
        ...


class ConfigReader(Keeping):
    """A ``DeviceReader`` of texts that are at hand. A missing name was not asked for, or is not known."""

    def __init__(self, texts: Mapping[str, bytes | Unobserved | None], *, live: bool) -> None:
        super().__init__()
        self._texts = texts
        self.live = live

    def file(self, name: str) -> bytes | None:
        """See ``DeviceReader.file``."""
        if name not in self._texts:
            raise CannotObserve(Reason.UNSUPPORTED, f"{name}: only a saved configuration was given")
        return needed(self._texts[name])


class ConfigMachine:
    """A ``Machine`` of which only a saved configuration is at hand."""

    def __init__(self, platform: Platform, file: str) -> None:
        self._platform = platform
        self._file = file

    @property
    def platform(self) -> Platform:
        """What the inventory says that it runs."""
        return self._platform

    def see(self, chosen: Chosen, now: Callable[[], str], seconds: float) -> Mapping[type[Fact], Observation[Fact]]:
        """Run the collectors on the text. A file that cannot be read is the one reason for all of them."""
        del seconds  # text takes no time
        text: bytes | Unobserved
        try:
            text = saved(self._file)
        except CannotObserve as why:
            text = Unobserved(why.reason, why.detail, now())
        return {
            collector.makes: text if isinstance(text, Unobserved) else observe(collector, ConfigReader({RUNNING: text}, live=False), now)
            for collector in chosen()
        }

    def stop(self) -> None:
        """Nothing is under way that could be stopped."""


def saved(path: str) -> bytes:
    """Give a saved configuration. Raises ``CannotObserve`` where it cannot be read or is no text."""
    full = os.path.expanduser(path)
    try:
        handle = os.open(full, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise CannotObserve(Reason.UNSUPPORTED, f"{path}: not a file")
            with os.fdopen(handle, "rb", closefd=False) as file:
                data = file.read(LARGEST + 1)
        finally:
            os.close(handle)
    except FileNotFoundError as error:
        raise CannotObserve(Reason.NOT_DECLARED, f"{path}: the inventory names it, and it is not there") from error
    except OSError as error:
        raise CannotObserve(Reason.ACCESS_DENIED, f"{path}: {error.strerror}") from error
    if len(data) > LARGEST:
        raise CannotObserve(Reason.TOO_LARGE, f"{path}: more than {LARGEST} octets")
    return data
