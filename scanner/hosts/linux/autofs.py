"""autofs: whether its maps name devices of this machine, so that media are mounted when somebody looks at a directory."""

from __future__ import annotations

from scanner.facts.readings import Readings
from scanner.facts.removable_media import Mounter
from scanner.hosts.base import Reader
from scanner.hosts.linux.base import enabled, exists, processes, runs, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason

PROGRAMS = ("/usr/sbin/automount", "/sbin/automount", "/usr/bin/automount")
MASTERS = ("/etc/auto.master", "/etc/autofs/auto.master")
MOST_MAPS = 200


def autofs(read: Reader) -> Mounter | None:
    """Give autofs as a mounter, ``None`` where it is not installed. Raises ``CannotObserve``."""
    if not exists(read, *PROGRAMS):
        return None
    device = seen(lambda: _device(read))
    starts = seen(lambda: enabled(read, "autofs.service"))
    running = runs(processes(read), "automount")
    source = "autofs maps" if device is None or isinstance(device, Unobserved) else device
    named: bool | Unobserved = device if isinstance(device, Unobserved) else device is not None

    def both(works: bool | Unobserved) -> bool | Unobserved:
        if works is False or named is False:
            return False
        return works if isinstance(works, Unobserved) else named

    now = None if running is None else both(running)
    return Mounter("autofs", "", Readings(named or None, now, both(starts), source), None, True, False)


def _device(read: Reader) -> str | None:
    """Give the first map line that names a device of this machine, with its place."""
    queue = [path for path in MASTERS if read.state(path) is not None]
    done: set[str] = set()
    while queue:
        master = queue.pop(0)
        if master in done:
            continue
        done.add(master)
        if len(done) > MOST_MAPS:
            raise CannotObserve(Reason.TOO_LARGE, f"autofs: more than {MOST_MAPS} maps")
        for words in _lines(read, master):
            if words[0].startswith("+dir:"):
                directory = words[0].removeprefix("+dir:")
                queue.extend(f"{directory}/{name}" for name in read.names(directory) or () if name.endswith(".autofs"))
            elif words[0].startswith("+"):
                _only_files(read, words[0])
            elif len(words) > 1 and (found := _in_map(read, words[1])):
                return found
    return None


def _in_map(read: Reader, name: str) -> str | None:
    kind, colon, path = name.partition(":")
    kind, path = (kind.split(",")[0], path) if colon else ("file", name)
    if path in {"-hosts", "-null"}:
        return None
    if kind == "program":
        raise CannotObserve(Reason.UNSUPPORTED, f"autofs: the map {shown(name)} is made by a program")
    if kind != "file":
        raise CannotObserve(Reason.UNSUPPORTED, f"autofs: the map {shown(name)} is kept in the network")
    path = path if path.startswith("/") else f"/etc/{path}"
    state = read.state(path)
    if state is not None and state.mode & 0o111:
        # autofs runs a map file that is executable
        raise CannotObserve(Reason.UNSUPPORTED, f"autofs: the map {shown(path)} is made by a program")
    for words in _lines(read, path):
        if words[0].startswith("+"):
            _only_files(read, words[0])
        elif any(word.startswith(":/dev/") for word in words[1:]):
            return f"{path}: {shown(' '.join(words))}"
    return None


def _lines(read: Reader, path: str) -> list[list[str]]:
    text = (read.file(path) or b"").decode("utf-8", "replace").replace("\\\n", " ")
    return [line.split() for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]


def _only_files(read: Reader, name: str) -> None:
    """A line ``+map`` takes in what nsswitch.conf(5) finds under that name; with files alone that is nothing new."""
    for line in (read.file("/etc/nsswitch.conf") or b"").decode("utf-8", "replace").split("\n"):
        service, _, sources = line.split("#")[0].partition(":")
        if service.strip() == "automount" and set(sources.split()) - {"files"}:
            raise CannotObserve(Reason.UNSUPPORTED, f"autofs: {shown(name)} is looked up in the network")
