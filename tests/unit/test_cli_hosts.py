"""``tenken hosts``: the sudoers file is one that sudo takes, and every source is listed with the checks that it serves."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scanner.cli.commands import command_line
from scanner.engine.catalogue import catalogue
from scanner.hosts.base import BadCollector, Files, Names, Reader, Run, collector
from scanner.hosts.ssh import sudo
from scanner.model.fact import Fact
from scanner.model.platform import Platform


def run(*words: str) -> str:
    result = CliRunner().invoke(command_line(), list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_sudoers_file_is_valid_and_names_whole_commands(tmp_path: Path) -> None:
    text = run("hosts", "sudoers", "--user", "tenken-audit")
    file = tmp_path / "tenken"
    file.write_text(text)
    file.chmod(0o440)
    subprocess.run(["visudo", "-cf", str(file)], check=True, capture_output=True)
    lines = [line for line in text.splitlines() if "NOPASSWD" in line]
    assert lines
    for line in lines:
        assert line.startswith("tenken-audit ALL=(root) NOPASSWD: /usr/bin/timeout -s KILL ")
        rest = line.replace("\\\\", "").replace("\\*", "").replace("\\?", "").replace("\\[", "").replace("\\]", "")
        assert not set("*?[]") & set(rest), line
    assert CliRunner().invoke(command_line(), ["hosts", "sudoers", "--user", "a b"]).exit_code == 2
    assert len(run("hosts", "sudoers", "--only", "host.time").splitlines()) < len(text.splitlines())


def test_every_source_serves_a_check() -> None:
    listed = json.loads(run("hosts", "sources", "--format", "json"))
    assert {entry["kind"] for entry in listed} == {"files", "names", "run"}
    assert all(set(entry["checks"]) <= set(catalogue().checks) for entry in listed)
    assert any(entry["root"] for entry in listed)
    assert run("hosts", "sources", "--lang", "en").startswith("kind\twhat\troot\tchecks\n")


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        (Files("/etc/sudoers", 10, root=True), ["/usr/bin/timeout -s KILL 10 /usr/bin/head -c 11 -- /etc/sudoers"]),
        (Files("/etc/passwd"), []),
        (
            Names("/etc/x y", root=True),
            [
                (
                    r"/usr/bin/timeout -s KILL 20 /usr/bin/find -H /etc/x\ y ( -name \*\[\[\:cntrl\:\]\]\* -o \! -regex "
                    r"/etc/x\ y\\\\|/etc/x\ y/\[\^/\]\* ) -prune -o -exec /usr/bin/stat -c %f/%s/%u/%g/%Y/%n {} +"
                ),
            ],
        ),
        (
            Run(("nft", "-a=*", "b\\c"), 1.5, root=True),
            [rf"/usr/bin/timeout -s KILL 2 /usr/{place}/nft -a\=\* b\\\\c" for place in ("bin", "sbin")],
        ),
    ],
)
def test_each_kind_of_source_has_its_lines(source: Files | Names | Run, lines: list[str]) -> None:
    assert [sudo.line(words) for words in sudo.Permitted([source]).lines([source])] == lines


def test_a_command_of_several_lines_cannot_be_root_s() -> None:
    class Some(Fact):
        pass

    def broken(read: Reader) -> Some:
        raise AssertionError

    broken.__annotations__["return"] = Some
    with pytest.raises(BadCollector, match="one line"):
        collector(Platform.LINUX, Run(("sh", "-c", "a\nb"), root=True))(broken)


def test_machines_without_a_login_are_told_once_with_the_number_of_checks_and_what_to_enter(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.yaml"
    hosts = "".join(f"  - {{name: {name}.example.jp, addresses: [127.0.0.1]}}\n" for name in "ab")
    inventory.write_text(f"scope:\n  approved_by: a\n  allow:\n    - network: 127.0.0.0/8\nhosts:\n{hosts}")
    words = ("scan", "--inventory", str(inventory), "--store", str(tmp_path / "runs"), "--only", "host.sudo", "--lang", "en")
    result = CliRunner().invoke(command_line(), list(words))
    assert result.exit_code == 3
    checks = sum(name.startswith("host.sudo") for name in catalogue().checks)
    assert result.stdout.count("not-declared") == 1
    assert f"the ledger does not say (not-declared)  {2 * checks} (2 causes)" in result.stdout
    assert f"a.example.jp, b.example.jp  {checks} checks could not be judged in each" in result.stdout
    assert "inventory: a login" in result.stdout
