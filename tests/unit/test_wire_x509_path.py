"""The way to a root: orders and gaps, cross signatures, limits of authorities, false signatures, and hostile chains."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path as FilePath

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from scanner.facts.tls import Path, PathSeen
from scanner.wire.x509 import Roots, parse, path
from scanner.wire.x509.chain import MOST_STEPS
from scanner.wire.x509.extensions import MOST_NAMES
from tests.unit.certificates import DAY, NOW, SERVER_AUTH, Key, Made, make, openssl, permitted

HOST = "www.example.lg.jp"
ROOT = make("Root", ca=True)
INTER = make("Intermediate", ROOT, ca=True, path_length=0)
LEAF = make(HOST, INTER, dns=(HOST,), uses=("digital_signature",), purposes=(SERVER_AUTH,))
PUBLIC = Roots(public=[ROOT.der])
ANCHOR = "O=架空,CN=Root"


def way(*chain: Made | bytes, roots: Roots = PUBLIC) -> PathSeen:
    return path([one if isinstance(one, bytes) else one.der for one in chain], roots, NOW)


def test_a_whole_chain_leads_to_the_public_root() -> None:
    assert way(LEAF, INTER) == PathSeen(Path.PUBLIC, ANCHOR)


def test_a_root_that_was_sent_is_extra() -> None:
    assert way(LEAF, INTER, ROOT) == PathSeen(Path.PUBLIC, ANCHOR, extra=(2,))


def test_a_root_of_the_organisation_is_told_apart() -> None:
    assert way(LEAF, INTER, roots=Roots(organisation=[ROOT.der])) == PathSeen(Path.ORGANISATION, ANCHOR)


def test_a_leaf_that_is_on_the_list_itself_is_trusted() -> None:
    own = make(HOST, dns=(HOST,))
    assert way(own, roots=Roots(organisation=[own.der])).end is Path.ORGANISATION
    assert way(own) == PathSeen(Path.SELF_SIGNED, f"O=架空,CN={HOST}")


def test_a_root_beyond_its_time_is_trusted_by_nobody() -> None:
    old = make("Old Root", ca=True, ends=NOW - DAY)
    leaf = make(HOST, old)
    for chain in ((leaf,), (leaf, old)):
        seen = way(*chain, roots=Roots(organisation=[old.der]))
        assert (seen.end, "Old Root is outside its time" in seen.problem) == (Path.NOT_PERMITTED, True)
    assert way(make(HOST, old), roots=Roots(public=[old.der, make("Old Root", key=old.key, ca=True).der])).end is Path.PUBLIC


@pytest.mark.parametrize(
    ("root", "end"),
    [
        ({"ca": False}, Path.NOT_PERMITTED),
        ({"ca": True, "purposes": (ExtendedKeyUsageOID.CLIENT_AUTH,)}, Path.NOT_PERMITTED),
        ({"ca": True, "purposes": (ExtendedKeyUsageOID.CLIENT_AUTH, SERVER_AUTH)}, Path.ORGANISATION),
        ({"ca": False, "uses": ("key_cert_sign",)}, Path.ORGANISATION),
    ],
)
def test_what_a_root_says_of_itself_binds_it_where_it_can_say_it(root: dict[str, object], end: Path) -> None:
    """As OpenSSL and Go have it: a root of version 3 is no authority by being on a list alone."""
    odd = make("Odd", **root)  # type: ignore[arg-type]  # keywords of the function, from the table above
    assert way(make(HOST, odd), roots=Roots(organisation=[odd.der])).end is end


def test_a_root_of_version_1_is_trusted_for_being_on_the_list(tmp_path: FilePath) -> None:
    request = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(tmp_path, *request, "-keyout", "ca.key", "-subj", "/CN=Old", "-out", "ca.csr")
    openssl(tmp_path, "x509", "-req", "-in", "ca.csr", "-signkey", "ca.key", "-days", "9", "-outform", "DER", "-out", "ca.der")
    root = (tmp_path / "ca.der").read_bytes()
    openssl(tmp_path, *request, "-keyout", "k.pem", "-subj", "/CN=leaf", "-out", "leaf.csr")
    by = ("-CA", "ca.der", "-CAform", "DER", "-CAkey", "ca.key", "-days", "9", "-outform", "DER")
    leaf = openssl(tmp_path, "x509", "-req", "-in", "leaf.csr", *by)
    assert parse(root).version == 1
    assert path((leaf,), Roots(organisation=[root]), datetime.now(UTC)).end is Path.ORGANISATION
    assert path((leaf, root), Roots(), datetime.now(UTC)).end is Path.NOT_PERMITTED


def test_a_way_that_cannot_be_followed_may_be_the_one() -> None:
    """Two authorities of one name with one key: what the one may not certify, the other may, for all that can be seen."""
    limits = x509.NameConstraints([x509.UniformResourceIdentifier("example.jp")], None)
    key = ec.generate_private_key(ec.SECP256R1())
    first = make("Upper", ROOT, ca=True, extensions=((permitted("example.jp"), True),))
    second = make("Upper", ROOT, key=first.key, ca=True, extensions=((limits, True),))
    inter = make("Lower", first, key=key, ca=True)
    uri = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.UniformResourceIdentifier("https://x.example.lg.jp/")])
    leaf = make(HOST, inter, extensions=((uri, False),))
    assert way(leaf, inter, first).end is Path.NOT_PERMITTED
    assert way(leaf, inter, second).end is Path.UNCHECKED
    assert way(leaf, inter, first, second).end is Path.UNCHECKED


def test_a_missing_intermediate_is_named() -> None:
    seen = way(LEAF)
    assert (seen.end, seen.in_order, seen.extra) == (Path.INCOMPLETE, True, ())
    assert seen.problem == "no certificate of O=架空,CN=Intermediate was sent, and no root has that name"


def test_the_wrong_order_is_seen_and_gone_around() -> None:
    lower = make("Lower", make("Upper", ROOT, ca=True), ca=True)
    upper = make("Upper2", ROOT, ca=True)
    low = make("Low2", upper, ca=True)
    leaf = make(HOST, low)
    assert way(leaf, upper, low) == PathSeen(Path.PUBLIC, ANCHOR, in_order=False)
    assert way(leaf, low, lower, upper) == PathSeen(Path.PUBLIC, ANCHOR, in_order=False, extra=(2,))


def test_an_unknown_root_and_a_chain_without_end_differ() -> None:
    assert way(LEAF, INTER, ROOT, roots=Roots()) == PathSeen(Path.UNKNOWN_ROOT, ANCHOR)
    assert way(LEAF, INTER, roots=Roots()).end is Path.INCOMPLETE


def test_a_cross_signed_way_is_taken_where_the_first_has_run_out() -> None:
    old_root = make("Old Root", ca=True)
    key = ec.generate_private_key(ec.SECP256R1())
    new = make("Authority", key=key, ca=True)
    cross = make("Authority", old_root, key=key, ca=True, ends=NOW - DAY)
    leaf = make(HOST, new)
    both = Roots(public=[old_root.der, new.der])
    assert way(leaf, cross, roots=both) == PathSeen(Path.PUBLIC, "O=架空,CN=Authority", extra=(1,))
    assert way(leaf, cross, roots=Roots(public=[old_root.der])) == PathSeen(Path.PUBLIC, "O=架空,CN=Old Root", expired=(1,))
    fresh = make("Authority", old_root, key=key, ca=True)
    assert way(leaf, cross, fresh, roots=Roots(public=[old_root.der])).extra == (1,)


def test_the_time_of_certificates_is_kept_apart() -> None:
    gone = make(HOST, INTER, ends=NOW - DAY)
    early = make(HOST, INTER, begins=NOW + DAY)
    assert way(gone, INTER) == PathSeen(Path.PUBLIC, ANCHOR, expired=(0,))
    assert way(early, INTER).expired == (0,)


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
        ed448.Ed448PrivateKey.generate(),
    ],
    ids=["rsa", "p384", "ed25519", "ed448"],
)
def test_every_usual_signature_is_verified(key: Key) -> None:
    root = make("R", key=key, ca=True)
    leaf = make(HOST, root)
    assert way(leaf, roots=Roots(public=[root.der])).end is Path.PUBLIC
    false = bytearray(leaf.der)
    false[-9] ^= 1
    assert way(bytes(false), roots=Roots(public=[root.der])).end is Path.BAD_SIGNATURE


def test_rsa_pss_is_verified() -> None:
    root = make("R", key=rsa.generate_private_key(65537, 2048), ca=True)
    assert way(make(HOST, root, pss=True), roots=Roots(public=[root.der])).end is Path.PUBLIC


def test_a_false_signature_is_not_a_missing_issuer() -> None:
    forged = bytearray(LEAF.der)
    forged[-1] ^= 1
    assert way(bytes(forged), INTER).end is Path.BAD_SIGNATURE
    own = bytearray(make(HOST).der)
    own[-1] ^= 1
    assert way(bytes(own)).end is Path.BAD_SIGNATURE


def test_an_authority_of_the_same_name_with_another_key_is_passed_over() -> None:
    namesake = make("Intermediate", ROOT, ca=True)
    assert way(LEAF, namesake, INTER) == PathSeen(Path.PUBLIC, ANCHOR, in_order=False, extra=(1,))
    assert way(LEAF, namesake).end is Path.INCOMPLETE


UNKNOWN_CRITICAL = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), True)


# Excluded: a network of five octets (RFC 5280 section 4.2.1.10 has eight or thirty-two).
BROKEN_NETWORK = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.30"), bytes.fromhex("300ba10930078705c0000200ff"))


@pytest.mark.parametrize(
    ("middle", "words"),
    [
        ({}, "is not an authority"),
        ({"ca": True, "uses": ("crl_sign",)}, "may not sign certificates"),
        ({"ca": True, "purposes": (ExtendedKeyUsageOID.CLIENT_AUTH,)}, "is not for servers"),
        ({"ca": True, "extensions": (UNKNOWN_CRITICAL,)}, "has a critical extension that is not known: 1.2.3.4"),
        ({"ca": True, "extensions": ((permitted("example.jp"), True),)}, f"may not certify {HOST}"),
        ({"ca": True, "extensions": ((permitted("!lg.jp"), True),)}, f"may not certify {HOST}"),
        ({"ca": True, "extensions": ((permitted("example.lg.jp", "10.0.0.0/8"), True),)}, "may not certify 192.0.2.1"),
        ({"ca": True, "extensions": ((permitted(f".{HOST}"), True),)}, f"may not certify {HOST}"),
        ({"ca": True, "extensions": ((BROKEN_NETWORK, True),)}, "CN=Middle cannot be read"),
    ],
)
def test_what_an_authority_may_not_do_ends_the_way(middle: dict[str, object], words: str) -> None:
    inter = make("Middle", ROOT, **middle)  # type: ignore[arg-type]  # keywords of the function, from the table above
    leaf = make(HOST, inter, dns=(HOST,), ips=("192.0.2.1",))
    seen = way(leaf, inter)
    assert seen.end is Path.NOT_PERMITTED
    assert words in seen.problem


@pytest.mark.parametrize("limits", [("lg.jp",), ("example.lg.jp", "!www.lg.jp"), ("192.0.2.0/24",), ("!example.jp",)])
def test_names_within_the_limits_are_permitted(limits: tuple[str, ...]) -> None:
    inter = make("Middle", ROOT, ca=True, extensions=((permitted(*limits), True),))
    assert way(make(HOST, inter, dns=(HOST,), ips=("192.0.2.1",)), inter).end is Path.PUBLIC


def test_a_wildcard_that_can_stand_for_a_forbidden_name_is_outside() -> None:
    inter = make("Middle", ROOT, ca=True, extensions=((permitted("lg.jp", "!secret.lg.jp"), True),))
    assert way(make(HOST, inter, dns=("*.lg.jp",)), inter).end is Path.NOT_PERMITTED


@pytest.mark.parametrize(
    ("limits", "end"),
    [
        ((f"CN={HOST}",), Path.PUBLIC),
        (("O=架空,CN=WWW.Example.LG.jp",), Path.PUBLIC),
        (("!CN=mail.example.lg.jp",), Path.PUBLIC),
        (("CN=mail.example.lg.jp",), Path.NOT_PERMITTED),
        ((f"!CN={HOST}",), Path.NOT_PERMITTED),
        ((f"CN={HOST}", f"!O=架空,CN={HOST}"), Path.NOT_PERMITTED),
    ],
)
def test_subjects_within_the_limits_are_permitted(limits: tuple[str, ...], end: Path) -> None:
    inter = make("Middle", ROOT, ca=True, extensions=((permitted(*limits), True),))
    seen = way(make(HOST, inter, dns=(HOST,)), inter)
    assert (seen.end, "the subject" in seen.problem) == (end, end is not Path.PUBLIC)


def test_the_subjects_of_authorities_are_limited_too_but_for_a_new_key_of_the_same_one() -> None:
    inter = make("Middle", ROOT, ca=True, extensions=((permitted(f"CN={HOST}"), True),))
    below = make("Below", inter, ca=True)
    assert way(make(HOST, below, dns=(HOST,)), below, inter).end is Path.NOT_PERMITTED
    same = make("Middle", inter, ca=True)
    assert way(make(HOST, same, dns=(HOST,)), same, inter).end is Path.PUBLIC


def also(*names: x509.GeneralName) -> tuple[x509.ExtensionType, bool]:
    return x509.SubjectAlternativeName([x509.DNSName(HOST), *names]), False


@pytest.mark.parametrize(
    ("limits", "other", "end"),
    [
        (("O=架空",), "O=架空,CN=mail", Path.PUBLIC),
        (("O=架空",), "O=別,CN=mail", Path.NOT_PERMITTED),
        (("!O=別",), "O=別,CN=mail", Path.NOT_PERMITTED),
        (("!O=別",), "O=架空,CN=mail", Path.PUBLIC),
    ],
)
def test_directory_names_beside_the_subject_are_limited_as_it_is(limits: tuple[str, ...], other: str, end: Path) -> None:
    organisation = x509.Name.from_rfc4514_string("CN=www,O=架空")
    inter = make("Middle", ROOT, ca=True, extensions=((permitted(*limits), True),))
    named = x509.DirectoryName(x509.Name(reversed(list(x509.Name.from_rfc4514_string(other)))))
    assert way(make(organisation, inter, extensions=(also(named),)), inter).end is end


@pytest.mark.parametrize(
    ("written", "asked", "same"),
    [
        ("架空 市", "架空\u3000市", True),
        ("ＡＢＣ株式会社", "abc株式会社", True),
        ("ｶｸｳ", "カクウ", True),
        (" Example  City ", "example city", True),
        ("Exam\u00adple", "example", True),
        ("Straße", "STRASSE", True),
        ("Example City", "ExampleCity", False),
        ("架空市", "架空町", False),
    ],
)
def test_names_compare_as_directories_compare_them(written: str, asked: str, same: bool) -> None:
    """RFC 4518: neither case nor width nor the number of spaces, nor signs without a shape."""

    def organisation(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, text)])

    limits = x509.NameConstraints(None, [x509.DirectoryName(organisation(asked))])
    inter = make("Middle", ROOT, ca=True, extensions=((limits, True),))
    assert way(make(organisation(written), inter, dns=(HOST,)), inter).end is (Path.NOT_PERMITTED if same else Path.PUBLIC)


def test_a_name_in_another_encoding_is_the_same_name() -> None:
    """RFC 5280 section 7.1: authorities that changed from PrintableString to UTF8String are found all the same."""
    kinds = {
        kind: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Old CA", kind)])
        for kind in (_ASN1Type.PrintableString, _ASN1Type.UTF8String)
    }
    printable, utf8 = kinds.values()
    assert printable.public_bytes() != utf8.public_bytes()
    root = make(printable, ca=True)
    inter = make("Middle", root, ca=True, issuer=utf8)
    assert way(make(HOST, inter), inter, roots=Roots(public=[root.der])) == PathSeen(Path.PUBLIC, "CN=Old CA")
    again = make(utf8, ROOT, ca=True)
    below = make(HOST, again, issuer=printable)
    assert way(below, again) == PathSeen(Path.PUBLIC, ANCHOR)


MAIL = x509.RFC822Name("example.lg.jp")
EMAIL_SUBJECT = x509.Name([x509.NameAttribute(NameOID.EMAIL_ADDRESS, "root@example.lg.jp")])


@pytest.mark.parametrize(
    ("limits", "leaf", "words"),
    [
        (MAIL, {"extensions": (also(x509.RFC822Name("root@example.lg.jp")),)}, "names of the kind rfc822Name"),
        (MAIL, {"common": EMAIL_SUBJECT, "dns": (HOST,)}, "names of the kind rfc822Name"),
        (x509.UniformResourceIdentifier("lg.jp"), {"extensions": (also(x509.UniformResourceIdentifier("https://lg.jp/")),)}, "Identifier"),
        (x509.DNSName("lg.jp"), {"dns": (f"{number}.lg.jp" for number in range(MOST_NAMES + 1))}, "that cannot all be read"),
    ],
)
def test_names_that_cannot_be_compared_leave_the_way_open(limits: x509.GeneralName, leaf: dict[str, object], words: str) -> None:
    inter = make("Middle", ROOT, ca=True, extensions=((x509.NameConstraints([limits], None), True),))
    seen = way(make(**{"common": HOST, "by": inter} | leaf), inter)  # type: ignore[arg-type]  # keywords of the function, from the table above
    assert seen.end is Path.UNCHECKED
    assert words in seen.problem


def test_long_lists_of_names_and_limits_cost_little() -> None:
    """Both are a stranger's: comparing each with each takes more than a second here."""
    fillers = [f"{number}.example.com" for number in range(990)]
    above = ROOT
    chain: list[Made] = []
    for level in range(10):
        limits = permitted(*fillers, "lg.jp")
        above = make(f"Level {level}", above, ca=True, extensions=((limits, True),))
        chain.insert(0, above)
    leaf = make(HOST, above, dns=[f"{number}.{HOST}" for number in range(990)])
    began = time.process_time()
    assert way(leaf, *chain).end is Path.PUBLIC
    assert time.process_time() - began < 1


