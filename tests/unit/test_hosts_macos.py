"""Macs of several versions made of the property lists and answers that decide; see ``mac_trees`` for where they come from."""

from __future__ import annotations

import plistlib
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import collect
from scanner import codec
from scanner.facts.accounts import Accounts, Password
from scanner.facts.audit_trail import AuditSubject, AuditSwitch, AuditTrail
from scanner.facts.browsers import BrowserMatter, Browsers, OwnChoice
from scanner.facts.disk_encryption import DiskEncryption, VolumeUse
from scanner.facts.firewall import Filter, Firewall
from scanner.facts.ipv6 import Ipv6Native, Ipv6Tunnels, Technique
from scanner.facts.kernel import Enforcement, MandatoryAccessControl, Startup
from scanner.facts.log_keeping import LogKeeping
from scanner.facts.login_notice import LoginNotice
from scanner.facts.login_rules import Lockout, LoginRules, PasswordRules
from scanner.facts.mail_client import MailClients
from scanner.facts.malware import MalwareProtection
from scanner.facts.network_history import ActiveLink, LinkKind, NetworksJoined
from scanner.facts.network_path import ProxyMode, VpnConnections, WebProxies
from scanner.facts.office_macros import MacroRule, OfficeMacros
from scanner.facts.readings import Hold, Wait
from scanner.facts.removable_media import AutoMount, AutoRun, UsbStorage
from scanner.facts.screen_lock import DesktopLock, ScreenLock
from scanner.facts.services import ListeningSockets, Services
from scanner.facts.software import AutomaticUpdates, InstalledSoftware, OperatingSystem, SecurityUpdates
from scanner.facts.ssh_server import SshServer
from scanner.facts.time_sync import TimeSync
from scanner.facts.wireless import WirelessNetworks, WirelessSecurity
from scanner.hosts.base import CommandOutput
from scanner.hosts.local import RootReader
from scanner.hosts.machine import LocalMachine
from scanner.hosts.macos import (
    accounts,
    clock,
    disk,
    firewall,
    ipv6,
    login_rules,
    logs,
    malware,
    media,
    network_path,
    programs,
    screen_lock,
    services,
    software,
    ssh_server,
    startup,
    wireless,
)
from scanner.hosts.macos.image import MacRootReader
from scanner.model.fact import Fact, Observed, Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import plist
from tests.unit import test_hosts_terminal as terminal
from tests.unit.host_trees import Machine
from tests.unit.mac_trees import BUILDS, MANAGED, mac, person, text
from tests.unit.test_hosts_local import reason
from tests.unit.test_hosts_system import look

OPEN, OWE, WEP, WPA, WPA2, WPA3 = WirelessSecurity
ROOT = {"id -u": "0\n"}
ODD = Path("/nonexistent")
LETTERS = st.text(st.characters(categories=["L", "N"]), max_size=4)


def known(value: object) -> None:
    """It was observed."""
    assert not isinstance(value, Unobserved), value


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
            "/opt/homebrew/Cellar/wget/1.24.5/x": "",
        },
    )
    found = look(InstalledSoftware, software.installed_software, made).packages
    assert not isinstance(found, Unobserved)
    assert {p.name: p.version for p in found} == {"Firefox": "132.0", "一太郎": "33", "Broken": "", "wget": "1.24.5"}


UPDATE = "/Library/Preferences/com.apple.SoftwareUpdate.plist"


def test_what_the_last_look_for_updates_found(tmp_path: Path) -> None:
    held = {
        "LastSuccessfulDate": datetime(2025, 11, 20, 3, 0, 0),
        "RecommendedUpdates": [{"Display Name": "macOS Sonoma 14.7.1", "Display Version": "14.7.1", "Identifier": "MSU_UPDATE_23H222"}],
    }
    found = look(SecurityUpdates, software.security_updates, mac(tmp_path, {UPDATE: held}))
    assert (found.has_lists, found.lists_days) == (True, 2)
    assert [(u.name, u.installed, u.offered) for u in found.offered or ()] == [("macOS Sonoma 14.7.1", "14.5", "14.7.1")]  # type: ignore[union-attr]
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
    made = person(mac(tmp_path), "花子", {"Library/Preferences/ByHost/com.apple.screensaver.AB-1.plist": {"idleTime": 0}})
    found = locks(made)
    assert (found[""].idle.after_restart, found[""].idle_fixed) == (Wait(1200), False)
    assert found["花子"].idle.after_restart == Wait(None)
    assert isinstance(found[""].password.after_restart, Unobserved)
    assert found[""].password_fixed is False


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
        (mounter,) = look(AutoMount, media.auto_mount, made).mounters or ()  # type: ignore[misc]
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


# --- network ---------------------------------------------------------------------------------------------------------

