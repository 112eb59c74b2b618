"""DKIM key records: what a TXT record at ``<selector>._domainkey.<domain>`` says, RFC 6376 section 3.6.1, RFC 8301 and RFC 8463.

Signatures on messages and the search for selectors are not here. Whether a length is enough is for a check to say.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.wire.der import NotDer, RsaNumbers, bit_length, read_rsa_key
from scanner.wire.tags import DKIM_LIST, Tag, TagFlaw, read_tags
from scanner.wire.txt import Problem, Selection, choose, excerpt

RSA_LEAST_BITS = 1024
"""Verifiers must not accept shorter keys, RFC 8301 section 3.2; 2048 is advised."""
ED25519_OCTETS = 32
MAX_KEY_BITS = 16384
"""A longer modulus is called a problem: no verifier is known to take it, and it would only burn time."""
MAX_WORDS = 32
"""Words of h=, s= and t= that are read."""
LARGEST_EXPONENT_BITS = 64
"""A larger exponent is not given as a number: it may have thousands of digits."""


class NotDkim(ValueError):
    """The record is no DKIM key: it begins with another ``v=``, or has neither ``v=DKIM1`` nor ``p=``."""


@unique
class KeyType(StrEnum):
    """The key types that verifiers know."""

    RSA = "rsa"
    ED25519 = "ed25519"


@unique
class DkimFlaw(StrEnum):
    """What can be odd about the tags of a key record."""

    V_NOT_FIRST = "v-not-first"
    P_MISSING = "p-missing"
    P_BASE64 = "p-base64"
    P_PADDING = "p-padding"  # final "=" missing; the grammar allows it, some verifiers do not
    K_UNKNOWN = "k-unknown"
    WORD_CASE = "word-case"  # capitals in k, h, s or t: the grammar ignores case, section 3.2 does not, verifiers differ
    KEY_STRUCTURE = "key-structure"  # not an RSA key in DER
    KEY_UNWRAPPED = "key-unwrapped"  # bare RSAPublicKey: the letter of RFC 6376, but see erratum 3017 and practice
    KEY_TOO_LARGE = "key-too-large"
    KEY_NUMBERS = "key-numbers"  # even modulus, or an exponent that is 1, even or not below the modulus
    EXPONENT_LARGE = "exponent-large"  # more than LARGEST_EXPONENT_BITS; some libraries refuse it
    ED25519_LENGTH = "ed25519-length"  # p is not 32 octets; often the key wrapped in DER
    H_EMPTY = "h-empty"
    H_UNKNOWN = "h-unknown"  # a hash that verifiers pass over
    H_SHA1 = "h-sha1"  # allowed beside sha256, but nobody may use it (RFC 8301 section 3.1)
    H_NO_SHA256 = "h-no-sha256"  # nothing left to sign with
    S_UNKNOWN = "s-unknown"
    S_NOT_EMAIL = "s-not-email"  # the key is not for mail
    S_REPORTS = "s-reports"  # nor this one: it signs reports about TLS alone (RFC 8460 section 3)
    T_UNKNOWN = "t-unknown"
    TOO_MANY_WORDS = "too-many-words"
    HISTORIC_TAG = "historic-tag"  # g=, of RFC 4871 only
    UNKNOWN_TAG = "unknown-tag"


DkimProblem = Problem[TagFlaw] | Problem[DkimFlaw]

# With one of these no verifier that follows the texts makes use of the key.
_FATAL: frozenset[TagFlaw | DkimFlaw] = frozenset(
    {
        TagFlaw.REPEATED_TAG,  # RFC 6376 section 3.2: the whole list is invalid
        TagFlaw.TOO_LONG,
        TagFlaw.TOO_MANY_TAGS,
        DkimFlaw.P_MISSING,
        DkimFlaw.P_BASE64,
        DkimFlaw.K_UNKNOWN,
        DkimFlaw.KEY_STRUCTURE,
        DkimFlaw.KEY_TOO_LARGE,
        DkimFlaw.KEY_NUMBERS,
        DkimFlaw.ED25519_LENGTH,
        DkimFlaw.H_NO_SHA256,
        DkimFlaw.S_NOT_EMAIL,
        DkimFlaw.S_REPORTS,
    }
)
_KNOWN_TAGS = frozenset({"v", "h", "k", "n", "p", "s", "t"})
_HASHES = frozenset({"sha1", "sha256"})
_FOR_MAIL = frozenset({"*", "email"})
_REPORTS = "tlsrpt"
_SERVICES = _FOR_MAIL | {_REPORTS}
_FLAGS = frozenset({"y", "s"})
_KEY_TYPES = {str(kind): kind for kind in KeyType}
_WHITE = b" \t\r\n"
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]")
_HAS_VERSION = re.compile(rb";[ \t\r\n]*v[ \t\r\n]*=[ \t\r\n]*DKIM1[ \t\r\n]*(?:;|\Z)")
_HAS_KEY = re.compile(rb"(?:\A|;)[ \t\r\n]*p[ \t\r\n]*=")
_NEAR = re.compile(rb"dkim|k\s{0,4}=\s{0,4}(?:rsa|ed25519)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A key record as published.

    ``algorithm`` is ``None`` for a key type nobody knows (``key_type`` has its text). ``bits`` is the length of the RSA modulus, 256 for
    ed25519, ``None`` where no key could be read. ``exponent`` is ``None`` for other keys and for one beyond ``LARGEST_EXPONENT_BITS``.
    ``hashes`` is ``None`` when all are allowed. ``key`` is the decoded public key, also where it is odd.
    """

    key_type: str
    algorithm: KeyType | None
    bits: int | None
    exponent: int | None
    revoked: bool
    testing: bool
    strict: bool
    hashes: tuple[str, ...] | None
    services: tuple[str, ...]
    flags: tuple[str, ...]
    notes: str
    key: bytes
    unknown: tuple[Tag, ...]
    problems: tuple[DkimProblem, ...]

    @property
    def usable(self) -> bool:
        """Whether a verifier can check mail with this key, whatever its length: not revoked and nothing fatal about it."""
        return not self.revoked and not any(problem.kind in _FATAL for problem in self.problems)

    @property
    def accepted(self) -> bool:
        """Whether verifiers take it: usable, and no shorter than RFC 8301 section 3.2 has them accept."""
        return self.usable and (self.algorithm is not KeyType.RSA or (self.bits or 0) >= RSA_LEAST_BITS)


