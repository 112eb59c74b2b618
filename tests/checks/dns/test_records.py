"""Cases: nothing internal and nothing dangling among the public records; CAA."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.dns import (
    CaaPolicy,
    CaaRecord,
    InternalName,
    InternalNames,
    NameGap,
    PublicAddress,
    PublicRecords,
    RecordTarget,
    Role,
    TargetState,
    Visibility,
)
from scanner.facts.ledger import DeclaredDomain
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.dns_zones import NO_TREE, SILENT, TREE, ZONE, tree

KEPT = PublicRecords(
    domain=ZONE,
    exists=True,
    names=(ZONE, f"www.{ZONE}"),
    addresses=(PublicAddress(ZONE, Role.SELF, "192.0.2.80"), PublicAddress(f"www.{ZONE}", Role.COMMON, "2001:db8::80")),
    targets=(RecordTarget(ZONE, "MX", "mx.example.jp", TargetState.RESOLVES),),
    gaps=(),
)
ABSENT = PublicRecords("nothing.lg.jp", False, ("nothing.lg.jp",), (), (), ())


def addresses(*found: str) -> PublicRecords:
    """Other addresses of the domain."""
    return replace(KEPT, addresses=tuple(PublicAddress(ZONE, Role.SELF, a) for a in found))


def target(kind: str, state: TargetState | Unobserved, service: str = "") -> RecordTarget:
    """A record that points somewhere."""
    return RecordTarget(f"www.{ZONE}", kind, "old.example.net", state, service)


def targets(*found: RecordTarget) -> PublicRecords:
    """Other targets of the domain."""
    return replace(KEPT, targets=found)


GAP = NameGap(ZONE, "AAAA", SILENT)
AT_APEX = RecordTarget(ZONE, "CNAME", "web.example.net", TargetState.RESOLVES)


OUTSIDE, INSIDE, SOMEWHERE = (DeclaredDomain(None, None, (), (), (), None, "", seen) for seen in (True, False, None))


def internal(*found: Visibility | Unobserved, left_out: int = 0) -> InternalNames:
    """How declared internal names look."""
    return InternalNames("branch", tuple(InternalName(f"n{n}.in.{ZONE}", v, "resolver") for n, v in enumerate(found)), left_out)


def caa(*records: tuple[int, str, str]) -> CaaPolicy:
    """A CAA set at the domain."""
    return CaaPolicy(True, ZONE, tuple(CaaRecord(*r) for r in records))


CASES: dict[str, list[Case]] = {
    "dns.records.private-addresses": [
        case(KEPT, says="PRIVATE_NONE", args={"count": 2}),
        case(ABSENT, says="NAME_ABSENT"),
        case(addresses("10.1.2.3"), says="PRIVATE_FOUND", args={"records": (f"{ZONE} → 10.1.2.3 (RFC 1918)",)}),
        *(
            case(addresses("192.0.2.1", a), says="PRIVATE_FOUND")
            for a in ("172.31.0.1", "192.168.0.1", "169.254.1.1", "127.0.0.1", "100.64.0.1", "fd00::1", "fe80::1", "::1", "::ffff:10.0.0.1")
        ),
        *(case(addresses(a), says="PRIVATE_NONE") for a in ("172.32.0.1", "100.128.0.1", "2001:db8::1", "192.175.48.1")),
        case(replace(addresses("10.1.2.3"), gaps=(GAP,)), says="PRIVATE_FOUND"),
        case(replace(KEPT, gaps=(GAP,)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "dns.records.internal-names": [
        case(internal(Visibility.ABSENT), OUTSIDE, says="INTERNAL_HIDDEN", args={"count": 1}),
        case(internal(), OUTSIDE, says="INTERNAL_UNDECLARED"),
        case(
            internal(Visibility.ABSENT, Visibility.RECORDS), OUTSIDE, says="INTERNAL_SHOWN", args={"names": (f"n1.in.{ZONE} ← resolver",)}
        ),
        case(internal(Visibility.NAME), OUTSIDE, says="INTERNAL_SHOWN"),
        case(internal(SILENT, Visibility.NAME), OUTSIDE, says="INTERNAL_SHOWN"),
        case(internal(SILENT, Visibility.ABSENT), OUTSIDE, outcome="undetermined", reason=Reason.TIMEOUT),
        # Seen from inside these names are meant to resolve.
        case(internal(Visibility.RECORDS), INSIDE, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(internal(Visibility.ABSENT), SOMEWHERE, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(internal(Visibility.ABSENT, left_out=3), OUTSIDE, outcome="undetermined", reason=Reason.TOO_LARGE),
    ],
    "dns.records.dangling": [
        case(KEPT, says="TARGETS_EXIST", args={"count": 1}),
        case(ABSENT, says="NAME_ABSENT"),
        case(targets(), says="TARGETS_NONE"),
        case(targets(target("CNAME", TargetState.FREE)), says="TARGETS_FREE"),
        case(targets(target("CNAME", TargetState.NXDOMAIN, "Azure App Service")), says="TARGETS_TAKEOVER"),
        # A suffix of the public list may be that of a service.
        case(targets(target("CNAME", TargetState.FREE, "GitHub Pages")), says="TARGETS_TAKEOVER"),
        case(targets(target("CNAME", TargetState.NXDOMAIN)), says="TARGETS_MISSING"),
        case(targets(target("MX", TargetState.EMPTY)), says="TARGETS_EMPTY"),
        case(targets(target("CNAME", TargetState.EMPTY)), says="TARGETS_EXIST"),  # an alias may lead to other types than addresses
        case(targets(target("MX", SILENT), target("NS", TargetState.NXDOMAIN)), says="TARGETS_MISSING"),
        case(targets(target("MX", SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(replace(KEPT, gaps=(GAP,)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "dns.records.apex-alias": [
        case(TREE, KEPT, says="APEX_PLAIN"),
        case(NO_TREE, ABSENT, says="NAME_ABSENT"),
        case(tree(domain=f"www.{ZONE}"), targets(target("CNAME", TargetState.RESOLVES)), says="APEX_ABOVE", args={"zone": ZONE}),
        case(TREE, targets(AT_APEX), says="APEX_ALIAS", args={"name": ZONE, "target": "web.example.net"}),
        case(TREE, targets(target("CNAME", TargetState.RESOLVES)), says="APEX_PLAIN"),  # at www only
        case(TREE, replace(KEPT, gaps=(GAP,)), says="APEX_PLAIN"),
        case(TREE, replace(KEPT, gaps=(replace(GAP, type="A"), GAP)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "dns.delegation.alias": [
        case(targets(target("NS", TargetState.RESOLVES), target("CNAME", TargetState.RESOLVES)), says="NS_HOSTS", args={"count": 1}),
        case(ABSENT, says="NAME_ABSENT"),
        case(
            targets(replace(target("NS", TargetState.RESOLVES), alias="real.example.net"), target("NS", SILENT)),
            says="NS_ALIASES",
            args={"names": ("old.example.net → real.example.net",)},
        ),
        # An alias behind another record is nothing to object to here.
        case(targets(replace(target("MX", TargetState.RESOLVES), alias="real.example.net")), says="NS_UNKNOWN"),
        case(targets(target("NS", SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "dns.records.caa": [
        case(
            caa((0, "issue", "ca.example.net"), (0, "iodef", "mailto:ca@kakuu.lg.jp")),
            says="CAA_SET",
            args={"issuers": ("ca.example.net",)},
        ),
        case(caa((0, "issue", "ca.example.net; account=1")), says="CAA_SET", args={"issuers": ("ca.example.net",)}),
        case(caa((0, "issue", ";")), says="CAA_FORBIDS"),
        case(caa((0, "iodef", "mailto:ca@kakuu.lg.jp")), says="CAA_OPEN"),
        case(caa((128, "quantum", "yes"), (0, "issue", "ca.example.net")), says="CAA_CRITICAL", args={"tags": ("quantum",)}),
        case(caa((128, "issue", "ca.example.net"), (0, "quantum", "yes")), says="CAA_SET"),
        case(CaaPolicy(True, "", ()), says="CAA_NONE"),
        case(CaaPolicy(False, "", ()), says="NAME_ABSENT"),
    ],
}
