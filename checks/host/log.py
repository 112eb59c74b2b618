"""Checks of the logs: are records made, do they last, and who can touch them. Where they are sent stands in ``log_forwarding``."""

from __future__ import annotations

from typing import Annotated, Final

from checks.common import first_missing, listed
from scanner.facts.log_keeping import LogFiles, LogKeeping, LogProgram, LogStore, LogTarget, RecordKind
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

LOG_LEAST_FREE_PERCENT = Value(
    "log.least-free-percent",
    default=10,
    text=Text(ja="ログを書く領域に残すべき空きの割合", en="share of the volume of logs that must be free"),
    unit="%",
    least=0,
    most=99,
)

LOG_RETENTION_DAYS = Value(
    "log.retention-days",
    default=365,
    text=Text(ja="ログを保存すべき日数", en="days for which logs are to be kept"),
    unit="d",
    least=1,
    most=36500,
)


DAY: Final = 86_400
EVERYBODYS: Final = frozenset({"/var/log/wtmp", "/var/log/lastlog", "/var/log/btmp", "/var/log/faillog"})
"""Files that login programs make readable to all on purpose; whoever logged on when is in them."""
WRITTEN_BY_ALL, READ_BY_ALL, WRITTEN_BY_GROUP = 0o002, 0o004, 0o020
STICKY: Final = 0o1000
HARMLESS: Final = ("/var/log/apt", "/var/log/dpkg.log", "/var/log/alternatives.log", "/var/log/bootstrap.log", "/var/log/fontconfig.log")
"""Records of installed packages, which any account can list anyway."""


def _in_use(keeping: LogKeeping) -> tuple[LogProgram, ...] | Unobserved:
    if isinstance(keeping.programs, Unobserved):
        return keeping.programs
    states = [(program, program.starts if program.running is None else program.running) for program in keeping.programs]
    if not any(state is True for _, state in states) and (why := first_missing(state for _, state in states)):
        return why
    return tuple(program for program, state in states if state is True)


@check(
    "host.log.program",
    severity=Severity.HIGH,
    title=Text(ja="ログを記録するプログラムが動作し、再起動後も動作する", en="A program takes log records, now and after a restart"),
    why=Text(
        ja="記録するプログラムが動作していなければ、不正な操作や障害の痕跡が何も残らない。",
        en="Unless something takes the records, misuse and faults leave no trace.",
    ),
    remedy=Text(
        ja=(
            "systemctl enable --now rsyslog（又は systemd-journald が動作していることの確認）。"
            "Windows：Windows Event Log サービスの開始の種類を自動に戻す。"
        ),
        en=(
            "systemctl enable --now rsyslog, or see that systemd-journald runs."
            " Windows: set the start of the service Windows Event Log back to automatic."
        ),
    ),
    says={
        "PROGRAMS_RUN": Text(ja="記録しているプログラム：{programs}", en="records are taken by {programs}"),
        "NO_PROGRAM": Text(ja="ログを記録するプログラムが動作していない", en="no program that takes log records runs"),
        "STOPPED": Text(ja="起動する設定であるが、今は動作していない：{programs}", en="set to start, but not running: {programs}"),
        "NOT_AFTER_RESTART": Text(ja="再起動後は起動しない：{programs}", en="does not start with the machine: {programs}"),
    },
)
def log_program(keeping: LogKeeping) -> Judgement:
    if isinstance(keeping.programs, Unobserved):
        return keeping.programs
    stopped = [program.name for program in keeping.programs if program.running is False and program.starts is True]
    if stopped:
        return failed("STOPPED", programs=listed(stopped))
    running = _in_use(keeping)
    if isinstance(running, Unobserved):
        return running
    if not running:
        return failed("NO_PROGRAM")
    if all(program.starts is False for program in running):
        return failed("NOT_AFTER_RESTART", programs=listed(program.name for program in running))
    if why := first_missing(program.starts for program in running):
        return why
    return passed("PROGRAMS_RUN", programs=listed(program.name for program in running))


def _holding(keeping: LogKeeping, kind: RecordKind) -> tuple[LogStore, ...] | Unobserved:
    if isinstance(keeping.stores, Unobserved):
        return keeping.stores
    return tuple(store for store in keeping.stores if kind in store.kinds)


def _sent(keeping: LogKeeping, kind: RecordKind) -> tuple[LogTarget, ...]:
    return () if isinstance(keeping.targets, Unobserved) else tuple(target for target in keeping.targets if kind in target.kinds)


