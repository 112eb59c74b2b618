"""The collector for a Linux machine's cryptographic policy: crypto-policies of the Red Hat family, OpenSSL and GnuTLS, FIPS mode."""

from __future__ import annotations

import re
from functools import partial

from scanner.facts.crypto_policy import CryptoPolicy, LibraryDefault
from scanner.facts.readings import Readings
from scanner.facts.tls import Version
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.linux import openssl
from scanner.hosts.linux.base import agreed, boot_options, exists, file_needed, first_line, needed, option, parsed, seen, shown
from scanner.hosts.linux.container import READS as CONTAINER
from scanner.hosts.linux.container import container
from scanner.hosts.linux.reads import BOOT
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import keyfile

ASKED, APPLIED = "/etc/crypto-policies/config", "/etc/crypto-policies/state/current"
GNUTLS_LIBRARY = "libgnutls.so.30"
GNUTLS = ("/etc/crypto-policies/back-ends/gnutls.config", "/etc/gnutls/config")
FIPS = "/proc/sys/crypto/fips_enabled"
GNUTLS_VERSIONS = {"tls1.0": Version.TLS10, "tls1.1": Version.TLS11, "tls1.2": Version.TLS12, "tls1.3": Version.TLS13}


@collector(
    Platform.LINUX,
    *CONTAINER,
    *openssl.READS,
    Files(ASKED),
    Files(APPLIED),
    *(Files(path) for path in GNUTLS),
    *(Names(path) for path in GNUTLS),
    *(Names(f"{folder}/{GNUTLS_LIBRARY}") for folder in openssl.FOLDERS),
    Files(FIPS),
    *BOOT,
)
def crypto_policy(read: Reader) -> CryptoPolicy:
    """See what the machine's libraries let in for programs that set nothing, and whether FIPS mode is on."""
    fact = CryptoPolicy(container(read), _policy(read), (*_library(read, "OpenSSL"), *_library(read, "GnuTLS")), _fips(read))
    read.keep("crypto", f"policy {fact.policy}, {', '.join(f'{one.library}: {one.oldest}' for one in fact.libraries)}")
    return fact


def _policy(read: Reader) -> Readings[str] | None:
    """Read what is asked for, and what the tool made of it: programs go by the files that it made then, after a restart too."""
    asked, applied = (seen(partial(_name, read, path)) for path in (ASKED, APPLIED))
    if asked is None and applied is None:
        return None
    made = applied if applied is not None else Unobserved(Reason.UNSUPPORTED, f"{APPLIED} is not there")
    return Readings(asked, made if read.live else None, made, ASKED)


def _name(read: Reader, path: str) -> str | None:
    """Give the first line that is no comment, as update-crypto-policies(8) takes it."""
    data = read.file(path)
    if data is None:
        return None
    lines = [line.strip() for line in data.decode("utf-8", "replace").split("\n")]
    return next((shown(line.upper()) for line in lines if line and not line.startswith("#")), "")


def _library(read: Reader, name: str) -> tuple[LibraryDefault, ...]:
    ask = openssl.default if name == "OpenSSL" else _gnutls
    found = seen(lambda: ask(read))
    if isinstance(found, Unobserved):
        return (LibraryDefault(name, found, name),)
    return (found,) if found is not None else ()


def _gnutls(read: Reader) -> LibraryDefault | None:
    """Read GnuTLS' system-wide file; ``None``: there is no GnuTLS. Raises ``CannotObserve``."""
    path = exists(read, *GNUTLS)
    if path is not None:
        return LibraryDefault("GnuTLS", seen(lambda: _gnutls_oldest(read, path)), path)
    if not openssl.has_library(read, (GNUTLS_LIBRARY,)):
        return None
    # Upstream's own list has TLS 1.0 (Debian 12's 3.7.9 lets it in), Ubuntu's packages are built with another.
    own = Unobserved(Reason.UNSUPPORTED, f"{GNUTLS_LIBRARY}: there is no {GNUTLS[-1]}, and what its own list lets in differs by package")
    return LibraryDefault("GnuTLS", own, GNUTLS_LIBRARY)


def _gnutls_oldest(read: Reader, path: str) -> Version:
    held = needed(parsed(path, file_needed(read, path), keyfile.parse))
    if held.last("global", "override-mode") == "allowlist":
        words = {entry.value.lower() for _, entry in held.entries("overrides", "enabled-version")}
    elif disabled := {entry.value.lower() for _, entry in held.entries("overrides", "disabled-version")}:
        words = GNUTLS_VERSIONS.keys() - disabled
    else:
        line = held.last("priorities", "SYSTEM") or ""
        if not re.match(r"NONE\b|.*:-VERS-ALL\b", line):
            raise CannotObserve(Reason.UNSUPPORTED, f"{path}: it names no versions of TLS")
        words = {word.lower() for word in re.findall(r"\+VERS-(TLS1\.\d)", line)}
    oldest = next((version for word, version in GNUTLS_VERSIONS.items() if word in words), None)
    if oldest is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{path}: no version of TLS is left")
    return oldest


def _fips(read: Reader) -> Readings[bool]:
    now: bool | Unobserved | None = seen(lambda: first_line(read, FIPS) == "1") if read.live else None
    _, entries = boot_options(read)
    later = entries if isinstance(entries, Unobserved) else agreed([option(words, "fips") == "1" for words in entries], "fips")
    return Readings(None, now, later, f"{FIPS}, fips=")
