"""KDE's settings files as KConfig merges them: system files first, the user's own last, immutable entries final."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.hosts.base import Reader
from scanner.hosts.linux.base import Account, Text, one_file, parsed, seen
from scanner.hosts.linux.desktops import environment
from scanner.model.fact import Unobserved
from scanner.wire import keyfile

SYSTEM = ("/etc/xdg", "/usr/share/kde-settings/kde-profile/default/xdg")
"""Where KDE looks when XDG_CONFIG_DIRS is not set; the second is where the Fedora family sets it to. First one wins."""


@dataclass(frozen=True, slots=True)
class KValue:
    """What the files make of one entry: ``None`` where nothing is said."""

    value: str | Unobserved | None
    fixed: bool | Unobserved
    source: str


@dataclass(frozen=True, slots=True)
class KConfig:
    """One settings file of KDE in all its places, the most general first."""

    name: str
    files: tuple[tuple[str, keyfile.KeyFile | Unobserved], ...]

    def get(self, group: str, key: str) -> KValue:
        """Give an entry. A place that cannot be read leaves it unknown, unless a place before it has fixed the entry."""
        value: str | Unobserved | None = None
        fixed: bool | Unobserved = False
        source = f"{self.name} [{group}] {key}"
        for path, held in self.files:
            if isinstance(held, Unobserved):
                value, fixed, source = held, held, path
                continue
            for found, entry in held.entries(group, key):
                value, fixed, source = None if "d" in entry.marks else entry.value, False, f"{path} [{group}] {key}"
                if "i" in entry.marks or found.immutable:
                    return KValue(value, True, source)
            if held.immutable or any(found.immutable for found in held.groups if found.name == group):
                # The group is closed: what was set so far, or KDE's default, stays.
                return KValue(value, True, source if value is not None else f"{path} [{group}]")
        return KValue(value, fixed, source)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that are there."""
        return tuple(path for path, _ in self.files)


def kconfig(read: Reader, name: str, account: Account | None = None) -> KConfig:
    """Read a settings file as one account gets it, or as an account without files of its own does."""
    directories = seen(lambda: environment(read, "XDG_CONFIG_DIRS"))
    if isinstance(directories, Unobserved):
        return KConfig(name, (("/etc/environment", directories),))
    places = [f"{place.rstrip('/')}/{name}" for place in reversed(directories.split(":") if directories else SYSTEM) if place]
    if account:
        places.append(f"{account.home}/.config/{name}")
    texts = [text for place in places if (text := one_file(read, place))]
    return KConfig(name, tuple((text.path, _parsed(text)) for text in texts))


def _parsed(text: Text) -> keyfile.KeyFile | Unobserved:
    return text.data if isinstance(text.data, Unobserved) else parsed(text.path, text.data, keyfile.parse)


def boolean(text: str) -> bool:
    """Read a boolean as KConfig does: everything but these words is true."""
    return text.strip().lower() not in {"false", "no", "off", "0", ""}
