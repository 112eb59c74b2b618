"""The collector for packet filters on small trees: what is loaded now, and what programs will load at the next start."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.firewall import Filter, FilterProgram, Firewall
from scanner.hosts.linux.firewall import MOST_INTERFACES, MOST_OPENINGS, firewall
from scanner.hosts.linux.firewall_files import firewalld as permanent_zones
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from tests.unit.host_trees import Machine, Spy, running

NFT, SAVE4, SAVE6, LINKS = "nft -s list ruleset", "iptables-save", "ip6tables-save", "ip -o link"
LINK_LINES = (
    "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 state UNKNOWN\n2: eth0@if5: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP\n"
    "3: veth7@if2: <BROADCAST,UP> mtu 1500 master br0 state UP\n4: eth1: <BROADCAST> mtu 1500 state DOWN\n"
)
SHUT = """table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        iif lo accept
        tcp dport 22 accept
    }
}
"""
WANTS = "/etc/systemd/system/sysinit.target.wants"


def machine(tmp_path: Path, live: bool = True, **commands: str) -> Machine:
    """A machine with nftables and two interfaces, one of them down."""
    made = Machine(tmp_path, live, {LINKS: LINK_LINES, **{key.replace("_", " "): value for key, value in commands.items()}})
    made.write({"/usr/sbin/nft": ""})
    running(made)
    return made


def look(made: Machine) -> Firewall:
    """Run the collector."""
    found = firewall.run(made)
    assert isinstance(found, Firewall)
    return found


def whole(part: Filter | Unobserved | None) -> Filter:
    """Give a filter that was seen."""
    assert isinstance(part, Filter)
    return part


def test_rules_now_and_from_the_file_of_an_enabled_service(tmp_path: Path) -> None:
    made = machine(tmp_path)
    made.commands[NFT] = SHUT
    made.write(
        {
            "/etc/nftables.conf": 'include "/etc/nftables.d/*.nft"\r\n',
            "/etc/nftables.d/10.nft": SHUT.replace("22", "2222"),
            f"{WANTS}/nftables.service": "[Unit]",
        }
    )
    found = look(made)
    assert found.programs == (FilterProgram("nftables", True, None),)
    assert whole(found.inbound_ipv6.in_force).openings[0].first == 22
    assert whole(found.inbound_ipv6.after_restart).openings[0].first == 2222
    assert whole(found.inbound_ipv4.in_force).let_through_on == ()
    assert whole(found.outbound_ipv4.in_force).let_through_on == ("*",)


def test_a_file_of_nftables_that_includes_what_is_not_there_is_not_loaded(tmp_path: Path) -> None:
    made = machine(tmp_path)
    made.commands[NFT] = SHUT
    made.write({"/etc/nftables.conf": f'include "/etc/nftables.d/none.nft"\n{SHUT}', f"{WANTS}/nftables.service": "[Unit]"})
    assert isinstance(look(made).inbound_ipv4.after_restart, Unobserved)
    made.write({"/etc/nftables.conf": f'include "/etc/nftables.d/*.nft"\n{SHUT}'})
    assert whole(look(made).inbound_ipv4.after_restart).filtered is True


def test_rules_that_nobody_loads_are_gone_after_a_restart(tmp_path: Path) -> None:
    made = machine(tmp_path)
    made.commands[NFT] = SHUT
    made.write({"/etc/nftables.conf": SHUT})
    later = whole(look(made).inbound_ipv4.after_restart)
    assert (later.filtered, later.let_through_on) == (False, ("*",))


def test_a_script_of_the_machines_own_may_load_them(tmp_path: Path) -> None:
    made = machine(tmp_path)
    made.commands[NFT] = SHUT
    made.write({"/etc/systemd/system/wall.service": "[Service]\nExecStart=/usr/sbin/nft -f /root/wall\n"})
    later = look(made).inbound_ipv4.after_restart
    assert isinstance(later, Unobserved)
    assert later.reason is Reason.UNSUPPORTED


def test_without_rights_nothing_is_known_of_now(tmp_path: Path) -> None:
    class Denied(Machine):
        def command(self, argv: object, *, seconds: float = 10.0) -> object:  # type: ignore[override]  # only this answer
            raise CannotObserve(Reason.ACCESS_DENIED, "sudo")

    made = Denied(tmp_path)
    made.write({"/usr/sbin/nft": ""})
    running(made)
    now = look(made).inbound_ipv4.in_force
    assert isinstance(now, Unobserved)
    assert now.reason is Reason.ACCESS_DENIED


def test_a_machine_without_any_program_filters_nothing(tmp_path: Path) -> None:
    made = Machine(tmp_path, True, {LINKS: LINK_LINES})
    running(made)
    found = look(made)
    assert (found.programs, whole(found.inbound_ipv4.in_force).filtered) == ((), False)


def test_what_firewalld_loaded_is_not_known_without_a_program_that_lists_it(tmp_path: Path) -> None:
    made = Machine(tmp_path, True, {LINKS: LINK_LINES})
    running(made, firewalld=1_700_000_100)
    now = look(made).inbound_ipv4.in_force
    assert isinstance(now, Unobserved)
    assert now.reason is Reason.UNSUPPORTED


def test_more_interfaces_than_are_followed_are_not_passed_over(tmp_path: Path) -> None:
    made = machine(tmp_path)
    made.commands |= {
        NFT: SHUT,
        LINKS: "".join(f"{n}: eth{n}: <BROADCAST,UP> mtu 1500 state UP\n" for n in range(2, 3 + MOST_INTERFACES)),
    }
    now = look(made).inbound_ipv4.in_force
    assert isinstance(now, Unobserved)
    assert now.reason is Reason.UNSUPPORTED


def test_more_openings_than_are_kept_leave_the_filter_unclear(tmp_path: Path) -> None:
    made = machine(tmp_path)
    rules = "\n".join(f"tcp dport {1000 + 2 * n} accept" for n in range(MOST_OPENINGS + 1))
    made.commands[NFT] = SHUT.replace("tcp dport 22 accept", rules)
    found = whole(look(made).inbound_ipv4.in_force)
    assert len(found.openings) == MOST_OPENINGS
    assert found.unclear == (f"more than {MOST_OPENINGS} openings",)


def test_iptables_for_one_version_of_ip_only(tmp_path: Path) -> None:
    saved = (
        "# Generated by iptables-save v1.8.9 (nf_tables)\n*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\nCOMMIT\n"
    )
    compat = "table ip filter {\n chain INPUT {\n type filter hook input priority filter; policy accept;\n xt match odd accept\n }\n}\n"
    made = machine(tmp_path)
    made.commands |= {NFT: compat, SAVE4: saved, SAVE6: "# Generated by ip6tables-save v1.8.9 (nf_tables)\n"}
    made.write(
        {
            "/usr/sbin/iptables": "",
            "/etc/iptables/rules.v4": saved,
            "/etc/systemd/system/multi-user.target.wants/netfilter-persistent.service": "[Unit]",
        }
    )
    found = look(made)
    for part in (found.inbound_ipv4.in_force, found.inbound_ipv4.after_restart):
        assert (whole(part).let_through_on, whole(part).openings[0].first) == ((), 80)
    for part in (found.inbound_ipv6.in_force, found.inbound_ipv6.after_restart):
        assert (whole(part).let_through_on, whole(part).filtered) == (("*",), False)


UFW_RULES = """*filter
:ufw{0}-user-input - [0:0]
-A ufw{0}-user-input -p tcp --dport 22 -s {1} -j ACCEPT
-A ufw{0}-user-input -p tcp --dport 443 -j ACCEPT
COMMIT
"""
BEFORE = """*filter
:ufw-before-input - [0:0]
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
"""


@pytest.mark.parametrize(("ipv6", "policy"), [("yes", "DROP"), ("no", "REJECT"), ("yes", "ACCEPT")])
def test_what_ufw_will_load(tmp_path: Path, ipv6: str, policy: str) -> None:
    made = machine(tmp_path, live=False)
    made.write(
        {
            "/usr/sbin/ufw": "",
            "/etc/ufw/ufw.conf": "# ENABLED=no\r\nENABLED=yes\r\nLOGLEVEL=low\r\n",
            "/etc/default/ufw": f'IPV6={ipv6}\nDEFAULT_INPUT_POLICY="{policy}"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\n',
            "/etc/ufw/before.rules": BEFORE,
            "/etc/ufw/user.rules": UFW_RULES.format("", "192.0.2.0/24"),
            "/etc/ufw/user6.rules": UFW_RULES.format("6", "2001:db8::/32"),
            "/etc/systemd/system/multi-user.target.wants/ufw.service": "[Unit]",
        }
    )
    found = look(made)
    assert FilterProgram("ufw", True, None) in (found.programs or ())  # type: ignore[operator]  # seen here
    four, six = whole(found.inbound_ipv4.after_restart), whole(found.inbound_ipv6.after_restart)
    assert found.inbound_ipv4.in_force is None
    if policy == "ACCEPT":
        assert four.let_through_on == ("*",)
        return
    assert {(one.first, one.sources) for one in four.openings} == {(22, ("192.0.2.0/24",)), (443, ())}
    assert {(one.first, one.sources) for one in six.openings} == ({(22, ("2001:db8::/32",)), (443, ())} if ipv6 == "yes" else set())
    assert (four.let_through_on, six.let_through_on) == ((), ())


def firewalld(room: Path, zone: str, more: dict[str, str]) -> Filter:
    """What firewalld lets in over IPv4 after a restart, with this zone for everything."""
    made = machine(room, live=False)
    made.write(
        {
            "/usr/sbin/firewalld": "",
            "/etc/firewalld/firewalld.conf": "DefaultZone=town\n",
            "/etc/firewalld/zones/town.xml": f"<zone>{zone}</zone>",
            "/etc/systemd/system/multi-user.target.wants/firewalld.service": "[Unit]",
            **more,
        }
    )
    return whole(look(made).inbound_ipv4.after_restart)


def test_services_of_firewalld_may_be_protocols_and_include_others(tmp_path: Path) -> None:
    services = {
        "/usr/lib/firewalld/services/all.xml": '<service><include service="ssh"/><protocol value="gre"/></service>',
        "/usr/lib/firewalld/services/ssh.xml": '<service><port protocol="tcp" port="22"/></service>',
        "/usr/lib/firewalld/services/round.xml": '<service><include service="round"/></service>',
    }
    found = firewalld(tmp_path / "service", '<service name="all"/>', services)
    assert [(one.protocol, one.first) for one in found.openings] == [("tcp", 22)]
    assert found.unclear == ()
    assert firewalld(tmp_path / "round", '<service name="round"/>', services).unclear != ()


@pytest.mark.parametrize("element", ['<protocol value="tcp"/>', '<source-port protocol="tcp" port="53"/>'])
def test_a_whole_protocol_or_a_port_that_the_other_side_chooses_opens_every_port(tmp_path: Path, element: str) -> None:
    found = firewalld(tmp_path, element, {})
    assert found.let_through_on == ("*",)


@pytest.mark.parametrize(
    ("element", "ports"),
    [
        ('<forward-port port="8080" protocol="tcp" to-port="80"/>', [(8080, 8080)]),
        ('<rule><forward-port port="8080-8090" protocol="tcp" to-port="80"/></rule>', [(8080, 8090)]),
        ('<forward-port port="8080" protocol="tcp" to-port="80" to-addr="192.0.2.9"/>', []),
        ('<rule><forward-port port="8080" protocol="tcp" to-port="80" to-addr="192.0.2.9"/></rule>', []),
        ('<port port="20-10" protocol="tcp"/>', [(10, 20)]),
    ],
)
def test_ports_of_firewalld(tmp_path: Path, element: str, ports: list[tuple[int, int]]) -> None:
    found = firewalld(tmp_path, element, {})
    assert ([(one.first, one.last) for one in found.openings], found.unclear) == (ports, ())


def test_a_port_of_firewalld_that_is_named_is_not_passed_over(tmp_path: Path) -> None:
    assert firewalld(tmp_path, '<port port="http" protocol="tcp"/>', {}).unclear == ("port http",)


def test_a_port_that_is_sent_on_to_another_is_open(tmp_path: Path) -> None:
    """What firewalld loads for a forward-port."""
    made = machine(tmp_path)
    nat = (
        "chain nat_PREROUTING { type nat hook prerouting priority dstnat + 10; policy accept; goto nat_PRE_public; }\n"
        "chain nat_PRE_public { meta nfproto ipv4 tcp dport 8080 redirect to :80\n tcp dport 53 accept\n"
        "tcp dport 54 dnat ip to 192.0.2.9 }\n"
    )
    rules = SHUT.replace("iif lo accept", "ct status dnat accept")
    made.commands[NFT] = rules + "table inet firewalld {\n" + nat + "}\n"
    found = look(made)
    assert [one.first for one in whole(found.inbound_ipv4.in_force).openings] == [22, 8080]
    assert [one.first for one in whole(found.inbound_ipv6.in_force).openings] == [22]
    made.commands[NFT] = SHUT + "table inet firewalld {\n" + nat + "}\n"  # the filter sees the other port
    assert [one.first for one in whole(look(made).inbound_ipv4.in_force).openings] == [22]
    made.commands[NFT] = rules + "table ip n {\n chain p { type nat hook prerouting priority dstnat; redirect to :80\n }\n}\n"
    assert whole(look(made).inbound_ipv4.in_force).unclear == ("n p: everything is sent on to another port",)


@pytest.mark.parametrize(("interface", "clear"), [("interface-name=eth1\n", True), ("", False)])
def test_a_connection_may_have_a_zone_of_its_own(tmp_path: Path, interface: str, clear: bool) -> None:
    more = {
        "/usr/lib/firewalld/zones/trusted.xml": '<zone target="ACCEPT"/>',
        "/etc/NetworkManager/system-connections/inside.nmconnection": f"[connection]\nid=inside\nzone=trusted\n{interface}",
    }
    found = firewalld(tmp_path / "a", "", more)
    assert (found.let_through_on, found.unclear == ()) == (("eth1",) if clear else (), clear)
    named = firewalld(tmp_path / "b", '<interface name="eth1"/>', more)
    assert (named.let_through_on, named.unclear == ()) == (("eth1",) if clear else (), clear)


def test_a_script_of_the_red_hat_family_may_have_a_zone(tmp_path: Path) -> None:
    more = {
        "/usr/lib/firewalld/zones/trusted.xml": '<zone target="ACCEPT"/>',
        "/etc/sysconfig/network-scripts/ifcfg-inside": 'TYPE=Ethernet\nDEVICE="eth1"\nZONE=trusted\n',
    }
    assert firewalld(tmp_path, "", more).let_through_on == ("eth1",)


def test_a_connection_that_cannot_be_read_may_have_a_zone(tmp_path: Path) -> None:
    made = Spy(tmp_path)
    made.deny = "/etc/NetworkManager/system-connections/x.nmconnection"
    made.write({made.deny: ""})
    with pytest.raises(CannotObserve) as refused:
        permanent_zones(made)
    assert refused.value.reason is Reason.ACCESS_DENIED


def test_a_zone_of_a_connection_that_is_no_name_of_a_file_is_not_looked_up(tmp_path: Path) -> None:
    made = Machine(tmp_path).write({"/etc/NetworkManager/system-connections/x.nmconnection": "[connection]\nid=x\nzone=../x\n"})
    with pytest.raises(CannotObserve, match="is not looked up"):
        permanent_zones(made)


@pytest.mark.parametrize(
    "more",
    [
        {"/etc/firewalld/zones/own.xml": '<zone target="ACCEPT"><source ipset="partners"/></zone>'},
        {"/etc/firewalld/zones/own.xml": '<zone target="ACCEPT"><source mac="00:00:5E:00:53:01"/></zone>'},
        {"/etc/firewalld/direct.xml": '<direct><rule ipv="ipv4" table="filter" chain="INPUT" priority="0">-j ACCEPT</rule></direct>'},
        {"/etc/firewalld/policies/in.xml": '<policy target="ACCEPT"><ingress-zone name="ANY"/><egress-zone name="HOST"/></policy>'},
    ],
)
def test_what_lets_in_beside_the_zones_of_firewalld_is_unclear(tmp_path: Path, more: dict[str, str]) -> None:
    found = firewalld(tmp_path, "", more)
    assert (found.let_through_on, found.openings) == ((), ())
    assert found.unclear != ()


@pytest.mark.parametrize(("target", "through"), [("", ()), ('target="ACCEPT"', ("*",)), ('target="DROP"', ())])
def test_what_firewalld_will_load(tmp_path: Path, target: str, through: tuple[str, ...]) -> None:
    made = machine(tmp_path, live=False)
    zone = (
        f'<?xml version="1.0" encoding="utf-8"?><zone {target}><service name="ssh"/><port protocol="udp" port="5000-5010"/>'
        '<rule family="ipv4"><source address="192.0.2.0/24"/><port protocol="tcp" port="5432"/><accept/></rule></zone>'
    )
    made.write(
        {
            "/usr/sbin/firewalld": "",
            "/etc/firewalld/firewalld.conf": "# comment\nDefaultZone=town\n",
            "/etc/firewalld/zones/town.xml": zone,
            "/usr/lib/firewalld/zones/town.xml": '<zone target="ACCEPT"/>',
            "/usr/lib/firewalld/services/ssh.xml": '<service><port protocol="tcp" port="22"/></service>',
            "/etc/systemd/system/multi-user.target.wants/firewalld.service": "[Unit]",
        }
    )
    later = whole(look(made).inbound_ipv4.after_restart)
    assert later.let_through_on == through
    rows = {(one.protocol, one.first, one.last, one.sources) for one in later.openings}
    assert through or rows == {("tcp", 22, 22, ()), ("udp", 5000, 5010, ()), ("tcp", 5432, 5432, ("192.0.2.0/24",))}
