"""Patterns of glob(7), as configuration files name further files by them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.hosts.linux.named_paths import MOST_MATCHING, absolute, matching
from scanner.model.reason import CannotObserve, Reason
from tests.unit.host_trees import Machine

FILES = ("/etc/a/one.conf", "/etc/a/two.conf", "/etc/a/.hidden.conf", "/etc/b/one.conf", "/etc/b/note.txt", "/etc/.c/one.conf")


@pytest.mark.parametrize(
    ("pattern", "fitting"),
    [
        ("/etc/a/*.conf", ("/etc/a/one.conf", "/etc/a/two.conf")),
        ("/etc/a/t?o.conf", ("/etc/a/two.conf",)),
        ("/etc/a/[op]ne.conf", ("/etc/a/one.conf",)),
        ("/etc/a/.*.conf", ("/etc/a/.hidden.conf",)),
        ("/etc/*/one.conf", ("/etc/a/one.conf", "/etc/b/one.conf")),
        ("/etc/*/two.conf", ("/etc/a/two.conf",)),
        ("/etc/*/*.txt", ("/etc/b/note.txt",)),
        ("/none/*.conf", ()),
        ("/etc/a/missing.conf", ("/etc/a/missing.conf",)),
    ],
)
def test_a_pattern_stands_for_what_glob_finds(tmp_path: Path, pattern: str, fitting: tuple[str, ...]) -> None:
    assert matching(Machine(tmp_path).write(dict.fromkeys(FILES, "")), pattern) == fitting


def test_a_pattern_that_fits_too_much_is_refused(tmp_path: Path) -> None:
    machine = Machine(tmp_path).write({f"/etc/a/{number}.conf": "" for number in range(MOST_MATCHING + 1)})
    with pytest.raises(CannotObserve) as raised:
        matching(machine, "/etc/a/*.conf")
    assert raised.value.reason is Reason.TOO_LARGE


def test_a_relative_path_stands_below_its_base() -> None:
    assert absolute("/etc/ssh/", "own.conf") == "/etc/ssh/own.conf"
    assert absolute("/etc/ssh", "/srv/own.conf") == "/srv/own.conf"
