"""Configurations of network devices, well and badly kept, to the tags they must give.

Written by hand after the vendors' command references: no device is to be had here, so nothing proves that a device prints them so.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.engine.catalogue import catalogue
from scanner.engine.judge import judge_one
from scanner.facts.network_device import NetworkDevice, PasswordForm
from scanner.hosts.config_file import ConfigReader
from scanner.hosts.devices.fortios import network_device_fortios
from scanner.hosts.devices.ios import network_device_ios
from scanner.hosts.devices.junos import network_device_junos
from scanner.model.fact import Observed
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import fortios, ios, junos

IOS_KEPT = """\
Building configuration...

Current configuration : 2000 bytes
!
version 17.9
service timestamps log datetime msec localtime show-timezone
no service pad
hostname edge1
no ip bootp server
no ip source-route
no vstack
aaa new-model
aaa group server tacacs+ MGMT
 server name t1
aaa authentication login default group MGMT local
login block-for 300 attempts 5 within 60
enable secret 9 $9$salt$hash
username admin privilege 15 secret 9 $9$salt$hash
ip ssh version 2
no ip http server
no ip http secure-server
access-list 10 remark the machines of the operators
access-list 10 permit 192.0.2.0 0.0.0.255
crypto pki certificate chain X
 certificate self-signed 01
  30820330 30820218 A0030201 02020101
  quit
interface GigabitEthernet1/0/1
 switchport access vlan 20
 switchport mode access
vlan configuration 10,20-29
 ipv6 nd raguard attach-policy HOSTS
banner login ^C
line vty 0 4
 transport input telnet
Authorised use only.
^C
snmp-server group NMS v3 priv access 10
logging host 192.0.2.9 transport tls profile X
ntp server vrf Mgmt 192.0.2.123 key 1
ntp authentication-key 1 hmac-sha2-256 X 7
ntp authenticate
line con 0
 exec-timeout 5 0
line vty 0 4
 access-class 10 in vrf-also
 exec-timeout 9 30
 transport input ssh
line vty 5 15
 no exec
 access-class 10 in
 transport input none
end
edge1#
"""
IOS_BAD = """\
version 12.2
hostname old
enable password cisco
username ops password 7 0822455D0A16
ip http server
interface Tunnel0
 ipv6 address 2001:db8::1/64
 tunnel source GigabitEthernet0/1
 tunnel mode ipv6ip 6to4
interface FastEthernet0/1
 switchport mode access
interface FastEthernet0/2
 switchport mode access
 shutdown
ip ssh version 1
service finger
snmp-server community public RW
no service timestamps log
line con 0
 exec-timeout 0 0
line vty 0 4
 password secret
 transport input all
"""
JUNOS_KEPT = """\
version 22.4R1;
apply-groups base;
groups {
    base {
        system {
            syslog { host 192.0.2.9 { any notice; transport tls; } }
        }
    }
}
system {
    authentication-order [ tacplus password ];
    root-authentication { encrypted-password "$6$salt$hash"; ## SECRET-DATA
    }
    login {
        retry-options { tries-before-disconnect 3; lockout-period 10; }
        class ops { idle-timeout 10; permissions all; }
        user admin { class ops; authentication { encrypted-password "$6$s$h"; } }
    }
    services {
        ssh { root-login deny; protocol-version v2; }
        inactive: telnet;
        netconf { ssh; }
    }
    ntp { server 192.0.2.123 key 1; trusted-key 1; }
}
interfaces {
    lo0 { unit 0 { family inet { filter { input PROTECT; } } family inet6 { filter { input PROTECT6; } } } }
    ge-0/0/0 { unit 0 { family inet { address 192.0.2.1/24; } family inet6 { address 2001:db8::1/64; } } }
    ge-0/0/1 { unit 0 { family ethernet-switching { interface-mode access; vlan { members staff; } } } }
}
forwarding-options { access-security { router-advertisement-guard { vlan staff { policy p; } } } }
policy-options { prefix-list operators { 192.0.2.64/26; } }
firewall {
    family inet { filter PROTECT {
        term manage { from { source-prefix-list { operators; } protocol tcp; destination-port [ ssh 830 ]; } then accept; }
        term answers { from { protocol tcp; tcp-established; } then accept; }
        term icmp { from { protocol icmp; } then { policer slow; accept; } }
        term rest { then { log; discard; } }
    } }
    family inet6 { filter PROTECT6 {
        term manage { from { source-address { 2001:db8::/48; } next-header tcp; destination-port ssh; } then accept; }
    } }
}
snmp { v3 { vacm { access { group nms { default-context-prefix { security-model usm {
    security-level privacy { read-view all; } } } } } } } }
