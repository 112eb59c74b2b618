"""Windows' audit policy: the subcategories by GUID, the file of ``auditpol /backup``, and the form in which the policy is stored.

Only GUIDs and numbers are read; the words beside them are translated by Windows.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from typing import Final

MOST_OCTETS: Final = 1_000_000
MOST_STORED: Final = 4096
NONE, SUCCESS, FAILURE, BOTH = 0, 1, 2, 3

_HEAD: Final = struct.Struct("<HHII")
_MARK: Final = 0x100
_TAIL: Final = "-69ae-11d9-bed3-505054503030"
_ROW: Final = re.compile(
    rb"\{(0cce92[0-9a-f]{2}-69ae-11d9-bed3-505054503030)\}[^\r\n]*,[ \t]*([0-9])[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)

CATEGORIES: Final[tuple[tuple[int, ...], ...]] = (
    (0x10, 0x11, 0x12, 0x13, 0x14),
    (0x15, 0x16, 0x17, 0x18, 0x1B, 0x19, 0x1A, 0x1C, 0x43, 0x47, 0x49),
    (0x1D, 0x1E, 0x1F, 0x20, 0x27, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x44, 0x45, 0x46),
    (0x28, 0x29, 0x2A),
    (0x2B, 0x2C, 0x2D, 0x2E, 0x48, 0x4A),
    (0x2F, 0x30, 0x31, 0x32, 0x33, 0x34),
    (0x35, 0x36, 0x37, 0x38, 0x39, 0x3A),
    (0x3B, 0x3C, 0x3D, 0x3E),
    (0x3F, 0x40, 0x41, 0x42),
)
"""The subcategories of the nine categories in the order in which Windows stores them; newer versions added at the ends.

The last octet of a GUID's first part stands for it: 0x15 is {0cce9215-69ae-11d9-bed3-505054503030}, Logon.
"""


class NotAuditPolicy(ValueError):
    """The octets are not what Windows writes."""


def guid(last: int) -> str:
    """Give a subcategory's GUID, lower case and without braces."""
    return f"0cce92{last:02x}{_TAIL}"


def parse_backup(octets: bytes) -> Mapping[str, int]:
    """Read the file of ``auditpol /backup``: GUID → 0 none, 1 success, 2 failure, 3 both.

    The file is in the machine's code page or UTF-16. In code page 932 a comma, a quote and a line's end are never the second
    octet of a letter, and nothing before the GUID is looked at, so no decoding is needed.
    """
    if len(octets) > MOST_OCTETS:
        raise NotAuditPolicy("longer than any policy")
    if b"{\0" in octets:
        octets = octets.removeprefix(b"\xff\xfe").decode("utf-16-le", "replace").encode("ascii", "replace")
    found: dict[str, int] = {}
    for match in _ROW.finditer(octets):
        name, setting = match[1].decode("ascii").lower(), int(match[2])
        if setting > BOTH or found.get(name, setting) != setting:
            raise NotAuditPolicy(f"{name}: the setting {setting} is not known, or it stands there twice")
        found[name] = setting
    if not found:
        raise NotAuditPolicy("no subcategory is in it")
    return found


def parse_stored(octets: bytes) -> Mapping[str, int]:
    r"""Read the value ``HKLM\SECURITY\Policy\PolAdtEv`` as Windows 7 and later write it; same answer as ``parse_backup``.

    Microsoft does not document it: twelve octets with the number of categories and the place of the table of counts, two octets for
    each subcategory, two without a meaning that is known, then how many subcategories each category has. Whatever does not add up
    is refused; subcategories beyond those known here are left out.
    """
    if not _HEAD.size < len(octets) <= MOST_STORED:
        raise NotAuditPolicy("not of a length that a policy has")
    mark, _, categories, table = _HEAD.unpack_from(octets)
    if mark != _MARK or categories != len(CATEGORIES) or table + 2 * categories != len(octets) or table < _HEAD.size + 2:
        raise NotAuditPolicy("not of the form that is known")
    counts = struct.unpack_from(f"<{categories}H", octets, table)
    if _HEAD.size + 2 * sum(counts) + 2 != table:
        raise NotAuditPolicy("the counts of the categories do not add up")
    settings = struct.unpack_from(f"<{sum(counts)}H", octets, _HEAD.size)
    found: dict[str, int] = {}
    at = 0
    for count, known in zip(counts, CATEGORIES, strict=True):
        found.update(zip(map(guid, known), settings[at : at + count], strict=False))
        at += count
    if any(setting > BOTH for setting in found.values()):
        raise NotAuditPolicy("a setting is not known")
    return found
