"""Checks of what a machine tells people at a log-on: that their doings are recorded, and not what it is made of."""

from __future__ import annotations

from checks.common import also, listed
from scanner.facts.login_notice import LoginNotice
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

MACOS_NOTICE_GIVEN = Text(
    ja="macOS：構成プロファイル com.apple.loginwindow の LoginwindowText、又は /Library/Security/PolicyBanner.txt。",
    en="macOS: LoginwindowText in a profile for com.apple.loginwindow, or /Library/Security/PolicyBanner.txt.",
)


@check(
    "host.notice.given",
    severity=Severity.LOW,
    title=Text(ja="ログオン時に利用上の注意（記録していること等）を示す", en="People are told at log-on that their doings are recorded"),
    why=Text(
        ja="利用者に記録と監視を知らせることは不正の抑止となり、後の対応の根拠ともなる。",
        en="Telling people that they are recorded and watched deters misuse and supports what is done about it later.",
    ),
    remedy=also(
        Text(
            ja=(
                "/etc/issue と /etc/issue.net に「許可された利用者に限る。操作は記録される。」等の文を書き、sshd_config に「Banner "
                "/etc/issue.net」と書く。"
            ),
            en=(
                "Write a text such as Authorised use only, activity is recorded, into /etc/issue and /etc/issue.net, and Banner "
                "/etc/issue.net into sshd_config."
            ),
        ),
        MACOS_NOTICE_GIVEN,
    ),
    says={
        "NOTICE_GIVEN": Text(ja="示している：{places}", en="given in {places}"),
        "NOTICE_MISSING": Text(ja="ログオンの前にも後にも示していない", en="neither before nor after the log-on"),
    },
)
def notice_given(notice: LoginNotice) -> Judgement:
    places = []
    for part in (notice.before, notice.after):
        if not isinstance(part, Unobserved):
            places += [one.place for one in part if one.warns]
    if places:
        return passed("NOTICE_GIVEN", places=listed(places))
    if isinstance(notice.before, Unobserved):
        return notice.before
    return notice.after if isinstance(notice.after, Unobserved) else failed("NOTICE_MISSING")


@check(
    "host.notice.disclosure",
    severity=Severity.INFO,
    title=Text(
        ja="ログオン前の表示がシステムの名称や版を明かさない", en="What is shown before a log-on does not tell the system and its version"
    ),
    why=Text(
        ja="名称や版を示すと、攻撃者は使える脆弱性を選びやすくなる。",
        en="Names and versions help an attacker to choose what to try.",
    ),
    remedy=Text(
        ja="/etc/issue と /etc/issue.net から OS の名称、版と「\\s \\r \\m \\v」を除く。",
        en="Remove the system's name, its version and \\s \\r \\m \\v from /etc/issue and /etc/issue.net.",
    ),
    says={
        "NOTHING_TOLD": Text(ja="明かしていない", en="nothing is told"),
        "SYSTEM_TOLD": Text(ja="名称又は版を示している：{places}", en="told in {places}"),
    },
)
def notice_disclosure(notice: LoginNotice) -> Judgement:
    if isinstance(notice.before, Unobserved):
        return notice.before
    telling = [one.place for one in notice.before if one.tells_system]
    return failed("SYSTEM_TOLD", places=listed(telling)) if telling else passed("NOTHING_TOLD")
