"""Facts about database servers on a machine: their own configuration, and their accounts where the server tells them without a password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import Audience, FileRights
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class Entrance:
    """One rule by which connections get in; rules that nothing can reach are left out."""

    place: str
    """File and line."""
    who: Audience
    """``ITSELF``: the machine alone."""
    socket: bool
    """By a socket of the machine, not by the network."""
    clear: bool
    """Connections without encryption are taken."""
    encrypted: bool
    method: str
    """How the account is proved, in the program's own word: ``trust``, ``md5``, ``scram-sha-256``, ``peer`` …"""
    superuser: str
    """What the rule says of the account that the server was made with: ``named``, ``all`` (it is among all accounts, or may be in a
    group or pattern), or empty where it does not concern it or an earlier rule settles it."""


@dataclass(frozen=True, slots=True)
class DatabaseAccount:
    """One account of a server; of its password only the form."""

    name: str
    """Empty for an anonymous one."""
    host: str
    """From where it may connect, in MariaDB's words; empty where rules outside the account tell."""
    administers: bool
    """Whether it may do everything, or take the rights to do so."""
    login: bool
    """Whether it can log in at all."""
    password: str | None
    """The form in which its password is kept, or the method by which it proves itself, in the program's own word; ``None``: no password."""


@dataclass(frozen=True, slots=True)
class DatabaseServer:
    """One server. A part is ``None`` where the program has no such thing."""

    name: str
    """``postgresql 15/main``, ``mariadb``, ``mysql``."""
    version: str | Unobserved
    running: bool | Unobserved | None
    starts: bool | Unobserved
    applied: Unobserved | None
    """Why the files may not be what it goes by now: they are newer than the running program."""
    source: str
    listens: Audience | Unobserved
    """``NOBODY``: no TCP; ``ITSELF``: the loopback; ``SOME``: addresses that are named; ``EVERYBODY``: every address of the machine."""
    entrances: tuple[Entrance, ...] | Unobserved | None
    """``None``: who may connect is kept in the database itself, and was not told."""
    accounts: tuple[DatabaseAccount, ...] | Unobserved
    """None at all: the program knows no accounts."""
    unguarded: bool | Unobserved
    """Whether it is started without any check of accounts (``skip-grant-tables``)."""
    superuser: str | Unobserved | None
    """The account that the server was made with."""
    tls: bool | Unobserved
    tls_required: bool | Unobserved | None
    """Whether a setting refuses all connections from the network in clear text; ``None``: the entrances tell."""
    tls_least: str | Unobserved
    """The oldest TLS version that it speaks: ``TLSv1.2``."""
    password_form: str | Unobserved | None
    """The form in which new passwords are kept: ``md5``, ``scram-sha-256``."""
    logs_connections: bool | Unobserved | None
    """Whether the log says who connects."""
    logs_statements: bool | Unobserved | None
    """Whether changes at least are logged, for all accounts."""
    names_users: bool | Unobserved | None
    """Whether lines about statements say whose they are."""
    reads_client_files: bool | Unobserved | None
    """Whether clients may be asked for files of theirs (``local_infile``)."""
    file_directory: str | Unobserved | None
    """Where statements may read and write files on the machine: a directory, ``NULL`` for nowhere, empty for anywhere."""
    account: str | Unobserved
    """The account it runs as."""
    data: tuple[FileRights, ...] | Unobserved | None
    """Rights of the directory of the data; ``None``: it keeps nothing on disk."""


@dataclass(frozen=True, slots=True)
class DatabaseConfiguration(Fact):
    """Every database server on a machine that is known here, memories of pairs among them (Redis, memcached); empty where there is none."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    servers: tuple[DatabaseServer, ...]
    unseen: Unobserved | None
    """Why there may be more servers than these."""
