"""What a machine's libraries let in for programs that set nothing: crypto-policies, OpenSSL's and GnuTLS' own files, FIPS mode."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.crypto_policy import CryptoPolicy
from scanner.facts.tls import Version
from scanner.hosts.linux.crypto_policy import crypto_policy
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import opensslconf
from tests.unit.host_trees import look, machine

CHAIN = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n"
LIBRARY_3, LIBRARY_1 = {"/usr/lib/x86_64-linux-gnu/libssl.so.3": ""}, {"/usr/lib64/libssl.so.1.1": ""}
RED_HAT = {"/etc/pki/tls/openssl.cnf": CHAIN + ".include = /etc/crypto-policies/back-ends/opensslcnf.config\n"}
BACK_END = "/etc/crypto-policies/back-ends/opensslcnf.config"
LEGACY_8 = "CipherString = @SECLEVEL=1:kEECDH\nTLS.MinProtocol = TLSv1\nTLS.MaxProtocol = TLSv1.3\nDTLS.MinProtocol = DTLSv1\n"


def seen(root: Path, files: Mapping[str, str], *, live: bool = True) -> CryptoPolicy:
    """The policy of a machine."""
    return look(CryptoPolicy, crypto_policy, machine(root, files, live=live))


def oldest(root: Path, files: Mapping[str, str]) -> Version | Reason:
    """The oldest TLS of a machine's only library, or why it cannot be told."""
    (library,) = seen(root, files).libraries
    return library.oldest.reason if isinstance(library.oldest, Unobserved) else library.oldest


def test_legacy_of_red_hat_8_lets_in_what_its_back_end_names(tmp_path: Path) -> None:
    files = {
        **LIBRARY_1,
        **RED_HAT,
        BACK_END: LEGACY_8,
        "/etc/crypto-policies/config": "# comment\n\nlegacy\n",
        "/etc/crypto-policies/state/current": "LEGACY\n",
    }
    fact = seen(tmp_path, files)
    assert fact.policy is not None
    assert (fact.policy.configured, fact.policy.in_force, fact.policy.after_restart) == ("LEGACY", "LEGACY", "LEGACY")
    assert [(one.library, one.oldest, one.source) for one in fact.libraries] == [("OpenSSL", Version.TLS10, "/etc/pki/tls/openssl.cnf")]


@pytest.mark.parametrize(
    ("library", "conf", "expected"),
    [
        (LIBRARY_3, "[a]\nb = c\n", Version.TLS12),  # Debian 12 and 13 as delivered
        (LIBRARY_3, CHAIN + "CipherString = DEFAULT:@SECLEVEL=2\n", Version.TLS12),  # Ubuntu 22.04 as delivered
        (LIBRARY_3, CHAIN + "MinProtocol = TLSv1\nCipherString = DEFAULT:@SECLEVEL=2\n", Version.TLS12),
        (LIBRARY_3, CHAIN + "MinProtocol = TLSv1.3\n", Version.TLS13),
        (LIBRARY_3, CHAIN + "CipherString = DEFAULT:@SECLEVEL=0\n", Version.TLS10),
        (LIBRARY_3, CHAIN + "MinProtocol = None\ncipherstring = DEFAULT@SECLEVEL=0\n", Version.TLS10),
        (LIBRARY_3, CHAIN + "CipherString = DEFAULT:@SECLEVEL=0\nMinProtocol = TLSv1.1\n", Version.TLS11),
        (LIBRARY_3, CHAIN + "CipherString = DEFAULT:@SECLEVEL=1\n", Reason.UNSUPPORTED),
        (LIBRARY_3, CHAIN + "# CipherString = DEFAULT:@SECLEVEL=0\n", Version.TLS12),
        (LIBRARY_3, CHAIN + "MinProtocol = TLSv1.2\nCipherString = ALL:@SECLEVEL=0\nDTLS.MinProtocol = DTLSv1\n", Version.TLS12),
        (LIBRARY_3, CHAIN + "Protocol = ALL,-TLSv1\n", Reason.UNSUPPORTED),
        (LIBRARY_3, CHAIN + "MinProtocol = $least\n", Reason.PROTOCOL_VIOLATION),
        (LIBRARY_3, CHAIN + "MinProtocol = TLSv9\n", Reason.UNSUPPORTED),
        (LIBRARY_3, CHAIN + ".include more.cnf\n", Reason.UNSUPPORTED),
        (LIBRARY_3, CHAIN + ".include /etc/ssl/gone.cnf\nMinProtocol = TLSv1.3\n", Version.TLS13),
        (LIBRARY_3, CHAIN + ".include /etc/ssl/openssl.cnf\n", Reason.PROTOCOL_VIOLATION),
        (LIBRARY_3, CHAIN + "MinProtocol = TLSv1\nMinProtocol = TLSv1.2\n", Version.TLS12),
        (LIBRARY_1, CHAIN + "MinProtocol = TLSv1.2\nCipherString = DEFAULT@SECLEVEL=2\n", Version.TLS12),  # Debian 10 and 11
        (LIBRARY_1, CHAIN + "MinProtocol = TLSv1\nCipherString = DEFAULT@SECLEVEL=1\n", Version.TLS10),
        (LIBRARY_1, CHAIN + "MinProtocol = TLSv1\n", Reason.UNSUPPORTED),  # Ubuntu's 1.1.1 refuses it at level 2, Debian's does not
        (LIBRARY_1, "", Reason.UNSUPPORTED),
        ({**LIBRARY_1, **LIBRARY_3}, CHAIN + "CipherString = DEFAULT@SECLEVEL=0\n", Reason.UNSUPPORTED),
    ],
)
def test_openssl_by_its_own_file(tmp_path: Path, library: Mapping[str, str], conf: str, expected: Version | Reason) -> None:
    assert oldest(tmp_path, {**library, "/etc/ssl/openssl.cnf": conf}) is expected