@check(
    "host.log.authentication",
    severity=Severity.HIGH,
    title=Text(ja="主体認証の記録（ログオン、権限の行使）が残る", en="Log-ons and the use of privileges are recorded"),
    why=Text(
        ja="誰がいつログオンし、管理者の権限を用いたかの記録がなければ、不正侵入や不正操作を調べられない。",
        en="Without a record of who logged on and used an administrator's rights, nothing can be looked into.",
    ),
    remedy=Text(
        ja=(
            "rsyslog であれば /etc/rsyslog.conf に「auth,authpriv.* /var/log/auth.log」（RHEL 系は authpriv.* /var/log/secure）を"
            "書く。前にある stop や絞込みを除く。"
            "Windows：グループポリシー「コンピューターの構成＞Windows の設定＞セキュリティの設定＞監査ポリシーの詳細な構成」の"
            "「ログオン/ログオフ＞ログオンの監査」で成功と失敗を監査する。"
        ),
        en=(
            "With rsyslog write auth,authpriv.* /var/log/auth.log (authpriv.* /var/log/secure on the Red Hat family), with no stop or "
            "filter before it. Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Advanced Audit "
            "Policy Configuration > Logon/Logoff: Audit Logon, success and failure."
        ),
    ),
    says={
        "AUTHENTICATION_KEPT": Text(ja="記録されている：{stores}", en="recorded in {stores}"),
        "AUTHENTICATION_SENT_ONLY": Text(ja="機器には残らず、{targets} に送られる", en="not kept here, but sent to {targets}"),
        "AUTHENTICATION_NOT_KEPT": Text(ja="主体認証の記録がどこにも残らない", en="such records are kept nowhere"),
    },
)
def log_authentication(keeping: LogKeeping) -> Judgement:
    stores = _holding(keeping, RecordKind.AUTHENTICATION)
    if isinstance(stores, Unobserved):
        return stores
    if stores:
        return passed("AUTHENTICATION_KEPT", stores=listed(store.name for store in stores))
    if isinstance(keeping.targets, Unobserved):
        return keeping.targets
    sent = _sent(keeping, RecordKind.AUTHENTICATION)
    if sent:
        return passed("AUTHENTICATION_SENT_ONLY", targets=listed(target.host for target in sent))
    return failed("AUTHENTICATION_NOT_KEPT")


@check(
    "host.log.lasting",
    severity=Severity.HIGH,
    title=Text(ja="ログが再起動後も残る", en="Logs are still there after a restart"),
    why=Text(
        ja="メモリ上だけに記録すると、再起動や電源断で記録が失われる。攻撃者も再起動で痕跡を消せる。",
        en="Records in memory alone are lost with the next restart, which an attacker can bring about.",
    ),
    remedy=Text(
        ja=(
            "/etc/systemd/journald.conf.d/ のファイルに「[Journal]」「Storage=persistent」と書き、systemctl restart "
            "systemd-journald を実行する。又は rsyslog を入れる。"
        ),
        en=(
            "Write [Journal] and Storage=persistent into a file in /etc/systemd/journald.conf.d and restart systemd-journald; or "
            "install rsyslog."
        ),
    ),
    says={
        "LOGS_LAST": Text(ja="再起動後も残る：{stores}", en="they last in {stores}"),
        "LOGS_ARE_LOST": Text(ja="主体認証の記録が再起動で失われる：{stores}", en="records of log-ons are lost with a restart: {stores}"),
        "LOGS_SENT": Text(ja="機器では失われるが、{targets} に送られる", en="lost here, but sent to {targets}"),
    },
)
def log_lasting(keeping: LogKeeping) -> Judgement:
    stores = _holding(keeping, RecordKind.AUTHENTICATION)
    if isinstance(stores, Unobserved):
        return stores
    if lasting := [store.name for store in stores if store.lasting is True]:
        return passed("LOGS_LAST", stores=listed(lasting))
    if why := first_missing(store.lasting for store in stores):
        return why
    if isinstance(keeping.targets, Unobserved):
        return keeping.targets
    if sent := _sent(keeping, RecordKind.AUTHENTICATION):
        return passed("LOGS_SENT", targets=listed(target.host for target in sent))
    return failed("LOGS_ARE_LOST", stores=listed(store.name for store in stores))


