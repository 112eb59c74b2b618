"""Macs as a whole: mounted volumes, any octets at all, much of the same; see ``mac_trees`` for where the texts come from."""

from __future__ import annotations

import plistlib
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import collect
from scanner import codec
from scanner.facts.software import OperatingSystem
from scanner.hosts.base import CommandOutput
from scanner.hosts.local import RootReader
from scanner.hosts.machine import LocalMachine
from scanner.hosts.macos.image import MacRootReader
from scanner.model.fact import Fact, Observed, Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import plist
from tests.unit import test_hosts_terminal as terminal
from tests.unit.mac_trees import mac, text
from tests.unit.test_hosts_local import reason

ODD = Path("/nonexistent")
LETTERS = st.text(st.characters(categories=["L", "N"]), max_size=4)


# --- all together ----------------------------------------------------------------------------------------------------


def test_a_mounted_mac_is_told_from_a_linux_and_read_from_both_its_volumes(tmp_path: Path) -> None:
    mac(tmp_path, live=False, version="15.1")
    (tmp_path / "private").rename(tmp_path / "kept")
    assert LocalMachine(tmp_path).platform is Platform.MACOS
    assert LocalMachine(tmp_path / "kept").platform is Platform.LINUX
    assert reason(lambda: MacRootReader(tmp_path).file("/Library/x")) is Reason.UNSUPPORTED
    data = tmp_path / "System/Volumes/Data"
    data.mkdir(parents=True)
    (tmp_path / "kept").rename(data / "private")
    (data / "Library/Managed Preferences").mkdir(parents=True)
    (data / "Library/Managed Preferences/x.plist").write_text("here")
    (data / "private/etc").mkdir()
    (data / "private/etc/ntp.conf").write_text("server a\n")
    reader = MacRootReader(tmp_path)
    assert reader.file("/Library/Managed Preferences/x.plist") == b"here"
    assert reader.file("/etc/ntp.conf") == b"server a\n"
    assert reader.file("/Library/none") is None
    assert reader.state("/etc/ntp.conf") is not None
    assert reader.names("/Library") == ("Managed Preferences",)
    assert reason(lambda: reader.command(["id"])) is Reason.UNSUPPORTED
    machine = LocalMachine(tmp_path)
    seen = machine.see(lambda: tuple(collect.collectors(Platform.MACOS).values()), lambda: "2025-11-22T00:00:00Z", 60)
    assert isinstance(seen[OperatingSystem], Observed)
    assert not [name for name, found in seen.items() if isinstance(found, Unobserved) and found.reason is Reason.DEFECT]


class Odd(RootReader):
    """A Mac whose every file and every answer is the same odd octets."""

    live = True

    def __init__(self, root: Path, octets: bytes) -> None:
        super().__init__(root)
        self.octets = octets

    def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        if path.endswith("SystemVersion.plist"):
            return plistlib.dumps({"ProductVersion": "14.5"})
        return self.octets

    def names(self, directory: str) -> tuple[str, ...] | None:
        return ("Odd.app", "com.apple.screensaver.x.plist", "taro\udcff")

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        return CommandOutput(0, b"0\n" if argv[0] == "id" else self.octets, b"")


@given(
    st.binary(max_size=200)
    | st.text("<>plistdarykegnu/{}=;:0123456789. \n\"'@*()", max_size=200).map(str.encode)
    | st.recursive(st.integers(-(2**63), 2**63) | LETTERS, lambda inner: st.dictionaries(LETTERS, inner, max_size=3)).map(
        lambda made: text({"top": made}).encode()
    )
)
@settings(max_examples=60, deadline=None)
def test_any_octets_end_in_facts_or_reasons(octets: bytes) -> None:
    for collector in collect.collectors(Platform.MACOS).values():
        try:
            fact = collector.run(Odd(ODD, octets))
        except CannotObserve:
            continue
        assert isinstance(fact, Fact)
        assert codec.canonical(codec.fact_out(fact))


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: b"bplist00" + tail))
@settings(max_examples=200)
def test_any_octets_are_a_property_list_or_refused(octets: bytes) -> None:
    for read in (plist.parse, plist.parse_list):
        try:
            read(octets)
        except plist.NotPlist:
            continue


def test_a_property_list_that_nests_without_end_or_declares_entities_is_refused() -> None:
    deep = b'<?xml version="1.0"?><plist>' + b"<array>" * 200_000
    for octets in (deep, b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "b">]><plist><dict><key>&a;</key><true/></dict></plist>'):
        with pytest.raises(plist.NotPlist):
            plist.parse(octets)


@pytest.mark.parametrize("octets", [b" ", b"\n", b"\t\n", b"network={\n", b"SecureBootLevel = ", b"* (Connected) A B ", b'user_pref("a", '])
def test_much_of_the_same_is_read_in_time(octets: bytes) -> None:
    much = octets * (200_000 // len(octets))
    linux = terminal.Odd(Path("/"))
    linux.octets = much
    begun = time.monotonic()
    for made, collectors in ((Odd(ODD, much), collect.collectors(Platform.MACOS).values()), (linux, terminal.COLLECTORS)):
        for collector in collectors:
            with suppress(CannotObserve):
                collector.run(made)
    assert time.monotonic() - begun < 20
