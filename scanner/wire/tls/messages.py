"""Messages of a server as values. How they are read from octets stands in ``handshake``; how octets become messages in ``reader``."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.wire.tls.names import ALERTS, TLS12, Extension, alert_name
from scanner.wire.tls.ssl2 import Ssl2Error, Ssl2ServerHello

Extensions = tuple[tuple[int, bytes], ...]


def find(extensions: Extensions, code: int) -> bytes | None:
    """The data of the first extension with this code, or ``None``."""
    for have, data in extensions:
        if have == code:
            return data
    return None


@dataclass(frozen=True, slots=True)
class ServerHello:
    """A ServerHello. ``version`` is the one chosen: that of ``supported_versions`` where the server sends it, else ``legacy_version``.

    ``wire`` is the whole handshake message, here and in all others, for transcripts.
    """

    version: int
    legacy_version: int
    random: bytes
    session_id: bytes
    suite: int
    compression: int
    extensions: Extensions
    wire: bytes

    def extension(self, code: int) -> bytes | None:
        """The data of an extension, ``None`` where the server did not send it."""
        return find(self.extensions, code)

    @property
    def key_share(self) -> tuple[int, bytes] | None:
        """The group and the share of TLS 1.3."""
        data = self.extension(Extension.KEY_SHARE)
        if data is None or len(data) < 4 or len(data) != 4 + (data[2] << 8 | data[3]):
            return None
        return data[0] << 8 | data[1], data[4:]

    @property
    def alpn(self) -> str | None:
        """The protocol chosen in TLS 1.2 or older."""
        return chosen_protocol(self.extensions)

    @property
    def extended_master_secret(self) -> bool:
        """RFC 7627."""
        return self.extension(Extension.EXTENDED_MASTER_SECRET) is not None

    @property
    def encrypt_then_mac(self) -> bool:
        """RFC 7366."""
        return self.extension(Extension.ENCRYPT_THEN_MAC) is not None

    @property
    def session_ticket(self) -> bool:
        """Whether a NewSessionTicket is promised (RFC 5077 section 3.2)."""
        return self.extension(Extension.SESSION_TICKET) is not None

    @property
    def secure_renegotiation(self) -> bool:
        """RFC 5746."""
        return self.extension(Extension.RENEGOTIATION_INFO) is not None

    @property
    def heartbeat(self) -> int | None:
        """The mode of RFC 6520: 1 takes requests, 2 does not."""
        data = self.extension(Extension.HEARTBEAT)
        return data[0] if data is not None and len(data) == 1 else None

    @property
    def scts(self) -> bytes | None:
        """The list of signed certificate timestamps, as sent (RFC 6962 section 3.3)."""
        return self.extension(Extension.SIGNED_CERTIFICATE_TIMESTAMP)

    @property
    def downgrade(self) -> bool:
        """Whether the random ends in the mark of a server that could have chosen a newer version (RFC 8446 section 4.1.3)."""
        return self.random[24:31] == b"DOWNGRD" and self.random[31] in (0, 1)


@dataclass(frozen=True, slots=True)
class HelloRetryRequest:
    """A HelloRetryRequest: the suite chosen, the group asked for (``None``: only the cookie was wanted) and the cookie."""

    version: int
    suite: int
    group: int | None
    cookie: bytes
    session_id: bytes
    extensions: Extensions
    wire: bytes


@dataclass(frozen=True, slots=True)
class EncryptedExtensions:
    """EncryptedExtensions of TLS 1.3."""

    extensions: Extensions
    wire: bytes

    @property
    def alpn(self) -> str | None:
        """The protocol chosen."""
        return chosen_protocol(self.extensions)

    @property
    def early_data(self) -> bool:
        """Whether early data was taken."""
        return find(self.extensions, Extension.EARLY_DATA) is not None


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificates as sent, DER; ``left_out`` counts those beyond the cap. ``extensions`` has one entry for each."""

    certificates: tuple[bytes, ...]
    left_out: int
    extensions: tuple[Extensions, ...]
    wire: bytes

    @property
    def staple(self) -> bytes | None:
        """The OCSP answer that TLS 1.3 carries beside the first certificate (RFC 8446 section 4.4.2.1)."""
        data = find(self.extensions[0], Extension.STATUS_REQUEST) if self.extensions else None
        if data is None or len(data) < 4 or data[0] != 1 or len(data) != 4 + int.from_bytes(data[1:4], "big"):
            return None
        return data[4:]

    @property
    def scts(self) -> bytes | None:
        """The list of signed certificate timestamps that TLS 1.3 carries beside the first certificate, as sent."""
        return find(self.extensions[0], Extension.SIGNED_CERTIFICATE_TIMESTAMP) if self.extensions else None


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """Stapled answers of TLS 1.2 or older: one OCSP answer (RFC 6066), or one for each certificate (RFC 6961; empty where none)."""

    responses: tuple[bytes, ...]
    wire: bytes


