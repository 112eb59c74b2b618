"""Cases of the checks of TLS being there, and of its versions."""

from __future__ import annotations

from scanner.facts.tls import TlsSeen, Upgrade, Version
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.tls_servers import CBC, CUT, GCM128, NEW128, SILENT, one, survey, tls

PLAIN = survey(TlsSeen(Upgrade.NOT_OFFERED), protocol="smtp")
REFUSING = survey(TlsSeen(Upgrade.REFUSED), protocol="smtp")
ONCE = survey(tls({Version.TLS12: (GCM128,)}, only_once=True))
WENT_AWAY = survey(Unobserved(Reason.TIMEOUT))


def off(tag: str, version: Version, suite: str) -> list[Case]:
    """Give the cases that every check of an old version has."""
    both = {version: (suite,), Version.TLS12: (GCM128,)}
    return [
        case(one(), says=f"{tag}_OFF"),
        case(one(both), says=f"{tag}_ON", args={"address": ("192.0.2.10",)}),
        case(survey(tls(), tls(both), SILENT), says=f"{tag}_ON", args={"address": ("192.0.2.11",)}),
        # Seen before the search was cut: a fact. Not seen before it was cut: nothing is known.
        case(one(both, unfinished={version: CUT}), says=f"{tag}_ON"),
        case(one({Version.TLS12: (GCM128,)}, unfinished={version: CUT}), outcome="undetermined", reason=Reason.RESET),
        case(survey(tls(), SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(survey(tls(), left_out=3), outcome="undetermined", reason=Reason.BUDGET_SPENT),
        case(ONCE, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(one({Version.TLS12: (GCM128,)}, versions=()), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(survey(tls(both, only_once=True)), says=f"{tag}_ON"),
        case(PLAIN, says="NO_TLS"),
        case(one({}), says="NO_TLS"),
        case(WENT_AWAY, outcome="undetermined", reason=Reason.TIMEOUT),
    ]


CASES: dict[str, list[Case]] = {
    "tls.offered": [
        case(one(), says="TLS_SPOKEN", args={"versions": ("TLSv1.2", "TLSv1.3")}),
        case(ONCE, says="TLS_SPOKEN"),
        case(PLAIN, says="TLS_NOT_OFFERED"),
        case(REFUSING, says="TLS_REFUSED"),
        case(survey(tls(), TlsSeen(Upgrade.NOT_OFFERED)), says="TLS_NOT_OFFERED", args={"address": ("192.0.2.11",)}),
        case(one({}), says="TLS_NO_VERSION"),
        case(one({}, unfinished={Version.TLS13: CUT}), outcome="undetermined", reason=Reason.RESET),
        case(WENT_AWAY, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "tls.protocol.sslv2": off("SSLV2", Version.SSL2, "SSL_CK_RC4_128_WITH_MD5"),
    "tls.protocol.sslv3": off("SSLV3", Version.SSL3, CBC),
    "tls.protocol.tls-1-0": off("TLS_1_0", Version.TLS10, CBC),
    "tls.protocol.tls-1-1": off("TLS_1_1", Version.TLS11, CBC),
    "tls.protocol.modern": [
        case(one({Version.TLS12: (GCM128,)}), says="MODERN_SPOKEN", args={"versions": ("TLSv1.2",)}),
        case(ONCE, says="MODERN_SPOKEN"),
        case(one({Version.TLS10: (CBC,)}), says="MODERN_MISSING"),
        case(one({Version.TLS10: (CBC,)}, unfinished={Version.TLS13: CUT}), outcome="undetermined", reason=Reason.RESET),
        case(PLAIN, says="NO_TLS"),
    ],
    "tls.protocol.tls-1-3": [
        case(one({Version.TLS13: (NEW128,)}), says="TLS_1_3_ON"),
        case(one({Version.TLS12: (GCM128,)}), says="TLS_1_3_OFF"),
        case(one({Version.TLS12: (GCM128,)}, unfinished={Version.TLS13: CUT}), outcome="undetermined", reason=Reason.RESET),
        case(ONCE, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(REFUSING, says="NO_TLS"),
    ],
}
