"""Cases of the checks of DNS server programs by their own configuration."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.dns_configuration import DnsConfiguration, DnsProgram, ServedZone
from scanner.facts.readings import Audience
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
STALE = Unobserved(Reason.STALE)
KEPT = DnsProgram(
    name="bind",
    version="9.18",
    running=True,
    starts=True,
    applied=None,
    source="named-checkconf -px",
    recursion=Audience.ITSELF,
    zones=(ServedZone("example.jp", "", Audience.ITSELF),),
    rate_limit=True,
    hides_version=True,
    validates=True,
    anchor_kept=True,
    hints=("198.41.0.4",),
    account="bind",
)
OFF = replace(KEPT, running=False, starts=False, recursion=Audience.EVERYBODY)
NSD = replace(KEPT, name="nsd", recursion=None, validates=None, anchor_kept=None, hints=None)
OPEN = (ServedZone("example.jp", "outside", Audience.EVERYBODY),)


def programs(*found: DnsProgram) -> DnsConfiguration:
    """A machine with these programs."""
    return DnsConfiguration(found)


def bind(**changes: object) -> DnsConfiguration:
    """The well kept program, with changes."""
    return programs(replace(KEPT, **changes))  # type: ignore[arg-type]  # fields of the fact


def common(good: str, bad: str, part: str, wrong: object) -> list[Case]:
    """What holds for every check: a pass, a failure, a part that was not seen, files that are not in force, nothing in use."""
    return [
        case(programs(KEPT), says=good),
        case(bind(**{part: wrong}), says=bad),
        case(programs(KEPT, replace(KEPT, **{part: wrong})), says=bad),  # type: ignore[arg-type]  # as above
        case(bind(**{part: wrong, "running": DENIED}), says=bad),
        case(bind(**{part: DENIED}), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(bind(applied=STALE), outcome="undetermined", reason=Reason.STALE),
        case(bind(running=DENIED, starts=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(bind(running=False), says=good),
        case(bind(running=None), says=good),
        case(programs(OFF), says="NO_DNS_PROGRAM"),
        case(programs(), says="NO_DNS_PROGRAM"),
        case(DnsConfiguration(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]


CASES: dict[str, list[Case]] = {
    "host.dns.recursion": [
        *common("RECURSION_LIMITED", "RECURSION_OPEN", "recursion", Audience.EVERYBODY),
        case(bind(recursion=Audience.NOBODY), says="RECURSION_OFF"),
        case(programs(NSD), says="NOT_CONCERNED"),
    ],
    "host.dns.transfer": [
        *common("TRANSFER_LIMITED", "TRANSFER_OPEN", "zones", OPEN),
        case(bind(zones=OPEN), says="TRANSFER_OPEN", args={"zones": ("example.jp (outside)",)}),
        case(bind(zones=(ServedZone("example.jp", "", DENIED),)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(bind(zones=()), says="NOT_CONCERNED"),
    ],
    "host.dns.rate-limit": [
        *common("RATE_LIMITED", "RATE_UNLIMITED", "rate_limit", False),
        case(bind(zones=(), rate_limit=False), says="NOT_CONCERNED"),
        case(bind(zones=(), rate_limit=False, recursion=Audience.EVERYBODY), says="RATE_UNLIMITED"),
    ],
    "host.dns.version-hidden": common("VERSION_HIDDEN", "VERSION_TOLD", "hides_version", False),
    "host.dns.validation": [*common("VALIDATES", "VALIDATES_NOT", "validates", False), case(programs(NSD), says="NOT_CONCERNED")],
    "host.dns.trust-anchor": [*common("ANCHOR_KEPT", "ANCHOR_FIXED", "anchor_kept", False), case(programs(NSD), says="NOT_CONCERNED")],
    "host.dns.root-hints": [
        *common("HINTS_CURRENT", "HINTS_OLD", "hints", ("198.41.0.4", "199.9.14.201")),
        case(bind(hints=None), says="HINTS_BUILT_IN"),
        case(bind(hints=()), outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
        case(bind(recursion=Audience.NOBODY), says="NOT_CONCERNED"),
    ],
    "host.dns.account": [
        *common("ACCOUNT_OWN", "ACCOUNT_ROOT", "account", "root"),
        case(programs(NSD), says="ACCOUNT_OWN"),
    ],
}
