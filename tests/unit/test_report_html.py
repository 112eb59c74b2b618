"""The HTML report: golden, self-contained, well formed, inert towards hostile text, whole in both languages, bounded in memory.

When the report is meant to change, make the golden files anew with ``python -m tests.golden.report_record`` and read the difference.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.model import Status, Strength
from scanner.engine.assess import Finding
from scanner.feed.verify import verify
from scanner.model.reason import ADVICE, MEANS, WORDS, Reason
from scanner.model.text import Text
from scanner.model.verdict import Outcome, Severity
from scanner.report import html_findings, html_targets, html_text, html_words
from scanner.report.html import write_html
from tests.golden.report_record import RECORD, REPORT, make_record, make_report
from tests.unit.html_page import Element, Page
from tests.unit.report_lines import Line, golden_lines, written

JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(make_report(RECORD.read_bytes()))


def _said(page: Page, language: str) -> str:
    """Give what a reader of one language sees."""
    other = ("i", "en" if language == "ja" else "ja")
    return " ".join(
        text
        for text, at in page.texts
        if not any(other == (e.tag, e.attributes.get("lang")) or e.tag in {"style", "script", "title"} for e in at.within())
    )


# Golden


def test_the_golden_record_is_whole_and_as_the_engine_makes_it() -> None:
    assert verify(io.BytesIO(RECORD.read_bytes())) == []
    assert RECORD.read_bytes() == make_record()


def test_the_golden_record_has_every_case() -> None:
    results = [x for x in golden_lines() if x["type"] == "result"]
    assessments = [x for x in golden_lines() if x["type"] == "assessment"]
    assert {x["outcome"] for x in results} == set(Outcome)
    assert {x["outcome"] for x in assessments} == set(Finding)
    assert {s["source"] for x in results for s in x["settings"].values()} == {"default", "profile", "baseline"}
    assert len({x["exception"] for x in results}) == 2
    assert {x["system"] for x in assessments} == {"mail", "web", "unlisted"}
    assert {x["baseline"] for x in assessments} == {"town", "pref"}


def test_the_report_is_the_golden_one() -> None:
    assert make_report(RECORD.read_bytes()) == REPORT.read_bytes()


# One file, no request


def test_nothing_is_fetched(page: Page) -> None:
    assert not {e.tag for e in page.all} & {
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "audio",
        "video",
        "source",
        "frame",
        "image",
        "use",
    }
    fetching = {"src", "srcset", "data", "action", "formaction", "poster", "background", "xlink:href", "ping", "manifest", "style"}
    assert not {name for e in page.all for name in e.attributes} & fetching
    assert all((e.attributes.get("href") or "#").startswith("#") for e in page.all)
    style = next(e for e in page.all if e.tag == "style").text
    assert "url(" not in style
    assert "@import" not in style


def test_the_policy_allows_the_two_inline_parts_and_nothing_else(page: Page) -> None:
    policy = next(e.attributes["content"] for e in page.all if e.attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        (one,) = [e for e in page.all if e.tag == tag]
        digest = base64.b64encode(hashlib.sha256(one.text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert not [name for e in page.all for name in e.attributes if name.startswith("on")]


# Structure


def test_ids_are_unique_and_every_link_leads_somewhere(page: Page) -> None:
    ids = [e.attributes["id"] for e in page.all if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    assert not [i for i in ids if not i or re.search(r"\s", i)]
    links = {(e.attributes["href"] or "")[1:] for e in page.all if "href" in e.attributes}
    assert len(links) > 20
    assert links <= set(ids)
    assert {e.attributes["for"] for e in page.all if "for" in e.attributes} <= set(ids)


def test_headings_descend_one_at_a_time_and_tables_have_scopes(page: Page) -> None:
    levels = [int(e.tag[1]) for e in page.all if re.fullmatch("h[1-6]", e.tag)]
    assert levels.count(1) == 1
    main = levels[levels.index(1) :]
    assert all(after <= before + 1 for before, after in pairwise(main))
    assert all(e.attributes.get("scope") in {"row", "col"} for e in page.all if e.tag == "th")


def test_an_article_leads_to_its_finding_and_the_finding_back(page: Page) -> None:
    finding, clause = page.by_id("f-golden.transfer"), page.by_id("c-town-11")
    hrefs = {id(one): {e.attributes["href"] for e in page.all if "href" in e.attributes and one in e.within()} for one in (finding, clause)}
    assert "#c-town-11" in hrefs[id(finding)]
    assert "#f-golden.transfer" in hrefs[id(clause)]


# Hostile text


def test_hostile_text_is_shown_and_inert(page: Page) -> None:
    assert len([e for e in page.all if e.tag == "script"]) == 1
    text = page.by_id("failures").text
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in text
    assert "{{ 7*7 }}" in text
    for mark in ("U+202E", "U+0000", "U+001B", "U+007F", "U+0085", "U+200B", "U+2066", "U+2069"):
        assert mark in text
    assert "U+0301 ×57" in text


def test_nothing_invisible_is_left(page: Page) -> None:
    raw = make_report(RECORD.read_bytes()).decode()
    assert INVISIBLE.search(raw) is None
    assert "\u0301" * 4 not in raw


def test_very_long_text_is_cut_and_says_so(page: Page) -> None:
    assert "a" * 2_000 not in page.root.text
    assert "字は record.jsonl にある" in page.root.text


@given(st.text(st.characters(), max_size=80))
def test_any_text_comes_out_as_text(text: str) -> None:
    for made in (html_text.shown(text), html_text.shown(text, lines=True), html_text.remedy({"ja": text, "en": text})):
        page = Page(str(made).encode())
        assert {e.tag for e in page.all} <= {"i", "span", "code"}
        assert INVISIBLE.search(str(made)) is None


def test_hostile_names_make_no_ids_of_their_own() -> None:
    lines = golden_lines()
    for line in lines:
        if line["type"] == "assessment":
            line["control"] = f'"><script>{line["control"]} \u202e'
        if line["type"] in {"target", "result"}:
            line["zone"] = "<script>x</script>\u202e"
    page = Page(written(lines))
    assert len([e for e in page.all if e.tag == "script"]) == 1
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", e.attributes["id"] or "") for e in page.all if "id" in e.attributes)


# What a reader must find


def test_a_whole_record_says_so(page: Page) -> None:
    planned = golden_lines()[-1]["results"]["planned"]
    assert f"予定した {planned} 件の判定がすべて終わった" in page.by_id("run").text
    assert not [e for e in page.all if "alarm" in e.classes]


def test_a_record_that_was_cut_off_says_so_in_both_languages() -> None:
    lines = golden_lines()
    page = Page(written(lines[: len(lines) // 2]))
    (alarm, *_) = [e.text for e in page.all if "alarm" in e.classes]
    assert "この記録は途中で切れている" in alarm
    assert "This record was cut off" in alarm
    assert "途中で切れている" in page.by_id("summary").text


def test_a_record_may_be_cut_anywhere() -> None:
    lines = golden_lines()
    for n in (0, 1, 2, 3, 9, len(lines) - 1):
        assert "途中で切れている" in Page(written(lines[:n])).root.text


def test_planned_and_ended_that_differ_are_said() -> None:
    lines = golden_lines()
    lines[-1]["results"]["ended"] -= 1
    (alarm,) = [e.text for e in Page(written(lines)).all if "alarm" in e.classes]
    assert "予定した点検と終わった点検の数が合わない" in alarm


def test_a_finding_has_all_that_is_asked_of_it(page: Page) -> None:
    text = page.by_id("f-golden.record.ending").text
    for part in (
        "送信元の記録が、列挙した送信元以外を拒む",  # title
        "公開されている記録：",  # what was seen
        "なりすましを止められない",  # why
        "example.lg.jp. IN TXT",  # remedy
        "第town-10-1条",  # articles of one document
        "第3条第2号",  # and of the other
        "golden.endings",  # the setting
        "組織の値",
        "profile.yaml:4",
        "1 record",  # evidence
        "rei-2026-001",  # exception
        "2026-11-22 09:00:00 JST",  # when
        "internet",  # from where
    ):
        assert part in text


def test_a_default_is_called_a_default(page: Page) -> None:
    (table,) = [e for e in page.all if "settings" in e.classes and page.by_id("f-golden.key.length") in e.within()]
    assert "既定値" in table.text
    assert "鍵の長さの下限" in table.text
    assert "least key length" in table.text
    assert "組織の値は未設定" in table.text


def test_undetermined_results_stand_by_reason_with_what_to_do(page: Page) -> None:
    text = page.by_id("undetermined").text
    for reason in (Reason.TIMEOUT, Reason.VALUE_NOT_SET, Reason.UNCONFIRMED, Reason.SERVER_FAILURE):
        assert WORDS[reason].ja in text
        assert MEANS[reason].ja in text
        assert ADVICE[reason].ja in text


def test_what_a_probe_says_in_english_is_labelled_as_a_technical_note_in_both_languages(page: Page) -> None:
    notes = [e.text for e in page.all if "note-line" in e.classes]
    assert any("no answer from 192.0.2.53:53/tcp within 5 s (2 tries)" in note for note in notes)
    assert all("技術情報（英語）" in note and "technical note" in note for note in notes)


def test_a_clause_that_a_record_shows_names_the_record_and_its_time(page: Page) -> None:
    text = page.by_id("c-pref-9").text
    for part in ("有効期間内の記録によって示されている", "規程どおりに運用している", "点検記録 <b>10月</b>", "2026-10-01–2027-03-31"):
        assert part in text


def test_failures_stand_in_order_of_severity(page: Page) -> None:
    order = [e.attributes["id"] for e in page.all if e.tag == "article" and page.by_id("failures") in e.within()]
    assert order[:2] == ["f-golden.transfer", "f-golden.record.ending"]
    assert len(order) == 6  # the key length was judged with two settings


def test_counts_are_those_of_the_record(page: Page) -> None:
    cards = [e.text.split()[0] for e in page.all if "card" in e.classes]
    outcomes = golden_lines()[-1]["outcomes"]
    assert cards == [str(outcomes[o]) for o in ("fail", "undetermined", "pass", "not-applicable")]


def test_every_result_stands_under_its_target(page: Page) -> None:
    for target in (x for x in golden_lines() if x["type"] == "target"):
        (here,) = [e for e in page.all if "target" in e.classes and (e.attributes["data-context"] or "").split()[1] == target["target"]]
        rows = [e for e in page.all if "data-outcome" in e.attributes and e.tag == "li" and here in e.within()]
        found = Counter[str]()
        for row in rows:
            found[row.attributes["data-outcome"] or ""] += int(row.attributes["data-n"] or 0)
        assert found == target["outcomes"]


# Both languages


def test_every_sentence_is_there_in_both_languages(page: Page) -> None:
    for one in page.all:
        kin = [c for c in one.children if isinstance(c, Element)]
        for n, child in enumerate(kin):
            if (child.tag, child.attributes.get("lang")) == ("i", "ja"):
                assert kin[n + 1].tag == "i", child.text
                assert kin[n + 1].attributes["lang"] == "en"
                assert bool(child.text.strip()) == bool(kin[n + 1].text.strip()), child.text


def test_an_english_reader_meets_no_japanese_of_ours(page: Page) -> None:
    shown = {id(at): text for text, at in page.texts if not any(e.tag in {"style", "script", "title"} for e in at.within())}
    for text, at in page.texts:
        if id(at) in shown and JAPANESE.search(text):
            around = list(at.within())
            # Names in the record, and titles and references of clauses that exist in Japanese only, are marked as such.
            assert any(e.tag == "bdi" or e.attributes.get("lang") == "ja" for e in around), text
    assert "Undetermined" in _said(page, "en")
    assert "判定できるようにするには" not in _said(page, "en")


def test_the_language_asked_for_is_shown_first_and_the_other_can_be_reached() -> None:
    for language, other in (("ja", "en"), ("en", "ja")):
        page = Page(make_report(RECORD.read_bytes(), language))
        assert next(e for e in page.all if e.tag == "html").attributes["lang"] == language
        assert "checked" in page.by_id(f"lang-{language}").attributes
        assert "checked" not in page.by_id(f"lang-{other}").attributes
        assert [e for e in page.all if e.attributes.get("for") == f"lang-{other}"]


def test_every_member_of_every_closed_set_has_its_words() -> None:
    assert set(html_words.OUTCOMES) == set(Outcome)
    assert set(html_words.FINDINGS) == set(Finding)
    assert set(html_words.SEVERITIES) == set(Severity)
    assert set(html_words.STRENGTHS) == set(Strength)
    assert all(html_words.status(s.value) for s in Status)
    texts: list[Text] = [*html_words.STRENGTHS.values(), *html_words.SOURCES.values()]
    assert all(JAPANESE.search(t.ja) and t.en.isascii() | ("…" in t.en) for t in texts)


def test_unknown_members_and_fields_do_no_harm() -> None:
    lines = golden_lines()
    for line in lines:
        line["later"] = {"x": ["<b>"]}
        if line["type"] == "result" and line["outcome"] == "undetermined":
            line["reason"] = "newer-reason"
            line["severity"] = "newer"
        if line["type"] == "assessment":
            line["strength"] = "newer"
    assert "newer-reason" in Page(written(lines)).by_id("undetermined").text


# Remedies


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("末尾を「-all」とする。「送信」は除く。", ["-all"]),
        ('「example.lg.jp. IN TXT "v=spf1 -all"」を公開する。', ['example.lg.jp. IN TXT "v=spf1 -all"']),
        ("BIND「rndc sign ゾーン」を実行する", ["rndc sign ゾーン"]),
        ("/etc/dconf/profile/user に書く", ["/etc/dconf/profile/user"]),
        ("A/AAAA レコード、及び/又は", []),
    ],
)
def test_what_is_to_be_typed_is_set_as_code(text: str, typed: list[str]) -> None:
    page = Page(str(html_text.remedy({"ja": text, "en": ""})).encode())
    assert [e.text for e in page.all if e.tag == "code"] == typed


# Size


def _synthetic(targets: int) -> Iterator[Line]:
    """Give a record of many targets, one line at a time."""
    known = {line["type"]: line for line in golden_lines()}
    result = next(x for x in golden_lines() if x["type"] == "result" and x["outcome"] == "fail" and x["check"] == "golden.key.length")
    yield {**known["run"], "planned": {"targets": targets, "checks": 4}}
    for n in range(targets):
        key = f"domain:host-{n}.example.jp"
        yield {
            **known["target"],
            "target": key,
            "name": key[7:],
            "systems": [f"s{n % 500}"],
            "planned": 4,
            "outcomes": {"fail": 2, "pass": 2},
        }
        for m in range(4):
            yield {**result, "target": key, "subject": key, "check": f"golden.check-{m}", "outcome": "fail" if m < 2 else "pass"}
    for n in range(500):
        yield {**known["assessment"], "system": f"s{n}"}
    total = {"planned": targets, "ended": targets}
    yield {**known["end"], "targets": total, "results": {"planned": 4 * targets, "ended": 4 * targets}}


def test_memory_and_size_stay_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(html_targets, "MOST_ROWS", 600)  # keeps the test quick; the bound is what is tested
    peaks, sizes = [], []
    for targets in (1_000, 5_000):
        file = tmp_path / f"{targets}.html"
        with file.open("wb") as out:
            tracemalloc.start()
            write_html(partial(_synthetic, targets), out, "ja")
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        sizes.append(file.stat().st_size)
    assert peaks[1] < 16 * 2**20
    assert peaks[1] - peaks[0] < 2 * 2**20
    assert sizes[1] - sizes[0] < 200_000


def test_what_is_left_out_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_targets, "MOST_ROWS", 220)  # ten targets, of whose four rows two are failures
    lines = list(_synthetic(300))
    page = Page(written(lines))
    assert [e.text.split()[0] for e in page.all if "card" in e.classes][:1] == ["600"]
    assert f"さらに {300 - html_findings.MOST_DETAILED - html_findings.MOST_NAMED} か所ある" in page.by_id("failures").text
    assert "不適合と判定不能の多い 10 対象を載せる。残る 290 対象の結果は record.jsonl にある" in page.by_id("targets").text
    assert "ほかに 400 システムある" in page.by_id("summary").text
    assert "ほかに 480 システムの評価がある" in page.by_id("documents").text
