"""Windows' rights in their written form (SDDL, MS-DTYP section 2.5.1): what a list of rights gives to many. Nothing here asks Windows."""

from __future__ import annotations

import re
from typing import Final

_HEAD: Final = re.compile(r"\([A-Z]{1,2};")
_ENTRY: Final = re.compile(r"\(([A-Z]{1,2});[A-Z]*;(0x[0-9A-Fa-f]{1,8}|(?:[A-Z]{2})*);[^;()]*;[^;()]*;([A-Z]{2}|S-1-[0-9A-Fx-]+)[;)]")
_RIGHTS: Final = {
    "GA": 0x1000_0000, "GX": 0x2000_0000, "GW": 0x4000_0000, "GR": 0x8000_0000,
    "FA": 0x1F_01FF, "FR": 0x12_0089, "FW": 0x12_0116, "FX": 0x12_00A0,
    "SD": 0x1_0000, "RC": 0x2_0000, "WD": 0x4_0000, "WO": 0x8_0000,
    "CC": 0x1, "DC": 0x2, "LC": 0x4, "SW": 0x8, "RP": 0x10, "WP": 0x20, "DT": 0x40, "LO": 0x80, "CR": 0x100,
}  # fmt: skip
ANYTHING: Final = 0xFFFF_FFFF
CHANGES: Final = 0x500D_0046
"""Rights by which a file or what stands in a directory can be changed: GENERIC_ALL and GENERIC_WRITE, WRITE_OWNER, WRITE_DAC, DELETE,
FILE_DELETE_CHILD, FILE_APPEND_DATA and FILE_WRITE_DATA, which are those to add a directory or a file."""
_ALLOWS: Final = frozenset({"A", "OA", "XA", "ZA"})
_NO_LIST: Final = "NO_ACCESS_CONTROL"
_MANY: Final = re.compile(
    r"WD|S-1-1-0|AU|S-1-5-11|BU|S-1-5-32-545|BG|S-1-5-32-546|PU|S-1-5-32-547|RU|S-1-5-32-554|RD|S-1-5-32-555"  # everybody, local groups
    r"|IU|S-1-5-4|NU|S-1-5-2|AN|S-1-5-7|RC|S-1-5-12|LG|AC|S-1-15-.*"  # who logs in somehow, applications
    r"|DU|DG|DC|S-1-5-21-[0-9-]+-(501|513|514|515)"  # groups of a domain, guests
)


def lets_many(rights: str, kind: int = ANYTHING) -> bool:
    """Tell whether a list of rights (``D:…``) gives one of a kind to everybody or to a group that ordinary accounts belong to.

    Without a list everybody may do everything. Entries that are only handed down to what stands below count as well; those that
    refuse are not subtracted. Raises ``ValueError`` where the text is no such list.
    """
    entries = _ENTRY.findall(rights)
    if not rights.startswith("D:") or len(entries) != len(_HEAD.findall(rights)):
        raise ValueError("no list of rights that is understood")
    return _NO_LIST in rights or any(what in _ALLOWS and _MANY.fullmatch(who) and _mask(given) & kind for what, given, who in entries)


def _mask(given: str) -> int:
    """Give the rights of an entry as a number; letters that are not known may stand for any."""
    if given.startswith("0x"):
        return int(given, 16)
    mask = 0
    for at in range(0, len(given), 2):
        mask |= _RIGHTS.get(given[at : at + 2], ANYTHING)
    return mask
