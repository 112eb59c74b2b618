"""Collectors of accounts, SSH servers, login and password rules and sudo: accounts on small trees, and odd answers for all of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from scanner.facts.accounts import Account, Accounts, Password
from scanner.hosts.base import CommandOutput
from scanner.hosts.linux.accounts import accounts
from scanner.hosts.linux.login_rules import login_rules
from scanner.hosts.linux.password_rules import password_rules
from scanner.hosts.linux.ssh_keys import ssh_key_files
from scanner.hosts.linux.ssh_server import ssh_server
from scanner.hosts.linux.sudo import sudo_rules
from scanner.hosts.machine import AnyCollector
from scanner.model.fact import Fact, Unobserved
from scanner.model.reason import CannotObserve, Reason
from tests.unit.account_trees import DEFS, GROUP, NOW, PASSWD, RED_HAT, SHADOW, SUDOERS, run
from tests.unit.host_trees import Machine, Spy
from tests.unit.test_hosts_hostile import HOSTILE

COLLECTORS: tuple[AnyCollector, ...] = (ssh_server, ssh_key_files, login_rules, password_rules, accounts, sudo_rules)


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
    assert (fact.trusted_hosts, fact.directories, fact.recorded_days) == (("/etc/hosts.equiv",), (), None)
    assert "abc" not in repr(fact)


def test_the_record_of_logins_reaches_back_as_far_as_it_was_told(tmp_path: Path) -> None:
    read = machine(tmp_path)
    asked = "last --time-format iso -w -n 2000"
    line = "hanako   pts/1  192.0.2.9  2026-{:02}-01T10:00:00+09:00 - 2026-{:02}-01T11:00:00+09:00  (01:00)\n"
    begins = "\nwtmp begins 2026-04-01T00:00:00+09:00\n"
    for said, days in ((LAST, 231), (line.format(10, 10) * 1999 + line.format(9, 9) + begins, 78), (begins, 231)):
        read.commands[asked] = said
        fact = run(accounts, read)
        assert isinstance(fact, Accounts)
        assert fact.recorded_days == days
    read.commands[asked] = ""
    fact = run(accounts, read)
    assert isinstance(fact, Accounts)
    assert isinstance(fact.recorded_days, Unobserved)
    assert isinstance(of(fact, "taro").idle_days, Unobserved)
    assert of(fact, "taro").age_days == 30


@pytest.mark.parametrize(
    ("files", "command", "days"),
    [
        ((), "lastlog", None),
        (("/etc/systemd/system/display-manager.service",), "lastlog", 231),
        (("/etc/systemd/system/display-manager.service", "/etc/pam.d/postlogin"), "lastlog", None),
        (("/etc/systemd/system/display-manager.service",), "lastlog2", None),
    ],
)
def test_graphical_logins_are_not_in_every_lastlog(tmp_path: Path, files: tuple[str, ...], command: str, days: int | None) -> None:
    read = machine(tmp_path)
    read.commands |= {command: LASTLOG, "last --time-format iso -w -n 2000": LAST}
    read.write(dict.fromkeys(files, ""))
    fact = run(accounts, read)
    assert isinstance(fact, Accounts)
    assert fact.recorded_days == days


def test_wtmpdb_writes_the_zone_without_a_colon(tmp_path: Path) -> None:
    read = machine(tmp_path)
    read.commands["last --time-format iso -w -n 2000"] = LAST.replace("+09:00", "+0900").replace("wtmp ", "/var/lib/wtmpdb/wtmp.db ")
    fact = run(accounts, read)
    assert isinstance(fact, Accounts)
    assert (of(fact, "hanako").idle_days, fact.recorded_days) == (201, 231)


def test_a_login_is_that_of_the_whole_name(tmp_path: Path) -> None:
    read = machine(tmp_path)
    read.write({"/etc/passwd": PASSWD + "webmaster2:x:1009:1009::/home/w:/bin/bash\n"})
    read.commands["lastlog"] = LASTLOG.replace("taro     ", "webmaster")
    fact = run(accounts, read)
    assert isinstance(fact, Accounts)
    assert of(fact, "webmaster2").idle_days is None


def test_without_the_right_to_read_shadow_only_what_stands_there_is_missing(tmp_path: Path) -> None:
    read = Spy(tmp_path, True, {"date +%s": str(NOW)})
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
