"""What TLS a web server's lines come to with the OpenSSL that is installed: versions that it refuses, suites that it makes of a string."""

from __future__ import annotations

import re

from scanner.facts.web_configuration import WebTls
from scanner.hosts.base import Reader
from scanner.hosts.linux import openssl
from scanner.hosts.linux.base import seen, shown
from scanner.hosts.linux.web_reading import ToldTls, unsupported
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire.tls.suites import SUITES, suite_by_name

SYSTEM = (*openssl.CONF, openssl.POLICY)
BEFORE_12 = ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1")
ORDER = (*BEFORE_12, "TLS 1.2", "TLS 1.3")
LONGEST_STRING = 4_000
MOST_STRINGS = 20
MOST_SUITES = 400
_BY_OPENSSL = {suite.openssl: suite.name for suite in SUITES.values() if suite.openssl}


def spoken(read: Reader, told: tuple[ToldTls, ...]) -> tuple[WebTls, ...]:
    """Say what every virtual server speaks."""
    if not told:
        return ()
    system = seen(lambda: _System(read))
    suites: dict[str, tuple[str, ...] | Unobserved] = {}
    found = []
    for one in told:
        string = one.ciphers
        if isinstance(string, str) and string not in suites:
            given = string
            suites[given] = seen(lambda: _suites(read, given)) if len(suites) < MOST_STRINGS else unsupported("too many strings of suites")  # noqa: B023  used at once
        made = suites[string] if isinstance(string, str) else string
        if any(re.match(r"(?i)CipherString|Ciphersuites", line) for line in one.commands):
            made = unsupported(f"{one.site}: suites are handed to the library as a command")
        if not one.finite_fields and not isinstance(made, Unobserved):
            made = tuple(name for name in made if (suite := suite_by_name(name)) is None or suite.kx != "DHE")
        versions, held = (system, ()) if isinstance(system, Unobserved) else system.versions(one)
        found.append(WebTls(shown(one.site), versions, held, made))
    return tuple(found)


class _System:
    """The library and what is set for all programs. Raises ``CannotObserve``."""

    def __init__(self, read: Reader) -> None:
        self.library = openssl.generation(read)
        text = "".join((read.file(path) or b"").decode("utf-8", "replace") for path in SYSTEM)
        lines = [line for line in text.split("\n") if not line.lstrip().startswith("#")]
        levels = [int(level) for level in openssl.LEVEL.findall("\n".join(lines))]
        self.level = min(levels, default=openssl.USUAL_LEVEL)
        self.policy = read.file(openssl.POLICY)

    def versions(self, told: ToldTls) -> tuple[tuple[str, ...] | Unobserved, tuple[str, ...]]:
        """Give the versions that can be agreed on, and those that the library holds back."""
        if isinstance(told.versions, Unobserved):
            return told.versions, ()
        if any(re.match(r"(?i)(Min|Max)?Protocol\b|CipherString", line) for line in told.commands):
            return unsupported(f"{told.site}: versions are handed to the library as a command"), ()
        old = [version for version in BEFORE_12 if version in told.versions]
        new = [version for version in ORDER if version in told.versions and version not in old]
        if not old:
            return tuple(new), ()
        if self.policy is not None and not told.written:
            return self._of_policy(told)
        string = told.ciphers if isinstance(told.ciphers, str) else ""
        given = openssl.LEVEL.findall(string)
        level = int(given[-1]) if given else self.level
        # SSL_CTX_set_security_level(3): from 3.0 on the signatures of TLS before 1.2 need level 0; distributions let some through at 1.
        if self.library == 3 and level >= 2:
            return tuple(new), tuple(old)
        if (self.library == 3 and level == 0) or (self.library == 1 and level <= 2 and {"TLS 1.0", "TLS 1.1"} & set(old)):
            return (*(version for version in old if version.startswith("TLS")), *new), ()
        return unsupported(f"{told.site}: {', '.join(old)} are let in, and whether the library speaks them is not known"), ()

    def _of_policy(self, told: ToldTls) -> tuple[tuple[str, ...] | Unobserved, tuple[str, ...]]:
        """The Red Hat family has programs follow the machine's policy where they write nothing."""
        least = re.search(rb"(?m)^\s*TLS\.MinProtocol\s*=\s*TLSv(1\.[0-3]|1)\s*$", self.policy or b"")
        if least is None:
            return unsupported(f"{told.site}: no version is written, and {openssl.POLICY} names none"), ()
        first = ORDER.index({"1": "TLS 1.0"}.get(least[1].decode(), f"TLS {least[1].decode()}"))
        return ORDER[first:], ()


def _suites(read: Reader, string: str) -> tuple[str, ...]:
    """Give the suites of a cipher string as the machine's own OpenSSL makes them, else from a string of plain names. Raises."""
    if len(string) > LONGEST_STRING or not re.fullmatch(r"[\w@=:+!,. -]+", string) or string.startswith("-"):
        raise CannotObserve(Reason.UNSUPPORTED, f"no usual string of suites: {shown(string)[:80]}")
    if read.live:
        said = read.command(("openssl", "ciphers", "-s", "-stdname", string))
        if said is not None and said.status == 0:
            names = [line.split()[0].decode("ascii", "replace") for line in said.stdout.split(b"\n") if line.strip()]
            unknown = [name for name in names if suite_by_name(name) is None]
            if len(names) > MOST_SUITES or unknown:
                raise CannotObserve(Reason.UNSUPPORTED, f"OpenSSL names suites that are not known here: {shown(' '.join(unknown))[:80]}")
            return tuple(names)
        if said is not None:
            raise CannotObserve(Reason.UNSUPPORTED, f"OpenSSL does not take the string {shown(string)[:80]}")
    words = [word for word in re.split(r"[:, ]", string) if word and not word.startswith(("!", "-", "@"))]
    if not words or any(word not in _BY_OPENSSL and suite_by_name(word) is None for word in words):
        raise CannotObserve(Reason.UNSUPPORTED, f"what {shown(string)[:80]} comes to, only the machine's own OpenSSL tells")
    return tuple(_BY_OPENSSL.get(word, word) for word in words)
