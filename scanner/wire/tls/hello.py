"""ClientHello written: every shape from SSL 3.0 to TLS 1.3. Nothing is read here; random octets come from the caller."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from scanner.wire.tls.groups import groups_for
from scanner.wire.tls.names import EMPTY_RENEGOTIATION_INFO_SCSV, FALLBACK_SCSV, SSL3, TLS10, TLS12, TLS13, Extension, RecordType
from scanner.wire.tls.schemes import USUAL_SCHEMES

MOST_FRAGMENT: Final = 1 << 14
"""Octets of plaintext in one record (RFC 8446 section 5.1)."""

USUAL_GROUPS: Final = (29, 23, 24, 25, 30, 256, 257, 258)
"""What a client offers that wants to be served. Hybrids are left out: their shares are long, and what they are asked for is known apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientHello:
    """What a ClientHello says. ``client_hello`` writes it; ``HelloTemplate`` writes many that differ in suites or random only.

    ``version`` is the highest version offered (0x0300 to 0x0304). From TLS 1.3 on it is written into ``supported_versions``: ``versions``
    lists them all there, and without it only TLS 1.3 is offered. ``legacy_version`` overrides the field of old. With SSL 3.0 no extension
    is written but ``extra``. ``server_name`` is an A-label name; one that is an IP address is left out (RFC 6066 section 3).

    ``key_shares`` empty in TLS 1.3 writes an empty list, which asks for a HelloRetryRequest (RFC 8446 section 4.2.8). ``compression`` are
    method numbers, 1 being DEFLATE. ``ticket``: ``b""`` says that tickets are welcome, octets send one back, ``None`` says nothing.
    ``reneg_info``: ``scsv`` (works for every version), ``extension``, or empty for neither; ``verify_data`` is what a renegotiation sends
    in the extension. ``heartbeat`` is the mode (1: the peer may send requests). ``grease`` puts values of RFC 8701 among suites, groups,
    versions and extensions, chosen by the random octets. ``padding``: the least octets of the handshake message (RFC 7685). ``extra`` are
    further extensions, written as they stand behind the others. ``early_data`` writes the empty extension; a server heeds it only with a
    pre-shared key, which goes into ``extra`` last.
    """

    version: int = TLS12
    suites: tuple[int, ...] = ()
    groups: tuple[int, ...] | None = None
    schemes: tuple[int, ...] | None = None
    server_name: str | None = None
    alpn: tuple[str, ...] = ()
    random: bytes = bytes(32)
    session_id: bytes = b""
    key_shares: tuple[tuple[int, bytes], ...] = ()
    versions: tuple[int, ...] | None = None
    legacy_version: int | None = None
    record_version: int | None = None
    compression: tuple[int, ...] = (0,)
    ems: bool = True
    etm: bool = False
    ticket: bytes | None = None
    reneg_info: str = "scsv"
    verify_data: bytes = b""
    status_request: bool = False
    sct: bool = False
    heartbeat: int | None = None
    scsv_fallback: bool = False
    grease: bool = False
    psk_modes: tuple[int, ...] = (1,)
    early_data: bool = False
    cookie: bytes = b""
    extra: tuple[tuple[int, bytes], ...] = ()
    padding: int = 0


def client_hello(hello: ClientHello) -> bytes:
    """Write the hello as one record, or several beyond 2^14 octets. Raises ``ValueError`` for what does not fit its field."""
    return HelloTemplate(hello).write()