def is_key(record: bytes) -> bool:
    """Tell whether a record passes for a DKIM key: ``v=DKIM1``, or no leading ``v`` and a ``p`` tag (RFC 6376 section 3.6.1, tag v)."""
    name, _, value = record.partition(b";")[0].partition(b"=")
    if name.strip(_WHITE) == b"v":
        return value.strip(_WHITE) == b"DKIM1"
    return _HAS_KEY.search(record) is not None or _HAS_VERSION.search(record) is not None


def select(records: Iterable[bytes]) -> Selection:
    """Choose among all TXT records at a selector; with several keys the result is undefined (RFC 6376 section 3.6.2.2)."""
    return choose(records, is_key, _NEAR)


def parse(record: bytes) -> DkimKey:
    """Take one key record whose strings are joined. Raises ``NotDkim``; every other oddity is a problem."""
    if not is_key(record):
        raise NotDkim(f"neither v=DKIM1 nor a p tag in {excerpt(record, 40)}")
    listed = read_tags(record, DKIM_LIST)
    problems: list[DkimProblem] = list(listed.problems)
    values = listed.values()
    if "v" in values and listed.tags[0].name != "v":
        problems.append(Problem(DkimFlaw.V_NOT_FIRST, "v", excerpt(values["v"])))

    key_type = values.get("k", "rsa")
    algorithm = _KEY_TYPES.get(key_type.lower())
    if algorithm is None:
        problems.append(Problem(DkimFlaw.K_UNKNOWN, "k", excerpt(key_type)))
    elif key_type != algorithm:
        problems.append(Problem(DkimFlaw.WORD_CASE, "k", excerpt(key_type)))

    revoked = values.get("p") == ""
    key = b""
    if "p" not in values:
        problems.append(Problem(DkimFlaw.P_MISSING, "p"))
    elif not revoked:
        key = _decoded(values["p"], problems)
    bits, exponent = _measured(key, algorithm, problems) if key else (None, None)

    hashes = _hashes(values.get("h"), problems)
    services = _words(values.get("s", "*"), "s", _SERVICES, DkimFlaw.S_UNKNOWN, problems)
    if _FOR_MAIL.isdisjoint(services):
        problems.append(Problem(DkimFlaw.S_REPORTS if _REPORTS in services else DkimFlaw.S_NOT_EMAIL, "s", excerpt(values["s"])))
    flags = _words(values["t"], "t", _FLAGS, DkimFlaw.T_UNKNOWN, problems) if values.get("t") else ()
    unknown: tuple[Tag, ...] = ()
    if not _KNOWN_TAGS.issuperset(values):
        unknown = tuple(Tag(name, value) for name, value in values.items() if name not in _KNOWN_TAGS)
        for tag in unknown:
            kind = DkimFlaw.HISTORIC_TAG if tag.name == "g" else DkimFlaw.UNKNOWN_TAG
            problems.append(Problem(kind, excerpt(tag.name, 32), excerpt(tag.value)))
    return DkimKey(
        key_type,
        algorithm,
        bits,
        exponent,
        revoked,
        "y" in flags,
        "s" in flags,
        hashes,
        services,
        flags,
        excerpt(values.get("n", "")),
        key,
        unknown,
        tuple(problems),
    )


