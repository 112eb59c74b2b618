"""Cases of the checks of renegotiation, compression, downgrade, sessions, tolerance and names."""

from __future__ import annotations

from scanner.facts.tls import Features, SniBehaviour, Version
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.tls.test_protocol import PLAIN
from tests.checks.tls_servers import CBC, CUT, GCM128, NEW128, SILENT, features, one, survey, tls

V = Version
ONLY_13 = one({V.TLS13: (NEW128,)}, features=Features(tls13_ticket=True, early_data=0))
LOST = one(features=CUT)
ONCE = survey(tls({V.TLS12: (GCM128,)}, only_once=True, features=Features()))
COMMON = [
    case(LOST, outcome="undetermined", reason=Reason.RESET),
    case(ONCE, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
    case(survey(tls(), SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
    case(PLAIN, says="NO_TLS"),
]

CASES: dict[str, list[Case]] = {
    "tls.renegotiation.secure": [
        case(one(), says="RENEGOTIATION_SECURE"),
        case(features(secure_renegotiation=False), says="RENEGOTIATION_INSECURE"),
        case(ONLY_13, says="RENEGOTIATION_NONE"),
        case(features(secure_renegotiation=CUT), outcome="undetermined", reason=Reason.RESET),
        *COMMON,
    ],
    "tls.renegotiation.client": [
        case(one(), says="CLIENT_RENEGOTIATION_REFUSED"),
        case(features(client_renegotiation=3), says="CLIENT_RENEGOTIATION_DONE", args={"count": 3}),
        case(ONLY_13, says="CLIENT_RENEGOTIATION_NONE"),
        *COMMON,
    ],
    "tls.compression.off": [
        case(one(), says="COMPRESSION_OFF"),
        case(features(compression=True), says="COMPRESSION_ON"),
        case(ONLY_13, says="COMPRESSION_NONE"),
        *COMMON,
    ],
    "tls.downgrade.scsv": [
        case(one(), says="SCSV_NOT_NEEDED"),
        case(one({V.TLS10: (CBC,), V.TLS12: (GCM128,)}), says="SCSV_HEEDED"),
        case(one({V.TLS10: (CBC,), V.TLS12: (GCM128,)}, features=Features(fallback_scsv=False)), says="SCSV_IGNORED"),
        case(one({V.TLS12: (GCM128,)}, unfinished={V.TLS10: CUT}), outcome="undetermined", reason=Reason.RESET),
        *COMMON,
    ],
    "tls.session.extended-master-secret": [
        case(one(), says="EMS_ON"),
        case(features(extended_master_secret=False), says="EMS_OFF"),
        case(ONLY_13, says="EMS_NONE"),
        *COMMON,
    ],
    "tls.session.encrypt-then-mac": [
        case(one(), says="ETM_NO_CBC"),
        case(one({V.TLS12: (GCM128, CBC)}), says="ETM_ON"),
        case(one({V.TLS12: (GCM128, CBC)}, features=Features(encrypt_then_mac=False)), says="ETM_OFF"),
        case(one({V.TLS12: (GCM128, CBC)}, features=Features()), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(one({V.TLS12: (GCM128,)}, unfinished={V.TLS12: CUT}), outcome="undetermined", reason=Reason.RESET),
        *COMMON,
    ],
    "tls.session.tickets": [
        case(one(), says="TICKETS_ISSUED"),
        case(features(session_ticket=False, tls13_ticket=False), says="TICKETS_NONE"),
        case(features(session_ticket=False, tls13_ticket=CUT), outcome="undetermined", reason=Reason.RESET),
        case(features(session_ticket=None, tls13_ticket=None), says="TICKETS_UNKNOWN"),
        *COMMON,
    ],
    "tls.session.early-data": [
        case(one(), says="EARLY_DATA_OFF"),
        case(features(early_data=16384), says="EARLY_DATA_ON", args={"octets": 16384}),
        case(one({V.TLS12: (GCM128,)}, features=Features()), says="EARLY_DATA_OLD"),
        case(one({V.TLS12: (GCM128,)}, features=Features(early_data=CUT)), says="EARLY_DATA_OLD"),
        case(features(early_data=CUT), outcome="undetermined", reason=Reason.RESET),
        *COMMON,
    ],
    "tls.tolerance.hello": [
        case(one(), says="TOLERANCE_GOOD"),
        case(features(intolerant=("grease", "long")), says="TOLERANCE_BAD", args={"hellos": ("grease", "long")}),
        case(features(intolerant=CUT), outcome="undetermined", reason=Reason.RESET),
        *COMMON,
    ],
    "tls.sni.unknown-name": [
        case(features(without_sni=SniBehaviour.SAME, unknown_sni=SniBehaviour.SAME), says="SNI_SAME"),
        case(features(without_sni=SniBehaviour.OTHER, unknown_sni=CUT), says="SNI_OTHER"),
        case(features(without_sni=SniBehaviour.SAME, unknown_sni=SniBehaviour.REFUSED), says="SNI_REFUSED"),
        case(features(without_sni=SniBehaviour.SAME, unknown_sni=CUT), outcome="undetermined", reason=Reason.RESET),
        case(one(), says="SNI_NO_NAME"),
        *COMMON,
    ],
}