"""
JUNOS_BAD = """\
set version 15.1
set system root-authentication encrypted-password "$1$salt$hash"
set system login user ops class super-user
set system login user ops authentication encrypted-password "$1$s$h"
set system services telnet
set system services ssh protocol-version [ v1 v2 ]
set system services web-management http
set system services finger
set snmp community private authorization read-write
set interfaces ge-0/0/0 unit 0 family inet address 192.0.2.1/24
set interfaces ip-0/0/0 unit 0 family inet6 address 2001:db8::1/64
set interfaces ge-0/0/1 unit 0 family ethernet-switching interface-mode access
set system syslog host 192.0.2.9 any any
deactivate system syslog host 192.0.2.9
"""
FORTI_KEPT = """\
#config-version=FGT60F-7.4.1-FW-build2463-230830:opmode=0:vdom=0:user=admin
config system global
    set admintimeout 10
    set hostname "fw1"
end
config system interface
    edit "wan1"
        set allowaccess ping
        config ipv6
            set ip6-allowaccess ping
        end
    next
    edit "mgmt"
        set allowaccess ping https ssh
        set description "a value
of two lines"
    next
end
config system admin
    edit "admin"
        set remote-auth enable
        set trusthost1 192.0.2.0 255.255.255.0
        set password ENC PB2abcdef
    next
end
config user tacacs+
    edit "t1"
        set server "192.0.2.49"
    next
end
config system snmp sysinfo
    set status enable
end
config system snmp user
    edit "nms"
        set security-level auth-priv
    next
end
config system ntp
    set ntpsync enable
    set type custom
    config ntpserver
        edit 1
            set server "192.0.2.123"
        next
    end
end
config log syslogd setting
    set status enable
    set server "192.0.2.9"
    set mode reliable
    set enc-algorithm high
end
config system auto-install
    set auto-install-config disable
    set auto-install-image disable
end
"""
FORTI_BAD = """\
#config-version=FGT60E-6.0.4-FW-build0231:opmode=0:vdom=0:user=admin
config system global
    set admin-ssh-v1 enable
    set admintimeout 480
end
config system interface
    edit "wan1"
        set allowaccess ping https ssh http telnet
    next
end
config system admin
    edit "admin"
        set password ENC SH2abcdef
    next
end
config system snmp sysinfo
    set status enable
end
config system snmp community
    edit 1
        set name "public"
    next
end
config system ntp
    set ntpsync disable
end
config system sit-tunnel
    edit "tun6"
        set destination 198.51.100.1
    next
end
config system auto-install
    set auto-install-config enable
