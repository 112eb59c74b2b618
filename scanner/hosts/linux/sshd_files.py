"""What the files of OpenSSH's server say: includes resolved, Match blocks apart, the first value of each keyword.

For machines on which ``sshd -T`` cannot be asked, and for the list of files and Match blocks that the program does not print.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from scanner.facts.ssh_server import SshSetup, SshValue
from scanner.hosts.base import Reader
from scanner.hosts.linux.base import needed, parsed, seen, shown
from scanner.hosts.linux.named_paths import absolute, is_pattern, matching
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import sshd_config
from scanner.wire.sshd_config import Directive

MAIN: Final = "/etc/ssh/sshd_config"
DEPTH: Final = 16
"""How deep includes may nest, SERVCONF_MAX_DEPTH of OpenSSH."""
MOST_FILES: Final = 100
MOST_BLOCKS: Final = 50
MOST_VALUES: Final = 500

KEYWORDS: Final[Mapping[str, tuple[str, ...] | None]] = {
    "allowagentforwarding": ("yes",),
    "allowgroups": (),
    "allowstreamlocalforwarding": ("yes",),
    "allowtcpforwarding": ("yes",),
    "allowusers": (),
    "authenticationmethods": ("any",),
    "authorizedkeyscommand": ("none",),
    "authorizedkeysfile": (".ssh/authorized_keys", ".ssh/authorized_keys2"),
    "banner": ("none",),
    "ciphers": None,
    "clientalivecountmax": ("3",),
    "clientaliveinterval": ("0",),
    "denygroups": (),
    "denyusers": (),
    "disableforwarding": ("no",),
    "gatewayports": ("no",),
    "hostbasedauthentication": ("no",),
    "hostkey": None,
    "hostkeyalgorithms": None,
    "ignorerhosts": ("yes",),
    "kbdinteractiveauthentication": ("yes",),
    "kexalgorithms": None,
    "logingracetime": ("120",),
    "loglevel": ("INFO",),
    "macs": None,
    "maxauthtries": ("6",),
    "maxsessions": ("10",),
    "maxstartups": ("10:30:100",),
    "passwordauthentication": ("yes",),
    "permitemptypasswords": ("no",),
    "permitrootlogin": ("prohibit-password",),
    "permittunnel": ("no",),
    "permituserenvironment": ("no",),
    "pidfile": None,
    "port": ("22",),
    "pubkeyacceptedalgorithms": None,
    "pubkeyauthentication": ("yes",),
    "requiredrsasize": None,
    "strictmodes": ("yes",),
    "usepam": ("no",),
    "x11forwarding": ("no",),
}
"""What is kept of a setup, with the defaults of sshd_config(5) since OpenSSH 7.4; ``None``: they depend on version or build."""
ALIASES: Final = {
    "challengeresponseauthentication": "kbdinteractiveauthentication",
    "skeyauthentication": "kbdinteractiveauthentication",
    "dsaauthentication": "pubkeyauthentication",
    "pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms",
    "keepalive": "tcpkeepalive",
}
GATHERED: Final = frozenset({"port", "hostkey", "allowusers", "denyusers", "allowgroups", "denygroups"})
"""Keywords whose every line adds to the ones before."""
LISTS: Final = frozenset({"ciphers", "macs", "kexalgorithms", "hostkeyalgorithms", "pubkeyacceptedalgorithms"})
WORDS: Final = frozenset({"authenticationmethods", "authorizedkeysfile"})
_TIMES: Final = frozenset({"logingracetime", "clientaliveinterval"})
_VERBATIM: Final = WORDS | LISTS | GATHERED | {"banner", "authorizedkeyscommand", "pidfile"}


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one Match line: its criteria as they are written, understood or ``None``, and its directives."""

    text: str
    criteria: tuple[tuple[str, str], ...] | None
    lines: tuple[Directive, ...]


@dataclass(slots=True)
class Files:
    """What was gathered: lines for everybody, blocks in order, the paths that were read and the directories that includes looked into."""

    general: list[Directive] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


def files(read: Reader, options: Sequence[str] = ()) -> Files | Unobserved:
    """Read the main file and what it includes, after the options of the command line, which come first."""
    found = Files()
    for option in options:
        lines = parsed("the command line", option.replace("=", " ", 1).encode(), sshd_config.parse)
        if isinstance(lines, Unobserved):
            return lines
        found.general.extend(lines)
    return seen(lambda: _file(read, MAIN, found, (), 0)) or found


def _file(read: Reader, path: str, into: Files, within: tuple[str, ...], depth: int) -> None:
    """Read one file. A Match line holds to the end of its file; what is included within one holds within it."""
    if depth > DEPTH or len(into.paths) >= MOST_FILES:
        raise CannotObserve(Reason.TOO_LARGE, f"{MAIN}: includes nest too deep or are too many")
    data = read.file(path)
    if data is None:
        return
    into.paths.append(path)
    active = within
    own: list[Directive] = []
    for line in needed(parsed(shown(path), data, sshd_config.parse)):
        if line.keyword == "match":
            _flush(into, active, own)
            active = () if [a.lower() for a in line.arguments] == ["all"] and not within else (*within, " ".join(line.arguments))
            own = []
        elif line.keyword == "include":
            _flush(into, active, own)
            own = []
            for argument in line.arguments:
                for included in _included(read, argument, into):
                    _file(read, included, into, active, depth + 1)
        else:
            own.append(line)
    _flush(into, active, own)


