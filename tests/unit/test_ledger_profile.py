"""Profile, decisions, attestations and exceptions once they are read: what holds on which day, for what, and from where it comes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from scanner.ledger.attestations import Attestation, Choice
from scanner.ledger.exceptions import Article, Exceptions, parse_exceptions
from scanner.ledger.grading import STANDARD, Levels, Scale
from scanner.ledger.inventory import Inventory
from scanner.ledger.known import Known
from scanner.ledger.profile import EMPTY, AnyValue, Citation, ProfileSetting, load_profile, parse_profile
from scanner.model.check import Value
from scanner.model.target import Domain
from scanner.model.text import Text

W = Text(ja="値", en="value")
IDLE = Value("screen-lock.idle-seconds", default=900, text=W, unit="s")
POLICY = Value("mail.dmarc.least-policy", default="quarantine", text=W, choices=("none", "quarantine", "reject"))
FACTOR = Value("dns.amplification.most", default=4.0, text=W)
ENDINGS: Value[tuple[str, ...]] = Value("mail.spf.endings", default=("-",), text=W)
ASKED = Value("dns.redundancy.asked", default=True, text=W)
VALUES: dict[str, AnyValue] = {IDLE.key: IDLE, POLICY.key: POLICY, FACTOR.key: FACTOR, ENDINGS.key: ENDINGS, ASKED.key: ASKED}

PROFILE = """\
organisation: 架空市
values:
  screen-lock.idle-seconds: 600
  mail.dmarc.least-policy:
    value: Reject
    source: {document: 対策基準, clause: 第5条, date: 2026-04-01}
  dns.amplification.most: 2
  mail.spf.endings: []
  dns.redundancy.asked: no
grading:
  integrity: {names: [なし, 通常, 重要], protected_from: 3}
decisions:
  - {control: a-1, decision: 不要, by: 課長, decided: 2026-04-01, reason: 使わない, until: 2026-09-30}
  - {control: a-1, decision: needed, by: 課長, decided: 2026-10-01, reason: 使い始めた}
  - {control: a-1, decision: substitute, by: 部長, decided: 2026-05-01, reason: 更改前, substitute: 監視, systems: [mail]}
attestations:
  - {control: b-2, statement: 訓練を行った, document: 記録12号, valid_from: 2026-04-01, valid_until: 2027-03-31, by: 主査}
"""


def test_a_setting_says_whether_it_is_the_organisations_or_the_default() -> None:
    profile = parse_profile("p.yaml", PROFILE, VALUES)
    cited = Citation("対策基準", "第5条", date(2026, 4, 1))
    assert profile.setting(IDLE) == ProfileSetting(600, "profile", "p.yaml", 3)
    assert profile.setting(POLICY) == ProfileSetting("reject", "profile", "p.yaml", 4, cited)
    assert profile.setting(FACTOR) == ProfileSetting(2.0, "profile", "p.yaml", 7)
    assert profile.setting(ENDINGS) == ProfileSetting((), "profile", "p.yaml", 8)
    assert profile.setting(ASKED) == ProfileSetting(False, "profile", "p.yaml", 9)
    assert EMPTY.setting(IDLE) == ProfileSetting(900, "default")
    assert EMPTY.setting(ASKED) == ProfileSetting(True, "default")


def test_a_number_with_a_fraction_takes_whole_numbers_and_keeps_its_type() -> None:
    assert isinstance(parse_profile("p.yaml", PROFILE, VALUES).setting(FACTOR).value, float)


def test_decisions_hold_from_their_day_to_their_end() -> None:
    first, second, third = parse_profile("p.yaml", PROFILE, VALUES).decisions
    assert (first.choice, second.choice, third.choice) == (Choice.NOT_NEEDED, Choice.NEEDED, Choice.SUBSTITUTE)
    assert [first.holds(date(2026, m, d)) for m, d in ((3, 31), (4, 1), (9, 30), (10, 1))] == [False, True, True, False]
    assert second.holds(date(2099, 1, 1))
    assert (third.substitute, third.systems, third.by, third.line) == ("監視", ("mail",), "部長", 15)


def test_attestations_lapse() -> None:
    [record] = parse_profile("p.yaml", PROFILE, VALUES).attestations
    assert record == Attestation("b-2", "訓練を行った", "記録12号", date(2026, 4, 1), date(2027, 3, 31), "主査", (), "p.yaml", 17)
    assert [record.holds(d) for d in (date(2026, 3, 31), date(2026, 4, 1), date(2027, 3, 31), date(2027, 4, 1))] == [
        False,
        True,
        True,
        False,
    ]


def test_the_scale_of_the_profile_replaces_the_axes_that_it_names(tmp_path: Path) -> None:
    file = tmp_path / "profile.yaml"
    file.write_text(PROFILE, encoding="utf-8")
    assert load_profile(file, VALUES).scale == Scale(integrity=Levels(("なし", "通常", "重要"), 3))
    assert parse_profile("p.yaml", "organisation: x", VALUES).scale == STANDARD


CONTROLS = {"nite-1-a": ("nite", "第1条"), "nite-1-b": ("nite", "第1条"), "kochi-1": ("kochi", "第1条")}
EXCEPTIONS = """\
exceptions:
  - id: by-ref
    baseline: nite
    ref: 第1条
    targets: [A.jp, "ns.a.jp:53/dns"]
    reason: r
    substitute: s
    applicant: x
    approver: y
    start: 2026-04-01
    end: 2026-09-30
    end_report: e
  - id: by-control
    control: kochi-1
    systems: [mail]
    check: mail.spf.all
    reason: r
    impact: i
    substitute: s
    applicant: x
    approver: y
    start: 2026-10-01
    end: 2027-03-31
    end_report: e
