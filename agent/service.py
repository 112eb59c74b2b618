"""What the agent does: enrol, make a report, deliver what waits, and both again and again until it is told to end."""

from __future__ import annotations

import logging
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Event

from agent import clock, collect, files, identity
from agent.chain import Chain, Circumstances
from agent.config import USUAL_INTERVAL, Config
from agent.identity import Identity
from agent.schedule import BackOff, first_delay, next_interval
from agent.spool import Waiting
from agent.transport import ENROL, REPORTS, Transport
from agent.trouble import AlreadyRunning, HubAway, HubRefuses, Trouble
from scanner.codec import Plain
from scanner.model.version import VERSION
from scanner.protocol.answer import Policy, policy_in, receipt_in
from scanner.protocol.enrolment import Enrolment, Request, Token
from scanner.protocol.envelope import Opened, Sort, open_envelope, seal
from scanner.protocol.keys import PublicKey, SigningKey
from scanner.protocol.refusal import REFUSAL_WORDS, Refusal, Refused
from scanner.protocol.report import Report

log = logging.getLogger(__name__)

POLICY_FILE = "policy.json"
LOCK_FILE = "lock"
LONGEST_REST = 60.0
"""Seconds after which the clock is looked at again."""
_GIVE_UP = {
    Refusal.TOO_LARGE,
    Refusal.NOT_AN_ENVELOPE,
    Refusal.DAMAGED,
    Refusal.TOO_LARGE_UNPACKED,
    Refusal.NOT_CANONICAL,
    Refusal.NOT_OF_SCHEMA,
}
"""The report itself will never be accepted: a note takes its place and the next one is tried."""


