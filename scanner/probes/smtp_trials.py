"""How the relay probes put their trials: chunks of one session each, senders that a server takes, the domain that is the server's own.

No probe stands here, and nothing that judges an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scanner.facts.ledger import DeclaredSmtpService
from scanner.facts.smtp import Said, SmtpTalk, Stage, TrialSeen
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import NotATarget, Service, domain_name
from scanner.net.net import Net
from scanner.probes.dns_asking import is_address
from scanner.probes.mail_channel import TlsFailed
from scanner.probes.smtp_session import Session, refused, session
from scanner.wire.relay import Trial, said_of
from scanner.wire.smtp import Reply

PER_SESSION = 8
"""Postfix waits a second before each refusal after the tenth of a session and ends it at the twentieth."""
MOST_SESSIONS = 30
MOST_SECONDS = 60.0
PAUSE_SECONDS = 3.0
"""Before another try at a server that has just turned us away."""
LONGEST_TEXT = 120


def own_domains(service: Service, talk: SmtpTalk, ledger: DeclaredSmtpService) -> tuple[str, ...]:
    """Name domains that may be the server's own, the likeliest first: as declared, above its name, its name. Never empty."""
    found: dict[str, None] = dict.fromkeys(ledger.mail_for or ())
    for text in (service.host, talk.offer.name, talk.banner.text.partition(" ")[0]):
        if is_address(service.host) and text == service.host:
            continue
        try:
            name = domain_name(text)
        except NotATarget:
            continue
        above = name.partition(".")[2]
        found.update(dict.fromkeys((above, name) if "." in above else (name,)))
    return tuple(found) or (f"[{service.host}]",)


def host_of(service: Service, talk: SmtpTalk, own: str) -> str:
    """Give the server's host name: the one it is known by, else the one it gives itself."""
    for text in (service.host, talk.offer.name):
        try:
            return domain_name(text)
        except NotATarget:
            continue
    return own


@dataclass
class Running:
    """The trials at one address: what was seen so far, and why there is no more. One session at a time."""

    net: Net
    service: Service
    address: str
    seen: list[TrialSeen] = field(default_factory=list)
    sessions: int = 0
    slowest: float = 0.0
    stopped: Unobserved | None = None
    _since: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    async def run(self, stage: Stage, trials: Iterable[Trial]) -> None:
        """Put every trial. What could not be put ends with the reason; nothing is lost."""
        waiting = list(trials)
        in_vain = 0
        while waiting and self.stopped is None:
            if self.sessions >= MOST_SESSIONS or asyncio.get_running_loop().time() - self._since > MOST_SECONDS:
                limit = f"{self.sessions} sessions and {MOST_SECONDS:g} s are the most that one address is asked to bear"
                self.stopped = Unobserved(Reason.BUDGET_SPENT, f"{self.address} port {self.service.port}: {limit}")
                break
            done, why = await self._session(stage, waiting[:PER_SESSION])
            waiting = waiting[done:]
            if why is None:
                in_vain = 0
            elif done:
                in_vain = 0  # a server may end a session after so many refusals: go on with a new one
            elif why.reason is Reason.TIMEOUT and in_vain == 0 and len(waiting) > 1:
                self._unseen(stage, waiting.pop(0), why)  # perhaps it is this one address that it chokes on
                in_vain = 1
            elif in_vain:
                self.stopped = why
            else:
                in_vain = 1
                await asyncio.sleep(PAUSE_SECONDS)
        for trial in waiting:
            self._unseen(stage, trial, self.stopped or Unobserved(Reason.BUDGET_SPENT, "not tried"))

    def _unseen(self, stage: Stage, trial: Trial, why: Unobserved) -> None:
        self.seen.append(TrialSeen(trial.name, trial.shape, stage, trial.sender, trial.recipient, why))

    async def _session(self, stage: Stage, trials: Sequence[Trial]) -> tuple[int, Unobserved | None]:
        """Put trials in one session. Gives how many were answered, and why the others were not."""
        self.sessions += 1
        before = len(self.seen)
        why: Unobserved | None = None
        try:
            async with session(self.net, self.service, self.address) as one:
                try:
                    await enter(one, stage)
                    await self._put(one, stage, trials)
                finally:
                    self.slowest = max(self.slowest, one.talk.slowest)
        except TlsFailed as error:
            why = Unobserved(Reason.RESET, f"no TLS with {self.address} port {self.service.port}: {error}")
        except CannotObserve as error:
            why = Unobserved.from_error(error)
        return len(self.seen) - before, why

    async def _put(self, one: Session, stage: Stage, trials: Sequence[Trial]) -> None:
        sender: str | None = None
        answer: Reply | None = None
        for trial in trials:
            if trial.sender != sender or answer is None:
                if one.in_mail:
                    await one.command("RSET")
                answer = await one.command(f"MAIL FROM:{trial.sender}")
                sender = trial.sender
                if answer.code == 421:
                    raise refused(answer, one.talk.where, f"MAIL FROM:{sender}")
            if not answer.positive:
                self._note(stage, trial, answer, said_of(answer, to_mail=True), at_mail=True)
                continue
            reply = await one.command(f"RCPT TO:{trial.recipient}")
            if reply.code == 421:
                raise refused(reply, one.talk.where, f"RCPT TO:{trial.recipient}")
            self._note(stage, trial, reply, said_of(reply), at_mail=False)

    def _note(self, stage: Stage, trial: Trial, reply: Reply, said: Said, *, at_mail: bool) -> None:
        text = reply.text if len(reply.text) <= LONGEST_TEXT else reply.text[: LONGEST_TEXT - 1] + "…"
        self.seen.append(TrialSeen(trial.name, trial.shape, stage, trial.sender, trial.recipient, said, reply.code, text, at_mail))


async def enter(one: Session, stage: Stage) -> None:
    """Come to where MAIL may be said. Raises ``CannotObserve``, ``TlsFailed``."""
    hello = await one.hello(extended=stage is not Stage.HELO)
    if hello.positive and stage is Stage.TLS:
        granted = await one.upgrade()
        if not one.talk.encrypted:
            raise refused(granted, one.talk.where, "STARTTLS")
        hello = await one.hello()
    if not hello.positive:
        raise refused(hello, one.talk.where, "EHLO and HELO")
