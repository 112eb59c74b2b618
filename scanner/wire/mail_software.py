"""What the greetings of mail servers tell about the product behind them: its name, its version, the names of machines. Words only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from scanner.wire.addresses import parse_address, special_use

PRODUCTS: Final = (
    "Postfix", "Exim", "Sendmail", "OpenSMTPD", "qmail", "Courier", "Haraka", "Zimbra", "MDaemon", "IceWarp", "hMailServer", "Domino",
    "Microsoft ESMTP MAIL Service", "Microsoft Exchange", "Exchange", "MailEnable", "Kerio", "CommuniGate", "Dovecot", "Pigeonhole",
    "Cyrus", "Stalwart", "Maddy", "James", "Scalix", "GroupWise", "XMail", "Mercury", "SurgeMail", "PowerMTA", "Momentum", "ecelerity",
    "IronPort", "FortiMail", "Barracuda", "Proofpoint", "Symantec", "Trend Micro", "InterScan", "Sophos", "Axigen", "Lotus", "Novell",
    "uw-imap", "Qpopper", "Perdition", "nginx", "timsieved", "Debian", "Ubuntu", "CentOS", "Red Hat", "FreeBSD", "OpenBSD", "Windows",
)  # fmt: skip
"""Names that greetings carry, of mail programs and the systems under them."""

_PRODUCT = re.compile(r"(?<![\w.-])(" + "|".join(sorted(map(re.escape, PRODUCTS), key=len, reverse=True)) + r")(?![\w-]|\.[a-z])", re.I)
_VERSION = re.compile(r"(?<![\w.:@-])(?:v(?:ersion)?[ :]?)?(\d{1,5}(?:\.\d{1,5}){1,4}(?:[-+~_a-z]\w{0,16}){0,4})(?![\w@]|\.\w|:\d)", re.I)
_HOST = re.compile(r"(?<![\w.-])((?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.){1,10}[a-z][a-z0-9-]{0,61}[a-z0-9])(?![\w-])", re.I)
_ENHANCED = re.compile(r"(?:^|(?<=/ ))[245]\.\d{1,3}\.\d{1,3}(?= )")  # RFC 3463, at the beginning of a line
_ADDRESS = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?![\w.])|\[(?:IPv6:)?([0-9a-f:.]{3,45})\]", re.I)

INTERNAL_SUFFIXES: Final = (
    "local", "localdomain", "localhost", "internal", "intranet", "intra", "lan", "corp", "home", "home.arpa", "private", "priv", "test",
    "example", "invalid", "domain", "workgroup", "ad", "office",
)  # fmt: skip
"""Endings that no public name has: reserved ones (RFC 6761, RFC 6762, RFC 8375, ICANN's ``internal``) and ones in wide private use."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a text tells: names of products, version numbers."""

    products: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()


def told(text: str) -> Told:
    """Read product names and versions out of a greeting. Dates, times and addresses are no versions; host names are no products."""
    without = _ADDRESS.sub(" ", _ENHANCED.sub(" ", text))
    without = _HOST.sub(" ", without)
    products = tuple(dict.fromkeys(match[1] for match in _PRODUCT.finditer(without)))
    versions = tuple(dict.fromkeys(match[1] for match in _VERSION.finditer(without)))
    return Told(products, versions)


def internal_names(text: str) -> tuple[str, ...]:
    """Give the names of a greeting that are none of the public DNS, and the addresses that are nobody's public ones."""
    found: dict[str, None] = {}
    for match in _ADDRESS.finditer(text):
        address = match[1] or match[2]
        try:
            special = special_use(parse_address(address))
        except ValueError:
            continue
        if special is not None:
            found[address] = None
    for match in _HOST.finditer(_ADDRESS.sub(" ", text)):
        if is_internal(match[1]):
            found[match[1].lower()] = None
    return tuple(found)


def is_internal(name: str) -> bool:
    """Tell whether a name cannot be one of the public DNS: a single label, or an ending that is not delegated there."""
    lower = name.lower().rstrip(".")
    return "." not in lower or any(lower == suffix or lower.endswith("." + suffix) for suffix in INTERNAL_SUFFIXES)
