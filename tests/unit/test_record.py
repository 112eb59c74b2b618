"""The record from facts to bytes: whole, verifiable, stored and given back as it was, and the same for the same facts."""

from __future__ import annotations

import csv
import io
import json
import resource
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from baselines.model import Use
from scanner.cli.sinks import RecordSink
from scanner.codec import canonical, fact_types
from scanner.engine import factsfile
from scanner.engine.factsfile import BadFacts, FactsFile, Head
from scanner.engine.plan import make_plan
from scanner.engine.run import Judging, Seen, judge_again
from scanner.feed.verify import schema, verify
from scanner.ledger.exceptions import Exceptions
from scanner.ledger.inventory import Inventory
from scanner.ledger.profile import EMPTY, Profile, ProfileSetting
from scanner.model.check import Check
from scanner.model.fact import cannot_tell
from scanner.model.reason import ADVICE, MEANS, Reason
from scanner.model.target import Service
from scanner.report.files import whole_file
from scanner.report.record import ResultLine, to_bytes
from scanner.report.table import write_csv
from scanner.store.packing import packed_target
from scanner.store.store import Store
from scanner.store.trouble import StoreError
from tests.unit.frame import AT, Doors, Keys, Lights, baseline, control, doors, facts, keyed, looked, seen, silent, start, world

SEEN = [
    looked(facts(seen(Lights(9, ("ns.example.jp",))), {"ns.example.jp": seen(Doors(True))}, "a.example.jp")),
    looked(facts(silent(Reason.SERVER_FAILURE), name="b.example.jp")),
    looked(facts(seen(Lights(1)), name="xn--f4v75n.jp")),
]
DOCUMENT = baseline(
    control("c1", "test.lights"), control("c2", "test.doors"), control("c3", "test.lights", checks=(Use("test.lights", {"most": 20}),))
)


def _record(profile: Profile = EMPTY, targets: list[Seen] = SEEN, store: Store | None = None, checks: tuple[Check, ...] = ()) -> bytes:
    out = io.BytesIO()
    plan = make_plan(world(*checks), [DOCUMENT], profile)
    head = start(DOCUMENT, targets=len(targets), checks=len(plan.variants))
    sink = RecordSink(head, Exceptions(), [out], (lambda: store) if store else None)
    judge_again(Judging(head, plan, Inventory.of_targets([]), profile, Exceptions(), [sink]), iter(targets), lambda: AT)
    return out.getvalue()


def _lines(record: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in record.splitlines()]


def test_a_record_is_whole_and_fits_its_schema() -> None:
    assert verify(io.BytesIO(_record())) == []


def test_the_same_facts_give_the_same_bytes() -> None:
    assert _record() == _record()


def test_one_profile_value_changes_exactly_the_results_that_name_it() -> None:
    own = Profile(values={"lights.most": ProfileSetting(10, "profile", "profile.yaml", 2)})
    before, after = _lines(_record()), _lines(_record(own))
    changed = [
        (a["check"], a["settings"]["most"]["source"]) for a, b in zip(after, before, strict=True) if a["type"] == "result" and a != b
    ]
    # One variant takes its limit from the profile, the other from the document: only the first changes.
    assert changed == [("test.lights", "profile")] * 3


def test_an_undetermined_result_carries_its_reason_and_detail() -> None:
    (line,) = [
        x for x in _lines(_record()) if x["type"] == "result" and x["target"] == "domain:b.example.jp" and x["check"] == "test.absence"
    ]
    assert (line["outcome"], line["reason"], line["tag"]) == ("undetermined", "server-failure", "SERVER_FAILURE")
    assert "192.0.2.1" in line["detail"]
    assert line["message"] == {"ja": "サーバが失敗を返した", "en": "the server answered with a failure"}


def test_one_absence_behind_several_facts_is_written_under_the_name_of_each() -> None:
    why = silent()  # a probe whose need is missing hands on what its need ended with
    target = facts(seen(Lights(1, ("ns.example.jp",))), {"ns.example.jp": why})
    target.put(Service("ns.example.jp", 53, "dns"), Keys, why)
    lines = _lines(_record(targets=[looked(target)], checks=(doors, keyed)))
    named = {line["check"]: [part["fact"] for part in line["evidence"]] for line in lines if line["type"] == "result"}
    assert named == {"test.doors": ["Doors"], "test.keys": ["Keys"]}


