"""Every file of a database or directory server may be a pipe, junk, far too large or closed: nothing breaks or reads as absent."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from scanner import codec
from scanner.facts.database_configuration import DatabaseConfiguration
from scanner.facts.directory_configuration import DirectoryConfiguration
from scanner.hosts.linux.database_accounts import ROLES, USERS
from scanner.hosts.linux.database_programs import database_configuration
from scanner.hosts.linux.directory_programs import directory_configuration
from scanner.hosts.machine import AnyCollector
from scanner.model.fact import Fact, Unobserved
from scanner.model.reason import Reason
from tests.unit.host_trees import Machine, Spy, running
from tests.unit.test_hosts_hostile import HOSTILE, look

COLLECTORS = (database_configuration, directory_configuration)
ETC, DATA, LDAP = "/etc/postgresql/16/main", "/var/lib/postgresql/16/main", "/etc/ldap/slapd.d"
SAID = {
    "/usr/sbin/mariadbd --version": "mariadbd  Ver 10.11.6-MariaDB for debian-linux-gnu on x86_64 (Debian 12)\n",
    " ".join(ROLES[5432].argv): f'{{"home": "{DATA}", "roles": []}}',
    "redis-server --version": "Redis server v=7.0.15 sha=0:0\n",
    "memcached -V": "memcached 1.6.18\n",
    " ".join(USERS.argv): '{"user": "root", "host": "localhost", "plugin": "unix_socket"}',
}
FILES = {
    "/etc/passwd": "root:x:0:0::/root:/bin/sh\n",
    "/usr/lib/postgresql/16/bin/postgres": "",
    f"{ETC}/postgresql.conf": f"data_directory = '{DATA}'\nhba_file = '{ETC}/pg_hba.conf'\ninclude_dir 'conf.d'\n",
    f"{ETC}/conf.d/own.conf": "ssl = on\n",
    f"{ETC}/start.conf": "auto\n",
    f"{ETC}/pg_hba.conf": "include_dir hba.d\nhost all @people 0.0.0.0/0 md5\n",
    f"{ETC}/hba.d/one.conf": "local all all peer\n",
    f"{ETC}/people": "eve\n",
    f"{DATA}/postgresql.auto.conf": "log_connections = on\n",
    f"{DATA}/postmaster.pid": "3\n/\n1700000100\n",
    f"{DATA}/postmaster.opts": f'postgres "-D" "{DATA}"\n',
    "/usr/bin/postgres": "",
    "/var/lib/pgsql/data/PG_VERSION": "13\n",
    "/var/lib/pgsql/data/postgresql.conf": "ssl = off\n",
    "/var/lib/pgsql/data/pg_hba.conf": "local all all trust\n",
    "/usr/sbin/mariadbd": "",
    "/etc/mysql/my.cnf": "!includedir /etc/mysql/conf.d\n!include /etc/mysql/more.cnf\n",
    "/etc/mysql/conf.d/own.cnf": "[mariadbd-10.11]\nbind-address=127.0.0.1\n",
    "/etc/mysql/more.cnf": "[mysqld]\nlocal-infile=0\n",
    "/etc/my.cnf": "[mysqld]\n",
    "/var/lib/mysql/ibdata1": "",
    "/usr/bin/redis-server": "",
    "/etc/redis/redis.conf": "include /etc/redis/m*.conf\naclfile /etc/redis/users.acl\n",
    "/etc/redis/more.conf": "bind 127.0.0.1\n",
    "/etc/redis/users.acl": "user default on nopass +@all\n",
    "/var/lib/redis/dump.rdb": "",
    "/usr/bin/memcached": "",
    "/etc/memcached.conf": "-l 127.0.0.1\n",
    "/usr/sbin/slapd": "",
    "/etc/default/slapd": 'SLAPD_SERVICES="ldap:///"\n',
    f"{LDAP}/cn=config.ldif": "dn: cn=config\nobjectClass: olcGlobal\n",
    f"{LDAP}/cn=config/olcDatabase={{1}}mdb.ldif": "dn: olcDatabase={1}mdb\nolcSuffix: dc=x\nolcDbDirectory: /var/lib/ldap\nolcRootPW: x\n",
    f"{LDAP}/cn=config/olcDatabase={{1}}mdb/olcOverlay={{0}}ppolicy.ldif": "dn: olcOverlay={0}ppolicy\nolcPPolicyDefault: cn=x\n",
    "/var/lib/ldap/data.mdb": "",
    "/lib/systemd/system/postgresql.service": "",
    "/etc/systemd/system/multi-user.target.wants/postgresql.service": "",
}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One machine with everything for all tests of the module; each puts back what it changed."""
    made = Machine(tmp_path_factory.mktemp("databases")).write(FILES)
    running(made, mariadbd=1_700_000_100, postgres=1_700_000_100, slapd=1_700_000_100)
    made.write({"/proc/2/cmdline": "mariadbd\0", "/proc/4/cmdline": "slapd\0-h\0ldap:///\0-F\0" + LDAP + "\0"})
    return made.root


def spy(room: Path) -> Spy:
    return Spy(room, commands=SAID)


def asked_by(room: Path, collector: AnyCollector) -> list[str]:
    """The paths below which a collector looks and finds something."""
    read = spy(room)
    assert isinstance(look(read, collector), Fact)
    return sorted(path for path in read.asked if (room / path.lstrip("/")).exists() and path != "/")


def test_the_machine_has_something_of_everything(room: Path) -> None:
    databases = look(spy(room), database_configuration)
    assert isinstance(databases, DatabaseConfiguration)
    assert [(one.name, one.running) for one in databases.servers] == [
        ("postgresql 16/main", True),
        ("postgresql", False),
        ("mariadb", True),
        ("redis", False),
        ("memcached", False),
    ]
    directories = look(spy(room), directory_configuration)
    assert isinstance(directories, DirectoryConfiguration)
    assert not isinstance(directories.servers, Unobserved)
    assert [isinstance(one.directories, tuple) for one in directories.servers] == [True]
    assert b"access-denied" not in codec.canonical(codec.fact_out(databases))


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda c: c.name)
@pytest.mark.parametrize("spoil", HOSTILE, ids=lambda f: f.__name__)
def test_a_hostile_file_never_breaks_a_collector(room: Path, collector: AnyCollector, spoil: Callable[[Path], None]) -> None:
    for path in asked_by(room, collector):
        place, aside = room / path.lstrip("/"), room.parent / "aside-databases"
        place.rename(aside)
        try:
            spoil(place)
            assert isinstance(look(spy(room), collector), Fact | Reason)
        finally:
            shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()
            aside.rename(place)


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda c: c.name)
def test_a_path_without_rights_is_never_taken_for_absent(room: Path, collector: AnyCollector) -> None:
    whole = look(spy(room), collector)
    for path in asked_by(room, collector):
        read = spy(room)
        read.deny = path
        seen = look(read, collector)
        said = seen is Reason.ACCESS_DENIED or (isinstance(seen, Fact) and b'"access-denied"' in codec.canonical(codec.fact_out(seen)))
        assert seen == whole or said, path


def test_an_empty_root_is_seen_without_trouble(tmp_path: Path) -> None:
    for live in (False, True):
        for see in (partial(look, Machine(tmp_path, live), collector) for collector in COLLECTORS):
            assert isinstance(see(), Fact)
