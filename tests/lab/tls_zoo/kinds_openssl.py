"""Entries whose library is the system's OpenSSL: its own ``s_server``, nginx, Apache, HAProxy, stunnel."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import idna

from scanner.facts.tls import Version
from tests.lab.tls_zoo.certificates import OCSP_PORT, RECIPES
from tests.lab.tls_zoo.dh import PARAMETERS
from tests.lab.tls_zoo.entry import FETCHED, Entry, Place, Program
from tests.lab.tls_zoo.truth import EVERYTHING, MODERN, OLD, OpenSsl

COMPRESSING = FETCHED / "python" / "psycopg2_binary.libs"
"""An OpenSSL with zlib, which Debian's has not."""
ALL = (*OLD, *MODERN)
STRONG = OpenSsl(
    ciphers="ECDHE+AESGCM:ECDHE+CHACHA20", ciphersuites="TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
)
WEAK = OpenSsl(ciphers=EVERYTHING, versions=ALL, dh=1024)


def _dh(place: Place, bits: int) -> Path:
    return place.write(f"dh{bits}.pem", PARAMETERS[bits])


_S_SERVER_OFF = {Version.TLS10: "-no_tls1", Version.TLS11: "-no_tls1_1", Version.TLS12: "-no_tls1_2", Version.TLS13: "-no_tls1_3"}


def s_server(
    name: str, about: str, how: OpenSsl, *options: str, certificates: Sequence[str] = ("rsa-2048",), staple: bool = False, sct: str = ""
) -> Entry:
    """OpenSSL's own test server, one for each address."""

    def start(place: Place) -> list[Program]:
        issued = [place.certificate(one) for one in certificates]
        argv: list[str | Path] = ["openssl", "s_server", "-www", "-quiet", "-cipher", how.ciphers, "-groups", ":".join(how.groups)]
        argv += ["-nocert"] if not issued else []
        for one, kind in zip(issued, ("-", "-d"), strict=False):
            argv += [f"{kind}cert", one.leaf, f"{kind}key", one.key]
            argv += [f"{kind}cert_chain", one.rest] if one.rest.read_text() else []
        argv += [flag for version, flag in _S_SERVER_OFF.items() if version not in how.versions]
        argv += ["-dhparam", _dh(place, how.dh)] if how.dh else ["-no_dhe"]
        argv += ["-ciphersuites", how.ciphersuites] if how.ciphersuites else []
        argv += ["-serverpref"] if how.prefers or how.chacha else []
        argv += ["-prioritize_chacha"] if how.chacha else []
        if staple:
            assert place.mint
            argv += ["-status_file", place.mint.staple(issued[0])]
        if sct:
            argv += ["-serverinfo", place.write("sct.pem", sct)]
        environment = {"LD_LIBRARY_PATH": str(how.library)} if how.library else {}
        return [Program([*argv, *options, "-accept", where], environment) for where in (f"{place.v4}:443", f"[{place.v6}]:443")]

    return Entry(name, about, start, lambda _: how.truth(), certificates=certificates)


def nginx(
    name: str, about: str, how: OpenSsl, *lines: str, certificates: Sequence[str] = ("rsa-2048",), v6: OpenSsl | None = None
) -> Entry:
    """An nginx of its own. With ``v6`` the IPv6 address has another configuration."""

    def server(place: Place, listen: str, ssl: OpenSsl) -> str:
        versions = " ".join("TLSv1" if version is Version.TLS10 else version.value for version in ssl.versions)
        found = [
            f"listen {listen} ssl",
            f"ssl_protocols {versions}",
            f"ssl_ciphers {ssl.ciphers}",
            f"ssl_ecdh_curve {':'.join(ssl.groups)}",
        ]
        for one in certificates:
            issued = place.certificate(one)
            found += [f"ssl_certificate {issued.chain}", f"ssl_certificate_key {issued.key}"]
        found += [f"ssl_dhparam {_dh(place, ssl.dh)}"] if ssl.dh else []
        found += [f"ssl_conf_command Ciphersuites {ssl.ciphersuites}"] if ssl.ciphersuites else []
        found += [f"ssl_prefer_server_ciphers {'on' if ssl.prefers else 'off'}", *lines, 'return 200 "zoo"']
        return "  server { " + " ".join(f"{line};" for line in found) + " }\n"

    def start(place: Place) -> list[Program]:
        return [_nginx(place, server(place, f"{place.v4}:443", how) + server(place, f"[{place.v6}]:443", v6 or how))]

    return Entry(name, about, start, lambda _: how.truth(), certificates=certificates, truth6=(lambda _: v6.truth()) if v6 else None)


