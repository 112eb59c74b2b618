"""Questions for UDP services, one correct datagram for each protocol, and what their answers show. None of them changes anything.

A question that its protocol allows is the only one to which an answer proves something, and silence to it tells more than silence to noise.
Sources: RFC 862, 864, 865 (echo, chargen, QOTD), RFC 1350 (TFTP), RFC 1833 (portmap), RFC 5905 and 9327 (NTP), RFC 3414 and 3416 (SNMP),
RFC 1002 (NetBIOS), RFC 6762 (mDNS), RFC 7252 (CoAP), RFC 3261 (SIP), UPnP Device Architecture 2.0, [MS-ADTS] 6.3.3 (CLDAP),
WS-Discovery 1.1, ASF 2.0 section 3.2 (RMCP), RFC 4380 (Teredo).
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scanner.facts.exposure import Speaks, Trait
from scanner.wire.dns import Type, query
from scanner.wire.listeners import header, words_of
from scanner.wire.listeners_binary import portmap, portmap_dump, root_dse
from scanner.wire.tunnels import teredo_advertised, teredo_solicitation

Reading = tuple[tuple[Trait, ...], str]
"""What an answer shows and an excerpt of it."""


@dataclass(frozen=True, slots=True)
class Question:
    """A payload for a port. ``read`` gives ``None`` for an answer of another protocol. ``test`` is the consent it needs, or empty."""

    port: int
    speaks: Speaks
    payload: bytes
    read: Callable[[bytes], Reading | None]
    test: str = ""


SNMP_TEST = "exposure.snmp-default"
"""The test to which the owner must have consented: asking with the community "public" is a try of a well known password."""


def questions(rng: random.Random, host: str) -> tuple[Question, ...]:
    """Make one of each, with fresh numbers. ``host`` is the address that is asked."""
    token = rng.randbytes(12).hex().encode()
    number = rng.getrandbits(16)
    return (
        Question(7, Speaks.ECHO, token, lambda d: ((), "") if d == token else None),
        Question(17, Speaks.QOTD, b"\r\n", lambda d: ((), words_of(d)) if d and d != b"\r\n" else None),
        Question(19, Speaks.CHARGEN, b"\r\n", lambda d: ((), "") if len(d) >= 60 else None),
        Question(53, Speaks.DNS, query(".", Type.NS, id=number, rd=True), lambda d: _dns(d, number)),
        Question(69, Speaks.TFTP, b"\x00\x01tenken-" + token + b"\x00octet\x00", _tftp),
        Question(111, Speaks.PORTMAP, portmap_dump(number), lambda d: _portmap(d, number)),
        Question(123, Speaks.NTP, _NTP_CLIENT, _ntp),
        Question(123, Speaks.NTP, b"\x16\x02" + struct.pack(">HHHHH", 1, 0, 0, 0, 0), _ntp_variables),
        Question(123, Speaks.NTP, b"\x17\x00\x03\x2a" + bytes(4), _ntp_clients),
        Question(137, Speaks.NETBIOS, _netbios(number), lambda d: _netbios_names(d, number)),
        Question(161, Speaks.SNMP, _snmp3(number), _snmp),
        Question(161, Speaks.SNMP_COMMUNITY, snmp_get(1, b"public", number), _snmp_description, SNMP_TEST),
        Question(161, Speaks.SNMP_COMMUNITY, snmp_get(0, b"public", number), _snmp_description, SNMP_TEST),
        Question(389, Speaks.CLDAP, root_dse(b"supportedLDAPVersion", b"dnsHostName"), _cldap),
        Question(623, Speaks.IPMI, b"\x06\x00\xff\x06\x00\x00\x11\xbe\x80\x00\x00\x00", _ipmi),
        Question(1900, Speaks.SSDP, _ssdp(host), _ssdp_answer),
        Question(3544, Speaks.TEREDO, teredo_solicitation(), lambda d: ((), "") if teredo_advertised(d) else None),
        Question(3702, Speaks.WS_DISCOVERY, _ws_probe(rng), lambda d: ((), "") if b"ProbeMatch" in d else None),
        Question(5060, Speaks.SIP, _sip(host, token.decode()), lambda d: ((), header(d, b"Server")) if d.startswith(b"SIP/2.0 ") else None),
        Question(5353, Speaks.MDNS, query("_services._dns-sd._udp.local", Type.PTR, id=number, edns=None), _mdns),
        Question(5683, Speaks.COAP, b"\x40\x01" + struct.pack(">H", number) + b"\xbb.well-known\x04core", lambda d: _coap(d, number)),
        Question(11211, Speaks.MEMCACHED, struct.pack(">HHHH", number, 0, 1, 0) + b"stats\r\n", lambda d: _memcached(d, number)),
    )


_NTP_CLIENT: Final = b"\x23" + bytes(39) + b"\xe5\x00\x00\x00\x00\x00\x00\x01"


def _dns(data: bytes, number: int) -> Reading | None:
    return ((), "") if len(data) >= 12 and int.from_bytes(data[:2], "big") == number and data[2] & 0x80 else None


def _tftp(data: bytes) -> Reading | None:
    kind = int.from_bytes(data[:2], "big")
    if len(data) < 4 or kind not in {3, 5, 6}:
        return None
    return ((Trait.NO_LOGIN,) if kind == 3 else ()), words_of(data[4:].rstrip(b"\x00")) if kind == 5 else ""


def _portmap(data: bytes, number: int) -> Reading | None:
    seen = portmap(data, number)
    return (seen.traits, seen.words) if seen else None


def _ntp(data: bytes) -> Reading | None:
    if len(data) < 48 or data[0] & 7 != 4:
        return None
    return (), f"stratum {data[1]}"


def _ntp_variables(data: bytes) -> Reading | None:
    """Read the answer to mode 6 "read variables": an error bit is a refusal, and no trait."""
    if len(data) < 12 or data[0] & 7 != 6 or not data[1] & 0x80:
        return None
    if data[1] & 0x40 or int.from_bytes(data[10:12], "big") == 0:
        return (), ""
    return (Trait.MODE_6,), words_of(data[12:].replace(b"\r\n", b" "))


def _ntp_clients(data: bytes) -> Reading | None:
    """Read the answer to mode 7 "list of clients": it has items, or a refusal."""
    if len(data) < 8 or data[0] & 7 != 7 or not data[0] & 0x80:
        return None
    listed = data[4] >> 4 == 0 and int.from_bytes(data[4:6], "big") & 0x0FFF > 0
    return ((Trait.MODE_7,) if listed else ()), ""


def _netbios(number: int) -> bytes:
    return struct.pack(">HHHHHH", number, 0, 1, 0, 0, 0) + b"\x20CK" + b"A" * 30 + b"\x00" + struct.pack(">HH", 0x21, 1)


def _netbios_names(data: bytes, number: int) -> Reading | None:
    if len(data) < 57 or int.from_bytes(data[:2], "big") != number or not data[2] & 0x80:
        return None
    return (), words_of(data[57:72]) if data[56] else ""


def _ber(tag: int, value: bytes) -> bytes:
    return bytes([tag, len(value)]) + value


def _int(value: int) -> bytes:
    return _ber(2, value.to_bytes(4, "big", signed=True))


_DESCRIPTION: Final = b"\x2b\x06\x01\x02\x01\x01\x01\x00"  # 1.3.6.1.2.1.1.1.0, sysDescr


def snmp_get(version: int, community: bytes, number: int) -> bytes:
    """Ask for the system's description; ``version`` 0 is SNMPv1, 1 is v2c."""
    wanted = _ber(0x30, _ber(0x30, _ber(6, _DESCRIPTION) + b"\x05\x00"))
    return _ber(0x30, _ber(2, bytes([version])) + _ber(4, community) + _ber(0xA0, _int(number) + _int(0) + _int(0) + wanted))


