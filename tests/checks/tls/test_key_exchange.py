"""Cases of the checks of key exchange and of the handshake's signatures."""

from __future__ import annotations

from scanner.facts.tls import Version
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.tls.test_protocol import ONCE, PLAIN
from tests.checks.tls_servers import CUT, DHE, GCM128, NEW128, STATIC, dh, one, survey, tls

V = Version
ANON = "TLS_DH_anon_WITH_AES_128_CBC_SHA"

CASES: dict[str, list[Case]] = {
    "tls.key-exchange.forward-secrecy": [
        case(one(), says="SECRECY_ALL"),
        case(one({V.TLS12: (GCM128, STATIC)}), says="SECRECY_PARTLY", args={"suites": (STATIC,)}),
        case(one({V.TLS12: (GCM128, STATIC)}), says="SECRECY_NOT_ALL", with_={"every": True}),
        case(one({V.TLS12: (STATIC,)}, unfinished={V.TLS12: CUT}), says="SECRECY_NOT_ALL", with_={"every": True}),
        case(one({V.TLS12: (STATIC,)}), says="SECRECY_NONE"),
        case(one({V.TLS12: (STATIC,)}, unfinished={V.TLS12: CUT}), outcome="undetermined", reason=Reason.RESET),
        case(ONCE, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(PLAIN, says="NO_TLS"),
    ],
    "tls.key-exchange.dh-bits": [
        case(one(), says="DH_NONE"),
        case(one({V.TLS12: (DHE,)}, dh=(dh(2048),)), says="DH_LONG", args={"groups": ("DH 2048",)}),
        case(one({V.TLS13: (NEW128,)}, groups=("x25519", "ffdhe3072")), says="DH_LONG", args={"groups": ("ffdhe3072",)}),
        case(one({V.TLS12: (DHE,)}, dh=(dh(1024),)), says="DH_SHORT", args={"groups": ("DH 1024",), "least_bits": 2048}),
        case(one({V.TLS12: (DHE,)}, dh=(dh(2048),)), says="DH_SHORT", with_={"least_bits": 3072}),
        case(one({V.TLS12: (DHE,)}, dh=(dh(1024),), unfinished={V.TLS12: CUT}), says="DH_SHORT"),
        case(one({V.TLS12: (DHE,)}, dh=CUT), outcome="undetermined", reason=Reason.RESET),
        case(one({V.TLS12: (ANON,)}), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(ONCE, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(PLAIN, says="NO_TLS"),
    ],
    "tls.key-exchange.dh-prime": [
        case(one(), says="PRIME_NONE"),
        case(one({V.TLS12: (DHE,)}, dh=(dh(2048),)), says="PRIME_OWN"),
        case(one({V.TLS12: (DHE,)}, dh=(dh(2048, known="ffdhe2048"),)), says="PRIME_KNOWN", args={"groups": ("ffdhe2048 2048",)}),
        case(one({V.TLS12: (DHE,)}, dh=(dh(2048, safe=False),)), says="PRIME_UNSAFE"),
        case(one({V.TLS12: (DHE,)}, dh=(dh(8192, safe=None),)), outcome="undetermined", reason=Reason.TOO_LARGE),
        case(one({V.TLS12: (DHE,)}, dh=CUT), outcome="undetermined", reason=Reason.RESET),
        case(PLAIN, says="NO_TLS"),
    ],
    "tls.key-exchange.curves": [
        case(one(), says="CURVES_GOOD", args={"groups": ("x25519", "secp256r1", "secp384r1")}),
        case(one(groups=("x25519", "brainpoolP256r1")), says="CURVES_UNLISTED", args={"groups": ("brainpoolP256r1",)}),
        case(one(groups=("secp256r1", "sect283k1")), says="CURVES_UNLISTED"),
        case(one(groups=("secp256r1", "secp224r1")), says="CURVES_WEAK", args={"groups": ("secp224r1",)}),
        case(one({V.TLS12: (STATIC,)}), says="CURVES_NONE"),
        case(one({V.TLS12: (GCM128,)}, groups=("x25519",), unfinished={V.TLS12: CUT}), outcome="undetermined", reason=Reason.RESET),
        case(one(group_cut=CUT), outcome="undetermined", reason=Reason.RESET),
        case(PLAIN, says="NO_TLS"),
    ],
    "tls.key-exchange.post-quantum": [
        case(one(groups=("X25519MLKEM768", "x25519")), says="QUANTUM_OFFERED", args={"groups": ("X25519MLKEM768",)}),
        case(one(), says="QUANTUM_NOT"),
        case(one({V.TLS12: (GCM128,)}), says="QUANTUM_OLD"),
        case(ONCE, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(PLAIN, says="NO_TLS"),
    ],
    "tls.signature.handshake": [
        case(one(), says="SIGNED_WELL"),
        case(one(signs=("rsa_pkcs1_sha256", "rsa_pkcs1_sha1")), says="SIGNED_WEAKLY", args={"schemes": ("rsa_pkcs1_sha1",)}),
        case(one({V.TLS12: (STATIC,)}), says="SIGNED_NOTHING"),
        case(one({V.TLS13: (NEW128,)}), says="SIGNED_NOTHING"),
        case(one(sign_cut=CUT), outcome="undetermined", reason=Reason.RESET),
        case(one(signs=("rsa_pkcs1_sha1",), sign_cut=CUT), says="SIGNED_WEAKLY"),
        case(survey(tls({V.TLS12: (GCM128,)}, only_once=True)), outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(PLAIN, says="NO_TLS"),
    ],
}