IFCONFIG = """\
lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
	inet 127.0.0.1 netmask 0xff000000
	inet6 ::1 prefixlen 128
gif0: flags=8010<POINTOPOINT,MULTICAST> mtu 1280
stf0: flags=0<> mtu 1280
en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
	inet6 fe80::1c0a:2b3c:4d5e:6f70%en0 prefixlen 64 secured scopeid 0x6
	inet 192.0.2.10 netmask 0xffffff00 broadcast 192.0.2.255
	status: active
en5: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
	inet 198.51.100.7 netmask 0xffffff00 broadcast 198.51.100.255
	status: active
en7: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
	status: inactive
utun3: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1380
	inet6 fe80::2%utun3 prefixlen 64 scopeid 0x11
utun4: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1380
	inet 10.8.0.2 --> 10.8.0.1 netmask 0xffffffff
"""
PORTS = (
    "\nHardware Port: Wi-Fi\nDevice: en0\nEthernet Address: 00:00:5e:00:53:01\n\nHardware Port: USB 10/100/1000 LAN\nDevice: en5\n"
    "Ethernet Address: 00:00:5e:00:53:02\n\nHardware Port: iPhone USB\nDevice: en7\nEthernet Address: 00:00:5e:00:53:03\n"
)
PORT, CONFIG = "networksetup -listallhardwareports", "ifconfig -a"
SERVICES = "/Library/Preferences/SystemConfiguration/preferences.plist"


def service(name: str, device: str, kind: str = "Ethernet", **more: object) -> dict[str, object]:
    """A network service as configd keeps it."""
    return {"UserDefinedName": name, "Interface": {"DeviceName": device, "Type": kind}, **more}


NETWORK = {
    "CurrentSet": "/Sets/S1",
    "Sets": {"S1": {"Network": {"Service": {"A": {}, "B": {}, "C": {}}}}},
    "NetworkServices": {
        "A": service("Wi-Fi", "en0", "IEEE80211", IPv6={"ConfigMethod": "Automatic"}, Proxies={"ProxyAutoDiscoveryEnable": 1}),
        "B": service("USB LAN", "en5", IPv6={"ConfigMethod": "Automatic", "__INACTIVE__": 1}),
        "C": service("6to4", "stf0", "6to4"),
        "D": service("Other place", "en9"),
    },
}


def test_ipv6_is_told_for_each_service_of_the_set_in_use(tmp_path: Path) -> None:
    made = mac(tmp_path, {SERVICES: NETWORK}, {CONFIG: IFCONFIG, "sysctl -n net.inet6.ip6.forwarding": "0\n"})
    found = look(Ipv6Native, ipv6.ipv6_native, made)
    assert found.forwards.in_force is False
    known(found.interfaces)
    by_name = {i.name: i for i in found.interfaces}  # type: ignore[union-attr]
    assert set(by_name) == {"", "en0", "en5"}
    assert (by_name["en0"].enabled.in_force, by_name["en0"].addresses) == (True, ("fe80::1c0a:2b3c:4d5e:6f70/64",))
    assert (by_name["en5"].enabled.in_force, by_name["en5"].enabled.after_restart) == (False, False)


def test_tunnel_devices_that_always_are_there_do_not_count(tmp_path: Path) -> None:
    made = mac(tmp_path, {SERVICES: NETWORK}, {CONFIG: IFCONFIG})
    found = look(Ipv6Tunnels, ipv6.ipv6_tunnels, made)
    known(found.interfaces)
    assert [(i.name, i.up, i.fallback) for i in found.interfaces or ()] == [("gif0", False, True), ("stf0", False, True)]  # type: ignore[union-attr]
    assert found.addresses == ()
    assert [(d.name, d.technique) for d in found.definitions] == [("6to4", Technique.SIX_TO_FOUR)]
    changed = IFCONFIG.replace("stf0: flags=0<> mtu 1280\n", "stf0: flags=1<UP> mtu 1280\n\tinet6 2002:c000:20a::1 prefixlen 16\n")
    changed = changed.replace("utun3", "utun9").replace("inet6 fe80::2%utun9", "inet6 2001:0:4136:e378:8000:63bf:3fff:fdd2")
    found = look(Ipv6Tunnels, ipv6.ipv6_tunnels, mac(tmp_path, {SERVICES: NETWORK}, {CONFIG: changed}))
    assert {(a.interface, a.technique) for a in found.addresses or ()} == {  # type: ignore[union-attr]
        ("stf0", Technique.SIX_TO_FOUR),
        ("utun9", Technique.TEREDO),
    }
    assert [(i.name, i.up, i.fallback) for i in found.interfaces or ()] == [("gif0", False, True), ("stf0", True, False)]  # type: ignore[union-attr]


WIFI = {
    "wifi.network.ssid.office": {
        "SSID": b"office",
        "SupportedSecurityTypes": "WPA2 Enterprise",
        "JoinedBySystemAt": datetime(2025, 11, 20),
    },
    "wifi.network.ssid.家": {
        "SSID": "家".encode(),
        "SupportedSecurityTypes": "WPA2/WPA3 Personal",
        "JoinedByUserAt": datetime(2025, 1, 2),
        "JoinedBySystemAt": datetime(2025, 11, 1),
    },
    "wifi.network.ssid.cafe": {"SSID": b"cafe", "SupportedSecurityTypes": "Open", "AutoJoinDisabled": True},
    "wifi.network.ssid.old": {"SSID": b"old", "SupportedSecurityTypes": "WEP"},
    "wifi.network.ssid.mixed": {"SSID": b"mixed", "SupportedSecurityTypes": "WPA/WPA2 Personal"},
    "wifi.network.ssid.new": {"SSID": b"new", "SupportedSecurityTypes": "Something Else"},
}


