"""Small Macs for the tests of collectors. No Mac was at hand: property lists are made by plistlib, XML and binary in turn; what programs
print is written after their manuals, Apple's platform documentation and rules of the macOS Security Compliance Project.
"""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from pathlib import Path

from tests.unit.host_trees import Machine

SYSTEM = "/System/Library/CoreServices/SystemVersion.plist"
BUILDS = {"12.7.6": "21H1320", "13.7.1": "22H221", "14.5": "23F79", "15.1": "24B83"}
MANAGED = "/Library/Managed Preferences"
DATE = "1763800000\n"
"""2025-11-22."""


def plist(content: object, *, binary: bool) -> bytes:
    """Write a property list."""
    kind = plistlib.FMT_BINARY if binary else plistlib.FMT_XML
    return plistlib.dumps(content, fmt=kind)  # type: ignore[arg-type]  # what a test writes can be written


def mac(
    root: Path,
    files: Mapping[str, object] | None = None,
    commands: Mapping[str, str] | None = None,
    *,
    version: str = "14.5",
    live: bool = True,
) -> Machine:
    """A Mac. Files are property lists where their content is a dictionary or a list, every other one binary."""
    made = Machine(root, live, {"date -u +%s": DATE, **(commands or {})} if live else {})
    everything = {
        SYSTEM: {"ProductName": "macOS", "ProductVersion": version, "ProductBuildVersion": BUILDS[version]},
        "/Users/Shared/.localized": "",
        "/private/var/db/.x": "",
        **(files or {}),
    }
    for place, (path, content) in enumerate(everything.items()):
        if isinstance(content, (dict, list)):
            made.write({path: plist(content, binary=place % 2 == 1)})
        elif isinstance(content, (str, bytes)):
            made.write({path: content})
    return made


def person(made: Machine, name: str, files: Mapping[str, object] | None = None) -> Machine:
    """Give somebody a home, with property lists in it."""
    (made.root / "Users" / name / "Library/Preferences").mkdir(parents=True, exist_ok=True)
    for path, content in (files or {}).items():
        made.write({f"/Users/{name}/{path}": content if isinstance(content, (str, bytes)) else plist(content, binary=True)})
    return made


def text(content: object) -> str:
    """A property list as a program prints it."""
    return plist(content, binary=False).decode()
