"""The ways into machines as people write them: accounts to log in with, and saved configurations of network devices.

Nothing here opens a file that is named, and no secret stands in the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from scanner.ledger.words import AN_IDENTIFIER, host, identifier
from scanner.model.login import Jump, Login, SavedConfig, Way
from scanner.model.platform import DEVICES, Platform
from scanner.model.problem import say
from scanner.model.text import Text
from scanner.model.yamlfields import Fields

AN_ACCOUNT = Text(ja="アカウントの名前", en="the name of an account")
A_JUMP = Text(
    ja="踏み台（jump.example.lg.jp、user@jump.example.lg.jp:2222 の形）",
    en="a jump host such as jump.example.lg.jp or user@jump.example.lg.jp:2222",
)
MOST_JUMPS = 8
LOGIN_PLATFORMS = {platform.value: platform for platform in (Platform.LINUX, *sorted(DEVICES))}
CONFIG_PLATFORMS = {platform.value: platform for platform in sorted(DEVICES)}
_WAYS = {way.value: way for way in Way}
_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@\\+-]{0,63}\Z")
_JUMP = re.compile(r"(?:(?P<user>[^@]+)@)?(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^\[\]:@/]+))(?::(?P<port>[0-9]{1,5}))?\Z")


def read_logins(top: Fields) -> Mapping[str, Login]:
    """Read the section ``logins``: logins by name, for hosts that share them."""
    found: dict[str, Login] = {}
    table = top.table("logins")
    if table is None:
        return found
    for name, item in table.rest():
        try:
            identifier(name)
        except ValueError:
            wanted = AN_IDENTIFIER
            item.note(say("「{name}」は{in_ja}ではない", "'{name}' is not {in_en}", name=name, in_ja=wanted.ja, in_en=wanted.en))
        row = item.table()
        if row is not None:
            found[name] = _login(row)
    return found


def read_login(row: Fields, logins: Mapping[str, Login]) -> Login | None:
    """Read a host's ``login``: a mapping, or the name of one under ``logins``."""
    item = row.item("login")
    if item is None:
        return None
    if item.is_table or item.is_list:
        table = item.table()
        return _login(table) if table else None
    name = item.text()
    if name is None:
        return None
    if name not in logins:
        item.unknown(say("「{name}」は logins にない", "'{name}' is not under logins", name=name), name, logins)
        return None
    return logins[name]


def read_config(row: Fields) -> SavedConfig | None:
    """Read a host's ``config``."""
    table = row.table("config")
    if table is None:
        return None
    config = SavedConfig(table.choice("platform", CONFIG_PLATFORMS), _place(table, "file", required=True))
    table.done()
    return config


def _login(table: Fields) -> Login:
    login = Login(
        user=table.parsed("user", _account, AN_ACCOUNT, "", required=True),
        port=table.whole("port", 22, least=1, most=65535),
        key=_place(table, "key"),
        certificate=_place(table, "certificate"),
        password_file=_place(table, "password_file"),
        ask=table.flag("ask", False),
        agent=table.flag("agent", False),
        jump=table.several("jump", _jump, A_JUMP),
        known_hosts=_place(table, "known_hosts"),
        transport=table.choice("transport", _WAYS, Way.AUTO),
        sudo=table.flag("sudo", False),
        platform=table.choice("platform", LOGIN_PLATFORMS, Platform.LINUX),
    )
    if not (login.key or login.password_file or login.ask or login.agent):
        table.note(
            say(
                "何でログインするかがない。key・agent・password_file・ask のどれかを書く",
                "nothing says what to log in with; write key, agent, password_file or ask",
            )
        )
    if login.certificate and not login.key:
        table.note(say("certificate には key が要る", "a certificate needs its key"), key="certificate")
    if login.password_file and login.ask:
        table.note(say("password_file と ask は一方だけ書く", "write either password_file or ask, not both"), key="ask")
    if len(login.jump) > MOST_JUMPS:
        table.note(say("踏み台が多すぎる（上限は {limit}）", "too many jump hosts (the limit is {limit})", limit=MOST_JUMPS), key="jump")
    table.done()
    return replace(login, jump=login.jump[:MOST_JUMPS])


def _account(text: str) -> str:
    if not _ACCOUNT.match(text):
        raise ValueError(text)
    return text


def _jump(text: str) -> Jump:
    found = _JUMP.match(text)
    if not found or not 0 < int(found["port"] or 22) < 65536:
        raise ValueError(text)
    return Jump(host(found["six"] or found["host"]), int(found["port"] or 22), _account(found["user"]) if found["user"] else "")


def _place(table: Fields, key: str, *, required: bool = False) -> str:
    """Read the path of a file; one that is relative begins where the ledger's file stands."""
    text = table.text(key) if required else table.text(key, "")
    if not text or text.startswith(("/", "~")):
        return text
    return str(Path(table.problems.file).parent / text)
