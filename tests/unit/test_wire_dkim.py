"""Cases for DKIM key records: the examples of RFC 6376 and RFC 8463, weak and hostile keys, mistakes seen in the field."""

from __future__ import annotations

import base64

import pytest

from scanner.wire.der import BIT_STRING, INTEGER, SEQUENCE
from scanner.wire.dkim import MAX_KEY_BITS, MAX_WORDS, DkimFlaw, KeyType, NotDkim, is_key, parse, select
from scanner.wire.tags import Tag, TagFlaw
from scanner.wire.txt import Choice

# RFC 6376 appendix C.2 (selector brisbane) and RFC 8463 appendix A.2 (selectors test and brisbane)
RFC6376_RSA = (
    b"v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ"
    b"KBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"
    b"IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v"
    b"/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhi"
    b"tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
)
RFC8463_RSA = (
    b"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
    b"iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
    b"DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
    b"Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
)
RFC8463_ED25519 = b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def element(tag: int, *parts: bytes) -> bytes:
    contents = b"".join(parts)
    octets = len(contents).to_bytes(4).lstrip(b"\0")
    size = bytes([len(contents)]) if len(contents) < 0x80 else bytes([0x80 | len(octets)]) + octets
    return bytes([tag]) + size + contents


def rsa_key(modulus: int, exponent: int = 65537, *, wrapped: bool = True) -> bytes:
    """The base64 of an RSA key with these numbers, whatever they are."""
    bare = element(SEQUENCE, *(element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1)) for value in (modulus, exponent)))
    algorithm = element(SEQUENCE, bytes.fromhex("06092a864886f70d0101010500"))
    return base64.b64encode(element(SEQUENCE, algorithm, element(BIT_STRING, b"\0", bare)) if wrapped else bare)


def odd(bits: int) -> int:
    return (1 << (bits - 1)) + 1


GOOD = b"p=" + rsa_key(odd(2048))


@pytest.mark.parametrize(
    ("record", "algorithm", "bits", "exponent"),
    [
        (RFC6376_RSA, KeyType.RSA, 1024, 65537),
        (RFC8463_RSA, KeyType.RSA, 1024, 65537),
        (RFC8463_ED25519, KeyType.ED25519, 256, None),
    ],
)
def test_the_keys_of_the_texts(record: bytes, algorithm: KeyType, bits: int, exponent: int | None) -> None:
    key = parse(record)
    assert (key.algorithm, key.bits, key.exponent, key.problems) == (algorithm, bits, exponent, ())
    assert key.usable
    assert (key.revoked, key.testing, key.strict, key.hashes, key.services, key.flags) == (False, False, False, None, ("*",), ())


@pytest.mark.parametrize("bits", [384, 512, 768, 1023, 1024, 2048, 4096, 8192, MAX_KEY_BITS])
def test_every_length_is_measured_and_left_to_the_check(bits: int) -> None:
    key = parse(b"v=DKIM1; p=" + rsa_key(odd(bits)))
    assert (key.bits, key.problems, key.usable) == (bits, (), True)


@pytest.mark.parametrize(
    "record",
    [b"", b"hello", b"v=spf1 -all", b"v=DMARC1; p=none", b"v=DKIM2; " + GOOD, b"v=dkim1; " + GOOD, b"k=rsa; h=sha256", b"; x=p", b"\0\xff"],
)
def test_what_is_no_key_is_said_to_be_none(record: bytes) -> None:
    assert not is_key(record)
    with pytest.raises(NotDkim):
        parse(record)