def test_the_run_line_says_once_what_reasons_and_values_mean() -> None:
    lines = _lines(_record())
    run = lines[0]
    assert run["reasons"]["server-failure"]["message"] == next(x["message"] for x in lines if x.get("reason") == "server-failure")
    assert set(run["reasons"]) == {reason.value for reason in Reason}
    assert run["values"]["lights.most"] == {"text": {"ja": "灯りの上限", "en": "most lights"}, "unit": "", "default": 3, "choices": []}
    named = {s["key"] for x in lines if x["type"] == "result" for s in x["settings"].values() if s["key"]}
    assert named == set(run["values"])


def test_an_internationalised_name_is_shown_as_people_write_it() -> None:
    assert [x["name"] for x in _lines(_record()) if x["type"] == "target"][-1] == "点検.jp"


def _drop(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    gone = next(i for i, line in enumerate(lines) if line["type"] == kind)
    return lines[:gone] + lines[gone + 1 :]


def _set(lines: list[dict[str, Any]], kind: str, key: str, value: object) -> list[dict[str, Any]]:
    done = False
    out = []
    for line in lines:
        if line["type"] == kind and not done:
            done, line = True, line | {key: value}  # noqa: PLW2901  the changed line takes its place
        out.append(line)
    return out


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda x: _drop(x, "end"), "no end line"),
        (lambda x: _drop(x, "run"), "before the run line"),
        (lambda x: _drop(x, "result"), "planned"),
        (lambda x: _drop(x, "target"), "stands below"),
        (lambda x: _drop(x, "assessment"), "assessments"),
        (lambda x: _set(x, "result", "outcome", "fine"), "outcome"),
        (lambda x: _set(x, "result", "run", "another"), "belongs to the run"),
        (lambda x: _set(x, "result", "reason", "timeout"), "without being undetermined"),
        (lambda x: _set(x, "result", "controls", [{"baseline": "nowhere", "id": "x", "ref": "y"}]), "which the run line does not"),
        (
            lambda x: _set(
                x, "assessment", "because", [{"target": "domain:z.jp", "subject": "", "check": "", "outcome": "pass", "tag": ""}]
            ),
            "not in the record",
        ),
        (lambda x: _set(x, "end", "outcomes", {"pass": 99}), "counts outcomes"),
        (lambda x: [*x, x[-1]], "after the end line"),
        (lambda x: [{"type": "surprise"}, *x], "no line of type"),
        (lambda x: _set(x, "target", "ended", 1), "planned"),
    ],
)
def test_a_spoilt_record_is_found_out(spoil: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], said: str) -> None:
    spoilt = b"".join(json.dumps(line).encode() + b"\n" for line in spoil(_lines(_record())))
    assert any(said in problem.message for problem in verify(io.BytesIO(spoilt)))


@pytest.mark.parametrize("junk", [b"", b"\n", b"{", b"[1]\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n"])
def test_junk_is_no_record(junk: bytes) -> None:
    assert verify(io.BytesIO(junk)) != []


def test_the_store_gives_back_the_record_byte_for_byte(tmp_path: Path) -> None:
    with Store(tmp_path / "runs.sqlite3") as store:
        record = _record(store=store)
        run = store.find("latest")
        assert list(store.lines(run)) == _lines(record)
        assert [row.run for row in store.runs()] == [run]
        with pytest.raises(StoreError, match="is in the store already"):
            _record(store=store)


def _row(line: dict[str, Any]) -> ResultLine:
    """A result line as the recorder would have handed it to the store."""
    settings = {name: applied["value"] for name, applied in line["settings"].items()}
    return ResultLine(
        to_bytes(line), line["target"], line["subject"], line["check"], canonical(settings).decode(), line["outcome"], line["tag"]
    )


