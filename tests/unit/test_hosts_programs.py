"""Browsers, mail programs and LibreOffice of Linux machines made of the files that decide, and the parsers of those files."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.browsers import BrowserMatter, Browsers, BrowserSetting, OwnChoice
from scanner.facts.mail_client import MailClient, MailClients
from scanner.facts.office_macros import MacroRule, OfficeMacros, OfficeProgram
from scanner.hosts.browser_rules import chosen_in
from scanner.hosts.linux.browsers import browsers
from scanner.hosts.linux.mail_client import mail_clients
from scanner.hosts.linux.office_macros import office_macros
from scanner.hosts.thunderbird import collapsed
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import prefs, xcu
from tests.unit.host_trees import Machine, look

M = BrowserMatter
FIREFOX = {"/usr/bin/firefox-esr": ""}
POLICIES = "/etc/firefox/policies/policies.json"
SAFE = {
    "Preferences": {
        "browser.safebrowsing.malware.enabled": {"Value": True, "Status": "locked"},
        "browser.safebrowsing.phishing.enabled": {"Value": True, "Status": "locked"},
    },
    "DisableSecurityBypass": {"InvalidCertificate": True},
    "SSLVersionMin": "tls1.2",
    "ExtensionSettings": {"*": {"installation_mode": "blocked"}},
    "PasswordManagerEnabled": False,
    "HttpsOnlyMode": "force_enabled",
    "DisableFirefoxAccounts": True,
    "PopupBlocking": {"Default": True, "Locked": True},
}
WISHED = {
    M.WARNS_OF_FRAUD: True,
    M.PASSES_CERTIFICATE_ERRORS: False,
    M.OLD_TLS: False,
    M.FREE_EXTENSIONS: False,
    M.KEEPS_PASSWORDS: False,
    M.HTTPS_ONLY: True,
    M.SYNCHRONISES: False,
    M.BLOCKS_POPUPS: True,
}


def read(machine: Machine, name: str) -> dict[BrowserMatter, BrowserSetting]:
    """The settings of one browser."""
    found = look(Browsers, browsers, machine).browsers
    assert not isinstance(found, Unobserved)
    return {setting.matter: setting for browser in found if browser.name == name for setting in browser.settings}


def policy(found: Mapping[BrowserMatter, BrowserSetting]) -> dict[BrowserMatter, object]:
    """What policy holds."""
    return {matter: setting.policy for matter, setting in found.items()}


def test_without_policies_a_browser_is_as_its_makers_left_it(tmp_path: Path) -> None:
    found = read(Machine(tmp_path, live=False).write(FIREFOX), "firefox")
    assert set(policy(found).values()) == {None}
    assert (found[M.WARNS_OF_FRAUD].preset, found[M.HTTPS_ONLY].preset) == (True, False)
    (tmp_path / "none").mkdir()
    assert look(Browsers, browsers, Machine(tmp_path / "none", live=False)).browsers == ()


def test_firefox_policies_hold_every_matter(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write({**FIREFOX, POLICIES: json.dumps({"policies": SAFE})})
    found = read(machine, "firefox")
    assert policy(found) == WISHED
    assert {setting.source for setting in found.values()} == {POLICIES}


def test_a_policy_that_does_not_lock_is_a_first_value(tmp_path: Path) -> None:
    loose = {
        "HttpsOnlyMode": "enabled",
        "PopupBlocking": {"Default": False},
        "OfferToSaveLoginsDefault": False,
        "SSLVersionMin": "tls1",
        "Preferences": {"browser.safebrowsing.malware.enabled": {"Value": False, "Status": "default"}},
    }
    found = read(Machine(tmp_path, live=False).write({**FIREFOX, POLICIES: json.dumps({"policies": loose})}), "firefox")
    assert (found[M.HTTPS_ONLY].policy, found[M.HTTPS_ONLY].advised) == (None, True)
    assert (found[M.BLOCKS_POPUPS].policy, found[M.BLOCKS_POPUPS].advised) == (None, False)
    assert (found[M.KEEPS_PASSWORDS].policy, found[M.KEEPS_PASSWORDS].advised) == (None, False)
    assert (found[M.WARNS_OF_FRAUD].policy, found[M.WARNS_OF_FRAUD].advised) == (None, False)
    assert found[M.OLD_TLS].policy is True


def test_the_first_file_of_policies_counts_and_broken_ones_leave_all_open(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write(
        {**FIREFOX, POLICIES: '{"policies": {}}', "/usr/lib/firefox/distribution/policies.json": json.dumps({"policies": SAFE})}
    )
    assert set(policy(read(machine, "firefox")).values()) == {None}
    machine.write({POLICIES: '{"policies": {'})
    assert all(isinstance(value, Unobserved) for value in policy(read(machine, "firefox")).values())


def test_an_autoconfig_script_leaves_all_open(tmp_path: Path) -> None:
    script = {"/usr/lib/firefox-esr/defaults/pref/local.js": 'pref("general.config.filename", "mozilla.cfg");\n'}
    machine = Machine(tmp_path, live=False).write({**FIREFOX, **script, POLICIES: json.dumps({"policies": SAFE})})
    found = policy(read(machine, "firefox"))[M.WARNS_OF_FRAUD]
    assert isinstance(found, Unobserved)
    assert found.reason is Reason.UNSUPPORTED


def test_what_users_chose_is_told_where_policy_leaves_the_choice(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write({**FIREFOX, POLICIES: '{"policies": {"PasswordManagerEnabled": false}}'})
    home = machine.person("taro")
    profile = home / ".mozilla/firefox/abcd.default-esr"
    profile.mkdir(parents=True)
    (profile / "prefs.js").write_text(
        '// Mozilla User Preferences\nuser_pref("browser.safebrowsing.malware.enabled", false);\n'
        'user_pref("security.tls.version.min", 1);\n'
        'user_pref("signon.rememberSignons", true);\nuser_pref("services.sync.username", "taro@example.jp");\n'
    )
    (profile / "user.js").write_text('user_pref("security.tls.version.min", 3);\n')
    found = read(machine, "firefox")
    assert found[M.WARNS_OF_FRAUD].own == (OwnChoice("taro", False),)
    assert found[M.OLD_TLS].own == (OwnChoice("taro", False),)
    assert found[M.SYNCHRONISES].own == (OwnChoice("taro", True),)
    assert found[M.KEEPS_PASSWORDS].own == ()
    assert "taro@example.jp" not in repr(found)


def test_unreadable_homes_leave_users_choices_open(tmp_path: Path) -> None:
    class Closed(Machine):
        def names(self, directory: str) -> tuple[str, ...] | None:
            if directory.startswith("/home/taro/"):
                raise CannotObserve(Reason.ACCESS_DENIED, directory)
            return super().names(directory)

    machine = Closed(tmp_path, live=False)
    machine.write(FIREFOX)
    machine.person("taro")
    own = read(machine, "firefox")[M.WARNS_OF_FRAUD].own
    assert isinstance(own, Unobserved)
    assert own.reason is Reason.ACCESS_DENIED


def test_chromium_takes_the_later_of_two_files_and_keeps_advice_apart(tmp_path: Path) -> None:
    managed = {
        "SafeBrowsingProtectionLevel": 1,
        "SSLErrorOverrideAllowed": False,
        "SSLVersionMin": "tls1.2",
        "ExtensionInstallBlocklist": ["*"],
        "PasswordManagerEnabled": True,
        "HttpsOnlyMode": "force_enabled",
        "SyncDisabled": True,
        "DefaultPopupsSetting": 2,
    }
    place = "/etc/opt/chrome/policies"
    machine = Machine(tmp_path, live=False).write(
        {
            "/opt/google/chrome/chrome": "",
            "/usr/bin/chromium": "",
            f"{place}/managed/10-base.json": json.dumps(managed),
            f"{place}/managed/20-more.json": '{"PasswordManagerEnabled": false}',
            f"{place}/managed/30.txt": '{"SyncDisabled": false}',
            "/etc/chromium/policies/recommended/a.json": '{"PasswordManagerEnabled": false}',
        }
    )
    home = machine.person("hanako")
    for profile, text in (("Default", '{"safebrowsing": {"enabled": false}}'), ("Profile 1", '{"credentials_enable_service": true}')):
        (home / ".config/chromium" / profile).mkdir(parents=True)
        (home / ".config/chromium" / profile / "Preferences").write_text(text)
    assert policy(read(machine, "chrome")) == WISHED
    found = read(machine, "chromium")
    assert (found[M.KEEPS_PASSWORDS].policy, found[M.KEEPS_PASSWORDS].advised) == (None, False)
    assert found[M.KEEPS_PASSWORDS].own == (OwnChoice("hanako/Profile 1", True),)
    assert found[M.WARNS_OF_FRAUD].own == (OwnChoice("hanako", False),)


def test_each_chromium_has_the_policies_of_its_own_place(tmp_path: Path) -> None:
    barred = '{"SyncDisabled": true}'
    machine = Machine(tmp_path, live=False).write(
        {"/usr/bin/chromium": "", "/snap/bin/chromium": "", "/etc/chromium-browser/policies/managed/a.json": barred}
    )
    assert read(machine, "chromium")[M.SYNCHRONISES].policy is None
    assert read(machine, "chromium-browser")[M.SYNCHRONISES].policy is False


@pytest.mark.parametrize(("least", "known"), [("tls1.2", True), ("tls1.3", True), ("tls1", False), ("tls1.1", False)])
def test_a_least_version_that_newer_chromes_pass_over_tells_nothing(tmp_path: Path, least: str, known: bool) -> None:
    machine = Machine(tmp_path, live=False).write(
        {"/opt/google/chrome/chrome": "", "/etc/opt/chrome/policies/managed/a.json": json.dumps({"SSLVersionMin": least})}
    )
    held = read(machine, "chrome")[M.OLD_TLS].policy
    assert held is False if known else isinstance(held, Unobserved)


def test_of_a_flatpak_only_its_being_there_is_known(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write(
        {POLICIES: json.dumps({"policies": SAFE}), "/var/lib/flatpak/app/org.mozilla.firefox/current/active/metadata": ""}
    )
    found = read(machine, "firefox (Flatpak)")
    assert all(isinstance(setting.policy, Unobserved) for setting in found.values())
    assert found.keys() == WISHED.keys()


def test_of_a_users_preferences_only_what_matters_is_kept() -> None:
    held = {"account_info": [{"email": "x@example.jp"}], "google": {"services": {"account_id": "1234"}}, "safebrowsing": {"enabled": True}}
    assert chosen_in(held) == {"safebrowsing.enabled": True, "google.services.account_id": True}


def mail(machine: Machine) -> dict[str, MailClient]:
    """The mail programs by account."""
    found = look(MailClients, mail_clients, machine).clients
    assert not isinstance(found, Unobserved)
    return {client.account if client.program == "thunderbird" else client.program: client for client in found}


def test_thunderbird_is_read_by_policy_and_by_each_users_choice(tmp_path: Path) -> None:
    locked = {"mailnews.display.html_as": {"Value": 1, "Status": "locked"}}
    machine = Machine(tmp_path, live=False).write({"/usr/bin/thunderbird": ""})
    before = mail(machine)[""]
    assert (before.html.happens, before.remote_content.happens, before.scripts.happens, before.preview.happens) == (
        True,
        False,
        False,
        True,
    )
    assert before.html.fixed is False
    machine.write({"/etc/thunderbird/policies/policies.json": json.dumps({"policies": {"Preferences": locked}}), "/usr/bin/evolution": ""})
    profile = machine.person("taro") / ".thunderbird/x.default"
    profile.mkdir(parents=True)
    (profile / "prefs.js").write_text(
        'user_pref("mailnews.display.html_as", 0);\nuser_pref("mailnews.message_display.disable_remote_image", false);\n'
        'user_pref("javascript.allow.mailnews", true);\n'
    )
    (profile / "xulstore.json").write_text(
        '{"chrome://messenger/content/messenger.xhtml": {"messagepaneboxwrapper": {"collapsed": "true"}}}'
    )
    found = mail(machine)
    assert (found[""].html.happens, found[""].html.fixed) == (False, True)
    own = found["taro"]
    assert (own.html.happens, own.remote_content.happens, own.scripts.happens, own.preview.happens) == (False, True, True, False)
    assert isinstance(found["evolution"].html.happens, Unobserved)


XCU = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
    'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
    '<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse">'
    "<value>{level}</value></prop></item>\n"
    '<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="SecureURL" oor:op="fuse">'
    "<value><it>file:///srv/共有</it></value></prop></item>\n</oor:items>\n"
)
XCD = (
    '<?xml version="1.0"?><oor:data xmlns:oor="http://openoffice.org/2001/registry"><dependency file="main"/>'
    '<oor:component-data oor:name="Common" oor:package="org.openoffice.Office"><node oor:name="Security"><node oor:name="Scripting">'
    '<prop oor:name="MacroSecurityLevel"{fixed}><value>{level}</value></prop></node></node></oor:component-data></oor:data>'
)
OFFICE = {"/usr/lib/libreoffice/program/soffice.bin": "", "/etc/libreoffice/registry/main.xcd": "<a/>"}


def office(machine: Machine) -> dict[str, OfficeProgram]:
    """LibreOffice by account."""
    found = look(OfficeMacros, office_macros, machine).programs
    assert not isinstance(found, Unobserved)
    return {program.account: program for program in found}


def test_libreoffice_asks_by_default_for_signatures(tmp_path: Path) -> None:
    found = office(Machine(tmp_path, live=False).write(OFFICE))
    assert {name: (p.rule, p.fixed, p.trusted_places) for name, p in found.items()} == {"": (MacroRule.SIGNED, False, ())}


def test_a_users_level_counts_unless_an_administrator_finalised_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write(OFFICE)
    own = machine.person("taro") / ".config/libreoffice/4/user"
    own.mkdir(parents=True)
    (own / "registrymodifications.xcu").write_text(XCU.format(level=0))
    found = office(machine)
    assert (found["taro"].rule, found["taro"].trusted_places) == (MacroRule.ALL, ("file:///srv/共有",))
    machine.write({"/etc/libreoffice/registry/office.xcd": XCD.format(level=3, fixed="")})
    assert (office(machine)[""].rule, office(machine)["taro"].rule) == (MacroRule.TRUSTED_PLACES, MacroRule.ALL)
    machine.write({"/etc/libreoffice/registry/office.xcd": XCD.format(level=3, fixed=' oor:finalized="true"')})
    found = office(machine)
    assert (found[""].rule, found[""].fixed, found["taro"].rule) == (MacroRule.TRUSTED_PLACES, True, MacroRule.TRUSTED_PLACES)
    machine.write({"/etc/libreoffice/registry/zz.xcd": "<broken"})
    assert isinstance(office(machine)[""].rule, Unobserved)


def test_a_broken_file_of_a_user_leaves_that_user_open(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write(OFFICE)
    own = machine.person("taro") / ".config/libreoffice/4/user"
    own.mkdir(parents=True)
    (own / "registrymodifications.xcu").write_text('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    assert isinstance(office(machine)["taro"].rule, Unobserved)


def test_preferences_are_read_as_the_programs_write_them() -> None:
    text = (
        b'// comment\nuser_pref("a.b", true);\nuser_pref("a.b", false);\r\n  pref(\'c\', -12) ;\n'
        b'user_pref("d", "x\\u3042\\"y");\nuser_pref("e", 1+1);\n'
    )
    assert dict(prefs.parse(text)) == {"a.b": False, "c": -12, "d": 'xあ"y'}


@given(st.binary(max_size=300) | st.text('user_pref("",truefalse0123);\n\\', max_size=200).map(str.encode))
@settings(max_examples=200)
def test_any_octets_are_preferences_or_refused(data: bytes) -> None:
    with suppress(prefs.NotPrefs):
        assert all(isinstance(name, str) for name in prefs.parse(data))


@given(st.binary(max_size=300) | st.text("<>/oritempvalue=\"' :x", max_size=300).map(str.encode))
@settings(max_examples=200)
def test_any_octets_are_a_configuration_or_refused(data: bytes) -> None:
    with suppress(xcu.NotXcu):
        assert all(isinstance(name, str) for name in xcu.parse(data))


def test_a_deep_file_is_refused() -> None:
    with pytest.raises(xcu.NotXcu):
        xcu.parse(b"<a>" * 5000)


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=5), lambda inner: st.dictionaries(st.text(max_size=5), inner, max_size=3)))
@settings(max_examples=100)
def test_any_store_of_windows_is_read(store: object) -> None:
    assert collapsed(store) in {True, False}
    assert isinstance(chosen_in(store), Mapping)


def test_preferences_with_words_behind_them_count() -> None:
    text = (
        b'user_pref("a", false); // [SETTING] off\r\nuser_pref("b", "x) // y"); user_pref("c", 2); /* why */\n'
        b'pref("d", true, locked);\n// user_pref("e", true);\n'
    )
    assert dict(prefs.parse(text)) == {"a": False, "b": "x) // y", "c": 2, "d": True}


def test_preferences_in_comments_of_several_lines_do_not_count_and_calls_of_several_lines_do() -> None:
    text = (
        b'/* old:\nuser_pref("a", false);\n*/ user_pref("b", "/* x */");\n# pref("c", true);\n'
        b'user_pref(\n  "d",  // why\n  true /* was false */\n);\nif (x) { pref("e", true); }\n/* open\npref("f", true);\n'
    )
    assert dict(prefs.parse(text)) == {"b": "/* x */", "d": True}


def test_a_hostile_file_of_preferences_is_read_in_time() -> None:
    for data in (b"pref(\n" * 49_000, b'pref("a", "\n' * 49_000, b"/*" * 400_000, b"\n" * 49_000 + b"pref", b" " * 900_000):
        begun = time.perf_counter()
        assert not prefs.parse(data)
        assert time.perf_counter() - begun < 2.0
    with pytest.raises(prefs.NotPrefs):
        prefs.parse(b" " * 1_000_001)
