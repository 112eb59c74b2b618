"""What stands once in the HTML report: causes, sentences, evidence, checks and lists; how its size grows; configuration lines; names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from scanner.model.reason import WORDS, Reason
from scanner.report import html_causes
from scanner.report.html_findings import by_program, suggested
from scanner.report.names import readable
from tests.golden.report_record import LINES, RECORD, make_report
from tests.unit.html_page import Element, Page
from tests.unit.report_lines import Line, golden_lines, written

CHECKS = 70
SERVERS = 2


def _town(targets: int, *, shared: bool) -> Iterator[Line]:
    """Give a record of targets with two mail servers each that refuse ``CHECKS`` checks; a third of the domain's own checks fail."""
    known: dict[str, Line] = {line["type"]: line for line in golden_lines()}
    results = [x for x in golden_lines() if x["type"] == "result"]
    refused = next(x for x in results if x["reason"] == "refused")
    fails = next(x for x in results if x["outcome"] == "fail" and x["check"] == "golden.key.length")
    passes = {**fails, "outcome": "pass"}
    each = CHECKS * SERVERS + 30
    outcomes = {"undetermined": CHECKS * SERVERS, "fail": 10, "pass": 20}
    yield {**known["run"], "planned": {"targets": targets, "checks": CHECKS + 30}}
    for n in range(targets):
        key = f"domain:d{n}.example.jp"
        yield {**known["target"], "target": key, "name": key[7:], "systems": ["mail"], "planned": each, "outcomes": outcomes}
        for server in range(SERVERS):
            host = f"mx{server}.example.jp" if shared else f"mx{server}.d{n}.example.jp"
            for check in range(CHECKS):
                note = f"{host} port 25: refused"
                yield {**refused, "target": key, "subject": f"service:{host}:25/smtp", "check": f"golden.c{check}", "detail": note}
        for check in range(30):
            yield {**(fails if check < 10 else passes), "target": key, "subject": key, "check": f"golden.d{check}"}
    total = {"planned": targets * each, "ended": targets * each}
    yield {**known["end"], "targets": {"planned": targets, "ended": targets}, "results": total}


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(make_report(RECORD.read_bytes()))


def _of_class(page: Page, name: str, within: str = "") -> list[Element]:
    at = page.by_id(within) if within else page.root
    return [e for e in page.all if name in e.classes and at in e.within()]


# Causes


def test_what_one_thing_stopped_is_one_entry_with_the_true_counts_beside_it() -> None:
    page = Page(written(list(_town(8, shared=True))))
    blocks = _of_class(page, "doubt")
    assert len(blocks) == 1
    assert len(_of_class(page, "item", "undetermined")) == SERVERS
    assert f"{SERVERS} か所で、それぞれ {CHECKS} 項目を判定できなかった" in blocks[0].text
    card = next(e for e in page.all if "c-undetermined" in e.classes)
    assert card.text.split()[0] == f"{8 * CHECKS * SERVERS:,}"
    assert f"原因 {SERVERS}" in card.text
    assert f"（原因は {SERVERS}）" in page.by_id("summary").text
    assert page.by_id("undetermined").text.count("mx0.example.jp port 25: refused") == 1


def test_servers_that_only_one_target_leads_to_are_causes_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_causes, "MOST_ENTRIES", 3)
    monkeypatch.setattr(html_causes, "MOST_NAMED", 5)
    page = Page(written(list(_town(8, shared=False))))
    assert len(_of_class(page, "item", "undetermined")) == 3
    text = page.by_id("undetermined").text
    assert f"さらに {16 - 3 - 5} か所ある" in text
    assert "（原因は 16）" in page.by_id("summary").text


def test_one_subject_that_is_stopped_is_named_in_the_heading(page: Page) -> None:
    (heading,) = [e.text for e in page.all if e.tag == "h4" and "mx1.example.jp" in e.text]
    assert heading.startswith("mx1.example.jp:25 smtp")
    assert WORDS[Reason.REFUSED].ja in heading
    assert "3 項目を判定できなかった" in heading
    assert "3 checks could not be judged" in heading


