"""How the SSH server of a machine is set up, seen from within: its settings, its key files, who may log in with which keys.

Settings stand by their keywords and values as ``sshd -T`` prints them. Keys are named by type and length, never given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import FileRights
from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class SshValue:
    """A keyword in lower case and its values in order; a list with commas is one value each."""

    keyword: str
    values: tuple[str, ...] | Unobserved


@dataclass(frozen=True, slots=True)
class SshSetup:
    """What holds for one kind of connection: ``match`` is empty for everybody, or the criteria of the block of lines that makes it apart.

    ``user`` is who was asked for; empty where the settings hold for whoever it is.
    """

    match: str
    user: str
    values: tuple[SshValue, ...] | Unobserved

    def get(self, keyword: str) -> tuple[str, ...] | Unobserved:
        """Give a keyword's values; empty where the program does not know it."""
        if isinstance(self.values, Unobserved):
            return self.values
        return next((v.values for v in self.values if v.keyword == keyword), ())


@dataclass(frozen=True, slots=True)
class SshServer(Fact):
    """The server's settings after its next start, and whether the running one has read the files as they are.

    ``used`` tells whether it runs or starts with the machine. ``from_files``: the program could not be asked, so that settings which
    depend on its build are unobserved. ``applied`` is ``None`` where it does not run.
    """

    of: ClassVar[Kind] = Kind.MACHINE

    installed: bool | Unobserved
    used: bool | Unobserved
    version: str
    from_files: bool
    setups: tuple[SshSetup, ...] | Unobserved
    applied: bool | Unobserved | None


@dataclass(frozen=True, slots=True)
class AuthorizedKey:
    """A key that opens an account: its type, its length in bits (0: not known) and the names of its options."""

    type: str
    bits: int
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuthorizedKeys:
    """A file of keys that open an account. ``writers`` are the rights of the file and of the directories above it, up to the home."""

    account: str
    path: str
    uid: int
    keys: tuple[AuthorizedKey, ...] | Unobserved
    writers: tuple[FileRights, ...]


@dataclass(frozen=True, slots=True)
class SshKeyFiles(Fact):
    """The key files of the SSH server: its own secret keys, and the keys that open accounts."""

    of: ClassVar[Kind] = Kind.MACHINE

    host_keys: tuple[FileRights, ...] | Unobserved
    key_group: int | None
    """The number of the group that the Red Hat family lets read host keys (``ssh_keys``), where there is one."""
    authorized: tuple[AuthorizedKeys, ...] | Unobserved
    elsewhere: tuple[str, ...]
    """Places and commands named by the settings where keys may stand that were not looked at."""
