"""Cases of the checks of the way to a trusted authority, and of names."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.ledger import DeclaredTlsService
from scanner.facts.tls import Path, PathSeen
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.tls_certificates import (
    CA,
    GOOD,
    HALF_SEEN,
    NAME,
    ONE,
    ORGANISATION,
    PUBLIC,
    ROOT,
    ROOT_NAME,
    SELF_PATH,
    SELF_SIGNED,
    SILENT,
    TWO,
    chain,
    common,
    service,
    survey,
    tls,
)

INCOMPLETE = PathSeen(Path.INCOMPLETE, problem="no certificate of CN=CA 1 was sent")
UNKNOWN = PathSeen(Path.UNKNOWN_ROOT, ROOT_NAME)
FALSE = PathSeen(Path.BAD_SIGNATURE, problem="the signature is not by CN=CA 1")
FORBIDDEN = PathSeen(Path.NOT_PERMITTED, problem="CN=CA 1 is not an authority")
UNCHECKED = PathSeen(Path.UNCHECKED, problem="cannot be verified")
FETCHED = replace(PUBLIC, fetched=("http://ca.example.jp/ca.cer",))
COMMON_ONLY = replace(GOOD, dns_names=())
CROSS = replace(CA, sha256="cd" * 32, subject=ROOT_NAME, issuer="CN=Older Root")
CROSS_LOWER = replace(CA, sha256="ce" * 32, issuer="CN=Older Root")
STRAY = replace(CA, sha256="cf" * 32, subject="CN=Stray")

SILENT_LEDGER, NO_LEDGER = DeclaredTlsService(None, False), Unobserved(Reason.UNSUPPORTED)
PUBLIC_ONLY = {"public_only": True}

CASES: dict[str, list[Case]] = {
    "tls.certificate.trusted": [
        case(service(), SILENT_LEDGER, says="TRUST_PUBLIC", args={"anchor": ROOT_NAME, "address": (ONE,)}),
        case(service(path=ORGANISATION), SILENT_LEDGER, says="TRUST_ORGANISATION"),
        case(service(path=ORGANISATION), DeclaredTlsService(None, True), says="TRUST_ORGANISATION_ONLY", with_=PUBLIC_ONLY),
        case(service(path=ORGANISATION), DeclaredTlsService(False, False), says="TRUST_ORGANISATION_ONLY", with_=PUBLIC_ONLY),
        case(service(path=ORGANISATION), DeclaredTlsService(True, False), says="TRUST_ORGANISATION", with_=PUBLIC_ONLY),
        case(service(path=ORGANISATION), SILENT_LEDGER, outcome="undetermined", reason=Reason.NOT_DECLARED, with_=PUBLIC_ONLY),
        case(service(path=ORGANISATION), NO_LEDGER, outcome="undetermined", reason=Reason.NOT_DECLARED, with_=PUBLIC_ONLY),
        case(service(path=UNKNOWN), DeclaredTlsService(True, False), says="TRUST_UNKNOWN_ROOT", with_=PUBLIC_ONLY),
        case(service(path=ORGANISATION), NO_LEDGER, says="TRUST_ORGANISATION"),
        case(service(SELF_SIGNED, path=SELF_PATH), SILENT_LEDGER, says="TRUST_SELF_SIGNED"),
        case(service(path=UNKNOWN), SILENT_LEDGER, says="TRUST_UNKNOWN_ROOT"),
        case(service(GOOD, path=INCOMPLETE), SILENT_LEDGER, says="TRUST_INCOMPLETE"),
        case(service(path=FALSE), SILENT_LEDGER, says="TRUST_BAD_SIGNATURE"),
        case(service(path=FORBIDDEN), SILENT_LEDGER, says="TRUST_NOT_PERMITTED"),
        case(service(SELF_SIGNED, path=SELF_PATH, protocol="smtp"), SILENT_LEDGER, says="TRUST_OPPORTUNISTIC"),
        case(service(SELF_SIGNED, path=SELF_PATH, protocol="submission"), SILENT_LEDGER, says="TRUST_SELF_SIGNED"),
        case(service(protocol="smtp"), SILENT_LEDGER, says="TRUST_PUBLIC"),
        case(service(path=UNCHECKED), SILENT_LEDGER, outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(HALF_SEEN, SILENT_LEDGER, outcome="undetermined", reason=Reason.TIMEOUT),
        case(survey(SILENT, tls(chain(path=UNKNOWN))), SILENT_LEDGER, says="TRUST_UNKNOWN_ROOT", args={"address": (TWO,)}),
        case(survey(tls(chain(), chain(SELF_SIGNED, path=SELF_PATH))), SILENT_LEDGER, says="TRUST_SELF_SIGNED"),
        case(survey(tls(chain(), chain(SELF_SIGNED, path=SELF_PATH, sni=False))), SILENT_LEDGER, says="TRUST_PUBLIC"),
        case(survey(tls(chain()), left_out=3), SILENT_LEDGER, outcome="undetermined", reason=Reason.BUDGET_SPENT),
        *common(SILENT_LEDGER),
    ],
    "tls.certificate.self-signed": [
        case(service(), says="ISSUED"),
        case(service(SELF_SIGNED, path=SELF_PATH), says="SELF_SIGNED"),
        case(service(SELF_SIGNED, path=ORGANISATION), says="SELF_SIGNED_REGISTERED"),
        case(service(SELF_SIGNED, path=SELF_PATH, protocol="smtp"), says="SELF_SIGNED_OPPORTUNISTIC"),
        *common(),
    ],
    "tls.certificate.sent-whole": [
        case(service(), says="CHAIN_WHOLE"),
        case(service(path=UNKNOWN), says="CHAIN_WHOLE"),
        case(service(GOOD, path=INCOMPLETE), says="CHAIN_INCOMPLETE", args={"problem": "no certificate of CN=CA 1 was sent"}),
        case(service(GOOD, path=INCOMPLETE, protocol="smtp"), says="CHAIN_OPPORTUNISTIC"),
        case(service(GOOD, path=FETCHED), says="CHAIN_FETCHED"),
        case(service(SELF_SIGNED, path=SELF_PATH), says="CHAIN_SELF_SIGNED"),
        case(service(path=FALSE), says="CHAIN_BROKEN"),
        case(service(path=UNCHECKED), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *common(),
    ],
    "tls.certificate.order": [
        case(service(), says="ORDER_RIGHT"),
        case(service(GOOD, ROOT, CA, path=replace(PUBLIC, in_order=False, extra=(1,))), says="ORDER_WRONG"),
        *common(),
    ],
    "tls.certificate.extra": [
        case(service(), says="EXTRA_NONE"),
        case(service(GOOD, CA, ROOT, path=replace(PUBLIC, extra=(2,))), says="EXTRA_ROOT"),
        case(service(GOOD, CA, CROSS, path=replace(PUBLIC, extra=(2,))), says="EXTRA_CROSS"),
        case(service(GOOD, CA, CROSS_LOWER, path=replace(PUBLIC, extra=(2,))), says="EXTRA_CROSS"),
        case(service(GOOD, CA, STRAY, path=replace(PUBLIC, extra=(2,))), says="EXTRA_UNRELATED"),
        case(service(GOOD, path=INCOMPLETE), says="EXTRA_NO_PATH"),
        *common(),
    ],
    "tls.certificate.name": [
        case(service(), says="NAME_MATCHES", args={"name": NAME}),
        case(service(replace(GOOD, dns_names=("*.example.lg.jp",))), says="NAME_MATCHES"),
        case(service(replace(GOOD, dns_names=("*.lg.jp", "example.lg.jp"))), says="NAME_DIFFERS"),
        case(service(COMMON_ONLY), says="NAME_COMMON_ONLY"),
        case(service(replace(COMMON_ONLY, common_names=("localhost",))), says="NAME_NONE"),
        case(service(replace(GOOD, dns_names=("localhost",)), protocol="smtp"), says="NAME_OPPORTUNISTIC"),
        case(survey(tls(chain(replace(GOOD, ip_names=(ONE,)), sni=False)), name=""), says="NAME_MATCHES", args={"name": ONE}),
        case(
            service(replace(GOOD, dns_names=("a.jp",), problems=("more than 1000 alternative names",))),
            outcome="undetermined",
            reason=Reason.PROTOCOL_VIOLATION,
        ),
        case(survey(tls(chain(sni=False)), name=""), outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(
            survey(tls(chain()), tls(chain(replace(GOOD, dns_names=("a.jp",))))),
            says="NAME_DIFFERS",
            args={"address": (TWO,), "names": ("a.jp",)},
        ),
        case(HALF_SEEN, outcome="undetermined", reason=Reason.TIMEOUT),
        *common(),
    ],
}
