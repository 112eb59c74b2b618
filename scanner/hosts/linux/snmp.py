"""The collector for snmpd of Net-SNMP: its files with what they include, and the options that it is started with.

Communities and keys are cut on the far machine where they stand in snmpd's own files, and here where those include others: of a
community it is told whether it has a usual name, of a user which algorithms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from scanner.facts.network_device import SnmpAccess, SnmpSecurity
from scanner.facts.snmp import SnmpAgent, SnmpConfiguration, SnmpUser
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.linux.arguments import command_line, unit_sources, written_words
from scanner.hosts.linux.base import Process, applied, needed, parsed, processes, seen, shown
from scanner.hosts.linux.services import PROCESSES, UNITS, Found, Program, installed, paths
from scanner.hosts.snmp_secrets import USUAL_COMMUNITIES
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import snmpd
from scanner.wire.addresses import is_wide
from scanner.wire.snmpd import Grant, Line

SNMPD = Program("snmpd", ("/usr/sbin/snmpd",), ("snmpd.service",), ("snmpd",))
MAIN = "/etc/snmp/snmpd.conf"
OTHERS = ("/etc/snmp/snmpd.local.conf", "/usr/share/snmp/snmpd.conf", "/usr/share/snmp/snmpd.local.conf")
KEPT = ("/var/lib/snmp/snmpd.conf", "/var/lib/net-snmp/snmpd.conf")
"""Where snmpd keeps its users; Debian's place and that of the Red Hat family."""
LIBRARY = ("/etc/snmp/snmp.conf", "/etc/snmp/snmp.local.conf", "/usr/share/snmp/snmp.conf")
OPTIONS = ("/etc/default/snmpd", "/etc/sysconfig/snmpd")
MOST_FILES = 100
DEEPEST = 8
MOST_GRANTS = 500
_LEVELS = {
    "community": SnmpSecurity.COMMUNITY,
    "noauth": SnmpSecurity.NONE,
    "auth": SnmpSecurity.AUTHENTICATED,
    "priv": SnmpSecurity.ENCRYPTED,
}
_VALUED = frozenset("cglImMnpux")
"""Options that take the next word, where their value is not joined to them."""


@collector(
    Platform.LINUX,
    *PROCESSES,
    *UNITS,
    *paths((SNMPD,)),
    *(Files(path, root=True) for path in (MAIN, *OTHERS, *KEPT)),
    Files("/etc/snmp/snmpd.conf.d/*.conf", root=True),
    Names("/etc/snmp/snmpd.conf.d"),
    *(Files(path) for path in LIBRARY),
    *unit_sources(SNMPD.units[0], OPTIONS),
)
def snmp_configuration(read: Reader) -> SnmpConfiguration:
    """See who may ask snmpd for what."""
    running = processes(read)
    found = seen(partial(installed, read, (SNMPD,), running))
    if isinstance(found, Unobserved):
        return SnmpConfiguration(found)
    return SnmpConfiguration(tuple(_agent(read, one, running) for one in found))


