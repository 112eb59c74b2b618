"""Proof of a relay by delivery: one marked message to the organisation's own canary mailbox. Intrusive: nothing is sent without consent.

It is the one place from which a message is ever sent, and only to the mailbox that the organisation names for it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from email.utils import format_datetime

from scanner.facts.smtp import Delivery, DeliveryAt, RelayAt, RelayDelivery, RelaySeen, Shape, SmtpGreeting, SmtpRelay, SmtpTestNames, Stage
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.net.scope import Purpose
from scanner.probes.base import probe
from scanner.probes.dns_asking import part
from scanner.probes.mail_channel import TlsFailed
from scanner.probes.mail_sink import MARK, Arrival, awaiting
from scanner.probes.smtp_session import Session, nobody, session
from scanner.probes.smtp_trials import enter, host_of
from scanner.wire.relay import Names, Trial, family

TEST = "mail.relay.delivery"
"""The id that a consent names."""
WAIT_SECONDS = 60.0
"""Queues are run at once for new mail; servers that scan it take half a minute."""
MOST_TRIALS = 12


@probe(limit=240.0, intrusive=True)
async def relay_delivery(service: Service, net: Net, names: SmtpTestNames, greeting: SmtpGreeting, relay: SmtpRelay) -> RelayDelivery:
    """Send one marked message to the canary mailbox through each address that takes its recipient, and wait for it."""
    if not names.canary:
        return RelayDelivery("")
    ended: list[DeliveryAt] = []
    for at in relay.addresses:  # one after the other: what arrives is told apart by its mark, what is sent stays little
        talk = next((t.seen for t in greeting.addresses if t.address == at.address), None)
        if talk is None or isinstance(talk, Unobserved) or isinstance(at.seen, Unobserved):
            why = at.seen if isinstance(at.seen, Unobserved) else Unobserved(Reason.UNREACHABLE, f"{at.address} was not seen")
            ended.append(DeliveryAt(at.address, why))
            continue
        own = at.seen.own
        mailbox, _, domain = names.canary.rpartition("@")
        made = Names(mailbox, domain, own, host_of(service, talk, own), at.address, nobody(service))
        seen = await part(_deliver(net, service, at, made, names))
        ended.append(DeliveryAt(at.address, seen) if isinstance(seen, Unobserved) else seen)
    return RelayDelivery(names.canary, tuple(ended))


def _trials(seen: RelaySeen, names: Names) -> list[tuple[Stage, Trial]]:
    """The plain form first, then those that the server took at RCPT."""
    taken = {(t.name, t.stage) for t in seen.trials if t.accepted and t.shape in {Shape.FOREIGN, Shape.ROUTE, Shape.TRICK}}
    made = {trial.name: trial for trial in family(names)}
    chosen = [(Stage.EHLO, made["plain"])]
    chosen += [(stage, made[name]) for name, stage in sorted(taken, key=lambda one: (one[1] is not Stage.EHLO, list(made).index(one[0])))]
    return list(dict.fromkeys(chosen))[:MOST_TRIALS]


async def _deliver(net: Net, service: Service, at: RelayAt, made: Names, names: SmtpTestNames) -> DeliveryAt:
    assert isinstance(at.seen, RelaySeen)
    mark = f"{net.rng.getrandbits(128):032x}"
    async with awaiting(names.canary, names.listen, mark) as arrival:
        text = ""
        for stage, trial in _trials(at.seen, made):
            try:
                async with session(net, service, at.address, purpose=Purpose.INTRUSIVE, test=TEST, sending=True) as one:
                    await enter(one, stage)
                    sent, text = await _send(one, trial, message(names.canary, mark, service, net.now(), net.called))
            except TlsFailed as why:
                raise CannotObserve(Reason.RESET, f"no TLS with {at.address} port {service.port}: {why}") from why
            if sent:
                return await _wait(at.address, trial, text, arrival)
        return DeliveryAt(at.address, Delivery.REFUSED, "plain", text)


async def _send(one: Session, trial: Trial, content: bytes) -> tuple[bool, str]:
    """Send the message if the server takes sender and recipient. Gives whether it took it, and its last words."""
    mail = await one.command(f"MAIL FROM:{trial.sender}")
    if not mail.positive:
        return False, f"{mail.code} {mail.text}"
    recipient = await one.command(f"RCPT TO:{trial.recipient}")
    if not recipient.positive:
        return False, f"{recipient.code} {recipient.text}"
    go = await one.command("DATA")
    if go.code != 354:
        return False, f"{go.code} {go.text}"
    await one.content(content)
    end = await one.reply(30.0)
    return end.positive, f"{end.code} {end.text}"


def message(canary: str, mark: str, service: Service, now: datetime, called: str) -> bytes:
    """Write the message: what it is, to whom it may be said, and its mark. ASCII only, so that every old server passes it on."""
    domain = canary.rpartition("@")[2]
    lines = (
        f"From: Tenken relay test <{canary}>",
        f"To: <{canary}>",
        "Subject: Tenken relay test",
        f"Date: {format_datetime(now)}",
        f"Message-ID: <{mark}@{domain}>",
        f"{MARK}: {mark}",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        f"This message was sent through {service.host} port {service.port} by a security scan with the consent of its operator,",
        "to see whether that server passes mail on for strangers. It was meant for one mailbox of the organisation alone.",
        f"Sent by {called or 'a Tenken scanner'}. Nothing has to be done with it.",
        ".",
    )
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


async def _wait(address: str, trial: Trial, text: str, arrival: asyncio.Future[Arrival]) -> DeliveryAt:
    start = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            came = await asyncio.shield(arrival)
    except TimeoutError:
        return DeliveryAt(address, Delivery.NOT_SEEN, trial.name, text, seconds=round(WAIT_SECONDS))
    return DeliveryAt(address, Delivery.ARRIVED, trial.name, text, came.source, round(asyncio.get_running_loop().time() - start))
