"""The collector of the rules of sudo on small trees."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from scanner.facts.sudo import SudoRules
from scanner.hosts.linux.sudo import CONVERTED, sudo_rules
from scanner.model.fact import Unobserved
from scanner.wire.sudoers import Rule, Setting, parse
from tests.unit.account_trees import PASSWD, SUDOERS, run
from tests.unit.host_trees import Machine


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


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("Plugin sudoers_policy sudoers.so", True),
        ("Plugin sudoers_io sudoers.so ignore_iolog_errors=true", True),
        ("#Plugin other_policy other.so", True),
        ("Plugin sudoers_policy sudoers.so sudoers_file=/etc/sudo/own", False),
        ("Plugin other_policy other.so", False),
    ],
)
def test_a_sudo_that_goes_by_something_else_is_not_known_by_the_usual_file(tmp_path: Path, line: str, known: bool) -> None:
    found = sudo(tmp_path, **{"/etc/sudo.conf": f"{line}\n"})
    assert isinstance(found.rules, Unobserved) is not known
    assert isinstance(found.settings, Unobserved) is not known


def test_a_backslash_joins_lines_but_not_behind_a_comment() -> None:
    """What cvtsudoers 1.9.13 makes of it."""
    text = b"""# it seems to go on \\
taro ALL=(ALL) NOPASSWD: ALL
Defaults use_pty # here, too \\
hanako ALL = (ALL) /bin/ls, \\\x20\x20
   /bin/cat
Defaults badpass_message="no # \\
 comment", !authenticate"""
    found = parse(text)
    assert [(one.users, one.commands, one.asks) for one in found if isinstance(one, Rule)] == [
        (("taro",), ("ALL",), False),
        (("hanako",), ("/bin/ls",), None),
        (("hanako",), ("/bin/cat",), None),
    ]
    assert [one.name for one in found if isinstance(one, Setting)] == ["use_pty", "badpass_message", "authenticate"]


def test_rules_that_are_not_understood_or_not_readable_are_open(tmp_path: Path) -> None:
    assert isinstance(sudo(tmp_path / "a", **{"/etc/sudoers.d/x": "what is this\n"}).rules, Unobserved)
    assert isinstance(sudo(tmp_path / "b", **{"/etc/sudoers.d/x": "@include /etc/sudoers.d/x\n"}).rules, Unobserved)
    assert isinstance(sudo(tmp_path / "c", **{"/etc/sudoers": "@include /etc/sudoers.%h\n"}).rules, Unobserved)
    nothing = run(sudo_rules, Machine(tmp_path / "d").write({"/etc/passwd": PASSWD}))
    assert isinstance(nothing, SudoRules)
    assert (nothing.installed, nothing.rules) == (False, ())


@pytest.mark.parametrize(
    ("path", "rights", "counts"),
    [
        ("/etc/sudoers.d/x", (0o444, 0, 5), True),
        ("/etc/sudoers.d/x", (0o460, 0, 0), True),
        ("/etc/sudoers.d/x", (0o460, 0, 5), False),
        ("/etc/sudoers.d/x", (0o446, 0, 0), False),
        ("/etc/sudoers.d/x", (0o440, 1, 0), False),
        ("/etc/sudoers.d", (0o775, 0, 0), True),
        ("/etc/sudoers.d", (0o757, 0, 0), False),
        ("/etc/sudoers.d", (0o755, 1, 0), False),
    ],
)
def test_a_file_that_others_can_change_is_none_for_sudo(tmp_path: Path, path: str, rights: tuple[int, int, int], counts: bool) -> None:
    """The outcomes are those of sudo 1.9.13; cvtsudoers goes by all of them."""
    rule = "taro ALL=NOPASSWD: /bin/b\nDefaults !use_pty\n"
    machine = Machine(tmp_path, True, {" ".join(CONVERTED): json.dumps({"User_Specs": []})})
    machine.write({"/usr/bin/sudo": "x", "/etc/sudoers": SUDOERS, "/etc/sudoers.d/x": rule})
    mode, uid, gid = rights
    (tmp_path / path[1:]).chmod(mode)
    os.chown(tmp_path / path[1:], uid, gid)
    fact = run(sudo_rules, machine)
    assert isinstance(fact, SudoRules)
    assert not isinstance(fact.settings, Unobserved)
    assert ("no" in {s.value for s in fact.settings if s.name == "use_pty"}) is counts
    assert not isinstance(fact.files, Unobserved)
    assert path in {one.path for one in fact.files}
    assert not isinstance(fact.rules, Unobserved)
    assert len(fact.rules) == (0 if counts else 2)  # of cvtsudoers, or of the files that are left


def test_a_main_file_that_others_can_change_leaves_nothing_but_its_rights(tmp_path: Path) -> None:
    machine = Machine(tmp_path, False).write({"/usr/bin/sudo": "x", "/etc/sudoers": SUDOERS})
    (tmp_path / "etc/sudoers").chmod(0o666)
    fact = run(sudo_rules, machine)
    assert isinstance(fact, SudoRules)
    assert isinstance(fact.rules, Unobserved)
    assert isinstance(fact.settings, Unobserved)
    assert not isinstance(fact.files, Unobserved)
    assert [(one.path, one.mode) for one in fact.files] == [("/etc/sudoers", 0o666)]