def _agent(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> SnmpAgent:
    files: list[str] = []
    lines = seen(partial(_gathered, read, files)) if found.unread is None else found.unread
    started = seen(partial(_started_with, read))
    local: bool | Unobserved
    access: tuple[SnmpAccess, ...] | Unobserved
    beyond: Unobserved | None = None
    if isinstance(lines, Unobserved):
        local = access = lines
    elif isinstance(started, Unobserved):
        local = access = started
    else:
        local = _local(lines, started)
        given = _open(lines)
        access = tuple(_access(path, grant) for path, grant in given[:MOST_GRANTS])
        stored = seen(partial(_kept, read))
        odd = snmpd.unread([*(line for _, line in lines), *(stored if not isinstance(stored, Unobserved) else ())])
        if odd is not None:
            beyond = Unobserved(Reason.UNSUPPORTED, f"line {odd.number}: what {odd.name} grants is not worked out")
        elif isinstance(stored, Unobserved):
            beyond = stored
        elif len(given) > MOST_GRANTS:
            beyond = Unobserved(Reason.TOO_LARGE, f"more than {MOST_GRANTS} ways in")
    kept = seen(partial(_users, read, lines))
    read.keep(MAIN, f"local: {local}, ways in: {len(access) if not isinstance(access, Unobserved) else access}")
    return SnmpAgent(
        name="snmpd",
        running=found.running,
        starts=found.starts,
        applied=applied(read, running, SNMPD.processes, files) if found.running is True else None,
        source=MAIN,
        local=local,
        access=access,
        beyond=beyond,
        users=kept,
    )


def _gathered(read: Reader, files: list[str]) -> list[tuple[str, Line]]:
    """Read all files of snmpd in its order, with what they include. Raises ``CannotObserve``."""
    found: list[tuple[str, Line]] = []

    def one(path: str, kind: str, depth: int) -> bool:
        if depth > DEEPEST or len(files) >= MOST_FILES:
            raise CannotObserve(Reason.TOO_LARGE, f"{shown(path)}: too many files are included")
        data = read.file(path)
        if data is None:
            return False
        files.append(shown(path))
        lines = needed(parsed(path, data, partial(snmpd.parse, kind=kind)))
        found.extend((path, line) for line in lines)
        for line in snmpd.includes(lines):
            for name in line.words[:1]:
                included(line, name, path, depth)
        return True

    def included(line: Line, name: str, path: str, depth: int) -> None:
        place = name if name.startswith("/") else f"{path.rpartition('/')[0]}/{name}"
        if line.name == "includedir":
            for inner in read.names(place) or ():
                if inner.endswith(".conf"):
                    one(f"{place}/{inner}", line.kind, depth + 1)
        elif line.name == "includesearch" or not one(place, line.kind, depth + 1):
            raise CannotObserve(Reason.UNSUPPORTED, f"{shown(path)} line {line.number}: the file that it includes is not found")

    for path in LIBRARY:
        one(path, "snmp", 0)
    there = [one(path, "snmpd", 0) for path in (MAIN, *OTHERS)]
    if not any(there):
        raise CannotObserve(Reason.UNSUPPORTED, f"no configuration at {MAIN}")
    return found


def _started_with(read: Reader) -> tuple[str, ...]:
    """Give the words of the command line: the running program's, else as unit and options file tell. Raises ``CannotObserve``."""
    running, written = command_line(read, SNMPD.processes), written_words(read, SNMPD.units[0], OPTIONS, ("SNMPDOPTS", "OPTIONS"))
    # snmpd cuts the lists of its own command line at their commas: where that is all, what is written tells which words were one
    same = running[1:] == tuple(part for word in written[1:] for part in word.split(","))
    words = written if same or not running else running
    if any(word.startswith(("-c", "-C")) for word in words):
        raise CannotObserve(Reason.UNSUPPORTED, "snmpd is started with -c or -C, so other files may count")
    return words


def _addresses(started: Sequence[str]) -> Iterator[str]:
    """Give the words of a command line that are no options: addresses to listen on, among them bare ports and names of hosts, snmpd(8)."""
    words = iter(started)
    for word in words:
        if not word.startswith("-"):
            if not word.startswith("$") and word.rpartition("/")[2] != SNMPD.name:
                yield word
        elif word.startswith("-L"):
            where = word[2:] or next(words, "")
            # a priority and a file or facility may stand behind the letter, joined to it or by themselves
            wanted = {"f": 1, "s": 1, "E": 1, "O": 1, "N": 1, "F": 2, "S": 2}.get(where[:1], 0)
            given = 0 if not where[1:] else 1 if re.fullmatch(r"[FS][0-9a-z!](?:-[0-9a-z!])?", where) else wanted
            for _ in range(wanted - given):
                next(words, "")
        elif word[1:] in _VALUED:
            next(words, "")


def _local(lines: Sequence[tuple[str, Line]], started: Sequence[str]) -> bool | Unobserved:
    """Tell whether every listening address is the machine's own; without any snmpd listens on all of IPv4."""
    if next(_addresses(started), None) is not None:
        return Unobserved(Reason.UNSUPPORTED, "snmpd is given addresses on its command line")
    named = [
        word
        for _, line in lines
        if (line.kind, line.name) == ("snmpd", "agentaddress")
        for words in line.words
        for word in words.split(",")
        if word
    ]
    return bool(named) and all(snmpd.is_local(word) for word in named)


def _open(lines: Sequence[tuple[str, Line]]) -> list[tuple[str, Grant]]:
    off = {
        version
        for version in ("disablesnmpv1", "disablesnmpv2c", "disablesnmpv3")
        # these words are the library's: in snmpd.conf they say nothing without [snmp], snmp.conf(5)
        if [line.words[:1] for _, line in lines if (line.kind, line.name) == ("snmp", version)][-1:] in ([("1",)], [("yes",)], [("true",)])
    }
    where = {id(line): path for path, line in lines}
    grants = needed(parsed(MAIN, b"", lambda _: snmpd.grants([line for _, line in lines])))
    found = [(where[id(grant.line)], grant) for grant in grants]
    by_name = {"disablesnmpv1", "disablesnmpv2c"} <= off
    return [(path, g) for path, g in found if not (by_name if g.level == "community" else "disablesnmpv3" in off)]


def _access(path: str, grant: Grant) -> SnmpAccess:
    return SnmpAccess(
        where=f"{shown(path)}:{grant.line.number}",
        security=_LEVELS[grant.level],
        writes=grant.writes,
        usual=grant.level == "community" and grant.community.lower() in USUAL_COMMUNITIES,
        limited=grant.level != "community" or (grant.source != "default" and not is_wide(grant.source)),
    )


def _users(read: Reader, lines: Sequence[tuple[str, Line]] | Unobserved) -> tuple[SnmpUser, ...]:
    """Give the users of version 3, from where snmpd keeps them and from what it has not read yet. Raises ``CannotObserve``."""
    return tuple(SnmpUser(*user) for user in snmpd.users([*(line for _, line in needed(lines)), *_kept(read)]))


def _kept(read: Reader) -> list[Line]:
    """Give what snmpd has written down itself: users, and ways in that were made over SNMP. Raises ``CannotObserve``."""
    found: list[Line] = []
    for path in KEPT:
        data = read.file(path)
        if data is not None:
            found += needed(parsed(path, data, snmpd.parse))
    return found
