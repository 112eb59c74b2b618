"""The collector for what stops USB storage on Linux."""

from __future__ import annotations

import re

from scanner.facts.readings import Hold, Readings
from scanner.facts.removable_media import Barrier, BarrierKind, UsbStorage
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.combining import same, unknown
from scanner.hosts.linux.base import agreed, drop_ins, enabled, exists, first_line, needed, one_file, option, processes, runs, seen
from scanner.hosts.linux.modules import Modules, modules
from scanner.hosts.linux.reads import MODULES, UDEV
from scanner.hosts.linux.services import PROCESSES, UNITS
from scanner.hosts.linux.udev import Placed, UdevRules, udev_rules
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve
from scanner.wire import modprobe, udevrules

DAEMON_CONFIG = "/etc/usbguard/usbguard-daemon.conf"
EXTERNAL_OUT = frozenset({"0", "2"})
"""Values of authorized_default that keep external devices out: 0 nobody, 2 internal devices only."""
_GENERAL = re.compile(
    r"ACTION|SUBSYSTEMS?|ENV\{DEVTYPE\}|ENV\{ID_USB_INTERFACES\}|ENV\{ID_BUS\}|ENV\{ID_USB_DRIVER\}|DRIVERS?|ATTRS?\{bInterfaceClass\}"
)
"""Comparisons that do not narrow a rule down to certain devices among those that store."""


@collector(
    Platform.LINUX,
    *MODULES,
    *UDEV,
    *UNITS,
    *PROCESSES,
    Names("/sys/module/usbcore"),
    Names("/sys/module/usb_storage"),
    Names("/sys/bus/usb"),
    Files("/sys/bus/usb/devices/usb*/authorized_default"),
    Names("/usr/sbin/usbguard-daemon"),
    Names("/usr/bin/usbguard-daemon"),
    Files(DAEMON_CONFIG, root=True),
    Files("/etc/usbguard/rules.conf", root=True),
)
def usb_storage(read: Reader) -> UsbStorage:
    """See every barrier between a USB stick and its use."""
    rules = modules(read)
    placed = udev_rules(read)
    found = (
        Barrier(BarrierKind.BUS, _bus(read, rules)),
        Barrier(BarrierKind.DRIVER, rules.barred("usb_storage")),
        Barrier(BarrierKind.AUTHORISATION, _authorisation(read, rules, placed)),
        Barrier(BarrierKind.DEVICE_LIST, _usbguard(read)),
        Barrier(BarrierKind.ACCESS, _access(placed)),
    )
    for barrier in found:
        read.keep(barrier.holds.source, f"{barrier.kind}: now {barrier.holds.in_force}, after a restart {barrier.holds.after_restart}")
    return UsbStorage(found)


def _bus(read: Reader, rules: Modules) -> Readings[Hold]:
    core = rules.barred("usbcore")
    now: Hold | Unobserved | None = None
    if read.live:
        there = seen(lambda: read.state("/sys/bus/usb"))
        now = there if isinstance(there, Unobserved) else Hold.NONE if there else Hold.FULL
    later = core.after_restart
    if isinstance(rules.options_later, Unobserved):
        later = later if later is Hold.FULL else rules.options_later
    elif agreed([_no_usb(options) for options in rules.options_later], "nousb") is True:
        later = Hold.FULL
    elif later is Hold.PARTIAL:
        later = Hold.NONE  # a blacklist line on usbcore does nothing: its drivers name it themselves
    return Readings(core.configured, now, later, "/sys/bus/usb, kernel option nousb")


def _no_usb(options: tuple[str, ...]) -> bool:
    return option(options, "nousb") is not None or (option(options, "usbcore.nousb") or "").lower() in {"1", "y"}


def _authorisation(read: Reader, rules: Modules, placed: UdevRules) -> Readings[Hold]:
    """Read what each bus does with a new device, and the lasting setting behind it."""
    now: Hold | Unobserved | None = None
    if read.live:
        now = seen(lambda: _buses(read))
    configured, source = _shut_for_good(rules, placed)
    default = "/sys/bus/usb/devices/usb*/authorized_default"
    return Readings(None if configured is Hold.NONE else configured, now, configured, source or default)


def _shut_for_good(rules: Modules, placed: UdevRules) -> tuple[Hold | Unobserved, str]:
    """Look for the lasting settings that keep new devices out: an option of the module or the kernel, or a udev rule."""
    unread: Unobserved | None = None
    if isinstance(rules.lasting, Unobserved):
        unread = rules.lasting
    elif modprobe.options(rules.lasting, "usbcore").get("authorized_default") in EXTERNAL_OUT:
        return Hold.FULL, "modprobe.d: options usbcore authorized_default"
    if isinstance(rules.options_later, Unobserved):
        unread = rules.options_later
    else:
        shut = agreed([option(o, "usbcore.authorized_default") in EXTERNAL_OUT for o in rules.options_later], "usbcore.authorized_default")
        if shut is True:
            return Hold.FULL, "kernel option usbcore.authorized_default"
        unread = shut if isinstance(shut, Unobserved) else unread
    if isinstance(placed.lasting, Unobserved):
        return placed.lasting, ""
    rule = next((p for p in placed.lasting if _sets(p, "authorized_default", EXTERNAL_OUT)), None)
    return (Hold.FULL, rule.where) if rule else (unread or Hold.NONE, "")


