"""SSL 2.0: its CLIENT-HELLO written, its SERVER-HELLO and ERROR read. Nothing after the hellos; the cipher kinds stand in ``suites``."""

# Source: the SSL 2.0 draft (Hickman, 1995) sections 1.1 (records), 2.5, 2.6; RFC 5246 appendix E.2 for later versions in this shape.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scanner.wire.tls.names import SSL2, NotTls

MOST_KINDS: Final = 256
"""Cipher kinds of one SERVER-HELLO that are read."""
MOST_OCTETS: Final = 32767
"""Octets of one record, all that its two-octet header can say."""

_CLIENT_HELLO: Final = 1
_SERVER_HELLO: Final = 4
_ERROR: Final = 0

_ERRORS: Final = {1: "no_cipher", 2: "no_certificate", 4: "bad_certificate", 6: "unsupported_certificate_type"}


@dataclass(frozen=True, slots=True)
class Ssl2ServerHello:
    """A SERVER-HELLO: the version it names (0x0002), the cipher kinds that both sides know, and one certificate (DER, may be empty)."""

    version: int
    kinds: tuple[int, ...]
    certificate: bytes
    connection_id: bytes
    session_id_hit: bool


@dataclass(frozen=True, slots=True)
class Ssl2Error:
    """An ERROR message and its number; 1 is NO-CIPHER-ERROR."""

    code: int

    @property
    def name(self) -> str:
        """``no_cipher``; ``error 9`` for a number that the draft does not know."""
        return _ERRORS.get(self.code) or f"error {self.code}"


def ssl2_client_hello(kinds: Sequence[int], challenge: bytes, *, version: int = SSL2, session_id: bytes = b"") -> bytes:
    """Write a CLIENT-HELLO in one record. ``challenge`` is 16 to 32 random octets.

    With a later ``version`` it is the hello that old clients sent to find out what a server speaks: ``kinds`` are then suites as three
    octets, the first of them zero. Raises ``ValueError`` for what does not fit the form.
    """
    if not 16 <= len(challenge) <= 32 or len(session_id) not in (0, 16) or len(kinds) > 5000:
        raise ValueError(f"a challenge of {len(challenge)}, a session id of {len(session_id)} octets, {len(kinds)} cipher kinds")
    body = b"".join(
        (
            bytes((_CLIENT_HELLO,)),
            version.to_bytes(2, "big"),
            (3 * len(kinds)).to_bytes(2, "big"),
            len(session_id).to_bytes(2, "big"),
            len(challenge).to_bytes(2, "big"),
            b"".join(kind.to_bytes(3, "big") for kind in kinds),
            session_id,
            challenge,
        )
    )
    return (0x8000 | len(body)).to_bytes(2, "big") + body


def looks_like_ssl2(data: bytes | bytearray) -> bool | None:
    """Tell from the first three octets whether a record of SSL 2.0 with a SERVER-HELLO or ERROR begins; ``None`` asks for more."""
    if not data:
        return None
    if data[0] & 0x80 == 0:
        return False
    return None if len(data) < 3 else data[2] in (_SERVER_HELLO, _ERROR)


def read_ssl2(data: bytes | bytearray) -> tuple[Ssl2ServerHello | Ssl2Error, int] | None:
    """Read one record at the start of ``data``: the message and the octets it took; ``None`` asks for more. Raises ``NotTls``."""
    if len(data) < 2:
        return None
    length = (data[0] & 0x7F) << 8 | data[1]
    if data[0] & 0x80 == 0 or length < 3:
        raise NotTls(f"an SSL 2.0 record that begins with {data[0]:02x}{data[1]:02x}")
    if len(data) < 2 + length:
        return None
    body = bytes(data[2 : 2 + length])
    if body[0] == _ERROR:
        if length != 3:
            raise NotTls(f"an SSL 2.0 error of {length} octets")
        return Ssl2Error(body[1] << 8 | body[2]), 2 + length
    if body[0] != _SERVER_HELLO or length < 11:
        raise NotTls(f"an SSL 2.0 message of type {body[0]} and {length} octets")
    certificate, kinds, connection = (int.from_bytes(body[at : at + 2], "big") for at in (5, 7, 9))
    if 11 + certificate + kinds + connection != length or kinds % 3 or kinds // 3 > MOST_KINDS:
        raise NotTls(f"an SSL 2.0 hello of {length} octets that promises {certificate}, {kinds} and {connection}")
    at = 11 + certificate
    return (
        Ssl2ServerHello(
            version=body[3] << 8 | body[4],
            kinds=tuple(int.from_bytes(body[i : i + 3], "big") for i in range(at, at + kinds, 3)),
            certificate=body[11:at],
            connection_id=body[at + kinds :],
            session_id_hit=body[1] != 0,
        ),
        2 + length,
    )
