r"""The collector for AutoPlay and AutoRun on Windows 7 and later.

Sources of truth: the policies ``NoDriveTypeAutoRun`` and ``NoAutorun`` (the machine's before the account's), the policy for devices
without a drive, the account's own switch, and the service that notices media. A missing mask is 0x91, as Windows ships it: AutoPlay is
on for removable, fixed and optical drives. Commands of autorun.inf are offered from optical media only since Windows 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scanner.facts.readings import Readings
from scanner.facts.removable_media import AutoRun, Behaviour, Runner
from scanner.hosts.base import Key, collector
from scanner.hosts.combining import same, unknown
from scanner.hosts.seeing import needed, seen
from scanner.hosts.windows.answers import SERVICE_STATES
from scanner.hosts.windows.base import DISABLED, MICROSOFT, POLICIES, Person, WindowsReader, number, people, service_runs, service_start
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform

EXPLORER = r"Software\Microsoft\Windows\CurrentVersion\Policies\Explorer"
MACHINE = MICROSOFT + r"\Windows\CurrentVersion\Policies\Explorer"
DEVICES = r"Policies\Microsoft\Windows\Explorer"
SWITCH = r"Software\Microsoft\Windows\CurrentVersion\Explorer\AutoplayHandlers"
NOTICES = "ShellHWDetection"
"""The service that tells Explorer of new media; without it nothing happens."""
USUAL_MASK = 0x91
DRIVES = (("removable", 0x04), ("fixed", 0x08), ("network", 0x10), ("optical", 0x20), ("ram-disk", 0x40), ("unknown", 0x80))
PORTABLE = ("portable",)
"""Telephones and cameras, which have no drive."""
STARTS = 2


@collector(
    Platform.WINDOWS,
    Key(MACHINE),
    Key(POLICIES + r"\Microsoft\Windows\Explorer"),
    Key(rf"HKU\*\{EXPLORER}", root=True),
    Key(rf"HKU\*\Software\{DEVICES}", root=True),
    Key(rf"HKU\*\{SWITCH}", root=True),
    Key(rf"HKLM\SYSTEM\CurrentControlSet\Services\{NOTICES}"),
    SERVICE_STATES.source,
)
def auto_run(read: WindowsReader) -> AutoRun:
    """See for which media AutoPlay does something, and whether it starts what they bring along."""
    found = [*_drives(read), *_devices(read)]
    if service_start(read, NOTICES) == DISABLED:
        found = [_without_notice(read, runner) for runner in found]
    for runner in found:
        read.keep(runner.behaviour.source, f"{','.join(runner.media)}: {runner.behaviour.after_restart}")
    return AutoRun(tuple(found))


def _drives(read: WindowsReader) -> Iterator[Runner]:
    mask = seen(lambda: _mask(read, MACHINE))
    command = seen(lambda: number(read, MACHINE, "NoAutorun"))
    if mask is not None:
        yield from _of_mask(read, "", mask, command, rf"{MACHINE}\NoDriveTypeAutoRun", fixed=True)
        return
    everybody = seen(lambda: people(read))
    if isinstance(everybody, Unobserved):
        yield from _of_mask(read, "?", everybody, command, "HKU", fixed=everybody)
        return
    own = [(person, seen(partial(_own_mask, read, person))) for person in everybody]
    if not own or any(value is None for _, value in own):  # somebody gets what Windows ships
        yield from _of_mask(read, "", None, command, rf"{MACHINE}\NoDriveTypeAutoRun", fixed=False)
    for person, value in own:
        if isinstance(value, Unobserved):
            yield from _of_mask(read, person.name, value, command, f"HKU\\{person.sid}", fixed=value)
        elif value is not None:
            given, source, fixed = value
            yield from _of_mask(read, person.name, given, command, source, fixed=fixed)


def _mask(read: WindowsReader, key: str) -> int | None:
    """Give the mask; old tools wrote it as four octets, which Windows takes too."""
    value = read.value(key, "NoDriveTypeAutoRun")
    return int.from_bytes(value, "little") if isinstance(value, bytes) and len(value) == 4 else number(read, key, "NoDriveTypeAutoRun")


def _own_mask(read: WindowsReader, person: Person) -> tuple[int, str, bool] | None:
    """Give an account's own mask, where it stands, and whether the account cannot change it; ``None``: it has none."""
    settings = needed(person.settings)
    policy = _mask(read, rf"{settings}\{EXPLORER}")
    if policy is not None:
        return policy, rf"{settings}\{EXPLORER}\NoDriveTypeAutoRun", True
    if number(read, rf"{settings}\{SWITCH}", "DisableAutoplay") == 1:
        return 0xFF, rf"{settings}\{SWITCH}\DisableAutoplay", False
    return None


