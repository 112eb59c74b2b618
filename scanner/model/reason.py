"""The closed list of reasons why something could not be seen, and what each tells a person: what happened, what follows, what to do.

Members are only ever added: their values are stored in run records.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    UNVERIFIED = "unverified"
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
    OTHER_PLATFORM = "other-platform"
    """The question does not arise on what the machine runs: its checks are not applicable."""


WORDS: dict[Reason, Text] = {
    Reason.UNREACHABLE: Text(ja="到達できない", en="could not be reached"),
    Reason.TIMEOUT: Text(ja="時間内に応答がない", en="no answer in time"),
    Reason.REFUSED: Text(ja="接続又は問合せを拒否された", en="the connection or question was refused"),
    Reason.RESET: Text(ja="途中で切断された", en="the connection was cut off"),
    Reason.SERVER_FAILURE: Text(ja="サーバが失敗を返した", en="the server answered with a failure"),
    Reason.PROTOCOL_VIOLATION: Text(ja="応答が規格に合わない", en="the answer does not follow the protocol"),
    Reason.ACCESS_DENIED: Text(ja="必要な権限がない", en="a right that is needed is missing"),
    Reason.UNVERIFIED: Text(ja="相手が本物であることを確かめられない", en="the peer's identity could not be verified"),
    Reason.UNSUPPORTED: Text(ja="この環境では調べられない", en="cannot be examined in this environment"),
    Reason.BUDGET_SPENT: Text(ja="対象ごとの上限に達した", en="the budget of the target was spent"),
    Reason.TOO_LARGE: Text(ja="応答が大きすぎる", en="the answer is too large"),
    Reason.OUT_OF_SCOPE: Text(ja="許可された範囲の外", en="outside the approved scope"),
    Reason.NO_CONSENT: Text(ja="侵襲的な検査の同意がない", en="no consent to an intrusive test"),
    Reason.NO_VANTAGE: Text(ja="この観測点からは判断できない", en="cannot be told from this vantage point"),
    Reason.NOT_DECLARED: Text(ja="台帳に記載がない", en="the ledger does not say"),
    Reason.NOT_DISCOVERABLE: Text(ja="外部からは見つける方法がない", en="there is no way to discover it from outside"),
    Reason.VALUE_NOT_SET: Text(ja="値が設定されていない", en="the value is not set"),
    Reason.UNCONFIRMED: Text(ja="要確認", en="yet to be confirmed"),
    Reason.STALE: Text(ja="情報が古い", en="the information is out of date"),
    Reason.DEFECT: Text(ja="点検プログラムの不具合", en="a defect of the scanner"),
    Reason.OTHER_PLATFORM: Text(ja="この種類の機器には該当しない", en="does not arise on this sort of machine"),
}
"""What happened, in a few words, for reports. Every member has its words in this and the two below; a test holds this."""

MEANS: Mapping[str, Text] = {
    Reason.UNREACHABLE: Text(
        ja="点検の通信が対象に届いておらず、対象の状態は何も分かっていない。",
        en="Nothing that was sent reached the target, so nothing is known of its state.",
    ),
    Reason.TIMEOUT: Text(
        ja="応答がないことは、問題がないことを意味しない。途中で捨てられた可能性もある。",
        en="Silence does not mean that all is well: question or answer may have been dropped on the way.",
    ),
    Reason.REFUSED: Text(
        ja="相手は動いているが、この観測点には答えない。ほかの相手にどう答えるかは分からない。",
        en="Something runs there but does not answer this vantage point; how it treats others is unknown.",
    ),
    Reason.RESET: Text(
        ja="やり取りの途中までしか見ておらず、結論を出せるだけの内容がない。",
        en="Only the beginning of the exchange was seen, too little to conclude from.",
    ),
    Reason.SERVER_FAILURE: Text(
        ja="記録や設定の有無が分からない。利用者も同じ失敗を受けている可能性がある。",
        en="Whether the record or setting exists is unknown; users may be getting the same failure.",
    ),
    Reason.PROTOCOL_VIOLATION: Text(
        ja="応答の内容を信用できないため、判定の材料にしていない。",
        en="The content of the answer cannot be relied on, so it was not judged.",
    ),
    Reason.ACCESS_DENIED: Text(
        ja="権限がないため見ておらず、どのような状態かは分からない。",
        en="It was not looked at for want of the right, so its state is unknown.",
    ),
    Reason.UNVERIFIED: Text(
        ja="本物の機器か確かめられないため、接続をやめ、何も送っていない。機器の状態は何も分かっていない。",
        en="It could not be told from an impostor, so it was left before anything was sent; nothing is known of its state.",
    ),
    Reason.UNSUPPORTED: Text(
        ja="自動で確かめる手段がない。指摘がないことは適合を意味しない。",
        en="There is no means of telling by program; that nothing is found fault with does not mean that it is met.",
    ),
    Reason.BUDGET_SPENT: Text(
        ja="途中で上限に達し、残りを見ていない。見ていない部分に不備がある可能性がある。",
        en="The limit was reached before everything was seen; the rest may be at fault.",
    ),
    Reason.TOO_LARGE: Text(
        ja="読み取りの上限を超えたため、全体を見ていない。",
        en="It goes beyond what is read, so the whole was not seen.",
    ),
    Reason.OUT_OF_SCOPE: Text(
        ja="承認された範囲に含まれないため、通信していない。",
        en="Nothing was sent, because the approval does not cover it.",
    ),
    Reason.NO_CONSENT: Text(
        ja="業務に影響し得る検査のため、同意がない限り行わない。",
        en="The test could disturb production and is not made without consent.",
    ),
    Reason.NO_VANTAGE: Text(
        ja="見る場所によって答えが変わる事項であり、この観測点から見えたことからは結論を出せない。",
        en="The answer depends on where one stands; what is seen from here settles nothing.",
    ),
    Reason.NOT_DECLARED: Text(
        ja="用途や機器への入り方など、組織だけが知ることによるため、推測では判定しない。",
        en="It turns on something that only the organisation knows, such as the purpose or the way into a machine; it is not guessed.",
    ),
    Reason.NOT_DISCOVERABLE: Text(
        ja="見つからないことは、存在しないことを意味しない。",
        en="That none was found does not mean that there is none.",
    ),
    Reason.VALUE_NOT_SET: Text(
        ja="適否を分ける値は組織が定めるものであり、その値がない。",
        en="The value that tells met from unmet is the organisation's to set, and it is missing.",
    ),
    Reason.UNCONFIRMED: Text(
        ja="不備の疑いがあるが、言い切るための根拠（基準の出典の確認、製品の設定等）が足りないため、違反とはしない。",
        en="A fault is suspected, but what would settle it (the source of the reference, the product's settings …) is not confirmed, so "
        "this is no violation.",
    ),
    Reason.STALE: Text(
        ja="現在の状態を表しているとはいえない。",
        en="It cannot be taken to describe the present state.",
    ),
    Reason.DEFECT: Text(
        ja="点検する側の問題であり、対象の状態については何もいえない。",
        en="The fault lies with the scanner; it says nothing about the target.",
    ),
    Reason.OTHER_PLATFORM: Text(
        ja="この機器の基本ソフトウェアには、対応する設定がない。",
        en="What this machine runs has no such setting.",
    ),
}
"""What follows from each reason for the verdict: why the matter stays open. Found by member or by its recorded value."""

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
        ja=(
            "点検に用いる利用者に、技術情報に示すファイルや設定を読む権限、又は示された権限（CAP_NET_RAW 等）を与える。ログインに使う鍵や"
            "パスワードのファイルが示されていれば、台帳に書いた場所とファイルの権限（600）を直す。"
        ),
        en=(
            "Give the account that scans the right to read what the technical note names, or the right that it names (CAP_NET_RAW …). "
            "Where it is the key or password file of a login, mend its place in the inventory and its mode (600)."
        ),
    ),
    Reason.UNVERIFIED: Text(
        ja="技術情報に示すホスト鍵の指紋を機器側の指紋と照合し、同じであれば known_hosts に加える。異なる場合は、なりすましを疑う。",
        en="Compare the key's fingerprint in the technical note with that on the machine itself; where they are the same, add the key to "
        "known_hosts. Where they differ, suspect an impostor.",
    ),
    Reason.UNSUPPORTED: Text(
        ja="手作業で確認し、その記録を残す。",
        en="Examine it by hand and keep a record.",
    ),
    Reason.BUDGET_SPENT: Text(
        ja=(
            "尽きたのが時間であれば、対象ごとの上限（--budget）を延ばすか、応答の遅い原因を除く。TLS の接続数であれば、サーバの管理者の"
            "了解を得て許可範囲（scope）の tls_connections を増やす。その上で、あらためて点検する。"
        ),
        en=(
            "Where it was time, allow more for each target (--budget) or remove the cause of slow answers; where it was connections of "
            "TLS, raise tls_connections in the scope with the consent of whoever runs the server. Then scan again."
        ),
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
        ja="確認に適した観測点（庁内、組織外等）から点検し、--zone で観測点の名前を示す。結果が台帳の項目を挙げるときは、それを記す。",
        en=(
            "Scan from a vantage point that can see it (inside, outside …) and name it with --zone. Where the result names an entry of "
            "the inventory, make it."
        ),
    ),
    Reason.NOT_DECLARED: Text(
        ja="結果に示す項目を台帳に記す（機器に入る login、メールの送受信の有無、送信元アドレス、利用者のネットワーク等）。",
        en="Enter what the result names into the inventory: a login, whether mail is sent, outbound addresses, networks served …",
    ),
    Reason.NOT_DISCOVERABLE: Text(
        ja="使用しているもの（DKIM のセレクタ等）を台帳に記す。",
        en="Enter what is in use (DKIM selectors, for example) into the inventory.",
    ),
    Reason.VALUE_NOT_SET: Text(
        ja="文書は数値等を定めていない。組織の値を定め、方針ファイル（--profile）の、結果に示すキーに記す。",
        en="The documents give none: decide on your own and set it in the profile (--profile) under the key that is named.",
    ),
    Reason.UNCONFIRMED: Text(
        ja="結果に示す点を、製品の設定又は基準の出典で担当者が確かめてから結論を出す。",
        en="Have someone look into what the result names, in the product's settings or at the source of the reference, before concluding.",
    ),
    Reason.STALE: Text(
        ja="情報を取り直すか、記録の有効期間を更新する。",
        en="Gather the information anew, or renew the record that has lapsed.",
    ),
    Reason.DEFECT: Text(
        ja="実行番号と証跡を添えて開発元に知らせる。",
        en="Report it to the makers of the scanner with the run id and the evidence.",
    ),
    Reason.OTHER_PLATFORM: Text(
        ja="対応は不要である。機器の区分が違うときは、台帳の login の platform を直す。",
        en="Nothing. Where it is another sort of machine, correct platform under login in the inventory.",
    ),
}
"""What makes the matter determinable, found as above."""

TECHNICAL_NOTE = Text(ja="技術情報（英語）", en="technical note")
"""The label of the details that probes give: the peer, what was tried and the limit, as a log line says it, in English in every report."""


class CannotObserve(Exception):
    """A probe or collector could not see. Says nothing about the state of the target.

    ``detail`` is the technical note: the peer, the thing tried and the limit. What people need beside it is in the reason's words.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail or reason.value)
        self.reason = reason
        self.detail = detail
