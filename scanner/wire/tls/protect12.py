"""Keys and record protection of TLS 1.0 to 1.2: the PRF, CBC with HMAC, GCM, CCM, ChaCha20, stream and no cipher. No handshake."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from scanner.wire.tls.hello import record
from scanner.wire.tls.names import TLS11, TLS12, NotTls
from scanner.wire.tls.shares import CannotCompute
from scanner.wire.tls.suites import Suite

if TYPE_CHECKING:  # loaded for the suites that need them: most servers take one of the AEAD suites above
    from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm, CipherContext, modes

_KEYS: Final = {"3DES_EDE": 24, "DES": 8, "SEED": 16, "RC4_128": 16, "CHACHA20_POLY1305": 32, "NULL": 0}
_KEYS_BY_SIZE: Final = {f"{cipher}_{bits}": bits // 8 for cipher in ("AES", "CAMELLIA") for bits in (128, 256)}
_SIZES: Final = _KEYS | _KEYS_BY_SIZE
_MACS: Final = {"MD5": 16, "SHA1": 20, "SHA256": 32, "SHA384": 48}


def prf(version: int, suite: Suite, secret: bytes, label: str, seed: bytes, *, length: int) -> bytes:
    """The pseudo-random function: RFC 5246 section 5, or RFC 2246 section 5 with MD5 and SHA-1 for the versions before."""
    seed = label.encode("ascii") + seed
    if version >= TLS12:
        return _spread(suite.prf.lower(), secret, seed, length)
    half = (len(secret) + 1) // 2
    first = _spread("md5", secret[:half], seed, length)
    second = _spread("sha1", secret[len(secret) - half :], seed, length)
    return bytes(a ^ b for a, b in zip(first, second, strict=True))


def transcript_hash(version: int, suite: Suite, transcript: bytes) -> bytes:
    """What Finished and the extended master secret take of the handshake messages."""
    if version >= TLS12:
        return hashlib.new(suite.prf.lower(), transcript).digest()
    return hashlib.md5(transcript, usedforsecurity=False).digest() + hashlib.sha1(transcript, usedforsecurity=False).digest()


def _spread(hash_: str, secret: bytes, seed: bytes, length: int) -> bytes:
    out = b""
    a = seed
    while len(out) < length:
        a = hmac.digest(secret, a, hash_)
        out += hmac.digest(secret, a + seed, hash_)
    return out[:length]


class Protection(Protocol):
    """One direction of a connection."""

    def seal(self, type_: int, payload: bytes) -> bytes:
        """One record, header included."""
        ...

    def open(self, type_: int, version: int, payload: bytes) -> tuple[int, bytes]:
        """The content type and the plaintext. Raises ``NotTls`` where the record was not made with these keys."""
        ...


@dataclass(frozen=True, slots=True)
class Pair:
    """The protection of both directions."""

    client: Protection
    server: Protection


def can_protect(suite: Suite) -> bool:
    """Whether records of this suite can be made and read here: no ARIA, GOST, IDEA, RC2, no export keys."""
    return suite.cipher in _SIZES and not suite.export and (suite.aead or suite.mac in _MACS) and suite.prf in ("SHA256", "SHA384")


def protection(version: int, suite: Suite, master: bytes, randoms: bytes, *, etm: bool, entropy: bytes) -> Pair:
    """The keys of both directions. ``randoms`` is the server's random followed by the client's; ``entropy`` feeds the explicit vectors.

    Raises ``CannotCompute`` for a suite that ``can_protect`` denies.
    """
    if not can_protect(suite):
        raise CannotCompute(f"no records of {suite.name}")
    mac = 0 if suite.aead else _MACS[suite.mac]
    key = _SIZES[suite.cipher]
    block = 8 if suite.block_64 else 16
    iv = (12 if suite.mode == "POLY1305" else 4) if suite.aead else block if suite.mode == "CBC" else 0
    material = prf(version, suite, master, "key expansion", randoms, length=2 * (mac + key + iv))
    cuts = []
    for size in (mac, mac, key, key, iv, iv):
        cuts.append(material[:size])
        material = material[size:]

    def one(side: int) -> Protection:
        if suite.aead:
            return _Sealed(version, suite, cuts[2 + side], cuts[4 + side])
        if suite.mode == "CBC":
            return _Chained(version, suite, cuts[side], cuts[2 + side], cuts[4 + side], etm, entropy)
        return _Streamed(version, suite, cuts[side], cuts[2 + side])

    try:
        return Pair(one(0), one(1))
    except UnsupportedAlgorithm:
        raise CannotCompute(f"this build of cryptography has no {suite.cipher}") from None


def _spoilt(payload: bytes) -> NotTls:
    return NotTls(f"a record of {len(payload)} octets that was not made with the keys of this handshake")


class _Sealed:
    """AEAD (RFC 5288, RFC 6655, RFC 7905)."""

    def __init__(self, version: int, suite: Suite, key: bytes, salt: bytes) -> None:
        self._version = version
        self._salt = salt
        self._sequence = 0
        self._tag = 8 if suite.mode == "CCM_8" else 16
        self._explicit = suite.mode != "POLY1305"
        self._aead: AESGCM | AESCCM | ChaCha20Poly1305
        if suite.mode == "POLY1305":
            self._aead = ChaCha20Poly1305(key)
        elif suite.mode == "GCM" and suite.cipher.startswith("AES"):
            self._aead = AESGCM(key)
        elif suite.mode in ("CCM", "CCM_8"):
            self._aead = AESCCM(key, tag_length=self._tag)
        else:
            raise CannotCompute(f"no records of {suite.name}")

    def _head(self, type_: int, length: int) -> tuple[bytes, bytes]:
        sequence = self._sequence.to_bytes(8, "big")
        self._sequence += 1
        return sequence, sequence + bytes((type_,)) + self._version.to_bytes(2, "big") + length.to_bytes(2, "big")

    def _nonce(self, explicit: bytes) -> bytes:
        if self._explicit:
            return self._salt + explicit
        return (int.from_bytes(self._salt, "big") ^ int.from_bytes(explicit, "big")).to_bytes(12, "big")

    def seal(self, type_: int, payload: bytes) -> bytes:
        sequence, head = self._head(type_, len(payload))
        sealed = self._aead.encrypt(self._nonce(sequence), payload, head)
        return record(type_, self._version, (sequence if self._explicit else b"") + sealed)

    def open(self, type_: int, version: int, payload: bytes) -> tuple[int, bytes]:
        body = payload[8:] if self._explicit else payload
        length = len(body) - self._tag
        if length < 0 or (self._explicit and len(payload) < 8):
            raise _spoilt(payload)
        sequence, head = self._head(type_, length)
        try:
            plain = self._aead.decrypt(self._nonce(payload[:8] if self._explicit else sequence), body, head)
        except (InvalidTag, ValueError):
            raise _spoilt(payload) from None
        return type_, plain


class _Macked:
    """What suites with a MAC of their own share: the sequence number and the HMAC (RFC 5246 section 6.2.3.1)."""

    def __init__(self, version: int, suite: Suite, mac_key: bytes) -> None:
        self._version = version
        self._mac_key = mac_key
        self._hash = suite.mac.lower()
        self._mac_size = _MACS[suite.mac]
        self._sequence = 0

    def _mac(self, type_: int, data: bytes) -> bytes:
        head = self._sequence.to_bytes(8, "big") + bytes((type_,)) + self._version.to_bytes(2, "big") + len(data).to_bytes(2, "big")
        self._sequence += 1
        return hmac.digest(self._mac_key, head + data, self._hash)


class _Streamed(_Macked):
    """RC4, or no cipher at all."""

    def __init__(self, version: int, suite: Suite, mac_key: bytes, key: bytes) -> None:
        super().__init__(version, suite, mac_key)
        self._stream: CipherContext | None = None
        if key:
            from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
            from cryptography.hazmat.primitives.ciphers import Cipher

            # One context serves one direction, and a stream cipher is its own inverse.
            self._stream = Cipher(ARC4(key), mode=None).encryptor()

    def _run(self, data: bytes) -> bytes:
        return self._stream.update(data) if self._stream is not None else data

    def seal(self, type_: int, payload: bytes) -> bytes:
        return record(type_, self._version, self._run(payload + self._mac(type_, payload)))

    def open(self, type_: int, version: int, payload: bytes) -> tuple[int, bytes]:
        data = self._run(payload)
        plain, mac = data[: -self._mac_size], data[-self._mac_size :]
        if not hmac.compare_digest(mac, self._mac(type_, plain)):
            raise _spoilt(payload)
        return type_, plain


class _Chained(_Macked):
    """CBC with HMAC, in either order (RFC 5246 section 6.2.3.2, RFC 7366); before TLS 1.1 the last block is the next vector."""

    def __init__(self, version: int, suite: Suite, mac_key: bytes, key: bytes, iv: bytes, etm: bool, entropy: bytes) -> None:  # noqa: PLR0917  private
        super().__init__(version, suite, mac_key)
        self._algorithm = _block_cipher(suite, key)
        self._block = len(iv)
        self._iv = iv
        self._etm = etm
        self._entropy = entropy

    def seal(self, type_: int, payload: bytes) -> bytes:
        vector = self._iv
        if self._version >= TLS11:
            vector = hashlib.shake_256(b"tenken vector" + self._entropy + self._mac_key + self._sequence.to_bytes(8, "big")).digest(
                self._block
            )
        plain = payload if self._etm else payload + self._mac(type_, payload)
        pad = self._block - 1 - len(plain) % self._block
        encryptor = _chain(self._algorithm, vector).encryptor()
        body = encryptor.update(plain + bytes((pad,)) * (pad + 1)) + encryptor.finalize()
        self._iv = body[-self._block :]
        if self._version >= TLS11:
            body = vector + body
        if self._etm:
            body += self._mac(type_, body)
        return record(type_, self._version, body)

    def open(self, type_: int, version: int, payload: bytes) -> tuple[int, bytes]:
        body = payload
        if self._etm:
            body, mac = payload[: -self._mac_size], payload[-self._mac_size :]
            if not hmac.compare_digest(mac, self._mac(type_, body)):
                raise _spoilt(payload)
        vector = self._iv
        if self._version >= TLS11:
            vector, body = body[: self._block], body[self._block :]
        if not body or len(body) % self._block or len(vector) != self._block:
            raise _spoilt(payload)
        decryptor = _chain(self._algorithm, vector).decryptor()
        plain = decryptor.update(body) + decryptor.finalize()
        self._iv = body[-self._block :]
        pad = plain[-1]
        # Nobody can learn from how long this takes: the keys are ours, and used once.
        if pad + 1 > len(plain) or plain[-pad - 1 :] != bytes((pad,)) * (pad + 1):
            raise _spoilt(payload)
        plain = plain[: -pad - 1]
        if self._etm:
            return type_, plain
        plain, mac = plain[: -self._mac_size], plain[-self._mac_size :]
        if not hmac.compare_digest(mac, self._mac(type_, plain)):
            raise _spoilt(payload)
        return type_, plain


def _chain(algorithm: CipherAlgorithm, vector: bytes) -> Cipher[modes.CBC]:
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    return Cipher(algorithm, modes.CBC(vector))


def _block_cipher(suite: Suite, key: bytes) -> CipherAlgorithm:
    from cryptography.hazmat.decrepit.ciphers.algorithms import SEED, Camellia, TripleDES
    from cryptography.hazmat.primitives.ciphers.algorithms import AES

    if suite.cipher.startswith("AES"):
        return AES(key)
    if suite.cipher.startswith("CAMELLIA"):
        return Camellia(key)
    if suite.cipher == "SEED":
        return SEED(key)
    return TripleDES(key if len(key) == 24 else key * 3)
