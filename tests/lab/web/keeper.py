"""The process that holds the web laboratory up: PID 1 of a PID and mount namespace of its own. Started by ``lab.WebLab``, never by hand.

As with the laboratory's keeper, whatever it starts dies with it, and it ends when its standard input closes. It answers with one line of
JSON once every server answers, and is silent from then on.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.lab import held, netns
from tests.lab.certs import Authority
from tests.lab.tls_zoo import world
from tests.lab.tls_zoo.resolver import resolver
from tests.lab.web import content, servers
from tests.lab.web.sites import BY_NAME, RESOLVER, SITES, addresses, names, pair

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


def _serve(folder: Path) -> None:
    commands = {
        RESOLVER: resolver(folder / RESOLVER, addresses()[RESOLVER], names()),
        "nginx": servers.nginx(folder),
        "apache-good": servers.apache_good(folder),
        "apache-bad": servers.apache_bad(folder),
        **{half: (sys.executable, "-m", "tests.lab.web.odd", str(folder), half) for half in ("answers", "talks")},
    }
    programs = held.Programs(folder)
    with netns.inside(world.NETNS / world.ZOO):
        for name, argv in commands.items():
            programs.start(name, argv)
        places = [(address, 80) for site in SITES for address in pair(site)]
        programs.wait([*places, (addresses()[RESOLVER][0], 53)], logs=("*.out", "home-*/error"))


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
    _serve(folder)


if __name__ == "__main__":
    held.keep(_raise)
