"""Every misbehaving server does what its name says, over UDP and TCP, and every resolver under test treats clients as it should."""

from __future__ import annotations

import socket
import struct
import time

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.xfr
import dns.zone
import pytest

from tests.lab import Lab
from tests.lab.asking import ask
from tests.lab.odd_answers import BEHAVIOURS, SLOW_SECONDS

SECONDS = 1.0


def wire(
    lab: Lab, server: str, name: str, kind: str = "SOA", *, seconds: float = SECONDS, seen: list[str] | None = None
) -> tuple[bytes, bytes]:
    """The question and the bytes that came back over UDP, from wherever they came."""
    query = dns.message.make_query(name, kind, want_dnssec=True).to_wire()

    def talk() -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talker:
            talker.settimeout(seconds)
            talker.sendto(query, (lab.servers[server].v4, 53))
            answer, peer = talker.recvfrom(65535)
            if seen is not None:
                seen.append(peer[0])
            return answer

    return query, lab.call(talk)


def header(answer: bytes) -> tuple[int, ...]:
    """Id, flags and the four counts."""
    return struct.unpack("!6H", answer[:12])


def test_every_behaviour_has_a_domain_or_is_a_resolver(lab: Lab) -> None:
    used = {server for entry in lab.domains.values() for server in entry.servers}
    assert {f"{name}.odd.or.jp" for name, behaviour in BEHAVIOURS.items() if behaviour.domain == "odd.or.jp"} <= used


@pytest.mark.parametrize("server", ["silent.odd.or.jp", "silent-resolver.resolvers.test"])
def test_silent_servers_say_nothing(lab: Lab, server: str) -> None:
    with pytest.raises(TimeoutError):
        wire(lab, server, "all-silent.lg.jp", seconds=0.5)
    with pytest.raises(dns.exception.Timeout):
        ask(lab, "all-silent.lg.jp", "SOA", server, tcp=True, seconds=0.5)


def test_slow_answers_are_right_but_late(lab: Lab) -> None:
    start = time.monotonic()
    assert ask(lab, "all-slow.lg.jp", "SOA", "slow.odd.or.jp").answer
    assert time.monotonic() - start >= SLOW_SECONDS


def test_lossy_servers_answer_the_second_question(lab: Lab) -> None:
    with pytest.raises(TimeoutError):
        wire(lab, "lossy.odd.or.jp", "once-lost.all-lossy.lg.jp", seconds=0.5)
    assert header(wire(lab, "lossy.odd.or.jp", "once-lost.all-lossy.lg.jp")[1])[1] & 0xF == dns.rcode.NXDOMAIN


def test_wrong_id(lab: Lab) -> None:
    query, answer = wire(lab, "wrong-id.odd.or.jp", "all-wrong-id.lg.jp")
    assert answer[:2] != query[:2]


@pytest.mark.parametrize("server", ["wrong-source.odd.or.jp", "forwarder.resolvers.test"])
def test_wrong_source(lab: Lab, server: str) -> None:
    seen: list[str] = []
    query, answer = wire(lab, server, "ns-no-tcp.lg.jp", seen=seen)
    assert answer[:2] == query[:2]
    assert seen
    assert seen != [lab.servers[server].v4]


def test_wrong_question(lab: Lab) -> None:
    query = dns.message.make_query("all-wrong-question.lg.jp", "SOA")
    with pytest.raises(dns.query.BadResponse):
        lab.call(lambda: dns.query.udp(query, lab.servers["wrong-question.odd.or.jp"].v4, timeout=SECONDS))


@pytest.mark.parametrize("behaviour", ["truncated", "truncated-tcp", "tcp-cut", "tcp-drip"])
def test_truncation_over_udp(lab: Lab, behaviour: str) -> None:
    assert ask(lab, f"all-{behaviour}.lg.jp", "SOA", f"{behaviour}.odd.or.jp").flags & dns.flags.TC


def test_tcp_answers_in_every_way(lab: Lab) -> None:
    def over_tcp(behaviour: str) -> dns.message.Message:
        return ask(lab, "ns-no-tcp.lg.jp", "SOA", f"{behaviour}.odd.or.jp", tcp=True, seconds=SECONDS)

    assert over_tcp("truncated-tcp").answer
    for refused in ("truncated", "no-tcp"):
        with pytest.raises(ConnectionRefusedError):
            over_tcp(refused)
    for late in ("tcp-silent", "tcp-drip"):
        with pytest.raises(dns.exception.Timeout):
            over_tcp(late)
    with pytest.raises(EOFError):
        over_tcp("tcp-cut")
    for good in ("no-tcp", "tcp-silent"):
        assert ask(lab, "ns-no-tcp.lg.jp", "SOA", f"{good}.odd.or.jp").answer


