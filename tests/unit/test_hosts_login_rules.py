"""Collectors of login and password rules on small trees: what PAM asks for, and what cannot be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.login_rules import Lockout, LoginRules, LoginService, PasswordRules
from scanner.hosts.linux.login_rules import login_rules
from scanner.hosts.linux.password_rules import password_rules
from scanner.model.fact import Fact, Unobserved
from tests.unit.account_trees import RED_HAT, SYSTEM_AUTH, run
from tests.unit.host_trees import Machine


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


@pytest.mark.parametrize(("conf", "known"), [("admin_group = wheel\n", False), ("admin_group = wheel\neven_deny_root\n", True)])
def test_members_of_a_group_may_be_left_out_of_the_lock(tmp_path: Path, conf: str, known: bool) -> None:
    rules = run(login_rules, Machine(tmp_path).write({**RED_HAT, "/etc/security/faillock.conf": conf}))
    assert isinstance(service(rules, "login").lockout, Lockout if known else Unobserved)


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


@pytest.mark.parametrize(("ends", "restricted"), [("sufficient pam_faillock.so authsucc", False), ("required pam_permit.so", True)])
def test_su_is_open_where_an_included_line_ends_the_stack_before_pam_wheel(tmp_path: Path, ends: str, restricted: bool) -> None:
    """Seen with the real su on Debian 12, after the remediation of ssg-debian12 0.1.82."""
    common = f"auth [success=1 default=ignore] pam_unix.so\nauth [default=die] pam_faillock.so authfail\nauth {ends}\n"
    su = "auth sufficient pam_rootok.so\n@include common-auth\nauth required pam_wheel.so group=sugroup use_uid\n"
    rules = run(login_rules, Machine(tmp_path).write({"/etc/pam.d/su": su, "/etc/pam.d/common-auth": common}))
    assert isinstance(rules, LoginRules)
    assert rules.become_restricted is restricted


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
    held = passwords(tmp_path, "password required pam_unix.so\n", defs="PASS_MAX_DAYS 60\nPASS_WARN_AGE 14\n")
    assert (held.most_days, held.warn_days) == (60, 14)
    assert passwords(tmp_path, "password required pam_unix.so\n", defs="PASS_MAX_DAYS 60\nPASS_WARN_AGE -1\n").warn_days is None
    assert isinstance(passwords(tmp_path, "password required pam_unix.so\n", defs="").hash, Unobserved)


def test_other_modules_for_quality_are_understood(tmp_path: Path) -> None:
    unix = "password required pam_unix.so use_authtok sha512 remember=4\n"
    held = passwords(tmp_path, f"password required pam_passwdqc.so min=disabled,24,12,disabled,8\n{unix}")
    assert (held.least_length, held.history, held.administrators) == (8, 4, True)
    assert passwords(tmp_path, f"password required pam_cracklib.so\n{unix}").least_length == 6
    held = passwords(tmp_path, f"password required pam_pwhistory.so remember=7\n{unix}")
    assert (held.history, held.least_length) == (7, 6)


@pytest.mark.parametrize(("module", "kept"), [(b"\x7fELF /etc/security/opasswd", 10), (b"\x7fELF /etc/security/pwhistory.conf", 24)])
def test_only_a_module_that_knows_the_file_of_pwhistory_goes_by_it(tmp_path: Path, module: bytes, kept: int) -> None:
    stack = "password required pam_pwhistory.so use_authtok\npassword required pam_unix.so use_authtok yescrypt\n"
    read = Machine(tmp_path).write({"/etc/pam.d/passwd": stack, "/etc/security/pwhistory.conf": "remember = 24\n"})
    untold = run(password_rules, read)
    assert isinstance(untold, PasswordRules)
    assert isinstance(untold.history, Unobserved)
    held = run(password_rules, read.write({"/usr/lib/x86_64-linux-gnu/security/pam_pwhistory.so": module}))
    assert isinstance(held, PasswordRules)
    assert held.history == kept


def test_passwdqc_that_goes_by_a_file_or_refuses_nobody(tmp_path: Path) -> None:
    unix = "password required pam_unix.so use_authtok sha512\n"
    by_file = passwords(tmp_path / "a", f"password required pam_passwdqc.so config=/etc/passwdqc.conf\n{unix}")
    assert isinstance(by_file.least_length, Unobserved)
    assert passwords(tmp_path / "b", f"password required pam_passwdqc.so enforce=none\n{unix}").least_length == 6  # pam_unix's
    assert passwords(tmp_path / "c", f"password required pam_passwdqc.so enforce=users\n{unix}").administrators is False


def test_a_time_for_root_means_that_root_is_locked_too(tmp_path: Path) -> None:
    read = Machine(tmp_path).write(RED_HAT)
    read.write({"/etc/security/faillock.conf": "deny = 3\n"})
    for name in ("system-auth", "password-auth"):
        path = tmp_path / f"etc/pam.d/{name}"
        path.write_text(path.read_text().replace("pam_faillock.so preauth", "pam_faillock.so preauth root_unlock_time=60"))
    lockout = service(run(login_rules, read), "sshd").lockout
    assert isinstance(lockout, Lockout)
    assert lockout.administrators is True