@pytest.mark.parametrize(
    ("conf", "expected"),
    [
        ("[global]\noverride-mode = allowlist\n[overrides]\nenabled-version = TLS1.3\nenabled-version = TLS1.2\n", Version.TLS12),
        ("[global]\noverride-mode = allowlist\n[overrides]\nenabled-version = TLS1.2\nenabled-version = tls1.1\n", Version.TLS11),
        ("[overrides]\ndisabled-version = tls1.0\ndisabled-version = tls1.1\n", Version.TLS12),
        ("[overrides]\ndisabled-version = tls1.0\n", Version.TLS11),
        ("[priorities]\nSYSTEM=NONE:+MAC-ALL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:+VERS-TLS1.1:+VERS-TLS1.0\n", Version.TLS10),
        ("[priorities]\nSYSTEM=NORMAL\n", Reason.UNSUPPORTED),
        ("[global]\noverride-mode = allowlist\n", Reason.UNSUPPORTED),
    ],
)
def test_gnutls_by_its_own_file(tmp_path: Path, conf: str, expected: Version | Reason) -> None:
    assert oldest(tmp_path, {"/etc/gnutls/config": conf}) is expected


def test_gnutls_without_a_file_goes_by_a_list_that_is_not_known(tmp_path: Path) -> None:
    (library,) = seen(tmp_path, {"/usr/lib/x86_64-linux-gnu/libgnutls.so.30": ""}).libraries
    assert library.library == "GnuTLS"
    assert isinstance(library.oldest, Unobserved)
    assert library.oldest.reason is Reason.UNSUPPORTED


def test_a_directory_is_included_by_the_names_that_openssl_takes(tmp_path: Path) -> None:
    files = {
        **LIBRARY_3,
        "/etc/pki/tls/openssl.cnf": CHAIN + "MinProtocol = TLSv1.2\n[d]\n.include /etc/pki/tls/openssl.d\n",
        "/etc/pki/tls/openssl.d/a.conf": "[c]\nCipherString = DEFAULT:@SECLEVEL=0\n",
        "/etc/pki/tls/openssl.d/b.cnf": "[c]\nMinProtocol = TLSv1.1\n",
        "/etc/pki/tls/openssl.d/c.cnf.rpmnew": "[c]\nMinProtocol = TLSv1.3\n",
    }
    assert oldest(tmp_path, files) is Version.TLS11


def test_without_libraries_and_policy_there_is_nothing(tmp_path: Path) -> None:
    fact = seen(tmp_path, {})
    assert (fact.policy, fact.libraries, fact.fips.in_force, fact.fips.after_restart) == (None, (), False, False)


def test_fips_now_and_later(tmp_path: Path) -> None:
    entry = {"/boot/loader/entries/a.conf": "linux /vmlinuz\noptions root=/dev/sda1 fips=1\n"}
    fact = seen(tmp_path / "a", {"/proc/sys/crypto/fips_enabled": "0\n", **entry})
    assert (fact.fips.in_force, fact.fips.after_restart) == (False, True)
    fact = seen(tmp_path / "b", {"/proc/sys/crypto/fips_enabled": "1\n", "/boot/loader/entries/a.conf": "options fips=0\n"})
    assert (fact.fips.in_force, fact.fips.after_restart) == (True, False)
    image = seen(tmp_path / "c", entry, live=False)
    assert (image.fips.in_force, image.fips.after_restart) == (None, True)
    assert isinstance(seen(tmp_path / "d", {}, live=False).fips.after_restart, Unobserved)


def test_a_policy_that_was_never_applied(tmp_path: Path) -> None:
    policy = seen(tmp_path, {"/etc/crypto-policies/config": "FUTURE\n"}).policy
    assert policy is not None
    assert policy.configured == "FUTURE"
    assert isinstance(policy.after_restart, Unobserved)


LINES = st.lists(st.sampled_from(["[c]", CHAIN, "=", "a::b = c", ".include x", "MinProtocol = \\", "# [", "x = $y", "[", "ssl_conf = c"]))


@settings(max_examples=200)
@given(st.one_of(st.binary(max_size=300), LINES.map(lambda lines: "\n".join(lines).encode())))
def test_any_text_is_read_or_refused(data: bytes) -> None:
    try:
        commands = opensslconf.system_default(opensslconf.parse(data, lambda _: data))
    except opensslconf.NotOpensslConf:
        return
    assert all(name == name.lower() for name, _ in commands)
