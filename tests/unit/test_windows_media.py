"""AutoPlay, USB storage and the record of devices on Windows: made hives, expectations after Microsoft's documentation of the policies."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from checks.endpoint.autorun import autorun_run, autorun_usb_storage
from scanner.facts.media_history import InsertedMedium, MediaInsertions
from scanner.facts.readings import Hold
from scanner.facts.removable_media import AutoRun, BarrierKind, Behaviour, UsbStorage
from scanner.hosts.windows.answers import SERVICE_STATES, RunningService, RunningServices
from scanner.hosts.windows.autorun import DEVICES, EXPLORER, MACHINE, SWITCH, auto_run
from scanner.hosts.windows.usb import CLASSES, DISK_CLASS, DISKS, ENUM, INSTALLING, STORAGE, media_insertions, usb_storage
from scanner.model.fact import Unobserved
from scanner.model.verdict import Verdict
from tests.unit.windows_machines import HANAKO, TARO, Keys, MadeReader, machine

NON_VOLUME: Keys = {r"HKLM\SOFTWARE\Policies\Microsoft\Windows\Explorer": {"NoAutoplayfornonVolume": 1}}
SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"


def runs(read: MadeReader) -> dict[tuple[str, str], Behaviour | Unobserved]:
    """What AutoPlay does, by account and kind of media."""
    fact = auto_run.run(read)
    assert isinstance(fact, AutoRun)
    assert not isinstance(fact.runners, Unobserved)
    return {(runner.account, medium): runner.behaviour.after_restart for runner in fact.runners for medium in runner.media}


def tag(read: MadeReader) -> str:
    judged = autorun_run.judge(auto_run.run(read))
    return judged.tag if isinstance(judged, Verdict) else "undetermined"


def test_as_windows_ships_it_removable_media_are_offered(tmp_path: Path) -> None:
    read = machine(tmp_path, users=[TARO])
    found = runs(read)
    assert found["", "removable"] is found["", "fixed"] is found["", "optical"] is found["", "portable"] is Behaviour.ASKS
    assert found["", "network"] is found["", "unknown"] is Behaviour.NEVER  # 0x91
    assert tag(read) == "AUTORUN_ASKS"


def test_the_machines_policy_beats_the_accounts(tmp_path: Path) -> None:
    keys: Keys = {MACHINE: {"NoDriveTypeAutoRun": 0xFF}, rf"HKU\{TARO}\{EXPLORER}": {"NoDriveTypeAutoRun": 0x91}}
    read = machine(tmp_path, keys, NON_VOLUME)
    assert set(runs(read).values()) == {Behaviour.NEVER}
    assert tag(read) == "AUTORUN_NEVER"


@pytest.mark.parametrize(
    ("mask", "offered"),
    [
        (0xFF, set()),
        (0xB5, {"fixed", "ram-disk"}),  # "CD-ROM and removable drives" of the policy's dialogue: disks on USB are fixed drives
        (0x04, {"fixed", "network", "optical", "ram-disk", "unknown"}),
        (0x00, {"removable", "fixed", "network", "optical", "ram-disk", "unknown"}),
    ],
)
def test_each_bit_of_the_mask_is_one_kind_of_drive(tmp_path: Path, mask: int, offered: set[str]) -> None:
    found = runs(machine(tmp_path, {MACHINE: {"NoDriveTypeAutoRun": mask}}, NON_VOLUME))
    assert {medium for (_, medium), does in found.items() if does is not Behaviour.NEVER} == offered


def test_commands_of_optical_media_are_started_where_the_policy_says_so(tmp_path: Path) -> None:
    started = machine(tmp_path / "a", {MACHINE: {"NoAutorun": 2}}, NON_VOLUME)
    assert runs(started)["", "optical"] is Behaviour.STARTS
    assert tag(started) == "AUTORUN_STARTS"
    never = machine(tmp_path / "b", {MACHINE: {"NoAutorun": 2, "NoDriveTypeAutoRun": 0xFF}}, NON_VOLUME)
    assert tag(never) == "AUTORUN_NEVER"
    offered = machine(tmp_path / "c", {MACHINE: {"NoAutorun": 1}}, NON_VOLUME)
    assert tag(offered) == "AUTORUN_ASKS"


def test_an_accounts_own_switch_is_off_and_changeable(tmp_path: Path) -> None:
    keys: Keys = {rf"HKU\{TARO}\{SWITCH}": {"DisableAutoplay": 1}}
    alone = machine(tmp_path / "a", keys, NON_VOLUME)
    assert runs(alone)["1001", "removable"] is Behaviour.NEVER
    assert tag(alone) == "AUTORUN_NEVER_CHANGEABLE"
    assert tag(machine(tmp_path / "b", keys, NON_VOLUME, users=[HANAKO])) == "AUTORUN_ASKS"


def test_a_policy_for_every_account_is_enough(tmp_path: Path) -> None:
    keys: Keys = {
        **{rf"HKU\{sid}\{EXPLORER}": {"NoDriveTypeAutoRun": 0xFF} for sid in (TARO, HANAKO)},
        **{rf"HKU\{sid}\Software\{DEVICES}": {"NoAutoplayfornonVolume": 1} for sid in (TARO, HANAKO)},
    }
    assert tag(machine(tmp_path, keys)) == "AUTORUN_NEVER"


def test_an_account_whose_settings_cannot_be_read_leaves_it_open(tmp_path: Path) -> None:
    keys: Keys = {rf"HKU\{TARO}\{EXPLORER}": {"NoDriveTypeAutoRun": 0xFF}}
    read = machine(tmp_path, keys, NON_VOLUME, users=[HANAKO])
    (tmp_path / "Users/1002/NTUSER.DAT").unlink()
    assert tag(read) == "undetermined"
    policy = machine(tmp_path / "b", {MACHINE: {"NoDriveTypeAutoRun": 0xFF}}, NON_VOLUME, users=[HANAKO])
    (tmp_path / "b/Users/1002/NTUSER.DAT").unlink()
    assert tag(policy) == "AUTORUN_NEVER"


def test_a_mask_of_four_octets_is_a_mask(tmp_path: Path) -> None:
    assert tag(machine(tmp_path, {MACHINE: {"NoDriveTypeAutoRun": b"\xff\0\0\0"}}, NON_VOLUME)) == "AUTORUN_NEVER"


def test_a_value_that_is_no_number_is_no_answer(tmp_path: Path) -> None:
    assert tag(machine(tmp_path, {MACHINE: {"NoDriveTypeAutoRun": "all"}}, NON_VOLUME)) == "undetermined"


def test_without_the_service_that_notices_media_nothing_happens(tmp_path: Path) -> None:
    keys: Keys = {rf"{SERVICES}\ShellHWDetection": {"Start": 4}}
    assert tag(machine(tmp_path / "image", keys)) == "AUTORUN_NEVER"
    stopped, running = (RunningServices((RunningService("ShellHWDetection", state, 0),)) for state in (1, 4))
    assert tag(machine(tmp_path / "a", keys, answers=[(SERVICE_STATES, stopped)])) == "AUTORUN_NEVER"
    assert tag(machine(tmp_path / "b", keys, answers=[(SERVICE_STATES, running)])) == "AUTORUN_ASKS"
    assert tag(machine(tmp_path / "c", keys, answers=[])) == "undetermined"


def barriers(read: MadeReader) -> dict[BarrierKind, Hold | Unobserved]:
    fact = usb_storage.run(read)
    assert isinstance(fact, UsbStorage)
    found: dict[BarrierKind, Hold | Unobserved] = {}
    for barrier in fact.barriers:
        hold = barrier.holds.after_restart
        if found.get(barrier.kind) in {None, Hold.NONE}:
            found[barrier.kind] = hold
    return found


def usb(read: MadeReader) -> str:
    judged = autorun_usb_storage.judge(usb_storage.run(read), use="blocked")
    return judged.tag if isinstance(judged, Verdict) else "undetermined"


def test_as_windows_ships_it_nothing_stops_usb_storage(tmp_path: Path) -> None:
    read = machine(tmp_path, {rf"{SERVICES}\USBSTOR": {"Start": 3}, rf"{CLASSES}\{DISK_CLASS}": {"UpperFilters": ("partmgr",)}})
    assert set(barriers(read).values()) == {Hold.NONE}
    assert usb(read) == "USB_OPEN"
    assert usb(machine(tmp_path / "never plugged in")) == "USB_OPEN"


def denied(name: str, value: str, *, on: int = 1, retroactive: int = 1) -> Keys:
    return {INSTALLING: {name: on, f"{name}Retroactive": retroactive}, rf"{INSTALLING}\{name}": {"1": value}}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({rf"HKLM\SOFTWARE\{STORAGE}": {"Deny_All": 1}}, "USB_BLOCKED"),
        ({rf"HKLM\SOFTWARE\{STORAGE}": {"Deny_All": 0}}, "USB_OPEN"),
        ({rf"HKLM\SOFTWARE\{STORAGE}\{DISKS}": {"Deny_Read": 1, "Deny_Write": 1}}, "USB_BLOCKED"),
        ({rf"HKLM\SOFTWARE\{STORAGE}\{DISKS}": {"Deny_Write": 1}}, "USB_WEAK"),
        ({rf"HKU\{TARO}\Software\{STORAGE}": {"Deny_All": 1}}, "USB_WEAK"),
        # a disabled driver alone is set back by the next new device
        ({rf"{SERVICES}\USBSTOR": {"Start": 4}}, "USB_WEAK"),
        ({rf"{SERVICES}\USBSTOR": {"Start": 4}, rf"{SERVICES}\UASPStor": {"Start": 3}}, "USB_WEAK"),
        ({rf"{SERVICES}\USBSTOR": {"Start": 4}, INSTALLING: {"DenyRemovableDevices": 1}}, "USB_BLOCKED"),
        ({INSTALLING: {"DenyRemovableDevices": 1}}, "USB_WEAK"),
        (denied("DenyDeviceIDs", r"USB\Class_08"), "USB_BLOCKED"),
        (denied("DenyDeviceIDs", r"USB\Class_08", retroactive=0), "USB_WEAK"),
        (denied("DenyDeviceIDs", r"USB\VID_0781"), "USB_OPEN"),
        (denied("DenyDeviceIDs", r"USB\Class_08", on=0), "USB_OPEN"),
        (denied("DenyDeviceClasses", DISK_CLASS.upper()), "USB_BLOCKED"),
        # products that filter in a driver of their own
        ({rf"{CLASSES}\{DISK_CLASS}": {"UpperFilters": ("partmgr", "SkyDevCtl")}}, "undetermined"),
        ({r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender": {"DeviceControlEnabled": 1}}, "undetermined"),
    ],
)
def test_what_stops_usb_storage(tmp_path: Path, keys: Keys, said: str) -> None:
    assert usb(machine(tmp_path, keys, users=[TARO])) == said


def test_a_driver_that_still_runs_stops_nothing_yet(tmp_path: Path) -> None:
    keys: Keys = {rf"{SERVICES}\USBSTOR": {"Start": 4}, INSTALLING: {"DenyRemovableDevices": 1}}
    running, stopped = (RunningServices((RunningService("usbstor", state, 0),)) for state in (4, 1))
    assert usb(machine(tmp_path / "a", keys, answers=[(SERVICE_STATES, running)])) == "USB_AFTER_RESTART"
    assert usb(machine(tmp_path / "b", keys, answers=[(SERVICE_STATES, stopped)])) == "USB_BLOCKED"


def media(read: MadeReader) -> tuple[InsertedMedium, ...] | Unobserved:
    fact = media_insertions.run(read)
    assert isinstance(fact, MediaInsertions)
    return fact.media


def test_devices_on_record_are_told_apart(tmp_path: Path) -> None:
    """The keys are laid out as in public write-ups of USBSTOR forensics; the day is a FILETIME of property 0066."""
    day = struct.pack("<Q", 133_459_488_000_000_000)  # 2023-12-02
    stick = rf"{ENUM}\USBSTOR\Disk&Ven_SanDisk&Prod_Ultra_Fit&Rev_1.00"
    keys: Keys = {
        rf"{stick}\4C530001230101&0": {"FriendlyName": "SanDisk Ultra Fit USB Device"},
        rf"{stick}\4C530001230101&0\Properties\{{83da6326-97a6-4088-9453-a1923f573b29}}\0066": {"": day},
        rf"{stick}\7&2a3b4c5d&0": {},
        rf"{ENUM}\USBSTOR\CdRom&Ven_HL-DT-ST&Prod_DVD&Rev_1\x&0": {},
        rf"{ENUM}\USB\VID_0781&PID_5583\4C530001230101": {"Service": "USBSTOR"},
        rf"{ENUM}\USB\VID_04E8&PID_61F5\MSFT30S5BUNA0R": {"Service": "UASPStor"},
        rf"{ENUM}\USB\VID_046D&PID_C31C\5&1&0&2": {"Service": "usbccgp"},
    }
    assert media(machine(tmp_path, keys)) == (
        InsertedMedium("", "04e8:61f5", "S5BUNA0R", None),
        InsertedMedium("SanDisk Ultra Fit", "", "", None),
        InsertedMedium("SanDisk Ultra Fit", "0781:5583", "4C530001230101", "2023-12-02"),
    )
    assert media(machine(tmp_path / "none")) == ()
