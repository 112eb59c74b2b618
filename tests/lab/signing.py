"""Keys, DS records and signed zone files, well made or with the fault that an entry asks for. Everything is relative to now.

Plain zones are signed in this process by dnspython (7 ms a zone, spread over the cores); zones with NSEC3 by BIND's tools.
"""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from dns.rdtypes.ANY.DNSKEY import DNSKEY

HOUR = 3600
DAY = 24 * HOUR
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey

_ALGORITHMS: dict[int, Callable[[], PrivateKey]] = {
    5: lambda: rsa.generate_private_key(65537, 1024),
    7: lambda: rsa.generate_private_key(65537, 1024),
    8: lambda: rsa.generate_private_key(65537, 2048),
    10: lambda: rsa.generate_private_key(65537, 2048),
    13: lambda: ec.generate_private_key(ec.SECP256R1()),
    14: lambda: ec.generate_private_key(ec.SECP384R1()),
    15: ed25519.Ed25519PrivateKey.generate,
    16: ed448.Ed448PrivateKey.generate,
}
_NSEC3 = {"nsec3": ("-3", "-"), "nsec3-iterations": ("-3", "aabbccdd", "-H", "50"), "nsec3-optout": ("-3", "-", "-A")}
_DIGESTS = {"sha1-ds": "SHA1", "sha384-ds": "SHA384"}
_UNSIGNED = {"unsigned", "ds-without-key"}


@dataclass(frozen=True, slots=True)
class ZoneKey:
    """The one key of a zone, or for NSEC3 zones the name of the key files of BIND's tools."""

    zone: str
    mode: str  # one of table.DNSSEC
    public: DNSKEY
    private: PrivateKey | None
    files: str = ""


def make_key(zone: str, mode: str, folder: Path) -> ZoneKey:
    """A fresh key for ``zone`` ("." is the root), as ``mode`` (one of table.DNSSEC) asks for."""
    if mode in _NSEC3:
        done = subprocess.run(
            ["dnssec-keygen", "-q", "-K", str(folder), "-a", "ECDSAP256SHA256", "-f", "KSK", zone],
            capture_output=True,
            text=True,
            check=True,
        )
        files = done.stdout.strip()
        line = next(line for line in (folder / f"{files}.key").read_text().splitlines() if not line.startswith(";"))
        public = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY, line.split("DNSKEY", 1)[1])
        assert isinstance(public, DNSKEY)
        return ZoneKey(zone, mode, public, None, files)
    algorithm = int(mode.removeprefix("algorithm-")) if mode.startswith("algorithm-") else 13
    private = _ALGORITHMS[algorithm]()
    return ZoneKey(zone, mode, dns.dnssec.make_dnskey(private.public_key(), algorithm, 257), private)


def ds_records(key: ZoneKey) -> tuple[str, ...]:
    """What the parent publishes for the zone, in text; empty where the mode says so."""
    if key.mode in {"unsigned", "no-ds"}:
        return ()
    allow_all = dns.dnssec.allow_all_policy
    name = dns.name.from_text(key.zone)
    record = dns.dnssec.make_ds(name, key.public, _DIGESTS.get(key.mode, "SHA256"), policy=allow_all)
    text = record.to_text()
    return (re.sub(r"[0-9a-f]{64}$", "0" * 64, text),) if key.mode == "wrong-ds" else (text,)


def sign(text: str, key: ZoneKey, target: Path, now: float) -> None:
    """Write the zone file ``target``: signed as the key's mode says, or as it is."""
    if key.mode in _UNSIGNED:
        target.write_text(text)
        return
    if key.mode in _NSEC3:
        plain = target.with_suffix(".plain")
        plain.write_text(text)
        subprocess.run(
            [
                "dnssec-signzone",
                "-q",
                "-z",
                "-S",
                "-P",
                "-x",
                "-K",
                str(target.parent),
                "-d",  # where the dsset files go; else into the current folder
                str(target.parent),
                "-o",
                key.zone,
                "-f",
                str(target),
                *_NSEC3[key.mode],
                str(plain),
            ],
            capture_output=True,
            check=True,
        )
        return
    # Unbound forgives up to a day of wrong clocks, so the faults are three days off.
    start, end = {
        "expired": (now - 30 * DAY, now - 3 * DAY),
        "soon": (now - 13 * DAY, now + 20 * HOUR),
        "future": (now + 3 * DAY, now + 30 * DAY),
    }.get(key.mode, (now - HOUR, now + 14 * DAY))
    zone = dns.zone.from_text(text, origin=key.zone, relativize=False, check_origin=False)
    assert key.private is not None
    # make_dnskey and sign_zone know old algorithms only under this policy.
    dns.dnssec.sign_zone(
        zone,
        keys=[(key.private, key.public)],
        inception=int(start),
        expiration=int(end),
        policy=dns.dnssec.allow_all_policy,
        deterministic=False,
    )
    if key.mode == "mx-expired":
        _let_expire(zone, dns.rdatatype.MX, key, now)
    out = io.StringIO()
    zone.to_file(out, relativize=False)
    target.write_text(out.getvalue())


def _let_expire(zone: dns.zone.Zone, kind: dns.rdatatype.RdataType, key: ZoneKey, now: float) -> None:
    """Sign one set at the apex anew, with a signature that ended three days ago."""
    assert zone.origin is not None
    assert key.private is not None
    old = dns.dnssec.sign(
        zone.find_rrset(zone.origin, kind),
        key.private,
        zone.origin,
        key.public,
        inception=int(now - 30 * DAY),
        expiration=int(now - 3 * DAY),
        policy=dns.dnssec.allow_all_policy,
        origin=zone.origin,
        deterministic=False,
    )
    zone.delete_rdataset(zone.origin, dns.rdatatype.RRSIG, kind)
    zone.find_rdataset(zone.origin, dns.rdatatype.RRSIG, kind, create=True).add(old)
