"""Which OpenSSL a Linux machine has, and what its configuration file makes of TLS for programs that set nothing of their own."""

from __future__ import annotations

import re
from functools import partial

from scanner.facts.crypto_policy import LibraryDefault
from scanner.facts.tls import Version
from scanner.hosts.base import FileKind, Files, Names, Reader, Source
from scanner.hosts.linux.base import exists, file_needed, needed, parsed, seen, shown
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import opensslconf

FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")
NEW, OLD = ("libssl.so.3",), ("libssl.so.1.1", "libssl.so.1.0.0", "libssl.so.10")
CONF = ("/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf")
POLICY = "/etc/crypto-policies/back-ends/opensslcnf.config"
DIRECTORY = "/etc/pki/tls/openssl.d"
"""Included by the file of the Red Hat family from 9 on."""
MOST_INCLUDED = 100
USUAL_LEVEL = 2
"""The security level of OpenSSL where nothing is written: 2 in Debian, Ubuntu and the Red Hat family, and upstream from 3.2."""
READS: tuple[Source, ...] = (
    *(Names(f"{folder}/{name}") for folder in FOLDERS for name in (*NEW, *OLD)),
    *(Files(path) for path in (*CONF, POLICY)),
    Names(POLICY),
    Names(DIRECTORY),
    *(Files(f"{DIRECTORY}/*.{ending}") for ending in ("cnf", "conf")),
)
LEVEL = re.compile(r"@SECLEVEL=(\d)")
VERSIONS = {
    "None": Version.SSL3,
    "SSLv3": Version.SSL3,
    "TLSv1": Version.TLS10,
    "TLSv1.0": Version.TLS10,
    "TLSv1.1": Version.TLS11,
    "TLSv1.2": Version.TLS12,
    "TLSv1.3": Version.TLS13,
}
BY_AGE = tuple(Version)


def generation(read: Reader) -> int | None:
    """Give the library's generation, 1 or 3; ``None``: neither or both are there. Raises ``CannotObserve``."""
    new, old = (has_library(read, names) for names in (NEW, OLD))
    return 3 if new and not old else 1 if old and not new else None


def has_library(read: Reader, names: tuple[str, ...]) -> bool:
    """Tell whether a library of one of these names is where programs find it. Raises ``CannotObserve``."""
    return exists(read, *(f"{folder}/{name}" for folder in FOLDERS for name in names)) is not None


def default(read: Reader) -> LibraryDefault | None:
    """Give the oldest TLS for programs that set none; ``None``: there is no OpenSSL. Raises ``CannotObserve``."""
    if not has_library(read, (*NEW, *OLD)):
        return None
    path = exists(read, *CONF)
    return LibraryDefault("OpenSSL", seen(lambda: _oldest(read, path)), path or "OpenSSL")


def _oldest(read: Reader, path: str | None) -> Version:
    commands = _commands(read, path) if path else ()
    if any(name == "protocol" for name, _ in commands):
        raise CannotObserve(Reason.UNSUPPORTED, f"{path}: Protocol is written instead of MinProtocol")
    levels = [int(level) for name, value in commands if name == "cipherstring" for level in LEVEL.findall(value)]
    level = levels[-1] if levels else USUAL_LEVEL
    least = [value for name, value in commands if name == "minprotocol" and not value.startswith("DTLS")]
    if least and least[-1] not in VERSIONS:
        raise CannotObserve(Reason.UNSUPPORTED, f"{path}: MinProtocol = {shown(least[-1])}")
    written = VERSIONS[least[-1]] if least else None
    if written in {Version.TLS12, Version.TLS13}:
        return written
    library = generation(read)
    # SSL_CTX_set_security_level(3): from 3.0 on the signatures of TLS before 1.2 need level 0; distributions let some through at 1
    if library == 3 and level >= 2:
        return Version.TLS12
    # 1.1 speaks what is written; at level 2 Ubuntu's refuses what is before TLS 1.2. No package is built with SSL 3.0.
    if (library == 3 and level == 0) or (library == 1 and written is not None and level <= 1):
        return max(written or Version.TLS10, Version.TLS10, key=BY_AGE.index)
    raise CannotObserve(Reason.UNSUPPORTED, f"{path or 'OpenSSL'}: which TLS before 1.2 this library lets in is not known")


def _commands(read: Reader, path: str) -> tuple[tuple[str, str], ...]:
    data = file_needed(read, path)
    return needed(parsed(path, data, lambda text: opensslconf.system_default(opensslconf.parse(text, partial(_included, read)))))


def _included(read: Reader, path: str) -> bytes:
    """Give what ``.include`` of config(5ssl) brings in: a file, or those of a directory; nothing where it is not there. Raises."""
    if not path.startswith("/"):
        raise CannotObserve(Reason.UNSUPPORTED, f"{shown(path)} is included from a place that is not told")
    state = read.state(path)
    if state is None:
        return b""
    if state.kind is not FileKind.DIRECTORY:
        return read.file(path) or b""
    names = [name for name in read.names(path) or () if name.endswith((".cnf", ".conf"))]
    if len(names) > MOST_INCLUDED:
        raise CannotObserve(Reason.TOO_LARGE, f"{shown(path)}: more than {MOST_INCLUDED} files")
    return b"\n".join(read.file(f"{path.rstrip('/')}/{name}") or b"" for name in names)
