"""A clause on web servers rests on results about web servers only, one on terminals on terminals: in plan, assessments and file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from baselines.loader import load
from baselines.model import Control, MachineRole, Status, Use
from scanner.engine.assess import Assessor, Finding
from scanner.engine.catalogue import catalogue
from scanner.engine.judge import Ending, Result
from scanner.engine.plan import make_plan
from scanner.ledger.exceptions import Exceptions
from scanner.ledger.grading import Grade, SystemClass
from scanner.ledger.inventory import System
from scanner.ledger.profile import EMPTY
from scanner.model.problem import BadFile
from scanner.model.target import LOCAL, Domain, Host, Service
from scanner.model.verdict import Outcome
from tests.unit.frame import baseline, control

CHECK = "tls.protocol.tls-1-0"
DOMAIN = Domain("example.jp")
WEB, MAIL, LDAP = Service("www.example.jp", 443, "https"), Service("mx.example.jp", 25, "smtp"), Service("ldap.example.jp", 636, "ldaps")
SYSTEM = System("sys", "系", Grade(3, 2, 2), SystemClass.HIGH)


def _clause(name: str, *services: str) -> Control:
    return control(name, status=Status.AUTOMATED, checks=(Use(CHECK, {}, frozenset(services)),))


DOCUMENT = baseline(_clause("web", "https"), _clause("mail", "smtp"), _clause("any"))
(VARIANT,) = make_plan(catalogue(), [DOCUMENT], EMPTY, [CHECK]).variants


@pytest.mark.parametrize(
    ("subject", "ids"),
    [(WEB, ["web", "any"]), (MAIL, ["mail", "any"]), (LDAP, ["any"]), (DOMAIN, ["web", "mail", "any"])],
    ids=["web", "mail", "ldap", "a domain without services"],
)
def test_a_result_bears_on_the_clauses_that_speak_of_its_service(subject: Service | Domain, ids: list[str]) -> None:
    assert [name for _, name in VARIANT.controls_for(subject)] == ids


def test_a_clause_on_terminals_says_nothing_of_servers() -> None:
    use = "endpoint.screen-lock.idle"
    rows = [
        control(name, status=Status.AUTOMATED, checks=(Use(use, {}, machines=frozenset(roles)),))
        for name, roles in (("terminals", [MachineRole.TERMINAL]), ("servers", [MachineRole.SERVER]), ("any", []))
    ]
    (variant,) = make_plan(catalogue(), [baseline(*rows)], EMPTY, [use]).variants
    assert [name for _, name in variant.controls_for(LOCAL)] == ["terminals", "any"]
    assert [name for _, name in variant.controls_for(Host("web1.example.jp"))] == ["servers", "any"]


def test_a_fault_of_a_mail_server_breaks_no_clause_on_web_servers() -> None:
    assessor = Assessor([DOCUMENT], EMPTY, Exceptions(), date(2026, 11, 22))
    assessor.add(Result(WEB, WEB, VARIANT, Ending(Outcome.PASS, "TLS_1_0_OFF", {}), ()), [SYSTEM])
    assessor.add(Result(MAIL, MAIL, VARIANT, Ending(Outcome.FAIL, "TLS_1_0_ON", {}), ()), [SYSTEM])
    found = {a.control.id: a.finding for a in assessor.assessments()}
    assert found == {"web": Finding.SATISFIED, "mail": Finding.NOT_SATISFIED, "any": Finding.NOT_SATISFIED}


def test_a_protocol_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    (tmp_path / "document.yaml").write_text(
        "{id: own, title_ja: 標準, title_en: own, issuer: o, edition_ja: 一, edition_en: one}", encoding="utf-8"
    )
    row = (
        "controls: [{id: own-1, ref: '1', section: s, title: t, summary_ja: 要約, summary_en: s, area: web, strength: required, "
        f"verification: [remote], confidence: high, status: automated, checks: [{{use: {CHECK}, services: [https, smpt]}}]}}]"
    )
    (tmp_path / "controls.yaml").write_text(row, encoding="utf-8")
    with pytest.raises(BadFile) as caught:
        load(tmp_path, catalogue().checks)
    assert [p.nearest for p in caught.value.problems] == ["smtp"]
    wrong_role = row.replace("smpt", "smtp").replace("smtp]", "smtp], machines: [severs]")
    (tmp_path / "controls.yaml").write_text(wrong_role, encoding="utf-8")
    with pytest.raises(BadFile) as caught:
        load(tmp_path, catalogue().checks)
    assert [p.nearest for p in caught.value.problems] == ["server"]
    (tmp_path / "controls.yaml").write_text(row.replace("smpt", "smtp"), encoding="utf-8")
    assert load(tmp_path, catalogue().checks).controls[0].checks[0].services == {"https", "smtp"}
