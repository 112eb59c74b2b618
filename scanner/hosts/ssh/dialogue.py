"""A conversation with the command line of a network device, over a terminal: fixed commands that only read, and what they print.

What differs between command lines stands in ``Manner``; what is asked of which device stands with ``device``.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from scanner.hosts.ssh.shell import Shell
from scanner.model.reason import CannotObserve, Reason

QUIET_AT_FIRST, QUIET = 0.5, 0.1
"""Seconds without a further octet after which a prompt counts as one, and not as a line that begins like it: the first, and one known."""
OCTETS = 32_000_000
"""Octets that a device may send in all."""
MOST_PAGES = 100_000
LINES_OF_A_REFUSAL = 5
LONGEST_PROMPT = 200
EXCERPT = 300
_CONTROL = re.compile(rb"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>78]|\([A-Z0-9])|\x07|\x00")
_WORDS = rb"^[\r ]{0,9}(?:<--- More --->|--More--|---\(more(?: [0-9]+%)?\)---) ?"
_PAGER = re.compile(_WORDS + rb"\Z", re.MULTILINE)
_PAGED = re.compile(_WORDS + rb"(?:[\x08 \r]{0,999}\r|[\x08 ]{0,999}\x08)?", re.MULTILINE)
"""A pager's words, which have a line of their own, and what takes them away again."""
_ABOVE = re.compile(rb"\n\{[a-z0-9:_-]{1,40}\}\s*\Z")
"""What Junos writes above the prompt of a device with several routing engines: ``{master:0}``."""
_NOTICE = re.compile(rb"Press 'a' to accept|Press any key to continue", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a command line behaves: its prompts, and how it says no. ``low``: a prompt of an account that may not read the configuration."""

    prompt: re.Pattern[bytes]
    refusals: re.Pattern[str]
    low: re.Pattern[bytes] | None = None
    advice: str = ""


class Dialogue:
    """Asks one command after the other. ``rounds``, ``sent`` and ``received`` count what that cost."""

    def __init__(self, shell: Shell, manner: Manner, until: float) -> None:
        self._shell = shell
        self._manner = manner
        self._until = until
        self._prompt = b""
        self.rounds = 0
        self.sent = 0
        self.received = 0

    def begin(self) -> None:
        """Wait for the first prompt. Raises ``CannotObserve``, also where the account may not read the configuration."""
        said = self._listen()
        last = said.rpartition(b"\n")[2]
        if self._manner.low and self._manner.low.fullmatch(last):
            raise CannotObserve(Reason.ACCESS_DENIED, f"the prompt is {_shown(last)}: {self._manner.advice}")
        self._prompt = last.strip()

    def ask(self, command: str) -> str:
        """Send a command and give what it prints. Raises ``CannotObserve``: ``ACCESS_DENIED`` where the device says no."""
        self.rounds += 1
        self._send(command.encode("ascii") + b"\r")
        said = self._listen()
        body = _ABOVE.sub(b"", said.rpartition(b"\n")[0])
        # The device writes back what it is sent; the answer begins on the next line.
        echo, newline, rest = body.partition(b"\n")
        text = (rest if newline and command.encode("ascii") in echo else body).decode("utf-8", "replace")
        head = "\n".join(text[:2_000].split("\n")[:LINES_OF_A_REFUSAL])  # further down the same words may stand in a configuration
        if refused := self._manner.refusals.search(head):
            raise CannotObserve(Reason.ACCESS_DENIED, f"{command}: the device says: {_shown(refused[0].encode())}")
        return text

    def _send(self, data: bytes) -> None:
        self._shell.send(data, self._until)
        self.sent += len(data)

    def _listen(self) -> bytes:
        """Read to the next prompt, pages turned. Raises ``CannotObserve``."""
        found = bytearray()
        pages = turned = 0
        while True:
            tail = _CONTROL.sub(b"", bytes(found[-4 * LONGEST_PROMPT :])).replace(b"\r\n", b"\n")
            if _PAGER.search(tail) and found[turned:].strip(b" "):
                pages, turned = pages + 1, len(found)
                if pages > MOST_PAGES:
                    raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_PAGES} pages")
                self._send(b" ")
            if not self._prompt and _NOTICE.search(tail):
                raise CannotObserve(Reason.UNSUPPORTED, f"the device wants a notice accepted, which is a person's to do: {_shown(tail)}")
            if self._is_prompt(tail.rpartition(b"\n")[2].rpartition(b"\r")[2]):
                try:
                    quiet = QUIET if self._prompt else QUIET_AT_FIRST
                    found += self._more(min(self._until, time.monotonic() + quiet))
                except CannotObserve as why:
                    if why.reason is not Reason.TIMEOUT or time.monotonic() >= self._until:
                        raise
                    return _plain(bytes(found))
                continue
            try:
                found += self._more(self._until)
            except CannotObserve as why:
                if self._prompt:  # what a device says between its prompts may be secret
                    raise CannotObserve(why.reason, f"{why.detail}, after command {self.rounds}") from why
                raise CannotObserve(why.reason, f"{why.detail}: no prompt that is known came; its last words: {_shown(tail)}") from why

    def _is_prompt(self, last: bytes) -> bool:
        if len(last) > LONGEST_PROMPT:
            return False
        if self._prompt:
            return last.strip() == self._prompt
        low = self._manner.low
        return bool(self._manner.prompt.fullmatch(last) or (low and low.fullmatch(last)))

    def _more(self, until: float) -> bytes:
        chunk = self._shell.receive(until)
        if not chunk:
            raise CannotObserve(Reason.RESET, "the device ended the conversation")
        self.received += len(chunk)
        if self.received > OCTETS:
            raise CannotObserve(Reason.TOO_LARGE, f"more than {OCTETS} octets in all")
        return chunk


def _plain(data: bytes) -> bytes:
    """Give the lines as they stand on a screen: without control sequences, pagers and what took those away."""
    lines = _CONTROL.sub(b"", data).replace(b"\r\n", b"\n")
    return re.sub(rb"\r+\n", b"\n", _PAGED.sub(b"", lines)).replace(b"\r", b"")


def _shown(data: bytes) -> str:
    text = data[-EXCERPT:].decode("utf-8", "replace").strip()
    return "".join(c if c.isprintable() else " " for c in text)
