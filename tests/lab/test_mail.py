"""The mail probes and checks against the laboratory: every faulty domain shows its own fault and no other, through real servers.

What is expected of which domain stands in ``mail_expected``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import pytest
import yaml

from scanner.codec import fact_types, observation_in, observation_out
from scanner.engine.catalogue import catalogue
from scanner.engine.collect import Collecting
from scanner.engine.judge import Result, judge
from scanner.engine.plan import make_plan
from scanner.facts.ledger import DeclaredDomain
from scanner.facts.mail import MailHosts, MailReverse, MailTlsa, MtaStsPolicy
from scanner.facts.mail_sender import DmarcReportHosts, SpfOfHosts
from scanner.ledger.profile import EMPTY
from scanner.model.fact import Fact, Observed
from scanner.model.reason import Reason
from scanner.model.target import Domain, Kind, Service, Target
from scanner.model.verdict import Outcome
from scanner.net.net import DnsServer
from scanner.net.network import Network, Settings
from scanner.net.pacing import Pace, Rate
from scanner.net.scope import Entry, Match, Scope
from tests.lab import Lab, plan, table
from tests.lab.mail_expected import DKIM, FAULTS, NO_MAIL, PARKED, UNSEEN, WELL_KEPT

# What the DNS says of mail; what mail servers say themselves has a laboratory of its own.
PLAN = make_plan(catalogue(), (), EMPTY, [c.id for c in catalogue().checks.values() if c.of is Kind.DOMAIN and c.id.startswith("mail.")])
FILES = ("dkim", "dmarc", "mx", "spf", "transport", "town")
ENTRIES = table.load()
NAMES = [
    name.encode("idna").decode() for file in FILES for name in yaml.safe_load((table.FOLDER / f"{file}.yaml").read_text(encoding="utf-8"))
]
# The laboratory bears more than strangers' servers should be asked to.
FAST = Pace(address=Rate(64), operator=Rate(256))
BUDGET_SECONDS = 100.0
TROUBLE = {Outcome.FAIL, Outcome.UNDETERMINED}

Results: TypeAlias = Mapping[str, Sequence[Result]]


def ledger(
    *, sends: bool | None = None, receives: bool | None = None, selectors: Sequence[str] = (), outbound: Sequence[str] = ()
) -> DeclaredDomain:
    """What the ledger says of a domain's mail."""
    return DeclaredDomain(
        sends_mail=sends,
        receives_mail=receives,
        dkim_selectors=tuple(selectors),
        outbound_addresses=tuple(outbound),
        internal_names=(),
        public_site=None,
        domain_exception="",
        vantage_outside=True,
    )


def declared(lab: Lab, name: str) -> DeclaredDomain:
    """What a careful operator would have in the ledger: selectors, and the provider's or the municipality's mail host as sender."""
    entry = lab.domains.get(name)
    if entry is None or entry.base != "kept":
        return ledger()
    place = "a.25" if name == "kakuu.lg.jp" else "b.25"
    return ledger(selectors=entry.selectors, outbound=(plan.ip4(place),))


def scan(lab: Lab, domains: Mapping[str, DeclaredDomain]) -> dict[str, list[Result]]:
    """See and judge domains side by side with the mail checks, from outside."""
    settings = Settings(
        scope=Scope(tuple(Entry(Match.NETWORK, network) for network in lab.scope_networks)),
        resolvers=(DnsServer("", lab.resolver),),
        pace=FAST,
        ca_file=str(lab.ca_file),
    )

    def declare(subject: Target) -> Mapping[type[Fact], Fact]:
        return {DeclaredDomain: domains[subject.name]} if isinstance(subject, Domain) else {}

    async def run() -> dict[str, list[Result]]:
        with ThreadPoolExecutor(1) as threads:
            async with Network(settings) as network, asyncio.TaskGroup() as run_group:
                collecting = Collecting(PLAN, catalogue().observers, network, declare, lambda _: None, threads)
                collecting.group = run_group
                async with asyncio.TaskGroup() as group:
                    seen = {name: group.create_task(collecting.collect(Domain(name), BUDGET_SECONDS)) for name in domains}
                results = {name: list(judge(task.result(), PLAN.variants)) for name, task in seen.items()}
        return results

    return lab.run_async(run)


@pytest.fixture(scope="module")
def results(lab: Lab) -> Results:
    """Every domain of the mail tables, seen once."""
    return scan(lab, {name: declared(lab, name) for name in NAMES})


def told(results: Sequence[Result], outcomes: set[Outcome]) -> dict[str, str]:
    """Check id → tag of the results with one of the outcomes."""
    return {r.variant.check.id: r.ending.tag for r in results if r.ending.outcome in outcomes}


def test_every_entry_of_the_mail_tables_is_well_kept_or_has_its_faults_listed() -> None:
    assert [name for name in NAMES if not ENTRIES[name].well_kept and name not in FAULTS] == []
    assert set(FAULTS) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_domain_shows_its_own_faults_and_no_other(results: Results, name: str) -> None:
    assert told(results[name], TROUBLE) == FAULTS.get(name, {})