def test_limits_on_names_of_a_kind_that_is_not_there_bind_nobody() -> None:
    inter = make("Middle", ROOT, ca=True, extensions=((x509.NameConstraints([MAIL], None), True),))
    assert way(make(HOST, inter, dns=(HOST,)), inter).end is Path.PUBLIC


@pytest.mark.parametrize(
    ("subtree", "end"),
    [
        ("300b82056c672e6a70800100", Path.PUBLIC),  # the minimum 0, written out
        ("300b82056c672e6a70800101", Path.NOT_PERMITTED),
        ("300b82056c672e6a70810101", Path.NOT_PERMITTED),
        ("300782056c672e6aff", Path.NOT_PERMITTED),
    ],
)
def test_limits_with_a_minimum_a_maximum_or_a_strange_name_cannot_be_honoured(subtree: str, end: Path) -> None:
    inner = bytes.fromhex(subtree[:2] + f"{len(subtree) // 2 - 2:02x}" + subtree[4:])
    value = bytes((0x30, len(inner) + 2, 0xA0, len(inner))) + inner
    limits = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.30"), value)
    inter = make("Middle", ROOT, ca=True, extensions=((limits, True),))
    assert way(make(HOST, inter, dns=("www.lg.jp",)), inter).end is end


def test_the_names_of_authorities_are_limited_as_those_of_servers() -> None:
    inter = make("Middle", ROOT, ca=True, extensions=((permitted("lg.jp"), True),))
    below = make("Below", inter, ca=True, dns=("ca.example.com",))
    assert way(make(HOST, below, dns=(HOST,)), below, inter).end is Path.NOT_PERMITTED