def airport(name: str, mode: str) -> str:
    """What system_profiler prints of the network in use."""
    current = {"_name": name, "spairport_security_mode": f"spairport_security_mode_{mode}"}
    return text([{"_items": [{"spairport_airport_interfaces": [{"_name": "en0", "spairport_current_network_information": current}]}]}])


AIRPORT = "system_profiler -xml SPAirPortDataType"


def test_remembered_wireless_networks_and_the_one_in_use(tmp_path: Path) -> None:
    made = mac(tmp_path, {wireless.KNOWN: WIFI}, {PORT: PORTS, AIRPORT: airport("家", "wpa3_transition")})
    fact = look(WirelessNetworks, wireless.wireless_networks, made)
    assert fact.adapters == ("en0",)
    assert not isinstance(fact.networks, Unobserved)
    found = {network.name: network for network in fact.networks}
    assert {name: n.accepts for name, n in found.items() if not isinstance(n.accepts, Unobserved)} == {
        "office": (WPA2,),
        "家": (WPA2, WPA3),
        "cafe": (OPEN,),
        "old": (WEP,),
        "mixed": (WPA, WPA2),
    }
    assert isinstance(found["new"].accepts, Unobserved)
    assert (found["家"].uses, found["cafe"].joins, found["old"].joins) == (WPA3, False, True)
    assert (found["office"].enterprise, found["家"].enterprise) == (True, False)
    assert isinstance(found["office"].verifies_server, Unobserved)


def test_a_network_whose_name_macos_hides_still_tells_its_protection(tmp_path: Path) -> None:
    made = mac(tmp_path, {wireless.KNOWN: WIFI}, {PORT: PORTS, AIRPORT: airport("<redacted>", "none")}, version="15.1")
    networks = look(WirelessNetworks, wireless.wireless_networks, made).networks
    assert not isinstance(networks, Unobserved)
    hidden = next(network for network in networks if network.name == "<redacted>")
    assert (hidden.uses, hidden.joins) == (OPEN, False)
    made = mac(tmp_path, {wireless.KNOWN: WIFI}, {PORT: PORTS})
    networks = look(WirelessNetworks, wireless.wireless_networks, made).networks
    assert not isinstance(networks, Unobserved)
    assert all(isinstance(network.uses, Unobserved) for network in networks)


def test_joined_networks_and_links(tmp_path: Path) -> None:
    made = mac(tmp_path, {wireless.KNOWN: WIFI}, {PORT: PORTS, CONFIG: IFCONFIG})
    fact = look(NetworksJoined, wireless.networks_joined, made)
    assert not isinstance(fact.networks, Unobserved)
    assert {n.name: n.last_day for n in fact.networks if n.last_day} == {"office": "2025-11-20", "家": "2025-11-01"}
    assert fact.active == (
        ActiveLink("en0", LinkKind.WIRELESS),
        ActiveLink("en5", LinkKind.WIRED),
        ActiveLink("utun4", LinkKind.VPN),
    )


def test_proxies_of_services_profiles_and_browsers(tmp_path: Path) -> None:
    files = {
        SERVICES: NETWORK,
        "/Applications/Firefox.app/x": "",
        "/Applications/Google Chrome.app/x": "",
        f"{MANAGED}/org.mozilla.firefox.plist": {"Proxy": {"Mode": "manual", "HTTPProxy": "proxy.example.lg.jp:8080", "Locked": True}},
        f"{MANAGED}/com.google.Chrome.plist": {"ProxyMode": "pac_script", "ProxyPacUrl": "http://u:p@w.example.jp/a.pac"},
    }
    found = look(WebProxies, network_path.web_proxies, mac(tmp_path, files)).settings
    assert not isinstance(found, Unobserved)
    assert [(s.program, s.mode, s.server, s.fixed) for s in found] == [
        ("system", ProxyMode.DISCOVERY, "", False),
        ("system", ProxyMode.NONE, "", False),
        ("firefox", ProxyMode.FIXED, "proxy.example.lg.jp:8080", True),
        ("chrome", ProxyMode.SCRIPT, "http://w.example.jp/a.pac", True),
    ]


NC = """\
Available network connection services in the current set (*=enabled):
* (Disconnected)   1A2B3C4D-0000-0000-0000-000000000001 PPP --> L2TP       "本庁"                           [PPP:L2TP]
* (Connected)      1A2B3C4D-0000-0000-0000-000000000002 VPN (com.wireguard.macos) "tele"                    [VPN:com.wireguard.macos]
"""


