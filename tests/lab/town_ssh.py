"""The SSH servers of the town: OpenSSH, one well kept and one as it was installed long ago. Files and command lines only."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.lab import plan

BAD = "old.bad-all.lg.jp"
"""The badly kept one: passwords, 3DES and CBC, SHA-1, host keys of RSA with 1024 bits and DSA."""
RUN = Path("/run/sshd")
"""The empty folder that sshd insists on."""

_GOOD = """
KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384
Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes128-ctr
MACs hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com
HostKeyAlgorithms ecdsa-sha2-nistp256,ssh-ed25519
PubkeyAcceptedAlgorithms ecdsa-sha2-nistp256,ssh-ed25519
Compression no
DebianBanner no
PasswordAuthentication no
KbdInteractiveAuthentication no
"""
_BAD = """
KexAlgorithms ecdh-sha2-nistp256,diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1
Ciphers 3des-cbc,aes128-cbc,aes128-ctr
MACs hmac-md5,hmac-sha1,hmac-sha1-96
HostKeyAlgorithms ssh-rsa,ssh-dss,rsa-sha2-256
RequiredRSASize 1024
PasswordAuthentication yes
"""
_KEYS = {False: (("ecdsa", 256), ("ed25519", 256)), True: (("rsa", 1024), ("dsa", 1024))}


def sshd(folder: Path, server: plan.Server) -> tuple[str, ...]:
    """Write keys and configuration below ``folder`` and give the command line. Nobody has an account that could log in."""
    bad = server.name == BAD
    lines = [f"ListenAddress {address}" for address in server.addresses] + _host_keys(folder, _KEYS[bad])
    lines += ["PidFile none", "UsePAM no", "PermitRootLogin no", "AllowUsers nobody-at-all", "StrictModes no", "MaxStartups 100"]
    config = folder / "sshd_config"
    config.write_text("\n".join(lines) + (_BAD if bad else _GOOD))
    return "/usr/sbin/sshd", "-D", "-e", "-f", str(config)


def _host_keys(folder: Path, kinds: Sequence[tuple[str, int]]) -> list[str]:
    lines = []
    for kind, bits in kinds:
        key = folder / kind
        subprocess.run(
            ["ssh-keygen", "-q", "-t", kind, "-b", str(bits), "-N", "", "-C", "", "-m", "PEM", "-f", str(key)],
            check=True,
            capture_output=True,
        )
        lines.append(f"HostKey {key}")
    return lines
