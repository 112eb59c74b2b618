"""The host key of an SSH server as it stands on the wire, and the strings that all SSH messages are made of. RFC 4253 section 6.6."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from scanner.wire.ssh import NotSsh

LONGEST_KEY = 16_384  # octets of a host key blob; an RSA key of 65,536 bits and a certificate over it fit

_CERTIFICATE = "-cert-v01@openssh.com"
_CURVE_BITS = {"nistp256": 256, "nistp384": 384, "nistp521": 521}


@dataclass(frozen=True, slots=True)
class HostKey:
    """A server's public key: its type (``ssh-rsa`` whatever hash signs with it), length in bits, and fingerprint as OpenSSH writes it."""

    type: str
    bits: int
    fingerprint: str


def read_key(blob: bytes) -> HostKey:
    """Read a public key blob (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709, OpenSSH's certificates). Raises ``NotSsh``."""
    kind, at = take(blob, 0)
    try:
        name = kind.decode("ascii")
    except UnicodeDecodeError as error:
        raise NotSsh("a host key whose type is not ASCII") from error
    if not name.isprintable() or len(name) > 64:
        raise NotSsh("a host key whose type is no name")
    fingerprint = "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")
    plain = name.removesuffix(_CERTIFICATE)
    if plain != name:
        _, at = take(blob, at)  # the nonce; the key's own numbers follow as in the plain form
    return HostKey(name, _bits(plain, blob, at), fingerprint)


def _bits(name: str, blob: bytes, at: int) -> int:
    if name == "ssh-rsa":
        _, at = take(blob, at)
        return _length(take(blob, at)[0])
    if name == "ssh-dss":
        return _length(take(blob, at)[0])
    if name.startswith(("ecdsa-sha2-", "sk-ecdsa-sha2-")):
        return _CURVE_BITS.get(take(blob, at)[0].decode("ascii", "replace"), 0)
    return {"ssh-ed25519": 256, "sk-ssh-ed25519@openssh.com": 256, "ssh-ed448": 456}.get(name, 0)


def _length(number: bytes) -> int:
    return int.from_bytes(number, "big").bit_length()


def take(octets: bytes, at: int) -> tuple[bytes, int]:
    """Read a string (RFC 4251 section 5) and tell where it ends. Raises ``NotSsh``."""
    if at + 4 > len(octets):
        raise NotSsh("a string that ends before its length")
    end = at + 4 + int.from_bytes(octets[at : at + 4], "big")
    if end > len(octets):
        raise NotSsh("a string longer than the message")
    return octets[at + 4 : end], end


def string(octets: bytes) -> bytes:
    """Write a string (RFC 4251 section 5)."""
    return len(octets).to_bytes(4, "big") + octets
