"""Redis' and Valkey's configurations: the language, users, and who gets in by version. The lab has a real server."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.database_configuration import DatabaseConfiguration, DatabaseServer
from scanner.facts.readings import Audience
from scanner.hosts.linux.base import Process, processes
from scanner.hosts.linux.database_programs import database_configuration
from scanner.hosts.linux.redis import redis
from scanner.model.fact import Unobserved
from scanner.wire import redisconf
from scanner.wire.redisconf import User
from tests.unit.host_trees import Machine, running

MAIN = "/etc/redis/redis.conf"


def server(room: Path, conf: str, version: str = "7.0.15", more: dict[str, str] | None = None) -> DatabaseServer:
    commands = {"redis-server --version": f"Redis server v={version} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64\n"} if version else {}
    machine = Machine(room, commands=commands).write(
        {"/usr/bin/redis-server": "", "/var/lib/redis/dump.rdb": "", MAIN: conf, "/etc/passwd": "root:x:0:0::/:/bin/sh\n", **(more or {})}
    )
    running(machine, **{"redis-server": 1_800_000_000})
    fact = database_configuration.run(machine)
    assert isinstance(fact, DatabaseConfiguration)
    (found,) = fact.servers
    assert "a-secret" not in repr(fact)
    return found


@pytest.mark.parametrize(
    ("conf", "version", "listens", "ways"),
    [
        # what nobody wrote: everywhere, without a password, and protected mode from 3.2
        ("", "7.0.15", Audience.ITSELF, [(Audience.ITSELF, "none")]),
        ("", "3.0.6", Audience.EVERYBODY, [(Audience.EVERYBODY, "none")]),
        ("protected-mode no", "7.0.15", Audience.EVERYBODY, [(Audience.EVERYBODY, "none")]),
        ("bind 0.0.0.0", "7.0.15", Audience.ITSELF, [(Audience.ITSELF, "none")]),
        ("bind 0.0.0.0", "6.2.7", Audience.EVERYBODY, [(Audience.EVERYBODY, "none")]),
        ("bind 0.0.0.0\nrequirepass a-secret", "7.0.15", Audience.EVERYBODY, [(Audience.EVERYBODY, "password")]),
        ("bind 127.0.0.1 -::1", "7.0.15", Audience.ITSELF, [(Audience.ITSELF, "none")]),
        ("bind 0.0.0.0\r\nBIND 127.0.0.1\r\n# bind *", "7.0.15", Audience.ITSELF, [(Audience.ITSELF, "none")]),
        ("bind 10.1.2.3\nrequirepass a-secret", "7.0.15", Audience.SOME, [(Audience.SOME, "password")]),
        ("bind 203.0.114.7\nrequirepass a-secret", "7.0.15", Audience.EVERYBODY, [(Audience.EVERYBODY, "password")]),
        ("port 0", "7.0.15", Audience.NOBODY, []),
        ("port 0\nunixsocket /run/r.sock\nunixsocketperm 770", "7.0.15", Audience.NOBODY, [(Audience.NOBODY, "none")]),
        ("port 0\nunixsocket /run/r.sock\nunixsocketperm 777", "7.0.15", Audience.NOBODY, [(Audience.ITSELF, "none")]),
        ("user default off\nuser app on >a-secret +get\nbind *", "7.0.15", Audience.EVERYBODY, [(Audience.EVERYBODY, "password")]),
        ("user default on #00 +@all\nbind *", "7.0.15", Audience.EVERYBODY, [(Audience.EVERYBODY, "password")]),
        (
            "requirepass a-secret\naclfile /etc/redis/users.acl\nbind *",
            "7.0.15",
            Audience.ITSELF,
            [(Audience.ITSELF, "none"), (Audience.ITSELF, "password")],
        ),
    ],
)
def test_who_gets_in(tmp_path: Path, conf: str, version: str, listens: Audience, ways: list[tuple[Audience, str]]) -> None:
    found = server(tmp_path, conf, version, {"/etc/redis/users.acl": "user app on >a-secret +@all\n"})
    assert found.listens is listens
    assert not isinstance(found.entrances, Unobserved | None)
    assert [(one.who, one.method) for one in found.entrances] == ways


@pytest.mark.parametrize(
    ("conf", "version", "part"),
    [
        ("bind *", "", "listens"),  # protected mode by version
        ("include /gone", "7.0.15", "entrances"),
        (f"include {MAIN}", "7.0.15", "entrances"),
        ("aclfile /gone", "7.0.15", "entrances"),
        ("user app on ?x", "7.0.15", "accounts"),
        ('bind "127.0.0.1', "7.0.15", "listens"),
        ("port 0\nunixsocket /run/r.sock", "7.0.15", "entrances"),
    ],
)
def test_what_cannot_be_told_is_left_open(tmp_path: Path, conf: str, version: str, part: str) -> None:
    assert isinstance(getattr(server(tmp_path, conf, version), part), Unobserved)


UNIT = "/lib/systemd/system/redis-server.service"
OWN = "/usr/lib/systemd/system/redis.service.d/own.conf"


@pytest.mark.parametrize(
    ("command", "listens"),
    [
        (f"/usr/bin/redis-server {MAIN} --supervised systemd --daemonize no", Audience.ITSELF),
        (f"/usr/bin/redis-server {MAIN} --Bind 10.1.2.3 --requirepass 'a-secret x'", Audience.SOME),
        (f"-/usr/bin/redis-server {MAIN} --include /etc/redis/more.conf", Audience.EVERYBODY),
        (f"/usr/bin/redis-server {MAIN} \\\n# for the office\n  --bind 10.1.2.3 --requirepass a-secret", Audience.SOME),
        ("/usr/bin/redis-server /srv/redis.conf", Audience.NOBODY),
        ("/usr/bin/redis-server --protected-mode no", Audience.EVERYBODY),
        ("/usr/bin/redis-server", Audience.ITSELF),
        (f"/usr/bin/redis-server {MAIN} $OPTIONS", None),
        ("/usr/bin/redis-server /etc/redis/redis-%i.conf", None),
        (f"/usr/local/bin/start {MAIN}", None),
        (f"/usr/bin/redis-server {MAIN} stray", None),
        (f"/usr/bin/redis-server {MAIN} --bind '127.0.0.1", None),
        ("/usr/bin/redis-server -", None),
    ],
)
def test_the_unit_names_the_file_and_its_options_hold_over_it(tmp_path: Path, command: str, listens: Audience | None) -> None:
    files = {
        UNIT: f"[Service]\nExecStart=/usr/bin/redis-server {MAIN} --port 0\n",
        OWN: f"[Service]\nExecStart=\nExecStart={command}\n",  # a drop-in of the unit's other name
        "/srv/redis.conf": "port 0\n",
        "/etc/redis/more.conf": "bind *\nprotected-mode no\n",
    }
    found = server(tmp_path, "bind 127.0.0.1", more=files).listens
    assert found is listens if listens else isinstance(found, Unobserved)


@pytest.mark.parametrize(
    ("files", "processes", "more"),
    [((), 2, False), (("redis-6380.conf",), 1, False), (("redis-6380.conf",), 2, True), (("sentinel.conf",), 2, False)],
)
def test_further_servers_are_not_passed_over(tmp_path: Path, files: tuple[str, ...], processes: int, more: bool) -> None:
    machine = Machine(tmp_path).write({"/usr/bin/redis-server": "", MAIN: "", **{f"/etc/redis/{name}": "" for name in files}})
    ran = tuple(Process("redis-server", 1_800_000_000, str(2 + number)) for number in range(processes))
    found = [one for one in redis(machine, ran) if isinstance(one, Unobserved)]
    assert bool(found) is more


@pytest.mark.parametrize(
    ("titles", "more"),
    [
        (("/usr/bin/redis-server 127.0.0.1:6379", "redis-rdb-bgsave 127.0.0.1:6379"), False),
        (("/usr/bin/redis-server 127.0.0.1:6379", "/srv/redis-server *:7000"), True),
        (("/usr/bin/redis-server 127.0.0.1:6379", "/usr/bin/redis-server unixsocket:/run/own.sock"), True),
    ],
)
def test_servers_are_told_apart_by_what_they_write_over_their_arguments(tmp_path: Path, titles: tuple[str, ...], more: bool) -> None:
    machine = Machine(tmp_path).write({"/usr/bin/redis-server": "", MAIN: ""})
    running(machine, **{"redis-server": 1_800_000_000})
    stat = (tmp_path / "proc/2/stat").read_bytes()
    for number, title in enumerate(titles, 2):
        machine.write({f"/proc/{number}/stat": stat, f"/proc/{number}/cmdline": f"{title}\0"})
    found = [one for one in redis(machine, processes(machine)) if isinstance(one, Unobserved)]
    assert bool(found) is more


@pytest.mark.parametrize(
    ("conf", "place", "own"),
    [
        ("bind 127.0.0.1 -::1", "127.0.0.1:6379", True),
        ("", "*:6379", True),
        ("port 0\ntls-port 7000", "*:7000", True),
        ("port 0\nunixsocket /run/r.sock\nunixsocketperm 700", "unixsocket:/run/r.sock", True),
        ("bind 127.0.0.1", "*:6379", False),
        ("bind 127.0.0.1", "127.0.0.1:7000", False),
    ],
)
def test_a_server_that_listens_elsewhere_goes_by_other_settings(tmp_path: Path, conf: str, place: str, own: bool) -> None:
    found = server(tmp_path, conf, more={"/proc/2/cmdline": f"/usr/bin/redis-server {place}\0"})
    assert isinstance(found.listens, Unobserved) is not own


def test_tls_and_the_rest(tmp_path: Path) -> None:
    conf = 'bind 10.0.0.1\nrequirepass a-secret\nport 0\ntls-port 6379\ntls-protocols "TLSv1.1 TLSv1.2"\ninclude /etc/redis/more.conf\n'
    found = server(tmp_path, conf, more={"/etc/redis/more.conf": "user keeper on >a-secret allcommands\n"})
    assert (found.tls, found.tls_least, found.version) == (True, "TLSv1.1", "7.0")
    assert isinstance(found.entrances, tuple)
    assert [(one.clear, one.encrypted) for one in found.entrances] == [(False, True), (False, True)]
    assert isinstance(found.accounts, tuple)
    people = [(one.name, one.administers, one.password) for one in found.accounts]
    assert people == [("default", True, "password"), ("keeper", True, "password")]
    assert not isinstance(found.data, Unobserved)
    assert server(tmp_path / "plain", "").tls_least == "TLSv1.2"


@pytest.mark.parametrize(
    ("line", "methods"),
    [("", ["cert"]), ("tls-auth-clients optional", ["none"]), ("tls-auth-clients no", ["none"]), ("port 6379", ["none", "cert"])],
)
def test_tls_asks_for_a_certificate_unless_told_otherwise(tmp_path: Path, line: str, methods: list[str]) -> None:
    found = server(tmp_path, f"bind *\nprotected-mode no\nport 0\ntls-port 6380\n{line}\n").entrances
    assert isinstance(found, tuple)
    assert [(one.method, one.clear) for one in found] == [(method, "6379" in line and method == "none") for method in methods]


@pytest.mark.parametrize(
    ("rules", "user"),
    [
        ("", User("a", on=False, open=False, administers=False)),
        ("on nopass +@all", User("a", on=True, open=True, administers=True)),
        ("on nopass >x ~* &* +get", User("a", on=True, open=False, administers=False)),
        ("on nopass allcommands reset on", User("a", on=True, open=False, administers=False)),
        ("on +@all -@all", User("a", on=True, open=False, administers=False)),
        ("on nopass +@all -@dangerous", User("a", on=True, open=True, administers=False)),
        ("on nopass +@slow", User("a", on=True, open=True, administers=True)),
        ("on +@all -@slow", User("a", on=True, open=False, administers=False)),
        ("on +config|set +acl -acl -config|set", User("a", on=True, open=False, administers=False)),
        ("on +config -config|set", User("a", on=True, open=False, administers=True)),  # CONFIG REWRITE is left
        ("on +debug|sleep", User("a", on=True, open=False, administers=True)),
        ("on nopass (+@all ~x)", User("a", on=True, open=True, administers=True)),
        ("on nopass (~x +@all) -@all", User("a", on=True, open=True, administers=True)),
        ("on nopass (+@all -@dangerous ~x)", User("a", on=True, open=True, administers=False)),
        ("on nopass (+@all) clearselectors", User("a", on=True, open=True, administers=False)),
        ("on nopass +acl|whoami +module|list +config|get", User("a", on=True, open=True, administers=False)),
        ("on nopass +config|set", User("a", on=True, open=True, administers=True)),
        ("ON NOPASS resetpass off", User("a", on=False, open=False, administers=False)),
    ],
)
def test_rules_of_a_user_in_order(rules: str, user: User) -> None:
    assert redisconf.user("a", tuple(rules.split())) == user


def test_words_of_a_line() -> None:
    assert redisconf.parse(b"Port 1\n# x\n\n a \"b c\\x41\\n\" 'd\\'e' f\r\n") == (("port", "1"), ("a", "b cA\n", "d'e", "f"))


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="a \"'\\x1\n#\r>+", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(redisconf.NotRedis):
        assert all(words for words in redisconf.parse(text.encode()))
