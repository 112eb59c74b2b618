"""Accounts of a running MySQL: what its tables come to, held against what the accounts can do. The server is Ubuntu's, run by chroot."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from scanner.facts.database_configuration import DatabaseAccount, DatabaseConfiguration, DatabaseServer
from scanner.facts.readings import Audience
from scanner.hosts.linux.database_accounts import MYSQL_USERS
from scanner.hosts.linux.database_programs import database_configuration
from scanner.model.fact import Unobserved
from tests.lab.hosts.lab import why_not
from tests.lab.hosts.trees import ROOT
from tests.lab.needed import need_lab
from tests.unit.host_trees import Machine, running

pytestmark = pytest.mark.lab
TREE = ROOT / "build" / "mysql"
SMALL = "--innodb-buffer-pool-size=8M --innodb-redo-log-capacity=16M --skip-log-bin --skip-networking --mysqlx=OFF --partial-revokes=ON"
WHERE = "--no-defaults --user=root --datadir=/tmp/data --socket=/tmp/sock --pid-file=/tmp/pid --tmpdir=/tmp --secure-file-priv=NULL"
SECONDS = 60
SECRET = "Own-secret-1"
PEOPLE = ("chief", "maker", "writer", "granter", "definer", "stand_in", "second", "keeper", "clerk", "limited", "schemer")
SQL = f"""install plugin auth_socket soname 'auth_socket.so';
create database own; create table own.t (a int);
{" ".join(f"create user {name}@localhost identified by '{SECRET}';" for name in PEOPLE)}
grant all on *.* to chief@localhost; grant create user on *.* to maker@localhost; grant execute on own.* to maker@localhost;
grant insert, update on *.* to writer@localhost;
grant role_admin on *.* to granter@localhost; grant set_user_id on *.* to definer@localhost; grant all on own.* to definer@localhost;
create role deputies, heads; grant create user on *.* to heads; grant heads to deputies; grant deputies to stand_in@localhost;
grant maker@localhost to second@localhost; grant system_user, select on *.* to keeper@localhost; grant all on own.* to clerk@localhost;
grant insert, update on *.* to limited@localhost; revoke insert, update on mysql.* from limited@localhost;
grant update on mysql.user to schemer@localhost;
create user web@'10.78.0.%' identified by '{SECRET}' require ssl; create user old@'%' identified with mysql_native_password by '{SECRET}';
create user bare@'%' identified with caching_sha2_password; create user shut@'%' identified by '{SECRET}' account lock;
alter user root@localhost identified with auth_socket;
"""


@dataclass(frozen=True)
class Running:
    """A server that runs, by the number of its process: its files lie in memory, in a mount namespace of its own."""

    process: int

    def ask(self, statements: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run statements by MySQL's own client; ``words`` before them."""
        client = ("/usr/bin/mysql", "--no-defaults", "--socket=/tmp/sock", *words, "-BNre", statements)
        argv = ["nsenter", "-t", str(self.process), "--mount", "--root", *client]
        return subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=SECONDS)