@pytest.mark.parametrize(("name", "expected"), [("kakuu.lg.jp", WELL_KEPT), ("nomail.lg.jp", PARKED)])
def test_every_check_of_a_well_kept_domain_says_what_it_saw(results: Results, name: str, expected: Mapping[str, str]) -> None:
    assert told(results[name], set(Outcome)) == expected


def test_a_wildcard_beside_a_missing_record_is_not_taken_for_the_record(results: Results) -> None:
    assert told(results["dmarc-wildcard.lg.jp"], set(Outcome))["mail.dmarc.record"] == "DMARC_NONE"
    assert told(results["dkim-wildcard.lg.jp"], {Outcome.PASS, Outcome.FAIL}).keys().isdisjoint(DKIM)


def test_a_policy_is_inherited_along_the_tree_walk(results: Results) -> None:
    for name in ("bu.dmarc-parent.lg.jp", "a.b.c.d.e.f.g.h.i.dmarc-parent.lg.jp"):
        policy = next(r.ending for r in results[name] if r.variant.check.id == "mail.dmarc.policy")
        assert (policy.tag, dict(policy.args)) == ("DMARC_POLICY_MET", {"policy": "quarantine", "domain": "dmarc-parent.lg.jp", "by": "sp"})


def test_mail_hosts_lead_to_their_smtp_services(results: Results) -> None:
    hosts = next(seen.fact for r in results["kakuu.lg.jp"] for kind, seen in r.basis if kind is MailHosts and isinstance(seen, Observed))
    assert hosts.leads() == (Service("mx1.kakuu.lg.jp", 25, "smtp"), Service("mx2.kakuu.lg.jp", 25, "smtp"))


def test_every_fact_that_was_seen_survives_the_codec_and_has_evidence(results: Results) -> None:
    kinds = set()
    for seen in {id(o): (k, o) for rows in results.values() for r in rows for k, o in r.basis}.values():
        kind, observation = seen
        plain = json.loads(json.dumps(observation_out(observation)))
        assert observation_in(kind.__name__, plain) == observation
        if isinstance(observation, Observed) and kind is not DeclaredDomain:
            kinds.add(kind)
            asked_nothing = observation.evidence == ()
            assert not asked_nothing or kind in {MailHosts, MailReverse, MailTlsa, MtaStsPolicy, SpfOfHosts, DmarcReportHosts}
    assert kinds == {kind for kind in fact_types().values() if kind.__module__ in {"scanner.facts.mail", "scanner.facts.mail_sender"}}


def test_what_nobody_answers_is_undetermined_and_nothing_else(lab: Lab) -> None:
    seen = scan(lab, dict.fromkeys(UNSEEN, ledger()))
    for name in UNSEEN:
        assert {r.ending.outcome for r in seen[name]} == {Outcome.UNDETERMINED}, name
        assert {r.ending.reason for r in seen[name]} <= {Reason.TIMEOUT, Reason.SERVER_FAILURE}, name


def test_the_ledger_decides_for_a_domain_whose_records_say_nothing(lab: Lab, results: Results) -> None:
    undeclared = told(results["nomail-bare.lg.jp"], {Outcome.UNDETERMINED})
    assert undeclared["mail.spf.no-mail"] == undeclared["mail.mx.null"] == Reason.NOT_DECLARED.name
    seen = scan(lab, {"nomail-bare.lg.jp": ledger(sends=False, receives=False)})
    assert told(seen["nomail-bare.lg.jp"], TROUBLE) == NO_MAIL
    seen = scan(lab, {"mx-none.lg.jp": ledger(sends=True, receives=True, outbound=[plan.ip4("b.25")])})
    assert told(seen["mx-none.lg.jp"], TROUBLE) == {"mail.mx.published": "MX_NONE"}


def test_names_that_do_not_exist_or_are_web_hosts(lab: Lab) -> None:
    seen = scan(lab, {"gone.kakuu.lg.jp": ledger(), "www.kakuu.lg.jp": ledger(), "gone-declared.lg.jp": ledger(sends=True, receives=True)})
    assert told(seen["gone.kakuu.lg.jp"], TROUBLE) == {}
    assert told(seen["gone.kakuu.lg.jp"], {Outcome.PASS})["mail.dmarc.record"] == "DMARC_INHERITED"
    assert told(seen["www.kakuu.lg.jp"], TROUBLE) == {}
    assert told(seen["www.kakuu.lg.jp"], {Outcome.PASS})["mail.spf.no-mail"] == "SPF_NO_MAIL_REFUSED"
    failing = told(seen["gone-declared.lg.jp"], {Outcome.FAIL})
    assert (failing["mail.mx.published"], failing["mail.spf.record"]) == ("MX_DOMAIN_MISSING", "SPF_NONE")


def test_senders_outside_the_policy_are_named(lab: Lab) -> None:
    outside = ledger(outbound=[plan.ip4("b.25"), plan.ip4("c.99"), f"{plan.ip4('c.0')}/28", "nonsense"])
    seen = scan(lab, {"hosting.or.jp": outside})
    ending = next(r.ending for r in seen["hosting.or.jp"] if r.variant.check.id == "mail.spf.senders")
    assert ending.tag == "SPF_SENDERS_LEFT_OUT"
    assert ending.args["senders"] == tuple(f"{plan.ip4(place)} (fail)" for place in ("c.99", "c.1", "c.14"))
