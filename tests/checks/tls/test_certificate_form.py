"""Cases of the check of how certificates are written."""

from __future__ import annotations

from dataclasses import replace

from tests.checks.cases import Case, case
from tests.checks.tls_certificates import CA, GOOD, ROOT, common, service

ODD = ("the serial number is zero",)

CASES: dict[str, list[Case]] = {
    "tls.certificate.well-formed": [
        case(service(), says="FORM_GOOD"),
        case(service(replace(GOOD, problems=ODD)), says="FORM_ODD"),
        case(service(GOOD, replace(CA, problems=ODD)), says="FORM_ODD"),
        case(service(GOOD, CA, replace(ROOT, problems=ODD)), says="FORM_GOOD"),
        *common(),
    ],
}
