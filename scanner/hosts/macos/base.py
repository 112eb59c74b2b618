"""What the collectors for macOS share: property lists, managed preferences, versions, accounts, launchd. No collector here.

A configuration profile's settings stand in ``/Library/Managed Preferences/DOMAIN.plist``, for one account in a folder of its name;
macOS writes them there when a profile is installed, and everybody may read them. They win over what users and programs set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Final

from scanner.hosts.base import Files, Names, Reader, Run, Source
from scanner.hosts.seeing import needed, parsed, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import plist
from scanner.wire.plist import Plist

MANAGED: Final = "/Library/Managed Preferences"
SYSTEM_VERSION: Final = "/System/Library/CoreServices/SystemVersion.plist"
USERS: Final = "/Users"
MOST_PEOPLE: Final = 500
SHARED: Final = frozenset({"Shared", "Guest", "Deleted Users", ".localized"})
VERSION: Final[tuple[Source, ...]] = (Files(SYSTEM_VERSION),)
PEOPLE: Final[tuple[Source, ...]] = (Names(USERS), Names(MANAGED))
DISABLED: Final = Run(("launchctl", "print-disabled", "system"))
OVERRIDES: Final = "/private/var/db/com.apple.xpc.launchd/disabled.plist"
LAUNCHD: Final[tuple[Source, ...]] = (DISABLED, Files(OVERRIDES, root=True))


@dataclass(frozen=True, slots=True)
class Version:
    """Which macOS it is: ``14.5`` is ``(14, 5, 0)``."""

    numbers: tuple[int, int, int]
    text: str
    build: str

    @property
    def major(self) -> int:
        """``10`` up to Catalina, then 11 and on."""
        return self.numbers[0]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a home under /Users."""

    name: str
    home: str


@dataclass(frozen=True, slots=True)
class Held:
    """One setting by profile: its value where one says it, ``None`` where none does."""

    value: object | None
    source: str


def read_plist(read: Reader, path: str) -> Plist | Unobserved | None:
    """Give a property list; ``None``: there is no such file."""
    data = seen(partial(read.file, path, limit=plist.LARGEST))
    return data if data is None or isinstance(data, Unobserved) else parsed(path, data, plist.parse)


def version(read: Reader) -> Version:
    """Tell which macOS it is. Raises ``CannotObserve``."""
    held = read_plist(read, SYSTEM_VERSION)
    if held is None or isinstance(held, Unobserved):
        raise CannotObserve(*((held.reason, held.detail) if held else (Reason.UNSUPPORTED, f"{SYSTEM_VERSION} is not there")))
    words = plist.text(held.get("ProductVersion")) or ""
    if not re.fullmatch(r"\d{1,3}(\.\d{1,3}){0,3}", words):
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{SYSTEM_VERSION}: ProductVersion {shown(words)}")
    first, second, third, *_ = (*map(int, words.split(".")), 0, 0)
    return Version((first, second, third), words, shown(plist.text(held.get("ProductBuildVersion")) or ""))


def people(read: Reader) -> tuple[Person, ...]:
    """Give the accounts of people by their homes; accounts of a directory have theirs there too. Raises ``CannotObserve``."""
    names = [name for name in read.names(USERS) or () if not name.startswith(".") and name not in SHARED]
    if len(names) > MOST_PEOPLE:
        raise CannotObserve(Reason.TOO_LARGE, f"{USERS}: more than {MOST_PEOPLE} homes")
    return tuple(Person(shown(name), f"{USERS}/{name}") for name in names)


def managed_files(*domains: str) -> tuple[Source, ...]:
    """Declare the files of managed preferences of some domains."""
    return tuple(Files(f"{MANAGED}{place}/{domain}.plist") for domain in domains for place in ("", "/*"))


def managed(read: Reader, domain: str, key: str, *, person: Person | None = None) -> Held | Unobserved:
    """Give what profiles say of one key: those of the machine, then those of one account, which macOS asks first."""
    found = Held(None, f"{MANAGED}/{domain}.plist {key}")
    places = [MANAGED] + ([f"{MANAGED}/{person.name}"] if person else [])
    for place in places:
        path = f"{place}/{domain}.plist"
        held = read_plist(read, path)
        if isinstance(held, Unobserved):
            return held
        if held is not None and key in held:
            found = Held(held[key], f"{path} {key}")
    return found


def switched(read: Reader, service: str) -> bool | Unobserved | None:
    """Tell what an administrator ordered for a service of launchd: started, kept from starting, ``None``: nothing, so its own file decides.

    In force it is what ``launchctl`` says; on a mounted disk what launchd's own list holds.
    """
    orders = seen(partial(_orders, read))
    return orders if isinstance(orders, Unobserved) else orders.get(service)


def _orders(read: Reader) -> dict[str, bool]:
    if read.live:
        answer = read.command(DISABLED.argv)
        if answer is None or answer.status != 0 or b"disabled services" not in answer.stdout:
            raise CannotObserve(Reason.UNSUPPORTED, "launchctl print-disabled gives no list")
        # up to macOS 12 "=> true" for disabled, from 13 on "=> disabled" and "=> enabled"
        text = answer.stdout.decode("utf-8", "replace")
        found = re.findall(r'"([^"\n]{1,200})"\s*=>\s*(true|false|disabled|enabled)', text)
        return {name: word in {"false", "enabled"} for name, word in found}
    held = needed(read_plist(read, OVERRIDES))
    return {name: not off for name, value in (held or {}).items() if (off := plist.flag(value)) is not None}


def said(read: Reader, asked: Run) -> str | Unobserved:
    """Give what a command prints where it ends well; a machine that does not run, or has no such program, leaves it open."""
    return seen(partial(_output, read, asked))


def _output(read: Reader, asked: Run) -> str:
    answer = read.command(asked.argv, seconds=asked.seconds)
    name = asked.argv[0].rpartition("/")[2]
    if answer is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{name}: there is no such program")
    if answer.status != 0:
        raise CannotObserve(Reason.UNSUPPORTED, f"{name} ended with {answer.status}")
    return answer.stdout.decode("utf-8", "replace")
