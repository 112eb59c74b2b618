"""Ed25519 keys: making, keeping as text, signing, verifying, and the short names by which keys are told apart."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_ID = re.compile(r"ed25519:[0-9a-f]{32}\Z")
PUBLIC_LENGTH = 32
SIGNATURE_LENGTH = 64


class NotAKey(ValueError):
    """The text holds no Ed25519 key."""


class PublicKey:
    """A key to verify with."""

    def __init__(self, raw: bytes) -> None:
        if len(raw) != PUBLIC_LENGTH:
            raise NotAKey(f"a public key has {PUBLIC_LENGTH} octets, not {len(raw)}")
        self.raw = raw
        self.id = "ed25519:" + hashlib.sha256(raw).hexdigest()[:32]
        self._key = Ed25519PublicKey.from_public_bytes(raw)

    @classmethod
    def of_text(cls, text: str) -> PublicKey:
        """Read base64. Raises ``NotAKey``."""
        return cls(_octets(text))

    @property
    def text(self) -> str:
        """The key in base64."""
        return base64.b64encode(self.raw).decode()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Tell whether the signature was made over the message with this key's other half."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """A key to sign with. Nothing prints it; ``secret`` is for the one file that keeps it."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != PUBLIC_LENGTH:
            raise NotAKey(f"a private key has {PUBLIC_LENGTH} octets, not {len(secret)}")
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.public = PublicKey(self._key.public_key().public_bytes_raw())

    @classmethod
    def make(cls) -> SigningKey:
        """Make a new key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def of_text(cls, text: str) -> SigningKey:
        """Read base64. Raises ``NotAKey``."""
        return cls(_octets(text))

    @property
    def secret(self) -> str:
        """The private half in base64."""
        return base64.b64encode(self._key.private_bytes_raw()).decode()

    @property
    def id(self) -> str:
        """The name of the key."""
        return self.public.id

    def sign(self, message: bytes) -> bytes:
        """Sign. Ed25519 is deterministic: the same message gives the same signature."""
        return self._key.sign(message)


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAKey("a key is written in base64") from error
