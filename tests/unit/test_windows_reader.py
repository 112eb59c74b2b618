"""The reader of a Windows that does not run, on a directory with hives that hivexsh(1) wrote."""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path

import pytest

from scanner.hosts.machine import LocalMachine
from scanner.hosts.windows import base
from scanner.hosts.windows.answers import PASSWORD_RULES
from scanner.hosts.windows_image import CONFIG, ImageReader
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from tests.unit.test_hosts_local import without_rights
from tests.unit.windows_machines import HANAKO, TARO, Keys, machine, write_hive

KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\USBSTOR"


def reason(read: ImageReader, key: str, name: str = "x") -> Reason:
    with pytest.raises(CannotObserve) as why:
        read.value(key, name)
    return why.value.reason


def test_values_are_read_as_windows_gives_them(tmp_path: Path) -> None:
    read = machine(tmp_path, {KEY: {"Start": 4, "": "unnamed", "List": ("a", "二"), "Long": 2**40, "Octets": b"xyz", "Name": "日本語"}})
    whole = read.values(KEY)
    assert whole == {"Start": 4, "": "unnamed", "List": ("a", "二"), "Long": 2**40, "Octets": b"xyz", "Name": "日本語"}
    assert read.value(KEY.lower(), "START") == 4
    assert read.value(KEY, "") == "unnamed"


def test_what_is_not_there_is_knowledge(tmp_path: Path) -> None:
    read = machine(tmp_path, {KEY: {}})
    assert read.value(KEY, "Start") is None
    assert read.values(KEY) == {}
    assert read.value(r"HKLM\SOFTWARE\Nothing\At all", "x") is None
    assert read.values(r"HKLM\SOFTWARE\Nothing") is None
    assert read.subkeys(r"HKLM\SOFTWARE\Nothing") is None
    assert read.value(rf"HKU\{TARO}\Software", "x") is None


def test_what_windows_keeps_in_memory_is_no_knowledge(tmp_path: Path) -> None:
    read = machine(tmp_path)
    assert reason(read, r"HKLM\HARDWARE\DESCRIPTION") is Reason.UNSUPPORTED
    assert reason(read, r"HKLM\SECURITY\Policy") is Reason.UNSUPPORTED
    with pytest.raises(CannotObserve):
        read.ask(PASSWORD_RULES)
    with pytest.raises(CannotObserve):
        read.command(["auditpol"])


def test_the_settings_in_use_are_those_that_select_names(tmp_path: Path) -> None:
    path = tmp_path / f"{CONFIG}SYSTEM".lstrip("/")
    sets: Keys = {r"ControlSet001\Services\S": {"Start": 4}, r"ControlSet002\Services\S": {"Start": 3}}
    write_hive(path, {"Select": {"Current": 2, "Default": 1}, **sets})
    assert ImageReader(tmp_path).value(r"HKLM\SYSTEM\CurrentControlSet\Services\S", "Start") == 3
    write_hive(path, {"Select": {"Current": "two"}, r"ControlSet001\Services\S": {"Start": 4}})
    assert reason(ImageReader(tmp_path), r"HKLM\SYSTEM\CurrentControlSet\Services\S") is Reason.PROTOCOL_VIOLATION


def test_every_account_with_a_profile_has_its_own_settings(tmp_path: Path) -> None:
    read = machine(tmp_path, {rf"HKU\{TARO}\Control Panel\Desktop": {"ScreenSaveTimeOut": "600"}}, users=[HANAKO, "S-1-5-18"])
    assert [person.sid for person in base.people(read)] == [TARO, HANAKO]
    (tmp_path / "Users/1002/NTUSER.DAT").unlink()
    again = ImageReader(tmp_path)
    taro, hanako = base.people(again)
    assert taro.settings == rf"HKU\{TARO}"
    assert isinstance(hanako.settings, Unobserved)
    assert again.value(rf"HKU\{TARO}\control panel\desktop", "screensavetimeout") == "600"