def test_behind_an_extension_that_cannot_be_read_anything_may_stand() -> None:
    """The list breaks before its end, so that nobody knows whether something critical is behind."""
    inter = make("Middle", ROOT, ca=True)
    key_id = inter.der.index(bytes.fromhex("0603551d0e"))
    broken = bytearray(inter.der)
    broken[key_id] = 0x04  # no object identifier
    found = parse(bytes(broken))
    assert found.unknown_critical
    assert found.seen.problems


def test_the_length_of_the_way_is_limited() -> None:
    below = make("Below", INTER, ca=True)
    seen = way(make(HOST, below), below, INTER)
    assert (seen.end, seen.problem) == (Path.NOT_PERMITTED, "O=架空,CN=Intermediate allows 0 authorities below it, not 1")


def test_a_critical_extension_of_the_leaf_must_be_known() -> None:
    assert way(make(HOST, INTER, extensions=(UNKNOWN_CRITICAL,)), INTER).end is Path.NOT_PERMITTED


def test_octets_that_are_no_certificate_do_not_hide_the_way() -> None:
    assert way(LEAF, b"junk", INTER) == PathSeen(Path.PUBLIC, ANCHOR, in_order=False, extra=(1,))
    assert way(b"junk", INTER).end is Path.UNCHECKED
    with pytest.raises(ValueError, match="without any"):
        path([], PUBLIC, NOW)


