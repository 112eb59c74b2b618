"""Makes the recordings: boots Debian trees under user-mode-linux, a kernel of their own, and writes down what is to be read.

Run as root by hand: ``python -m tests.recorded.make``. Needs mmdebstrap and user-mode-linux and takes about two minutes.
Nothing personal can get in: the trees are made for the purpose and have no network.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import TypedDict

HERE = Path(__file__).parent
PACKAGES = "iproute2,kmod,procps,ifupdown,systemd-sysv,udev"
LASTING = (
    "etc/network",
    "etc/sysctl.d",
    "etc/sysctl.conf",
    "etc/systemd/network",
    "etc/modprobe.d",
    "etc/systemd/system",
    "etc/default",
    "etc/inittab",
    "etc/netplan",
)
PROBES = r"""
/proc/net/if_inet6 /proc/cmdline /proc/sys/kernel/osrelease /proc/sys/kernel/modules_disabled
/sys/class/net/*/type /sys/class/net/*/flags /sys/class/net/*/ifindex /sys/class/net/*/address /sys/class/net/*/broadcast
/sys/class/net/*/tun_flags /proc/sys/net/ipv6/conf/*/disable_ipv6 /proc/sys/net/ipv6/conf/*/accept_ra
/proc/sys/net/ipv6/conf/*/forwarding /run/systemd/netif/links/*
"""
DUMP = rf"""#!/bin/sh
# Runs inside the machine: writes what is recorded as lines "kind path base64".
for f in $(echo '{" ".join(PROBES.split())}'); do for p in $f; do
  [ -f "$p" ] && echo "file $p $(base64 -w0 "$p" 2>/dev/null)"
done; done
for m in /sys/module/*; do echo "directory $m"; done
[ -d /run/systemd/system ] && echo "directory /run/systemd/system"
echo "command ip_-j_-d_link_show $(ip -j -d link show | base64 -w0)"
"""

BY_HAND = r"""#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmp /run
for m in sit ip6_tunnel ip6_gre ip_gre dummy tun; do modprobe $m; done
mkdir -p /dev/net; [ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200
ip link set lo up
ip link add eth0 type dummy; ip link set eth0 up
ip addr add 198.51.100.2/24 dev eth0; ip addr add 198.51.100.3/24 dev eth0; ip addr add 2001:db8:5::2/64 dev eth0
ip tunnel add he6 mode sit remote 203.0.113.1 local 198.51.100.2; ip link set he6 up; ip addr add 2001:db8:ffff::2/64 dev he6
ip tunnel add tun6to4 mode sit remote any local 198.51.100.2; ip link set tun6to4 up; ip addr add 2002:c633:6402::1/16 dev tun6to4
ip tunnel add is0 mode isatap local 198.51.100.3; ip link set is0 up
ip -6 tunnel add t6 mode ip6ip6 remote 2001:db8:5::9 local 2001:db8:5::2; ip link set t6 up
ip tunnel add gre1 mode gre remote 203.0.113.5 local 198.51.100.2; ip link set gre1 up
ip tunnel add gre2 mode gre remote 203.0.113.6 local 198.51.100.2; ip link set gre2 addrgenmode none; ip link set gre2 up
ip link add g6 type ip6gre remote 2001:db8:5::9 local 2001:db8:5::2; ip link set g6 up
ip tunnel add off0 mode sit remote 203.0.113.7 local 198.51.100.2
ip tuntap add dev teredo mode tun; ip link set teredo up; ip addr add 2001:0:53aa:64c:0:1234:39cc:9bfd/32 dev teredo
/sbin/dump > /dump
halt -f -p
"""

INTERFACES = """\
auto lo eth0 he6 six
iface lo inet loopback
iface eth0 inet static
  pre-up ip link add eth0 type dummy
  address 198.51.100.2/24
iface he6 inet6 v4tunnel
  address 2001:db8:ffff::2
  netmask 64
  endpoint 203.0.113.1
  local 198.51.100.2
iface spare inet6 v4tunnel
  address 2001:db8:fffe::2
  netmask 64
  endpoint 203.0.113.2
source interfaces.d/*
"""
BOOTED = {
    "etc/network/interfaces": INTERFACES,
    "etc/network/interfaces.d/six": (
        "iface six inet manual\n  pre-up ip tunnel add six mode sit remote 203.0.113.9 local 198.51.100.2\n  up ip link set six up\n"
    ),
    "etc/systemd/network/nd6.netdev": "[NetDev]\nName=nd6\nKind=sit\n\n[Tunnel]\nIndependent=yes\nLocal=198.51.100.5\nRemote=203.0.113.8\n",
    "etc/systemd/network/nd6.network": "[Match]\nName=nd6\n\n[Network]\nAddress=2001:db8:fffd::2/64\nIPv6AcceptRA=no\n",
    "etc/systemd/network/wan0.netdev": "[NetDev]\nName=wan0\nKind=dummy\n",
    "etc/systemd/network/wan0.network": "[Match]\nName=wan0\n\n[Network]\nAddress=198.51.101.2/24\n",
    # the link to /etc/sysctl.conf is taken away below: systemd then never reads that file
    "etc/sysctl.conf": "net.ipv6.conf.all.forwarding = 1\n",
    "etc/sysctl.d/10-first.conf": (
        "net.ipv6.conf.default.accept_ra = 0\nnet.ipv6.conf.eth0.accept_ra = 0\nnet.ipv6.conf.all.accept_redirects = 0\n"
    ),
    "usr/lib/sysctl.d/10-first.conf": "net.ipv6.conf.default.accept_ra = 2\nnet.ipv6.conf.all.forwarding = 1\n",
    "etc/sysctl.d/20-odd.conf": "net/ipv6/conf/e*/forwarding = 0\n-net.ipv6.conf.all.forwarding = 0\n",
    "etc/systemd/system/dump.service": (
        "[Unit]\nAfter=network.target systemd-networkd-wait-online.service networking.service\n"
        "[Service]\nType=oneshot\n"
        "ExecStart=/bin/sh -c 'for i in $(seq 50); do ip -o -6 addr show dev nd6 | grep -q fffd && break; sleep 0.2; done;"
        " /sbin/dump > /dump; systemctl poweroff --force --force'\n"
    ),
}


