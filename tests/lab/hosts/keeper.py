"""The keeper of the machines: raises them in a mount namespace of its own, says where they are, and ends them when its input closes.

Run by ``lab``. One process a machine, ended by pid; overlays and network names live in the keeper's mount namespace and go with it.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from tests.lab import netns
from tests.lab.hosts.state import State, machines
from tests.lab.hosts.trees import place

NETNS = Path("/run/netns")
NETWORK = "10.78.0"
BOOT_SECONDS = 90.0
STEP_SECONDS = 120.0
_SETTINGS = {"ipv6/conf/default/accept_dad": "0", "ipv6/conf/all/accept_dad": "0"}
_CONTAINER = ("--quiet", "--register=no", "--keep-unit", "--resolv-conf=off", "--timezone=off", "--console=read-only")
# The first process of a PID namespace takes all others along. Without it a machine would outlive its systemd-nspawn.
_HELD = ("setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--mount-proc", "--fork", "--kill-child=KILL")
_WITHOUT_SYSTEMD = "mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e"


def _run(*argv: str, given: str | None = None) -> str:
    """Run a program that has to succeed; ``RuntimeError`` with its last words."""
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False, timeout=STEP_SECONDS)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(argv)[:300]}: {done.stderr.strip()[-2000:] or done.stdout.strip()[-2000:]}")
    return done.stdout


def _network(names: Sequence[str]) -> None:
    netns.tmpfs(NETNS)
    for name in ("switch", "scan", *names):
        netns.make(NETNS / name, _SETTINGS)
    _run("ip", "-n", "switch", "-batch", "-", given="link set lo up\nlink add name br0 type bridge\nlink set br0 up\n")
    for number, name in [(250, "scan"), *enumerate(names, 1)]:
        lines = [
            f"link add name p{number} type veth peer name eth0 netns {name}",
            f"link set p{number} master br0 up",
        ]
        _run("ip", "-n", "switch", "-batch", "-", given="\n".join(lines) + "\n")
        lines = ["link set lo up", f"addr add {NETWORK}.{number}/24 dev eth0", f"addr add fd78::{number:x}/64 dev eth0 nodad"]
        _run("ip", "-n", name, "-batch", "-", given="\n".join([*lines, "link set eth0 up"]) + "\n")


def _prepare(folder: Path, name: str, state: State, key: str) -> Path:
    """Lay the machine's own layer over its tree and do to it what its families ask."""
    here = folder / name
    root = here / "root"
    for part in ("up", "work", "root"):
        (here / part).mkdir(parents=True)
    layers = f"lowerdir={place(state.tree)},upperdir={here / 'up'},workdir={here / 'work'}"
    _run("mount", "-t", "overlay", "overlay", "-o", layers, str(root))
    files = {
        "/etc/hostname": f"{name}\n",
        "/etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost\n",
        "/home/audit/.ssh/authorized_keys": key,
    }
    for path, content in {**files, **state.files}.items():
        place_of = root / path.lstrip("/")
        if content is None:
            place_of.unlink()
            continue
        place_of.parent.mkdir(parents=True, exist_ok=True)
        place_of.write_bytes(content if isinstance(content, bytes) else content.encode())
    _run("chroot", str(root), "chown", "-R", "audit:audit", "/home/audit/.ssh")
    _run("chroot", str(root), "sh", "-ec", "chmod 700 /home/audit/.ssh && chmod 600 /home/audit/.ssh/authorized_keys")
    _run("chroot", str(root), "ssh-keygen", "-q", "-A")
    for line in state.before:
        _run("chroot", str(root), "sh", "-ec", line)
    for line in state.network:
        _run("ip", "netns", "exec", name, "sh", "-ec", line)
    return root


def _start(folder: Path, name: str, root: Path, state: State) -> subprocess.Popen[bytes]:
    boot = ["--boot"] if state.boots else ["--as-pid2"]
    argv = ["systemd-nspawn", *_CONTAINER, "-D", str(root), f"--machine={name}", f"--network-namespace-path={NETNS / name}", *boot]
    if not state.boots:
        argv += ["/bin/sh", "-c", _WITHOUT_SYSTEMD]
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen([*_HELD, *argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _children(number: int) -> list[int]:
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{number}/task/{number}/children").read_text().split()]
    return []


def _init_of(process: subprocess.Popen[bytes], until: float) -> int:
    """Wait for the first process of a machine; give its number as we see it."""
    ours = os.readlink("/proc/self/ns/pid")
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("the machine ended at once")
        for container in _children(process.pid):
            for child in _children(container):
                with suppress(OSError):  # a helper that ended meanwhile
                    if os.readlink(f"/proc/{child}/ns/pid") not in {ours, os.readlink(f"/proc/{container}/ns/pid")}:
                        return child
        time.sleep(0.02)
    raise RuntimeError("the machine did not start")


def _up(name: str, state: State, init: int, until: float) -> None:
    """Wait until the machine has started and its sshd answers, then do what is done to a running machine."""
    inside = ("nsenter", "-t", str(init), "-a")
    address = f"{NETWORK}.{1 + list(machines()).index(name)}"
    probe = f"import socket; s = socket.create_connection(({address!r}, 22), 2); assert s.recv(4) == b'SSH-'"
    while time.monotonic() < until:
        if state.boots:
            said = subprocess.run([*inside, "systemctl", "is-system-running"], capture_output=True, text=True, check=False).stdout.strip()
            if said not in {"running", "degraded"}:
                time.sleep(0.1)
                continue
        done = subprocess.run(["ip", "netns", "exec", "scan", sys.executable, "-c", probe], capture_output=True, check=False)
        if done.returncode == 0:
            break
        time.sleep(0.1)
    else:
        raise RuntimeError("sshd does not answer")
    for line in state.after:
        _run(*inside, "sh", "-ec", line)


def _raise(folder: Path, wanted: Sequence[str], key: str) -> None:
    known = machines()
    _network(list(known))
    processes: list[subprocess.Popen[bytes]] = []
    inits: dict[str, int] = {}
    until = time.monotonic() + BOOT_SECONDS

    def one(name: str) -> None:
        root = _prepare(folder, name, known[name], key)
        process = _start(folder, name, root, known[name])
        processes.append(process)
        try:
            inits[name] = _init_of(process, until)
            _up(name, known[name], inits[name], until)
        except RuntimeError as error:
            tail = (folder / f"{name}.log").read_bytes()[-2000:].decode("utf-8", "replace")
            raise RuntimeError(f"{name}: {error}\n{tail}") from error

    # The wish to die with us is about the thread that starts a process, so the threads live as long as the keeper.
    with ThreadPoolExecutor(len(wanted)) as threads:
        starting = [threads.submit(one, name) for name in wanted]
        problems = [error for task in starting if (error := task.exception())]
        _answer({"error": "\n".join(map(str, problems))} if problems else {"pid": os.getpid(), "inits": inits})
        while sys.stdin.buffer.read(4096):
            pass
        for process in processes:
            process.kill()
            process.wait()


def _answer(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Raise the machines named in the request, say so, and hold them until standard input closes."""
    folder = Path(sys.argv[1])
    request = json.loads(sys.stdin.readline())
    try:
        _raise(folder, request["machines"], request["key"])
    except Exception as error:  # noqa: BLE001 - the owner gets the reason and raises it again
        _answer({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
