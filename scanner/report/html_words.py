"""The words of the HTML report for the closed sets of the record: outcomes, severities, strengths, reasons.

Sentences that stand in one place only are in the template, beside that place.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from markupsafe import Markup

from baselines.model import STATUS_WORDS, Status, Strength
from scanner.engine.assess import Finding
from scanner.engine.run import UNLISTED
from scanner.ledger.scope import COMMAND_LINE
from scanner.model.reason import ADVICE, MEANS, TECHNICAL_NOTE, WORDS
from scanner.model.text import Text
from scanner.model.verdict import Outcome, Severity
from scanner.report import html_text as text

OUTCOMES: Mapping[str, tuple[str, Text]] = {
    Outcome.FAIL: ("×", Text(ja="不適合", en="fail")),
    Outcome.UNDETERMINED: ("？", Text(ja="判定不能", en="undetermined")),
    Outcome.PASS: ("○", Text(ja="適合", en="pass")),
    Outcome.NOT_APPLICABLE: ("－", Text(ja="対象外", en="not applicable")),
}
"""Outcomes of results, worst first, each with its sign."""

FINDINGS: Mapping[str, tuple[str, Text]] = {
    Finding.NOT_SATISFIED: ("×", Text(ja="満たしていない", en="not satisfied")),
    Finding.UNDETERMINED: ("？", Text(ja="判定不能", en="undetermined")),
    Finding.EVIDENCE_NEEDED: ("△", Text(ja="記録の確認が必要", en="evidence needed")),
    Finding.SATISFIED: ("○", Text(ja="満たしている", en="satisfied")),
    Finding.NOT_APPLICABLE: ("－", Text(ja="適用なし", en="not applicable")),
}
"""Outcomes of clauses, worst first, each with its sign."""

SEVERITIES: Mapping[str, Text] = {
    Severity.CRITICAL: Text(ja="緊急", en="critical"),
    Severity.HIGH: Text(ja="高", en="high"),
    Severity.MEDIUM: Text(ja="中", en="medium"),
    Severity.LOW: Text(ja="低", en="low"),
    Severity.INFO: Text(ja="参考", en="info"),
}
"""Severities, worst first."""

STRENGTHS: Mapping[str, Text] = {
    Strength.REQUIRED: Text(ja="義務", en="required"),
    Strength.PROHIBITION: Text(ja="禁止", en="prohibition"),
    Strength.EXAMPLE: Text(ja="例示", en="example"),
    Strength.CONDITIONAL: Text(ja="条件付きの義務", en="conditional"),
    Strength.CONDITIONAL_EXAMPLE: Text(ja="条件付きの例示", en="conditional example"),
    Strength.AS_NEEDED: Text(ja="必要に応じて", en="as needed"),
    Strength.CONSIDER: Text(ja="検討", en="to be considered"),
    Strength.WHERE_FEASIBLE: Text(ja="可能な限り", en="where feasible"),
    Strength.DEFINITION: Text(ja="定義", en="definition"),
    Strength.PERMISSION: Text(ja="許可", en="permission"),
    Strength.INFORMATIVE: Text(ja="参考", en="informative"),
}

SOURCES: Mapping[str, Text] = {
    "default": Text(ja="既定値", en="shipped default"),
    "profile": Text(ja="組織の値", en="the organisation's value"),
    "baseline": Text(ja="文書の定め", en="fixed by the document"),
}

CHOICES: Mapping[str, Text] = {
    "needed": Text(ja="必要と判断", en="decided: needed"),
    "not-needed": Text(ja="不要と判断", en="decided: not needed"),
    "substitute": Text(ja="代替措置を採用", en="decided: a substitute measure"),
}

FAMILIES: Mapping[str, Text] = {
    "mail": Text(ja="メール", en="mail"),
    "dns": Text(ja="DNS", en="DNS"),
    "tls": Text(ja="暗号化通信（TLS）", en="TLS"),
    "web": Text(ja="ウェブ", en="web"),
    "ssh": Text(ja="SSH", en="SSH"),
    "exposure": Text(ja="公開しているポート", en="exposure"),
    "endpoint": Text(ja="端末", en="endpoint"),
    "ipv6": Text(ja="IPv6", en="IPv6"),
}
"""First parts of the ids of checks. A newer one is shown as it is."""

_OTHER = Text(ja="record.jsonl の該当行を確認する。", en="See the line in record.jsonl.")


def _named(names: Mapping[str, Text], word: str) -> Markup:
    return text.of(names[word]) if word in names else text.shown(word)


@cache
def badge(outcome: str, of: str = "result") -> Markup:
    """Give sign and word of the outcome of a result or a clause: never colour alone."""
    sign, word = (OUTCOMES if of == "result" else FINDINGS).get(outcome, ("", Text(ja=outcome, en=outcome)))
    return Markup('<span class="o o-{}"><span aria-hidden="true">{}</span> {}</span>').format(outcome, sign, text.of(word))


@cache
def sign(outcome: str, of: str = "result") -> Markup:
    """Give the sign of an outcome with its word for those who cannot see it."""
    mark, word = (OUTCOMES if of == "result" else FINDINGS)[outcome]
    return Markup('<span class="s s-{}" aria-hidden="true">{}</span><span class="hear">{}</span>').format(outcome, mark, text.of(word))


def severity(word: str) -> Markup:
    """Name a severity."""
    return _named(SEVERITIES, word)


def strength(word: str) -> Markup:
    """Name the strength of a clause."""
    return _named(STRENGTHS, word)


def source(word: str) -> Markup:
    """Say where a setting comes from."""
    return _named(SOURCES, word)


def choice(word: str) -> Markup:
    """Name a recorded decision."""
    return _named(CHOICES, word)


def family(word: str) -> Markup:
    """Name a family of checks."""
    return _named(FAMILIES, word)


def status(word: str) -> Markup:
    """Say how far the program covers a clause."""
    return _named({s.value: t for s, t in STATUS_WORDS.items()}, word) if word in {s.value for s in Status} else text.shown(word)


def reason(word: str) -> Markup:
    """Say what a reason means."""
    return _named({r.value: t for r, t in WORDS.items()}, word)


def only_reason(line: Mapping[str, Any]) -> bool:
    """Whether the message of an undetermined result says no more than its reason does."""
    known = next((words for r, words in WORDS.items() if r.value == line["reason"]), None)
    return known is not None and line["message"]["ja"] == known.ja


def means(word: str) -> Markup:
    """Say what follows from a reason; nothing for one that this version does not know."""
    return text.of(MEANS[word]) if word in MEANS else Markup()


def advice(word: str) -> Markup:
    """Say what makes a result with this reason determinable."""
    return text.of(ADVICE.get(word, _OTHER))


def technical_note() -> Markup:
    """Give the label of what probes say in English only."""
    return text.of(TECHNICAL_NOTE)


def system(id_: str, names: Mapping[str, str]) -> Markup:
    """Name a system with its id; the one that stands for unlisted targets by what it is."""
    if id_ == UNLISTED.id:
        return text.words("台帳にない対象", "targets in no system")
    name = names.get(id_)
    return text.shown(name) + Markup(' <span class="quiet">') + text.shown(id_) + Markup("</span>") if name else text.shown(id_)


def approval(by: str) -> Markup:
    """Say who approved the scope of a run."""
    if by == COMMAND_LINE:
        return text.words("コマンドラインでの指定", "whoever named the targets on the command line")
    return text.shown(by) if by else text.words("記載なし", "not stated")


def setting(value: object) -> Markup:
    """Write the value of a setting."""
    if isinstance(value, bool):
        return text.words("はい", "yes") if value else text.words("いいえ", "no")
    if isinstance(value, list):
        return text.shown(", ".join(map(str, value))) if value else text.words("（なし）", "(none)")
    return text.shown(str(value))
