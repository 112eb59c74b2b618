"""lighttpd's files, put together here, hold what the real program prints of them."""

from __future__ import annotations

import subprocess

import pytest

from scanner.hosts.linux.web_lighttpd import PLACE
from scanner.hosts.linux.web_lighttpd_files import Files, Value
from scanner.wire import lighttpd
from scanner.wire.lighttpd import Assignment, Block, Items, Sum
from tests.lab.hosts.lab import HostsLab

pytestmark = pytest.mark.lab
NOT_OURS = ("var.", "mimetype.")
"""What the program adds by itself, and types of files."""


def value(of: Sum) -> Value:
    (term,) = of.terms
    if isinstance(term, Items):
        return tuple((None if key is None else str(value(key)), value(inner)) for key, inner in term.items)
    assert isinstance(term, str | int)
    return term


def settings(statements: tuple[lighttpd.Statement, ...]) -> list[tuple[str, Value]]:
    found: list[tuple[str, Value]] = []
    for one in statements:
        if isinstance(one, Block):
            found += settings(one.statements)
        elif isinstance(one, Assignment) and not one.name.startswith(NOT_OURS):
            found.append((one.name, value(one.value)))
    return found


@pytest.mark.parametrize("name", ["newer", "resolver-unbound"])
def test_the_files_come_to_what_the_program_prints(hosts_lab: HostsLab, name: str) -> None:
    machine = hosts_lab.machines[name]
    inside = ["nsenter", "-t", str(machine.init), "-a"]
    said = subprocess.run([*inside, "lighttpd", "-p", "-f", PLACE], capture_output=True, check=True, timeout=30).stdout
    printed = settings(lighttpd.parse(b"global {" + said.partition(b"config {")[2]))
    files = Files(machine.reader(), PLACE)
    assert files.doubt is None
    ours = [(key, held) for scope in files.scopes.values() for key, held in scope.values.items()]
    assert sorted(map(repr, ours)) == sorted(map(repr, printed))
