"""Checks of the backups that a machine makes of itself: is one scheduled, did the last one succeed in time, do the result files say so."""

from __future__ import annotations

from typing import Annotated

from checks.common import first_missing, listed, value_not_set
from scanner.facts.backup import Backup, BackupResults
from scanner.facts.ledger import DeclaredMachine
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

BACKUP_MAKER = Value(
    "backup.maker",
    default="unset",
    text=Text(
        ja="バックアップの取得方法（machine：機器自身が取る、outside：仮想基盤等の外から取る、unset：未定）",
        en="who makes backups (machine: the machine itself, outside: the virtualisation or another machine, unset: not decided)",
    ),
    choices=("machine", "outside", "unset"),
)

BACKUP_MOST_HOURS = Value(
    "backup.most-hours",
    default=168,
    text=Text(ja="最後に成功したバックアップからの時間の上限", en="longest time since the last good backup"),
    unit="h",
    least=1,
    most=87600,
)


OUTSIDE = Text(
    ja="機器の外（仮想基盤等）からバックアップを取ることを組織が定めている", en="backups are made from outside, as the organisation decided"
)
NOT_YET = cannot_tell(
    Reason.NO_VANTAGE, "機器が起動してからまだ実行されていない", "it has not run since the machine started, so there is nothing to tell by"
)
AGENT = Text(ja="バックアップサーバのエージェントが動作する：{agents}", en="agents of a backup server run: {agents}")


@check(
    "host.backup.scheduled",
    severity=Severity.HIGH,
    title=Text(ja="バックアップが定期的に取られる", en="Backups are made on a schedule"),
    why=Text(
        ja="故障、誤操作、ランサムウェアの後に情報を取り戻せるのは、その前に取ったバックアップだけである。",
        en="After a fault, a mistake or ransomware, only an earlier backup brings the information back.",
    ),
    remedy=Text(
        ja=(
            "restic、borg 等を systemd のタイマ又は cron で定期的に実行する。機器の外から取っている場合は方針ファイルの "
            "backup.maker を outside とする。"
        ),
        en=(
            "Run restic, borg or the like by a timer or cron. Where backups are made from outside, set backup.maker to outside in "
            "the profile."
        ),
    ),
    says={
        "BACKUP_SCHEDULED": Text(ja="定期的に実行される：{jobs}", en="scheduled: {jobs}"),
        "BACKUP_AGENT": AGENT,
        "NO_BACKUP": Text(ja="定期的なバックアップの設定がない", en="no backup is scheduled"),
        "BACKUP_OUTSIDE": OUTSIDE,
    },
)
def backup_scheduled(backup: Backup, *, maker: Annotated[str, BACKUP_MAKER] = BACKUP_MAKER.default) -> Judgement:
    if not isinstance(backup.jobs, Unobserved) and backup.jobs:
        return passed("BACKUP_SCHEDULED", jobs=listed(f"{job.tool} ({job.place})" for job in backup.jobs))
    if not isinstance(backup.agents, Unobserved) and backup.agents:
        return passed("BACKUP_AGENT", agents=listed(backup.agents))
    if maker == "outside":
        return not_applicable("BACKUP_OUTSIDE")
    if why := first_missing((backup.jobs, backup.agents)):
        return why
    # a backup from outside leaves no trace on the machine
    return failed("NO_BACKUP") if maker == "machine" else value_not_set(BACKUP_MAKER)


