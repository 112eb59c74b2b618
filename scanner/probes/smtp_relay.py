"""Whom an SMTP service relays for, as far as RCPT tells: the family of address tricks and the controls beside it. Never a message.

Every transaction ends with RSET and every session with QUIT. Proof by delivery is in ``smtp_delivery``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scanner.facts.ledger import DeclaredSmtpService
from scanner.facts.smtp import RelayAt, RelaySeen, Said, Shape, SmtpGreeting, SmtpRelay, SmtpTestNames, Stage, TalkAt, TrialSeen, Upgrade
from scanner.model.fact import Unobserved
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import part, together
from scanner.probes.smtp_session import all_missing, nobody
from scanner.probes.smtp_trials import Running, host_of, own_domains
from scanner.wire.relay import NULL, Names, Trial, controls, family, plain, short_family

SLOW_SECONDS = 3.0
"""Shorter times are the network's and are not kept, so that the same server gives the same fact."""
MOST_OWN = 4


@probe(limit=300.0)
async def smtp_relay(service: Service, net: Net, names: SmtpTestNames, ledger: DeclaredSmtpService, greeting: SmtpGreeting) -> SmtpRelay:
    """Try at every address which recipients it takes from a stranger."""
    parts = await together(part(_survey(net, service, at, names, ledger)) for at in greeting.addresses)
    all_missing(parts)
    return SmtpRelay(
        names.victim,
        tuple(RelayAt(at.address, seen) for at, seen in zip(greeting.addresses, parts, strict=True)),
        greeting.left_out,
    )


async def _survey(net: Net, service: Service, at: TalkAt, tests: SmtpTestNames, ledger: DeclaredSmtpService) -> RelaySeen:
    if isinstance(at.seen, Unobserved):
        raise at.seen.error()
    running = Running(net, service, at.address)
    owns = own_domains(service, at.seen, ledger)[:MOST_OWN]
    host = host_of(service, at.seen, owns[0])

    def names(own: str) -> Names:
        return Names(tests.mailbox, tests.victim, own, host, at.address, nobody(service))

    # First what tells whether an answer means anything: does it refuse nonsense, which domain is its own, which sender does it take?
    nonsense = next(t for t in controls(names(owns[0])) if t.shape is Shape.NONSENSE)
    await running.run(Stage.EHLO, (plain(names(owns[0])), nonsense, *_postmasters(names(own) for own in owns)))
    own = _own(running.seen, owns)
    if any(t.accepted and t.shape is Shape.NONSENSE for t in running.seen):
        return _ended(running, own)  # it says yes to everything: asking on would tell nothing
    stage, sender = Stage.EHLO, NULL
    first = running.seen[0]
    if first.ended is Said.TLS and at.seen.upgrade is Upgrade.DONE:
        stage = Stage.TLS
        await running.run(stage, (plain(names(own)), *_postmasters([names(own)])))
        first = next(t for t in running.seen if t.stage is stage)
    if first.at_mail and first.ended not in {Said.AUTH, Said.TLS}:
        sender = f"<postmaster@{own}>"  # a server that takes no null sender: its words about relaying are heard with another
    if first.at_mail and first.ended is Said.AUTH:
        await running.run(stage, _but(running, stage, short_family(names(own), sender)))
    else:
        await running.run(stage, _but(running, stage, (*controls(names(own), sender), *family(names(own), sender))))
    if at.seen.upgrade is not Upgrade.IMPLICIT:
        await running.run(Stage.HELO, short_family(names(own), sender))
    if at.seen.upgrade is Upgrade.DONE and stage is not Stage.TLS:
        await running.run(Stage.TLS, short_family(names(own), sender))
    return _ended(running, own)


def _ended(running: Running, own: str) -> RelaySeen:
    slow = int(running.slowest) if running.slowest >= SLOW_SECONDS else 0
    return RelaySeen(own, tuple(running.seen), running.sessions, slow, running.stopped)


def _postmasters(all_names: Iterable[Names]) -> list[Trial]:
    """Ask for the postmaster of each domain: the first one taken is the server's own."""
    return [Trial("postmaster", Shape.POSTMASTER, NULL, f"<postmaster@{names.own}>") for names in all_names]


def _own(seen: Sequence[TrialSeen], owns: Sequence[str]) -> str:
    taken = {t.recipient for t in seen if t.shape is Shape.POSTMASTER and t.accepted}
    return next((own for own in owns if f"<postmaster@{own}>" in taken), owns[0])


def _but(running: Running, stage: Stage, trials: Sequence[Trial]) -> list[Trial]:
    """Leave out what was put already."""
    put = {(t.stage, t.sender, t.recipient) for t in running.seen}
    return [t for t in trials if (stage, t.sender, t.recipient) not in put]
