"""Cases of the checks of backups."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.backup import Backup, BackupJob
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED

RESTIC = BackupJob("restic", "restic.timer", True, 20)
NIGHTLY = BackupJob("pg_dump", "/etc/cron.d/pg", DENIED, DENIED)


def by(*jobs: BackupJob, agents: tuple[str, ...] = ()) -> Backup:
    """A machine with these jobs."""
    return Backup(jobs, agents)


AGENT = by(agents=("bareos-fd",))
UNSEEN = Backup(DENIED, DENIED)
CASES: dict[str, list[Case]] = {
    "host.backup.scheduled": [
        case(by(RESTIC), says="BACKUP_SCHEDULED", args={"jobs": ("restic (restic.timer)",)}),
        case(AGENT, says="BACKUP_AGENT"),
        case(by(), says="NO_BACKUP", with_={"maker": "machine"}),
        case(by(), says="BACKUP_OUTSIDE", with_={"maker": "outside"}),
        case(by(), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(UNSEEN, outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"maker": "machine"}),
    ],
    "host.backup.last": [
        case(by(RESTIC), says="LAST_GOOD", args={"age": 20}),
        case(by(replace(RESTIC, succeeded=False), NIGHTLY), says="LAST_FAILED", args={"jobs": ("restic (restic.timer)",)}),
        case(by(replace(RESTIC, hours=169)), says="LAST_OLD", args={"age": 169, "hours": 168}),
        case(by(replace(RESTIC, hours=169)), says="LAST_GOOD", with_={"hours": 200}),
        case(by(RESTIC, NIGHTLY), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(by(replace(RESTIC, succeeded=None, hours=None)), outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(AGENT, says="BACKUP_AGENT"),
        case(by(), says="NO_BACKUP"),
        case(by(), says="BACKUP_OUTSIDE", with_={"maker": "outside"}),
        case(UNSEEN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(Backup((), DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
