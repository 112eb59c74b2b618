"""The oldest TLS that the collector reads from a file is the oldest that the real OpenSSL, started with that file, agrees on."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scanner.facts.tls import Version
from scanner.hosts.linux import openssl
from scanner.hosts.local import RootReader
from tests.lab.held import absent
from tests.lab.needed import need_lab

pytestmark = pytest.mark.lab
CHAIN = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n"
OPTIONS = {Version.TLS10: "-tls1", Version.TLS11: "-tls1_1", Version.TLS12: "-tls1_2", Version.TLS13: "-tls1_3"}


@pytest.fixture(scope="module")
def room(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key, and the settings of a client that takes everything."""
    need_lab(request.config, absent(("openssl",)))
    folder = tmp_path_factory.mktemp("openssl")
    (folder / "client.cnf").write_text(CHAIN + "MinProtocol = None\nCipherString = ALL:@SECLEVEL=0\n")
    words = "req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout key.pem -out cert.pem"
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True, timeout=60)
    return folder


@contextmanager
def served(room: Path, folder: Path) -> Iterator[None]:
    """Have a server behind the socket ``s`` of a folder that was started with the folder's file and sets nothing itself."""
    words = ["openssl", "s_server", "-unix", "s", "-key", str(room / "key.pem"), "-cert", str(room / "cert.pem"), "-quiet"]
    env = {**os.environ, "OPENSSL_CONF": "openssl.cnf"}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet) as server:
        until = time.monotonic() + 20
        while not (folder / "s").exists():
            assert server.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)
        yield
        server.kill()


def agrees(room: Path, folder: Path, version: Version) -> bool:
    """Tell whether the server speaks a version."""
    words = ["openssl", "s_client", "-unix", "s", OPTIONS[version]]
    env = {**os.environ, "OPENSSL_CONF": str(room / "client.cnf")}
    done = subprocess.run(words, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
    return done.returncode == 0


@pytest.mark.parametrize(
    "conf",
    [
        "[a]\nb = c\n",
        CHAIN + "CipherString = DEFAULT:@SECLEVEL=0\n",
        CHAIN + "MinProtocol = TLSv1\nCipherString = DEFAULT:@SECLEVEL=2\n",
        CHAIN + "CipherString = DEFAULT:@SECLEVEL=0 # why\nTLS.MinProtocol = TLSv1.1\nDTLS.MinProtocol = DTLSv1.2\n",
        CHAIN + "MinProtocol = TLSv1.3\n",
        CHAIN + "MinProtocol = TLSv1.1\n.include /nowhere/x.cnf\n[d]\n.include = /etc/ssl/more\n",
        CHAIN + "minprotocol = TLSv1.2\nMinProtocol = None\nc::CipherString = \\\nDEFAULT:@SECLEVEL=0\n",
    ],
)
def test_what_is_read_is_what_is_spoken(room: Path, tmp_path: Path, conf: str) -> None:
    tree = tmp_path / "tree"
    parts = {"1.conf": "[c]\nCipherString = ALL:@SECLEVEL=0\n", "2": "[c]\nMinProtocol = TLSv1.3\n"}
    for place, text in {
        "usr/lib64/libssl.so.3": "",
        "etc/ssl/openssl.cnf": conf,
        **{f"etc/ssl/more/{name}": part for name, part in parts.items()},
    }.items():
        (tree / place).parent.mkdir(parents=True, exist_ok=True)
        (tree / place).write_text(text)
    (tmp_path / "openssl.cnf").write_text(conf.replace("/etc/ssl/more", f"{tree}/etc/ssl/more"))
    found = openssl.default(RootReader(tree))
    assert found is not None
    with served(room, tmp_path):
        spoken = [version for version in OPTIONS if agrees(room, tmp_path, version)]
    assert spoken[0] is found.oldest
