r"""The accounts database of Windows as the registry holds it below ``SAM\SAM\Domains``: rules for passwords, accounts, groups.

Microsoft does not document the stored form; it was worked out by others and has been the same since Windows 2000. The meaning of the
fields is that of [MS-SAMR] 2.2. Of stored passwords only their length is looked at, to tell an empty one from one that is set.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from scanner.wire.filetime import NEVER, seconds

MOST_MEMBERS: Final = 10_000
LONGEST: Final = 1_000_000
COMPLEX, CLEAR_TEXT, LOCKOUT_ADMINISTRATORS = 0x01, 0x10, 0x08
"""Bits of ``properties``: DOMAIN_PASSWORD_COMPLEX, DOMAIN_PASSWORD_STORE_CLEARTEXT, DOMAIN_LOCKOUT_ADMINS ([MS-SAMR] 2.2.3.6)."""
DISABLED, NO_PASSWORD_NEEDED, LOCKED_OUT, KEEPS_PASSWORD, SMARTCARD = 0x1, 0x4, 0x400, 0x200, 0x1000
"""Bits of ``flags``: USER_ACCOUNT_DISABLED and so on ([MS-SAMR] 2.2.1.12)."""

_RULES: Final = struct.Struct("<24x q q q q q q I I H H H")
_ACCOUNT: Final = struct.Struct("<8x Q 8x Q Q 16x H")
_V_HEAD: Final = 0xCC
_V_NAME, _V_NT = 0x0C, 0xA8
_C_HEAD: Final = 0x34
_C_MEMBERS: Final = 0x28


class NotSam(ValueError):
    """The octets are not what the accounts database holds."""


@dataclass(frozen=True, slots=True)
class StoredRules:
    """The rules for the machine's own accounts. Seconds; ``None`` is for ever, or until an administrator unlocks."""

    most_age: int | None
    least_age: int
    length: int
    history: int
    properties: int
    lockout_attempts: int
    lockout_seconds: int | None
    lockout_window: int


def parse_rules(octets: bytes) -> StoredRules:
    r"""Read ``Domains\Account`` ``F``."""
    if not _RULES.size <= len(octets) <= LONGEST:
        raise NotSam("too short for the rules of a domain")
    most, least, _, lockout, window, _, _, properties, length, history, attempts = _RULES.unpack_from(octets)
    for name, span in (("MaxPasswordAge", most), ("MinPasswordAge", least), ("LockoutDuration", lockout), ("window", window)):
        if span > 0:  # spans of time are stored as negative numbers of 100 ns
            raise NotSam(f"{name}: not a span of time")
    return StoredRules(_span(most), _span(least) or 0, length, history, properties, attempts, _span(lockout), _span(window) or 0)


def _span(ticks: int) -> int | None:
    """Turn a stored span into seconds; ``None``: for ever. Zero means for ever too where a largest span is asked for."""
    return None if ticks in {0, -NEVER - 1} else -ticks // 10_000_000


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """The fixed part of an account. Times are seconds since 1970, ``None``: never, or not recorded."""

    last_logon: int | None
    password_set: int | None
    expires: int | None
    flags: int


def parse_account(octets: bytes) -> StoredAccount:
    r"""Read ``Domains\Account\Users\<RID>`` ``F``."""
    if not _ACCOUNT.size <= len(octets) <= LONGEST:
        raise NotSam("too short for an account")
    logon, changed, expires, flags = _ACCOUNT.unpack_from(octets)
    return StoredAccount(seconds(logon), seconds(changed), seconds(expires), flags)


@dataclass(frozen=True, slots=True)
class StoredName:
    """The name of an account, and how long its stored password is: nothing of the password itself."""

    name: str
    has_password: bool | None
    """``None``: the length is none that is known."""


def parse_name(octets: bytes) -> StoredName:
    r"""Read the parts of ``Domains\Account\Users\<RID>`` ``V`` that are no secret."""
    if not _V_HEAD <= len(octets) <= LONGEST:
        raise NotSam("too short for an account")
    name = _part(octets, _V_NAME, _V_HEAD)
    length = struct.unpack_from("<I", octets, _V_NT + 4)[0]
    # a header of 4 octets alone, or of 24 since 2016 (AES), says that the password is empty; 20 and 56 hold one
    return StoredName(name.decode("utf-16-le", "replace"), {0: False, 4: False, 24: False, 20: True, 56: True}.get(length))


def _part(octets: bytes, place: int, head: int) -> bytes:
    offset, length = struct.unpack_from("<II", octets, place)
    start = head + offset
    if length > LONGEST or start + length > len(octets):
        raise NotSam("a part lies outside")
    return octets[start : start + length]


def parse_members(octets: bytes) -> tuple[str, ...]:
    r"""Read the members of a local group, ``Domains\Builtin\Aliases\<RID>`` ``C``, as SIDs."""
    if not _C_HEAD <= len(octets) <= LONGEST:
        raise NotSam("too short for a group")
    body = _part(octets, _C_MEMBERS, _C_HEAD)
    count = struct.unpack_from("<I", octets, _C_MEMBERS + 8)[0]
    if count > MOST_MEMBERS:
        raise NotSam("more members than are read")
    found = []
    for _ in range(count):
        sid, body = take_sid(body)
        found.append(sid)
    return tuple(found)


def parse_group_name(octets: bytes) -> str:
    """Read the name of a local group from its ``C``."""
    if not _C_HEAD <= len(octets) <= LONGEST:
        raise NotSam("too short for a group")
    return _part(octets, 0x10, _C_HEAD).decode("utf-16-le", "replace")


def take_sid(octets: bytes) -> tuple[str, bytes]:
    """Take one SID off the front ([MS-DTYP] 2.4.2.2) and give it as text, with the rest."""
    if len(octets) < 8 or octets[0] != 1 or octets[1] > 15 or len(octets) < 8 + 4 * octets[1]:
        raise NotSam("not a SID")
    end = 8 + 4 * octets[1]
    parts = struct.unpack_from(f"<{octets[1]}I", octets, 8)
    return "-".join(map(str, ("S-1", int.from_bytes(octets[2:8], "big"), *parts))), octets[end:]


def parse_domain_sid(octets: bytes) -> str:
    r"""Give the SID of the machine from ``Domains\Account`` ``V``, whose last twelve octets hold its own part."""
    if not 12 < len(octets) <= LONGEST:
        raise NotSam("too short for a domain")
    return "-".join(map(str, ("S-1-5-21", *struct.unpack("<3I", octets[-12:]))))
