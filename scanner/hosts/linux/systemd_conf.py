"""Configuration of systemd's own programs: a main file with drop-ins, in the dialect of systemd.syntax(7). Units are in ``units``."""

from __future__ import annotations

from scanner.hosts.base import Reader
from scanner.hosts.linux.base import Text, drop_ins, one_file
from scanner.model.fact import Unobserved
from scanner.wire import keyfile

PLACES = ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd")
"""In order of precedence, systemd-system.conf(5)."""


def conf_files(read: Reader, name: str) -> tuple[Text, ...] | Unobserved:
    """Give the files of one program, such as ``logind.conf``, in the order in which they count: main file, then drop-ins."""
    main = next((text for where in PLACES if (text := one_file(read, f"{where}/{name}"))), None)
    added = drop_ins(read, tuple(f"{where}/{name}.d" for where in PLACES), ".conf")
    if isinstance(added, Unobserved):
        return added
    return (*((main,) if main else ()), *added)


def parse(data: bytes) -> keyfile.KeyFile:
    """Read one file; units and the files of systemd-networkd have the same dialect. Raises ``ValueError``."""
    return keyfile.parse(data, comments="#;", continued=True)