@check(
    "host.log.retention",
    severity=Severity.MEDIUM,
    title=Text(ja="ログが定めた期間保存される", en="Logs are kept for as long as is required"),
    why=Text(
        ja="侵入は長く気付かれないことが多い。保存期間が短いと、気付いたときには最初の痕跡が残っていない。",
        en="Intrusions often go unnoticed for long; with a short retention the first traces are gone by then.",
    ),
    remedy=Text(
        ja=(
            "/etc/logrotate.d/rsyslog の周期と rotate の積を {days} 日以上とし（例：weekly と rotate 53）、maxage と size を除く。"
            "長期の保存はログサーバで行ってもよい。"
            "Windows：グループポリシー「コンピューターの構成＞管理用テンプレート＞Windows コンポーネント＞イベント "
            "ログ サービス＞セキュリティ」の「ログ ファイルの最大サイズ」を広げ、"
            "「ログがいっぱいになった場合に自動的にバックアップする」を有効にする。"
        ),
        en=(
            "In /etc/logrotate.d/rsyslog let period times rotate be at least {days} days (weekly with rotate 53), without maxage and "
            "size; or keep them on a log host. Windows: Group Policy, Computer Configuration > Administrative Templates > Windows "
            "Components > Event Log Service > Security: enlarge the maximum log file size and enable Back up log automatically when full."
        ),
    ),
    says={
        "KEPT_LONG": Text(ja="{days} 日以上保存される：{stores}", en="kept for at least {days} days: {stores}"),
        "KEPT_SHORT": Text(
            ja="{store} は {kept} 日しか保存されず、求める {days} 日に満たない（{place}）",
            en="{store} is kept for {kept} days, less than the {days} required ({place})",
        ),
        "NOTHING_KEPT": Text(ja="主体認証の記録が機器に残らない", en="no records of log-ons are kept here"),
    },
)
def log_retention(keeping: LogKeeping, *, days: Annotated[int, LOG_RETENTION_DAYS] = LOG_RETENTION_DAYS.default) -> Judgement:
    held = _holding(keeping, RecordKind.AUTHENTICATION)
    if isinstance(held, Unobserved):
        return held
    lasting = [store for store in held if store.lasting is not False]
    if not lasting:
        return _elsewhere(keeping) or failed("NOTHING_KEPT")
    enough = [
        s
        for s in lasting
        if s.lasting is True and (s.kept_seconds is None or (isinstance(s.kept_seconds, int) and s.kept_seconds >= days * DAY))
    ]
    if enough:
        return passed("KEPT_LONG", days=days, stores=listed(store.name for store in enough))
    short = [(store, seconds) for store in lasting if (seconds := _at_most(store)) is not None and seconds < days * DAY]
    if len(short) == len(lasting):
        store, seconds = max(short, key=lambda pair: pair[1])
        elsewhere = _elsewhere(keeping)
        return elsewhere or failed("KEPT_SHORT", store=store.name, kept=seconds // DAY, days=days, place=store.source)
    unseen = first_missing(part for store in lasting for part in (store.lasting, store.kept_seconds))
    return unseen or failed("NOTHING_KEPT")


def _at_most(store: LogStore) -> int | None:
    """Give for how long a store keeps records at most, where that is known."""
    if isinstance(store.kept_seconds, int):
        return store.kept_seconds
    return store.most_seconds


def itself(target: LogTarget) -> bool:
    """Whether a target of logs is the machine that sends them."""
    return target.host in {"localhost", "::1"} or target.host.startswith("127.")


def _elsewhere(keeping: LogKeeping) -> Unobserved | None:
    """Say that another machine may keep what this one does not."""
    if isinstance(keeping.targets, Unobserved):
        return keeping.targets
    sent = [target.host for target in _sent(keeping, RecordKind.AUTHENTICATION) if not itself(target)]
    if not sent:
        return None
    return cannot_tell(
        Reason.NO_VANTAGE,
        "機器では短いが、転送先 {targets} での保存期間は、この機器からは分からない",
        "short here, but for how long {targets} keeps what is sent to it cannot be told from this machine",
        targets=listed(sent),
    )


@check(
    "host.log.rotation",
    severity=Severity.LOW,
    title=Text(ja="ログの世代交代が定期的に行われる", en="Logs are rotated regularly"),
    why=Text(
        ja="世代交代が止まるとログがディスクを埋め、記録もサービスも止まる。",
        en="Without rotation the logs fill the disk, and recording and services stop.",
    ),
    remedy=Text(
        ja=(
            "logrotate を入れ、systemctl enable --now logrotate.timer を実行する（cron の環境では /etc/cron.daily/logrotate "
            "に実行権を与える）。Windows：グループポリシー「コンピューターの構成＞管理用テンプレート＞Windows コンポーネント＞イベント "
            "ログ サービス＞セキュリティ」の「ログがいっぱいになった場合に自動的にバックアップする」を有効にする。"
        ),
        en=(
            "Install logrotate and run systemctl enable --now logrotate.timer (with cron: make /etc/cron.daily/logrotate executable)."
            " Windows: Group Policy, Computer Configuration > Administrative Templates > Windows Components > Event "
            "Log Service > Security: Back up log automatically when full."
        ),
    ),
    says={
        "ROTATED": Text(ja="定期的に世代交代される（{place}）", en="rotated regularly ({place})"),
        "NOT_ROTATED": Text(ja="世代交代が行われない（{place}）", en="not rotated ({place})"),
        "JOURNAL_ONLY": Text(
            ja="記録はジャーナルだけにあり、それが自ら古いものを除く", en="only the journal holds records, and it keeps to its own limits"
        ),
    },
)
def log_rotation(keeping: LogKeeping) -> Judgement:
    later = keeping.rotates.after_restart
    if isinstance(later, Unobserved):
        return later
    if later:
        return passed("ROTATED", place=keeping.rotates.source)
    if isinstance(keeping.stores, Unobserved):
        return keeping.stores
    if not any(store.kinds and store.name != "journal" for store in keeping.stores):
        return passed("JOURNAL_ONLY") if keeping.stores else not_applicable("JOURNAL_ONLY")
    return failed("NOT_ROTATED", place=keeping.rotates.source)


@check(
    "host.log.file-rights",
    severity=Severity.MEDIUM,
    title=Text(ja="ログを書き換え、読める者が限られている", en="Log files are closed to ordinary accounts"),
    why=Text(
        ja="一般の利用者がログを書き換えられれば証拠とならず、読めれば利用者名や誤って入力されたパスワードが漏れる。",
        en=(
            "Logs that anybody can write prove nothing; those that anybody can read give away names, and passwords typed in the "
            "wrong place."
        ),
    ),
    remedy=Text(
        ja=(
            "chmod o-rwx（ディレクトリは o-w）、chown root:adm とし、$FileCreateMode 0640 と logrotate の create 0640 "
            "で新しいファイルにも効かせる。"
        ),
        en="chmod o-rwx (directories o-w), chown root:adm, and $FileCreateMode 0640 and create 0640 in logrotate for files to come.",
    ),
    says={
        "FILES_CLOSED": Text(ja="書き換え、読める者は限られている（{count} 件）", en="closed to ordinary accounts ({count} looked at)"),
        "WRITABLE": Text(ja="一般の利用者が書き換えられる：{files}", en="ordinary accounts can write {files}"),
        "READABLE": Text(ja="一般の利用者が読める：{files}", en="ordinary accounts can read {files}"),
        "NO_FILES": Text(ja="ログのファイルがない", en="there are no log files"),
    },
)
def log_file_rights(logs: LogFiles) -> Judgement:
    if isinstance(logs.files, Unobserved):
        return logs.files
    writable = [one.path for one in logs.files if one.mode & WRITTEN_BY_ALL and not (one.directory and one.mode & STICKY)]
    if writable:
        return failed("WRITABLE", files=listed(writable))
    readable = [
        one.path
        for one in logs.files
        if not one.directory and one.mode & READ_BY_ALL and one.path not in EVERYBODYS and not one.path.startswith(HARMLESS)
    ]
    if readable:
        return failed("READABLE", files=listed(readable))
    if logs.left_out:
        return cannot_tell(
            Reason.BUDGET_SPENT, "ほかのファイル {n} 件を見ていない", "{n} further files were not looked at", n=logs.left_out
        )
    files = [one for one in logs.files if not one.directory]
    return passed("FILES_CLOSED", count=len(files)) if files else not_applicable("NO_FILES")


@check(
    "host.log.space",
    severity=Severity.MEDIUM,
    title=Text(ja="ログを書く領域に空きがある", en="There is room for logs"),
    why=Text(
        ja="領域が埋まると以後の出来事が記録されない。攻撃者は領域を埋めて記録を止めることもできる。",
        en="Once the volume is full, nothing more is recorded; an attacker may fill it on purpose.",
    ),
    remedy=Text(
        ja="古いログをログサーバに移し、又は領域を広げる。/var/log を独立した領域とする。空きは {least} % 以上とする。",
        en="Move old logs to a log host or enlarge the volume; give /var/log a volume of its own. Keep {least} % free.",
    ),
    says={
        "ROOM_LEFT": Text(ja="空きは {percent} % である", en="{percent} % are free"),
        "LITTLE_ROOM": Text(
            ja="空きが {percent} % しかなく、求める {least} % に満たない", en="only {percent} % are free, less than {least} %"
        ),
        "IMAGE": Text(ja="動作していない機器（イメージ）である", en="the machine does not run (an image)"),
    },
)
def log_space(logs: LogFiles, *, least: Annotated[int, LOG_LEAST_FREE_PERCENT] = LOG_LEAST_FREE_PERCENT.default) -> Judgement:
    if logs.free_percent is None:
        return not_applicable("IMAGE")
    if isinstance(logs.free_percent, Unobserved):
        return logs.free_percent
    if logs.free_percent < least:
        return failed("LITTLE_ROOM", percent=logs.free_percent, least=least)
    return passed("ROOM_LEFT", percent=logs.free_percent)
