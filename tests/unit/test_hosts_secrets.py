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
from scanner.hosts.secrets import CUTS, HISTORY, SECOND, SNMP, Cut, cut

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
    return subprocess.run(
        [*program, *how.argv[1:]], input=data, capture_output=True, check=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    ).stdout


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


HUSH = b"h9Xq"
SNMP_LINES = {
    b"# rocommunity h9Xq": b"#",
    b"rocommunity public": b"rocommunity public",
    b"[snmpd] RWCommunity6 Private default -V all\r": b"[snmpd] RWCommunity6 Private default -V all\r",
    b" rwcommunity h9Xq 10.0.0.0/8": b" rwcommunity ? 10.0.0.0/8",
    b'rocommunity "public" default': b"rocommunity public default",
    b'rocommunity "my h9Xq" default': b"rocommunity ? default",
    b'rocommunity "h9Xq': b"rocommunity ?",
    b"authcommunity read,write h9Xq 192.0.2.1": b"authcommunity read,write ? 192.0.2.1",
    b'authcommunity "read" h9Xq 192.0.2.1': b"authcommunity read,write ?",
    b"com2sec -Cn ctx local default h9Xq": b"com2sec -Cn ctx local default ?",
    b"com2sec6 local default community": b"com2sec6 local default community",
    b'com2sec "my name" default h9Xq': b"com2sec",
    b"createUser bob MD5 h9Xq DES": b"createUser bob MD5 ? DES",
    b'createUser -e 0x01 bob SHA-256 "a h9Xq" AES h9Xq': b"createUser -e 0x01 bob SHA-256 ? AES",
    b"createUser bob SHA -m h9Xq": b"createUser bob SHA -m ? ",
    b"createUser bob": b"createUser bob",
    b'createUser "b c" MD5 h9Xq': b"createUser ? ? ? ?",
    b"createUser bob NEW h9Xq": b"createUser ? ? ? ?",
    b'usmUser 1 3 0x80 "b" "b" NULL .1.3.6.1.6.3.10.1.1.2 h9Xq .1.3.6.1.6.3.10.1.2.4 "h9Xq" ""': (
        b"usmUser .1.3.6.1.6.3.10.1.1.2 .1.3.6.1.6.3.10.1.2.4"
    ),
    b"rouser bob priv": b"rouser bob priv",
    b"[snmp] disableSNMPv1 yes": b"[snmp] disableSNMPv1 yes",
    b"[snmp] defCommunity h9Xq": b"[snmp] defCommunity",
    b"[snmp]": b"[snmp]",
    b"trapsess -v 2c -c h9Xq host": b"trapsess",
    b'"rocommunity" h9Xq': b"setaccess",
    b"[open rocommunity h9Xq": b"?",
}
PIECES = (
    rb"rocommunity RWCOMMUNITY6 authcommunity com2sec createUser usmUser view trapsink public h9Xq -Cn -e -m MD5 SHA-256 DES = \ / # [ ]"
)
words = st.sampled_from([*PIECES.split(b" "), b'"', b" ", b" ", b"\t", b"\r", b"\n", b"\xff"])


def test_communities_and_passphrases_go_and_what_is_asked_stays() -> None:
    assert {line: SNMP.line(line) for line in SNMP_LINES} == SNMP_LINES
    assert cut("/var/lib/snmp/snmpd.conf", b"rocommunity h9Xq\n") == b"rocommunity ?\n"


@pytest.mark.parametrize("program", SEDS, ids=lambda argv: argv[0])
@settings(max_examples=60, deadline=None)
@given(st.lists(words, max_size=200).map(b"".join))
def test_sed_cuts_communities_alike(program: list[str], data: bytes) -> None:
    data = b"\n".join(SNMP_LINES) + b"\n" + data
    assert by_sed(program, SNMP, data) == SNMP.all(data)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(SNMP_LINES)), st.sampled_from([b"", b"\t", b" [snmpd] "]), st.booleans())
def test_no_secret_of_a_known_form_is_left(line: bytes, before: bytes, loud: bool) -> None:
    assert HUSH not in SNMP.line(before + (line.upper().replace(HUSH.upper(), HUSH) if loud else line))
