"""How a collector is declared, and the reader it reads through.

A reader is the only way to a machine: the local one, a mounted root directory, recorded files and, later, SSH or an
agent all stand behind the same few methods, so a collector is a plain function that every kind of machine can run.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Protocol

from scanner.model.fact import Fact
from scanner.model.target import Kind


@unique
class FileKind(StrEnum):
    """What stands at a path."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FileState:
    """The state of one path. ``mode`` holds the permission bits, times are whole seconds since 1970."""

    kind: FileKind
    size: int
    mode: int
    uid: int
    gid: int
    modified: int


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """What a command answered; both streams are capped by the reader."""

    status: int
    stdout: bytes
    stderr: bytes


class Reader(Protocol):
    """Read-only access to one machine. Every method raises ``CannotObserve`` where there is no right to read.

    ``None`` always means "it is not there", which is knowledge; a missing right, an unreadable disk or a command
    that does not end is ``CannotObserve`` with its reason.
    """

    @property
    def live(self) -> bool:
        """Whether the machine is running, so that what is in force now can be asked; false for a mounted image."""
        ...

    def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        """Give a file's bytes, following links inside the machine; ``CannotObserve(TOO_LARGE)`` beyond ``limit``."""
        ...

    def names(self, directory: str) -> tuple[str, ...] | None:
        """Give the names in a directory, sorted; ``None`` when there is no such directory."""
        ...

    def state(self, path: str) -> FileState | None:
        """Give the state of a path, links not followed."""
        ...

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Run a program that only reads, with ``LC_ALL=C``; ``None`` when the machine has no such program.

        Raises ``CannotObserve(UNSUPPORTED)`` where the machine is not live.
        """
        ...

    def keep(self, source: str, excerpt: str) -> None:
        """Hand over an excerpt that supports the fact; capped, secrets must be cut before."""
        ...


@dataclass(frozen=True, slots=True)
class Collector:
    """A declared collector: ``run(reader)`` gives one fact or raises ``CannotObserve``."""

    name: str
    makes: type[Fact]
    of: Kind
    run: Callable[[Reader], Fact]


class BadCollector(TypeError):
    """A collector is declared wrongly; raised when its module is imported."""


def collector(run: Callable[[Reader], Fact]) -> Collector:
    """Declare ``def name(read: Reader) -> FactType`` as the collector that makes ``FactType``."""
    makes = typing.get_type_hints(run).get("return")
    if not (isinstance(makes, type) and issubclass(makes, Fact)):
        raise BadCollector(f"{run.__qualname__}: must be annotated to return one fact type")
    return Collector(run.__qualname__, makes, makes.of, run)