# Record, usable, oddities
Flaw = TagFlaw | DkimFlaw
SAYS: list[tuple[bytes, bool, list[Flaw]]] = [
    (GOOD, True, []),
    (b"k=rsa; " + GOOD, True, []),
    (b" v = DKIM1 ;" + GOOD + b" ; ", True, []),
    (b"v=DKIM1;\r\n\t" + GOOD, True, []),
    (b"v=DKIM1; p=", False, []),
    (b"v=DKIM1; k=rsa; p= ;", False, []),
    (b"v=DKIM1", False, [DkimFlaw.P_MISSING]),
    (b"v=DKIM1; k=rsa", False, [DkimFlaw.P_MISSING]),
    (GOOD + b"; v=DKIM1", True, [DkimFlaw.V_NOT_FIRST]),
    (b"k=rsa; v=DKIM1; n=x", False, [DkimFlaw.V_NOT_FIRST, DkimFlaw.P_MISSING]),
    (b"v=DKIM1; " + GOOD + b"; " + GOOD, False, [TagFlaw.REPEATED_TAG]),
    # p
    (b"v=DKIM1; p=" + b" ".join(GOOD[2:][n : n + 60] for n in range(0, 400, 60)), True, []),
    (b"v=DKIM1; p=" + rsa_key(odd(2048)).rstrip(b"="), True, []),
    (b"v=DKIM1; p=" + rsa_key(odd(512)).rstrip(b"="), True, [DkimFlaw.P_PADDING]),
    (b"v=DKIM1; p=AAAAA", False, [DkimFlaw.P_BASE64]),
    (b"v=DKIM1; p=not base64!", False, [DkimFlaw.P_BASE64]),
    (b'v=DKIM1; p=MIGf" "MA0G', False, [DkimFlaw.P_BASE64]),
    (b"v=DKIM1; p=AAAA=AAA", False, [DkimFlaw.P_BASE64]),
    (b"v=DKIM1; p=-----BEGIN PUBLIC KEY-----", False, [DkimFlaw.P_BASE64]),
    (b"v=DKIM1; p=====", False, [DkimFlaw.P_BASE64]),
    (b"v=DKIM1; p=AAAA", False, [DkimFlaw.KEY_STRUCTURE]),
    (b"v=DKIM1; p=" + base64.b64encode(bytes(range(256))), False, [DkimFlaw.KEY_STRUCTURE]),
    (b"v=DKIM1; p=" + GOOD[2:100], False, [DkimFlaw.P_PADDING, DkimFlaw.KEY_STRUCTURE]),
    (RFC8463_ED25519.replace(b"ed25519", b"rsa"), False, [DkimFlaw.KEY_STRUCTURE]),
    (b"v=DKIM1; p=" + rsa_key(odd(1024), wrapped=False), True, [DkimFlaw.KEY_UNWRAPPED]),
    (b"v=DKIM1; p=" + rsa_key(odd(MAX_KEY_BITS + 1)), False, [DkimFlaw.KEY_TOO_LARGE]),
    (b"v=DKIM1; p=" + rsa_key(odd(1024) + 1), False, [DkimFlaw.KEY_NUMBERS]),
    (b"v=DKIM1; p=" + rsa_key(odd(1024), 1), False, [DkimFlaw.KEY_NUMBERS]),
    (b"v=DKIM1; p=" + rsa_key(odd(1024), 65536), False, [DkimFlaw.KEY_NUMBERS]),
    (b"v=DKIM1; p=" + rsa_key(odd(1024), 0), False, [DkimFlaw.KEY_NUMBERS]),
    (b"v=DKIM1; p=" + rsa_key(0), False, [DkimFlaw.KEY_NUMBERS]),
    (b"v=DKIM1; p=" + rsa_key(35, 65537), False, [DkimFlaw.KEY_NUMBERS]),
    (b"v=DKIM1; p=" + rsa_key(odd(1024), odd(1024)), False, [DkimFlaw.KEY_NUMBERS, DkimFlaw.EXPONENT_LARGE]),
    (b"v=DKIM1; p=" + rsa_key(odd(1024), odd(65)), True, [DkimFlaw.EXPONENT_LARGE]),
    (b"v=DKIM1; p=" + rsa_key(odd(1024), 3), True, []),
    # k
    (b"v=DKIM1; k=dsa; " + GOOD, False, [DkimFlaw.K_UNKNOWN]),
    (b"v=DKIM1; k=; " + GOOD, False, [DkimFlaw.K_UNKNOWN]),
    (b"v=DKIM1; k=RSA; " + GOOD, True, [DkimFlaw.WORD_CASE]),
    (b"v=DKIM1; k=ed25519; " + GOOD, False, [DkimFlaw.ED25519_LENGTH]),
    # an Ed25519 key wrapped in DER, RFC 8463 section 4 wants the bare 32 octets
    (
        b"v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes.fromhex("302a300506032b6570032100") + b"\7" * 32),
        False,
        [DkimFlaw.ED25519_LENGTH],
    ),
    # h, RFC 8301 section 3.1
    (b"v=DKIM1; h=sha256; " + GOOD, True, []),
    (b"v=DKIM1; h= sha1 : sha256 ; " + GOOD, True, [DkimFlaw.H_SHA1]),
    (b"v=DKIM1; h=sha1; " + GOOD, False, [DkimFlaw.H_SHA1, DkimFlaw.H_NO_SHA256]),
    (b"v=DKIM1; h=sha512; " + GOOD, False, [DkimFlaw.H_UNKNOWN, DkimFlaw.H_NO_SHA256]),
    (b"v=DKIM1; h=; " + GOOD, False, [DkimFlaw.H_EMPTY, DkimFlaw.H_NO_SHA256]),
    (b"v=DKIM1; h=SHA256; " + GOOD, True, [DkimFlaw.WORD_CASE]),
    (b"v=DKIM1; h=sha256" + b":sha256" * MAX_WORDS + b"; " + GOOD, True, [DkimFlaw.TOO_MANY_WORDS]),
    # s
    (b"v=DKIM1; s=email; " + GOOD, True, []),
    (b"v=DKIM1; s=tlsrpt:email; " + GOOD, True, []),
    (b"v=DKIM1; s=tlsrpt; " + GOOD, False, [DkimFlaw.S_REPORTS]),
    (b"v=DKIM1; s=other:email; " + GOOD, True, [DkimFlaw.S_UNKNOWN]),
    (b"v=DKIM1; s=other; " + GOOD, False, [DkimFlaw.S_UNKNOWN, DkimFlaw.S_NOT_EMAIL]),
    (b"v=DKIM1; s=; " + GOOD, False, [DkimFlaw.S_UNKNOWN, DkimFlaw.S_NOT_EMAIL]),
    # t, n, others
    (b"v=DKIM1; t=y; " + GOOD, True, []),
    (b"v=DKIM1; t=; " + GOOD, True, []),
    (b"v=DKIM1; t=n:y; " + GOOD, True, [DkimFlaw.T_UNKNOWN]),
    (b"v=DKIM1; g=*; " + GOOD, True, [DkimFlaw.HISTORIC_TAG]),
    (b"v=DKIM1; x=1; " + GOOD, True, [DkimFlaw.UNKNOWN_TAG]),
    (b"v=DKIM1; n=\xe3\x83\xa1; " + GOOD, True, [TagFlaw.NON_ASCII]),
    (b"v=DKIM1; " + GOOD + b"; " + b"x" * 70000, False, [TagFlaw.TOO_LONG, TagFlaw.NO_EQUALS]),
]


