"""The collector for what keeps the clock of a Linux machine right: chrony, ntpd, systemd-timesyncd, OpenNTPD."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from scanner.facts.time_sync import ClockState, TimeProgram, TimeSource, TimeSync
from scanner.hosts.base import CommandOutput, Files, Names, Reader, Run, collector
from scanner.hosts.linux import systemd_conf
from scanner.hosts.linux.arguments import named_elsewhere, told_more
from scanner.hosts.linux.base import Text, applied, drop_ins, needed, one_file, parsed, processes, seen, shown
from scanner.hosts.linux.container import READS as CONTAINER
from scanner.hosts.linux.container import in_container
from scanner.hosts.linux.named_paths import absolute, is_pattern, matching
from scanner.hosts.linux.services import PROCESSES, UNITS, Found, Program, installed, paths
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import ntpconf, timespan

CHRONY = Program("chrony", ("/usr/sbin/chronyd",), ("chrony.service", "chronyd.service"), ("chronyd",))
OPENNTPD = Program("openntpd", ("/etc/openntpd/ntpd.conf",), ("openntpd.service",), ("ntpd",))
NTPD = Program("ntpd", ("/usr/sbin/ntpd",), ("ntpsec.service", "ntp.service", "ntpd.service"), ("ntpd",))
TIMESYNCD = Program(
    "systemd-timesyncd",
    ("/usr/lib/systemd/systemd-timesyncd", "/lib/systemd/systemd-timesyncd"),
    ("systemd-timesyncd.service",),
    ("systemd-timesyncd",),
)
KNOWN = (CHRONY, NTPD, TIMESYNCD)

CHRONY_FILES = ("/etc/chrony/chrony.conf", "/etc/chrony.conf")
CHRONY_OPTIONS = "46dF:f:hL:l:mnP:pQqRrst:Uu:vx"
NTPD_FILES = ("/etc/ntpsec/ntp.conf", "/etc/ntp.conf")
SOURCES_OF_CHRONY = ("chronyc", "-c", "-n", "sources")
TRACKING = ("chronyc", "-c", "-n", "tracking")
PEERS = ("ntpq", "-n", "-p")
VARIABLES = ("ntpq", "-n", "-c", "rv 0 leap,offset,rootdelay,rootdisp")
TIMEDATECTL = ("timedatectl", "show")
TIMESYNC = ("timedatectl", "timesync-status")
SERVERS = ("timedatectl", "show-timesync")
TOLD_BY = "/run/systemd/timesync"
"""Is there while systemd-timesyncd runs; where it does not, the bus might start it to answer the two questions above."""
SECONDS = 5.0
MOST_INCLUDED = 64


@collector(
    Platform.LINUX,
    *PROCESSES,
    *UNITS,
    *CONTAINER,
    *paths((*KNOWN, OPENNTPD)),
    *(Files(path) for path in (*CHRONY_FILES, *NTPD_FILES, *OPENNTPD.files)),
    *(
        Files(f"{where}/{name}")
        for where in ("/etc/chrony", "/etc/ntpsec")
        for name in ("conf.d/*.conf", "sources.d/*.sources", "ntp.d/*.conf")
    ),
    Files("/run/chrony-dhcp/*.sources"),
    *(Files(f"{where}/timesyncd.conf{rest}") for where in systemd_conf.PLACES for rest in ("", ".d/*.conf")),
    *(Run(argv, SECONDS) for argv in (SOURCES_OF_CHRONY, TRACKING, PEERS, VARIABLES, TIMEDATECTL)),
    Names(TOLD_BY),
    *(Run(argv, SECONDS, needs=TOLD_BY) for argv in (TIMESYNC, SERVERS)),
)
def time_sync(read: Reader) -> TimeSync:
    """See which programs keep the clock, from which sources, and how well."""
    running = processes(read)
    known = (CHRONY, OPENNTPD if read.state(OPENNTPD.files[0]) else NTPD, TIMESYNCD)
    programs = seen(lambda: tuple(_program(read, found) for found in installed(read, known, running, containers=False)))
    return TimeSync(in_container(read), programs)


def _program(read: Reader, found: Found) -> TimeProgram:
    if found.unread:
        return TimeProgram(found.program.name, True, found.unread, found.unread, "", found.unread, found.unread)
    option, usual = {CHRONY: ("-f", CHRONY_FILES), NTPD: ("-c", NTPD_FILES)}.get(found.program, ("", ()))
    elsewhere = seen(partial(named_elsewhere, read, found.program.processes, option, usual)) if option else None
    if found.program is CHRONY and elsewhere is None:  # chronyd(8): directives there take the place of its file
        elsewhere = seen(partial(told_more, read, CHRONY.processes, CHRONY_OPTIONS))
    settings = {CHRONY: _chrony, NTPD: _ntpd, OPENNTPD: _openntpd, TIMESYNCD: _timesyncd}[found.program]
    state = {CHRONY: _chrony_state, NTPD: _ntpd_state, OPENNTPD: _openntpd_state, TIMESYNCD: _timesyncd_state}[found.program]
    sources, place, serves = settings(read) if elsewhere is None else (elsewhere, "", elsewhere)
    # each reads its files at its start only: what was changed since may not be in force
    if found.running is True and (why := applied(read, processes(read), found.program.processes, _files(read, found.program))):
        sources, serves = why, why
    now = None if found.running is not True else seen(partial(state, read))
    return TimeProgram(found.program.name, found.running, found.starts, sources, place, serves, now)


def _files(read: Reader, program: Program) -> list[str]:
    mains = {CHRONY: CHRONY_FILES, NTPD: NTPD_FILES, OPENNTPD: OPENNTPD.files, TIMESYNCD: ("/etc/systemd/timesyncd.conf",)}[program]
    directory = {CHRONY: "/etc/chrony/conf.d", NTPD: "/etc/ntpsec/ntp.d", TIMESYNCD: "/etc/systemd/timesyncd.conf.d"}.get(program, "")
    names = (read.names(directory) or ()) if directory else ()
    return [*mains, *(f"{directory}/{name}" for name in names if name.endswith(".conf"))]


Settings = tuple[tuple[TimeSource, ...] | Unobserved, str, bool | Unobserved]


def _sources(lines: Sequence[ntpconf.Line]) -> tuple[TimeSource, ...]:
    found = (ntpconf.source(line) for line in lines)
    return tuple(TimeSource(shown(one.name), one.authenticated) for one in found if one)


def _keep(read: Reader, place: str, lines: Sequence[ntpconf.Line], word: str) -> None:
    read.keep(place, "\n".join(f"{line.word} {' '.join(line.rest)}" for line in lines if line.word in {"server", "pool", "peer", word}))


def _chrony(read: Reader) -> Settings:
    place = next((path for path in CHRONY_FILES if read.state(path) is not None), CHRONY_FILES[0])
    lines = seen(lambda: _included(read, place, "!;#%"))
    if isinstance(lines, Unobserved):
        return lines, place, lines
    sources = _sources(lines)
    _keep(read, place, lines, "allow")
    return sources, place, ntpconf.serves_by_chrony(lines)


def _included(read: Reader, path: str, comments: str) -> tuple[ntpconf.Line, ...]:
    """Read a file and what it includes: include, confdir and sourcedir of chrony, includefile of ntpd. Raises ``CannotObserve``."""
    files = 0

    def one(text: Text | None) -> Iterator[ntpconf.Line]:
        nonlocal files
        if (files := files + 1) > MOST_INCLUDED:
            raise CannotObserve(Reason.TOO_LARGE, f"{path}: more than {MOST_INCLUDED} files are included")
        for line in _directives(text, comments) if text is not None else ():
            match line.word, line.rest:
                case (("include" | "includefile"), (pattern, *_)):
                    for name in _files_of(read, absolute(path.rpartition("/")[0], pattern)):
                        yield from one(one_file(read, name))
                case (("confdir" | "sourcedir"), directories):
                    suffix = ".conf" if line.word == "confdir" else ".sources"
                    for added in needed(drop_ins(read, directories, suffix)):
                        yield from one(added)
                case _:
                    yield line

    main = one_file(read, path)
    if main is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{path} is not there")
    return tuple(one(main))


def _directives(text: Text, comments: str) -> tuple[ntpconf.Line, ...]:
    return needed(parsed(text.path, needed(text.data), lambda data: ntpconf.lines(data, comments)))


def _files_of(read: Reader, path: str) -> tuple[str, ...]:
    """Give the files that an include names; in ntpsec a directory stands for its ``*.conf`` files."""
    inside = None if is_pattern(path) else read.names(path)
    return matching(read, path) if inside is None else tuple(f"{path}/{name}" for name in inside if name.endswith(".conf"))


def _ntpd(read: Reader) -> Settings:
    place = next((path for path in NTPD_FILES if read.state(path) is not None), NTPD_FILES[0])
    lines = seen(lambda: (*_included(read, place, "#"), *_extra(read, place)))
    if isinstance(lines, Unobserved):
        return lines, place, lines
    read.keep(
        place, "\n".join(f"{line.word} {' '.join(line.rest)}" for line in lines if line.word in {"server", "pool", "peer", "restrict"})
    )
    return _sources(lines), place, ntpconf.serves_by_ntpd(lines)


def _extra(read: Reader, place: str) -> tuple[ntpconf.Line, ...]:
    """Read ntpsec's directory of further files, which it reads unasked."""
    if not place.startswith("/etc/ntpsec"):
        return ()
    return tuple(line for text in needed(drop_ins(read, ("/etc/ntpsec/ntp.d",), ".conf")) for line in _directives(text, "#"))


