"""Browsers, office programs, mail programs, wireless and other networks, proxies and VPNs of Windows machines.

Hives are made by hivexsh in the real format. Profiles of wireless networks, phone books and settings of browsers are written after the
documentation of their forms; none was recorded on a Windows.
"""

from __future__ import annotations

import json
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.browsers import BrowserMatter, Browsers, BrowserSetting, OwnChoice
from scanner.facts.mail_client import MailClients
from scanner.facts.network_history import ActiveLink, LinkKind, NetworksJoined
from scanner.facts.network_path import ProxyMode, VpnConnections, WebProxies
from scanner.facts.office_macros import MacroRule, OfficeMacros
from scanner.facts.wireless import WirelessMode, WirelessNetworks, WirelessSecurity
from scanner.hosts.windows import (
    answers,
    base,
    browsers,
    mail_client,
    network_history,
    office,
    office_macros,
    own_files,
    vpn,
    web_proxies,
    wireless,
)
from scanner.model.fact import Unobserved
from scanner.wire import wlanprofile
from scanner.wire.wlanprofile import NotWlanProfile
from tests.unit.windows_machines import HANAKO, TARO, Keys, MadeReader, fact_of, machine

PATHS = rf"HKLM\{own_files.APP_PATHS}"
FIREFOX: Keys = {PATHS + r"\firefox.exe": {"": r"C:\Program Files\Mozilla Firefox\firefox.exe"}}
EDGE: Keys = {PATHS + r"\msedge.exe": {"": r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe"}}
EDGE_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Edge"
ENROLLED: Keys = {browsers.ENROLLMENTS + r"\{5F0E}": {"EnrollmentState": 1}}
CHROME: Keys = {PATHS + r"\chrome.exe": {"": r"C:\Program Files\Google\Chrome\Application\chrome.exe"}}
CHROME_POLICY = r"HKLM\SOFTWARE\Policies\Google\Chrome"


def setting(read: MadeReader, matter: BrowserMatter) -> BrowserSetting:
    """One setting of the only browser."""
    found = fact_of(Browsers, browsers.browsers, read).browsers
    assert isinstance(found, tuple)
    assert len(found) == 1
    return next(s for s in found[0].settings if s.matter is matter)


def test_policies_of_edge_are_read_from_the_registry(tmp_path: Path) -> None:
    policy: Keys = {
        EDGE_POLICY: {"SmartScreenEnabled": 1, "SSLErrorOverrideAllowed": 0, "SSLVersionMin": "tls1.2", "PasswordManagerEnabled": 0},
        EDGE_POLICY + r"\ExtensionInstallBlocklist": {"1": "*"},
        EDGE_POLICY + r"\Recommended": {"HttpsOnlyMode": "force_enabled"},
    }
    read = machine(tmp_path, EDGE, policy, ENROLLED, users=[TARO])
    wished = {
        BrowserMatter.WARNS_OF_FRAUD: True,
        BrowserMatter.PASSES_CERTIFICATE_ERRORS: False,
        BrowserMatter.OLD_TLS: False,
        BrowserMatter.FREE_EXTENSIONS: False,
        BrowserMatter.KEEPS_PASSWORDS: False,
        BrowserMatter.SYNCHRONISES: None,
    }
    assert {matter: setting(read, matter).policy for matter in wished} == wished
    assert setting(read, BrowserMatter.HTTPS_ONLY).advised is True


@pytest.mark.parametrize(
    ("keys", "joined", "policy"),
    [
        ({CHROME_POLICY: {"SafeBrowsingEnabled": 1}}, False, None),
        ({CHROME_POLICY: {"SafeBrowsingEnabled": 1}}, True, True),
        ({CHROME_POLICY: {"SafeBrowsingEnabled": 1}, **ENROLLED}, False, True),
        ({CHROME_POLICY: {"SafeBrowsingEnabled": 1}, browsers.JOIN_INFO + r"\AB": {}}, None, True),
        ({CHROME_POLICY: {"SafeBrowsingEnabled": 1}}, None, Unobserved),
        ({CHROME_POLICY: {"SafeBrowsingEnabled": 1, "SafeBrowsingProtectionLevel": 0}}, None, False),
        ({CHROME_POLICY: {"SafeBrowsingProtectionLevel": 1}}, False, True),
    ],
)
def test_some_policies_count_on_governed_machines_only(tmp_path: Path, keys: Keys, joined: bool | None, policy: object) -> None:
    given: list[tuple[answers.Api[Any], object]] = [] if joined is None else [(answers.JOINED, answers.Joined(joined, "X"))]
    found = setting(machine(tmp_path, CHROME, keys, answers=given), BrowserMatter.WARNS_OF_FRAUD).policy
    assert isinstance(found, Unobserved) if policy is Unobserved else found is policy


def test_a_policy_of_every_account_binds_and_one_of_some_is_no_answer(tmp_path: Path) -> None:
    mine: Keys = {rf"HKU\{TARO}\SOFTWARE\Policies\Microsoft\Edge": {"PasswordManagerEnabled": 0}}
    assert setting(machine(tmp_path / "1", EDGE, mine), BrowserMatter.KEEPS_PASSWORDS).policy is False
    other = setting(machine(tmp_path / "2", EDGE, mine, users=[TARO, HANAKO]), BrowserMatter.KEEPS_PASSWORDS)
    assert isinstance(other.policy, Unobserved)
    cloud: Keys = {EDGE_POLICY: {"EdgeManagementEnrollmentToken": "x"}}
    assert isinstance(setting(machine(tmp_path / "3", EDGE, cloud), BrowserMatter.KEEPS_PASSWORDS).policy, Unobserved)


def test_what_the_machine_holds_is_known_while_an_account_is_away(tmp_path: Path) -> None:
    away: Keys = {rf"{base.PROFILES}\{TARO}": {"ProfileImagePath": r"%SystemDrive%\Users\1001"}}
    policy: Keys = {EDGE_POLICY: {"PasswordManagerEnabled": 1}}
    chrome = {f"/Users/1001/{browsers.KINDS[1].alone}/chrome.exe": b"MZ"}
    read = machine(tmp_path, EDGE, away, policy, files=chrome)
    found = fact_of(Browsers, browsers.browsers, read).browsers
    assert isinstance(found, tuple)
    assert [browser.name for browser in found] == ["edge", "chrome"]
    edge = {s.matter: s.policy for s in found[0].settings}
    assert edge[BrowserMatter.KEEPS_PASSWORDS] is True
    assert isinstance(edge[BrowserMatter.OLD_TLS], Unobserved)


def test_what_people_chose_stands_in_their_profiles(tmp_path: Path) -> None:
    own = json.dumps({"credentials_enable_service": True, "profile": {"default_content_setting_values": {"popups": 1}}}).encode()
    files = {f"/Users/1001/{browsers.KINDS[0].own}/Default/Preferences": own}
    read = machine(tmp_path, EDGE, users=[TARO], files=files)
    assert setting(read, BrowserMatter.KEEPS_PASSWORDS).own == (OwnChoice("1001", True),)
    assert setting(read, BrowserMatter.BLOCKS_POPUPS).own == (OwnChoice("1001", False),)


def test_edge_keeps_a_choice_about_smart_screen_in_the_registry(tmp_path: Path) -> None:
    off: Keys = {rf"HKU\{TARO}\{browsers.SMART_SCREEN}": {"": 0}}
    read = machine(tmp_path, EDGE, off, users=[TARO, HANAKO])
    assert setting(read, BrowserMatter.WARNS_OF_FRAUD).own == (OwnChoice("1001", False),)


def test_firefox_is_held_by_group_policy_before_its_file(tmp_path: Path) -> None:
    file = json.dumps({"policies": {"DisableFirefoxAccounts": True, "SSLVersionMin": "tls1"}}).encode()
    policy: Keys = {
        r"HKLM\SOFTWARE\Policies\Mozilla\Firefox": {
            "SSLVersionMin": "tls1.2",
            "Preferences": json.dumps({"dom.security.https_only_mode": True}),
        },
        r"HKLM\SOFTWARE\Policies\Mozilla\Firefox\DisableSecurityBypass": {"InvalidCertificate": 1},
    }
    read = machine(tmp_path, FIREFOX, policy, files={"/Program Files/Mozilla Firefox/distribution/policies.json": file})
    held = {s.matter: s.policy for s in fact_of(Browsers, browsers.browsers, read).browsers[0].settings}  # type: ignore[index]  # seen
    assert (held[BrowserMatter.OLD_TLS], held[BrowserMatter.SYNCHRONISES]) == (False, False)
    assert (held[BrowserMatter.PASSES_CERTIFICATE_ERRORS], held[BrowserMatter.HTTPS_ONLY]) == (False, True)
    bad: Keys = {r"HKLM\SOFTWARE\Policies\Mozilla\Firefox": {"Preferences": "[" * 300}}
    assert isinstance(setting(machine(tmp_path / "2", FIREFOX, bad), BrowserMatter.OLD_TLS).policy, Unobserved)
    assert fact_of(Browsers, browsers.browsers, machine(tmp_path / "3")).browsers == ()


# --- office programs

WORD: Keys = {PATHS + r"\WINWORD.EXE": {"": r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE"}}
SUBSCRIBED: Keys = {office_macros.CLICK_TO_RUN: {"VersionToReport": "16.0.17928.20114", "ProductReleaseIds": "O365ProPlusRetail"}}
OFFICE_POLICY = rf"HKU\{TARO}\Software\Policies\Microsoft\Office\16.0\word\Security"
OFFICE_CLOUD = rf"HKU\{TARO}\Software\Policies\Microsoft\Cloud\Office\16.0\word\Security"
OFFICE_OWN = rf"HKU\{TARO}\Software\Microsoft\Office\16.0\word\Security"


@pytest.mark.parametrize(
    ("keys", "rule", "fixed", "foreign"),
    [
        ({}, MacroRule.ASKS, False, True),
        ({OFFICE_POLICY: {"VBAWarnings": 3}, OFFICE_OWN: {"VBAWarnings": 1}}, MacroRule.SIGNED, True, True),
        ({OFFICE_OWN: {"VBAWarnings": 1}}, MacroRule.ALL, False, True),
        ({OFFICE_POLICY: {"VBAWarnings": 4, "blockcontentexecutionfrominternet": 0}}, MacroRule.TRUSTED_PLACES, True, False),
        (
            {OFFICE_POLICY: {"VBAWarnings": 4}, OFFICE_POLICY + r"\Trusted Locations": {"AllLocationsDisabled": 1}},
            MacroRule.NEVER,
            True,
            True,
        ),
        ({rf"HKU\{TARO}\Software\Policies\Microsoft\Office\16.0\Common": {"VBAOff": 1}}, MacroRule.NEVER, True, True),
        ({OFFICE_CLOUD: {"VBAWarnings": 4}, OFFICE_OWN: {"VBAWarnings": 1}}, MacroRule.TRUSTED_PLACES, True, True),
        ({OFFICE_POLICY: {"VBAWarnings": 9}}, None, True, True),
    ],
)
def test_macros_run_as_policy_says_before_preference(
    tmp_path: Path, keys: Keys, rule: MacroRule | None, fixed: bool, foreign: bool
) -> None:
    programs = fact_of(OfficeMacros, office_macros.office_macros, machine(tmp_path, WORD, SUBSCRIBED, keys, users=[TARO])).programs
    assert isinstance(programs, tuple)
    own = next(p for p in programs if p.account == "1001")
    assert (own.name, own.fixed, own.blocks_foreign) == ("word", fixed, foreign)
    assert isinstance(own.rule, Unobserved) if rule is None else own.rule is rule
    assert any(p.account == "" for p in programs) is not fixed


def test_two_policies_that_differ_are_no_answer(tmp_path: Path) -> None:
    both: Keys = {OFFICE_POLICY: {"VBAWarnings": 4}, OFFICE_CLOUD: {"VBAWarnings": 1}}
    programs = fact_of(OfficeMacros, office_macros.office_macros, machine(tmp_path, WORD, SUBSCRIBED, both)).programs
    assert isinstance(programs, tuple)
    own = next(p for p in programs if p.account == "1001")
    assert isinstance(own.rule, Unobserved)
    assert isinstance(own.fixed, Unobserved)


def test_which_editions_block_foreign_macros_is_not_guessed(tmp_path: Path) -> None:
    volume: Keys = {office_macros.CLICK_TO_RUN: {"VersionToReport": "16.0.17928.20114", "ProductReleaseIds": "ProPlus2021Volume"}}
    programs = fact_of(OfficeMacros, office_macros.office_macros, machine(tmp_path, WORD, volume)).programs
    assert isinstance(programs, tuple)
    assert isinstance(programs[0].blocks_foreign, Unobserved)


def test_folders_that_somebody_trusts_are_named(tmp_path: Path) -> None:
    places: Keys = {
        OFFICE_OWN + r"\Trusted Locations\Location0": {"Path": r"%APPDATA%\Microsoft\Templates"},
        OFFICE_OWN + r"\Trusted Locations\Location1": {"Path": r"C:\Program Files\Microsoft Office\root\Templates" + "\\"},
        OFFICE_OWN + r"\Trusted Locations\Location2": {"Path": r"\\server\共有\Microsoft Office" + "\\"},
    }
    programs = fact_of(OfficeMacros, office_macros.office_macros, machine(tmp_path, WORD, places)).programs
    assert isinstance(programs, tuple)
    assert next(p for p in programs if p.account == "1001").trusted_places == ("\\\\server\\共有\\Microsoft Office\\",)


def test_libreoffice_is_held_by_group_policy(tmp_path: Path) -> None:
    there: Keys = {PATHS + r"\soffice.exe": {"": r"C:\Program Files\LibreOffice\program\soffice.exe"}}
    policy: Keys = {office_macros.LIBRE_POLICY + r"\MacroSecurityLevel": {"Value": "3", "Final": 1}}
    programs = fact_of(OfficeMacros, office_macros.office_macros, machine(tmp_path / "1", there, policy)).programs
    assert isinstance(programs, tuple)
    assert [(p.name, p.rule, p.fixed) for p in programs] == [("libreoffice", MacroRule.TRUSTED_PLACES, True)]
    own = (
        b'<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Common/Security/Scripting">'
        b'<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>0</value></prop></item></oor:items>'
    )
    files = {f"/Users/1001/{office_macros.LIBRE_OWN}": own}
    programs = fact_of(OfficeMacros, office_macros.office_macros, machine(tmp_path / "2", there, users=[TARO], files=files)).programs
    assert isinstance(programs, tuple)
    assert [(p.account, p.rule) for p in programs] == [("", MacroRule.SIGNED), ("1001", MacroRule.ALL)]


# --- mail programs

OUTLOOK_POLICY = rf"{office.GROUP}\{{}}\{mail_client.OPTIONS}"
OUTLOOK: Keys = {PATHS + r"\OUTLOOK.EXE": {"": r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE"}}


def test_outlook_shows_html_unless_told_otherwise(tmp_path: Path) -> None:
    policy: Keys = {rf"HKU\{TARO}\{OUTLOOK_POLICY.format('16.0')}": {"ReadAsPlain": 1, "BlockExtContent": 0}}
    found = fact_of(MailClients, mail_client.mail_clients, machine(tmp_path / "1", OUTLOOK, policy)).clients
    assert isinstance(found, tuple)
    (own,) = found
    assert (own.html.happens, own.html.fixed, own.remote_content.happens, own.scripts.happens) == (False, True, True, False)
    assert isinstance(own.preview.happens, Unobserved)
    chosen: Keys = {rf"HKU\{TARO}\{office.CHOSEN}\16.0\{mail_client.OPTIONS}": {"ReadAsPlain": 0}}
    found = fact_of(MailClients, mail_client.mail_clients, machine(tmp_path / "2", OUTLOOK, chosen)).clients
    assert isinstance(found, tuple)
    assert [(c.account, c.html.happens, c.html.fixed, c.remote_content.happens) for c in found] == [
        ("", True, False, False),
        ("1001", True, False, False),
    ]


def test_a_script_of_thunderbird_leaves_its_settings_open(tmp_path: Path) -> None:
    there: Keys = {PATHS + r"\thunderbird.exe": {"": r"C:\Program Files\Mozilla Thunderbird\thunderbird.exe"}}
    script = {"/Program Files/Mozilla Thunderbird/defaults/pref/own.js": b'pref("general.config.filename", "own.cfg");\n'}
    found = fact_of(MailClients, mail_client.mail_clients, machine(tmp_path, there, files=script)).clients
    assert isinstance(found, tuple)
    assert isinstance(found[0].scripts.happens, Unobserved)


def test_a_policy_for_an_older_outlook_binds_nothing(tmp_path: Path) -> None:
    left: Keys = {
        rf"HKU\{TARO}\{OUTLOOK_POLICY.format('15.0')}": {"ReadAsPlain": 1},
        rf"HKU\{TARO}\{office.CHOSEN}\16.0\Common": {},
    }
    found = fact_of(MailClients, mail_client.mail_clients, machine(tmp_path, OUTLOOK, left)).clients
    assert isinstance(found, tuple)
    assert [(c.account, c.html.happens, c.html.fixed) for c in found] == [("", True, False), ("1001", True, False)]


def test_thunderbird_is_read_as_elsewhere(tmp_path: Path) -> None:
    there: Keys = {PATHS + r"\thunderbird.exe": {"": r"C:\Program Files\Mozilla Thunderbird\thunderbird.exe"}}
    policy: Keys = {
        r"HKLM\SOFTWARE\Policies\Mozilla\Thunderbird": {
            "Preferences": json.dumps({"mailnews.display.html_as": {"Value": 1, "Status": "locked"}})
        }
    }
    files = {
        f"/Users/1001/{mail_client.PROFILES}/x.default/prefs.js": b'user_pref("mailnews.message_display.disable_remote_image", false);\n'
    }
    found = fact_of(MailClients, mail_client.mail_clients, machine(tmp_path, there, policy, users=[TARO], files=files)).clients
    assert isinstance(found, tuple)
    own = next(c for c in found if c.account == "1001")
    assert (own.html.happens, own.html.fixed, own.remote_content.happens) == (False, True, True)


# --- wireless networks


def profile(
    name: str, authentication: str, encryption: str, more: str = "", *, mode: str = "auto", one_x: str = "false", transition: str = ""
) -> bytes:
    """A profile as ``netsh wlan export profile`` writes it."""
    return (
        f'<?xml version="1.0"?><WLANProfile xmlns="http://www.microsoft.com/networking/WLAN/profile/v1"><name>{name}</name><SSIDConfig><SSID>'
        f"<hex>{name.encode().hex()}</hex><name>{name}</name></SSID></SSIDConfig><connectionType>ESS</connectionType>"
        f"<connectionMode>{mode}</connectionMode><MSM><security><authEncryption><authentication>{authentication}</authentication>"
        f"<encryption>{encryption}</encryption><useOneX>{one_x}</useOneX>{transition}</authEncryption><sharedKey><keyType>passPhrase</keyType>"
        f"<protected>true</protected><keyMaterial>0100SECRET</keyMaterial></sharedKey>{more}</security></MSM></WLANProfile>"
    ).encode()


EAP = (
    '<OneX xmlns="http://www.microsoft.com/networking/OneX/v1"><EAPConfig><Eap xmlns="http://www.microsoft.com/provisioning/x"><EapType>'
    "<ServerValidation><ServerNames>radius.example</ServerNames>{}</ServerValidation></EapType></Eap></EAPConfig></OneX>"
)
TRANSITION = '<transitionMode xmlns="http://www.microsoft.com/networking/WLAN/profile/v4">true</transitionMode>'


def test_profiles_say_what_a_machine_would_join(tmp_path: Path) -> None:
    folder = f"{wireless.PROFILES}/{{1}}"
    files = {
        f"{folder}/a.xml": profile("公衆", "open", "none"),
        f"{folder}/b.xml": profile("old", "open", "WEP", mode="manual"),
        f"{folder}/c.xml": profile("home", "WPA3SAE", "AES", transition=TRANSITION),
        f"{folder}/d.xml": profile("office", "WPA2", "AES", EAP.format("<TrustedRootCA>aa bb</TrustedRootCA>"), one_x="true"),
        f"{folder}/e.xml": profile("loose", "WPA2", "AES", EAP.format("").replace("radius.example", ""), one_x="true"),
        f"{folder}/f.xml": profile("blob", "WPA2", "AES", "<OneX><EAPConfig><ConfigBlob>00</ConfigBlob></EAPConfig></OneX>", one_x="true"),
    }
    links = answers.WirelessLinks(
        True,
        (
            answers.WirelessLink("{1}", "home", "home", True, False, 7, 4),
            answers.WirelessLink("{1}", "unknown", "", False, False, 1, 0),
        ),
    )
    adapters = answers.Adapters((answers.Adapter("{1}", "Wi-Fi", "Intel", 71, 0, True, True, ()),))
    given: list[tuple[answers.Api[Any], object]] = [(answers.WIRELESS, links), (answers.ADAPTERS, adapters)]
    fact = fact_of(WirelessNetworks, wireless.wireless_networks, machine(tmp_path, files=files, answers=given))
    assert isinstance(fact.networks, tuple)
    assert fact.adapters == ("Wi-Fi",)
    s = WirelessSecurity
    assert [(n.name, n.accepts, n.uses, n.joins, n.enterprise) for n in fact.networks[:6]] == [
        ("公衆", (s.OPEN,), None, True, False),
        ("old", (s.WEP,), None, False, False),
        ("home", (s.WPA3, s.WPA2), s.WPA2, True, False),
        ("office", (s.WPA2,), None, True, True),
        ("loose", (s.WPA2,), None, True, True),
        ("blob", (s.WPA2,), None, True, True),
    ]
    assert [n.verifies_server for n in fact.networks[2:5]] == [None, True, False]
    assert isinstance(fact.networks[5].verifies_server, Unobserved)
    assert (fact.networks[6].name, fact.networks[6].uses, fact.networks[6].mode) == ("unknown", s.OPEN, WirelessMode.CLIENT)
    assert "SECRET" not in str(fact)
    still = fact_of(WirelessNetworks, wireless.wireless_networks, machine(tmp_path / "2", files={f"{folder}/x.xml": b"<a/>"}))
    assert still.adapters is None
    assert isinstance(still.networks, Unobserved)


ROOT = "<TrustedRootCA>aa bb</TrustedRootCA>"
TTLS = (
    '<OneX><EAPConfig><EapTtls xmlns="http://www.microsoft.com/provisioning/EapTtlsConnectionPropertiesV1"><ServerValidation><ServerNames/>'
    "<TrustedRootCAHash>aa bb</TrustedRootCAHash><DisablePrompt>true</DisablePrompt></ServerValidation></EapTtls></EAPConfig></OneX>"
)
PEAP = (
    '<OneX><EAPConfig><EapHostConfig><Config><Eap xmlns="http://www.microsoft.com/provisioning/BaseEapConnectionPropertiesV1"><Type>25</Type>'
    "<EapType><ServerValidation><TrustedRootCA>aa bb</TrustedRootCA></ServerValidation><Eap><Type>13</Type><EapType><ServerValidation/>"
    "<PerformServerValidation>{inner}</PerformServerValidation></EapType></Eap><PeapExtensions>"
    "<PerformServerValidation>{outer}</PerformServerValidation></PeapExtensions></EapType></Eap></Config></EapHostConfig></EAPConfig></OneX>"
)
"""A tunnel with another method in it, after the schema of Microsoft's PEAP connection properties."""


@pytest.mark.parametrize(
    ("method", "validates"),
    [
        (EAP.format(ROOT), True),
        (EAP.format(""), True),  # any installed root, but this name only
        (EAP.format(ROOT).replace("radius.example", ""), True),
        (EAP.format("").replace("radius.example", ""), False),
        (TTLS, True),
        (PEAP.format(outer="true", inner="false"), True),
        (PEAP.format(outer="false", inner="true"), False),
        ("<OneX/>", None),
    ],
)
def test_a_server_proves_itself_by_a_name_or_a_chosen_root(method: str, validates: bool | None) -> None:
    assert wlanprofile.parse(profile("x", "WPA2", "AES", method, one_x="true")).validates is validates


def test_the_old_cipher_protects_no_better_under_a_new_name(tmp_path: Path) -> None:
    files = {f"{wireless.PROFILES}/{{1}}/a.xml": profile("office", "WPA2PSK", "TKIP")}
    links = answers.WirelessLinks(True, (answers.WirelessLink("{1}", "office", "office", True, False, 7, wireless.TKIP),))
    given: list[tuple[answers.Api[Any], object]] = [(answers.WIRELESS, links)]
    fact = fact_of(WirelessNetworks, wireless.wireless_networks, machine(tmp_path, files=files, answers=given))
    assert isinstance(fact.networks, tuple)
    assert [(n.accepts, n.uses) for n in fact.networks] == [((WirelessSecurity.WPA,), WirelessSecurity.WPA)]


@given(st.binary(max_size=120), st.integers(0, 400))
@settings(max_examples=150)
def test_any_octets_are_a_profile_or_refused(octets: bytes, cut: int) -> None:
    good = profile("x", "WPA2PSK", "AES")
    for junk in (octets, good[:cut] + octets + good[cut:], b"<a>" * 100, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'):
        with suppress(NotWlanProfile):
            wlanprofile.parse(junk)


# --- networks, proxies, VPNs


def test_the_network_list_is_told_by_days_in_utc(tmp_path: Path) -> None:
    # 2026-11-22 08:30 in Japan is the day before in UTC
    when = struct.pack("<8H", 2026, 11, 0, 22, 8, 30, 0, 0)
    keys: Keys = {
        network_history.ZONE: {"ActiveTimeBias": 2**32 - 540},
        network_history.LIST + r"\{1}": {"ProfileName": "カフェ", "NameType": 71, "DateLastConnected": when},
        network_history.LIST + r"\{2}": {"ProfileName": "ネットワーク", "NameType": 6, "DateLastConnected": b"short"},
    }
    adapters = answers.Adapters(
        (
            answers.Adapter("{1}", "Wi-Fi", "Intel", 71, 0, True, True, (answers.AdapterAddress("192.0.2.1", 24),)),
            answers.Adapter("{2}", "イーサネット", "Realtek", 6, 0, False, True, ()),
            answers.Adapter(
                "{3}", "vEthernet", "Hyper-V Virtual Ethernet Adapter", 6, 0, True, True, (answers.AdapterAddress("192.0.2.2", 24),)
            ),
        )
    )
    fact = fact_of(NetworksJoined, network_history.networks_joined, machine(tmp_path, keys, answers=[(answers.ADAPTERS, adapters)]))
    assert isinstance(fact.networks, tuple)
    assert [(n.name, n.kind, n.last_day if isinstance(n.last_day, str) else None) for n in fact.networks] == [
        ("カフェ", LinkKind.WIRELESS, "2026-11-21"),
        ("ネットワーク", LinkKind.WIRED, None),
    ]
    assert fact.active == (ActiveLink("Wi-Fi", LinkKind.WIRELESS),)
    assert fact_of(NetworksJoined, network_history.networks_joined, machine(tmp_path / "2")).active is None


def connections(flags: int, server: str = "", script: str = "") -> bytes:
    """The value of octets that Windows goes by."""
    parts = b"".join(struct.pack("<I", len(text)) + text.encode() for text in (server, "<local>", script))
    return struct.pack("<3I", 0x46, 3, flags) + parts + bytes(32)


OWN = rf"HKU\{TARO}\{web_proxies.SETTINGS}\Connections"


@pytest.mark.parametrize(
    ("octets", "mode", "server"),
    [
        (connections(1), ProxyMode.NONE, ""),
        (connections(9), ProxyMode.DISCOVERY, ""),
        (connections(3, "user:secret@proxy.example:8080"), ProxyMode.FIXED, "proxy.example:8080"),
        (connections(3, "http=a.example:80;https=b.example:443"), ProxyMode.FIXED, "b.example:443"),
        (connections(5, "", "http://pac.example/p.pac"), ProxyMode.SCRIPT, "http://pac.example/p.pac"),
        (connections(7, "x.example:1", "http://pac.example/p.pac"), ProxyMode.SCRIPT, "http://pac.example/p.pac"),
        (connections(1, "unused.example:80"), ProxyMode.NONE, ""),
    ],
)
def test_proxies_are_those_that_windows_goes_by(tmp_path: Path, octets: bytes, mode: ProxyMode, server: str) -> None:
    told = fact_of(WebProxies, web_proxies.web_proxies, machine(tmp_path, {OWN: {"DefaultConnectionSettings": octets}})).settings
    assert isinstance(told, tuple)
    assert [(s.program, s.account, s.mode, s.server) for s in told] == [
        ("system", "1001", mode, server),
    ]


def test_settings_of_the_machine_count_where_policy_says_so(tmp_path: Path) -> None:
    keys: Keys = {
        web_proxies.PER_USER: {"ProxySettingsPerUser": 0},
        rf"HKLM\{web_proxies.SETTINGS}\Connections": {
            "DefaultConnectionSettings": connections(3, "p.example:80"),
            "WinHttpSettings": connections(3, "w.example:80"),
        },
        OWN: {"DefaultConnectionSettings": connections(9)},
    }
    told = fact_of(WebProxies, web_proxies.web_proxies, machine(tmp_path / "1", keys)).settings
    assert isinstance(told, tuple)
    assert [(s.program, s.server, s.fixed) for s in told] == [("system", "p.example:80", True), ("winhttp", "w.example:80", True)]
    odd: Keys = {OWN: {"DefaultConnectionSettings": b"odd" * 20}, rf"HKU\{TARO}\{web_proxies.LOCKED}": {"Proxy": 1, "Autoconfig": 1}}
    told = fact_of(WebProxies, web_proxies.web_proxies, machine(tmp_path / "2", odd)).settings
    assert isinstance(told, tuple)
    assert (isinstance(told[0].mode, Unobserved), told[0].fixed) == (True, True)
    told = fact_of(WebProxies, web_proxies.web_proxies, machine(tmp_path / "3")).settings
    assert isinstance(told, tuple)
    assert told[0].mode is ProxyMode.DISCOVERY


def test_vpns_of_the_phone_book_and_of_services_are_named(tmp_path: Path) -> None:
    book = (
        "[本社]\r\nEncoding=1\r\nType=2\r\nVpnStrategy=7\r\nIpPrioritizeRemote=1\r\nIpv6PrioritizeRemote=1\r\n\r\nNETCOMPONENTS=\r\n"
        "MEDIA=rastapi\r\nPort=VPN2-0\r\nDevice=WAN Miniport (IKEv2)\r\nDEVICE=vpn\r\nPhoneNumber=vpn.example\r\n\r\n"
        "[old]\r\nType=2\r\nVpnStrategy=1\r\nIpPrioritizeRemote=0\r\n\r\n[line]\r\nType=1\r\n"
    )
    keys: Keys = {
        base.SERVICES + r"\WireGuardTunnel$office": {"Start": 2},
        base.SERVICES + r"\vpnagent": {"Start": 2},
        base.SERVICES + r"\Spooler": {"Start": 2},
    }
    states = answers.RunningServices((answers.RunningService("WireGuardTunnel$office", 4, 0),))
    given = [(answers.SERVICE_STATES, states)]
    fact = fact_of(VpnConnections, vpn.vpn_connections, machine(tmp_path, keys, files={vpn.ALL: book.encode()}, answers=given))
    assert isinstance(fact.connections, tuple)
    assert [(c.name, c.technique, c.takes_all if isinstance(c.takes_all, bool) else None) for c in fact.connections] == [
        ("本社", "ikev2", True),
        ("old", "pptp", False),
        ("office", "wireguard", None),
        ("vpnagent", "anyconnect", None),
    ]
    assert (fact.connections[2].up, fact.connections[2].starts) == (True, True)
