"""How a collector is declared, and the reader it reads through.

A reader is the only way to a machine: the local one, a mounted root directory, recorded files and what was gathered over
SSH all stand behind the same few methods, so a collector is a plain function that every kind of machine can run.
"""

from __future__ import annotations

import shlex
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from typing import Any, Generic, Protocol, TypeVar

from scanner.model.fact import Fact
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
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
    """Read-only access to one machine of files and commands: Linux and macOS.

    Every method raises ``CannotObserve`` where there is no right to read.
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


LIMIT = 1_000_000
"""Octets of a file that are read where a collector does not ask for more."""


@dataclass(frozen=True, slots=True)
class Files:
    """Files that a collector reads: a path, or a pattern as the shell has it. Directories that hold a wildcard are listed too."""

    pattern: str
    limit: int = LIMIT
    root: bool = False
    """Whether an ordinary account usually may not read them, so that ``sudo`` is needed for them."""


@dataclass(frozen=True, slots=True)
class Names:
    """A directory whose names a collector asks for, and with them the state of each; also how the state of one path is asked for."""

    pattern: str
    root: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A command that a collector runs, as it gives it to ``Reader.command``."""

    argv: tuple[str, ...]
    seconds: float = 10.0
    root: bool = False
    needs: str = ""
    """A program or file without which ``argv`` tells nothing: a far machine that lacks it counts as one without the command."""


@dataclass(frozen=True, slots=True)
class Key:
    r"""Keys of the Windows registry that a collector reads: a key, or a pattern with ``*`` for one name. ``HKU\*``: every account's own."""

    pattern: str
    root: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that a collector puts to Windows itself, by its name in ``scanner.hosts.windows.answers``."""

    question: str
    root: bool = False


Source = Files | Names | Run
AnySource = Source | Key | Asked


def what(source: AnySource) -> str:
    """Say what a source is, as an administrator would write it."""
    match source:
        case Run():
            return shlex.join(source.argv)
        case Asked():
            return source.question
        case _:
            return source.pattern


class AnyReader(Protocol):
    """What the readers of all platforms have in common."""

    @property
    def live(self) -> bool:
        """Whether the machine is running; false for a mounted image or a saved configuration."""
        ...

    def keep(self, source: str, excerpt: str) -> None:
        """Hand over an excerpt that supports the fact; capped, secrets must be cut before."""
        ...


R = TypeVar("R", bound=AnyReader, contravariant=True)
D = TypeVar("D", bound=Fact)


@dataclass(frozen=True, slots=True)
class Told(Generic[R]):
    """How a collector uses what the ledger declares of its machine: the fact that holds it, the sources it names, the function to run."""

    by: type[Fact]
    reads: Callable[[Any], Iterable[AnySource]]  # Any here and below: a fact of the type ``by``
    run: Callable[[R, Any], Fact]


@dataclass(frozen=True, slots=True)
class Collector(Generic[R]):
    """A declared collector: ``run(reader)`` gives one fact or raises ``CannotObserve``."""

    name: str
    makes: type[Fact]
    of: Kind
    on: Platform
    reads: tuple[AnySource, ...]
    run: Callable[[R], Fact]
    told: Told[R] | None = None

    def on_machine(self, declared: Mapping[type[Fact], Fact]) -> Collector[R]:
        """Give the collector to run on one machine, of which the ledger declares these facts: itself, unless it uses one of them."""
        known = declared.get(self.told.by) if self.told is not None else None
        if self.told is None or known is None:
            return self
        run = self.told.run
        return replace(self, reads=(*self.reads, *self.told.reads(known)), run=lambda read: run(read, known), told=None)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The files and commands among ``reads``: all of them, except on Windows."""
        return tuple(source for source in self.reads if isinstance(source, Files | Names | Run))


class BadCollector(TypeError):
    """A collector is declared wrongly; raised when its module is imported."""


def collector(on: Platform, *reads: AnySource) -> Callable[[Callable[[R], Fact]], Collector[R]]:
    """Declare ``def name(read: Reader) -> FactType`` as the collector that makes ``FactType`` on a platform.

    ``reads`` names everything that can be known before it runs. It saves further questions to a far machine and tells an
    administrator what is read; a collector may read what is not named here, at the price of another round.
    """

    def declare(run: Callable[[R], Fact]) -> Collector[R]:
        makes = _made_by(run, reads)
        return Collector(run.__qualname__, makes, makes.of, on, reads, run)

    return declare


def ledger_collector(
    on: Platform, by: type[D], named: Callable[[D], Iterable[AnySource]], *reads: AnySource
) -> Callable[[Callable[[R, D], Fact]], Collector[R]]:
    """Declare ``def name(read: Reader, ledger: D) -> FactType``, a collector that reads what the ledger names on its machine.

    ``named`` gives the sources by the ledger's word. Where nobody tells it that word, the fact is ``not-declared``.
    """

    def declare(run: Callable[[R, D], Fact]) -> Collector[R]:
        makes = _made_by(run, reads)

        def untold(_: R) -> Fact:
            raise CannotObserve(Reason.NOT_DECLARED, f"{makes.__name__} needs what the ledger says of the machine")

        untold.__module__ = run.__module__  # the catalogue takes what a module declares itself
        return Collector(run.__qualname__, makes, makes.of, on, reads, untold, Told(by, named, run))

    return declare


def _made_by(run: Callable[..., Fact], reads: Iterable[AnySource]) -> type[Fact]:
    makes = typing.get_type_hints(run).get("return")
    if not (isinstance(makes, type) and issubclass(makes, Fact)):
        raise BadCollector(f"{run.__qualname__}: must be annotated to return one fact type")
    if any(isinstance(source, Run) and source.root and "\n" in "".join(source.argv) for source in reads):
        raise BadCollector(f"{run.__qualname__}: a command that root runs is one line, since a sudoers file has to hold it")
    return makes
