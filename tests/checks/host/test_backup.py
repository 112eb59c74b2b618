"""Cases of the checks of backups."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.backup import Backup, BackupJob, BackupResult, BackupResults
from scanner.facts.ledger import DeclaredBackup, DeclaredMachine
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
NAMED = DeclaredMachine(None, (DeclaredBackup("/srv/last", "OK"), DeclaredBackup("/srv/other", "OK", 30)))
LAST, OTHER = BackupResult("/srv/last", True, 20), BackupResult("/srv/other", True, 25)


def wrote(**changes: object) -> BackupResults:
    """Two good results, the second changed."""
    return BackupResults((LAST, replace(OTHER, **changes)))  # type: ignore[arg-type]  # fields of the fact


CASES: dict[str, list[Case]] = {
    "host.backup.result": [
        case(NAMED, wrote(), says="RESULT_GOOD", args={"paths": ("/srv/last", "/srv/other"), "age": 25}),
        case(NAMED, wrote(good=False), says="RESULT_BAD", args={"paths": ("/srv/other",)}),
        case(NAMED, wrote(good=None, hours=None), says="RESULT_MISSING", args={"paths": ("/srv/other",)}),
        case(NAMED, wrote(hours=31), says="RESULT_OLD", args={"path": "/srv/other", "age": 31, "hours": 30}),
        case(NAMED, BackupResults((replace(LAST, hours=169), OTHER)), says="RESULT_OLD", args={"hours": 168}),
        case(NAMED, BackupResults((replace(LAST, hours=169), OTHER)), says="RESULT_GOOD", with_={"hours": 200}),
        case(NAMED, BackupResults((replace(LAST, good=DENIED, hours=DENIED), replace(OTHER, good=False))), says="RESULT_BAD"),
        case(NAMED, wrote(good=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(NAMED, wrote(hours=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(NAMED, BackupResults((LAST,)), outcome="undetermined", reason=Reason.STALE),
        case(NAMED, DENIED, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(DeclaredMachine(None), DENIED, says="NO_RESULT_NAMED"),
        case(DENIED, wrote(), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
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
