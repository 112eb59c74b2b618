"""The collector for the key files of OpenSSH's server: rights of the host keys, and the keys that open accounts."""

from __future__ import annotations

from functools import partial
from typing import Final

from scanner.facts.readings import FileRights
from scanner.facts.ssh_server import AuthorizedKeys, SshKeyFiles
from scanner.hosts.base import FileKind, Files, Names, Reader, collector
from scanner.hosts.linux import sshd_files
from scanner.hosts.linux.base import parsed, seen, shown
from scanner.hosts.linux.passwd import Entry, passwd
from scanner.hosts.linux.sshd_files import KEYWORDS, MAIN
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import authorized_keys

HOST_KEYS: Final = "/etc/ssh"
MOST_KEY_FILES: Final = 50
MOST_FILES: Final = 500
SHELLS_OF_NOBODY: Final = frozenset({"nologin", "false", "sync", "halt", "shutdown"})
HOMES: Final = (Names("/root", root=True), Names("/root/.ssh", root=True), Names("/home/*/.ssh", root=True))
"""Where people's own files stand; one look each, because every look by sudo takes time."""


@collector(
    Platform.LINUX,
    Files(MAIN, root=True),
    Files("/etc/ssh/sshd_config.d/*", root=True),
    Names("/etc/ssh/sshd_config.d", root=True),
    Names(HOST_KEYS),
    Files("/etc/passwd", limit=10_000_000),
    Files("/etc/group", limit=10_000_000),
    Names("/"),
    Names("/home"),
    *HOMES,
    Files("/root/.ssh/authorized_keys", root=True),
    Files("/root/.ssh/authorized_keys2", root=True),
    Files("/home/*/.ssh/authorized_keys*", root=True),
)
def ssh_key_files(read: Reader) -> SshKeyFiles:
    """See the rights of host keys and which keys open which accounts."""
    found = sshd_files.files(read)
    places, elsewhere = key_places(found)
    lines = found.general if isinstance(found, sshd_files.Files) else []
    named = [line.arguments[0] for line in lines if line.keyword == "hostkey" and line.arguments]
    groups = seen(lambda: _group(read, "ssh_keys"))
    return SshKeyFiles(
        host_keys=seen(lambda: _host_keys(read, named)),
        key_group=groups if isinstance(groups, int) else None,
        authorized=seen(lambda: _authorized(read, places)),
        elsewhere=elsewhere,
    )


def key_places(found: sshd_files.Files | Unobserved) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give where keys of users stand by the settings for everybody, and the places and commands beside them that are not looked at."""
    default = KEYWORDS["authorizedkeysfile"] or ()
    if isinstance(found, Unobserved):
        return default, (shown(f"{MAIN}: {found.detail}"),)
    places = next((line.arguments for line in found.general if line.keyword == "authorizedkeysfile"), default)
    commands = [line.arguments[0] for line in found.general if line.keyword == "authorizedkeyscommand" and line.arguments][:1]
    within = [a for block in found.blocks for line in block.lines if line.keyword == "authorizedkeysfile" for a in line.arguments]
    elsewhere = [shown(place) for place in (*commands, *within) if place.lower() != "none"]
    return tuple(p for p in places if p.lower() != "none"), tuple(dict.fromkeys(elsewhere))


def _group(read: Reader, name: str) -> int | None:
    for line in (read.file("/etc/group", limit=10_000_000) or b"").decode("utf-8", "replace").split("\n"):
        fields = line.split(":")
        if len(fields) >= 4 and fields[0] == name and fields[2].isdecimal():
            return int(fields[2])
    return None


def rights(read: Reader, path: str) -> FileRights | None:
    """Give who may do what with a file; ``None`` where it is not there or a link. Raises ``CannotObserve``."""
    state = read.state(path)
    if state is None or state.kind is FileKind.LINK:
        return None
    return FileRights(shown(path), state.mode, state.uid, state.gid)


def _host_keys(read: Reader, named: list[str]) -> tuple[FileRights, ...]:
    paths = [path for path in named if path.startswith("/")] or [
        f"{HOST_KEYS}/{name}" for name in read.names(HOST_KEYS) or () if name.startswith("ssh_host_") and name.endswith("_key")
    ]
    if len(paths) > MOST_KEY_FILES:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_KEY_FILES} host keys")
    return tuple(found for path in paths if (found := rights(read, path)) is not None)


def _authorized(read: Reader, places: tuple[str, ...]) -> tuple[AuthorizedKeys, ...]:
    found: list[AuthorizedKeys] = []
    seen_paths: set[str] = set()
    for entry in passwd(read):
        if entry.shell.rsplit("/", 1)[-1] in SHELLS_OF_NOBODY or not entry.home.startswith("/"):
            continue
        for place in places:
            path = expanded(place, entry)
            if path in seen_paths:
                continue
            seen_paths.add(path)
            keys = _one(read, entry, path)
            if keys is not None:
                found.append(keys)
            if len(found) > MOST_FILES:
                raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_FILES} files of authorized keys")
    return tuple(found)


def expanded(place: str, entry: Entry) -> str:
    """Give the path of an account's keys for a value of AuthorizedKeysFile, sshd_config(5)."""
    path = place.replace("%%", "\0").replace("%h", entry.home).replace("%u", entry.name).replace("%U", str(entry.uid)).replace("\0", "%")
    return path if path.startswith("/") else f"{entry.home.rstrip('/')}/{path}"


def _one(read: Reader, entry: Entry, path: str) -> AuthorizedKeys | None:
    data = seen(partial(read.file, path))
    if data is None:
        return None
    if isinstance(data, Unobserved):  # what stands in a closed directory is not asked for one by one
        return AuthorizedKeys(shown(entry.name), shown(path), entry.uid, data, ())
    keys = parsed(shown(path), data, authorized_keys.parse)
    above = [path]
    home = entry.home.rstrip("/")
    while above[-1].startswith(f"{home}/"):
        above.append(above[-1].rpartition("/")[0])
    known = [seen(partial(rights, read, place)) for place in above]
    missing = next((k for k in known if isinstance(k, Unobserved)), None)
    if missing is not None:
        keys = missing if not isinstance(keys, Unobserved) else keys
    return AuthorizedKeys(shown(entry.name), shown(path), entry.uid, keys, tuple(k for k in known if isinstance(k, FileRights)))
