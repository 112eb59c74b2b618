"""Hashes are cut out of files in the same way here and by sed(1) on a far machine, and none is left."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.hosts.local import RootReader
from scanner.hosts.secrets import CUTS, HISTORY, SECOND, Cut, cut

SHADOW = b"""root:$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7:19000:0:99999:7:::
locked:!$6$rounds=5000$salt$hash/hash.hash:19000:0:99999:7:::
old:abJnggxhB/yWI:12000::::::
oldlocked:!abJnggxhB/yWI:12000::::::
md5:$1$salt$qJH7.N4xYta3aEG/dfqo/0:12000::::::
none::19000:0:99999:7:::
daemon:*:19000:0:99999:7:::
new:!:19000::::::
rh:!!:19000::::::
odd:plain text:19000::::::
+::::::
"""
AFTER = b"""root:$y$-:19000:0:99999:7:::
locked:!$6$-:19000:0:99999:7:::
old:DES:12000::::::
oldlocked:!DES:12000::::::
md5:$1$-:12000::::::
none::19000:0:99999:7:::
daemon:*:19000:0:99999:7:::
new:!:19000::::::
rh:!!:19000::::::
odd:?:19000::::::
+::::::
"""
SEDS = [["sed"], *([["busybox", "sed"]] if shutil.which("busybox") else [])]
pieces = st.sampled_from([b"a", b":", b"$", b"!", b"*", b"x", b"6", b"y", b"\xff", b"+", b"#", b"-", b"\n", b"abcdefghijklm", b" ", b"\r"])


def by_sed(program: list[str], how: Cut, data: bytes) -> bytes:
    argv = [*program, *(word for command in how.sed for word in ("-e", command))]
    return subprocess.run(argv, input=data, capture_output=True, check=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


def test_the_kind_stays_and_the_hash_goes() -> None:
    assert cut("/etc/shadow", SHADOW) == AFTER
    assert cut("//etc/./shadow-", SHADOW) == AFTER
    assert cut("/etc/hosts", SHADOW) == SHADOW
    history = b"ann:1001:2:$6$a$b,$6$c$d\nbob:1002:0:\n"
    assert cut("/etc/security/opasswd", history) == b"ann:1001:2:-\nbob:1002:0:\n"


@pytest.mark.parametrize("program", SEDS, ids=lambda argv: argv[0])
@settings(max_examples=40, deadline=None)
@given(st.lists(pieces, max_size=400).map(b"".join))
def test_sed_cuts_alike(program: list[str], data: bytes) -> None:
    for how in (SECOND, HISTORY):
        assert by_sed(program, how, data) == how.all(data)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=30), max_size=20))
def test_no_second_field_is_longer_than_its_kind(lines: list[bytes]) -> None:
    for line in SECOND.all(b"\n".join(lines)).split(b"\n"):
        field = line.split(b":")[1] if b":" in line else b""
        assert re.fullmatch(rb"[!*]*(\$[^$:]*\$-|DES|\?|[!*x]*)", field)


def test_the_local_readers_cut(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/shadow").write_bytes(SHADOW)
    assert RootReader(tmp_path).file("/etc/shadow") == AFTER
    assert set(CUTS) >= {"/etc/shadow", "/etc/passwd", "/etc/gshadow", "/etc/security/opasswd"}
