"""The laboratory itself behaves: names resolve with a signed chain, nothing leads outside, nothing stays behind."""

from __future__ import annotations

import socket

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.lab import Lab


def ask(lab: Lab, name: str, kind: str, server: str = "", *, where: str = "outside", tcp: bool = False) -> dns.message.Message:
    """One question over UDP (or TCP) from inside the laboratory, DNSSEC wanted."""
    query = dns.message.make_query(name, kind, want_dnssec=True)
    send = dns.query.tcp if tcp else dns.query.udp
    return lab.call(lambda: send(query, server or lab.resolver, timeout=5), where)


def test_the_municipality_resolves_with_a_valid_chain(lab: Lab) -> None:
    reply = ask(lab, "kakuu.lg.jp", "MX")
    assert reply.flags & dns.flags.AD
    assert "10 mx1.kakuu.lg.jp." in reply.answer[0].to_text()


@pytest.mark.parametrize("where", ["outside", "inside"])
@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
def test_no_packet_leaves_the_laboratory(lab: Lab, where: str, address: str) -> None:
    with pytest.raises(OSError, match="unreachable"):
        lab.call(lambda: socket.create_connection((address, 53), timeout=2), where)
