"""Malware protection, disks, start, elevation and kept credentials of Windows machines.

Hives are made by hivexsh in the real format. What PowerShell prints is written after the documentation of the classes and of
``ConvertTo-Json``; what Windows answers after that of the functions named in ``scanner.hosts.windows.answers``. None of it was recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from scanner.facts.credentials import KeptCredentials
from scanner.facts.disk_encryption import DiskEncryption, RecoveryKeys, VolumeUse
from scanner.facts.elevation import Elevation, InstallerRights, OwnHalf, Prompt
from scanner.facts.kernel import Startup
from scanner.facts.login_notice import LoginNotice
from scanner.facts.malware import MalwareProduct, MalwareProtection
from scanner.facts.tpm import SecurityModule
from scanner.hosts.windows import (
    answers,
    credentials,
    disk_encryption,
    elevation,
    malware,
    notice,
    startup,
)
from scanner.hosts.windows.base import POLICIES, WINLOGON
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.unit.test_hosts_windows_accounts import CLOCK, NOW, ticks, windows
from tests.unit.windows_answers import SERVER, SERVICES, error, said, states
from tests.unit.windows_machines import HANAKO, TARO, WINDOWS_11, Keys, fact_of, machine

DEFENDER: Keys = {SERVICES + r"\WinDefend": {"Start": 2}}
STATUS = {
    "service": True,
    "on": True,
    "realtime": True,
    "mode": "Normal",
    "made": "2026-09-21T04:00:00Z",
    "full": "2026-09-11T00:00:00Z",
    "fullage": 10,
}


def protection(
    room: Path,
    *keys: Keys,
    status: object = STATUS,
    registered: object = (),
    version: Keys = WINDOWS_11,
    running: tuple[str, ...] = ("WinDefend",),
) -> tuple[MalwareProduct, ...] | Unobserved:
    """What protects a running machine whose classes answer this."""
    commands = {**(said(malware.STATUS, status) if status else error(malware.STATUS, 3))}
    commands |= error(malware.REGISTERED, 3) if registered is None else said(malware.REGISTERED, registered)
    return fact_of(
        MalwareProtection,
        malware.malware_protection,
        machine(room, *keys, commands=commands, answers=[CLOCK, states(*running)], version=version),
    ).products


def test_defender_is_told_by_its_own_status(tmp_path: Path) -> None:
    (one,) = protection(tmp_path, DEFENDER, {malware.SENSE: {"OnboardingState": 1}, malware.POLICY + r"\Scan": {"ScheduleDay": 1}})  # type: ignore[misc]  # they are known
    assert (one.running, one.starts, one.realtime, one.managed, one.scans) == (True, True, True, True, True)
    assert (one.definitions_hours, one.full_scan_days) == (10, 10)
    assert isinstance(one.updates, Unobserved)


def test_a_defender_that_steps_back_does_not_run_and_the_other_product_does(tmp_path: Path) -> None:
    other = {"name": "ウイルスバスター", "state": 0x41000, "id": "{1}", "path": r"C:\Program Files\Trend\a\x.exe"}
    service: Keys = {SERVICES + r"\Amsp": {"Start": 2, "ImagePath": r'"C:\Program Files\Trend\A\core.exe"'}}
    passive = {**STATUS, "mode": "Passive Mode", "realtime": False, "full": None, "fullage": 0xFFFFFFFF}
    found = protection(tmp_path, DEFENDER, service, status=passive, registered=[other, {**other, "id": malware.DEFENDERS_ID}])
    assert isinstance(found, tuple)
    assert [(p.name, p.running, p.starts, p.realtime) for p in found] == [
        ("Microsoft Defender", False, True, False),
        ("ウイルスバスター", True, True, True),
    ]
    assert found[0].full_scan_days is None
    assert isinstance(found[1].definitions_hours, Unobserved)
    # PowerShell writes a list of one as the object
    found = protection(tmp_path / "2", DEFENDER, status=passive, registered={**other, "state": 0x40000})
    assert isinstance(found, tuple)
    assert (found[1].running, isinstance(found[1].starts, Unobserved)) == (False, True)


def test_on_a_server_only_known_products_can_be_told(tmp_path: Path) -> None:
    agent: Keys = {SERVICES + r"\CSFalconService": {"Start": 2}}
    found = protection(tmp_path / "1", agent, registered=None, version=SERVER, running=("CSFalconService",))
    assert isinstance(found, tuple)
    assert [(p.name, p.running) for p in found] == [("CrowdStrike Falcon", True)]
    assert isinstance(
        protection(tmp_path / "2", registered=None, version=SERVER), Unobserved
    )  # Defender was taken off; who knows what else is there
    found = protection(tmp_path / "3", DEFENDER, registered=None, version=SERVER)
    assert isinstance(found, tuple)
    assert found[0].running is True
    assert protection(tmp_path / "4", registered=[]) == ()  # on a client nothing registered is knowledge


def test_without_its_class_defender_is_told_by_settings_and_service(tmp_path: Path) -> None:
    made: Keys = {malware.DEFENDER + r"\Signature Updates": {"AVSignatureApplied": ticks(NOW - 7200).to_bytes(8, "little")}}
    found = protection(tmp_path, DEFENDER, made, status=None, registered=[])
    assert isinstance(found, tuple)
    assert (found[0].running, found[0].definitions_hours, isinstance(found[0].realtime, Unobserved)) == (True, 2, True)
    off: Keys = {malware.POLICY + r"\Real-Time Protection": {"DisableRealtimeMonitoring": 1}}
    found = protection(tmp_path / "2", DEFENDER, off, status=None, registered=[], running=())
    assert isinstance(found, tuple)
    assert (found[0].running, found[0].definitions_hours, found[0].realtime) == (False, None, False)
    # of a machine that does not run products that registered are not known
    assert isinstance(fact_of(MalwareProtection, malware.malware_protection, machine(tmp_path / "3", DEFENDER)).products, Unobserved)


def volume(letter: str, kind: int, protection: int | None, conversion: int | None, method: int | None = 7) -> dict[str, object]:
    return {"letter": letter, "type": kind, "protection": protection, "conversion": conversion, "method": method, "protectors": [1, 3]}


def test_volumes_are_encrypted_where_all_of_them_is_and_no_key_lies_open(tmp_path: Path) -> None:
    told = [
        volume("C:", 0, 1, 1),
        volume("D:", 1, 0, 1),  # suspended: a key in clear text lies on the disk
        volume("E:", 1, 1, 2),  # under way
        volume("F:", 1, 0, 0, 0),
        volume("G:", 2, 2, None, None),  # locked
        volume("H:", 1, 1, 1, 5),
    ]
    pages: Keys = {
        disk_encryption.MEMORY: {
            "PagingFiles": (r"?:\pagefile.sys",),
            "ExistingPageFiles": (r"\??\C:\pagefile.sys", r"\??\F:\pagefile.sys"),
        }
    }
    fact = fact_of(DiskEncryption, disk_encryption.disk_encryption, machine(tmp_path, pages, commands=said(disk_encryption.VOLUMES, told)))
    assert isinstance(fact.volumes, tuple)
    seen = {v.name: (v.use, v.encrypted if not isinstance(v.encrypted, Unobserved) else None) for v in fact.volumes}
    data, swap = VolumeUse.DATA, VolumeUse.SWAP
    assert seen == {
        "C:": (VolumeUse.SYSTEM, True),
        "D:": (data, False),
        "E:": (data, False),
        "F:": (data, False),
        "G:": (data, None),
        "H:": (data, True),
        r"C:\pagefile.sys": (swap, True),
        r"F:\pagefile.sys": (swap, False),
    }
    assert (fact.volumes[0].cipher, fact.volumes[0].key_bits, fact.volumes[4].removable) == ("aes-xts", 256, True)
    assert isinstance(fact.volumes[5].cipher, Unobserved)


@pytest.mark.parametrize(("code", "reason"), [(2, Reason.ACCESS_DENIED), (3, Reason.UNSUPPORTED), (0, Reason.UNSUPPORTED)])
def test_volumes_that_windows_does_not_tell_are_unobserved(tmp_path: Path, code: int, reason: Reason) -> None:
    fact = fact_of(DiskEncryption, disk_encryption.disk_encryption, machine(tmp_path, commands=error(disk_encryption.VOLUMES, code)))
    assert isinstance(fact.volumes, Unobserved)
    assert fact.volumes.reason is reason
    assert isinstance(fact_of(DiskEncryption, disk_encryption.disk_encryption, machine(tmp_path / "2")).volumes, Unobserved)


def test_policy_hands_recovery_keys_in(tmp_path: Path) -> None:
    keys: Keys = {
        disk_encryption.FVE: {
            "OSRecovery": 1,
            "OSActiveDirectoryBackup": 1,
            "OSRequireActiveDirectoryBackup": 1,
            "FDVRecovery": 1,
            "FDVActiveDirectoryBackup": 1,
        }
    }
    fact = fact_of(RecoveryKeys, disk_encryption.recovery_keys, machine(tmp_path, keys))
    assert (fact.saved, fact.demanded) == ((VolumeUse.SYSTEM, VolumeUse.DATA), (VolumeUse.SYSTEM,))
    assert fact_of(RecoveryKeys, disk_encryption.recovery_keys, machine(tmp_path / "2")).saved == ()
    assert (
        fact_of(
            RecoveryKeys, disk_encryption.recovery_keys, machine(tmp_path / "3", {disk_encryption.FVE: {"OSActiveDirectoryBackup": 1}})
        ).saved
        == ()
    )


@pytest.mark.parametrize(
    ("keys", "uefi", "expected"),
    [
        ({startup.SECURE_BOOT: {"UEFISecureBootEnabled": 1}}, None, ("uefi", True)),
        ({startup.SECURE_BOOT: {"UEFISecureBootEnabled": 0}}, True, ("uefi", False)),
        ({}, True, ("uefi", False)),
        ({}, False, ("bios", None)),
    ],
)
def test_secure_boot_is_on_where_windows_says_so(tmp_path: Path, keys: Keys, uefi: bool | None, expected: tuple[str, bool | None]) -> None:
    read = machine(tmp_path, keys, answers=[(answers.FIRMWARE, answers.FirmwareState(uefi, 2))])
    fact = fact_of(Startup, startup.startup, read)
    assert (fact.firmware, fact.secure_boot) == expected
    assert fact_of(SecurityModule, startup.security_module, read).version == "2.0"


def test_an_unknown_firmware_leaves_secure_boot_unknown(tmp_path: Path) -> None:
    fact = fact_of(Startup, startup.startup, machine(tmp_path, answers=[]))
    assert isinstance(fact.firmware, Unobserved)
    assert isinstance(fact.secure_boot, Unobserved)


def test_mitigations_are_off_where_both_values_say_so(tmp_path: Path) -> None:
    def off(room: str, values: Mapping[str, int]) -> bool | Unobserved:
        found = fact_of(Startup, startup.startup, machine(tmp_path / room, {startup.MEMORY: dict(values)})).mitigations_off
        assert not isinstance(found, Unobserved)
        assert found.in_force is None
        return found.after_restart

    assert off("1", {}) is False
    assert off("2", {startup.OVERRIDE: 3, startup.OVERRIDE_MASK: 3}) is True
    assert off("3", {startup.OVERRIDE: 3}) is False
    assert off("4", {startup.OVERRIDE: 72, startup.OVERRIDE_MASK: 3}) is False
    assert fact_of(Startup, startup.startup, machine(tmp_path / "5")).firmware is None


@pytest.mark.parametrize(
    ("values", "controlled", "prompt", "built_in"),
    [
        ({}, True, Prompt.CONSENT_TO_OTHERS, False),
        ({"EnableLUA": 1, "ConsentPromptBehaviorAdmin": 2, "FilterAdministratorToken": 1}, True, Prompt.CONSENT, True),
        ({"EnableLUA": 0, "ConsentPromptBehaviorAdmin": 0}, False, Prompt.NOTHING, False),
        ({"ConsentPromptBehaviorAdmin": 9}, True, None, False),
    ],
)
def test_elevation_is_on_where_nothing_says_otherwise(
    tmp_path: Path, values: Mapping[str, int], controlled: bool, prompt: Prompt | None, built_in: bool
) -> None:
    fact = fact_of(Elevation, elevation.elevation, machine(tmp_path, {elevation.SYSTEM: dict(values)}, answers=()))
    assert (fact.controlled.after_restart, fact.built_in) == (controlled, built_in)
    assert isinstance(fact.controlled.in_force, Unobserved) is not controlled  # it changes with a restart
    assert isinstance(fact.prompt, Unobserved) if prompt is None else fact.prompt is prompt


def test_both_halves_of_the_installers_policy_are_read(tmp_path: Path) -> None:
    machines, own = rf"{POLICIES}\{elevation.INSTALLER}", rf"{elevation.OWN_POLICIES}\{elevation.INSTALLER}"
    keys: Keys = {
        machines: {"AlwaysInstallElevated": 1, "DisableMSI": 1},
        rf"HKU\{TARO}\{own}": {"AlwaysInstallElevated": 1},
        rf"HKU\{HANAKO}\{own}": {"AlwaysInstallElevated": 0},
    }
    found = fact_of(InstallerRights, elevation.installer_rights, machine(tmp_path / "1", keys))
    assert found == InstallerRights(False, True, (OwnHalf("1001", True), OwnHalf("1002", False)))
    bare = fact_of(InstallerRights, elevation.installer_rights, machine(tmp_path / "2", {machines: {"DisableMSI": 2}}, users=[TARO]))
    assert bare == InstallerRights(True, False, (OwnHalf("1001", False),))


def test_a_profile_that_cannot_be_read_leaves_its_own_half_unknown(tmp_path: Path) -> None:
    read = machine(tmp_path, {rf"{POLICIES}\{elevation.INSTALLER}": {"AlwaysInstallElevated": 1}}, users=[TARO])
    (tmp_path / f"Users/{TARO[-4:]}/NTUSER.DAT").write_bytes(b"locked")
    found = fact_of(InstallerRights, elevation.installer_rights, read)
    assert isinstance(found.accounts, tuple)
    assert isinstance(found.accounts[0].elevated, Unobserved)


JOINED = (answers.JOINED, answers.Joined(True, "CITY"))


def kept(room: Path, *keys: Keys, version: Keys = WINDOWS_11) -> KeptCredentials:
    """What a running member of a domain keeps."""
    return fact_of(KeptCredentials, credentials.kept_credentials, machine(room, *keys, answers=[JOINED], version=version))


def test_secrets_are_kept_as_windows_does_where_nothing_is_set(tmp_path: Path) -> None:
    new = kept(tmp_path / "1", version=windows("22631", "Professional"))
    assert (new.clear_text, new.logs_on_alone, new.cached, new.joined, new.rotates) == (False, False, 10, True, False)
    assert isinstance(new.protected.after_restart, Unobserved)  # new installations protect it by themselves, older ones do not
    old = kept(tmp_path / "2", version=windows("7601", "Professional"))
    assert (old.clear_text, old.protected.after_restart) == (True, False)
    still = fact_of(KeptCredentials, credentials.kept_credentials, machine(tmp_path / "3"))
    assert isinstance(still.joined, Unobserved)


def test_secrets_are_kept_as_values_say(tmp_path: Path) -> None:
    keys: Keys = {
        credentials.WDIGEST: {"UseLogonCredential": 1},
        credentials.LSA: {"RunAsPPL": 1},
        WINLOGON: {"AutoAdminLogon": "1", "DefaultPassword": "hunter2", "CachedLogonsCount": "2"},
        credentials.LAPS[1][0]: {"BackupDirectory": 2},
    }
    fact = kept(tmp_path / "1", keys)
    assert (fact.clear_text, fact.logs_on_alone, fact.cached, fact.rotates) == (True, True, 2, True)
    assert (fact.protected.after_restart, isinstance(fact.protected.in_force, Unobserved)) == (True, True)
    assert "hunter2" not in str(fact)
    off: Keys = {credentials.LSA: {"RunAsPPL": 0}, credentials.LAPS[1][0]: {"BackupDirectory": 0}}
    fact = kept(tmp_path / "2", off)
    assert (fact.protected.effective(), fact.rotates) == ((False, False), False)


def test_a_notice_is_what_policy_shows_before_the_log_on(tmp_path: Path) -> None:
    words: Keys = {notice.POLICY: {"LegalNoticeCaption": "注意", "LegalNoticeText": "許可された者のみ使用できる。操作は記録される。"}}
    before = fact_of(LoginNotice, notice.login_notice, machine(tmp_path / "1", words)).before
    assert isinstance(before, tuple)
    assert [(n.warns, n.tells_system) for n in before] == [(True, False)]
    title: Keys = {notice.POLICY: {"LegalNoticeCaption": "許可", "LegalNoticeText": ""}}
    assert fact_of(LoginNotice, notice.login_notice, machine(tmp_path / "2", title)).before == ()
