"""Asks a server for its key and leaves: nothing about us is sent, no login is tried."""

from __future__ import annotations

import base64
import binascii
import shutil
import subprocess
import time

from scanner.hosts.ssh.by_paramiko import ParamikoShell
from scanner.hosts.ssh.shell import Hop, NoCommonAlgorithm
from scanner.model.reason import CannotObserve, Reason


def key_of(hop: Hop, until: float) -> tuple[str, bytes]:
    """Give the type and the blob of the key that the server shows. Raises ``CannotObserve``."""
    shell = ParamikoShell()
    try:
        return shell.key_of(hop, until)
    except NoCommonAlgorithm:
        return _scanned(hop, until)
    finally:
        shell.close()


def _scanned(hop: Hop, until: float) -> tuple[str, bytes]:
    """Ask with OpenSSH's own program, for servers that paramiko has no algorithm in common with."""
    program = shutil.which("ssh-keyscan")
    if program is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{hop.known_as}: no algorithm in common, and ssh-keyscan is not installed")
    try:
        done = subprocess.run(  # noqa: S603  no shell; the address comes from the resolver or the inventory
            [program, "-T", "10", "-p", str(hop.port), "-t", "ed25519,ecdsa,rsa", "--", hop.address],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(0.1, until - time.monotonic()),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CannotObserve(Reason.TIMEOUT, f"{hop.known_as}: no key in time") from error
    for line in done.stdout.decode("utf-8", "replace").split("\n"):
        words = line.split()
        if len(words) >= 3 and not words[0].startswith("#"):
            try:
                return words[1], base64.b64decode(words[2], validate=True)
            except (binascii.Error, ValueError):
                continue
    raise CannotObserve(Reason.RESET, f"{hop.known_as}: the server shows no key")
