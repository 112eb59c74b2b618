"""What macOS itself tells: version and updates, screen lock, media, disks, firewall, malware protection, start-up; see ``mac_trees``."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from scanner.facts.disk_encryption import DiskEncryption, VolumeUse
from scanner.facts.firewall import Filter, Firewall
from scanner.facts.kernel import Enforcement, MandatoryAccessControl, Startup
from scanner.facts.malware import MalwareProtection
from scanner.facts.readings import Hold, Wait
from scanner.facts.removable_media import AutoMount, AutoRun, UsbStorage
from scanner.facts.screen_lock import DesktopLock, ScreenLock
from scanner.facts.software import AutomaticUpdates, InstalledSoftware, OperatingSystem, SecurityUpdates
from scanner.hosts.macos import (
    disk,
    firewall,
    malware,
    media,
    screen_lock,
    software,
    startup,
)
from scanner.hosts.seeing import needed
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from tests.unit.host_trees import Machine, look
from tests.unit.mac_trees import BUILDS, MANAGED, mac, person, text
from tests.unit.test_hosts_local import reason

# --- the system ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", BUILDS)
def test_versions_are_told(tmp_path: Path, version: str) -> None:
    found = look(OperatingSystem, software.operating_system, mac(tmp_path, version=version))
    assert (found.system, found.release, found.today) == ("macos", version.split(".", maxsplit=1)[0], "2025-11-22")
    assert found.name == f"macOS {version} ({BUILDS[version]})"


def test_applications_and_what_homebrew_brought_are_listed(tmp_path: Path) -> None:
    made = mac(
        tmp_path,
        {
            "/Applications/Firefox.app/Contents/Info.plist": {"CFBundleShortVersionString": "132.0", "CFBundleName": "Firefox"},
            "/Applications/一太郎.app/Contents/Info.plist": {"CFBundleVersion": "33"},
            "/Applications/Broken.app/Contents/Info.plist": "<plist",
            "/Applications/Utilities/Terminal.app/Contents/Info.plist": {"CFBundleVersion": "453"},
            "/Applications/Utilities/読んでください.txt": "",
            "/Applications/Deep/Deeper/Hidden.app/Contents/Info.plist": {"CFBundleVersion": "1"},
            "/opt/homebrew/Cellar/wget/1.24.5/x": "",
        },
    )
    person(made, "taro", {"Applications/TeamViewer.app/Contents/Info.plist": {"CFBundleVersion": "15.5"}})
    person(made, "花子")
    found = look(InstalledSoftware, software.installed_software, made)
    expected = {"Firefox": "132.0", "一太郎": "33", "Broken": "", "Terminal": "453", "TeamViewer": "15.5", "wget": "1.24.5"}
    assert {p.name: p.version for p in needed(found.packages)} == expected
    assert found.unread is None


def test_applications_of_an_account_that_may_not_be_read_are_said_to_be_open(tmp_path: Path) -> None:
    class Closed(Machine):
        def names(self, directory: str) -> tuple[str, ...] | None:
            if directory == "/Users/taro/Applications":
                raise CannotObserve(Reason.ACCESS_DENIED, directory)
            return super().names(directory)

    made = person(mac(tmp_path, {"/Applications/Firefox.app/x": ""}), "taro")
    person(made, "花子", {"Applications/AnyDesk.app/x": ""})
    made.__class__ = Closed
    found = look(InstalledSoftware, software.installed_software, made)
    assert [p.name for p in needed(found.packages)] == ["Firefox", "AnyDesk"]
    assert found.unread is not None
    assert found.unread.reason is Reason.ACCESS_DENIED


def test_more_applications_than_are_read_are_no_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(software, "MOST", 2)
    made = mac(tmp_path, {f"/Applications/{number}.app/x": "" for number in range(3)})
    found = look(InstalledSoftware, software.installed_software, made).packages
    assert isinstance(found, Unobserved)
    assert found.reason is Reason.TOO_LARGE


UPDATE = "/Library/Preferences/com.apple.SoftwareUpdate.plist"


def test_what_the_last_look_for_updates_found(tmp_path: Path) -> None:
    held = {
        "LastSuccessfulDate": datetime(2025, 11, 20, 3, 0, 0),
        "RecommendedUpdates": [{"Display Name": "macOS Sonoma 14.7.1", "Display Version": "14.7.1", "Identifier": "MSU_UPDATE_23H222"}],
    }
    found = look(SecurityUpdates, software.security_updates, mac(tmp_path, {UPDATE: held}))
    assert (found.has_lists, found.lists_days) == (True, 2)
    assert [(u.name, u.installed, u.offered) for u in needed(found.offered)] == [("macOS Sonoma 14.7.1", "14.5", "14.7.1")]
    (tmp_path / "b").mkdir()
    assert look(SecurityUpdates, software.security_updates, mac(tmp_path / "b")).has_lists is False


@pytest.mark.parametrize(
    ("own", "profile", "installs", "security"),
    [
        ({"AutomaticallyInstallMacOSUpdates": True}, {}, True, True),
        ({"AutomaticallyInstallMacOSUpdates": False, "CriticalUpdateInstall": 0}, {}, False, False),
        ({"AutomaticallyInstallMacOSUpdates": False}, {"AutomaticallyInstallMacOSUpdates": True}, True, True),
        ({"AutomaticallyInstallMacOSUpdates": True, "AutomaticCheckEnabled": False}, {}, False, False),
        ({"AutomaticallyInstallMacOSUpdates": True}, {"ConfigDataInstall": False}, True, False),
        ({}, {}, None, True),
    ],
)
def test_profiles_win_over_own_settings_of_updates(
    tmp_path: Path, own: dict[str, object], profile: dict[str, object], installs: bool | None, security: bool
) -> None:
    made = mac(tmp_path, {UPDATE: own, f"{MANAGED}/com.apple.SoftwareUpdate.plist": profile})
    found = look(AutomaticUpdates, software.automatic_updates, made).updaters
    assert not isinstance(found, Unobserved)
    (updater,) = found
    assert (updater.installs.after_restart if isinstance(updater.installs.after_restart, bool) else None, updater.security) == (
        installs,
        security,
    )


def test_a_declaration_of_device_management_wins(tmp_path: Path) -> None:
    state = {"SUCorePersistedStatePolicyFields": {"SUCoreDDMDeclarationGlobalSettings": {"automaticallyInstallOSUpdates": 2}}}
    made = mac(tmp_path, {UPDATE: {"AutomaticallyInstallMacOSUpdates": True}, software.DECLARED: state})
    found = look(AutomaticUpdates, software.automatic_updates, made).updaters
    assert not isinstance(found, Unobserved)
    assert found[0].installs.after_restart is False


def test_a_declaration_that_nobody_may_read_leaves_updates_open(tmp_path: Path) -> None:
    class Closed(Machine):
        def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
            if path == software.DECLARED:
                raise CannotObserve(Reason.ACCESS_DENIED, path)
            return super().file(path, limit=limit)

    made = mac(tmp_path, {UPDATE: {"AutomaticallyInstallMacOSUpdates": True}})
    made.__class__ = Closed
    found = look(AutomaticUpdates, software.automatic_updates, made)
    assert not isinstance(found.updaters, Unobserved)
    assert reason(partial(needed, found.updaters[0].installs.after_restart)) is Reason.ACCESS_DENIED


@pytest.mark.parametrize("offers", [None, "none"])
def test_without_a_list_of_updates_none_is_known(tmp_path: Path, offers: str | None) -> None:
    held = {"LastSuccessfulDate": datetime(2025, 11, 21), **({"RecommendedUpdates": offers} if offers else {})}
    found = look(SecurityUpdates, software.security_updates, mac(tmp_path, {UPDATE: held}))
    assert reason(partial(needed, found.offered)) is Reason.UNSUPPORTED
    nameless = mac(tmp_path / "b", {UPDATE: {**held, "RecommendedUpdates": [{"Product Key": "1"}]}})
    assert [u.name for u in needed(look(SecurityUpdates, software.security_updates, nameless).offered)] == ["?"]


# --- screen lock -----------------------------------------------------------------------------------------------------


def locks(made: Machine) -> dict[str, DesktopLock]:
    """The locks by account."""
    found = look(ScreenLock, screen_lock.screen_lock, made).desktops
    assert not isinstance(found, Unobserved)
    return {lock.account: lock for lock in found}


SAVER = f"{MANAGED}/com.apple.screensaver.plist"


def test_a_profile_decides_on_the_screen_lock(tmp_path: Path) -> None:
    profile = {"idleTime": 600, "askForPassword": True, "askForPasswordDelay": 5}
    made = person(mac(tmp_path, {SAVER: profile}), "taro", {"Library/Preferences/ByHost/com.apple.screensaver.AB-1.plist": {"idleTime": 0}})
    found = locks(made)
    assert set(found) == {""}
    lock = found[""]
    assert (lock.idle.after_restart, lock.idle_fixed, lock.password.in_force, lock.password_fixed) == (Wait(600), True, True, True)
    assert lock.grace.after_restart == Wait(5)


def test_without_a_profile_the_user_decides_and_zero_means_never(tmp_path: Path) -> None:
    made = mac(tmp_path, version="13.7.1")
    person(made, "花子", {"Library/Preferences/ByHost/com.apple.screensaver.AB-1.plist": {"idleTime": 0}})
    found = locks(made)
    assert (found[""].idle.after_restart, found[""].idle_fixed) == (Wait(1200), False)
    assert found["花子"].idle.after_restart == Wait(None)
    assert isinstance(found[""].password.after_restart, Unobserved)
    assert found[""].password_fixed is False


@pytest.mark.parametrize("version", ["14.5", "15.1"])
def test_a_default_that_no_document_tells_is_not_taken_for_known(tmp_path: Path, version: str) -> None:
    wait = locks(mac(tmp_path, version=version))[""].idle.after_restart
    assert isinstance(wait, Unobserved)
    assert version in wait.detail


def test_a_profile_may_let_the_question_never_come(tmp_path: Path) -> None:
    made = mac(tmp_path, {SAVER: {"idleTime": 0, "askForPassword": 1, "askForPasswordDelay": 0x7FFFFFFF}}, live=False)
    lock = locks(made)[""]
    assert (lock.idle.after_restart, lock.idle.in_force, lock.grace.after_restart) == (Wait(None), None, Wait(None))


def test_a_home_that_is_closed_leaves_its_user_open(tmp_path: Path) -> None:
    class Closed(Machine):
        def names(self, directory: str) -> tuple[str, ...] | None:
            if directory.endswith("ByHost"):
                raise CannotObserve(Reason.ACCESS_DENIED, directory)
            return super().names(directory)

    person(mac(tmp_path), "taro")
    wait = locks(Closed(tmp_path))["taro"].idle.after_restart
    assert isinstance(wait, Unobserved)
    assert wait.reason is Reason.ACCESS_DENIED


# --- media -----------------------------------------------------------------------------------------------------------

ENROLLED = "profiles status -type enrollment"
NOT_ENROLLED = "Enrolled via DEP: No\nMDM enrollment: No\n"


def test_media_are_mounted_unless_device_management_may_forbid_it(tmp_path: Path) -> None:
    for place, (version, answer, expected) in enumerate(
        [("14.5", "", True), ("15.1", NOT_ENROLLED, True), ("15.1", "MDM enrollment: Yes (User Approved)\n", None), ("15.1", "", None)]
    ):
        room = tmp_path / str(place)
        room.mkdir()
        made = mac(room, commands={ENROLLED: answer} if answer else {}, version=version)
        (mounter,) = needed(look(AutoMount, media.auto_mount, made).mounters)
        mounts = mounter.mounts.after_restart
        assert (mounts if isinstance(mounts, bool) else None) is expected
        assert look(AutoRun, media.auto_run, made).runners == ()


@pytest.mark.parametrize(
    ("version", "silicon", "profile", "holds"),
    [
        ("14.5", "1", {}, Hold.PARTIAL),
        ("14.5", "0", {}, Hold.NONE),
        ("12.7.6", "1", {}, Hold.NONE),
        ("14.5", "1", {"allowUSBRestrictedMode": False}, Hold.NONE),
        ("14.5", "1", {"allowUSBRestrictedMode": True}, Hold.PARTIAL),
    ],
)
def test_accessories_are_asked_about_on_new_machines_only(
    tmp_path: Path, version: str, silicon: str, profile: dict[str, object], holds: Hold
) -> None:
    files = {f"{MANAGED}/com.apple.applicationaccess.plist": profile}
    made = mac(tmp_path, files, {"sysctl -n hw.optional.arm64": f"{silicon}\n"}, version=version)
    barriers = look(UsbStorage, media.usb_storage, made).barriers
    assert [barrier.holds.after_restart for barrier in barriers] == [Hold.NONE, holds]


# --- disks -----------------------------------------------------------------------------------------------------------

APFS = {
    "Containers": [
        {
            "Volumes": [
                {"DeviceIdentifier": "disk3s1", "Name": "Macintosh HD", "Roles": ["System"], "FileVault": True},
                {"DeviceIdentifier": "disk3s7", "Name": "作業", "Roles": [], "FileVault": False},
                {"DeviceIdentifier": "disk9s1", "Name": "USB", "Roles": [], "FileVault": False},
            ]
        }
    ]
}


@pytest.mark.parametrize(
    ("said", "encrypted"),
    [
        ("FileVault is On.\n", True),
        ("FileVault is Off.\n", False),
        ("FileVault is Off.\nDeferred enablement appears to be active for user 'taro'.\n", False),
        ("FileVault is On.\nDecryption in progress: Percent completed = 12\n", None),
        ("FileVault is Off, but will be enabled after the next restart.\n", None),
        ("", None),
    ],
)
def test_only_the_whole_sentence_of_filevault_counts(tmp_path: Path, said: str, encrypted: bool | None) -> None:
    commands = {
        "fdesetup status": said,
        "diskutil apfs list -plist": text(APFS),
        "diskutil list -plist internal": text({"AllDisks": ["disk0", "disk3", "disk3s1", "disk3s7"]}),
        "sysctl -n vm.swapusage": "total = 2048.00M  used = 1.00M  free = 2047.00M  (encrypted)\n",
    }
    volumes = look(DiskEncryption, disk.disk_encryption, mac(tmp_path, commands=commands)).volumes
    assert not isinstance(volumes, Unobserved)
    states = {v.name: v.encrypted if isinstance(v.encrypted, bool) else None for v in volumes}
    assert states == {"/": encrypted, "swap": True, "作業": False}
    assert [v.use for v in volumes] == [VolumeUse.SYSTEM, VolumeUse.SWAP, VolumeUse.DATA]


def test_of_a_mounted_disk_nothing_is_said_of_encryption(tmp_path: Path) -> None:
    volumes = look(DiskEncryption, disk.disk_encryption, mac(tmp_path, live=False)).volumes
    assert not isinstance(volumes, Unobserved)
    assert all(isinstance(volume.encrypted, Unobserved) for volume in volumes)


# --- firewall --------------------------------------------------------------------------------------------------------

STATE, BLOCKS = f"{firewall.PROGRAM} --getglobalstate", f"{firewall.PROGRAM} --getblockall"
PF = "pfctl -s info"


@pytest.mark.parametrize(
    ("said", "blocks", "filtered", "unclear"),
    [
        ("Firewall is enabled. (State = 1)\n", "Block all DISABLED!\n", True, True),
        ("Firewall is enabled. (State = 1)\n", "Firewall has block all state set to enabled.\n", True, False),
        ("Firewall is enabled. (State = 2)\n", "", True, False),
        ("ファイアウォールは有効です。 (State = 1)\n", "", True, True),
        ("Firewall is disabled. (State = 0)\n", "", False, False),
    ],
)
def test_the_state_of_the_application_firewall(tmp_path: Path, said: str, blocks: str, filtered: bool, unclear: bool) -> None:
    made = mac(tmp_path, commands={STATE: said, BLOCKS: blocks, PF: "Status: Disabled for 0 days\n"}, version="15.1")
    found = look(Firewall, firewall.firewall, made)
    for readings in (found.inbound_ipv4, found.inbound_ipv6):
        for part in (readings.in_force, readings.after_restart):
            assert isinstance(part, Filter)
            assert (part.filtered, bool(part.unclear), bool(part.let_through_on)) == (filtered, unclear, not filtered)
    assert isinstance(found.outbound_ipv4.in_force, Filter)


def test_an_old_list_tells_of_a_mounted_disk_and_a_new_system_has_none(tmp_path: Path) -> None:
    found = look(Firewall, firewall.firewall, mac(tmp_path, {firewall.OLD: {"globalstate": 1}}, version="13.7.1", live=False))
    assert isinstance(found.inbound_ipv4.after_restart, Filter)
    assert found.inbound_ipv4.after_restart.filtered
    assert found.inbound_ipv4.in_force is None
    (tmp_path / "new").mkdir()
    found = look(Firewall, firewall.firewall, mac(tmp_path / "new", version="15.1", live=False))
    assert isinstance(found.inbound_ipv4.after_restart, Unobserved)


def test_a_profile_that_asks_for_the_firewall_is_what_comes_back(tmp_path: Path) -> None:
    profile = {f"{MANAGED}/com.apple.security.firewall.plist": {"EnableFirewall": True, "BlockAllIncoming": True}}
    made = mac(tmp_path, profile, {STATE: "Firewall is disabled. (State = 0)\n", PF: "Status: Disabled\n"})
    readings = look(Firewall, firewall.firewall, made).inbound_ipv4
    assert isinstance(readings.in_force, Filter)
    assert isinstance(readings.after_restart, Filter)
    assert (readings.in_force.filtered, readings.after_restart.filtered, readings.after_restart.unclear) == (False, True, ())


def test_a_packet_filter_that_is_at_work_leaves_it_open(tmp_path: Path) -> None:
    made = mac(tmp_path, commands={STATE: "Firewall is disabled. (State = 0)\n", PF: "Status: Enabled for 1 days\n"})
    found = look(Firewall, firewall.firewall, made)
    assert isinstance(found.inbound_ipv4.in_force, Unobserved)
    assert isinstance(found.outbound_ipv4.in_force, Unobserved)
    unseen = mac(tmp_path / "b", commands={STATE: "Firewall is disabled. (State = 0)\n"})
    assert isinstance(look(Firewall, firewall.firewall, unseen).inbound_ipv4.in_force, Unobserved)


# --- malware ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "runs"), [("assessments enabled\n", True), ("assessments disabled\n", False), ("", None)])
def test_apples_own_protection_works_as_far_as_gatekeeper_assesses(tmp_path: Path, said: str, runs: bool | None) -> None:
    made = mac(tmp_path, {malware.XPROTECT[1]: {"CFBundleShortVersionString": "2173"}}, {"spctl --status": said} if said else {})
    products = look(MalwareProtection, malware.malware_protection, made).products
    assert not isinstance(products, Unobserved)
    (product,) = products
    assert (product.name, product.running if isinstance(product.running, bool) else None, product.updates) == ("XProtect", runs, True)
    assert isinstance(product.definitions_hours, Unobserved)
    assert "2173" in product.definitions_hours.detail


def test_other_products_are_named_and_defender_is_asked(tmp_path: Path) -> None:
    health = (
        "healthy : true\nreal_time_protection_enabled : true\nautomatic_definition_update_enabled : true\n"
        'org_id : "1-2"\ndefinitions_updated_minutes_ago : 130\n'
    )
    files = {"/Applications/Microsoft Defender.app/x": "", "/Applications/Falcon.app/x": ""}
    products = look(MalwareProtection, malware.malware_protection, mac(tmp_path, files, {"mdatp health": health})).products
    assert not isinstance(products, Unobserved)
    by_name = {product.name: product for product in products}
    assert set(by_name) == {"XProtect", "Microsoft Defender", "CrowdStrike Falcon"}
    defender = by_name["Microsoft Defender"]
    assert (defender.running, defender.realtime, defender.definitions_hours, defender.managed) == (True, True, 2, True)
    assert isinstance(by_name["CrowdStrike Falcon"].running, Unobserved)


# --- start-up --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("System Integrity Protection status: enabled.\n", Enforcement.ENFORCING),
        ("System Integrity Protection status: disabled.\n", Enforcement.OFF),
        ("System Integrity Protection status: enabled (Custom Configuration).\n", None),
        ("System Integrity Protection status: unknown (Custom Configuration).\n", None),
    ],
)
def test_only_the_whole_sentence_of_integrity_protection_counts(tmp_path: Path, said: str, state: Enforcement | None) -> None:
    systems = look(MandatoryAccessControl, startup.mandatory_access_control, mac(tmp_path, commands={"csrutil status": said})).systems
    assert not isinstance(systems, Unobserved)
    found = systems[0].state.in_force
    assert (None if isinstance(found, Unobserved) else found) is state


SECURITY = "/usr/libexec/mdmclient QuerySecurityInfo"


def test_secure_boot_is_read_where_device_management_tells_of_it(tmp_path: Path) -> None:
    full = "SecurityInfo = {\n    IsRecoveryLockEnabled = 1;\n    SecureBoot = {\n        SecureBootLevel = full;\n    };\n};\n"
    found = look(Startup, startup.startup, mac(tmp_path, commands={SECURITY: full}))
    assert (found.secure_boot, found.loader_password) == (True, True)
    reduced = full.replace("full", "medium").replace("Enabled = 1", "Enabled = 0")
    found = look(Startup, startup.startup, mac(tmp_path, commands={SECURITY: reduced}))
    assert (found.secure_boot, found.loader_password) == (False, False)
    assert isinstance(look(Startup, startup.startup, mac(tmp_path, commands={SECURITY: "SecurityInfo = {};"})).secure_boot, Unobserved)
    assert isinstance(look(Startup, startup.startup, mac(tmp_path)).secure_boot, Unobserved)