@pytest.mark.parametrize(
    ("record", "usable", "flaws"), SAYS, ids=lambda value: value[:48].decode("latin-1") if isinstance(value, bytes) else None
)
def test_a_record_says(record: bytes, usable: bool, flaws: list[Flaw]) -> None:
    key = parse(record)
    assert [problem.kind for problem in key.problems] == flaws
    assert key.usable is usable


def test_every_flaw_of_a_key_has_a_case() -> None:
    assert {flaw for *_, flaws in SAYS for flaw in flaws} >= set(DkimFlaw)


def test_an_empty_key_is_revoked_and_not_broken() -> None:
    for record in (b"v=DKIM1; p=", b"p=", b"v=DKIM1; k=ed25519; p=", b"v=DKIM1; p=\t;"):
        key = parse(record)
        assert (key.revoked, key.usable, key.bits, key.problems) == (True, False, None, ())
    assert not parse(b"v=DKIM1").revoked


def test_the_place_where_base64_ends_is_shown() -> None:
    (problem,) = parse(b'v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUA" "A4GNADCB').problems
    assert (problem.tag, problem.excerpt) == ("p", 'CSqGSIb3DQEBAQUA""A4GNADCB')


def test_flags_say_test_and_strict() -> None:
    key = parse(b"v=DKIM1; t=y:s; " + GOOD)
    assert (key.testing, key.strict, key.flags) == (True, True, ("y", "s"))
    assert not parse(b"v=DKIM1; t=s; " + GOOD).testing


def test_other_fields_are_kept() -> None:
    key = parse(b"v=DKIM1; h=sha1:sha256; s=*; n=contact postmaster; g=a; " + GOOD)
    assert (key.hashes, key.services, key.notes, key.unknown) == (("sha1", "sha256"), ("*",), "contact postmaster", (Tag("g", "a"),))
    assert key.key == base64.b64decode(GOOD[2:])


def test_a_huge_exponent_is_not_given_as_a_number() -> None:
    key = parse(b"v=DKIM1; p=" + rsa_key(odd(16384), odd(16000)))
    assert (key.bits, key.exponent) == (16384, None)


def test_a_wildcard_answer_of_another_kind_is_no_key() -> None:
    seen = select([b"v=spf1 include:_spf.example.net -all", b"google-site-verification=abc"])
    assert (seen.choice, seen.near) == (Choice.NONE, ())


def test_one_key_counts_and_several_are_told() -> None:
    assert select([b"x", RFC8463_RSA]).record == RFC8463_RSA
    assert select([RFC8463_RSA, RFC8463_ED25519]).choice is Choice.SEVERAL
    near = select([b"v=DKIM2; " + GOOD, b"k = rsa", b'"v=DKIM1; k=rsa"'])
    assert (near.choice, len(near.near)) == (Choice.NONE, 3)
