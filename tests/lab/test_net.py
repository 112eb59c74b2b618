"""The network room against real resolvers and servers, and against those that misbehave: every ending has its own reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import pytest

from scanner.model.reason import CannotObserve, Reason
from scanner.net.net import DnsServer, Exchange, Status, Transfer, Transport
from scanner.net.network import Network, Settings
from scanner.net.scope import Entry, Match, Purpose, Scope
from scanner.net.view import Timing, View
from scanner.wire.dns import Mx, Rcode, Soa, Type
from tests.lab import Lab, plan

T = TypeVar("T")
UDP, TCP, AUTO = Transport.UDP, Transport.TCP, Transport.AUTO
OK = "answer"
QUICK = Timing(udp=0.3, tcp=1.0, resolver=2.0)
FILTERED = Timing(udp=0.4, tcp=1.8, resolver=2.0)
PATIENT = Timing(udp=2.0, tcp=5.0, resolver=2.0)


def within(
    lab: Lab,
    work: Callable[[View], Awaitable[T]],
    *,
    where: str = "outside",
    timing: Timing = QUICK,
    scope: Scope | None = None,
    resolver: str = "",
) -> T:
    """Run a conversation inside the laboratory, all of whose networks are in scope unless said otherwise."""
    everything = Scope(tuple(Entry(Match.NETWORK, network) for network in lab.scope_networks))
    settings = Settings(
        scope=everything if scope is None else scope,
        resolvers=(DnsServer("", resolver or lab.resolver),),
        ca_file=str(lab.ca_file),
        timing=timing,
    )

    async def go() -> T:
        async with Network(settings) as network:
            return await work(network.view("domain:kakuu.lg.jp"))

    return lab.run_async(go, where)


def ending(lab: Lab, work: Callable[[View], Awaitable[object]], **kept: Timing | str) -> tuple[str, str]:
    """How a conversation ends: ``answer``, or the reason and its detail."""
    timing, where = kept.get("timing", QUICK), kept.get("where", "outside")
    assert isinstance(timing, Timing)
    assert isinstance(where, str)
    try:
        within(lab, work, timing=timing, where=where)
    except CannotObserve as why:
        return str(why.reason), why.detail
    return OK, ""


def question(server: DnsServer, name: str, type_: Type, transport: Transport) -> Callable[[View], Awaitable[Exchange]]:
    return lambda net: net.ask(server, name, type_, transport=transport)


def ask(lab: Lab, behaviour: str, transport: Transport, version: int = 0) -> Callable[[View], Awaitable[Exchange]]:
    server = lab.servers[f"{behaviour}.odd.or.jp"]
    return question(DnsServer(server.name, server.addresses[version]), "kakuu.lg.jp", Type.TXT, transport)


def test_a_signed_answer_through_the_operators_resolver(lab: Lab) -> None:
    seen = within(lab, lambda net: net.resolve("kakuu.lg.jp", Type.MX))
    assert (seen.status, seen.authenticated, len(seen.signatures)) == (Status.FOUND, True, 1)
    assert Mx(10, "mx1.kakuu.lg.jp") in [record.data for record in seen.records]


def test_aliases_up_to_their_end(lab: Lab) -> None:
    chain = within(lab, lambda net: net.resolve("www.cname-chain.lg.jp", Type.A))
    dangling = within(lab, lambda net: net.resolve("www.dangling-cname.lg.jp", Type.A))
    assert (chain.status, len(chain.aliases), chain.aliases[-1]) == (Status.FOUND, 11, "c11.cname-chain.lg.jp")
    assert (dangling.status, dangling.aliases) == (Status.NXDOMAIN, ("gone.hosting.or.jp",))


@pytest.mark.parametrize("name", ["www.cname-loop.lg.jp", "all-compression-loop.lg.jp"])
def test_what_the_resolver_cannot_find_out_is_a_server_failure(lab: Lab, name: str) -> None:
    reason, detail = ending(lab, lambda net: net.resolve(name, Type.A), timing=PATIENT)
    assert (reason, "answered SERVFAIL" in detail) == ("server-failure", True)


def test_a_bogus_domain_fails_with_checking_and_answers_without(lab: Lab) -> None:
    assert ending(lab, lambda net: net.resolve("dnssec-expired.lg.jp", Type.SOA))[0] == "server-failure"
    seen = within(lab, lambda net: net.resolve("dnssec-expired.lg.jp", Type.SOA, checking=False))
    assert (seen.status, seen.authenticated) == (Status.FOUND, False)


def test_a_resolver_that_refuses_us_and_one_that_never_answers(lab: Lab) -> None:
    short = Timing(resolver=0.3)
    for name, reason in (("closed.resolvers.test", Reason.REFUSED), ("silent-resolver.resolvers.test", Reason.TIMEOUT)):
        with pytest.raises(CannotObserve) as caught:
            within(lab, lambda net: net.resolve("kakuu.lg.jp", Type.A), resolver=lab.servers[name].v4, timing=short)
        assert caught.value.reason is reason


@dataclass(frozen=True, slots=True)
class Odd:
    """A misbehaving server, how it is asked over which version of IP, and how that ends."""

    behaviour: str
    transport: Transport
    reason: str
    words: str = ""
    version: int = 0

    def __str__(self) -> str:
        return f"{self.behaviour}-{self.transport}-v{'46'[self.version]}"


ODD = [
    Odd("silent", UDP, "timeout", "within 0.3 s (2 tries)"),
    Odd("silent", UDP, "timeout", "within 0.3 s (2 tries)", 1),
    Odd("silent", TCP, "timeout", "no whole answer from"),
    Odd("lossy", UDP, OK),
    Odd("wrong-id", UDP, "protocol-violation", "2 with a wrong id"),
    Odd("wrong-id", UDP, "protocol-violation", "2 with a wrong id", 1),
    Odd("wrong-id", TCP, "protocol-violation", "answered with a wrong id"),
    Odd("wrong-question", UDP, "protocol-violation", "2 with a wrong question"),
    Odd("wrong-source", UDP, "timeout", "no answer from"),
    Odd("truncated", UDP, OK),
    Odd("truncated", AUTO, "refused", "/tcp: refused"),
    Odd("truncated-tcp", AUTO, OK),
    Odd("truncated-tcp", AUTO, OK, version=1),
    Odd("no-tcp", AUTO, OK),
    Odd("no-tcp", TCP, "refused", "/tcp: refused", 1),
    Odd("tcp-silent", TCP, "timeout", "no whole answer from"),
    Odd("tcp-cut", AUTO, "reset", "closed the connection after"),
    Odd("tcp-drip", AUTO, "timeout", "within 1 s"),
    Odd("compression-loop", UDP, "protocol-violation", "pointer that does not lead back", 1),
    Odd("cut-off", UDP, "protocol-violation", "ends in the middle of a record"),
    Odd("garbage", UDP, "protocol-violation", "wrong question or none"),
    Odd("empty", UDP, "protocol-violation", "2 with no header"),
    Odd("empty", TCP, "protocol-violation", "a message of 0 octets"),
    Odd("header-only", UDP, "protocol-violation", "wrong question or none"),
    Odd("echo", UDP, "protocol-violation", "wrong question or none"),
    Odd("lying-counts", UDP, "protocol-violation", "65542 records"),
    Odd("huge", AUTO, OK, version=1),
    Odd("drops-edns", UDP, "timeout", "no answer from"),
    Odd("servfail", UDP, OK),
    Odd("refused", UDP, OK),
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_servers_that_misbehave_end_in_their_reason(lab: Lab, odd: Odd) -> None:
    seen, detail = ending(lab, ask(lab, odd.behaviour, odd.transport, odd.version))
    assert (seen, odd.words in detail) == (odd.reason, True), detail


def test_a_late_answer_to_the_first_try_counts(lab: Lab) -> None:
    seen = within(lab, ask(lab, "slow", UDP), timing=PATIENT)
    assert (seen.tries, 2900 < seen.milliseconds < 3900) == (2, True)


def test_every_rcode_comes_back(lab: Lab) -> None:
    rcodes = [within(lab, ask(lab, name, UDP)).message.rcode for name in ("formerr-edns", "badvers", "servfail", "refused")]
    assert rcodes == [Rcode.FORMERR, Rcode.BADVERS, Rcode.SERVFAIL, Rcode.REFUSED]


def test_an_answer_of_64_kilobytes(lab: Lab) -> None:
    seen = within(lab, ask(lab, "huge", AUTO))
    assert (seen.transport, seen.message.size > 64_000, len(seen.message.answer)) == (TCP, True, 1)


def test_a_forwarder_is_heard_from_where_it_answers(lab: Lab) -> None:
    server = lab.servers["forwarder.resolvers.test"]
    seen = within(
        lab,
        lambda net: net.ask(DnsServer(server.name, server.v4), "kakuu.lg.jp", Type.A, rd=True, purpose=Purpose.TEST, any_source=True),
    )
    assert seen.message.answer
    assert seen.source not in ("", server.v4)


@pytest.mark.parametrize(
    ("verdict", "transport", "version", "reason"),
    [
        ("drop", UDP, 0, "timeout"),
        ("drop", TCP, 1, "timeout"),
        ("reject with icmpx port-unreachable", UDP, 0, "refused"),
        ("reject with icmpx port-unreachable", UDP, 1, "refused"),
        ("reject with icmpx admin-prohibited", UDP, 0, "unreachable"),
        ("reject with icmpx admin-prohibited", UDP, 1, "unreachable"),
        ("reject with icmpx admin-prohibited", TCP, 0, "unreachable"),
        ("reject with icmpx admin-prohibited", TCP, 1, "unreachable"),
        ("reject with tcp reset", TCP, 0, "refused"),
    ],
)
def test_filters_and_refusals_are_kept_apart(lab: Lab, verdict: str, transport: Transport, version: int, reason: str) -> None:
    address = lab.servers["ns2.kakuu.lg.jp"].addresses[version]
    protocol = "tcp" if transport is TCP else "udp"
    with lab.filtered(address, protocol, 53, verdict):
        # An ICMPv6 refusal of a connection is told to it after its second packet, a second later.
        seen, detail = ending(lab, question(DnsServer("ns2.kakuu.lg.jp", address), "kakuu.lg.jp", Type.SOA, transport), timing=FILTERED)
    assert seen == reason, detail


def test_addresses_without_a_way_are_unreachable(lab: Lab) -> None:
    for address in (plan.ip4("c.240"), plan.ip6("c.240"), plan.ip4(plan.PROHIBITED)):
        for transport in (UDP, TCP):
            reason, detail = ending(lab, question(DnsServer("", address), ".", Type.NS, transport), timing=PATIENT)
            assert reason == "unreachable", (address, transport, detail)
    assert ending(lab, question(DnsServer("", plan.ip4(plan.BLACKHOLE)), ".", Type.NS, UDP))[0] == "timeout"


async def both(net: View, server: DnsServer, zone: str) -> tuple[Transfer, Transfer]:
    return await net.transfer(server, zone), await net.transfer(server, zone, kind=Type.IXFR, serial=1)


def test_transfers(lab: Lab) -> None:
    refusing = lab.servers["ns1.kakuu.lg.jp"]
    refused = within(lab, lambda net: net.transfer(DnsServer(refusing.name, refusing.v4), "kakuu.lg.jp"))
    assert (refused.rcode, refused.given) == (Rcode.REFUSED, False)
    for name, zone, kinds in (("axfr.servers.or.jp", "dns-axfr.lg.jp", (True, True)), ("ixfr.odd.or.jp", "dns-ixfr.lg.jp", (False, True))):
        server = DnsServer(name, lab.servers[name].v6)
        full, changes = within(lab, partial(both, server=server, zone=zone))
        assert (full.given, changes.given) == kinds, (full, changes)
        assert isinstance(changes.soa, Soa)


def test_nothing_is_sent_to_third_parties_but_dns_questions(lab: Lab) -> None:
    server = lab.servers["ns1.hosting.or.jp"]
    scope = Scope((Entry(Match.DOMAIN, "kakuu.lg.jp"),))
    where = DnsServer(server.name, server.v4)
    assert within(lab, lambda net: net.ask(where, "hosting.or.jp", Type.SOA), scope=scope).message.aa
    for refused in (
        lambda net: net.transfer(where, "hosting.or.jp"),
        lambda net: net.ask(where, "hosting.or.jp", Type.SOA, purpose=Purpose.TEST),
        lambda net: net.fetch("https://www.hosting.or.jp/"),
    ):
        with pytest.raises(CannotObserve) as caught:
            within(lab, refused, scope=scope)
        assert caught.value.reason is Reason.OUT_OF_SCOPE


def test_a_policy_is_fetched_over_https(lab: Lab) -> None:
    scope = Scope((Entry(Match.DOMAIN, "kakuu.lg.jp"),))
    seen = within(lab, lambda net: net.fetch("https://mta-sts.kakuu.lg.jp/.well-known/mta-sts.txt"), scope=scope)
    assert (seen.status, seen.certificate_problem, b"STSv1" in seen.body) == (200, None, True)
