"""known_hosts: our reading finds the lines that OpenSSH's own ``ssh-keygen -F`` finds, and no file breaks it."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire.known_hosts import about, fingerprint, parse

KEY = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(32)).decode()
LINES = [
    "www.example.jp",
    "WWW.Example.JP,192.0.2.1",
    "*.example.jp",
    "!www.example.jp,*.example.jp",
    "w?w.example.jp",
    "[www.example.jp]:2222",
    "[*.example.jp]:2222",
    "[192.0.2.1]:22",
    "[2001:db8::1]:2222",
    "2001:db8::1",
    "*",
    "@revoked *",
    "@cert-authority *.example.jp",
    "# www.example.jp",
    "www.example.jp.",
    "[w]ww.example.jp",
]
NAMES = ["www.example.jp", "wow.example.jp", "[www.example.jp]:2222", "192.0.2.1", "[2001:db8::1]:2222", "2001:db8::1", "example.jp"]


@pytest.mark.parametrize("hashed", [False, True])
@pytest.mark.parametrize("line", LINES)
def test_openssh_finds_the_same_lines(tmp_path: Path, line: str, hashed: bool) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"{line} ssh-ed25519 {KEY}\n")
    if hashed:
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=False, capture_output=True)
    entries = parse(file.read_bytes())
    for name in NAMES:
        theirs = subprocess.run(["ssh-keygen", "-F", name, "-f", str(file)], check=False, capture_output=True)
        assert bool(about(entries, name)) == (theirs.returncode == 0), (line, name)


def test_fingerprints_are_those_of_openssh(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    theirs = subprocess.run(["ssh-keygen", "-lf", str(tmp_path / "key.pub")], check=True, capture_output=True, text=True).stdout
    assert fingerprint(base64.b64decode((tmp_path / "key.pub").read_text().split()[1])) in theirs


PARTS = st.one_of(st.binary(max_size=60), st.sampled_from([b"|1|a|b|", b"@revoked", b" x y ", b"*,!,", KEY.encode()]))


@settings(max_examples=200, deadline=None)
@given(st.lists(PARTS, max_size=20), st.text(max_size=30))
def test_any_file_is_read(parts: list[bytes], name: str) -> None:
    about(parse(b" ".join(parts)), name)
    about(parse(b"\n".join(parts)), name)


def test_a_file_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="lines"):
        parse(b"\n" * 300_000)
