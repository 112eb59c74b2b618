"""A whole audit of a Debian 12 machine over SSH, beside Lynis and ``oscap xccdf eval`` inside the same machine in the same run.

``python -m bench.hosts [--others] [--hosts 50] [--files 300000]``; as root, after ``.ci/setup lab``. ``--others`` installs lynis,
openscap-scanner and ssg-debian into the throw-away machine first, from where this machine (a Debian 12) takes its packages; the content
from that archive's sid, since Debian 12 itself carries content for its last release only, and none with a profile of CIS.
The machine is first looked at with all server programs of the laboratory, then as a clean one: they are purged as an administrator would.
``--files`` puts so many files of 100 kB onto its disk before the last look (holes: the walk asks for names, owners and rights and
reads no content). Nothing is left behind.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.installed import as_installed
from tests.lab.hosts.lab import HostsLab, Machine

MACHINE = "kept"
PORT = 2300
CONTENT = "/usr/share/xml/scap/ssg/content"
SERVERS = (
    "apache2 bind9 bind9-utils clamav-daemon cups-daemon dovecot-core knot lighttpd mariadb-server memcached nginx-light nsd php8.2-fpm "
    "postfix postgresql postgresql-client-common redis-server samba slapd snmpd unbound"
)
"""What the laboratory's machines have and a clean Debian has not; what only they need goes with them."""
LEFT = "/etc/tomcat* /usr/share/tomcat* /var/lib/tomcat* /etc/postgresql* /var/lib/postgresql /var/log/postgresql /etc/sudoers.d/town"
"""What was unpacked only, what the packages' own removal leaves, and the laboratory's rule that sudo logs whatever a command starts."""
OTHERS = "lynis openscap-scanner ssg-debian/sid linux-base"
RELEASE = "bookworm"
STREAM, PROFILE = "ssg-debian12-ds.xml", "cis_level2_server"
MOST = {"lynis": 1 / 15, "oscap": 1 / 2}
"""What part of another program's time a look may take."""
TENKEN = Path(sys.executable).with_name("tenken")
SIZE, FOLDER = 100_000, 100
WALKED = ("host.files.setuid", "host.files.world-writable", "host.files.unowned")
BUSY = 2.5
"""A load above which figures are marked: somebody else is using the machine."""


@dataclass(frozen=True)
class Run:
    """What one program took."""

    name: str
    seconds: float
    cpu: float
    megabytes: float
    remark: str = ""


def measured(name: str, argv: Sequence[str], remark: str = "", **options: object) -> tuple[Run, str]:
    """Run a program to its end; give its time, processor time, largest memory, and what it said."""
    with tempfile.TemporaryFile() as said:
        started = time.monotonic()
        process = subprocess.Popen(list(argv), stdin=subprocess.DEVNULL, stdout=said, stderr=said, **options)  # type: ignore[call-overload]  # options of Popen
        _, _, usage = os.wait4(process.pid, 0)
        took = time.monotonic() - started
        process.returncode = 0  # reaped here
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    return Run(name, took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, remark), text


