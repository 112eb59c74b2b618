"""DNS messages between octets and values: names, records, questions. Pure; nothing here asks anybody.

This module only names what the room offers; the work is in its modules: ``values``, ``names``, ``rdata``, ``message``.
"""

from scanner.wire.dns.message import parse, query
from scanner.wire.dns.names import name_to_wire
from scanner.wire.dns.values import (
    LARGEST_MESSAGE,
    BadName,
    Caa,
    Dnskey,
    Ds,
    Edns,
    Message,
    Mx,
    NotDns,
    Nsec,
    Nsec3,
    Nsec3Param,
    Question,
    Rclass,
    Rcode,
    RData,
    Record,
    Rrsig,
    Soa,
    Tlsa,
    Type,
    rcode_name,
    type_name,
)

__all__ = [
    "LARGEST_MESSAGE",
    "BadName",
    "Caa",
    "Dnskey",
    "Ds",
    "Edns",
    "Message",
    "Mx",
    "NotDns",
    "Nsec",
    "Nsec3",
    "Nsec3Param",
    "Question",
    "RData",
    "Rclass",
    "Rcode",
    "Record",
    "Rrsig",
    "Soa",
    "Tlsa",
    "Type",
    "name_to_wire",
    "parse",
    "query",
    "rcode_name",
    "type_name",
]
