"""The process that holds the web laboratory up: PID 1 of a PID and mount namespace of its own. Started by ``lab.WebLab``, never by hand.

As with the laboratory's keeper, whatever it starts dies with it, and it ends when its standard input closes. It answers with one line of
JSON once every server answers, and is silent from then on.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.lab import held, netns
from tests.lab.certs import Authority
from tests.lab.tls_zoo import world
from tests.lab.tls_zoo.resolver import resolver
from tests.lab.web import content, servers
from tests.lab.web.sites import BY_NAME, RESOLVER, SITES, addresses, names, pair

READY_SECONDS = 60.0
POLL_SECONDS = 0.05
LOG_TAIL = 1500
ROOTS = {
    "nginx-good": content.good,
    "apache-good": content.good,
    "apache-one-sided": content.good,
    "nginx-v6": content.good,
    "vhost": content.secrets,
    "split": content.repository,
    "nginx-bad": content.bad,
    "nginx-default": content.welcome,
    "late": content.late,
    "apache-bad": content.apache_bad,
}


def _start(folder: Path) -> dict[str, subprocess.Popen[bytes]]:
    commands = {
        RESOLVER: resolver(folder / RESOLVER, addresses()[RESOLVER], names()),
        "nginx": servers.nginx(folder),
        "apache-good": servers.apache_good(folder),
        "apache-bad": servers.apache_bad(folder),
        **{half: (sys.executable, "-m", "tests.lab.web.odd", str(folder), half) for half in ("answers", "talks")},
    }
    running = {}
    with netns.inside(world.NETNS / world.ZOO):
        for name, argv in commands.items():
            with (folder / f"{name}.out").open("wb") as log:
                running[name] = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    return running


def _wait(folder: Path, running: dict[str, subprocess.Popen[bytes]]) -> None:
    end = time.monotonic() + READY_SECONDS
    places = [(address, 80) for site in SITES for address in pair(site)] + [(addresses()[RESOLVER][0], 53)]
    with netns.inside(world.NETNS / world.ZOO):
        for address, port in places:
            while not held.accepts(address, port):
                dead = [name for name, process in running.items() if process.poll() is not None]
                if dead or time.monotonic() > end:
                    logs = [*folder.glob("*.out"), *folder.glob("home-*/error")]
                    words = "".join(path.read_text(errors="replace")[-LOG_TAIL:] for path in logs)
                    raise OSError(f"nobody answers at {address} port {port}; ended: {dead}: {words}")
                time.sleep(POLL_SECONDS)


def _raise(folder: Path) -> None:
    resolv = folder / "resolv.conf"
    resolv.write_text(f"nameserver {addresses()[RESOLVER][0]}\n")
    if Path("/etc/resolv.conf").exists():
        netns.bind(resolv, Path("/etc/resolv.conf"))
    world.raise_world(addresses())
    authority = Authority()
    authority.write(folder)
    (folder / "web.pem").write_bytes(authority.leaf([site.host for site in SITES]))
    for name in BY_NAME:
        home = folder / "root" / name
        home.mkdir(parents=True)
        if name in ROOTS:
            ROOTS[name](home)
    for path in [folder / "root", *(folder / "root").rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.parent.name == "cgi" else 0o644)
    _wait(folder, _start(folder))


if __name__ == "__main__":
    held.keep(_raise)
