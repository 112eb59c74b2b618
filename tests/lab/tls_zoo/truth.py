"""Asks the libraries behind the zoo's servers what a configuration allows, in the words of the IANA registries.

The source is always the library that serves: its own list of suites for a version and a cipher string, or its own client. What a
configuration cannot use for want of a key or of parameters is left out here by the columns that the library prints.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from scanner.facts.tls import Preference, Version
from scanner.wire.tls.suites import suite_name
from tests.lab.tls_zoo.entry import READY, Place, Truth

EVERYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
MODERN = (Version.TLS12, Version.TLS13)
OLD = (Version.TLS10, Version.TLS11)
_FLAGS = {Version.TLS10: "-tls1", Version.TLS11: "-tls1_1", Version.TLS12: "-tls1_2", Version.TLS13: "-tls1_3"}
GROUPS = {"X25519": "x25519", "prime256v1": "secp256r1", "secp384r1": "secp384r1", "secp521r1": "secp521r1", "X448": "x448"}
"""OpenSSL's names of curves → the registry's."""


@cache
def openssl_list(
    version: Version, ciphers: str, ciphersuites: str = "", *, psk: bool = False, library: Path | None = None
) -> tuple[tuple[str, str, str], ...]:
    """Suites that this OpenSSL supports in a version with this configuration, in its order: name, key exchange, authentication."""
    command = ["openssl", "ciphers", "-V", "-s", _FLAGS[version], *(["-psk"] if psk else [])]
    command += ["-ciphersuites", ciphersuites] if ciphersuites else []
    environment = os.environ | {"OPENSSL_CONF": os.devnull} | ({"LD_LIBRARY_PATH": str(library)} if library else {})
    out = subprocess.run([*command, ciphers], capture_output=True, text=True, check=True, env=environment).stdout
    found = []
    for line in out.splitlines():
        seen = re.match(r"\s*0x(..),0x(..) - \S+\s+\S+\s+Kx=(\S+)\s+Au=(\S+)", line)
        assert seen, line
        high, low, kx, auth = seen.groups()
        found.append((suite_name(int(high + low, 16)), kx, auth))
    return tuple(found)


_OPENSSL3 = {"compression": False, "secure_renegotiation": True, "extended_master_secret": True, "heartbeat": False}
"""What OpenSSL 3 does unless told otherwise (SSL_CTX_set_options(3)); heartbeats it does not have."""


@dataclass(frozen=True, slots=True)
class OpenSsl:
    """A configuration of OpenSSL 3, whatever program it stands in.

    ``auths`` are the kinds of key the server has, as OpenSSL calls them; ``dh`` the length of its DH prime, 0 without one. Without
    ``groups`` nothing is claimed of them: OpenSSL 3.0 has no command that lists its own. ``library`` is the folder of another build.
    """

    ciphers: str = "DEFAULT"
    ciphersuites: str = ""
    versions: Sequence[Version] = MODERN
    auths: Sequence[str] = ("RSA",)
    groups: Sequence[str] = ("X25519", "prime256v1", "secp384r1")
    dh: int = 0
    prefers: bool = False
    chacha: bool = False
    psk: bool = False
    library: Path | None = None
    features: Mapping[str, object] = field(default_factory=dict)

    def truth(self) -> Truth:
        """What it allows."""
        suites = {version: names for version in self.versions if (names := self._suites(version))}
        preference = Preference.SERVER_CHACHA if self.chacha else Preference.SERVER if self.prefers else Preference.CLIENT
        elliptic = {
            version: frozenset(GROUPS[name] for name in self.groups)
            for version, names in suites.items()
            if self.groups and (version is Version.TLS13 or any("_ECDH" in name for name in names))
        }
        finite = any("_DHE_" in name or "_DH_anon_" in name for version, names in suites.items() for name in names)
        return Truth(
            suites,
            {version: preference for version, names in suites.items() if len(names) > 1},
            elliptic,
            frozenset({self.dh}) if finite else frozenset(),
            {**self._usual(suites), **self.features},
        )

    def _usual(self, versions: Collection[Version]) -> dict[str, object]:
        if set(versions) == {Version.TLS13}:
            return {}
        # Without a certificate the survey completes no handshake, so that it cannot ask for another one.
        return {**_OPENSSL3, **({"client_renegotiation": 0} if self.auths else {})}

    def _suites(self, version: Version) -> tuple[str, ...]:
        kinds = {"RSA", "ECDH", *(("DH",) if self.dh else ())}
        if self.psk:
            kinds |= {"PSK", "RSAPSK", "ECDHEPSK", *(("DHEPSK",) if self.dh else ())}
        found = []
        for name, kx, auth in openssl_list(version, self.ciphers, self.ciphersuites, psk=self.psk, library=self.library):
            if version is Version.TLS13 or (kx in kinds and (auth == "None" or auth in self.auths or (self.psk and auth == "PSK"))):
                found.append(name)
        return tuple(found)


_GNUTLS_VERSIONS = {"TLS1.0": Version.TLS10, "TLS1.1": Version.TLS11, "TLS1.2": Version.TLS12, "TLS1.3": Version.TLS13}
_GNUTLS_GROUPS = {
    "SECP192R1": "secp192r1",
    "SECP224R1": "secp224r1",
    "SECP256R1": "secp256r1",
    "SECP384R1": "secp384r1",
    "SECP521R1": "secp521r1",
    "X25519": "x25519",
    "X448": "x448",
}


@dataclass(frozen=True, slots=True)
class GnuTls:
    """A priority string of GnuTLS. ``exchanges`` are prefixes of its suite names that the server has keys for.

    ``heartbeat``: they are asked for. Debian builds 3.8 without them, though its server still has the option.
    """

    priority: str
    exchanges: Sequence[str] = ("TLS_RSA_", "TLS_ECDHE_RSA_", "TLS_DHE_RSA_", "TLS_DH_ANON_", "TLS_ECDH_ANON_")
    prefers: bool = False
    dh: frozenset[int] | None = None
    heartbeat: bool = False
    features: Mapping[str, object] = field(default_factory=dict)

    def truth(self) -> Truth:
        """What it allows."""
        out = _said("gnutls-cli", "-l", "--priority", self.priority)
        protocols = re.search(r"^Protocols: (.*)$", out, re.MULTILINE)
        assert protocols
        versions = [version for name, version in _GNUTLS_VERSIONS.items() if f"VERS-{name}" in re.split(", *", protocols[1])]
        suites: dict[Version, list[str]] = {version: [] for version in versions}
        for name, high, low, since in re.findall(r"^(TLS_\S+)\s+0x(..), 0x(..)\s+(TLS\S+)$", out, re.MULTILINE):
            first = _GNUTLS_VERSIONS[since]
            for version in versions:
                modern = version is Version.TLS13
                usable = first is Version.TLS13 if modern else first is not Version.TLS13 and name.startswith(tuple(self.exchanges))
                if usable and list(_FLAGS).index(first) <= list(_FLAGS).index(version):
                    suites[version].append(suite_name(int(high + low, 16)))
        found = {version: tuple(names) for version, names in suites.items() if names}
        preference = Preference.SERVER if self.prefers else Preference.CLIENT
        listed = re.search(r"^Groups: (.*)$", out, re.MULTILINE)
        groups = re.findall(r"GROUP-([A-Z0-9-]+)", listed[1]) if listed else []
        elliptic = frozenset(_GNUTLS_GROUPS[name] for name in groups if name in _GNUTLS_GROUPS)
        finite = frozenset(name.lower() for name in groups if name.startswith("FFDHE"))
        return Truth(
            found,
            {version: preference for version, names in found.items() if len(names) > 1},
            {version: elliptic | finite if version is Version.TLS13 else elliptic for version in found},
            self.dh,
            {
                "heartbeat": self.heartbeat and re.match(r"gnutls-cli 3\.[0-7]\.", _said("gnutls-cli", "--version")) is not None,
                **self.features,
            },
        )


@cache
def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def written(place: Place) -> Truth:
    """What a server wrote down of itself when it came up: ``{"TLSv1.2": ["TLS_…", …], …}``, names or codes, in its order."""
    said = json.loads((place.home / READY).read_text())
    suites = {Version(name): tuple(_name(one) for one in listed) for name, listed in said["suites"].items() if listed}
    prefers = {version: Preference(said["prefers"]) for version, names in suites.items() if len(names) > 1} if "prefers" in said else {}
    groups = {Version(name): frozenset(listed) for name, listed in said.get("groups", {}).items()}
    dh = frozenset(said["dh"]) if "dh" in said else None
    return Truth(suites, prefers, groups, dh, said.get("features", {}))


def _name(suite: str | int) -> str:
    return suite_name(suite) if isinstance(suite, int) else suite