end
"""


COLLECTORS = {"ios": network_device_ios, "junos": network_device_junos, "fortios": network_device_fortios}


def device(dialect: str, running: str, startup: str | None = None) -> NetworkDevice:
    texts = {"running-config": running.encode()} | ({"startup-config": startup.encode()} if startup is not None else {})
    fact = COLLECTORS[dialect].run(ConfigReader(texts, live=False))
    assert isinstance(fact, NetworkDevice)
    return fact


def tags(fact: NetworkDevice) -> dict[str, str]:
    found = {}
    for check in catalogue().checks.values():
        if check.id.startswith("network."):
            ending = judge_one(check, [Observed(fact, "2026-11-22T00:00:00Z")], {})
            found[check.id.removeprefix("network.")] = ending.tag or str(ending.reason)
    return found


KEPT = {
    "management.clear-text": "CLEAR_TEXT_OFF",
    "management.limited": "MANAGEMENT_LIMITED",
    "management.ssh-version": "SSH_2_ONLY",
    "snmp.encrypted": "SNMP_ENCRYPTED",
    "snmp.community": "COMMUNITY_NONE",
    "snmp.limited": "SNMP_LIMITED",
    "access.central": "CENTRAL",
    "access.passwords": "PASSWORDS_HASHED",
    "access.lockout": "LOCKOUT_ON",
    "access.idle": "IDLE_ENDED",
    "time.servers": "TIME_SERVERS",
    "logging.remote": "LOG_SENT",
    "logging.times": "LOG_DATED",
    "services.needless": "NEEDLESS_OFF",
    "ipv6.tunnel": "DEVICE_TUNNEL_NONE",
    "ipv6.ra-guard": "RA_GUARDED",
    "config.saved": "CONFIG_SAVED",
}
BAD = {
    "management.clear-text": "CLEAR_TEXT_ON",
    "management.limited": "MANAGEMENT_OPEN",
    "management.ssh-version": "SSH_1",
    "snmp.encrypted": "SNMP_COMMUNITY",
    "snmp.community": "COMMUNITY_USUAL",
    "snmp.limited": "SNMP_WRITES",
    "access.central": "LOCAL_ONLY",
    "access.passwords": "PASSWORDS_READABLE",
    "access.lockout": "LOCKOUT_OFF",
    "access.idle": "IDLE_NEVER",
    "time.servers": "TIME_NONE",
    "logging.remote": "LOG_KEPT_ONLY",
    "logging.times": "LOG_UNDATED",
    "services.needless": "NEEDLESS_ON",
    "ipv6.tunnel": "DEVICE_TUNNEL",
    "ipv6.ra-guard": "RA_OPEN",
    "config.saved": "CONFIG_UNSAVED",
}


def test_a_well_kept_ios_device_passes_everything() -> None:
    assert tags(device("ios", IOS_KEPT, IOS_KEPT.replace("Current configuration : 2000 bytes", "Using 1999 out of 65536 bytes"))) == KEPT


def test_a_badly_kept_ios_device_fails_everything() -> None:
    assert tags(device("ios", IOS_BAD, IOS_BAD.replace("hostname old", "hostname older"))) == BAD


def test_a_well_kept_junos_device_passes_everything() -> None:
    assert tags(device("junos", JUNOS_KEPT)) == KEPT


def test_a_badly_kept_junos_device_fails_everything_but_what_junos_does_by_itself() -> None:
    of_junos = {"access.passwords": "PASSWORDS_OLD_HASH", "access.lockout": "VALUE_NOT_SET", "logging.times": "LOG_DATED"}
    assert tags(device("junos", JUNOS_BAD)) == BAD | of_junos | {"config.saved": "CONFIG_SAVED"}


def test_a_well_kept_fortios_device_passes_everything() -> None:
    assert tags(device("fortios", FORTI_KEPT)) == KEPT | {"ipv6.ra-guard": "NO_ACCESS_PORTS"}


def test_a_badly_kept_fortios_device_fails_everything_but_what_fortios_does_by_itself() -> None:
    of_fortios = {
        "snmp.limited": "SNMP_OPEN",
        "access.passwords": "PASSWORDS_OLD_HASH",
        "access.lockout": "LOCKOUT_ON",
        "access.idle": "IDLE_LATE",
        "logging.times": "LOG_DATED",
        "ipv6.ra-guard": "NO_ACCESS_PORTS",
        "config.saved": "CONFIG_SAVED",
    }
    assert tags(device("fortios", FORTI_BAD)) == BAD | of_fortios


def test_what_differs_between_releases_is_never_guessed() -> None:
    bare = tags(device("ios", "version 15.2\nhostname sw\ninterface Vlan1\n no ip address\nline vty 0 4\n login\n"))
    open_ = {"management.clear-text", "management.limited", "management.ssh-version", "services.needless", "logging.times"}
    assert {name for name, said in bare.items() if said == "VALUE_NOT_SET"} == open_
    assert bare["config.saved"] == "UNSUPPORTED"
    assert bare["access.idle"] == "IDLE_ENDED"


def test_a_line_in_a_banner_is_no_command() -> None:
    assert "telnet" not in {s.name for s in device("ios", IOS_KEPT).services if s.on is True}


def test_ipv6_needs_an_access_list_of_its_own() -> None:
    text = IOS_KEPT.replace(
        "interface GigabitEthernet1/0/1\n", "interface Vlan1\n ipv6 address 2001:db8::2/64\ninterface GigabitEthernet1/0/1\n"
    )
    assert tags(device("ios", text))["management.limited"] == "MANAGEMENT_OPEN"


def test_no_password_reaches_the_fact_or_the_evidence() -> None:
    read = ConfigReader({"running-config": IOS_BAD.encode()}, live=False)
    fact = network_device_ios.run(read)
    assert isinstance(fact, NetworkDevice)
    said = repr(fact) + repr(read.evidence())
    assert not [word for word in ("0822455D0A16", "cisco", "'secret'", "public") if word in said]
    assert {p.owner: p.form for p in fact.passwords}["ops"] is PasswordForm.REVERSIBLE


def test_groups_that_are_not_expanded_leave_silence_open() -> None:
    text = JUNOS_KEPT.replace("services {", "services { apply-groups other;")
    assert tags(device("junos", text))["management.clear-text"] == "UNSUPPORTED"


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("ios", "\x00\x01"),
        ("ios", "hello\nworld\n"),
        ("ios", "hostname x\nbanner motd ^C\nnever closed\n"),
        ("junos", "system { services { ssh; }"),
        ("junos", 'system { host-name "x; }'),
        ("junos", "delete system services\nset system services ssh\n"),
        ("fortios", "config system global\nset x\n"),
        ("fortios", "end\n"),
        ("fortios", "config x\n" * 40),
        ("junos", "a { " * 100),
    ],
)
def test_what_is_no_such_configuration_is_refused(dialect: str, text: str) -> None:
    with pytest.raises(CannotObserve) as caught:
        device(dialect, text)
    assert caught.value.reason is Reason.PROTOCOL_VIOLATION


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("ios", "hostname x\nline vty 0 4\n transport input ssh\n"),
        ("ios", "interface Vlan1\n ip address 192.0.2.1 255.255.255.0\nline con 0\n"),
        ("junos", "system { services { ssh; } }"),
        ("junos", "set interfaces ge-0/0/0 unit 0 family inet\n"),
        ("fortios", "config system global\n set admintimeout 5\nend\n"),
        ("fortios", 'config system admin\n edit "admin"\n next\nend\nconfig system interface\nend\n'),
    ],
)
def test_the_silence_of_a_part_is_no_verdict(dialect: str, text: str) -> None:
    with pytest.raises(CannotObserve) as caught:
        device(dialect, text)
    assert caught.value.reason is Reason.UNSUPPORTED


def test_what_an_account_of_junos_is_not_shown_is_a_missing_right() -> None:
    with pytest.raises(CannotObserve) as caught:
        device("junos", JUNOS_KEPT.replace("snmp {", "snmp { /* ACCESS-DENIED */ }\nsnmp {"))
    assert caught.value.reason is Reason.ACCESS_DENIED


def test_no_text_is_no_verdict() -> None:
    with pytest.raises(CannotObserve) as caught:
        network_device_ios.run(ConfigReader({}, live=False))
    assert caught.value.reason is Reason.UNSUPPORTED


PIECES = st.sampled_from(
    [
        *IOS_BAD.split("\n"),
        *JUNOS_KEPT.split("\n"),
        *FORTI_KEPT.split("\n"),
        '"',
        "{",
        "}",
        "[",
        "]",
        ";",
        "banner motd ^C",
        "\t\t x",
        "set",
        "config",
        "edit",
    ]
)


def fact_or_reason(dialect: str, text: str) -> NetworkDevice | Reason:
    try:
        return device(dialect, text)
    except CannotObserve as error:
        return error.reason


def value_or_refusal(parse: Callable[[bytes], object], refusal: type[ValueError], data: bytes) -> object:
    try:
        return parse(data)
    except refusal as error:
        return str(error)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES | st.text(max_size=12), max_size=40).map("\n".join), st.sampled_from(sorted(COLLECTORS)))
def test_whatever_the_text_a_device_is_a_fact_or_a_refusal(text: str, dialect: str) -> None:
    seen = fact_or_reason(dialect, text)
    assert isinstance(seen, NetworkDevice) or seen in {Reason.PROTOCOL_VIOLATION, Reason.UNSUPPORTED, Reason.ACCESS_DENIED}


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_no_octets_break_a_parser(data: bytes) -> None:
    for parse, refusal in ((ios.parse, ios.NotIos), (junos.parse, junos.NotJunos), (fortios.parse, fortios.NotFortios)):
        assert value_or_refusal(parse, refusal, data)


def test_a_table_that_is_closed_and_was_never_open_is_refused() -> None:
    with pytest.raises(fortios.NotFortios):
        fortios.parse(b"edit a\nend\nset b c\n")


def test_values_of_many_lines_are_read_once() -> None:
    """Pages that a firewall shows to users are kept so; splitting them anew with each line took seconds."""
    page = "\n".join(f' <p class=\\"x\\">{n} it\'s</p>' + "x" * 200 for n in range(400))
    start = time.process_time()
    read = fortios.parse(f'config system global\nset buffer "{page}" b\nset name "y"\nend\n'.encode())
    assert time.process_time() - start < 1.0
    assert read.top.table("system global").settings == {"buffer": (page.replace("\\", ""), "b"), "name": ("y",)}
    with pytest.raises(fortios.NotFortios):
        fortios.parse(b'config system global\nset name "' + b"\n" * 600 + b'"\nend\n')