class HelloTemplate:
    """A hello of which the parts that stay are written once: another list of suites or another random costs a few microseconds."""

    __slots__ = ("_after", "_before", "_extensions", "_pad_to", "_record", "_scsv", "hello")

    def __init__(self, hello: ClientHello) -> None:
        """Write what stays. Raises ``ValueError`` for what does not fit its field."""
        if len(hello.random) != 32 or len(hello.session_id) > 255 or not 0 < len(hello.compression) < 256:
            raise ValueError(
                f"random of {len(hello.random)}, session id of {len(hello.session_id)} octets, {len(hello.compression)} compressions"
            )
        self.hello = hello
        legacy = min(hello.version, TLS12) if hello.legacy_version is None else hello.legacy_version
        record = (SSL3 if hello.version == SSL3 else TLS10) if hello.record_version is None else hello.record_version
        self._record = record.to_bytes(2, "big")
        self._before = legacy.to_bytes(2, "big")
        self._after = bytes((len(hello.session_id),)) + hello.session_id
        self._scsv = (
            *((EMPTY_RENEGOTIATION_INFO_SCSV,) if hello.reneg_info == "scsv" and (hello.versions or (hello.version,)) != (TLS13,) else ()),
            *((FALLBACK_SCSV,) if hello.scsv_fallback else ()),
        )
        parts = b"".join(_extension(code, data) for code, data in _extensions(hello))
        self._extensions = bytes((len(hello.compression), *hello.compression)), parts
        self._pad_to = hello.padding

    def write(self, suites: Sequence[int] | None = None, random: bytes | None = None) -> bytes:
        """Write the hello with other ``suites`` or another ``random`` (32 octets) in place of the first ones."""
        message = self.message(suites, random)
        if len(message) <= MOST_FRAGMENT:
            return b"".join((b"\x16", self._record, len(message).to_bytes(2, "big"), message))
        pieces = (message[at : at + MOST_FRAGMENT] for at in range(0, len(message), MOST_FRAGMENT))
        return b"".join(b"\x16" + self._record + len(piece).to_bytes(2, "big") + piece for piece in pieces)

    def message(self, suites: Sequence[int] | None = None, random: bytes | None = None) -> bytes:
        """The handshake message alone, which transcripts and renegotiations need."""
        hello = self.hello
        random = hello.random if random is None else random
        listed = (*(hello.suites if suites is None else suites), *self._scsv)
        if hello.grease:
            listed = (_grease(random, 0), *listed)
        compression, extensions = self._extensions
        fixed = b"".join(
            (self._before, random, self._after, (2 * len(listed)).to_bytes(2, "big"), struct.pack(f"!{len(listed)}H", *listed), compression)
        )
        if self._pad_to:
            # RFC 7685: the padding extension itself takes four octets, the header of the message four, the length of the extensions two.
            missing = self._pad_to - (len(fixed) + len(extensions) + 6 + 4)
            if missing >= 0 or len(fixed) + len(extensions) + 6 < self._pad_to:
                extensions = _insert_padding(extensions, bytes(max(missing, 0)), last=_has_psk(hello))
        body = fixed + (len(extensions).to_bytes(2, "big") + extensions if extensions else b"")
        return b"\x01" + len(body).to_bytes(3, "big") + body


def with_retry(hello: ClientHello, *, group: int | None, share: bytes, cookie: bytes) -> ClientHello:
    """The second hello that answers a HelloRetryRequest (RFC 8446 section 4.1.2): one key share of the group asked for, and the cookie."""
    return replace(hello, key_shares=((group, share),) if group is not None else hello.key_shares, cookie=cookie, early_data=False)


def record(type_: int, version: int, payload: bytes) -> bytes:
    """One plaintext record as it stands. Raises ``OverflowError`` (an ``ArithmeticError``) for a payload over 65535 octets."""
    return bytes((type_,)) + version.to_bytes(2, "big") + len(payload).to_bytes(2, "big") + payload


def change_cipher_spec(version: int) -> bytes:
    """A ChangeCipherSpec record."""
    return record(RecordType.CHANGE_CIPHER_SPEC, min(version, TLS12), b"\x01")


def alert(version: int, description: int, *, fatal: bool = True) -> bytes:
    """An alert record in plaintext; 0 is close_notify, which is a warning by nature (pass ``fatal=False``)."""
    return record(RecordType.ALERT, min(version, TLS12), bytes((2 if fatal else 1, description)))


def heartbeat_request(payload: bytes, claimed: int | None = None) -> bytes:
    """What a record of a heartbeat request holds (RFC 6520 section 4), sixteen octets of padding; ``claimed`` writes another length."""
    length = len(payload) if claimed is None else claimed
    return b"\x01" + length.to_bytes(2, "big") + payload + bytes(16)


def handshake(type_: int, body: bytes) -> bytes:
    """A handshake message with its header, without a record."""
    return bytes((type_,)) + len(body).to_bytes(3, "big") + body


@lru_cache(maxsize=1024)
def sni(name: str) -> bytes | None:
    """The data of the server_name extension, ``None`` for an IP address (RFC 6066 section 3). Raises ``ValueError`` beyond ASCII."""
    host = name.rstrip(".")
    try:
        ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        octets = host.encode("ascii")
    else:
        return None
    return _vector(b"\0" + _vector(octets)) if octets else None