@pytest.mark.parametrize("behaviour", ["compression-loop", "cut-off", "garbage", "lying-counts"])
def test_broken_messages_carry_the_right_id_and_cannot_be_read(lab: Lab, behaviour: str) -> None:
    query, answer = wire(lab, f"{behaviour}.odd.or.jp", f"all-{behaviour}.lg.jp", "TXT")
    assert answer[:2] == query[:2]
    with pytest.raises((dns.exception.DNSException, ValueError)):
        dns.message.from_wire(answer)


def test_empty_header_only_and_echo(lab: Lab) -> None:
    assert wire(lab, "empty.odd.or.jp", "all-empty.lg.jp")[1] == b""
    query, answer = wire(lab, "header-only.odd.or.jp", "all-header-only.lg.jp")
    assert (len(answer), answer[:2]) == (12, query[:2])
    query, answer = wire(lab, "echo.odd.or.jp", "all-echo.lg.jp")
    assert answer == query


def test_huge_answers_come_over_tcp(lab: Lab) -> None:
    assert ask(lab, "all-huge.lg.jp", "TXT", "huge.odd.or.jp").flags & dns.flags.TC
    assert len(ask(lab, "all-huge.lg.jp", "TXT", "huge.odd.or.jp", tcp=True).answer[0][0].to_wire()) == 64_000


def test_servers_without_edns(lab: Lab) -> None:
    def over_udp(behaviour: str, *, edns: bool) -> dns.message.Message:
        return ask(lab, "ns-no-edns.lg.jp", "SOA", f"{behaviour}.odd.or.jp", edns=edns, seconds=SECONDS)

    reply = over_udp("formerr-edns", edns=True)
    assert (reply.rcode(), reply.edns) == (dns.rcode.FORMERR, -1)
    assert over_udp("badvers", edns=True).rcode() == dns.rcode.BADVERS
    reply = over_udp("ignores-edns", edns=True)
    assert (reply.rcode(), reply.edns) == (dns.rcode.NOERROR, -1)
    with pytest.raises(dns.exception.Timeout):
        over_udp("drops-edns", edns=True)
    for behaviour in ("formerr-edns", "badvers", "ignores-edns", "drops-edns"):
        assert over_udp(behaviour, edns=False).answer


@pytest.mark.parametrize(("behaviour", "rcode"), [("servfail", dns.rcode.SERVFAIL), ("refused", dns.rcode.REFUSED)])
def test_error_codes(lab: Lab, behaviour: str, rcode: dns.rcode.Rcode) -> None:
    assert ask(lab, f"ns-{behaviour}.lg.jp", "SOA", f"{behaviour}.odd.or.jp").rcode() == rcode
    assert ask(lab, f"ns-{behaviour}.lg.jp", "SOA", f"{behaviour}.odd.or.jp", tcp=True).rcode() == rcode


def test_lame_in_three_ways(lab: Lab) -> None:
    assert ask(lab, "ns-lame.lg.jp", "SOA", "ns3.hosting.or.jp").rcode() == dns.rcode.REFUSED
    reply = ask(lab, "ns-upward.lg.jp", "SOA", "upward.odd.or.jp")
    assert (reply.answer, [rrset.name for rrset in reply.authority]) == ([], [dns.name.root])
    reply = ask(lab, "ns-not-authoritative.lg.jp", "SOA", "not-authoritative.odd.or.jp")
    assert reply.answer
    assert not reply.flags & dns.flags.AA


def test_aliases_where_none_may_be(lab: Lab) -> None:
    assert ask(lab, "cname-apex.lg.jp", "MX", "cname-apex.odd.or.jp").answer[0].rdtype == dns.rdatatype.CNAME
    assert ask(lab, "cname-apex.lg.jp", "SOA", "cname-apex.odd.or.jp").answer[0].rdtype == dns.rdatatype.SOA
    kinds = [ask(lab, "mail.cname-mx.lg.jp", kind, "cname-mx.odd.or.jp").answer[0].rdtype for kind in ("MX", "A")]
    assert kinds == [dns.rdatatype.MX, dns.rdatatype.CNAME]