"""


def register() -> Exceptions:
    return parse_exceptions("e.yaml", EXCEPTIONS, Known(controls=CONTROLS, checks=["mail.spf.all"]))


def test_an_exception_names_its_article_by_control_or_by_ref() -> None:
    by_ref, by_control = register().entries
    assert by_ref.article == Article("nite", "第1条", ("nite-1-a", "nite-1-b"))
    assert by_control.article == Article("kochi", "第1条", ("kochi-1",))
    assert by_ref.targets == ("domain:a.jp", "service:ns.a.jp:53/dns")
    assert (by_control.systems, by_control.impact, by_control.line) == (("mail",), "i", 13)


def test_exceptions_hold_to_the_end_of_their_last_day_and_are_expired_after_it() -> None:
    found = {
        day.isoformat(): ([e.id for e in register().active(day)], [e.id for e in register().expired(day)])
        for day in (date(2026, 3, 31), date(2026, 9, 30), date(2026, 10, 1), date(2027, 4, 1))
    }
    assert found == {
        "2026-03-31": ([], []),
        "2026-09-30": (["by-ref"], []),
        "2026-10-01": (["by-control"], ["by-ref"]),
        "2027-04-01": ([], ["by-ref", "by-control"]),
    }


def test_an_exception_covers_its_controls_its_subjects_and_its_check_only() -> None:
    september, october = date(2026, 9, 1), date(2026, 10, 1)

    def covering(on: date, control: str, subject: str, check: str = "") -> list[str]:
        return [e.id for e in register().covering(on, control, {subject}, check)]

    assert covering(september, "nite-1-b", "domain:a.jp") == ["by-ref"]
    assert covering(september, "nite-1-b", "domain:a.jp", "dns.any") == ["by-ref"]
    assert covering(september, "nite-1-b", "domain:b.jp") == []
    assert covering(september, "kochi-1", "domain:a.jp") == []
    assert covering(october, "nite-1-b", "domain:a.jp") == []
    assert covering(october, "kochi-1", "system:mail", "mail.spf.all") == ["by-control"]
    assert covering(october, "kochi-1", "system:mail", "mail.mx.null") == []
    assert covering(october, "kochi-1", "system:web", "mail.spf.all") == []


def test_without_baselines_at_hand_a_control_is_taken_as_written() -> None:
    by_ref, by_control = parse_exceptions("e.yaml", EXCEPTIONS).entries
    assert by_ref.article == Article("nite", "第1条", ())
    assert by_control.article == Article("", "", ("kochi-1",))


def test_targets_of_the_command_line_do_not_prove_an_exception_wrong() -> None:
    scanned = Inventory.of_targets([Domain("other.jp")])
    assert parse_exceptions("e.yaml", EXCEPTIONS, Known(inventory=scanned)).entries[1].systems == ("mail",)