def _openntpd(read: Reader) -> Settings:
    place = OPENNTPD.files[0]
    lines = seen(lambda: _included(read, place, "#"))
    if isinstance(lines, Unobserved):
        return lines, place, lines
    return _sources(lines), place, any(line.word == "listen" for line in lines)


def _timesyncd(read: Reader) -> Settings:
    """Give the servers that the running program tells of, else those of its files (timesyncd.conf(5))."""
    told = seen(partial(_told_servers, read)) if read.live and read.state(TOLD_BY) else None
    if isinstance(told, tuple):
        return told, " ".join(SERVERS), False
    place = "/etc/systemd/timesyncd.conf [Time] NTP"
    files = systemd_conf.conf_files(read, "timesyncd.conf")
    if isinstance(files, Unobserved):
        return files, place, False
    names: list[str] = []
    fallback: list[str] = []
    for file in files:
        held = file.data if isinstance(file.data, Unobserved) else parsed(file.path, file.data, systemd_conf.parse)
        if isinstance(held, Unobserved):
            return held, file.path, False
        for key, into in (("NTP", names), ("FallbackNTP", fallback)):
            for _, entry in held.entries("Time", key):
                # systemd: lines add up, an empty one starts anew
                into[:] = [*into, *entry.value.split()] if entry.value else []
                place = f"{file.path} [Time] {key}"
    if not names and not fallback:
        return Unobserved(Reason.UNSUPPORTED, "no server is set: those of the network, or those that were built in, count"), place, False
    return tuple(TimeSource(shown(name), False) for name in names or fallback), place, False


