"""Checks of the records that Windows keeps: which doings its audit policy has recorded, and how much of them its logs hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from checks.common import first_missing, listed
from checks.host.audit import AUDIT_SUBJECTS
from scanner.facts.event_log import AuditPolicy, AuditSetting, EventLogs, WhenFull
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

EVENT_LOG_LEAST_OTHER_KIB = Value(
    "event-log.least-other-kib",
    default=32_768,
    text=Text(
        ja="Windows のアプリケーションとシステムのイベントログの大きさの下限", en="least size of the application and system logs of Windows"
    ),
    unit="KiB",
    least=64,
)

EVENT_LOG_LEAST_SECURITY_KIB = Value(
    "event-log.least-security-kib",
    default=196_608,
    text=Text(ja="Windows のセキュリティのイベントログの大きさの下限", en="least size of the security log of Windows"),
    unit="KiB",
    least=64,
)


KIB: Final = 1024
SECURITY: Final = "Security"
PLUG_AND_PLAY: Final = 0x48
NEEDS: Final[Mapping[str, tuple[tuple[int, str, bool, bool], ...]]] = {
    "identities": ((0x35, "User Account Management", True, False), (0x37, "Security Group Management", True, False)),
    "privilege-rules": ((0x2F, "Audit Policy Change", True, False), (0x31, "Authorization Policy Change", True, False)),
    "privilege-use": ((0x1B, "Special Logon", True, False), (0x2B, "Process Creation", True, False)),
    "logins": ((0x15, "Logon", True, True), (0x17, "Account Lockout", False, True)),
    "time": ((0x10, "Security State Change", True, False),),
    "modules": ((0x11, "Security System Extension", True, False),),
    "rights": ((0x31, "Authorization Policy Change", True, False),),
    "policy": ((0x2F, "Audit Policy Change", True, False), (0x30, "Authentication Policy Change", True, False)),
}
"""What each subject of a record needs: subcategory (last octet of the GUID's first part), Microsoft's name, success, failure."""


@check(
    "host.event-log.subjects",
    severity=Severity.MEDIUM,
    title=Text(ja="Windows の監査ポリシーが定めた対象を含む", en="The audit policy of Windows covers what it has to"),
    why=Text(
        ja="監査されない操作はイベントログに残らず、アカウントの変更や権限の行使を後から調べられない。",
        en="What is not audited leaves no record: changed accounts and used privileges cannot be looked into.",
    ),
    remedy=Text(
        ja=(
            "グループポリシー「コンピューターの構成＞Windows の設定＞セキュリティの設定＞監査ポリシーの詳細な構成」"
            "で、示されたサブカテゴリの監査を有効にする。"
            "「監査: 監査ポリシー サブカテゴリの設定を強制して…」も有効にする。"
        ),
        en=(
            "Group Policy, Computer Configuration > Windows Settings > Security Settings > Advanced Audit Policy Configuration: audit the "
            "subcategories that are named; enable Audit: Force audit policy subcategory settings as well."
        ),
    ),
    says={
        "AUDITED": Text(ja="対象を全て監査している：{subjects}", en="all are audited: {subjects}"),
        "NOT_AUDITED": Text(ja="監査していない対象がある：{missing}", en="not audited: {missing}"),
    },
)
def event_log_subjects(policy: AuditPolicy, *, wanted: Annotated[tuple[str, ...], AUDIT_SUBJECTS] = AUDIT_SUBJECTS.default) -> Judgement:
    have = {setting.subcategory: setting for setting in policy.settings}
    missing = [f"{subject} ({what})" for subject in wanted for what in _lacking(subject, have)]
    if missing:
        return failed("NOT_AUDITED", missing=listed(missing))
    if "deletion" in wanted:
        return cannot_tell(
            Reason.UNSUPPORTED,
            "ファイルの削除は、フォルダごとの監査の設定により、監査ポリシーだけでは分からない",
            "whether deletions are recorded depends on each folder's own auditing, which the policy does not tell",
        )
    return passed("AUDITED", subjects=listed(wanted))


def _lacking(subject: str, have: Mapping[int, AuditSetting]) -> Iterator[str]:
    for number, name, success, failure in NEEDS.get(subject, ()):
        found = have.get(number)
        lacks = [
            word
            for word, asked in (
                ("success", success and not (found and found.success)),
                ("failure", failure and not (found and found.failure)),
            )
            if asked
        ]
        if lacks:
            yield f"{name}: {', '.join(lacks)}"


@check(
    "host.event-log.size",
    severity=Severity.MEDIUM,
    title=Text(ja="イベントログの大きさが組織の定め以上である", en="The event logs are as large as the organisation asks"),
    why=Text(
        ja="小さいログは数日で古い記録が上書きされ、気付いたときには何も残っていない。",
        en="In small logs records are overwritten within days, and nothing is left by the time that somebody looks.",
    ),
    remedy=Text(
        ja=(
            "グループポリシー「コンピューターの構成＞管理用テンプレート＞Windows コンポーネント＞イベント "
            "ログ サービス」の各ログの「ログ ファイルの最大サイズ (KB) を指定する」を、"
            "セキュリティは {security} 以上、他は {other} 以上とする。"
        ),
        en=(
            "Group Policy, Computer Configuration > Administrative Templates > Windows Components > Event Log Service: Specify the "
            "maximum log file size (KB), {security} or more for Security, {other} or more for the others."
        ),
    ),
    says={
        "LOGS_SMALL": Text(ja="小さい：{logs}（KiB）", en="too small: {logs} (KiB)"),
        "LOGS_LARGE": Text(ja="定めた大きさがある：{logs}（KiB）", en="as large as asked: {logs} (KiB)"),
    },
)
def event_log_size(
    logs: EventLogs,
    *,
    security: Annotated[int, EVENT_LOG_LEAST_SECURITY_KIB] = EVENT_LOG_LEAST_SECURITY_KIB.default,
    other: Annotated[int, EVENT_LOG_LEAST_OTHER_KIB] = EVENT_LOG_LEAST_OTHER_KIB.default,
) -> Judgement:
    sizes = [(log.name, log.most_bytes, security if log.name == SECURITY else other) for log in logs.logs]
    small = [f"{name} {size // KIB}" for name, size, least in sizes if isinstance(size, int) and size < least * KIB]
    if small:
        return failed("LOGS_SMALL", logs=listed(small))
    seen = [f"{name} {size // KIB}" for name, size, _ in sizes if isinstance(size, int)]
    return first_missing(size for _, size, _ in sizes) or passed("LOGS_LARGE", logs=listed(seen))


@check(
    "host.event-log.full",
    severity=Severity.MEDIUM,
    title=Text(ja="満ちたイベントログが新しい記録を捨てない", en="A full event log does not drop new records"),
    why=Text(
        ja="満ちたときに記録を止める設定では、大量の記録を起こさせることで、その後の操作を残さないことができる。",
        en="Where recording stops at the full size, whoever fills the log first leaves no trace of what follows.",
    ),
    remedy=Text(
        ja=(
            "グループポリシー「コンピューターの構成＞管理用テンプレート＞Windows コンポーネント＞イベント "
            "ログ サービス」の「ログがいっぱいになった場合に自動的にバックアップする」"
            "を有効にするか、上書きの設定とする。"
        ),
        en=(
            "Group Policy, Computer Configuration > Administrative Templates > Windows Components > Event Log Service: Back up log "
            "automatically when full; or let it overwrite."
        ),
    ),
    says={
        "LOGS_STOP": Text(ja="満ちると記録が止まる：{logs}", en="recording stops when it is full: {logs}"),
        "LOGS_GO_ON": Text(ja="満ちても記録が続く：{logs}", en="recording goes on: {logs}"),
    },
)
def event_log_full(logs: EventLogs) -> Judgement:
    stops = [log.name for log in logs.logs if log.when_full is WhenFull.STOPS]
    if stops:
        return failed("LOGS_STOP", logs=listed(stops))
    return first_missing(log.when_full for log in logs.logs) or passed(
        "LOGS_GO_ON", logs=listed(f"{log.name} ({log.when_full})" for log in logs.logs)
    )


@check(
    "host.event-log.programs",
    severity=Severity.LOW,
    title=Text(ja="起動されたプログラムとスクリプトの内容が記録される", en="Command lines and scripts are recorded"),
    why=Text(
        ja="侵入者の多くは、もともと入っている PowerShell 等を使う。何が実行されたかが残らなければ、被害の範囲が分からない。",
        en="Most intruders use PowerShell and other tools that are there anyway; without a record nobody can tell what they did.",
    ),
    remedy=Text(
        ja=(
            "グループポリシー「コンピューターの構成＞管理用テンプレート＞Windows コンポーネント＞Windows PowerShell」"
            "の「PowerShell スクリプト ブロックのログ記録を有効にする」と、"
            "「システム＞プロセス作成の監査」の「プロセス作成イベントにコマンド ラインを含める」を有効にする。"
        ),
        en=(
            "Group Policy, Computer Configuration > Administrative Templates > Windows Components > Windows PowerShell: Turn on "
            "PowerShell Script Block Logging; System > Audit Process Creation: Include command line in process creation events."
        ),
    ),
    says={
        "PROGRAMS_RECORDED": Text(ja="記録される", en="they are recorded"),
        "PROGRAMS_UNRECORDED": Text(ja="記録されない：{parts}", en="not recorded: {parts}"),
    },
)
def event_log_programs(logs: EventLogs, policy: AuditPolicy | Unobserved) -> Judgement:
    missing = []
    if logs.script_blocks is False:
        missing.append("PowerShell")
    if not isinstance(policy, Unobserved):
        created = next((setting for setting in policy.settings if setting.subcategory == 0x2B), None)
        if not policy.command_lines or created is None or not created.success:
            missing.append("command lines")
    if missing:
        return failed("PROGRAMS_UNRECORDED", parts=listed(missing))
    return first_missing((logs.script_blocks, policy)) or passed("PROGRAMS_RECORDED")


@check(
    "host.event-log.media",
    severity=Severity.LOW,
    title=Text(ja="外部記録媒体等の接続が記録される", en="Devices and media that are put in are recorded"),
    why=Text(
        ja="媒体が接続された記録がなければ、情報の持出しや不正プログラムの持込みの経路を調べられない。",
        en="Without such a record nobody can tell by which medium information left or a malicious program came.",
    ),
    remedy=Text(
        ja=(
            "グループポリシー「コンピューターの構成＞Windows の設定＞セキュリティの設定＞監査ポリシーの詳細な構成」の"
            "「詳細追跡＞PNP アクティビティの監査」（成功）を有効にする。"
        ),
        en=(
            "Group Policy, Computer Configuration > Windows Settings > Security Settings > Advanced Audit Policy Configuration > Detailed "
            "Tracking: Audit PNP Activity, success."
        ),
    ),
    says={
        "MEDIA_RECORDED": Text(ja="記録される", en="they are recorded"),
        "MEDIA_UNRECORDED": Text(ja="記録されない（{place}）", en="they are not recorded ({place})"),
    },
)
def event_log_media(policy: AuditPolicy) -> Judgement:
    found = next((setting for setting in policy.settings if setting.subcategory == PLUG_AND_PLAY), None)
    return passed("MEDIA_RECORDED") if found and found.success else failed("MEDIA_UNRECORDED", place=policy.source)
