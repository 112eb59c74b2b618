"""Who reaches the management of a network device by its lists, filters and trusted hosts, and with what password: the single rules.

Each text is a well kept configuration with one place changed, after the vendors' command references.
"""

from __future__ import annotations

import time

import pytest

from scanner.facts.network_device import AccessPorts, LogHost, PasswordForm
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.unit.test_devices import FORTI_KEPT, IOS_BAD, IOS_KEPT, JUNOS_KEPT, device, tags

LIMITED, OPEN, UNKNOWN = "MANAGEMENT_LIMITED", "MANAGEMENT_OPEN", "UNSUPPORTED"
LIST = "access-list 10 permit 192.0.2.0 0.0.0.255\n"
SPEAKS_V6 = "interface Vlan1\n ipv6 address 2001:db8::2/64\n"


def named(*entries: str, kind: str = "extended") -> str:
    return f"ip access-list {kind} 10\n" + "".join(f" {entry}\n" for entry in entries)


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ("", OPEN),  # a list that is not defined filters nothing
        ("access-list 10 remark nothing else\n", OPEN),
        ("access-list 10 permit any\n", OPEN),
        ("access-list 10 deny any\naccess-list 10 permit any\n", LIMITED),
        ("access-list 10 permit 0.0.0.0 255.255.255.255\n", OPEN),
        ("access-list 10 permit 0.0.0.0 127.255.255.255\n", OPEN),
        ("access-list 10 permit 10.0.0.0 0.255.255.255\n", LIMITED),
        ("access-list 10 permit 192.0.2.7\n", LIMITED),
        ("access-list 10 permit 192.0.2.0 0.0.255.0\n", UNKNOWN),  # a mask with gaps
        (named("10 permit 192.0.2.0 0.0.0.255", "20 deny any log", kind="standard"), LIMITED),
        (named("10 permit tcp 192.0.2.0 0.0.0.255 any eq 22", "20 deny ip any any log"), LIMITED),
        (named("permit tcp any any eq 22"), OPEN),
        (named("permit tcp any any eq telnet"), LIMITED),  # telnet is off there
        (named("permit tcp any any range 20 25"), OPEN),
        (named("permit tcp any eq 1024 any"), OPEN),  # strangers choose their own port
        (named("permit tcp any any established", "permit icmp any any"), LIMITED),
        (named("deny tcp any any eq 22", "permit ip any any"), LIMITED),
        (named("deny tcp any eq 99 any eq 22", "permit ip any any"), OPEN),
        (named("permit tcp object-group OPERATORS any eq 22"), UNKNOWN),
        (named("deny tcp object-group OTHERS any eq 22", "permit ip any any"), UNKNOWN),
        (named("permit tcp any host 192.0.2.1 eq 22"), UNKNOWN),
        (named("evaluate something"), UNKNOWN),
    ],
)
def test_a_list_before_the_terminal_lines_of_ios_is_followed(lists: str, said: str) -> None:
    text = IOS_KEPT.replace(LIST, lists).replace("access-list 10 remark the machines of the operators\n", "")
    assert tags(device("ios", text))["management.limited"] == said


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("ipv6 access-list V6\n permit ipv6 any any\n", OPEN),
        ("ipv6 access-list V6\n sequence 10 permit tcp 2001:db8::/48 any eq 22\n deny ipv6 any any\n", LIMITED),
        ("", OPEN),
    ],
)
def test_the_list_for_ipv6_is_followed_too(lines: str, said: str) -> None:
    text = IOS_KEPT.replace("line vty 0 4\n access-class", SPEAKS_V6 + lines + "line vty 0 4\n ipv6 access-class V6 in\n access-class")
    text = text.replace(" no exec\n access-class 10 in\n", " no exec\n access-class 10 in\n ipv6 access-class V6 in\n")
    assert tags(device("ios", text))["management.limited"] == said


@pytest.mark.parametrize(
    ("community", "said"),
    [
        ("x RO 10", "SNMP_LIMITED"),
        ("x view all RO 10", "SNMP_LIMITED"),
        ("x RO 11", "SNMP_OPEN"),
        ("x RO Stations", "SNMP_OPEN"),
        ("x 10", "SNMP_LIMITED"),
        ("x", "SNMP_OPEN"),
    ],
)
def test_the_list_of_a_community_is_followed(community: str, said: str) -> None:
    text = IOS_KEPT.replace(LIST, f"{LIST}snmp-server community {community}\nip access-list standard Stations\n permit any\n")
    assert tags(device("ios", text))["snmp.limited"] == said


def test_a_list_for_ipv4_leaves_snmp_over_ipv6_open_to_doubt() -> None:
    text = IOS_KEPT.replace(LIST, f"{LIST}{SPEAKS_V6}snmp-server community x RO 10\n")
    assert tags(device("ios", text))["snmp.limited"] == "UNSUPPORTED"


