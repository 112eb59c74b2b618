"""The resolver of the zoo and of the web laboratory: an Unbound that answers from the records it is given and asks nobody."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path


def resolver(home: Path, addresses: tuple[str, str], records: Iterable[tuple[str, str, str]]) -> tuple[str, ...]:
    """Write its configuration into a new folder ``home`` and give the command line.

    ``addresses`` are the IPv4 and the IPv6 address it listens on, ``records`` owner, type and address of each record.
    """
    home.mkdir()
    v4, v6 = addresses
    lines = "\n".join(f'  local-data: "{name}. 300 IN {kind} {address}"' for name, kind, address in records)
    config = home / "unbound.conf"
    config.write_text(
        f"""
server:
  interface: {v4}
  interface: {v6}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{home}"
  pidfile: ""
  use-syslog: no
  num-threads: 1
  module-config: "iterator"
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  local-zone: "." static
  local-data: ". 300 IN SOA a.root.test. host.root.test. 1 3600 900 604800 300"
{lines}
remote-control:
  control-enable: no
"""
    )
    program = shutil.which("unbound") or "unbound"
    if Path("/sys/module/apparmor/parameters/enabled").exists():  # its profiles go by path and would keep it out of our folder
        program = str(shutil.copy2(program, str(home / "unbound")))
    return program, "-d", "-c", str(config)