def test_a_signature_that_cannot_be_verified_is_no_false_one(tmp_path: FilePath) -> None:
    openssl(tmp_path, "ecparam", "-name", "prime256v1", "-param_enc", "explicit", "-genkey", "-noout", "-out", "ca.key")
    words = ("req", "-x509", "-key", "ca.key", "-sha256", "-days", "9", "-subj", "/CN=Odd", "-out", "ca.pem")
    openssl(tmp_path, *words)
    root = openssl(tmp_path, "x509", "-in", "ca.pem", "-outform", "DER")
    openssl(tmp_path, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-subj", "/CN=leaf", "-out", "leaf.csr")
    leaf = openssl(tmp_path, "x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "9", "-outform", "DER")
    assert path((leaf, root), Roots(public=[root]), datetime.now(UTC)).end in {Path.PUBLIC, Path.UNCHECKED}


def test_hostile_chains_end_soon() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    same = [make("Same", key=ec.generate_private_key(ec.SECP256R1()), ca=True, key_ids=False) for _ in range(15)]
    web: list[Made] = [make("Same", one, key=ec.generate_private_key(ec.SECP256R1()), ca=True, key_ids=False) for one in same]
    leaf = make(HOST, same[0], key=key, key_ids=False)
    start = time.process_time()
    seen = way(leaf, *web, *same)
    assert time.process_time() - start < 2
    assert seen.end not in {Path.PUBLIC, Path.ORGANISATION}


def test_a_search_that_is_given_up_has_no_end() -> None:
    own = [make("Same", ca=True, key_ids=False) for _ in range(5)]
    web = [make("Same", by, key=one.key, ca=True, key_ids=False) for one in own for by in own if one is not by]
    seen = way(make(HOST, own[0], key_ids=False), *web)
    assert (seen.end, seen.problem) == (Path.UNCHECKED, f"no way was found within {MOST_STEPS} steps")


def test_a_circle_of_authorities_ends() -> None:
    one, two = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    a, b = make("A", key=one, ca=True), make("B", key=two, ca=True)
    a_by_b, b_by_a = make("A", b, key=one, ca=True), make("B", a, key=two, ca=True)
    seen = way(make(HOST, a), a_by_b, b_by_a)
    assert seen.end is Path.INCOMPLETE
    assert MOST_STEPS >= 100


def chains() -> Sequence[Sequence[Made]]:
    """Every order of a chain with its root."""
    return [(LEAF, INTER, ROOT), (LEAF, ROOT, INTER)]


@pytest.mark.parametrize("chain", chains())
def test_any_order_leads_to_the_same_end(chain: Sequence[Made]) -> None:
    assert way(*chain).end is Path.PUBLIC
    assert way(*chain).in_order is (chain[1] is INTER)