def _decoded(text: str, problems: list[DkimProblem]) -> bytes:
    """The octets of a base64 value, white space anywhere; empty with a problem when it is not base64 (RFC 6376 section 2.10)."""
    bare = text.encode("latin-1").translate(None, _WHITE)
    missing = -len(bare) % 4
    try:
        octets = binascii.a2b_base64(bare + b"=" * missing, strict_mode=True)
    except binascii.Error:
        stray = _NOT_BASE64.search(bare)
        at = stray.start() if stray else len(bare)
        problems.append(Problem(DkimFlaw.P_BASE64, "p", excerpt(bare[max(0, at - 16) : at + 16])))
        return b""
    if missing:
        problems.append(Problem(DkimFlaw.P_PADDING, "p", excerpt(bare[-16:])))
    return octets


def _measured(key: bytes, algorithm: KeyType | None, problems: list[DkimProblem]) -> tuple[int | None, int | None]:
    """The bits and the exponent of a key."""
    if algorithm is KeyType.ED25519:
        if len(key) != ED25519_OCTETS:
            problems.append(Problem(DkimFlaw.ED25519_LENGTH, "p", f"{len(key)} octets"))
            return None, None
        return 8 * ED25519_OCTETS, None
    if algorithm is None:
        return None, None
    try:
        numbers = read_rsa_key(key)
    except NotDer as error:
        problems.append(Problem(DkimFlaw.KEY_STRUCTURE, "p", str(error)))
        return None, None
    if not numbers.wrapped:
        problems.append(Problem(DkimFlaw.KEY_UNWRAPPED, "p"))
    bits = bit_length(numbers.modulus)
    if bits > MAX_KEY_BITS:
        problems.append(Problem(DkimFlaw.KEY_TOO_LARGE, "p", f"{bits} bits"))
    if oddity := _odd_numbers(numbers):
        problems.append(Problem(DkimFlaw.KEY_NUMBERS, "p", oddity))
    if (exponent_bits := bit_length(numbers.exponent)) > LARGEST_EXPONENT_BITS:
        problems.append(Problem(DkimFlaw.EXPONENT_LARGE, "p", f"{exponent_bits} bits"))
        return bits, None
    return bits, int.from_bytes(numbers.exponent)


def _odd_numbers(numbers: RsaNumbers) -> str:
    """Why these cannot be the numbers of an RSA key; empty if they can. Primes are not looked for (RFC 8017 section 3.1)."""
    modulus, exponent = numbers.modulus, numbers.exponent
    if not modulus[-1] & 1:
        return "even modulus"
    if not exponent[-1] & 1:
        return "even exponent"
    if exponent == b"\x01":
        return "exponent 1"
    if (len(exponent), exponent) >= (len(modulus), modulus):
        return "exponent not below the modulus"
    return ""


def _hashes(text: str | None, problems: list[DkimProblem]) -> tuple[str, ...] | None:
    """The hashes of an h tag that verifiers know; ``None`` when there is no h tag and so all are allowed."""
    if text is None:
        return None
    if not text:
        problems.append(Problem(DkimFlaw.H_EMPTY, "h"))
    hashes = _words(text, "h", _HASHES, DkimFlaw.H_UNKNOWN, problems) if text else ()
    if "sha1" in hashes:
        problems.append(Problem(DkimFlaw.H_SHA1, "h", excerpt(text)))
    if "sha256" not in hashes:
        problems.append(Problem(DkimFlaw.H_NO_SHA256, "h", excerpt(text)))
    return hashes


def _words(text: str, tag: str, known: frozenset[str], flaw: DkimFlaw, problems: list[DkimProblem]) -> tuple[str, ...]:
    """The known words of a colon-separated list, each once; unknown ones are passed over, as verifiers must, and told."""
    words = text.split(":", MAX_WORDS)
    if len(words) > MAX_WORDS:
        problems.append(Problem(DkimFlaw.TOO_MANY_WORDS, tag, excerpt(words.pop())))
    kept: dict[str, None] = {}
    for word in words:
        bare = word.strip(" \t")
        plain = bare.lower()
        if plain not in known:
            problems.append(Problem(flaw, tag, excerpt(bare)))
            continue
        kept[plain] = None
        if plain != bare:
            problems.append(Problem(DkimFlaw.WORD_CASE, tag, excerpt(bare)))
    return tuple(kept)