@pytest.mark.parametrize(
    ("aaa", "line", "bare"),
    [
        ("", "no login", True),
        ("", "login", False),
        ("aaa new-model\naaa authentication login default local\n", "no login", False),
        ("aaa new-model\naaa authentication login default none\n", "no login", True),
        ("aaa new-model\naaa authentication login default local none\n", "login", False),
        ("aaa new-model\naaa authentication login OPEN none\n", "login authentication OPEN", True),
    ],
)
def test_a_terminal_line_that_asks_nothing_is_a_login_without_password(aaa: str, line: str, bare: bool) -> None:
    fact = device("ios", aaa + IOS_BAD.replace(" password secret\n", f" {line}\n"))
    assert (PasswordForm.NONE in {p.form for p in fact.passwords}) is bare
    assert (tags(fact)["access.passwords"] == "PASSWORD_NOT_ASKED") is bare


def test_ports_of_a_switch_that_nobody_configured_are_for_terminals() -> None:
    routed = "interface GigabitEthernet0/0\n vrf forwarding Mgmt-vrf\n no ip address\n"
    rest = (
        "interface GigabitEthernet1/0/2\ninterface GigabitEthernet1/0/3\n switchport mode trunk\n"
        "interface GigabitEthernet1/0/4\n shutdown\ninterface GigabitEthernet1/0/5\n channel-group 1 mode active\n"
    )
    fact = device("ios", IOS_KEPT.replace("vlan configuration", routed + rest + "vlan configuration"))
    assert fact.access_ports == AccessPorts(2, 1, ("GigabitEthernet1/0/2",))


def test_ports_of_a_router_are_for_no_terminals() -> None:
    text = IOS_KEPT.replace(" switchport access vlan 20\n switchport mode access\n", " ip address 192.0.2.1 255.255.255.0\n")
    assert device("ios", text.replace("vlan configuration 10,20-29\n ipv6 nd raguard attach-policy HOSTS\n", "")).access_ports is None


def inet(*terms: str) -> str:
    start, end = JUNOS_KEPT.index("        term manage"), JUNOS_KEPT.index("    } }\n    family inet6")
    return JUNOS_KEPT[:start] + "\n".join(terms) + "\n" + JUNOS_KEPT[end:]


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (("term all { then accept; }",), OPEN),
        (("term all { then { count seen; } }",), OPEN),  # a term without an action accepts
        (("term a { from { source-address { 0.0.0.0/0; } destination-port ssh; } then accept; }",), OPEN),
        (("term a { from { source-port domain; } then accept; }",), OPEN),
        (("term a { from { protocol udp; } then accept; }",), LIMITED),
        (("term a { from { protocol tcp; destination-port bgp; } then accept; }",), LIMITED),
        (("term a { from { source-prefix-list { nowhere; } } then accept; }",), UNKNOWN),
        (("term a { from { destination-address { 192.0.2.1/32; } } then accept; }",), UNKNOWN),
        (("term a { filter other; }",), UNKNOWN),
        (
            (
                "term keep { from { source-address { 0.0.0.0/0; 192.0.2.0/24 except; } protocol tcp; } then { discard; } }",
                "term all { then accept; }",
            ),
            LIMITED,
        ),
        (
            (
                "term own { from { source-address { 192.0.2.0/24; } } then accept; }",
                "term keep { from { protocol tcp; destination-port [ 20-30 http 830 https ftp ]; } then reject; }",
                "term all { then accept; }",
            ),
            LIMITED,
        ),
        (("term keep { from { tcp-flags syn; } then discard; }", "term all { then accept; }"), UNKNOWN),
        (("term on { then next term; }", "term all { then discard; }"), LIMITED),
    ],
)
def test_the_filter_before_the_routing_engine_is_followed(terms: tuple[str, ...], said: str) -> None:
    assert tags(device("junos", inet(*terms)))["management.limited"] == said


def test_a_filter_that_the_text_does_not_define_is_no_limit_that_is_known() -> None:
    assert tags(device("junos", JUNOS_KEPT.replace("input PROTECT;", "input GONE;")))["management.limited"] == UNKNOWN


@pytest.mark.parametrize(
    ("clients", "said"),
    [
        ("clients { 192.0.2.0/24; 0.0.0.0/0 restrict; }", "SNMP_LIMITED"),
        ("clients { 192.0.2.0/24; 0.0.0.0/0; }", "SNMP_OPEN"),
        ("clients { 0.0.0.0/1; 128.0.0.0/1; }", "SNMP_OPEN"),
        ("client-list-name operators;", "SNMP_LIMITED"),
        ("client-list-name nobody;", "UNSUPPORTED"),
        ("", "SNMP_OPEN"),
    ],
)
def test_the_clients_of_a_community_are_looked_at(clients: str, said: str) -> None:
    text = JUNOS_KEPT.replace("snmp {", f"snmp {{ community x {{ authorization read-only; {clients} }}")
    assert tags(device("junos", text))["snmp.limited"] == said