def test_virtual_private_networks_of_the_system_and_of_others(tmp_path: Path) -> None:
    services_ = {"A": service("本庁", "", "PPP", IPv4={"OverridePrimary": 0})}
    services_["A"]["Interface"] = {"Type": "PPP", "SubType": "L2TP"}
    made = mac(tmp_path, {SERVICES: {"NetworkServices": services_}}, {"scutil --nc list": NC})
    found = look(VpnConnections, network_path.vpn_connections, made).connections
    assert not isinstance(found, Unobserved)
    assert [(c.name, c.technique, c.up) for c in found] == [("本庁", "l2tp", False), ("tele", "com.wireguard.macos", True)]
    assert found[0].takes_all is False
    assert isinstance(found[1].takes_all, Unobserved)


# --- programs --------------------------------------------------------------------------------------------------------


def test_browsers_by_profiles_and_by_choice(tmp_path: Path) -> None:
    files = {
        "/Applications/Firefox.app/x": "",
        "/Applications/Google Chrome.app/x": "",
        f"{MANAGED}/org.mozilla.firefox.plist": {"EnterprisePoliciesEnabled": True, "DisableFirefoxAccounts": True},
        f"{MANAGED}/com.google.Chrome.plist": {"SafeBrowsingProtectionLevel": 1, "SyncDisabled": True},
    }
    safari = {"Library/Containers/com.apple.Safari/Data/Library/Preferences/com.apple.Safari.plist": {"WarnAboutFraudulentWebsites": False}}
    made = person(mac(tmp_path, files), "taro", safari)
    person(made, "taro", {"Library/Application Support/Firefox/Profiles/x/prefs.js": 'user_pref("signon.rememberSignons", false);\n'})
    found = look(Browsers, programs.browsers, made).browsers
    assert not isinstance(found, Unobserved)
    held = {(b.name, s.matter): s for b in found for s in b.settings}
    assert held["safari", BrowserMatter.WARNS_OF_FRAUD].own == (OwnChoice("taro", False),)
    assert held["firefox", BrowserMatter.SYNCHRONISES].policy is False
    assert held["firefox", BrowserMatter.KEEPS_PASSWORDS].own == (OwnChoice("taro", False),)
    assert (held["chrome", BrowserMatter.WARNS_OF_FRAUD].policy, held["chrome", BrowserMatter.HTTPS_ONLY].policy) == (True, None)


def test_profiles_of_machine_and_person_that_differ_leave_it_open(tmp_path: Path) -> None:
    files = {
        "/Applications/Google Chrome.app/x": "",
        f"{MANAGED}/com.google.Chrome.plist": {"SyncDisabled": True},
        f"{MANAGED}/taro/com.google.Chrome.plist": {"SyncDisabled": False},
    }
    found = look(Browsers, programs.browsers, person(mac(tmp_path, files), "taro")).browsers
    assert not isinstance(found, Unobserved)
    assert all(isinstance(s.policy, Unobserved) for b in found if b.name == "chrome" for s in b.settings)


def test_apple_mail_is_read_where_somebody_uses_it(tmp_path: Path) -> None:
    own = {"Library/Containers/com.apple.mail/Data/Library/Preferences/com.apple.mail.plist": {"DisableURLLoading": True}}
    made = person(person(mac(tmp_path), "taro", own), "hanako")
    found = look(MailClients, programs.mail_clients, made).clients
    assert not isinstance(found, Unobserved)
    (client,) = found
    assert (client.account, client.remote_content.happens, client.html.happens, client.scripts.happens) == ("taro", False, True, False)
    assert isinstance(client.preview.happens, Unobserved)


@pytest.mark.parametrize(
    ("profile", "rule", "fixed"),
    [
        ({"VisualBasicMacroExecutionState": "DisabledWithoutWarnings"}, MacroRule.NEVER, True),
        ({"VisualBasicMacroExecutionState": "DisabledWithWarnings"}, MacroRule.ASKS, True),
        ({"VisualBasicEntirelyDisabled": True}, MacroRule.NEVER, True),
        ({}, None, False),
    ],
)
def test_macros_of_office_by_profile(tmp_path: Path, profile: dict[str, object], rule: MacroRule | None, fixed: bool) -> None:
    made = mac(tmp_path, {"/Applications/Microsoft Word.app/x": "", f"{MANAGED}/com.microsoft.office.plist": profile})
    found = look(OfficeMacros, programs.office_macros, made).programs
    assert not isinstance(found, Unobserved)
    assert [(p.name, None if isinstance(p.rule, Unobserved) else p.rule, p.fixed) for p in found] == [("word", rule, fixed)]


# --- accounts and rules ----------------------------------------------------------------------------------------------

USERS, GROUPS = " ".join(accounts.USERS.argv), " ".join(accounts.GROUPS.argv)
S, N = "dsAttrTypeStandard:", "dsAttrTypeNative:"