def _snmp3(number: int) -> bytes:
    """Ask an SNMPv3 engine for its id (RFC 3414 section 4), which needs no name and no key."""
    head = _ber(0x30, _int(number) + _int(65507) + b"\x04\x01\x04" + _ber(2, b"\x03"))
    usm = _ber(4, _ber(0x30, b"\x04\x00\x02\x01\x00\x02\x01\x00\x04\x00\x04\x00\x04\x00"))
    pdu = _ber(0x30, b"\x04\x00\x04\x00" + _ber(0xA0, _int(number) + b"\x02\x01\x00\x02\x01\x00\x30\x00"))
    return _ber(0x30, _ber(2, b"\x03") + head + usm + pdu)


def _snmp(data: bytes) -> Reading | None:
    return ((), "") if len(data) > 10 and data[0] == 0x30 and b"\x02\x01\x03" in data[2:8] else None


def _snmp_description(data: bytes) -> Reading | None:
    at = data.find(_DESCRIPTION)
    if len(data) < 20 or data[0] != 0x30 or at < 0 or b"public" not in data[:20]:
        return None
    value = data[at + len(_DESCRIPTION) :]
    if value[:1] != b"\x04" or len(value) < 2:
        return (Trait.NO_LOGIN,), ""
    start = 2 if value[1] < 128 else 2 + (value[1] & 0x7F)
    return (Trait.NO_LOGIN,), words_of(value[start:])


