"""Cases of the checks of cipher suites and their order."""

from __future__ import annotations

from scanner.facts.tls import Preference, Version
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.tls.test_protocol import ONCE, PLAIN
from tests.checks.tls_servers import (
    CBC,
    CHACHA,
    CUT,
    GCM128,
    GCM256,
    NEW128,
    NEW256,
    NEWCHACHA,
    RC4,
    SILENT,
    SPENT,
    STATIC,
    TDES,
    one,
    survey,
    tls,
)

V = Version


def accepts(*suites: str) -> dict[Version, tuple[str, ...]]:
    """Give TLS 1.2 with some suites."""
    return {V.TLS12: suites}


FORBIDDEN = [
    "TLS_RSA_WITH_NULL_SHA",
    "TLS_DH_anon_WITH_AES_128_CBC_SHA",
    "TLS_ECDH_anon_WITH_AES_256_CBC_SHA",
    "TLS_RSA_EXPORT_WITH_RC4_40_MD5",
    "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA",
    "TLS_RSA_WITH_RC4_128_MD5",
    RC4,
    "TLS_RSA_WITH_DES_CBC_SHA",
    "TLS_RSA_WITH_IDEA_CBC_SHA",
    "TLS_SHA256_SHA256",
]

CASES: dict[str, list[Case]] = {
    "tls.suites.forbidden": [
        case(one(), says="FORBIDDEN_NONE"),
        case(one(accepts(GCM128, TDES, STATIC, CBC)), says="FORBIDDEN_NONE"),
        *(case(one(accepts(GCM128, name)), says="FORBIDDEN_ACCEPTED", args={"suites": (name,)}) for name in FORBIDDEN),
        # Opportunistic TLS between mail servers: no certificate is checked either way.
        case(survey(tls(accepts(GCM128, FORBIDDEN[1])), protocol="smtp"), says="FORBIDDEN_ANONYMOUS", args={"suites": (FORBIDDEN[1],)}),
        case(survey(tls(accepts(GCM128, "TLS_DH_anon_WITH_RC4_128_MD5")), protocol="smtp"), says="FORBIDDEN_ACCEPTED"),
        case(survey(tls(accepts(GCM128, FORBIDDEN[1])), protocol="submission"), says="FORBIDDEN_ACCEPTED"),
        case(one({V.SSL2: ("SSL_CK_DES_192_EDE3_CBC_WITH_MD5",)}), says="FORBIDDEN_ACCEPTED"),
        case(one(accepts(GCM128, RC4), unfinished={V.TLS12: CUT}), says="FORBIDDEN_ACCEPTED"),
        case(survey(tls(accepts(RC4), only_once=True)), says="FORBIDDEN_ACCEPTED"),
        case(one(accepts(GCM128), unfinished={V.TLS12: CUT}), outcome="undetermined", reason=Reason.RESET),
        case(one(accepts(GCM128, "0xC0FF")), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(ONCE, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(PLAIN, says="NO_TLS"),
    ],
    "tls.suites.weak": [
        case(one(), says="WEAK_NONE"),
        case(one(accepts(GCM128, TDES)), says="WEAK_ACCEPTED", args={"suites": (TDES,)}),
        case(survey(tls(), SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(PLAIN, says="NO_TLS"),
    ],
    "tls.suites.listed": [
        case(one(), says="LISTED_ALL"),
        case(one(accepts("TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256")), says="LISTED_ALL"),
        case(one(accepts(GCM128, TDES)), says="LISTED_MONITORED", args={"parts": ("3-key Triple DES",)}),
        case(one(accepts(GCM128, STATIC)), says="LISTED_MONITORED", args={"parts": ("RSAES-PKCS1-v1_5",)}),
        case(one(accepts(CBC)), says="LISTED_MONITORED", args={"parts": ("SHA-1",)}),
        case(one(accepts(GCM128, "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256")), says="LISTED_NOT", args={"parts": ("ARIA_128",)}),
        case(one(accepts("TLS_RSA_WITH_SEED_CBC_SHA")), says="LISTED_NOT"),
        case(one({V.TLS13: ("TLS_SM4_GCM_SM3",)}), says="LISTED_NOT", args={"parts": ("SM4",)}),
        case(one(accepts(GCM128), unfinished={V.TLS12: CUT}), outcome="undetermined", reason=Reason.RESET),
        case(PLAIN, says="NO_TLS"),
    ],
    "tls.suites.preference": [
        case(one(), says="PREFERENCE_SERVER"),
        case(one(prefers=Preference.SERVER_CHACHA), says="PREFERENCE_SERVER"),
        case(one(prefers=Preference.CLIENT), says="PREFERENCE_HARMLESS"),
        case(one(accepts(GCM128, CBC), prefers=Preference.CLIENT), says="PREFERENCE_CLIENT", args={"versions": ("TLSv1.2",)}),
        case(one(accepts(GCM128)), says="PREFERENCE_NO_CHOICE"),
        case(one(prefers=Preference.SERVER_OR_CHACHA), says="PREFERENCE_SERVER"),
        case(one(prefers=None), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(one(prefers=SPENT), outcome="undetermined", reason=Reason.BUDGET_SPENT),
        case(one(unfinished={V.TLS12: CUT}), outcome="undetermined", reason=Reason.RESET),
        case(PLAIN, says="NO_TLS"),
    ],
    "tls.suites.order": [
        case(one(), says="ORDER_FITS"),
        case(one({V.TLS13: (NEW256, NEWCHACHA, NEW128)}), says="ORDER_DIFFERS", args={"pairs": (f"{NEWCHACHA} > {NEW128}",)}),
        case(one({V.TLS13: (NEW256, NEWCHACHA, NEW128)}), says="ORDER_FITS", with_={"profile": "cryptrec/high"}),
        case(one({V.TLS13: (NEWCHACHA, NEW128, NEW256)}, prefers=Preference.SERVER_CHACHA), says="ORDER_FITS"),
        case(one(prefers=Preference.SERVER_OR_CHACHA), outcome="undetermined", reason=Reason.BUDGET_SPENT),
        case(one({V.TLS13: (NEW256, NEWCHACHA, NEW128)}, prefers=Preference.SERVER_OR_CHACHA), says="ORDER_DIFFERS"),
        case(one(prefers=SPENT), outcome="undetermined", reason=Reason.BUDGET_SPENT),
        case(one(accepts(GCM256, CHACHA, GCM128)), says="ORDER_DIFFERS"),
        # The order of TLS 1.2 at the high level was not read.
        case(one(accepts(GCM128, GCM256)), says="ORDER_OPEN", with_={"profile": "cryptrec/high"}),
        case(one(prefers=Preference.CLIENT), says="ORDER_OPEN"),
        case(one(), says="ORDER_OPEN", with_={"profile": "cryptrec/exception"}),
        case(one(prefers=None), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(PLAIN, says="NO_TLS"),
    ],
}
