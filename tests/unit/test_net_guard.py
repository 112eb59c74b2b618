"""The guard: what the scope lets through and what it does not, with the reason said."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone

import pytest

from scanner.model.reason import CannotObserve
from scanner.net.guard import REMEMBERED, Guard
from scanner.net.scope import ALWAYS, Consent, Entry, Level, Match, Purpose, Scope, Window

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # Sunday, 12:00 in Japan
PUBLIC, OTHER = "192.175.48.1", "192.31.196.1"


def domain(what: str, level: Level = Level.NORMAL, window: Window = ALWAYS, zones: tuple[str, ...] = ()) -> Entry:
    return Entry(Match.DOMAIN, what, level, zones, window)


def network(what: str, level: Level = Level.NORMAL, window: Window = ALWAYS, zones: tuple[str, ...] = ()) -> Entry:
    return Entry(Match.NETWORK, what, level, zones, window)


def verdict(
    guard: Guard, name: str, address: str, purpose: Purpose = Purpose.TEST, *, port: int = 53, now: datetime = NOW, test: str = ""
) -> str:
    """``allowed``, or the reason and sentence of the refusal."""
    try:
        guard.ask(name, address, port, purpose, now, test=test)
    except CannotObserve as why:
        return f"{why.reason}: {why.detail}"
    return "allowed"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("example.jp", PUBLIC),
        ("www.Example.jp.", PUBLIC),
        ("a.b.example.jp", "2600::1"),
        ("mx.host.test", PUBLIC),
        ("", OTHER),
        ("whoever.test", OTHER),
    ],
)
def test_what_is_listed_is_allowed(name: str, address: str) -> None:
    guard = Guard(Scope((domain("example.jp"), Entry(Match.HOST, "mx.host.test"), network("192.31.196.0/24"))))
    assert verdict(guard, name, address) == "allowed"


@pytest.mark.parametrize(("name", "address"), [("notexample.jp", PUBLIC), ("jp", PUBLIC), ("sub.mx.host.test", PUBLIC), ("", PUBLIC)])
def test_what_is_not_listed_is_a_third_party(name: str, address: str) -> None:
    guard = Guard(Scope((domain("example.jp"), Entry(Match.HOST, "mx.host.test"))))
    assert verdict(guard, name, address, Purpose.ZONE_DATA) == "allowed"
    for purpose in (Purpose.TEST, Purpose.INTRUSIVE, Purpose.PUBLIC_POLICY):
        seen = verdict(guard, name, address, purpose)
        assert seen.startswith("out-of-scope: ")
        assert "no domain, host or network entry" in seen


def test_third_parties_get_dns_at_port_53_and_one_handshake_for_each_port() -> None:
    guard = Guard(Scope())
    assert "at port 53 only" in verdict(guard, "ns.other.test", PUBLIC, Purpose.ZONE_DATA, port=5353)
    assert [verdict(guard, "mx.other.test", PUBLIC, Purpose.TLS_HANDSHAKE, port=p) == "allowed" for p in (25, 25, 443)] == [
        True,
        False,
        True,
    ]
    assert verdict(guard, "mx.other.test", OTHER, Purpose.TLS_HANDSHAKE, port=25) == "allowed"


def test_listed_services_get_as_many_handshakes_as_tests_need() -> None:
    guard = Guard(Scope((domain("example.jp"),)))
    assert [verdict(guard, "mx.example.jp", PUBLIC, Purpose.TLS_HANDSHAKE, port=25) for _ in range(3)] == ["allowed"] * 3


def test_a_scope_can_grant_third_parties_nothing() -> None:
    guard = Guard(Scope((domain("example.jp"),), third_parties=False))
    assert "grants third parties nothing" in verdict(guard, "ns.other.test", PUBLIC, Purpose.ZONE_DATA)
    assert verdict(guard, "ns.example.jp", PUBLIC, Purpose.ZONE_DATA) == "allowed"


def test_authorities_are_asked_about_certificates_only_where_the_scope_says_so() -> None:
    silent, granted = Guard(Scope()), Guard(Scope(third_parties=False, revocation=True))
    assert "does not say 'revocation: true'" in verdict(silent, "ocsp.other.test", PUBLIC, Purpose.REVOCATION, port=80)
    assert [verdict(granted, "ocsp.other.test", PUBLIC, Purpose.REVOCATION, port=p) == "allowed" for p in (80, 443, 25)] == [
        True,
        True,
        False,
    ]
    assert verdict(granted, "ocsp.other.test", "10.0.0.1", Purpose.REVOCATION, port=80).startswith("out-of-scope")
    assert verdict(Guard(Scope((domain("example.jp"),))), "crl.example.jp", PUBLIC, Purpose.REVOCATION, port=80) == "allowed"


def test_a_public_policy_is_fetched_below_a_listed_domain() -> None:
    guard = Guard(Scope((domain("example.jp"),)))
    assert verdict(guard, "mta-sts.example.jp", OTHER, Purpose.PUBLIC_POLICY, port=443) == "allowed"
    assert verdict(guard, "mta-sts.other.jp", OTHER, Purpose.PUBLIC_POLICY, port=443).startswith("out-of-scope")


def test_forbidden_entries_win() -> None:
    guard = Guard(
        Scope(
            (domain("example.jp"), network("192.175.48.0/24")),
            forbidden=(Entry(Match.HOST, "old.example.jp"), domain("clinic.example.jp"), network("192.175.48.7/32")),
        )
    )
    assert verdict(guard, "www.example.jp", PUBLIC) == "allowed"
    for purpose in (Purpose.TEST, Purpose.ZONE_DATA, Purpose.TLS_HANDSHAKE):
        assert "forbids host old.example.jp" in verdict(guard, "old.example.jp", PUBLIC, purpose)
        assert "forbids domain clinic.example.jp" in verdict(guard, "a.clinic.example.jp", PUBLIC, purpose)
        assert "forbids network 192.175.48.7/32" in verdict(guard, "www.example.jp", "192.175.48.7", purpose)
        assert "forbids network 192.175.48.7/32" in verdict(guard, "", "2002:c0af:3007::1", purpose)


def test_control_networks_are_passive_whatever_is_listed() -> None:
    guard = Guard(Scope((domain("example.jp"), network("10.0.0.0/8")), control_networks=("10.9.0.0/16",)))
    assert verdict(guard, "plc.example.jp", "10.8.0.1") == "allowed"
    assert "control network 10.9.0.0/16, which is passive only" in verdict(guard, "plc.example.jp", "10.9.0.1")
    assert "control network" in verdict(guard, "plc.example.jp", "::ffff:10.9.0.1", Purpose.ZONE_DATA)


def test_passive_entries_get_nothing_at_all() -> None:
    guard = Guard(Scope((domain("example.jp", Level.PASSIVE),)))
    for purpose in Purpose:
        assert "listed as passive only" in verdict(guard, "www.example.jp", PUBLIC, purpose)


def test_the_most_specific_entry_decides_and_the_lower_of_name_and_network_holds() -> None:
    guard = Guard(
        Scope(
            (
                domain("example.jp", Level.PASSIVE),
                domain("open.example.jp"),
                Entry(Match.HOST, "frail.open.example.jp", Level.PASSIVE),
                network("192.175.48.0/24"),
                network("192.175.48.128/25", Level.PASSIVE),
                network("192.175.48.200/32"),
            )
        )
    )
    assert verdict(guard, "www.open.example.jp", OTHER) == "allowed"
    assert "passive" in verdict(guard, "www.example.jp", OTHER)
    assert "passive" in verdict(guard, "frail.open.example.jp", OTHER)
    assert "passive" in verdict(guard, "www.example.jp", PUBLIC)
    assert "passive" in verdict(guard, "www.open.example.jp", "192.175.48.129")
    assert verdict(guard, "www.open.example.jp", "192.175.48.200") == "allowed"


def test_intrusive_tests_need_level_and_consent() -> None:
    tonight = Window(start=NOW - timedelta(hours=1), end=NOW + timedelta(hours=1))
    scope = Scope((domain("example.jp", Level.INTRUSIVE), domain("other.jp"), network("192.31.196.0/24", Level.INTRUSIVE)))
    consents = (
        Consent("mx.example.jp", ("mail.canary",), tonight, "CISO"),
        Consent("*.lab.example.jp", ("*",), tonight, "CISO"),
        Consent("192.31.196.0/28", ("dns.flood",), tonight, "CISO"),
    )
    guard = Guard(scope, consents)

    def tried(name: str, address: str, test: str, now: datetime = NOW) -> str:
        return verdict(guard, name, address, Purpose.INTRUSIVE, test=test, now=now)

    assert tried("mx.example.jp", PUBLIC, "mail.canary") == "allowed"
    assert tried("MX.example.jp.", PUBLIC, "mail.canary") == "allowed"
    assert tried("a.lab.example.jp", PUBLIC, "anything") == "allowed"
    assert tried("", "192.31.196.9", "dns.flood") == "allowed"
    for refused in (
        tried("mx.example.jp", PUBLIC, "mail.eicar"),
        tried("mx.example.jp", PUBLIC, ""),
        tried("lab.example.jp", PUBLIC, "anything"),
        tried("", "192.31.196.99", "dns.flood"),
        tried("mx.example.jp", PUBLIC, "mail.canary", NOW + timedelta(hours=2)),
    ):
        assert refused.startswith("no-consent: ")
        assert "no consent entry names this target" in refused
    assert "an entry of level intrusive is missing" in tried("mx.other.jp", PUBLIC, "mail.canary")
    assert tried("mx.unlisted.jp", PUBLIC, "mail.canary").startswith("out-of-scope: ")


SPECIAL = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.31.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.251",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "::ffff:0a00:0001",
    "::10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:0a00:0001::1",
    "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "3fff::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "100::1",
    "4000::1",
]


@pytest.mark.parametrize("address", SPECIAL)
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_name_in_scope_does_not_open_the_way_to_an_address_that_is_not_public(address: str, purpose: Purpose) -> None:
    seen = verdict(Guard(Scope((domain("example.jp", Level.INTRUSIVE),))), "evil.example.jp", address, purpose)
    assert seen.startswith("out-of-scope: ")
    assert "no network entry of the scope holds it" in seen


@pytest.mark.parametrize("address", ["fe80::1%lo", "localhost", "", "10.0.0.1/8", "0x7f.1", "127.1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    assert "is not an IP address" in verdict(Guard(Scope((domain("example.jp"),))), "evil.example.jp", address, Purpose.ZONE_DATA)


def test_a_listed_network_opens_its_private_addresses_in_every_dress() -> None:
    guard = Guard(Scope((network("10.1.0.0/16"), network("fd00:1::/32"), Entry(Match.HOST, "192.168.7.7"))))
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00:1::9", "192.168.7.7", "2002:0a01:0203::1"):
        assert verdict(guard, "", address, Purpose.ZONE_DATA) == "allowed", address
    for address in ("10.2.0.1", "::ffff:10.2.0.1", "fd00:2::9", "192.168.7.8", "64:ff9b::10.2.0.1"):
        assert "no network entry" in verdict(guard, "", address, Purpose.ZONE_DATA), address


def test_a_carried_address_that_is_listed_passive_stays_passive() -> None:
    guard = Guard(Scope((domain("example.jp"), network("10.1.0.0/16", Level.PASSIVE))))
    assert "passive" in verdict(guard, "a.example.jp", "64:ff9b::10.1.0.1")


def test_our_own_resolver_is_always_permitted_for_dns_questions() -> None:
    guard = Guard(Scope(), resolvers=[("127.0.0.53", 53)])
    assert verdict(guard, "", "127.0.0.53", Purpose.ZONE_DATA) == "allowed"
    assert verdict(guard, "", "127.0.0.53", Purpose.TEST).startswith("out-of-scope")
    assert verdict(guard, "", "127.0.0.53", Purpose.ZONE_DATA, port=5353).startswith("out-of-scope")


def test_entries_hold_from_their_zones_and_at_their_times() -> None:
    later = Window(start=NOW + timedelta(hours=1))
    scope = Scope(
        (domain("office.jp", zones=("office",)), domain("later.jp", window=later), domain("twice.jp", window=later), domain("twice.jp"))
    )
    outside, inside = Guard(scope), Guard(scope, zone="office")
    assert "the entry for domain office.jp does not hold from zone internet" in verdict(outside, "www.office.jp", PUBLIC)
    assert verdict(inside, "www.office.jp", PUBLIC) == "allowed"
    assert "does not hold at this time" in verdict(outside, "www.later.jp", PUBLIC)
    assert verdict(outside, "www.later.jp", PUBLIC, now=NOW + timedelta(hours=2)) == "allowed"
    assert verdict(outside, "www.twice.jp", PUBLIC) == "allowed"


def test_a_forbidden_entry_can_hold_at_some_times_only() -> None:
    by_day = Window(daily=(time(9), time(17)))
    guard = Guard(Scope((domain("example.jp"),), forbidden=(domain("example.jp", window=by_day),)))
    assert "forbids" in verdict(guard, "www.example.jp", PUBLIC)
    assert verdict(guard, "www.example.jp", PUBLIC, now=NOW + timedelta(hours=8)) == "allowed"


JST = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("window", "moment", "inside"),
    [
        (ALWAYS, NOW, True),
        (Window(start=NOW), NOW, True),
        (Window(end=NOW), NOW, False),
        (Window(daily=(time(22), time(5))), datetime(2026, 11, 22, 23, 0, tzinfo=JST), True),
        (Window(daily=(time(22), time(5))), datetime(2026, 11, 22, 4, 59, tzinfo=JST), True),
        (Window(daily=(time(22), time(5))), datetime(2026, 11, 22, 5, 0, tzinfo=JST), False),
        (Window(daily=(time(9), time(17))), datetime(2026, 11, 22, 0, 0, tzinfo=UTC), True),
        (Window(daily=(time(9), time(17)), utc_offset_minutes=0), datetime(2026, 11, 22, 0, 0, tzinfo=UTC), False),
        (Window(weekdays=(6,)), datetime(2026, 11, 22, 1, 0, tzinfo=JST), True),
        (Window(weekdays=(6,)), datetime(2026, 11, 23, 1, 0, tzinfo=JST), False),
        (Window(daily=(time(22), time(5)), weekdays=(6,)), datetime(2026, 11, 23, 1, 0, tzinfo=JST), True),
        (Window(daily=(time(22), time(5)), weekdays=(6,)), datetime(2026, 11, 22, 1, 0, tzinfo=JST), False),
    ],
)
def test_windows(window: Window, moment: datetime, inside: bool) -> None:
    assert window.contains(moment) is inside
    assert window.contains(moment.astimezone(UTC)) is inside


def test_memory_of_the_guard_is_bounded_and_does_not_change_answers() -> None:
    guard = Guard(Scope((domain("example.jp"),)))
    for number in range(REMEMBERED + 10):
        assert verdict(guard, f"h{number}.example.jp", PUBLIC) == "allowed"
    assert len(guard._remembered) == REMEMBERED
