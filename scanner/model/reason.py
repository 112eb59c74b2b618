"""The closed list of reasons why something could not be seen, and what each means to a person.

Members are only ever added: their values are stored in run records.
"""

from __future__ import annotations

from enum import StrEnum, unique

from scanner.model.text import Text


@unique
class Reason(StrEnum):
    """Why there is no fact. None of these says anything about the state of the target."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    RESET = "reset"
    SERVER_FAILURE = "server-failure"
    PROTOCOL_VIOLATION = "protocol-violation"
    ACCESS_DENIED = "access-denied"
    UNSUPPORTED = "unsupported"
    BUDGET_SPENT = "budget-spent"
    TOO_LARGE = "too-large"
    OUT_OF_SCOPE = "out-of-scope"
    NO_CONSENT = "no-consent"
    NO_VANTAGE = "no-vantage"
    NOT_DECLARED = "not-declared"
    NOT_DISCOVERABLE = "not-discoverable"
    VALUE_NOT_SET = "value-not-set"
    UNCONFIRMED = "unconfirmed"
    STALE = "stale"
    DEFECT = "defect"


WORDS: dict[Reason, Text] = {
    Reason.UNREACHABLE: Text(ja="到達できない", en="could not be reached"),
    Reason.TIMEOUT: Text(ja="時間内に応答がない", en="no answer in time"),
    Reason.REFUSED: Text(ja="接続又は問合せを拒否された", en="the connection or question was refused"),
    Reason.RESET: Text(ja="途中で切断された", en="the connection was cut off"),
    Reason.SERVER_FAILURE: Text(ja="サーバが失敗を返した", en="the server answered with a failure"),
    Reason.PROTOCOL_VIOLATION: Text(ja="応答が規格に合わない", en="the answer does not follow the protocol"),
    Reason.ACCESS_DENIED: Text(ja="読み取る権限がない", en="there is no right to read it"),
    Reason.UNSUPPORTED: Text(ja="この環境では調べられない", en="cannot be examined in this environment"),
    Reason.BUDGET_SPENT: Text(ja="対象ごとの上限に達した", en="the budget of the target was spent"),
    Reason.TOO_LARGE: Text(ja="応答が大きすぎる", en="the answer is too large"),
    Reason.OUT_OF_SCOPE: Text(ja="許可された範囲の外", en="outside the approved scope"),
    Reason.NO_CONSENT: Text(ja="侵襲的な検査の同意がない", en="no consent to an intrusive test"),
    Reason.NO_VANTAGE: Text(ja="この観測点からは判断できない", en="cannot be told from this vantage point"),
    Reason.NOT_DECLARED: Text(ja="台帳に記載がない", en="the ledger does not say"),
    Reason.NOT_DISCOVERABLE: Text(ja="外部からは見つける方法がない", en="there is no way to discover it from outside"),
    Reason.VALUE_NOT_SET: Text(ja="値が設定されていない", en="the value is not set"),
    Reason.UNCONFIRMED: Text(ja="判断の根拠となる基準値が未確認", en="the reference behind the judgement is yet to be confirmed"),
    Reason.STALE: Text(ja="情報が古い", en="the information is out of date"),
    Reason.DEFECT: Text(ja="点検プログラムの不具合", en="a defect of the scanner"),
}
"""What each reason means, for reports. Every member has its words; a test holds this."""


class CannotObserve(Exception):
    """A probe or collector could not see. Says nothing about the state of the target."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail or reason.value)
        self.reason = reason
        self.detail = detail