def _nginx(place: Place, servers: str) -> Program:
    paths = " ".join(f"{kind}_temp_path {place.home}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    text = (
        f"daemon off; user root; pid {place.home}/pid; error_log stderr warn; worker_processes 1; events {{ worker_connections 1024; }}\n"
        f"http {{ access_log off; {paths}\n{servers}}}\n"
    )
    return Program(["nginx", "-e", "stderr", "-c", place.write("nginx.conf", text)])


def herd(name: str, about: str, addresses: Sequence[str]) -> Entry:
    """One nginx that stands for many modern servers, at IPv4 addresses of a network that is all its own."""

    def start(place: Place) -> list[Program]:
        issued = place.certificate("wildcard")
        listen = " ".join(f"listen {address}:443 ssl;" for address in (place.v4, *addresses))
        body = f"{listen} listen [{place.v6}]:443 ssl; ssl_certificate {issued.chain}; ssl_certificate_key {issued.key}; return 200 zoo;"
        body += f" ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers {STRONG.ciphers}; ssl_ecdh_curve {':'.join(STRONG.groups)};"
        body += " ssl_prefer_server_ciphers off;"
        return [_nginx(place, f"  server {{ {body} }}\n")]

    return Entry(name, about, start, lambda _: STRONG.truth(), certificates=("wildcard",))


def publisher() -> Entry:
    """The authority's side: the revocation list over HTTP, and the OCSP responder."""

    def start(place: Place) -> list[Program]:
        listen = f"listen {place.v4}:80; listen [{place.v6}]:80; root {place.folder}; types {{ application/pkix-crl crl; }}"
        assert place.mint
        authority, key, index = (place.folder / name for name in ("intermediate.pem", "intermediate.key", "index.txt"))
        responder: list[str | Path] = [
            "openssl",
            "ocsp",
            "-port",
            str(OCSP_PORT),
            "-index",
            index,
            "-CA",
            authority,
            "-rkey",
            key,
            "-rsigner",
            authority,
        ]
        return [_nginx(place, f"  server {{ {listen} }}\n"), Program([*responder, "-ndays", "7"])]

    return Entry("crl", "revocation list over HTTP and OCSP responder; no TLS", start, port=80, protocol="http", certificates=())


def apache(name: str, about: str, how: OpenSsl, *lines: str, certificates: Sequence[str] = ("rsa-2048",)) -> Entry:
    """An Apache of its own. It puts ``!aNULL:!eNULL:!EXP:`` before every cipher string, and takes DH parameters as long as its key."""
    seen = replace(how, ciphers=f"!aNULL:!eNULL:!EXP:{how.ciphers}")

    def start(place: Place) -> list[Program]:
        versions = " ".join("+TLSv1" if version is Version.TLS10 else f"+{version.value}" for version in how.versions)
        text = [
            "ServerRoot /usr/lib/apache2",
            f"ServerName {place.host}",
            *(f"{what} {place.home}{below}" for what, below in (("PidFile", "/pid"), ("DefaultRuntimeDir", ""), ("ErrorLog", "/error"))),
            f"Mutex file:{place.home}",
            *(f"LoadModule {one}_module modules/mod_{one}.so" for one in ("mpm_event", "authz_core", "ssl", "socache_shmcb")),
            f"Listen {place.v4}:443",
            f"Listen [{place.v6}]:443",
            f"DocumentRoot {place.home}",
            "SSLEngine on",
            f"SSLProtocol -all {versions}",
            f"SSLCipherSuite {how.ciphers}",
            *([f"SSLCipherSuite TLSv1.3 {how.ciphersuites}"] if how.ciphersuites else []),
            f"SSLOpenSSLConfCmd Groups {':'.join(how.groups)}",
            f"SSLHonorCipherOrder {'on' if how.prefers else 'off'}",
        ]
        for one in certificates:
            issued = place.certificate(one)
            text += [f"SSLCertificateFile {issued.chain}", f"SSLCertificateKeyFile {issued.key}"]
        return [Program(["apache2", "-X", "-f", place.write("apache.conf", "\n".join([*text, *lines, ""]))])]

    return Entry(name, about, start, lambda _: seen.truth(), certificates=certificates)


