"""Mail, web and SSH servers of the fictional town, the whole way from inventory to record. Expectations are in ``town_expected.py``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.running import LEDGER, Line, record, scan
from tests.e2e.town_expected import BADLY_KEPT, FROM_INSIDE, OVER_THE_RUN, WELL_KEPT_MX, WELL_KEPT_SITE, WELL_KEPT_SSH
from tests.lab import Lab

# The first is the default of its nginx, which shows its certificate to whoever asks for an unknown name.
SITES: dict[str, dict[str, str]] = {"kakuu.lg.jp": {"tls.sni.unknown-name": "SNI_SAME"}, "www.kakuu.lg.jp": {}}
MX = ("mx1.kakuu.lg.jp", "mx2.kakuu.lg.jp", "mx1.hosting.or.jp", "mx2.hosting.or.jp")


@pytest.fixture(scope="module")
def lines(town: Path) -> list[Line]:
    """The record of the town."""
    return record(town)


def told(lines: list[Line], subject: str) -> dict[str, set[str]]:
    """Check → the tags of its results; a check with several profile values has one for each."""
    found: dict[str, set[str]] = {}
    for line in lines:
        if line["type"] == "result" and line["subject"] == subject:
            found.setdefault(line["check"], set()).add(line["tag"])
    return found


def listed(lines: list[Line], subject: str, expected: dict[str, str]) -> dict[str, set[str]]:
    """The tags of the checks that are expected; a check without result is there with none."""
    found = told(lines, subject)
    return {check: found.get(check, set()) for check in expected}


def exactly(expected: dict[str, str]) -> dict[str, set[str]]:
    return {check: {tag} for check, tag in expected.items()}


@pytest.mark.parametrize("host", MX)
def test_well_kept_mail_servers(lines: list[Line], host: str) -> None:
    assert listed(lines, f"service:{host}:25/smtp", WELL_KEPT_MX) == exactly(WELL_KEPT_MX)


def test_a_mail_server_is_held_to_the_policy_of_the_domain_that_led_to_it(lines: list[Line]) -> None:
    found = {
        (line["target"], line["subject"]): line["tag"]
        for line in lines
        if line["type"] == "result" and line["check"] == "mail.mta-sts.certificate" and line["subject"].endswith("/smtp")
    }
    own = "service:mx1.kakuu.lg.jp:25/smtp"
    assert found["domain:kakuu.lg.jp", own] == "MTA_STS_CERTIFICATE_ACCEPTED"
    assert found["domain:kakuu-kanko.or.jp", "service:mx1.hosting.or.jp:25/smtp"] == "MTA_STS_CERTIFICATE_ACCEPTED"
    assert found[own, own] == "MTA_STS_CERTIFICATE_NO_DOMAIN"


@pytest.mark.parametrize("host", SITES)
def test_well_kept_web_sites(lines: list[Line], host: str) -> None:
    expected = WELL_KEPT_SITE | SITES[host]
    assert listed(lines, f"service:{host}:443/https", expected) == exactly(expected)


def test_the_well_kept_ssh_server(lines: list[Line]) -> None:
    assert listed(lines, "service:file.kakuu.lg.jp:22/ssh", WELL_KEPT_SSH) == exactly(WELL_KEPT_SSH)


def test_nothing_well_kept_fails(lines: list[Line]) -> None:
    places = {*(f"{host}:25/smtp" for host in MX), *(f"{host}:443/https" for host in SITES), "file.kakuu.lg.jp:22/ssh"}
    seen = {line["subject"] for line in lines if line["type"] == "result"}
    assert {f"service:{place}" for place in places} <= seen
    failing = [
        (line["subject"], line["check"])
        for line in lines
        if line["type"] == "result" and line["outcome"] == "fail" and line["subject"].removeprefix("service:") in places
    ]
    assert failing == []


@pytest.mark.parametrize("subject", BADLY_KEPT)
def test_faults_of_badly_kept_servers_are_named(lines: list[Line], subject: str) -> None:
    failing = {line["check"]: line["tag"] for line in lines if line.get("subject") == subject and line["outcome"] == "fail"}
    assert BADLY_KEPT[subject].items() <= failing.items()


def test_an_address_from_inside_in_the_public_dns_is_not_touched(lines: list[Line]) -> None:
    tags = told(lines, "service:mx.bad-all.lg.jp:25/smtp")
    assert {tag for tags in tags.values() for tag in tags} == {"OUT_OF_SCOPE"} | tags["mail.relay.delivery"]


def test_keys_are_compared_over_the_whole_run(lines: list[Line]) -> None:
    assert told(lines, "run:targets") == exactly(OVER_THE_RUN)
    (whole,) = [line for line in lines if line["type"] == "target" and line["target"] == "run:targets"]
    assert whole["planned"] == whole["ended"] == len(OVER_THE_RUN)


def test_whatever_was_planned_has_ended_the_run_as_a_whole_among_it(lines: list[Line]) -> None:
    start, end = lines[0], lines[-1]
    targets = [line for line in lines if line["type"] == "target"]
    results = [line for line in lines if line["type"] == "result"]
    assert start["planned"]["targets"] == len(targets) == end["targets"]["planned"] == end["targets"]["ended"]
    assert sum(line["planned"] for line in targets) == len(results) == end["results"]["planned"] == end["results"]["ended"]
    assert end["defects"] == 0


def test_every_family_of_services_has_every_outcome(lines: list[Line]) -> None:
    seen: dict[str, set[str]] = {}
    for line in lines:
        if line["type"] == "result" and line["subject"].startswith("service:"):
            seen.setdefault(line["check"].partition(".")[0], set()).add(line["outcome"])
    every = {"pass", "fail", "undetermined", "not-applicable"}
    assert [(family, every - seen[family]) for family in ("mail", "tls", "web") if seen[family] != every] == []
    assert {"pass", "fail"} <= seen["ssh"]


def test_from_the_office_the_inner_server_shows_and_relaying_does_not(lab: Lab) -> None:
    names = [subject.removeprefix("service:") for subject in FROM_INSIDE]
    families = [f"--only={family}" for family in ("tls", "ssh", "mail")]
    ran = scan(lab, *names, LEDGER[0], *families, "--zone=office", "--format=jsonl", "--no-store", where="inside")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    for subject, expected in FROM_INSIDE.items():
        found = told(lines, subject)
        assert {check: found.get(check, set()) & {tag} for check, tag in expected.items()} == exactly(expected), subject
