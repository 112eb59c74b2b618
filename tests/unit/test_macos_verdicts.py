"""What the checks say of a well kept and of a badly kept Mac, both made as ``mac_trees`` says. Expectations are worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from agent import collect
from scanner.engine.catalogue import catalogue
from scanner.engine.factset import FactSet
from scanner.engine.judge import Ending, judge
from scanner.engine.plan import make_plan
from scanner.hosts.machine import observe
from scanner.hosts.macos import firewall, services, wireless
from scanner.ledger.profile import Profile, ProfileSetting
from scanner.model.platform import Platform
from scanner.model.target import Host, Kind
from scanner.model.verdict import Outcome
from tests.unit.host_trees import Machine
from tests.unit.mac_trees import MANAGED, mac, person, text
from tests.unit.test_hosts_macos_accounts import CONTROL, DISABLED, GROUPS, LIST, LOGIN, NEW, POLICY, PWPOLICY, SHADOW, USERS, S, user
from tests.unit.test_hosts_macos_network import AIRPORT, CONFIG, IFCONFIG, NETWORK, PORT, PORTS, SERVICES, airport, service
from tests.unit.test_hosts_macos_system import APFS, PF, SECURITY, STATE, UPDATE

AT = "2025-11-22T00:00:00Z"
VALUES: dict[str, str | tuple[str, ...]] = {
    "accounts.administrators": ("taro",),
    "accounts.permitted": ("taro",),
    "networks.permitted": ("office",),
    "networks.own-wireless": ("office",),
    "proxies.permitted": ("proxy.example.lg.jp:8080",),
    "usb-storage.use": "forbidden",
    "time.sources": ("ntp.example.lg.jp",),
}


def endings(made: Machine) -> dict[str, Ending]:
    """Judge a Mac by every check of machines, with the values of an organisation."""
    values = {key: ProfileSetting(value, "profile") for key, value in VALUES.items() if key in catalogue().values}
    plan = make_plan(catalogue(), (), Profile(values=values))
    host = Host("mac.example.jp")
    held = FactSet(host)
    for collector in collect.collectors(Platform.MACOS).values():
        held.put(host, collector.makes, observe(collector, made, lambda: AT))
    variants = [variant for variant in plan.variants if variant.check.of is Kind.MACHINE]
    return {result.variant.check.id: result.ending for result in judge(held, variants)}


def good(root: Path) -> Machine:
    """A Mac as an organisation wishes it."""
    sites = {"A": service("Wi-Fi", "en0", "IEEE80211", IPv6={"ConfigMethod": "Automatic"}, Proxies=PROXY)}
    made = mac(
        root,
        {
            f"{MANAGED}/com.apple.screensaver.plist": {"idleTime": 600, "askForPassword": True, "askForPasswordDelay": 5},
            f"{MANAGED}/com.apple.security.firewall.plist": {"EnableFirewall": True, "BlockAllIncoming": True},
            f"{MANAGED}/com.apple.SystemConfiguration.plist": {"Proxies": PROXY},
            f"{MANAGED}/com.apple.MCX.plist": {"timeServer": "ntp.example.lg.jp", "DisableGuestAccount": True},
            f"{MANAGED}/com.microsoft.office.plist": {"VisualBasicMacroExecutionState": "DisabledWithoutWarnings"},
            UPDATE: {"LastSuccessfulDate": datetime(2025, 11, 21), "RecommendedUpdates": [], "AutomaticallyInstallMacOSUpdates": True},
            LOGIN: {"LoginwindowText": "許可された者のみが業務のために使用する。利用は記録される。"},
            "/Applications/Microsoft Word.app/x": "",
            "/etc/security/audit_control": CONTROL,
            "/usr/sbin/auditd": "",
            "/usr/bin/sudo": "",
            "/etc/sudoers": "Defaults use_pty\nroot ALL = (ALL) ALL\n%admin ALL = (ALL) ALL\n",
            SERVICES: {"NetworkServices": sites},
            wireless.KNOWN: {"wifi.network.ssid.office": {"SSID": b"office", "SupportedSecurityTypes": "WPA3 Enterprise"}},
            "/Library/Apple/System/Library/CoreServices/XProtect.bundle/Contents/Info.plist": {"CFBundleShortVersionString": "5272"},
        },
        {
            "profiles status -type enrollment": "MDM enrollment: No\n",
            "fdesetup status": "FileVault is On.\n",
            "diskutil apfs list -plist": text({"Containers": []}),
            "diskutil list -plist internal": text({"AllDisks": []}),
            "sysctl -n vm.swapusage": "total = 1.00M  used = 0.00M  free = 1.00M  (encrypted)\n",
            "sysctl -n hw.optional.arm64": "1\n",
            "sysctl -n net.inet6.ip6.forwarding": "0\n",
            STATE: "Firewall is enabled. (State = 2)\n",
            PF: "Status: Disabled for 0 days\n",
            "spctl --status": "assessments enabled\n",
            "csrutil status": "System Integrity Protection status: enabled.\n",
            SECURITY: "{ IsRecoveryLockEnabled = 1; SecureBoot = { SecureBootLevel = full; }; }",
            CONFIG: IFCONFIG.replace("198.51.100.7", "169.254.1.1"),
            PORT: PORTS,
            AIRPORT: airport("office", "wpa3_enterprise"),
            "scutil --nc list": "Available network connection services in the current set (*=enabled):\n",
            USERS: text([user("taro", 501, "/bin/zsh", SHADOW, ";SecureToken;"), user("root", 0, "/bin/sh")]),
            GROUPS: text([{S + "RecordName": ["admin"], S + "PrimaryGroupID": ["80"], S + "GroupMembership": ["root", "taro"]}]),
            "dscl /Search -read / CSPSearchPath": "CSPSearchPath:\n /Local/Default\n",
            PWPOLICY: POLICY,
            DISABLED: NEW.replace("enabled", "disabled").replace("com.apple.ftpd", "x") + '"com.apple.auditd" => enabled\n',
            "launchctl list": LIST.replace("com.openssh.sshd", "x"),
            "id -u": "0\n",
            " ".join(services.SOCKETS.argv): "p1\nclaunchd\nf8\nPTCP\nn[::1]:631\n",
            "systemsetup -getusingnetworktime": "Network Time: On\n",
        },
    )
    return person(made, "taro")


PROXY = {"HTTPSEnable": 1, "HTTPSProxy": "proxy.example.lg.jp", "HTTPSPort": 8080}


def bad(root: Path) -> Machine:
    """A Mac as somebody bought it, and worse."""
    made = mac(
        root,
        {
            UPDATE: {
                "AutomaticallyInstallMacOSUpdates": False,
                "CriticalUpdateInstall": False,
                "RecommendedUpdates": [{"Display Name": "macOS 12.7.7"}],
            },
            LOGIN: {"GuestEnabled": True},
            SERVICES: NETWORK,
            wireless.KNOWN: {"wifi.network.ssid.cafe": {"SSID": b"cafe", "SupportedSecurityTypes": "Open"}},
            "/usr/sbin/auditd": "",
            "/Applications/Microsoft Word.app/x": "",
            f"{MANAGED}/com.microsoft.office.plist": {"VisualBasicMacroExecutionState": "EnabledWithoutWarnings"},
        },
        {
            "fdesetup status": "FileVault is Off.\n",
            "diskutil apfs list -plist": text(APFS),
            "diskutil list -plist internal": text({"AllDisks": ["disk3s7"]}),
            "sysctl -n vm.swapusage": "total = 1.00M  used = 0.00M  free = 1.00M  (encrypted)\n",
            "sysctl -n hw.optional.arm64": "0\n",
            f"{firewall.PROGRAM} --getglobalstate": "Firewall is disabled. (State = 0)\n",
            PF: "Status: Disabled for 0 days\n",
            "spctl --status": "assessments disabled\n",
            "csrutil status": "System Integrity Protection status: disabled.\n",
            SECURITY: "{ SecureBoot = { SecureBootLevel = off; }; }",
            CONFIG: IFCONFIG.replace("stf0: flags=0<>", "stf0: flags=1<UP>"),
            PORT: PORTS,
            AIRPORT: airport("cafe", "none"),
            USERS: text([user("taro", 501, "/bin/zsh", SHADOW), user("test", 502, "/bin/zsh", SHADOW, ";SecureToken;")]),
            GROUPS: text([{S + "RecordName": ["admin"], S + "PrimaryGroupID": ["80"], S + "GroupMembership": ["root", "test"]}]),
            "dscl /Search -read / CSPSearchPath": "CSPSearchPath:\n /Local/Default\n",
            PWPOLICY: "Getting global account policies\n",
            DISABLED: NEW,
            "launchctl list": "PID\tStatus\tLabel\n-\t0\tcom.openssh.sshd\n",
            "id -u": "0\n",
            " ".join(services.SOCKETS.argv): "p1\nclaunchd\nf8\nPTCP\nn*:22\n",
            "systemsetup -getusingnetworktime": "Network Time: Off\n",
        },
        version="12.7.6",
    )
    return person(made, "taro", {"Library/Preferences/ByHost/com.apple.screensaver.AB.plist": {"idleTime": 0}})


GOOD = {
    "endpoint.autorun.run": "NOTHING_RUNS",
    "endpoint.browser.fraud-warnings": "BROWSER_SO_FAR",
    "endpoint.network.permitted": "NETWORKS_PERMITTED",
    "endpoint.network.single": "LINK_SINGLE",
    "endpoint.office-macros.rule": "MACROS_BARRED",
    "endpoint.office-macros.enforced": "MACROS_FIXED",
    "endpoint.proxy.discovery": "PROXY_NOT_DISCOVERED",
    "endpoint.proxy.permitted": "PROXY_OWN",
    "endpoint.screen-lock.idle": "LOCK_OK",
    "endpoint.screen-lock.password": "PASSWORD_ASKED",
    "endpoint.screen-lock.enforced": "LOCK_FIXED",
    "endpoint.screen-lock.console": "NO_CONSOLE",
    "endpoint.vpn.all-traffic": "NO_VPN",
    "endpoint.wireless.encryption": "WIRELESS_ENCRYPTED",
    "endpoint.wireless.old-protection": "WIRELESS_ONLY_NEW",
    "endpoint.wireless.own-authentication": "OWN_INDIVIDUAL",
    "endpoint.wireless.hotspot": "HOTSPOT_NONE",
    "host.accounts.administrators": "ADMINISTRATORS_KNOWN",
    "host.accounts.permitted": "ACCOUNTS_KNOWN",
    "host.accounts.empty-password": "PASSWORD_NOT_EMPTY",
    "host.accounts.hash": "STORED_STRONG",
    "host.audit.running": "AUDIT_ON",
    "host.audit.full": "SETTLED",
    "host.boot.secure-boot": "SECURE_BOOT_ON",
    "host.disk.encryption": "VOLUMES_ENCRYPTED",
    "host.disk.swap": "SWAP_ENCRYPTED",
    "host.firewall.inbound-ipv4": "INBOUND_REFUSED",
    "host.firewall.inbound-ipv6": "INBOUND_REFUSED",
    "host.log.lasting": "LOGS_LAST",
    "host.login.empty-password": "EMPTY_REFUSED",
    "host.login.lockout": "LOCKOUT_SET",
    "host.mac.enforced": "MAC_ENFORCED",
    "host.malware.product": "PRODUCT_RUNS",
    "host.malware.realtime": "REALTIME_ON",
    "host.malware.updates": "UPDATES_AUTOMATIC",
    "host.notice.given": "NOTICE_GIVEN",
    "host.password.length": "LENGTH_ENOUGH",
    "host.password.history": "HISTORY_KEPT",
    "host.password.hash": "HASH_STRONG",
    "host.sudo.pty": "PTY_ON",
    "host.time.program": "ONE_PROGRAM",
    "host.updates.automatic": "AUTOMATIC_ON",
    "host.updates.security": "UPDATES_INSTALLED",
    "host.updates.lists": "LISTS_FRESH",
    "ipv6.tunnel.addresses": "TUNNEL_ADDRESS_NONE",
    "ipv6.tunnel.configured": "TUNNEL_NOT_CONFIGURED",
    "ipv6.tunnel.interfaces": "TUNNEL_FALLBACK",
    # macOS mounts media by itself and has no setting against it
    "endpoint.autorun.automount": "AUTOMOUNT_ON",
    # the lock and the password are one proof
    "host.login.second-factor": "FACTOR_ONE",
}
BAD = {
    "endpoint.network.permitted": "NETWORKS_OTHER",
    "endpoint.network.single": "LINK_SEVERAL",
    "endpoint.office-macros.rule": "MACROS_OPEN",
    "endpoint.proxy.discovery": "PROXY_DISCOVERED",
    "endpoint.screen-lock.idle": "LOCK_NEVER",
    "endpoint.screen-lock.enforced": "LOCK_CHANGEABLE",
    "endpoint.wireless.encryption": "WIRELESS_WEAK_NOW",
    "host.accounts.administrators": "ADMINISTRATORS_UNKNOWN",
    "host.accounts.default": "DEFAULT_OPEN",
    "host.audit.running": "AUDIT_OFF",
    "host.boot.secure-boot": "SECURE_BOOT_OFF",
    "host.disk.encryption": "VOLUMES_PLAIN",
    "host.firewall.inbound-ipv4": "NO_RULES",
    "host.login.empty-password": "EMPTY_ACCEPTED",
    "host.login.lockout": "LOCKOUT_NONE",
    "host.mac.enforced": "MAC_OFF",
    "host.malware.product": "PRODUCT_STOPPED",
    "host.notice.given": "NOTICE_MISSING",
    "host.password.length": "LENGTH_SHORT",
    "host.time.program": "NO_PROGRAM",
    "host.updates.automatic": "AUTOMATIC_WITHOUT_SECURITY",
    "host.updates.security": "UPDATES_MISSING",
    "host.platform.support": "SUPPORT_ENDED",
    "ipv6.tunnel.interfaces": "TUNNEL_FOUND",
    "ipv6.tunnel.configured": "TUNNEL_CONFIGURED",
}
OPEN = {
    "endpoint.screen-lock.password",  # only the user's own session knows
    "host.accounts.empty-password",
    "host.malware.definitions",
    "host.log.retention",
    "host.disk.recovery-keys",
}
"""What stays undetermined on the badly kept one, where a guess would be a pass or a failure."""


def test_a_well_kept_mac_is_judged_so(tmp_path: Path) -> None:
    found = endings(good(tmp_path))
    assert {check: found[check].tag for check in GOOD} == GOOD


def test_a_badly_kept_mac_is_judged_so(tmp_path: Path) -> None:
    found = endings(bad(tmp_path))
    assert {check: found[check].tag for check in BAD} == BAD
    assert {check for check in OPEN if found[check].outcome is Outcome.UNDETERMINED} == OPEN


@pytest.mark.parametrize("make", [good, bad])
def test_a_mac_that_says_nothing_neither_passes_nor_fails_for_it(tmp_path: Path, make: Callable[[Path], Machine]) -> None:
    """Without rights and programs what was seen may stay or become undetermined; a pass never turns up that was none before."""
    made = make(tmp_path)
    before = endings(made)
    made.commands = {}
    after = endings(made)
    passes = {check for check, ending in after.items() if ending.outcome is Outcome.PASS}
    assert not {check for check in passes if before[check].outcome is Outcome.FAIL}
