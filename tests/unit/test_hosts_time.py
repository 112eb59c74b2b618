"""The collector for the clock on small trees, and its parsers on any bytes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.time_sync import ClockState, TimeProgram, TimeSource, TimeSync
from scanner.hosts.linux.time_sync import time_sync
from scanner.model.fact import Fact, Unobserved
from scanner.model.reason import Reason
from scanner.wire import ntpconf
from tests.unit.host_trees import Machine, age, running

LATER = 4_000_000_000
"""A start after the files of the test were written."""
SELECTED = "^,*,192.0.2.1,2,6,377,10,-0.000011,-0.000012,0.000100\n^,+,192.0.2.2,2,6,377,12,0.0002,0.0003,0.0010\n"
TRACKING = "C0000201,192.0.2.1,3,1700000000.1,0.000204,0.000011,0.000100,-3.2,0.001,0.02,0.010000,0.001500,64.2,Normal\n"


def chrony(tmp_path: Path, conf: str, sources: str = SELECTED, tracking: str = TRACKING) -> Machine:
    """A running machine with chrony as Debian installs it."""
    machine = Machine(tmp_path, commands={"chronyc -c -n sources": sources, "chronyc -c -n tracking": tracking})
    machine.write(
        {
            "/usr/sbin/chronyd": "",
            "/etc/chrony/chrony.conf": conf,
            "/usr/lib/systemd/system/chrony.service": "[Unit]\n",
            "/etc/systemd/system/multi-user.target.wants/chrony.service": "[Unit]\n",
        }
    )
    running(machine, chronyd=LATER)
    return machine


def only(fact: Fact) -> TimeProgram:
    """Give the one program that is installed."""
    assert isinstance(fact, TimeSync)
    assert isinstance(fact.programs, tuple)
    (program,) = fact.programs
    return program


def test_chrony_as_debian_writes_it(tmp_path: Path) -> None:
    conf = (
        "# comment\r\n! another\r\nconfdir /etc/chrony/conf.d\r\nsourcedir /etc/chrony/sources.d\r\n"
        "Server ntp1.town.example iburst\r\n#server old.example\r\n"
    )
    machine = chrony(tmp_path, conf)
    machine.write(
        {
            "/etc/chrony/conf.d/10-nts.conf": "pool nts.town.example iburst nts\n",
            "/etc/chrony/conf.d/skipped.txt": "server no.example\n",
            "/etc/chrony/sources.d/a.sources": "server 192.0.2.2 key 7\nserver 192.0.2.3 key 0\n",
        }
    )
    found = only(time_sync.run(machine))
    assert found.sources == (
        TimeSource("nts.town.example", True),
        TimeSource("192.0.2.2", True),
        TimeSource("192.0.2.3", False),
        TimeSource("ntp1.town.example", False),
    )
    assert (found.running, found.starts, found.serves) == (True, True, False)
    assert found.state == ClockState(True, "192.0.2.1", 0.000204, 0.0065)


def test_what_further_files_of_chrony_include_counts_where_it_stands(tmp_path: Path) -> None:
    machine = chrony(tmp_path, "confdir /etc/chrony/conf.d\ndeny all\n")
    machine.write({"/etc/chrony/conf.d/a.conf": "include /etc/chrony/more*\n", "/etc/chrony/more": "allow\nserver 192.0.2.2\n"})
    found = only(time_sync.run(machine))
    assert (found.sources, found.serves) == ((TimeSource("192.0.2.2", False),), False)
    machine.write({"/etc/chrony/more": "include /etc/chrony/more\n"})
    endless = only(time_sync.run(machine)).sources
    assert isinstance(endless, Unobserved)
    assert endless.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("lines", "known"),
    [
        (["chronyd -F 1"], True),
        (["chronyd -F 1 -f /etc/chrony/chrony.conf"], True),
        (["chronyd -f /srv/own.conf"], False),
        (["chronyd -f/srv/own.conf"], False),
        (["chronyd -F 1", "chronyd -x -f /etc/reference"], True),
        (["chronyd -F 1 -u _chrony"], True),
        (["chronyd -d allow"], False),
        (["chronyd -F 1", "chronyd -Q allow"], True),
    ],
)
def test_a_chronyd_that_goes_by_another_file_or_by_its_arguments_is_not_known_by_the_usual_one(
    tmp_path: Path, lines: list[str], known: bool
) -> None:
    machine = chrony(tmp_path, "server 192.0.2.2\n")
    stat = (tmp_path / "proc/2/stat").read_bytes()
    for number, line in enumerate(lines, 2):
        machine.write({f"/proc/{number}/stat": stat, f"/proc/{number}/cmdline": line.replace(" ", "\0") + "\0"})
    assert isinstance(only(time_sync.run(machine)).sources, Unobserved) is not known


def test_a_daemon_without_its_file_has_no_sources_that_could_be_told(tmp_path: Path) -> None:
    machine = chrony(tmp_path, "")
    (tmp_path / "etc/chrony/chrony.conf").unlink()
    assert isinstance(only(time_sync.run(machine)).sources, Unobserved)


@pytest.mark.parametrize(
    ("conf", "serves"),
    [
        ("allow\n", True),
        ("allow 192.0.2.0/24\n", True),
        ("allow 192.0.2.0/24\ndeny all\n", False),
        ("allow all\nport 0\n", False),
        ("deny all\n", False),
        ("#allow\n", False),
        ("cmdallow all\n", False),
    ],
)
def test_whom_chrony_serves(conf: str, serves: bool) -> None:
    assert ntpconf.serves_by_chrony(ntpconf.lines(conf.encode(), "!;#%")) is serves


@pytest.mark.parametrize(
    ("conf", "serves"),
    [
        ("", True),
        ("restrict default kod nomodify nopeer noquery limited\n", True),
        ("restrict default ignore\n", False),
        ("restrict -4 default ignore\n", True),
        ("restrict -4 default ignore\nrestrict -6 default noserve # both\n", False),
        ("restrict default ignore\nrestrict default nomodify\n", True),
        ("restrict 192.0.2.0 mask 255.255.255.0 ignore\n", True),
    ],
)
def test_whom_ntpd_serves(conf: str, serves: bool) -> None:
    assert ntpconf.serves_by_ntpd(ntpconf.lines(conf.encode(), "#")) is serves


def test_a_daemon_that_does_not_answer_is_no_state(tmp_path: Path) -> None:
    machine = chrony(tmp_path, "server 192.0.2.1\n")
    machine.commands.clear()
    state = only(time_sync.run(machine)).state
    assert isinstance(state, Unobserved)
    assert state.reason is Reason.UNSUPPORTED


def test_a_file_changed_after_the_start_leaves_the_sources_open(tmp_path: Path) -> None:
    made = chrony(tmp_path, "server 192.0.2.1\n")
    age(made, "/etc/chrony/chrony.conf", LATER + 60)
    sources = only(time_sync.run(made)).sources
    assert isinstance(sources, Unobserved)
    assert sources.reason is Reason.STALE


def test_a_clock_that_follows_nobody(tmp_path: Path) -> None:
    lost = TRACKING.replace("C0000201,192.0.2.1", "7F7F0101,").replace("Normal", "Not synchronised")
    state = only(time_sync.run(chrony(tmp_path, "server 192.0.2.1\n", SELECTED.replace("*", "?"), lost))).state
    assert isinstance(state, ClockState)
    assert (state.synchronised, state.selected) == (False, "")


def test_ntpsec_with_its_directory(tmp_path: Path) -> None:
    peers = " remote refid st t when poll reach delay offset jitter\n====\n*192.0.2.1 .GPS. 1 u 3 64 377 0.1 0.02 0.01\n"
    rv = "leap=00, offset=-0.123, rootdelay=1.000,\nrootdisp=2.500\n"
    machine = Machine(tmp_path, commands={"ntpq -n -p": peers, "ntpq -n -c rv 0 leap,offset,rootdelay,rootdisp": rv})
    machine.write(
        {
            "/usr/sbin/ntpd": "",
            "/etc/ntpsec/ntp.conf": "restrict default ignore # all\nserver 192.0.2.1 nts iburst\n",
            "/etc/ntpsec/ntp.d/more.conf": "pool -4 ntp.town.example\n",
        }
    )
    running(machine, ntpd=LATER)
    found = only(time_sync.run(machine))
    assert found.sources == (TimeSource("192.0.2.1", True), TimeSource("ntp.town.example", False))
    assert (found.serves, found.starts) == (False, False)
    assert found.state == ClockState(True, "192.0.2.1", 0.000123, 0.003)


@pytest.mark.parametrize(
    ("told", "names"),
    [
        (
            "SystemNTPServers=ntp1.town.example\nLinkNTPServers=192.0.2.1\nFallbackNTPServers=f.example\n",
            ["ntp1.town.example", "192.0.2.1"],
        ),
        ("LinkNTPServers=192.0.2.1\nFallbackNTPServers=f.example\n", ["192.0.2.1"]),
        ("FallbackNTPServers=0.debian.pool.ntp.org 1.debian.pool.ntp.org\n", ["0.debian.pool.ntp.org", "1.debian.pool.ntp.org"]),
        (None, None),
    ],
)
def test_the_servers_of_timesyncd_are_those_of_the_network_too(tmp_path: Path, told: str | None, names: list[str] | None) -> None:
    machine = Machine(tmp_path, commands={} if told is None else {"timedatectl show-timesync": told})
    machine.write({"/usr/lib/systemd/systemd-timesyncd": "", "/etc/systemd/timesyncd.conf": "[Time]\n#NTP=\n"})
    machine.write({"/run/systemd/timesync/synchronized": ""})
    running(machine, **{"systemd-timesyn": 4_000_000_000})
    sources = only(time_sync.run(machine)).sources
    if names is None:
        assert isinstance(sources, Unobserved)
    else:
        assert isinstance(sources, tuple)
        assert [one.name for one in sources] == names


def test_a_timesyncd_that_does_not_run_is_not_asked_for_its_servers(tmp_path: Path) -> None:
    machine = Machine(tmp_path, commands={"timedatectl show-timesync": "SystemNTPServers=192.0.2.1\n"})
    machine.write({"/usr/lib/systemd/systemd-timesyncd": "", "/etc/systemd/timesyncd.conf": "[Time]\nNTP=192.0.2.2\n"})
    running(machine)
    assert only(time_sync.run(machine)).sources == (TimeSource("192.0.2.2", False),)


def test_timesyncd_takes_drop_ins_in_order_and_lines_add_up(tmp_path: Path) -> None:
    show = "Timezone=Asia/Tokyo\nNTP=yes\nNTPSynchronized=yes\n"
    status = (
        "       Server: 192.0.2.9 (ntp2.town.example)\nPoll interval: 1min (min: 32s; max 34min)\n         Leap: normal\n"
        "Root distance: 22.689ms (max: 5s)\n       Offset: -1.5ms\n Packet count: 3\n"
    )
    machine = Machine(tmp_path, commands={"timedatectl show": show, "timedatectl timesync-status": status})
    machine.write(
        {
            "/usr/lib/systemd/systemd-timesyncd": "",
            "/etc/systemd/timesyncd.conf": "NTP=lost.example\n[Time]\nNTP=old.example\n#NTP=never.example\n",
            "/etc/systemd/timesyncd.conf.d/50.conf": "[Time]\nNTP=\nNTP=ntp1.town.example\nNTP=ntp2.town.example\nFallbackNTP=f.example\n",
        }
    )
    running(machine, **{"systemd-timesyn": LATER})
    found = only(time_sync.run(machine))
    assert found.sources == (TimeSource("ntp1.town.example", False), TimeSource("ntp2.town.example", False))
    assert found.state == ClockState(True, "192.0.2.9", 0.0015, 0.022689)


@given(st.binary(max_size=400))
@settings(max_examples=200)
def test_any_bytes_are_directives_or_refused(junk: bytes) -> None:
    with suppress(ntpconf.NotNtpConf):
        found = ntpconf.lines(junk, "!;#%")
        assert ntpconf.serves_by_chrony(found) in (True, False)
        assert ntpconf.serves_by_ntpd(found) in (True, False)
        assert all(ntpconf.source(line) is None or line.rest for line in found)
