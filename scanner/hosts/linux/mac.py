"""The collector for mandatory access control on Linux: AppArmor and SELinux, now and after a restart."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from scanner.facts.kernel import Confinement, Enforcement, MandatoryAccessControl
from scanner.facts.readings import Readings
from scanner.hosts.base import FileKind, Files, Names, Reader, Run, collector
from scanner.hosts.linux.base import agreed, boot_options, enabled, exists, first_line, needed, option, seen, shown
from scanner.hosts.linux.container import READS as CONTAINER
from scanner.hosts.linux.container import container
from scanner.hosts.linux.services import UNITS
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

APPARMOR_ON = "/sys/module/apparmor/parameters/enabled"
APPARMOR_PARSER = ("/usr/sbin/apparmor_parser", "/sbin/apparmor_parser")
APPARMOR_POLICY = "/etc/apparmor.d"
APPARMOR_STATUS = Run(("aa-status", "--json"), root=True)
APPARMOR_COUNT = Run(("aa-status", "--profiled"), root=True)
SELINUX_NOW = "/sys/fs/selinux/enforce"
SELINUX_CONFIG = "/etc/selinux/config"
SELINUX_MODULES = "/var/lib/selinux/targeted/active/modules/400"
"""Where semanage(8) keeps what an administrator added; a domain made permissive is a module ``permissive_NAME``."""
LABELS = Run(("ps", "-eZo", "label,comm"))
MOST_LISTED = 200
MOST_POLICIES = 1_000
UNCONFINED = ("unconfined_service_t", "initrc_t")
"""Domains of services for which the policy has no rules."""
_COMPLAIN = re.compile(r"^\s*(?:profile\s+)?(\S+)[^{#]*flags\s*=\s*\([^)]*\bcomplain\b[^)]*\)\s*\{", re.MULTILINE)


@collector(
    Platform.LINUX,
    *CONTAINER,
    *UNITS,
    Files(APPARMOR_ON),
    *(Names(path) for path in APPARMOR_PARSER),
    Names(APPARMOR_POLICY),
    Names(f"{APPARMOR_POLICY}/force-complain"),
    APPARMOR_STATUS,
    APPARMOR_COUNT,
    Files(SELINUX_NOW),
    Files(SELINUX_CONFIG),
    Names(SELINUX_MODULES, root=True),
    Files("/proc/cmdline"),
)
def mandatory_access_control(read: Reader) -> MandatoryAccessControl:
    """See which system of mandatory access control the machine has and what it enforces."""
    systems = seen(lambda: _systems(read))
    if not isinstance(systems, Unobserved):
        for system in systems:
            read.keep(system.state.source, f"{system.system}: now {system.state.in_force}, after a restart {system.state.after_restart}")
    return MandatoryAccessControl(container(read), systems)


def _systems(read: Reader) -> tuple[Confinement, ...]:
    found = []
    # profiles alone prove nothing: packages bring theirs along whether or not anything reads them
    if exists(read, *APPARMOR_PARSER) or (read.live and read.state(APPARMOR_ON) is not None):
        found.append(_apparmor(read))
    if read.state(SELINUX_CONFIG) is not None or (read.live and read.state(SELINUX_NOW) is not None):
        found.append(_selinux(read))
    return tuple(found)


def _apparmor(read: Reader) -> Confinement:
    later = seen(lambda: _apparmor_later(read))
    if not read.live:
        permissive = seen(lambda: _complaining(read))
        count = seen(lambda: len(_policy_files(read)))
        return Confinement("apparmor", Readings(None, None, later, APPARMOR_POLICY), permissive, (), count)
    status = seen(lambda: _apparmor_status(read))
    now: Enforcement | Unobserved
    on = seen(lambda: first_line(read, APPARMOR_ON))
    if isinstance(on, Unobserved) or on != "Y":
        now = on if isinstance(on, Unobserved) else Enforcement.OFF
        return Confinement("apparmor", Readings(None, now, _weaker(now, later), APPARMOR_ON), (), (), 0)
    if isinstance(status, Unobserved):
        return Confinement("apparmor", Readings(None, status, later, "aa-status"), status, status, status)
    enforced, permissive_now, unconfined = status
    # A module without a single profile holds nothing back.
    now = Enforcement.ENFORCING if enforced else Enforcement.PERMISSIVE if permissive_now else Enforcement.OFF
    return Confinement("apparmor", Readings(None, now, later, "aa-status"), permissive_now, unconfined, enforced)


def _weaker(now: Enforcement | Unobserved, later: Enforcement | Unobserved) -> Enforcement | Unobserved:
    """A module that the running kernel left out, by its build or its options, is not expected to come by itself."""
    return now if now is Enforcement.OFF and later is not Enforcement.ENFORCING else later


def _apparmor_later(read: Reader) -> Enforcement:
    options = _options(read)
    if options is not None and any(_chosen_other(words, "apparmor") for words in options):
        return Enforcement.OFF
    if not _policy_files(read) or not enabled(read, "apparmor.service"):
        return Enforcement.OFF
    return Enforcement.ENFORCING


def _options(read: Reader) -> tuple[tuple[str, ...], ...] | None:
    """Give the kernel's options at the next start; ``None`` for an image that no boot loader starts. Raises ``CannotObserve``."""
    now, later = boot_options(read)
    if isinstance(later, Unobserved):
        if later.reason is Reason.UNSUPPORTED and now is None:
            return None
        raise later.error()
    return later


