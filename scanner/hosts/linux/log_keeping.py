"""The collector for what becomes of a Linux machine's records: rsyslog, syslog-ng, the journal, and what takes old records away."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import partial

from scanner.facts.log_keeping import LogEntrance, LogKeeping, LogProgram, LogStore, LogTarget, RecordKind
from scanner.facts.readings import Readings
from scanner.hosts.base import FileKind, Files, Names, Reader, collector
from scanner.hosts.linux import systemd_conf
from scanner.hosts.linux.arguments import named_elsewhere
from scanner.hosts.linux.base import Process, applied, enabled, exists, file_needed, needed, parsed, processes, seen, shown
from scanner.hosts.linux.named_paths import absolute, is_pattern, matching
from scanner.hosts.linux.services import PROCESSES, UNITS, Found, Program, installed, paths
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.wire import logrotate, rsyslog, syslogng, timespan
from scanner.wire.syslogconf import Action, SyslogConf, Way, chosen

RSYSLOG = Program("rsyslog", ("/usr/sbin/rsyslogd",), ("rsyslog.service",), ("rsyslogd",))
SYSLOG_NG = Program("syslog-ng", ("/usr/sbin/syslog-ng",), ("syslog-ng.service", "syslog-ng@default.service"), ("syslog-ng",))
JOURNALD = Program(
    "systemd-journald",
    ("/usr/lib/systemd/systemd-journald", "/lib/systemd/systemd-journald"),
    ("systemd-journald.service",),
    ("systemd-journald",),
)
RSYSLOG_CONF, SYSLOG_NG_CONF, LOGROTATE_CONF = "/etc/rsyslog.conf", "/etc/syslog-ng/syslog-ng.conf", "/etc/logrotate.conf"
UPLOAD = "/etc/systemd/journal-upload.conf"
WANTED = {RecordKind.AUTHENTICATION: (("auth", "info"), ("authpriv", "info")), RecordKind.SYSTEM: (("daemon", "info"), ("kern", "warning"))}
"""What a place must get so that it holds a kind of records: sshd, sudo and PAM log at info."""
LOGIN_FILES = ("/var/log/wtmp", "/var/log/btmp")
VOLATILE = ("/run/", "/tmp/", "/dev/")  # noqa: S108  nothing is written there
CRON_DAILY = "/etc/cron.daily/logrotate"


@collector(
    Platform.LINUX,
    *PROCESSES,
    *UNITS,
    *paths((RSYSLOG, SYSLOG_NG, JOURNALD)),
    Files(RSYSLOG_CONF),
    Names(RSYSLOG_CONF),
    Names(SYSLOG_NG_CONF),
    *(Names(f"{where}/journald.conf{rest}") for where in systemd_conf.PLACES for rest in ("", ".d")),
    Names("/etc/rsyslog.d"),
    Files("/etc/rsyslog.d/*.conf"),
    Files(SYSLOG_NG_CONF),
    Names("/etc/syslog-ng/conf.d"),
    Files("/etc/syslog-ng/conf.d/*.conf"),
    Files("/usr/share/syslog-ng/include/scl.conf"),
    *(Files(f"{where}/journald.conf{rest}") for where in systemd_conf.PLACES for rest in ("", ".d/*.conf")),
    Files(UPLOAD),
    Files("/etc/systemd/journal-upload.conf.d/*.conf"),
    Names("/var/log/journal"),
    Files(LOGROTATE_CONF),
    Names("/etc/logrotate.d"),
    Files("/etc/logrotate.d/*"),
    Names(CRON_DAILY),
    Names("/usr/sbin/logrotate"),
    Names("/usr/sbin/cron"),
    Names("/usr/sbin/crond"),
    Names("/usr/sbin/anacron"),
    *(Names(path) for path in LOGIN_FILES),
)
def log_keeping(read: Reader) -> LogKeeping:
    """See what becomes of the machine's records."""
    running = processes(read)
    found = seen(lambda: installed(read, (RSYSLOG, SYSLOG_NG, JOURNALD), running, containers=False))
    if isinstance(found, Unobserved):
        return LogKeeping(found, found, found, found, Readings(found, None, found, LOGROTATE_CONF))
    # journald is started by its sockets, whatever is enabled
    programs = tuple(LogProgram(f.program.name, f.running, True if f.program is JOURNALD else f.starts) for f in found)
    conf = seen(partial(_configuration, read, found, running))
    rotations = seen(partial(_rotations, read))
    return LogKeeping(
        programs,
        seen(lambda: (*_files(read, needed(conf), rotations), *_journal(read, found, running), *_login_files(read, rotations))),
        seen(lambda: (*_targets(needed(conf)), *_upload(read))),
        seen(lambda: _entrances(needed(conf))),
        _rotates(read, rotations),
    )


Conf = tuple[SyslogConf, str] | None


