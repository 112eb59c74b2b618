"""Cases of the checks that only Windows machines bear on: built-in accounts, records, elevation, the module that keeps keys."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.accounts import Account, AccountGroup, Accounts, Password
from scanner.facts.credentials import KeptCredentials
from scanner.facts.elevation import Elevation, InstallerRights, OwnHalf, Prompt
from scanner.facts.event_log import AuditPolicy, AuditSetting, EventLog, EventLogs, WhenFull
from scanner.facts.readings import Readings
from scanner.facts.tpm import SecurityModule
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, always, off

UNTOLD = Unobserved(Reason.UNSUPPORTED)
SID = "S-1-5-21-7-8-9"
ADMIN = Account("Administrator", f"{SID}-500", "", True, True, "", Password.SET, UNTOLD, 9, None, False, False, 3, UNTOLD, UNTOLD)
GUEST = replace(ADMIN, name="Guest", number=f"{SID}-501", login=False, password=Password.LOCKED, hash="")
TARO = replace(ADMIN, name="太郎", number=f"{SID}-1001", most_days=42)


def windows(*found: Account, members: tuple[str, ...] = ()) -> Accounts:
    """A machine with these accounts."""
    return Accounts(found, (AccountGroup("Administrators", "S-1-5-32-544", members),), (), (), None)


LINUX = windows(replace(ADMIN, name="root", number="0"))
UNSEEN = [
    case(LINUX, says="NO_SUCH"),
    case(Accounts(DENIED, DENIED, (), (), None), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    case(Unobserved(Reason.TIMEOUT), outcome="undetermined", reason=Reason.TIMEOUT),
]
EVERY = (0x35, 0x37, 0x2F, 0x31, 0x1B, 0x2B, 0x15, 0x17, 0x10, 0x11, 0x30)
WELL = AuditPolicy(tuple(AuditSetting(number, True, True) for number in EVERY), True, "place")


def without(number: int, success: bool = False, failure: bool = False) -> AuditPolicy:
    """The policy with another setting for one subcategory."""
    return replace(WELL, settings=(*(s for s in WELL.settings if s.subcategory != number), AuditSetting(number, success, failure)))


def logs(
    security: int | Unobserved,
    other: int = 32_768 * 1024,
    when: WhenFull | Unobserved = WhenFull.OVERWRITES,
    scripts: bool | Unobserved = True,
) -> EventLogs:
    """Logs of these sizes."""
    return EventLogs((EventLog("Security", security, when, "place"), EventLog("System", other, WhenFull.ARCHIVES, "place")), scripts)


def installs(machine: bool | Unobserved, *own: bool | Unobserved) -> InstallerRights:
    """The machine's half of the policy, and that of each account."""
    return InstallerRights(False, machine, tuple(OwnHalf(str(number), half) for number, half in enumerate(own, 1)))