def test_different_notes_are_different_causes() -> None:
    lines = list(_town(1, shared=True))
    for n, line in enumerate(x for x in lines if x["type"] == "result" and x["reason"] and "mx0" in x["subject"]):
        line["detail"] = f"note {n // 35}"
    page = Page(written(lines))
    assert "（原因は 3）" in page.by_id("summary").text
    text = page.by_id("undetermined").text
    (entry,) = [e for e in _of_class(page, "item", "undetermined") if "mx0" in e.text]
    notes = [e.text.split()[0] + e.text.split()[-1] for e in page.all if "note-line" in e.classes and entry in e.within()]
    assert notes == ["①0", "②1"]
    assert "① 判定できなかった点検項目 35" in text
    assert "② 判定できなかった点検項目 35" in text


def test_every_check_of_a_cause_is_listed(page: Page) -> None:
    (block,) = [e for e in _of_class(page, "doubt") if "mx1.example.jp" in e.text]
    listed = {e.text for e in page.all if e.tag == "a" and block in e.within() and "ks" in (e.parent.classes if e.parent else [])}
    assert listed == {"golden.tls.offered", "golden.tls.versions", "golden.tls.newest"}


def test_a_record_with_more_kinds_of_trouble_than_fit_says_how_many_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_causes, "MOST_BLOCKS", 2)
    lines = golden_lines()
    page = Page(written(lines))
    shown = len(_of_class(page, "doubt"))
    assert shown == 2
    total = sum(x["type"] == "result" and x["outcome"] == "undetermined" for x in lines)
    (rest,) = [e.text for e in page.by_id("undetermined").children if isinstance(e, Element) and "rest" in e.classes]
    told = re.search(r"さらに (\d+) 件ある", rest)
    assert told
    assert 0 < int(told[1]) < total


def test_a_sentence_that_all_subjects_share_stands_above_them_once() -> None:
    lines = list(_town(1, shared=True))
    for line in lines:
        if line["type"] == "result" and line["reason"]:
            line["message"] = {"ja": "判断できない：証明書に問合せ先がない", "en": "cannot be told: the certificate names nobody to ask"}
    text = Page(written(lines)).by_id("undetermined").text
    assert text.count("証明書に問合せ先がない") == 1


# Failures


def test_subjects_with_the_same_sentence_stand_under_it_once() -> None:
    lines = list(_town(8, shared=True))
    page = Page(written(lines))
    said = next(x["message"]["ja"] for x in lines if x.get("outcome") == "fail")
    finding = page.by_id("f-golden.d0")
    assert finding.text.count(said) == 1
    assert "次の 8 か所で同じことを確認した" in finding.text
    assert all(f"d{n}.example.jp" in finding.text for n in range(8))


def test_evidence_is_written_once_and_referred_to(page: Page) -> None:
    written = [e for e in page.all if "fact" in e.classes]
    ids = [e.attributes["id"] for e in written]
    assert len(ids) == len(set(ids)) > 3
    excerpt = "1 record\na.example.jp TXT v=spf1 mx -all"
    assert sum(e.text.count(excerpt) for e in page.all if e.tag == "pre") == len([e for e in written if excerpt in e.text])
    assert _of_class(page, "again")


# Checks and lists


def test_every_check_is_described_once_and_every_reference_leads_there(page: Page) -> None:
    described = _of_class(page, "check", "checks")
    results = [x for x in golden_lines() if x["type"] == "result"]
    assert len(described) == len({(x["check"], json.dumps(x["settings"], sort_keys=True)) for x in results})
    ids = {e.attributes["id"] for e in page.all if "id" in e.attributes and page.by_id("checks") in e.within()}
    links = [e for e in page.all if e.tag == "a" and e.parent and "ks" in e.parent.classes]
    own = {(e.attributes["href"] or "")[1:] for e in links}
    assert len(links) > 20
    assert {link for link in own if not link.startswith("l")} <= ids


def test_why_a_check_does_not_apply_is_said_once(page: Page) -> None:
    sentences = [e.text for e in _of_class(page, "unfit")]
    assert sum("メールを送信しないドメインである" in text for text in sentences) == 1
    target = next(e for e in _of_class(page, "target") if "parked.example.jp" in (e.attributes["data-context"] or ""))
    reasons = [e.attributes["href"] for e in page.all if e.tag == "a" and target in e.within() and "golden.record.ending" in e.text]
    assert any(re.fullmatch(r"#k\d+-1", href or "") for href in reasons)


def test_servers_that_a_target_does_not_have_are_one_line_for_each_family(page: Page) -> None:
    target = next(e for e in _of_class(page, "target") if "parked.example.jp" in (e.attributes["data-context"] or ""))
    lines = [e for e in page.all if e.tag == "li" and target in e.within() and "この対象には該当するサーバがない" in e.text]
    assert len(lines) == len({x["check"].split(".")[0] for x in golden_lines() if x.get("tag") == "NO_SUBJECT"}) == 1
    assert lines[0].attributes["data-n"] == "4"


