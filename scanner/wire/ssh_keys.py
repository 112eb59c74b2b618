"""How a server shows a host key: a KEXINIT of ours that leaves it no choice, the first message of the exchange, and the key in its reply.

RFC 4253 sections 6.6, 7.1 and 8, RFC 5656 section 4, RFC 8731. The exchange is never finished: no secret is agreed and nothing is
proven about who holds the key. Its type and length is all that is wanted.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scanner.wire.ssh import MSG_KEXINIT, KexInit, NotSsh

MSG_KEX_INIT = 30  # KEXDH_INIT, KEX_ECDH_INIT
MSG_KEX_REPLY = 31
LONGEST_KEY = 16_384  # octets of a host key blob; an RSA key of 65,536 bits and a certificate over it fit

_EC: dict[str, ec.EllipticCurve] = {
    "ecdh-sha2-nistp256": ec.SECP256R1(),
    "ecdh-sha2-nistp384": ec.SECP384R1(),
    "ecdh-sha2-nistp521": ec.SECP521R1(),
}
_X25519 = ("curve25519-sha256", "curve25519-sha256@libssh.org")
_FINITE = {  # octets of the prime
    "diffie-hellman-group14-sha256": 256,
    "diffie-hellman-group14-sha1": 256,
    "diffie-hellman-group16-sha512": 512,
    "diffie-hellman-group15-sha512": 384,
    "diffie-hellman-group18-sha512": 1024,
    "diffie-hellman-group1-sha1": 128,
}
METHODS = (*_X25519, *_EC, *_FINITE)
"""Methods of key exchange that can be begun here, the cheapest for the server first."""
GROUP_EXCHANGE = ("diffie-hellman-group-exchange-sha256", "diffie-hellman-group-exchange-sha1")
"""Methods in which the server chooses the prime (RFC 4419)."""
MSG_GEX_GROUP = 31
MSG_GEX_REQUEST = 34
LARGEST_PRIME = 16_384  # bits

_CERTIFICATE = "-cert-v01@openssh.com"
_CURVE_BITS = {"nistp256": 256, "nistp384": 384, "nistp521": 521}


@dataclass(frozen=True, slots=True)
class HostKey:
    """A server's public key: its type (``ssh-rsa`` whatever hash signs with it), length in bits, and fingerprint as OpenSSH writes it."""

    type: str
    bits: int
    fingerprint: str


def packet(payload: bytes) -> bytes:
    """Frame a payload as long as nothing is encrypted (RFC 4253 section 6). The padding is zeros: there is nothing to hide yet."""
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return (1 + len(payload) + padding).to_bytes(4, "big") + bytes([padding]) + payload + bytes(padding)


def our_kexinit(server: KexInit, method: str, host_key: str, cookie: bytes) -> bytes:
    """Offer one method and one host key algorithm, and of the rest what the server itself named, so that nothing else can fail."""
    lists = (
        (method,),
        (host_key,),
        server.ciphers_in,
        server.ciphers_out,
        server.macs_in,
        server.macs_out,
        server.compression_in,
        server.compression_out,
        (),
        (),
    )
    return bytes([MSG_KEXINIT]) + cookie + b"".join(_string(",".join(names).encode("ascii")) for names in lists) + bytes(5)


def first_message(method: str, random: bytes) -> bytes:
    """Begin the exchange of one of ``METHODS``. ``random`` are 32 octets, a public value of X25519 as good as any other."""
    if method in _X25519:
        return bytes([MSG_KEX_INIT]) + _string(random)
    if method in _EC:
        public = ec.generate_private_key(_EC[method]).public_key()
        return bytes([MSG_KEX_INIT]) + _string(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    return bytes([MSG_KEX_INIT]) + _mpint(_public_value(random, _FINITE[method]))


def group_request(smallest: int, wanted: int, largest: int) -> bytes:
    """Ask for a prime of so many bits (RFC 4419 section 3)."""
    return bytes([MSG_GEX_REQUEST]) + b"".join(bits.to_bytes(4, "big") for bits in (smallest, wanted, largest))


def prime_bits(payload: bytes) -> int:
    """Read the length of the prime that a server gives for a group exchange. Raises ``NotSsh``."""
    if not payload or payload[0] != MSG_GEX_GROUP:
        raise NotSsh(f"message {payload[0] if payload else 'nothing'} where the group belongs")
    bits = _length(_take(payload, 1)[0])
    if not 0 < bits <= LARGEST_PRIME:
        raise NotSsh(f"a prime of {bits} bits")
    return bits


def host_key_of(payload: bytes) -> HostKey:
    """Read the host key out of the reply (its first field in every method). Raises ``NotSsh``."""
    if not payload or payload[0] != MSG_KEX_REPLY:
        raise NotSsh(f"message {payload[0] if payload else 'nothing'} where the reply of the key exchange belongs")
    blob, _ = _take(payload, 1)
    if len(blob) > LONGEST_KEY:
        raise NotSsh(f"a host key of {len(blob)} octets")
    return read_key(blob)


def read_key(blob: bytes) -> HostKey:
    """Read a public key blob (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709, OpenSSH's certificates). Raises ``NotSsh``."""
    kind, at = _take(blob, 0)
    try:
        name = kind.decode("ascii")
    except UnicodeDecodeError as error:
        raise NotSsh("a host key whose type is not ASCII") from error
    if not name.isprintable() or len(name) > 64:
        raise NotSsh("a host key whose type is no name")
    fingerprint = "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")
    plain = name.removesuffix(_CERTIFICATE)
    if plain != name:
        _, at = _take(blob, at)  # the nonce; the key's own numbers follow as in the plain form
    return HostKey(name, _bits(plain, blob, at), fingerprint)


def _bits(name: str, blob: bytes, at: int) -> int:
    if name == "ssh-rsa":
        _, at = _take(blob, at)
        return _length(_take(blob, at)[0])
    if name == "ssh-dss":
        return _length(_take(blob, at)[0])
    if name.startswith(("ecdsa-sha2-", "sk-ecdsa-sha2-")):
        return _CURVE_BITS.get(_take(blob, at)[0].decode("ascii", "replace"), 0)
    return {"ssh-ed25519": 256, "sk-ssh-ed25519@openssh.com": 256, "ssh-ed448": 456}.get(name, 0)


def _public_value(random: bytes, octets: int) -> int:
    """A number below every prime of that length and above the small ones that servers refuse."""
    return int.from_bytes(b"\x40" + hashlib.shake_256(random).digest(octets - 2), "big")


def _length(number: bytes) -> int:
    return int.from_bytes(number, "big").bit_length()


def _take(octets: bytes, at: int) -> tuple[bytes, int]:
    if at + 4 > len(octets):
        raise NotSsh("a string that ends before its length")
    end = at + 4 + int.from_bytes(octets[at : at + 4], "big")
    if end > len(octets):
        raise NotSsh("a string longer than the message")
    return octets[at + 4 : end], end


def _string(octets: bytes) -> bytes:
    return len(octets).to_bytes(4, "big") + octets


def _mpint(number: int) -> bytes:
    return _string(number.to_bytes(number.bit_length() // 8 + 1, "big"))
