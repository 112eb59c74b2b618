"""Runs the mail probes and checks through the real network inside the mail laboratory, as the engine does. No expectation stands here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from scanner.engine.catalogue import catalogue
from scanner.engine.collect import Collecting
from scanner.engine.judge import Result, judge
from scanner.engine.plan import make_plan
from scanner.facts.ledger import DeclaredSmtpService, Vantage
from scanner.facts.smtp import SmtpTestNames
from scanner.ledger.profile import EMPTY
from scanner.model.fact import Fact
from scanner.model.target import Kind, Service, Target, parse_target
from scanner.net.net import DnsServer
from scanner.net.network import Network, Settings
from scanner.net.pacing import Pace, Rate
from scanner.net.scope import Consent, Entry, Level, Match, Scope, Window
from tests.lab.mail.lab import MailLab
from tests.lab.mail.scenarios import RESOLVER, VICTIM

NETWORKS = ("192.52.193.0/24", "3ffe:c::/64")
MAIL = ("mail.relay", "mail.submission", "mail.access", "mail.starttls", "mail.disclosure", "mail.server")
PROTOCOLS = {
    25: "smtp",
    465: "submissions",
    587: "submission",
    2525: "submission",
    143: "imap",
    993: "imaps",
    110: "pop3",
    995: "pop3s",
    4190: "sieve",
}
BUDGET_SECONDS = 110.0
FAST = Pace(address=Rate(8), operator=Rate(64))
OUTSIDER = DeclaredSmtpService(None, None, Vantage.OUTSIDER)


def consent(test: str) -> Consent:
    """Consent to one intrusive test at everything in the laboratory, around now."""
    now = datetime.now(UTC)
    return Consent("192.52.193.0/24", (test,), Window(now - timedelta(hours=1), now + timedelta(hours=1)), "情報政策課長")


def scan(
    lab: MailLab,
    targets: Sequence[str],
    *,
    where: str = "outside",
    only: Sequence[str] = MAIL,
    ledger: DeclaredSmtpService = OUTSIDER,
    names: SmtpTestNames | None = None,
    networks: Sequence[str] = NETWORKS,
    level: Level = Level.NORMAL,
    consents: tuple[Consent, ...] = (),
    pace: Pace = FAST,
) -> dict[str, list[Result]]:
    """See and judge services side by side from one vantage point; ``ledger`` and ``names`` are what the inventory says of all of them."""
    settings = Settings(
        scope=Scope(tuple(Entry(Match.NETWORK, network, level) for network in networks)),
        consents=consents,
        zone="internet" if where == "outside" else "office",
        resolvers=(DnsServer("", RESOLVER[0]),),
        pace=pace,
    )
    plan = make_plan(catalogue(), (), EMPTY, only)

    def declare(subject: Target) -> Mapping[type[Fact], Fact]:
        if isinstance(subject, Service) and Kind.SMTP_SERVICE in subject.kinds:
            return {DeclaredSmtpService: ledger, SmtpTestNames: names or SmtpTestNames(victim=VICTIM)}
        return {}

    parsed = {text: parse_target(text) for text in targets}

    async def run() -> dict[str, list[Result]]:
        with ThreadPoolExecutor(1) as threads:
            async with Network(settings) as network, asyncio.TaskGroup() as run_group:
                collecting = Collecting(plan, catalogue().observers, network, declare, lambda _: None, threads)
                collecting.group = run_group
                async with asyncio.TaskGroup() as group:
                    tasks = {text: group.create_task(collecting.collect(target, BUDGET_SECONDS)) for text, target in parsed.items()}
                return {text: list(judge(task.result(), plan.for_target(parsed[text]))) for text, task in tasks.items()}

    return lab.run_async(run, where)
