"""The configuration lines of common servers that come nearest to a profile. Data and one function; no check is here.

A finding carries them as a list of lines, ``nginx: ssl_protocols TLSv1.2 TLSv1.3;``, each to be typed as it stands after the colon.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scanner.model.text import Text
from scanner.model.tls_profile import Ask, TlsProfile
from scanner.wire.tls.suites import Suite, suite_by_name

ONLY_NEW: Final = Text(
    ja=(
        "nginx「ssl_protocols TLSv1.2 TLSv1.3;」、Apache「SSLProtocol -all +TLSv1.2 +TLSv1.3」、Postfix「smtpd_tls_protocols = "
        ">=TLSv1.2」、Dovecot「ssl_min_protocol = TLSv1.2」、HAProxy「ssl-default-bind-options ssl-min-ver TLSv1.2」"
    ),
    en=(
        'nginx "ssl_protocols TLSv1.2 TLSv1.3;", Apache "SSLProtocol -all +TLSv1.2 +TLSv1.3", Postfix "smtpd_tls_protocols = '
        '>=TLSv1.2", Dovecot "ssl_min_protocol = TLSv1.2", HAProxy "ssl-default-bind-options ssl-min-ver TLSv1.2"'
    ),
)
"""How to leave TLS 1.2 and 1.3 only; for remedies."""
GOOD_SUITES: Final = Text(
    ja=(
        "暗号スイートを「ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305」に絞る（nginx「ssl_ciphers」、Apache「"
        "SSLCipherSuite」、Postfix「tls_high_cipherlist」と「smtpd_tls_ciphers = high」、Dovecot「ssl_cipher_list」、HAProxy「"
        "ssl-default-bind-ciphers」の値とする）"
    ),
    en=(
        'accept no suites beyond "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:'
        'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305", as the value of nginx "ssl_ciphers", '
        'Apache "SSLCipherSuite", Postfix "tls_high_cipherlist" with "smtpd_tls_ciphers = high", Dovecot "ssl_cipher_list", HAProxy '
        '"ssl-default-bind-ciphers"'
    ),
)
"""How to leave the guideline's first suites of TLS 1.2 only; for remedies. A test holds them to the profile ``cryptrec/recommended``."""
GOOD_GROUPS: Final = Text(
    ja=(
        "nginx「ssl_ecdh_curve X25519:prime256v1:secp384r1;」、Apache「SSLOpenSSLConfCmd Groups X25519:prime256v1:secp384r1」、Postfix"
        "「tls_eecdh_auto_curves = X25519 prime256v1 secp384r1」、Dovecot「ssl_curve_list = X25519:prime256v1:secp384r1」、HAProxy"
        "「ssl-default-bind-curves X25519:prime256v1:secp384r1」"
    ),
    en=(
        'nginx "ssl_ecdh_curve X25519:prime256v1:secp384r1;", Apache "SSLOpenSSLConfCmd Groups X25519:prime256v1:secp384r1", Postfix '
        '"tls_eecdh_auto_curves = X25519 prime256v1 secp384r1", Dovecot "ssl_curve_list = X25519:prime256v1:secp384r1", HAProxy '
        '"ssl-default-bind-curves X25519:prime256v1:secp384r1"'
    ),
)
"""How to set the groups; for remedies."""

CURVES: Final = ("X25519", "prime256v1", "secp384r1")
"""OpenSSL's names of the groups that every level accepts, the cheapest first."""
_FOR_OLD: Final = ("ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES256-SHA")
"""What TLS 1.0 and 1.1 have to offer at best; for profiles that let these versions stay."""
_MODES: Final = frozenset({"GCM", "POLY1305"})
_VERSIONS: Final = ("TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_SPELT: Final[Mapping[str, str]] = {"TLSv1.0": "TLSv1"}
"""How OpenSSL and the servers spell a version."""


def versions(profile: TlsProfile) -> tuple[str, ...]:
    """Give the versions that the profile lets be, oldest first, as servers spell them."""
    off = {name for item in profile.items if item.ask is Ask.VERSION_OFF for name in item.names}
    return tuple(_SPELT.get(name, name) for name in _VERSIONS if name not in off)


def ciphers(profile: TlsProfile) -> tuple[str, ...]:
    """Give OpenSSL's names of the suites of TLS 1.2 to set, in the profile's order.

    DHE and CCM are left out though a profile may list them: RFC 9325 advises against the former, few clients offer the latter.
    """
    found = (suite_by_name(name) for name in profile.of_class("recommended"))
    names = tuple(s.openssl for s in found if s and s.openssl and s.kx == "ECDHE" and s.mode in _MODES)
    return names + (_FOR_OLD if "TLSv1" in versions(profile) else ())


def ciphersuites(profile: TlsProfile) -> tuple[str, ...]:
    """Give the suites of TLS 1.3 to set, in the profile's order."""
    found = (suite_by_name(name) for name in profile.of_class("recommended"))
    return tuple(s.name for s in found if s and _usual(s))


def _usual(suite: Suite) -> bool:
    return suite.kx == "TLS13" and suite.mode in _MODES


def settings_for(profile: TlsProfile) -> tuple[str, ...]:
    """Give the lines for nginx, Apache, Postfix, Dovecot and HAProxy, each with the server's name before it."""
    spoken = versions(profile)
    old, new = ":".join(ciphers(profile)), ":".join(ciphersuites(profile))
    curves = ":".join(CURVES)
    lines = {
        "nginx": (
            f"ssl_protocols {' '.join(spoken)};",
            f"ssl_ciphers {old};",
            f"ssl_conf_command Ciphersuites {new};",
            "ssl_prefer_server_ciphers on;",
            f"ssl_ecdh_curve {curves};",
        ),
        "Apache": (
            f"SSLProtocol -all {' '.join('+' + version for version in spoken)}",
            f"SSLCipherSuite {old}",
            f"SSLCipherSuite TLSv1.3 {new}",
            "SSLHonorCipherOrder on",
            f"SSLOpenSSLConfCmd Groups {curves}",
            "SSLCompression off",
        ),
        "Postfix": (
            f"smtpd_tls_protocols = >={spoken[0]}",
            f"smtpd_tls_mandatory_protocols = >={spoken[0]}",
            "smtpd_tls_ciphers = high",
            f"tls_high_cipherlist = {old}",
            "tls_preempt_cipherlist = yes",
            f"tls_eecdh_auto_curves = {' '.join(CURVES)}",
            "tls_ssl_options = NO_COMPRESSION, NO_RENEGOTIATION",
        ),
        "Dovecot": (
            f"ssl_min_protocol = {spoken[0]}",
            f"ssl_cipher_list = {old}",
            f"ssl_cipher_suites = {new}",
            f"ssl_curve_list = {curves}",
            "ssl_prefer_server_ciphers = yes",
        ),
        "HAProxy": (
            f"ssl-default-bind-options ssl-min-ver {_SPELT_BACK.get(spoken[0], spoken[0])}",
            f"ssl-default-bind-ciphers {old}",
            f"ssl-default-bind-ciphersuites {new}",
            f"ssl-default-bind-curves {curves}",
        ),
    }
    return tuple(f"{server}: {line}" for server, own in lines.items() for line in own)


_SPELT_BACK: Final[Mapping[str, str]] = {"TLSv1": "TLSv1.0"}  # HAProxy alone writes the zero
