"""Option files of MariaDB and MySQL as administrators write them, to what the collector makes of them; the real server reads them too."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.readings import Audience
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import mysqlconf
from scanner.wire.mysqlconf import Include, Option
from tests.unit.database_servers import only_server
from tests.unit.host_trees import Machine, age, running

STARTED = 1_700_000_500
MARIA = "mariadbd  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)\n"
MYSQL = "/usr/sbin/mysqld  Ver 8.0.36-0ubuntu0.22.04.1 for Linux on x86_64 ((Ubuntu))\n"


def machine(room: Path, conf: str = "", files: Mapping[str, str] | None = None, argv: str = "", mysql: str = "") -> Machine:
    """A machine with a running server; ``mysql``: what MySQL says of its version."""
    program = "/usr/sbin/mysqld" if mysql else "/usr/sbin/mariadbd"
    made = Machine(room, commands={f"{program} --version": mysql or MARIA}).write(
        {
            program: "",
            "/etc/passwd": "root:x:0:0::/root:/bin/sh\nmysql:x:101:101::/nonexistent:/bin/false\n",
            "/etc/mysql/my.cnf": conf,
            "/var/lib/mysql/ibdata1": "",
            "/usr/lib/mysql/plugin/mysql_native.so": "",
            "/proc/2/cmdline": f"{program}\0" + argv.replace(" ", "\0") + ("\0" if argv else ""),
            **(files or {}),
        }
    )
    running(made, **{program.rpartition("/")[2]: STARTED})
    for path in room.rglob("*"):
        os.utime(path, (STARTED - 100, STARTED - 100))
    return made


def test_what_nobody_wrote_is_the_default_of_program_and_version(tmp_path: Path) -> None:
    maria = only_server(machine(tmp_path / "a"))
    assert (maria.name, maria.version, maria.running, maria.applied) == ("mariadb", "10.11.6", True, None)
    assert (maria.listens, maria.tls, maria.tls_required, maria.unguarded) == (Audience.EVERYBODY, False, False, False)
    assert (maria.reads_client_files, maria.file_directory, maria.logs_connections, maria.logs_statements) == (True, "", False, False)
    mysql = only_server(machine(tmp_path / "b", mysql=MYSQL))
    assert (mysql.name, mysql.listens, mysql.tls, mysql.reads_client_files) == ("mysql", Audience.EVERYBODY, False, False)
    assert (mysql.tls_least, isinstance(mysql.file_directory, Unobserved)) == ("TLSv1.2", True)
    assert only_server(machine(tmp_path / "c", mysql=MYSQL, files={"/var/lib/mysql/server-cert.pem": ""})).tls is True
    assert only_server(machine(tmp_path / "d", mysql=MYSQL.replace("8.0.36", "5.7.44"))).reads_client_files is True
    silent = machine(tmp_path / "e")
    silent.commands = {}
    assert isinstance(only_server(silent).tls, Unobserved)
    new = machine(tmp_path / "f")
    new.commands = {"/usr/sbin/mariadbd --version": MARIA.replace("10.11.6", "11.8.2")}
    assert only_server(new).tls is True


@pytest.mark.parametrize(("version", "reason"), [("10.3.39", Reason.UNSUPPORTED), ("10.5.29", Reason.ACCESS_DENIED)])
def test_a_server_that_knows_no_such_query_is_not_asked_for_its_accounts(tmp_path: Path, version: str, reason: Reason) -> None:
    made = machine(tmp_path)
    made.commands = {"/usr/sbin/mariadbd --version": MARIA.replace("10.11.6", version)}
    told = only_server(made).accounts
    assert isinstance(told, Unobserved)
    assert told.reason is reason


@pytest.mark.parametrize(
    ("conf", "listens"),
    [
        ("[mysqld]\nbind-address = 127.0.0.1\n", Audience.ITSELF),
        ("[mysqld]\nbind_address=127.0.0.1 # only us\n", Audience.ITSELF),
        ('[mysqld]\r\nBIND-ADDRESS = "::1"\r\n', Audience.ITSELF),
        ("[mysqld]\nbind-address=127.0.0.1\n[mariadb]\nloose-bind-address=0.0.0.0\n", Audience.EVERYBODY),
        ("[mariadb]\nbind-address=0.0.0.0\n[mysqld]\nbind-address=192.0.2.1\n", Audience.SOME),
        ("[mysqld-10.11]\nbind-address=192.0.2.1\n[mysqld-10.6]\nbind-address=*\n", Audience.SOME),
        ("[mysql]\nbind-address=127.0.0.1\n[client]\nbind-address=127.0.0.1\n", Audience.EVERYBODY),
        ("[mysqld]\n#bind-address=127.0.0.1\n;bind-address=127.0.0.1\n", Audience.EVERYBODY),
        ("[mysqld]\nskip-networking\n", Audience.NOBODY),
        ("[server]\nskip_networking=0\nbind-address=127.0.0.1,::1\n", Audience.ITSELF),
    ],
)
def test_the_last_value_in_a_group_of_the_server_holds(tmp_path: Path, conf: str, listens: Audience) -> None:
    assert only_server(machine(tmp_path, conf)).listens is listens


def test_mariadb_under_the_name_of_mysqld_is_known_by_what_it_says(tmp_path: Path) -> None:
    old = "/usr/sbin/mysqld  Ver 10.3.39-MariaDB for Linux on x86_64 (MariaDB Server)\n"
    found = only_server(machine(tmp_path / "a", "[mariadb-10.3]\nskip-networking\n", mysql=old))
    assert (found.name, found.listens, found.file_directory) == ("mariadb", Audience.NOBODY, "")
    image = machine(tmp_path / "b", "[mariadb]\nskip-networking\n", {"/usr/bin/mariadb": ""}, mysql=old)
    image.live = False
    found = only_server(image)
    assert (found.name, found.running, found.listens) == ("mariadb", None, Audience.NOBODY)


def test_a_shortened_name_is_not_guessed(tmp_path: Path) -> None:
    assert isinstance(only_server(machine(tmp_path, "[mysqld]\nbind-addr = 127.0.0.1\n")).listens, Unobserved)


def test_a_change_behind_debians_link_is_seen(tmp_path: Path) -> None:
    made = machine(tmp_path, files={"/etc/mysql/mariadb.cnf": "[mysqld]\nskip-networking\n"})
    (made.root / "etc/mysql/my.cnf").unlink()
    (made.root / "etc/mysql/my.cnf").symlink_to("/etc/mysql/mariadb.cnf")
    os.utime(made.root / "etc/mysql/my.cnf", (STARTED - 100, STARTED - 100), follow_symlinks=False)
    assert (only_server(made).listens, only_server(made).applied) == (Audience.NOBODY, None)
    age(made, "/etc/mysql/mariadb.cnf", STARTED + 10)
    why = only_server(made).applied
    assert why is not None
    assert why.reason is Reason.STALE


def test_includes_are_read_in_their_place_and_what_all_may_write_is_passed_over(tmp_path: Path) -> None:
    files = {
        "/etc/mysql/conf.d/b.cnf": "[mysqld]\nbind-address=192.0.2.1\n",
        "/etc/mysql/conf.d/a.cnf": "[mysqld]\nbind-address=0.0.0.0\n",
        "/etc/mysql/conf.d/c.cnf.bak": "[mysqld]\nskip-networking\n",
        "/etc/mysql/conf.d/z.cnf": "[mysqld]\nskip-grant-tables\n",
    }
    conf = "!include /etc/mysql/none.cnf\n!includedir /etc/mysql/conf.d/\n"
    made = machine(tmp_path / "a", conf, files)
    (made.root / "etc/mysql/conf.d/z.cnf").chmod(0o666)
    found = only_server(made)
    assert (found.listens, found.unguarded) == (Audience.SOME, False)
    broken = only_server(machine(tmp_path / "b", "!includedir /etc/mysql/none.d\n[mysqld]\nbind-address=127.0.0.1\n"))
    assert isinstance(broken.listens, Unobserved)
    assert isinstance(only_server(machine(tmp_path / "c", "bind-address=127.0.0.1\n")).listens, Unobserved)


def test_the_running_servers_own_words_hold_over_the_files(tmp_path: Path) -> None:
    conf = "[mysqld]\nbind-address=127.0.0.1\n"
    other = {"/srv/own.cnf": "[mysqld]\nskip-grant-tables\n"}
    assert only_server(machine(tmp_path / "a", conf, argv="--bind-address=0.0.0.0")).listens is Audience.EVERYBODY
    assert only_server(machine(tmp_path / "b", conf, argv="--bind-address 192.0.2.1 --ssl")).listens is Audience.SOME
    own = only_server(machine(tmp_path / "c", conf, other, argv="--defaults-file=/srv/own.cnf"))
    assert (own.unguarded, own.source, own.listens) == (True, "/srv/own.cnf", Audience.EVERYBODY)
    assert isinstance(only_server(machine(tmp_path / "d", conf, argv="--defaults-extra-file=/srv/own.cnf")).listens, Unobserved)
    gone = only_server(machine(tmp_path / "e", conf, argv="--defaults-file=/srv/none.cnf"))
    assert isinstance(gone.listens, Unobserved)


def test_what_mysql_was_told_to_keep_holds_over_the_files(tmp_path: Path) -> None:
    kept = '{"Version": 2, "mysql_dynamic_variables": {"local_infile": {"Value": "ON", "Metadata": {"User": "root"}}}}'
    files = {"/var/lib/mysql/mysqld-auto.cnf": kept}
    assert only_server(machine(tmp_path / "a", "[mysqld]\nlocal-infile=0\n", files, mysql=MYSQL)).reads_client_files is True
    assert only_server(machine(tmp_path / "b", "[mysqld]\nlocal-infile=0\n", files)).reads_client_files is False
    broken = {"/var/lib/mysql/mysqld-auto.cnf": "[" * 100_000}
    assert isinstance(only_server(machine(tmp_path / "c", "", broken, mysql=MYSQL)).reads_client_files, Unobserved)


def test_what_is_logged_needs_the_plugin_and_the_event(tmp_path: Path) -> None:
    def logged(name: str, conf: str) -> tuple[object, object]:
        found = only_server(machine(tmp_path / name, f"[mysqld]\n{conf}"))
        return tuple(x.reason if isinstance(x, Unobserved) else x for x in (found.logs_connections, found.logs_statements))  # type: ignore[return-value]  # two of them

    audit = "server_audit_logging=ON\n"
    assert logged("a", "general_log\n") == (True, True)
    assert logged("b", "general_log=1\nlog-output=NONE\n") == (False, False)
    assert logged("c", "plugin_load_add=server_audit\n" + audit) == (True, True)
    assert logged("d", "plugin_load_add=server_audit\nserver_audit_events=CONNECT\n" + audit) == (True, False)
    assert logged("e", audit) == (Reason.UNSUPPORTED, Reason.UNSUPPORTED)
    assert logged("f", "plugin_load_add=server_audit\n") == (False, False)
    enterprise = only_server(machine(tmp_path / "g", "", {"/usr/lib/mysql/plugin/audit_log.so": ""}, mysql=MYSQL))
    assert isinstance(enterprise.logs_connections, Unobserved)


LINES = st.sampled_from(
    [
        "[mysqld]",
        "[mariadb]",
        "[client]",
        "[mysqld-10.11]",
        "bind-address=127.0.0.1",
        "bind_address = 0.0.0.0 # all",
        "  port = 3307",
        'socket = "/run/a#b.sock"',
        "skip-networking",
        "loose-x=1",
        "# bind-address=::1",
        "; no",
        "",
        "init_connect='SET @a=\"x # y\"'",
        "tmpdir = a\\sb",
    ]
)


@settings(max_examples=25, deadline=None)
@given(st.lists(LINES, max_size=8))
def test_the_real_server_would_be_started_with_the_options_that_we_read(lines: list[str]) -> None:
    text = "[mysqld]\n" + "\n".join(lines) + "\n"
    program = shutil.which("mariadbd")
    assert program, "the package mariadb-server-core brings the server"
    done = subprocess.run(
        [program, "--defaults-file=/dev/stdin", "--print-defaults"], input=text, capture_output=True, text=True, check=True
    )
    series = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split("Ver ")[1].split(".")
    groups = {"mysqld", "mariadb", f"mysqld-{series[0]}.{series[1]}"}
    ours = [o for o in mysqlconf.parse(text.encode()) if isinstance(o, Option) and o.group in groups]
    said = done.stdout.partition("\n")[2].strip()
    shown = " ".join(f"--{o.name}" + ("" if o.value is None else f"={o.value}") for o in ours)
    assert shown == said.replace("_", "-", said.count("_")).replace("--loose-", "--").replace("init_connect", "init-connect")


@pytest.mark.parametrize(
    "word",
    ["", "=ON", "=true", "=1", "=yes", "=no", "=0"],
)
@pytest.mark.parametrize("prefix", ["", "skip-", "enable-"])
def test_the_real_server_takes_a_switch_for_what_we_do(tmp_path: Path, prefix: str, word: str) -> None:
    program = shutil.which("mariadbd")
    assert program, "the package mariadb-server-core brings the server"
    option = f"{prefix}require-secure-transport{word}"
    argv = [program, "--no-defaults", f"--{option}", f"--datadir={tmp_path}", "--user=root", "--verbose", "--help"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    (real,) = (line.split()[-1] for line in said.split("\n") if line.startswith("require-secure-transport "))
    written = mysqlconf.last(
        [o for o in mysqlconf.parse(f"[mysqld]\n{option}\n".encode()) if isinstance(o, Option)], "require-secure-transport"
    )
    assert written is not None
    assert mysqlconf.switched(written) is (real == "TRUE")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_octets_end_in_options_or_a_refusal(junk: bytes) -> None:
    try:
        found = mysqlconf.parse(junk)
    except mysqlconf.NotOptions:
        return
    assert all(isinstance(item, Option | Include) for item in found)