class Part(TypedDict):
    """One state of a machine, as ``replay`` unpacks it."""

    live: bool
    files: dict[str, str]
    directories: list[str]
    commands: dict[str, str]


def main() -> int:
    """Make all recordings."""
    with tempfile.TemporaryDirectory(prefix="tkrec-") as room:
        tree = Path(room, "tree")
        run("mmdebstrap", "-q", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(tree))
        version = next(Path("/usr/lib/uml/modules").iterdir()).name
        shutil.copytree(f"/usr/lib/uml/modules/{version}", tree / "lib/modules" / version, symlinks=True)
        run("chroot", str(tree), "depmod", version)
        write(tree, {"etc/fstab": "", "sbin/dump": DUMP, "sbin/by-hand": BY_HAND})
        for script in ("dump", "by-hand"):
            (tree / "sbin" / script).chmod(0o755)
        boot(tree, Path(room), "/sbin/by-hand")
        save("uml_tunnels", version, "devices made by hand with ip(8)", {"running": dumped(tree)})

        write(tree, BOOTED)
        (tree / "etc/sysctl.d/99-sysctl.conf").unlink(missing_ok=True)
        for unit in ("systemd-networkd.service", "dump.service"):
            link = tree / "etc/systemd/system/multi-user.target.wants" / unit
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(f"/etc/systemd/system/{unit}" if unit == "dump.service" else f"/lib/systemd/system/{unit}")
        before = lasting(tree, version)
        (tree / "dump").unlink()
        boot(tree, Path(room), "/lib/systemd/systemd")
        after = dumped(tree)
        after["files"] = before["files"] | after["files"]
        save("uml_booted", version, "started by systemd with the files in `before`", {"before": before, "running": after})
    return 0


def run(*argv: str) -> None:
    """Run a program that has to succeed."""
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


def write(tree: Path, files: dict[str, str]) -> None:
    """Put files into a tree."""
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)


def boot(tree: Path, room: Path, init: str) -> None:
    """Run the machine until it switches itself off."""
    argv = ["linux.uml", "mem=256M", "root=/dev/root", "rootfstype=hostfs", f"rootflags={tree}", "rw", "con=null", "con0=null,fd:1"]
    argv += ["umid=tkrec", f"uml_dir={room}/uml", f"init={init}", "systemd.log_color=0", "quiet"]
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait(120)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def lasting(tree: Path, version: str) -> Part:
    """Write down the lasting files that collectors read."""
    files: dict[str, str] = {}
    for start in LASTING:
        top = tree / start
        for path in sorted(top.rglob("*")) if top.is_dir() else [top] if top.exists() else []:
            if path.is_file() and not path.is_symlink():
                files["/" + str(path.relative_to(tree))] = path.read_text()
            elif path.is_symlink() and path.name.endswith(".service"):
                files["/" + str(path.relative_to(tree))] = "" if os.readlink(path) == "/dev/null" else "[Unit]\n"
    for path in (*(tree / "usr/lib/sysctl.d").iterdir(), tree / "lib/systemd/systemd"):
        files["/" + str(path.relative_to(tree))] = "" if path.name == "systemd" else path.read_text()
    for name in ("modules.builtin", "modules.dep"):
        text = (tree / "lib/modules" / version / name).read_text()
        files[f"/lib/modules/{version}/{name}"] = "".join(line + "\n" for line in text.split("\n") if "/net/ipv" in line.split(":")[0])
    return {"live": False, "files": files, "directories": [], "commands": {}}


def dumped(tree: Path) -> Part:
    """Read what the machine wrote before it ended."""
    files, directories, commands = {}, [], {}
    for line in (tree / "dump").read_text().split("\n"):
        kind, _, rest = line.partition(" ")
        path, _, data = rest.partition(" ")
        text = base64.b64decode(data).decode()
        if kind == "file":
            files[path] = text.replace(str(tree.parent), "/room") if path == "/proc/cmdline" else text
        elif kind == "directory":
            directories.append(path)
        elif kind == "command":
            commands[path.replace("_", " ")] = text
    return {"live": True, "files": files, "directories": sorted(directories), "commands": commands}


def save(name: str, version: str, how: str, parts: dict[str, Part]) -> None:
    """Write one recording."""
    provenance = {
        "os": "Debian 12",
        "kernel": f"Linux {version} (user-mode-linux)",
        "date": date.today().isoformat(),
        "locale": "C",
        "how": how,
    }
    text = json.dumps({"provenance": provenance, **parts}, indent=1, sort_keys=True, ensure_ascii=False)
    (HERE / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
