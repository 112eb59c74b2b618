"""What the collectors for network devices share: how the texts are read and compared, and telling a whole text from a part of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from scanner.hosts.base import Files
from scanner.hosts.config_file import LARGEST, RUNNING, STARTUP, DeviceReader
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason

READS = (Files(RUNNING, LARGEST), Files(STARTUP, LARGEST))
T = TypeVar("T")


def running(read: DeviceReader, parse: Callable[[bytes], T]) -> T:
    """Read and parse the running configuration. Raises ``CannotObserve``."""
    data = read.file(RUNNING)
    if data is None:
        raise CannotObserve(Reason.UNSUPPORTED, "there is no configuration text")
    try:
        return parse(data)
    except ValueError as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"the configuration cannot be read: {error}") from error


def whole(parts: Mapping[str, bool]) -> None:
    """Refuse a text that lacks what every whole configuration has: the silence of a part means nothing. Raises ``CannotObserve``."""
    if missing := [name for name, there in parts.items() if not there]:
        raise CannotObserve(Reason.UNSUPPORTED, f"not a whole configuration: {', '.join(missing)} missing")


def unwritten(what: str) -> Unobserved:
    """Say that a setting is not written and that its default differs between releases."""
    return Unobserved(Reason.VALUE_NOT_SET, f"{what} is not written, and its default differs between releases")


def every(parts: Iterable[bool | Unobserved]) -> bool | Unobserved:
    """Tell whether all parts hold: one that does not decides, then one that is not known."""
    unknown: Unobserved | None = None
    for part in parts:
        if isinstance(part, Unobserved):
            unknown = unknown or part
        elif not part:
            return False
    return unknown or True
