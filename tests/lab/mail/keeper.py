"""The process that holds the mail laboratory up: PID 1 of a PID and mount namespace. Started by ``lab.MailLab``, never by hand.

It works as ``tests.lab.keeper`` does: one JSON answer on standard output once every server answers, then silence until standard input
closes.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.lab import held, netns
from tests.lab.certs import Authority
from tests.lab.mail import others, postfix
from tests.lab.mail.scenarios import DOMAIN, GATEWAY, INSIDE, OUTSIDE, RESOLVER, SERVERS, STORE, Program, Server

NETNS = Path("/run/netns")
_SETTINGS = {
    "ipv6/conf/default/accept_dad": "0",
    "ipv6/conf/all/accept_dad": "0",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
}


def _network() -> None:
    netns.tmpfs(NETNS)
    for name in ("servers", "outside", "inside"):
        netns.make(NETNS / name, _SETTINGS)
    own = [address for server in SERVERS.values() for address in server.addresses] + [*RESOLVER, STORE]
    lines = ["link set lo up"]
    lines += [f"link add name to-{name} type veth peer name eth0 netns {name}" for name in ("outside", "inside")]
    lines += [f"addr add {a}/{64 if ':' in a else 24} dev to-outside{' nodad' if ':' in a else ''}" for a in own]
    lines += [f"addr add {a}/{64 if ':' in a else 24} dev to-inside{' nodad' if ':' in a else ''}" for a in GATEWAY]
    lines += ["link set to-outside up", "link set to-inside up"]
    netns.ip("servers", lines)
    for name, pair in (("outside", OUTSIDE), ("inside", INSIDE)):
        lines = ["link set lo up", "link set eth0 up"]
        lines += [f"addr add {a}/{64 if ':' in a else 24} dev eth0{' nodad' if ':' in a else ''}" for a in pair]
        if name == "inside":
            lines += [f"route add 192.52.193.0/24 via {GATEWAY[0]}", f"route add 3ffe:c::/64 via {GATEWAY[1]}"]
        netns.ip(name, lines)


def _people(folder: Path) -> None:
    """Let the users exist whom Exim and OpenSMTPD look for, in this mount namespace alone."""
    users = [(name, number) for number, name in enumerate(("Debian-exim", "opensmtpd", "opensmtpq"), start=60001)]
    for name, lines in (
        ("passwd", [f"{user}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin" for user, number in users]),
        ("group", [f"{user}:x:{number}:" for user, number in users]),
    ):
        real = Path("/etc", name)
        kept = [line for line in real.read_text().splitlines() if line.partition(":")[0] not in {new.partition(":")[0] for new in lines}]
        copy = folder / name
        copy.write_text("\n".join([*kept, *lines]) + "\n")
        copy.chmod(0o644)
        netns.bind(copy, real)


def _opensmtpd_places() -> None:
    """OpenSMTPD's spool, its empty folder and its helpers have fixed places: laid over here, where nobody else sees them."""
    netns.tmpfs(Path("/var/spool"))
    Path("/var/spool/smtpd").mkdir(mode=0o711)
    for name, user, group, mode in (
        ("offline", "root", "opensmtpq", 0o770),
        ("purge", "opensmtpq", "root", 0o700),
        ("temporary", "opensmtpq", "root", 0o700),
        ("queue", "opensmtpq", "root", 0o700),
        ("corrupt", "opensmtpq", "root", 0o700),
        ("incoming", "opensmtpq", "root", 0o700),
    ):
        path = Path("/var/spool/smtpd", name)
        path.mkdir()
        shutil.chown(path, user, group)
        path.chmod(mode)
    netns.tmpfs(Path("/var/lib"))
    Path("/var/lib/opensmtpd/empty").mkdir(parents=True)


def _serve(folder: Path) -> None:
    commands: dict[str, tuple[str, ...]] = {"unbound": others.unbound(folder / "unbound", SERVERS)}
    groups: dict[Program, list[Server]] = {}
    for server in SERVERS.values():
        groups.setdefault(server.program, []).append(server)
    for server in groups[Program.DOVECOT]:
        commands[server.name] = others.dovecot(folder / server.name, server)
    commands["odd"] = (sys.executable, "-m", "tests.lab.mail.odd", str(folder))
    commands["exim"] = others.exim(folder / "exim", groups[Program.EXIM][0])
    shutil.chown(folder / "exim", "Debian-exim", "Debian-exim")
    shutil.chown(folder / "exim" / "spool", "Debian-exim", "Debian-exim")
    commands["opensmtpd"] = others.opensmtpd(folder / "opensmtpd", groups[Program.OPENSMTPD][0])
    with netns.inside(NETNS / "servers"):
        for program in (Program.POSTFIX, Program.FRONT, Program.BACK):
            commands[program] = postfix.instance(folder / program, groups[program], SERVERS)
            postfix.prepare(folder / program)
        programs = held.Programs(folder)
        for name, argv in commands.items():
            programs.start(name, argv)
    with netns.inside(NETNS / "outside"):
        programs.wait((address, port) for server in SERVERS.values() for address in server.addresses for port in server.ports)


def _raise(folder: Path) -> None:
    resolv = folder / "resolv.conf"
    resolv.write_text("".join(f"nameserver {address}\n" for address in RESOLVER))
    if Path("/etc/resolv.conf").exists():
        netns.bind(resolv, Path("/etc/resolv.conf"))
    _network()
    _people(folder)
    _opensmtpd_places()
    authority = Authority()
    authority.write(folder)
    (folder / "lab.pem").write_bytes(authority.leaf([server.host for server in SERVERS.values()] + [DOMAIN]))
    (folder / "leaf.key").rename(folder / "lab.key")
    _serve(folder)


if __name__ == "__main__":
    held.keep(_raise)