LARGE = 196_608 * 1024
KEPT = KeptCredentials(False, always(True), False, 10, True, False, "place")
CASES: dict[str, list[Case]] = {
    "host.accounts.guest": [
        *UNSEEN,
        case(windows(ADMIN, GUEST), says="GUEST_CLOSED"),
        case(windows(replace(GUEST, login=True, password=Password.EMPTY, name="来客")), says="GUEST_OPEN", args={"name": "来客"}),
        case(windows(replace(GUEST, login=True, password=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.accounts.built-in-administrator": [
        *UNSEEN,
        case(windows(ADMIN, TARO), says="BUILT_IN_OPEN"),
        case(windows(replace(ADMIN, name="Administrateur")), says="BUILT_IN_OPEN"),
        case(windows(replace(ADMIN, name="管理人")), says="BUILT_IN_RENAMED"),
        case(windows(replace(ADMIN, login=False, password=Password.LOCKED)), says="BUILT_IN_CLOSED"),
        case(windows(replace(ADMIN, password=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.event-log.subjects": [
        case(WELL, says="AUDITED"),
        case(without(0x15, success=True), says="NOT_AUDITED", args={"missing": ("logins (Logon: failure)",)}),
        case(
            replace(WELL, settings=()),
            says="NOT_AUDITED",
            with_={"wanted": ("time",)},
            args={"missing": ("time (Security State Change: success)",)},
        ),
        case(without(0x17), says="AUDITED", with_={"wanted": ("time", "modules", "policy", "rights")}),
        case(WELL, outcome="undetermined", reason=Reason.UNSUPPORTED, with_={"wanted": ("deletion",)}),
        case(without(0x10), says="NOT_AUDITED", with_={"wanted": ("deletion", "time")}),
        case(DENIED, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.event-log.size": [
        case(logs(LARGE), says="LOGS_LARGE"),
        case(logs(LARGE - 1), says="LOGS_SMALL", args={"logs": ("Security 196607",)}),
        case(logs(LARGE, 1024), says="LOGS_SMALL", args={"logs": ("System 1",)}),
        case(logs(DENIED, 1024), says="LOGS_SMALL"),
        case(logs(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(logs(20_480 * 1024), says="LOGS_LARGE", with_={"security": 20_480}),
    ],
    "host.event-log.full": [
        case(logs(LARGE), says="LOGS_GO_ON"),
        case(logs(LARGE, when=WhenFull.STOPS), says="LOGS_STOP", args={"logs": ("Security",)}),
        case(logs(LARGE, when=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.event-log.media": [
        case(without(0x48, success=True), says="MEDIA_RECORDED"),
        case(WELL, says="MEDIA_UNRECORDED", args={"place": "place"}),
        case(without(0x48, failure=True), says="MEDIA_UNRECORDED"),
        case(DENIED, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.event-log.programs": [
        case(logs(LARGE), WELL, says="PROGRAMS_RECORDED"),
        case(logs(LARGE, scripts=False), WELL, says="PROGRAMS_UNRECORDED", args={"parts": ("PowerShell",)}),
        case(logs(LARGE), replace(WELL, command_lines=False), says="PROGRAMS_UNRECORDED", args={"parts": ("command lines",)}),
        case(logs(LARGE), without(0x2B), says="PROGRAMS_UNRECORDED"),
        case(logs(LARGE), DENIED, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(logs(LARGE, scripts=False), DENIED, says="PROGRAMS_UNRECORDED"),
        case(logs(LARGE, scripts=DENIED), WELL, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.elevation.control": [
        case(Elevation(always(True), Prompt.CONSENT_TO_OTHERS, False), says="CONTROLLED", args={"prompt": "consent-to-others"}),
        case(Elevation(off(True), Prompt.CONSENT, True), says="CONTROLLED"),
        case(Elevation(Readings(False, UNTOLD, False, "place"), Prompt.CONSENT, True), says="UNCONTROLLED"),
        case(Elevation(always(True), Prompt.NOTHING, True), says="UNASKED"),
        case(Elevation(always(True), DENIED, True), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(
            Elevation(Readings(DENIED, DENIED, DENIED, "place"), Prompt.CONSENT, True), outcome="undetermined", reason=Reason.ACCESS_DENIED
        ),
    ],
    "host.elevation.installer": [
        case(installs(False, True), says="INSTALLER_OWN_RIGHTS"),
        case(InstallerRights(DENIED, False, DENIED), says="INSTALLER_OWN_RIGHTS"),
        case(installs(True, False, False), says="INSTALLER_HALF", args={"count": 2}),
        case(InstallerRights(True, True, (OwnHalf("太郎", True),)), says="INSTALLER_BARRED"),
        case(installs(True, False, True), says="INSTALLER_ELEVATES", args={"accounts": ("2",)}),
        case(installs(True, DENIED, True), says="INSTALLER_ELEVATES", args={"accounts": ("2",)}),
        case(installs(True, DENIED, False), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(InstallerRights(False, True, DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(InstallerRights(DENIED, True, (OwnHalf("太郎", True),)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(installs(DENIED, False), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(installs(True), outcome="undetermined", reason=Reason.UNSUPPORTED),
    ],
    "host.boot.tpm": [
        case(SecurityModule("2.0"), says="TPM_USABLE"),
        case(SecurityModule("1.2"), says="TPM_OLD"),
        case(SecurityModule(""), says="TPM_NONE"),
        case(SecurityModule("unknown"), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(DENIED, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.credentials.clear-text": [
        case(KEPT, says="CLEAR_TEXT_NONE"),
        case(replace(KEPT, clear_text=True), says="CLEAR_TEXT_KEPT"),
        case(replace(KEPT, clear_text=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.credentials.protected-process": [
        case(KEPT, says="LSA_PROTECTED"),
        case(replace(KEPT, protected=off(True)), says="LSA_PROTECTED"),
        case(replace(KEPT, protected=Readings(True, UNTOLD, True, "x")), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(replace(KEPT, protected=Readings(False, UNTOLD, False, "x")), says="LSA_OPEN"),
    ],
    "host.credentials.automatic-logon": [
        case(KEPT, says="NO_AUTOMATIC_LOGON"),
        case(replace(KEPT, logs_on_alone=True), says="AUTOMATIC_LOGON"),
        case(replace(KEPT, logs_on_alone=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.credentials.cached": [
        case(KEPT, says="CACHED_MANY", args={"found": 10, "most": 4}),
        case(KEPT, says="CACHED_FEW", with_={"most": 10}),
        case(replace(KEPT, joined=False), says="NO_DOMAIN"),
        case(replace(KEPT, joined=UNTOLD), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(replace(KEPT, joined=UNTOLD, cached=0), says="CACHED_FEW"),
        case(replace(KEPT, cached=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.credentials.local-administrator": [
        case(KEPT, says="LAPS_OFF"),
        case(replace(KEPT, rotates=True), says="LAPS_ON"),
        case(replace(KEPT, rotates=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
