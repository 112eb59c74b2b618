"""A login from a thread is asked leave for in the run's loop: scope, addresses, turns; and how the inventory's hosts find their way in."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scanner.cli.ways import Ways
from scanner.facts.accounts import Accounts
from scanner.hosts.config_file import ConfigMachine, ConfigReader
from scanner.hosts.ssh.leave import NetworkLeave
from scanner.ledger.inventory_file import parse_inventory
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import LOCAL, Host, Target
from scanner.net.network import Network, Settings

LEDGER = """
hosts:
  - {name: www.example.jp, addresses: [192.0.2.1, 192.0.2.2], login: {user: audit, agent: true, jump: [jump.example.jp]}}
  - {name: 192.0.2.9, login: {user: audit, agent: true}}
  - {name: sw1.example.jp, config: {platform: ios, file: FILE}}
  - {name: fw1.example.jp, login: {user: audit, agent: true, platform: fortios}}
  - plain.example.jp
scope:
  approved_by: 部長
  allow: [{network: 192.0.2.2/32}, {network: 192.0.2.9/32}]
"""


def taken(*asked: tuple[str, int]) -> list[str | Reason]:
    """Ask in a thread, as a login does."""

    async def run() -> list[str | Reason]:
        inventory = parse_inventory("f", LEDGER)
        async with Network(Settings(scope=inventory.permissions.scope)) as network:
            leave = NetworkLeave(network.view("host:www.example.jp"), {"www.example.jp": ("192.0.2.1", "192.0.2.2"), "two.example.jp": ()})

            def ask() -> list[str | Reason]:
                found: list[str | Reason] = []
                for name, port in asked:
                    try:
                        found.append(leave.take(name, port, time.monotonic() + 5))
                    except CannotObserve as why:
                        found.append(why.reason)
                return found

            with ThreadPoolExecutor(1) as thread:
                return await asyncio.get_running_loop().run_in_executor(thread, ask)

    return asyncio.run(run())


def test_the_scope_decides_on_every_hop() -> None:
    asked = [("www.example.jp", 22), ("192.0.2.9", 2222), ("192.0.2.77", 22)]
    assert taken(*asked) == ["192.0.2.2", "192.0.2.9", Reason.OUT_OF_SCOPE]


def test_hosts_find_their_way_in(tmp_path: Path) -> None:
    saved = tmp_path / "sw1.txt"
    saved.write_bytes(b"hostname sw1\n")
    inventory = parse_inventory("f", LEDGER.replace("FILE", str(saved)))
    targets: list[Target] = [
        Host("www.example.jp"),
        Host("192.0.2.9"),
        Host("sw1.example.jp"),
        Host("fw1.example.jp"),
        Host("plain.example.jp"),
        LOCAL,
    ]

    async def run() -> list[Platform | None]:
        async with Network(Settings()) as network:
            into = Ways(inventory, targets).into(network, None)
            return [machine.platform if (machine := into(target)) else None for target in targets]

    assert asyncio.run(run()) == [Platform.LINUX, Platform.LINUX, Platform.IOS, Platform.FORTIOS, None, Platform.LINUX]


def test_a_saved_configuration_is_read_or_told_why_not(tmp_path: Path) -> None:
    saved = tmp_path / "sw1.txt"
    saved.write_bytes(b"hostname sw1\n")
    read = ConfigReader({"running-config": b"hostname sw1\n"}, live=False)
    assert read.file("running-config") == b"hostname sw1\n"
    with pytest.raises(CannotObserve) as told:
        read.file("startup-config")
    assert told.value.reason is Reason.UNSUPPORTED
    collector = type("Collector", (), {"makes": Accounts})
    for path, reason in ((tmp_path / "none", Reason.NOT_DECLARED), (tmp_path, Reason.UNSUPPORTED)):
        machine = ConfigMachine(Platform.IOS, str(path))
        seen = machine.see(lambda: [collector], lambda: "now", 1)[Accounts]  # type: ignore[list-item]  # only what it makes is asked
        assert getattr(seen, "reason", None) is reason
