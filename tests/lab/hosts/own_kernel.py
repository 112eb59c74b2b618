"""One machine with a kernel of its own: user-mode-linux on an overlay of its tree, seen over SSH alone. Tests say what it is to be.

Containers share the kernel below them; what a kernel has in force, its audit trail, its access control and its encrypted disks need one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.hosts.trees import ROOT

MAKER = ROOT / ".ci" / "kernel-tree"
NEEDED = ("linux.uml", "unshare", "nsenter", "ip", "ssh", "ssh-keygen", "mmdebstrap")
ADDRESS = "10.79.0.2"
START_SECONDS = 180.0
"""Six on a quiet machine, a minute on one that is busy."""
DISK = 32_000_000
_NETWORK = f"""[Unit]
DefaultDependencies=no
Before=ssh.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c "ip link set lo up; ip addr add {ADDRESS}/24 dev vec0; ip link set vec0 up"
[Install]
WantedBy=multi-user.target
"""
_BEGIN = """
mount -t overlay overlay -o "lowerdir=$TREE,upperdir=$PLACE/up,workdir=$PLACE/work" "$PLACE/root"
chroot "$PLACE/root" systemctl -q enable network-of-test ssh auditd
ip link set lo up
ip tuntap add dev tap0 mode tap
ip addr add 10.79.0.1/24 dev tap0
ip link set tap0 up
exec linux.uml mem=256M root=/dev/root rootfstype=hostfs "rootflags=$PLACE/root" rw "ubda=$PLACE/a" "ubdb=$PLACE/b" \\
  vec0:transport=tap,ifname=tap0,depth=128,gro=0 con=null con0=null,fd:1 umid=kernel "uml_dir=$PLACE/uml" \\
  security=apparmor apparmor=1 init=/lib/systemd/systemd systemd.log_color=0 quiet
"""


def place() -> Path:
    """Give the path of the tree; it carries the digest of what made it."""
    return ROOT / "build" / "kernel-tree" / hashlib.sha256(MAKER.read_bytes()).hexdigest()[:12]


def why_not() -> str | None:
    """Why the machine cannot be raised here, or ``None``."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a machine with its own kernel needs Linux and root"
    if absent := [program for program in NEEDED if shutil.which(program) is None]:
        return f"not installed: {', '.join(absent)}"
    if not Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun"
    return None if place().is_dir() else "its root tree is not there: run .ci/kernel-tree"


class OwnKernel:
    """The running machine. ``key`` opens its account root, ``known_hosts`` has its key, ``network`` is the namespace it is reached in."""

    def __init__(self, folder: Path, init: int) -> None:
        self.key = folder / "key"
        self.known_hosts = folder / "known_hosts"
        self.network = Path(f"/proc/{init}/ns/net")

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell on the machine as root."""
        options = ["-o", f"UserKnownHostsFile={self.known_hosts}", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-i", str(self.key)]
        argv = ["nsenter", f"--net={self.network}", "ssh", "-F", "none", *options, f"root@{ADDRESS}", line]
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=START_SECONDS)

    def set(self, *lines: str) -> None:
        """Run lines of shell that have to succeed."""
        done = self.run("set -e\n" + "\n".join(lines))
        assert done.returncode == 0, (lines, done.stdout, done.stderr)


@contextmanager
def own_kernel() -> Iterator[OwnKernel]:
    """Start the machine and wait until it lets us in; take it away at the end. ``RuntimeError``: it did not come up."""
    folder = Path(tempfile.mkdtemp(prefix=f"tenken-kernel-{os.getpid()}-"))
    for name in ("up", "work", "root", "uml"):
        (folder / name).mkdir()
    for disk in ("a", "b"):
        with (folder / disk).open("wb") as file:
            file.truncate(DISK)
    _written(folder)
    begin = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
    process = subprocess.Popen(
        [*begin, "bash", "-euc", _BEGIN],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TREE": str(place()), "PLACE": str(folder)},
    )
    machine = OwnKernel(folder, process.pid)
    try:
        until = time.monotonic() + START_SECONDS
        while machine.run("true").returncode != 0:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the machine with its own kernel did not come up within {START_SECONDS:g} s")
            time.sleep(0.2)
        yield machine
    finally:
        process.kill()  # all that runs in its namespace dies with it
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _written(folder: Path) -> None:
    """Put the keys and the network's unit into the layer that lies over the tree."""
    keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", ""]
    host = folder / "up" / "etc" / "ssh" / "ssh_host_ed25519_key"
    for directory in (host.parent, folder / "up" / "root" / ".ssh", folder / "up" / "etc" / "systemd" / "system"):
        directory.mkdir(parents=True)
    (folder / "up" / "root").chmod(0o700)
    subprocess.run([*keygen, "-f", str(folder / "key")], check=True)
    subprocess.run([*keygen, "-f", str(host)], check=True)
    shutil.copy(folder / "key.pub", folder / "up" / "root" / ".ssh" / "authorized_keys")
    (folder / "known_hosts").write_text(f"{ADDRESS} {host.with_suffix('.pub').read_text()}")
    (folder / "up" / "etc" / "systemd" / "system" / "network-of-test.service").write_text(_NETWORK)