def _configuration(read: Reader, found: tuple[Found, ...], running: tuple[Process, ...] | Unobserved | None) -> Conf:
    """Give the configuration of the syslog program in use; ``None`` where there is none. Raises ``CannotObserve``.

    Both programs read it at their start only: one that was changed since may not be in force.
    """
    for one in found:
        in_use = one.in_use
        if one.program is JOURNALD or in_use is False:
            continue
        if isinstance(in_use, Unobserved):
            raise in_use.error()
        needed(one.unread)
        place = RSYSLOG_CONF if one.program is RSYSLOG else SYSLOG_NG_CONF
        parse = rsyslog.parse if one.program is RSYSLOG else syslogng.parse
        if why := named_elsewhere(read, one.program.processes, "-f", (place,)):
            raise why.error()
        data = file_needed(read, place)
        conf = needed(parsed(place, data, partial(parse, include=_include(read, place))))
        read.keep(place, "\n".join(f"{'; '.join(action.selectors)} -> {action.way} {action.target}" for action in conf.actions))
        directory = "/etc/rsyslog.d" if one.program is RSYSLOG else "/etc/syslog-ng/conf.d"
        files = [place, *(f"{directory}/{name}" for name in read.names(directory) or () if name.endswith(".conf"))]
        if why := applied(read, running, one.program.processes, files):
            raise why.error()
        return conf, place
    return None


def _include(read: Reader, place: str, passed_over: Iterable[str] = ()) -> Callable[[str], Iterable[bytes]]:
    """Give what resolves the includes of a file: a path, a pattern, or a directory, in which some names are passed over."""

    def texts(pattern: str) -> list[bytes]:
        path = absolute(place.rpartition("/")[0], pattern)
        inside = None if is_pattern(path) else read.names(path)
        if inside is not None:
            names = [one for one in inside if not any(fnmatchcase(one, pattern) for pattern in passed_over)]
            return [data for one in names if (data := _regular(read, f"{path}/{one}")) is not None]
        return [data for one in matching(read, path) if (data := read.file(one)) is not None]

    return texts


def _regular(read: Reader, path: str) -> bytes | None:
    state = read.state(path)
    return read.file(path) if state and state.kind in {FileKind.FILE, FileKind.LINK} else None


def _kinds(action: Action, earlier: tuple[Action, ...]) -> tuple[RecordKind, ...]:
    """Give the kinds of which an action gets every record, those that an action before it threw away left out."""
    found = []
    for kind, records in WANTED.items():
        if all(chosen(action, *r) and not any(a.way is Way.DISCARD and chosen(a, *r) is not False for a in earlier) for r in records):
            found.append(kind)
    return tuple(found)


def _files(read: Reader, conf: Conf, rotations: tuple[logrotate.Rotation, ...] | Unobserved) -> list[LogStore]:
    if conf is None:
        return []
    held: dict[str, set[RecordKind]] = {}
    whole: dict[str, set[tuple[str, str]]] = {}
    for at, action in enumerate(conf[0].actions):
        if action.way is Way.FILE:
            held.setdefault(action.target, set()).update(_kinds(action, conf[0].actions[:at]))
            # auth and authpriv may reach one file by two lines
            for record in (record for records in WANTED.values() for record in records):
                if chosen(action, *record):
                    whole.setdefault(action.target, set()).add(record)
    for path, records in whole.items():
        held[path].update(kind for kind, wanted in WANTED.items() if set(wanted) <= records and not _discards(conf[0]))
    return [LogStore(shown(path), tuple(sorted(kinds)), _lasting(path), *_kept(path, rotations)) for path, kinds in held.items()]


def _lasting(path: str) -> bool:
    return path.startswith("/") and not path.startswith(VOLATILE)


def _discards(conf: SyslogConf) -> bool:
    return any(action.way is Way.DISCARD for action in conf.actions)


def _kept(path: str, rotations: tuple[logrotate.Rotation, ...] | Unobserved) -> tuple[int | Unobserved | None, int | None, str]:
    if isinstance(rotations, Unobserved):
        return rotations, None, LOGROTATE_CONF
    rotation = next((one for one in rotations if one.covers(path)), None)
    if rotation is None:
        return None, None, "no rotation"
    try:
        return logrotate.kept_seconds(rotation.settings), None, "logrotate"
    except logrotate.NotLogrotate as error:
        return Unobserved(Reason.UNSUPPORTED, f"{shown(path)}: {error}"), None, "logrotate"


def _rotations(read: Reader) -> tuple[logrotate.Rotation, ...]:
    """Read logrotate's configuration; nothing where it is not installed. Raises ``CannotObserve``."""
    data = read.file(LOGROTATE_CONF)
    if data is None or exists(read, "/usr/sbin/logrotate") is None:
        return ()
    return needed(parsed(LOGROTATE_CONF, data, lambda text: logrotate.parse(text, _include(read, LOGROTATE_CONF, logrotate.PASSED_OVER))))


