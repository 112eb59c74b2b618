"""Cases of the check that there is any measure against forged mail."""

from __future__ import annotations

from scanner.facts.mail import Status
from scanner.facts.mail_sender import SpfTerm
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.mail import FAILURE, NAME, NO_SPF, SILENT, SPF_NO_DOMAIN, SPF_UNANSWERED, dkim, dmarc, selector, spf, text
from tests.checks.mail.test_dkim import ED25519, GOOD, PROVEN_NONE, REVOKED, TINY, UNKNOWN

REJECT = dmarc("v=DMARC1; p=reject")
WATCHING = dmarc("v=DMARC1; p=none")
WEAKENED = dmarc("v=DMARC1; p=quarantine; t=y")
KEY = dkim(selector("s1", GOOD))

CASES: dict[str, list[Case]] = {
    "mail.spoofing.measures": [
        case(spf(), REJECT, KEY, says="SPOOFING_MEASURES", args={"measures": ("SPF", "DKIM", "DMARC")}),
        case(spf(ending="~"), dmarc(), UNKNOWN, says="SPOOFING_MEASURES", args={"measures": ("SPF",)}),
        case(NO_SPF, REJECT, UNKNOWN, says="SPOOFING_MEASURES", args={"measures": ("DMARC",)}),
        case(SILENT, FAILURE, KEY, says="SPOOFING_MEASURES", args={"measures": ("DKIM",)}),
        case(NO_SPF, dmarc(), PROVEN_NONE, says="SPOOFING_OPEN"),
        case(spf(ending="?"), WATCHING, PROVEN_NONE, says="SPOOFING_OPEN"),
        case(spf(open_terms=(SpfTerm(NAME, "+all"),)), WEAKENED, PROVEN_NONE, says="SPOOFING_OPEN"),
        case(spf(ranges=("0.0.0.0/0",)), dmarc(), PROVEN_NONE, says="SPOOFING_OPEN"),
        case(SPF_NO_DOMAIN, dmarc(exists=False), PROVEN_NONE, says="SPOOFING_NO_DOMAIN"),
        case(NO_SPF, dmarc(), UNKNOWN, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(NO_SPF, dmarc(), dkim(below=text("x", status=Status.NXDOMAIN)), outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(NO_SPF, dmarc(), dkim(selector("s1", REVOKED)), outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(SPF_UNANSWERED, dmarc(), PROVEN_NONE, outcome="undetermined", reason=Reason.TIMEOUT),
        # Verifiers refuse a key of 512 bits.
        case(NO_SPF, dmarc(), dkim(selector("s1", TINY)), outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(NO_SPF, dmarc(), dkim(selector("s1", ED25519)), says="SPOOFING_MEASURES", args={"measures": ("DKIM",)}),
        case(NO_SPF, FAILURE, PROVEN_NONE, outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(NO_SPF, dmarc(), SILENT, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
}
