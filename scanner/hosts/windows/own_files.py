"""Where programs and the profiles of their users are on Windows, for ``scanner.hosts.own_files``; keys as mappings. No collector here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from scanner.hosts.base import AnySource, Files, Key
from scanner.hosts.own_files import MOST
from scanner.hosts.windows.base import PROFILES, Person, RegistryValue, WindowsReader, on_system_drive, people, text
from scanner.model.reason import CannotObserve, Reason

DEEPEST: Final = 6
MOST_KEYS: Final = 2_000
APP_PATHS: Final = r"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths"
APP_PATHS_32: Final = r"SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\App Paths"


def program_keys(*programs: str) -> tuple[AnySource, ...]:
    """The form in which a collector declares that it asks where programs are installed."""
    places = (rf"HKLM\{APP_PATHS}", rf"HKLM\{APP_PATHS_32}")
    return tuple(Key(rf"{place}\{program}") for program in programs for place in places)


def installed(read: WindowsReader, program: str, own: str = "") -> tuple[str, ...]:
    """Give the folders of a program; empty: it is not installed. ``own`` is where one account alone would have it, below its profile.

    An account's own copy is looked for on the disk: its settings cannot be read while nobody is logged on as it.
    """
    keys = (rf"HKLM\{APP_PATHS}\{program}", rf"HKLM\{APP_PATHS_32}\{program}")
    found = [folder for key in keys if (folder := _folder(read, key)) is not None]
    if own:
        places = [f"{home(read, person)}/{own}" for person in people(read)]
        found += [place for place in places if read.state(f"{place}/{program}") is not None]
    return tuple(dict.fromkeys(found))


def _folder(read: WindowsReader, key: str) -> str | None:
    path = text(read, key, "")
    if path is None:
        return None
    return on_system_drive(path.strip().strip('"')).rpartition("/")[0]


def home(read: WindowsReader, person: Person) -> str:
    """Give the folder of an account's profile. Raises ``CannotObserve``."""
    where = text(read, rf"{PROFILES}\{person.sid}", "ProfileImagePath")
    if where is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{person.sid}: its profile is not listed")
    return on_system_drive(where)


def own_sources(place: str, *files: str) -> tuple[AnySource, ...]:
    """The form in which a collector declares that it reads files of profiles."""
    return tuple(Files(f"/Users/*/{place}/*/{file}", limit=MOST, root=True) for file in files)


@dataclass(frozen=True, slots=True)
class Housed:
    """An account of a person and where its profile is."""

    name: str
    home: str


def housed(read: WindowsReader) -> tuple[Housed, ...]:
    """Give everybody who has a profile, for ``own_files``. Raises ``CannotObserve``."""
    return tuple(Housed(person.name, home(read, person)) for person in people(read))


def tree(read: WindowsReader, key: str) -> Mapping[str, object]:
    """Give a key as a mapping: values by name, keys below it as mappings, or as a list where all names in them are numbers."""
    return _tree(read, key, DEEPEST, iter(range(MOST_KEYS)))


def _tree(read: WindowsReader, key: str, deep: int, left: Iterator[int]) -> Mapping[str, object]:
    if next(left, None) is None or not deep:
        raise CannotObserve(Reason.TOO_LARGE, rf"{key}: more keys than are read")
    found: dict[str, object] = {name: _plain(value) for name, value in (read.values(key) or {}).items()}
    for name in read.subkeys(key) or ():
        below = _tree(read, rf"{key}\{name}", deep - 1, left)
        listed = below and all(part.isdecimal() for part in below)
        found[name] = [below[part] for part in sorted(below, key=int)] if listed else below
    return found


def _plain(value: RegistryValue) -> object:
    return "\n".join(value) if isinstance(value, tuple) else value
