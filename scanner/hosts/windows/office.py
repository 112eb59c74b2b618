"""Where Microsoft Office keeps what was chosen and what policy holds, for each account. No collector here."""

from __future__ import annotations

from typing import Final

from scanner.hosts.base import AnySource, Key
from scanner.hosts.windows.base import WindowsReader, number
from scanner.model.reason import CannotObserve, Reason

VERSIONS: Final = ("16.0", "15.0")
"""Office 2016 and everything later, and Office 2013: the newest that an account has settings of counts."""
CHOSEN: Final = r"Software\Microsoft\Office"
GROUP: Final = r"Software\Policies\Microsoft\Office"
CLOUD: Final = r"Software\Policies\Microsoft\Cloud\Office"
"""Where the Cloud Policy service of Microsoft 365 writes; it has settings for accounts only."""


def office_keys(*below: str) -> tuple[AnySource, ...]:
    """The form in which a collector declares that it reads keys of Office, below that of the version."""
    places = [rf"{place}\{version}" for place in (GROUP, CLOUD, CHOSEN) for version in VERSIONS]
    return tuple(Key(rf"HKU\*\{place}\{key}", root=True) for place in places for key in below)


def version_of(read: WindowsReader, settings: str) -> str:
    """Give the version that an account uses."""
    for version in VERSIONS:
        if any(read.values(rf"{settings}\{place}\{version}") is not None for place in (GROUP, CLOUD, CHOSEN)):
            return version
    return VERSIONS[0]


def held(read: WindowsReader, settings: str, below: str, name: str) -> int | None:
    """Give what policy sets in a key below that of the version; ``None``: nothing.

    Raises ``CannotObserve`` where Group Policy and Cloud Policy differ: accounts of which one counts contradict each other.
    """
    version = version_of(read, settings)
    found = {number(read, rf"{settings}\{place}\{version}\{below}", name) for place in (GROUP, CLOUD)} - {None}
    if len(found) > 1:
        raise CannotObserve(Reason.UNSUPPORTED, rf"{below}\{name}: Group Policy and Cloud Policy differ")
    return found.pop() if found else None


def chosen(read: WindowsReader, settings: str, below: str, name: str) -> int | None:
    """Give what the account itself has set in a key below that of the version; ``None``: nothing."""
    return number(read, rf"{settings}\{CHOSEN}\{version_of(read, settings)}\{below}", name)
