"""The collector of the rules of sudo on small trees."""

from __future__ import annotations

from pathlib import Path

from scanner.facts.sudo import SudoRules
from scanner.hosts.linux.sudo import sudo_rules
from scanner.model.fact import Unobserved
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


def test_rules_that_are_not_understood_or_not_readable_are_open(tmp_path: Path) -> None:
    assert isinstance(sudo(tmp_path / "a", **{"/etc/sudoers.d/x": "what is this\n"}).rules, Unobserved)
    assert isinstance(sudo(tmp_path / "b", **{"/etc/sudoers.d/x": "@include /etc/sudoers.d/x\n"}).rules, Unobserved)
    assert isinstance(sudo(tmp_path / "c", **{"/etc/sudoers": "@include /etc/sudoers.%h\n"}).rules, Unobserved)
    nothing = run(sudo_rules, Machine(tmp_path / "d").write({"/etc/passwd": PASSWD}))
    assert isinstance(nothing, SudoRules)
    assert (nothing.installed, nothing.rules) == (False, ())