def test_a_profile_whose_folder_is_gone_is_nobody(tmp_path: Path) -> None:
    read = machine(tmp_path, users=[TARO, HANAKO])
    shutil.rmtree(tmp_path / "Users/1002")
    assert [person.sid for person in base.people(read)] == [TARO]


def test_a_hive_that_was_not_written_out_is_not_believed(tmp_path: Path) -> None:
    machine(tmp_path, {KEY: {"Start": 4}})
    path = tmp_path / f"{CONFIG}SYSTEM".lstrip("/")
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 4, struct.unpack_from("<I", data, 4)[0] + 1)
    total = 0
    for (word,) in struct.iter_unpack("<I", data[:508]):
        total ^= word
    struct.pack_into("<I", data, 508, total)
    path.write_bytes(data)
    assert reason(ImageReader(tmp_path), KEY) is Reason.UNSUPPORTED
    path.write_bytes(b"not a hive")
    assert reason(ImageReader(tmp_path), KEY) is Reason.PROTOCOL_VIOLATION


def test_a_missing_right_is_no_missing_key(tmp_path: Path) -> None:
    machine(tmp_path, {r"HKLM\SOFTWARE\Policies\X": {"x": 1}})
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (tmp_path / f"{CONFIG}SOFTWARE".lstrip("/")).chmod(0)
    with without_rights():
        assert reason(ImageReader(tmp_path), r"HKLM\SOFTWARE\Policies\X") is Reason.ACCESS_DENIED


def test_files_are_found_whatever_their_case_and_drive_and_never_outside(tmp_path: Path) -> None:
    read = machine(tmp_path, files={"/Windows/System32/Drivers/etc/HOSTS": b"127.0.0.1 localhost"})
    assert read.file("C:/windows/system32/DRIVERS/etc/hosts") == b"127.0.0.1 localhost"
    assert read.names("/windows/system32/drivers/etc") == ("HOSTS",)
    assert read.file("/Windows/nothing") is None
    with pytest.raises(CannotObserve):
        read.file("D:/hosts")
    with pytest.raises(CannotObserve):
        read.file("/Windows/../../etc/passwd")
    os.symlink("/etc", tmp_path / "Windows" / "out")
    assert read.file("/Windows/out/passwd") is None


def test_a_number_is_a_number_and_nothing_else(tmp_path: Path) -> None:
    read = machine(tmp_path, {KEY: {"a": 7, "b": " 600", "c": "", "d": b"\1", "e": ("1",)}})
    assert [base.number(read, KEY, name) for name in ("a", "b", "none")] == [7, 600, None]
    for name in ("c", "d", "e"):
        with pytest.raises(CannotObserve):
            base.number(read, KEY, name)
    assert base.texts(read, KEY, "e") == ("1",)
    with pytest.raises(CannotObserve):
        base.text(read, KEY, "a")


def test_the_version_is_told_by_the_build(tmp_path: Path) -> None:
    assert base.version(machine(tmp_path)) == base.Version(22631, 4317, "Professional", server=False, release="23H2")
    nothing = machine(tmp_path / "b", version={base.VERSION: {"ProductName": "Windows 11"}})
    with pytest.raises(CannotObserve):
        base.version(nothing)


def test_a_root_directory_with_hives_is_a_windows(tmp_path: Path) -> None:
    machine(tmp_path)
    assert LocalMachine(tmp_path).platform is Platform.WINDOWS
    (tmp_path / "plain").mkdir()
    assert LocalMachine(tmp_path / "plain").platform is Platform.LINUX


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"%SystemDrive%\Users\taro", "/Users/taro"),
        (r"%SYSTEMROOT%\x", "/Windows/x"),
        ("C:\\Users\\太郎\\", "C:/Users/太郎"),
        (r"%ProgramData%\x", "/ProgramData/x"),
    ],
)
def test_paths_of_the_registry_are_written_with_slashes(written: str, read: str) -> None:
    assert base.on_system_drive(written) == read
