"""How a machine is logged in to, as values. The ledger reads them, ``scanner.hosts.ssh`` uses them.

No secret stands here, only where one is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.model.platform import DEVICES, Platform


@unique
class Way(StrEnum):
    """Which program logs in. ``auto``: paramiko, and OpenSSH where paramiko and the server have no algorithm in common."""

    AUTO = "auto"
    PARAMIKO = "paramiko"
    OPENSSH = "openssh"


@dataclass(frozen=True, slots=True)
class Jump:
    """A host that is passed on the way. An empty user is that of the login."""

    host: str
    port: int = 22
    user: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """An account on a machine and how it proves itself; paths are files of the scanner's machine.

    ``ask``: the password is asked for at the start.
    """

    user: str
    port: int = 22
    key: str = ""
    certificate: str = ""
    password_file: str = ""
    ask: bool = False
    agent: bool = False
    jump: tuple[Jump, ...] = ()
    known_hosts: str = ""
    transport: Way = Way.AUTO
    sudo: bool = False
    platform: Platform = Platform.LINUX

    @property
    def terminal(self) -> bool:
        """Whether the far side is a command line for people, which wants a terminal; elsewhere ``sh`` is started without one."""
        return self.platform in DEVICES


@dataclass(frozen=True, slots=True)
class SavedConfig:
    """A network device's configuration as saved in a file of the scanner's machine."""

    platform: Platform
    file: str
