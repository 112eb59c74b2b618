"""The file that ``secedit /export`` writes: sections of names and values, in English on every Windows, in UTF-16 with a mark.

Only numbers and the values of the registry section are given; names of accounts in it are translated or renamed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

MOST_OCTETS: Final = 4_000_000
MOST_LINES: Final = 100_000
ACCESS: Final = "System Access"
_SECTION: Final = re.compile(r"\[([^\]\r\n]{1,80})\]\s*\Z")


class NotExport(ValueError):
    """The octets are not an export of security settings, or one beyond the caps."""


def parse_export(octets: bytes) -> Mapping[str, Mapping[str, str]]:
    """Give section → name → value, quotes taken off. The section that says what the file is has to be there.

    UTF-16 with or without its mark, or the one-octet text of ``/export`` on very old systems. The last of two values of one name counts,
    as it does where Windows applies such a file.
    """
    if len(octets) > MOST_OCTETS:
        raise NotExport("longer than any export")
    lines = _text(octets).splitlines()
    if len(lines) > MOST_LINES:
        raise NotExport("more lines than any export has")
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] | None = None
    for line in lines:
        if heading := _SECTION.match(line):
            section = found.setdefault(heading[1], {})
        elif section is not None and "=" in line and not line.lstrip().startswith(";"):
            name, _, value = line.partition("=")
            section[name.strip()] = value.strip().strip('"')
    # signature="$CHICAGO$" stands in the section [Version] of every file of this kind
    if found.get("Version", {}).get("signature") != "$CHICAGO$":
        raise NotExport("no section says that it is an export of security settings")
    return found


def number(export: Mapping[str, Mapping[str, str]], name: str, section: str = ACCESS) -> int | None:
    """Give a number of the section of accounts' rules; ``None`` where it is not there. Raises ``NotExport`` for what is no number."""
    value = export.get(section, {}).get(name)
    if value is None:
        return None
    if not re.fullmatch(r"-?\d{1,10}", value, re.ASCII):
        raise NotExport(f"{name}: not a number")
    return int(value)


def _text(octets: bytes) -> str:
    if octets[:2] == b"\xfe\xff":
        return octets[2:].decode("utf-16-be", "replace")
    if octets[:2] == b"\xff\xfe":
        return octets[2:].decode("utf-16-le", "replace")
    if octets[1:2] == b"\0":
        return octets.decode("utf-16-le", "replace")
    return octets.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