def _extensions(hello: ClientHello) -> list[tuple[int, bytes]]:
    """The extensions in the order in which they are written, which never changes: two hellos differ only where they must."""
    if hello.version == SSL3:
        return list(hello.extra)
    versions = hello.versions if hello.versions is not None else ((TLS13,) if hello.version == TLS13 else ())
    out: list[tuple[int, bytes]] = []
    if hello.grease:
        out.append((_grease(hello.random, 1), b""))
    if hello.server_name and (name := sni(hello.server_name)) is not None:
        out.append((Extension.SERVER_NAME, name))
    out.extend(_offers(hello, versions))
    if versions:
        out.extend(_offers_13(hello, versions))
    out.extend(hello.extra)
    if hello.grease:
        out.insert(len(out) - _has_psk(hello), (_grease(hello.random, 4), b"\0"))
    return out


def _offers(hello: ClientHello, versions: tuple[int, ...]) -> Iterator[tuple[int, bytes]]:
    """What TLS 1.2 and older understand; some of it only they."""
    old = not versions or min(versions) < TLS13
    if old and hello.ems:
        yield Extension.EXTENDED_MASTER_SECRET, b""
    if hello.reneg_info == "extension" or hello.verify_data:
        yield Extension.RENEGOTIATION_INFO, bytes((len(hello.verify_data),)) + hello.verify_data
    groups = hello.groups if hello.groups is not None else tuple(code for code in USUAL_GROUPS if code in groups_for(hello.version))
    if groups:
        yield Extension.SUPPORTED_GROUPS, _numbers((_grease(hello.random, 2), *groups) if hello.grease else groups)
        if old:
            yield Extension.EC_POINT_FORMATS, b"\x01\x00"
    if hello.ticket is not None:
        yield Extension.SESSION_TICKET, hello.ticket
    if hello.alpn:
        yield Extension.ALPN, _vector(b"".join(_short(protocol.encode("latin-1")) for protocol in hello.alpn))
    if hello.status_request:
        yield Extension.STATUS_REQUEST, b"\x01\0\0\0\0"
    schemes = hello.schemes if hello.schemes is not None else USUAL_SCHEMES
    if schemes and hello.version >= TLS12:
        yield Extension.SIGNATURE_ALGORITHMS, _numbers(schemes)
    if hello.sct:
        yield Extension.SIGNED_CERTIFICATE_TIMESTAMP, b""
    if hello.heartbeat is not None:
        yield Extension.HEARTBEAT, bytes((hello.heartbeat,))
    if old and hello.etm:
        yield Extension.ENCRYPT_THEN_MAC, b""


def _offers_13(hello: ClientHello, versions: tuple[int, ...]) -> Iterator[tuple[int, bytes]]:
    """What only TLS 1.3 and newer understand."""
    if max(versions) >= TLS13:
        shares = b"".join(group.to_bytes(2, "big") + _vector(share) for group, share in hello.key_shares)
        if hello.grease:
            shares = _grease(hello.random, 2).to_bytes(2, "big") + _vector(b"\0") + shares
        yield Extension.KEY_SHARE, _vector(shares)
        if hello.psk_modes:
            yield Extension.PSK_KEY_EXCHANGE_MODES, _short(bytes(hello.psk_modes))
    listed = (_grease(hello.random, 3), *versions) if hello.grease else versions
    yield Extension.SUPPORTED_VERSIONS, _short(struct.pack(f"!{len(listed)}H", *listed))
    if hello.cookie:
        yield Extension.COOKIE, _vector(hello.cookie)
    if hello.early_data:
        yield Extension.EARLY_DATA, b""


def _grease(random: bytes, which: int) -> int:
    """One of the sixteen values, by the random octets; 1 and 4 are extensions of one hello and never the same."""
    low = random[which] & 0x0F
    if which == 4 and low == random[1] & 0x0F:
        low ^= 1
    return 0x0A0A + 0x1010 * low


def _has_psk(hello: ClientHello) -> bool:
    return bool(hello.extra) and hello.extra[-1][0] == Extension.PRE_SHARED_KEY


def _insert_padding(extensions: bytes, zeros: bytes, *, last: bool) -> bytes:
    padding = _extension(Extension.PADDING, zeros)
    # A pre-shared key must stay the last extension (RFC 8446 section 4.2.11); the padding then goes to the front.
    return padding + extensions if last else extensions + padding


def _extension(code: int, data: bytes) -> bytes:
    return code.to_bytes(2, "big") + _vector(data)


def _vector(data: bytes) -> bytes:
    if len(data) > 0xFFFF:
        raise ValueError(f"{len(data)} octets where 65535 fit")
    return len(data).to_bytes(2, "big") + data


def _short(data: bytes) -> bytes:
    if len(data) > 0xFF:
        raise ValueError(f"{len(data)} octets where 255 fit")
    return bytes((len(data),)) + data


def _numbers(numbers: Sequence[int]) -> bytes:
    return _vector(struct.pack(f"!{len(numbers)}H", *numbers))
