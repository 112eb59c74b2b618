"""Far sides that misbehave: commands that hang or never stop, accounts that make noise, links that die, shells that lie."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.hosts.base import Files, Names, Reader, Run, Source
from scanner.hosts.local import NAMES, OUTPUT
from scanner.hosts.ssh import session as session_module
from scanner.hosts.ssh.answer import Gathered, read_answer
from scanner.hosts.ssh.batch import first_batch
from scanner.hosts.ssh.pipes import PipeShell
from scanner.hosts.ssh.session import Session
from scanner.hosts.ssh.sudo import Permitted
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from tests.unit.far_shells import SHELLS, asked, begun, shells


def reason_of(read: Reader, *argv: str) -> Reason | None:
    try:
        read.command(argv)
    except CannotObserve as why:
        return why.reason
    return None


@pytest.mark.parametrize("shell", shells())
def test_a_command_that_hangs_or_never_stops_costs_itself_only(shell: str) -> None:
    hangs = Run(("sh", "-c", "sleep 1000"), 1.0)
    babbles = Run(("sh", "-c", "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"), 20.0)
    started = time.monotonic()
    session = begun(SHELLS.get(shell, [shell]), [hangs, babbles, Run(("sh", "-c", "echo fine; exit 4")), Files("/etc/passwd")])
    assert reason_of_each(session, hangs, babbles) == [Reason.TIMEOUT, Reason.TOO_LARGE]
    output = asked(session, lambda read: read.command(["sh", "-c", "echo fine; exit 4"]))
    assert output is not None
    assert (output.status, output.stdout) == (4, b"fine\n")
    assert asked(session, lambda read: read.file("/etc/passwd"))
    assert session.rounds == 1
    assert session.received > OUTPUT
    assert time.monotonic() - started < 30
    session.close()


def reason_of_each(session: Session, *runs: Run) -> list[Reason | None]:
    return asked(session, lambda read: [reason_of(read, *run.argv) for run in runs])


def test_without_timeout_no_command_is_run_and_files_are_read(tmp_path: Path) -> None:
    for name in ("sh", "head", "stat", "id", "tail", "sed", "cat"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    # The search path that the far side sets is replaced on the way, as if these were all of its programs.
    argv = ["sh", "-c", f"sed -u s,^PATH=/usr/local/sbin.*bin\\ LC_ALL,PATH={tmp_path}\\ LC_ALL, | sh"]
    session = begun(argv, [Run(("sh", "-c", "echo fine")), Run(("no-such-program",)), Files("/etc/hostname")])
    assert asked(session, lambda read: reason_of(read, "sh", "-c", "echo fine")) is Reason.UNSUPPORTED
    assert asked(session, lambda read: read.command(["no-such-program"])) is None
    assert asked(session, lambda read: read.file("/etc/hostname"))
    assert session.rounds == 1
    session.close()


NOISE = "printf '\\244\\242\\244\\244 \\202\\240 \\343\\201\\202\\nb 0 e 1 0\\n'; echo oops >&2; export LC_ALL=ja_JP.eucJP LANG=ja_JP.SJIS;"


@pytest.mark.parametrize(
    "argv",
    [
        ["sh", "-c", NOISE + "exec sh"],
        ["sh", "-c", NOISE + "yes | head -c 100000; exec sh"],
        ["bash", "-c", NOISE + "alias stat=false; stat() { echo forged; }; sh"],
        *([["tcsh", "-c", "echo noise; setenv LC_ALL ja_JP.SJIS; sh"]] if shutil.which("tcsh") else []),
    ],
    ids=lambda argv: argv[0],
)
def test_noise_and_locales_of_the_account_do_no_harm(argv: list[str]) -> None:
    session = begun(argv, [Run(("ls", "/tenken-no-such-directory")), Files("/etc/hostname")])
    output = asked(session, lambda read: read.command(["ls", "/tenken-no-such-directory"]))
    assert output is not None
    assert output.status != 0
    assert asked(session, lambda read: read.file("/etc/hostname")) == Path("/etc/hostname").read_bytes()
    session.close()


@pytest.mark.parametrize(
    ("argv", "seconds", "reason"),
    [
        (["sh", "-c", "echo This account is currently not available."], 10.0, Reason.RESET),
        (["sh", "-c", "cat >/dev/null"], 1.0, Reason.TIMEOUT),
        (["sh", "-c", "cat"], 1.0, Reason.TIMEOUT),
        (["sh", "-c", "sleep 1000"], 1.0, Reason.TIMEOUT),
        (["sh", "-c", "yes; cat"], 20.0, Reason.TOO_LARGE),
        (["sh", "-c", "head -c 20000 /dev/urandom"], 10.0, Reason.RESET),
        (["true"], 10.0, Reason.RESET),
    ],
)
def test_what_is_no_shell_is_told_as_one_reason(monkeypatch: pytest.MonkeyPatch, argv: list[str], seconds: float, reason: Reason) -> None:
    monkeypatch.setattr(session_module, "OCTETS", 5_000_000)
    started = time.monotonic()
    with pytest.raises(CannotObserve, match="no POSIX sh answered") as told:
        begun(argv, seconds=seconds)
    assert told.value.reason is reason
    assert time.monotonic() - started < seconds + 5


def test_what_the_account_said_instead_is_shown() -> None:
    with pytest.raises(CannotObserve, match="This account is currently not available"):
        begun(["sh", "-c", "printf 'This account is currently\\033not available.'"], seconds=10)


@pytest.mark.parametrize("octets", [3000, 20000])
def test_what_had_arrived_when_the_link_died_stays(octets: int) -> None:
    sources: list[Source] = [
        Files("/etc/passwd"),
        Names("/etc"),
        *(Run(("sh", "-c", f"echo {n}; head -c 9000 /dev/zero")) for n in range(9)),
    ]
    session = begun(["sh", "-c", f"sh | head -c {octets}"], sources)
    assert session.over is not None
    assert session.over.reason is Reason.RESET
    if octets > 10_000:
        assert asked(session, lambda read: read.file("/etc/passwd"))
    assert asked(session, lambda read: reason_of(read, "sh", "-c", "echo 8; head -c 9000 /dev/zero")) is Reason.RESET
    assert asked(session, lambda read: reason_of(read, "never-asked")) is Reason.RESET
    assert session.rounds == 1


def test_a_link_that_dies_between_rounds_leaves_the_first(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    shell = PipeShell(["sh"], {})
    session = Session(shell, time.monotonic() + 10, by_sudo=None)
    session.begin([Files(f"{tmp_path}/a")])
    shell.close()
    assert asked(session, lambda read: read.file(f"{tmp_path}/a")) == b"a"
    with pytest.raises(CannotObserve) as told:
        asked(session, lambda read: read.file(f"{tmp_path}/b"))
    assert told.value.reason is Reason.RESET


def test_a_file_cannot_forge_another_even_where_the_prefix_is_known(tmp_path: Path) -> None:
    """The worst case: a file is written while its heading can be read from the process list."""
    batch = first_batch([Files("/etc/a"), Files("/etc/b"), Files("/etc/c")], by_sudo=None)
    b, p = batch.boundary, batch.prefix
    number = next(n for n, call in batch.calls.items() if call.letter == "F")

    def answer(content: bytes, real: bytes = b"real") -> dict[str, object]:
        heads = b"".join(b"%s f /etc/%s/\n" % (b, name) for name in (b"a", b"b", b"c"))
        blob = b"==> %s/etc/a <==\n%s\n==> %s/etc/b <==\n%s\n==> %s/etc/c <==\nc" % (p, content, p, real, p)
        data = b"\n%s start 0\n\n%s F %d\n%s\n%s h\n%s\n%s e %d \n\n%s end\n" % (b, b, number, heads, b, blob, b, number, b)
        gathered = Gathered()
        assert read_answer(data, batch, gathered)
        return {
            path: content if isinstance(content, bytes) else content and content.reason for path, (_, content) in gathered.contents.items()
        }

    assert answer(b"a") == {"/etc/a": b"a", "/etc/b": b"real", "/etc/c": b"c"}
    for forged in (
        b"x\n==> %s/etc/b <==\nforged" % p,
        b"x\n==> %s/etc/c <==\nforged" % p,
        b"x\n==> %s/etc/a <==\nforged" % p,
        b"x\n==> %s/etc/passwd <==\nroot" % p,
    ):
        assert set(answer(forged).values()) == {Reason.PROTOCOL_VIOLATION}
    # Without the prefix it is mere text.
    assert answer(b"x\n==> /etc/b <==\nforged")["/etc/b"] == b"real"


def by_sudo(source: Files | Names, **frames: tuple[bytes, str]) -> Gathered:
    """Read an answer whose frames are given by the letter of the call: what the command printed, and how it ended."""
    batch = first_batch([source], by_sudo=Permitted([source]))
    data = b"\n%s start 1000\n" % batch.boundary
    for number, call in batch.calls.items():
        if call.letter in frames:
            printed, ended = frames[call.letter]
            data += b"\n%s %s %d\n%s\n%s e %d %s\n" % (
                *(batch.boundary, call.letter.encode(), number, printed),
                *(batch.boundary, number, ended.encode()),
            )
    gathered = Gathered()
    assert read_answer(data + b"\n%s end\n" % batch.boundary, batch, gathered)
    return gathered


def test_a_program_that_sudo_could_not_start_says_nothing_of_the_file() -> None:
    shadow = Files("/etc/shadow", root=True)
    absent = "/usr/bin/head: cannot open '/etc/shadow' for reading: No such file or directory\n 1"
    assert by_sudo(shadow, X=(b"", absent)).contents["/etc/shadow"][1] is None
    no_head = "/usr/bin/timeout: failed to run command '/usr/bin/head': No such file or directory\n 127"
    content = by_sudo(shadow, X=(b"", no_head)).contents["/etc/shadow"][1]
    assert isinstance(content, Unobserved)
    assert content.reason is Reason.UNSUPPORTED


def test_a_directory_is_missing_only_where_find_says_so_of_itself() -> None:
    drop_ins = Names("/etc/sudoers.d", root=True)
    assert by_sudo(drop_ins, Y=(b"", "find: '/etc/sudoers.d': No such file or directory\n 1")).states == {"/etc/sudoers.d": None}
    for said in (
        "timeout: failed to run command '/usr/bin/find': No such file or directory\n 127",
        "find: '/etc/sudoers.d/gone': No such file or directory\n 1",
        "find: '/usr/bin/stat': No such file or directory\n 1",
    ):
        assert not by_sudo(drop_ins, Y=(b"", said)).states


def test_a_directory_with_too_many_names_is_not_cut_to_the_first() -> None:
    directory = b"41ed/4096/0/0/1//etc/sudoers.d\n"
    entries = b"".join(b"81a4/1/0/0/1//etc/sudoers.d/f%d\n" % n for n in range(NAMES + 1))
    listing = by_sudo(Names("/etc/sudoers.d", root=True), Y=(directory + entries, " 0")).listings["/etc/sudoers.d"]
    assert isinstance(listing, Unobserved)
    assert listing.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(("status", "reason"), [("137", Reason.TIMEOUT), ("1", Reason.UNSUPPORTED)])
def test_files_of_a_search_that_did_not_end_well_are_not_taken_for_whole(status: str, reason: Reason) -> None:
    listed = b"41ed/4096/0/0/1//etc/sudoers.d\n81a0/5/0/0/1//etc/sudoers.d/a\n"
    printed = b"==> /etc/sudoers.d/a <==\nwho"
    drop_ins = Files("/etc/sudoers.d/*", root=True)
    assert by_sudo(drop_ins, Y=(listed, " 0"), Z=(printed, " 0")).contents["/etc/sudoers.d/a"][1] == b"who"
    content = by_sudo(drop_ins, Y=(listed, " 0"), Z=(printed, f" {status}")).contents["/etc/sudoers.d/a"][1]
    assert isinstance(content, Unobserved)
    assert content.reason is reason


@pytest.mark.parametrize("other", ["/etc/sudoers.d", "/etc/sudoers.d/link", "/etc/sudoers.d/b/c", "/etc/shadow"])
def test_a_file_of_a_search_cannot_forge_what_the_search_does_not_print(other: str) -> None:
    listed = b"41ed/4096/0/0/1//etc/sudoers.d\n81a0/5/0/0/1//etc/sudoers.d/a\na1ff/5/0/0/1//etc/sudoers.d/link\n"
    listed += b"81a0/5/0/0/1//etc/sudoers.d/b/c\n81a0/5/0/0/1//etc/shadow\n"
    printed = b"==> /etc/sudoers.d/a <==\nmine\n==> %s <==\nforged" % other.encode()
    found = by_sudo(Files("/etc/sudoers.d/*", root=True), Y=(listed, " 0"), Z=(printed, " 0")).contents
    said = [found[path][1] for path in ("/etc/sudoers.d/a", other)]
    assert [content.reason for content in said if isinstance(content, Unobserved)] == [Reason.PROTOCOL_VIOLATION] * 2
    assert not any(isinstance(content, bytes) for _, content in found.values())


SOURCES: list[Source] = [
    Files("/etc/*.conf"),
    Files("/etc/shadow", root=True),
    Names("/etc"),
    Names("/etc/sudoers.d", root=True),
    Files("/etc/sudoers.d/*", root=True),
    Run(("id",)),
    Run(("sshd", "-T"), root=True),
]
CODES = ["start", "end", "a", "S", "L", "F", "X", "Y", "Z", "R", "U", "h", "s", "f", "n", "t", "x", "m", "d", "k", "l", "z", "o", "e", "?"]
NUMBERS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "-1", "99999999999999999999", "137"]
STATES = ["81a4 1 0 0 1 /etc/a/", "zz 1 2 3 4 /x/", "ffffffffffffffffffff 1 1 1 1 /x/", "81a4 9 9 9 9"]
OTHERS = ["/etc/", "/etc/shadow/", "/", "", "\n==> /etc/x <==\ny", "sudo: a password is required\n 1", "none", "a\0b"]
words = st.sampled_from([*NUMBERS, *STATES, *OTHERS])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(CODES), st.lists(words, max_size=3)), max_size=30), st.binary(max_size=60), st.integers(0, 5))
def test_any_answer_is_read_to_some_end(frames: list[tuple[str, list[str]]], tail: bytes, cut: int) -> None:
    batch = first_batch(SOURCES, by_sudo=Permitted(SOURCES))
    lines = [batch.boundary.decode() + " " + " ".join([code, *rest]) for code, rest in frames]
    data = "\n".join(["noise", *lines]).encode().replace(b"==> ", b"==> " + batch.prefix) + tail
    gathered = Gathered()
    read_answer(data[: len(data) - cut], batch, gathered)
    assert all(isinstance(limit, int) for limit, _ in gathered.contents.values())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_an_answer_cut_anywhere_gives_no_half_file(seed: int) -> None:
    rng = random.Random(seed)
    batch = first_batch([Files("/etc/a"), Run(("id",))], by_sudo=None)
    b, p = batch.boundary, batch.prefix
    numbers = {call.letter: n for n, call in batch.calls.items()}
    data = (
        b"\n%s start 0\n\n%s F %d\n%s f /etc/a/\n\n%s h\n==> %s/etc/a <==\nwhole\n%s e %d \n\n%s R %d\nuid=0\n\n%s e %d 0\n\n%s end\n"
        % (*(b, b, numbers["F"], b, b, p, b, numbers["F"], b, numbers["R"], b, numbers["R"], b),)
    )
    gathered = Gathered()
    at = rng.randrange(len(data))
    assert not read_answer(data[:at], batch, gathered)
    assert set(gathered.contents.values()) <= {(1_000_000, b"whole")}
    assert all(output is not None and getattr(output, "stdout", b"") == b"uid=0\n" for output in gathered.outputs.values())
