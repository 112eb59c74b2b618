"""The reader of Windows machines, and what its collectors share: keys, values of a wanted type, accounts' own settings.

What Windows answers through its programming interface stands in ``answers``; no collector calls it by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from scanner.hosts.base import Reader
from scanner.hosts.seeing import shown
from scanner.hosts.windows.answers import SERVICE_STATES, Api
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason

A = TypeVar("A")
T = TypeVar("T")

RegistryValue = int | str | tuple[str, ...] | bytes
"""REG_DWORD and REG_QWORD: ``int``; REG_SZ and REG_EXPAND_SZ: ``str``, nothing expanded; REG_MULTI_SZ: a tuple; all else: ``bytes``."""

CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"
SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
POLICIES = r"HKLM\SOFTWARE\Policies"
MICROSOFT = r"HKLM\SOFTWARE\Microsoft"
VERSION = MICROSOFT + r"\Windows NT\CurrentVersion"
WINLOGON = VERSION + r"\Winlogon"
PROFILES = VERSION + r"\ProfileList"
PEOPLE = 500
"""Accounts whose own settings are read; a machine with more is not read in part."""
_PERSON = re.compile(r"S-1-(5-21|12-1)(-\d+){4}")  # local, domain and Entra accounts; not services, not ..._Classes


class WindowsReader(Reader, Protocol):
    r"""Read-only access to one Windows machine.

    Paths of files are absolute, with slashes: ``C:/Windows/...``, or ``/Windows/...`` for the drive that Windows stands on.
    ``FileState.mode`` and the owners mean nothing here. Keys are written ``HKLM\SOFTWARE\...`` and ``HKU\<SID>\...``, always as a
    64-bit program sees them; case means nothing. The first names are HKLM and HKU only: HKCU is a question of each account.
    ``None`` is knowledge: no such key, no such value. Missing rights are ``CannotObserve(ACCESS_DENIED)``; what is in no hive of a
    machine that does not run is ``CannotObserve(UNSUPPORTED)``. ``CurrentControlSet`` works on a mounted image too.
    """

    def value(self, key: str, name: str) -> RegistryValue | None:
        """Give one value; the name of a key's unnamed value is empty. ``None``: there is no such value or no such key."""
        ...

    def values(self, key: str) -> Mapping[str, RegistryValue] | None:
        """Give all values of a key by their names as they are written there; ``None``: there is no such key."""
        ...

    def subkeys(self, key: str) -> tuple[str, ...] | None:
        """Give the names below a key, sorted; ``None``: there is no such key."""
        ...

    def changed(self, key: str) -> int | None:
        """Give when the key itself was last written to, in seconds since 1970; ``None``: there is no such key."""
        ...

    def ask(self, question: Api[A]) -> A:
        """Ask Windows itself. Raises ``CannotObserve(UNSUPPORTED)`` where the machine does not run or has no such function."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """An account of a person that has a profile on the machine. ``settings`` is the key that holds its own settings."""

    sid: str
    settings: str | Unobserved
    name: str
    """As its profile is called; its SID where there is none."""


def people(reader: WindowsReader) -> tuple[Person, ...]:
    """Give every account of a person that has a profile here, sorted by SID; built-in and service accounts are not among them.

    Entries whose folder is gone, as the set-up of Windows leaves one, are no profiles.
    """
    listed = {sid.upper() for sid in reader.subkeys(PROFILES) or ()}
    loaded = {sid.upper() for sid in reader.subkeys("HKU") or ()}
    found = sorted(sid for sid in listed | loaded if _PERSON.fullmatch(sid))
    if len(found) > PEOPLE:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {PEOPLE} profiles of people")
    everybody = [(sid, _folder(reader, sid), _settings(reader, sid)) for sid in found]
    return tuple(
        Person(sid, settings, shown(folder.rpartition("/")[2]) or sid)
        for sid, folder, settings in everybody
        if not isinstance(settings, Unobserved) or not _gone(reader, folder)
    )


def _folder(reader: WindowsReader, sid: str) -> str:
    """Give the path of a profile; empty where it is not told."""
    where = reader.value(rf"{PROFILES}\{sid}", "ProfileImagePath")
    return on_system_drive(where) if isinstance(where, str) else ""


def _gone(reader: WindowsReader, folder: str) -> bool:
    try:
        return folder != "" and reader.state(folder) is None
    except CannotObserve:
        return False


def _settings(reader: WindowsReader, sid: str) -> str | Unobserved:
    try:
        if reader.subkeys(rf"HKU\{sid}") is not None:
            return rf"HKU\{sid}"
    except CannotObserve as why:
        return Unobserved.from_error(why)
    return Unobserved(Reason.UNSUPPORTED, f"{sid}: its settings are not loaded and were not found")


def number(reader: WindowsReader, key: str, name: str) -> int | None:
    """Give a value that is a number, be it stored as REG_DWORD or as text, as several programs do; ``None``: there is none."""
    value = reader.value(key, name)
    match value:
        case None | int():
            return value
        case str() if re.fullmatch(r"\s*-?\d{1,18}\s*", value):
            return int(value)
        case _:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, rf"{key}\{name}: not a number")


def text(reader: WindowsReader, key: str, name: str) -> str | None:
    """Give a value that is text; ``None``: there is none."""
    value = reader.value(key, name)
    if value is None or isinstance(value, str):
        return value
    raise CannotObserve(Reason.PROTOCOL_VIOLATION, rf"{key}\{name}: not text")


def texts(reader: WindowsReader, key: str, name: str) -> tuple[str, ...] | None:
    """Give a value that is a list of texts, or one text; ``None``: there is none."""
    value = reader.value(key, name)
    if value is None or isinstance(value, tuple):
        return value
    return (value,) if isinstance(value, str) else _not_texts(key, name)


def _not_texts(key: str, name: str) -> tuple[str, ...]:
    raise CannotObserve(Reason.PROTOCOL_VIOLATION, rf"{key}\{name}: not text")


@dataclass(frozen=True, slots=True)
class Setting:
    """A number that decides, and where it stands; ``value`` is ``None`` where it is set nowhere."""

    value: int | None
    source: str
    policy: bool
    """Whether it is out of the ordinary user's reach by where it stands."""


