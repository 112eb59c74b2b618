"""One signature over one set of DNS records, verified from wire records by dnspython. Loaded when the first one is met."""

from __future__ import annotations

from collections.abc import Sequence

import dns.dnssec
import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset

from scanner.wire.dns import BadName, Record, Rrsig, name_to_wire


def holds(records: Sequence[Record], signature: Record, keys: Sequence[Record]) -> bool:
    """Tell whether one of ``keys`` made ``signature`` over ``records``, whatever its times say."""
    assert isinstance(signature.data, Rrsig)
    try:
        covered = dns.rdatatype.RdataType.make(signature.data.covered)
        rrset = _set(records, covered)
        keyset = _set(keys, dns.rdatatype.DNSKEY)
        rrsig = _rdata(dns.rdatatype.RRSIG, signature.rdata)
        # The caller compares the times, by serial arithmetic; here a moment inside the window is given.
        dns.dnssec.validate_rrsig(
            rrset,
            rrsig,  # type: ignore[arg-type]  # the rdata of type RRSIG is this class, which from_wire's signature does not say
            {keyset.name: keyset.to_rdataset()},
            now=signature.data.inception,
            policy=dns.dnssec.allow_all_policy,
        )
    except (dns.exception.DNSException, BadName, ValueError, OverflowError):
        return False
    return True


def _set(records: Sequence[Record], kind: dns.rdatatype.RdataType) -> dns.rrset.RRset:
    found = dns.rrset.RRset(_name(records[0].name), dns.rdataclass.IN, kind)
    for record in records:
        if record.type != kind or record.name != records[0].name:
            raise ValueError("not one set of records")
        found.add(_rdata(kind, record.rdata), ttl=record.ttl)
    return found


def _name(text: str) -> dns.name.Name:
    return dns.name.from_wire(name_to_wire(text), 0)[0]


def _rdata(kind: dns.rdatatype.RdataType, wire: bytes) -> dns.rdata.Rdata:
    return dns.rdata.from_wire(dns.rdataclass.IN, kind, wire, 0, len(wire))
