"""Cases for the DMARC tree walk and report authorisation: the examples of RFC 9989 section 4.10 and RFC 9990 section 4, and their edges."""

from __future__ import annotations

import pytest

from scanner.wire.dmarc import DmarcRecord, Policy, Reach, Standing, parse
from scanner.wire.dmarc_discovery import (
    MAX_QUERIES,
    ends_walk,
    organizational_domain,
    policy_for,
    read_authorisation,
    record_name,
    report_authorisation_name,
    walk_names,
)


def records(**found: str) -> dict[str, DmarcRecord]:
    """Records by name; ``_`` stands for the dot, the version is added."""
    return {name.replace("_", "."): parse(f"v=DMARC1; {text}".encode()) for name, text in found.items()}


def test_the_walk_of_the_text() -> None:
    assert walk_names("a.b.c.d.e.f.g.h.i.j.mail.example.com") == (
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com",
        "i.j.mail.example.com",
        "j.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    )


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        ("jp", ("jp",)),
        ("Example.JP.", ("example.jp", "jp")),
        ("1.2.3.4.5.6.jp", ("1.2.3.4.5.6.jp", "2.3.4.5.6.jp", "3.4.5.6.jp", "4.5.6.jp", "5.6.jp", "6.jp", "jp")),
        ("", ()),
        (".", ()),
    ],
)
def test_a_short_name_is_walked_label_by_label(domain: str, names: tuple[str, ...]) -> None:
    assert walk_names(domain) == names


@pytest.mark.parametrize("labels", range(8, 12))
def test_a_long_name_takes_eight_queries(labels: int) -> None:
    names = walk_names(".".join("abcdefghijkl"[:labels]))
    assert len(names) == MAX_QUERIES
    assert [name.count(".") + 1 for name in names[1:]] == [7, 6, 5, 4, 3, 2, 1]


def test_records_stand_below_their_label() -> None:
    assert record_name("Example.jp.") == "_dmarc.example.jp"


@pytest.mark.parametrize(
    ("start", "found", "expected"),
    [
        # the three examples of section 4.10.2
        ("a.mail.example.com", records(mail_example_com="p=none", example_com="p=none"), "example.com"),
        ("a.mail.example.com", records(mail_example_com="p=none; psd=n", example_com="p=none"), "mail.example.com"),
        ("a.mail.example.com", records(com="p=none; psd=y"), "example.com"),
        # nothing found: the start itself
        ("a.mail.example.com", {}, "a.mail.example.com"),
        ("A.Example.com.", {}, "a.example.com"),
        # psd=y where the walk starts ends it there and makes no domain below it
        ("com", records(com="p=none; psd=y"), "com"),
        ("co.example", records(co_example="p=none; psd=y", example="p=none"), "co.example"),
        # psd=y one label up: the start is the organizational domain
        ("example.co.example", records(co_example="p=none; psd=y"), "example.co.example"),
        # a record below a psd=y does not change the answer
        ("a.b.c.test", records(b_c_test="p=none", test="p=none; psd=y"), "c.test"),
        # psd=n nearer than psd=y wins; what stands above the end of the walk is not seen
        ("a.b.c.test", records(b_c_test="p=none; psd=n", test="p=none; psd=y"), "b.c.test"),
        # the jump: one label below a psd=y name of seven labels
        ("1.2.3.4.5.6.7.8.9.jp", records(**{"4_5_6_7_8_9_jp": "p=none; psd=y"}), "3.4.5.6.7.8.9.jp"),
        # a name that the walk jumps over is not asked and does not count
        ("1.2.3.4.5.6.7.8.9.jp", records(**{"2_3_4_5_6_7_8_9_jp": "p=none; psd=n", "9_jp": "p=none"}), "9.jp"),
        # names elsewhere do no harm
        ("a.example.com", records(example_net="p=none; psd=n"), "a.example.com"),
    ],
)
def test_the_organizational_domain(start: str, found: dict[str, DmarcRecord], expected: str) -> None:
    assert organizational_domain(start, found) == expected


def test_a_walk_ends_only_at_a_decided_psd() -> None:
    assert [ends_walk(parse(b"v=DMARC1; p=none; psd=" + value)) for value in (b"y", b"n", b"u", b"x")] == [True, True, False, False]


