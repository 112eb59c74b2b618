"""Cases of the checks of a certificate's key, signature and uses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.tls.certificate_key import key_strength
from scanner.facts.tls import PublicKey
from scanner.model.reason import Reason
from scanner.model.verdict import Outcome, Verdict
from tests.checks.cases import Case, case
from tests.checks.tls_certificates import CA, GOOD, HALF_SEEN, ROOT, RSA_2048, SELF_PATH, SELF_SIGNED, chain, common, service, survey, tls

RSA_1024 = PublicKey("RSA", 1024, "", 65537)
RSA_LEAF = replace(GOOD, key=RSA_2048)
ENCIPHER_ONLY = replace(RSA_LEAF, usage=("keyEncipherment",))
STATIC = ("TLS_RSA_WITH_AES_128_GCM_SHA256",)
BOTH = (*STATIC, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")


CASES: dict[str, list[Case]] = {
    "tls.certificate.key-strength": [
        case(service(), says="KEY_STRONG", args={"key": "ECDSA secp256r1"}),
        case(service(RSA_LEAF, CA), says="KEY_STRONG", args={"key": "RSA 2048"}),
        case(service(RSA_LEAF, CA), says="KEY_SHORT", with_={"least_rsa_bits": 3072}),
        case(service(replace(GOOD, key=RSA_1024), CA), says="KEY_SHORT", args={"key": "RSA 1024", "least": 2048}),
        case(service(GOOD, replace(CA, key=RSA_1024)), says="KEY_SHORT"),
        case(service(GOOD, CA, replace(ROOT, key=RSA_1024)), says="KEY_STRONG"),
        case(service(replace(SELF_SIGNED, key=RSA_1024), path=SELF_PATH), says="KEY_SHORT"),
        case(service(replace(GOOD, key=PublicKey("ECDSA", 192, "secp192r1"))), says="KEY_SHORT", args={"least": 256}),
        case(service(replace(GOOD, key=PublicKey("ECDSA", 224, "secp224r1"))), says="KEY_STRONG", with_={"least_ec_bits": 224}),
        case(service(replace(GOOD, key=PublicKey("RSA", 2048, "", 1))), says="KEY_EXPONENT", args={"exponent": 1}),
        case(service(replace(GOOD, key=PublicKey("RSA", 2048, "", 4))), says="KEY_EXPONENT"),
        case(service(replace(GOOD, key=PublicKey("RSA", 2048, "", 3))), says="KEY_EXPONENT_SMALL", args={"exponent": 3}),
        case(service(replace(GOOD, key=PublicKey("RSA-PSS", 3072, "", 65537))), says="KEY_STRONG"),
        case(service(replace(GOOD, key=PublicKey("Ed25519", 256, "ed25519"))), says="KEY_STRONG"),
        case(service(replace(GOOD, key=PublicKey("ECDSA", 256, "explicit"))), says="KEY_EXPLICIT"),
        case(service(replace(GOOD, key=PublicKey("DSA", 2048))), says="KEY_DSA"),
        case(service(replace(GOOD, key=PublicKey("1.2.3", 2048))), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(service(replace(GOOD, key=PublicKey("ECDSA", 256, "1.2.3"))), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(service(replace(GOOD, key=PublicKey("", 0))), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(HALF_SEEN, outcome="undetermined", reason=Reason.TIMEOUT),
        *common(),
    ],
    "tls.certificate.signature-hash": [
        case(service(), says="SIGNATURE_SAFE", args={"signature": ("sha256WithRSAEncryption",)}),
        case(service(replace(GOOD, signature="Ed25519", signature_hash="")), says="SIGNATURE_SAFE"),
        case(service(replace(GOOD, signature="sha1WithRSAEncryption", signature_hash="SHA1")), says="SIGNATURE_WEAK"),
        case(service(replace(GOOD, signature="md5WithRSAEncryption", signature_hash="MD5")), says="SIGNATURE_WEAK"),
        case(service(GOOD, replace(CA, signature="sha1WithRSAEncryption", signature_hash="SHA1")), says="SIGNATURE_WEAK"),
        case(service(GOOD, CA, replace(ROOT, signature="sha1WithRSAEncryption", signature_hash="SHA1")), says="SIGNATURE_SAFE"),
        case(service(replace(GOOD, signature="1.2.3", signature_hash="")), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *common(),
    ],
    "tls.certificate.purpose": [
        case(service(), says="PURPOSE_SERVER"),
        case(service(replace(GOOD, extended_usage=None)), says="PURPOSE_SERVER"),
        case(service(replace(GOOD, extended_usage=("anyExtendedKeyUsage",))), says="PURPOSE_SERVER"),
        case(service(replace(GOOD, extended_usage=("clientAuth",))), says="PURPOSE_OTHER", args={"uses": ("clientAuth",)}),
        case(service(replace(GOOD, extended_usage=())), says="PURPOSE_OTHER", args={"uses": ("-",)}),
        case(service(replace(SELF_SIGNED, is_ca=True), path=SELF_PATH), says="PURPOSE_AUTHORITY"),
        *common(),
    ],
    "tls.certificate.key-usage": [
        case(service(), says="USAGE_FITS"),
        case(service(replace(GOOD, usage=None)), says="USAGE_ANY"),
        case(service(ENCIPHER_ONLY), says="USAGE_NO_SIGNING"),
        case(survey(tls(chain(ENCIPHER_ONLY), suites=BOTH, tls13=False)), says="USAGE_NO_SIGNING"),
        case(survey(tls(chain(ENCIPHER_ONLY), suites=STATIC, tls13=False)), says="USAGE_FITS"),
        case(survey(tls(chain(RSA_LEAF), suites=BOTH)), says="USAGE_NO_ENCIPHERMENT"),
        case(survey(tls(chain(replace(RSA_LEAF, usage=("digitalSignature", "keyEncipherment"))), suites=BOTH)), says="USAGE_FITS"),
        case(survey(tls(chain(), suites=BOTH)), says="USAGE_FITS"),
        *common(),
    ],
    "tls.certificate.rsa-horizon": [
        case(service(RSA_LEAF), says="HORIZON_WITHIN"),
        case(service(replace(RSA_LEAF, not_after="2030-12-31T23:59:59Z")), says="HORIZON_WITHIN"),
        case(service(replace(RSA_LEAF, not_after="2031-01-01T00:00:00Z")), says="HORIZON_BEYOND"),
        case(service(replace(GOOD, key=PublicKey("RSA", 4096, "", 65537), not_after="2036-01-01T00:00:00Z")), says="HORIZON_STRONG"),
        case(service(), says="HORIZON_OTHER"),
        case(service(replace(GOOD, key=RSA_1024)), says="HORIZON_OTHER"),
        case(service(replace(RSA_LEAF, not_after="")), outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
        *common(),
    ],
}


@pytest.mark.parametrize("bits", [2047, 2048])
def test_one_bit_decides(bits: int) -> None:
    verdict = key_strength.judge(service(replace(GOOD, key=PublicKey("RSA", bits, "", 65537))))
    assert isinstance(verdict, Verdict)
    assert (verdict.outcome is Outcome.PASS) == (bits == 2048)