def test_a_list_that_stood_before_is_referred_to() -> None:
    page = Page(written(list(_town(3, shared=True))))
    again = [e for e in page.all if e.attributes.get("data-of")]
    assert again
    for one in again:
        before = page.by_id(one.attributes["data-of"] or "")
        assert "ks" in before.classes
        assert [e.attributes["href"] for e in page.all if e.tag == "a" and one in e.within()] == [f"#{one.attributes['data-of']}"]


# Size


def test_size_grows_by_little_for_each_result_and_in_a_line() -> None:
    sizes = [len(written(list(_town(n, shared=False)))) for n in (20, 40, 80)]
    results = CHECKS * SERVERS + 30
    first, second = (sizes[1] - sizes[0]) / 20, (sizes[2] - sizes[1]) / 40
    assert first / results < 120  # bytes for one result, where the record takes three thousand
    assert second < 1.2 * first


# Lines of configuration


def test_lines_of_configuration_stand_by_program_and_are_inert(page: Page) -> None:
    boxes = {next(e.text for e in page.all if e.tag == "h5" and box in e.within()): box for box in _of_class(page, "program")}
    assert list(boxes) == ["Postfix", "nginx"]
    (postfix,) = [e.text for e in page.all if e.tag == "pre" and boxes["Postfix"] in e.within()]
    assert postfix == "smtpd_tls_protocols = >=TLSv1.2\nsmtpd_tls_ciphers = high"
    (nginx,) = [e.text for e in page.all if e.tag == "pre" and boxes["nginx"] in e.within()]
    assert nginx.splitlines()[1] == "</pre><script>alert(3)</script> U+202E"
    (around,) = _of_class(page, "configuration")
    assert "設定例" in around.text
    assert "Lines of configuration" in around.text


def test_the_same_lines_stand_once_and_different_ones_say_for_which_subjects() -> None:
    lines = list(_town(4, shared=True))
    fails = [x for x in lines if x["type"] == "result" and x["check"] == "golden.d0"]
    for n, line in enumerate(fails):
        line |= {"args": {"settings": list(LINES)}, "message": {"ja": f"文 {n}", "en": f"sentence {n}"}}
    (once,) = _of_class(Page(written(lines)), "configuration")
    assert "d0.example.jp" not in once.text
    fails[3]["args"] = {"settings": ["nginx: http2 on;"]}
    first, second = _of_class(Page(written(lines)), "configuration")
    assert "d0.example.jp、, d1.example.jp、, d2.example.jp" in first.text  # the comma of either language
    assert "d3.example.jp" in second.text
    assert "http2 on;" in second.text


def test_a_check_that_cannot_conclude_still_shows_the_lines_it_suggests() -> None:
    lines = golden_lines()
    for line in lines:
        if line["type"] == "result" and line["check"] == "golden.tls.versions" and line["outcome"] == "fail":
            line |= {"outcome": "undetermined", "reason": "unconfirmed"}
    page = Page(written(lines))
    assert len(_of_class(page, "configuration", "undetermined")) == 1
    assert not _of_class(page, "configuration", "failures")


def test_only_lists_of_lines_are_taken_for_configuration() -> None:
    assert suggested({"args": {"settings": list(LINES)}}) == LINES
    assert suggested({"args": {"settings": "nginx: on"}}) == ()
    assert suggested({"args": {"settings": [1, 2]}}) == ()
    assert by_program(("a: x: y", "no program")) == [("a", ["x: y"]), ("", ["no program"])]


# Names


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("service:www.example.jp:443/https", "www.example.jp:443 https"),
        ("service:www.xn--7stw9s1vp.lg.jp:443/https", "www.架空市.lg.jp:443 https"),
        ("service:ns1.example.jp=192.0.2.1:53/dns", "ns1.example.jp:53 dns (192.0.2.1)"),
        ("service:ns1.example.jp=[2001:db8::1]:53/dns", "ns1.example.jp:53 dns (2001:db8::1)"),
        ("service:[2001:db8::1]:22/ssh", "[2001:db8::1]:22 ssh"),
        ("domain:xn--f4v75n.jp", "点検.jp"),
        ("service:odd", "odd"),
        ("", ""),
    ],
)
def test_keys_are_written_as_people_read_them(key: str, name: str) -> None:
    assert readable(key) == name
