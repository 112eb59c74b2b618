"""Every check of machines on a made Windows: all its collectors are run, all checks judged. No expectation stands here."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.engine.catalogue import catalogue
from scanner.engine.factset import FactSet
from scanner.engine.judge import Ending, judge
from scanner.engine.plan import make_plan
from scanner.hosts.base import Collector
from scanner.hosts.machine import observe
from scanner.ledger.profile import Profile, ProfileSetting
from scanner.model.check import Check, Setting
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.model.target import Host, Kind
from scanner.model.verdict import Verdict
from tests.unit.windows_machines import MadeReader

AT = "2026-11-22T00:00:00Z"


def tag(check: Check, *facts: Fact | Unobserved, **settings: object) -> str:
    """Give the tag with which one check ends, ``undetermined`` where it cannot tell."""
    judged = check.judge(*facts, **settings)
    return judged.tag if isinstance(judged, Verdict) else "undetermined"


def endings(read: MadeReader, values: Mapping[str, Setting]) -> Mapping[str, Ending]:
    """Judge what is seen through ``read`` with an organisation's values: check id → its ending."""
    plan = make_plan(catalogue(), (), Profile(values={key: ProfileSetting(value, "profile") for key, value in values.items()}))
    host = Host("pc1.example.jp")
    facts = FactSet(host)
    for fact in plan.facts[Kind.MACHINE]:
        makers = [o for o in catalogue().observers.get(fact, ()) if isinstance(o, Collector)]
        own = next((c for c in makers if c.on is Platform.WINDOWS), None)
        if own is not None:
            facts.put(host, fact, observe(own, read, lambda: AT))
        elif Platform.WINDOWS not in fact.arises_on:
            facts.put(host, fact, Unobserved(Reason.OTHER_PLATFORM, "", AT))
        else:
            facts.put(host, fact, Unobserved(Reason.UNSUPPORTED, "not read on windows", AT))
    variants = [v for v in plan.variants if v.check.of is Kind.MACHINE]
    return {result.variant.check.id: result.ending for result in judge(facts, variants)}
