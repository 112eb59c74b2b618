"""Cases: the zone's timers, and the domain name as such."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.dns import DomainName, ZoneServers
from scanner.facts.ledger import DeclaredDomain
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.dns_zones import A1, ABSENT, DEAD, GOOD, KEPT, NO_TREE, NS1, SOA, TREE, view, zone

NAME = DomainName("kakuu.lg.jp")
OTHER = DomainName("kakuu-city.example")
SILENT_LEDGER = DeclaredDomain(
    sends_mail=None,
    receives_mail=None,
    dkim_selectors=(),
    outbound_addresses=(),
    internal_names=(),
    public_site=None,
    domain_exception="",
    vantage_outside=True,
)
SITE = replace(SILENT_LEDGER, public_site=True)
MAIL = replace(SILENT_LEDGER, sends_mail=True, public_site=False)
NEITHER = replace(SILENT_LEDGER, sends_mail=False, public_site=False)
OFFICIAL = {"suffixes": ("lg.jp", ".Go.JP.")}


def expire(seconds: int) -> ZoneServers:
    """A zone whose SOA has another expire."""
    return zone(view(NS1, A1, udp=replace(GOOD, soa=replace(SOA, expire=seconds))))


CASES: dict[str, list[Case]] = {
    "dns.soa.expire": [
        case(KEPT, says="EXPIRE_LONG", args={"expire": 1209600}),
        case(ABSENT, says="NAME_ABSENT"),
        case(expire(86400), says="EXPIRE_SHORT", args={"least": 604800}),
        case(expire(4500), says="EXPIRE_BELOW_REFRESH"),
        case(expire(86400), says="EXPIRE_LONG", with_={"least": 86400}),
        case(DEAD, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "dns.name.exists": [
        case(TREE, says="NAME_FOUND", args={"zone": "kakuu.lg.jp"}),
        case(NO_TREE, says="NAME_MISSING", args={"zone": "lg.jp"}),
    ],
    "dns.name.suffix": [
        case(NAME, SITE, says="SUFFIX_OFFICIAL", with_=OFFICIAL),
        case(DomainName("go.jp"), SITE, says="SUFFIX_OFFICIAL", with_=OFFICIAL),
        case(DomainName("notgo.jp"), SITE, says="SUFFIX_OTHER", with_=OFFICIAL),
        case(OTHER, SITE, says="SUFFIX_OTHER", with_=OFFICIAL),
        case(OTHER, MAIL, says="SUFFIX_OTHER", with_=OFFICIAL),
        case(OTHER, MAIL, says="SUFFIX_UNUSED", with_={**OFFICIAL, "use": "site"}),
        case(OTHER, MAIL, says="SUFFIX_OTHER", with_={**OFFICIAL, "use": "mail"}),
        case(OTHER, NEITHER, says="SUFFIX_UNUSED", with_=OFFICIAL),
        case(OTHER, replace(SITE, domain_exception="観光協会との共同運営"), says="SUFFIX_EXCEPTION", with_=OFFICIAL),
        case(OTHER, SILENT_LEDGER, outcome="undetermined", reason=Reason.NOT_DECLARED, with_=OFFICIAL),
        case(NAME, SITE, outcome="undetermined", reason=Reason.VALUE_NOT_SET),
    ],
}