@dataclass(frozen=True, slots=True)
class ServerKeyExchange:
    """A ServerKeyExchange.

    ``kind`` says which fields mean something: ``ECDHE`` (``group`` and ``public``; ``group`` is ``None`` for a curve written out, which is
    not read any further), ``DHE`` (``prime``, ``generator``, ``public``), ``RSA`` (a temporary key: ``prime`` is its modulus, ``generator``
    its exponent), ``PSK`` (only ``hint``), ``SRP`` (``prime``, ``generator``, ``public``), or the suite's own word where the parameters are
    not read. ``hint`` is the PSK identity hint or the SRP salt. ``signed`` are the octets under the signature, without the randoms.
    ``scheme`` is ``None`` before TLS 1.2 and without a signature.
    """

    kind: str
    group: int | None
    prime: bytes
    generator: bytes
    public: bytes
    hint: bytes
    scheme: int | None
    signature: bytes
    signed: bytes
    wire: bytes

    @property
    def bits(self) -> int:
        """The length of the prime or modulus in bits; 0 for curves."""
        return int.from_bytes(self.prime, "big").bit_length()


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """A CertificateRequest: types of TLS 1.2 or older, schemes from TLS 1.2 on, authorities as DER names (``left_out`` beyond the cap)."""

    types: tuple[int, ...]
    schemes: tuple[int, ...]
    authorities: tuple[bytes, ...]
    left_out: int
    context: bytes
    wire: bytes


@dataclass(frozen=True, slots=True)
class ServerHelloDone:
    """The end of the server's flight in TLS 1.2 or older."""

    wire: bytes


@dataclass(frozen=True, slots=True)
class HelloRequest:
    """The server would like to negotiate anew."""

    wire: bytes


@dataclass(frozen=True, slots=True)
class NewSessionTicket:
    """A ticket; ``lifetime`` in seconds. ``age_add``, ``nonce`` and ``early_data`` (octets allowed) are of TLS 1.3."""

    lifetime: int
    ticket: bytes
    wire: bytes
    age_add: int = 0
    nonce: bytes = b""
    early_data: int | None = None


@dataclass(frozen=True, slots=True)
class CertificateVerify:
    """The server's signature over the handshake of TLS 1.3. It is not verified here."""

    scheme: int
    signature: bytes
    wire: bytes


@dataclass(frozen=True, slots=True)
class Finished:
    """A Finished message, deciphered."""

    verify_data: bytes
    wire: bytes


@dataclass(frozen=True, slots=True)
class KeyUpdate:
    """New keys follow (RFC 8446 section 4.6.3)."""

    requested: bool
    wire: bytes


@dataclass(frozen=True, slots=True)
class OtherHandshake:
    """A message of a known type that this program neither asks for nor reads."""

    type: int
    wire: bytes


@dataclass(frozen=True, slots=True)
class ChangeCipherSpec:
    """What follows is enciphered, or (TLS 1.3) only looks like the old protocol."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert; ``level`` 1 is a warning, 2 fatal. ``version`` is that of the record."""

    level: int
    description: int
    version: int = TLS12

    @property
    def name(self) -> str:
        """``handshake_failure``, or ``alert 200``."""
        return alert_name(self.description)

    @property
    def registered(self) -> bool:
        """Whether the number means something."""
        return self.description in ALERTS


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A heartbeat record in plaintext: its type (2: response), the length it claims and the octets of the record. Its content is not kept.

    An answer to a probe for CVE-2014-0160 would hold a stranger's memory, which nobody here has any business with.
    """

    type: int
    claimed: int
    octets: int


@dataclass(frozen=True, slots=True)
class EncryptedRecord:
    """A record that cannot be read without keys: its content type, version and ciphertext."""

    type: int
    version: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class ApplicationData:
    """What the peer said under the protection of the handshake, deciphered."""

    data: bytes


HandshakeMessage = (
    ServerHello
    | HelloRetryRequest
    | EncryptedExtensions
    | Certificate
    | CertificateStatus
    | ServerKeyExchange
    | CertificateRequest
    | ServerHelloDone
    | HelloRequest
    | NewSessionTicket
    | CertificateVerify
    | Finished
    | KeyUpdate
    | OtherHandshake
)
Message = HandshakeMessage | ChangeCipherSpec | Alert | Heartbeat | EncryptedRecord | ApplicationData | Ssl2ServerHello | Ssl2Error


def chosen_protocol(extensions: Extensions) -> str | None:
    """The one protocol that an ALPN answer names (RFC 7301 section 3.1); ``None`` where there is none, or not exactly one."""
    data = find(extensions, Extension.ALPN)
    if data is None or len(data) < 4 or len(data) != 2 + (data[0] << 8 | data[1]) or len(data) != 3 + data[2]:
        return None
    return data[3:].decode("latin-1")
