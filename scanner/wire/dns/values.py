"""What a DNS message says, as plain values: types, codes, records and the message itself. No parsing, no sockets.

These are named tuples and not dataclasses because a scan of a thousand domains makes hundreds of thousands of them:
a frozen dataclass of this width costs three times as long to make.
"""

from __future__ import annotations

from enum import IntEnum, unique
from typing import NamedTuple

LARGEST_MESSAGE = 65535  # RFC 1035 section 4.2.2: two octets of length


class NotDns(ValueError):
    """The octets are not a DNS message that we accept; the message says which rule is broken and where."""


class BadName(ValueError):
    """The text is not a domain name that can be put on the wire; the message says why."""


@unique
class Type(IntEnum):
    """Record and question types that the program names. Others travel as plain integers."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    PTR = 12
    MX = 15
    TXT = 16
    AAAA = 28
    SRV = 33
    DNAME = 39
    OPT = 41
    DS = 43
    RRSIG = 46
    NSEC = 47
    DNSKEY = 48
    NSEC3 = 50
    NSEC3PARAM = 51
    TLSA = 52
    CDS = 59
    CDNSKEY = 60
    IXFR = 251
    AXFR = 252
    ANY = 255
    CAA = 257


@unique
class Rclass(IntEnum):
    """Classes: Internet, and Chaos for what a server says of itself."""

    IN = 1
    CH = 3


@unique
class Rcode(IntEnum):
    """Response codes; those above 15 need EDNS (RFC 6891 section 6.1.3)."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    YXDOMAIN = 6
    YXRRSET = 7
    NXRRSET = 8
    NOTAUTH = 9
    NOTZONE = 10
    DSOTYPENI = 11
    BADVERS = 16
    BADKEY = 17
    BADTIME = 18
    BADMODE = 19
    BADNAME = 20
    BADALG = 21
    BADTRUNC = 22
    BADCOOKIE = 23


class Mx(NamedTuple):
    """Mail exchanger; ``host`` is ``.`` for a null MX (RFC 7505)."""

    preference: int
    host: str


class Soa(NamedTuple):
    """Start of authority; times in seconds."""

    mname: str
    rname: str
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int


class Ds(NamedTuple):
    """Delegation signer (RFC 4034 section 5), also CDS."""

    key_tag: int
    algorithm: int
    digest_type: int
    digest: bytes


class Dnskey(NamedTuple):
    """Zone key (RFC 4034 section 2), also CDNSKEY."""

    flags: int
    protocol: int
    algorithm: int
    key: bytes

    @property
    def sep(self) -> bool:
        """Whether the secure entry point flag is set: by custom a key-signing key."""
        return bool(self.flags & 0x0001)

    @property
    def revoked(self) -> bool:
        """Whether the key is revoked (RFC 5011 section 7)."""
        return bool(self.flags & 0x0080)

    @property
    def key_tag(self) -> int:
        """The key tag of RFC 4034 appendix B."""
        if self.algorithm == 1:  # appendix B.1: RSA/MD5 takes two octets out of the modulus
            return int.from_bytes(self.key[-3:-1], "big") if len(self.key) >= 3 else 0
        wire = self.flags.to_bytes(2, "big") + bytes((self.protocol, self.algorithm)) + self.key
        total = sum(wire[1::2]) + (sum(wire[::2]) << 8)
        return (total + (total >> 16)) & 0xFFFF

    @property
    def bits(self) -> int | None:
        """Length of the key in bits (RSA and DSA: of the modulus); ``None`` where the key is malformed or its algorithm unknown."""
        match self.algorithm:
            case 1 | 5 | 7 | 8 | 10:
                return self._modulus_bits()
            case 3 | 6:  # RFC 2536 section 2: T, then 64 + 8 T octets of modulus
                return 512 + 64 * self.key[0] if self.key and self.key[0] <= 8 else None
            case 12 | 13:
                return 256 if len(self.key) == 64 else None
            case 14:
                return 384 if len(self.key) == 96 else None
            case 15:
                return 256 if len(self.key) == 32 else None
            case 16:
                return 456 if len(self.key) == 57 else None
            case _:
                return None

    def _modulus_bits(self) -> int | None:
        # RFC 3110 section 2: one octet of exponent length, or a zero and two octets.
        key = self.key
        long_form = len(key) >= 3 and key[0] == 0
        start = 3 + int.from_bytes(key[1:3], "big") if long_form else 1 + key[0] if key else 0
        return int.from_bytes(key[start:], "big").bit_length() or None if start > 1 else None


