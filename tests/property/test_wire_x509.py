"""Whatever octets stand for a certificate, an OCSP answer, a list or a name: no exception but ours, no long work, no false yes."""

from __future__ import annotations

import string
from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from scanner.facts.tls import Path, Revocation
from scanner.wire.x509 import NotCertificate, Roots, ocsp_scts, parse, path, revocation_list, scts, seen, staple
from scanner.wire.x509.names import covers, names_server
from tests.unit import certificates as made
from tests.unit.certificates import NOW, SERVER_AUTH, make

HOST = "www.example.lg.jp"
ROOT = make("Root", ca=True)
INTER = make("Intermediate", ROOT, ca=True, extensions=((made.permitted("lg.jp", "!a.lg.jp", "192.0.2.0/24"), True),))
LEAF = make(
    HOST,
    INTER,
    dns=(HOST, "*.example.jp"),
    ips=("192.0.2.1",),
    uses=("digital_signature",),
    purposes=(SERVER_AUTH,),
    ocsp_url="http://ocsp.example.jp/",
    crl_url="http://crl.example.jp/",
)
ROOTS = Roots(public=[ROOT.der])
OCSP = made.answer(LEAF, INTER)
CRL = made.revoked_list(INTER, [1, LEAF.certificate.serial_number])
QUICK = settings(max_examples=150, deadline=1000)


def broken(good: bytes) -> st.SearchStrategy[bytes]:
    """The octets with a few changed, cut out or put in."""

    def spoil(changes: list[tuple[int, int, bytes]]) -> bytes:
        data = good
        for at, drop, put in changes:
            place = at % (len(data) + 1)
            data = data[:place] + put + data[place + drop :]
        return data

    change = st.tuples(st.integers(0, 4000), st.integers(0, 3), st.binary(max_size=3))
    return st.lists(change, min_size=1, max_size=3).map(spoil)


@QUICK
@given(st.one_of(broken(LEAF.der), broken(INTER.der), st.binary(max_size=200)))
def test_any_octets_are_seen_and_lead_somewhere(octets: bytes) -> None:
    one = seen(octets)
    assert len(one.sha256) == 64
    for chain in ([octets, INTER.der], [LEAF.der, octets], [octets]):
        found = path(chain, ROOTS, NOW)
        assert found.end is not Path.PUBLIC or octets in (LEAF.der, INTER.der) or len(chain) == 1 or chain[0] == LEAF.der
    staple(OCSP, [octets, INTER.der])


@QUICK
@given(broken(LEAF.der))
def test_a_spoiled_certificate_is_never_trusted(octets: bytes) -> None:
    if octets[: len(LEAF.der)] != LEAF.der:
        assert path([octets, INTER.der], ROOTS, NOW).end is not Path.PUBLIC


@QUICK
@given(st.one_of(broken(OCSP), st.binary(max_size=200)))
def test_a_spoiled_answer_never_counts(octets: bytes) -> None:
    said = staple(octets, [LEAF.der, INTER.der])
    assert octets == OCSP or not said.signed_by_issuer or said.state is Revocation.GOOD
    ocsp_scts(octets)


@QUICK
@given(st.one_of(broken(CRL), st.binary(max_size=200)))
def test_a_spoiled_list_never_counts(octets: bytes) -> None:
    said = revocation_list(octets, parse(LEAF.der), parse(INTER.der))
    assert octets == CRL or not said.signed_by_issuer


@QUICK
@given(st.binary(max_size=300))
def test_timestamps_of_any_octets(octets: bytes) -> None:
    assert all(len(sct.log) == 64 for sct in scts(octets))


def test_every_cut_of_a_certificate_is_no_certificate() -> None:
    for cut in range(len(LEAF.der)):
        assert seen(LEAF.der[:cut]).problems[0].startswith("not a certificate")


def test_every_octet_of_a_certificate_may_be_anything() -> None:
    for at in range(len(LEAF.der)):
        for value in (0x00, 0x30, 0x80, 0xFF):
            octets = LEAF.der[:at] + bytes([value]) + LEAF.der[at + 1 :]
            seen(octets)
            try:
                one = parse(octets)
            except NotCertificate:
                continue
            assert one.not_after is None or one.not_after > datetime(1900, 1, 1, tzinfo=UTC) or one.seen.problems


labels = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=8)
hosts = st.lists(labels, min_size=1, max_size=5).map(".".join)


@QUICK
@given(st.one_of(hosts, st.text(max_size=30)), st.one_of(hosts, st.text(max_size=30)))
@example("*", "a")
@example("*.jp", "a.jp")
@example("*.", "")
def test_a_name_covers_itself_in_any_case_and_one_label_by_a_wildcard(presented: str, host: str) -> None:
    said = covers(presented, host)
    assert said == covers(presented.upper(), host.lower()) or not (presented + host).isascii()
    if said and not presented.startswith("*."):
        assert presented.lower() == host.lower().removesuffix(".")
    if said and presented.startswith("*."):
        assert host.lower().removesuffix(".").partition(".")[2] == presented[2:].lower()


@QUICK
@given(hosts)
def test_a_wildcard_stands_for_one_label_only(host: str) -> None:
    assert not covers(f"*.{host}", host)
    assert not covers(f"*.{host}", f"a.b.{host}")
    assert not covers(f"a*.{host}", f"ab.{host}")


def test_names_and_addresses_do_not_mix() -> None:
    assert names_server("192.0.2.1", (), ("192.0.2.1",))
    assert names_server("2001:db8::1", (), ("2001:0db8::0001",))
    assert not names_server("192.0.2.1", ("192.0.2.1", "*.0.2.1"), ())
    assert not names_server("example.jp", (), ("192.0.2.1",))
    assert names_server("www.example.jp.", ("*.EXAMPLE.jp",), ())
    assert not names_server("www.example.jp", ("www.example.jp.", "www.example.jp\\x00", "*.*.jp", "*.jp", "*"), ())
    assert names_server("xn--7stw9s1vp.lg.jp", ("XN--7STW9S1VP.lg.jp",), ())
    assert not names_server("架空市.lg.jp", ("架空市.lg.jp",), ())
