"""When accounts of Linux close whose password is not changed: shadow(5), and useradd(8) for new ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.account_closing import AccountClosing, ClosingAccount, ClosingRule
from scanner.hosts.linux.account_closing import account_closing
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.unit.host_trees import look, machine

HASH = "$y$j9T$salt$hash"
PASSWD = "".join(f"{name}:x:{number}:{number}::/home/{name}:/bin/bash\n" for number, name in enumerate("abcdef", 1000))
PASSWD += "root:x:0:0::/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\ngone:x:1010:1010::/home/gone:/bin/sh\n"
SHADOW = (
    f"root:{HASH}:20000:0:99999:7:::\na:{HASH}:20000:0:90:7:14::\nb:{HASH}:20000:0:99999:7:14::\nc:{HASH}:20000:0:90:7:-1::\n"
    f"d:{HASH}:20000:0:90:7:0:20500:\ne:!{HASH}:20000:0:90:7:::\nf::20000:0:90:7:::\ndaemon:{HASH}:20000::::::\n"
)


def closing(root: Path, files: dict[str, str]) -> AccountClosing:
    """The rules of a machine."""
    return look(AccountClosing, account_closing, machine(root, {"/etc/passwd": PASSWD, "/etc/shadow": SHADOW, **files}))


def test_accounts_by_their_own_fields(tmp_path: Path) -> None:
    found = closing(tmp_path, {}).accounts
    assert found == (
        ClosingAccount("a", "1000", ClosingRule(90, 14)),
        ClosingAccount("b", "1001", ClosingRule(None, 14)),
        ClosingAccount("c", "1002", ClosingRule(90, None)),
        ClosingAccount("d", "1003", ClosingRule(90, 0)),
        ClosingAccount("root", "0", ClosingRule(None, None)),
    )


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        (None, ClosingRule(90, None)),
        ("# INACTIVE=14\nSHELL=/bin/sh\n", ClosingRule(90, None)),
        ("INACTIVE=-1\n", ClosingRule(90, None)),
        ("INACTIVE=-1\nINACTIVE=30\n", ClosingRule(90, 30)),
        ("INACTIVE=0\n", ClosingRule(90, 0)),
        ("INACTIVE=\n", Reason.PROTOCOL_VIOLATION),
        ("INACTIVE=soon\n", Reason.PROTOCOL_VIOLATION),
    ],
)
def test_new_accounts_by_useradd(tmp_path: Path, written: str | None, rule: ClosingRule | Reason) -> None:
    files = {"/etc/login.defs": "PASS_MAX_DAYS 90\n"} | ({} if written is None else {"/etc/default/useradd": written})
    default = closing(tmp_path, files).default
    assert (default.reason if isinstance(default, Unobserved) else default) == rule


def test_without_a_period_nothing_closes_a_new_account(tmp_path: Path) -> None:
    assert closing(tmp_path, {"/etc/login.defs": "PASS_MAX_DAYS 99999\n", "/etc/default/useradd": "INACTIVE=14\n"}).default == ClosingRule(
        None, 14
    )
