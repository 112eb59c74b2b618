"""Checks of the backups that a machine makes of itself: is one scheduled, and did the last one succeed in time."""

from __future__ import annotations

from typing import Annotated

from checks.common import first_missing, listed, value_not_set
from checks.values import BACKUP_MAKER, BACKUP_MOST_HOURS
from scanner.facts.backup import Backup
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

OUTSIDE = Text(
    ja="機器の外（仮想基盤等）からバックアップを取ることを組織が定めている", en="backups are made from outside, as the organisation decided"
)
NOT_YET = cannot_tell(
    Reason.NO_VANTAGE, "機器が起動してからまだ実行されていない", "it has not run since the machine started, so there is nothing to tell by"
)
AGENT = Text(ja="バックアップサーバのエージェントが動作している：{agents}", en="agents of a backup server run: {agents}")


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