def test_the_store_tells_what_changed_between_runs(tmp_path: Path) -> None:
    with Store(tmp_path / "runs.sqlite3") as store:
        first = _lines(_record())
        for name, on in (("run-1", "fail"), ("run-2", "pass")):
            store.begin(first[0] | {"run": name, "started_at": f"2026-11-22T00:00:0{name[-1]}Z"})
            results = [x for x in first if x["type"] == "result" and x["target"] == "domain:a.example.jp"]
            changed = [r | {"outcome": on, "run": name} if r["check"] == "test.doors" else r | {"run": name} for r in results]
            line = next(x for x in first if x["type"] == "target") | {"run": name}
            store.target(0, packed_target(line, [_row(x) for x in changed], b""))
        (change,) = store.diff("run-1", "run-2")
        assert (change.check, change.before and change.before["outcome"], change.after and change.after["outcome"]) == (
            "test.doors",
            "fail",
            "pass",
        )
        assert store.find("latest") == "run-2"
        with pytest.raises(StoreError, match="several"):
            store.find("run")
        with pytest.raises(StoreError, match="no run"):
            store.find("other")


def _night(store: Store, name: str, targets: str = "abc", *, zone: str = "internet", checks: int = 100, ended: bool = True) -> None:
    """Keep a run, with a target for each letter; names in the order of the alphabet are times."""
    lines = _lines(_record())
    begun = {"run": name, "started_at": f"2026-11-22T00:00:00Z {name}", "zone": zone, "planned": {"targets": 3, "checks": checks}}
    store.begin(lines[0] | begun)
    line = next(x for x in lines if x["type"] == "target") | {"run": name}
    for n, letter in enumerate(targets):
        store.target(n, packed_target(line | {"target": f"domain:{letter}.example.jp"}, [], b""))
    if ended:
        store.end([], lines[-1] | {"run": name})


def _nights(store: Store, names: Iterable[int]) -> None:
    for name in names:
        _night(store, str(name))


def test_a_run_is_compared_with_the_last_whole_one_that_saw_about_the_same(tmp_path: Path) -> None:
    with Store(tmp_path / "runs.sqlite3") as store:
        _night(store, "1")
        _night(store, "2", zone="office")
        _night(store, "3", "a")
        _night(store, "4", checks=20)
        _night(store, "5", ended=False)
        _night(store, "6", "bcd")
        assert store.before("6") == "1"
        with pytest.raises(StoreError, match="two are needed"):
            store.before("1")


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite3"
    with pytest.raises(StoreError, match="no such run store"):
        Store(path, existing=True)
    assert not path.exists()
    path.write_bytes(b"no database, but long enough to be taken for one" * 100)
    with pytest.raises(StoreError, match="this is no run store"):
        Store(path)


def test_a_store_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite3"
    with Store(path), closing(sqlite3.connect(path)) as db, db:
        db.execute("update about set value = '99'")
    with pytest.raises(StoreError, match="version 99"):
        Store(path)


def test_a_store_that_is_full_says_so_and_keeps_its_runs(tmp_path: Path) -> None:
    with Store(tmp_path / "runs.sqlite3") as store:
        _night(store, "1")
        with store.connection() as db:
            pages = db.exec_driver_sql("pragma page_count").scalar_one()
            db.exec_driver_sql(f"pragma max_page_count = {pages}")
        with pytest.raises(StoreError, match="no space"):
            _nights(store, range(2, 200))
        assert store.runs()[-1].end is not None


@pytest.fixture
def _known_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.codec.fact_types", lambda: {**fact_types(), "Lights": Lights, "Doors": Doors})


def _facts_file() -> bytes:
    out = io.BytesIO()
    factsfile.write(out, Head("run", AT, "internet", "me"), map(factsfile.target_line, SEEN), AT)
    return out.getvalue()


@pytest.mark.usefixtures("_known_facts")
def test_facts_come_back_as_they_went_and_give_the_same_record() -> None:
    file = FactsFile(io.BytesIO(_facts_file()), "facts.jsonl")
    again = list(file.targets())
    assert [list(s.facts.rows()) for s in again] == [list(s.facts.rows()) for s in SEEN]
    assert (file.head.run, file.ended_at) == ("run", AT)
    assert _record(targets=again) == _record()


@pytest.mark.usefixtures("_known_facts")
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: f[: f.rindex(b'{"digest"')], "cut off"),
        (lambda f: f.replace(b'"on":9', b'"on":1'), "changed"),
        (lambda f: f.replace(b'"on":9', b'"on":"nine"'), "NotAFact"),
        (lambda f: f.replace(b'"fact":"Lights"', b'"fact":"Shadows"'), "Shadows"),
        (lambda f: f.replace(b"domain:a.example.jp", b"domain:-"), "NotATarget"),
        (lambda f: f + b"more\n", "follows the end line"),
        (lambda f: b"", "not the head"),
        (lambda f: f[:200], "no JSON"),
        (lambda f: f.splitlines()[0] + b"\n[]\n", "JSON object"),
    ],
)
def test_a_spoilt_facts_file_is_refused(spoil: Callable[[bytes], bytes], said: str) -> None:
    with pytest.raises(BadFacts, match=said):
        list(FactsFile(io.BytesIO(spoil(_facts_file())), "facts.jsonl").targets())