def _cldap(data: bytes) -> Reading | None:
    return ((), "") if len(data) >= 7 and data[0] == 0x30 and b"\x02\x01\x01" in data[:12] else None


def _ipmi(data: bytes) -> Reading | None:
    if len(data) < 12 or data[0] != 6 or data[3] & 0x1F != 6 or data[8] != 0x40:
        return None
    return (), "IPMI" if len(data) > 20 and data[20] & 0x80 else "ASF"


def _ssdp(host: str) -> bytes:
    where = f"[{host}]" if ":" in host else host
    return f'M-SEARCH * HTTP/1.1\r\nHOST: {where}:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n'.encode("ascii", "replace")


def _ssdp_answer(data: bytes) -> Reading | None:
    return ((), header(data, b"SERVER") or header(data, b"LOCATION")) if data.startswith(b"HTTP/1.1 200") else None


def _ws_probe(rng: random.Random) -> bytes:
    number = f"{rng.getrandbits(32):08x}-0000-4000-8000-{rng.getrandbits(48):012x}"
    return (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">'
        f"<s:Header><a:MessageID>urn:uuid:{number}</a:MessageID><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>"
        "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action></s:Header><s:Body><d:Probe/></s:Body></s:Envelope>"
    ).encode()


def _sip(host: str, token: str) -> bytes:
    where = f"[{host}]" if ":" in host else host
    lines = (
        f"OPTIONS sip:{where} SIP/2.0",
        f"Via: SIP/2.0/UDP invalid;branch=z9hG4bK{token};rport",
        f"From: <sip:tenken@invalid>;tag={token}",
        f"To: <sip:{where}>",
        f"Call-ID: {token}",
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 1",
        "Content-Length: 0",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii", "replace")


def _mdns(data: bytes) -> Reading | None:
    return ((), "") if len(data) > 12 and data[2] & 0x80 and b"_dns-sd" in data else None


def _coap(data: bytes, number: int) -> Reading | None:
    return ((), "") if len(data) >= 4 and data[0] >> 6 == 1 and int.from_bytes(data[2:4], "big") == number else None


def _memcached(data: bytes, number: int) -> Reading | None:
    return ((Trait.NO_LOGIN,), "") if len(data) > 8 and int.from_bytes(data[:2], "big") == number and b"STAT " in data else None