def _told_servers(read: Reader) -> tuple[TimeSource, ...]:
    """Read timedatectl(1): the network's servers count beside those of the files, the others where there are neither."""
    held = dict(line.split("=", 1) for line in _asked(read, SERVERS) if "=" in line)
    own = [name for key in ("SystemNTPServers", "RuntimeNTPServers", "LinkNTPServers") for name in held.get(key, "").split()]
    return tuple(TimeSource(shown(name), False) for name in own or held.get("FallbackNTPServers", "").split())


def _asked(read: Reader, argv: Sequence[str]) -> list[str]:
    answer: CommandOutput | None = read.command(argv, seconds=SECONDS)
    if answer is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{argv[0]} is not there")
    text = answer.stdout.decode("utf-8", "replace")
    if answer.status != 0:
        raise CannotObserve(Reason.REFUSED, shown(f"{' '.join(argv)}: {text.strip() or f'status {answer.status}'}"))
    read.keep(" ".join(argv), text)
    return [line for line in text.split("\n") if line.strip()]


def _number(text: str) -> float:
    """Read a number of a program's output; raises ``CannotObserve``."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e12:  # no number, not-a-number or beyond all sense
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{shown(text)!r} is not a number")
    return value


def _chrony_state(read: Reader) -> ClockState:
    """Read chronyc(1), reports in CSV: ``sources`` begins with mode, state, name; ``tracking`` has 14 fields."""
    selected = ""
    for line in _asked(read, SOURCES_OF_CHRONY):
        fields = line.split(",")
        if len(fields) >= 3 and fields[1] == "*":
            selected = shown(fields[2])
    fields = _asked(read, TRACKING)[0].split(",")
    if len(fields) != 14:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, "chronyc tracking: not 14 fields")
    offset, delay, dispersion = abs(_number(fields[4])), _number(fields[10]), _number(fields[11])
    return ClockState(fields[13] != "Not synchronised", selected, round(offset, 9), round(delay / 2 + dispersion, 9))


def _ntpd_state(read: Reader) -> ClockState:
    """Read ntpq(1): the peer marked ``*`` or ``o``, and the system variables, which are in milliseconds."""
    selected = ""
    for line in _asked(read, PEERS):
        if line[0] in "*o" and line[1:].split():
            selected = shown(line[1:].split()[0])
    text = ",".join(_asked(read, VARIABLES))
    values = dict(re.findall(r"\b(leap|offset|rootdelay|rootdisp)=([^,\s]+)", text))
    if "leap" not in values:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, "ntpq: no leap status")
    # leap 11 (3): the clock is not synchronised, RFC 5905 section 7.3
    synchronised = values["leap"] not in {"11", "3"}
    missing = Unobserved(Reason.PROTOCOL_VIOLATION, "ntpq: no offset")
    offset = round(abs(_number(values["offset"])) / 1000, 9) if "offset" in values else missing
    whole = {"rootdelay", "rootdisp"} <= set(values)
    distance = round((_number(values["rootdelay"]) / 2 + _number(values["rootdisp"])) / 1000, 9) if whole else missing
    return ClockState(synchronised, selected, offset, distance)


def _openntpd_state(read: Reader) -> ClockState:
    raise CannotObserve(Reason.UNSUPPORTED, "OpenNTPD's state is not asked for")


def _timesyncd_state(read: Reader) -> ClockState:
    """Read timedatectl(1): whether the kernel counts the clock as synchronised, and the last answer's offset and root distance."""
    shown_ = dict(line.split("=", 1) for line in _asked(read, TIMEDATECTL) if "=" in line)
    if shown_.get("NTPSynchronized") not in {"yes", "no"}:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, "timedatectl show: no NTPSynchronized")
    status = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in _asked(read, TIMESYNC))}
    server = shown(status.get("Server", "").split(" ")[0])
    return ClockState(
        shown_["NTPSynchronized"] == "yes",
        "" if server == "n/a" or not status.get("Packet count", "0").isdecimal() or status.get("Packet count", "0") == "0" else server,
        _span(status.get("Offset")),
        _span(re.sub(r" *\(.*", "", status["Root distance"]) if "Root distance" in status else None),
    )


def _span(text: str | None) -> float | Unobserved:
    """Read ``+1.204ms`` or ``-1min 2s``."""
    if text is None:
        return Unobserved(Reason.PROTOCOL_VIOLATION, "timedatectl: the time server has not been heard yet")
    parse: Callable[[bytes], float | None] = lambda data: timespan.seconds(data.decode())  # noqa: E731  one use
    value = parsed("timedatectl timesync-status", text.lstrip("+-").encode(), parse)
    return (
        Unobserved(Reason.PROTOCOL_VIOLATION, "timedatectl: endless")
        if value is None
        else value
        if isinstance(value, Unobserved)
        else round(value, 9)
    )
