"""Registries of suites, groups, schemes and primes against OpenSSL's own lists and the formulae of the RFCs."""

from __future__ import annotations

import base64
import hashlib
import subprocess

import pytest

from scanner.wire.der import INTEGER, SEQUENCE, only, take
from scanner.wire.tls.dh import FFDHE, KNOWN_PRIMES, ffdhe_prime, is_safe_prime, prime_hash, study
from scanner.wire.tls.groups import GROUPS, group_by_name, group_name, groups_for
from scanner.wire.tls.names import alert_name, extension_name, is_grease, version_name
from scanner.wire.tls.schemes import ALL_SCHEMES, SCHEMES, scheme_by_name, scheme_name
from scanner.wire.tls.suites import SSL2_SUITES, SUITES, suite_by_name, suite_name, suites_for

CIPHERS = {
    "AESGCM": "GCM",
    "AESCCM8": "CCM_8",
    "AESCCM": "CCM",
    "ARIAGCM": "GCM",
    "AES": "CBC",
    "Camellia": "CBC",
    "CHACHA20/POLY1305": "POLY1305",
}


def test_the_registered_suites_are_all_there() -> None:
    assert len(SUITES) == 362  # 356 of the project's CRYPTREC data, four of RFC 8492, two of RFC 9150
    assert len({suite.name for suite in SUITES.values()}) == len(SUITES)
    assert len(SSL2_SUITES) == 12


