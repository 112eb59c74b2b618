"""The words of what changed on a machine, and of why something could not be compared."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.hub.changes import Sign, Why
from scanner.model.text import Text

SIGN_WORDS: Mapping[str, Text] = {
    Sign.NETWORK_NEW: Text(ja="新しい網に接続", en="joined a new network"),
    Sign.NETWORK_AGAIN: Text(ja="既知の網に接続", en="joined a known network"),
    Sign.MEDIUM_NEW: Text(ja="新しい媒体を挿入", en="a new medium put in"),
    Sign.MEDIUM_AGAIN: Text(ja="既知の媒体を挿入", en="a known medium put in"),
    Sign.SOFTWARE_INSTALLED: Text(ja="ソフトウェアを導入", en="software installed"),
    Sign.SOFTWARE_REMOVED: Text(ja="ソフトウェアを削除", en="software removed"),
    Sign.ADMINISTRATOR_ADDED: Text(ja="管理者が増えた", en="administrator added"),
    Sign.ADMINISTRATOR_REMOVED: Text(ja="管理者が減った", en="administrator removed"),
    Sign.MORE: Text(ja="ほかにもある", en="there are more"),
    Sign.NOT_COMPARED: Text(ja="比較できない", en="not compared"),
}
WHY_WORDS: Mapping[str, Text] = {
    Why.FIRST: Text(ja="最初の報告で、比べるものがない", en="the first report: there is nothing to compare with"),
    Why.ENROLLED_ANEW: Text(ja="登録し直された後の最初の報告である", en="the first report of a new enrolment"),
    Why.UNOBSERVED: Text(ja="片方の報告で読み取れていない", en="it could not be read for one of the two reports"),
    Why.CLOCK: Text(ja="端末の時計が戻され、日付を比べられない", en="the machine's clock was set back, so days cannot be compared"),
    Why.FORGOTTEN: Text(
        ja="端末の記録が前の報告の時点まで残っていない", en="the machine's record does not reach back to the report before"
    ),
    Why.DAYS: Text(ja="日付の記録がなく、再度の利用は分からない", en="no days are kept, so what happened again does not show"),
    Why.ACCOUNTS: Text(ja="利用者ごとの導入は片方の報告でしか読めていない", en="what accounts installed for themselves was read once only"),
    Why.MANAGER: Text(ja="ソフトウェアの管理の仕組みが変わった", en="another manager of software"),
}


def told(sign: str, detail: str) -> Text:
    """Give the detail of a change as people read it."""
    return WHY_WORDS[detail] if sign == Sign.NOT_COMPARED and detail in WHY_WORDS else Text(ja=detail, en=detail)


def subject(sign: str, named: str) -> Text:
    """Give the subject of a change as people read it."""
    return SIGN_WORDS[named] if sign == Sign.MORE and named in SIGN_WORDS else Text(ja=named, en=named)
