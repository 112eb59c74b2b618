"""Cases of the checks of known defects, and of addresses against each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scanner.facts.tls import DefectsSeen, Features, TlsDefects, Upgrade, Version
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.tls.test_protocol import ONCE, PLAIN
from tests.checks.tls_servers import CBC, CUT, DHE, GCM128, GOOD_FEATURES, SILENT, STATIC, TDES, certificate, dh, one, survey, tls

V = Version
NO_CONSENT = Unobserved(Reason.NO_CONSENT)


def probed(name: str, tag: str) -> list[Case]:
    """Give the cases that every defect with a probe of its own has."""

    def seen(*found: bool | Unobserved | None) -> TlsDefects:
        parts: list[dict[str, Any]] = [{"address": f"192.0.2.{n}", name: value} for n, value in enumerate(found, 10)]
        return TlsDefects(tuple(DefectsSeen(**part) for part in parts))

    return [
        case(seen(False), says=f"{tag}_ABSENT"),
        case(seen(False, True, CUT), says=f"{tag}_FOUND", args={"address": ("192.0.2.11",)}),
        case(seen(None), says=f"{tag}_NONE"),
        case(seen(False, CUT), outcome="undetermined", reason=Reason.RESET),
        case(seen(NO_CONSENT), outcome="undetermined", reason=Reason.NO_CONSENT),
        case(seen(), outcome="undetermined", reason=Reason.UNREACHABLE),
    ]


def offering(tag: str, version: Version, suite: str) -> list[Case]:
    """Give the cases that every defect has which accepted suites show."""
    return [
        case(one(), says=f"{tag}_ABSENT"),
        case(one({version: (suite,)}), says=f"{tag}_FOUND", args={"suites": (suite,)}),
        case(one({version: (suite,)}, unfinished={version: CUT}), says=f"{tag}_FOUND"),
        case(one({V.TLS12: (GCM128,)}, unfinished={version: CUT}), outcome="undetermined", reason=Reason.RESET),
        case(ONCE, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(PLAIN, says="NO_TLS"),
    ]


CASES: dict[str, list[Case]] = {
    "tls.defect.heartbleed": probed("heartbleed", "HEARTBLEED"),
    "tls.defect.early-ccs": probed("early_ccs", "EARLY_CCS"),
    "tls.defect.ticketbleed": probed("ticketbleed", "TICKETBLEED"),
    "tls.defect.robot": probed("robot", "ROBOT"),
    "tls.defect.poodle": offering("POODLE", V.SSL3, CBC),
    "tls.defect.freak": offering("FREAK", V.TLS10, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA"),
    "tls.defect.sweet32": offering("SWEET32", V.TLS12, TDES),
    "tls.defect.logjam": [
        case(one({V.TLS12: (DHE,)}, dh=(dh(1024),)), says="LOGJAM_ABSENT"),
        case(one({V.TLS10: ("TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA",)}), says="LOGJAM_EXPORT"),
        case(one({V.TLS12: (DHE,)}, dh=(dh(1024, known="Apache 2.2"),)), says="LOGJAM_COMMON", args={"primes": ("Apache 2.2 1024",)}),
        case(one({V.TLS12: (DHE,)}, dh=(dh(2048, known="ffdhe2048"),)), says="LOGJAM_ABSENT"),
        case(one({V.TLS12: (DHE,)}, dh=CUT), outcome="undetermined", reason=Reason.RESET),
        case(one({V.TLS12: (STATIC,)}, dh=CUT), says="LOGJAM_ABSENT"),
        case(PLAIN, says="NO_TLS"),
    ],
    "tls.defect.drown": [
        case(one(), says="DROWN_ABSENT"),
        case(one({V.SSL2: ("SSL_CK_RC4_128_WITH_MD5",)}), says="DROWN_FOUND"),
        case(one({V.SSL2: ()}), says="DROWN_FOUND", args={"suites": ("-",)}),
        case(ONCE, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(PLAIN, says="NO_TLS"),
    ],
    "tls.defect.heartbeat": [
        case(one(), says="HEARTBEAT_OFF"),
        case(one(features=replace(GOOD_FEATURES, heartbeat=True)), says="HEARTBEAT_ON"),
        case(one(features=Features()), says="HEARTBEAT_NONE"),
        case(one(features=CUT), outcome="undetermined", reason=Reason.RESET),
        case(PLAIN, says="NO_TLS"),
    ],
    "tls.defect.starttls-injection": [
        case(one(), says="INJECTION_NONE"),
        case(survey(tls(upgrade=Upgrade.OFFERED), protocol="smtp"), says="INJECTION_ABSENT"),
        case(survey(tls(upgrade=Upgrade.OFFERED, early="250 ok"), protocol="smtp"), says="INJECTION_FOUND", args={"text": "250 ok"}),
        case(PLAIN, says="NO_TLS"),
    ],
    "tls.addresses.agree": [
        case(one(), says="ADDRESSES_ONE"),
        case(survey(tls(), tls()), says="ADDRESSES_SAME", args={"count": 2}),
        case(survey(tls(), tls({V.TLS12: (GCM128,)})), says="ADDRESSES_DIFFER", args={"parts": ("versions", "suites")}),
        case(survey(tls(), tls(leaves=[certificate("ECDSA", 256)]), SILENT), says="ADDRESSES_DIFFER", args={"parts": ("certificates",)}),
        case(survey(tls(), SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(survey(tls(), tls({V.TLS12: (GCM128,)}, unfinished={V.TLS13: CUT})), outcome="undetermined", reason=Reason.RESET),
        case(survey(tls(), left_out=2), outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
}
