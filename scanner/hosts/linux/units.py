"""What the files of a unit of systemd say: its own file and its drop-ins, merged as systemd merges them (systemd.unit(5)).

Whether a unit starts with the machine is told by ``base.enabled``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.hosts.base import Files, Names, Reader, Source
from scanner.hosts.linux import systemd_conf
from scanner.hosts.linux.base import Text, drop_ins, needed, one_file, parsed

PLACES = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
"""In order of precedence."""


def unit_files(names: Sequence[str]) -> tuple[Source, ...]:
    """Give what ``settings`` reads of a unit that has these names."""
    own = [f"{place}/{name}" for name in names for place in PLACES]
    return tuple(source for path in own for source in (Files(path), Names(f"{path}.d"), Files(f"{path}.d/*.conf")))


def settings(read: Reader, names: Sequence[str], section: str, wanted: str, own: Sequence[str] = PLACES) -> tuple[str, ...]:
    """Give the values that a unit has for a setting that takes several, such as ``ExecStart``; an empty one takes back those before it.

    ``names`` are the unit's own name and its aliases, whose drop-ins count too. ``own`` are the places where its own file may stand, for a
    unit that a generator makes as well. Raises ``CannotObserve``.
    """
    found: list[str] = []
    for value in _values(read, names, section, wanted, own):
        found = [*found, value] if value else []
    return tuple(found)


def setting(read: Reader, names: Sequence[str], section: str, wanted: str, own: Sequence[str] = PLACES) -> str | None:
    """Give the last value of a setting that takes one: empty where it is taken back, ``None`` where no file has it. See ``settings``."""
    return next(reversed(tuple(_values(read, names, section, wanted, own))), None)


def _values(read: Reader, names: Sequence[str], section: str, wanted: str, own: Sequence[str]) -> Iterator[str]:
    for text in _texts(read, names, own):
        for _, entry in needed(parsed(text.path, needed(text.data), systemd_conf.parse)).entries(section, wanted):
            yield entry.value


def _texts(read: Reader, names: Sequence[str], places: Sequence[str]) -> tuple[Text, ...]:
    own = next((text for name in names for place in places if (text := one_file(read, f"{place}/{name}")) is not None), None)
    more = needed(drop_ins(read, [f"{place}/{name}.d" for place in PLACES for name in names], ".conf"))
    return (*([own] if own is not None else ()), *more)
