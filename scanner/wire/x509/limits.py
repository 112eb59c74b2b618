"""Name constraints (RFC 5280 section 4.2.1.10): may an authority certify the names of a server and of the authorities below it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from scanner.wire.x509 import oids
from scanner.wire.x509.certificate import Certificate
from scanner.wire.x509.distinguished import Comparable, canonical
from scanner.wire.x509.extensions import Limits, Network


def outside(limits: Limits, certificate: Certificate) -> str:
    """Give the first name of the certificate that lies outside the limits, or an empty string. An empty subject is no name."""
    parents = frozenset(base.partition(".")[2] for base in limits.no_dns)
    for name in certificate.seen.dns_names:
        asked = name.lower().removesuffix(".")
        may_stand_for_one = asked.startswith("*.") and asked[2:] in parents
        if may_stand_for_one or _below(asked, limits.no_dns) or (limits.dns is not None and not _below(asked, limits.dns)):
            return name
    for written in certificate.seen.ip_names:
        address = ip_address(written)
        if _within(address, limits.no_ip) or (limits.ip is not None and not _within(address, limits.ip)):
            return written
    if limits.subjects is None and not limits.no_subjects:
        return ""
    own = canonical(certificate.subject)
    if own is None or (own and _forbidden(own, limits)):
        return f"the subject {certificate.seen.subject}"
    return "a directory name" if any(_forbidden(name, limits) for name in certificate.directory_names) else ""


def undecided(limits: Limits, certificate: Certificate) -> str:
    """Say which names of the certificate may lie outside the limits for all that can be seen here, or give an empty string."""
    if oids.SUBJECT_ALT_NAME in certificate.unreadable:
        return "alternative names that cannot all be read"
    kinds = set(certificate.other_names)
    if any(kind == oids.EMAIL_ADDRESS for part in canonical(certificate.subject) or () for kind, _ in part):
        kinds.add("rfc822Name")  # section 4.2.1.10 has such attributes limited too
    return f"names of the kind {min(kinds & limits.others)}" if kinds & limits.others else ""


def _forbidden(name: Comparable, limits: Limits) -> bool:
    return _begins(name, limits.no_subjects) or (limits.subjects is not None and not _begins(name, limits.subjects))


def _begins(name: Comparable, bases: frozenset[Comparable]) -> bool:
    return any(name[:parts] in bases for parts in range(len(name) + 1))


def _below(name: str, bases: frozenset[str]) -> bool:
    """Whether a base is the name or above it; one that begins with a dot is only above names, the empty one is above all.

    Each ending of the name is looked up: both lists may be long, and are a stranger's.
    """
    if "" in bases or name in bases:
        return True
    dot = name.find(".")
    while dot >= 0:
        if name[dot:] in bases or name[dot + 1 :] in bases:
            return True
        dot = name.find(".", dot + 1)
    return False


def _within(address: IPv4Address | IPv6Address, networks: frozenset[Network]) -> bool:
    octets, value = len(address.packed), int(address)
    return any(length == octets and (value ^ base) & mask == 0 for length, base, mask in networks)
