"""Cases: validation and randomness of resolvers."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

from scanner.facts.dns_server import QuestionSeen, ResolverBehaviour, ResolverRandomness
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.dns.test_recursion import CLIENT, CLOSED, DEAD, NOBODY, OUTSIDER, REFUSED, RESOLVED, seen
from tests.checks.dns_zones import OUT, SILENT

SERVES = seen(RESOLVED)
GOOD = replace(RESOLVED, name="jp", type="SOA", ad=True)
PLAIN = replace(GOOD, ad=False)
BROKEN = replace(RESOLVED, name="dnssec-failed.org", rcode="SERVFAIL", records=0)
TAKEN = replace(BROKEN, rcode="NOERROR", records=1)
NOT_THERE = replace(BROKEN, rcode="NXDOMAIN", denied=True)
ON = ResolverBehaviour(GOOD, BROKEN, TAKEN)


def randomness(ports: Iterable[int], ids: Iterable[int], source: str = "192.0.2.53") -> ResolverRandomness:
    """Questions with these numbers, from one source."""
    return ResolverRandomness(tuple(QuestionSeen(source, p, i) for p, i in zip(ports, ids, strict=True)), True, False, True)


DRAW = random.Random(5452)
PORTS = [DRAW.randrange(1024, 65536) for _ in range(24)]
IDS = [DRAW.randrange(65536) for _ in range(24)]
RANDOM = randomness(PORTS, IDS)
FEW = [1111, 45000] * 12
NARROW = [30000 + DRAW.randrange(300) for _ in range(24)]
COUNTED = list(range(65530, 65536)) + list(range(18))


def rows(prefix: str) -> list[Case]:
    """The cases of one number; ports and ids are judged alike."""

    def of(numbers: list[int]) -> ResolverRandomness:
        return randomness(numbers, IDS) if prefix == "PORTS" else randomness(PORTS, numbers)

    return [
        case(RANDOM, SERVES, CLIENT, says=f"{prefix}_SPREAD", args={"count": 24}),
        case(of([1053] * 24), SERVES, CLIENT, says=f"{prefix}_FIXED", args={"number": 1053}),
        case(of(COUNTED), SERVES, CLIENT, says=f"{prefix}_COUNTED"),
        case(of(FEW), SERVES, CLIENT, says=f"{prefix}_FEW", args={"distinct": 2}),
        case(of(NARROW), SERVES, CLIENT, says=f"{prefix}_NARROW"),
        case(of(NARROW), SERVES, CLIENT, says=f"{prefix}_SPREAD", with_={"least_bits": 6}),
        case(OUT, CLOSED, NOBODY, says="NOT_A_RESOLVER"),
        case(randomness([1, 2, 3], [4, 5, 6]), SERVES, CLIENT, outcome="undetermined", reason=Reason.TIMEOUT),
        case(OUT, SERVES, CLIENT, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(Unobserved(Reason.NO_VANTAGE), SERVES, CLIENT, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(SILENT, SILENT, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
    ]


CASES: dict[str, list[Case]] = {
    "dns.resolver.validation": [
        case(ON, SERVES, CLIENT, says="VALIDATION_ON"),
        case(ResolverBehaviour(PLAIN, TAKEN, TAKEN), SERVES, CLIENT, says="VALIDATION_OFF"),
        case(ResolverBehaviour(GOOD, TAKEN, TAKEN), SERVES, CLIENT, says="VALIDATION_PERMISSIVE"),
        case(ResolverBehaviour(PLAIN, BROKEN, TAKEN), SERVES, CLIENT, says="VALIDATION_UPSTREAM"),
        # SERVFAIL even with checking disabled: the name cannot be reached, nothing is told of validation.
        case(ResolverBehaviour(PLAIN, BROKEN, BROKEN), SERVES, CLIENT, outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(
            ResolverBehaviour(replace(GOOD, rcode="SERVFAIL"), BROKEN, TAKEN),
            SERVES,
            CLIENT,
            outcome="undetermined",
            reason=Reason.SERVER_FAILURE,
        ),
        case(
            ResolverBehaviour(GOOD, replace(BROKEN, rcode="NXDOMAIN", ra=True), TAKEN),
            SERVES,
            CLIENT,
            outcome="undetermined",
            reason=Reason.SERVER_FAILURE,
        ),
        # A closed network does not know the name, or signs it well: nothing broken was handed on.
        case(ResolverBehaviour(GOOD, NOT_THERE, NOT_THERE), SERVES, CLIENT, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(
            ResolverBehaviour(GOOD, replace(NOT_THERE, ad=True), NOT_THERE),
            SERVES,
            CLIENT,
            outcome="undetermined",
            reason=Reason.NO_VANTAGE,
        ),
        case(ResolverBehaviour(GOOD, replace(TAKEN, ad=True), TAKEN), SERVES, CLIENT, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(ResolverBehaviour(PLAIN, BROKEN, NOT_THERE), SERVES, CLIENT, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(ResolverBehaviour(GOOD, SILENT, TAKEN), SERVES, CLIENT, outcome="undetermined", reason=Reason.TIMEOUT),
        case(ResolverBehaviour(PLAIN, BROKEN, SILENT), SERVES, CLIENT, outcome="undetermined", reason=Reason.TIMEOUT),
        case(ResolverBehaviour(REFUSED, REFUSED, REFUSED), CLOSED, CLIENT, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(SILENT, SERVES, CLIENT, outcome="undetermined", reason=Reason.TIMEOUT),
        case(SILENT, CLOSED, OUTSIDER, says="NOT_A_RESOLVER"),
        case(SILENT, CLOSED, NOBODY, says="NOT_A_RESOLVER"),
        case(SILENT, DEAD, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
        case(SILENT, OUT, OUTSIDER, says="NOT_A_RESOLVER"),
        case(SILENT, SILENT, OUTSIDER, outcome="undetermined", reason=Reason.TIMEOUT),
        # Nobody declared it, but it does resolve: then it is judged.
        case(ON, SERVES, OUTSIDER, says="VALIDATION_ON"),
    ],
    "dns.resolver.ports": rows("PORTS"),
    "dns.resolver.ids": [
        *rows("IDS"),
        case(RANDOM, SERVES, CLIENT, says="IDS_SPREAD", args={"besides": ("0x20", "QNAME minimisation (RFC 9156)")}),
        case(replace(RANDOM, mixed_case=False, minimised=False), SERVES, CLIENT, says="IDS_SPREAD", args={"besides": ("-",)}),
    ],
}
