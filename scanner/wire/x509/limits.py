"""Name constraints (RFC 5280 section 4.2.1.10): may an authority certify the names of a server, and the subjects of those below it."""

from __future__ import annotations

from ipaddress import ip_address

from scanner.facts.tls import CertificateSeen
from scanner.wire.der import NotDer
from scanner.wire.x509.asn1 import SEQUENCE, Cursor
from scanner.wire.x509.distinguished import Comparable, comparable
from scanner.wire.x509.extensions import Limits


def outside(limits: Limits, certificate: CertificateSeen) -> str:
    """Give the first name of the certificate that lies outside the limits, or an empty string."""
    for name in certificate.dns_names:
        asked = name.lower().removesuffix(".")
        if any(_below(asked, base) or _may_stand_for(asked, base) for base in limits.no_dns) or (
            limits.dns is not None and not any(_below(asked, base) for base in limits.dns)
        ):
            return name
    for written in certificate.ip_names:
        octets = ip_address(written).packed
        if any(_within(octets, network) for network in limits.no_ip) or (
            limits.ip is not None and not any(_within(octets, network) for network in limits.ip)
        ):
            return written
    return ""


def subject_outside(limits: Limits, subject: bytes) -> bool:
    """Tell whether a subject (DER) lies outside the limits. One that cannot be read lies outside of any; an empty one is no name."""
    if limits.subjects is None and not limits.no_subjects:
        return False
    try:
        name = comparable(Cursor(subject).take(SEQUENCE))
    except NotDer:
        return True
    if not name:
        return False
    if any(_begins(name, base) for base in limits.no_subjects):
        return True
    return limits.subjects is not None and not any(_begins(name, base) for base in limits.subjects)


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
