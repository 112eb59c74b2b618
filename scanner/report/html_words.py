"""The words of the HTML report for the closed sets of the record: outcomes, severities, strengths, reasons and what to do about each.

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
from scanner.model.reason import WORDS, Reason
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

ADVICE: Mapping[str, Text] = {
    Reason.UNREACHABLE: Text(
        ja="対象が動いているか、観測点から対象までの経路とフィルタを確かめ、あらためて点検する。",
        en="See that the target runs and that route and filters let the vantage point reach it, then scan again.",
    ),
    Reason.TIMEOUT: Text(
        ja="応答を落とす機器や負荷がないかを確かめ、あらためて点検する。続く場合は別の観測点から点検する。",
        en="Look for devices that drop the answers, and for load; scan again, from another vantage point if it stays so.",
    ),
    Reason.REFUSED: Text(
        ja="サービスが動いているかを確かめる。接続を制限している場合は、観測点のアドレスを許可するか、許可された観測点から点検する。",
        en="See that the service runs. Where access is limited, admit the vantage point or scan from one that is admitted.",
    ),
    Reason.RESET: Text(
        ja="途中の機器による切断や接続数の制限がないかを確かめ、時間を置いて点検する。",
        en="Look for devices on the way or connection limits that cut it off, and scan again later.",
    ),
    Reason.SERVER_FAILURE: Text(
        ja="サーバの記録で失敗の原因（DNSSEC の検証失敗、上位との不一致等）を調べて直し、あらためて点検する。",
        en="Find the cause in the server's log (failed DNSSEC validation, mismatch with the parent …), mend it and scan again.",
    ),
    Reason.PROTOCOL_VIOLATION: Text(
        ja="応答を返している機器が想定どおりのものかを確かめる。想定どおりなら、製品の不具合として提供者に照会する。",
        en="See that the device that answers is the one expected; if so, take it to its maker as a defect.",
    ),
    Reason.ACCESS_DENIED: Text(
        ja="点検に用いる利用者に、該当するファイル又は設定を読み取る権限を与える。",
        en="Give the account that scans the right to read the files or settings named.",
    ),
    Reason.UNSUPPORTED: Text(
        ja="この環境では自動で確かめられない。手作業で確認し、その記録を残す。",
        en="No program can tell here: examine it by hand and keep a record.",
    ),
    Reason.BUDGET_SPENT: Text(
        ja="対象ごとの時間の上限（--budget）を延ばすか、応答の遅い原因を除いて、あらためて点検する。",
        en="Allow more time for each target (--budget) or remove the cause of slow answers, then scan again.",
    ),
    Reason.TOO_LARGE: Text(
        ja="応答が極端に大きい理由を確かめる。意図したものでなければ、公開しているデータを整理する。",
        en="Find out why the answer is so large; unless it is meant, tidy up what is published.",
    ),
    Reason.OUT_OF_SCOPE: Text(
        ja="組織が管理するサーバであれば、台帳の scope の allow に加え、承認者を記す。他者のサーバであれば、その同意を得てから加える。",
        en="Add the server under scope.allow of the inventory with its approver if it is yours; if it is another's, get consent first.",
    ),
    Reason.NO_CONSENT: Text(
        ja="検査を望む場合は、対象・期間・承認者を示した同意を台帳に記す。",
        en="Where the test is wanted, enter a consent with target, period and approver into the inventory.",
    ),
    Reason.NO_VANTAGE: Text(
        ja="確認に適した観測点（庁内、組織外等）から点検し、--zone で観測点の名前を示す。",
        en="Scan from a vantage point that can see it (inside, outside …) and name it with --zone.",
    ),
    Reason.NOT_DECLARED: Text(
        ja="示された項目を台帳に記す（メールの送受信の有無、送信元アドレス、利用者のネットワーク等）。",
        en="Enter what is named into the inventory: whether mail is sent, outbound addresses, networks served and the like.",
    ),
    Reason.NOT_DISCOVERABLE: Text(
        ja="外からは列挙できない。使用しているもの（DKIM のセレクタ等）を台帳に記す。",
        en="It cannot be listed from outside: enter what is in use (DKIM selectors, for example) into the inventory.",
    ),
    Reason.VALUE_NOT_SET: Text(
        ja="文書は数値等を定めていない。組織の値を定め、方針ファイル（--profile）の示されたキーに記す。",
        en="The documents give no value: decide on the organisation's and set the key named in the policy profile (--profile).",
    ),
    Reason.UNCONFIRMED: Text(
        ja="基準値の出典を担当者が確かめてから結論を出す。それまでは違反として扱わない。",
        en="Have someone confirm the source of the reference value first; until then this is no violation.",
    ),
    Reason.STALE: Text(
        ja="情報を取り直すか、記録の有効期間を更新する。",
        en="Gather the information anew, or renew the record that has lapsed.",
    ),
    Reason.DEFECT: Text(
        ja="点検プログラムの不具合である。この報告書の実行番号と証跡を添えて開発元に知らせる。対象の状態については何もいえない。",
        en="A defect of the scanner: report it with the run id and the evidence. It says nothing about the target.",
    ),
}
"""What makes an undetermined result determinable, by reason. Every reason has its sentence; a test holds this."""

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


def advice(word: str) -> Markup:
    """Say what makes a result with this reason determinable."""
    return text.of(ADVICE.get(word, _OTHER))


def system(id_: str, names: Mapping[str, str]) -> Markup:
    """Name a system with its id; the one that stands for unlisted targets by what it is."""
    if id_ == UNLISTED.id:
        return text.words("台帳にない対象", "targets in no system")
    name = names.get(id_)
    return text.shown(name) + Markup(' <span class="quiet">') + text.shown(id_) + Markup("</span>") if name else text.shown(id_)


def setting(value: object) -> Markup:
    """Write the value of a setting."""
    if isinstance(value, bool):
        return text.words("はい", "yes") if value else text.words("いいえ", "no")
    if isinstance(value, list):
        return text.shown(", ".join(map(str, value))) if value else text.words("（なし）", "(none)")
    return text.shown(str(value))