def user(name: str, uid: int, shell: str = "/bin/zsh", *ways: str, policy: str = "") -> dict[str, list[str]]:
    """One record of dscl."""
    record = {S + "RecordName": [name], S + "UniqueID": [str(uid)], S + "PrimaryGroupID": ["20"], S + "UserShell": [shell]}
    record[S + "NFSHomeDirectory"] = [f"/Users/{name}"]
    if ways:
        record[S + "AuthenticationAuthority"] = list(ways)
    if policy:
        record[N + "accountPolicyData"] = [policy]
    return record


SHADOW = ";ShadowHash;HASHLIST:<SALTED-SHA512-PBKDF2,SRP-RFC5054-4096-SHA512-PBKDF2>"


def test_accounts_are_told_without_any_hash(tmp_path: Path) -> None:
    told = text(
        [
            user("taro", 501, "/bin/zsh", SHADOW, ";SecureToken;", policy=text({"passwordLastSetTime": 1763800000.5 - 86400 * 40})),
            user("hanako", 502, "/bin/zsh", SHADOW),
            user("old", 503, "/bin/zsh", ";DisabledUser;" + SHADOW),
            user("root", 0, "/bin/sh"),
            user("_www", 70, "/usr/bin/false"),
        ]
    )
    groups = text([{S + "RecordName": ["admin"], S + "PrimaryGroupID": ["80"], S + "GroupMembership": ["root", "taro"]}])
    made = person(mac(tmp_path, commands={USERS: told, GROUPS: groups}), "taro", {".ssh/authorized_keys": "ssh-ed25519 AAAA"})
    fact = look(Accounts, accounts.accounts, made)
    assert not isinstance(fact.accounts, Unobserved)
    found = {account.name: account for account in fact.accounts}
    assert (found["taro"].password, found["taro"].age_days, found["taro"].keys, found["taro"].person) == (Password.SET, 40, True, True)
    assert isinstance(found["hanako"].password, Unobserved)
    assert (found["old"].password, found["root"].password, found["_www"].login) == (Password.LOCKED, Password.NONE, False)
    assert [g.members for g in fact.groups if g.name == "admin"] == [("root", "taro")]  # type: ignore[union-attr]
    assert fact.directories == ("?",)


def test_the_directories_that_are_searched(tmp_path: Path) -> None:
    path = "CSPSearchPath:\n /Local/Default\n /Active Directory/EXAMPLE/All Domains\n"
    assert accounts._directories(mac(tmp_path, commands={"dscl /Search -read / CSPSearchPath": path})) == (
        "/Active Directory/EXAMPLE/All Domains",
    )


POLICY = "Getting global account policies\n" + text(
    {
        "policyCategoryAuthentication": [
            {
                "policyContent": "(policyAttributeFailedAuthentications < policyAttributeMaximumFailedAuthentications) OR "
                "(policyAttributeCurrentTime > (policyAttributeLastFailedAuthenticationTime + autoEnableInSeconds))",
                "policyIdentifier": "Authentication Lockout",
                "policyParameters": {"autoEnableInSeconds": 900, "policyAttributeMaximumFailedAuthentications": 5},
            }
        ],
        "policyCategoryPasswordChange": [
            {"policyContent": "policyAttributeCurrentTime > x", "policyParameters": {"policyAttributeExpiresEveryNDays": 90}}
        ],
        "policyCategoryPasswordContent": [
            {"policyContent": "policyAttributePassword matches '.{12,}+'", "policyParameters": {"minimumLength": 12}},
            {"policyContent": "policyAttributePassword matches '(.*[0-9].*){1,}+'"},
            {"policyContent": "policyAttributePassword matches '(.*[^a-zA-Z0-9].*){1,}+'"},
            {"policyContent": "none policyAttributePasswordHashes in x", "policyParameters": {"policyAttributePasswordHistoryDepth": 5}},
        ],
    }
)
PWPOLICY = "pwpolicy -getaccountpolicies"


def test_account_policies_are_read(tmp_path: Path) -> None:
    made = mac(tmp_path, commands={PWPOLICY: POLICY})
    rules = look(PasswordRules, login_rules.password_rules, made)
    assert (rules.least_length, rules.least_classes, rules.history, rules.most_days) == (12, 2, 5, 90)
    services_ = look(LoginRules, login_rules.login_rules, made).services
    assert not isinstance(services_, Unobserved)
    assert services_[0].lockout == Lockout(5, 900, 0, True)
    assert services_[0].empty_password is False


def test_without_policies_the_default_counts_and_without_rights_nothing(tmp_path: Path) -> None:
    made = mac(tmp_path, commands={PWPOLICY: "Getting global account policies\n"})
    assert look(PasswordRules, login_rules.password_rules, made).least_length == 4
    services_ = look(LoginRules, login_rules.login_rules, made).services
    assert not isinstance(services_, Unobserved)
    assert services_[0].lockout is None
    with pytest.raises(CannotObserve):
        login_rules.password_rules.run(mac(tmp_path))


LOGIN = "/Library/Preferences/com.apple.loginwindow.plist"