def haproxy(name: str, about: str, how: OpenSsl, *, certificates: Sequence[str] = ("rsa-2048",)) -> Entry:
    """A HAProxy of its own."""
    least = min(how.versions, key=ALL.index)
    most = max(how.versions, key=ALL.index)

    def start(place: Place) -> list[Program]:
        options = f"ssl crt {place.certificate(certificates[0]).both} ssl-min-ver {least.value} ssl-max-ver {most.value}"
        options += f" ciphers {how.ciphers} curves {':'.join(how.groups)}"
        options += f" ciphersuites {how.ciphersuites}" if how.ciphersuites else ""
        options += "" if how.chacha else " prefer-client-ciphers"
        text = "global\n  maxconn 200\n" + (f"  ssl-dh-param-file {_dh(place, how.dh)}\n" if how.dh else "")
        text += "defaults\n  mode http\n  timeout client 20s\n  timeout connect 5s\n  timeout server 20s\nfrontend zoo\n"
        text += f"  bind {place.v4}:443 {options}\n  bind {place.v6}:443 {options}\n  http-request return status 200\n"
        return [Program(["haproxy", "-db", "-f", place.write("haproxy.cfg", text)])]

    return Entry(name, about, start, lambda _: how.truth(), certificates=certificates)


def stunnel(name: str, about: str, how: OpenSsl, *lines: str, certificates: Sequence[str] = ("rsa-2048",)) -> Entry:
    """A stunnel of its own. It has DH parameters of 2048 bits built in."""

    def start(place: Place) -> list[Program]:
        issued = place.certificate(certificates[0])
        least = "TLSv1" if Version.TLS10 in how.versions else "TLSv1.2"
        head = ["foreground = yes", "pid =", f"sslVersionMin = {least}", f"ciphers = {how.ciphers}", f"curves = {':'.join(how.groups)}"]
        head += [f"cert = {issued.chain}", f"key = {issued.key}", "syslog = no", *lines]
        parts = [f"[{kind}]\naccept = {where}:443\nexec = /bin/cat\nexecArgs = cat" for kind, where in (("v4", place.v4), ("v6", place.v6))]
        return [Program(["stunnel", place.write("stunnel.conf", "\n".join([*head, *parts, ""]))])]

    return Entry(name, about, start, lambda _: how.truth(), certificates=certificates)


def _scts() -> str:
    """One timestamp of a log that does not exist, as OpenSSL wants extensions: PEM around type, length and value (RFC 6962 section 3.3)."""
    stamp = b"\0" + b"\x11" * 32 + (1_790_000_000_000).to_bytes(8, "big") + b"\0\0" + b"\x04\x03" + b"\0\x08" + b"\x22" * 8
    listed = len(stamp).to_bytes(2, "big") + stamp
    value = len(listed).to_bytes(2, "big") + listed
    text = base64.encodebytes((18).to_bytes(2, "big") + len(value).to_bytes(2, "big") + value).decode()
    return f"-----BEGIN SERVERINFO FOR SCT-----\n{text}-----END SERVERINFO FOR SCT-----\n"


