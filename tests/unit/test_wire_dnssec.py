"""DNSSEC tables, digests and signatures: the RFCs' own examples, signatures of every algorithm, junk."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dns.dnssec
import dns.dnssectypes
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.dns import SignatureState
from scanner.wire.dns import Dnskey, Ds, Mx, Record, Rrsig, Type
from scanner.wire.dnssec import ALGORITHMS, DIGESTS, Level, algorithm_name, digest, digest_name, matches
from scanner.wire.dnssec_verify import KEYS_TRIED, RECORDS_VERIFIED, signature_time, verify

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ZONE = "example.jp"


def key_record(wire: bytes, owner: str = ZONE) -> Record:
    """A DNSKEY record from its rdata."""
    return Record(owner, Type.DNSKEY, 300, Dnskey(int.from_bytes(wire[:2], "big"), wire[2], wire[3], wire[4:]), wire)


def signature_record(rdata: dns.rdata.Rdata, owner: str = ZONE) -> Record:
    """An RRSIG record from dnspython's rdata."""
    wire = rdata.to_wire() or b""
    signer, used = dns.name.from_wire(wire, 18)
    covered, algorithm, labels, ttl, expiration, inception, tag = struct.unpack("!HBBIIIH", wire[:18])
    name = signer.to_text(omit_final_dot=True)
    data = Rrsig(covered, algorithm, labels, ttl, expiration, inception, tag, name, wire[18 + used :])
    return Record(owner, Type.RRSIG, 300, data, wire)


def mx_records(owner: str = ZONE) -> list[Record]:
    """Two MX records, one name in capitals: the canonical form must not mind."""
    texts = {"10 MX1.Example.JP.": Mx(10, "mx1.example.jp"), "20 mx2.example.jp.": Mx(20, "mx2.example.jp")}
    return [Record(owner, Type.MX, 300, mx, dns.rdata.from_text("IN", "MX", text).to_wire() or b"") for text, mx in texts.items()]


def private_key(algorithm: int) -> dns.dnssec.PrivateKey:
    """A fresh key for an algorithm."""
    match algorithm:
        case 5 | 7 | 8 | 10:
            return rsa.generate_private_key(65537, 1024)
        case 13:
            return ec.generate_private_key(ec.SECP256R1())
        case 14:
            return ec.generate_private_key(ec.SECP384R1())
        case 15:
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            return ed448.Ed448PrivateKey.generate()


def signed(
    records: Sequence[Record], algorithm: int = 13, *, start: datetime = NOW - timedelta(days=1), days: int = 14, signer: str = ZONE
) -> tuple[Record, Record]:
    """Sign a set with a fresh key: the signature and the key."""
    private = private_key(algorithm)
    key = dns.dnssec.make_dnskey(private.public_key(), algorithm, flags=257)
    kind = dns.rdatatype.RdataType.make(records[0].type)
    rrset = dns.rrset.RRset(dns.name.from_text(records[0].name), dns.rdataclass.IN, kind)
    for record in records:
        rrset.add(dns.rdata.from_wire(dns.rdataclass.IN, kind, record.rdata, 0, len(record.rdata)), ttl=300)
    made = dns.dnssec.sign(
        rrset,
        private,
        dns.name.from_text(signer),
        key,
        inception=start,
        expiration=start + timedelta(days=days),
        policy=dns.dnssec.allow_all_policy,
        deterministic=False,
    )
    return signature_record(made, records[0].name), key_record(key.to_wire() or b"", signer)


# RFC 4034 section 5.4 and RFC 4509 section 2.3
DSKEY = bytes.fromhex("01000305") + base64.b64decode(
    "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLU"
    "Uh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw=="
)
SHA1 = bytes.fromhex("2BB183AF5F22588179A53B0A98631FAD1A292118")
SHA256 = bytes.fromhex("D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A")