def inside(machine: Machine, *argv: str, network: bool = True) -> list[str]:
    """Give the words that run a program on the machine as root; without ``network`` in this machine's own network."""
    spaces = ["-m", "-u", "-i", "-p", *(["-n"] if network else [])]
    return ["nsenter", "-t", str(machine.init), *spaces, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", *argv]


def on(machine: Machine, line: str, given: str = "") -> str:
    """Run a line of shell there that has to succeed."""
    done = subprocess.run(inside(machine, "sh", "-ec", line), input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{line}: {done.stderr}")
    return done.stdout


def prepared(lab: HostsLab, machine: Machine, hosts: int) -> Path:
    """Let the account use sudo as printed, start an sshd that takes many at once on many addresses, write the inventory."""
    text = subprocess.run([TENKEN, "hosts", "sudoers"], check=True, capture_output=True, text=True).stdout
    on(machine, "cat > /etc/sudoers.d/tenken; chmod 440 /etc/sudoers.d/tenken; visudo -cq", text)
    on(machine, f"/usr/sbin/sshd -p {PORT} -o PidFile=none -o MaxStartups=500")
    addresses = [f"10.78.0.{100 + number}" for number in range(hosts)]
    for address in addresses:
        on(machine, f"ip addr add {address}/24 dev eth0")
    names = [f"host{number}.example.jp" for number in range(hosts)]
    key = on(machine, "cat /etc/ssh/ssh_host_ed25519_key.pub")
    known = lab.folder / "known_hosts"
    known.write_text("".join(f"[{name}]:{PORT} {key}" for name in names))
    lines = [f"  - {{name: {name}, addresses: [{address}], login: audit}}" for name, address in zip(names, addresses, strict=True)]
    networks = "scope:\n  approved_by: bench\n  allow: [{network: 10.78.0.0/24}]\n"
    login = f"logins:\n  audit: {{user: audit, port: {PORT}, key: {lab.key}, known_hosts: {known}, sudo: true}}\n"
    inventory = lab.folder / "inventory.yaml"
    inventory.write_text(f"{login}hosts:\n" + "\n".join(lines) + f"\n{networks}")
    return inventory


def purged(machine: Machine) -> None:
    """Take the servers off the machine, with what they brought."""
    on(
        machine,
        f"export DEBIAN_FRONTEND=noninteractive; apt-get -qq purge -y {SERVERS} >&2; apt-get -qq autoremove --purge -y >&2; rm -rf {LEFT}",
    )


def audit(lab: HostsLab, machine: Machine, inventory: Path, hosts: int) -> tuple[Run, str]:
    """Scan so many hosts with every check of machines; give what was said beside it."""
    names = [f"host:host{number}.example.jp" for number in range(hosts)]
    argv = [TENKEN, "--verbose", "scan", "--inventory", inventory, "--only", "host.", "--only", "endpoint.", "--only", "ipv6."]
    argv += ["--no-store", "--format", "jsonl", "--budget", "300", *names]
    network = Path(f"/proc/{machine.init}/ns/net")
    run, said = measured(
        f"tenken, {hosts} host{'s' * (hosts > 1)} over SSH", ["nsenter", f"--net={network}", *map(str, argv)], env=as_installed()
    )
    counts = re.findall(r"(\d+) rounds, (\d+) octets sent, (\d+) received", said)
    results = said.count('"type": "result"') + said.count('"type":"result"')
    if len(counts) != hosts:
        raise SystemExit(f"{len(counts)} of {hosts} hosts answered:\n{said[-3000:]}")
    rounds, sent, received = (max(int(one[n]) for one in counts) for n in range(3))
    return replace(run, remark=f"{rounds} rounds, {sent:,} + {received:,} octets a host, {results} results"), said


def filled(machine: Machine, files: int) -> str:
    """Put so many files into folders of a hundred below /srv, the last of them open to everybody; say how much that is."""
    root = Path(f"/proc/{machine.init}/root/srv/archive")
    for number in range(files):
        folder = root / f"{number // 10_000:03}" / f"{number // FOLDER:05}"
        if number % FOLDER == 0:
            folder.mkdir(parents=True)
        with (folder / f"{number:07}.dat").open("wb") as file:
            file.truncate(SIZE)
            if number == files - 1:
                os.fchmod(file.fileno(), 0o666)
    return f"{files:,} files of {files * SIZE / 1e9:.0f} GB besides"


def walked(said: str) -> str:
    """Say what the walk came to: its checks with their tags, and what they say was not looked at."""
    lines = [json.loads(line) for line in said.splitlines() if line.startswith('{"type":"result"')]
    of_walk = [line for line in lines if line["check"] in WALKED]
    return "; ".join(f"{line['check']} {line['tag'] or line['outcome']}: {line['message']['en']}" for line in of_walk)


def others(machine: Machine) -> list[Run]:
    """Install and run Lynis and OpenSCAP on the machine."""
    on(machine, "cat > /etc/resolv.conf", Path("/etc/resolv.conf").read_text())
    # The laboratory's administrator has his own mirror, which is nowhere: this machine's sources are taken, with its way to them.
    if f"VERSION_CODENAME={RELEASE}\n" not in Path("/etc/os-release").read_text():
        raise SystemExit(f"--others takes packages from where this machine takes them, and it is not {RELEASE}")
    on(machine, "rm -rf /etc/apt/sources.list*")
    sent = subprocess.run(["tar", "-C", "/etc", "-c", "apt"], capture_output=True, check=True).stdout
    subprocess.run(inside(machine, "tar", "-C", "/etc", "-x"), input=sent, check=True)
    sources = on(machine, "cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true")
    archive = re.search(r"(?m)^(?:URIs:|deb) .*?(https?://\S+/debian)(?=[\s/])", sources)
    if archive is None:
        raise SystemExit("--others: no archive of Debian's among this machine's sources")
    on(machine, "cat > /etc/apt/sources.list.d/sid.list", f"deb {archive[1]} sid main\n")
    on(machine, "cat > /etc/apt/apt.conf.d/99bench", f'APT::Default-Release "{RELEASE}";\n')
    install = f"export DEBIAN_FRONTEND=noninteractive; apt-get -qq update; apt-get -qq install -y --no-install-recommends {OTHERS}"
    done = subprocess.run(inside(machine, "sh", "-ec", install, network=False), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the other programs cannot be installed: {done.stderr[-1000:]}")
    lynis, _ = measured("lynis audit system --quick", inside(machine, "lynis", "audit", "system", "--quick", "--no-colors"))
    profile = f"xccdf_org.ssgproject.content_profile_{PROFILE}"
    evaluation = inside(machine, "oscap", "xccdf", "eval", "--profile", profile, f"{CONTENT}/{STREAM}")
    oscap, said = measured(f"oscap xccdf eval, {STREAM}, {PROFILE}", evaluation)
    ended = {word: said.count(f"\n{word}\n") + said.count(f"\t{word}\n") for word in ("pass", "fail", "notapplicable")}
    return [lynis, replace(oscap, remark=", ".join(f"{count} {word}" for word, count in ended.items()))]


def compared(ours: Run, theirs: Sequence[Run]) -> str:
    """Say for each other program what part of its time a look took, and what part is asked."""
    parts = ((run.name.split()[0], ours.seconds / run.seconds) for run in theirs)
    return "".join(f"\nA look takes 1/{1 / part:.1f} of the time of {name} (asked: 1/{1 / MOST[name]:.0f})." for name, part in parts)


def main() -> None:
    """Measure and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--others", action="store_true", help="Lynis and OpenSCAP too")
    options.add_argument("--hosts", type=int, default=50, help="hosts at once")
    options.add_argument("--files", type=int, default=0, help="files on the disk in a last look")
    asked = options.parse_args()
    with HostsLab.up(MACHINE) as lab:
        machine = lab.machines[MACHINE]
        inventory = prepared(lab, machine, asked.hosts)
        load = os.getloadavg()[0]
        run, _ = audit(lab, machine, inventory, 1)
        runs = [replace(run, name=f"{run.name}, {len(SERVERS.split())} server programs installed")]
        purged(machine)
        # the first look finds nothing in memory
        runs += [audit(lab, machine, inventory, hosts)[0] for hosts in (1, 1, asked.hosts)]
        theirs = others(machine) if asked.others else []
        ratios = compared(runs[2], theirs)
        runs += theirs
        if asked.files:
            much = filled(machine, asked.files)
            run, said = audit(lab, machine, inventory, 1)
            runs.append(replace(run, name=f"{run.name}, {much}", remark=walked(said)))
    mark = "" if load < BUSY else f" (the machine was busy: load {load:.1f} on {os.cpu_count()} processors; figures are too high)"
    print(f"One Debian 12 machine with systemd{mark}\n")
    print("| program | seconds | processor seconds here | MB | |\n| --- | ---: | ---: | ---: | --- |")
    for run in runs:
        print(f"| {run.name} | {run.seconds:.1f} | {run.cpu:.1f} | {run.megabytes:.0f} | {run.remark} |")
    print(ratios)


if __name__ == "__main__":
    main()
