"""The laboratory itself behaves: names resolve with a signed chain, nothing leads outside, nothing stays behind.

What the misbehaving servers do is in test_odd.py, whether the fault domains have their faults in test_domains.py.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from ipaddress import ip_address
from pathlib import Path

import dns.flags
import dns.rcode
import pytest

from tests.lab import Lab, plan
from tests.lab.asking import ask
from tests.lab.held import ROOT
from tests.lab.lab import PREFIX, sweep

PATIENCE_SECONDS = 20.0


def _folders(owner: int) -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"{PREFIX}{owner}-*"))


def _gone(pid: int) -> bool:
    """Ended, be it that nobody has collected its status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def _members(keeper: int) -> list[int]:
    """All processes of the keeper's PID namespace, as seen from here."""
    namespace = os.readlink(f"/proc/{keeper}/ns/pid")
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(entry / "ns" / "pid") == namespace:
                found.append(int(entry.name))
        except OSError:  # ended meanwhile, or not ours to look at
            continue
    return found


def test_the_municipality_resolves_with_a_valid_chain(lab: Lab) -> None:
    reply = ask(lab, "kakuu.lg.jp", "MX")
    assert reply.flags & dns.flags.AD
    assert "10 mx1.kakuu.lg.jp." in reply.answer[0].to_text()


@pytest.mark.parametrize("kind", ["in-addr", "ip6"])
def test_addresses_have_signed_reverse_names(lab: Lab, kind: str) -> None:
    server = lab.servers["mx1.kakuu.lg.jp"]
    reply = ask(lab, ip_address(server.v4 if kind == "in-addr" else server.v6).reverse_pointer, "PTR")
    assert reply.flags & dns.flags.AD
    assert "PTR mx1.kakuu.lg.jp." in reply.answer[0].to_text()


@pytest.mark.parametrize("where", ["outside", "inside"])
@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
def test_no_packet_leaves_the_laboratory(lab: Lab, where: str, address: str) -> None:
    with pytest.raises(OSError, match="unreachable"):
        lab.call(lambda: socket.create_connection((address, 53), timeout=2), where)


@pytest.mark.parametrize("version", [0, 1])
def test_the_internet_cannot_reach_into_the_office_but_the_office_out(lab: Lab, version: int) -> None:
    inside, web = lab.vantage["inside"][version], lab.servers["www.kakuu.lg.jp"].addresses[version]
    with pytest.raises(OSError, match=r"unreachable|No route") as seen:
        lab.call(lambda: socket.create_connection((inside, 9), timeout=2), "outside")
    assert seen.value.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH}
    with lab.call(lambda: socket.create_connection((web, 80), timeout=2), "inside") as connection:
        assert connection.getsockname()[0] == inside


@pytest.mark.parametrize(
    ("place", "words"),
    [(plan.BLACKHOLE, "timed out"), (plan.PROHIBITED, "No route to host"), ("c.240", "Network is unreachable")],
    ids=["vanishes", "prohibited", "no route"],
)
def test_dead_addresses_die_in_their_own_way(lab: Lab, place: str, words: str) -> None:
    with pytest.raises(OSError, match=words):
        lab.call(lambda: socket.create_connection((plan.ip4(place), 53), timeout=1), "outside")


def test_the_calling_thread_is_back_home_afterwards(lab: Lab) -> None:
    before = os.readlink("/proc/thread-self/ns/net")
    with lab.inside_namespace("outside"):
        within = os.readlink("/proc/thread-self/ns/net")
    assert within != before
    assert os.readlink("/proc/thread-self/ns/net") == before


def test_an_event_loop_runs_inside(lab: Lab) -> None:
    async def fetch() -> bytes:
        reader, writer = await asyncio.open_connection(lab.servers["www.kakuu.lg.jp"].v6, 80)
        writer.write(b"GET / HTTP/1.0\r\nHost: www.kakuu.lg.jp\r\n\r\n")
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return line

    assert lab.run_async(fetch, "inside").startswith(b"HTTP/1.1 301")


def test_commands_run_inside_with_the_laboratory_as_resolver(lab: Lab) -> None:
    done = lab.run(["getent", "ahostsv4", "www.kakuu.lg.jp"], "inside")
    assert done.stdout.startswith(lab.servers["www.kakuu.lg.jp"].v4)


def test_a_firewall_can_be_put_before_a_server_and_taken_away(lab: Lab) -> None:
    server = lab.servers["ns2.kakuu.lg.jp"].v4
    with lab.filtered(server, "tcp", 53), pytest.raises(TimeoutError):
        lab.call(lambda: socket.create_connection((server, 53), timeout=1))
    with lab.filtered(server, "tcp", 53, "reject with icmpx admin-prohibited"), pytest.raises(OSError, match="No route"):
        lab.call(lambda: socket.create_connection((server, 53), timeout=1))
    assert ask(lab, "kakuu.lg.jp", "SOA", server, tcp=True).rcode() == dns.rcode.NOERROR


@pytest.mark.usefixtures("lab")  # for its judgement whether this machine can
def test_nothing_stays_behind_when_the_owner_is_killed() -> None:
    """Another laboratory, with generated and extra domains, held by a process that dies by SIGKILL."""
    code = (
        "import sys, time; from tests.lab import Lab\n"
        "lab = Lab.up(bulk=3, extra_zones={'extra.lg.jp': {'fault': 'extra', 'records': '@ TXT \"extra\"'}})\n"
        "print(lab.run(['dig', '+short', 'extra.lg.jp', 'TXT']).stdout.strip(), end=' ')\n"
        "print(lab.run(['dig', '+short', '+dnssec', lab.bulk[2], 'MX']).returncode, len(lab.bulk))\n"
        "print(lab._keeper_pid, flush=True); time.sleep(600)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert owner.stdout is not None
    try:
        assert owner.stdout.readline().strip() == '"extra" 0 3'
        keeper = int(owner.stdout.readline())
        members = _members(keeper)
        assert len(members) > 10
        assert len(_folders(owner.pid)) == 1
    finally:
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        owner.stdout.close()
    end = time.monotonic() + PATIENCE_SECONDS
    while any(not _gone(pid) for pid in members) and time.monotonic() < end:
        time.sleep(0.02)
    assert [pid for pid in members if not _gone(pid)] == []
    sweep()
    assert _folders(owner.pid) == []


def test_the_command_line_gives_the_status_of_the_command(lab: Lab) -> None:
    """The fixture is there so that `exec` has a laboratory to go into."""
    words = ["exec", "--where", "inside", "--", "sh", "-c", "test -r $TENKEN_LAB/root.anchor && exit 7"]
    assert subprocess.run([sys.executable, "-m", "tests.lab", *words], cwd=ROOT, check=False).returncode == 7
