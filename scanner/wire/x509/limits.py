"""Name constraints (RFC 5280 section 4.2.1.10): may an authority certify the names of a server and of the authorities below it."""

from __future__ import annotations

from ipaddress import ip_address

from scanner.wire.x509 import oids
from scanner.wire.x509.certificate import Certificate
from scanner.wire.x509.distinguished import Comparable, canonical
from scanner.wire.x509.extensions import Limits


def outside(limits: Limits, certificate: Certificate) -> str:
    """Give the first name of the certificate that lies outside the limits, or an empty string. An empty subject is no name."""
    for name in certificate.seen.dns_names:
        asked = name.lower().removesuffix(".")
        if any(_below(asked, base) or _may_stand_for(asked, base) for base in limits.no_dns) or (
            limits.dns is not None and not any(_below(asked, base) for base in limits.dns)
        ):
            return name
    for written in certificate.seen.ip_names:
        octets = ip_address(written).packed
        if any(_within(octets, network) for network in limits.no_ip) or (
            limits.ip is not None and not any(_within(octets, network) for network in limits.ip)
        ):
            return written
    if limits.subjects is None and not limits.no_subjects:
        return ""
    own = canonical(certificate.subject)
    if own is None or (own and _another(own, limits)):
        return f"the subject {certificate.seen.subject}"
    return "a directory name" if any(_another(name, limits) for name in certificate.directory_names) else ""


def undecided(limits: Limits, certificate: Certificate) -> str:
    """Say which names of the certificate may lie outside the limits for all that can be seen here, or give an empty string."""
    if oids.SUBJECT_ALT_NAME in certificate.unreadable:
        return "alternative names that cannot all be read"
    kinds = set(certificate.other_names)
    if any(kind == oids.EMAIL_ADDRESS for part in canonical(certificate.subject) or () for kind, _ in part):
        kinds.add("rfc822Name")  # section 4.2.1.10 has such attributes limited too
    return f"names of the kind {min(kinds & limits.others)}" if kinds & limits.others else ""


def _another(name: Comparable, limits: Limits) -> bool:
    return any(_begins(name, base) for base in limits.no_subjects) or (
        limits.subjects is not None and not any(_begins(name, base) for base in limits.subjects)
    )


def _begins(name: Comparable, base: Comparable) -> bool:
    return name[: len(base)] == base


def _below(name: str, base: str) -> bool:
    """Whether the name is the base or below it, below only where the base begins with a dot; the empty base is above all."""
    return not base or name == base or name.endswith(base if base.startswith(".") else f".{base}")


def _may_stand_for(name: str, base: str) -> bool:
    """Whether a name with a wildcard can stand for the base."""
    return name.startswith("*.") and name[2:] == base.partition(".")[2]


def _within(octets: bytes, network: tuple[bytes, bytes]) -> bool:
    base, mask = network
    return len(octets) == len(base) and all(o & m == b & m for o, b, m in zip(octets, base, mask, strict=True))
