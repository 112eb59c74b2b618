"""Intermediates that are fetched: only for chains that end in the middle, only by what the scope grants, and told apart afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates
from cryptography.x509.oid import AuthorityInformationAccessOID
from hypothesis import given
from hypothesis import strategies as st

from scanner.facts.tls import AddressSeen, ChainSeen, Path, TlsSeen, Upgrade, Version
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.net.net import HttpReply
from scanner.net.scope import Purpose
from scanner.probes.tls_issuers import MOST_ASKED, MOST_FETCHED, Issuers
from scanner.wire.x509 import Roots, bundled, path, seen
from tests.unit.certificates import DAY, NOW, Made, make

HOST = "www.example.lg.jp"
UPPER_AT, LOWER_AT = "http://ca.example.jp/upper.cer", "http://ca.example.jp/lower.p7c"


def at(url: str) -> dict[str, object]:
    """The extension that names where the issuer's certificate is."""
    place = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(url))
    return {"extensions": ((x509.AuthorityInformationAccess([place]), False),)}


ROOT = make("Root", ca=True)
UPPER = make("Upper", ROOT, ca=True)
LOWER = make("Lower", UPPER, ca=True, **at(UPPER_AT))  # type: ignore[arg-type]  # keywords of the function
LEAF = make(HOST, LOWER, dns=(HOST,), **at(LOWER_AT))  # type: ignore[arg-type]  # the same
ROOTS = Roots(public=[ROOT.der])
PUBLISHED = {UPPER_AT: UPPER.der, LOWER_AT: serialize_certificates([UPPER.certificate, LOWER.certificate], Encoding.DER)}


@dataclass
class FakeNet:
    """Gives what authorities publish."""

    published: dict[str, bytes] = field(default_factory=lambda: dict(PUBLISHED))
    status: int = 200
    truncated: bool = False
    asked: list[str] = field(default_factory=list)

    def roots(self) -> Roots:
        return ROOTS

    async def fetch(self, url: str, *, limit: int, seconds: float, purpose: Purpose) -> HttpReply:
        assert purpose is Purpose.REVOCATION
        assert limit > 0 < seconds
        self.asked.append(url)
        if url not in self.published:
            raise CannotObserve(Reason.OUT_OF_SCOPE, "not listed")
        return HttpReply(self.status, "", "", self.published[url], None, self.truncated)


def chain(*sent: Made) -> ChainSeen:
    ders = [one.der for one in sent]
    return ChainSeen(Version.TLS12, "any", True, tuple(map(seen, ders)), path(ders, ROOTS, NOW))


def completed(net: FakeNet, *chains: ChainSeen) -> tuple[ChainSeen, ...]:
    address = AddressSeen("192.0.2.1", TlsSeen(Upgrade.IMPLICIT, chains=chains))
    tls = asyncio.run(Issuers(net, NOW).complete(address)).tls  # type: ignore[arg-type]  # no more of the network is needed
    assert not isinstance(tls, Unobserved)
    assert not isinstance(tls.chains, Unobserved)
    return tls.chains


def test_what_is_missing_is_fetched_and_told_apart() -> None:
    net = FakeNet()
    (one,) = completed(net, chain(LEAF))
    assert (one.path.end, one.path.fetched, one.path.extra, one.path.in_order) == (Path.PUBLIC, (LOWER_AT, UPPER_AT), (), True)
    assert [each.subject for each in one.certificates] == ["O=架空,CN=www.example.lg.jp"]  # what was sent stays what was sent
    (one,) = completed(net, chain(LEAF, LOWER))
    assert (one.path.end, one.path.fetched) == (Path.PUBLIC, (UPPER_AT,))


def test_a_whole_chain_asks_nobody_and_each_place_is_asked_once() -> None:
    net = FakeNet()
    assert completed(net, chain(LEAF, LOWER, UPPER)) == (chain(LEAF, LOWER, UPPER),)
    assert net.asked == []
    completed(net, chain(LEAF), chain(LEAF))
    assert sorted(net.asked) == sorted([LOWER_AT, UPPER_AT])


@pytest.mark.parametrize(
    "net",
    [
        FakeNet({}),
        FakeNet({LOWER_AT: PUBLISHED[LOWER_AT]}),
        FakeNet(status=404),
        FakeNet(truncated=True),
        FakeNet({LOWER_AT: b"<html>"}),
        FakeNet({LOWER_AT: ROOT.der}),
        FakeNet({LOWER_AT: make("Lower", ca=True).der}),
        FakeNet({LOWER_AT: PUBLISHED[LOWER_AT], UPPER_AT: make("Upper", ROOT, key=UPPER.key, ca=True, ends=NOW - DAY).der}),
    ],
    ids=["not granted", "granted in part", "not there", "too long", "no certificate", "another's", "of the same name", "run out"],
)
def test_what_does_not_lead_to_a_root_in_time_changes_nothing(net: FakeNet) -> None:
    assert completed(net, chain(LEAF)) == (chain(LEAF),)


def test_authorities_without_end_are_left() -> None:
    published = {}
    made = make("0", ROOT, ca=True)
    for number in range(1, MOST_FETCHED + 3):
        url = f"http://ca.example.jp/{number}"
        published[url] = made.der
        made = make(str(number), made, ca=True, **at(url))  # type: ignore[arg-type]  # keywords of the function
    net = FakeNet(published)
    assert completed(net, chain(made))[0].path.end is Path.INCOMPLETE
    assert len(net.asked) == MOST_FETCHED


def test_chains_that_name_places_without_end_are_left() -> None:
    net = FakeNet({})
    others = [make(HOST, LOWER, **at(f"http://ca.example.jp/{number}")) for number in range(MOST_ASKED + 2)]  # type: ignore[arg-type]  # the same
    assert all(one.path.end is Path.INCOMPLETE for one in completed(net, *(chain(one) for one in others)))
    assert len(net.asked) == MOST_ASKED


@given(st.binary(max_size=200))
def test_any_octets_are_certificates_or_none(junk: bytes) -> None:
    assert isinstance(bundled(junk), tuple)


def test_a_bundle_cut_off_anywhere_is_none() -> None:
    whole = PUBLISHED[LOWER_AT]
    assert set(bundled(whole)) == {UPPER.der, LOWER.der}
    assert all(bundled(whole[:cut]) == () for cut in range(len(whole)))
    assert bundled(LEAF.der) == (LEAF.der,)