def first_set(reader: WindowsReader, places: Iterable[tuple[str, str, bool]]) -> Setting:
    """Give the first number that is set in ``(key, name, policy)``, else one without a value, with the first place as its source."""
    first = ""
    for key, name, policy in places:
        first = first or rf"{key}\{name}"
        value = number(reader, key, name)
        if value is not None:
            return Setting(value, rf"{key}\{name}", policy)
    return Setting(None, first, policy=False)


@dataclass(frozen=True, slots=True)
class Version:
    """Which Windows it is. ``build`` tells it: from 22000 on it is Windows 11, whatever its name says."""

    build: int
    revision: int
    edition: str
    """``EditionID``: ``Professional``, ``Enterprise``, ``EnterpriseS`` (LTSC), ``Core``, ``ServerStandard`` …, English everywhere."""
    server: bool
    release: str
    """``DisplayVersion`` or ``ReleaseId``: ``22H2``; empty where there is none."""


def version(reader: WindowsReader) -> Version:
    """Tell which Windows it is; raises ``CannotObserve`` where the registry does not say."""
    build = number(reader, VERSION, "CurrentBuild")
    if build is None:
        build = number(reader, VERSION, "CurrentBuildNumber")
    if build is None:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, rf"{VERSION}\CurrentBuild: there is none")
    kind = text(reader, VERSION, "InstallationType") or ""
    product = text(reader, CONTROL + r"\ProductOptions", "ProductType") or ""
    if not kind and not product:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, rf"{VERSION}\InstallationType: there is none, so a server and a client look alike")
    return Version(
        build,
        number(reader, VERSION, "UBR") or 0,
        text(reader, VERSION, "EditionID") or "",
        (product or kind).lower() not in {"winnt", "client"},
        text(reader, VERSION, "DisplayVersion") or text(reader, VERSION, "ReleaseId") or "",
    )


AUTOMATIC = frozenset({0, 1, 2})
DISABLED = 4
STOPPED, RUNNING = 1, 4


def service_start(reader: WindowsReader, service: str) -> int | None:
    """Give how a service or driver starts: 0 to 2 by itself, 3 on demand, 4 never; ``None``: there is no such service."""
    return number(reader, rf"{SERVICES}\{service}", "Start")


def starts_by_itself(reader: WindowsReader, service: str) -> bool:
    """Tell whether a service or driver starts with the machine. Raises ``CannotObserve``."""
    return service_start(reader, service) in AUTOMATIC


def service_runs(reader: WindowsReader, service: str) -> bool | Unobserved | None:
    """Tell whether a service or driver runs now, or is about to or pauses; ``None``: the machine does not run."""
    if not reader.live:
        return None
    try:
        return _service_state(reader, service) != STOPPED
    except CannotObserve as why:
        return Unobserved.from_error(why)


def service_works(reader: WindowsReader, service: str) -> bool | None:
    """Tell whether a service or driver does its work now, and neither starts nor pauses; ``None``: the machine does not run.

    Raises ``CannotObserve``.
    """
    return _service_state(reader, service) == RUNNING if reader.live else None


def _service_state(reader: WindowsReader, service: str) -> int:
    states = {one.name.upper(): one.state for one in reader.ask(SERVICE_STATES).services}
    return states.get(service.upper(), STOPPED)


def split(key: str) -> tuple[str, str, str]:
    r"""Take a key apart: ``HKLM`` or ``HKU``, the first name below it in capitals, and the rest. Raises ``ValueError`` for another root."""
    root, _, path = key.partition("\\")
    first, _, rest = path.partition("\\")
    if root.upper() not in {"HKLM", "HKU"}:
        raise ValueError(f"{key}: keys begin with HKLM or HKU")
    return root.upper(), first.upper(), rest


def on_system_drive(path: str) -> str:
    r"""Write a path of the registry as a reader takes it: ``%SystemDrive%\Users\taro`` becomes ``/Users/taro``, ``C:\x`` ``C:/x``."""
    path = re.sub(r"^%SystemDrive%", "", path, flags=re.IGNORECASE)
    path = re.sub(r"^%(SystemRoot|windir)%", "/Windows", path, flags=re.IGNORECASE)
    path = re.sub(r"^%(ProgramData|AllUsersProfile)%", "/ProgramData", path, flags=re.IGNORECASE)
    path = re.sub(r"^%ProgramFiles%", "/Program Files", path, flags=re.IGNORECASE)
    return path.replace("\\", "/").rstrip("/")