def test_a_port_of_junos_is_for_terminals_unless_it_says_trunk() -> None:
    ports = (
        "ge-0/0/2 { unit 0 { family ethernet-switching { vlan { members 30; } } } }\n"
        "ge-0/0/3 { unit 0 { family ethernet-switching { interface-mode trunk; } } }\n    ge-0/0/1 {"
    )
    text = JUNOS_KEPT.replace("ge-0/0/1 {", ports)
    assert device("junos", text).access_ports == AccessPorts(2, 1, ("ge-0/0/2",))
    by_number = text.replace("vlan staff {", "vlan staff; vlan lab {") + "vlans { lab { vlan-id 30; } }"
    assert device("junos", by_number).access_ports == AccessPorts(2, 2, ())
    assert device("junos", text.replace("vlan staff {", "interface all {")).access_ports == AccessPorts(2, 2, ())
    ranged = device("junos", text.replace("interfaces {", "interfaces { interface-range desks { member ge-0/0/7; }")).access_ports
    assert isinstance(ranged, Unobserved)


def test_root_alone_says_nothing_of_idle_sessions() -> None:
    start, end = JUNOS_KEPT.index("        user admin"), JUNOS_KEPT.index("    services {")
    assert tags(device("junos", JUNOS_KEPT[:start] + "    }\n" + JUNOS_KEPT[end:]))["access.idle"] == "UNSUPPORTED"


def test_groups_that_are_not_expanded_may_add_to_every_list() -> None:
    said = tags(device("junos", JUNOS_KEPT.replace("services {", "services { apply-groups other;")))
    assert {said[name] for name in ("snmp.community", "ipv6.tunnel", "ipv6.ra-guard", "access.passwords")} == {"UNSUPPORTED"}


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        ("set trusthost1 192.0.2.0 255.255.255.0", LIMITED),
        ("set trusthost1 192.0.2.0 0.0.0.0", OPEN),
        ("set trusthost1 0.0.0.0 0.0.0.0", OPEN),
        ("set trusthost1 128.0.0.0 128.0.0.0", OPEN),
        ("set trusthost1 192.0.2.0 255.255.255.0\n        set trusthost2 0.0.0.0 0.0.0.0", LIMITED),
        ("set trusthost1 0.0.0.0 0.0.0.0\n        set trusthost2 192.0.2.0 255.255.255.0", UNKNOWN),
        ("set ip6-trusthost1 2001:db8::/48", OPEN),
        ("set comments none", OPEN),
    ],
)
def test_trusted_hosts_are_looked_at(hosts: str, said: str) -> None:
    text = FORTI_KEPT.replace("set trusthost1 192.0.2.0 255.255.255.0", hosts)
    assert tags(device("fortios", text))["management.limited"] == said


def test_trusted_hosts_of_ipv4_leave_ipv6_open() -> None:
    text = FORTI_KEPT.replace("set ip6-allowaccess ping\n", "set ip6-allowaccess ping https\n")
    fact = device("fortios", text)
    assert [s.where for s in fact.services if s.limited is False] == ["wan1 (IPv6)"]
    both = text.replace("set trusthost1", "set ip6-trusthost1 2001:db8::/48\n        set trusthost1")
    assert tags(device("fortios", both))["management.limited"] == LIMITED


@pytest.mark.parametrize(
    ("line", "form"),
    [("", PasswordForm.NONE), ("set password ENC FortinetPasswordMask", None), ("set password ENC SH2xyz", PasswordForm.OLD_HASH)],
)
def test_an_administrator_without_a_password_is_told(line: str, form: PasswordForm | None) -> None:
    text = FORTI_KEPT.replace("set remote-auth enable\n", "").replace("set password ENC PB2abcdef", line)
    (stored,) = device("fortios", text).passwords
    if form is None:
        assert isinstance(stored.form, Unobserved)
    else:
        assert stored.form is form


def test_virtual_domains_are_read_as_a_backup_writes_them() -> None:
    """Each domain ends with one ``end``, which leaves the entry and the table."""
    top, _, _ = FORTI_KEPT.partition("config log syslogd setting")
    head, _, tables = top.partition("\n")
    own = "config log syslogd override-setting\n set status enable\n set server 192.0.2.8\nend\n"
    text = f"{head}\nconfig vdom\nedit root\nnext\nedit lab\nnext\nend\nconfig global\n{tables}end\nconfig vdom\nedit root\n{own}end\n"
    one = device("fortios", text)
    assert isinstance(one.log_hosts, Unobserved)
    assert one.log_hosts.reason is Reason.UNSUPPORTED
    both = device("fortios", f"{text}config vdom\nedit lab\n{own.replace('.8', '.7')}end\n")
    assert both.log_hosts == (LogHost("192.0.2.8", "udp"), LogHost("192.0.2.7", "udp"))


