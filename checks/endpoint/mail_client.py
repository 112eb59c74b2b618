"""Checks of mail programs: what happens with a message before anybody decided to trust it."""

from __future__ import annotations

from collections.abc import Callable

from checks.common import first_missing, listed
from checks.endpoint.common import whose
from scanner.facts.mail_client import MailClient, MailClients, MailSetting
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

NO_CLIENT = Text(ja="メールソフトが入っていない", en="no mail program is installed")
PLACES_JA = (
    "Thunderbird は /etc/thunderbird/policies/policies.json（Windows は distribution フォルダー）の Preferences に、値と "
    '"Status": "locked" を書く。'
)
PLACES_EN = (
    'For Thunderbird write the value and "Status": "locked" under Preferences in /etc/thunderbird/policies/policies.json (in the folder '
    "distribution on Windows)."
)


def _judge(found: MailClients, setting: Callable[[MailClient], MailSetting], bad: str, good: str) -> Judgement:
    if isinstance(found.clients, Unobserved):
        return found.clients
    if not found.clients:
        return not_applicable("NO_MAIL_CLIENT")
    wrong = [whose(c.program, c.account) for c in found.clients if setting(c).happens is True]
    if wrong:
        return failed(bad, where=listed(wrong))
    return first_missing(setting(c).happens for c in found.clients) or passed(
        good, where=listed(whose(c.program, c.account) for c in found.clients)
    )


@check(
    "endpoint.mail-client.preview",
    severity=Severity.LOW,
    title=Text(ja="メールのプレビューが無効である", en="Mail is not shown before it is opened"),
    why=Text(
        ja="一覧で選ぶだけで本文が表示される設定では、不審なメールも開いたのと同じことになる。",
        en="Where marking a message shows it, a suspicious one is as good as opened.",
    ),
    remedy=Text(
        ja=(
            "Thunderbird：「表示＞レイアウト＞メッセージペイン」を切る。Outlook：「表示＞閲覧ウィンドウ＞オフ」とし、グループポリシー"
            "「ユーザーの構成＞管理用テンプレート＞Microsoft Outlook＞Outlook のオプション＞その他＞詳細設定＞閲覧ウィンドウ」で固定する。"
            "Apple Mail：「表示＞プレビューを隠す」。"
        ),
        en=(
            "Thunderbird: View > Layout > Message Pane off. Outlook: View > Reading Pane > Off, fixed by User Configuration > "
            "Administrative Templates > Microsoft Outlook > Outlook Options > Other > Advanced > Reading Pane. Apple Mail: View > Hide "
            "Preview."
        ),
    ),
    says={
        "PREVIEW_OFF": Text(ja="プレビューは無効である（{where}）", en="preview is off ({where})"),
        "PREVIEW_ON": Text(ja="プレビューが有効である（{where}）", en="preview is on ({where})"),
        "NO_MAIL_CLIENT": NO_CLIENT,
    },
)
def mail_client_preview(found: MailClients) -> Judgement:
    return _judge(found, lambda c: c.preview, "PREVIEW_ON", "PREVIEW_OFF")


@check(
    "endpoint.mail-client.html",
    severity=Severity.LOW,
    title=Text(ja="メールを装飾のない文字で表示する", en="Mail is shown as plain text"),
    why=Text(
        ja="HTML のメールは、リンク先を偽り、開封を送信者に知らせ、表示プログラムの欠陥を突くことができる。",
        en="HTML mail can hide where a link leads, tell the sender that it was opened and attack what shows it.",
    ),
    remedy=Text(
        ja="Thunderbird：mailnews.display.html_as を 1、mailnews.display.prefer_plaintext を true とする。"
        + PLACES_JA
        + "Outlook：グループポリシー「…＞Outlook のオプション＞電子メール…＞標準電子メールをテキスト形式で読み取る」。",
        en="Thunderbird: mailnews.display.html_as 1 and mailnews.display.prefer_plaintext true. "
        + PLACES_EN
        + " Outlook: the Group Policy setting Read e-mail as plain text.",
    ),
    says={
        "HTML_NOT_SHOWN": Text(ja="文字で表示する（{where}）", en="shown as plain text ({where})"),
        "HTML_SHOWN": Text(ja="HTML で表示する（{where}）", en="shown with its HTML ({where})"),
        "NO_MAIL_CLIENT": NO_CLIENT,
    },
)
def mail_client_html(found: MailClients) -> Judgement:
    return _judge(found, lambda c: c.html, "HTML_SHOWN", "HTML_NOT_SHOWN")