class Rrsig(NamedTuple):
    """Signature over a set of records (RFC 4034 section 3); times are seconds since 1970 modulo 2**32."""

    covered: int
    algorithm: int
    labels: int
    original_ttl: int
    expiration: int
    inception: int
    key_tag: int
    signer: str
    signature: bytes


class Nsec(NamedTuple):
    """Next name and the types here (RFC 4034 section 4); ``types`` ascending."""

    next: str
    types: tuple[int, ...]


class Nsec3(NamedTuple):
    """Next hashed name and the types here (RFC 5155 section 3)."""

    algorithm: int
    flags: int
    iterations: int
    salt: bytes
    next_hash: bytes
    types: tuple[int, ...]


class Nsec3Param(NamedTuple):
    """Hash parameters of a zone (RFC 5155 section 4)."""

    algorithm: int
    flags: int
    iterations: int
    salt: bytes


class Tlsa(NamedTuple):
    """Certificate association (RFC 6698 section 2.1)."""

    usage: int
    selector: int
    matching: int
    data: bytes


class Caa(NamedTuple):
    """Certification authority authorisation (RFC 8659 section 4.1); ``tag`` in lower case."""

    flags: int
    tag: str
    value: bytes


RData = str | Mx | Soa | Ds | Dnskey | Rrsig | Nsec | Nsec3 | Nsec3Param | Tlsa | Caa | tuple[bytes, ...] | bytes
"""A and AAAA: canonical text. NS, CNAME, PTR, DNAME: a name. TXT: its strings. Types without a form of their own: ``rdata`` again."""


class Record(NamedTuple):
    """One resource record.

    Names are lower case without the final dot, the root is ``.``; octets other than printable ASCII, and those with a
    meaning in zone files, are written ``\\DDD``. ``rdata`` is the wire form with names decompressed (RFC 3597 section 4), case kept.
    """

    name: str
    type: int
    ttl: int
    data: RData
    rdata: bytes
    rclass: int = 1


class Question(NamedTuple):
    """What is asked."""

    name: str
    type: int
    rclass: int


class Edns(NamedTuple):
    """The OPT pseudo-record (RFC 6891 section 6.1); ``options`` are code and octets."""

    size: int
    version: int
    do: bool
    options: tuple[tuple[int, bytes], ...]


class Message(NamedTuple):
    """A whole message. ``rcode`` holds the extended code where EDNS gives one; ``additional`` comes without OPT; ``size`` in octets."""

    id: int
    qr: bool
    opcode: int
    aa: bool
    tc: bool
    rd: bool
    ra: bool
    ad: bool
    cd: bool
    rcode: int
    question: tuple[Question, ...]
    answer: tuple[Record, ...]
    authority: tuple[Record, ...]
    additional: tuple[Record, ...]
    edns: Edns | None
    size: int


_TYPE_NAMES = {int(kind): kind.name for kind in Type}
_RCODE_NAMES = {int(code): code.name for code in Rcode}


def type_name(number: int) -> str:
    """Give the mnemonic of a type, or ``TYPE65280`` (RFC 3597 section 5)."""
    return _TYPE_NAMES.get(number) or f"TYPE{number}"


def rcode_name(number: int) -> str:
    """Give the mnemonic of a response code, or ``RCODE12``."""
    return _RCODE_NAMES.get(number) or f"RCODE{number}"
