"""The collector for what restricts which programs run on Windows: App Control (WDAC), AppLocker, Software Restriction Policies.

Which policies of App Control are in force only a running Windows tells: its files are binary, some stand on the EFI partition, and Windows
brings several of its own. AppLocker's rules are judged for programs (``Exe``); those that a management service (MDM) set up are not read.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from scanner.facts.execution import ExecutionControl, Means, Unnamed
from scanner.facts.readings import Readings
from scanner.hosts.base import Key, Names, collector
from scanner.hosts.combining import same
from scanner.hosts.seeing import needed, parsed, seen
from scanner.hosts.windows import answers
from scanner.hosts.windows.base import (
    CONTROL,
    DISABLED,
    POLICIES,
    SERVICES,
    Version,
    WindowsReader,
    number,
    service_runs,
    service_start,
    starts_by_itself,
    text,
    version,
)
from scanner.hosts.windows.powershell import Script, ask, row, whole
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import xmltree

POLICY_STATUS: Final = Script(
    "Win32_DeviceGuard",
    "$g=Get-CimInstance -Namespace root/Microsoft/Windows/DeviceGuard -ClassName Win32_DeviceGuard;if(!$g){throw 'none'};"
    "$a=@{user=$g.UsermodeCodeIntegrityPolicyEnforcementStatus}",
)
STATUS: Final = {0: Unnamed.RUNS, 1: Unnamed.RECORDED, 2: Unnamed.REFUSED}
"""UsermodeCodeIntegrityPolicyEnforcementStatus: off, audit, enforced."""
FIRST_WITH_POLICIES: Final = 10_240
"""The first build of Windows 10; nothing before it has App Control."""
SMART: Final = CONTROL + r"\CI\Policy"
ONE_POLICY: Final = "/Windows/System32/CodeIntegrity/SiPolicy.p7b"
MORE_POLICIES: Final = "/Windows/System32/CodeIntegrity/CiPolicies/Active"

APPLOCKER: Final = POLICIES + r"\Microsoft\Windows\SrpV2"
COLLECTIONS: Final = ("Appx", "Dll", "Exe", "Msi", "Script")
MANAGED: Final = "/Windows/System32/AppLocker/MDM"
SERVICE: Final = "AppIDSvc"
MOST_RULES: Final = 2_000
EVERYBODY: Final = re.compile(r"S-1-1-0|S-1-5-(4|11|32-545)|S-1-5-21(-\d+){3}-513")
"""Everyone; whoever logs on at the machine, all who have authenticated, Users; Domain Users."""
EVERYWHERE: Final = re.compile(r"((%osdrive%|[c*?]:)\\)?[*\\]*\*(\.(\*|exe))?", re.IGNORECASE)
EDITIONS: Final = ("Enterprise", "Education", "IoTEnterprise", "Ultimate")
"""Those of clients that have always gone by AppLocker's rules; of servers all have."""
ANY_EDITION: Final = {**dict.fromkeys((19_041, 19_042, 19_043, 19_044, 19_045), 3_000), 22_000: 2_000, 22_621: 2_000}
"""Revisions of 2023 from which all editions do (KB 5024351), rounded up; later builds do from the first on."""
LAST_MENDED: Final = 22_621

SAFER: Final = POLICIES + r"\Microsoft\Windows\Safer\CodeIdentifiers"
DISALLOWED: Final = 0
LAST_WITH_SAFER: Final = 22_000
"""The last build of which it is known that it goes by Software Restriction Policies."""


@collector(
    Platform.WINDOWS,
    POLICY_STATUS.source,
    Key(SMART),
    Names(ONE_POLICY),
    Names(MORE_POLICIES),
    *(Key(rf"{APPLOCKER}\{name}") for name in COLLECTIONS),
    Key(rf"{APPLOCKER}\Exe\*"),
    Names(MANAGED),
    Key(rf"{SERVICES}\{SERVICE}"),
    answers.SERVICE_STATES.source,
    Key(SAFER),
)
def execution_control(read: WindowsReader) -> ExecutionControl:
    """See what each of the three does with a program that no rule names."""
    means = (
        Means("App Control (WDAC)", _app_control(read)),
        Means("AppLocker (Exe)", _applocker(read)),
        Means("Software Restriction Policies", _safer(read)),
    )
    for one in means:
        read.keep(one.unnamed.source, f"{one.name}: now {one.unnamed.in_force}, after a restart {one.unnamed.after_restart}")
    return ExecutionControl(means)


def _app_control(read: WindowsReader) -> Readings[Unnamed]:
    now = seen(partial(_policies_now, read))
    later = seen(partial(_policies_later, read)) if now is Unnamed.REFUSED else now
    return Readings(None, now if read.live else None, later, POLICY_STATUS.about)


