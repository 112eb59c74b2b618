"""Collectors on a running kernel, in network namespaces of their own, and what starting programs really make of a machine's files.

The kernel of the laboratory has no sit or ip6tnl devices; those are covered by recordings of a kernel that has them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from scanner import codec
from scanner.facts.ipv6 import Ipv6Interface, Ipv6Native, Ipv6Tunnels, Technique
from scanner.hosts.linux.ipv6 import ipv6_native
from scanner.hosts.linux.sysctl import Written, settings
from scanner.hosts.local import RootReader
from scanner.model.fact import Fact, Observed, Unobserved
from tests.lab import why_not
from tests.lab.needed import need_lab

pytestmark = pytest.mark.lab
REPOSITORY = Path(__file__).parents[2]
NAMESPACE = "tkhost"
SEE = """
import json, sys
from scanner import codec
from scanner.engine.catalogue import catalogue
from scanner.hosts.local import LocalReader
from scanner.model.fact import Observed
for name in sys.argv[1:]:
    makers = catalogue().observers[codec.fact_types()[name]]
    fact = makers[0].run(LocalReader())
    print(json.dumps(codec.observation_out(Observed(fact, "2026-11-22T00:00:00Z"))))
"""


def run(*argv: str) -> str:
    """Run a program that has to succeed."""
    return subprocess.run(argv, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60).stdout


@pytest.fixture(scope="module", autouse=True)
def possible(request: pytest.FixtureRequest) -> None:
    """Needs what the laboratory needs: root and namespaces."""
    need_lab(request.config, why_not())


@pytest.fixture
def namespace() -> Iterator[str]:
    """An empty network namespace with two interfaces that are wired to each other."""
    subprocess.run(["ip", "netns", "del", NAMESPACE], check=False, capture_output=True, stdin=subprocess.DEVNULL)
    run("ip", "netns", "add", NAMESPACE)
    try:
        run("ip", "-n", NAMESPACE, "link", "add", "v0", "type", "veth", "peer", "v1")
        for name in ("lo", "v0", "v1"):
            run("ip", "-n", NAMESPACE, "link", "set", name, "up")
        yield NAMESPACE
    finally:
        run("ip", "netns", "del", NAMESPACE)


def seen_inside(namespace: str, *names: str) -> list[Fact]:
    """Run collectors in a process inside a namespace, where /proc and /sys are those of the namespace."""
    script = ["ip", "netns", "exec", namespace, "env", f"PYTHONPATH={REPOSITORY}", sys.executable, "-c", SEE, *names]
    facts = []
    for name, line in zip(names, run(*script).splitlines(), strict=True):
        seen = codec.observation_in(name, json.loads(line))
        assert isinstance(seen, Observed)
        facts.append(seen.fact)
    return facts


def sysctl_inside(namespace: str, **values: int) -> None:
    """Set kernel settings of the namespace; ``v0__accept_ra=0`` stands for net.ipv6.conf.v0.accept_ra."""
    for key, value in values.items():
        name, leaf = key.split("__")
        run("ip", "netns", "exec", namespace, "sysctl", "-q", "-w", f"net/ipv6/conf/{name}/{leaf}={value}")


def named(fact: Fact, name: str) -> Ipv6Interface:
    """One interface of the fact."""
    assert isinstance(fact, Ipv6Native)
    assert not isinstance(fact.interfaces, Unobserved)
    return next(interface for interface in fact.interfaces if interface.name == name)


def test_what_the_kernel_does_now_is_told_by_interface(namespace: str) -> None:
    sysctl_inside(namespace, v0__disable_ipv6=1, v1__accept_ra=0)
    (fact,) = seen_inside(namespace, "Ipv6Native")
    v0, v1 = named(fact, "v0"), named(fact, "v1")
    assert (v0.enabled.in_force, v0.addresses) == (False, ())
    assert v1.enabled.in_force is True
    assert v1.accepts_advertisements.in_force is False
    assert named(fact, "").accepts_advertisements.in_force is True
    assert not isinstance(v1.addresses, Unobserved)
    assert all(address.startswith("fe80:") for address in v1.addresses)


def test_forwarding_stops_advertisements_unless_the_setting_is_two(namespace: str) -> None:
    sysctl_inside(namespace, all__forwarding=1, v1__accept_ra=2)
    (fact,) = seen_inside(namespace, "Ipv6Native")
    assert isinstance(fact, Ipv6Native)
    assert fact.forwards.in_force is True
    assert named(fact, "v0").accepts_advertisements.in_force is False
    assert named(fact, "v1").accepts_advertisements.in_force is True


def test_a_tunnel_device_with_a_teredo_address_is_found_and_the_address_is_the_proof(namespace: str) -> None:
    run("ip", "-n", namespace, "tuntap", "add", "dev", "tun7", "mode", "tun")
    run("ip", "-n", namespace, "link", "set", "tun7", "up")
    before, _ = seen_inside(namespace, "Ipv6Tunnels", "Ipv6Native")
    assert isinstance(before, Ipv6Tunnels)
    assert before.interfaces == ()
    run("ip", "-n", namespace, "addr", "add", "2001:0:53aa:64c::1/32", "dev", "tun7", "nodad")
    run("ip", "-n", namespace, "addr", "add", "2002:c633:6402::1/16", "dev", "v0", "nodad")
    tunnels, native = seen_inside(namespace, "Ipv6Tunnels", "Ipv6Native")
    assert isinstance(tunnels, Ipv6Tunnels)
    assert tunnels.interfaces is not None
    assert not isinstance(tunnels.interfaces, Unobserved)
    assert [(t.name, t.technique, t.up) for t in tunnels.interfaces] == [("tun7", Technique.TEREDO, True)]
    assert tunnels.addresses is not None
    assert not isinstance(tunnels.addresses, Unobserved)
    assert {(a.interface, a.technique) for a in tunnels.addresses} == {("tun7", Technique.TEREDO), ("v0", Technique.SIX_TO_FOUR)}
    assert isinstance(native, Ipv6Native)
    assert not isinstance(native.interfaces, Unobserved)
    assert {i.name for i in native.interfaces} == {"", "v0", "v1"}


Files = Mapping[str, str]
LASTING: dict[str, Files] = {
    "nothing": {},
    "plain lines, dots and slashes": {
        "etc/sysctl.d/a.conf": "net.ipv6.conf.default.accept_ra = 0\nnet/ipv6/conf/v0/accept_ra=2\n# x\n; y\n"
    },
    "a name hides the one with less weight": {
        "etc/sysctl.d/50.conf": "net.ipv6.conf.v0.accept_ra=0\n",
        "usr/lib/sysctl.d/50.conf": "net.ipv6.conf.v0.accept_ra=2\nnet.ipv6.conf.v0.autoconf=0\n",
        "usr/lib/sysctl.d/60.conf": "net.ipv6.conf.default.autoconf=0\n",
    },
    "order of names, not of directories": {
        "etc/sysctl.d/10.conf": "net.ipv6.conf.v0.accept_ra=0\n",
        "usr/lib/sysctl.d/20.conf": "net.ipv6.conf.v0.accept_ra=2\n",
    },
    "the last line of a file": {"etc/sysctl.d/a.conf": "net.ipv6.conf.v0.accept_ra=0\nnet.ipv6.conf.v0.accept_ra=2\n"},
    "patterns": {"etc/sysctl.d/a.conf": "net.ipv6.conf.v*.accept_ra = 0\nnet.ipv6.conf.d*.accept_ra = 2\n"},
    "a full name before a pattern": {"etc/sysctl.d/a.conf": "net.ipv6.conf.v0.accept_ra = 2\nnet.ipv6.conf.*.accept_ra = 0\n"},
    "kept out of a pattern": {"etc/sysctl.d/a.conf": "net.ipv6.conf.*.accept_ra = 0\n-net.ipv6.conf.v0.accept_ra\n"},
    "errors do not matter": {"etc/sysctl.d/a.conf": "-net.ipv6.conf.none.accept_ra = 1\n-net.ipv6.conf.v0.accept_ra = 0\njunk\n"},
    "sysctl.conf by itself": {
        "etc/sysctl.conf": "net.ipv6.conf.v0.accept_ra = 0\n",
        "etc/sysctl.d/z.conf": "net.ipv6.conf.v0.accept_ra = 2\n",
    },
    "another suffix": {"etc/sysctl.d/a.conf.bak": "net.ipv6.conf.v0.accept_ra = 0\n"},
}
KEYS = tuple(f"net/ipv6/conf/{name}/{leaf}" for name in ("all", "default", "v0") for leaf in ("accept_ra", "autoconf", "dad_transmits"))
PROGRAMS = {
    "systemd": ("/lib/systemd/systemd-sysctl", {"lib/systemd/systemd": ""}),
    "procps": ("sysctl -q --system", {"etc/inittab": "", "sbin/init": ""}),
}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("name", LASTING)
def test_what_files_come_to_is_what_the_real_program_sets(namespace: str, tmp_path: Path, program: str, name: str) -> None:
    command, marks = PROGRAMS[program]
    for path, text in {**LASTING[name], **marks}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    for directory in ("etc/sysctl.d", "usr/lib/sysctl.d"):
        (tmp_path / directory).mkdir(parents=True, exist_ok=True)
    (tmp_path / "etc/sysctl.conf").touch()
    asked = settings(RootReader(tmp_path))
    before = {key: inside(namespace, f"cat /proc/sys/{key}") for key in KEYS}
    binds = "; ".join(f"mount --bind {tmp_path}/{path} /{path}" for path in ("etc/sysctl.d", "usr/lib/sysctl.d", "etc/sysctl.conf"))
    inside(namespace, f"{binds}; {command} || true")
    for key in KEYS:
        answer = asked.get(key)
        assert not isinstance(answer, Unobserved)
        foretold = answer.value if isinstance(answer, Written) else before[key]
        assert inside(namespace, f"cat /proc/sys/{key}") == foretold, key


def inside(namespace: str, script: str) -> str:
    """Run a shell script in the namespace, with mounts of its own that nobody else sees."""
    return run("ip", "netns", "exec", namespace, "sh", "-c", script).strip()


@pytest.mark.parametrize(
    "line", ["all.disable_ipv6 = 1", "default.disable_ipv6 = 1", "all.forwarding = 1", "default.accept_ra = 0", "all.accept_ra = 0"]
)
def test_an_interface_that_appears_later_gets_what_was_foretold(namespace: str, tmp_path: Path, line: str) -> None:
    (tmp_path / "etc/sysctl.d").mkdir(parents=True)
    (tmp_path / "etc/sysctl.d/a.conf").write_text(f"net.ipv6.conf.{line}\n")
    for path in ("lib/systemd/systemd", "boot/grub/grub.cfg", "lib/modules/6/modules.dep"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("linux /vmlinuz quiet\n" if path.startswith("boot") else "kernel/net/ipv6/ipv6.ko:\n")
    foretold = named(ipv6_native.run(RootReader(tmp_path)), "")
    run("ip", "netns", "exec", namespace, "sysctl", "-q", "-p", str(tmp_path / "etc/sysctl.d/a.conf"))
    run("ip", "-n", namespace, "link", "add", "w0", "type", "veth", "peer", "w1")
    run("ip", "-n", namespace, "link", "set", "w0", "up")
    (fact,) = seen_inside(namespace, "Ipv6Native")
    later = named(fact, "w0")
    assert later.enabled.in_force == foretold.enabled.after_restart
    assert later.accepts_advertisements.in_force == foretold.accepts_advertisements.after_restart