@check(
    "endpoint.mail-client.remote-content",
    severity=Severity.MEDIUM,
    title=Text(ja="メール中の外部の画像等を自動で読み込まない", en="Pictures from elsewhere are not fetched by themselves"),
    why=Text(
        ja="外部の画像等の読込みは、アドレスが使われていること、開いた時刻と場所を送信者に知らせる。",
        en="Fetching them tells the sender that the address is in use, and when and where the mail was opened.",
    ),
    remedy=Text(
        ja="Thunderbird：mailnews.message_display.disable_remote_image を true とする（初期値）。"
        + PLACES_JA
        + "Outlook：「HTML メールの画像を自動的にダウンロードしない」。Apple Mail：「リモートコンテンツをすべてブロック」。",
        en="Thunderbird: mailnews.message_display.disable_remote_image true (the default). "
        + PLACES_EN
        + ' Outlook: "Don\'t download pictures automatically in HTML e-mail messages". Apple Mail: "Block All Remote Content".',
    ),
    says={
        "REMOTE_BLOCKED": Text(ja="自動では読み込まない（{where}）", en="not fetched by themselves ({where})"),
        "REMOTE_FETCHED": Text(ja="自動で読み込む（{where}）", en="fetched by themselves ({where})"),
        "NO_MAIL_CLIENT": NO_CLIENT,
    },
)
def mail_client_remote_content(found: MailClients) -> Judgement:
    return _judge(found, lambda c: c.remote_content, "REMOTE_FETCHED", "REMOTE_BLOCKED")


@check(
    "endpoint.mail-client.scripts",
    severity=Severity.HIGH,
    title=Text(ja="メール中のスクリプトが実行されない", en="Scripts in mail are not run"),
    why=Text(
        ja="スクリプトを実行するメールソフトでは、メールを表示するだけで攻撃が始まる。",
        en="In a mail program that runs scripts, showing a message is enough for an attack.",
    ),
    remedy=Text(
        ja="Thunderbird：javascript.allow.mailnews を false とし、固定する。"
        + PLACES_JA
        + "Outlook：スクリプトは既定で実行されない。制限付きサイトゾーンの設定を緩めない。",
        en="Thunderbird: javascript.allow.mailnews false, and locked. "
        + PLACES_EN
        + " Outlook does not run scripts by default; do not loosen the restricted sites zone.",
    ),
    says={
        "SCRIPTS_OFF": Text(ja="実行されない（{where}）", en="not run ({where})"),
        "SCRIPTS_RUN": Text(ja="実行される（{where}）", en="run ({where})"),
        "NO_MAIL_CLIENT": NO_CLIENT,
    },
)
def mail_client_scripts(found: MailClients) -> Judgement:
    return _judge(found, lambda c: c.scripts, "SCRIPTS_RUN", "SCRIPTS_OFF")


@check(
    "endpoint.mail-client.enforced",
    severity=Severity.LOW,
    title=Text(
        ja="メールの表示方法とスクリプトの設定を利用者が変更できない", en="Users cannot change how mail is shown or whether scripts run"
    ),
    why=Text(
        ja="利用者が設定を緩められると、組織の定めた扱いが守られない。",
        en="Where users can loosen the settings, the organisation's rule is only a suggestion.",
    ),
    remedy=Text(
        ja=PLACES_JA + "Outlook はグループポリシー、macOS は構成プロファイルで固定する。",
        en=PLACES_EN + " Outlook: Group Policy; macOS: a configuration profile.",
    ),
    says={
        "MAIL_FIXED": Text(ja="利用者は変更できない（{where}）", en="users cannot change them ({where})"),
        "MAIL_CHANGEABLE": Text(ja="利用者が変更できる：{settings}（{where}）", en="users can change {settings} ({where})"),
        "NO_MAIL_CLIENT": NO_CLIENT,
    },
)
def mail_client_enforced(found: MailClients) -> Judgement:
    if isinstance(found.clients, Unobserved):
        return found.clients
    general = [c for c in found.clients if not c.account]
    if not general:
        return not_applicable("NO_MAIL_CLIENT")
    parts = [(c, n, s.fixed) for c in general for n, s in (("html", c.html), ("remote-content", c.remote_content), ("scripts", c.scripts))]
    loose = [(c, name) for c, name, fixed in parts if fixed is False]
    if loose:
        return failed("MAIL_CHANGEABLE", settings=listed(name for _, name in loose), where=listed(c.program for c, _ in loose))
    return first_missing(fixed for _, _, fixed in parts) or passed("MAIL_FIXED", where=listed(c.program for c in general))
