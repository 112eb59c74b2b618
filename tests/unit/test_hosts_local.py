"""The readers of what is at hand: nothing escapes the root, nothing hangs, nothing is written, a missing right is told apart."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scanner.hosts.base import FileKind
from scanner.hosts.keeping import EXCERPT, KEPT
from scanner.hosts.local import ERRORS, OUTPUT, LocalReader, RootReader
from scanner.model.reason import CannotObserve, Reason

NOBODY = 65534


@contextmanager
def without_rights() -> Iterator[None]:
    """Run the body as an ordinary account; where the tests themselves run as one nothing has to change."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def reason(ask: object) -> Reason:
    """The reason why ``ask`` cannot observe."""
    with pytest.raises(CannotObserve) as caught:
        ask()  # type: ignore[operator]  # a lambda of the test
    return caught.value.reason


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small root directory, and a secret beside it."""
    (tmp_path / "secret").write_text("outside")
    top = tmp_path / "root"
    (top / "etc").mkdir(parents=True)
    (top / "etc/hostname").write_text("inside\n")
    return top


def no_such_call(pid: int) -> int:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


@pytest.fixture(params=["pidfd", "old kernel", "waitid", "poll"])
def ends(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the end of a program is learned: as on Linux, on Linux before 5.3, on macOS with Python 3.13, and on macOS with an older one."""
    match request.param:
        case "old kernel":
            monkeypatch.setattr(os, "pidfd_open", no_such_call)
        case "waitid":
            monkeypatch.delattr(os, "pidfd_open")
        case "poll":
            monkeypatch.delattr(os, "pidfd_open")
            monkeypatch.delattr(os, "waitid")
    return str(request.param)


def test_a_file_its_names_and_its_state_are_read(root: Path) -> None:
    read = RootReader(root)
    assert read.file("/etc/hostname") == read.file("etc//./hostname") == b"inside\n"
    assert read.names("/etc") == ("hostname",)
    assert read.names("/") == ("etc",)
    state = read.state("/etc/hostname")
    assert state is not None
    assert (state.kind, state.size) == (FileKind.FILE, 7)
    assert not read.live


def test_a_process_that_ends_while_it_is_looked_at_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    process = subprocess.Popen(["sleep", "60"])
    real = os.read

    def late(handle: int, size: int) -> bytes:
        process.kill()
        process.wait()
        return real(handle, size)

    monkeypatch.setattr(os, "read", late)
    assert LocalReader().file(f"/proc/{process.pid}/stat") is None


def test_a_file_that_opens_and_cannot_be_read_is_a_reason() -> None:
    with pytest.raises(CannotObserve) as why:
        LocalReader().file("/proc/self/mem")
    assert why.value.reason is Reason.UNSUPPORTED


def test_what_is_missing_is_none_and_no_reason(root: Path) -> None:
    read = RootReader(root)
    assert read.file("/etc/none") is None
    assert read.file("/none/none") is None
    assert read.file("/etc/hostname/below-a-file") is None
    assert read.names("/none") is None
    assert read.names("/etc/hostname") is None
    assert read.state("/none") is None
    assert read.file("/" + "x" * 300) is None
    assert read.file("/etc/ho\0st") is None


