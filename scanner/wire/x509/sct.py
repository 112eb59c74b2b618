"""Lists of signed certificate timestamps (RFC 6962 section 3.3): which logs promise to show a certificate, and since when.

The logs' signatures are not checked: that needs the browsers' lists of logs, which change from week to week.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from scanner.facts.tls import Sct

MOST_SCTS = 64
_HEAD: Final = 1 + 32 + 8
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def scts(octets: bytes) -> tuple[Sct, ...]:
    """Give the timestamps of a SignedCertificateTimestampList that can be read. Never raises; see ``read_list`` for what was wrong."""
    return read_list(octets)[0]


def read_list(octets: bytes) -> tuple[tuple[Sct, ...], str]:
    """Give the timestamps that can be read, at most ``MOST_SCTS``, and what is wrong with the list (English), empty where nothing is."""
    found: list[Sct] = []
    if len(octets) < 2 or int.from_bytes(octets[:2]) != len(octets) - 2:
        return (), "its length does not fit"
    at = 2
    while at < len(octets):
        size = int.from_bytes(octets[at : at + 2])
        one = octets[at + 2 : at + 2 + size]
        at += 2 + size
        if len(one) < size or size < _HEAD or at > len(octets):
            return tuple(found), "a timestamp is cut off"
        if one[0] != 0:
            continue  # a version that nobody has defined, to be passed over
        if len(found) == MOST_SCTS:
            return tuple(found), f"more than {MOST_SCTS} timestamps"
        found.append(Sct(one[1:33].hex(), _time(int.from_bytes(one[33:41]))))
    return tuple(found), ""


def _time(milliseconds: int) -> str:
    try:
        return (_EPOCH + timedelta(milliseconds=milliseconds)).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
    except OverflowError:
        return ""
