"""Collectors of SSH servers, accounts, login and password rules and sudo, on small trees of Debian and of the Red Hat family.

The Red Hat files are written by hand after what authselect 1.2 (profile sssd, with-faillock), openssh-server and crypto-policies of
releases 8 and 9 install; no package of theirs is in reach of these tests.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pytest

from scanner import codec
from scanner.facts.accounts import Account, Accounts, Password
from scanner.facts.login_rules import Lockout, LoginRules, LoginService, PasswordRules
from scanner.facts.ssh_server import SshKeyFiles, SshServer, SshSetup
from scanner.facts.sudo import SudoRules
from scanner.hosts.base import CommandOutput
from scanner.hosts.linux.accounts import accounts
from scanner.hosts.linux.login_rules import login_rules
from scanner.hosts.linux.password_rules import password_rules
from scanner.hosts.linux.ssh_keys import ssh_key_files
from scanner.hosts.linux.ssh_server import ROOT, ssh_server
from scanner.hosts.linux.sudo import sudo_rules
from scanner.hosts.machine import AnyCollector
from scanner.model.fact import Evidence, Fact, Observed, Unobserved
from scanner.model.reason import CannotObserve, Reason
from tests.unit.host_trees import Machine
from tests.unit.test_hosts_hostile import HOSTILE, Spy

COLLECTORS: tuple[AnyCollector, ...] = (ssh_server, ssh_key_files, login_rules, password_rules, accounts, sudo_rules)
NOW = 1_795_000_000
"""18 November 2026."""
DAY = NOW // 86_400
PASSWD = (
    "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n"
    "taro:x:1000:1000:,,,:/home/taro:/bin/bash\nhanako:x:1001:1001::/home/hanako:\n"
)
SHADOW = (
    f"root:*:{DAY}:0:99999:7:::\ndaemon:*:1:0:99999:7:::\ntaro:$y$j9T$abc$def:{DAY - 30}:0:90:7:30::\n"
    f"hanako:!$6$abc$def:{DAY - 400}:0:99999:7::{DAY - 1}:\n"
)
GROUP = "root:x:0:\ndaemon:x:1:\nsudo:x:27:taro\ntaro:x:1000:\nhanako:x:1001:\n"
DEFS = "UMASK 022\nUID_MIN 1000\nPASS_MAX_DAYS 90\nPASS_MAX_DAYS 99999\nENCRYPT_METHOD SHA512\n"
SYSTEM_AUTH = """auth        required      pam_env.so
auth        required      pam_faildelay.so delay=2000000
auth        required      pam_faillock.so preauth silent
auth        [default=1 ignore=ignore success=ok]         pam_usertype.so isregular
auth        [default=1 ignore=ignore success=ok]         pam_localuser.so
auth        sufficient    pam_unix.so nullok
auth        [default=1 ignore=ignore success=ok]         pam_usertype.so isregular
auth        sufficient    pam_sss.so forward_pass
auth        required      pam_faillock.so authfail
auth        required      pam_deny.so

account     required      pam_faillock.so
account     required      pam_unix.so
account     sufficient    pam_localuser.so
account     sufficient    pam_usertype.so issystem
account     [default=bad success=ok user_unknown=ignore] pam_sss.so
account     required      pam_permit.so

password    requisite     pam_pwquality.so local_users_only
password    sufficient    pam_unix.so sha512 shadow nullok use_authtok
password    [success=1 default=ignore] pam_localuser.so
password    sufficient    pam_sss.so use_authtok
password    required      pam_deny.so