@pytest.mark.parametrize(("digest_type", "wanted"), [(1, SHA1), (2, SHA256)])
def test_the_digests_of_the_rfcs(digest_type: int, wanted: bytes) -> None:
    key = key_record(DSKEY, "dskey.example.com")
    assert isinstance(key.data, Dnskey)
    assert digest("dskey.example.com", DSKEY, digest_type) == wanted
    assert matches(Ds(60485, 5, digest_type, wanted), "dskey.example.com", key.data, DSKEY) is True
    assert matches(Ds(60485, 5, digest_type, wanted[::-1]), "dskey.example.com", key.data, DSKEY) is False


def test_a_digest_that_cannot_be_computed_leaves_the_question_open() -> None:
    key = key_record(DSKEY).data
    assert isinstance(key, Dnskey)
    assert digest(ZONE, DSKEY, 3) is None
    assert matches(Ds(60485, 5, 3, b"x"), ZONE, key, DSKEY) is None
    assert matches(Ds(60486, 5, 3, b"x"), ZONE, key, DSKEY) is False


def test_a_key_that_is_no_zone_key_matches_nothing() -> None:
    key = key_record(DSKEY).data
    assert isinstance(key, Dnskey)
    wanted = digest(ZONE, DSKEY, 2)
    assert wanted is not None
    for changed in (key._replace(flags=0), key._replace(protocol=2)):
        assert matches(Ds(changed.key_tag, 5, 2, wanted), ZONE, changed, DSKEY) is False


def test_the_ed25519_example_of_rfc_8080_as_its_erratum_4935_gives_it() -> None:
    key = key_record(bytes.fromhex("0101030f") + base64.b64decode("l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4="), "example.com")
    record = Record(
        "example.com", Type.MX, 3600, Mx(10, "mail.example.com"), dns.rdata.from_text("IN", "MX", "10 mail.example.com.").to_wire() or b""
    )
    text = (
        "MX 15 2 3600 1440021600 1438207200 3613 example.com. "
        "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg=="
    )
    signature = signature_record(dns.rdata.from_text("IN", "RRSIG", text), "example.com")
    assert verify([record], signature, [key], datetime(2015, 8, 10, tzinfo=UTC)) is SignatureState.VALID
    assert verify([record], signature, [key], NOW) is SignatureState.EXPIRED


@pytest.mark.parametrize("algorithm", [5, 7, 8, 10, 13, 14, 15, 16])
def test_a_signature_of_each_algorithm_holds_and_breaks(algorithm: int) -> None:
    records = mx_records()
    signature, key = signed(records, algorithm)
    assert verify(records, signature, [key], NOW) is SignatureState.VALID
    assert verify(records[::-1], signature, [key], NOW) is SignatureState.VALID
    assert verify(records[:1], signature, [key], NOW) is SignatureState.WRONG
    assert verify(records, signature, [], NOW) is SignatureState.NO_KEY


def test_times_are_told_only_of_good_signatures() -> None:
    records = mx_records()
    late, key = signed(records, start=NOW - timedelta(days=20))
    assert verify(records, late, [key], NOW) is SignatureState.EXPIRED
    assert verify(records[:1], late, [key], NOW) is SignatureState.WRONG
    early, key = signed(records, start=NOW + timedelta(days=1))
    assert verify(records, early, [key], NOW) is SignatureState.EARLY


def test_an_answer_made_from_a_wildcard_verifies() -> None:
    signature, key = signed(mx_records(f"*.{ZONE}"))
    assert verify(mx_records(f"any.{ZONE}"), signature._replace(name=f"any.{ZONE}"), [key], NOW) is SignatureState.VALID


def test_a_key_of_another_name_or_revoked_or_not_for_zones_does_not_count() -> None:
    records = mx_records()
    signature, key = signed(records)
    assert isinstance(key.data, Dnskey)
    assert verify(records, signature, [key._replace(name="other.jp")], NOW) is SignatureState.NO_KEY
    for flags in (0x0101 | 0x0080, 0x0001):
        data = key.data._replace(flags=flags)
        assert isinstance(signature.data, Rrsig)
        moved = signature._replace(data=signature.data._replace(key_tag=data.key_tag))
        assert verify(records, moved, [key._replace(data=data)], NOW) is SignatureState.NO_KEY


