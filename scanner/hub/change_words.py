"""The words of what changed on a machine, and of why something could not be compared."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.facts.accounts import Accounts
from scanner.facts.media_history import MediaInsertions
from scanner.facts.network_history import LinkKind, NetworksJoined
from scanner.facts.software import InstalledSoftware
from scanner.facts.sudo import SudoRules
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


FACT_WORDS: Mapping[str, Text] = {
    NetworksJoined.__name__: Text(ja="網への接続", en="networks joined"),
    MediaInsertions.__name__: Text(ja="媒体の挿入", en="media put in"),
    InstalledSoftware.__name__: Text(ja="ソフトウェア", en="software"),
    Accounts.__name__: Text(ja="管理者", en="administrators"),
    SudoRules.__name__: Text(ja="sudo の規則による管理者", en="administrators by rules of sudo"),
}
LINK_WORDS: Mapping[str, Text] = {
    LinkKind.WIRED: Text(ja="有線", en="wired"),
    LinkKind.WIRELESS: Text(ja="無線 LAN", en="wireless"),
    LinkKind.MOBILE: Text(ja="移動体通信網", en="mobile line"),
    LinkKind.BLUETOOTH: Text(ja="Bluetooth", en="Bluetooth"),
    LinkKind.VPN: Text(ja="VPN", en="VPN"),
    LinkKind.OTHER: Text(ja="その他", en="other"),
}
_SUBJECTS: Mapping[str, Mapping[str, Text]] = {Sign.MORE: SIGN_WORDS, Sign.NOT_COMPARED: FACT_WORDS}
_DETAILS: Mapping[str, Mapping[str, Text]] = {Sign.NOT_COMPARED: WHY_WORDS, Sign.NETWORK_NEW: LINK_WORDS, Sign.NETWORK_AGAIN: LINK_WORDS}


def subject(sign: str, named: str) -> Text | str:
    """Give what changed: in words where it is one of ours, else its name on the machine."""
    return _SUBJECTS.get(sign, {}).get(named, named)


def detail(sign: str, said: str) -> Text | str:
    """Give the detail of a change: in words where it is one of ours, else as the machine says it."""
    return _DETAILS.get(sign, {}).get(said, said)
