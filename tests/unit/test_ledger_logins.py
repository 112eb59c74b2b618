"""The ways into machines as the inventory writes them, and every mistake in them."""

from __future__ import annotations

from textwrap import dedent

import pytest

from scanner.ledger.entries import HostEntry
from scanner.ledger.inventory_file import parse_inventory
from scanner.ledger.yamlfile import BadLedger
from scanner.model.login import Jump, Login, SavedConfig, Way
from scanner.model.platform import Platform

LISTED = """
logins:
  audit: {user: audit, key: keys/id, known_hosts: /etc/tenken/known_hosts, sudo: true}
hosts:
  - {name: www.example.lg.jp, login: audit}
  - name: db.example.lg.jp
    login:
      user: audit
      port: 2222
      key: ~/.ssh/id
      certificate: ~/.ssh/id-cert.pub
      agent: true
      password_file: /run/secrets/audit
      jump: [jump.example.lg.jp, "ops@[2001:db8::1]:2200"]
      transport: openssh
      platform: junos
  - {name: sw1.example.lg.jp, config: {platform: ios, file: saved/sw1.txt}}
  - plain.example.lg.jp
"""


def entry(name: str, content: str = LISTED) -> HostEntry:
    found = parse_inventory("/srv/ledger/inventory.yaml", content).entries[f"host:{name}"]
    assert isinstance(found, HostEntry)
    return found


def test_a_login_is_read_with_paths_from_the_ledgers_own_place() -> None:
    assert entry("www.example.lg.jp").login == Login(
        "audit", key="/srv/ledger/keys/id", known_hosts="/etc/tenken/known_hosts", sudo=True, platform=Platform.LINUX
    )
    assert entry("db.example.lg.jp").login == Login(
        "audit",
        port=2222,
        key="~/.ssh/id",
        certificate="~/.ssh/id-cert.pub",
        agent=True,
        password_file="/run/secrets/audit",
        jump=(Jump("jump.example.lg.jp"), Jump("2001:db8::1", 2200, "ops")),
        transport=Way.OPENSSH,
        platform=Platform.JUNOS,
    )
    assert entry("sw1.example.lg.jp").config == SavedConfig(Platform.IOS, "/srv/ledger/saved/sw1.txt")
    assert (entry("plain.example.lg.jp").login, entry("plain.example.lg.jp").config) == (None, None)


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ("login: audti", "'audti' is not under logins (did you mean audit?)"),
        ("login: {key: k}", "'user' is missing"),
        ("login: {user: audit}", "nothing says what to log in with"),
        ("login: {user: -oProxyCommand=x, key: k}", "is not the name of an account"),
        ("login: {user: a, certificate: c, agent: true}", "a certificate needs its key"),
        ("login: {user: a, ask: true, password_file: f}", "either password_file or ask"),
        ("login: {user: a, key: k, port: 0}", "must be at least 1"),
        ("login: {user: a, key: k, jump: ['a b']}", "is not a jump host"),
        ("login: {user: a, key: k, jump: ['a:99999']}", "is not a jump host"),
        ("login: {user: a, key: k, transport: paramico}", "(did you mean paramiko?)"),
        ("login: {user: a, key: k, platform: windows}", "is none of"),
        ("login: {user: a, kye: k}", "(did you mean key?)"),
        ("login: {user: a, password: secret}", "there is no key 'password' here"),
        ("login: [a]", "must be of the form"),
        ("config: {platform: ios}", "'file' is missing"),
        ("config: {platform: linux, file: f}", "is none of"),
        ("config: {platform: ios, file: f}, login: audit", "either login or config"),
    ],
)
def test_mistakes_are_told_with_their_place(login: str, words: str) -> None:
    content = dedent(
        """\
        logins:
          audit: {user: audit, key: k}
        hosts:
          - {name: www.example.lg.jp, LOGIN}
        """
    ).replace("LOGIN", login)
    with pytest.raises(BadLedger) as told:
        parse_inventory("f", content)
    said = [problem.text.en for problem in told.value.problems]
    assert any(words in line and line.startswith("f:4:") for line in said), said


def test_a_login_that_no_host_uses_is_checked_too() -> None:
    with pytest.raises(BadLedger, match=r"logins\.x"):
        parse_inventory("f", "logins: {x: {user: audit}}\nhosts: [a.example.jp]\n")
