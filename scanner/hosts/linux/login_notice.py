"""The collector for what a Linux machine tells people before and after a log-on."""

from __future__ import annotations

import re
from functools import partial

from scanner.facts.login_notice import LoginNotice, Notice
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.linux.base import drop_ins, needed, seen
from scanner.hosts.linux.system import OS_RELEASE, os_release
from scanner.hosts.notice_words import WARNING
from scanner.model.platform import Platform

BEFORE = ("/etc/issue", "/etc/issue.net")
AFTER = ("/etc/motd",)
ESCAPES = re.compile(r"\\[a-zA-Z4-6](?:\{[^}]*\})?")
SYSTEM = frozenset("smrv")
"""Escapes of agetty(8) that tell system, machine type, release and version."""


@collector(
    Platform.LINUX,
    *(Files(path, limit=65_536) for path in (*BEFORE, *AFTER)),
    *(Files(path) for path in OS_RELEASE),
    Names("/etc/issue.d"),
    Files("/etc/issue.d/*.issue", limit=65_536),
)
def login_notice(read: Reader) -> LoginNotice:
    """See which notices are shown."""
    names = seen(partial(os_release, read))
    known = " ".join(names.values()).lower() if isinstance(names, dict) else ""
    return LoginNotice(seen(lambda: _notices(read, BEFORE, known, more=True)), seen(lambda: _notices(read, AFTER, known, more=False)))


def _notices(read: Reader, places: tuple[str, ...], known: str, *, more: bool) -> tuple[Notice, ...]:
    texts = [(path, read.file(path, limit=65_536)) for path in places]
    if more:
        texts += [(file.path, needed(file.data)) for file in needed(drop_ins(read, ("/etc/issue.d",), ".issue"))]
    return tuple(_notice(path, data, known) for path, data in texts if data is not None and data.strip())


def _notice(path: str, data: bytes, known: str) -> Notice:
    text = data.decode("utf-8", "replace")
    escapes = {match[0][1] for match in ESCAPES.finditer(text)}
    plain = ESCAPES.sub(" ", text)
    named = re.findall(r"[^\s,.:;()]+", plain)
    versions = any(re.search(r"\d", word) and word.lower() in known for word in named)
    return Notice(path, WARNING.search(plain) is not None, bool(escapes & SYSTEM) or versions)
