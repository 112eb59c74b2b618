"""Packet filter rules on the real kernel: what nft and iptables print of a ruleset reads as what its text says, and packets agree."""

from __future__ import annotations

import re
import subprocess
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.firewall import Filter
from scanner.hosts.linux.firewall import filtered
from scanner.wire import iptables, nftables
from scanner.wire.packetfilter import NotARuleset, Table

RULESET = """#!/usr/sbin/nft -f
flush ruleset
define LAN = { 192.0.2.0/24, 198.51.100.0/24 }
define ADMIN_PORTS = { 22, 8443 }
table inet filter {
	chain web {
		accept
	}
	set admins { type ipv4_addr; flags interval; elements = { 192.0.2.10, 192.0.2.32/28 }; }
	map verdicts {
		type inet_service : verdict
		elements = { 80 : accept, 443 : jump web }
	}
	chain input {
		type filter hook input priority 0; policy drop;
		ct state vmap { established : accept, related : accept, invalid : drop }
		iif lo accept
		meta l4proto { icmp, ipv6-icmp } accept # errors and neighbours
		ip saddr $LAN tcp dport $ADMIN_PORTS accept \\
			comment "admin; not } here"
		ip saddr @admins tcp dport 5432 accept
		tcp dport vmap @verdicts
		tcp dport { 25, 587 } ct state new limit rate 10/minute accept
		udp dport 123 accept; udp sport 67 udp dport 68 accept
		limit rate 5/minute log prefix "drop: " flags all counter
		reject with icmpx type admin-prohibited
	}
	chain output {
		type filter hook output priority filter; policy drop;
		oif "lo" accept; ct state established,related accept; ip daddr 192.0.2.53 udp dport 53 accept
	}
}
"""
OPEN_IPV4 = {
    ("tcp", 22, ("192.0.2.0/24", "198.51.100.0/24")),
    ("tcp", 8443, ("192.0.2.0/24", "198.51.100.0/24")),
    ("tcp", 5432, ("192.0.2.10", "192.0.2.32/28")),
    *(("tcp", port, ()) for port in (80, 443, 25, 587)),
    *(("udp", port, ()) for port in (123, 68)),
}


