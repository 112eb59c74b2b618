"""What is read of database and directory servers, held against what they say themselves, and seen over SSH as from within."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from scanner.facts.database_configuration import DatabaseConfiguration
from scanner.facts.directory_configuration import DirectoryConfiguration, Shown
from scanner.facts.readings import Audience
from scanner.hosts.linux.database_programs import database_configuration
from scanner.hosts.linux.directory_programs import directory_configuration
from scanner.hosts.ssh import sudo
from scanner.hosts.ssh.session import ROUNDS
from scanner.model.fact import Observed, Unobserved
from tests.lab.hosts.lab import HostsLab, Machine
from tests.lab.hosts.test_ssh import Place

pytestmark = pytest.mark.lab
BOTH = (database_configuration, directory_configuration)
FILE = "/etc/sudoers.d/databases"


@pytest.fixture
def place(hosts_lab: HostsLab) -> Iterator[Place]:
    found = Place(hosts_lab, hosts_lab.machines["servers-kept"])
    lines = found.permitted.lines(source for collector in BOTH for source in collector.sources)
    text = sudo.sudoers("audit", lines, "test")
    found.inside(f"cat > {FILE}; chmod 440 {FILE}; visudo -c -q", text)
    yield found
    found.inside(f"rm {FILE}")


SETTINGS = "select name || '=' || setting from pg_settings"
RULES = "select line_number || ' ' || auth_method from pg_hba_file_rules where auth_method <> 'reject'"
ADDRESSES = {"*": Audience.EVERYBODY, "0.0.0.0": Audience.EVERYBODY, "127.0.0.1": Audience.ITSELF}


def asked(machine: Machine, *argv: str) -> list[str]:
    """Ask a server on the machine itself."""
    done = subprocess.run(["nsenter", "-t", str(machine.init), "-a", *argv], capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", ["servers-kept", "servers-bad"])
def test_the_files_say_what_the_running_servers_say(hosts_lab: HostsLab, name: str) -> None:
    machine = hosts_lab.machines[name]
    fact = database_configuration.run(machine.reader())
    assert isinstance(fact, DatabaseConfiguration)
    postgresql, mariadb, *_ = fact.servers

    query = ("setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", "psql", "-d", "postgres", "-Atc")
    said = dict(line.split("=", 1) for line in asked(machine, *query, SETTINGS) if "=" in line)
    assert postgresql.listens is ADDRESSES[said["listen_addresses"]]
    assert postgresql.tls is (said["ssl"] == "on")
    assert postgresql.tls_least == said["ssl_min_protocol_version"]
    assert postgresql.password_form == said["password_encryption"]
    assert postgresql.logs_connections is (said["log_connections"] == "on")
    assert postgresql.logs_statements is (said["log_statement"] in {"mod", "all"})
    assert postgresql.names_users is ("%u" in said["log_line_prefix"])
    assert isinstance(postgresql.entrances, tuple)
    ours = [f"{entrance.place.rpartition(':')[2]} {entrance.method}" for entrance in postgresql.entrances]
    assert ours == asked(machine, *query, RULES)

    told = dict(line.split("\t") for line in asked(machine, "mariadb", "-BNe", "show global variables"))
    assert mariadb.listens is ADDRESSES[told["bind_address"]]
    assert mariadb.tls is (told["have_ssl"] == "YES")
    assert mariadb.tls_required is (told["require_secure_transport"] == "ON")
    assert mariadb.reads_client_files is (told["local_infile"] == "ON")
    assert mariadb.file_directory == told["secure_file_priv"].rstrip("/")
    assert mariadb.logs_connections is (told.get("server_audit_logging") == "ON" or told["general_log"] == "ON")
    assert isinstance(mariadb.tls_least, Unobserved) or mariadb.tls_least == told["tls_version"].split(",")[0]
    assert mariadb.version == told["version"].split("-")[0]


def test_accounts_are_what_the_servers_keep_and_no_hash_leaves_them(hosts_lab: HostsLab) -> None:
    fact = database_configuration.run(hosts_lab.machines["servers-bad"].reader())
    assert isinstance(fact, DatabaseConfiguration)
    postgresql, mariadb, *_ = fact.servers
    assert not isinstance(postgresql.accounts, Unobserved)
    people = {one.name: (one.administers, one.login, one.password) for one in postgresql.accounts if not one.name.startswith("pg_")}
    assert people == {
        name: (name != "reader", name != "maker", None) for name in ("postgres", "ruler", "runner", "reader", "maker", "hirer")
    }
    assert not isinstance(mariadb.accounts, Unobserved)
    users = {f"{one.name}@{one.host}": (one.administers, one.login, one.password) for one in mariadb.accounts}
    assert users == {
        "mariadb.sys@localhost": (False, False, None),
        "root@localhost": (True, True, "unix_socket"),
        "mysql@localhost": (True, True, "unix_socket"),
        "@localhost": (False, True, None),
        "app@10.78.0.%": (False, True, "mysql_native_password"),
        "shut@%": (False, False, None),
        "chief@%": (True, True, None),
        "stand_in@localhost": (True, True, "mysql_native_password"),
        "clerk@localhost": (False, True, "mysql_native_password"),
        "proxy@localhost": (True, True, "pam"),
        "messenger@localhost": (False, True, "pam"),
        "idle@localhost": (False, True, "mysql_native_password"),
    }
    assert isinstance(mariadb.entrances, tuple)
    ways = {(one.place, one.method): (one.who, one.clear, one.superuser) for one in mariadb.entrances if not one.socket}
    assert ways == {
        ("app@10.78.0.%", "mysql_native_password"): (Audience.SOME, False, ""),
        ("chief@%", "none"): (Audience.EVERYBODY, True, "named"),
    }
    assert "*" not in repr(mariadb.accounts)


@pytest.mark.parametrize(
    ("name", "secret", "becomes"), [("proxy", "x", "root"), ("messenger", "x", "clerk"), ("idle", "a-fourth-secret", "idle")]
)
def test_the_right_to_stand_for_an_account_works_by_methods_that_name_one(
    hosts_lab: HostsLab, name: str, secret: str, becomes: str
) -> None:
    machine = hosts_lab.machines["servers-bad"]
    assert asked(machine, "mariadb", "-u", name, f"-p{secret}", "-BNe", "select current_user()") == [f"{becomes}@localhost"]


@pytest.mark.parametrize(("name", "answer"), [("servers-kept", None), ("resolver-unbound", b"+PONG\r\n")])
def test_redis_answers_whom_its_files_let_in(hosts_lab: HostsLab, name: str, answer: bytes | None) -> None:
    machine = hosts_lab.machines[name]

    def ping() -> bytes | None:
        try:
            with socket.create_connection((machine.address, 6379), 5) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(100)
        except ConnectionRefusedError:
            return None

    assert hosts_lab.call(ping) == answer
    fact = database_configuration.run(machine.reader())
    assert isinstance(fact, DatabaseConfiguration)
    found = next(one for one in fact.servers if one.name == "redis")
    assert found.listens is (Audience.EVERYBODY if answer else Audience.ITSELF)
    assert isinstance(found.entrances, tuple)
    assert [one.method for one in found.entrances] == ["none" if answer else "password"]


def ldap(machine: Machine, operation: bytes) -> bytes:
    """Send one operation to the directory server and give all messages that come back, the result last."""
    message = bytes((2, 1, 1)) + operation
    said = b""
    with socket.create_connection((machine.address, 389), 10) as connection, connection.makefile("rb") as answers:
        connection.sendall(bytes((0x30, len(message))) + message)
        while True:
            head = answers.read(2)
            assert head[:1] == b"0", "the server hung up"
            length = head[1] if head[1] < 0x80 else int.from_bytes(answers.read(head[1] - 0x80), "big")
            body = answers.read(length)
            said += body
            if body[3] in {0x61, 0x65}:  # the result of a bind, of a search; what is found comes before
                return said


def octets(tag: int, *parts: bytes) -> bytes:
    whole = b"".join(parts)
    return bytes((tag, len(whole))) + whole


@pytest.mark.parametrize(("name", "shown", "result"), [("servers-kept", False, 13), ("servers-bad", True, 49)])
def test_the_directory_server_does_what_its_rules_were_read_to_say(hosts_lab: HostsLab, name: str, shown: bool, result: int) -> None:
    """RFC 4511: a search without a bind, and a bind with a wrong password in clear text (13: TLS is wanted first, 49: it was looked at)."""
    machine = hosts_lab.machines[name]
    base, number, flag = octets(4, b"dc=nodomain"), bytes((2, 1, 0)), bytes((1, 1, 0))
    scope = bytes((10, 1, 0))
    search = octets(0x63, base, scope, scope, number, number, flag, octets(0x87, b"objectClass"), octets(0x30))
    bind = octets(0x60, bytes((2, 1, 3)), octets(4, b"cn=admin,dc=nodomain"), octets(0x80, b"wrong"))
    found = hosts_lab.call(lambda: ldap(machine, search))
    bound = hosts_lab.call(lambda: ldap(machine, bind))
    assert (b"dcObject" in found) is shown
    assert bound[7] == result
    fact = directory_configuration.run(machine.reader())
    assert isinstance(fact, DirectoryConfiguration)
    assert not isinstance(fact.servers, Unobserved)
    (server,) = fact.servers
    assert isinstance(server.directories, tuple)
    assert [one.anonymous for one in server.directories] == [Shown.ALL if shown else Shown.NOTHING]
    assert server.clear_passwords is (result == 49)


def test_with_sudo_everything_is_seen_in_three_rounds_and_without_it_nothing_is_guessed(place: Place) -> None:
    seen, machine = place.see(replace(place.login, sudo=True), BOTH)
    assert machine.counts["rounds"] <= ROUNDS
    reader = place.machine.reader()
    inside = {DatabaseConfiguration: database_configuration.run(reader), DirectoryConfiguration: directory_configuration.run(reader)}
    assert {kind: found.fact for kind, found in seen.items() if isinstance(found, Observed)} == inside
    bare, _ = place.see(place.login, BOTH)
    facts = {kind: found.fact for kind, found in bare.items() if isinstance(found, Observed)}
    databases, directories = facts[DatabaseConfiguration], facts[DirectoryConfiguration]
    assert isinstance(databases, DatabaseConfiguration)
    assert isinstance(databases.servers[0].tls, Unobserved)
    assert isinstance(directories, DirectoryConfiguration)
    assert not isinstance(directories.servers, Unobserved)
    assert isinstance(directories.servers[0].directories, Unobserved)