@pytest.fixture(scope="module")
def mysql(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with the accounts above."""
    need_lab(request.config, why_not() or (None if TREE.is_dir() else "no MySQL: run .ci/mysql"))
    room = tmp_path_factory.mktemp("mysql")
    (room / "sql").write_text(SQL.replace(";\n", ";").replace(";", ";\n"))  # one statement a line
    tree, sql = shlex.quote(str(TREE)), shlex.quote(str(room / "sql"))
    start = f"chroot {tree} /usr/sbin/mysqld {WHERE} {SMALL}"
    line = f"mount -t tmpfs tmpfs {tree}/tmp; cp {sql} {tree}/tmp/sql; {start} --initialize-insecure; exec {start} --init-file=/tmp/sql"
    with (room / "log").open("wb") as log, subprocess.Popen(["unshare", "--mount", "sh", "-ec", line], stderr=log) as process:
        try:
            until = time.monotonic() + SECONDS
            while (said := Running(process.pid).ask("select 1")).returncode:
                assert process.poll() is None, (room / "log").read_text()[-2000:]
                assert time.monotonic() < until, said.stderr
                time.sleep(0.1)
            yield Running(process.pid)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def fact(mysql: Running, tmp_path_factory: pytest.TempPathFactory) -> DatabaseServer:
    """What is made of the server's answer, as a machine would give it."""
    *_, query = MYSQL_USERS.argv
    said = mysql.ask(query)
    assert said.returncode == 0, said.stderr
    version = subprocess.run(["chroot", TREE, "/usr/sbin/mysqld", "--version"], capture_output=True, text=True, check=True).stdout
    machine = Machine(
        tmp_path_factory.mktemp("machine"), commands={" ".join(MYSQL_USERS.argv): said.stdout, "/usr/sbin/mysqld --version": version}
    )
    machine.write(
        {"/usr/sbin/mysqld": "", "/etc/mysql/my.cnf": "", "/etc/passwd": "root:x:0:0::/:/bin/sh\n", "/proc/2/cmdline": "mysqld\0"}
    )
    running(machine, mysqld=1_800_000_000)
    found = database_configuration.run(machine)
    assert isinstance(found, DatabaseConfiguration)
    (one,) = found.servers
    assert SECRET not in repr(found)
    assert "$A$" not in repr(found)
    return one


def accounts(fact: DatabaseServer) -> dict[str, DatabaseAccount]:
    assert not isinstance(fact.accounts, Unobserved), fact.accounts
    return {one.name: one for one in fact.accounts}


def test_accounts_and_their_ways_in(fact: DatabaseServer) -> None:
    known = accounts(fact)
    forms = {
        name: (known[name].login, known[name].password) for name in ("root", "clerk", "old", "bare", "shut", "deputies", "mysql.session")
    }
    assert forms == {
        "root": (True, "auth_socket"),
        "clerk": (True, "caching_sha2_password"),
        "old": (True, "mysql_native_password"),
        "bare": (True, None),
        "shut": (False, None),
        "deputies": (False, None),
        "mysql.session": (False, None),
    }
    assert isinstance(fact.entrances, tuple)
    ways = {one.place: (one.who, one.clear, one.method) for one in fact.entrances if not one.socket}
    assert ways == {
        "web@10.78.0.%": (Audience.SOME, False, "caching_sha2_password"),
        "old@%": (Audience.EVERYBODY, True, "mysql_native_password"),
        "bare@%": (Audience.EVERYBODY, True, "none"),
    }
    assert [one.superuser for one in fact.entrances if one.place == "root@localhost"] == ["named"]


NEW = "create user x@localhost; drop user x@localhost"
WRITE = "update mysql.user set password_expired = 'N'"
AS_MAKER = "create definer = maker@localhost procedure own.p() create user y@localhost; call own.p()"
AS_CHIEF = "create definer = chief@localhost procedure own.q() select 1"


@pytest.mark.parametrize(
    ("name", "statements", "administers"),
    [
        ("chief", NEW, True),
        ("maker", NEW, True),
        ("writer", WRITE, True),
        ("schemer", WRITE, True),
        ("granter", "grant heads to granter@localhost; set role heads; " + NEW, True),
        ("definer", AS_MAKER, True),
        ("stand_in", "set role all; " + NEW, True),
        ("second", "set role all; " + NEW, True),
        ("keeper", "set role all; " + NEW, False),
        ("clerk", "set role all; " + NEW, False),
        ("limited", WRITE, False),
    ],
)
def test_who_administers_is_who_can(mysql: Running, fact: DatabaseServer, name: str, statements: str, administers: bool) -> None:
    assert accounts(fact)[name].administers is administers
    done = mysql.ask(statements, "-u", name, f"-p{SECRET}")
    assert (done.returncode == 0) is administers, done.stderr


def test_whom_a_shield_protects(mysql: Running) -> None:
    """chief has all rights, SYSTEM_USER among them: without it nobody acts as chief."""
    assert "SYSTEM_USER" in mysql.ask(AS_CHIEF, "-u", "definer", f"-p{SECRET}").stderr
