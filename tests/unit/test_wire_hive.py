"""Registry hives: what hivexsh wrote is read back, another reader of hives agrees, and no octets lead anywhere but to ``BadHive``."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.wire import hive
from tests.unit.windows_machines import Keys, write_hive

KEYS: Keys = {
    "": {"at the root": 1},
    r"Microsoft\Windows\CurrentVersion\Policies\System": {"InactivityTimeoutSecs": 900, "Caption": "警告", "": "unnamed"},
    r"Microsoft\Windows NT\日本語のキー": {"list": ("one", "二"), "long": 2**40, "octets": bytes(range(256)), "empty": b""},
    **{rf"Many\Key{number:04d}": {} for number in range(600)},
}


def opened(data: bytes) -> hive.Hive:
    return hive.Hive(lambda offset, size: data[offset : offset + size])


def walked(found: hive.Hive) -> dict[str, dict[str, hive.Value]]:
    """Read a whole hive."""
    seen: dict[str, dict[str, hive.Value]] = {}

    def walk(path: str, node: hive.Node, deep: int) -> None:
        seen[path] = {name: hive.decoded(kind, data) for name, kind, data in found.values(node)}
        for below in found.below(node):
            if deep < 20 and len(seen) < 2000:
                walk(f"{path}\\{below.name}".lstrip("\\"), below, deep + 1)

    root = found.node("")
    assert root is not None
    walk("", root, 0)
    return seen


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("hive") / "SOFTWARE"
    write_hive(path, KEYS)
    return path.read_bytes()


def test_what_hivexsh_wrote_is_read_back(made: bytes) -> None:
    seen = walked(opened(made))
    for key, values in KEYS.items():
        assert seen[key] == dict(values)
    assert opened(made).finished


def test_names_are_found_whatever_their_case(made: bytes) -> None:
    found = opened(made)
    node = found.node(r"MICROSOFT\windows\currentversion\POLICIES\system")
    assert node is not None
    assert found.value(node, "INACTIVITYTIMEOUTSECS") == (4, struct.pack("<I", 900))
    assert found.value(node, "nothing") is None
    assert found.node(r"Microsoft\Nothing") is None
    assert found.node("\\".join("x" * 600)) is None


def test_hivexget_reads_the_same_text(made: bytes, tmp_path: Path) -> None:
    (tmp_path / "h").write_bytes(made)
    argv = ["hivexget", str(tmp_path / "h"), r"\Microsoft\Windows\CurrentVersion\Policies\System", "Caption"]
    said = subprocess.run(argv, capture_output=True, check=True).stdout.decode().rstrip("\n")
    found = opened(made)
    node = found.node(r"Microsoft\Windows\CurrentVersion\Policies\System")
    assert node is not None
    kind, data = found.value(node, "Caption") or (0, b"")
    assert hive.decoded(kind, data) == said == "警告"


def test_a_hive_with_changes_in_its_logs_says_so(made: bytes) -> None:
    changed = bytearray(made)
    struct.pack_into("<I", changed, 4, struct.unpack_from("<I", made, 4)[0] + 1)
    total = 0
    for (word,) in struct.iter_unpack("<I", changed[:508]):
        total ^= word
    struct.pack_into("<I", changed, 508, total)
    assert not opened(bytes(changed)).finished


@pytest.mark.parametrize("data", [b"", b"regf", b"MZ" + bytes(5000), b"regf" + bytes(5000)])
def test_what_is_no_hive_is_refused(data: bytes) -> None:
    with pytest.raises(hive.BadHive):
        opened(data)


PLACES = st.lists(st.tuples(st.integers(4096, 12000), st.binary(min_size=1, max_size=8)), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=PLACES, cut=st.integers(4096, 80_000))
def test_any_octets_end_in_values_or_in_bad_hive(made: bytes, places: list[tuple[int, bytes]], cut: int) -> None:
    changed = bytearray(made)
    for at, octets in places:
        changed[at : at + len(octets)] = octets
    try:
        seen = walked(opened(bytes(changed[:cut])))
    except hive.BadHive:
        return
    assert "" in seen


def test_a_key_below_itself_does_not_hang(made: bytes) -> None:
    """The list of the root is made to name the root: a path is as long as it is asked for, and no longer."""
    changed = bytearray(made)
    (root,) = struct.unpack_from("<I", made, 36)
    (listed,) = struct.unpack_from("<I", made, 4096 + root + 4 + 28)
    struct.pack_into("<I", changed, 4096 + listed + 4 + 4, root)
    found = opened(bytes(changed))
    name = found.node("")
    assert name is not None
    deep = found.node("\\".join([name.name] * 400))
    assert deep == name


@given(st.sampled_from((1, 2, 3, 4, 7, 11, 99)), st.binary(max_size=40))
def test_any_data_of_any_type_is_a_value(kind: int, data: bytes) -> None:
    value = hive.decoded(kind, data)
    assert isinstance(value, int | str | tuple | bytes)
    if isinstance(value, str):
        assert "\0" not in value
