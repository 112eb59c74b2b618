"""Cases of the checks of DKIM keys."""

from __future__ import annotations

import base64

from scanner.facts.mail import Status
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.mail import (
    FAILURE,
    MX,
    NAME,
    NO_DOMAIN,
    NO_MX,
    NO_SPF,
    NULL_MX,
    REFUSES_ALL,
    SILENT,
    SPF_NO_DOMAIN,
    declared,
    dkim,
    selector,
    spf,
    text,
)


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else bytes([0x82, size >> 8, size & 0xFF])
    return bytes([tag]) + length + content


def rsa(bits: int) -> str:
    """The base64 of an RSA public key of so many bits; nobody can sign with it, the modulus is no product of two primes."""
    numbers = [((1 << (bits - 1)) + 1).to_bytes(bits // 8 + 1, "big"), (65537).to_bytes(3, "big")]
    key = _der(0x30, b"".join(_der(2, n) for n in numbers))
    return base64.b64encode(_der(0x30, bytes.fromhex("300d06092a864886f70d0101010500") + _der(3, b"\0" + key))).decode()


GOOD = f"v=DKIM1; k=rsa; p={rsa(2048)}"
SHORT = f"v=DKIM1; k=rsa; p={rsa(1024)}"
TINY = f"v=DKIM1; k=rsa; p={rsa(512)}"
ED25519 = f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(range(32))).decode()}"
TESTING = f"v=DKIM1; t=y; p={rsa(2048)}"
SHA1 = f"v=DKIM1; h=sha1; p={rsa(2048)}"
REPORTS = f"v=DKIM1; s=tlsrpt; p={rsa(2048)}"
SHA1_TOO = f"v=DKIM1; h=sha1:sha256; p={rsa(2048)}"
REVOKED = "v=DKIM1; p="
UNDER = f"_domainkey.{NAME}"

FOUND = dkim(selector("s1", GOOD))
MIXED = dkim(selector("old", SHORT), selector("s1", GOOD), selector("s2", ED25519))
UNKNOWN = dkim()
UNSIGNED_NONE = dkim(below=text(UNDER))
PROVEN_NONE = dkim(below=text(UNDER, authenticated=True))
LIAR = dkim(selector("s1", GOOD), below=text(UNDER, authenticated=True))
ALL_REVOKED = dkim(wildcard=text("x", REVOKED), below=text(UNDER, status=Status.EMPTY))
CATCH_ALL = dkim(selector("s1", "v=spf1 -all"), wildcard=text("x", "v=spf1 -all"), below=text(UNDER, "v=spf1 -all"))
DECLARED_GONE = dkim(selector("s1", declared=True), selector("s2", GOOD, declared=True))
PARTLY_SEEN = dkim(selector("s1", GOOD), selector("s2", unseen=SILENT))

