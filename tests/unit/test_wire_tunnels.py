"""Packets inside packets: what is sent, what counts as an answer, and that nothing else does. A kernel's answers are in the laboratory."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.wire.tunnels import (
    GRE,
    ICMP,
    ICMPV6,
    IPIP,
    IPV6,
    MARKER_OCTETS,
    ipv4,
    ipv6,
    teredo_advertised,
    teredo_solicitation,
    trials,
    unpacked,
)

MARKER = bytes(range(MARKER_OCTETS))
HERE, THERE = IPv4Address("192.0.2.1"), IPv4Address("192.0.2.9")
HERE6, THERE6 = IPv6Address("2001:db8::1"), IPv6Address("2001:db8::9")
REPLY, REPLY6 = ipv4(THERE, HERE, MARKER, kind=0), ipv6(THERE6, HERE6, MARKER, kind=129)
ANSWERS = {
    "bare": (ICMP, REPLY[20:]),
    "bare, IPv6": (ICMPV6, REPLY6[40:]),
    "IPv4 in IP": (IPIP, REPLY),
    "IPv6 in IP": (IPV6, REPLY6),
    "GRE": (GRE, b"\x00\x00\x08\x00" + REPLY),
    "GRE with checksum, key and number": (GRE, b"\xb0\x00\x86\xdd" + bytes(12) + REPLY6),
    "IPv6 in IPv4 in IP": (IPIP, REPLY[:2] + struct.pack(">H", 20 + len(REPLY6)) + REPLY[4:9] + bytes([IPV6]) + REPLY[10:20] + REPLY6),
}
ORIGIN = b"\x00\x00\x12\x34" + bytes(4)
ADVERTISEMENT = ipv6(THERE6, HERE6, MARKER, kind=134)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_an_echo_with_the_marker_is_an_answer_and_nothing_shorter_is(answer: tuple[int, bytes]) -> None:
    protocol, payload = answer
    assert unpacked(protocol, payload, MARKER)
    assert not any(unpacked(protocol, payload[:end], MARKER) for end in range(len(payload)))
    assert not unpacked(protocol, payload, MARKER[::-1])


@pytest.mark.parametrize("carrier", [IPIP, IPV6, GRE])
@pytest.mark.parametrize(("ours", "theirs"), [("192.0.2.1", "192.0.2.9"), ("2001:db8::1", "2001:db8::9"), ("fe80::1%lo", "fe80::9%lo")])
def test_what_was_sent_is_no_answer_when_it_comes_back(carrier: int, ours: str, theirs: str) -> None:
    sent = trials(carrier, ours, theirs, MARKER)
    assert sent
    assert not any(unpacked(carrier, payload, MARKER) for payload in sent)


def error(kind: int, about: bytes) -> bytes:
    """An ICMP error (its checksum is the kernel's business)."""
    return bytes([kind, 3]) + bytes(6) + about


def test_an_error_about_the_request_itself_tells_that_it_was_unpacked() -> None:
    request, request6 = ipv4(HERE, THERE, MARKER), ipv6(HERE6, THERE6, MARKER)
    for kind in (3, 11):
        assert unpacked(ICMP, error(kind, request), MARKER)
        assert not unpacked(ICMP, error(kind, request), MARKER[::-1])
        assert not unpacked(ICMP, error(kind, request[:36]), MARKER)  # the marker is not all there
    assert unpacked(ICMPV6, error(1, request6), MARKER)
    assert not unpacked(ICMPV6, error(1, request), MARKER)


@pytest.mark.parametrize(("carrier", "number"), [(0, IPIP), (1, IPV6), (2, GRE)])
def test_an_error_about_the_wrapping_tells_nothing(carrier: int, number: int) -> None:
    inside = trials((IPIP, IPV6, GRE)[carrier], str(HERE), str(THERE), MARKER)[0]
    outer = ipv4(HERE, THERE, MARKER)[:20]
    outer = outer[:2] + struct.pack(">H", 20 + len(inside)) + outer[4:9] + bytes([number]) + outer[10:]
    assert not unpacked(ICMP, error(3, outer + inside), MARKER)


def test_what_is_inside_lives_for_one_hop() -> None:
    assert {payload[8] for payload in trials(IPIP, "192.0.2.1", "192.0.2.9", MARKER)} == {1}
    assert {payload[7] for payload in trials(IPV6, "192.0.2.1", "192.0.2.9", MARKER)} == {1}


def test_six_to_four_and_isatap_ends_are_addressed_in_their_own_manner() -> None:
    ends = {str(IPv6Address(payload[24:40])) for payload in trials(IPV6, "192.0.2.1", "192.0.2.9", MARKER)}
    assert ends == {"2002:c000:209::1", "fe80::5efe:c000:209", "ff02::1"}  # RFC 3056 section 2, RFC 5214 section 6.1


def test_families_do_not_mix() -> None:
    with pytest.raises(ValueError, match="not of one family"):
        trials(IPIP, "192.0.2.1", "2001:db8::9", MARKER)


def test_a_teredo_server_is_told_by_its_advertisement_alone() -> None:
    authentication = b"\x00\x01\x02\x03" + b"id" + b"mac" + bytes(9)
    assert teredo_advertised(ADVERTISEMENT)
    assert teredo_advertised(ORIGIN + ADVERTISEMENT)
    assert teredo_advertised(authentication + ORIGIN + ADVERTISEMENT)
    assert not teredo_advertised(teredo_solicitation())
    assert not teredo_advertised(ORIGIN + REPLY6)


@given(st.sampled_from([ICMP, IPIP, IPV6, GRE, ICMPV6, 0, 255]), st.binary(max_size=120))
def test_noise_is_no_answer(protocol: int, payload: bytes) -> None:
    assert not unpacked(protocol, payload, MARKER)
    teredo_advertised(payload)