class Agent:
    """An enrolled agent. As such it looks on; what makes and delivers reports comes from ``at_work``."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.identity: Identity = identity.load(config.state)
        self.chain = Chain(config.state, self.identity, config.spool_reports, config.spool_octets)
        self.policy, self.policy_digest = self._load_policy()
        self.transport = Transport(config, config.hub or self.identity.hub)

    def report(self) -> Report:
        """See, make the next report and spool it."""
        report = self.preview()
        try:
            self.chain.keep(report)
        except Refused as error:
            words = REFUSAL_WORDS[error.reason]
            raise Trouble(f"報告を作れない：{words.ja}", f"no report can be made: {words.en}: {error.detail}") from error
        return report

    def preview(self) -> Report:
        """See, and make the report that would be the next one."""
        asked = self.policy.facts if self.policy else ()
        about = Circumstances(VERSION, collect.this_platform().value, self.policy_digest)
        return self.chain.make(about, collect.see(asked, self.config.withhold))

    def deliver(self) -> bool:
        """Send everything that waits, in order. Gives whether the hub wants facts again. Raises ``HubAway``, ``HubRefuses``."""
        wanted = False
        for waiting in self.chain.spool.waiting():
            wanted = self._deliver(waiting)
        return wanted

    def interval(self) -> float:
        """Seconds between reports."""
        return self.config.interval or (self.policy.interval if self.policy else USUAL_INTERVAL)

    def run(self, stop: Event, rng: Random) -> None:
        """Report on schedule and deliver with back-off until ``stop`` is set."""
        back_off = BackOff(rng)
        report_at = clock.running() + first_delay(self.interval(), rng)
        deliver_at = clock.running()
        repeated = False
        while not stop.is_set():
            if clock.running() >= report_at:
                self.report()
                repeated = False
                report_at = clock.running() + next_interval(self.interval(), rng)
            if clock.running() >= deliver_at:
                deliver_at = report_at
                try:
                    if self.deliver() and not repeated:  # at once, in full; but a hub that never has enough is not fed in a circle
                        repeated = True
                        self.report()
                        deliver_at = clock.running()
                    back_off.reset()
                except (HubAway, HubRefuses) as error:
                    wait = back_off.next(getattr(error, "patience", 0.0))
                    deliver_at = clock.running() + wait
                    log.warning("%s; next try in %.0f s", error, wait)
                finally:
                    self.transport.close()
            # Waits stand still while the machine sleeps: a laptop that wakes up late reports soon.
            stop.wait(min(LONGEST_REST, max(0.0, min(report_at, deliver_at) - clock.running())))

    def _deliver(self, waiting: Waiting) -> bool:
        envelope = waiting.read()
        try:
            answer = self.transport.post(REPORTS, envelope)
        except HubRefuses as error:
            if error.reason in _GIVE_UP and not waiting.gap:
                log.warning("report %d is given up: %s", waiting.last, error)
                self.chain.spool.give_up(waiting, "refused")
                return False
            raise
        try:
            receipt = receipt_in(self.from_hub(answer.get("receipt"), Sort.RECEIPT).plain())
            expected = open_envelope(envelope, {Sort.REPORT, Sort.GAP}).claimed().digest
            if (receipt.agent, receipt.sequence, receipt.report) != (self.identity.enrolment.agent, waiting.last, expected):
                raise Refused(Refusal.NOT_OF_SCHEMA, "a receipt of something else")
            self.chain.acknowledge(waiting, envelope, receipt, str(answer["receipt"]))
            if answer.get("policy"):
                self.take_policy(str(answer["policy"]))
        except Refused as error:
            words = REFUSAL_WORDS[error.reason]
            raise HubAway(
                f"集約サーバの応答を受け入れない：{words.ja}", f"the hub's answer is not accepted: {words.en}: {error}"
            ) from error
        for name, why in receipt.not_taken.items():
            log.warning("the hub could not read %s: %s", name, why)
        return bool(receipt.wanted)

    def take_policy(self, signed: str) -> None:
        """Take a policy that the hub signed. Raises ``Refused``; an older one than the one in force is."""
        opened = self.from_hub(signed, Sort.POLICY)
        policy = policy_in(opened.plain())
        if self.policy and policy.serial < self.policy.serial:
            raise Refused(Refusal.ROLLED_BACK, f"policy {policy.serial} after {self.policy.serial}")
        files.replace(self.config.state / POLICY_FILE, signed.encode())
        self.policy, self.policy_digest = policy, opened.digest

    def from_hub(self, signed: object, sort: Sort) -> Opened:
        """Open what the hub signed with a key that is pinned."""
        envelope = open_envelope(signed.encode() if isinstance(signed, str) else b"", {sort})
        pinned = self.policy.hub_keys if self.policy else self.identity.enrolment.hub_keys
        for key in map(PublicKey.of_text, pinned):
            if key.id == envelope.key:
                return envelope.open(key)
        raise Refused(Refusal.UNKNOWN_KEY, envelope.key)

    def _load_policy(self) -> tuple[Policy | None, str]:
        path = self.config.state / POLICY_FILE
        if not path.exists():
            return None, ""
        try:
            opened = open_envelope(path.read_bytes(), {Sort.POLICY}).claimed()
            return policy_in(opened.plain()), opened.digest
        except (OSError, Refused):
            log.warning("%s is damaged and is not used", path)
            return None, ""


@contextmanager
def at_work(config: Config) -> Iterator[Agent]:
    """Give the one agent that works on the state. A stop at any moment leaves a state that the next start goes on from."""
    with locked(config.state):
        agent = Agent(config)
        identity.seal_key(config.state)
        agent.chain.take_over()
        try:
            yield agent
        finally:
            agent.transport.close()


def enrol(config: Config, hub: str, token: str, *, anew: bool) -> Identity:
    """Make this machine known to a hub. Raises ``Trouble`` and ``HubRefuses``. The same again after a stop gives the same identity."""
    identity.prepare(config.state)
    if (config.state / identity.IDENTITY_FILE).exists() and not anew:
        raise Trouble("この端末は登録済みである。登録し直すには --again を付ける", "this machine is enrolled; --again enrols it anew")
    key = identity.next_key(config.state)
    try:
        given = Token.of_text(token)
        request = Request(given.secret, key.public.text, socket.gethostname()[:253], collect.this_platform().value, VERSION)
        transport = Transport(config, hub)
        answer: Plain = transport.post(ENROL, seal(Sort.REQUEST, request.plain(), key))
        transport.close()
        signed = str(answer.get("enrolment"))
        identity.accept(signed.encode(), key, given.hub_key)
    except Refused as error:
        words = REFUSAL_WORDS[error.reason]
        raise Trouble(f"登録できない：{words.ja}", f"no enrolment: {words.en}: {error.detail}") from error
    files.remove(config.state / POLICY_FILE)
    identity.keep(config.state, hub, key, signed.encode())
    if answer.get("policy"):
        try:
            Agent(config).take_policy(str(answer["policy"]))
        except Refused as error:
            log.warning("the hub's policy is not accepted: %s", error)
    return identity.load(config.state)


def first_report(config: Config) -> Report:
    """Make the report that this machine would send first, without a key and without leaving a trace."""
    nobody = SigningKey.make()
    enrolment = Enrolment("not-enrolled", nobody.id, clock.now(), (nobody.public.text,))
    about = Circumstances(VERSION, collect.this_platform().value, "")
    with tempfile.TemporaryDirectory() as directory:
        unknown = Identity(nobody, "", enrolment, "sha256:" + "0" * 64)
        return Chain(Path(directory), unknown, 1, 1).make(about, collect.see((), config.withhold))


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Hold the state: one agent works on it at a time. The system lets go when the process ends, however it ends."""
    identity.prepare(state)
    handle = os.open(state / LOCK_FILE, os.O_RDWR | os.O_CREAT, files.PRIVATE)
    try:
        try:
            if sys.platform == "win32":
                import msvcrt  # there on Windows only

                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            else:
                import fcntl  # not there on Windows

                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning("別の tenken-agent が動いている", "another tenken-agent is running") from error
        yield
    finally:
        os.close(handle)