def test_names_sizes_and_modes_are_those_of_openssl() -> None:
    listed = subprocess.run(
        ["openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert len(listed) > 100
    for line in listed:
        code, _, name, _, openssl, _, _, _, encryption, mac = line.split()
        suite = SUITES[int(code[2:4], 16) << 8 | int(code[7:9], 16)]
        assert (suite.name, suite.openssl, suite.mac) == (name, openssl, mac.removeprefix("Mac="))
        cipher, _, bits = encryption.removeprefix("Enc=").rstrip(")").partition("(")
        assert (str(suite.bits) if suite.bits else "") == bits
        assert suite.mode == CIPHERS.get(cipher, "")


def test_effective_bits_export_and_short_blocks() -> None:
    by_name = {
        name: suite_by_name(name)
        for name in ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_EXPORT_WITH_RC4_40_MD5", "TLS_RSA_WITH_RC4_128_SHA")
    }
    tdes, export, rc4 = by_name.values()
    assert tdes is not None
    assert export is not None
    assert rc4 is not None
    assert (tdes.bits, tdes.block_64, tdes.export) == (112, True, False)
    assert (export.bits, export.export, export.kind) == (40, True, "RSA_EXPORT")
    assert (rc4.bits, rc4.block_64, rc4.mode) == (128, False, "STREAM")


@pytest.mark.parametrize("kind", ["DHE_RSA", "DH_anon", "DHE_RSA_EXPORT", "DHE_DSS", "ECDHE_ECDSA", "PSK_DHE", "TLS13"])
def test_the_kind_is_how_the_name_writes_the_exchange(kind: str) -> None:
    assert kind in {suite.kind for suite in SUITES.values()}


def test_what_may_be_chosen_in_a_version() -> None:
    assert [suite_name(code) for code in suites_for(0x0304)][:3] == [
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
    ]
    assert not set(suites_for(0x0304)) & set(suites_for(0x0303))
    assert set(suites_for(0x0301)) < set(suites_for(0x0303))
    assert all(0 not in suites_for(version) for version in (0x0300, 0x0301, 0x0302, 0x0303, 0x0304))
    assert {0xC02F, 0x003C} & set(suites_for(0x0302)) == set()
    assert 0xCC13 not in suites_for(0x0303)
    assert 0xCC13 in suites_for(0x0303, drafts=True)
    assert suites_for(0x0002) == tuple(SSL2_SUITES)
    assert set().union(*(suites_for(version) for version in (0x0300, 0x0301, 0x0303, 0x0304))) | {0} == set(SUITES)


def test_unknown_numbers_are_written_as_numbers() -> None:
    assert (suite_name(0xC0FF), suite_name(0x010080, ssl2=True), suite_name(1, ssl2=True)) == (
        "0xC0FF",
        "SSL_CK_RC4_128_WITH_MD5",
        "0x000001",
    )
    assert (group_name(0x1234), scheme_name(0x0A0A), extension_name(0x1234)) == ("0x1234", "0x0A0A", "0x1234")
    assert (alert_name(40), alert_name(200), version_name(0x0305), version_name(2)) == ("handshake_failure", "alert 200", "0x0305", "SSLv2")
    assert [code for code in range(0x10000) if is_grease(code)] == [0x0A0A + 0x1010 * n for n in range(16)]


def test_groups() -> None:
    assert {group_name(code) for code in groups_for(0x0304, "hybrid")} >= {
        "X25519MLKEM768",
        "SecP256r1MLKEM768",
        "SecP384r1MLKEM1024",
        "X25519Kyber768Draft00",
    }
    assert groups_for(0x0303, "hybrid", "kem") == ()
    assert 0x001F not in groups_for(0x0303)
    assert 26 not in groups_for(0x0304)
    assert len({group.name for group in GROUPS.values()}) == len(GROUPS)
    group = group_by_name("X25519MLKEM768")
    assert group is not None
    assert (group.code, group.classical, group.client_share, group.server_share) == (0x11EC, "x25519", 1216, 1120)
    assert group_by_name("x25520") is None


def test_schemes() -> None:
    assert [scheme_name(code) for code in (0x0101, 0x0201, 0x0202, 0x0203, 0x0403, 0x0804)] == [
        "rsa_pkcs1_md5",
        "rsa_pkcs1_sha1",
        "dsa_sha1",
        "ecdsa_sha1",
        "ecdsa_secp256r1_sha256",
        "rsa_pss_rsae_sha256",
    ]
    assert sorted(ALL_SCHEMES) == sorted(SCHEMES)
    scheme = scheme_by_name("ed25519")
    assert scheme is not None
    assert (scheme.code, scheme.hash, scheme.tls13) == (0x0807, "", True)
    assert not SCHEMES[0x0401].tls13
    assert scheme_by_name("none") is None


def _pi(bits: int) -> int:
    """Floor of 2^bits pi, by Machin's formula."""

    def arctan(inverse: int) -> int:
        power = total = (1 << (bits + 64)) // inverse
        n, sign = 1, -1
        while power:
            power //= inverse * inverse
            n += 2
            total += sign * (power // n)
            sign = -sign
        return total

    return 4 * (4 * arctan(5) - arctan(239)) >> 64


@pytest.mark.parametrize(
    ("bits", "offset", "name"),
    [
        (768, 149686, "RFC 2409 group 1"),
        (1024, 129093, "RFC 2409 group 2"),
        (1536, 741804, "RFC 3526 group 5"),
        (2048, 124476, "RFC 3526 group 14"),
        (3072, 1690314, "RFC 3526 group 15"),
        (4096, 240904, "RFC 3526 group 16"),
        (6144, 929484, "RFC 3526 group 17"),
        (8192, 4743158, "RFC 3526 group 18"),
    ],
)
def test_the_primes_of_rfc_2409_and_3526_follow_from_pi(bits: int, offset: int, name: str) -> None:
    prime = (1 << bits) - (1 << (bits - 64)) - 1 + ((_pi(bits - 130) + offset) << 64)
    known = study(prime.to_bytes(bits // 8, "big"))
    assert (known.known, known.bits, known.safe) == (name, bits, True)


@pytest.mark.parametrize("code", FFDHE)
def test_the_primes_of_rfc_7919_have_their_names(code: int) -> None:
    assert KNOWN_PRIMES[prime_hash(ffdhe_prime(code).to_bytes(1024, "big"))] == group_name(code)


@pytest.mark.parametrize(("number", "name"), [(1, "RFC 5114 group 22"), (2, "RFC 5114 group 23"), (3, "RFC 5114 group 24")])
def test_the_primes_of_rfc_5114_are_those_of_openssl_and_not_safe(number: int, name: str) -> None:
    command = ["openssl", "genpkey", "-genparam", "-algorithm", "DHX", "-pkeyopt", f"dh_rfc5114:{number}"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    parameters = only(base64.b64decode("".join(line for line in lines if "-" not in line)), SEQUENCE)
    prime = take(parameters.contents, INTEGER)[0].contents.lstrip(b"\0")
    known = study(prime)
    assert (known.known, known.safe, known.sha256) == (name, False, hashlib.sha256(prime).hexdigest())


def test_safe_primes_are_told_from_others() -> None:
    assert [n for n in range(200) if is_safe_prime(n)] == [5, 7, 11, 23, 47, 59, 83, 107, 167, 179]
    prime = ffdhe_prime(256)
    assert is_safe_prime(prime)
    assert not is_safe_prime(prime - 2)
    assert not is_safe_prime(0)
    assert is_safe_prime(ffdhe_prime(259)) is None
    odd = study(b"\0\0" + (2**521 - 1).to_bytes(66, "big"))
    assert (odd.bits, odd.known, odd.safe) == (521, "", False)
