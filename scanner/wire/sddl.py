"""Windows' rights in their written form (SDDL, MS-DTYP section 2.5.1): whom a list of rights lets in. Nothing here asks Windows."""

from __future__ import annotations

import re
from typing import Final

_HEAD: Final = re.compile(r"\([A-Z]{1,2};")
_ENTRY: Final = re.compile(r"\(([A-Z]{1,2});[A-Z]*;[^;()]*;[^;()]*;[^;()]*;([A-Z]{2}|S-1-[0-9A-Fx-]+)[;)]")
_ALLOWS: Final = frozenset({"A", "OA", "XA", "ZA"})
_NO_LIST: Final = "NO_ACCESS_CONTROL"
_MANY: Final = re.compile(
    r"WD|S-1-1-0|AU|S-1-5-11|BU|S-1-5-32-545|BG|S-1-5-32-546|PU|S-1-5-32-547|RU|S-1-5-32-554|RD|S-1-5-32-555"  # everybody, local groups
    r"|IU|S-1-5-4|NU|S-1-5-2|AN|S-1-5-7|RC|S-1-5-12|LG|AC|S-1-15-.*"  # who logs in somehow, applications
    r"|DU|DG|DC|S-1-5-21-[0-9-]+-(501|513|514|515)"  # groups of a domain, guests
)


def lets_many_in(rights: str) -> bool:
    """Tell whether a list of rights (``D:…``) gives anything to everybody or to a group that ordinary accounts belong to.

    Without a list everybody may do everything. Entries that are only handed down to what stands below count as well; those that
    refuse are not subtracted. Raises ``ValueError`` where the text is no such list.
    """
    entries = _ENTRY.findall(rights)
    if not rights.startswith("D:") or len(entries) != len(_HEAD.findall(rights)):
        raise ValueError("no list of rights that is understood")
    return _NO_LIST in rights or any(kind in _ALLOWS and _MANY.fullmatch(who) for kind, who in entries)