def test_unknown_algorithms_and_giant_keys_are_not_verified() -> None:
    records = mx_records()
    signature, key = signed(records, 8)
    assert isinstance(signature.data, Rrsig)
    assert isinstance(key.data, Dnskey)
    other = signature._replace(data=signature.data._replace(algorithm=18))
    assert verify(records, other, [key], NOW) is SignatureState.UNSUPPORTED
    giant = key.data._replace(key=b"\x03\x01\x00\x01" + b"\xff" * 1024)
    moved = signature._replace(data=signature.data._replace(key_tag=giant.key_tag))
    assert verify(records, moved, [key._replace(data=giant)], NOW) is SignatureState.UNSUPPORTED


def test_a_set_of_more_records_than_are_verified_is_not_called_wrong() -> None:
    records = mx_records()
    signature, key = signed(records)
    assert verify(records * RECORDS_VERIFIED, signature, [key], NOW) is SignatureState.UNSUPPORTED


def test_keys_of_equal_tag_are_tried_in_small_number(monkeypatch: pytest.MonkeyPatch) -> None:
    records = mx_records()
    signature, key = signed(records)
    tried: list[int] = []
    real = dns.dnssec.validate_rrsig

    def counting(rrset: object, rrsig: object, keys: dict[object, Sequence[object]], **settings: object) -> None:
        tried.append(len(next(iter(keys.values()))))
        real(rrset, rrsig, keys, **settings)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(dns.dnssec, "validate_rrsig", counting)
    others = [key._replace(rdata=key.rdata[:-1] + bytes((n,))) for n in range(100)]
    verify(records, signature, others, NOW)
    assert tried == [KEYS_TRIED]


@pytest.mark.parametrize(
    ("field", "year", "wanted_year"),
    [(2**32 - 10, 2106, 2106), (5, 2106, 2106), (int(datetime(2026, 11, 1, tzinfo=UTC).timestamp()), 2026, 2026)],
)
def test_signature_times_wrap_around(field: int, year: int, wanted_year: int) -> None:
    moment = datetime(year, 2, 7, tzinfo=UTC) if year == 2106 else NOW
    assert datetime.fromtimestamp(signature_time(field, moment), UTC).year == wanted_year


junk_record = st.builds(
    lambda name, rdata: Record(name, Type.MX, 300, Mx(0, "."), rdata), st.sampled_from([ZONE, ".", "a\\000b.jp"]), st.binary(max_size=40)
)


@settings(max_examples=200, deadline=None)
@given(st.lists(junk_record, max_size=3), st.binary(max_size=80), st.binary(max_size=80), st.integers(0, 2**32 - 1))
def test_junk_ends_in_a_state(records: list[Record], key: bytes, signature: bytes, moment: int) -> None:
    dnskey = Dnskey(257, 3, 13, key)
    data = Rrsig(Type.MX, 13, 2, 300, moment, 0, dnskey.key_tag, ZONE, signature)
    seen = verify(records, Record(ZONE, Type.RRSIG, 300, data, signature), [Record(ZONE, Type.DNSKEY, 300, dnskey, key)], NOW)
    assert seen is SignatureState.WRONG


def test_a_record_that_is_no_signature_is_wrong() -> None:
    assert verify(mx_records(), mx_records()[0], [], NOW) is SignatureState.WRONG


def test_the_tables_say_what_the_rfcs_say() -> None:
    forbidden = {n for n, rule in ALGORITHMS.items() if rule.level is Level.FORBIDDEN}
    assert forbidden == {1, 3, 5, 6, 7, 12}
    assert {n for n, rule in DIGESTS.items() if rule.level is Level.FORBIDDEN} == {1, 3}
    assert all(rule.confirmed for rule in (*ALGORITHMS.values(), *DIGESTS.values()))
    assert (algorithm_name(13), algorithm_name(99)) == ("ECDSAP256SHA256 (13)", "99")
    assert (digest_name(2), digest_name(99)) == ("SHA-256 (2)", "99")


def test_a_row_remembered_with_less_than_high_confidence_confirms_nothing() -> None:
    from scanner.wire.dnssec import Provenance

    assert not replace(ALGORITHMS[8], provenance=Provenance.REMEMBERED).confirmed