def test_without_handles_that_only_look_the_same_is_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS, which has no O_PATH: links stay inside, pipes are not opened."""
    monkeypatch.setattr("scanner.hosts.local._WALK", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    os.mkfifo(root / "etc/pipe")
    (root / "etc/out").symlink_to("../../secret")
    (root / "etc/in").symlink_to("/etc/hostname")
    (root / "up").symlink_to("..")
    read = RootReader(root)
    assert read.file("/etc/in") == read.file("/up/etc/hostname") == b"inside\n"
    assert read.file("/etc/out") is None
    assert reason(lambda: read.file("/etc/pipe")) is Reason.UNSUPPORTED
    assert read.names("/etc/..") == ("etc", "up")


@pytest.mark.parametrize(
    "target",
    ["/../../secret", "../../../../../secret", "../../secret", "{outside}", "/etc/../../secret", "/proc/self/root{outside}"],
)
def test_a_link_never_leads_out_of_the_root(root: Path, target: str) -> None:
    (root / "etc/link").symlink_to(target.format(outside=root.parent / "secret"))
    read = RootReader(root)
    assert read.file("/etc/link") is None
    assert read.file("/../secret") is None
    assert read.file("/etc/../../secret") is None


def test_a_directory_that_is_a_link_out_of_the_root_holds_nothing(root: Path) -> None:
    (root / "etc/dir").symlink_to("../..")
    (root / "etc/abs").symlink_to(str(root.parent))
    read = RootReader(root)
    assert read.names("/etc/dir") == ("etc",)  # "above the root" is the root itself
    assert read.file("/etc/dir/secret") is None
    assert read.names("/etc/abs") is None


def test_links_inside_are_followed_as_the_machine_would(root: Path) -> None:
    (root / "etc/absolute").symlink_to("/etc/hostname")
    (root / "etc/relative").symlink_to("../etc/./hostname")
    (root / "etc/twice").symlink_to("absolute")
    (root / "lib").symlink_to("etc")
    read = RootReader(root)
    for path in ("/etc/absolute", "/etc/relative", "/etc/twice", "/lib/hostname", "/lib/twice"):
        assert read.file(path) == b"inside\n"
    state = read.state("/etc/twice")
    assert state is not None
    assert state.kind is FileKind.LINK


def test_links_that_go_round_end(root: Path) -> None:
    (root / "etc/a").symlink_to("b")
    (root / "etc/b").symlink_to("a")
    assert reason(lambda: RootReader(root).file("/etc/a")) is Reason.UNSUPPORTED


def test_a_masked_file_reads_as_empty_even_where_the_image_has_no_null_device(root: Path) -> None:
    (root / "etc/masked").symlink_to("/dev/null")
    assert RootReader(root).file("/etc/masked") == b""


@pytest.mark.alone
def test_a_pipe_a_socket_and_a_directory_are_told_apart_and_never_waited_for(root: Path) -> None:
    os.mkfifo(root / "etc/pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "etc/socket"))
        read = RootReader(root)
        begun = time.monotonic()
        for path in ("/etc/pipe", "/etc/socket", "/etc"):
            assert reason(lambda where=path: read.file(where)) is Reason.UNSUPPORTED
        assert time.monotonic() - begun < 1
        state = read.state("/etc/pipe")
        assert state is not None
        assert state.kind is FileKind.OTHER


def test_a_file_beyond_the_limit_is_not_read_in_part(root: Path) -> None:
    with (root / "etc/huge").open("wb") as huge:
        huge.truncate(1 << 40)  # sparse
    assert reason(lambda: RootReader(root).file("/etc/huge")) is Reason.TOO_LARGE
    (root / "etc/fits").write_bytes(b"x" * 1000)
    assert RootReader(root).file("/etc/fits", limit=1000) == b"x" * 1000
    assert reason(lambda: RootReader(root).file("/etc/fits", limit=999)) is Reason.TOO_LARGE


def test_a_missing_right_is_a_reason_of_its_own(root: Path) -> None:
    root.parent.chmod(0o755)
    for above in root.parents:
        if above.stat().st_uid == os.geteuid() and above.name.startswith(("pytest", "popen")):
            above.chmod(0o755)
    (root / "etc/shadow").write_text("x")
    (root / "etc/shadow").chmod(0)
    (root / "etc/closed").mkdir()
    (root / "etc/closed/x").write_text("x")
    (root / "etc/closed").chmod(0)
    read = RootReader(root)
    with without_rights():
        assert reason(lambda: read.file("/etc/shadow")) is Reason.ACCESS_DENIED
        assert reason(lambda: read.names("/etc/closed")) is Reason.ACCESS_DENIED
        assert reason(lambda: read.file("/etc/closed/x")) is Reason.ACCESS_DENIED
        assert read.file("/etc/hostname") == b"inside\n"
    (root / "etc/closed").chmod(0o755)


def test_names_that_are_no_utf8_can_be_read(root: Path) -> None:
    with open(os.fsencode(root) + b"/etc/\xff", "wb") as handle:
        handle.write(b"odd")
    read = RootReader(root)
    names = read.names("/etc")
    assert names is not None
    odd = next(name for name in names if name != "hostname")
    assert read.file(f"/etc/{odd}") == b"odd"


def test_a_mounted_root_runs_no_command(root: Path) -> None:
    assert reason(lambda: RootReader(root).command(["id"])) is Reason.UNSUPPORTED


def test_evidence_is_capped(root: Path) -> None:
    read = RootReader(root)
    for number in range(KEPT + 5):
        read.keep(f"place {number}", "x" * (EXCERPT + 1))
    assert len(read.evidence()) == KEPT
    assert len(read.evidence()[0].excerpt) == EXCERPT


def test_reading_writes_nothing(root: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (root, *root.rglob("*"))}
    read = RootReader(root)
    read.names("/")
    read.file("/etc/hostname")
    read.file("/etc/none")
    read.state("/etc")
    assert {path: path.stat().st_mtime_ns for path in (root, *root.rglob("*"))} == before


def test_the_files_of_proc_are_read_though_they_say_they_are_empty() -> None:
    read = LocalReader()
    assert read.live
    assert (read.file("/proc/self/status") or b"").startswith(b"Name:")
    assert (read.file("/proc/self/../version") or b"").startswith(b"Linux")
    assert read.file("/dev/null") == b""
    assert reason(lambda: read.file("/dev/zero")) is Reason.UNSUPPORTED


def test_a_command_gets_a_plain_environment_and_no_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "1")
    said = LocalReader().command(["sh", "-c", "env; cat; echo end; exit 3"])
    assert said is not None
    assert said.status == 3
    assert b"LC_ALL=C\n" in said.stdout
    assert b"SECRET" not in said.stdout
    assert said.stdout.endswith(b"end\n")


def test_a_program_that_is_not_there_is_none() -> None:
    assert LocalReader().command(["tenken-has-no-such-program"]) is None


@pytest.mark.usefixtures("ends")
def test_a_command_that_does_not_end_is_killed_with_all_it_started(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    begun = time.monotonic()
    assert reason(lambda: LocalReader().command(["sh", "-c", f"sleep 600 & echo $! > {note}; wait"], seconds=0.3)) is Reason.TIMEOUT
    assert time.monotonic() - begun < 5
    assert _gone(int(note.read_text()))


def test_what_a_command_leaves_behind_is_not_waited_for(tmp_path: Path, ends: str) -> None:
    note = tmp_path / "pid"
    begun = time.monotonic()
    said = LocalReader().command(["sh", "-c", f"sleep 600 & echo $! > {note}; echo done"])
    assert said is not None
    assert said.stdout == b"done\n"
    assert time.monotonic() - begun < 5
    if ends == "poll":  # its group may be another's by now, so it is left alone
        os.kill(int(note.read_text()), signal.SIGKILL)
    assert _gone(int(note.read_text()))


@pytest.mark.usefixtures("ends")
def test_output_beyond_the_cap_ends_the_command_and_errors_are_cut() -> None:
    assert reason(lambda: LocalReader().command(["sh", "-c", "yes"])) is Reason.TOO_LARGE
    said = LocalReader().command(["sh", "-c", f"head -c {OUTPUT} /dev/zero; head -c 100000 /dev/zero >&2"])
    assert said is not None
    assert len(said.stdout) == OUTPUT
    assert len(said.stderr) == ERRORS


@pytest.mark.usefixtures("ends")
def test_a_chatty_child_that_stays_behind_does_not_hold_up_the_reader() -> None:
    begun = time.monotonic()
    said = LocalReader().command(["sh", "-c", "yes >&2 & echo done"])
    assert said is not None
    assert said.stdout == b"done\n"
    assert time.monotonic() - begun < 5


def _gone(pid: int) -> bool:
    """Wait until a killed process is gone or a zombie that nobody has waited for."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state in {"Z", "X"}:
            return True
    os.kill(pid, signal.SIGKILL)
    return False