def in_kernel(text: str) -> bytes:
    """Load a ruleset in a network namespace of its own and give what nft prints of it."""
    script = "ip link set lo up; nft -f - && nft -s list ruleset"
    done = subprocess.run(["unshare", "-n", "sh", "-c", script], input=text.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def opened(tables: tuple[Table, ...], family: str, direction: str = "inbound") -> set[tuple[str, int, tuple[str, ...]]]:
    """Give what is open, one port each."""
    found = filtered(tables, direction, family, ("eth0",))
    assert found.let_through_on == ()
    assert found.unclear == ()
    return {(one.protocol, one.first, one.sources) for one in found.openings}


def one(rules: str, policy: str = "drop", family: str = "ip") -> Filter:
    """Put rules into a chain at hook input, in text and through the kernel, and give what both read as."""
    text = f"table inet t {{\n chain input {{\n type filter hook input priority 0; policy {policy};\n{rules}\n }}\n}}\n"
    written = filtered(nftables.parse(text.encode()), "inbound", family, ("eth0",))
    printed = filtered(nftables.parse(in_kernel(text)), "inbound", family, ("eth0",))
    assert (written.let_through_on, written.openings, bool(written.unclear)) == (
        printed.let_through_on,
        printed.openings,
        bool(printed.unclear),
    )
    return written


def test_a_ruleset_reads_the_same_as_text_and_from_the_kernel() -> None:
    for tables in (nftables.parse(RULESET.encode()), nftables.parse(in_kernel(RULESET))):
        assert opened(tables, "ip") == OPEN_IPV4
        assert opened(tables, "ip6") == {row for row in OPEN_IPV4 if not row[2]}
        assert opened(tables, "ip", "outbound") == {("udp", 53, ("192.0.2.53",))}
        assert filtered(tables, "inbound", "ip", ("eth0",)).logs


@pytest.mark.parametrize(
    ("rules", "policy", "through"),
    [
        ("", "accept", True),
        ("", "drop", False),
        ("drop", "accept", False),
        ("tcp dport 22 accept\nreject", "accept", False),
        ("accept", "drop", True),
        ("ct state new accept", "drop", True),
        ("ct state { established, related } accept", "drop", False),
        ("ct state != invalid accept", "drop", True),
        ("iifname eth0 accept", "drop", True),
        ("iifname != eth0 accept", "drop", False),
        ('iifname "eth*" accept', "drop", True),
        ("iifname eth1 accept", "drop", False),
        ("meta l4proto tcp accept", "drop", True),
        ("ip protocol icmp accept", "drop", False),
        ("ip saddr 0.0.0.0/0 accept", "drop", True),
        ("ip saddr 10.0.0.0/8 drop", "accept", True),
        ("ip saddr != 10.0.0.0/8 accept", "drop", True),
        ("ip6 saddr ::/0 accept", "drop", False),
        ("meta nfproto ipv6 accept", "drop", False),
        ("fib daddr type local accept", "drop", True),
        ("fib daddr type broadcast accept", "drop", False),
        ("pkttype multicast accept", "drop", False),
        ("ip daddr 224.0.0.0/4 accept", "drop", False),
        ("limit rate 10/second drop", "accept", True),
        ("tcp flags & (fin|syn|rst|ack) != syn ct state new drop", "accept", True),
        ("tcp dport != 22 drop", "accept", True),
        ("return", "drop", False),
    ],
)
def test_what_becomes_of_what_no_rule_names(rules: str, policy: str, through: bool) -> None:
    assert one(rules, policy).let_through_on == (("*",) if through else ())


@pytest.mark.parametrize("rules", ["meta mark 1 accept", "limit rate 10/second accept", "ip saddr . tcp dport { 192.0.2.1 . 22 } accept"])
def test_a_condition_that_is_not_followed_leaves_it_open(rules: str) -> None:
    found = one(rules)
    assert found.let_through_on == ()
    assert found.unclear


def test_a_refusal_before_narrows_what_is_let_through_after() -> None:
    found = one("ip saddr != 192.0.2.0/24 tcp dport 22 drop\ntcp dport 22 accept\ntcp dport 23 drop\ntcp dport { 23, 80 } accept")
    assert {(opening.first, opening.sources) for opening in found.openings} == {(22, ("192.0.2.0/24",)), (80, ())}


def test_a_rule_that_goes_by_the_senders_port_opens_all() -> None:
    found = one("udp sport 53 accept")
    assert found.let_through_on == ("*",)


def test_two_chains_and_several_interfaces() -> None:
    text = (
        "table ip a { chain i { type filter hook input priority 0; policy accept; iifname docker0 accept; drop; }; }\n"
        "table ip b { chain i { type filter hook input priority 10; policy accept; }; }\n"
    )
    tables = nftables.parse(text.encode())
    assert filtered(tables, "inbound", "ip", ("docker0", "eth0")).let_through_on == ("docker0",)
    assert filtered(tables, "inbound", "ip6", ("docker0", "eth0")) == Filter(False, ("*",), (), False, ())


SAVED = """# Generated by iptables-save v1.8.9 (nf_tables) on Sun Nov 22 12:08:23 2026
*nat
:PREROUTING ACCEPT [0:0]
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:ssh - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "two words" -j ssh
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -p tcp -m multiport --dports 80,8000:8010 -j ACCEPT
-A INPUT -p udp -m udp ! --dport 53 -m limit --limit 3/min -j LOG --log-prefix "x y "
-A INPUT -m addrtype --dst-type BROADCAST -j ACCEPT
-A ssh -s 192.0.2.0/24 -j ACCEPT
-A ssh -j DROP
COMMIT
"""


def test_what_iptables_saved() -> None:
    found = filtered(iptables.parse(SAVED.encode(), "ip"), "inbound", "ip", ("eth0",))
    assert (found.let_through_on, found.logs, found.unclear) == ((), True, ())
    assert {(one.protocol, one.first, one.last, one.sources) for one in found.openings} == {
        ("tcp", 22, 22, ("192.0.2.0/24",)),
        ("tcp", 80, 80, ()),
        ("tcp", 8000, 8010, ()),
    }
    assert filtered(iptables.parse(SAVED.encode(), "ip"), "outbound", "ip", ("eth0",)).let_through_on == ("*",)


@pytest.mark.parametrize(
    ("rule", "through"),
    [
        ("-j ACCEPT", ("*",)),
        ("-s 0.0.0.0/0 -j ACCEPT", ("*",)),
        ("-p tcp -m tcp --syn -j ACCEPT", ("*",)),
        ("-p tcp -m tcp ! --syn -j ACCEPT", ()),
        ("-m state --state NEW -j ACCEPT", ("*",)),
        ("-i eth+ -j ACCEPT", ("*",)),
        ("! -i eth0 -j ACCEPT", ()),
        ("-j NFQUEUE --queue-num 1", ()),
    ],
)
def test_single_rules_of_iptables(rule: str, through: tuple[str, ...]) -> None:
    found = filtered(iptables.parse(f"*filter\n:INPUT DROP\n-A INPUT {rule}\nCOMMIT\n".encode(), "ip"), "inbound", "ip", ("eth0",))
    assert found.let_through_on == through
    assert bool(found.unclear) is ("NFQUEUE" in rule)


WORDS = st.sampled_from(
    [
        *"{};,:!$=\n",
        *re.findall(
            r"[a-z@$!=\"0-9]+",
            "table inet t chain c type filter hook input priority policy drop "
            "accept tcp dport 22 vmap @s set jump ct state new != $x define include limit over queue log counter elements map saddr ip",
        ),
    ]
)


@given(st.lists(WORDS, max_size=60))
@settings(max_examples=300)
def test_any_words_are_a_ruleset_or_refused(words: list[str]) -> None:
    with suppress(NotARuleset):
        tables = nftables.parse(" ".join(words).encode())
        assert filtered(tables, "inbound", "ip", ("eth0",)).let_through_on in ((), ("*",))


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_any_bytes_end_in_rules_or_a_refusal(junk: bytes) -> None:
    with suppress(NotARuleset):
        nftables.parse(b"table ip t { chain c { " + junk + b" } }")
    with suppress(NotARuleset):
        iptables.parse(b"*filter\n:INPUT DROP\n-A INPUT " + junk, "ip")
