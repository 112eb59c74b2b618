"""The chains of a survey as the fact has them: each once, and no more than the cap without saying so."""

from __future__ import annotations

from scanner.probes.tls_chains import MOST_CHAINS, chains
from scanner.probes.tls_values import Book, Chosen, Offer
from scanner.wire.tls.hello import ClientHello
from scanner.wire.tls.names import TLS12
from scanner.wire.x509 import Roots
from tests.unit.certificates import NOW

HOST = "www.example.lg.jp"
RSA_SUITE = 0xC02F


def answered(*chain: bytes) -> tuple[Offer, Chosen]:
    hello = ClientHello(version=TLS12, suites=(RSA_SUITE,), server_name=HOST)
    return Offer(hello, "", ""), Chosen(TLS12, RSA_SUITE, certificates=chain)


def test_chains_beyond_the_cap_are_counted_each_once() -> None:
    """A server behind which many stand shows another certificate every time."""
    shown = [answered(b"%d" % number) for number in range(MOST_CHAINS + 3)]
    kept, left_out = chains(Book([*shown, *shown]), HOST, None, Roots(), NOW)
    assert (len(kept), left_out) == (MOST_CHAINS, 3)
    kept, left_out = chains(Book([*shown[:2], *shown[:2]]), HOST, None, Roots(), NOW)
    assert (len(kept), left_out) == (2, 0)