session     optional      pam_keyinit.so revoke
session     required      pam_limits.so
-session    optional      pam_systemd.so
session     [success=1 default=ignore] pam_succeed_if.so service in crond quiet use_uid
session     required      pam_unix.so
session     optional      pam_sss.so
"""
RED_HAT = {
    "/etc/pam.d/system-auth": SYSTEM_AUTH,
    "/etc/pam.d/password-auth": SYSTEM_AUTH,
    "/etc/pam.d/sshd": (
        "auth       substack     password-auth\nauth       include      postlogin\naccount    required     pam_sepermit.so\n"
        "account    required     pam_nologin.so\naccount    include      password-auth\npassword   include      password-auth\n"
        "session    required     pam_loginuid.so\nsession    include      password-auth\nsession    include      postlogin\n"
    ),
    "/etc/pam.d/login": (
        "auth       substack     system-auth\nauth       include      postlogin\naccount    include      system-auth\n"
        "password   include      system-auth\nsession    include      system-auth\n"
    ),
    "/etc/pam.d/postlogin": "session optional pam_umask.so silent\n",
    "/etc/pam.d/passwd": "auth include system-auth\naccount include system-auth\npassword substack system-auth\n",
    "/etc/pam.d/su": "auth required pam_env.so\nauth sufficient pam_rootok.so\nauth substack system-auth\n",
    "/etc/security/faillock.conf": "# deny = 3\neven_deny_root\n",
    "/etc/login.defs": DEFS,
    "/etc/bashrc": "# Set default umask for non-login shell only if it is set to 0\n[ `umask` -eq 0 ] && umask 022\n",
    "/etc/passwd": PASSWD,
    "/etc/shadow": SHADOW,
    "/etc/group": GROUP + "ssh_keys:x:994:\n",
    "/etc/nsswitch.conf": "passwd:     sss files systemd\nsudoers:    files sss\n",
}
DUMP = (
    "port 22\npermitrootlogin without-password\npasswordauthentication {password}\nciphers a,b\nauthenticationmethods any\nloglevel INFO\n"
)


def machine(root: Path, live: bool = True, **commands: str) -> Machine:
    """A Debian machine with an account or two."""
    held = {"date +%s": str(NOW), **{name.replace("_", " "): said for name, said in commands.items()}}
    made = Machine(root, live, held)
    made.write({"/etc/passwd": PASSWD, "/etc/group": GROUP, "/etc/shadow": SHADOW, "/etc/login.defs": DEFS})
    return made


def of(fact: Accounts, name: str) -> Account:
    """One account."""
    assert not isinstance(fact.accounts, Unobserved)
    return next(a for a in fact.accounts if a.name == name)


def run(collector: AnyCollector, read: Machine) -> Fact:
    """Run a collector; what it gives has to survive being written down."""
    fact = collector.run(read)
    codec.canonical(codec.observation_out(Observed(fact, "2026-11-22T00:00:00Z", (Evidence("a", "b"),)))).decode()
    assert isinstance(fact, Fact)
    return fact


LASTLOG = """Username         Port     From                                       Latest
root                                                                **Never logged in**
taro             pts/0    192.0.2.9                                  Wed Nov 11 09:00:00 +0900 2026
"""
LAST = (
    "hanako   pts/1        192.0.2.9        2026-05-01T10:00:00+09:00 - 2026-05-01T11:00:00+09:00  (01:00)\n\n"
    "wtmp begins 2026-04-01T00:00:00+09:00\n"
)


def test_accounts_carry_kinds_of_hashes_ages_and_logins_and_never_a_hash(tmp_path: Path) -> None:
    read = machine(tmp_path)
    read.commands |= {"lastlog": LASTLOG, "last --time-format iso -w -n 2000": LAST}
    (tmp_path / "home/taro/.ssh").mkdir(parents=True)
    read.write({"/home/taro/.ssh/authorized_keys": "", "/home/taro/.netrc": "", "/etc/hosts.equiv": ""})
    fact = run(accounts, read)
    assert isinstance(fact, Accounts)
    taro, hanako, root = of(fact, "taro"), of(fact, "hanako"), of(fact, "root")
    assert (taro.password, taro.hash, taro.age_days, taro.most_days, taro.idle_days) == (Password.SET, "yescrypt", 30, 90, 7)
    assert (taro.keys, taro.trusts, taro.person, taro.login) == (True, (".netrc",), True, True)
    # hanako's field is locked, her account has ended yesterday, and an empty shell is /bin/sh
    assert (hanako.password, hanako.hash, hanako.expired, hanako.shell) == (Password.LOCKED, "", True, "/bin/sh")
    assert (hanako.idle_days, hanako.most_days) == (201, None)
    assert (root.password, root.idle_days, root.person) == (Password.NONE, None, False)
    assert of(fact, "daemon").login is False
    assert (fact.trusted_hosts, fact.directories, fact.recorded_days) == (("/etc/hosts.equiv",), (), 231)
    assert "abc" not in repr(fact)


def test_without_the_right_to_read_shadow_only_what_stands_there_is_missing(tmp_path: Path) -> None:
    read = Spy(tmp_path, True, {"date +%s": str(NOW)})
    read.asked = set()
    read.write({"/etc/passwd": PASSWD.replace("hanako:x:", "hanako::"), "/etc/group": GROUP, "/etc/shadow": SHADOW})
    read.deny = "/etc/shadow"
    fact = run(accounts, read)
    assert isinstance(fact, Accounts)
    taro = of(fact, "taro")
    assert {getattr(part, "reason", None) for part in (taro.password, taro.hash, taro.age_days, taro.expired)} == {Reason.ACCESS_DENIED}
    # what /etc/passwd itself says needs no right: an empty field there opens the account
    assert of(fact, "hanako").password is Password.EMPTY
    assert isinstance(taro.idle_days, Unobserved)


def test_keys_that_stand_elsewhere_open_accounts_too(tmp_path: Path) -> None:
    read = machine(tmp_path)
    read.write({"/etc/ssh/sshd_config": "AuthorizedKeysFile /etc/keys/%u\n", "/etc/keys/taro": ""})
    fact = run(accounts, read)
    assert isinstance(fact, Accounts)
    assert (of(fact, "taro").keys, of(fact, "hanako").keys) == (True, False)
    read.write({"/etc/ssh/sshd_config": "AuthorizedKeysCommand /usr/bin/sss_ssh_authorizedkeys\n"})
    fact = run(accounts, read)
    assert isinstance(fact, Accounts)
    assert isinstance(of(fact, "hanako").keys, Unobserved)


def test_an_image_has_no_clock_so_ages_are_open(tmp_path: Path) -> None:
    fact = run(accounts, machine(tmp_path, live=False))
    assert isinstance(fact, Accounts)
    taro = of(fact, "taro")
    assert isinstance(taro.age_days, Unobserved)
    assert isinstance(taro.idle_days, Unobserved)
    assert taro.hash == "yescrypt"


@pytest.mark.parametrize(
    ("field", "password", "kind"),
    [
        ("", Password.EMPTY, ""),
        ("*", Password.NONE, ""),
        ("!!", Password.LOCKED, ""),
        ("!*", Password.LOCKED, ""),
        ("$1$ab$cdefghijklmnopqrstuvwx", Password.SET, "md5"),
        ("$2b$12$abcdefghijklmnopqrstuv", Password.SET, "bcrypt"),
        ("$5$rounds=5000$ab$cd", Password.SET, "sha256"),
        ("abcdefghijklm", Password.SET, "des"),
    ],
)
def test_the_kind_of_a_password_field(tmp_path: Path, field: str, password: Password, kind: str) -> None:
    read = machine(tmp_path)
    read.write({"/etc/shadow": f"taro:{field}:1::::::\n"})
    fact = run(accounts, read)
    assert isinstance(fact, Accounts)
    taro = of(fact, "taro")
    assert (taro.password, taro.hash) == (password, kind)


def test_a_password_field_of_an_unknown_form_is_open(tmp_path: Path) -> None:
    read = machine(tmp_path)
    read.write({"/etc/shadow": "taro:NP-or-something:1::::::\n"})
    fact = run(accounts, read)
    assert isinstance(fact, Accounts)
    taro = of(fact, "taro")
    assert isinstance(taro.password, Unobserved)
    assert isinstance(taro.hash, Unobserved)


def service(rules: Fact, name: str) -> LoginService:
    """One way in."""
    assert isinstance(rules, LoginRules)
    assert not isinstance(rules.services, Unobserved)
    return next(s for s in rules.services if s.name == name)


def test_faillock_of_the_red_hat_family_locks_local_accounts(tmp_path: Path) -> None:
    rules = run(login_rules, Machine(tmp_path).write(RED_HAT))
    for name in ("sshd", "login"):
        assert service(rules, name).lockout == Lockout(3, 600, 900, True)
        assert service(rules, name).empty_password is True  # nullok
    assert isinstance(rules, LoginRules)
    assert rules.become_restricted is False
    assert not isinstance(rules.masks, Unobserved)
    # /etc/bashrc asks whether there is a umask at all, which a login has
    assert [(m.bits, m.certain) for m in rules.masks] == [(0o022, True)]


@pytest.mark.parametrize(
    "broken",
    [
        ("auth        required      pam_faillock.so authfail\n", ""),  # failures are not counted
        ("required      pam_faillock.so preauth", "optional      pam_faillock.so preauth"),  # a locked account is let in
        # the password is judged before the lock
        ("auth        required      pam_env.so\n", "auth        sufficient    pam_unix.so\n"),
    ],
)
def test_a_lock_that_does_not_work_is_none(tmp_path: Path, broken: tuple[str, str]) -> None:
    text = SYSTEM_AUTH.replace(*broken)
    assert text != SYSTEM_AUTH
    rules = run(login_rules, Machine(tmp_path).write({**RED_HAT, "/etc/pam.d/system-auth": text}))
    assert service(rules, "login").lockout is None


def test_a_zero_never_locks_and_arguments_beat_the_file(tmp_path: Path) -> None:
    text = SYSTEM_AUTH.replace("preauth silent", "preauth silent deny=0 unlock_time=never")
    rules = run(login_rules, Machine(tmp_path).write({**RED_HAT, "/etc/pam.d/system-auth": text}))
    assert service(rules, "login").lockout == Lockout(0, None, 900, True)


@pytest.mark.parametrize(
    ("lines", "needed", "alone"),
    [
        ("auth required pam_unix.so\nauth required pam_google_authenticator.so\n", True, False),
        ("auth required pam_unix.so\nauth required pam_google_authenticator.so nullok\n", False, False),
        ("auth sufficient pam_unix.so\nauth required pam_google_authenticator.so\n", False, True),
        ("auth sufficient pam_u2f.so\nauth required pam_unix.so\n", False, True),
        ("auth required pam_u2f.so nouserok\nauth required pam_unix.so\n", False, False),
        (
            "auth [success=1 default=ignore] pam_succeed_if.so user ingroup x\nauth required pam_oath.so\nauth required pam_unix.so\n",
            False,
            False,
        ),
    ],
)
def test_a_second_factor_counts_where_nothing_opens_without_it(tmp_path: Path, lines: str, needed: bool, alone: bool) -> None:
    rules = run(login_rules, Machine(tmp_path).write({"/etc/pam.d/login": lines}))
    assert (service(rules, "login").second_factor, service(rules, "login").second_alone) == (needed, alone)


def test_su_is_restricted_where_others_than_members_are_refused(tmp_path: Path) -> None:
    for line, restricted in (
        ("auth required pam_wheel.so use_uid", True),
        ("auth sufficient pam_wheel.so trust use_uid", False),
        ("auth optional pam_wheel.so", False),
        ("#auth required pam_wheel.so", False),
    ):
        text = f"auth sufficient pam_rootok.so\n{line}\nauth required pam_unix.so\n"
        rules = run(login_rules, Machine(tmp_path).write({"/etc/pam.d/su": text}))
        assert isinstance(rules, LoginRules)
        assert rules.become_restricted is restricted, line


@pytest.mark.parametrize(
    ("files", "bits", "own"),
    [
        ({"/etc/login.defs": "UMASK 027\nUMASK 022\nUSERGROUPS_ENAB yes\n"}, (0o027,), True),
        ({"/etc/login.defs": "UMASK 022\n", "/etc/profile": "umask 077\n"}, (0o077,), False),
        ({"/etc/login.defs": "UMASK 022\n", "/etc/profile.d/a.sh": "umask 027\n", "/etc/profile.d/b.sh": "umask 022\n"}, (0o022,), False),
        ({"/etc/login.defs": "UMASK 027\n", "/etc/profile": "if [ $UID -gt 199 ]; then umask 002; fi\n"}, (0o027, 0o002), False),
    ],
)
def test_the_umask_is_pams_and_then_the_shells(tmp_path: Path, files: dict[str, str], bits: tuple[int, ...], own: bool) -> None:
    rules = run(login_rules, Machine(tmp_path).write({"/etc/pam.d/login": "session optional pam_umask.so\n", **files}))
    assert isinstance(rules, LoginRules)
    assert not isinstance(rules.masks, Unobserved)
    assert tuple(m.bits for m in rules.masks) == bits
    assert rules.masks[0].own_group is own


def test_a_missing_include_is_no_pass(tmp_path: Path) -> None:
    rules = run(login_rules, Machine(tmp_path).write({"/etc/pam.d/login": "@include nothing\n"}))
    assert isinstance(service(rules, "login").lockout, Unobserved)
    looped = Machine(tmp_path).write({"/etc/pam.d/login": "auth include login\n"})
    assert isinstance(service(run(login_rules, looped), "login").lockout, Unobserved)


def passwords(root: Path, stack: str, **files: str) -> PasswordRules:
    """The rules of a password stack with further files by their last names."""
    places = {"quality": "/etc/security/pwquality.conf", "more": "/etc/security/pwquality.conf.d/50-x.conf", "defs": "/etc/login.defs"}
    fact = run(password_rules, Machine(root).write({"/etc/pam.d/passwd": stack, **{places[k]: v for k, v in files.items()}}))
    assert isinstance(fact, PasswordRules)
    return fact


QUALITY = "password requisite pam_pwquality.so retry=3\npassword required pam_unix.so use_authtok yescrypt\n"


def test_arguments_beat_the_main_file_which_beats_the_directory(tmp_path: Path) -> None:
    held = passwords(tmp_path, QUALITY, more="minlen = 20\nminclass = 4\n", quality="minlen = 12\n")
    assert (held.least_length, held.least_classes, held.hash, held.administrators) == (12, 4, "yescrypt", False)
    argued = passwords(tmp_path, QUALITY.replace("retry=3", "minlen=15 enforce_for_root"), more="minlen = 20\n", quality="minlen = 12\n")
    assert (argued.least_length, argued.administrators) == (15, True)


def test_a_credit_makes_the_shortest_password_shorter_and_a_negative_one_asks_for_a_kind(tmp_path: Path) -> None:
    held = passwords(tmp_path, QUALITY, quality="minlen = 12\ndcredit = 2\nucredit = -1\nlcredit = -1\n")
    assert (held.least_length, held.least_classes) == (10, 2)
    assert passwords(tmp_path, QUALITY, quality="minlen = 7\ndcredit = 5\n").least_length == 6


def test_what_is_not_enforced_does_not_count(tmp_path: Path) -> None:
    optional = passwords(tmp_path, QUALITY.replace("requisite", "optional"), quality="minlen = 20\n")
    assert (optional.least_length, optional.dictionary) == (6, False)  # pam_unix asks for six
    assert passwords(tmp_path, QUALITY, quality="minlen = 20\nenforcing = 0\n").least_length is None
    assert passwords(tmp_path, "password required pam_unix.so sha512 md5\n").hash == "md5"


def test_days_are_the_last_lines_and_hashes_the_first(tmp_path: Path) -> None:
    defs = "PASS_MAX_DAYS 60\nPASS_MAX_DAYS 99999\nENCRYPT_METHOD MD5\nENCRYPT_METHOD SHA512\n"
    held = passwords(tmp_path, "password required pam_unix.so\n", defs=defs)
    assert (held.most_days, held.hash, held.least_days) == (None, "md5", None)
    assert passwords(tmp_path, "password required pam_unix.so\n", defs="PASS_MAX_DAYS 60\n").most_days == 60
    assert isinstance(passwords(tmp_path, "password required pam_unix.so\n", defs="").hash, Unobserved)


def test_other_modules_for_quality_are_understood(tmp_path: Path) -> None:
    unix = "password required pam_unix.so use_authtok sha512 remember=4\n"
    held = passwords(tmp_path, f"password required pam_passwdqc.so min=disabled,24,12,disabled,8\n{unix}")
    assert (held.least_length, held.history, held.administrators) == (8, 4, True)
    assert passwords(tmp_path, f"password required pam_cracklib.so\n{unix}").least_length == 6
    held = passwords(tmp_path, f"password required pam_pwhistory.so remember=7\n{unix}")
    assert (held.history, held.least_length) == (7, 6)


def ssh(root: Path, config: str, files: Mapping[str, str] = MappingProxyType({})) -> SshServer:
    """The server of a machine with this main file, read from the files."""
    read = Machine(root, False).write({"/usr/sbin/sshd": "OpenSSH_9.9p1", "/etc/ssh/sshd_config": config, **files})
    fact = run(ssh_server, read)
    assert isinstance(fact, SshServer)
    return fact


def first(server: SshServer) -> SshSetup:
    """What holds for everybody."""
    assert not isinstance(server.setups, Unobserved)
    return server.setups[0]


def test_files_alone_give_first_values_defaults_and_blocks(tmp_path: Path) -> None:
    server = ssh(tmp_path, "LoginGraceTime 1m30s\nMaxAuthTries 3\nmaxauthtries 9\nMatch User bob\n PasswordAuthentication no\n")
    assert (server.from_files, server.version, server.applied) == (True, "9.9", None)
    every = first(server)
    assert (every.get("logingracetime"), every.get("maxauthtries"), every.get("permitrootlogin")) == (
        ("90",),
        ("3",),
        ("prohibit-password",),
    )
    assert isinstance(every.get("ciphers"), Unobserved)
    assert not isinstance(server.setups, Unobserved)
    assert [(s.match, s.user, s.get("passwordauthentication")) for s in server.setups[1:]] == [("User bob", "bob", ("no",))]


def test_the_crypto_policy_of_red_hat_9_is_included_and_that_of_8_comes_first(tmp_path: Path) -> None:
    nine = {
        "/etc/ssh/sshd_config.d/50-redhat.conf": "Include /etc/crypto-policies/back-ends/opensshserver.config\nUsePAM yes\n",
        "/etc/crypto-policies/back-ends/opensshserver.config": "Ciphers aes256-gcm@openssh.com\nMACs hmac-sha2-256-etm@openssh.com\n",
    }
    server = ssh(tmp_path / "9", "Include /etc/ssh/sshd_config.d/*.conf\nCiphers 3des-cbc\n", nine)
    assert first(server).get("ciphers") == ("aes256-gcm@openssh.com",)
    assert first(server).get("usepam") == ("yes",)
    # on release 8 the service puts the policy on the command line of sshd, before any file
    eight = {
        "/etc/crypto-policies/back-ends/opensshserver.config": "CRYPTO_POLICY='-oCiphers=aes256-ctr,aes128-ctr -oMACs=hmac-sha2-256'\n"
    }
    server = ssh(tmp_path / "8", "Ciphers 3des-cbc\n", eight)
    assert first(server).get("ciphers") == ("aes256-ctr", "aes128-ctr")
    opted_out = ssh(tmp_path / "8", "Ciphers 3des-cbc\n", {**eight, "/etc/sysconfig/sshd": "CRYPTO_POLICY=\n"})
    assert first(opted_out).get("ciphers") == ("3des-cbc",)
    debian = ssh(tmp_path / "d", "PermitRootLogin no\n", {"/etc/default/ssh": 'SSHD_OPTS="-o PermitRootLogin=yes -p 2222"\n'})
    assert (first(debian).get("permitrootlogin"), first(debian).get("port")) == (("yes",), ("2222",))


def test_includes_that_loop_or_name_directories_by_wildcard_are_no_pass(tmp_path: Path) -> None:
    assert isinstance(ssh(tmp_path / "a", "Include /etc/ssh/sshd_config\n").setups, Unobserved)
    assert isinstance(ssh(tmp_path / "b", "Include /etc/*/x.conf\n").setups, Unobserved)


def live(root: Path, dumps: dict[str, str], config: str = "") -> SshServer:
    """A running machine whose sshd prints these."""
    read = Machine(root, True, dumps)
    read.write({"/usr/sbin/sshd": "x", "/etc/ssh/sshd_config": config, "/etc/group": GROUP, "/etc/passwd": PASSWD})
    fact = run(ssh_server, read)
    assert isinstance(fact, SshServer)
    return fact


def test_the_program_wins_and_is_asked_about_every_block(tmp_path: Path) -> None:
    config = (
        "Match Address 192.0.2.0/24\n PasswordAuthentication yes\nMatch Group nobody-has-it\n X11Forwarding yes\nMatch Exec x\n Banner y\n"
    )
    inside = "user=root,host=somewhere.example,addr=192.0.2.1,laddr=192.0.2.1,lport=22"
    said = {"sshd -T": DUMP.format(password="no"), f"sshd -T -C {ROOT}": DUMP.format(password="no")}
    server = live(tmp_path, {**said, f"sshd -T -C {inside}": DUMP.format(password="yes")}, config)
    assert not server.from_files
    assert not isinstance(server.setups, Unobserved)
    assert [(s.match, s.user) for s in server.setups] == [("", ""), ("Address 192.0.2.0/24", "root"), ("Exec x", "")]
    assert server.setups[1].get("passwordauthentication") == ("yes",)
    # a group without members concerns nobody; what cannot be made up stays open
    assert isinstance(server.setups[2].values, Unobserved)
    assert first(server).get("permitrootlogin") == ("prohibit-password",)


def test_without_root_the_newer_question_or_the_files_answer(tmp_path: Path) -> None:
    newer = live(tmp_path, {"sshd -G": DUMP.format(password="no")})
    assert (newer.from_files, first(newer).get("passwordauthentication")) == (False, ("no",))
    files = live(tmp_path, {"sshd -T": ""}, "PasswordAuthentication no\n")
    assert (files.from_files, first(files).get("passwordauthentication")) == (True, ("no",))
    # what only the program can tell is missing for want of rights
    ciphers = first(files).get("ciphers")
    assert isinstance(ciphers, Unobserved)
    assert ciphers.reason is Reason.ACCESS_DENIED


def test_a_file_changed_after_the_server_read_it_is_not_in_force(tmp_path: Path) -> None:
    read = Machine(tmp_path, True)
    fields = "1 (sshd) S " + " ".join(["0"] * 18) + " 100 " + " ".join(["0"] * 20)
    read.write(
        {
            "/usr/sbin/sshd": "x",
            "/etc/ssh/sshd_config": "",
            "/run/sshd.pid": "1\n",
            "/proc/1/stat": fields,
            "/proc/stat": f"btime {NOW - 1000}\n",
        }
    )
    config, pid = tmp_path / "etc/ssh/sshd_config", tmp_path / "run/sshd.pid"
    for changed, written, applied in ((NOW - 5000, NOW - 900, True), (NOW - 100, NOW - 900, False), (NOW - 100, NOW - 50, True)):
        os.utime(config, (changed, changed))
        os.utime(pid, (written, written))
        fact = run(ssh_server, read)
        assert isinstance(fact, SshServer)
        assert (fact.applied, fact.used) == (applied, True)


def test_no_server_is_a_fact(tmp_path: Path) -> None:
    fact = run(ssh_server, Machine(tmp_path).write({"/etc/passwd": PASSWD}))
    assert isinstance(fact, SshServer)
    assert (fact.installed, fact.setups) == (False, ())


def test_key_files_are_found_where_the_settings_say(tmp_path: Path) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    read = Machine(tmp_path).write(
        {
            "/etc/passwd": PASSWD,
            "/etc/group": "ssh_keys:x:994:\n",
            "/etc/ssh/ssh_host_rsa_key": "secret",
            "/etc/ssh/sshd_config": "AuthorizedKeysFile /etc/keys/%u .ssh/keys\nMatch User x\n AuthorizedKeysFile /srv/%u\n",
            "/etc/keys/taro": f"{key}\n",
            "/home/hanako/.ssh/keys": f"no-pty {key}\n{key}\n",
        }
    )
    fact = run(ssh_key_files, read)
    assert isinstance(fact, SshKeyFiles)
    assert not isinstance(fact.authorized, Unobserved)
    assert not isinstance(fact.host_keys, Unobserved)
    assert [(f.account, f.path, len(f.writers)) for f in fact.authorized] == [
        ("taro", "/etc/keys/taro", 1),
        ("hanako", "/home/hanako/.ssh/keys", 3),
    ]
    assert [k.path for k in fact.host_keys] == ["/etc/ssh/ssh_host_rsa_key"]
    assert (fact.key_group, fact.elsewhere) == (994, ("/srv/%u",))


SUDOERS = "Defaults env_reset\nDefaults use_pty\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n"


def sudo(root: Path, **files: str) -> SudoRules:
    """The rules of a machine, read from the files."""
    read = Machine(root, False).write({"/usr/bin/sudo": "x", "/etc/sudoers": SUDOERS, **files})
    fact = run(sudo_rules, read)
    assert isinstance(fact, SudoRules)
    return fact


def test_included_rules_come_in_order_and_names_with_dots_are_passed_over(tmp_path: Path) -> None:
    fact = sudo(
        tmp_path,
        **{
            "/etc/sudoers.d/20-b": "taro ALL=NOPASSWD: /bin/b\nDefaults !use_pty\n",
            "/etc/sudoers.d/10-a": "taro ALL=/bin/a\n",
            "/etc/sudoers.d/x.conf": "jiro ALL=ALL\n",
            "/etc/sudoers.d/y~": "jiro ALL=ALL\n",
            "/etc/nsswitch.conf": "sudoers: files sss\n",
        },
    )
    assert not isinstance(fact.rules, Unobserved)
    assert [(r.users, r.commands, r.asks) for r in fact.rules[2:]] == [(("taro",), ("/bin/a",), None), (("taro",), ("/bin/b",), False)]
    assert not isinstance(fact.settings, Unobserved)
    assert [s.value for s in fact.settings if s.name == "use_pty"] == ["yes", "no"]
    assert not isinstance(fact.files, Unobserved)
    assert [f.path for f in fact.files] == ["/etc/sudoers", "/etc/sudoers.d", "/etc/sudoers.d/10-a", "/etc/sudoers.d/20-b"]
    assert fact.elsewhere == ("sss",)


def test_rules_that_are_not_understood_or_not_readable_are_open(tmp_path: Path) -> None:
    assert isinstance(sudo(tmp_path / "a", **{"/etc/sudoers.d/x": "what is this\n"}).rules, Unobserved)
    assert isinstance(sudo(tmp_path / "b", **{"/etc/sudoers.d/x": "@include /etc/sudoers.d/x\n"}).rules, Unobserved)
    assert isinstance(sudo(tmp_path / "c", **{"/etc/sudoers": "@include /etc/sudoers.%h\n"}).rules, Unobserved)
    nothing = run(sudo_rules, Machine(tmp_path / "d").write({"/etc/passwd": PASSWD}))
    assert isinstance(nothing, SudoRules)
    assert (nothing.installed, nothing.rules) == (False, ())


class Odd(Machine):
    """Commands that end in an error, hang, print junk or far too much."""

    how = 0

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Answer in the way that the test wants."""
        match self.how:
            case 0:
                return CommandOutput(255, b"", b"")
            case 1:
                raise CannotObserve(Reason.TIMEOUT, argv[0])
            case 2:
                return CommandOutput(0, bytes(range(256)) * 50, b"")
            case _:
                raise CannotObserve(Reason.ACCESS_DENIED, argv[0])


