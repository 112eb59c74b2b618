"""Web sites of the laboratory, seen and judged: what must be said of each is said, and what must not be is not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import pytest

from scanner.codec import observation_in, observation_out
from scanner.engine.judge import Result
from scanner.facts.web_server import WebPaths
from scanner.model.fact import Observed
from scanner.model.reason import Reason
from scanner.model.verdict import Outcome
from scanner.probes.web_paths import LISTING, MOST_FOUND, OF_A_TOPIC, USUAL
from scanner.wire.web.paths import Topic
from tests.lab.needed import need_lab
from tests.lab.web.lab import WebLab, why_not
from tests.lab.web.odd import TALKS
from tests.lab.web.sites import BY_NAME, SITES, pair
from tests.lab.web_scan import scan

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

Results = Mapping[str, Sequence[Result]]


@pytest.fixture(scope="module")
def web(request: pytest.FixtureRequest) -> Iterator[WebLab]:
    """The web laboratory, raised once for this file."""
    need_lab(request.config, why_not())
    with WebLab.up() as raised:
        yield raised


@pytest.fixture(scope="module")
def results(web: WebLab) -> Results:
    """Every site, seen and judged; those that send without end by themselves, because they take the machine's time from others."""
    noisy = [site for site in SITES if site.name in TALKS]
    return scan(web, [site for site in SITES if site not in noisy]) | scan(web, noisy)


@pytest.mark.parametrize("name", BY_NAME)
def test_what_must_be_said_of_a_site_is_said_and_nothing_that_must_not(results: Results, name: str) -> None:
    site, rows = BY_NAME[name], results[name]
    told = {(row.variant.check.id, row.ending.tag) for row in rows if row.ending.tag}
    assert site.says - told == set()
    assert {tag for _, tag in told} & site.never == set()
    if site.clean:
        assert [row.variant.check.id for row in rows if row.ending.outcome is Outcome.FAIL] == []


def test_no_site_brings_out_a_defect(results: Results) -> None:
    assert [(name, row.variant.check.id) for name, rows in results.items() for row in rows if row.ending.reason is Reason.DEFECT] == []


def test_a_finding_at_one_address_names_that_address(results: Results) -> None:
    found = next(row.ending for row in results["split"] if row.variant.check.id == "web.paths.repository")
    assert found.args["address"] == (pair(BY_NAME["split"])[1],)


def test_no_secret_reaches_a_fact_or_its_evidence(results: Results) -> None:
    for name in ("nginx-bad", "vhost", "apache-bad"):
        seen = {id(o): (k, o) for row in results[name] for k, o in row.basis}.values()
        text = json.dumps([observation_out(observation) for _, observation in seen], ensure_ascii=False)
        assert "correct-horse" not in text
        assert "abcdefghijklmnopqrstuv" not in text
        assert "0123456789abcdef" not in text


def test_every_fact_that_was_seen_survives_the_codec(results: Results) -> None:
    kinds = set()
    for kind, observation in {id(o): (k, o) for rows in results.values() for row in rows for k, o in row.basis}.values():
        assert observation_in(kind.__name__, json.loads(json.dumps(observation_out(observation)))) == observation
        kinds.add(kind.__name__)
    assert {"WebEntry", "WebMethods", "WebPaths", "WebFiles", "WebCrawl"} <= kinds


def test_sites_that_answer_everything_were_asked_everything(results: Results) -> None:
    for name in ("always-200", "nginx-good"):
        fact = next(o.fact for row in results[name] for k, o in row.basis if k is WebPaths and isinstance(o, Observed))
        assert isinstance(fact, WebPaths)
        assert [len(address.paths) > 80 for address in fact.addresses if not address.over_http2] == [True, True]


def test_over_http2_a_few_of_each_topic_are_asked_for(results: Results) -> None:
    fact = next(o.fact for row in results["nginx-good"] for k, o in row.basis if k is WebPaths and isinstance(o, Observed))
    assert isinstance(fact, WebPaths)
    again = [address for address in fact.addresses if address.over_http2]
    assert len(again) == 2
    for address in again:
        assert {path.topic for path in address.paths} == {*Topic, LISTING}
        assert len(address.paths) <= OF_A_TOPIC * len(Topic) + len(USUAL) + MOST_FOUND


@pytest.mark.parametrize(
    ("site", "check"),
    [
        ("one-sided", "web.hsts.set"),
        ("one-sided", "web.paths.repository"),
        ("one-sided", "web.listing.off"),
        ("apache-one-sided", "web.headers.frame"),
        ("apache-one-sided", "web.https.kept"),
        ("apache-one-sided", "web.listing.off"),
        ("apache-one-sided", "web.methods.changing"),
    ],
)
def test_what_is_so_over_http2_only_is_said_to_be(results: Results, site: str, check: str) -> None:
    found = next(row.ending for row in results[site] if row.variant.check.id == check)
    assert found.args["address"] == tuple(f"{address} (HTTP/2)" for address in pair(BY_NAME[site]))
