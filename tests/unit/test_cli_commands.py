"""The command line is put together from what a call asks for, and says the same as the whole one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest
from typer.testing import CliRunner

from scanner.cli.commands import command_line

PROGRAM = """
import sys
from scanner.cli.commands import command_line
command_line(sys.argv[1:])
print(*sorted(sys.modules))
"""


def names(given: Sequence[str] = ()) -> list[str | None]:
    """Name the commands that are there for a call."""
    made = command_line(given)
    return [*(command.name for command in made.registered_commands), *(group.name for group in made.registered_groups)]


NAMES = [str(name) for name in names()]


def said(given: Sequence[str], words: Sequence[str]) -> tuple[int, str]:
    """What the command line for ``given`` says to ``words``."""
    ran = CliRunner().invoke(command_line(given), list(words), prog_name="tenken")
    return ran.exit_code, ran.output


@pytest.mark.parametrize("before", [[], ["--verbose"]])
@pytest.mark.parametrize("name", sorted({*NAMES} - {"look"}))
def test_a_command_alone_says_what_it_says_among_all(name: str, before: list[str]) -> None:
    words = [*before, name, "--help"]
    assert said(words, words) == said([], words)


@pytest.mark.parametrize("words", [["--help"], [], ["--help", "scan"], ["scna"]])
def test_where_no_command_is_named_all_are_there(words: list[str]) -> None:
    assert names(words) == NAMES
    status, output = said(words, words)
    assert status == (0 if "--help" in words else 2)
    assert ("No such command 'scna'" in output) or all(name in output for name in NAMES)


def test_a_scan_loads_no_other_command() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, "scan", "--help"], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "scanner.cli.scan" in loaded
    assert not loaded & {"scanner.cli.hub", "scanner.cli.hosts", "scanner.cli.runs", "scanner.cli.catalogue", "scanner.cli.look"}
