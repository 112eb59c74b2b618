"""The way into one machine: asks leave for every hop, and chooses between paramiko and OpenSSH."""

from __future__ import annotations

from typing import Protocol

from scanner.hosts.ssh.by_paramiko import ParamikoShell
from scanner.hosts.ssh.secretfile import password_of
from scanner.hosts.ssh.shell import Hop, NoCommonAlgorithm, Route, Shell
from scanner.model.login import Login, Way
from scanner.model.reason import CannotObserve, Reason


class Leave(Protocol):
    """Whoever allows connections: the scope guard and the turns of a run, or nobody in a test."""

    def take(self, name: str, port: int, until: float) -> str:
        """Give the address of a host that may be connected to now. Raises ``CannotObserve``."""
        ...


class LoginEntrance:
    """An ``Entrance`` by an inventory's login. ``password`` is the one that was asked for at the start, if any was."""

    def __init__(self, name: str, login: Login, leave: Leave, password: str | None = None) -> None:
        self._name = name
        self._login = login
        self._leave = leave
        self._password = password
        self._shell: Shell | None = None
        self._stopped = False

    @property
    def name(self) -> str:
        """The host's name."""
        return self._name

    def open(self, until: float) -> tuple[Shell, str]:
        """See ``Entrance.open``."""
        login = self._login
        places = [(jump.host, jump.port, jump.user or login.user) for jump in login.jump]
        places.append((self._name, login.port, login.user))
        password = password_of(login.password_file) if login.password_file else self._password
        hops = tuple(Hop(name, self._leave.take(name, port, until), port, user) for name, port, user in places)
        route = Route(hops, login, password)
        if login.transport is Way.OPENSSH:
            return self._by_openssh(route, until), ""
        try:
            return self._by_paramiko(route, until), ""
        except NoCommonAlgorithm as why:
            if login.transport is Way.PARAMIKO:
                raise CannotObserve(Reason.UNSUPPORTED, f"paramiko: {why}; 'transport: openssh' may do") from why
            return self._by_openssh(route, until), f"by OpenSSH, because paramiko has no algorithm in common with the server: {why}"

    def stop(self) -> None:
        """See ``Entrance.stop``."""
        self._stopped = True
        if self._shell:
            self._shell.close()

    def _by_paramiko(self, route: Route, until: float) -> Shell:
        shell = ParamikoShell()
        self._shell = shell
        try:
            self._check()
            shell.open(route, until)
        except BaseException:
            shell.close()
            raise
        return shell

    def _by_openssh(self, route: Route, until: float) -> Shell:
        from scanner.hosts.ssh.by_openssh import open_by_openssh  # seldom needed

        self._check()
        shell = open_by_openssh(route, until)
        self._shell = shell
        if self._stopped:
            shell.close()
        self._check()
        return shell

    def _check(self) -> None:
        if self._stopped:
            raise CannotObserve(Reason.BUDGET_SPENT, f"{self._name}: stopped")