def _write_half(path: Path, end: Callable[[], object]) -> None:
    with whole_file(path) as out:
        out.write(b"half" * 4096)
        out.flush()
        end()


def test_a_file_that_cannot_be_finished_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        _write_half(tmp_path / "report.html", lambda: 1 // 0)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_finds_no_room_names_itself_and_leaves_nothing(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match=r"report\.html"):
            _write_half(tmp_path / "report.html", lambda: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_csv_opens_in_a_spreadsheet_and_runs_no_formula() -> None:
    lines = _lines(_record())
    lines[2]["message"]["ja"] = '=HYPERLINK("http://192.0.2.1")'
    out = io.BytesIO()
    write_csv(lines, out, "ja")
    text = out.getvalue()
    assert text.startswith(b"\xef\xbb\xbf")
    assert "'=HYPERLINK" in text.decode()
    assert len(text.decode().splitlines()) == 1 + sum(x["type"] == "result" for x in lines)


def test_csv_has_the_targets_in_the_order_of_their_keys_however_they_ended() -> None:
    def rows(names: str) -> tuple[list[str], bytes]:
        out = io.BytesIO()
        targets = [looked(facts(cannot_tell(Reason.NOT_DECLARED, "番", "number"), name=f"{name}.example.jp")) for name in names]
        write_csv(_lines(_record(targets=targets)), out, "en")
        return [row["target"] for row in csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig")))], out.getvalue()

    targets, text = rows("bac")
    assert targets == sorted(targets)
    assert len(set(targets)) == 3
    assert text == rows("cba")[1]
    assert rows("")[0] == []


def test_what_a_check_cannot_tell_of_each_target_is_told_of_each() -> None:
    """Messages without arguments are written once; these have words of their own."""
    targets = [looked(facts(cannot_tell(Reason.NOT_DECLARED, "{n} 番", "number {n}", n=n), name=f"{n}.example.jp")) for n in range(3)]
    messages = [x["message"]["ja"] for x in _lines(_record(targets=targets)) if x["type"] == "result" and x["check"] == "test.absence"]
    assert messages == [f"台帳に記載がない：{n} 番" for n in range(3)]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_csv_says_of_an_undetermined_result_what_follows_and_what_to_do(language: str) -> None:
    out = io.BytesIO()
    write_csv(_lines(_record()), out, language)
    rows = list(csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig"))))
    to_do, means, note = {
        "ja": ("対処", "理由の意味", "技術情報（英語）"),
        "en": ("remedy", "what the reason means", "technical note"),
    }[language]
    (row, *_) = [r for r in rows if "server-failure" in r.values()]
    reason = Reason.SERVER_FAILURE
    assert row[to_do] == getattr(ADVICE[reason], language)
    assert row[means] == getattr(MEANS[reason], language)
    assert "192.0.2.1" in row[note]
    assert [r for r in rows if "pass" in r.values() and (r[to_do] or r[means])] == []


def test_csv_of_a_reason_that_a_newer_version_wrote_has_no_words_for_it() -> None:
    lines = [x | ({"reason": "newer"} if x.get("outcome") == "undetermined" else {}) for x in _lines(_record()) if x["type"] == "result"]
    out = io.BytesIO()
    write_csv(lines, out, "en")
    assert b",newer,," in out.getvalue()


def test_the_worked_example_of_the_contract_is_a_whole_record() -> None:
    """Made by ``tenken scan`` in the laboratory; made anew when the record gains a field that readers should see."""
    with (Path(__file__).parents[2] / "baselines/schema/record-1.example.jsonl").open("rb") as source:
        assert verify(source) == []


def test_the_schema_knows_every_reason_and_every_kind_of_line() -> None:
    known = schema()["$defs"]
    assert set(known) == {"run", "target", "result", "assessment", "end"}
    assert set(known["result"]["properties"]["reason"]["enum"]) == {None, *(reason.value for reason in Reason)}
