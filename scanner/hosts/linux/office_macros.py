"""The collector for macros on Linux: LibreOffice, by what an administrator fixes and by its users' settings."""

from __future__ import annotations

from functools import partial
from typing import Final

from scanner.facts.office_macros import OfficeMacros, OfficeProgram
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.libreoffice import Layer, is_product, program
from scanner.hosts.linux.base import accounts, exists, needed, parsed, seen, shown
from scanner.hosts.linux.reads import ACCOUNTS
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.wire import xcu

PROGRAMS: Final = (
    "/usr/lib/libreoffice/program/soffice.bin",
    "/usr/lib64/libreoffice/program/soffice.bin",
    "/opt/libreoffice/program/soffice.bin",
    "/snap/bin/libreoffice",
)
REGISTRIES: Final = ("/etc/libreoffice/registry", "/usr/lib64/libreoffice/share/registry", "/opt/libreoffice/share/registry")
"""Debian links the first into the product's folder; files of later names count over those of earlier ones."""
OWN: Final = (
    ".config/libreoffice/4/user/registrymodifications.xcu",
    "snap/libreoffice/current/.config/libreoffice/4/user/registrymodifications.xcu",
)
MOST: Final = 8_000_000


@collector(
    Platform.LINUX,
    *ACCOUNTS,
    *(Names(path) for path in PROGRAMS),
    Names("/opt"),
    *(Names(path) for path in REGISTRIES),
    *(Files(f"/home/*/{path}", limit=MOST, root=True) for path in OWN),
)
def office_macros(read: Reader) -> OfficeMacros:
    """See which office programs are installed and what they do with macros."""
    homes = tuple(f"/opt/{name}" for name in read.names("/opt") or () if name.startswith("libreoffice"))
    if not exists(read, *PROGRAMS, *(f"{home}/program/soffice.bin" for home in homes)):
        return OfficeMacros(())
    registries = (*REGISTRIES, *(f"{home}/share/registry" for home in homes))
    machine = seen(partial(_layers, read, registries))
    source = " ".join(registries[:2])
    found = [program(machine, None, "", source)]
    people = seen(partial(accounts, read))
    if isinstance(people, Unobserved):
        return OfficeMacros((*found, program(machine, people, "?", source)))
    for account in people:
        for place in OWN:
            own = _own(read, f"{account.home}/{place}")
            if own is not None:
                found.append(program(machine, own, account.name, shown(f"{account.home}/{place}")))
    for one in found:
        read.keep(one.source, f"{one.name} {one.account}: {one.rule}")
    return OfficeMacros(_different(found))


def _different(found: list[OfficeProgram]) -> tuple[OfficeProgram, ...]:
    """Leave out accounts whose settings come to the same as everybody's."""
    general = found[0]
    alike = (general.rule, general.trusted_places)
    return (general, *(one for one in found[1:] if (one.rule, one.trusted_places) != alike))


def _layers(read: Reader, registries: tuple[str, ...]) -> tuple[Layer, ...]:
    layers = []
    for directory in registries:
        for name in read.names(directory) or ():
            if name.endswith((".xcd", ".xcu")) and not is_product(name):
                path = f"{directory}/{name}"
                data = read.file(path, limit=MOST)
                if data is not None:
                    layers.append(needed(parsed(shown(path), data, xcu.parse)))
    return tuple(layers)


def _own(read: Reader, path: str) -> Layer | Unobserved | None:
    data = seen(partial(read.file, path, limit=MOST))
    return data if data is None or isinstance(data, Unobserved) else parsed(shown(path), data, xcu.parse)
