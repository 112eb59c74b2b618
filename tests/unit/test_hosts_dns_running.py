"""DNS server programs as they run: started with another configuration, with a database instead of a file, or asked for their defaults."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from pathlib import Path

import pytest

from scanner.facts.dns_configuration import DnsProgram
from scanner.model.fact import Unobserved
from tests.unit.host_trees import Machine
from tests.unit.test_hosts_dns import KNOT, image, program

RUNNING = {"/proc/1/stat": "1 (systemd) S" + " 0" * 18 + " 100 0", "/proc/stat": "btime 9000000000\n"}


def started(machine: Machine, *argv: str) -> DnsProgram:
    """What is seen of the machine's program once it runs with these arguments."""
    machine.live = True
    name = argv[0].rpartition("/")[2]
    machine.write({**RUNNING, "/proc/77/stat": f"77 ({name}) S" + " 0" * 18 + " 100 0", "/proc/77/cmdline": "\0".join(argv) + "\0"})
    return program(machine)


@pytest.mark.parametrize(
    ("unit", "argv", "elsewhere"),
    [
        ("named", "/usr/sbin/named -f -u bind", False),
        ("named", "/usr/sbin/named -fc /etc/bind/named.conf -t /", False),
        ("named", "/usr/sbin/named -f -u bind -c /srv/named.conf", True),
        ("named", "/usr/sbin/named -4c/srv/named.conf", True),
        ("named", "/usr/sbin/named -f -t /var/lib/named", True),
        ("named", "/usr/sbin/named --new-option", True),
        ("unbound", "/usr/sbin/unbound -d -p", False),
        ("unbound", "/usr/sbin/unbound -d -p -c /srv/unbound.conf", True),
        ("nsd", "/usr/sbin/nsd -d -P ", False),
        ("nsd", "/usr/sbin/nsd -c /srv/nsd.conf", True),
        ("knot", "/usr/sbin/knotd -m 512", False),
        ("knot", "/usr/sbin/knotd --config=/etc/knot/knot.conf", False),
        ("knot", "/usr/sbin/knotd -C /srv/db", True),
    ],
)
def test_a_program_that_was_started_with_another_configuration_is_not_judged_by_the_usual_one(
    tmp_path: Path, unit: str, argv: str, elsewhere: bool
) -> None:
    texts = {"named": "options { };\n", "unbound": "server:\n  verbosity: 1\n", "nsd": "server:\n  verbosity: 1\n", "knot": KNOT}
    places = {
        "named": "/etc/bind/named.conf",
        "unbound": "/etc/unbound/unbound.conf",
        "nsd": "/etc/nsd/nsd.conf",
        "knot": "/etc/knot/knot.conf",
    }
    found = started(image(tmp_path, unit, {places[unit]: texts[unit]}), *argv.split(" "))
    assert found.running is True
    assert isinstance(found.hides_version, Unobserved) is elsewhere
    assert isinstance(found.zones, Unobserved) is elsewhere


def test_what_knot_tells_of_its_version_where_nothing_is_written(tmp_path: Path) -> None:
    """The real program is asked: unset, its version is told."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = f"server:\n    rundir: {tmp_path}\n    listen: 127.0.0.1@{port}\ndatabase:\n    storage: {tmp_path}\n"
    (tmp_path / "own.conf").write_text(text)
    with subprocess.Popen(
        ["/usr/sbin/knotd", "-c", str(tmp_path / "own.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as knotd:
        try:
            argv = ["dig", "@127.0.0.1", "-p", str(port), "version.bind", "CH", "TXT", "+short", "+time=1", "+tries=1"]
            until, said = time.monotonic() + 30, ""
            while not said and time.monotonic() < until:  # before knotd listens, dig is refused at once
                done = subprocess.run(argv, capture_output=True, text=True, check=False)
                said = "" if done.returncode else done.stdout
                time.sleep(0.05)
        finally:
            knotd.terminate()
    assert re.search(r'^"Knot DNS \d+\.\d+', said, re.MULTILINE)
    assert program(image(tmp_path / "tree", "knot", {"/etc/knot/knot.conf": text})).hides_version is False


def test_a_configuration_database_of_knot_is_not_read(tmp_path: Path) -> None:
    found = program(image(tmp_path, "knot", {"/etc/knot/knot.conf": KNOT, "/var/lib/knot/confdb/data.mdb": "x"}))
    assert isinstance(found.zones, Unobserved)
    assert isinstance(found.hides_version, Unobserved)
