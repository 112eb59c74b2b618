"""DNS facts survive the way through JSON: every fact of every case of the DNS checks comes back as it was."""

from __future__ import annotations

import importlib
import json
import pkgutil

import pytest

from scanner.codec import canonical, observation_in, observation_out
from scanner.model.fact import Fact, Observed, Unobserved
from tests.checks import dns


def _facts() -> list[Fact]:
    modules = [importlib.import_module(m.name) for m in pkgutil.walk_packages(dns.__path__, "tests.checks.dns.")]
    cases = [case for module in modules for rows in module.CASES.values() for case in rows]
    return list(dict.fromkeys(f for case in cases for f in case.facts if not isinstance(f, Unobserved)))


KINDS = {type(fact).__name__: type(fact) for fact in _facts()}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_facts_come_back_from_json(name: str) -> None:
    for fact in _facts():
        if isinstance(fact, KINDS[name]):
            seen = Observed(fact, "2026-11-22T00:00:00Z")
            assert observation_in(name, json.loads(canonical(observation_out(seen)))) == seen