def _of_mask(
    read: WindowsReader,
    account: str,
    mask: int | Unobserved | None,
    command: int | Unobserved | None,
    source: str,
    *,
    fixed: bool | Unobserved,
) -> Iterator[Runner]:
    if isinstance(mask, Unobserved):
        yield Runner("windows", account, tuple(name for name, _ in DRIVES), unknown(mask, read.live, source), fixed)
        return
    value = USUAL_MASK if mask is None else mask
    off = tuple(name for name, bit in DRIVES if value & bit)
    on = tuple(name for name, bit in DRIVES if not value & bit)
    for media, behaviour in ((off, Behaviour.NEVER), (on, None)):
        if not media:
            continue
        does: Behaviour | Unobserved = behaviour or _offers(media, command)
        yield Runner("windows", account, media, same(does, read.live, source, configured=None if mask is None else does), fixed)


def _offers(media: tuple[str, ...], command: int | Unobserved | None) -> Behaviour | Unobserved:
    """Tell what AutoPlay does with media that it is on for. ``NoAutorun`` speaks of the commands of autorun.inf alone."""
    if "optical" in media and isinstance(command, Unobserved):
        return command
    return Behaviour.STARTS if "optical" in media and command == STARTS else Behaviour.ASKS


def _devices(read: WindowsReader) -> Iterator[Runner]:
    source = rf"{POLICIES}\Microsoft\Windows\Explorer\NoAutoplayfornonVolume"
    policy = seen(lambda: number(read, POLICIES + r"\Microsoft\Windows\Explorer", "NoAutoplayfornonVolume"))
    fixed: bool | Unobserved = policy is not None
    if policy is None:
        everybody = seen(lambda: people(read))
        own = [everybody] if isinstance(everybody, Unobserved) else [seen(partial(_own_devices, read, person)) for person in everybody]
        others = [value for value in own if value != 1]
        if own and not others:
            policy, fixed, source = 1, True, rf"HKU\*\Software\{DEVICES}\NoAutoplayfornonVolume"
        elif others and all(isinstance(value, Unobserved) for value in others):
            policy = others[0]
    if isinstance(policy, Unobserved):
        yield Runner("windows", "", PORTABLE, unknown(policy, read.live, source), policy)
        return
    does = Behaviour.NEVER if policy == 1 else Behaviour.ASKS
    yield Runner("windows", "", PORTABLE, same(does, read.live, source, configured=None if policy is None else does), fixed)


def _own_devices(read: WindowsReader, person: Person) -> int | None:
    return number(read, rf"{needed(person.settings)}\Software\{DEVICES}", "NoAutoplayfornonVolume")


def _without_notice(read: WindowsReader, runner: Runner) -> Runner:
    """Say what a machine does on which the service that notices media never starts."""
    running = service_runs(read, NOTICES)
    now = (
        Behaviour.NEVER
        if running is False
        else running
        if running is None or isinstance(running, Unobserved)
        else runner.behaviour.in_force
    )
    if runner.behaviour.in_force is Behaviour.NEVER:
        now = Behaviour.NEVER
    readings: Readings[Behaviour] = Readings(runner.behaviour.configured, now, Behaviour.NEVER, f"{NOTICES}: Start {DISABLED}")
    return Runner(runner.program, runner.account, runner.media, readings, fixed=True)
