"""Cases of the checks of revocation, stapling and transparency."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.tls import Revocation, Sct, TlsRevocation
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.tls_certificates import (
    AT,
    CA,
    GOOD,
    ORGANISATION,
    SELF_PATH,
    SELF_SIGNED,
    SILENT,
    chain,
    common,
    said,
    service,
    status,
    survey,
    tls,
)

FORBIDDEN = Unobserved(Reason.OUT_OF_SCOPE, "not listed")
GONE = said(Revocation.REVOKED, revoked_at="2026-11-01T00:00:00Z")
STALE = said(until="2026-11-21T12:00:00Z")
OTHERS = said(signed=False, problem="the signature is not by the issuer")
REFUSED = said(Revocation.UNKNOWN, signed=False, problem="the responder answered tryLater")
NOBODY = TlsRevocation(())
PLACELESS = replace(GOOD, ocsp_urls=())
MUST = replace(GOOD, must_staple=True)

CASES: dict[str, list[Case]] = {
    "tls.certificate.revoked": [
        case(service(), status(said()), says="NOT_REVOKED", args={"way": "OCSP"}),
        case(service(), status(SILENT, said()), says="NOT_REVOKED", args={"way": "CRL"}),
        case(service(staple=said()), FORBIDDEN, says="NOT_REVOKED", args={"way": "OCSP stapling"}),
        case(service(staple=STALE), status(said()), says="NOT_REVOKED", args={"way": "OCSP"}),
        case(service(), status(GONE), says="REVOKED", args={"reason": "keyCompromise", "revoked": "2026-11-01T00:00:00Z"}),
        case(service(staple=said()), status(GONE), says="REVOKED"),
        case(service(), status(said(), GONE), says="REVOKED", args={"way": "CRL"}),
        case(service(staple=GONE, protocol="smtp"), FORBIDDEN, says="REVOKED"),
        case(service(SELF_SIGNED, path=SELF_PATH), NOBODY, says="REVOKED_SELF_SIGNED"),
        case(service(), FORBIDDEN, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(service(), status(FORBIDDEN), outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(service(), NOBODY, outcome="undetermined", reason=Reason.BUDGET_SPENT),
        case(service(PLACELESS), NOBODY, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(service(PLACELESS), FORBIDDEN, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(service(), status(said(Revocation.UNKNOWN)), outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(service(), status(OTHERS), outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
        case(service(), status(REFUSED), outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
        case(service(), status(STALE), outcome="undetermined", reason=Reason.STALE),
        *common(status(said())),
    ],
    "tls.certificate.staple": [
        case(service(staple=said()), says="STAPLE_VALID", args={"until": "2026-11-25T00:00:00Z"}),
        case(service(staple=said(until="")), says="STAPLE_VALID"),
        case(service(staple=GONE), says="STAPLE_VALID"),
        case(service(staple=STALE), says="STAPLE_STALE"),
        case(service(staple=replace(said(), produced_at="2026-11-23T00:00:00Z")), says="STAPLE_STALE"),
        case(service(staple=REFUSED), says="STAPLE_BROKEN", args={"problem": "the responder answered tryLater"}),
        case(service(staple=OTHERS), says="STAPLE_BROKEN"),
        case(
            service(staple=OTHERS, path=replace(SELF_PATH, end=type(SELF_PATH.end).INCOMPLETE)),
            outcome="undetermined",
            reason=Reason.UNSUPPORTED,
        ),
        case(service(), says="STAPLE_NOT_USED"),
        *common(),
    ],
    "tls.certificate.must-staple": [
        case(service(MUST, CA, staple=said()), says="MUST_STAPLE_HONOURED"),
        case(service(MUST), says="MUST_STAPLE_BROKEN"),
        case(service(), says="MUST_STAPLE_NOT_ASKED"),
        *common(),
    ],
    "tls.certificate.transparency": [
        case(service(), says="CT_ENOUGH", args={"logs": 2}),
        case(service(replace(GOOD, scts=GOOD.scts[:1])), says="CT_FEW", args={"logs": 1, "least": 2}),
        case(service(replace(GOOD, scts=GOOD.scts[:1] * 2)), says="CT_FEW", args={"logs": 1}),
        case(service(replace(GOOD, not_before="2026-03-01T00:00:00Z")), says="CT_FEW", args={"logs": 2, "least": 3}),
        case(survey(tls(chain(replace(GOOD, scts=()), scts=(*GOOD.scts, Sct("cc" * 32, AT))))), says="CT_ENOUGH", args={"logs": 3}),
        case(service(replace(GOOD, scts=()), path=ORGANISATION), says="CT_NOT_ASKED"),
        case(service(replace(GOOD, scts=()), protocol="submission"), says="CT_NOT_ASKED"),
        *common(),
    ],
}
