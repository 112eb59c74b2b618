"""Cases: SSH services before a login."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scanner.facts.ledger import DeclaredSshService
from scanner.facts.ssh import SshAddress, SshHostKey, SshOffer, SshSurvey
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

SILENT = Unobserved(Reason.TIMEOUT, "no answer from 192.0.2.1:22/tcp within 10 s")
OFFER = SshOffer(
    protocol="2.0",
    software="OpenSSH_9.2p1",
    comment="",
    kex=("curve25519-sha256", "ecdh-sha2-nistp256", "diffie-hellman-group16-sha512"),
    host_keys=("ssh-ed25519", "rsa-sha2-512"),
    ciphers_in=("aes128-ctr", "aes256-gcm@openssh.com"),
    ciphers_out=("aes128-ctr", "aes256-gcm@openssh.com"),
    macs_in=("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512"),
    macs_out=("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512"),
    compression_in=("none", "zlib@openssh.com"),
    compression_out=("none", "zlib@openssh.com"),
    strict=True,
)
ED25519 = SshHostKey("ssh-ed25519", "ssh-ed25519", 256, "SHA256:a")
RSA = SshHostKey("rsa-sha2-512", "ssh-rsa", 3072, "SHA256:b")
GOOD = SshAddress("192.0.2.1", OFFER, (ED25519, RSA), 3072, ("publickey",))
OLD = SshAddress("192.0.2.1", SshOffer("1.5", "OpenSSH_2.1", ""))
OUTSIDE, INSIDE, NOBODY_KNOWS = DeclaredSshService(True), DeclaredSshService(False), DeclaredSshService(None)


def survey(*addresses: SshAddress) -> SshSurvey:
    return SshSurvey(addresses or (GOOD,))


def offer(**changes: Any) -> SshSurvey:  # Any: fields of several types
    return survey(replace(GOOD, offer=replace(OFFER, **changes)))


def seen(**changes: Any) -> SshSurvey:  # Any: fields of several types
    return survey(replace(GOOD, **changes))


SECOND = replace(GOOD, address="2001:db8::1")
UNSEEN = survey(replace(GOOD, offer=SILENT, keys=SILENT, gex_bits=SILENT, methods=SILENT))


def unseen(*facts: DeclaredSshService) -> Case:
    return case(UNSEEN, *facts, outcome="undetermined", reason=Reason.TIMEOUT)


def of_old(*facts: DeclaredSshService) -> Case:
    return case(survey(OLD), *facts, outcome="undetermined", reason=Reason.UNSUPPORTED)


CASES: dict[str, list[Case]] = {
    "ssh.protocol.two": [
        case(survey(), says="VERSION_TWO"),
        case(survey(OLD), says="OLD_PROTOCOL", args={"protocol": "1.5"}),
        case(offer(protocol="1.99"), says="OLD_PROTOCOL", args={"protocol": "1.99", "address": ("192.0.2.1",)}),
        case(survey(GOOD, replace(SECOND, offer=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(SshSurvey((GOOD,), left_out=2), outcome="undetermined", reason=Reason.BUDGET_SPENT),
        unseen(),
    ],
    "ssh.kex.strong": [
        case(survey(), says="KEX_STRONG"),
        case(offer(kex=(*OFFER.kex, "diffie-hellman-group1-sha1")), says="KEX_WEAK", args={"names": ("diffie-hellman-group1-sha1",)}),
        case(offer(kex=("gss-gex-sha1-toWM5Slw5Ew8Mqkay+al2g==",)), says="KEX_WEAK"),
        case(offer(kex=(*OFFER.kex, "diffie-hellman-group14-sha1")), says="KEX_SHA1_KEPT"),
        case(offer(kex=("a-method-of-tomorrow", "ext-info-s")), says="KEX_STRONG"),
        case(survey(replace(GOOD, offer=SILENT), replace(SECOND, offer=replace(OFFER, kex=("rsa1024-sha1",)))), says="KEX_WEAK"),
        of_old(),
        unseen(),
    ],
    "ssh.kex.prime": [
        case(survey(), says="PRIME_LONG", args={"bits": 3072}),
        case(seen(gex_bits=1024), says="PRIME_SHORT", args={"bits": 1024}),
        case(seen(gex_bits=2047), says="PRIME_SHORT"),
        case(seen(gex_bits=2048), says="PRIME_LONG"),
        case(seen(gex_bits=None), says="PRIME_FIXED"),
        case(seen(gex_bits=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        unseen(),
    ],
    "ssh.kex.post-quantum": [
        case(offer(kex=("mlkem768x25519-sha256", *OFFER.kex)), says="HYBRID_OFFERED"),
        case(offer(kex=("sntrup761x25519-sha512@openssh.com",)), says="HYBRID_OFFERED"),
        case(survey(), says="HYBRID_ABSENT"),
        of_old(),
    ],
    "ssh.ciphers.strong": [
        case(survey(), says="CIPHER_SOUND"),
        case(offer(ciphers_in=("arcfour256", "aes128-ctr")), says="CIPHER_BROKEN", args={"names": ("arcfour256",)}),
        case(offer(ciphers_out=("none",)), says="CIPHER_BROKEN"),
        case(offer(ciphers_out=("3des-cbc", "aes128-ctr")), says="CIPHER_3DES"),
        unseen(),
    ],
    "ssh.macs.strong": [
        case(survey(), says="MAC_SOUND"),
        case(offer(macs_out=("hmac-md5-96",)), says="MAC_WEAK"),
        case(offer(macs_in=("hmac-sha1-96-etm@openssh.com", "hmac-sha2-256")), says="MAC_WEAK"),
        case(offer(macs_in=("umac-64@openssh.com", "hmac-sha1")), says="MAC_SOUND"),
        unseen(),
    ],
    "ssh.compression.delayed": [
        case(survey(), says="COMPRESSION_LATE"),
        case(offer(compression_in=("zlib", "none")), says="COMPRESSION_EARLY"),
        unseen(),
    ],
    "ssh.terrapin.closed": [
        case(survey(), says="TERRAPIN_STRICT"),
        case(offer(strict=False), says="TERRAPIN_NO_TARGET"),
        case(offer(strict=False, ciphers_out=("chacha20-poly1305@openssh.com",)), says="TERRAPIN_OPEN"),
        case(offer(strict=False, ciphers_in=("aes128-cbc",)), says="TERRAPIN_OPEN"),
        case(offer(strict=False, ciphers_in=("aes128-cbc",), macs_in=("hmac-sha2-256",), macs_out=()), says="TERRAPIN_NO_TARGET"),
        unseen(),
    ],
    "ssh.algorithms.cryptrec": [
        case(survey(), says="CRYPTREC_ONLY"),
        case(offer(macs_in=("umac-64@openssh.com", "hmac-sha2-256")), says="CRYPTREC_AND_OTHERS", args={"names": ("umac-64@openssh.com",)}),
        case(offer(host_keys=("ssh-rsa", "ssh-dss")), says="CRYPTREC_NONE", args={"names": ("HostKeyAlgorithms",)}),
        case(offer(macs_in=("hmac-sha1",), macs_out=("hmac-sha1",), ciphers_out=("aes128-ctr",)), says="CRYPTREC_NONE"),
        case(offer(macs_in=("hmac-sha1",), macs_out=("hmac-sha1",)), says="CRYPTREC_AND_OTHERS"),
        unseen(),
    ],
    "ssh.host-key.strength": [
        case(survey(), says="KEY_STRONG"),
        case(seen(keys=(replace(RSA, bits=1024), ED25519)), says="KEY_WEAK", args={"keys": ("ssh-rsa 1024 bit",)}),
        case(seen(keys=(replace(RSA, bits=2048),)), says="KEY_WEAK", with_={"least_rsa_bits": 3072}),
        case(seen(keys=(SshHostKey("ssh-dss", "ssh-dss", 1024, "SHA256:c"),)), says="KEY_WEAK"),
        case(seen(keys=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(seen(keys_unseen=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(seen(keys=(replace(RSA, bits=1024),), keys_unseen=SILENT), says="KEY_WEAK"),
        of_old(),
    ],
    "ssh.host-key.sha2": [
        case(survey(), says="SHA2"),
        case(offer(host_keys=("ssh-rsa",)), says="SHA1_ONLY"),
        case(offer(host_keys=("ssh-ed25519", "ssh-rsa")), says="SHA1_KEPT"),
        unseen(),
    ],
    "ssh.addresses.agree": [
        case(survey(), says="ADDRESS_ALONE"),
        case(survey(GOOD, SECOND), says="ADDRESSES_AGREE"),
        case(survey(GOOD, replace(SECOND, keys=(RSA,))), says="ADDRESSES_DIFFER", args={"parts": ("HostKey",)}),
        case(survey(GOOD, replace(SECOND, offer=replace(OFFER, kex=("curve25519-sha256",)))), says="ADDRESSES_DIFFER"),
        case(survey(GOOD, replace(SECOND, offer=SILENT, keys=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(survey(GOOD, replace(SECOND, keys=(RSA,), keys_unseen=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "ssh.auth.required": [
        case(survey(), says="AUTH_ASKED"),
        case(seen(methods=()), says="AUTH_NONE"),
        case(seen(methods=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        of_old(),
        unseen(),
    ],
    "ssh.auth.password": [
        case(survey(), OUTSIDE, says="PASSWORD_REFUSED"),
        case(seen(methods=("password", "publickey")), OUTSIDE, says="PASSWORD_OUTSIDE"),
        case(seen(methods=("password", "publickey")), INSIDE, says="PASSWORD_INSIDE"),
        case(seen(methods=("password", "publickey")), NOBODY_KNOWS, outcome="undetermined", reason=Reason.NO_VANTAGE),
        case(seen(methods=("keyboard-interactive",)), OUTSIDE, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(seen(methods=SILENT), OUTSIDE, outcome="undetermined", reason=Reason.TIMEOUT),
        of_old(OUTSIDE),
        unseen(OUTSIDE),
    ],
    "ssh.disclosure.system": [
        case(survey(), says="SYSTEM_HIDDEN"),
        case(offer(comment="Debian-2+deb12u3"), says="SYSTEM_SHOWN", args={"comment": "Debian-2+deb12u3"}),
        unseen(),
    ],
}