@pytest.mark.parametrize(
    ("domain", "exists", "found", "expected"),
    [
        ("example.jp", True, records(example_jp="p=reject; sp=none"), ("example.jp", Reach.ITSELF, Policy.REJECT)),
        ("example.jp", False, records(example_jp="p=reject; np=none"), ("example.jp", Reach.ITSELF, Policy.REJECT)),
        ("a.example.jp", True, records(example_jp="p=reject; sp=none"), ("example.jp", Reach.SUBDOMAIN, Policy.NONE)),
        ("a.example.jp", False, records(example_jp="p=none; sp=none; np=reject"), ("example.jp", Reach.NONEXISTENT, Policy.REJECT)),
        ("a.example.jp", False, records(example_jp="p=none; np=reject; t=y"), ("example.jp", Reach.NONEXISTENT, Policy.QUARANTINE)),
        # an own record comes before that of the organizational domain, also when it is milder
        ("a.example.jp", True, records(a_example_jp="p=none", example_jp="p=reject"), ("a.example.jp", Reach.ITSELF, Policy.NONE)),
        # a record between is not used: the organizational domain is the one with the fewest labels
        ("a.b.example.jp", True, records(b_example_jp="p=none", example_jp="p=reject"), ("example.jp", Reach.SUBDOMAIN, Policy.REJECT)),
        # a public suffix speaks only where its registrant says nothing
        ("example.go.test", True, records(go_test="p=none; sp=reject; psd=y"), ("go.test", Reach.SUBDOMAIN, Policy.REJECT)),
        ("a.example.go.test", False, records(go_test="p=none; np=reject; psd=y"), ("go.test", Reach.NONEXISTENT, Policy.REJECT)),
        (
            "a.example.go.test",
            True,
            records(example_go_test="p=quarantine", go_test="p=none; sp=reject; psd=y"),
            ("example.go.test", Reach.SUBDOMAIN, Policy.QUARANTINE),
        ),
    ],
)
def test_the_policy_for_a_name(domain: str, exists: bool, found: dict[str, DmarcRecord], expected: tuple[str, Reach, Policy]) -> None:
    applied = policy_for(domain, found, exists=exists)
    assert applied is not None
    assert (applied.name, applied.reach, applied.effective) == expected
    assert applied.record is found[applied.name]


def test_no_record_is_no_policy() -> None:
    assert policy_for("a.example.jp", {}, exists=True) is None
    assert policy_for("a.example.jp", records(b_example_jp="p=reject"), exists=True) is None


def test_stated_and_effective_policy_are_told_apart() -> None:
    applied = policy_for("example.jp", records(example_jp="p=reject; t=y"), exists=True)
    assert applied is not None
    assert (applied.stated, applied.effective, applied.standing) == (Policy.REJECT, Policy.QUARANTINE, Standing.APPLIES)


def test_an_ignored_record_is_shown_as_ignored() -> None:
    applied = policy_for("a.example.jp", records(example_jp="p=reject; sp=rejct"), exists=True)
    assert applied is not None
    assert (applied.standing, applied.effective, applied.organizational) == (Standing.IGNORED, Policy.NONE, "example.jp")


def test_the_authorisation_names_of_the_texts() -> None:
    assert report_authorisation_name("example.com", "thirdparty.example.net") == "example.com._report._dmarc.thirdparty.example.net"
    assert report_authorisation_name("Blue.example.com.", "red.example.net") == "blue.example.com._report._dmarc.red.example.net"


def test_an_authorisation_name_longer_than_names_can_be_is_none() -> None:
    host = ".".join(["x" * 63] * 3) + ".example.net"
    assert len(host) == 203
    fits = "a" * (253 - 203 - len("._report._dmarc."))
    assert report_authorisation_name(fits, host) is not None
    assert report_authorisation_name(fits + "a", host) is None


def test_an_authorisation_is_granted_by_a_version_alone() -> None:
    assert read_authorisation([b"v=DMARC1"], "example.net").granted
    assert read_authorisation([b"v=DMARC1;"], "example.net").granted
    assert read_authorisation([b"v=spf1 -all", b"v=DMARC1; p=none", b"v=DMARC1"], "example.net").granted
    assert not read_authorisation([], "example.net").granted
    assert not read_authorisation([b"v=dmarc1", b"v=spf1 -all", b"hello"], "example.net").granted


def test_an_override_must_stay_at_the_host() -> None:
    kept = read_authorisation([b"v=DMARC1; rua=mailto:aggregate@thirdparty.example.net"], "thirdparty.example.net")
    assert (kept.granted, [uri.address for uri in kept.overrides], kept.strays) == (True, ["aggregate@thirdparty.example.net"], ())
    stray = read_authorisation([b"v=DMARC1; rua=mailto:a@victim.example"], "thirdparty.example.net")
    assert (stray.granted, stray.overrides, [uri.host for uri in stray.strays]) == (False, (), ["victim.example"])
