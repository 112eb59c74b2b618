r"""The collectors for what stops USB storage on Windows, and for the storage devices that were plugged in.

Sources of truth: the policies for removable storage and for the installation of devices, the start types of the two storage drivers, and
the enumerator's own record under ``Enum\USBSTOR`` and ``Enum\USB`` (UAS), which forgets nothing until an administrator clears it.
A disabled driver alone holds in part only: the installation of a new device model sets its start type back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from scanner.facts.media_history import InsertedMedium, MediaInsertions
from scanner.facts.readings import Hold, Readings
from scanner.facts.removable_media import Barrier, BarrierKind, UsbStorage
from scanner.hosts.base import Key, collector
from scanner.hosts.combining import same
from scanner.hosts.seeing import seen, shown
from scanner.hosts.windows.answers import SERVICE_STATES
from scanner.hosts.windows.base import (
    DISABLED,
    POLICIES,
    SERVICES,
    WindowsReader,
    number,
    people,
    service_runs,
    service_start,
    texts,
)
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import filetime

STORAGE = r"Policies\Microsoft\Windows\RemovableStorageDevices"
DISKS = "{53f5630d-b6bf-11d0-94f2-00a0c91efb8b}"
"""The class of removable disks in that policy (RemovableStorage.admx)."""
INSTALLING = POLICIES + r"\Microsoft\Windows\DeviceInstall\Restrictions"
DEFENDER = POLICIES + r"\Microsoft\Windows Defender"
DRIVERS = ("USBSTOR", "UASPStor")
DISK_CLASS = "{4d36e967-e325-11ce-bfc1-08002be10318}"
USB_CLASS = "{36fc9e60-c465-11cf-8056-444553540000}"
CLASSES = r"HKLM\SYSTEM\CurrentControlSet\Control\Class"
OWN_FILTERS = frozenset({"partmgr", "ehstorclass", "iorate", "fvevol", "rdyboost"})
"""Filters of these classes that Windows itself brings."""
STORES = frozenset({"usb\\class_08", "usb\\class_08&subclass_06", "usb\\class_08&subclass_06&prot_50", "usb\\class_08&subclass_06&prot_62"})
"""Compatible ids of all USB storage; a denied id is compared with these as a whole."""
ENUM = r"HKLM\SYSTEM\CurrentControlSet\Enum"
ARRIVED = r"Properties\{83da6326-97a6-4088-9453-a1923f573b29}\0066"
"""The key in which Windows keeps when a device arrived last; only the system account may read it."""
BY_WINDOWS = "MSFT30"
"""What Windows writes before the serial number of a device on UAS."""
MOST_DEVICES = 2_000


@collector(
    Platform.WINDOWS,
    Key(rf"HKLM\SOFTWARE\{STORAGE}"),
    Key(rf"HKLM\SOFTWARE\{STORAGE}\*"),
    Key(rf"HKU\*\Software\{STORAGE}", root=True),
    Key(INSTALLING),
    Key(INSTALLING + r"\*"),
    Key(DEFENDER + r"\Device Control"),
    *(Key(rf"{SERVICES}\{driver}") for driver in DRIVERS),
    *(Key(rf"{CLASSES}\{name}") for name in (DISK_CLASS, USB_CLASS)),
    SERVICE_STATES.source,
)
def usb_storage(read: WindowsReader) -> UsbStorage:
    """See every barrier between a USB stick and its use."""
    listed = _lists(read)
    found = (
        Barrier(BarrierKind.DRIVER, _drivers(read, listed.after_restart)),
        Barrier(BarrierKind.DEVICE_LIST, listed),
        Barrier(BarrierKind.DEVICE_LIST, _others(read)),
        Barrier(BarrierKind.ACCESS, _access(read)),
    )
    for barrier in found:
        read.keep(barrier.holds.source, f"{barrier.kind}: now {barrier.holds.in_force}, after a restart {barrier.holds.after_restart}")
    return UsbStorage(found)


def _held(read: WindowsReader, hold: Hold | Unobserved, source: str) -> Readings[Hold]:
    return same(hold, read.live, source, configured=None if hold is Hold.NONE else hold)


def _drivers(read: WindowsReader, listed: Hold | Unobserved) -> Readings[Hold]:
    """Both drivers have to be off, and new devices kept from switching them on again."""
    source = "Services: " + ", ".join(DRIVERS) + ": Start"
    starts = seen(lambda: tuple(service_start(read, driver) for driver in DRIVERS))
    if isinstance(starts, Unobserved):
        return _held(read, starts, source)
    usual, attached = starts
    off = [usual == DISABLED, attached in {None, DISABLED}]
    if not all(off):
        return _held(read, Hold.PARTIAL if usual == DISABLED else Hold.NONE, source)
    later = Hold.FULL if listed in {Hold.FULL, Hold.PARTIAL} else Hold.PARTIAL
    running = [service_runs(read, driver) for driver in DRIVERS]
    now: Hold | Unobserved | None
    if running[0] is None:
        now = None
    elif True in running:
        now = Hold.NONE  # a device that was there before still works
    else:
        now = next((state for state in running if isinstance(state, Unobserved)), later)
    return Readings(later, now, later, source)


def _lists(read: WindowsReader) -> Readings[Hold]:
    """Policies on the installation of devices. They stop devices that are installed already only where they say so themselves."""

    def hold() -> Hold:
        given = {name.lower(): value for name, value in (read.values(INSTALLING) or {}).items()}
        classes = given.get("denydeviceclasses") == 1 and {DISK_CLASS, USB_CLASS} & _listed(read, "DenyDeviceClasses")
        ids = given.get("denydeviceids") == 1 and STORES & _listed(read, "DenyDeviceIDs")
        if (classes and given.get("denydeviceclassesretroactive") == 1) or (ids and given.get("denydeviceidsretroactive") == 1):
            return Hold.FULL
        if classes or ids or given.get("denyremovabledevices") == 1 or given.get("denyunspecified") == 1:
            return Hold.PARTIAL
        return Hold.NONE

    return _held(read, seen(hold), INSTALLING)


def _listed(read: WindowsReader, name: str) -> frozenset[str]:
    return frozenset(str(value).strip().lower() for value in (read.values(rf"{INSTALLING}\{name}") or {}).values())


def _others(read: WindowsReader) -> Readings[Hold]:
    """Programs that hold devices back by means of their own; what they let in is not in any place known here."""
    source = rf"{CLASSES}: UpperFilters, LowerFilters"

    def hold() -> Hold:
        if number(read, DEFENDER, "DeviceControlEnabled") == 1 or number(read, DEFENDER + r"\Device Control", "DefaultEnforcement") == 2:
            raise CannotObserve(Reason.UNSUPPORTED, "the rules of Microsoft Defender's device control are not read")
        filters = {
            name.lower()
            for key in (DISK_CLASS, USB_CLASS)
            for kind in ("UpperFilters", "LowerFilters")
            for name in texts(read, rf"{CLASSES}\{key}", kind) or ()
        }
        foreign = sorted(filters - OWN_FILTERS)
        if foreign:
            raise CannotObserve(Reason.UNSUPPORTED, f"drivers that may hold storage back: {', '.join(map(shown, foreign[:8]))}")
        return Hold.NONE

    return _held(read, seen(hold), source)


def _access(read: WindowsReader) -> Readings[Hold]:
    """The policies on reading and writing; the one for all classes beats those for a single one."""
    source = rf"HKLM\SOFTWARE\{STORAGE}"
    machine = seen(lambda: _denied(read, source))
    if machine is Hold.FULL or isinstance(machine, Unobserved):
        return _held(read, machine, source)
    everybody = seen(lambda: people(read))
    own: list[Hold | Unobserved] = []
    if isinstance(everybody, Unobserved):
        own.append(everybody)
    else:
        for person in everybody:
            settings = person.settings
            own.append(settings if isinstance(settings, Unobserved) else seen(partial(_denied, read, rf"{settings}\Software\{STORAGE}")))
    if any(hold in {Hold.FULL, Hold.PARTIAL} for hold in own):  # an account that is new here has none of it
        return _held(read, Hold.PARTIAL, rf"HKU\*\Software\{STORAGE}")
    return _held(read, machine, source)


def _denied(read: WindowsReader, key: str) -> Hold:
    if number(read, key, "Deny_All") == 1:
        return Hold.FULL
    denied = [number(read, rf"{key}\{DISKS}", f"Deny_{what}") == 1 for what in ("Read", "Write", "Execute")]
    if denied[0] and denied[1]:
        return Hold.FULL
    return Hold.PARTIAL if any(denied) else Hold.NONE


@collector(Platform.WINDOWS, Key(ENUM + r"\USBSTOR\*\*", root=True), Key(ENUM + r"\USB\*\*"))
def media_insertions(read: WindowsReader) -> MediaInsertions:
    """See which USB storage devices were ever plugged in."""
    source = ENUM + r"\USBSTOR"
    found = seen(lambda: tuple(_plugged(read)))
    if not isinstance(found, Unobserved):
        found = tuple(sorted(set(found), key=lambda medium: (medium.model, medium.serial, medium.ids)))
        read.keep(source, f"{len(found)} devices")
    return MediaInsertions(found, None, source)


def _plugged(read: WindowsReader) -> Iterator[InsertedMedium]:
    """Give disks on the older protocol with their model, and those on the newer one (UAS), which is only with the USB devices."""
    ids, attached = _numbers(read)
    yield from attached
    count = len(attached)
    for model in read.subkeys(ENUM + r"\USBSTOR") or ():
        if not model.lower().startswith("disk&"):
            continue
        for instance in read.subkeys(rf"{ENUM}\USBSTOR\{model}") or ():
            count += 1
            if count > MOST_DEVICES:
                raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_DEVICES} devices on record")
            serial = _serial(instance)
            arrived = _arrived(read, rf"{ENUM}\USBSTOR\{model}\{instance}")
            yield InsertedMedium(_model(model), ids.get(serial.lower(), ""), shown(serial), arrived)


def _serial(instance: str) -> str:
    """Give the serial number out of an instance id; an ``&`` as second character means that Windows made it up."""
    return "" if instance[1:2] == "&" else re.sub(r"&\d+\Z", "", instance)


def _model(identifier: str) -> str:
    parts = {part[:4].lower(): part[4:] for part in identifier.split("&") if part[:4].lower() in {"ven_", "prod"}}
    maker, product = parts.get("ven_", ""), parts.get("prod", "").lstrip("_")
    return shown(f"{maker} {product}".replace("_", " ").strip())


def _numbers(read: WindowsReader) -> tuple[dict[str, str], list[InsertedMedium]]:
    """Give maker and product of every USB device on record by its serial number in small letters, and the storage on UAS among them."""
    ids: dict[str, str] = {}
    attached: list[InsertedMedium] = []
    for device in read.subkeys(ENUM + r"\USB") or ():
        named = re.match(r"VID_([0-9A-F]{4})&PID_([0-9A-F]{4})\Z", device, re.IGNORECASE)
        if not named:
            continue
        for instance in read.subkeys(rf"{ENUM}\USB\{device}") or ():
            serial, key = _serial(instance), rf"{ENUM}\USB\{device}\{instance}"
            if serial:
                ids[serial.lower()] = f"{named[1]}:{named[2]}".lower()
            if str(read.value(key, "Service") or "").lower() == DRIVERS[1].lower():
                if len(attached) >= MOST_DEVICES:
                    raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_DEVICES} devices on record")
                own = serial.removeprefix(BY_WINDOWS)
                attached.append(InsertedMedium("", f"{named[1]}:{named[2]}".lower(), shown(own), _arrived(read, key)))
    return ids, attached


def _arrived(read: WindowsReader, key: str) -> str | Unobserved | None:
    """Give the day on which a device arrived last, where it may be read."""
    return seen(lambda: _day(read, rf"{key}\{ARRIVED}"))


def _day(read: WindowsReader, key: str) -> str | None:
    value = read.value(key, "")
    when = filetime.stored(value) if isinstance(value, bytes) and len(value) == 8 else None
    return None if when is None else datetime.fromtimestamp(when, UTC).date().isoformat()
