"""Cases: who a DNS server resolves for."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.dns_server import Recursion, Trial
from scanner.facts.ledger import DeclaredDnsService, Vantage
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.dns_zones import A1, OUT, SILENT

REFUSED = Trial(
    name="example.com",
    type="A",
    transport="udp",
    rcode="REFUSED",
    ra=False,
    aa=False,
    ad=False,
    records=0,
    referral=False,
    denied=False,
    sent=40,
    received=40,
    source=A1,
)
RESOLVED = replace(REFUSED, rcode="NOERROR", ra=True, records=1, received=56)
DENIED = replace(REFUSED, rcode="NXDOMAIN", ra=True, denied=True)
REFERRED = replace(REFUSED, rcode="NOERROR", referral=True)
FLAGGED = replace(REFUSED, ra=True)
FAILED = replace(REFUSED, rcode="SERVFAIL", ra=True)
CACHED = replace(REFUSED, rcode="NOERROR", records=1)
OWN = replace(REFUSED, rcode="NOERROR", aa=True, records=1)
LARGE = replace(RESOLVED, received=1400)
SPENT = Unobserved(Reason.BUDGET_SPENT, "no turn left")

OUTSIDER = DeclaredDnsService(None, None, Vantage.OUTSIDER)
RESOLVER_OUTSIDE = DeclaredDnsService(None, ("10.0.0.0/8",), Vantage.OUTSIDER)
CLIENT = DeclaredDnsService(None, ("office",), Vantage.CLIENT)
UNKNOWN = DeclaredDnsService(None, None, Vantage.UNKNOWN)
NOBODY = DeclaredDnsService(("kakuu.lg.jp",), (), Vantage.UNKNOWN)
PUBLIC = DeclaredDnsService(None, ("0.0.0.0/0", "::/0"), Vantage.CLIENT)

Part = Trial | Unobserved
RESOLVERS = {"of": "resolvers"}


def seen(udp: Part, tcp: Part | None = None, *, cached: Part = REFUSED, largest: Part = REFUSED, alive: bool = True) -> Recursion:
    """What a server did; TCP like UDP unless said otherwise."""
    over_tcp = tcp if tcp is not None else replace(udp, transport="tcp") if isinstance(udp, Trial) else udp
    return Recursion(A1, udp, over_tcp, cached, largest, alive)


CLOSED = seen(REFUSED)
DEAD = seen(SILENT, cached=SILENT, largest=SILENT, alive=False)
QUIET = seen(SILENT, cached=SILENT, largest=SILENT, alive=True)

CASES: dict[str, list[Case]] = {
    "dns.recursion.closed": [
        case(CLOSED, OUTSIDER, says="RECURSION_REFUSED", args={"rcodes": ("REFUSED",)}),
        case(seen(RESOLVED), OUTSIDER, says="RECURSION_OPEN", args={"name": "example.com", "transports": ("udp", "tcp")}),
        case(seen(REFUSED, replace(RESOLVED, transport="tcp")), OUTSIDER, says="RECURSION_OPEN", args={"transports": ("tcp",)}),
        case(seen(DENIED), OUTSIDER, says="RECURSION_OPEN"),
        case(seen(RESOLVED, SILENT), OUTSIDER, says="RECURSION_OPEN"),  # a fail that was seen outranks silence
        case(seen(REFERRED), OUTSIDER, says="RECURSION_REFERRAL"),
        case(seen(FLAGGED), OUTSIDER, says="RECURSION_FLAG_ONLY"),  # RA alone is a note
        case(seen(CACHED, cached=CACHED), OUTSIDER, says="RECURSION_CACHE"),  # an answer out of the cache is no recursion
        # Who shows no cache to others may have resolved the name, whatever RA says.
        case(seen(CACHED), OUTSIDER, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(seen(OWN), OUTSIDER, says="RECURSION_OWN"),
        # Some forwarders hand on the AA bit of the server that they asked.
        case(seen(replace(OWN, ra=True)), OUTSIDER, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(QUIET, OUTSIDER, says="RECURSION_SILENT"),
        case(seen(REFUSED, SILENT), OUTSIDER, says="RECURSION_REFUSED"),
        case(DEAD, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
        case(seen(REFUSED, SPENT), OUTSIDER, outcome="undetermined", reason=Reason.BUDGET_SPENT),
        case(seen(FAILED), OUTSIDER, outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(seen(RESOLVED), CLIENT, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(CLOSED, UNKNOWN, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(seen(RESOLVED), NOBODY, says="RECURSION_OPEN"),  # it resolves for nobody, so we are outsiders wherever we stand
        case(seen(RESOLVED), PUBLIC, says="RECURSION_FOR_ALL"),
        case(OUT, OUTSIDER, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        # A clause on resolvers passes name servers by, those of third parties too, but not one that resolves all the same.
        case(CLOSED, OUTSIDER, says="RECURSION_NOT_A_RESOLVER", with_=RESOLVERS),
        case(OUT, OUTSIDER, says="RECURSION_NOT_A_RESOLVER", with_=RESOLVERS),
        case(seen(RESOLVED), OUTSIDER, says="RECURSION_OPEN", with_=RESOLVERS),
        case(CLOSED, RESOLVER_OUTSIDE, says="RECURSION_REFUSED", with_=RESOLVERS),
        case(DEAD, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT, with_=RESOLVERS),
    ],
    "dns.recursion.forwarder": [
        case(CLOSED, OUTSIDER, says="FORWARDER_NONE"),
        case(seen(replace(RESOLVED, source="198.51.100.9")), OUTSIDER, says="FORWARDER_SEEN", args={"source": "198.51.100.9"}),
        case(QUIET, OUTSIDER, says="FORWARDER_SILENT"),
        case(DEAD, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
        case(CLOSED, CLIENT, outcome="undetermined", reason=Reason.NO_VANTAGE),
        # A clause on resolvers passes name servers by, those of third parties too, but not one that resolves all the same.
        case(CLOSED, OUTSIDER, says="FORWARDER_NOT_A_RESOLVER", with_=RESOLVERS),
        case(OUT, OUTSIDER, says="FORWARDER_NOT_A_RESOLVER", with_=RESOLVERS),
        case(seen(replace(RESOLVED, source="198.51.100.9")), OUTSIDER, says="FORWARDER_SEEN", with_=RESOLVERS),
        case(CLOSED, RESOLVER_OUTSIDE, says="FORWARDER_NONE", with_=RESOLVERS),
        case(DEAD, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT, with_=RESOLVERS),
    ],
    "dns.recursion.amplification": [
        case(CLOSED, OUTSIDER, says="AMPLIFY_LOW", args={"factor": "1.0"}),
        case(seen(RESOLVED, largest=LARGE), OUTSIDER, says="AMPLIFY_HIGH", args={"factor": "35.0", "received": 1400}),
        case(seen(RESOLVED, largest=LARGE), OUTSIDER, says="AMPLIFY_LOW", with_={"limit": 40.0}),
        case(QUIET, OUTSIDER, says="AMPLIFY_SILENT"),
        case(DEAD, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
        case(CLOSED, UNKNOWN, outcome="undetermined", reason=Reason.NO_VANTAGE),
    ],
    "dns.recursion.snooping": [
        case(CLOSED, OUTSIDER, says="SNOOP_NOTHING", args={"rcode": "REFUSED"}),
        case(seen(REFUSED, cached=replace(CACHED, name=".", type="NS", records=13)), OUTSIDER, says="SNOOP_OPEN", args={"records": 13}),
        case(seen(REFUSED, cached=OWN), OUTSIDER, says="SNOOP_OWN"),
        case(seen(REFUSED, cached=REFERRED), OUTSIDER, says="SNOOP_NOTHING"),
        case(seen(REFUSED, cached=SILENT), OUTSIDER, says="SNOOP_SILENT"),
        case(DEAD, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
        case(CLOSED, CLIENT, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(seen(RESOLVED, cached=CACHED), PUBLIC, says="SNOOP_FOR_ALL"),
        # A clause on resolvers passes name servers by, those of third parties too, but not one that resolves all the same.
        case(CLOSED, OUTSIDER, says="SNOOP_NOT_A_RESOLVER", with_=RESOLVERS),
        case(OUT, OUTSIDER, says="SNOOP_NOT_A_RESOLVER", with_=RESOLVERS),
        case(seen(RESOLVED, cached=CACHED), OUTSIDER, says="SNOOP_OPEN", with_=RESOLVERS),
        case(CLOSED, RESOLVER_OUTSIDE, says="SNOOP_NOTHING", with_=RESOLVERS),
        case(DEAD, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT, with_=RESOLVERS),
    ],
    "dns.recursion.inside": [
        case(seen(RESOLVED), CLIENT, says="INSIDE_RESOLVED"),
        case(seen(DENIED), CLIENT, says="INSIDE_RESOLVED"),
        case(CLOSED, CLIENT, says="INSIDE_REFUSED"),
        case(seen(RESOLVED, replace(REFUSED, transport="tcp")), CLIENT, says="INSIDE_REFUSED", args={"transports": ("tcp",)}),
        case(CLOSED, OUTSIDER, says="INSIDE_NOT_A_RESOLVER"),
        case(CLOSED, NOBODY, says="INSIDE_NOT_A_RESOLVER"),
        case(CLOSED, RESOLVER_OUTSIDE, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(DEAD, CLIENT, outcome="undetermined", reason=Reason.TIMEOUT),
        case(seen(RESOLVED, SILENT), CLIENT, outcome="undetermined", reason=Reason.TIMEOUT),
        case(seen(FAILED), CLIENT, outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(OUT, CLIENT, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
    ],
}
