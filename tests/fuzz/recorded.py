"""The corpus: flights of servers, recorded or made by hand, one file each whose first line says from where."""

from __future__ import annotations

from pathlib import Path

from scanner.wire.tls.hello import ClientHello

CORPUS = Path(__file__).parent / "corpus"
ENTROPY = bytes(range(32))
"""What our keys in the recordings were made from."""
RANDOM = bytes(range(100, 132))
"""The random of our hellos in the recordings."""

HELLO_13 = ClientHello(version=0x0304, suites=(0x1301,), random=RANDOM, server_name="a.test", schemes=(0x0403,))
"""The hello that the recordings of TLS 1.3 answer; with a share of x25519, or none in the one with a retry."""


def hello_12(version: int, suite: int) -> ClientHello:
    """The hello that the recordings of older versions answer."""
    return ClientHello(version=version, suites=(suite,), random=RANDOM, server_name="a.test", ticket=b"", etm=True)


OLD = {
    "tls12-ecdhe-gcm": (0x0303, 0xC02B),
    "tls12-rsa-cbc-renegotiated": (0x0303, 0x002F),
    "tls10-dhe-cbc": (0x0301, 0x0033),
    "tls12-anon": (0x0303, 0x00A6),
    "tls11-ecdhe-null": (0x0302, 0xC010),
}
"""Version and suite of each recording of TLS 1.2 or older."""


def recorded(name: str) -> bytes:
    """The octets of one file of the corpus."""
    return bytes.fromhex("".join(line for line in (CORPUS / f"{name}.hex").read_text().splitlines() if not line.startswith("#")))


def names() -> tuple[str, ...]:
    """All names, sorted."""
    return tuple(sorted(path.stem for path in CORPUS.glob("*.hex")))
