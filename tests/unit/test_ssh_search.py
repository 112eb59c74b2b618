"""One ``find`` for everything of root's below a directory: what it prints decides what is there, what is not, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from scanner.cli.ways import permitted
from scanner.engine.catalogue import catalogue
from scanner.hosts.base import FileKind, Files, Names, Run, Source
from scanner.hosts.ssh import sudo
from scanner.hosts.ssh.answer import Gathered, read_answer
from scanner.hosts.ssh.batch import Batch, first_batch
from scanner.hosts.ssh.search import Search, wild
from scanner.hosts.ssh.snapshot import SnapshotReader
from scanner.model.platform import Platform

FINDS = [["find"], *([["busybox", "find"]] if shutil.which("busybox") else [])]


def answered(sources: Iterable[Files | Names], find: list[str]) -> SnapshotReader:
    """Run on this machine what root would run there, and read its answer."""
    wanted = list(sources)
    batch = first_batch(wanted, by_sudo=sudo.Permitted(wanted))
    words = {n: sudo.listing(call.source) for n, call in batch.calls.items() if isinstance(call.source, Search)}
    words |= {n: sudo.contents(call.source) for n, call in batch.calls.items() if call.letter == "Z" and isinstance(call.source, Files)}
    unreadable = [source.pattern for source in wanted if not wild(source.pattern)]
    gathered = Gathered()
    assert read_answer(b"".join(_frames(batch, words, find, unreadable)), batch, gathered)
    return SnapshotReader(gathered, None)


def _frames(batch: Batch, words: dict[int, tuple[str, ...]], find: list[str], unreadable: list[str]) -> Iterable[bytes]:
    yield b"\n%s start 1000\n" % batch.boundary
    for number, call in batch.calls.items():  # what the account itself may not tell
        if call.letter in {"S", "F"}:
            denied = b"".join(b"%s d %s/\n" % (batch.boundary, path.encode()) for path in unreadable)
            yield b"\n%s %s %d\n%s\n%s e %d 1\n" % (batch.boundary, call.letter.encode(), number, denied, batch.boundary, number)
    for number, (_, program, *rest) in sorted(words.items()):
        assert program == "/usr/bin/find"
        done = subprocess.run([*find, *rest], capture_output=True, check=False, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
        letter = batch.calls[number].letter.encode()
        yield b"\n%s %s %d\n%s\n%s e %d %s %d\n" % (
            *(batch.boundary, letter, number, done.stdout),
            *(batch.boundary, number, done.stderr, done.returncode),
        )
    yield b"\n%s end\n" % batch.boundary


@pytest.mark.parametrize("find", FINDS, ids=" ".join)
def test_a_search_tells_what_is_there_and_what_is_not(tmp_path: Path, find: list[str]) -> None:
    home = tmp_path / "ho+me"
    for path, text in {
        "taro/.mozilla/firefox/a.default/prefs.js": "one",
        "taro/.mozilla/firefox/a.default/places": "history",
        "taro/.mozilla/firefox/profiles.ini": "",
        "hanako/prefs.js": "",
        "hanako/.ssh/authorized_keys2": "key",
        "hanako/deep/.ssh/authorized_keys": "of nobody",
        "ji.ro/.netrc": "password",
    }.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text)
    (home / "linked").mkdir()
    (home / "linked/.mozilla").symlink_to("/etc")
    read = answered(
        [
            Files(f"{home}/*/.mozilla/firefox/*/prefs.js", root=True),
            Files(f"{home}/*/.ssh/authorized_keys*", root=True),
            Names(f"{home}/*/.netrc", root=True),
            Files(f"{home}/ji.ro/.ssh/authorized_keys", root=True),
        ],
        find,
    )
    assert read.file(f"{home}/ji.ro/.ssh/authorized_keys") is None
    assert read.state(f"{home}/ji.ro/.ssh/authorized_keys") is None
    assert read.names(str(home)) == ("hanako", "ji.ro", "linked", "taro")
    assert read.names(f"{home}/taro/.mozilla/firefox") == ("a.default", "profiles.ini")
    assert read.names(f"{home}/hanako/.mozilla/firefox") is None
    assert read.file(f"{home}/taro/.mozilla/firefox/a.default/prefs.js") == b"one"
    assert read.file(f"{home}/hanako/.ssh/authorized_keys2") == b"key"
    assert read.file(f"{home}/hanako/.ssh/authorized_keys") is None
    assert read.state(f"{home}/taro/.netrc") is None
    netrc = read.state(f"{home}/ji.ro/.netrc")
    assert netrc is not None
    assert netrc.kind is FileKind.FILE
    assert not read.missed
    # What was not looked for, what a link leads to and what is only asked for by its state is not known.
    for path in ("hanako/prefs.js", "taro/.mozilla/firefox/a.default/places", "linked/.mozilla/firefox/b/prefs.js", "ji.ro/.netrc"):
        read.file(f"{home}/{path}")
        assert len(read.missed) == 1
        read.missed.clear()


@pytest.mark.parametrize("find", FINDS, ids=" ".join)
def test_a_name_with_a_line_end_does_not_speak_of_another_file(tmp_path: Path, find: list[str]) -> None:
    home = tmp_path / "home"
    forged = home / "mallory\n81a4" / "5/0/0/1" / "etc"
    forged.mkdir(parents=True)
    (forged / "sudoers").symlink_to("/dev/null")
    (home / "mallory\n81a4" / ".netrc").write_text("")
    (home / "taro").mkdir()
    read = answered([Names(f"{home}/*/.netrc", root=True), Files(f"{home}/*/a/b/c/d/e/f/g", root=True)], find)
    assert read.names(str(home)) == ("taro",)
    read.state("/etc/sudoers")
    assert len(read.missed) == 1


def test_below_homes_one_search_serves_all_whatever_a_look_needs() -> None:
    of_people = [
        source
        for collector in catalogue().collectors_on(Platform.LINUX)
        for source in collector.sources
        if isinstance(source, Files | Names) and source.root and source.pattern.startswith("/home/")
    ]
    assert len(of_people) > 20
    assert len({permitted().search(source) for source in of_people}) == 1
    whole = set(permitted().lines(of_people))
    assert all(set(permitted().lines([source])) <= whole for source in of_people)


def test_processes_are_listed_before_the_batch_starts_programs_of_its_own() -> None:
    sources: list[Source] = [
        Run(("redis-server", "--version")),
        Run(("rpm", "-qa"), seconds=60.0),
        Files("/proc/[0-9]*/stat"),
        Names("/proc"),
        Files("/etc/a"),
    ]
    text = first_batch(sources, by_sudo=None).text.decode()
    assert max(text.index("L 1 /proc\n"), text.index('"$p"/proc/[0-9]*/stat')) < min(text.index("rpm -qa"), text.index("redis-server"))
