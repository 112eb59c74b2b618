"""How the tests of the laboratory ask a server: one question, one answer, from inside."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.query

from tests.lab import Lab


def ask(
    lab: Lab,
    name: str,
    kind: str,
    server: str = "",
    *,
    where: str = "outside",
    tcp: bool = False,
    edns: bool = True,
    recurse: bool = True,
    seconds: float = 6,
) -> dns.message.Message:
    """The answer of ``server`` (an address or a name from lab.servers; the operator's resolver by default) over UDP or TCP."""
    query = dns.message.make_query(name, kind, want_dnssec=edns, use_edns=edns)
    if not recurse:
        query.flags &= ~dns.flags.RD
    send = dns.query.tcp if tcp else dns.query.udp
    address = lab.servers[server].v4 if server in lab.servers else server or lab.resolver
    return lab.call(lambda: send(query, address, timeout=seconds), where)
