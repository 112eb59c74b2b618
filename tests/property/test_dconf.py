"""dconf databases, GVariant values and the other files of a machine: whatever stands in them, reading ends in a value or a refusal."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire import dconf, gvariant, gvdb, ifupdown, keyfile, modprobe, polkit, shellvars, sysctl, timespan, udevrules
from scanner.wire.gvariant import GValue, NotGVariant

KEYS = """\
[org/gnome/desktop/session]
idle-delay=uint32 600
[org/gnome/desktop/screensaver]
lock-enabled=true
lock-delay=uint32 5
[test]
i=-5
x=int64 -9000000000
d=1.5
s='日本'
as=['a', 'bb', '']
t=(true, 'a', uint32 7, [1, 2])
dict={'a': <1>, 'b': <'x'>}
some=@mi just 5
none=@mi nothing
empty=@as []
y=byte 0x07
"""
VALUES: dict[str, GValue] = {
    "/org/gnome/desktop/session/idle-delay": 600,
    "/org/gnome/desktop/screensaver/lock-enabled": True,
    "/org/gnome/desktop/screensaver/lock-delay": 5,
    "/test/i": -5,
    "/test/x": -9000000000,
    "/test/d": 1.5,
    "/test/s": "日本",
    "/test/as": ("a", "bb", ""),
    "/test/t": (True, "a", 7, (1, 2)),
    "/test/dict": (("a", 1), ("b", "x")),
    "/test/some": 5,
    "/test/none": None,
    "/test/empty": (),
    "/test/y": 7,
}


@cache
def real() -> bytes:
    """A database that the real program compiled."""
    with TemporaryDirectory(prefix="tk-dconf-") as room:
        directory = Path(room, "local.d")
        (directory / "locks").mkdir(parents=True)
        (directory / "keys").write_text(KEYS)
        (directory / "locks/l").write_text("/org/gnome/desktop/session/idle-delay\n/test/s\n")
        subprocess.run(["dconf", "compile", f"{room}/local", str(directory)], check=True, stdin=subprocess.DEVNULL)
        return Path(room, "local").read_bytes()


def read_all(data: bytes) -> None:
    """Read a database and every value in it."""
    database = dconf.database(data)
    for path in database.values:
        with suppress(dconf.NotDconf):
            database.value(path)


def test_what_the_real_program_compiled_is_read_back() -> None:
    database = dconf.database(real())
    assert {path: database.value(path) for path in database.values} == VALUES
    assert database.locks == {"/org/gnome/desktop/session/idle-delay", "/test/s"}


def test_a_database_cut_anywhere_is_refused_or_read_and_never_breaks() -> None:
    for cut in range(len(real())):
        with suppress(dconf.NotDconf):
            read_all(real()[:cut])
    assert dconf.database(b"").values == {}


@given(st.data())
@settings(max_examples=400)
def test_a_damaged_database_is_refused_or_read_and_never_breaks(data: st.DataObject) -> None:
    damaged = bytearray(real())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(damaged) - 4))
        damaged[at : at + 4] = data.draw(
            st.one_of(st.binary(min_size=4, max_size=4), st.integers(0, 2**32 - 1).map(lambda n: struct.pack("<I", n)))
        )
    with suppress(dconf.NotDconf):
        read_all(bytes(damaged))


@given(st.binary(max_size=400))
def test_junk_behind_a_signature_is_refused_or_read(junk: bytes) -> None:
    with suppress(dconf.NotDconf):
        read_all(b"GVariant" + bytes(8) + junk)
    with suppress(dconf.NotDconf):
        dconf.schemas(junk)
    with suppress(dconf.NotDconf):
        dconf.profile(junk)


def test_a_table_that_holds_itself_ends() -> None:
    """One item of kind H that points at its own table: depth is capped, not time."""
    table = struct.pack("<II", 0, 0) + struct.pack("<IIIHcxII", 0, 0xFFFFFFFF, 24, 1, b"H", 24, 56)
    with pytest.raises(gvdb.NotGvdb):
        gvdb.read(b"GVariant" + struct.pack("<IIII", 0, 0, 24, 56) + table)


def test_keys_whose_parents_go_round_end() -> None:
    items = struct.pack("<IIIHcxII", 0, 1, 24, 1, b"v", 24, 25) + struct.pack("<IIIHcxII", 0, 0, 24, 1, b"v", 24, 25)
    table = struct.pack("<II", 0, 0) + items
    with pytest.raises(gvdb.NotGvdb):
        gvdb.read(b"GVariant" + struct.pack("<IIII", 0, 0, 24, 24 + len(table)) + table)


types = st.recursive(
    st.sampled_from(list("bynqiuxthdsogv")),
    lambda inner: st.one_of(inner.map("a{}".format), inner.map("m{}".format), st.lists(inner, max_size=4).map(lambda t: f"({''.join(t)})")),
    max_leaves=6,
)


@given(types, st.binary(max_size=120))
@settings(max_examples=300)
def test_any_octets_of_any_type_are_a_value_or_refused(kind: str, data: bytes) -> None:
    with suppress(NotGVariant):
        gvariant.value(kind, data)


@given(st.binary(max_size=120))
def test_any_octets_are_a_variant_or_refused(data: bytes) -> None:
    with suppress(NotGVariant):
        gvariant.variant(data)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("a" * 255, b"x"),
        ("(" * 100 + ")" * 100, b"\0"),
        ("(" * 200, b""),
        ("a{sv}", b"\xff" * 40),
        ("ay", bytes(1_000_000)),
        ("as", bytes(100_000)),
        ("b", b"\2"),
        ("u", b"\1\2\3"),
        ("s", b"no end"),
        ("s", b"\xff\0"),
        ("q!", b"\0\0"),
        ("{s}", b""),
    ],
)
def test_hostile_values_are_refused(kind: str, data: bytes) -> None:
    with pytest.raises(NotGVariant):
        gvariant.value(kind, data)


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(["", "int64 ", "@x "]))
def test_numbers_as_written_in_key_files_are_read(number: int, prefix: str) -> None:
    assert gvariant.scalar(f"{prefix}{number}") == number


@given(st.text(max_size=60))
def test_any_text_is_a_scalar_or_refused(text: str) -> None:
    with suppress(NotGVariant):
        assert isinstance(gvariant.scalar(text), (bool, int, str))


PARSERS: dict[str, Callable[[bytes], object]] = {
    "keyfile": keyfile.parse,
    "systemd": lambda data: keyfile.parse(data, comments="#;", continued=True),
    "modprobe": modprobe.parse,
    "sysctl": sysctl.parse,
    "udev": udevrules.parse,
    "polkit": polkit.actions,
    "ifupdown": ifupdown.parse,
    "shell": lambda data: shellvars.changes(data.decode("utf-8", "replace"), "TMOUT"),
    "timespan": lambda data: timespan.seconds(data.decode("utf-8", "replace")),
}
WORDS = st.sampled_from(
    [b"[", b"]", b"[$i]", b"=", b"\n", b"\\\n", b"#", b";", b'"', b"'", b"`", b"$(", b")", b"{", b"}", b"TMOUT=1", b"if", b"fi", b"case",
     b"install", b"usb_storage", b"*", b"/", b".", b"-", b"ATTR{x}", b'=="1"', b",", b"iface", b"auto", b"source", b"<", b">", b"&", b"1h"]
)  # fmt: skip


@pytest.mark.parametrize("name", PARSERS)
@given(data=st.one_of(st.binary(max_size=200), st.lists(WORDS, max_size=40).map(b" ".join), st.lists(WORDS, max_size=40).map(b"".join)))
@settings(max_examples=150)
def test_any_text_of_a_machine_is_read_or_refused(name: str, data: bytes) -> None:
    with suppress(ValueError):  # every parser's refusal is one, and none of Python's own may look like it
        try:
            PARSERS[name](data)
        except UnicodeError as error:
            raise AssertionError("a Unicode error escaped") from error


@pytest.mark.parametrize("name", PARSERS)
def test_huge_texts_end_soon(name: str) -> None:
    for data in (
        b"[$d" * 300_000,
        b"\\\n" * 300_000,
        b"\n" * 300_000,
        b"((((" * 60_000,
        b"a=b\n" * 200_000,
        b'KEY=="' * 100_000,
        b"1 " * 300_000,
    ):
        with suppress(ValueError):
            PARSERS[name](data)