@pytest.mark.parametrize("how", range(4))
def test_odd_commands_never_break_a_collector(tmp_path: Path, how: int) -> None:
    read = Odd(tmp_path, True)
    read.how = how
    read.write({**RED_HAT, "/usr/sbin/sshd": "x", "/etc/ssh/sshd_config": "", "/usr/bin/sudo": "x", "/etc/sudoers": SUDOERS})
    for collector in COLLECTORS:
        assert isinstance(run(collector, read), Fact)


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda c: c.name)
def test_whatever_stands_at_a_path_nothing_hangs_or_breaks(tmp_path: Path, collector: AnyCollector) -> None:
    spy = Spy(tmp_path, True)
    spy.asked = set()
    spy.write(
        {**RED_HAT, "/usr/sbin/sshd": "x", "/etc/ssh/sshd_config": "Include sshd_config.d/*\n", "/etc/ssh/sshd_config.d/a": "Match all\n"}
    )
    spy.write(
        {"/usr/bin/sudo": "x", "/etc/sudoers": SUDOERS, "/etc/sudoers.d/a": "", "/etc/security/pwquality.conf.d/a.conf": "minlen=9\n"}
    )
    spy.write(
        {
            "/home/taro/.ssh/authorized_keys": "x",
            "/etc/profile.d/a.sh": "umask 027\n",
            "/etc/security/limits.d/a.conf": "* hard maxlogins 1\n",
        }
    )
    run(collector, spy)
    found = sorted(path for path in spy.asked if (tmp_path / path.lstrip("/")).is_file())
    assert found
    for path in found:
        place = tmp_path / path.lstrip("/")
        kept = place.read_bytes()
        for hostile in HOSTILE:
            place.unlink()
            hostile(place)
            run(collector, Machine(tmp_path, True))
            (os.rmdir if place.is_dir() and not any(place.iterdir()) else _remove)(place)
            place.write_bytes(kept)
        spy.deny = path
        run(collector, spy)
        spy.deny = ""


def _remove(place: Path) -> None:
    if place.is_dir():
        for inner in place.iterdir():
            inner.unlink()
        place.rmdir()
    else:
        place.unlink()
