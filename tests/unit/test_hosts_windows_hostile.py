"""Every collector for Windows on machines that say odd things: it ends in a fact or a reason, never in a defect."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import pytest

from scanner.engine.catalogue import catalogue
from scanner.hosts.base import Collector, CommandOutput, FileKind, FileState
from scanner.hosts.keeping import Keeping
from scanner.hosts.windows.answers import Api
from scanner.hosts.windows.base import RegistryValue
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

A = TypeVar("A")
FOUND = [o for makers in catalogue().observers.values() for o in makers if isinstance(o, Collector) and o.on is Platform.WINDOWS]
COLLECTORS = sorted({collector.name: collector for collector in FOUND}.values(), key=lambda collector: collector.name)
ROUNDS = 25
WORDS = (
    "", "1", "-1", "0x10", "表\0", "\ud800", "S-1-5-21-1-2-3-1001", "{0}", "..", r"C:\..\x", "a" * 3000, "http://[", "Server=",
)  # fmt: skip
SAID = (
    b"", b"\xff\xfe{", b"[]", b"{}", b'{"answer":null}', b'{"answer":[1]}', b'{"answer":{"a":1}}', b'{"error":"x"}', b"[[[", b"\x83\x5c",
)  # fmt: skip
NUMBERS = (0, 1, 2, 3, 4, 22631, 2**31, 2**32 - 1, 2**64 - 1)


class Odd(Keeping):
    """A machine that answers by chance, differently at every question."""

    def __init__(self, rng: random.Random, live: bool) -> None:
        super().__init__()
        self.rng = rng
        self.live = live

    def _trouble(self) -> None:
        if self.rng.random() < 0.05:
            raise CannotObserve(self.rng.choice((Reason.ACCESS_DENIED, Reason.UNSUPPORTED)), "odd")

    def _value(self) -> RegistryValue:
        kind = self.rng.randrange(4)
        if kind == 0:
            return self.rng.choice(NUMBERS)
        if kind == 1:
            return self.rng.choice(WORDS)
        if kind == 2:
            return tuple(self.rng.choices(WORDS, k=self.rng.randrange(3)))
        return self.rng.randbytes(self.rng.choice((0, 1, 8, 16, 80, 300)))

    def value(self, key: str, name: str) -> RegistryValue | None:
        self._trouble()
        return None if self.rng.random() < 0.4 else self._value()

    def values(self, key: str) -> Mapping[str, RegistryValue] | None:
        self._trouble()
        return None if self.rng.random() < 0.4 else {name: self._value() for name in self.rng.sample(WORDS, 2)}

    def subkeys(self, key: str) -> tuple[str, ...] | None:
        self._trouble()
        # deep keys end somewhere, as they do in a registry
        return None if key.count("\\") > 12 or self.rng.random() < 0.4 else (*self.rng.sample(WORDS[1:], 2), "000001F4")

    def changed(self, key: str) -> int | None:
        self._trouble()
        return self.rng.choice((None, 0, 2**40))

    def ask(self, question: Api[A]) -> A:
        self._trouble()
        if not self.live or self.rng.random() < 0.3:
            raise CannotObserve(Reason.UNSUPPORTED, question.call)
        found: A = self._made(question.answers)
        return found

    def _made(self, kind: type[Any]) -> Any:  # an answer of whatever type the question has
        fields = {field.name: self._field(kind, field.name) for field in dataclasses.fields(kind)}
        return kind(**fields)

    def _field(self, kind: type[Any], name: str) -> object:
        return self._of(typing.get_type_hints(kind)[name])

    def _of(self, hint: Any) -> object:
        arguments = typing.get_args(hint)
        if hint is bool:
            return self.rng.random() < 0.5
        if hint is int:
            return self.rng.choice((0, 1, 4, 71, 445, 65535, 2**40))
        if hint is bytes:
            return self.rng.choice((*SAID, self.rng.randbytes(200)))
        if hint is str:
            return self.rng.choice((*WORDS[:10], "192.0.2.1", "fe80::1%3", "tcp", "0cce9215-69ae-11d9-bed3-505054503030", "S-1-5-32-544"))
        if dataclasses.is_dataclass(hint):
            return self._made(typing.cast("type[Any]", hint))
        if typing.get_origin(hint) is tuple:
            if arguments[-1] is Ellipsis:
                return tuple(self._of(arguments[0]) for _ in range(self.rng.randrange(3)))
            return tuple(self._of(argument) for argument in arguments)
        return self._of(self.rng.choice(arguments)) if arguments else None  # a union; the type of None has no arguments

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        self._trouble()
        return None if self.rng.random() < 0.2 else CommandOutput(self.rng.choice((0, 1)), self.rng.choice(SAID), b"")

    def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        self._trouble()
        return None if self.rng.random() < 0.4 else self.rng.choice((b"", b"{", b"<a>", b"[a]\r\nType=2\r\n", self.rng.randbytes(50)))

    def names(self, directory: str) -> tuple[str, ...] | None:
        self._trouble()
        return None if directory.count("/") > 12 else tuple(self.rng.sample((*WORDS[1:8], "x.xml", "y.js", "z.xcd"), 2))

    def state(self, path: str) -> FileState | None:
        self._trouble()
        return self.rng.choice((None, FileState(FileKind.OTHER, 0, 0, 0, 0, 0)))


@pytest.mark.parametrize("name", [collector.name for collector in COLLECTORS])
def test_odd_answers_end_in_a_fact_or_a_reason(name: str) -> None:
    collector = next(c for c in COLLECTORS if c.name == name)
    ended = 0
    for seed in range(ROUNDS):
        with contextlib.suppress(CannotObserve):
            assert isinstance(collector.run(Odd(random.Random(f"{name}{seed}"), live=seed % 2 == 0)), collector.makes)
        ended += 1
    assert ended == ROUNDS