@check(
    "host.backup.last",
    severity=Severity.HIGH,
    title=Text(ja="最後のバックアップが成功し、古くない", en="The last backup succeeded and is recent"),
    why=Text(
        ja="設定されていても失敗し続けているバックアップは、必要になったときに初めて気付かれることが多い。",
        en="A backup that is set up and fails every time is often only noticed when it is needed.",
    ),
    remedy=Text(
        ja="journalctl -u ユニット名で失敗の原因を調べて除く。{hours} 時間に一度は成功するように予定を組む。",
        en="Find the cause in journalctl -u UNIT. Schedule it so that one succeeds at least every {hours} hours.",
    ),
    says={
        "LAST_GOOD": Text(ja="{job} は {age} 時間前に成功した", en="{job} succeeded {age} hours ago"),
        "LAST_FAILED": Text(ja="最後の実行が失敗した：{jobs}", en="the last run failed: {jobs}"),
        "LAST_OLD": Text(
            ja="{job} の最後の成功は {age} 時間前であり、上限 {hours} 時間を超える", en="{job} last ran {age} hours ago, beyond {hours}"
        ),
        "BACKUP_AGENT": AGENT,
        "NO_BACKUP": Text(ja="定期的なバックアップの設定がない", en="no backup is scheduled"),
        "BACKUP_OUTSIDE": OUTSIDE,
    },
)
def backup_last(
    backup: Backup,
    *,
    maker: Annotated[str, BACKUP_MAKER] = BACKUP_MAKER.default,
    hours: Annotated[int, BACKUP_MOST_HOURS] = BACKUP_MOST_HOURS.default,
) -> Judgement:
    if isinstance(backup.jobs, Unobserved):
        return backup.jobs
    if not backup.jobs:
        if isinstance(backup.agents, Unobserved):
            return backup.agents
        if backup.agents:
            return not_applicable("BACKUP_AGENT", agents=listed(backup.agents))
        return not_applicable("BACKUP_OUTSIDE" if maker == "outside" else "NO_BACKUP")
    if bad := [f"{job.tool} ({job.place})" for job in backup.jobs if job.succeeded is False]:
        return failed("LAST_FAILED", jobs=listed(bad))
    told = [(job, job.hours) for job in backup.jobs if isinstance(job.hours, int) and job.succeeded is True]
    if old := [(job, age) for job, age in told if age > hours]:
        return failed("LAST_OLD", job=f"{old[0][0].tool} ({old[0][0].place})", age=old[0][1], hours=hours)
    if len(told) < len(backup.jobs):
        unseen = first_missing(part for job in backup.jobs for part in (job.succeeded, job.hours))
        return unseen or NOT_YET
    job, age = max(told, key=lambda pair: pair[1])
    return passed("LAST_GOOD", job=f"{job.tool} ({job.place})", age=age)


@check(
    "host.backup.result",
    severity=Severity.HIGH,
    title=Text(
        ja="台帳に記したバックアップの結果ファイルが新しく、成功を示す",
        en="Result files of backups that the ledger names are recent and tell of success",
    ),
    why=Text(
        ja="結果を書かなくなったバックアップは止まっていることが多く、失敗の知らせも来ない。",
        en="A backup that has ceased to write its result has mostly ceased to run, and nobody is told of failures.",
    ),
    remedy=Text(
        ja="バックアップの記録から失敗の原因を調べて除く。ジョブが最後の行に結果を書くことと、台帳の backups の result、says、hours を"
        "確かめる。",
        en="Find the cause in the log of the backup. See that the job writes its result as the last line, and that result, says and hours "
        "under backups in the inventory are right.",
    ),
    says={
        "RESULT_GOOD": Text(
            ja="{paths} は成功を示す（最も古いもので {age} 時間前）", en="{paths} tell of success (the oldest {age} hours ago)"
        ),
        "RESULT_BAD": Text(ja="最後の行が成功を示さない：{paths}", en="the last line does not tell of success: {paths}"),
        "RESULT_MISSING": Text(ja="結果ファイルがない：{paths}", en="there is no result file: {paths}"),
        "RESULT_OLD": Text(
            ja="{path} は {age} 時間前のものであり、上限 {hours} 時間を超える", en="{path} was written {age} hours ago, beyond {hours}"
        ),
        "NO_RESULT_NAMED": Text(ja="台帳に結果ファイルの記載がない", en="the ledger names no result file"),
    },
)
def backup_result(
    ledger: DeclaredMachine, seen: BackupResults | Unobserved, *, hours: Annotated[int, BACKUP_MOST_HOURS] = BACKUP_MOST_HOURS.default
) -> Judgement:
    if not ledger.backups:
        return not_applicable("NO_RESULT_NAMED")
    if isinstance(seen, Unobserved):
        return seen
    if bad := [result.path for result in seen.results if result.good is False]:
        return failed("RESULT_BAD", paths=listed(bad))
    if missing := [result.path for result in seen.results if result.good is None]:
        return failed("RESULT_MISSING", paths=listed(missing))
    limits = {named.path: named.hours or hours for named in ledger.backups}
    for result in seen.results:
        if isinstance(result.hours, int) and result.hours > limits.get(result.path, hours):
            return failed("RESULT_OLD", path=result.path, age=result.hours, hours=limits.get(result.path, hours))
    # facts that were kept may belong to an earlier word of the ledger
    if unread := sorted(set(limits) - {result.path for result in seen.results}):
        return cannot_tell(Reason.STALE, f"見ていない結果ファイルがある：{', '.join(unread)}", f"not looked at: {', '.join(unread)}")
    unseen = first_missing(part for result in seen.results for part in (result.good, result.hours))
    ages = [result.hours for result in seen.results if isinstance(result.hours, int)]
    return unseen or passed("RESULT_GOOD", paths=listed(result.path for result in seen.results), age=max(ages, default=0))
