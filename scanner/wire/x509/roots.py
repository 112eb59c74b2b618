"""The roots that a path may end in: the public list that comes with certifi, and those that the organisation adds."""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path as FilePath
from typing import Final

import certifi

from scanner.wire.x509.certificate import Certificate, NotCertificate, parse, subject_of
from scanner.wire.x509.distinguished import Comparable, canonical

LARGEST_FILE = 8 * 1024 * 1024
MOST_ROOTS = 4096
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"


class BadRoots(ValueError):
    """A file of roots cannot be used; the message names the file and says why."""


@dataclass(frozen=True, slots=True)
class Root:
    """A trusted root and who trusts it."""

    certificate: Certificate
    public: bool


class Roots:
    """Trusted roots, found by the name of their subject."""

    __slots__ = ("_found",)

    def __init__(self, public: Iterable[bytes] = (), organisation: Iterable[bytes] = ()) -> None:
        """Take certificates (DER). Raises ``NotCertificate`` for octets that are none."""
        self._found: dict[Comparable | bytes, list[tuple[bytes, bool]]] = {}
        for certificates, is_public in ((public, True), (organisation, False)):
            for der in certificates:
                self._found.setdefault(_key(subject_of(der)), []).append((der, is_public))

    def __len__(self) -> int:
        return sum(map(len, self._found.values()))

    @classmethod
    @cache
    def public(cls) -> Roots:
        """The public list alone. Read once, on first use."""
        return cls(read_file(certifi.where()))

    @classmethod
    def with_file(cls, path: str | FilePath | None) -> Roots:
        """The public list with the organisation's own roots (PEM, or one in DER). Raises ``BadRoots``; ``None`` adds nothing."""
        both = cls()
        both._found = {name: list(roots) for name, roots in cls.public()._found.items()}
        try:
            for der in read_file(path) if path is not None else ():
                both._found.setdefault(_key(subject_of(der)), []).append((der, False))
        except NotCertificate as error:
            raise BadRoots(f"{path}: holds something that is no certificate: {error}") from error
        return both

    def named(self, subject: bytes) -> tuple[Root, ...]:
        """Give the roots with this name (the octets of the subject), the public ones first."""
        return tuple(Root(parse(der), public) for der, public in self._found.get(_key(subject), ()))


def _key(subject: bytes) -> Comparable | bytes:
    """What names are found by: equal for equal names. The octets of one that cannot be read."""
    name = canonical(subject)
    return subject if name is None else name


def read_file(path: str | FilePath) -> tuple[bytes, ...]:
    """Read the certificates of a PEM file, or the one of a DER file, as DER. Raises ``BadRoots``, also where there are none."""
    try:
        with FilePath(path).open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise BadRoots(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > LARGEST_FILE:
        raise BadRoots(f"{path}: more than {LARGEST_FILE} octets")
    if _BEGIN not in data:
        if data[:1] == b"\x30":
            return (data,)
        raise BadRoots(f"{path}: holds no certificate")
    found = []
    for block in data.split(_BEGIN)[1:]:
        written, end, _ = block.partition(_END)
        try:
            found.append(binascii.a2b_base64(b"".join(written.split()), strict_mode=True))
        except binascii.Error as error:
            raise BadRoots(f"{path}: certificate {len(found) + 1} is not base64") from error
        if not end or len(found) > MOST_ROOTS:
            raise BadRoots(f"{path}: certificate {len(found)} has no end, or there are more than {MOST_ROOTS}")
    return tuple(found)