def _flush(into: Files, active: tuple[str, ...], lines: list[Directive]) -> None:
    if not lines:
        return
    if not active:
        into.general.extend(lines)
        return
    if len(into.blocks) >= MOST_BLOCKS:
        raise CannotObserve(Reason.TOO_LARGE, f"{MAIN}: more than {MOST_BLOCKS} Match blocks")
    pairs: list[tuple[str, str]] | None = []
    for text in active:
        some = sshd_config.criteria(text.split())
        pairs = None if some is None or pairs is None else [*pairs, *some]
    into.blocks.append(Block(shown(" / ".join(active)), None if pairs is None else tuple(pairs), tuple(lines)))


def _included(read: Reader, argument: str, into: Files) -> tuple[str, ...]:
    """Give the files that one argument of Include stands for; only the last part may hold wildcards here, as everybody writes it."""
    path = absolute("/etc/ssh", argument)
    directory = path.rpartition("/")[0]
    if is_pattern(directory):
        raise CannotObserve(Reason.UNSUPPORTED, f"Include {shown(argument)}: a wildcard in a directory's name")
    if is_pattern(path) and directory not in into.paths:
        into.paths.append(directory)
    return matching(read, path)


def setups(found: Files, unasked: Unobserved | None = None) -> tuple[SshSetup, ...]:
    """Give the settings for everybody and those of every block, as far as the files alone tell them.

    A block's values beat those for everybody; where several blocks fit one connection, the first one's would. ``unasked`` says why the
    program did not answer, for the values that it alone can tell.
    """
    general = _first_values(found.general)
    every = SshSetup("", "", _complete(general, unasked))
    blocks = []
    for block in found.blocks:
        who = dict(block.criteria or ()).get("user", "")
        own = _first_values(block.lines)
        blocks.append(SshSetup(block.text, "" if sshd_config.listed("root", who) else who, _complete({**general, **own}, unasked)))
    return (every, *blocks)


def _first_values(lines: Sequence[Directive]) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]] = {}
    for line in lines:
        keyword = ALIASES.get(line.keyword, line.keyword)
        if keyword not in KEYWORDS or not line.arguments:
            continue
        if keyword in GATHERED:
            values[keyword] = (*values.get(keyword, ()), *line.arguments)
        else:
            values.setdefault(keyword, line.arguments)
    return values


def _complete(values: Mapping[str, tuple[str, ...]], unasked: Unobserved | None) -> tuple[SshValue, ...]:
    found = ((keyword, _value(keyword, values.get(keyword), default)) for keyword, default in KEYWORDS.items())
    return tuple(SshValue(keyword, unasked if unasked is not None and _relative(value) else value) for keyword, value in found)


def _relative(value: tuple[str, ...] | Unobserved) -> bool:
    return isinstance(value, Unobserved) and value.reason is Reason.UNSUPPORTED


def _value(keyword: str, given: tuple[str, ...] | None, default: tuple[str, ...] | None) -> tuple[str, ...] | Unobserved:
    if given is None:
        if default is None:
            return Unobserved(Reason.UNSUPPORTED, f"{keyword}: the default depends on the version; sshd -T would tell")
        return default
    if keyword in LISTS and given[0][:1] in {"+", "-", "^"}:
        return Unobserved(Reason.UNSUPPORTED, f"{keyword} {given[0][:100]}: relative to the version's default; sshd -T would tell")
    return normal(keyword, given)


def normal(keyword: str, given: tuple[str, ...]) -> tuple[str, ...] | Unobserved:
    """Write values in one way, as ``sshd -T`` would."""
    if keyword in LISTS:
        return _whole(keyword, [name for name in given[0].split(",") if name])
    if keyword in WORDS:
        return _whole(keyword, [word for value in given for word in value.split()])
    if keyword in _TIMES:
        seconds = _seconds(given[0])
        return Unobserved(Reason.PROTOCOL_VIOLATION, f"{keyword} {shown(given[0])}: no time") if seconds is None else (str(seconds),)
    if keyword in _VERBATIM:
        return _whole(keyword, given)
    value = shown(given[0])
    if keyword == "permitrootlogin":
        return ("prohibit-password",) if value.lower() == "without-password" else (value.lower(),)
    if keyword == "loglevel":  # sshd -T writes QUIET as SILENT, its other name
        return ("QUIET",) if value.upper() == "SILENT" else (value.upper(),)
    return (value.lower(),)


def _whole(keyword: str, values: Sequence[str]) -> tuple[str, ...] | Unobserved:
    if len(values) > MOST_VALUES:
        return Unobserved(Reason.TOO_LARGE, f"{keyword}: more than {MOST_VALUES} values")
    return tuple(map(shown, values))


def _seconds(text: str) -> int | None:
    """Read a time as in sshd_config(5), TIME FORMATS; ``none`` is zero."""
    if text.lower() == "none":
        return 0
    parts = re.findall(r"(\d{1,9})([sSmMhHdDwW]?)", text)
    if not parts or "".join(n + u for n, u in parts) != text:
        return None
    factor = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    return sum(int(number) * factor[unit.lower()] for number, unit in parts)