def _buses(read: Reader) -> Hold:
    values = []
    for name in read.names("/sys/bus/usb/devices") or ():
        if re.fullmatch(r"usb[0-9]+", name):
            values.append(first_line(read, f"/sys/bus/usb/devices/{name}/authorized_default"))
    shut = [value in EXTERNAL_OUT for value in values]
    if not shut:
        return Hold.NONE
    return Hold.FULL if all(shut) else Hold.PARTIAL if any(shut) else Hold.NONE


def _usbguard(read: Reader) -> Readings[Hold]:
    """Read USBGuard: what it does with a device that no rule names, and whether its rules let storage in unseen."""
    try:
        if not exists(read, "/usr/sbin/usbguard-daemon", "/usr/bin/usbguard-daemon"):
            return same(Hold.NONE, read.live, "usbguard: not installed")
    except CannotObserve as error:
        return unknown(Unobserved.from_error(error), read.live, "usbguard")
    settings = one_file(read, DAEMON_CONFIG)
    written: Hold | Unobserved = Hold.NONE
    if settings:
        written = seen(lambda: _usbguard_written(read, needed(settings.data)))
    starts = seen(lambda: enabled(read, "usbguard.service"))
    running = runs(processes(read), "usbguard-daemon")

    def works(on: bool | Unobserved) -> Hold | Unobserved:
        if on is False or written is Hold.NONE:
            return Hold.NONE
        return on if isinstance(on, Unobserved) else written

    return Readings(written, None if running is None else works(running), works(starts), DAEMON_CONFIG)


def _usbguard_written(read: Reader, data: bytes) -> Hold:
    settings: dict[str, str] = {}
    for line in data.decode("utf-8", "replace").split("\n"):
        name, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith("#"):
            settings[name.strip()] = value.strip()
    # usbguard-daemon.conf(5): the default target is block
    if settings.get("ImplicitPolicyTarget", "block") not in {"block", "reject"} or settings.get("InsertedDevicePolicy") == "keep":
        return Hold.NONE
    rules = [read.file(settings.get("RuleFile") or "/etc/usbguard/rules.conf") or b""]
    folder = settings.get("RuleFolder", "").rstrip("/")
    if folder:
        rules.extend(needed(file.data) for file in needed(drop_ins(read, (folder,), ".conf")))
    lines = [line.split() for text in rules for line in text.decode("utf-8", "replace").split("\n")]
    return Hold.PARTIAL if any(_lets_any_storage_in(words) for words in lines) else Hold.FULL


def _lets_any_storage_in(words: list[str]) -> bool:
    """Tell whether an ``allow`` rule names no device, so that storage may come in with it."""
    if not words or words[0] != "allow":
        return False
    if {"hash", "serial", "parent-hash"} & set(words) or re.search(r"\b[0-9a-f]{4}:[0-9a-f]{4}\b", " ".join(words)):
        return False
    interfaces = re.findall(r"\b([0-9a-fA-F]{2}):(?:[0-9a-fA-F]{2}|\*):(?:[0-9a-fA-F]{2}|\*)", " ".join(words))
    return not interfaces or "08" in interfaces


def _access(placed: UdevRules) -> Readings[Hold]:
    later = _denied(placed.lasting)
    now = None if placed.now is None else _denied(placed.now)
    hold, source = later
    return Readings(None if hold is Hold.NONE else hold, None if now is None else now[0], hold, source)


def _denied(rules: tuple[Placed, ...] | Unobserved) -> tuple[Hold | Unobserved, str]:
    """Tell what udev rules do to storage: refuse the device, or only hide it from desktops."""
    if isinstance(rules, Unobserved):
        return rules, "udev rules"
    found: tuple[Hold | Unobserved, str] = (Hold.NONE, "udev rules: none that refuses or hides storage")
    for placed in rules:
        general = all(_is_general(match) for match in placed.rule.matches)
        if _sets(placed, "authorized", frozenset({"0"})) and _storage(placed):
            if general:
                return Hold.FULL, placed.where
            found = (Hold.PARTIAL, placed.where)
        hides = any(t.key == "ENV" and t.attribute == "UDISKS_IGNORE" and t.value == "1" for t in placed.rule.sets)
        if found[0] is Hold.NONE and hides and general:
            found = (Hold.PARTIAL, placed.where)
    return found


def _is_general(match: udevrules.Term) -> bool:
    if match.key == "KERNEL":
        return match.value.endswith("*")
    return bool(_GENERAL.fullmatch(f"{match.key}{{{match.attribute}}}" if match.attribute else match.key))


def _sets(placed: Placed, attribute: str, values: frozenset[str]) -> bool:
    return any(t.key == "ATTR" and t.attribute == attribute and t.value in values for t in placed.rule.sets)


def _storage(placed: Placed) -> bool:
    """Whether a rule compares the interface class with mass storage, 08, or the driver with the storage drivers."""
    return any(
        m.operator == "=="
        and ((m.attribute == "bInterfaceClass" and m.value == "08") or ":08" in m.value or m.value in {"usb-storage", "uas"})
        for m in placed.rule.matches
    )
