"""The protected part of an SSH connection where the server is hostile: bent groups, values, packets and messages. No server runs here.

That real servers are understood under every exchange, cipher and MAC stands in ``test_ssh_probe``.
"""

from __future__ import annotations

import os
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire import ssh_login
from scanner.wire.ssh import KexInit, NotSsh
from scanner.wire.ssh_exchange import GROUP_EXCHANGE, METHODS, Exchange, Secret, Spoken, mpint, prime
from scanner.wire.ssh_keys import string
from scanner.wire.ssh_packets import CIPHERS, MACS, Protection, Receiver, chosen

SPOKEN = Spoken(b"", b"", b"", b"")
SECRET = Secret(b"shared", b"session", "sha256")
PROTECTIONS = [Protection(cipher, "" if "gcm" in cipher or "poly" in cipher else MACS[0], "none") for cipher in CIPHERS]
PROTECTIONS += [Protection("aes128-ctr", mac, "none") for mac in MACS]


@pytest.mark.parametrize("bits", [1024, 2048, 3072, 4096])
def test_the_primes_are_safe_ones(bits: int) -> None:
    """A wrong digit would make them composite. That they are the ones meant, real servers tell in ``test_ssh_probe``."""
    for number in (prime(bits), prime(bits) // 2):
        assert pow(3, number - 1, number) == 1
    assert hex(prime(bits))[2:18] == hex(prime(bits))[-16:] == "f" * 16


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [b"", b"\x00", b"\x01", bytes(32), b"\xff" * 2048])
def test_a_public_value_that_is_none_ends_the_exchange(method: str, value: bytes) -> None:
    exchange = Exchange(method, os.urandom)
    if method in GROUP_EXCHANGE:
        exchange.reply(b"\x1f" + mpint(prime(1024)) + mpint(2))
    exchange.reply((b"!" if method in GROUP_EXCHANGE else b"\x1f") + string(b"key") + string(value) + string(b"signature"))
    with pytest.raises(NotSsh):
        exchange.secret(SPOKEN)


GROUPS = {
    "zero": (0, 2),
    "one": (1, 2),
    "two": (2, 1),
    "generates one": (prime(1024), 1),
    "generates two": (prime(1024), prime(1024) - 1),
    "long": (1 << 20000, 2),
}


@pytest.mark.parametrize(("modulus", "generator"), GROUPS.values(), ids=GROUPS)
def test_a_group_that_is_none_ends_the_exchange(modulus: int, generator: int) -> None:
    exchange = Exchange("diffie-hellman-group-exchange-sha256", os.urandom)
    with pytest.raises(NotSsh):
        exchange.reply(b"\x1f" + mpint(modulus) + mpint(generator))


def test_a_prime_longer_than_was_asked_for_is_told_and_not_calculated_with() -> None:
    exchange = Exchange("diffie-hellman-group-exchange-sha256", os.urandom)
    with pytest.raises(NotSsh, match="at most 8192"):
        exchange.reply(b"\x1f" + mpint((1 << 8200) + 1) + mpint(2))
    assert exchange.group_bits == 8201


@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(METHODS[:5] + METHODS[-2:]),
    junk=st.lists(st.binary(max_size=60).map(lambda b: b"\x1f" + b), min_size=1, max_size=3),
)
def test_bent_replies_end_in_not_ssh_or_in_a_secret(method: str, junk: list[bytes]) -> None:
    exchange = Exchange(method, os.urandom)
    with suppress(NotSsh):
        for payload in junk:
            exchange.reply(payload)
        assert len(exchange.secret(SPOKEN).key(b"A", 100)) == 100


@settings(max_examples=200, deadline=None)
@given(protection=st.sampled_from(PROTECTIONS), junk=st.lists(st.binary(max_size=120), max_size=4))
def test_bent_packets_end_in_not_ssh_or_in_a_wish_for_more(protection: Protection, junk: list[bytes]) -> None:
    receiver = Receiver(protection, SECRET, 3)
    with suppress(NotSsh):
        for octets in junk:
            receiver.feed(octets)
            assert receiver.next() is None


@settings(max_examples=300, deadline=None)
@given(payload=st.tuples(st.sampled_from([1, 2, 3, 6, 7, 51, 52, 53]), st.binary(max_size=60)).map(lambda p: bytes([p[0]]) + p[1]))
def test_bent_messages_end_in_not_ssh_or_an_answer(payload: bytes) -> None:
    with suppress(NotSsh):
        assert ssh_login.accepted(payload) in {True, None}
    with suppress(NotSsh):
        assert ssh_login.methods_left(payload) is None or payload[0] in {51, 52}


def test_a_refusal_that_names_no_way_is_no_login_without_authentication() -> None:
    with pytest.raises(NotSsh, match="names no way"):
        ssh_login.methods_left(b"\x33" + string(b"") + b"\x00")
    assert ssh_login.methods_left(b"\x33" + string(b"publickey,password") + b"\x00") == ("password", "publickey")
    assert ssh_login.methods_left(b"\x34") == ()


def test_compression_before_the_login_is_not_shared() -> None:
    def offer(*compressions: str) -> KexInit:
        return KexInit((), (), ("aes128-ctr",), ("aes128-ctr",), ("hmac-sha1",), ("hmac-sha1",), compressions, compressions)

    assert chosen(offer("zlib")) is None
    assert chosen(offer("zlib", "zlib@openssh.com")) is not None
