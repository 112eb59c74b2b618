"""Files that hold password hashes, and how the hashes are cut out of them: with ``sed`` on a far machine, here in the same way.

A hash never reaches a collector and never crosses a wire. What stays is what checks ask: the kind of the hash, and whether
the password is empty or locked. Other secrets are cut by the collectors that know them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cut:
    """What is done to each line of a file: ``sed`` holds commands of POSIX sed(1), ``line`` is the same in Python."""

    sed: tuple[str, ...]
    line: Callable[[bytes], bytes]

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

CUTS: dict[str, Cut] = {
    **dict.fromkeys(("/etc/passwd", "/etc/passwd-", "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-"), SECOND),
    **dict.fromkeys(("/etc/security/opasswd", "/etc/security/opasswd.old"), HISTORY),
}
"""Path → how it is cut."""


def cut(path: str, data: bytes) -> bytes:
    """Give what a collector may see of the file at ``path``; most files as they are."""
    how = CUTS.get("/" + "/".join(part for part in path.split("/") if part not in {"", "."}))
    return how.all(data) if how else data
