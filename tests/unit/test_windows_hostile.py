"""Whatever a registry, a program or Windows itself answers, every collector for Windows ends in a fact that can be sent, or in a reason."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.collect import collectors
from scanner import codec
from scanner.hosts.base import Collector, CommandOutput, FileKind, FileState
from scanner.hosts.keeping import Keeping
from scanner.hosts.windows import answers
from scanner.hosts.windows.answers import Api
from scanner.hosts.windows.base import RegistryValue
from scanner.model.fact import Observed
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from tests.unit.windows_machines import TARO

A = TypeVar("A")
TEXTS = (
    *("", "0", "1", "4294967295", "-1", " 600 ", "9" * 400, "C:\\Windows", "%SystemDrive%\\Users\\x", "\\\\server\\share"),
    *("http://x:y@z/", "日本語\0", "\ud800", "v2.31|Action=Allow|Active=TRUE|Dir=In|LPort=1", "{4d36e967-e325-11ce-bfc1-08002be10318}"),
    *("VID_0781&PID_5583", "Tcpip_{", "a;b=c,d", '[{"a":1}]', "22631", "WinNT", "2024-01-01", "\r\n\x1b[0m", "S-1-5-21-1-2-3-500"),
    *("D:(A;;FA;;;WD)", "*" * 5000),
)
OCTETS = (
    *(b"", b"\0", b"\xff" * 8, bytes(range(256)), b"{}", b"[]", b"[{}]", b'{"error": 2}', b"\xff\xfea\0", b"<xml/>", b"PK\x03\x04"),
    *(b'{"answer":null}', b'{"answer":[1]}', b'{"answer":{"a":1}}', b'{"error":"x"}', b"[[[", b"\x83\x5c", b"[a]\r\nType=2\r\n"),
    b"1" * 3000,
)


class OddReader(Keeping):
    """Answers at random, and now and then not at all."""

    def __init__(self, seed: int, answers: Mapping[str, object]) -> None:
        super().__init__()
        self.answers = answers
        self._random = random.Random(seed)
        self.live = self._random.random() < 0.7
        self._left = 3000

    def _mind(self) -> bool:
        """Whether there is an answer; a machine that never ends would only show that the test does not."""
        self._left -= 1
        if self._left < 0 or self._random.random() < 0.05:
            raise CannotObserve(Reason.ACCESS_DENIED, "not today \ud800")
        return self._random.random() < 0.7

    def _text(self) -> str:
        return self._random.choice(TEXTS)

    def _any(self) -> RegistryValue:
        pick = self._random.randrange(6)
        if pick < 2:
            return self._random.choice((0, 1, 2, 3, 4, 5, 0xFF, 0x91, 2**31, 2**32 - 1, 2**64 - 1))
        if pick < 4:
            return self._text()
        return self._random.choice(OCTETS) if pick == 4 else tuple(self._text() for _ in range(self._random.randrange(4)))

    def value(self, key: str, name: str) -> RegistryValue | None:
        return self._any() if self._mind() else None

    def values(self, key: str) -> Mapping[str, RegistryValue] | None:
        return {self._text(): self._any() for _ in range(self._random.randrange(5))} if self._mind() else None

    def subkeys(self, key: str) -> tuple[str, ...] | None:
        names = {self._text() for _ in range(self._random.randrange(4))} | ({TARO} if "Profile" in key or key == "HKU" else set())
        return tuple(sorted(names)) if self._mind() else None

    def changed(self, key: str) -> int | None:
        return self._random.choice((0, 2**40)) if self._mind() else None

    def ask(self, question: Api[A]) -> A:
        found = self.answers.get(question.name)
        if not self.live or found is None or not self._mind():
            raise CannotObserve(Reason.UNSUPPORTED, question.call)
        assert isinstance(found, question.answers)
        return found

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        if not self.live:
            raise CannotObserve(Reason.UNSUPPORTED, argv[0])
        return CommandOutput(self._random.choice((0, 0, 0, 1)), self._random.choice(OCTETS), b"") if self._mind() else None

    def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        return self._random.choice(OCTETS) if self._mind() else None

    def names(self, directory: str) -> tuple[str, ...] | None:
        return ("a.txt", "default.rdp", "日本語.pbk", "\udcff") if self._mind() else None

    def state(self, path: str) -> FileState | None:
        return FileState(self._random.choice(list(FileKind)), 2**40, 0, 0, 0, 0) if self._mind() else None


QUESTIONS = tuple(value for value in vars(answers).values() if isinstance(value, Api))


@pytest.mark.parametrize("collector", list(collectors(Platform.WINDOWS).values()), ids=lambda collector: collector.name)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(seed=st.integers(0, 2**32), data=st.data())
def test_any_answer_ends_in_a_fact_that_can_be_sent_or_in_a_reason(collector: Collector[OddReader], seed: int, data: st.DataObject) -> None:
    """The forms of Windows' own answers are given; what is in them is not."""
    asked = [question for question in QUESTIONS if question.source in collector.reads]
    reader = OddReader(seed, {question.name: data.draw(st.from_type(question.answers), question.name) for question in asked})
    try:
        fact = collector.run(reader)
    except CannotObserve:
        return
    seen = Observed(fact, "2026-11-22T00:00:00Z", reader.evidence())
    sent = json.loads(codec.canonical(codec.observation_out(seen)))
    back = codec.observation_in(type(fact).__name__, sent)
    assert isinstance(back, Observed)
    assert back.fact == fact
