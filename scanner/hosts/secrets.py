"""Files whose secrets are cut out of them, and how: with ``sed`` on a far machine, here in the same way.

A password hash never reaches a collector and never crosses a wire. What stays is what checks ask: the kind of the hash, and whether
the password is empty or locked. The files of Net-SNMP are cut by ``snmp_secrets``, other secrets by the collectors that know them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from scanner.hosts import snmp_secrets


@dataclass(frozen=True, slots=True)
class Cut:
    """What is done to each line of a file: ``sed`` holds commands of sed(1), ``line`` is the same in Python."""

    sed: tuple[str, ...]
    line: Callable[[bytes], bytes]
    extended: bool = False
    """Whether the commands have extended expressions (``sed -E``)."""

    @property
    def argv(self) -> tuple[str, ...]:
        """The program that cuts a file, without the file."""
        return ("sed", *(("-E",) if self.extended else ()), *(word for command in self.sed for word in ("-e", command)))

    def all(self, data: bytes) -> bytes:
        """Cut a whole file."""
        return b"\n".join(self.line(line) for line in data.split(b"\n"))


_KIND = re.compile(rb"([^:]*):([!*]*)(\$[^$:]*\$)[^:]*")
_PLAIN = re.compile(rb"[^:]*:[!*x]*(?::|\Z)")
_DES = re.compile(rb"([^:]*:[!*]*)[./0-9A-Za-z]{13}(:|\Z)")
_OTHER = re.compile(rb"([^:]*:[!*]*)[^:]*")
_BROKEN = re.compile(rb"[^:#+-][^:]*\Z")
_HISTORY = re.compile(rb"([^:]*:[^:]*:[^:]*:).+")


def _second(line: bytes) -> bytes:
    """Cut the second field: ``$6$-`` for a hash of crypt(5), ``DES`` for the oldest kind, ``?`` for what is neither; marks stay."""
    if _KIND.match(line):
        return _KIND.sub(rb"\1:\2\3-", line, count=1)
    if _PLAIN.match(line):
        return line
    if _DES.match(line):
        return _DES.sub(rb"\1DES\2", line, count=1)
    if b":" in line:
        return _OTHER.sub(rb"\1?", line, count=1)
    return b"?" if _BROKEN.match(line) else line


SECOND = Cut(
    (
        r"s/^\([^:]*\):\([!*]*\)\(\$[^$:]*\$\)[^:]*/\1:\2\3-/",
        "t",
        r"/^[^:]*:[!*x]*:/b",
        r"/^[^:]*:[!*x]*$/b",
        r"s/^\([^:]*:[!*]*\)[./0-9A-Za-z]\{13\}:/\1DES:/",
        "t",
        r"s/^\([^:]*:[!*]*\)[./0-9A-Za-z]\{13\}$/\1DES/",
        "t",
        r"s/^\([^:]*:[!*]*\)[^:]*/\1?/",
        r"s/^[^:#+-][^:]*$/?/",
    ),
    _second,
)
"""passwd(5), shadow(5) and gshadow(5): the password is the second field."""

HISTORY = Cut((r"s/^\([^:]*:[^:]*:[^:]*:\)..*/\1-/",), lambda line: _HISTORY.sub(rb"\1-", line, count=1))
"""opasswd of pam_pwhistory(8): the fourth field lists former hashes."""

SNMP = Cut(snmp_secrets.SED, snmp_secrets.cut_line, extended=True)
"""Files of snmpd and of its library."""

CUTS: dict[str, Cut] = {
    **dict.fromkeys(("/etc/passwd", "/etc/passwd-", "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-"), SECOND),
    **dict.fromkeys(("/etc/security/opasswd", "/etc/security/opasswd.old"), HISTORY),
    **{f"{place}/{name}": SNMP for place in ("/etc/snmp", "/usr/share/snmp") for name in snmp_secrets.FILES},
    **dict.fromkeys(("/var/lib/snmp/snmpd.conf", "/var/lib/net-snmp/snmpd.conf"), SNMP),
}
"""Path → how it is cut."""


def cut(path: str, data: bytes) -> bytes:
    """Give what a collector may see of the file at ``path``; most files as they are."""
    how = CUTS.get("/" + "/".join(part for part in path.split("/") if part not in {"", "."}))
    return how.all(data) if how else data
