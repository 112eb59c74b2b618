"""Special-purpose addresses: what the registries say of them, in every dress that a record or a resolver can give them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.wire.addresses import Reach, carried, parse_address, published, special_use, tunnelled

EDGES = (
    ("0.255.255.255", "RFC 1122", Reach.LOCAL),
    ("10.0.0.0", "RFC 1918", Reach.LOCAL),
    ("100.127.255.255", "RFC 6598", Reach.LOCAL),
    ("169.254.169.254", "RFC 3927", Reach.LOCAL),
    ("172.31.255.255", "RFC 1918", Reach.LOCAL),
    ("192.0.0.7", "RFC 7335", Reach.LOCAL),
    ("192.0.0.8", "RFC 6890", Reach.NOWHERE),
    ("192.0.0.9", "RFC 7723", Reach.GLOBAL),
    ("192.88.99.1", "RFC 7526", Reach.NOWHERE),
    ("198.19.255.255", "RFC 2544", Reach.NOWHERE),
    ("239.255.255.255", "RFC 5771", Reach.NOWHERE),
    ("255.255.255.255", "RFC 1112", Reach.NOWHERE),
    ("::", "RFC 4291", Reach.LOCAL),
    ("64:ff9b:1:ffff::", "RFC 8215", Reach.LOCAL),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "RFC 4380", Reach.RELAYED),
    ("2001:2::1", "RFC 5180", Reach.NOWHERE),
    ("2001:4:112::1", "RFC 7535", Reach.GLOBAL),
    ("2001:10::1", "RFC 2928", Reach.NOWHERE),
    ("2001:1ff::1", "RFC 2928", Reach.NOWHERE),
    ("3fff:fff::1", "RFC 9637", Reach.NOWHERE),
    ("fdff::1", "RFC 4193", Reach.LOCAL),
    ("febf::1", "RFC 4291", Reach.LOCAL),
    ("feff::1", "RFC 3879", Reach.LOCAL),
    ("100::1", "RFC 4291", Reach.NOWHERE),
    ("4000::1", "RFC 4291", Reach.NOWHERE),
)
PUBLIC = ("1.0.0.1", "100.128.0.1", "172.32.0.1", "192.175.48.1", "198.20.0.1", "223.255.255.255", "2001:200::1", "2600::1", "3ffe:a::1")


@pytest.mark.parametrize(("text", "source", "reach"), EDGES)
def test_every_block_has_its_source_and_its_reach(text: str, source: str, reach: Reach) -> None:
    block = special_use(ip_address(text))
    assert block is not None
    assert (block.source, block.reach) == (source, reach)
    assert published(text) == (None if reach is Reach.GLOBAL else block)


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_have_no_block(text: str) -> None:
    assert special_use(ip_address(text)) is None
    assert published(text) is None


def test_a_block_in_words() -> None:
    block = special_use(parse_address("::ffff:192.168.0.1"))
    assert block is not None
    assert block.words == "a private address (RFC 1918)"


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("2002:c0af:3001::1", "192.175.48.1"),
        ("64:ff9b::c0af:3001", "192.175.48.1"),
        ("::192.175.48.1", "192.175.48.1"),
        ("::", None),
        ("::1", None),
        ("2600::1", None),
        ("192.175.48.1", None),
    ],
)
def test_the_address_that_is_carried_inside(text: str, inside: str | None) -> None:
    assert carried(parse_address(text)) == (IPv4Address(inside) if inside else None)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("::ffff:10.0.0.1", "RFC 1918"),
        ("::ffff:192.175.48.1", "RFC 4291"),
        ("64:ff9b::10.0.0.1", "RFC 1918"),
        ("64:ff9b::192.175.48.1", "RFC 6052"),
        ("2002:a00:1::1", "RFC 1918"),
        ("::192.175.48.1", "RFC 4291"),
    ],
)
def test_an_address_in_a_record_is_judged_with_what_it_carries(text: str, source: str) -> None:
    block = published(text)
    assert block is not None
    assert block.source == source


def test_tunnels() -> None:
    assert [text for text in ("2002:c0af:3001::1", "2001:0:1::1", "2001:1::1", "2600::1", "192.88.99.1") if tunnelled(text)] == [
        "2002:c0af:3001::1",
        "2001:0:1::1",
    ]


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_no_more_public_in_another_dress(address: IPv4Address) -> None:
    if special_use(address) is None:
        return
    for dressed in (IPv6Address(int(address) + (0xFFFF << 32)), IPv6Address((0x2002 << 112) + (int(address) << 80))):
        parsed = parse_address(str(dressed))
        assert special_use(carried(parsed) or parsed) == special_use(address)


@given(st.ip_addresses())
def test_what_nobody_can_reach_is_never_fit_for_a_record(address: IPv4Address | IPv6Address) -> None:
    block = special_use(address)
    assert published(str(address)) is not None or block is None or block.reach is Reach.GLOBAL
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        assert block is not None
