"""The ways into the machines of a run: this machine, a mounted root, SSH, a saved configuration. Asks for passwords at the start."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from scanner.cli import console
from scanner.cli.words import usual_language
from scanner.engine.catalogue import catalogue
from scanner.hosts.config_file import ConfigMachine
from scanner.hosts.machine import LocalMachine, Machine
from scanner.ledger.entries import HostEntry
from scanner.ledger.inventory import Inventory
from scanner.model.login import Login
from scanner.model.platform import Platform
from scanner.model.target import LOCAL, Target
from scanner.model.text import Text
from scanner.net.network import Network

if TYPE_CHECKING:  # loads what SSH needs
    from scanner.hosts.ssh.sudo import Permitted

_ASK = Text(ja="{user} のパスワード（{count} 台）", en="Password of {user} ({count} hosts)")


class Ways:
    """Knows how the inventory's machines are entered; one for a run. Passwords that were asked for are kept here and nowhere else."""

    def __init__(self, inventory: Inventory, targets: Sequence[Target]) -> None:
        with_way = {entry.target: entry for entry in inventory.entries.of(HostEntry, lambda entry: entry.login or entry.config)}
        self._hosts: dict[Target, HostEntry] = {target: with_way[target] for target in targets if target in with_way}
        with_addresses = inventory.entries.of(HostEntry, lambda entry: entry.addresses)
        self._addresses = {entry.target.name: entry.addresses for entry in with_addresses}
        self._passwords = _asked([entry.login for entry in self._hosts.values() if entry.login and entry.login.ask])

    def into(self, network: Network, root: Path | None) -> Callable[[Target], Machine | None]:
        """Give what finds the way into a target, if there is one; to be called in the network's loop."""

        def machine_for(target: Target) -> Machine | None:
            if target == LOCAL:
                return LocalMachine(root)
            entry = self._hosts.get(target)
            if entry is None:
                return None
            if entry.config:
                return ConfigMachine(entry.config.platform, entry.config.file)
            return self._by_ssh(entry, network) if entry.login else None

        return machine_for

    def _by_ssh(self, entry: HostEntry, network: Network) -> Machine:
        # Loaded when it is first needed: paramiko takes a fifth of a second.
        from scanner.hosts.ssh.device import DeviceMachine  # loads what SSH needs
        from scanner.hosts.ssh.entrance import LoginEntrance
        from scanner.hosts.ssh.leave import NetworkLeave
        from scanner.hosts.ssh.machine import SshMachine

        login = entry.login
        assert login
        leave = NetworkLeave(network.view(entry.target.key), self._addresses)
        entrance = LoginEntrance(entry.target.name, login, leave, self._passwords.get(login))
        if login.terminal:
            return DeviceMachine(entrance, login.platform)
        return SshMachine(entrance, by_sudo=permitted if login.sudo else None)


@cache
def permitted() -> Permitted:
    """Give what the printed sudoers file permits, in whole: what a search by root covers follows from all collectors, planned or not."""
    from scanner.hosts.ssh.sudo import Permitted  # loads what SSH needs

    return Permitted(source for collector in catalogue().collectors_on(Platform.LINUX) for source in collector.sources)


def _asked(logins: Sequence[Login]) -> dict[Login, str]:
    """Ask for each password once, before anything else happens."""
    found: dict[Login, str] = {}
    for login in dict.fromkeys(logins):
        if not sys.stdin.isatty():
            console.refuse(
                f"{login.user}: パスワードを尋ねる端末がない / no terminal to ask for the password; use password_file, key or agent"
            )
        words = _ASK.fill({"user": login.user, "count": logins.count(login)})
        found[login] = typer.prompt(usual_language().of(words), hide_input=True, err=True)
    return found