TLS13 = ("TLS_AES_128_CCM_8_SHA256", "TLS_AES_128_CCM_SHA256", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256")
CERTIFICATES = {
    **dict.fromkeys((name for name in RECIPES if name not in {"rsa-512", "must-staple", "p384", "ed25519"}), "DEFAULT"),
    "rsa-1024": "DEFAULT:@SECLEVEL=0",
    "sha1": "DEFAULT:@SECLEVEL=0",
    "md5": "DEFAULT:@SECLEVEL=0",
}
"""Recipe → cipher string: a server of its own for each. OpenSSL shows weak certificates at security level 0 only."""

ENTRIES: tuple[Entry, ...] = (
    nginx("nginx-modern", "nginx as recommended: TLS 1.2 and 1.3, forward secrecy, AEAD", STRONG),
    nginx(
        "nginx-both",
        "the same with an RSA and an ECDSA certificate",
        replace(STRONG, auths=("RSA", "ECDSA")),
        certificates=("rsa-2048", "p256"),
    ),
    nginx("nginx-weak", "nginx with all that OpenSSL 3 still has, DH of 1024 bits, own order", replace(WEAK, prefers=True)),
    nginx("nginx-differs", "IPv4 as recommended, IPv6 with all that there is", STRONG, v6=WEAK),
    replace(nginx("nginx-six", "a name with an IPv6 address only", STRONG), answers=("v6",)),
    nginx(idna.encode("点検").decode(), "an internationalised name", STRONG),
    apache("apache-modern", "Apache, TLS 1.2 and 1.3, own order", replace(STRONG, prefers=True)),
    apache("apache-weak", "Apache with all that it takes", replace(WEAK, dh=2048)),
    haproxy("haproxy", "HAProxy, own order; it always lets ChaCha20 through", replace(STRONG, chacha=True)),
    haproxy("haproxy-weak", "HAProxy with all that OpenSSL 3 still has", replace(WEAK, dh=2048)),
    stunnel("stunnel", "stunnel with all that OpenSSL 3 still has", replace(WEAK, dh=2048)),
    s_server("openssl", "OpenSSL 3 as it comes", OpenSsl()),
    s_server("openssl-weak", "OpenSSL 3, security level 0, TLS 1.0 to 1.3", WEAK),
    s_server("openssl-chacha", "own order, but ChaCha20 first for who likes it first", OpenSsl(chacha=True)),
    s_server("openssl-dhe", "DHE only, 2048 bits", OpenSsl(ciphers="kDHE+AESGCM", dh=2048, versions=(Version.TLS12,))),
    s_server(
        "openssl-anon",
        "no certificate at all",
        OpenSsl(ciphers="aNULL:@SECLEVEL=0", versions=(*OLD, Version.TLS12), auths=(), dh=2048),
        certificates=(),
    ),
    s_server("openssl-null", "no encryption", OpenSsl(ciphers="eNULL:@SECLEVEL=0", versions=(*OLD, Version.TLS12))),
    s_server(
        "openssl-psk",
        "pre-shared keys only",
        OpenSsl(ciphers="PSK", versions=(Version.TLS12,), auths=(), psk=True, dh=2048),
        "-psk",
        "00112233445566778899aabbccddeeff",
        certificates=(),
    ),
    s_server(
        "openssl-compression",
        "OpenSSL 3.5 as psycopg2 builds it: it compresses",
        OpenSsl("ECDHE+AESGCM:AES128-SHA:@SECLEVEL=1", library=COMPRESSING, features={"compression": True}),
        "-comp",
    ),
    s_server("openssl-tls13", "TLS 1.3 only, CCM too", OpenSsl(versions=(Version.TLS13,), ciphersuites=":".join(TLS13))),
    s_server("openssl-tls10", "TLS 1.0 only", OpenSsl(ciphers="DEFAULT:@SECLEVEL=0", versions=(Version.TLS10,))),
    s_server("openssl-gap", "TLS 1.0 and 1.2, not 1.1", OpenSsl(ciphers="DEFAULT:@SECLEVEL=0", versions=(Version.TLS10, Version.TLS12))),
    s_server("openssl-ed25519", "an Ed25519 key", OpenSsl(auths=("ECDSA",)), certificates=("ed25519",)),
    s_server("openssl-p384", "an ECDSA key on P-384", OpenSsl(auths=("ECDSA",)), certificates=("p384",)),
    s_server("openssl-one-group", "secp521r1 and nothing else", OpenSsl(groups=("secp521r1",))),
    s_server("openssl-stapled", "a stapled OCSP answer", OpenSsl(auths=("ECDSA",)), staple=True, certificates=("must-staple",)),
    s_server("openssl-scts", "a certificate timestamp in the hello", OpenSsl(versions=(Version.TLS12,)), sct=_scts()),
    s_server(
        "openssl-generous",
        "application protocols, renegotiation",
        OpenSsl(features={"alpn": ("h2", "http/1.1"), "client_renegotiation": True, "tls13_ticket": True}),
        *("-alpn", "h2,http/1.1", "-client_renegotiation"),
    ),
    s_server(
        "openssl-bare",
        "no tickets, no sessions, no encrypt-then-MAC",
        OpenSsl(features={"session_ticket": False, "tls13_ticket": False, "session_id": False, "encrypt_then_mac": False, "early_data": 0}),
        *("-no_ticket", "-num_tickets", "0", "-no_cache", "-no_etm"),
    ),
    *(
        s_server(
            f"cert-{recipe}", f"certificate: {recipe}", OpenSsl(ciphers=ciphers, auths=(RECIPES[recipe].auth,)), certificates=(recipe,)
        )
        for recipe, ciphers in CERTIFICATES.items()
    ),
    publisher(),
)
