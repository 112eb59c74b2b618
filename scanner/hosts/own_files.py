"""Settings files that programs keep in the homes of their users, one folder a profile. No collector here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, Protocol, TypeVar

from scanner.hosts.base import Reader
from scanner.hosts.seeing import needed, parsed, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason

T = TypeVar("T")
MOST: Final = 8_000_000
"""Octets of one settings file."""
MOST_ENTRIES: Final = 300
"""Entries of a folder of profiles."""


class Home(Protocol):
    """An account, and where its files are."""

    @property
    def name(self) -> str:
        """The account."""
        ...

    @property
    def home(self) -> str:
        """Its home directory."""
        ...


R = TypeVar("R", bound=Reader)
Everybody = Callable[[R], Sequence[Home]]
"""Lists the people who use a machine; may raise ``CannotObserve``."""


def own_files(
    read: R, everybody: Everybody[R], places: tuple[str, ...], files: tuple[str, ...], parse: Callable[[bytes], T]
) -> Mapping[str, tuple[T, ...]] | Unobserved:
    """Give what stands in each profile of each account: account → the parsed files that are there, in the order of ``files``.

    A second profile of an account is named after it, ``taro/work``. One file that cannot be read or understood leaves all unknown.
    """
    return seen(partial(_all, read, everybody, places, files, parse))


def _all(
    read: R, everybody: Everybody[R], places: tuple[str, ...], files: tuple[str, ...], parse: Callable[[bytes], T]
) -> Mapping[str, tuple[T, ...]]:
    found: dict[str, tuple[T, ...]] = {}
    for account in everybody(read):
        for place in places:
            directory = f"{account.home}/{place}"
            entries = read.names(directory) or ()
            if len(entries) > MOST_ENTRIES:
                raise CannotObserve(Reason.TOO_LARGE, f"{shown(directory)}: more than {MOST_ENTRIES} entries")
            for entry in entries:
                there = []
                for file in files:
                    path = f"{directory}/{entry}/{file}"
                    data = read.file(path, limit=MOST)
                    if data is not None:
                        there.append(needed(parsed(shown(path), data, parse)))
                if there:
                    found[account.name if account.name not in found else f"{account.name}/{shown(entry)}"] = tuple(there)
    return found


def merged_profiles(found: Mapping[str, tuple[Mapping[str, T], ...]] | Unobserved) -> Mapping[str, Mapping[str, T]] | Unobserved:
    """Merge the files of each profile: the later counts (user.js over prefs.js)."""
    if isinstance(found, Unobserved):
        return found
    return {account: {name: value for held in files for name, value in held.items()} for account, files in found.items()}
