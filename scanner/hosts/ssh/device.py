"""A network device reached over SSH, as the engine sees it: logs in, asks for the configurations, runs the collectors on the texts.

The texts stay in memory: only what collectors make of them goes on, and that holds no password, key or community.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scanner.hosts.config_file import LARGEST, RUNNING, STARTUP, ConfigReader
from scanner.hosts.machine import Chosen, observe
from scanner.hosts.ssh.dialogue import Dialogue, Manner
from scanner.hosts.ssh.machine import Entrance, remarked
from scanner.hosts.ssh.shell import Shell
from scanner.model.fact import Fact, Observation, Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Proof:
    """A question whose answer tells whether the account is shown all: it says ``wanted`` (where that is given) and never ``unwanted``."""

    command: str
    wanted: re.Pattern[str] | None
    unwanted: re.Pattern[str] | None
    otherwise: str


@dataclass(frozen=True, slots=True)
class Questions:
    """What a kind of device is asked: ``settings`` of the session alone, ``proofs``, then the configurations by name."""

    manner: Manner
    settings: tuple[str, ...]
    texts: Mapping[str, str]
    whole: re.Pattern[str]
    """How the text in force ends, so that one that was cut off is no configuration."""
    proofs: tuple[Proof, ...] = ()


_NAME = rb"[A-Za-z0-9_][A-Za-z0-9_.:/@{}~-]{0,98}(?: ?\([A-Za-z0-9_.-]{1,40}\))?"
QUESTIONS: Mapping[Platform, Questions] = {
    Platform.IOS: Questions(
        Manner(
            re.compile(_NAME + rb"# ?"),
            re.compile(
                r"^(?:% ?(?:Invalid input|Authorization failed|Incomplete command|Permission denied|Ambiguous command|Unknown).*"
                r"|Command authorization failed.*)$",
                re.MULTILINE,
            ),
            re.compile(_NAME + rb"> ?"),
            "the account begins without privileges, and enable is never entered; give it privilege level 15",
        ),
        ("terminal length 0", "terminal width 511"),
        {RUNNING: "show running-config", STARTUP: "show startup-config"},
        re.compile(r"^end\s*\Z", re.MULTILINE),
        # Below level 15, and in a view, show running-config leaves out what the account may not change (IOS Security Configuration Guide).
        (
            Proof("show privilege", re.compile(r"level is 15\b"), None, "show running-config is whole at privilege level 15 only"),
            Proof("show parser view", None, re.compile(r"Current view is"), "show running-config is not whole within a view"),
        ),
    ),
    Platform.JUNOS: Questions(
        Manner(
            re.compile(_NAME + rb"> ?"),
            re.compile(r"^\s*(?:error: .*|unknown command\.?|syntax error.*|permission denied.*)$", re.MULTILINE),
            re.compile(rb"(?:" + _NAME + rb"(?::[^\s]{0,60})? ?)?[%$#] ?"),
            "the account is given a Unix shell; give it a class, whose login is the command line of Junos",
        ),
        ("set cli screen-length 0", "set cli screen-width 0"),
        {RUNNING: "show configuration | display inheritance no-comments | no-more"},
        re.compile(r"[};]\s*\Z"),
    ),
    Platform.FORTIOS: Questions(
        Manner(
            re.compile(_NAME + rb" [#$] ?"),
            re.compile(r"^(?:Unknown action.*|Command fail.*|command parse error.*|.*Permission denied.*)$", re.MULTILINE | re.IGNORECASE),
        ),
        (),  # its pager can be switched off in its configuration only, so pages are turned
        {RUNNING: "show full-configuration"},
        re.compile(r"^end\s*\Z", re.MULTILINE),
    ),
}
"""Commands that are sent to devices, all of them. Nothing that a device says becomes a part of a command."""
_NOT_THERE = re.compile(r"^(?:startup-config is not present|%% ?Non-volatile configuration memory is not present)", re.MULTILINE)


class DeviceMachine:
    """A ``Machine`` that is a network device behind an entrance; for one look only. ``counts`` tells afterwards what the look cost."""

    def __init__(self, entrance: Entrance, platform: Platform) -> None:
        self._entrance = entrance
        self._platform = platform
        self._shell: Shell | None = None
        self._stopped = threading.Event()
        self.counts: Mapping[str, int] = {}

    @property
    def platform(self) -> Platform:
        """What the inventory says that it runs."""
        return self._platform

    def see(self, chosen: Chosen, now: Callable[[], str], seconds: float) -> Mapping[type[Fact], Observation[Fact]]:
        """Log in, ask, run the collectors. What keeps the configuration in force from us is one reason for all facts."""
        collectors = chosen()
        if not collectors:
            return {}
        until = time.monotonic() + seconds
        try:
            self._shell, remark = self._entrance.open(until)
            if self._stopped.is_set():
                raise CannotObserve(Reason.BUDGET_SPENT, "stopped")
            texts = self._texts(self._shell, until)
        except CannotObserve as why:
            named = f"{self._entrance.name}: {why.detail}".removeprefix(f"{self._entrance.name}: {self._entrance.name}: ")
            return {collector.makes: Unobserved(why.reason, named, now()) for collector in collectors}
        except Exception as error:
            log.exception("defect while asking %s", self._entrance.name)
            defect = f"{self._entrance.name}: {type(error).__name__}: {error}"
            return {collector.makes: Unobserved(Reason.DEFECT, defect, now()) for collector in collectors}
        finally:
            if self._shell:
                self._shell.close()
        return {c.makes: remarked(observe(c, ConfigReader(texts, live=True), now), remark) for c in collectors}

    def stop(self) -> None:
        """Close the connection; ``see`` ends soon after that."""
        self._stopped.set()
        if self._shell:
            self._shell.close()
        self._entrance.stop()

    def _texts(self, shell: Shell, until: float) -> Mapping[str, bytes | Unobserved | None]:
        """Ask for the configurations. Raises ``CannotObserve`` where the one in force cannot be had."""
        questions = QUESTIONS[self._platform]
        dialogue = Dialogue(shell, questions.manner, until)
        dialogue.begin()
        for command in questions.settings:
            try:
                dialogue.ask(command)
            except CannotObserve as why:  # pages are turned where the device does not know the word
                if why.reason is not Reason.ACCESS_DENIED:
                    raise
        for proof in questions.proofs:
            _prove(dialogue, proof)
        found: dict[str, bytes | Unobserved | None] = {}
        for name, command in questions.texts.items():
            try:
                text = dialogue.ask(command)
                if name == RUNNING and not questions.whole.search(text):
                    raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{command}: the answer does not end as a configuration does")
                found[name] = _sized(command, text)
            except CannotObserve as why:
                if name == RUNNING:
                    raise
                found[name] = Unobserved(why.reason, why.detail)
        self.counts = {"rounds": dialogue.rounds, "sent": dialogue.sent, "received": dialogue.received}
        log.info("%s: %d commands, %d octets received", self._entrance.name, dialogue.rounds, dialogue.received)
        return found


def _prove(dialogue: Dialogue, proof: Proof) -> None:
    """Make sure that the account is shown all. Raises ``CannotObserve(ACCESS_DENIED)``."""
    try:
        said = dialogue.ask(proof.command)
    except CannotObserve as why:
        if why.reason is not Reason.ACCESS_DENIED or proof.wanted:
            raise
        return  # a device without such a thing cannot keep anything back by it
    if (proof.wanted and not proof.wanted.search(said)) or (proof.unwanted and proof.unwanted.search(said)):
        raise CannotObserve(Reason.ACCESS_DENIED, f"{proof.command}: {proof.otherwise}")


def _sized(command: str, text: str) -> bytes | None:
    if _NOT_THERE.search(text[:300]):
        return None
    data = text.encode()
    if len(data) > LARGEST:
        raise CannotObserve(Reason.TOO_LARGE, f"{command}: more than {LARGEST} octets")
    return data
