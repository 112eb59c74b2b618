"""memcached by its words: who gets in, by version, of the running process and of Debian's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.database_configuration import DatabaseConfiguration, DatabaseServer
from scanner.facts.readings import Audience
from scanner.hosts.linux.database_programs import database_configuration
from scanner.model.fact import Unobserved
from tests.unit.host_trees import Machine, running

DEBIAN = "# words\n-d\nlogfile /var/log/memcached.log\n-m 64\n-p 11211 # the port\n-u memcache\n-l 127.0.0.1\n"


def server(room: Path, words: str | None, version: str = "1.6.18", conf: str = DEBIAN) -> DatabaseServer:
    machine = Machine(room, commands={"memcached -V": f"memcached {version}\n"} if version else {})
    machine.write({"/usr/bin/memcached": "", "/etc/memcached.conf": conf, "/etc/passwd": "root:x:0:0::/:/bin/sh\n"})
    if words is None:
        running(machine)
    else:
        machine.write({"/proc/2/cmdline": "\0".join(["/usr/bin/memcached", *words.split()]) + "\0"})
        running(machine, memcached=1_800_000_000)
    fact = database_configuration.run(machine)
    assert isinstance(fact, DatabaseConfiguration)
    (found,) = fact.servers
    assert (found.name, found.accounts, found.data) == ("memcached", (), None)
    return found


@pytest.mark.parametrize(
    ("words", "version", "listens", "ways"),
    [
        ("", "1.6.18", Audience.EVERYBODY, [("TCP 11211", "none", True)]),
        ("", "1.5.5", Audience.EVERYBODY, [("TCP 11211", "none", True), ("UDP 11211", "none", True)]),
        ("-U 11211", "1.6.18", Audience.EVERYBODY, [("TCP 11211", "none", True), ("UDP 11211", "none", True)]),
        ("-U 0", "", Audience.EVERYBODY, [("TCP 11211", "none", True)]),
        ("-l 127.0.0.1,::1 -p 11212", "1.6.18", Audience.ITSELF, [("TCP 11212", "none", True)]),
        ("-l 127.0.0.1 -l 10.0.0.1:11211", "1.6.18", Audience.SOME, [("TCP 11211", "none", True)]),
        ("-l [::1]:11211", "1.6.18", Audience.ITSELF, [("TCP 11211", "none", True)]),
        ("--listen=198.51.101.7 --enable-sasl", "1.6.18", Audience.EVERYBODY, [("TCP 11211", "sasl", True)]),
        ("-Y /etc/memcached.auth -Z", "1.6.18", Audience.EVERYBODY, [("TCP 11211", "token", False)]),
        ("-s /run/m.sock", "1.6.18", Audience.NOBODY, [("/run/m.sock", "none", False)]),
        (None, "1.6.18", Audience.ITSELF, [("TCP 11211", "none", True)]),
    ],
)
def test_who_gets_in(tmp_path: Path, words: str | None, version: str, listens: Audience, ways: list[tuple[str, str, bool]]) -> None:
    found = server(tmp_path, words, version)
    assert found.listens is listens
    assert not isinstance(found.entrances, Unobserved | None)
    assert [(one.place, one.method, one.clear) for one in found.entrances] == ways


@pytest.mark.parametrize(
    ("words", "who"),
    [("", Audience.NOBODY), ("-a 770", Audience.NOBODY), ("-a 777", Audience.ITSELF), ("--unix-mask=0722", Audience.ITSELF)],
)
def test_a_socket_is_for_those_who_may_write_to_it(tmp_path: Path, words: str, who: Audience) -> None:
    found = server(tmp_path, f"-s /run/m.sock {words}").entrances
    assert not isinstance(found, Unobserved | None)
    assert [one.who for one in found] == [who]


@pytest.mark.parametrize(
    ("words", "version"), [("-s /run/m.sock -a rwx", "1.6.18"), ("--strange", "1.6.18"), ("stray", "1.6.18"), ("", "")]
)
def test_what_cannot_be_told_is_left_open(tmp_path: Path, words: str, version: str) -> None:
    assert isinstance(server(tmp_path, words, version).entrances, Unobserved)


def test_a_file_with_an_open_quotation_is_not_followed(tmp_path: Path) -> None:
    assert isinstance(server(tmp_path, None, conf='-l "127.0.0.1\n').listens, Unobserved)