def _chosen_other(words: Sequence[str], mine: str) -> bool:
    """Tell whether the kernel's options leave a security module out (Documentation/admin-guide/kernel-parameters.txt)."""
    listed = option(words, "lsm")
    if listed is not None:
        return mine not in listed.split(",")
    return option(words, mine) == "0" or (option(words, "security") or mine) not in {mine, ""}


def _policy_files(read: Reader) -> tuple[str, ...]:
    """Give the files of policy that are loaded at the start: those that stand in the directory itself and are not disabled."""
    off = set(read.names(f"{APPARMOR_POLICY}/disable") or ())
    names = [name for name in read.names(APPARMOR_POLICY) or () if name not in off and not name.startswith(".")]
    return tuple(name for name in names if (state := read.state(f"{APPARMOR_POLICY}/{name}")) and state.kind is not FileKind.DIRECTORY)


def _complaining(read: Reader) -> tuple[str, ...]:
    """Give the profiles that files put into complain mode. Raises ``CannotObserve``."""
    found = set(read.names(f"{APPARMOR_POLICY}/force-complain") or ())
    files = _policy_files(read)
    if len(files) > MOST_POLICIES:
        raise CannotObserve(Reason.TOO_LARGE, f"{APPARMOR_POLICY}: more than {MOST_POLICIES} files")
    for name in files:
        text = (read.file(f"{APPARMOR_POLICY}/{name}") or b"").decode("utf-8", "replace")
        found.update(match[1] for match in _COMPLAIN.finditer(text))
    return tuple(shown(name) for name in sorted(found))


def _apparmor_status(read: Reader) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """Give the number of enforced profiles, the profiles that only complain, and programs that run without their profile."""
    said = read.command(APPARMOR_STATUS.argv)
    if said is None:
        raise CannotObserve(Reason.UNSUPPORTED, "aa-status is not installed, so loaded profiles cannot be told")
    if said.status in {3, 4}:  # aa-status(8): 3 no control files, 4 not enough rights
        raise CannotObserve(Reason.ACCESS_DENIED, "aa-status: the control files cannot be read")
    if not said.stdout.strip():  # 3.0.8 says nothing as JSON, and 0, where no policy is loaded
        count = read.command(APPARMOR_COUNT.argv)
        if count is not None and count.status == 2:  # the same: enabled, but no policy is loaded
            return 0, (), ()
    try:
        held = json.loads(said.stdout)
        profiles = {str(name): str(mode) for name, mode in held["profiles"].items()}
        running = [(str(program), str(one["status"])) for program, many in held["processes"].items() for one in many]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, "aa-status --json: the answer cannot be read") from error
    enforced = sum(mode in {"enforce", "kill"} for mode in profiles.values())
    permissive = sorted(name for name, mode in profiles.items() if mode == "complain")
    unconfined = sorted({program for program, status in running if status == "unconfined"})
    return enforced, tuple(map(shown, permissive[:MOST_LISTED])), tuple(map(shown, unconfined[:MOST_LISTED]))


def _selinux(read: Reader) -> Confinement:
    configured, later = seen(lambda: _selinux_configured(read)), seen(lambda: _selinux_later(read))
    domains = seen(lambda: _permissive_domains(read))
    if not read.live:
        return Confinement("selinux", Readings(configured, None, later, SELINUX_CONFIG), domains, (), 1)
    enforce = seen(lambda: first_line(read, SELINUX_NOW))
    now: Enforcement | Unobserved = (
        enforce
        if isinstance(enforce, Unobserved)
        else {"1": Enforcement.ENFORCING, "0": Enforcement.PERMISSIVE}.get(enforce or "", Enforcement.OFF)
    )
    unconfined = () if now is Enforcement.OFF else seen(lambda: _unconfined(read))
    return Confinement("selinux", Readings(configured, now, later, SELINUX_CONFIG), domains, unconfined, 0 if now is Enforcement.OFF else 1)


def _selinux_configured(read: Reader) -> Enforcement:
    """Read /etc/selinux/config as libselinux does: the last SELINUX= line counts, words in any case; without one, off."""
    words = {"enforcing": Enforcement.ENFORCING, "permissive": Enforcement.PERMISSIVE, "disabled": Enforcement.OFF}
    found = Enforcement.OFF
    for line in (read.file(SELINUX_CONFIG) or b"").decode("utf-8", "replace").split("\n"):
        if line.startswith("SELINUX="):
            found = words.get(line[8:].strip().lower(), found)
    return found


def _selinux_later(read: Reader) -> Enforcement:
    written = _selinux_configured(read)
    endings = []
    for words in _options(read) or ((),):
        if _chosen_other(words, "selinux") or written is Enforcement.OFF:
            endings.append(Enforcement.OFF)
        else:  # the kernel's option beats the file
            given = option(words, "enforcing")
            endings.append(written if given is None else Enforcement.ENFORCING if given == "1" else Enforcement.PERMISSIVE)
    return needed(agreed(endings, "enforcing"))


def _permissive_domains(read: Reader) -> tuple[str, ...]:
    names = read.names(SELINUX_MODULES) or ()
    return tuple(shown(name.removeprefix("permissive_")) for name in names if name.startswith("permissive_"))


def _unconfined(read: Reader) -> tuple[str, ...]:
    said = read.command(LABELS.argv)
    if said is None:
        raise CannotObserve(Reason.UNSUPPORTED, "ps is not installed, so the domains of programs cannot be told")
    found = set()
    for line in said.stdout.decode("utf-8", "replace").split("\n"):
        label, _, name = line.strip().partition(" ")
        fields = label.split(":")
        if len(fields) > 2 and fields[2] in UNCONFINED:
            found.add(name.strip())
    return tuple(shown(name) for name in sorted(found)[:MOST_LISTED])