WITHOUT_KEY = {
    "unknown": case(declared(), MX, spf(), UNKNOWN, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
    "unsigned": case(declared(), MX, spf(), UNSIGNED_NONE, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
    "below": case(declared(), MX, spf(), dkim(below=FAILURE), outcome="undetermined", reason=Reason.SERVER_FAILURE),
    "fact": case(declared(), MX, spf(), SILENT, outcome="undetermined", reason=Reason.TIMEOUT),
    "part": case(declared(), MX, spf(), PARTLY_SEEN, outcome="undetermined", reason=Reason.TIMEOUT),
}


def without_key(tag: str) -> list[Case]:
    """What every check of found keys says where there is none."""
    return [
        case(declared(), MX, spf(), PROVEN_NONE, says=tag),
        case(declared(sends=False), MX, spf(), UNKNOWN, says=tag),
        case(declared(), NULL_MX, REFUSES_ALL, UNKNOWN, says=tag),
        case(declared(sends=False), SILENT, SILENT, UNKNOWN, says=tag),
        case(declared(), MX, spf(), dkim(selector("s1", declared=True)), says=tag),
        *WITHOUT_KEY.values(),
    ]


CASES: dict[str, list[Case]] = {
    "mail.dkim.published": [
        case(declared(), MX, spf(), FOUND, says="DKIM_FOUND", args={"selectors": ("s1",)}),
        case(declared(selectors=("s2",)), MX, spf(), dkim(selector("s2", ED25519, declared=True)), says="DKIM_FOUND"),
        case(declared(), MX, spf(), LIAR, says="DKIM_FOUND"),
        case(declared(), MX, spf(), DECLARED_GONE, says="DKIM_DECLARED_MISSING", args={"selectors": ("s1",)}),
        case(declared(), MX, spf(), dkim(selector("s1", REVOKED, declared=True)), says="DKIM_DECLARED_MISSING"),
        case(declared(), MX, spf(), dkim(selector("s1", SHA1, declared=True)), says="DKIM_DECLARED_MISSING"),
        case(declared(), MX, spf(), dkim(selector("s1", GOOD, SHORT, declared=True)), says="DKIM_DECLARED_MISSING"),
        # The ledger names selectors of mail: a key for reports about TLS is none.
        case(declared(), MX, spf(), dkim(selector("r1", REPORTS, declared=True), selector("s1", GOOD)), says="DKIM_DECLARED_MISSING"),
        case(
            declared(),
            MX,
            spf(),
            dkim(selector("s1", REVOKED, declared=True), wildcard=text("x", REVOKED)),
            says="DKIM_DECLARED_MISSING",
        ),
        case(declared(), MX, spf(), PROVEN_NONE, says="DKIM_NONE_EXISTS"),
        case(declared(sends=True), SILENT, SILENT, PROVEN_NONE, says="DKIM_NONE_EXISTS"),
        case(declared(), MX, spf(), UNSIGNED_NONE, says="DKIM_NONE_EXISTS", with_={"trust_unsigned": True}),
        case(declared(), NULL_MX, REFUSES_ALL, UNKNOWN, says="DKIM_NO_MAIL"),
        case(declared(sends=False), MX, spf(), FOUND, says="DKIM_NO_MAIL"),
        case(declared(), NO_DOMAIN, SPF_NO_DOMAIN, PROVEN_NONE, says="DKIM_NO_DOMAIN"),
        case(declared(), NO_DOMAIN, SILENT, UNSIGNED_NONE, says="DKIM_NO_DOMAIN"),
        case(declared(), MX, spf(), UNKNOWN, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(declared(), MX, spf(), UNSIGNED_NONE, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(declared(), MX, spf(), CATCH_ALL, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(declared(), MX, spf(), ALL_REVOKED, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(declared(), MX, spf(), dkim(selector("s1", REVOKED)), outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(declared(), NO_MX, NO_SPF, PROVEN_NONE, outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(declared(), SILENT, NO_SPF, PROVEN_NONE, outcome="undetermined", reason=Reason.TIMEOUT),
        case(declared(), MX, spf(), dkim(below=FAILURE), outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(declared(), MX, spf(), dkim(selector("s1", declared=True, unseen=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(declared(), MX, spf(), FAILURE, outcome="undetermined", reason=Reason.SERVER_FAILURE),
    ],
    "mail.dkim.strength": [
        case(declared(), MX, spf(), FOUND, says="DKIM_KEYS_STRONG", args={"keys": ("s1 (rsa 2048)",)}),
        case(declared(), MX, spf(), dkim(selector("s2", ED25519)), says="DKIM_KEYS_STRONG"),
        case(declared(), MX, spf(), MIXED, says="DKIM_KEYS_SHORT", args={"keys": ("old (rsa 1024)",), "least_bits": 2048}),
        case(declared(), MX, spf(), MIXED, says="DKIM_KEYS_STRONG", with_={"least_bits": 1024}),
        case(declared(), MX, spf(), FOUND, says="DKIM_KEYS_SHORT", with_={"least_bits": 3072}),
        case(declared(), MX, spf(), dkim(selector("s1", TINY)), says="DKIM_KEYS_UNUSABLE"),
        case(declared(), MX, spf(), dkim(selector("s1", SHORT), selector("s2", unseen=SILENT)), says="DKIM_KEYS_SHORT"),
        case(declared(), MX, spf(), dkim(selector("s1", REVOKED)), says="DKIM_STRENGTH_NO_KEY"),
        *without_key("DKIM_STRENGTH_NO_KEY"),
    ],
    "mail.dkim.testing": [
        case(declared(), MX, spf(), FOUND, says="DKIM_NOT_TESTING"),
        case(declared(), MX, spf(), dkim(selector("s1", TESTING)), says="DKIM_TESTING", args={"selectors": ("s1",)}),
        case(declared(), MX, spf(), dkim(selector("s1", "v=DKIM1; t=y; p=")), says="DKIM_TESTING_NO_KEY"),
        *without_key("DKIM_TESTING_NO_KEY"),
    ],
    "mail.dkim.hash": [
        case(declared(), MX, spf(), FOUND, says="DKIM_HASH_OK"),
        case(declared(), MX, spf(), dkim(selector("s1", SHA1_TOO)), says="DKIM_HASH_SHA1_TOO"),
        case(declared(), MX, spf(), dkim(selector("s1", SHA1)), says="DKIM_HASH_NO_SHA256"),
        *without_key("DKIM_HASH_NO_KEY"),
    ],
    "mail.dkim.syntax": [
        case(declared(), MX, spf(), FOUND, says="DKIM_SYNTAX_OK"),
        case(declared(), MX, spf(), dkim(selector("s1", REVOKED)), says="DKIM_SYNTAX_OK"),
        case(declared(), MX, spf(), dkim(selector("s1", GOOD + "; g=*")), says="DKIM_SYNTAX_ODD"),
        case(declared(), MX, spf(), dkim(selector("r1", REPORTS)), says="DKIM_SYNTAX_ODD"),
        case(declared(), MX, spf(), dkim(selector("s1", "v=DKIM1; p=***")), says="DKIM_SYNTAX_BROKEN"),
        case(declared(), MX, spf(), dkim(selector("s1", "v=DKIM2; p=abcd")), says="DKIM_SYNTAX_BROKEN"),
        case(declared(), MX, spf(), dkim(selector("s1", "v=DKIM1; k=rsa; k=rsa; p=" + rsa(2048))), says="DKIM_SYNTAX_BROKEN"),
        case(declared(), MX, spf(), dkim(selector("s1", GOOD, SHORT)), says="DKIM_SYNTAX_SEVERAL", args={"selectors": ("s1",)}),
        *without_key("DKIM_SYNTAX_NO_KEY"),
    ],
    "mail.dkim.revoked": [
        case(declared(), MX, spf(), FOUND, says="DKIM_REVOKED_NONE"),
        case(declared(), MX, spf(), dkim(selector("s1", REVOKED)), says="DKIM_REVOKED", args={"selectors": ("s1",)}),
        case(declared(), MX, spf(), ALL_REVOKED, says="DKIM_REVOKED_ALL"),
        case(declared(), NULL_MX, REFUSES_ALL, ALL_REVOKED, says="DKIM_REVOKED_ALL"),
        *without_key("DKIM_REVOKED_NO_KEY"),
    ],
}
