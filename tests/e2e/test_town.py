"""The command line from inventory to reports, in the laboratory: the fictional town, and what spoils a run.

What is found about its mail, web and SSH servers is in ``test_town_services.py``.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from scanner.feed.verify import verify
from tests.e2e.running import LEDGER, PROGRAM, Line, record, scan, tenken
from tests.lab import Lab


def test_the_record_of_the_town_is_whole(town: Path) -> None:
    with (town / "record.jsonl").open("rb") as source:
        assert verify(source) == []
    assert tenken("feed", "verify", str(town / "record.jsonl")).status == 0


def test_every_output_is_there_and_nothing_else(town: Path) -> None:
    assert {p.name for p in town.iterdir() if not p.name.startswith("runs.")} == {"record.jsonl", "report.html", "results.csv"}


def test_the_well_kept_domain_fails_in_nothing(town: Path) -> None:
    failing = [x["check"] for x in record(town) if x["type"] == "result" and x["target"] == "domain:kakuu.lg.jp" and x["outcome"] == "fail"]
    assert failing == []


def test_the_badly_kept_domain_is_found_out_and_its_articles_are_named(town: Path) -> None:
    failing = {
        x["tag"]: x for x in record(town) if x["type"] == "result" and x["target"] == "domain:bad-all.lg.jp" and x["outcome"] == "fail"
    }
    assert {"SPF_ALL_ANYBODY", "DMARC_NONE", "AXFR_GIVEN", "SERVERS_FEW", "MX_ADDRESSES_SPECIAL"} <= set(failing)
    assert {c["baseline"] for c in failing["SPF_ALL_ANYBODY"]["controls"]} >= {"nite", "ssk"}


def test_clauses_are_assessed_for_each_system(town: Path) -> None:
    assessed = [x for x in record(town) if x["type"] == "assessment"]
    assert {x["system"] for x in assessed} >= {"mail", "public-web", "name-resolution"}
    broken = [x for x in assessed if x["strength"] in {"example", "conditional-example"} and x["outcome"] == "not-satisfied"]
    assert broken == [], "an example never violates by itself"


def test_facts_are_judged_again_to_the_same_bytes(town: Path, tmp_path: Path) -> None:
    store = f"--store={town / 'runs.sqlite3'}"
    facts = tmp_path / "facts.jsonl"
    assert tenken("facts", "export", "latest", f"--out={facts}", store).status == 0
    first = tenken("judge", str(facts), *LEDGER, "--format=jsonl")
    again = tenken("judge", str(facts), *LEDGER, "--format=jsonl")
    assert first.out == again.out
    assert first.out == (town / "record.jsonl").read_text(encoding="utf-8")


def test_one_profile_value_changes_exactly_the_results_that_name_it(town: Path, tmp_path: Path) -> None:
    facts = tmp_path / "facts.jsonl"
    assert tenken("facts", "export", "latest", f"--out={facts}", f"--store={town / 'runs.sqlite3'}").status == 0
    inventory = LEDGER[0]
    bits = {}
    for value in (2048, 4096):
        profile = tmp_path / "profile.yaml"
        profile.write_text(f"values:\n  mail.dkim.least-rsa-bits: {value}\n")
        bits[value] = [
            x for x in tenken("judge", str(facts), inventory, f"--profile={profile}", "--format=jsonl").lines if x["type"] == "result"
        ]
    changed = [a for a, b in zip(bits[2048], bits[4096], strict=True) if a != b]
    naming = [x for x in bits[2048] if any(s["key"] == "mail.dkim.least-rsa-bits" for s in x["settings"].values())]
    assert naming
    assert changed == naming


def test_the_same_scan_twice_differs_in_nothing_that_was_found(lab: Lab) -> None:
    def found() -> list[Line]:
        lines = scan(lab, "kakuu.lg.jp", "--format=jsonl", "--no-store", "--only=mail").lines
        for line in lines:
            for one in line.get("evidence", ()):
                if one["fact"] == "TlsSurvey":  # it holds the moment at which certificates are judged, so its digest is never the same
                    del one["digest"]
        return [{k: v for k, v in x.items() if k not in {"run", "observed_at"}} for x in lines if x["type"] == "result"]

    assert found() == found()


def test_a_name_as_people_write_it_is_scanned(lab: Lab) -> None:
    ran = scan(lab, "架空市.LG.jp.", "--only=mail.spf", "--format=jsonl", "--no-store")
    assert ran.lines[1]["target"] == "domain:xn--7stw9s1vp.lg.jp"
    assert ran.lines[1]["name"] == "架空市.lg.jp"


def test_a_dead_resolver_makes_everything_undetermined_and_nothing_pass(lab: Lab) -> None:
    ran = tenken("scan", "kakuu.lg.jp", "--resolver=192.175.48.199", "--format=jsonl", "--no-store", "--only=mail.spf", lab=lab)
    outcomes = {x["outcome"] for x in ran.lines if x["type"] == "result"}
    assert outcomes == {"undetermined"}
    assert ran.status == 3


def test_runs_are_listed_shown_and_compared(town: Path) -> None:
    store = f"--store={town / 'runs.sqlite3'}"
    (run,) = json.loads(tenken("runs", "list", "--json", store).out)
    assert run["end"]["exit"] == 1
    assert "bad-all.lg.jp" in tenken("runs", "show", run["run"], store, "--lang=en").out
    assert tenken("runs", "diff", run["run"], "latest", store).out == ""


def test_reports_made_from_the_store_are_those_of_the_scan(town: Path, tmp_path: Path) -> None:
    assert tenken("report", "latest", f"--store={town / 'runs.sqlite3'}", f"--out={tmp_path}", "--lang=en").status == 0
    for name in ("record.jsonl", "report.html", "results.csv"):
        assert (tmp_path / name).read_bytes() == (town / name).read_bytes(), name


def test_facts_from_elsewhere_become_a_run_of_this_store(town: Path, tmp_path: Path) -> None:
    facts = tmp_path / "facts.jsonl"
    assert tenken("facts", "export", "latest", f"--out={facts}", f"--store={town / 'runs.sqlite3'}").status == 0
    store = f"--store={tmp_path / 'other.sqlite3'}"
    assert tenken("facts", "import", str(facts), *LEDGER, store).status == 1
    assert tenken("report", "latest", "--format=jsonl", store).out == (town / "record.jsonl").read_text(encoding="utf-8")
    refused = tenken("facts", "import", str(facts), *LEDGER, store)
    assert refused.status == 2
    assert "in the store already" in refused.err or "既に保管されている" in refused.err


def test_a_run_that_is_killed_keeps_its_finished_targets_and_shows_as_unfinished(lab: Lab, tmp_path: Path) -> None:
    store, out = tmp_path / "runs.sqlite3", tmp_path / "out"
    words = ["scan", "all-silent.lg.jp", "kakuu.lg.jp", "bad-all.lg.jp", "--only=mail.spf", "--only=mail.dmarc", "--only=dns"]
    words += [f"--resolver={lab.resolver}", f"--store={store}", f"--out={out}"]
    running = subprocess.Popen(lab.command([PROGRAM, *words], "outside"), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and len(_finished_targets(store)) < 2:
            time.sleep(0.05)  # polled: a target is written as soon as it is done, behind one that does not answer too
    finally:
        running.kill()
        running.wait()
    finished = _finished_targets(store)
    assert sorted(finished) == ["domain:bad-all.lg.jp", "domain:kakuu.lg.jp"]
    (run,) = json.loads(tenken("runs", "list", "--json", f"--store={store}").out)
    assert run["end"] is None
    assert list(out.glob("[!.]*")) == []
    (cut_off,) = out.glob(".record.jsonl.*.partial")
    lines = [json.loads(line) for line in cut_off.read_text(encoding="utf-8").splitlines()]
    assert [x["target"] for x in lines if x["type"] == "target"] == finished
    assert sum(x["ended"] for x in lines if x["type"] == "target") == sum(x["type"] == "result" for x in lines)


def _finished_targets(store: Path) -> list[str]:
    if not store.exists():
        return []
    with closing(sqlite3.connect(store)) as db:
        try:
            return [name for (name,) in db.execute("select target from targets")]
        except sqlite3.OperationalError:  # the tables are not there yet
            return []


def test_the_catalogue_can_be_listed_for_other_programs() -> None:
    (checks,) = [json.loads(line) for line in tenken("checks", "list", "--format=json").out.splitlines()]
    assert {"id", "severity", "title", "facts", "parameters", "methods", "intrusive", "controls"} == set(checks[0])
    rows = [json.loads(line) for line in tenken("baselines", "coverage", "--format=jsonl").out.splitlines()]
    assert len(rows) == 2504


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["scan"], "--inventory"),
        (["scan", "exa mple.jp"], "exa mple.jp"),
        (["scan", "example.jp", "--only", "mail.spff"], "mail.spf"),
        (["scan", "example.jp", "--baseline", "nitte"], "nite"),
        (["scan", "example.jp", "--zone", "moon"], "internet"),
        (["scan", "example.jp", "--resolver", "resolver"], "--resolver"),
        (["scan", "--inventory", "/nonexistent.yaml"], "/nonexistent.yaml"),
        (["judge", "/nonexistent.jsonl"], "/nonexistent.jsonl"),
        (["checks", "show", "mail.spf.al"], "mail.spf.all"),
        (["scan", "example.jp", "--format=csv", "--format=html"], "--out"),
    ],
    ids=lambda w: "-".join(w) if isinstance(w, list) else "",
)
def test_wrong_use_is_told_with_the_nearest_right_name(words: list[str], said: str) -> None:
    ran = tenken(*words)
    assert (ran.status, said in ran.err) == (2, True), ran.err


def test_a_full_disk_is_a_clear_error_and_leaves_no_file_that_looks_whole(town: Path, tmp_path: Path) -> None:
    facts = tmp_path / "facts.jsonl"
    assert tenken("facts", "export", "latest", f"--out={facts}", f"--store={town / 'runs.sqlite3'}").status == 0
    full = tmp_path / "full"
    full.mkdir()
    script = f"mount -t tmpfs -o size=64k tmpfs {full} && {PROGRAM} judge {facts} --out {full}; echo status $?; ls -A {full}"
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["status", "2"], done.stdout + done.stderr
    assert "record.jsonl" in done.stderr
