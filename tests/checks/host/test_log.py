"""Cases of the checks of the logs."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.log_keeping import LogEntrance, LogFile, LogFiles, LogKeeping, LogProgram, LogStore, LogTarget, RecordKind
from scanner.facts.readings import Readings
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, always, unknown

BOTH = (RecordKind.AUTHENTICATION, RecordKind.SYSTEM)
YEAR = 366 * 86_400
BY_SIZE = Unobserved(Reason.UNSUPPORTED)
AUTH_LOG = LogStore("/var/log/auth.log", (RecordKind.AUTHENTICATION,), True, YEAR, None, "logrotate")
JOURNAL = LogStore("journal", BOTH, True, BY_SIZE, None, "journald.conf")
VOLATILE = replace(JOURNAL, lasting=False)
TARGET = LogTarget("log.town.example", 6514, "tcp", BOTH, True, True, True, "/etc/rsyslog.conf")
RSYSLOG, JOURNALD = LogProgram("rsyslog", True, True), LogProgram("systemd-journald", True, True)
WELL = LogKeeping((RSYSLOG, JOURNALD), (AUTH_LOG, JOURNAL), (TARGET,), (), always(True))
NOWHERE = replace(WELL, targets=())
UNSEEN = LogKeeping(DENIED, DENIED, DENIED, DENIED, unknown())


def by(*programs: LogProgram) -> LogKeeping:
    """Records taken by these."""
    return replace(WELL, programs=programs)


def kept(*stores: LogStore, target: LogTarget | None = None) -> LogKeeping:
    """Records kept in these places."""
    return replace(WELL, stores=stores, targets=(target,) if target else ())


def sent(**changes: object) -> LogKeeping:
    """Records sent in a way of its own."""
    return replace(WELL, targets=(replace(TARGET, **changes),))  # type: ignore[arg-type]  # fields of LogTarget by name


def files(*found: LogFile, left_out: int = 0) -> LogFiles:
    """Log files on a volume with room."""
    return LogFiles((LogFile("/var/log", True, 0o755, 0, 4), *found), left_out, 60.0)


def file(mode: int, path: str = "/var/log/auth.log") -> LogFile:
    """A log file with these rights."""
    return LogFile(path, False, mode, 0, 4)


def room(percent: float | Unobserved | None) -> LogFiles:
    """A volume with so much room."""
    return LogFiles((), 0, percent)


MAIL_ONLY = (RecordKind.SYSTEM,)
CASES: dict[str, list[Case]] = {
    "host.log.program": [
        case(WELL, says="PROGRAMS_RUN", args={"programs": ("rsyslog", "systemd-journald")}),
        case(by(LogProgram("rsyslog", None, True)), says="PROGRAMS_RUN"),
        case(by(LogProgram("rsyslog", False, True), JOURNALD), says="STOPPED", args={"programs": ("rsyslog",)}),
        case(by(LogProgram("rsyslog", True, False)), says="NOT_AFTER_RESTART"),
        case(by(LogProgram("rsyslog", False, False)), says="NO_PROGRAM"),
        case(by(), says="NO_PROGRAM"),
        case(by(LogProgram("rsyslog", DENIED, True)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(by(LogProgram("rsyslog", True, DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(UNSEEN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.log.authentication": [
        case(WELL, says="AUTHENTICATION_KEPT", args={"stores": ("/var/log/auth.log", "journal")}),
        case(kept(target=TARGET), says="AUTHENTICATION_SENT_ONLY"),
        case(kept(replace(AUTH_LOG, kinds=MAIL_ONLY)), says="AUTHENTICATION_NOT_KEPT"),
        case(replace(NOWHERE, stores=()), says="AUTHENTICATION_NOT_KEPT"),
        case(replace(WELL, stores=(), targets=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(UNSEEN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.log.lasting": [
        case(WELL, says="LOGS_LAST"),
        case(kept(VOLATILE), says="LOGS_ARE_LOST", args={"stores": ("journal",)}),
        case(kept(VOLATILE, target=TARGET), says="LOGS_SENT"),
        case(kept(replace(JOURNAL, lasting=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(UNSEEN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.log.forwarding": [
        case(WELL, says="FORWARDED", args={"targets": ("log.town.example",)}),
        case(WELL, says="FORWARDED", with_={"hosts": ("LOG.town.example.",)}),
        case(WELL, says="FORWARDED_ELSEWHERE", with_={"hosts": ("192.0.2.1",)}),
        case(NOWHERE, says="NOT_FORWARDED"),
        case(sent(host="127.0.0.1"), says="NOT_FORWARDED"),
        case(sent(kinds=MAIL_ONLY), says="FORWARDED_IN_PART"),
        case(UNSEEN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.log.forwarding-encrypted": [
        case(WELL, says="ENCRYPTED"),
        case(
            sent(encrypted=False, verified=False, port=514, protocol="udp"), says="CLEAR", args={"targets": ("log.town.example:514/udp",)}
        ),
        case(sent(verified=False), says="NOT_VERIFIED"),
        case(NOWHERE, says="NOT_FORWARDED"),
        case(UNSEEN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.log.forwarding-queue": [
        case(WELL, says="QUEUED"),
        case(sent(queued=False), says="NOT_QUEUED"),
        case(NOWHERE, says="NOT_FORWARDED"),
        case(UNSEEN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.log.receiving": [
        case(WELL, says="TAKES_NOTHING"),
        case(
            replace(WELL, entrances=(LogEntrance("udp", 514, False, "place"),)),
            says="TAKES_RECORDS",
            with_={"receiving": "refused"},
            args={"ports": ("udp/514",)},
        ),
        case(replace(WELL, entrances=(LogEntrance("tcp", 6514, True, "place"),)), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(replace(WELL, entrances=(LogEntrance("tcp", 6514, True, "place"),)), says="RECEIVING_MEANT", with_={"receiving": "allowed"}),
        case(UNSEEN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.log.retention": [
        case(WELL, says="KEPT_LONG", args={"stores": ("/var/log/auth.log",), "days": 365}),
        case(kept(replace(AUTH_LOG, kept_seconds=None)), says="KEPT_LONG"),
        case(kept(replace(AUTH_LOG, kept_seconds=28 * 86_400)), says="KEPT_SHORT", args={"kept": 28}),
        case(kept(replace(AUTH_LOG, kept_seconds=28 * 86_400)), says="KEPT_LONG", with_={"days": 28}),
        case(kept(replace(JOURNAL, most_seconds=86_400)), says="KEPT_SHORT", args={"kept": 1}),
        case(kept(JOURNAL), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(kept(replace(JOURNAL, most_seconds=2 * YEAR)), outcome="undetermined", reason=Reason.UNSUPPORTED),
        # the longest of several places counts, and what another machine keeps is not seen
        case(kept(replace(AUTH_LOG, kept_seconds=86_400), JOURNAL), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(kept(replace(AUTH_LOG, kept_seconds=86_400), target=TARGET), outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(kept(VOLATILE), says="NOTHING_KEPT"),
        case(kept(), says="NOTHING_KEPT"),
        case(kept(target=TARGET), outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(UNSEEN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.log.rotation": [
        case(WELL, says="ROTATED"),
        case(replace(WELL, rotates=always(False)), says="NOT_ROTATED"),
        case(replace(kept(JOURNAL), rotates=always(False)), says="JOURNAL_ONLY"),
        case(replace(WELL, rotates=Readings(None, DENIED, DENIED, "place")), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(replace(UNSEEN, rotates=always(False)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.log.file-rights": [
        case(files(file(0o640)), says="FILES_CLOSED", args={"count": 1}),
        case(files(file(0o640), LogFile("/var/log/shared", True, 0o1777, 0, 0)), says="FILES_CLOSED"),
        case(files(file(0o664, "/var/log/wtmp"), file(0o644, "/var/log/dpkg.log")), says="FILES_CLOSED"),
        case(files(file(0o666)), says="WRITABLE", args={"files": ("/var/log/auth.log",)}),
        case(files(LogFile("/var/log/app", True, 0o777, 0, 0)), says="WRITABLE"),
        case(files(file(0o644)), says="READABLE"),
        case(files(), says="NO_FILES"),
        case(files(file(0o640), left_out=3), outcome="undetermined", reason=Reason.BUDGET_SPENT),
        case(LogFiles(DENIED, 0, None), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.log.space": [
        case(room(42.0), says="ROOM_LEFT"),
        case(room(4.5), says="LITTLE_ROOM", args={"percent": 4.5, "least": 10}),
        case(room(4.5), says="ROOM_LEFT", with_={"least": 4}),
        case(room(None), says="IMAGE"),
        case(room(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