def _policies_now(read: WindowsReader) -> Unnamed:
    if version(read).build < FIRST_WITH_POLICIES:
        return Unnamed.RUNS
    status = whole(row(ask(read, POLICY_STATUS), POLICY_STATUS.about).get("user"), POLICY_STATUS.about)
    if status not in STATUS:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{POLICY_STATUS.about}: status {status}")
    if STATUS[status] is Unnamed.REFUSED and number(read, SMART, "VerifiedAndReputablePolicyState") == 1:
        raise CannotObserve(
            Reason.UNSUPPORTED, "Smart App Control is on; whether a policy of the organisation stands beside it is not told"
        )
    return STATUS[status]


def _policies_later(read: WindowsReader) -> Unnamed:
    """Expect a policy that is in force to come again where files of policies are there."""
    if read.state(ONE_POLICY) is None and not read.names(MORE_POLICIES):
        raise CannotObserve(Reason.UNSUPPORTED, "the policy in force has no file on the system drive; the EFI partition is not read")
    return Unnamed.REFUSED


def _applocker(read: WindowsReader) -> Readings[Unnamed]:
    rules = seen(partial(_rules, read))
    if rules is Unnamed.RUNS:
        return same(rules, read.live, APPLOCKER)

    def while_served(serves: bool) -> Unnamed:
        return needed(rules) if serves else Unnamed.RUNS

    now = seen(lambda: while_served(needed(service_runs(read, SERVICE)) is True)) if read.live else None
    return Readings(rules, now, seen(lambda: while_served(_will_serve(read))), APPLOCKER)


def _will_serve(read: WindowsReader) -> bool:
    if starts_by_itself(read, SERVICE):
        return True
    if service_start(read, SERVICE) in {None, DISABLED}:
        return False
    raise CannotObserve(Reason.UNSUPPORTED, f"the service {SERVICE} starts on demand; whether it will is not known")


def _rules(read: WindowsReader) -> Unnamed:
    """Give what the rules for programs ask for. Without a mode they are enforced; without rules every program runs."""
    key = rf"{APPLOCKER}\Exe"
    rules = read.subkeys(key) or ()
    if not rules:
        if read.names(MANAGED):
            raise CannotObserve(Reason.UNSUPPORTED, f"{MANAGED}: rules that a management service set up are not read")
        return Unnamed.RUNS
    if len(rules) > MOST_RULES:
        raise CannotObserve(Reason.TOO_LARGE, f"{key}: more than {MOST_RULES} rules")
    if not _has_applocker(version(read)) or any(_lets_all_run(read, rf"{key}\{rule}") for rule in rules):
        return Unnamed.RUNS
    return Unnamed.RECORDED if number(read, key, "EnforcementMode") == 0 else Unnamed.REFUSED


def _has_applocker(windows: Version) -> bool:
    """Tell whether this edition goes by AppLocker's rules (Microsoft's requirements to use AppLocker)."""
    if windows.server or windows.edition.startswith(EDITIONS) or windows.build > LAST_MENDED:
        return True
    revision = ANY_EDITION.get(windows.build)
    if revision is not None and windows.revision < revision:
        raise CannotObserve(
            Reason.UNSUPPORTED, f"whether {windows.edition} {windows.build}.{windows.revision} enforces AppLocker is not known"
        )
    return revision is not None


def _lets_all_run(read: WindowsReader, key: str) -> bool:
    """Tell whether a rule allows everybody every path; what its exceptions refuse is named by them."""
    rule = needed(parsed(key, (text(read, key, "Value") or "").encode("utf-8", "replace"), xmltree.parse))
    if rule.name != "FilePathRule" or rule.get("Action") != "Allow" or not EVERYBODY.fullmatch(rule.get("UserOrGroupSid")):
        return False
    conditions = [one for group in rule.all("Conditions") for one in group.all("FilePathCondition")]
    return any(EVERYWHERE.fullmatch(one.get("Path").strip()) for one in conditions)


def _safer(read: WindowsReader) -> Readings[Unnamed]:
    return same(seen(partial(_safer_rules, read)), read.live, SAFER)


def _safer_rules(read: WindowsReader) -> Unnamed:
    """Give what Software Restriction Policies of the machine ask for; those of single accounts bind nobody else and are left out."""
    if number(read, SAFER, "DefaultLevel") != DISALLOWED or number(read, SAFER, "TransparentEnabled") == 0:
        return Unnamed.RUNS
    if any(read.subkeys(rf"{APPLOCKER}\{name}") for name in COLLECTIONS):
        return Unnamed.RUNS  # where AppLocker has rules, Windows goes by those alone
    if number(read, SAFER, "TransparentEnabled") is None:
        raise CannotObserve(Reason.UNSUPPORTED, rf"{SAFER}\TransparentEnabled: there is none")
    if version(read).build > LAST_WITH_SAFER:
        raise CannotObserve(Reason.UNSUPPORTED, "whether this Windows still goes by Software Restriction Policies is not known")
    return Unnamed.REFUSED
