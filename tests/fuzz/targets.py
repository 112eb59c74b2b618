"""What is fuzzed: each target takes octets as if a server had sent them, and does all that a prober would do with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scanner.wire.tls.client12 import Client12, Session
from scanner.wire.tls.client13 import Client13
from scanner.wire.tls.dh import prime_hash
from scanner.wire.tls.messages import Finished, HelloRetryRequest, Message, ServerHelloDone, ServerKeyExchange
from scanner.wire.tls.names import NotTls
from scanner.wire.tls.reader import HandshakeReader
from scanner.wire.tls.schemes import scheme_name
from scanner.wire.tls.shares import CannotCompute, key_share
from scanner.wire.tls.suites import suite_name
from tests.fuzz.recorded import ENTROPY, HELLO_13, OLD, RANDOM, hello_12, names, recorded

ALLOWED = (NotTls, CannotCompute)
_SHARE = key_share(29, ENTROPY)
_SESSION = Session(0x0303, 0xC02B, bytes(48), b"", b"ticket", True)


def chunks(data: bytes, size: int) -> list[bytes]:
    """``data`` in pieces of ``size`` octets."""
    return [data[at : at + size] for at in range(0, len(data), size)]


def read(data: bytes, size: int = 1 << 16) -> list[Message]:
    """All messages that a reader without keys gives, however the octets arrive."""
    reader = HandshakeReader()
    out: list[Message] = []
    for piece in chunks(data, size):
        reader.feed(piece)
        while (message := reader.next()) is not None:
            out.append(message)
    return out


def reader(data: bytes) -> None:
    """Read in the clear, and look at every property."""
    for message in read(data, 700):
        for name in dir(type(message)):
            if not name.startswith("_"):
                getattr(message, name)
        if isinstance(message, ServerKeyExchange):
            prime_hash(message.prime)
            scheme_name(message.scheme or 0)


def client_13(data: bytes) -> None:
    """Answer as a client of TLS 1.3 does."""
    drive_13(data, retry=False)
    drive_13(data, retry=True)


def drive_13(data: bytes, *, retry: bool) -> tuple[list[Message], bytes]:
    """What a client of TLS 1.3 reads and says, with the keys of the recordings."""
    client = Client13(HELLO_13, () if retry else (_SHARE,))
    said = client.start()
    out: list[Message] = []
    client.feed(data)
    while (message := client.next()) is not None:
        out.append(message)
        if isinstance(message, HelloRetryRequest):
            said += client.retry(_SHARE if message.group == _SHARE.group else None)
        if isinstance(message, Finished):
            said += client.finish() + client.send(b"GET /")
    return out, said


def client_12(version: int, suite: int, session: Session | None = None) -> Callable[[bytes], None]:
    """Answer as a client of an older version does, with one renegotiation."""

    def target(data: bytes) -> None:
        drive_12(data, version, suite, session)

    return target


def drive_12(data: bytes, version: int, suite: int, session: Session | None = None) -> tuple[list[Message], Client12]:
    """What a client of an older version reads, with the keys of the recordings."""
    client = Client12(hello_12(version, suite), ENTROPY, session)
    client.start()
    out: list[Message] = []
    client.feed(data)
    while (message := client.next()) is not None:
        out.append(message)
        if isinstance(message, ServerHelloDone):
            client.finish()
        if isinstance(message, Finished):
            if client.resumed and not client.complete:
                client.finish()
            elif client.rounds == 1:
                client.renegotiate(RANDOM)
            suite_name(suite)
    return out, client


def all_targets() -> dict[str, tuple[Callable[[bytes], None], Sequence[bytes]]]:
    """Every target with its seeds."""
    every = [recorded(name) for name in names()]
    targets: dict[str, tuple[Callable[[bytes], None], Sequence[bytes]]] = {
        "reader": (reader, every),
        "client 1.3": (client_13, [recorded("tls13-aes128gcm"), recorded("tls13-retry")]),
        "resuming": (client_12(0x0303, 0xC02B, _SESSION), [recorded("tls12-ecdhe-gcm")]),
    }
    for name, (version, suite) in OLD.items():
        targets[name] = (client_12(version, suite), [recorded(name)])
    return targets
