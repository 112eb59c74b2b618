"""The probes of revocation, TLSA and CAA: what is asked of whom, in which order, and what becomes of refusals, sizes and rubbish."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import unquote

import pytest
from cryptography import x509

from scanner.facts.mail import Status
from scanner.facts.tls import (
    AddressSeen,
    CertificateStatus,
    ChainSeen,
    Revocation,
    RevocationSeen,
    ServiceCaa,
    ServiceTlsa,
    TlsRevocation,
    TlsSeen,
    TlsSurvey,
    Upgrade,
    Version,
)
from scanner.model.fact import Fact, Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import Answer, HttpReply, Post
from scanner.net.net import Status as DnsStatus
from scanner.net.scope import Purpose
from scanner.probes import tls_records, tls_revocation
from scanner.probes.base import Probe
from scanner.wire.dns import Caa, RData, Record, Tlsa, Type
from scanner.wire.x509 import Roots, path, seen
from tests.unit import certificates as made
from tests.unit.certificates import NOW, Made, make

HOST = "www.example.lg.jp"
SERVICE = Service(HOST, 443, "https")
OCSP, CRL = "http://ocsp.example.jp/x", "http://crl.example.jp/a.crl"
ROOT = make("Root", ca=True)
LEAF = make(HOST, ROOT, dns=(HOST,), ocsp_url=OCSP, crl_url=CRL)
BARE = make(HOST, ROOT, dns=(HOST,))
GOOD_ANSWER = made.answer(LEAF, ROOT)
EMPTY_LIST = made.revoked_list(ROOT, [1])
FULL_LIST = made.revoked_list(ROOT, [LEAF.certificate.serial_number])
Reply = HttpReply | CannotObserve


def reply(body: bytes = b"", status: int = 200, *, truncated: bool = False, problem: str | None = None) -> HttpReply:
    return HttpReply(status, "", "", body, problem, truncated)


REFUSAL = CannotObserve(Reason.OUT_OF_SCOPE, "not listed")


@dataclass
class FakeNet:
    """Gives replies by method and URL, and answers from a zone."""

    replies: Mapping[str, Reply] = field(default_factory=dict)
    zone: Mapping[tuple[str, Type], list[RData] | CannotObserve] = field(default_factory=dict)
    secure: bool = True
    asked: list[str] = field(default_factory=list)
    trusted: Roots = field(default_factory=Roots)

    def now(self) -> datetime:
        return NOW

    def roots(self) -> Roots:
        return self.trusted

    async def fetch(self, url: str, *, limit: int, seconds: float, purpose: Purpose, post: Post | None = None) -> HttpReply:
        assert purpose is Purpose.REVOCATION
        assert limit > 0 < seconds
        self.asked.append(f"{'POST' if post else 'GET'} {url}")
        known = next((self.replies[key] for key in self.replies if self.asked[-1].startswith(key)), REFUSAL)
        if isinstance(known, CannotObserve):
            raise known
        return known

    def expect(self, names: Iterable[str], kind: Type) -> None:
        pass

    async def resolve(self, name: str, kind: Type, *, checking: bool = True) -> Answer:
        self.asked.append(f"{kind.name} {name}")
        found = self.zone.get((name, kind), [])
        if isinstance(found, CannotObserve):
            raise found
        records = tuple(Record(name, kind, 300, one, b"") for one in found)
        return Answer(name, kind, DnsStatus.FOUND if found else DnsStatus.NXDOMAIN, records, (), self.secure, (), 300)


def survey(*chains: tuple[Made, ...], sni: bool = True) -> TlsSurvey:
    sent = tuple(
        ChainSeen(
            Version.TLS12,
            "any",
            sni,
            tuple(seen(one.der) for one in chain),
            path([one.der for one in chain], Roots(public=[ROOT.der]), NOW),
        )
        for chain in chains
    )
    return TlsSurvey(HOST, 443, "https", "2026-11-22T00:00:00Z", (AddressSeen("192.0.2.1", TlsSeen(Upgrade.IMPLICIT, chains=sent)),))


def run(probe: Probe, net: FakeNet, *facts: Fact, service: Service = SERVICE) -> Fact:
    async def go() -> Fact:
        return await probe.run(service, net, *facts)

    return asyncio.run(go())


def asked_about(net: FakeNet, of: TlsSurvey) -> TlsRevocation:
    fact = run(tls_revocation.tls_revocation, net, of)
    assert isinstance(fact, TlsRevocation)
    return fact


def one(net: FakeNet, *chain: Made) -> CertificateStatus:
    (found,) = asked_about(net, survey(chain or (LEAF, ROOT))).certificates
    return found


def test_both_ways_are_asked() -> None:
    net = FakeNet({f"POST {OCSP}": reply(GOOD_ANSWER), f"GET {CRL}": reply(FULL_LIST)})
    found = one(net)
    assert isinstance(found.ocsp, RevocationSeen)
    assert isinstance(found.crl, RevocationSeen)
    assert (found.ocsp.state, found.crl.state) == (Revocation.GOOD, Revocation.REVOKED)
    assert found.ocsp.signed_by_issuer
    assert found.crl.signed_by_issuer
    assert net.asked == [f"POST {OCSP}", f"GET {CRL}"]


def test_without_permission_nothing_is_known() -> None:
    found = one(FakeNet())
    assert found.ocsp == found.crl == Unobserved(Reason.OUT_OF_SCOPE, "not listed")


def test_a_certificate_without_places_is_not_asked_about() -> None:
    net = FakeNet()
    assert one(net, BARE, ROOT) == CertificateStatus(seen(BARE.der).sha256)
    assert net.asked == []


def test_a_responder_that_knows_no_post_is_asked_by_get() -> None:
    net = FakeNet({f"POST {OCSP}": reply(status=405), f"GET {OCSP}/": reply(GOOD_ANSWER)})
    found = one(net)
    assert isinstance(found.ocsp, RevocationSeen)
    assert found.ocsp.state is Revocation.GOOD
    assert unquote(net.asked[1]) != net.asked[1] or "=" not in net.asked[1]
    assert len(net.asked[1]) < 250


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (reply(status=500), Reason.SERVER_FAILURE),
        (reply(b"x" * 9, truncated=True), Reason.TOO_LARGE),
        (reply(problem="certificate has expired"), Reason.PROTOCOL_VIOLATION),
        (CannotObserve(Reason.TIMEOUT, "silent"), Reason.TIMEOUT),
    ],
)
def test_what_goes_wrong_has_its_reason(answer: Reply, reason: Reason) -> None:
    found = one(FakeNet({"POST": answer, "GET": answer}))
    for way in (found.ocsp, found.crl):
        assert isinstance(way, Unobserved)
        assert way.reason is reason


def test_rubbish_is_no_good_news() -> None:
    found = one(FakeNet({"POST": reply(b"<html>"), "GET": reply(b"<html>")}))
    for way in (found.ocsp, found.crl):
        assert isinstance(way, RevocationSeen)
        assert way.state is Revocation.UNKNOWN
        assert way.problem


def test_the_issuer_may_be_a_root_that_was_not_sent() -> None:
    net = FakeNet({"POST": reply(GOOD_ANSWER), "GET": reply(EMPTY_LIST)}, trusted=Roots(organisation=[ROOT.der]))
    found = one(net, LEAF)
    assert isinstance(found.ocsp, RevocationSeen)
    assert found.ocsp.signed_by_issuer
    without = one(FakeNet({"POST": reply(GOOD_ANSWER), "GET": reply(EMPTY_LIST)}), LEAF)
    assert isinstance(without.ocsp, Unobserved)
    assert without.ocsp.reason is Reason.UNSUPPORTED
    assert isinstance(without.crl, RevocationSeen)
    assert not without.crl.signed_by_issuer


def test_the_next_place_is_asked_where_the_first_says_nothing() -> None:
    point = x509.DistributionPoint(
        [x509.UniformResourceIdentifier("http://a.example.jp/"), x509.UniformResourceIdentifier("http://b.example.jp/")], None, None, None
    )
    leaf = make(HOST, ROOT, extensions=((x509.CRLDistributionPoints([point]), False),))
    net = FakeNet({"GET http://a.": reply(status=404), "GET http://b.": reply(EMPTY_LIST)})
    found = one(net, leaf, ROOT)
    assert isinstance(found.crl, RevocationSeen)
    assert found.crl.state is Revocation.GOOD


def test_each_certificate_is_asked_about_once_and_octets_that_are_gone_say_so() -> None:
    twice = survey((LEAF, ROOT), (LEAF, ROOT), (BARE, ROOT))
    assert [status.sha256 for status in asked_about(FakeNet(), twice).certificates] == [seen(LEAF.der).sha256, seen(BARE.der).sha256]
    address = twice.addresses[0]
    assert isinstance(address.tls, TlsSeen)
    assert isinstance(address.tls.chains, tuple)
    stranger = replace(seen(LEAF.der), sha256="ab" * 32)
    chain = replace(address.tls.chains[0], certificates=(stranger,))
    gone = replace(twice, addresses=(replace(address, tls=replace(address.tls, chains=(chain,))),))
    (status,) = asked_about(FakeNet(), gone).certificates
    assert isinstance(status.ocsp, Unobserved)
    assert status.ocsp.reason is Reason.STALE
    assert asked_about(FakeNet(), replace(twice, addresses=(AddressSeen("192.0.2.1", Unobserved(Reason.TIMEOUT)),))).certificates == ()


def records(net: FakeNet) -> tuple[ServiceTlsa, ServiceCaa]:
    tlsa = run(tls_records.service_tlsa, net)
    caa = run(tls_records.service_caa, net)
    assert isinstance(tlsa, ServiceTlsa)
    assert isinstance(caa, ServiceCaa)
    return tlsa, caa


def test_records_are_written_as_published_in_a_fixed_order() -> None:
    net = FakeNet(
        zone={
            (f"_443._tcp.{HOST}", Type.TLSA): [Tlsa(3, 1, 1, b"\xff" * 32), Tlsa(2, 1, 1, b"\0" * 32)],
            ("lg.jp", Type.CAA): [Caa(0, "issue", b"b.example"), Caa(0, "issue", b"a.example; x=1"), Caa(0, "issuewild", b";")],
        }
    )
    tlsa, caa = records(net)
    assert tlsa == ServiceTlsa(f"_443._tcp.{HOST}", Status.FOUND, ("2 1 1 " + "00" * 32, "3 1 1 " + "ff" * 32), True)
    assert caa == ServiceCaa("lg.jp", ("a.example; x=1", "b.example"), (";",), True)
    assert net.asked == [f"TLSA _443._tcp.{HOST}", f"CAA {HOST}", "CAA example.lg.jp", "CAA lg.jp"]


def test_no_records_are_a_fact() -> None:
    tlsa, caa = records(FakeNet(secure=False))
    assert (tlsa.status, tlsa.records, tlsa.authenticated) == (Status.NXDOMAIN, (), False)
    assert caa == ServiceCaa("", (), (), False)


def test_failures_and_addresses_are_reasons() -> None:
    broken = CannotObserve(Reason.SERVER_FAILURE, "SERVFAIL")
    net = FakeNet(zone={("example.lg.jp", Type.CAA): broken, (f"_443._tcp.{HOST}", Type.TLSA): broken})
    for probe in (tls_records.service_tlsa, tls_records.service_caa):
        with pytest.raises(CannotObserve) as caught:
            run(probe, net)
        assert caught.value.reason is Reason.SERVER_FAILURE
        with pytest.raises(CannotObserve) as caught:
            run(probe, net, service=Service("192.0.2.1", 443, "https"))
        assert caught.value.reason is Reason.UNSUPPORTED


def test_floods_of_records_are_refused() -> None:
    many: list[RData] = [Tlsa(3, 1, 1, n.to_bytes(32)) for n in range(100)]
    with pytest.raises(CannotObserve, match="at most 64"):
        records(FakeNet(zone={(f"_443._tcp.{HOST}", Type.TLSA): many}))
    more: list[RData] = [Caa(0, "issue", str(n).encode()) for n in range(100)]
    with pytest.raises(CannotObserve, match="at most 64"):
        records(FakeNet(zone={(HOST, Type.CAA): more}))
