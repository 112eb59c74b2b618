"""Configuration and command line of every server program of the laboratory. Text in, text out: nothing is started here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab import plan

PROGRAMS = (
    "named", "nsd", "knotd", "unbound", "nginx", "postfix", "postconf", "sshd", "ssh-keygen",
    "ip", "nft", "unshare", "nsenter", "dnssec-keygen", "dnssec-signzone", "openssl",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ready:
    """How to see that a server answers: a DNS question to ``address``, or a TCP connection where ``zone`` is ``None``."""

    address: str
    zone: str | None
    port: int = 53


@dataclass(frozen=True, slots=True)
class Daemon:
    """A program to start in the namespace ``host``."""

    name: str
    host: str
    argv: tuple[str, ...]
    ready: tuple[Ready, ...]


Zones = Mapping[str, Path]


def _listed(addresses: Iterable[str]) -> str:
    return " ".join(f"{address};" for address in addresses)


_NAMED_OPTIONS = """
options {{
  directory "{folder}"; pid-file "{folder}/pid"; session-keyfile "{folder}/key"; managed-keys-directory "{folder}";
  listen-on port 53 {{ {v4} }}; listen-on-v6 port 53 {{ {v6} }};
  version none; hostname none; server-id none;
  empty-zones-enable no; notify no; max-cache-size 16m; dump-file "/dev/null"; statistics-file "/dev/null"; lock-file none;
  check-names primary ignore; check-mx ignore; check-mx-cname ignore; check-integrity no; check-spf ignore; check-wildcard no;
  check-sibling no; check-dup-records ignore; zone-statistics none; tcp-clients 300; minimal-responses no;
  {options}
}};
controls {{ }};
logging {{ category lame-servers {{ null; }}; category resolver {{ null; }}; category dnssec {{ null; }}; }};
"""


def named(folder: Path, addresses: Sequence[plan.Server], body: str, options: str = "") -> tuple[str, ...]:
    """Write named's configuration below ``folder`` and give its command line."""
    v4, v6 = _listed(server.v4 for server in addresses), _listed(server.v6 for server in addresses)
    config = folder / "named.conf"
    config.write_text(_NAMED_OPTIONS.format(folder=folder, v4=v4, v6=v6, options=options) + body)
    return "named", "-g", "-n", "1", "-c", str(config)


def authority_views(zones: Zones, generous: Zones, servers: Mapping[str, plan.Server], hints: Path, anchor: str) -> str:
    """Views of the authoritative BIND: the well-kept one and those that are too generous, told apart by the address asked.

    ``generous`` are the zones that the transferring server carries.
    """
    axfr, recursive = servers["axfr.servers.or.jp"], servers["recursive.servers.or.jp"]
    kept = [
        address for server in servers.values() if server.host == "bind" and server not in {axfr, recursive} for address in server.addresses
    ]
    own = "\n".join(f'  zone "{name}" {{ type primary; file "{path}"; }};' for name, path in zones.items())
    borrowed = "\n".join(f'  zone "{name}" {{ in-view "hosting"; }};' for name in zones)
    copies = "\n".join(f'  zone "{name}" {{ type primary; file "{path}"; allow-transfer {{ any; }}; }};' for name, path in generous.items())
    return f"""
view "hosting" {{
  match-destinations {{ {_listed(kept)} }};
  recursion no; dnssec-validation no; allow-transfer {{ none; }};
{own}
}};
view "axfr" {{
  match-destinations {{ {_listed(axfr.addresses)} }};
  recursion no; dnssec-validation no;
{copies}
}};
view "recursive" {{
  match-destinations {{ {_listed(recursive.addresses)} }};
  {recursion(hints, anchor, ("any",), recursive)}
{borrowed}
}};
"""


def recursion(hints: Path, anchor: str, clients: Iterable[str], server: plan.Server) -> str:
    """The statements that make a BIND view a validating resolver for ``clients``."""
    allowed = _listed(clients)
    return f"""
  recursion yes; dnssec-validation yes; allow-query {{ {allowed} }}; allow-recursion {{ {allowed} }}; allow-query-cache {{ {allowed} }};
  query-source address {server.v4}; query-source-v6 address {server.v6};
  trust-anchors {{ . static-key {anchor}; }};
  zone "." {{ type hint; file "{hints}"; }};
"""


