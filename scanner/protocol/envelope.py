"""The signed envelope: one line of JSON around compressed canonical bytes, what sort of thing they are, and who signed them.

The signature is over the bytes before compression, the sort and the key's name, so nothing can be taken for another sort.
What the content means stands in ``report``, ``answer`` and ``enrolment``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.codec import Plain, canonical
from scanner.protocol.keys import KEY_ID, SIGNATURE_LENGTH, PublicKey, SigningKey
from scanner.protocol.refusal import Refusal, Refused

SCHEMA = "tenken-envelope/1"
LARGEST = 1_048_576
"""Octets of an envelope as it travels."""
LARGEST_UNPACKED = 4_194_304
"""Octets of its content; unpacking stops there, so a bomb costs that much memory and no more."""
_KEYS = {"schema", "kind", "key", "payload", "signature"}


@unique
class Sort(StrEnum):
    """What an envelope holds. Plans and facts for zones without a path get sorts of their own."""

    REPORT = "report"
    GAP = "gap"
    RECEIPT = "receipt"
    POLICY = "policy"
    REQUEST = "enrolment-request"
    ENROLMENT = "enrolment"


@dataclass(frozen=True, slots=True)
class Opened:
    """The content of an envelope whose signature was checked."""

    sort: Sort
    key: str
    payload: bytes

    @property
    def digest(self) -> str:
        """The digest of the content, by which later reports refer to it."""
        return digest(self.payload)

    def plain(self) -> Plain:
        """Give the content as JSON values. Raises ``Refused`` where it is no object or is not written canonically (a key twice, spaces)."""
        try:
            plain = json.loads(self.payload)
            same = canonical(plain) == self.payload
        except (ValueError, RecursionError) as error:
            raise Refused(Refusal.NOT_CANONICAL, type(error).__name__) from error
        if not same or not isinstance(plain, dict):
            raise Refused(Refusal.NOT_CANONICAL)
        return plain


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope as it came. Whose it is is only what it claims."""

    sort: Sort
    key: str
    packed: bytes
    signature: bytes

    def open(self, key: PublicKey, most: int = LARGEST_UNPACKED) -> Opened:
        """Unpack and verify. Raises ``Refused`` unless the key signed exactly this."""
        opened = Opened(self.sort, self.key, _unpacked(self.packed, most))
        if key.id != self.key or not key.verifies(self.signature, _signed(self.sort, self.key, opened.payload)):
            raise Refused(Refusal.BAD_SIGNATURE, f"key {self.key}")
        return opened

    def claimed(self, most: int = LARGEST_UNPACKED) -> Opened:
        """Unpack without verifying, for a request that carries its own key, and to look at what one has made oneself."""
        return Opened(self.sort, self.key, _unpacked(self.packed, most))


def digest(payload: bytes) -> str:
    """Give ``sha256:`` and 64 hex digits."""
    return "sha256:" + hashlib.sha256(payload).hexdigest()


def seal(sort: Sort, plain: Plain, key: SigningKey) -> bytes:
    """Make an envelope, one line without its newline. Raises ``Refused`` when it is larger than a receiver takes."""
    payload = canonical(plain)
    if len(payload) > LARGEST_UNPACKED:
        raise Refused(Refusal.TOO_LARGE_UNPACKED, f"{len(payload)} octets; the most is {LARGEST_UNPACKED}")
    line = canonical(
        {
            "schema": SCHEMA,
            "kind": sort.value,
            "key": key.id,
            "payload": base64.b64encode(zlib.compress(payload, 6)).decode(),
            "signature": base64.b64encode(key.sign(_signed(sort, key.id, payload))).decode(),
        }
    )
    if len(line) > LARGEST:
        raise Refused(Refusal.TOO_LARGE, f"{len(line)} octets; the most is {LARGEST}")
    return line


def open_envelope(line: bytes, sorts: Collection[Sort]) -> Envelope:
    """Read an envelope of one of the sorts. Raises ``Refused``. Nothing is unpacked or verified yet."""
    if len(line) > LARGEST:
        raise Refused(Refusal.TOO_LARGE, f"{len(line)} octets; the most is {LARGEST}")
    try:
        plain = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Refused(Refusal.NOT_AN_ENVELOPE, "no JSON") from error
    if not isinstance(plain, dict) or plain.keys() != _KEYS or not all(isinstance(value, str) for value in plain.values()):
        raise Refused(Refusal.NOT_AN_ENVELOPE, f"the fields are {', '.join(sorted(_KEYS))}, each a text")
    if plain["schema"] != SCHEMA or not KEY_ID.match(plain["key"]):
        raise Refused(Refusal.NOT_AN_ENVELOPE, f"no {SCHEMA}, or no key id")
    sort = next((sort for sort in sorts if sort.value == plain["kind"]), None)
    if sort is None:
        raise Refused(Refusal.NOT_AN_ENVELOPE, f"another kind than {', '.join(sorted(sorts))}")
    try:
        packed = base64.b64decode(plain["payload"], validate=True)
        signature = base64.b64decode(plain["signature"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(Refusal.NOT_AN_ENVELOPE, "no base64") from error
    if len(signature) != SIGNATURE_LENGTH:
        raise Refused(Refusal.NOT_AN_ENVELOPE, f"a signature of {len(signature)} octets")
    return Envelope(sort, plain["key"], packed, signature)


def _unpacked(packed: bytes, most: int) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        payload = unpacking.decompress(packed, most + 1)
    except zlib.error as error:
        raise Refused(Refusal.DAMAGED, str(error)) from error
    if len(payload) > most:
        raise Refused(Refusal.TOO_LARGE_UNPACKED, f"more than {most} octets")
    if not unpacking.eof or unpacking.unused_data:
        raise Refused(Refusal.DAMAGED, "it is cut off, or something follows it")
    return payload


def _signed(sort: Sort, key: str, payload: bytes) -> bytes:
    return b"%b\n%b\n%b\n%b" % (SCHEMA.encode(), sort.value.encode(), key.encode(), payload)
