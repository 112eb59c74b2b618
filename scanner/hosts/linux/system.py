"""The collector for which Linux system runs in which release: os-release(5) and what extends its support."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Mapping

from scanner.facts.software import OperatingSystem
from scanner.hosts.base import Files, Reader, collector
from scanner.hosts.linux.base import seen, shown
from scanner.hosts.linux.clock import READS as CLOCK
from scanner.hosts.linux.clock import now
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")
DEBIAN_VERSION = "/etc/debian_version"
PRO = "/var/lib/ubuntu-advantage/status.json"
"""What Ubuntu's own client knows of the machine's subscription; readable for everybody, without secrets."""


def os_release(read: Reader) -> Mapping[str, str]:
    """Give the assignments of os-release(5), of the first of its two places that is there. Raises ``CannotObserve``."""
    data = next((text for path in OS_RELEASE if (text := read.file(path, limit=65_536)) is not None), b"")
    found = {}
    for line in data.decode("utf-8", "replace").split("\n"):
        name, equals, value = line.strip().partition("=")
        if not equals or not re.fullmatch(r"[A-Z0-9_]+", name):
            continue
        try:
            found[name] = shown("".join(shlex.split(value, comments=False)))
        except ValueError:
            found[name] = shown(value)
    return found


@collector(Platform.LINUX, *CLOCK, *(Files(path) for path in OS_RELEASE), Files(DEBIAN_VERSION), Files(PRO))
def operating_system(read: Reader) -> OperatingSystem:
    """See which system the machine runs."""
    words = os_release(read)
    fact = OperatingSystem(
        system=words.get("ID", "linux" if words else ""),
        release=words.get("VERSION_ID", ""),
        name=words.get("PRETTY_NAME", words.get("NAME", "")),
        support_end=end if re.fullmatch(r"\d{4}-\d{2}-\d{2}", end := words.get("SUPPORT_END", "")) else "",
        subscriptions=seen(lambda: _subscriptions(read)),
        today=seen(lambda: time.strftime("%Y-%m-%d", time.gmtime(now(read)))),
    )
    read.keep("os-release", f"{fact.name} ({fact.system} {fact.release}), {fact.today}")
    return fact


def _subscriptions(read: Reader) -> tuple[str, ...]:
    data = read.file(PRO)
    if data is None:
        return ()
    try:
        held = json.loads(data)
        on = any(service["name"] == "esm-infra" and service["status"] == "enabled" for service in held["services"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{PRO}: it cannot be read") from error
    return ("ubuntu-pro",) if on else ()
