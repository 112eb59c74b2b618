"""What a machine runs, as far as the questions that can be asked of it differ."""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class Platform(StrEnum):
    """What a machine runs. A collector reads one of them; the fact it makes may be the same on several."""

    LINUX = "linux"
    WINDOWS = "windows"
    MACOS = "macos"
    IOS = "ios"
    """Network devices whose configuration is written as Cisco IOS writes it."""
    JUNOS = "junos"
    FORTIOS = "fortios"


COMPUTERS = frozenset({Platform.LINUX, Platform.WINDOWS, Platform.MACOS})
DEVICES = frozenset({Platform.IOS, Platform.JUNOS, Platform.FORTIOS})
