"""Accounts, rules, services, clock and logs of a Mac; see ``mac_trees`` for where the texts come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.accounts import Accounts, Password
from scanner.facts.audit_trail import AuditSubject, AuditSwitch, AuditTrail
from scanner.facts.log_keeping import LogKeeping
from scanner.facts.login_notice import LoginNotice
from scanner.facts.login_rules import Lockout, LoginRules, PasswordRules
from scanner.facts.services import ListeningSockets, Services
from scanner.facts.ssh_server import SshServer
from scanner.facts.time_sync import TimeSync
from scanner.hosts.macos import (
    accounts,
    clock,
    login_rules,
    logs,
    services,
    ssh_server,
)
from scanner.hosts.seeing import needed
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from tests.unit.host_trees import look
from tests.unit.mac_trees import MANAGED, mac, person, text
from tests.unit.test_hosts_local import reason

ROOT = {"id -u": "0\n"}


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
    assert [g.members for g in needed(fact.groups) if g.name == "admin"] == [("root", "taro")]
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
    with pytest.raises(CannotObserve):
        services.sockets("p1\ncx\n" + "PTCP\nn*:22\n" * services.MOST)


def test_the_clock_by_profile_by_command_and_by_file(tmp_path: Path) -> None:
    setup = {
        "systemsetup -getusingnetworktime": "Network Time: On\n",
        "systemsetup -getnetworktimeserver": "Network Time Server: time.apple.com\n",
    }
    (program,) = needed(look(TimeSync, clock.time_sync, mac(tmp_path, commands={DISABLED: NEW, **setup})).programs)
    assert isinstance(program.sources, tuple)
    assert (program.running, program.starts, program.sources[0].name) == (True, True, "time.apple.com")
    profile = {f"{MANAGED}/com.apple.MCX.plist": {"timeServer": "ntp.example.lg.jp"}, "/etc/ntp.conf": "server time.apple.com\n"}
    denied = dict.fromkeys(setup, "You need administrator access to run this tool... exiting!\n")
    (program,) = needed(look(TimeSync, clock.time_sync, mac(tmp_path, profile, {DISABLED: NEW, **denied})).programs)
    assert isinstance(program.starts, Unobserved)
    assert program.starts.reason is Reason.ACCESS_DENIED
    assert isinstance(program.sources, tuple)
    assert program.sources[0].name == "ntp.example.lg.jp"
    off = NEW.replace("com.apple.ftpd", "com.apple.timed")
    (program,) = needed(look(TimeSync, clock.time_sync, mac(tmp_path, profile, {DISABLED: off})).programs)
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
        assert needed(found.store).when_full == "rotate"


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
