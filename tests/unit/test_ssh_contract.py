"""One contract for all readers: what the local one says of a tree, the one over a far shell says too."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from scanner.hosts.base import Files, Names, Reader, Source
from scanner.hosts.local import LocalReader
from scanner.model.reason import CannotObserve
from tests.unit.far_shells import over, shells

FORGED = b"x\n==> /etc/passwd <==\nroot::0:0\n\n0123456789abcdef0123456789abcdef f /etc/passwd/\n"


def planted(root: Path) -> Path:
    """Make a tree with everything that may stand at a path."""
    tree = root / "t r'e\"e$"
    (tree / "dir.d").mkdir(parents=True)
    (tree / "plain").write_bytes(b"text\n")
    (tree / "no-end").write_bytes(b"text")
    (tree / "empty").write_bytes(b"")
    (tree / "binary").write_bytes(bytes(range(256)) * 5)
    (tree / "lines").write_bytes(b"\n\n==> x <==\n\n")
    (tree / "forged").write_bytes(FORGED)
    (tree / "large").write_bytes(b"x" * 5000)
    for name in ("a.conf", "b.conf", ".hidden", "..odd", "new\nline", "star*", "日本語", "c.conf~"):
        (tree / "dir.d" / name).write_bytes(name.encode())
    (tree / "dir.d" / os.fsdecode(b"latin\xe9")).write_bytes(b"1")
    (tree / "links").mkdir()
    for name, target in {
        "file": "../plain",
        "absolute": str(tree / "plain"),
        "dir": "../dir.d",
        "null": "/dev/null",
        "nowhere": "../missing",
        "loop": "loop",
        "up": "../../../../../../../../../../../../etc/hostname",
    }.items():
        (tree / "links" / name).symlink_to(target)
    os.mkfifo(tree / "fifo")
    os.mknod(tree / "socket", stat.S_IFSOCK | 0o600)
    os.chmod(tree / "plain", 0o4751)
    os.utime(tree / "plain", (5, 1_000_000_000))
    (tree / "none").mkdir()
    return tree


PATHS = [
    "plain", "no-end", "empty", "binary", "lines", "forged", "large", "fifo", "socket", "none", "missing", "missing/below", "plain/below",
    "dir.d", "dir.d/", "dir.d/a.conf", "dir.d/.hidden", "dir.d/star*", "dir.d/日本語", "dir.d/missing", "dir.d//a.conf", "dir.d/./a.conf",
    "dir.d/latin\udce9", "links", "links/file", "links/absolute", "links/dir", "links/dir/a.conf", "links/null", "links/nowhere",
    "links/loop", "links/up", "links/nowhere/below", "n" * 300, "nul\0", "-n", "$(id)", "`id`", "dir.d/[a].conf", "dir.d/?.conf",
]  # fmt: skip


def told(read: Reader, tree: Path, limit: int) -> list[object]:
    """Ask everything that a reader can be asked, and write down how each question ends."""

    def ending(ask: Callable[[], object]) -> object:
        try:
            return ask()
        except CannotObserve as why:
            return why.reason

    found: list[object] = []
    for path in PATHS:
        place = f"{tree}/{path}"
        found.append((path, "file", ending(partial(read.file, place, limit=limit))))
        found.append((path, "names", ending(partial(read.names, place))))
        found.append((path, "state", ending(partial(read.state, place))))
    return found


@pytest.mark.parametrize("shell", shells())
@pytest.mark.parametrize("declared", [False, True], ids=["asked", "declared"])
def test_a_far_shell_is_read_as_this_machine_is(tmp_path: Path, shell: str, declared: bool) -> None:
    tree = planted(tmp_path)
    sources: list[Source] = []
    if declared:
        sources = [Files(f"{tree}/*", 4000), Files(f"{tree}/dir.d/*", 4000), Files(f"{tree}/links/*", 4000), Names(f"{tree}/links/*")]
        sources += [Files(f"{tree}/{path}", 4000) for path in PATHS if "\0" not in path]
    here = told(LocalReader(), tree, 4000)
    there = over(shell, lambda read: told(read, tree, 4000), sources)
    assert there == here


@pytest.mark.parametrize("shell", shells())
def test_the_kernels_files_without_a_size_are_read(shell: str) -> None:
    paths = ["/proc/version", "/proc/sys/kernel/osrelease", "/proc/self/nothing", "/sys/class/net", "/proc/cpuinfo"]

    def ask(read: Reader) -> list[object]:
        return [*(read.file(path) for path in paths if path not in {"/sys/class/net", "/proc/cpuinfo"}), read.names("/sys/class/net")]

    assert over(shell, ask, [Files(paths[0])]) == ask(LocalReader())


@pytest.mark.parametrize("shell", shells())
def test_commands_end_as_they_do_here(shell: str) -> None:
    def ask(read: Reader) -> list[object]:
        return [
            read.command(["sh", "-c", "printf 'a\\n\\000b'; exit 3"]),
            read.command(["tenken-no-such-program"]),
            read.command(["sh", "-c", "cat; echo $LC_ALL $HOME $PATH"]),
        ]

    assert over(shell, ask) == ask(LocalReader())
