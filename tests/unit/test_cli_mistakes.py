"""What people get wrong on the command line ends in one plain sentence in their language, with a status, and leaves nothing behind."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import checks
from scanner.cli import entry, look, template
from scanner.cli.main import main
from scanner.engine.catalogue import catalogue
from scanner.facts.dns import ZoneServers

QUICK = ("--only", "endpoint.screen-lock", "--no-store")


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(monkeypatch, capsys)


class Run:
    """Runs ``tenken`` in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        self.printed = ""

    def __call__(self, *words: str, language: str = "en_US.UTF-8") -> tuple[object, str]:
        """Give status and standard error; ``printed`` then holds standard output."""
        self._monkeypatch.setenv("LC_ALL", language)
        self._monkeypatch.setattr(sys, "argv", ["tenken", *words])
        with pytest.raises(SystemExit) as end:
            main()
        self.printed, said = self._capsys.readouterr()
        return end.value.code, said


MISTAKES = {
    "a folder for a facts file": (["judge", "."], ".: ファイルではなくフォルダである", ".: a folder, not a file"),
    "no facts file": (["judge", "none.jsonl"], "none.jsonl: ファイルがない", "none.jsonl: there is no such file"),
    "another file for a facts file": (["judge", "a file"], "a file:1: JSON ではない", "a file:1: no JSON"),
    "no store to look into": (["runs", "list", "--store", "none"], "none: 実行記録の保管先がない", "none: there is no such run store"),
    "another file for a store": (["runs", "list", "--store", "a file"], "a file: 実行記録の保管先ではない", "a file: this is no run store"),
    "a folder for a store": (["runs", "list", "--store", "."], ".: 実行記録の保管先を開けない", ".: the run store cannot be opened"),
    "a file for a folder": (["scan", "local", *QUICK, "--out", "a file"], "a file: 同じ名前のファイル", "a file: a file of that name"),
    "a web address": (["scan", "https://www.a.lg.jp/"], "ではない / ", "→ www.a.lg.jp"),
    "an address mistyped": (["scan", "192.0.2.300"], "「192.0.2.300」は対象", "'192.0.2.300' is not a target"),
    "no root directory": (
        ["scan", "local", *QUICK, "--root", "none"],
        "機器のルートディレクトリではない",
        "not a machine's root directory",
    ),
    "an empty root directory": (
        ["scan", "local", *QUICK, "--root", "."],
        "機器のルートディレクトリではない",
        "not a machine's root directory",
    ),
    "a root of no target": (["scan", "a.example.jp", *QUICK, "--root", "/"], "対象に local がない", "local is not among the targets"),
}


@pytest.mark.parametrize(("words", "ja", "en"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_the_language_of_the_terminal(run: Run, words: Sequence[str], ja: str, en: str) -> None:
    Path("a file").write_text("not what was meant\n" * 200)
    before = sorted(Path().iterdir())
    for language, said in (("ja_JP.UTF-8", ja), ("en_US.UTF-8", en)):
        status, errors = run(*words, language=language)
        assert status == 2
        assert said in errors
        assert len(errors.splitlines()) == 1
    assert sorted(Path().iterdir()) == before


def test_a_run_in_which_nothing_was_to_be_judged_says_so(run: Run) -> None:
    status, errors = run("scan", "local", "--only", "dns", "--no-store")
    assert status == 3
    assert "None of the chosen checks concerns these targets" in errors


def test_two_nights_are_compared_without_naming_them(run: Run) -> None:
    scanned = [run("scan", "local", "--only", "endpoint.screen-lock")[0] for _ in range(2)]
    assert set(scanned) <= {0, 1, 3}
    status, errors = run("runs", "diff")
    assert status == 0
    assert "do not differ" in errors
    status, errors = run("runs", "diff", "latest")
    assert status == 2
    assert "cannot be compared with itself" in errors


def test_standard_output_that_is_full_is_told_apart_from_a_finding() -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [*TENKEN, "scan", "local", *QUICK],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "LC_ALL": "en_US.UTF-8"},
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (2, b"no space is left to write it\n")


TENKEN = (sys.executable, "-c", "from scanner.cli.entry import main; main()")


@pytest.mark.parametrize("where", ["ascii", "closed"])
def test_no_terminal_ends_a_run_by_what_it_cannot_show(where: str) -> None:
    environment = {**os.environ, "LC_ALL": "ja_JP.UTF-8", "PYTHONIOENCODING": "ascii" if where == "ascii" else "utf-8"}
    words = " ".join(shlex.quote(word) for word in (*TENKEN, "scan", "local", *QUICK))
    ended = subprocess.run(
        ["/bin/sh", "-c", words + (" >&-" if where == "closed" else "")], capture_output=True, env=environment, check=False
    )
    assert ended.returncode in {0, 1, 3}
    assert ended.stderr == b""
    assert (b"endpoint.screen-lock" in ended.stdout or b"\\u" in ended.stdout) is (where == "ascii")


@pytest.mark.parametrize(
    ("how", "started"),
    [
        (signal.SIGINT, "--default-signal=INT"),
        (signal.SIGTERM, "--default-signal=INT"),
        (signal.SIGTERM, "--ignore-signal=INT"),  # as a shell starts a job in the background
    ],
)
def test_a_run_that_is_broken_off_leaves_no_unfinished_file(how: signal.Signals, started: str) -> None:
    out = Path("out")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing, so that the run lasts
        place = f"silent.example.jp=127.0.0.1:{silent.getsockname()[1]}/https"
        Path("inventory.yaml").write_text(INVENTORY.format(place=place))
        words = ["scan", "--inventory", "inventory.yaml", "--only", "tls", "--resolver", "127.0.0.1", "--no-store", "--out", str(out)]
        command = ["env", started, *TENKEN, *words]
        with subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "en_US.UTF-8"}) as running:
            silent.settimeout(30)
            silent.accept()[0].close()  # it has begun
            running.send_signal(how)
            _, errors = running.communicate(timeout=30)
    assert (running.returncode, errors.decode().splitlines()[-1]) == (130, "interrupted")
    assert list(out.iterdir()) == []


INVENTORY = """
services:
  - at: {place}
scope:
  approved_by: me
  allow:
    - host: silent.example.jp
    - network: 127.0.0.1
"""


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A family of checks beside those that are shipped."""
    folder = tmp_path / "more" / "unfinished"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    monkeypatch.setattr(checks, "__path__", [*checks.__path__, str(folder.parent)])
    catalogue.cache_clear()
    yield folder
    catalogue.cache_clear()
    for name in [name for name in sys.modules if name.startswith("checks.unfinished")]:
        del sys.modules[name]


def test_a_check_whose_words_are_still_to_be_written_is_named(run: Run, family: Path) -> None:
    (family / "refresh.py").write_text(template.new_check("unfinished.refresh", ZoneServers))
    status, said = run("checks", "list")
    assert status == 2
    assert said.startswith("a check is written wrongly: unfinished.refresh in checks.unfinished.refresh is not finished")
    assert (said.count("\n"), run.printed) == (1, "")


def test_a_defect_has_a_status_of_its_own_even_where_nothing_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Sequence[str]) -> int:
        raise RuntimeError("no such case")

    monkeypatch.setattr(look, "main", broken)
    for words, missing in ((["look", "a.example:443/https"], ""), (["scan", "a.example"], "scanner.cli.main")):
        monkeypatch.setattr(sys, "argv", ["tenken", *words])
        if missing:
            monkeypatch.setitem(sys.modules, missing, None)  # as where a file of ours cannot be read
        with pytest.raises(SystemExit) as end:
            entry.main()
        assert end.value.code == entry.DEFECT