@pytest.mark.parametrize(
    ("own", "mcx", "window", "enters"),
    [
        ({}, {}, {}, False),
        ({"GuestEnabled": True}, {}, {}, True),
        ({"GuestEnabled": True}, {"DisableGuestAccount": True}, {}, False),
        ({"autoLoginUser": "taro"}, {}, {}, True),
        ({"autoLoginUser": "taro"}, {}, {"com.apple.login.mcx.DisableAutoLoginClient": True}, False),
        ({}, {"EnableGuestAccount": True}, {}, True),
    ],
)
def test_the_guest_and_automatic_log_in(
    tmp_path: Path, own: dict[str, object], mcx: dict[str, object], window: dict[str, object], enters: bool
) -> None:
    files = {LOGIN: own, f"{MANAGED}/com.apple.MCX.plist": mcx, f"{MANAGED}/com.apple.loginwindow.plist": window}
    services_ = look(LoginRules, login_rules.login_rules, mac(tmp_path, files)).services
    assert not isinstance(services_, Unobserved)
    assert services_[0].empty_password is enters


def test_notices_at_the_window(tmp_path: Path) -> None:
    files = {LOGIN: {"LoginwindowText": "業務以外の利用を禁止する。"}, "/Library/Security/PolicyBanner.txt": "Welcome"}
    notices = look(LoginNotice, login_rules.login_notice, mac(tmp_path, files)).before
    assert not isinstance(notices, Unobserved)
    assert {notice.place: notice.warns for notice in notices} == {LOGIN: True, "/Library/Security/PolicyBanner.txt": False}


# --- services, clock, logs -------------------------------------------------------------------------------------------

NEW = 'disabled services = {\n\t\t"com.apple.ftpd" => disabled\n\t\t"com.openssh.sshd" => enabled\n\t\t"com.apple.smbd" => disabled\n\t}\n'
OLD = NEW.replace("=> disabled", "=> true").replace("=> enabled", "=> false")
LIST = "PID\tStatus\tLabel\n-\t0\tcom.openssh.sshd\n312\t0\tcom.apple.auditd\n99\t0\torg.cups.cupsd\n"
DISABLED = "launchctl print-disabled system"


@pytest.mark.parametrize("printed", [NEW, OLD])
def test_sharing_services_start_as_ordered(tmp_path: Path, printed: str) -> None:
    made = mac(tmp_path, commands={DISABLED: printed, "launchctl list": LIST, **ROOT})
    found = look(Services, services.services, made).services
    assert not isinstance(found, Unobserved)
    by_name = {s.name: (s.starts, s.running) for s in found}
    assert (by_name["sshd"], by_name["smbd"], by_name["screensharing"], by_name["cupsd"]) == (
        (True, True),
        (False, False),
        (False, False),
        (True, True),
    )


def test_an_ordinary_account_does_not_see_what_the_system_runs(tmp_path: Path) -> None:
    made = mac(tmp_path, commands={DISABLED: NEW, "launchctl list": LIST, "id -u": "501\n", " ".join(services.SOCKETS.argv): ""})
    found = look(Services, services.services, made).services
    assert not isinstance(found, Unobserved)
    assert all(isinstance(s.running, Unobserved) for s in found)
    assert reason(lambda: services.listening_sockets.run(made)) is Reason.ACCESS_DENIED


def test_of_a_mounted_disk_launchds_own_list_tells(tmp_path: Path) -> None:
    made = mac(
        tmp_path, {"/private/var/db/com.apple.xpc.launchd/disabled.plist": {"com.openssh.sshd": False, "com.apple.smbd": True}}, live=False
    )
    found = look(Services, services.services, made).services
    assert not isinstance(found, Unobserved)
    assert {s.name: (s.starts, s.running) for s in found if s.name in {"sshd", "smbd"}} == {"sshd": (True, None), "smbd": (False, None)}


SSHD = {"/usr/sbin/sshd": "", "/etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*\nPermitRootLogin no\n"}
DUMP = "port 22\npermitrootlogin no\npasswordauthentication yes\nusepam yes\nmacs hmac-sha2-256\n"


def test_remote_login_is_asked_as_on_linux(tmp_path: Path) -> None:
    commands = {"sshd -T": DUMP, DISABLED: NEW, "launchctl list": LIST, **ROOT, "sh -c ssh -V 2>&1": "OpenSSH_9.6p1, LibreSSL 3.3.6\n"}
    found = look(SshServer, ssh_server.ssh_server, mac(tmp_path, SSHD, commands))
    assert (found.installed, found.used, found.version, found.from_files, found.applied) == (True, True, "9.6", False, True)
    assert not isinstance(found.setups, Unobserved)
    assert [(s.match, s.get("permitrootlogin")) for s in found.setups] == [("", ("no",))]
    blocks = {**SSHD, "/etc/ssh/sshd_config.d/10-x.conf": "Match User taro\n  PasswordAuthentication no\n"}
    off = {**commands, DISABLED: NEW.replace("enabled", "disabled"), "launchctl list": LIST.replace("com.openssh.sshd", "x")}
    found = look(SshServer, ssh_server.ssh_server, mac(tmp_path, blocks, off))
    assert found.used is False
    assert not isinstance(found.setups, Unobserved)
    assert [isinstance(s.values, Unobserved) for s in found.setups] == [False, True]
    found = look(SshServer, ssh_server.ssh_server, mac(tmp_path, blocks, live=False))
    assert (found.used, found.from_files, found.applied) == (False, True, None)