def _rotates(read: Reader, rotations: tuple[logrotate.Rotation, ...] | Unobserved) -> Readings[bool]:
    source = "logrotate.timer, /etc/cron.daily/logrotate"
    if isinstance(rotations, Unobserved):
        return Readings(rotations, rotations if read.live else None, rotations, source)
    later = seen(lambda: bool(rotations) and (_by_timer(read) or _by_cron(read)))
    return Readings(None, later if read.live else None, later, source)


def _by_timer(read: Reader) -> bool:
    return enabled(read, "logrotate.timer")


def _by_cron(read: Reader) -> bool:
    script = read.state(CRON_DAILY)
    return (
        script is not None
        and bool(script.mode & 0o100)
        and exists(read, "/usr/sbin/cron", "/usr/sbin/crond", "/usr/sbin/anacron") is not None
    )


def _login_files(read: Reader, rotations: tuple[logrotate.Rotation, ...] | Unobserved) -> list[LogStore]:
    return [LogStore(path, (), True, *_kept(path, rotations)) for path in LOGIN_FILES if read.state(path) is not None]


def _journal(read: Reader, found: tuple[Found, ...], running: tuple[Process, ...] | Unobserved | None) -> list[LogStore]:
    """Read journald.conf(5). Records are on disk with Storage=persistent, or auto where /var/log/journal is there."""
    if not any(one.program is JOURNALD for one in found):
        return []
    values: dict[str, str] = {}
    files = needed(systemd_conf.conf_files(read, "journald.conf"))
    for file in files:
        held = needed(parsed(file.path, needed(file.data), systemd_conf.parse))
        for key in ("Storage", "MaxRetentionSec", "Seal", "ForwardToSyslog"):
            for _, entry in held.entries("Journal", key):
                values[key] = entry.value
    storage = values.get("Storage", "") or "auto"
    lasting: bool | Unobserved
    match storage:
        case "persistent":
            lasting = True
        case "volatile" | "none":
            lasting = False
        case "auto":
            state = seen(lambda: read.state("/var/log/journal"))
            lasting = state if isinstance(state, Unobserved) else state is not None
        case _:
            lasting = Unobserved(Reason.PROTOCOL_VIOLATION, shown(f"journald.conf: Storage={storage}"))
    if storage == "none":
        return []
    if why := applied(read, running, JOURNALD.processes, [file.path for file in files]):
        lasting = why
    kinds = (RecordKind.AUTHENTICATION, RecordKind.SYSTEM)
    by_size = Unobserved(Reason.UNSUPPORTED, "the journal's size decides for how long records are kept")
    most = _span(values.get("MaxRetentionSec", ""))
    if isinstance(most, Unobserved):
        return [LogStore("journal", kinds, lasting, most, None, "journald.conf MaxRetentionSec")]
    return [LogStore("journal", kinds, lasting, by_size, most, "journald.conf MaxRetentionSec, SystemMaxUse")]


def _span(text: str) -> int | Unobserved | None:
    """Read a span; unset and zero set no limit."""
    if not text:
        return None
    seconds = parsed("journald.conf", text.encode(), lambda data: timespan.seconds(data.decode()))
    if isinstance(seconds, Unobserved):
        return seconds
    return int(seconds) if seconds else None


def _targets(conf: Conf) -> list[LogTarget]:
    if conf is None:
        return []
    found: list[LogTarget] = []
    for at, a in enumerate(conf[0].actions):
        if a.way is Way.FORWARD:
            kinds = _kinds(a, conf[0].actions[:at])
            found.append(LogTarget(shown(a.target), a.port, a.protocol, kinds, a.encrypted, a.verified, a.queued, conf[1]))
    return found


def _upload(read: Reader) -> list[LogTarget]:
    """Read journal-upload.conf(5), where its service starts. The other side proves itself by its certificate over HTTPS."""
    if not enabled(read, "systemd-journal-upload.service"):
        return []
    values: dict[str, str] = {}
    for file in needed(systemd_conf.conf_files(read, "journal-upload.conf")):
        held = needed(parsed(file.path, needed(file.data), systemd_conf.parse))
        values |= {entry.key: entry.value for group in held.groups if group.name == "Upload" for entry in group.entries}
    url = values.get("URL", "")
    if not url:
        return []
    secure = not url.startswith("http://")
    host = url.partition("://")[2] or url
    name, _, port = host.partition("/")[0].rpartition(":") if ":" in host else (host.partition("/")[0], "", "19532")
    kinds = (RecordKind.AUTHENTICATION, RecordKind.SYSTEM)
    number = int(port) if port.isdecimal() and len(port) < 6 else 19532
    verified = secure and values.get("TrustedCertificateFile") not in {
        "all",
        "-",
    }  # systemd-journal-upload(8): then any certificate will do
    return [LogTarget(shown(name), number, "https" if secure else "http", kinds, secure, verified, True, UPLOAD)]


def _entrances(conf: Conf) -> tuple[LogEntrance, ...]:
    if conf is None:
        return ()
    return tuple(LogEntrance(one.protocol, one.port, one.encrypted, conf[1]) for one in conf[0].listeners)