def test_the_maker_s_log_service_is_another_place() -> None:
    text = FORTI_KEPT.replace("config log syslogd setting", "config log fortiguard setting")
    assert device("fortios", text).log_hosts == (LogHost("fortiguard", "tls"),)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("netconf-yang\n", OPEN),
        ("netconf-yang\nnetconf-yang ssh ipv4 access-list name 10\n", LIMITED),
        ("netconf-yang\nnetconf-yang ssh ipv4 access-list name gone\n", OPEN),
        ("no netconf-yang\n", LIMITED),
        ("netconf ssh\n", OPEN),
        ("netconf ssh acl 10\n", LIMITED),
        ("gnxi\ngnxi secure-server\n", UNKNOWN),
    ],
)
def test_management_by_programs_is_looked_at(lines: str, said: str) -> None:
    assert tags(device("ios", IOS_KEPT.replace("ip ssh version 2\n", "ip ssh version 2\n" + lines)))["management.limited"] == said


def test_grpc_in_clear_text_is_told() -> None:
    text = JUNOS_KEPT.replace("services {", "services { extension-service { request-response { grpc { clear-text { port 9; } } } }")
    assert tags(device("junos", text))["management.clear-text"] == "CLEAR_TEXT_ON"


def test_clients_of_a_routing_instance_leave_a_community_open_to_doubt() -> None:
    text = JUNOS_KEPT.replace("snmp {", "snmp { community x { routing-instance m { clients { 192.0.2.0/24; } } }")
    assert tags(device("junos", text))["snmp.limited"] == "UNSUPPORTED"


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("set ip 192.0.2.9 255.255.255.255", "SNMP_LIMITED"),
        ("set ip 0.0.0.0 0.0.0.0", "SNMP_OPEN"),
        ("set interface wan1", "UNSUPPORTED"),
    ],
)
def test_the_stations_of_a_community_are_looked_at(host: str, said: str) -> None:
    community = f"config system snmp community\n edit 1\n set name x\n config hosts\n edit 1\n {host}\n next\n end\n next\nend\n"
    assert tags(device("fortios", FORTI_KEPT + community))["snmp.limited"] == said


def test_telnet_that_is_off_as_a_whole_is_off_at_every_interface() -> None:
    text = FORTI_KEPT.replace("set allowaccess ping https ssh", "set allowaccess ping https ssh telnet")
    assert tags(device("fortios", text))["management.clear-text"] == "CLEAR_TEXT_ON"
    off = text.replace("set admintimeout 10", "set admintimeout 10\n    set admin-telnet disable")
    assert tags(device("fortios", off))["management.clear-text"] == "CLEAR_TEXT_OFF"


MANY = 20_000


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (
            "ios",
            "hostname x\ninterface Vlan1\n" + "access-list 10 permit 192.0.2.1\n" * MANY + "line vty 0 4\n access-class 10 in\n" * MANY,
        ),
        ("ios", "hostname x\nline con 0\nspanning-tree mode pvst\n" + "interface GigabitEthernet1/0/1\n" * MANY),
        ("ios", "hostname x\ninterface Vlan1\nline con 0\n" + "vlan configuration 1-4094\n ipv6 nd raguard\n" * 200),
        ("junos", JUNOS_KEPT + "".join(f"snmp {{ community c{n} {{ clients {{ 192.0.2.0/24; }} }} }}\n" for n in range(MANY))),
        ("junos", JUNOS_KEPT + "".join(f"interfaces {{ ge-{n} {{ unit 0 {{ family ethernet-switching; }} }} }}\n" for n in range(MANY))),
        ("junos", JUNOS_KEPT + "apply-groups base;\n" * MANY),
        ("junos", "set system services ssh\nset interfaces lo0 unit 0 family inet\n" + "set a b\ndeactivate c d\n" * MANY),
        (
            "junos",
            JUNOS_KEPT.replace(
                "term manage", "term a { from { source-prefix-list { operators; } } then accept; }\n" * 2_000 + "term manage", 1
            )
            + "".join(f"policy-options {{ prefix-list operators {{ 192.0.2.{n % 256}/32; }} }}\n" for n in range(MANY)),
        ),
    ],
)
def test_a_long_configuration_is_read_in_time(dialect: str, text: str) -> None:
    started = time.process_time()
    assert tags(device(dialect, text))
    assert time.process_time() - started < 15  # a second or two; pairs of all lines would take minutes