def test_listening_sockets_are_read_from_lsof(tmp_path: Path) -> None:
    out = (
        "p1\nclaunchd\nf7\nPTCP\nn*:22\nf8\nPTCP\nn[::1]:631\n"
        "p88\ncGoogle\\x20Chrome\nf1\nPUDP\nn192.0.2.10:5353\nf2\nPUDP\nn10.0.0.1:1->10.0.0.2:2\nf3\nPUDP\nn*:*\n"
    )
    made = mac(tmp_path, commands={" ".join(services.SOCKETS.argv): out, **ROOT, " ".join(services.PORTS.argv): "49152\n65535\n"})
    found = look(ListeningSockets, services.listening_sockets, made)
    assert [(s.protocol, s.address, s.port, s.loopback, s.program) for s in found.sockets] == [
        ("tcp", "", 22, False, "launchd"),
        ("tcp", "::1", 631, True, "launchd"),
        ("udp", "192.0.2.10", 5353, False, "Google Chrome"),
    ]
    assert found.short_lived == (49152, 65535)


def test_the_clock_by_profile_by_command_and_by_file(tmp_path: Path) -> None:
    setup = {
        "systemsetup -getusingnetworktime": "Network Time: On\n",
        "systemsetup -getnetworktimeserver": "Network Time Server: time.apple.com\n",
    }
    (program,) = look(TimeSync, clock.time_sync, mac(tmp_path, commands={DISABLED: NEW, **setup})).programs or ()  # type: ignore[misc]
    assert isinstance(program.sources, tuple)
    assert (program.running, program.starts, program.sources[0].name) == (True, True, "time.apple.com")
    profile = {f"{MANAGED}/com.apple.MCX.plist": {"timeServer": "ntp.example.lg.jp"}, "/etc/ntp.conf": "server time.apple.com\n"}
    denied = dict.fromkeys(setup, "You need administrator access to run this tool... exiting!\n")
    (program,) = look(TimeSync, clock.time_sync, mac(tmp_path, profile, {DISABLED: NEW, **denied})).programs or ()  # type: ignore[misc]
    assert isinstance(program.starts, Unobserved)
    assert program.starts.reason is Reason.ACCESS_DENIED
    assert isinstance(program.sources, tuple)
    assert program.sources[0].name == "ntp.example.lg.jp"
    off = NEW.replace("com.apple.ftpd", "com.apple.timed")
    (program,) = look(TimeSync, clock.time_sync, mac(tmp_path, profile, {DISABLED: off})).programs or ()  # type: ignore[misc]
    assert program.starts is False


CONTROL = "#\ndir:/var/audit\nflags:lo,aa,ad,fd,fm\nminfree:5\nnaflags:lo,aa\npolicy:cnt,argv\nfilesz:2M\nexpire-after:60d OR 1G\n"


@pytest.mark.parametrize(
    ("version", "control", "running", "later"),
    [("13.7.1", CONTROL, True, AuditSwitch.ON), ("14.5", "", False, AuditSwitch.OFF), ("14.5", CONTROL, True, AuditSwitch.OFF)],
)
def test_the_audit_trail_is_off_by_itself_from_sonoma_on(
    tmp_path: Path, version: str, control: str, running: bool, later: AuditSwitch
) -> None:
    files = {"/usr/sbin/auditd": "", **({"/etc/security/audit_control": control} if control else {})}
    listed = LIST if running else LIST.replace("auditd", "x")
    made = mac(tmp_path, files, {DISABLED: NEW, "launchctl list": listed, **ROOT}, version=version)
    found = look(AuditTrail, logs.audit_trail, made)
    assert (found.installed, found.running, found.switch.after_restart) == (True, running, later)
    if control:
        assert isinstance(found.subjects.after_restart, Unobserved)
        known(found.store)
        assert found.store.bytes_kept == 1 << 30  # type: ignore[union-attr]


def test_classes_of_the_audit_trail_cover_subjects(tmp_path: Path) -> None:
    files = {"/usr/sbin/auditd": "", "/etc/security/audit_control": CONTROL.replace(",fd,fm", "")}
    found = look(AuditTrail, logs.audit_trail, mac(tmp_path, files, live=False)).subjects.after_restart
    assert found == (AuditSubject.IDENTITIES, AuditSubject.PRIVILEGE_USE, AuditSubject.LOGINS, AuditSubject.TIME)
    files["/etc/security/audit_control"] = "flags:all\n"
    assert look(AuditTrail, logs.audit_trail, mac(tmp_path, files, live=False)).subjects.after_restart == tuple(AuditSubject)