def test_transfers(lab: Lab) -> None:
    def transfer(server: str, zone: str, kind: dns.rdatatype.RdataType) -> int:
        query, _ = dns.xfr.make_query(dns.zone.Zone(zone), serial=1 if kind == dns.rdatatype.IXFR else None)
        reply = lab.call(lambda: dns.query.tcp(query, lab.servers[server].v4, timeout=SECONDS, one_rr_per_rrset=True))
        return len(reply.answer)

    for server, axfr, ixfr in (
        ("ns1.hosting.or.jp", False, False),
        ("ns2.hosting.or.jp", False, False),
        ("axfr.servers.or.jp", True, True),
        ("ixfr.odd.or.jp", False, True),
    ):
        zone = "dns-ixfr.lg.jp" if "ixfr" in server else "dns-axfr.lg.jp"
        assert (transfer(server, zone, dns.rdatatype.AXFR) > 10) is axfr, server
        assert (transfer(server, zone, dns.rdatatype.IXFR) > 10) is ixfr, server


def test_versions_are_told_by_one_server_only(lab: Lab) -> None:
    def version(server: str) -> str:
        query = dns.message.make_query("version.bind", "TXT", "CH")
        reply = lab.call(lambda: dns.query.udp(query, lab.servers[server].v4, timeout=SECONDS))
        return reply.answer[0][0].to_text() if reply.answer else ""

    assert version("version.servers.or.jp").startswith('"Knot DNS')
    assert [version(server) for server in ("ns1.hosting.or.jp", "ns2.hosting.or.jp", "open.resolvers.test", "resolver.kakuu.lg.jp")] == [
        ""
    ] * 4


RESOLVERS = {  # name → (answers outsiders, answers the office)
    "open.resolvers.test": (True, True),
    "oneport.resolvers.test": (True, True),
    "weak-ids.resolvers.test": (True, True),
    "recursive.servers.or.jp": (True, True),
    "closed.resolvers.test": (False, True),
    "resolver.kakuu.lg.jp": (False, True),
    "novalidate.resolvers.test": (False, True),
    "fixedport.resolvers.test": (False, True),
    "refused-with-ra.resolvers.test": (False, False),
    "ns1.hosting.or.jp": (False, False),
    "ns2.hosting.or.jp": (False, False),
}


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("name", RESOLVERS)
def test_who_resolves_for_whom(lab: Lab, name: str, tcp: bool) -> None:
    answers = []
    for where in ("outside", "inside"):
        reply = ask(lab, "a.dns.jp", "A", name, where=where, tcp=tcp)
        answers.append(bool(reply.answer))
        assert reply.answer or reply.rcode() == dns.rcode.REFUSED
    assert tuple(answers) == RESOLVERS[name]


def test_recursion_over_tcp_only(lab: Lab) -> None:
    assert ask(lab, "a.dns.jp", "A", "recursion-tcp.odd.or.jp").rcode() == dns.rcode.REFUSED
    assert ask(lab, "a.dns.jp", "A", "recursion-tcp.odd.or.jp", tcp=True).answer


def test_validation(lab: Lab) -> None:
    for name in ("resolver.kakuu.lg.jp", "open.resolvers.test", "fixedport.resolvers.test"):
        assert ask(lab, "dnssec-wrong-ds.lg.jp", "A", name, where="inside").rcode() == dns.rcode.SERVFAIL
        assert ask(lab, "kakuu.lg.jp", "A", name, where="inside").flags & dns.flags.AD
    assert ask(lab, "dnssec-wrong-ds.lg.jp", "A", "novalidate.resolvers.test", where="inside").answer


def test_how_resolvers_ask_is_seen_at_porttest(lab: Lab) -> None:
    def seen(server: str) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for number in range(12):  # a resolver that has one port only gives up now and then on a slow machine
            reply = ask(lab, f"n{number}.{server.partition('.')[0]}.porttest.test", "TXT", server, where="inside")
            if reply.rcode() == dns.rcode.SERVFAIL:
                continue
            address, port, ident, _ = reply.answer[-1][0].strings
            assert address.decode() in lab.servers[server].addresses
            found.append((int(port), int(ident)))
            if len(found) == 6:
                return found
        raise AssertionError(f"{server} answered {len(found)} questions of 12")

    for server, port in (("oneport.resolvers.test", 1053), ("fixedport.resolvers.test", 5353), ("weak-ids.resolvers.test", 2053)):
        assert {found for found, _ in seen(server)} == {port}
    ids = [ident for _, ident in seen("weak-ids.resolvers.test")]
    assert ids == list(range(ids[0], ids[0] + 6))
    for server in ("open.resolvers.test", "resolver.kakuu.lg.jp"):
        assert len(set(seen(server))) > 3
