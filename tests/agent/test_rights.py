"""What a person is told of missing rights: by fact, in whole and in part, and which account has them."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from agent import collect, rights
from scanner.codec import digest, observation_out
from scanner.facts.browsers import Browsers
from scanner.hosts.base import Files, Key, what
from scanner.model.fact import Fact, Observation, Observed, Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.protocol.report import Report

AT = "2026-11-22T00:00:00Z"
DENIED = Unobserved(Reason.ACCESS_DENIED, "", AT)


def report(seen: Mapping[str, Observation[Fact]]) -> Report:
    answered = {name: digest(one) for name, one in seen.items()}
    observations = {answered[name]: observation_out(one) for name, one in seen.items()}
    return Report("a-1", 1, "sha256:" + "0" * 64, AT, "unknown", 0, "0", "linux", "", tuple(answered), answered, observations)


def said(seen: Mapping[str, Observation[Fact]]) -> list[str]:
    return [text.en for text in rights.unseen(report(seen))]


def test_a_fact_that_was_denied_is_named_with_what_root_may_read() -> None:
    (line,) = said({"AuditTrail": DENIED})
    assert line.startswith("#   AuditTrail: ")
    assert "What root may read: auditctl -s, auditctl -l" in line


def test_a_fact_of_which_a_part_was_denied_is_named_too() -> None:
    (line,) = said({"Browsers": Observed(Browsers(DENIED), AT)})
    assert line.startswith("#   Browsers, in part: ")


def test_other_reasons_are_not_taken_for_missing_rights() -> None:
    assert said({"AuditTrail": Unobserved(Reason.TIMEOUT, "", AT)}) == ["#   AuditTrail: no answer in time"]


def test_scripts_are_named_by_their_program_only() -> None:
    (line,) = said({"FileWalk": DENIED})
    assert line.endswith("may read: sh …")


def test_whoever_runs_as_root_is_told_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert list(rights.beyond()) == []
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    first, *lines = rights.beyond()
    assert first.en == "These may be readable to root only:"
    assert len(lines) == len(collect.needs_rights(Platform.LINUX))
    assert any(line.ja.startswith("  Accounts：/etc/shadow、") for line in lines)


def test_what_other_accounts_keep_for_themselves_is_declared_to_need_rights_on_windows() -> None:
    for name, collector in collect.collectors(Platform.WINDOWS).items():
        for source in collector.reads:
            if isinstance(source, Key | Files) and source.pattern.startswith(("HKU\\", "/Users/", "HKLM\\SAM", "HKLM\\SECURITY")):
                assert source.root, f"{name}: {what(source)}"