def test_records_that_are_sent_away(tmp_path: Path) -> None:
    made = mac(
        tmp_path,
        {"/etc/syslog.conf": "# local\nauth.info;authpriv.*  @loghost.example.lg.jp\n*.notice @192.0.2.9:1514\ninstall.* /var/log/x\n"},
    )
    found = look(LogKeeping, logs.log_keeping, made)
    assert not isinstance(found.targets, Unobserved)
    assert [(t.host, t.port, len(t.kinds)) for t in found.targets] == [("loghost.example.lg.jp", 514, 1), ("192.0.2.9", 1514, 2)]


# --- all together ----------------------------------------------------------------------------------------------------


def test_a_mounted_mac_is_told_from_a_linux_and_read_from_both_its_volumes(tmp_path: Path) -> None:
    mac(tmp_path, live=False, version="15.1")
    (tmp_path / "private").rename(tmp_path / "kept")
    assert LocalMachine(tmp_path).platform is Platform.MACOS
    assert LocalMachine(tmp_path / "kept").platform is Platform.LINUX
    assert reason(lambda: MacRootReader(tmp_path).file("/Library/x")) is Reason.UNSUPPORTED
    data = tmp_path / "System/Volumes/Data"
    data.mkdir(parents=True)
    (tmp_path / "kept").rename(data / "private")
    (data / "Library/Managed Preferences").mkdir(parents=True)
    (data / "Library/Managed Preferences/x.plist").write_text("here")
    (data / "private/etc").mkdir()
    (data / "private/etc/ntp.conf").write_text("server a\n")
    reader = MacRootReader(tmp_path)
    assert reader.file("/Library/Managed Preferences/x.plist") == b"here"
    assert reader.file("/etc/ntp.conf") == b"server a\n"
    assert reader.file("/Library/none") is None
    assert reader.state("/etc/ntp.conf") is not None
    assert reader.names("/Library") == ("Managed Preferences",)
    assert reason(lambda: reader.command(["id"])) is Reason.UNSUPPORTED
    machine = LocalMachine(tmp_path)
    seen = machine.see(tuple(collect.collectors(Platform.MACOS).values()), lambda: "2025-11-22T00:00:00Z", 60)
    assert isinstance(seen[OperatingSystem], Observed)
    assert not [name for name, found in seen.items() if isinstance(found, Unobserved) and found.reason is Reason.DEFECT]


class Odd(RootReader):
    """A Mac whose every file and every answer is the same odd octets."""

    live = True

    def __init__(self, root: Path, octets: bytes) -> None:
        super().__init__(root)
        self.octets = octets

    def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        if path.endswith("SystemVersion.plist"):
            return plistlib.dumps({"ProductVersion": "14.5"})
        return self.octets

    def names(self, directory: str) -> tuple[str, ...] | None:
        return ("Odd.app", "com.apple.screensaver.x.plist", "taro\udcff")

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        return CommandOutput(0, b"0\n" if argv[0] == "id" else self.octets, b"")


@given(
    st.binary(max_size=200)
    | st.text("<>plistdarykegnu/{}=;:0123456789. \n\"'@*()", max_size=200).map(str.encode)
    | st.recursive(st.integers(-(2**63), 2**63) | LETTERS, lambda inner: st.dictionaries(LETTERS, inner, max_size=3)).map(
        lambda made: text({"top": made}).encode()
    )
)
@settings(max_examples=60, deadline=None)
def test_any_octets_end_in_facts_or_reasons(octets: bytes) -> None:
    for collector in collect.collectors(Platform.MACOS).values():
        try:
            fact = collector.run(Odd(ODD, octets))
        except CannotObserve:
            continue
        assert isinstance(fact, Fact)
        assert codec.canonical(codec.fact_out(fact))


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: b"bplist00" + tail))
@settings(max_examples=200)
def test_any_octets_are_a_property_list_or_refused(octets: bytes) -> None:
    for read in (plist.parse, plist.parse_list):
        try:
            read(octets)
        except plist.NotPlist:
            continue


def test_a_property_list_that_nests_without_end_or_declares_entities_is_refused() -> None:
    deep = b'<?xml version="1.0"?><plist>' + b"<array>" * 200_000
    for octets in (deep, b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "b">]><plist><dict><key>&a;</key><true/></dict></plist>'):
        with pytest.raises(plist.NotPlist):
            plist.parse(octets)


@pytest.mark.parametrize("octets", [b" ", b"\n", b"\t\n", b"network={\n", b"SecureBootLevel = ", b"* (Connected) A B ", b'user_pref("a", '])
def test_much_of_the_same_is_read_in_time(octets: bytes) -> None:
    much = octets * (200_000 // len(octets))
    linux = terminal.Odd(Path("/"))
    linux.octets = much
    begun = time.monotonic()
    for made, collectors in ((Odd(ODD, much), collect.collectors(Platform.MACOS).values()), (linux, terminal.COLLECTORS)):
        for collector in collectors:
            with suppress(CannotObserve):
                collector.run(made)
    assert time.monotonic() - begun < 20
