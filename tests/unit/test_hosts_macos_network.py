"""Networks and programs of a Mac: IPv6, wireless, proxies, VPNs, browsers, mail, macros; see ``mac_trees``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from scanner.facts.browsers import BrowserMatter, Browsers, OwnChoice
from scanner.facts.ipv6 import Ipv6Native, Ipv6Tunnels, Technique
from scanner.facts.mail_client import MailClients
from scanner.facts.network_history import ActiveLink, LinkKind, NetworksJoined
from scanner.facts.network_path import ProxyMode, VpnConnections, WebProxies
from scanner.facts.office_macros import MacroRule, OfficeMacros
from scanner.facts.wireless import WirelessNetworks, WirelessSecurity
from scanner.hosts.macos import (
    ipv6,
    network_path,
    programs,
    wireless,
)
from scanner.hosts.seeing import needed
from scanner.model.fact import Unobserved
from tests.unit.host_trees import look
from tests.unit.mac_trees import MANAGED, mac, person, text

OPEN, OWE, WEP, WPA, WPA2, WPA3 = WirelessSecurity


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
    needed(found.interfaces)
    by_name = {i.name: i for i in needed(found.interfaces)}
    assert set(by_name) == {"", "en0", "en5"}
    assert (by_name["en0"].enabled.in_force, by_name["en0"].addresses) == (True, ("fe80::1c0a:2b3c:4d5e:6f70/64",))
    assert (by_name["en5"].enabled.in_force, by_name["en5"].enabled.after_restart) == (False, False)


def test_tunnel_devices_that_always_are_there_do_not_count(tmp_path: Path) -> None:
    made = mac(tmp_path, {SERVICES: NETWORK}, {CONFIG: IFCONFIG})
    found = look(Ipv6Tunnels, ipv6.ipv6_tunnels, made)
    needed(found.interfaces)
    assert [(i.name, i.up, i.fallback) for i in needed(found.interfaces) or ()] == [("gif0", False, True), ("stf0", False, True)]
    assert found.addresses == ()
    assert [(d.name, d.technique) for d in found.definitions] == [("6to4", Technique.SIX_TO_FOUR)]
    changed = IFCONFIG.replace("stf0: flags=0<> mtu 1280\n", "stf0: flags=1<UP> mtu 1280\n\tinet6 2002:c000:20a::1 prefixlen 16\n")
    changed = changed.replace("utun3", "utun9").replace("inet6 fe80::2%utun9", "inet6 2001:0:4136:e378:8000:63bf:3fff:fdd2")
    found = look(Ipv6Tunnels, ipv6.ipv6_tunnels, mac(tmp_path, {SERVICES: NETWORK}, {CONFIG: changed}))
    assert {(a.interface, a.technique) for a in needed(found.addresses) or ()} == {
        ("stf0", Technique.SIX_TO_FOUR),
        ("utun9", Technique.TEREDO),
    }
    assert [(i.name, i.up, i.fallback) for i in needed(found.interfaces) or ()] == [("gif0", False, True), ("stf0", True, False)]


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


def test_sharing_that_nobody_may_read_is_not_no_sharing(tmp_path: Path) -> None:
    made = mac(tmp_path, {wireless.SHARING: "no property list"})
    assert isinstance(look(WirelessNetworks, wireless.wireless_networks, made).networks, Unobserved)


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
