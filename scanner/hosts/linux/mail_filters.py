"""Filters that Postfix hands its mail to (milters), and whether one of them is a program that evaluates DMARC.

A filter is known by its socket only: one counts where a program that evaluates DMARC runs and listens at that very socket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from scanner.hosts.base import Reader
from scanner.hosts.linux.arguments import Grammar, options
from scanner.hosts.linux.base import seen
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason

OPENDMARC = ("opendmarc",)
RSPAMD = ("rspamd", "rspamd: main")
OPENDMARC_FILE = "/etc/opendmarc.conf"
RSPAMD_FILES = tuple(f"/etc/rspamd/{name}/worker-proxy.inc" for name in ("override.d", "local.d"))
RSPAMD_OFF = tuple(f"/etc/rspamd/{name}/dmarc.conf" for name in ("override.d", "local.d"))
FILES = (OPENDMARC_FILE, *RSPAMD_FILES, *RSPAMD_OFF)
_OPENDMARC = Grammar("Ac:fhlnp:P:t:u:vV", ())
_RSPAMD_SOCKET = "localhost:11332"
"""Where its proxy listens unless it is told otherwise (rspamd's worker-proxy.inc)."""
_LOOPBACK = re.compile(r"127\.[0-9.]+|localhost|::1|\[::1\]|\*|0\.0\.0\.0|")

Socket = tuple[str, str]


def evaluates_dmarc(read: Reader, milters: Sequence[str], queue: str) -> bool | Unobserved:
    """Tell whether one of the filters that are attached to a service does; ``queue``: Postfix's own directory."""
    attached = {socket for milter in milters for socket in _attached(milter, queue)}
    if not attached:
        return Unobserved(Reason.UNSUPPORTED, "what the filters are that are attached is not known") if milters else False
    if not read.live:
        return Unobserved(Reason.UNSUPPORTED, "a filter is attached; which program it is shows where it runs")
    listening = seen(partial(_listening, read))
    if isinstance(listening, Unobserved):
        return listening
    return bool(attached & listening) or Unobserved(Reason.UNSUPPORTED, "a filter is attached; what it does is not known")


def _attached(milter: str, queue: str) -> Iterator[Socket]:
    """Read ``inet:host:port``, ``unix:path`` or ``local:path``; a path may begin at Postfix's own directory."""
    kind, _, rest = milter.partition(":")
    if kind in {"unix", "local"} and rest:
        for path in (rest, f"{queue.rstrip('/')}/{rest.lstrip('/')}"):
            yield "unix", _plain(path)
    elif kind in {"inet", "inet6"}:
        host, _, port = rest.rpartition(":")
        if _LOOPBACK.fullmatch(host):
            yield "inet", port


def _plain(path: str) -> str:
    return re.sub(r"\A/var/run/", "/run/", path)


def _listening(read: Reader) -> set[Socket]:
    """Give the sockets of running programs that evaluate DMARC. Raises ``CannotObserve``."""
    found: set[Socket] = set()
    for words in options(read, OPENDMARC, _OPENDMARC):
        given = dict(words)
        told = given.get("-p") or _of_file(read, given.get("-c", OPENDMARC_FILE), r"^\s*Socket\s+(\S+)")
        kind, _, rest = (told or "").partition(":")
        if kind in {"unix", "local"}:
            found.add(("unix", _plain(rest)))
        elif kind in {"inet", "inet6"}:
            found.add(("inet", rest.partition("@")[0]))
    off = any(_of_file(read, path, r"^\s*enabled\s*=\s*(false|no|off)\b") for path in RSPAMD_OFF)
    if not off and next(options(read, RSPAMD, None), None) is not None:
        told = next((one for path in RSPAMD_FILES if (one := _of_file(read, path, r'^\s*bind_socket\s*=\s*"?([^";\s]+)'))), _RSPAMD_SOCKET)
        found.add(("unix", _plain(told)) if told.startswith("/") else ("inet", told.rpartition(":")[2]))
    return found


def _of_file(read: Reader, path: str, pattern: str) -> str | None:
    """Give what the last line of a shape says; ``None`` where the file or the line is not there. Raises ``CannotObserve``."""
    found = re.findall(pattern, (read.file(path) or b"").decode("utf-8", "replace"), re.MULTILINE)
    return found[-1] if found else None