def resolver_views(servers: Mapping[str, plan.Server], hints: Path, anchor: str) -> str:
    """The two BIND resolvers.

    None of them asks from a fixed port: BIND 9.18 then opens the same socket twice and falls back to TCP now and then.
    """
    views = []
    for name, clients in (("open.resolvers.test", ("any",)), ("closed.resolvers.test", plan.OFFICE)):
        server = servers[name]
        body = recursion(hints, anchor, clients, server)
        views.append(f'view "{name}" {{\n  match-destinations {{ {_listed(server.addresses)} }};{body}}};')
    return "\n".join(views)


def nsd(folder: Path, addresses: Sequence[plan.Server], zones: Zones) -> tuple[str, ...]:
    """Write NSD's configuration below ``folder`` and give its command line."""
    listen = "\n".join(f"  ip-address: {address}" for server in addresses for address in server.addresses)
    # Debian's NSD limits answers to 200 a second a source by default, which a benchmark would measure instead of the scanner.
    text = f"""
server:
  server-count: 1
{listen}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: ""
  zonelistfile: "{folder}/zonelist"
  xfrdfile: "{folder}/xfrd"
  xfrdir: "{folder}"
  hide-version: yes
  hide-identity: yes
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  tcp-count: 200
  reuseport: no
remote-control:
  control-enable: no
""" + "\n".join(f'zone:\n  name: "{name}"\n  zonefile: "{path}"' for name, path in zones.items())
    config = folder / "nsd.conf"
    config.write_text(text + "\n")
    return "nsd", "-d", "-c", str(config)


def knot(folder: Path, addresses: Sequence[plan.Server], zones: Zones) -> tuple[str, ...]:
    """Write Knot's configuration below ``folder`` and give its command line. It tells version and name to whoever asks."""
    listen = ", ".join(f"{address}@53" for server in addresses for address in server.addresses)
    text = f"""
server:
  rundir: "{folder}"
  user: root
  listen: [ {listen} ]
  version: "Knot DNS 3.2.6"
  identity: "dns-honkan-3f.kakuu.lg.jp"
  nsid: "dns-honkan-3f"
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
control:
  listen: "{folder}/control"
database:
  storage: "{folder}"
  journal-db-max-size: 8M
  timer-db-max-size: 2M
  catalog-db-max-size: 8M
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: "{folder}"
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
    semantic-checks: off
zone:
""" + "\n".join(f'  - domain: "{name}"\n    file: "{path}"' for name, path in zones.items())
    config = folder / "knot.conf"
    config.write_text(text + "\n")
    return "knotd", "-c", str(config)


def unbound(
    folder: Path, server: plan.Server, clients: Iterable[str], hints: Path, anchor: Path | None, *, extra: str = ""
) -> tuple[str, ...]:
    """Write Unbound's configuration below ``folder`` and give its command line. Whoever is not in ``clients`` is refused."""
    config = folder / "unbound.conf"
    config.write_text(
        f"""
server:
  directory: "{folder}"
  chroot: ""
  username: ""
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  logfile: ""
  num-threads: 1
  interface: {server.v4}
  interface: {server.v6}
  outgoing-interface: {server.v4}
  outgoing-interface: {server.v6}
  access-control: 0.0.0.0/0 refuse
  access-control: ::/0 refuse
"""
        + "".join(f"  access-control: {client} allow\n" for client in clients)
        + f"""
  hide-identity: yes
  hide-version: yes
  hide-trustanchor: yes
  root-hints: "{hints}"
  module-config: "{"validator iterator" if anchor else "iterator"}"
  unblock-lan-zones: yes
  insecure-lan-zones: yes
  local-zone: "test." nodefault
  msg-cache-size: 8m
  rrset-cache-size: 16m
  outgoing-range: 2048
  num-queries-per-thread: 1024
  incoming-num-tcp: 100
  so-reuseport: no
  # A server that was silent to one test must not be held dead for the next.
  infra-host-ttl: 5
{extra}
"""
        + (f'  trust-anchor-file: "{anchor}"\n' if anchor else "")
        + "remote-control:\n  control-enable: no\n"
    )
    return "unbound", "-d", "-c", str(config)
