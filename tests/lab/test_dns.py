"""The DNS checks on real servers: for each fault of the laboratory exactly the tags that it must bring, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from scanner.engine.judge import Result
from scanner.model.reason import Reason
from scanner.model.verdict import Outcome
from tests.lab import Lab
from tests.lab.dns_scan import CLIENT, QUICK, ledger, scan

ZONE_CHECKS = (
    "dns.consistency",
    "dns.delegation",
    "dns.dnssec",
    "dns.name.exists",
    "dns.records",
    "dns.redundancy",
    "dns.soa",
    "dns.transfer",
    "dns.transport",
)
SERVER_CHECKS = ("dns.recursion", "dns.resolver")

ONE_SERVER = {
    "dns.redundancy.servers": "SERVERS_FEW",
    "dns.redundancy.addresses": "ADDRESSES_ONE",
    "dns.redundancy.networks": "NETWORKS_FEW",
}
LAME = {"dns.delegation.lame": "LAME_FOUND", "dns.redundancy.servers": "SERVERS_NOT_SERVING"}
UNSIGNED = {"dns.dnssec.signed": "DNSSEC_UNSIGNED"}

WELL_KEPT = (
    "kakuu.lg.jp",
    "KAKUU.LG.JP.",
    "hosting.or.jp",
    "点検.jp",
    "架空市.lg.jp",
    "upper.lg.jp",
    "long.lg.jp",
    "txt-many.lg.jp",
    "txt-nul.lg.jp",
    "dname.lg.jp",
    "caa-closed.lg.jp",
    "kyoiku.caa-parent.lg.jp",
    "wildcard-all.lg.jp",
    "wildcard-cname.lg.jp",
    "cname-chain.lg.jp",
    "ns-v6only.lg.jp",
    "ns-slow.lg.jp",
    "www.kakuu.lg.jp",
    *(f"dnssec-alg{number}.lg.jp" for number in (8, 10, 13, 14, 15, 16)),
    "dnssec-sha384-ds.lg.jp",
    "dnssec-nsec3.lg.jp",
    "dnssec-nsec3-optout.lg.jp",
)
"""Names at which no zone check may fail and none may stay open: odd, but right."""

FAULTS: dict[str, Mapping[str, str]] = {
    "ns-single.lg.jp": ONE_SERVER,
    "ns-same-network.lg.jp": {"dns.redundancy.networks": "NETWORKS_FEW"},
    "ns-same-address.lg.jp": {
        "dns.redundancy.addresses": "ADDRESSES_ONE",
        "dns.redundancy.networks": "NETWORKS_FEW",
        "dns.transport.ipv6": "IPV6_NONE",
    },
    "ns-v4only.lg.jp": {"dns.transport.ipv6": "IPV6_NONE"},
    "ns-lame.lg.jp": LAME,
    "ns-refused.lg.jp": LAME,
    "ns-servfail.lg.jp": LAME,
    "ns-upward.lg.jp": LAME,
    "ns-not-authoritative.lg.jp": LAME,
    "ns-parent-more.lg.jp": {"dns.delegation.agreement": "AGREEMENT_PARENT_MORE"},
    "ns-child-more.lg.jp": {"dns.delegation.agreement": "AGREEMENT_ZONE_MORE"},
    "ns-disjoint.lg.jp": {"dns.delegation.agreement": "AGREEMENT_DIFFERS"},
    "ns-glue-differs.lg.jp": {"dns.delegation.glue": "GLUE_DIFFERS"},
    "ns-cname.lg.jp": {"dns.delegation.alias": "NS_ALIASES"},
    "ns-dead.lg.jp": {"dns.delegation.lame": "LAME_UNRESOLVABLE", "dns.records.dangling": "TARGETS_FREE"},
    "ns-serial.lg.jp": {"dns.consistency.serial": "SERIAL_DIFFERS"},
    "ns-differ-ns.lg.jp": {"dns.consistency.ns": "NS_DIFFERS", "dns.delegation.agreement": "AGREEMENT_PARENT_MORE"},
    "ns-soa-odd.lg.jp": {"dns.soa.expire": "EXPIRE_BELOW_REFRESH"},
    "ns-no-tcp.lg.jp": {"dns.transport.tcp": "TCP_SHUT"},
    "ns-no-edns.lg.jp": {"dns.transport.edns": "EDNS_REJECTED"},
    "ns-drops-edns.lg.jp": {"dns.transport.edns": "EDNS_DROPPED"},
    "ns-ignores-edns.lg.jp": {"dns.transport.edns": "EDNS_IGNORED"},
    "ns-badvers.lg.jp": {"dns.transport.edns": "EDNS_REJECTED"},
    "all-lossy.lg.jp": ONE_SERVER,
    "all-huge.lg.jp": {**ONE_SERVER, "dns.dnssec.chain": "CHAIN_DATA_UNSIGNED"},  # its huge TXT set has no signature
    "dns-axfr.lg.jp": {"dns.transfer.axfr": "AXFR_GIVEN", "dns.transfer.ixfr": "IXFR_GIVEN"},
    "dns-ixfr.lg.jp": {"dns.transfer.ixfr": "IXFR_GIVEN"},
    "dnssec-unsigned.lg.jp": UNSIGNED,
    "dnssec-no-ds.lg.jp": {"dns.dnssec.signed": "DNSSEC_ISLAND"},
    "dnssec-wrong-ds.lg.jp": {"dns.dnssec.chain": "CHAIN_NO_MATCH"},
    "dnssec-ds-unsigned.lg.jp": {"dns.dnssec.signed": "DNSSEC_NO_KEYS", "dns.dnssec.chain": "CHAIN_NO_KEYS"},
    "dnssec-expired.lg.jp": {"dns.dnssec.chain": "CHAIN_KEYS_UNSIGNED", "dns.dnssec.expiry": "EXPIRY_PAST"},
    "dnssec-mx-expired.lg.jp": {"dns.dnssec.chain": "CHAIN_DATA_UNSIGNED", "dns.dnssec.expiry": "EXPIRY_PAST"},
    "dnssec-future.lg.jp": {"dns.dnssec.chain": "CHAIN_KEYS_UNSIGNED", "dns.dnssec.expiry": "EXPIRY_FUTURE"},
    "dnssec-soon.lg.jp": {"dns.dnssec.expiry": "EXPIRY_NEAR"},
    "dnssec-sha1-ds.lg.jp": {"dns.dnssec.digests": "DIGESTS_FORBIDDEN"},
    "dnssec-alg5.lg.jp": {"dns.dnssec.algorithms": "ALGORITHMS_FORBIDDEN"},
    "dnssec-alg7.lg.jp": {"dns.dnssec.algorithms": "ALGORITHMS_FORBIDDEN"},
    "dnssec-old-key.lg.jp": {"dns.dnssec.algorithms": "ALGORITHMS_FORBIDDEN"},
    "dnssec-nsec3-iterations.lg.jp": {"dns.dnssec.nsec3": "NSEC3_ITERATIONS"},
    "dns-private.lg.jp": {"dns.records.private-addresses": "PRIVATE_FOUND"},
    "dangling-cname.lg.jp": {"dns.records.dangling": "TARGETS_MISSING"},
    "dangling-mx.lg.jp": {"dns.records.dangling": "TARGETS_FREE"},
    "caa-none.lg.jp": {"dns.records.caa": "CAA_NONE"},
    "caa-iodef-only.lg.jp": {"dns.records.caa": "CAA_OPEN"},
    "caa-critical.lg.jp": {"dns.records.caa": "CAA_CRITICAL"},
    "nothing.lg.jp": {"dns.name.exists": "NAME_MISSING"},
    "a.b.nothing.kakuu.lg.jp": {"dns.name.exists": "NAME_MISSING"},
    "kakuu-city.test": UNSIGNED,
    "bad-all.lg.jp": {
        **ONE_SERVER,
        **UNSIGNED,
        "dns.records.caa": "CAA_NONE",
        "dns.records.private-addresses": "PRIVATE_FOUND",
        "dns.transfer.axfr": "AXFR_GIVEN",
        "dns.transfer.ixfr": "IXFR_GIVEN",
    },
}
"""Name → every zone check that must fail, with its tag. Any other failure, and any check left open, is an error."""

ONE_SILENT = {
    "dns.consistency.answers",
    "dns.consistency.ns",
    "dns.consistency.serial",
    "dns.delegation.lame",
    "dns.redundancy.servers",
    "dns.transfer.axfr",
    "dns.transfer.ixfr",
    "dns.transport.amplification",
    "dns.transport.edns",
    "dns.transport.size",
    "dns.transport.tcp",
    "dns.transport.udp",
}
DATA = {
    "dns.dnssec.algorithms",
    "dns.dnssec.chain",
    "dns.dnssec.digests",
    "dns.dnssec.expiry",
    "dns.dnssec.nsec3",
    "dns.dnssec.signed",
    "dns.dnssec.walking",
    "dns.records.apex-alias",
    "dns.records.caa",
    "dns.records.dangling",
    "dns.records.private-addresses",
}
NOT_SERVED = (ONE_SILENT - {"dns.redundancy.servers"}) | DATA | {"dns.delegation.agreement", "dns.soa.expire", "dns.transport.ipv6"}

OPEN: dict[str, tuple[Mapping[str, str], set[str]]] = {
    "ns-silent.lg.jp": ({}, ONE_SILENT),
    "ns-unreachable.lg.jp": ({}, ONE_SILENT),
    "ns-prohibited.lg.jp": ({}, ONE_SILENT),
    "ns-private.lg.jp": ({"dns.records.private-addresses": "PRIVATE_FOUND"}, ONE_SILENT),
    "ns-tcp-silent.lg.jp": ({"dns.transport.tcp": "TCP_SHUT"}, {"dns.transfer.axfr", "dns.transfer.ixfr"}),
    "all-silent.lg.jp": (ONE_SERVER, NOT_SERVED),
    "all-wrong-id.lg.jp": (ONE_SERVER, NOT_SERVED),
    "all-compression-loop.lg.jp": (ONE_SERVER, NOT_SERVED),
    "all-garbage.lg.jp": (ONE_SERVER, NOT_SERVED),
    "all-echo.lg.jp": (ONE_SERVER, NOT_SERVED),
    "all-truncated.lg.jp": (
        {**ONE_SERVER, "dns.transport.tcp": "TCP_SHUT"},
        NOT_SERVED - {"dns.transport.tcp", "dns.transport.udp", "dns.transfer.axfr", "dns.transfer.ixfr"},
    ),
    "ns-all-lame.lg.jp": (
        {**ONE_SERVER, "dns.delegation.lame": "LAME_FOUND"},
        NOT_SERVED - {"dns.delegation.lame", "dns.transport.tcp", "dns.transport.udp", "dns.transfer.axfr", "dns.transfer.ixfr"},
    ),
    "cname-apex.lg.jp": (
        {**ONE_SERVER, **UNSIGNED, "dns.records.apex-alias": "APEX_ALIAS", "dns.records.caa": "CAA_NONE"},
        {"dns.transfer.axfr", "dns.transfer.ixfr"},
    ),
    "cname-loop.lg.jp": ({}, {"dns.records.dangling", "dns.records.private-addresses"}),
}
"""Name → what must fail and what must stay open for want of answers; silence is neither a pass nor a fail."""


@pytest.fixture(scope="module")
def zones(lab: Lab) -> dict[str, list[Result]]:
    """All zones of the tables above, seen in one run from outside."""
    return scan(lab, [*WELL_KEPT, *FAULTS, *OPEN, "ns-differ.lg.jp"], ZONE_CHECKS)


def failing(results: Iterable[Result]) -> dict[str, str]:
    """Check → tag of what failed."""
    return {r.variant.check.id: r.ending.tag for r in results if r.ending.outcome is Outcome.FAIL}


def undetermined(results: Iterable[Result]) -> dict[str, Reason | None]:
    """Check → reason of what stayed open."""
    return {r.variant.check.id: r.ending.reason for r in results if r.ending.outcome is Outcome.UNDETERMINED}


def tag_of(results: Iterable[Result], check: str) -> str:
    """The tag of one check, or its reason where it has none."""
    ending = next(r.ending for r in results if r.variant.check.id == check)
    return ending.tag or str(ending.reason)


@pytest.mark.parametrize("name", WELL_KEPT)
def test_a_well_kept_zone_fails_nothing_and_leaves_nothing_open(zones: dict[str, list[Result]], name: str) -> None:
    assert failing(zones[name]) == {}
    assert undetermined(zones[name]) == {}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_brings_its_own_tags_and_no_others(zones: dict[str, list[Result]], name: str) -> None:
    assert failing(zones[name]) == FAULTS[name]
    assert undetermined(zones[name]) == {}


@pytest.mark.parametrize("name", OPEN)
def test_what_cannot_be_seen_stays_open_and_what_can_is_judged(zones: dict[str, list[Result]], name: str) -> None:
    fails, opens = OPEN[name]
    assert failing(zones[name]) == fails
    assert set(undetermined(zones[name])) == opens
    assert Reason.DEFECT not in undetermined(zones[name]).values()


def test_servers_that_give_different_records_differ(zones: dict[str, list[Result]]) -> None:
    found = failing(zones["ns-differ.lg.jp"])
    # One of the two MX hosts does not exist: whether that shows depends on the server that the resolver hit.
    assert found.pop("dns.records.dangling", "TARGETS_MISSING") == "TARGETS_MISSING"
    assert found == {"dns.consistency.answers": "ANSWERS_DIFFER"}


def test_a_zone_that_cannot_be_reached_is_known_by_its_parent(lab: Lab) -> None:
    seen = scan(lab, ["ns-no-glue.lg.jp"], ZONE_CHECKS)["ns-no-glue.lg.jp"]
    assert failing(seen) == {"dns.delegation.glue": "GLUE_MISSING"}
    assert tag_of(seen, "dns.name.exists") == "NAME_FOUND"


def test_an_absent_name_is_not_judged_by_the_zone_above_it(zones: dict[str, list[Result]]) -> None:
    assert tag_of(zones["nothing.lg.jp"], "dns.redundancy.servers") == "NAME_ABSENT"
    assert tag_of(zones["nothing.lg.jp"], "dns.dnssec.signed") == "NAME_ABSENT"


def test_notes_of_well_kept_zones(zones: dict[str, list[Result]]) -> None:
    assert tag_of(zones["dnssec-alg10.lg.jp"], "dns.dnssec.algorithms") == "ALGORITHMS_DISCOURAGED"
    assert tag_of(zones["dnssec-nsec3-optout.lg.jp"], "dns.dnssec.nsec3") == "NSEC3_OPT_OUT"
    assert tag_of(zones["caa-closed.lg.jp"], "dns.records.caa") == "CAA_FORBIDS"
    assert tag_of(zones["www.kakuu.lg.jp"], "dns.name.exists") == "NAME_FOUND"
    assert tag_of(zones["kakuu.lg.jp"], "dns.dnssec.chain") == "CHAIN_VALID"


def test_third_parties_are_asked_for_zone_data_only(lab: Lab) -> None:
    seen = scan(lab, ["kakuu.lg.jp"], ["dns"], networks=[])["kakuu.lg.jp"]
    closed = {
        "dns.disclosure.identity",
        "dns.disclosure.version",
        "dns.recursion.amplification",
        "dns.recursion.closed",
        "dns.recursion.forwarder",
        "dns.recursion.snooping",
        "dns.transfer.axfr",
        "dns.transfer.ixfr",
        "dns.transport.amplification",
    }
    assert {check for check, reason in undetermined(seen).items() if reason is Reason.OUT_OF_SCOPE} == closed
    assert failing(seen) == {}


def test_tcp_lost_on_the_way_is_theirs_only_if_ours_gets_out(lab: Lab) -> None:
    server, top, other = lab.servers["ns1.hosting.or.jp"], lab.servers["a.dns.jp"], lab.servers["b.dns.jp"]
    with lab.filtered(server.v4, "tcp", 53), lab.filtered(server.v6, "tcp", 53):
        theirs = scan(lab, ["ns-single.lg.jp"], ["dns.transport"], timing=QUICK)["ns-single.lg.jp"]
        with lab.filtered(top.v4, "tcp", 53), lab.filtered(other.v4, "tcp", 53):
            anybodys = scan(lab, ["ns-single.lg.jp"], ["dns.transport"], timing=QUICK)["ns-single.lg.jp"]
    assert failing(theirs) == {"dns.transport.tcp": "TCP_SHUT"}
    assert failing(anybodys) == {}
    assert undetermined(anybodys) == {"dns.transport.tcp": Reason.TIMEOUT}


def test_a_server_deaf_to_udp_is_seen_over_tcp(lab: Lab) -> None:
    server = lab.servers["ns1.hosting.or.jp"]
    with lab.filtered(server.v4, "udp", 53), lab.filtered(server.v6, "udp", 53):
        seen = scan(lab, ["ns-single.lg.jp"], ["dns.transport.udp", "dns.transport.tcp"], timing=QUICK)["ns-single.lg.jp"]
    assert failing(seen) == {"dns.transport.udp": "UDP_MUTE"}


def test_internal_names_show_outside_where_they_are_published(lab: Lab) -> None:
    declared = {
        "dns-internal.lg.jp": ledger(internal=["dc1.dns-internal.lg.jp", "nothing.dns-internal.lg.jp"]),
        "dnssec-nsec-internal.lg.jp": ledger(internal=["kyuyo-db.dnssec-nsec-internal.lg.jp"]),
        "kakuu.lg.jp": ledger(internal=["intra.kakuu.lg.jp", "corp.internal"]),
        "wildcard.lg.jp": ledger(internal=["x.wildcard.lg.jp"]),
        "dns-internal-wildcard.lg.jp": ledger(internal=["dc1.dns-internal-wildcard.lg.jp"]),
    }
    checks = ["dns.records.internal-names", "dns.dnssec.walking"]
    outside = scan(lab, list(declared), checks, domains=declared)
    shown = {"dns.records.internal-names": "INTERNAL_SHOWN", "dns.dnssec.walking": "WALK_SHOWS"}
    assert {name: failing(results) for name, results in outside.items()} == {
        "dns-internal.lg.jp": shown,
        "dnssec-nsec-internal.lg.jp": shown,
        "kakuu.lg.jp": {},
        "wildcard.lg.jp": {},
        "dns-internal-wildcard.lg.jp": shown,
    }
    assert tag_of(outside["kakuu.lg.jp"], "dns.dnssec.walking") == "WALK_HASHED"
    assert tag_of(outside["wildcard.lg.jp"], "dns.dnssec.walking") == "WALK_CLEAN"
    inside = scan(lab, ["dns-internal.lg.jp"], ["dns.records.internal-names"], domains=declared, where="inside")
    assert undetermined(inside["dns-internal.lg.jp"]) == {"dns.records.internal-names": Reason.NO_VANTAGE}


SERVERS_OUTSIDE: dict[str, Mapping[str, str]] = {
    "open.resolvers.test": {"dns.recursion.closed": "RECURSION_OPEN", "dns.recursion.snooping": "SNOOP_OPEN"},
    "closed.resolvers.test": {},
    "oneport.resolvers.test": {"dns.recursion.closed": "RECURSION_OPEN", "dns.resolver.ports": "PORTS_FIXED"},
    "weak-ids.resolvers.test": {
        "dns.recursion.closed": "RECURSION_OPEN",
        "dns.resolver.ports": "PORTS_FIXED",
        "dns.resolver.ids": "IDS_COUNTED",
    },
    "forwarder.resolvers.test": {"dns.recursion.closed": "RECURSION_OPEN", "dns.recursion.forwarder": "FORWARDER_SEEN"},
    "refused-with-ra.resolvers.test": {},
    "silent-resolver.resolvers.test": {},
    "recursive.servers.or.jp": {"dns.recursion.closed": "RECURSION_OPEN"},
    "recursion-tcp.odd.or.jp": {"dns.recursion.closed": "RECURSION_OPEN"},
    "ns2.kakuu.lg.jp": {},
    "upward.odd.or.jp": {},
}
"""Server → what must fail for somebody outside, over IPv4."""


@pytest.fixture(scope="module")
def outside(lab: Lab) -> dict[str, list[Result]]:
    """The servers of the table, seen in one run."""
    targets = {f"{name}={lab.servers[name].v4}:53/dns": name for name in SERVERS_OUTSIDE}
    return {targets[text]: results for text, results in scan(lab, list(targets), SERVER_CHECKS, timing=QUICK).items()}


@pytest.mark.parametrize("name", SERVERS_OUTSIDE)
def test_a_server_seen_from_outside(outside: dict[str, list[Result]], name: str) -> None:
    assert failing(outside[name]) == SERVERS_OUTSIDE[name]
    assert Reason.DEFECT not in undetermined(outside[name]).values()


def test_what_passes_outside_passes_for_the_right_reason(outside: dict[str, list[Result]]) -> None:
    assert tag_of(outside["closed.resolvers.test"], "dns.recursion.closed") == "RECURSION_REFUSED"
    assert tag_of(outside["refused-with-ra.resolvers.test"], "dns.recursion.closed") == "RECURSION_FLAG_ONLY"
    assert tag_of(outside["upward.odd.or.jp"], "dns.recursion.closed") == "RECURSION_REFERRAL"
    assert tag_of(outside["closed.resolvers.test"], "dns.resolver.validation") == "NOT_A_RESOLVER"
    assert tag_of(outside["open.resolvers.test"], "dns.resolver.validation") == "VALIDATION_ON"
    assert undetermined(outside["silent-resolver.resolvers.test"])["dns.recursion.closed"] is Reason.TIMEOUT


def test_a_server_that_tells_its_version_and_one_that_does_not(lab: Lab) -> None:
    # One address each: BIND answers no more than three questions of class CHAOS a second, and NSD and Knot stand here.
    targets = {name: f"{name}={lab.servers[name].v4}:53/dns" for name in ("version.servers.or.jp", "ns2.kakuu.lg.jp")}
    seen = scan(lab, list(targets.values()), ["dns.disclosure"])
    telling, silent = seen[targets["version.servers.or.jp"]], seen[targets["ns2.kakuu.lg.jp"]]
    assert failing(telling) == {"dns.disclosure.version": "VERSION_SHOWN", "dns.disclosure.identity": "IDENTITY_SHOWN"}
    assert (failing(silent), undetermined(silent)) == ({}, {})


def test_recursion_is_seen_over_ipv6_too(lab: Lab) -> None:
    target = f"open.resolvers.test=[{lab.servers['open.resolvers.test'].v6}]:53/dns"
    assert failing(scan(lab, [target], ["dns.recursion.closed"])[target]) == {"dns.recursion.closed": "RECURSION_OPEN"}


SERVERS_INSIDE: dict[str, Mapping[str, str]] = {
    "resolver.kakuu.lg.jp": {},
    "closed.resolvers.test": {},
    "novalidate.resolvers.test": {"dns.resolver.validation": "VALIDATION_OFF"},
    "fixedport.resolvers.test": {"dns.resolver.ports": "PORTS_FIXED"},
}


def test_resolvers_seen_by_their_clients(lab: Lab) -> None:
    targets = {f"{name}={lab.servers[name].v4}:53/dns": name for name in SERVERS_INSIDE}
    seen = {targets[text]: results for text, results in scan(lab, list(targets), SERVER_CHECKS, where="inside", service=CLIENT).items()}
    assert {name: failing(results) for name, results in seen.items()} == SERVERS_INSIDE
    for results in seen.values():
        assert tag_of(results, "dns.recursion.inside") == "INSIDE_RESOLVED"
        assert undetermined(results)["dns.recursion.closed"] is Reason.NO_VANTAGE


def test_a_resolver_closed_to_its_own_clients_fails_inside(lab: Lab) -> None:
    target = f"refused-with-ra.resolvers.test={lab.servers['refused-with-ra.resolvers.test'].v4}:53/dns"
    seen = scan(lab, [target], ["dns.recursion"], where="inside", service=CLIENT)[target]
    assert failing(seen) == {"dns.recursion.inside": "INSIDE_REFUSED"}
