"""IPv6 and its tunnels on Linux: recorded machines, lasting files of every program that sets up networks, what a restart brings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from scanner.facts.ipv6 import Ipv6Interface, Ipv6Native, Ipv6Tunnels, Technique, TunnelDefinition
from scanner.facts.readings import Hold
from scanner.hosts.base import Reader
from scanner.hosts.linux.ipv6 import ipv6_native
from scanner.hosts.linux.sysctl import Written, settings
from scanner.hosts.linux.tunnels import ipv6_tunnels
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.recorded import replay
from tests.unit.host_trees import Machine, running

Files = Mapping[str, str | bytes]


def tunnels(read: Reader) -> Ipv6Tunnels:
    """Run the collector."""
    fact = ipv6_tunnels.run(read)
    assert isinstance(fact, Ipv6Tunnels)
    return fact


def native(read: Reader) -> Ipv6Native:
    """Run the collector."""
    fact = ipv6_native.run(read)
    assert isinstance(fact, Ipv6Native)
    return fact


def interface(read: Reader, name: str) -> Ipv6Interface:
    """One interface; empty for the entry of all others."""
    found = native(read).interfaces
    assert not isinstance(found, Unobserved)
    return next(i for i in found if i.name == name)


def techniques(fact: Ipv6Tunnels) -> dict[str, Technique]:
    """Interfaces that carry something, by name."""
    assert fact.interfaces is not None
    assert not isinstance(fact.interfaces, Unobserved)
    return {t.name: t.technique for t in fact.interfaces if not (t.fallback and not t.up)}


def test_every_kind_of_tunnel_is_told_on_a_real_kernel(tmp_path: Path) -> None:
    fact = tunnels(replay("uml_tunnels", "running", tmp_path))
    assert techniques(fact) == {
        "he6": Technique.CONFIGURED,
        "off0": Technique.CONFIGURED,
        "tun6to4": Technique.SIX_TO_FOUR,
        "is0": Technique.ISATAP,
        "t6": Technique.OVER_IPV6,
        "g6": Technique.OVER_IPV6,
        "gre1": Technique.GENERIC,  # an address makes it carry IPv6; gre2 has none
        "teredo": Technique.TEREDO,
    }
    assert fact.interfaces is not None
    assert not isinstance(fact.interfaces, Unobserved)
    assert {t.name for t in fact.interfaces if t.fallback} == {"sit0", "ip6tnl0", "ip6gre0"}
    assert {t.name for t in fact.interfaces if not t.up} == {"sit0", "ip6tnl0", "ip6gre0", "off0"}
    he6 = next(t for t in fact.interfaces if t.name == "he6")
    assert (he6.local, he6.remote, he6.kind) == ("198.51.100.2", "203.0.113.1", "sit")


def test_addresses_tell_techniques_and_a_gre_device_only_looks_like_isatap(tmp_path: Path) -> None:
    fact = tunnels(replay("uml_tunnels", "running", tmp_path))
    assert fact.addresses is not None
    assert not isinstance(fact.addresses, Unobserved)
    assert {(a.interface, a.technique) for a in fact.addresses} == {
        ("is0", Technique.ISATAP),
        ("teredo", Technique.TEREDO),
        ("tun6to4", Technique.SIX_TO_FOUR),
    }


def test_without_ip_the_files_of_sys_tell_the_same(tmp_path: Path) -> None:
    recorded = replay("uml_tunnels", "running", tmp_path)
    bare = Machine(tmp_path)
    assert bare.command(["ip", "-j", "-d", "link", "show"]) is None
    assert techniques(tunnels(bare)) == techniques(tunnels(recorded))


@pytest.mark.parametrize("answer", ["", "not JSON", "[1, null]", '[{"ifname": 5}]', "[" * 100_000, '{"ifname": "he6"}'])
def test_an_ip_that_is_not_understood_does_no_harm(tmp_path: Path, answer: str) -> None:
    replay("uml_tunnels", "running", tmp_path)
    machine = Machine(tmp_path, commands={"ip -j -d link show": answer})
    assert techniques(tunnels(machine))["he6"] is Technique.CONFIGURED


def test_what_the_files_said_before_is_what_the_machine_had_after_it_started(tmp_path: Path) -> None:
    before = replay("uml_booted", "before", tmp_path / "before")
    after = replay("uml_booted", "running", tmp_path / "after")
    foretold = {d.name for d in tunnels(before).definitions if d.starts is True}
    assert foretold == set(techniques(tunnels(after))) == {"he6", "six", "nd6"}
    assert native(before).forwards.after_restart == native(after).forwards.in_force is False
    later, now = interface(before, ""), interface(after, "")
    assert later.accepts_advertisements.after_restart == now.accepts_advertisements.in_force is False


def test_a_machine_that_was_started_with_its_files_says_the_same_of_the_next_start(tmp_path: Path) -> None:
    read = replay("uml_booted", "running", tmp_path)
    found = native(read).interfaces
    assert not isinstance(found, Unobserved)
    assert [i.name for i in found] == ["", "eth0", "wan0"]
    for one in found:
        assert one.enabled.in_force == one.enabled.after_restart is True
        assert one.accepts_advertisements.in_force == one.accepts_advertisements.after_restart


def test_networkd_answers_advertisements_though_the_kernel_is_told_not_to(tmp_path: Path) -> None:
    read = replay("uml_booted", "running", tmp_path)
    assert read.file("/proc/sys/net/ipv6/conf/wan0/accept_ra") == b"0\n"
    wan0 = interface(read, "wan0")
    assert (wan0.manager, wan0.accepts_advertisements.in_force) == ("systemd-networkd", True)
    (tmp_path / "etc/systemd/network/wan0.network").write_text("[Match]\nName=wan0\n[Network]\nIPv6AcceptRA=no\n")
    assert interface(read, "wan0").accepts_advertisements.in_force is False


def image(root: Path, files: Files) -> Machine:
    """A machine that does not run."""
    return Machine(root, live=False).write(files)


DEFINED: dict[str, tuple[Files, tuple[str, Technique, bool]]] = {
    "ifupdown 6to4": ({"/etc/network/interfaces": "auto t\niface t inet6 6to4\n  local 192.0.2.1\n"}, ("t", Technique.SIX_TO_FOUR, True)),
    "ifupdown by hand": (
        {"/etc/network/interfaces": "iface he inet6 v4tunnel\n  endpoint 192.0.2.1\n"},
        ("he", Technique.CONFIGURED, False),
    ),
    "networkd isatap": (
        {
            "/etc/systemd/network/i.netdev": "[NetDev]\nName=is0\nKind=sit\n[Tunnel]\nLocal=any\nISATAP=yes\n",
            "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service": "",
        },
        ("is0", Technique.ISATAP, True),
    ),
    "networkd 6rd, not enabled": (
        {"/etc/systemd/network/r.netdev": "[NetDev]\nName=rd\nKind=sit\n[Tunnel]\nIPv6RapidDeploymentPrefix=2001:db8::/32\n"},
        ("rd", Technique.RAPID, False),
    ),
    "netplan": (
        {"/etc/netplan/50.yaml": "network:\n  tunnels:\n    he6: {mode: sit, remote: 192.0.2.2}\n    vpn: {mode: wireguard}\n"},
        ("he6", Technique.CONFIGURED, True),
    ),
    "NetworkManager": (
        {
            "/etc/NetworkManager/system-connections/he.nmconnection": (
                "[connection]\nid=he\nuuid=1\ntype=ip-tunnel\ninterface-name=he6\n[ip-tunnel]\nmode=3\nremote=192.0.2.1\n"
            )
        },
        ("he6", Technique.CONFIGURED, True),
    ),
    "NetworkManager, by hand": (
        {"/etc/NetworkManager/system-connections/x": ("[connection]\nid=x\ntype=ip-tunnel\nautoconnect=false\n[ip-tunnel]\nmode=4\n")},
        ("x", Technique.ISATAP, False),
    ),
    "ifcfg": (
        {"/etc/sysconfig/network-scripts/ifcfg-sit1": "DEVICE=sit1\nONBOOT=yes\nIPV6TUNNELIPV4=192.0.2.1\n"},
        ("sit1", Technique.CONFIGURED, True),
    ),
    "ifcfg 6to4": (
        {"/etc/sysconfig/network-scripts/ifcfg-eth0": "ONBOOT=no\nIPV6TO4INIT=yes\n"},
        ("tun6to4", Technique.SIX_TO_FOUR, False),
    ),
    "wicked": ({"/etc/sysconfig/network/ifcfg-s": "STARTMODE='auto'\nTUNNEL='sit'\n"}, ("s", Technique.CONFIGURED, True)),
    "miredo": (
        {"/usr/sbin/miredo": "", "/etc/miredo/miredo.conf": "# x\nInterfaceName teredo9\n", "/etc/rc2.d/S03miredo": ""},
        ("teredo9", Technique.TEREDO, True),
    ),
    "miredo, not enabled": (
        {"/usr/sbin/miredo": "", "/lib/systemd/system/miredo.service": "[Unit]\n"},
        ("teredo", Technique.TEREDO, False),
    ),
}


@pytest.mark.parametrize("name", DEFINED)
def test_every_program_that_sets_up_tunnels_is_read(tmp_path: Path, name: str) -> None:
    files, expected = DEFINED[name]
    fact = tunnels(image(tmp_path, files))
    assert [(d.name, d.technique, d.starts) for d in fact.definitions] == [expected]
    assert fact.unread == ()
    assert fact.interfaces is None


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"/etc/netplan/x.yaml": "network: [\n"}, Reason.PROTOCOL_VIOLATION),
        ({"/etc/netplan/x.yaml": b"\xff\xfe"}, Reason.PROTOCOL_VIOLATION),
        ({"/etc/netplan/x.yaml": "a: &a [x, x]\nb: &b [*a, *a]\nnetwork: {tunnels: {t: {mode: *b}}}\n"}, None),
        ({"/etc/network/interfaces": "source interfaces.d/*\nsource /etc/network/interfaces\n"}, None),
        ({"/etc/network/interfaces": "source-directory /etc/none\niface\niface x\nauto\n"}, None),
    ],
)
def test_broken_files_are_unread_and_odd_ones_do_no_harm(tmp_path: Path, files: Files, reason: Reason | None) -> None:
    fact = tunnels(image(tmp_path, {**files, "/etc/sysconfig/network-scripts/ifcfg-sit1": "ONBOOT=yes\nIPV6TUNNELIPV4=192.0.2.1\n"}))
    assert [u.reason for u in fact.unread] == ([reason] if reason else [])
    assert [d.name for d in fact.definitions] == ["sit1"]


def test_what_is_no_tunnel_for_ipv6_is_left_out(tmp_path: Path) -> None:
    fact = tunnels(
        image(
            tmp_path,
            {
                "/etc/network/interfaces": "auto eth0\niface eth0 inet6 static\n  address 2001:db8::1/64\n",
                "/etc/systemd/network/b.netdev": "[NetDev]\nName=br0\nKind=bridge\n",
                "/etc/netplan/a.yaml": "network:\n  ethernets:\n    eth0: {}\n",
                "/etc/NetworkManager/system-connections/g": "[connection]\ntype=ip-tunnel\n[ip-tunnel]\nmode=2\n",
            },
        )
    )
    assert fact.definitions == ()


def test_the_driver_of_tunnels_can_be_barred(tmp_path: Path) -> None:
    files: Files = {
        "/etc/modprobe.d/no.conf": "install sit /bin/false\n",
        "/lib/modules/6.1/modules.dep": "kernel/net/ipv6/sit.ko: x\nkernel/net/ipv6/ip6_tunnel.ko:\n",
        "/lib/modules/6.1/modules.builtin": "",
    }
    drivers = {d.name: d for d in tunnels(image(tmp_path, files)).drivers}
    assert drivers["sit"].barred.after_restart is Hold.FULL
    assert drivers["sit"].loaded is None
    assert isinstance(drivers["ip6_tunnel"].barred.after_restart, Unobserved)  # a kernel option might bar it; none can be read


SYSTEMD: Files = {"/lib/systemd/systemd": ""}
KEY = "net/ipv6/conf/eth0/accept_ra"


@pytest.mark.parametrize(
    ("files", "value", "source"),
    [
        ({}, None, ""),
        ({"/etc/sysctl.d/9.conf": "net.ipv6.conf.eth0.accept_ra=0\n"}, "0", "/etc/sysctl.d/9.conf line 1"),
        (
            {"/etc/sysctl.d/1.conf": "net.ipv6.conf.eth0.accept_ra=1\n", "/usr/lib/sysctl.d/2.conf": "net/ipv6/conf/eth0/accept_ra = 2\n"},
            "2",
            "",
        ),
        # a file of the same name hides the one with less weight, even where it does not speak of the key
        ({"/etc/sysctl.d/5.conf": "# nothing\n", "/usr/lib/sysctl.d/5.conf": "net.ipv6.conf.eth0.accept_ra=0\n"}, None, ""),
        # a full name beats a pattern, wherever it stands
        ({"/etc/sysctl.d/1.conf": "net.ipv6.conf.eth0.accept_ra=0\n", "/etc/sysctl.d/9.conf": "net.ipv6.conf.*.accept_ra=1\n"}, "0", ""),
        ({"/etc/sysctl.d/1.conf": "net.ipv6.conf.e*.accept_ra=0\nnet.ipv6.conf.*.accept_ra=1\n"}, "1", ""),
        ({"/etc/sysctl.d/1.conf": "-net.ipv6.conf.eth0.accept_ra\nnet.ipv6.conf.*.accept_ra=1\n"}, None, ""),
        ({"/etc/sysctl.d/1.conf": "; x\n-net.ipv6.conf.eth0.accept_ra = 0\n"}, "0", "/etc/sysctl.d/1.conf line 2"),
        # nothing makes systemd read this one
        ({"/etc/sysctl.conf": "net.ipv6.conf.eth0.accept_ra=0\n"}, None, ""),
        ({"/run/sysctl.d/9.conf": "net.ipv6.conf.eth0.accept_ra=0\n"}, None, ""),
        ({"/etc/sysctl.d/1.conf": "net.ipv6.conf.eth0/100.accept_ra=0\n"}, None, ""),
        ({"/etc/sysctl.d/1": "net.ipv6.conf.eth0.accept_ra=0\n"}, None, ""),
    ],
)
def test_lasting_values_are_merged_as_systemd_does(tmp_path: Path, files: Files, value: str | None, source: str) -> None:
    answer = settings(image(tmp_path, {**SYSTEMD, **files})).get(KEY)
    assert answer is None if value is None else isinstance(answer, Written)
    if isinstance(answer, Written):
        assert answer.value == value
        assert source in answer.source


def test_sysctl_conf_counts_where_a_link_names_it_or_sysvinit_reads_it(tmp_path: Path) -> None:
    linked = image(tmp_path / "a", {**SYSTEMD, "/etc/sysctl.conf": "net.ipv6.conf.eth0.accept_ra=0\n"})
    (tmp_path / "a/etc/sysctl.d").mkdir()
    (tmp_path / "a/etc/sysctl.d/99-sysctl.conf").symlink_to("../sysctl.conf")
    assert settings(linked).get(KEY) == Written("0", "/etc/sysctl.d/99-sysctl.conf line 1")
    other = image(tmp_path / "b", {"/etc/inittab": "", "/sbin/init": "", "/etc/sysctl.conf": "net.ipv6.conf.eth0.accept_ra=0\n"})
    assert settings(other).get(KEY) == Written("0", "/etc/sysctl.conf line 1")


def test_where_the_starting_program_is_not_known_only_agreement_counts(tmp_path: Path) -> None:
    read = image(
        tmp_path, {"/etc/sysctl.conf": "net.ipv6.conf.eth0.accept_ra=0\n", "/etc/sysctl.d/1.conf": "net.ipv6.conf.eth0.forwarding=1\n"}
    )
    assert isinstance(settings(read).get(KEY), Unobserved)
    agreed = settings(read).get("net/ipv6/conf/eth0/forwarding")
    assert isinstance(agreed, Written)
    assert agreed.value == "1"


def host(root: Path, files: Files | None = None, **values: str) -> Machine:
    """A running machine with one interface, eth0, its kernel settings as given."""
    machine = Machine(root)
    machine.write(
        {
            **SYSTEMD,
            "/proc/net/if_inet6": "fe80000000000000025056fffec00008 02 40 20 80     eth0\n",
            "/proc/cmdline": "quiet\n",
            "/proc/sys/kernel/osrelease": "6.1\n",
            "/sys/class/net/eth0/flags": "0x1003\n",
            "/sys/class/net/eth0/type": "1\n",
            "/sys/class/net/eth0/ifindex": "2\n",
            "/sys/module/ipv6/parameters/disable": "0\n",
        }
    )
    for name in ("all", "default", "eth0", "lo"):
        for leaf, value in {"disable_ipv6": "0", "accept_ra": "1", "forwarding": "0", **values}.items():
            machine.write({f"/proc/sys/net/ipv6/conf/{name}/{leaf}": f"{value}\n"})
    machine.write(files or {})
    running(machine)
    return machine


def test_ipv6_as_it_comes(tmp_path: Path) -> None:
    eth0 = interface(host(tmp_path), "eth0")
    assert (eth0.enabled.in_force, eth0.enabled.after_restart) == (True, True)
    assert (eth0.accepts_advertisements.in_force, eth0.accepts_advertisements.after_restart) == (True, True)
    assert eth0.addresses == ("fe80::250:56ff:fec0:8/64",)


def test_switched_off_now_only_and_for_good(tmp_path: Path) -> None:
    now_only = interface(host(tmp_path / "a", disable_ipv6="1"), "eth0").enabled
    assert (now_only.configured, now_only.in_force, now_only.after_restart) == (None, False, True)
    for_good = {"/etc/sysctl.d/90.conf": "net.ipv6.conf.all.disable_ipv6 = 1\nnet.ipv6.conf.default.disable_ipv6 = 1\n"}
    lasting = interface(host(tmp_path / "b", for_good), "eth0").enabled
    assert (lasting.configured, lasting.in_force, lasting.after_restart) == (False, True, False)


def test_accept_ra_for_all_has_no_effect_on_an_interface(tmp_path: Path) -> None:
    found = interface(host(tmp_path, {"/etc/sysctl.d/1.conf": "net.ipv6.conf.all.accept_ra = 0\n"}), "eth0")
    assert found.accepts_advertisements.after_restart is True


def test_a_default_reaches_an_interface_only_if_it_appears_later(tmp_path: Path) -> None:
    files = {"/etc/sysctl.d/1.conf": "net.ipv6.conf.default.accept_ra = 0\n"}
    unclear = interface(host(tmp_path / "a", files), "eth0").accepts_advertisements
    assert isinstance(unclear.after_restart, Unobserved)
    # the interface goes by that value now, as it will after the next start
    clear = interface(host(tmp_path / "b", files, accept_ra="0"), "eth0").accepts_advertisements
    assert clear.after_restart is False


def test_files_that_contradict_each_other_leave_it_unknown(tmp_path: Path) -> None:
    files = {"/etc/sysctl.d/1.conf": "net.ipv6.conf.all.disable_ipv6=1\nnet.ipv6.conf.default.disable_ipv6=0\n"}
    assert isinstance(interface(host(tmp_path, files), "eth0").enabled.after_restart, Unobserved)


@pytest.mark.parametrize(("accept", "forwarding", "expected"), [("1", "0", True), ("1", "1", False), ("2", "1", True), ("0", "0", False)])
def test_a_router_accepts_advertisements_only_where_it_insists(tmp_path: Path, accept: str, forwarding: str, expected: bool) -> None:
    found = interface(host(tmp_path, accept_ra=accept, forwarding=forwarding), "eth0")
    assert found.accepts_advertisements.in_force is expected


def test_a_kernel_without_ipv6(tmp_path: Path) -> None:
    machine = Machine(tmp_path).write({"/proc/cmdline": "ipv6.disable=1\n", "/sys/module/ipv6/parameters/disable": "1\n"})
    running(machine)
    fact = native(machine)
    assert (fact.stack.in_force, fact.stack.after_restart) == (False, False)
    assert tunnels(machine).interfaces == ()


def test_network_manager_profiles_decide_and_are_roots_alone(tmp_path: Path) -> None:
    device = "[device]\nmanaged-type=full\nconnection-uuid=42\n"
    profile = "/etc/NetworkManager/system-connections/w.nmconnection"
    machine = host(
        tmp_path, {"/run/NetworkManager/devices/2": device, profile: "[connection]\nuuid=42\n[ipv6]\nmethod=auto\n"}, accept_ra="0"
    )
    eth0 = interface(machine, "eth0")
    assert (eth0.manager, eth0.accepts_advertisements.in_force) == ("NetworkManager", True)
    machine.write({profile: "[connection]\nuuid=42\n[ipv6]\nmethod=manual\n"})
    assert interface(machine, "eth0").accepts_advertisements.in_force is False
    (tmp_path / profile.lstrip("/")).unlink()
    unknown = interface(machine, "eth0")
    assert isinstance(unknown.accepts_advertisements.in_force, Unobserved)


def test_a_manager_may_switch_ipv6_on_again(tmp_path: Path) -> None:
    machine = host(
        tmp_path,
        {
            "/run/systemd/netif/links/2": "NETWORK_FILE=/etc/systemd/network/e.network\n",
            "/etc/systemd/network/e.network": "[Match]\nName=eth0\n[Network]\nDHCP=yes\n",
            "/etc/sysctl.d/1.conf": "net.ipv6.conf.all.disable_ipv6=1\n",
        },
    )
    assert isinstance(interface(machine, "eth0").enabled.after_restart, Unobserved)


def test_ifupdown_writes_accept_ra_when_it_brings_the_interface_up(tmp_path: Path) -> None:
    machine = host(tmp_path, {"/etc/network/interfaces": "auto eth0\niface eth0 inet6 static\n  address 2001:db8::1/64\n  accept_ra 0\n"})
    accepts = interface(machine, "eth0").accepts_advertisements
    assert (accepts.in_force, accepts.after_restart, accepts.source) == (True, False, "/etc/network/interfaces line 2")


def test_interfaces_that_are_down_or_loop_back_are_left_out(tmp_path: Path) -> None:
    machine = host(tmp_path, {"/sys/class/net/eth0/flags": "0x1002\n"})
    found = native(machine).interfaces
    assert not isinstance(found, Unobserved)
    assert [i.name for i in found] == [""]


def test_definitions_are_values(tmp_path: Path) -> None:
    fact = tunnels(image(tmp_path, {"/etc/network/interfaces": "auto t\niface t inet6 v4tunnel\n"}))
    assert fact.definitions == (TunnelDefinition("t", Technique.CONFIGURED, True, "/etc/network/interfaces line 2"),)
