"""Conversations with a device's command line, whatever the pieces that they arrive in, and whatever a far side says instead."""

from __future__ import annotations

import re
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.hosts.machine import AnyCollector
from scanner.hosts.ssh.device import QUESTIONS, DeviceMachine
from scanner.hosts.ssh.dialogue import Dialogue
from scanner.hosts.ssh.shell import Shell
from scanner.model.fact import Observed
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from tests.unit.test_devices import COLLECTORS

LINES = [f"interface GigabitEthernet1/0/{n}\r\n  description a --More-- of edge1# {n}\r\n" for n in range(9)]
FIRST_PAGE = "show running-config\r\n" + "".join(LINES[:5]) + " --More-- "
SECOND_PAGE = "\b" * 9 + " " * 9 + "\b" * 9 + "".join(LINES[5:]) + "end\r\n\r\nedge1#"
SHOWN = "".join(LINES).replace("\r", "") + "end\n"


class Far:
    """A far side that says one text after each thing it is sent, in pieces; a silence after that."""

    def __init__(self, texts: list[bytes], size: int) -> None:
        self._texts = texts
        self._size = size
        self._waiting = b""
        self.sent: list[bytes] = []
        self._next()

    def _next(self) -> None:
        self._waiting += self._texts.pop(0) if self._texts else b""

    def send(self, data: bytes, until: float) -> None:
        """Take what is asked."""
        del until
        self.sent.append(data)
        self._next()

    def receive(self, until: float) -> bytes:
        """Give a piece."""
        del until
        if not self._waiting:
            raise CannotObserve(Reason.TIMEOUT, "silence")
        piece, self._waiting = self._waiting[: self._size], self._waiting[self._size :]
        return piece

    def close(self) -> None:
        """Nothing is held."""


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 600))
def test_an_answer_is_the_same_in_whatever_pieces_it_comes(size: int) -> None:
    far = Far([b"\r\nWelcome to #1\r\n\x1b[0medge1#", FIRST_PAGE.encode(), SECOND_PAGE.encode()], size)
    dialogue = Dialogue(far, QUESTIONS[Platform.IOS].manner, time.monotonic() + 60)
    dialogue.begin()
    assert dialogue.ask("show running-config") == SHOWN
    assert far.sent == [b"show running-config\r", b" "]


class Door:
    """The way to a far side."""

    name = "device"

    def __init__(self, far: Far) -> None:
        self._far = far

    def open(self, until: float) -> tuple[Shell, str]:
        """Give it."""
        del until
        return self._far, ""

    def stop(self) -> None:
        """Nothing waits."""


PROMPTS = [b"edge1#", b"edge1>", b"fw1 # ", b"a@b> ", b"%", b"{master:0}"]
PAGERS = [b"--More--", b" --More-- \b\b", b"---(more 3%)---", b" " * 900, b"\r\n", b"\r", b"\x1b[2J", b"\xff\x00"]
TEXTS = [b"% Invalid input", b"hostname x", b"line vty 0 4", b"interface y", b"}", b"end\r\n"]
PIECES = st.sampled_from([*PROMPTS, *PAGERS, *TEXTS])


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(QUESTIONS)),
    st.lists(st.lists(PIECES, max_size=12).map(b"".join) | st.binary(max_size=60), min_size=1, max_size=6),
    st.integers(1, 99),
)
def test_whatever_a_far_side_says_ends_in_a_fact_or_a_reason(platform: Platform, texts: list[bytes], size: int) -> None:
    collector: AnyCollector = COLLECTORS[platform.value]
    far = Far(list(texts), size)
    [seen] = DeviceMachine(Door(far), platform).see(lambda: [collector], lambda: "", 60).values()
    assert isinstance(seen, Observed) or seen.reason is not Reason.DEFECT
    fixed = {*QUESTIONS[platform].settings, *QUESTIONS[platform].texts.values()}
    assert {data for data in far.sent if data != b" "} <= {command.encode() + b"\r" for command in fixed}


def test_every_command_only_reads() -> None:
    commands = [command for one in QUESTIONS.values() for command in (*one.settings, *one.texts.values())]
    assert all(re.match(r"show |terminal (length|width) |set cli screen-", command) for command in commands)
