"""Why an envelope, a report or a question to the hub is refused: the closed list and its words. Members are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique

from scanner.model.text import Text


@unique
class Refusal(StrEnum):
    """The reason of a refusal, as it stands in answers and in the hub's book of refusals."""

    TOO_LARGE = "too-large"
    NOT_AN_ENVELOPE = "not-an-envelope"
    DAMAGED = "damaged"
    TOO_LARGE_UNPACKED = "too-large-unpacked"
    UNKNOWN_KEY = "unknown-key"
    BAD_SIGNATURE = "bad-signature"
    NOT_CANONICAL = "not-canonical"
    NOT_OF_SCHEMA = "not-of-schema"
    WRONG_AGENT = "wrong-agent"
    REVOKED = "revoked"
    REPLAY = "replay"
    FORKED = "forked"
    CHAIN_BROKEN = "chain-broken"
    BAD_TOKEN = "bad-token"  # noqa: S105  a word, no secret
    ROLLED_BACK = "rolled-back"


REFUSAL_WORDS: Mapping[Refusal, Text] = {
    Refusal.TOO_LARGE: Text(ja="大きすぎる", en="it is too large"),
    Refusal.NOT_AN_ENVELOPE: Text(ja="署名付き封筒の形をしていない", en="it is no signed envelope"),
    Refusal.DAMAGED: Text(ja="圧縮データが壊れている", en="its compressed content is damaged"),
    Refusal.TOO_LARGE_UNPACKED: Text(ja="展開すると上限を超える", en="it grows beyond the limit when unpacked"),
    Refusal.UNKNOWN_KEY: Text(ja="登録されていない鍵で署名されている", en="it is signed with a key that is not enrolled"),
    Refusal.BAD_SIGNATURE: Text(ja="署名が内容と一致しない", en="the signature does not fit the content"),
    Refusal.NOT_CANONICAL: Text(ja="内容が正規の表記ではない", en="the content is not written canonically"),
    Refusal.NOT_OF_SCHEMA: Text(ja="内容が定めた形式に合わない", en="the content does not follow the schema"),
    Refusal.WRONG_AGENT: Text(ja="鍵と端末の番号が一致しない", en="the key belongs to another agent"),
    Refusal.REVOKED: Text(ja="鍵の登録が取り消されている", en="the key was revoked"),
    Refusal.REPLAY: Text(ja="受取済みの古い報告が再び送られた", en="an old report was sent again"),
    Refusal.FORKED: Text(ja="同じ番号で内容の異なる報告がある", en="another report with this number was received before"),
    Refusal.CHAIN_BROKEN: Text(ja="直前の報告とつながらない", en="it does not follow the report before it"),
    Refusal.BAD_TOKEN: Text(ja="登録用の符号が無効又は使用済みである", en="the enrolment token is not valid, or was used"),
    Refusal.ROLLED_BACK: Text(ja="既に受け取ったものより古い", en="it is older than what was received before"),
}


class Refused(Exception):
    """Something signed is not accepted. ``detail`` is a technical note in English; nothing of the content but numbers and names."""

    def __init__(self, reason: Refusal, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail
