"""Keeps the read form of a baseline in the user's cache directory, because reading 1 MB of YAML takes longer than judging a host.

Nothing here decides anything: what is kept is found again only under a key that covers the bytes of the files, the checks that
they were held against and the code that read them, and whatever cannot be found, read or believed is as if nothing was kept.
The file is JSON, a value a line, under a checksum; it belongs to the account that runs and to nobody else (adr/0016).
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

LARGEST = 20_000_000
"""Most bytes of a kept file that are looked at."""
MOST = 20
"""Baselines that stay kept, those used last: the shipped ones of a few versions or places, and an organisation's own."""
UNFINISHED = 3600.0
"""Seconds after which nobody is still writing a file that was not finished."""


def folder() -> Path | None:
    """Where the account keeps such files (``$XDG_CACHE_HOME/tenken``), or ``None`` where it has no such place."""
    if not hasattr(os, "geteuid"):  # who owns a file is told otherwise there
        return None
    given = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(given):  # the specification of base directories: a relative path counts as unset
        home = os.environ.get("HOME", "")
        if not os.path.isabs(home):
            return None
        given = os.path.join(home, ".cache")
    return Path(given, "tenken")


def recall(name: str, key: str) -> Iterator[object] | None:
    """Give the values kept as ``name`` under ``key``, or ``None``: nothing, something older, something damaged, or not ours.

    They are read one by one: all of a document at once would take more memory than it leaves behind.
    """
    place = folder()
    if place is None:
        return None
    try:
        handle = os.open(place / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o022 or about.st_size > LARGEST:
            return None
        with open(handle, "rb", closefd=False) as file:
            content = file.read(LARGEST)
    except OSError:
        return None
    finally:
        os.close(handle)
    checksum = content[: content.find(b"\n")]
    if checksum != hashlib.sha256(memoryview(content)[len(checksum) + 1 :]).hexdigest().encode():
        return None
    _, found_key, *lines = content.split(b"\n")
    if found_key != key.encode():
        return None
    with suppress(OSError):
        os.utime(place / name, follow_symlinks=False)  # when it was used last, for ``_prune``
    return map(json.loads, lines)


def keep(name: str, key: str, values: Iterable[object]) -> None:
    """Keep ``values`` (plain JSON) as ``name`` in place of what was there. Where that is not possible nothing is kept, silently."""
    place = folder()
    if place is None:
        return
    lines = (json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in values)
    rest = "\n".join([key, *lines]).encode()
    with suppress(OSError):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, written = tempfile.mkstemp(prefix=f".{name}-", dir=place)  # readable for its owner only
        try:
            with open(handle, "wb") as file:
                file.write(hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)
            os.replace(written, place / name)
        except OSError:
            os.unlink(written)
            raise
        _prune(place, name.partition("-")[0])


def _prune(place: Path, family: str) -> None:
    """Remove what was used longest ago, and what was never finished. Who has such a file open reads on; the next one reads the YAML."""
    forgotten = _by_use(place.glob(f"{family}-*"))[:-MOST]
    abandoned = [(used, file) for used, file in _by_use(place.glob(f".{family}-*")) if used < time.time() - UNFINISHED]
    for _, file in (*forgotten, *abandoned):
        with suppress(OSError):  # another process was faster, or it is no file
            file.unlink()


def _by_use(files: Iterable[Path]) -> list[tuple[float, Path]]:
    """Give files with the time of their last use, the oldest first; another process may remove some meanwhile."""
    found = []
    for file in files:
        with suppress(FileNotFoundError):
            found.append((file.lstat().st_mtime, file))
    return sorted(found)
