"""The collector for the settings of OpenSSH's server: what ``sshd -T`` says, for everybody and for every Match block; else the files.

The program prints what the next start would give. Whether the running server has read the same is told by times: it writes its pid
file whenever it reads its configuration, also on a reload.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from scanner.facts.ssh_server import SshServer, SshSetup, SshValue
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux import sshd_files
from scanner.hosts.linux.arguments import option_value
from scanner.hosts.linux.base import Process, changes, enabled, processes, seen, shown
from scanner.hosts.linux.sshd_files import KEYWORDS, MAIN
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import sshd_config
from scanner.wire.sshd_config import ANYWHERE, Connection

PROGRAM: Final = "/usr/sbin/sshd"
PID_FILE: Final = "/run/sshd.pid"
LISTENERS: Final = ("pgrep", "-a", "-x", "sshd")
VERSION: Final = ("sh", "-c", "ssh -V 2>&1")
"""The version goes to the standard error; without a shell it would be lost."""
OPTIONS: Final = (("/etc/default/ssh", "SSHD_OPTS"), ("/etc/sysconfig/sshd", "OPTIONS"))
POLICY: Final = "/etc/crypto-policies/back-ends/opensshserver.config"
UNITS: Final = ("ssh.service", "sshd.service", "ssh.socket", "sshd.socket")
MOST_ASKED: Final = 20
"""Match blocks that the program is asked about."""


def asking(connection: Connection) -> str:
    """Write a connection as ``sshd -T -C`` takes it."""
    parts = (
        ("user", connection.user),
        ("host", connection.host or "somewhere.example"),
        ("addr", connection.address or ANYWHERE),
        ("laddr", connection.local_address or "192.0.2.1"),
        ("lport", connection.local_port or "22"),
    )
    return ",".join(f"{name}={value}" for name, value in parts)


ROOT: Final = asking(Connection("root"))


@collector(
    Platform.LINUX,
    Run(("sshd", "-T"), root=True),
    Run(("sshd", "-T", "-C", ROOT), root=True),
    Run(("sshd", "-G")),
    Run(VERSION, needs="ssh"),
    Run(LISTENERS),
    Names(PROGRAM),
    Names(PID_FILE),
    Files(MAIN, root=True),
    Files("/etc/ssh/sshd_config.d/*", root=True),
    Names("/etc/ssh/sshd_config.d", root=True),
    Files(POLICY),
    Files("/etc/default/ssh"),
    Files("/etc/sysconfig/sshd", root=True),
    Files("/etc/passwd", limit=10_000_000),
    Files("/etc/group", limit=10_000_000),
    Files("/proc/[0-9]*/stat", limit=4096),
    Files("/proc/stat"),
    Names("/run/systemd/system"),
    *(Names(f"{d}/{n}") for d in ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system") for n in (*UNITS, "*.wants")),
)
def ssh_server(read: Reader) -> SshServer:
    """See how the SSH server is set up."""
    there = seen(lambda: read.state(PROGRAM) is not None)
    if there is not True:
        return SshServer(there, False if there is False else there, "", True, () if there is False else there, None)
    running = processes(read)
    extra = _options(read)
    found = extra if isinstance(extra, Unobserved) else sshd_files.files(read, _settings(extra))
    setups: tuple[SshSetup, ...] | Unobserved
    asked = seen(lambda: _ask(read, found, () if isinstance(extra, Unobserved) else extra)) if read.live else None
    otherwise = seen(partial(_started_otherwise, read, () if isinstance(extra, Unobserved) else extra)) if read.live else None
    if otherwise is not None:
        setups, from_files = otherwise, True
    elif asked is not None and not isinstance(asked, Unobserved):
        setups, from_files = asked, False
    elif isinstance(found, Unobserved):
        setups, from_files = found, True
    else:
        setups, from_files = sshd_files.setups(found, asked), True
    if isinstance(setups, tuple):
        for value in _general(setups):
            read.keep("sshd_config" if from_files else "sshd -T", f"{value.keyword} {value.values}")
    return SshServer(True, _used(read, running), program_version(read), from_files, setups, _applied(read, found, running))


SHOWN = ("permitrootlogin", "passwordauthentication", "kbdinteractiveauthentication", "authenticationmethods", "usepam")


def _general(setups: tuple[SshSetup, ...]) -> list[SshValue]:
    first = setups[0].values
    return [] if isinstance(first, Unobserved) else [value for value in first if value.keyword in SHOWN]


def _options(read: Reader) -> tuple[str, ...] | Unobserved:
    """Give the words that the service files of the distributions put behind ``sshd``: /etc/default/ssh, and the crypto policy of RHEL 8."""
    words: list[str] = []
    for path, name in (*OPTIONS, (POLICY, "CRYPTO_POLICY"), ("/etc/sysconfig/sshd", "CRYPTO_POLICY")):
        data = seen(partial(read.file, path))
        if isinstance(data, Unobserved):
            return data
        for line in (data or b"").decode("utf-8", "replace").split("\n"):
            key, equals, value = line.strip().partition("=")
            if key == name and equals:
                try:
                    given = shlex.split(" ".join(shlex.split(value)))
                except ValueError:
                    return Unobserved(Reason.PROTOCOL_VIOLATION, f"{path}: {name} has a quotation that does not end")
                if name == "CRYPTO_POLICY" and path != POLICY:
                    words = [
                        w for w in words if not w.startswith(("-oCiphers", "-oMACs", "-oKex", "-oHostKey", "-oPubkey", "-oCASig", "-oGSS"))
                    ]
                words.extend(given)
    return tuple(words)


def _started_otherwise(read: Reader, extra: Sequence[str]) -> Unobserved | None:
    """Tell why no listening sshd goes by the usual file and what the files of options say; ``None``: one does, or none can be seen.

    Raises ``CannotObserve``.
    """
    said = read.command(LISTENERS)
    lines = [] if said is None else said.stdout.decode("utf-8", "replace").split("\n")
    # it writes "sshd: COMMAND LINE [listener] ..." over its arguments; older versions leave them
    started = [found[1].split()[1:] for line in lines if (found := re.match(r"\d+ (?:sshd: )?(/.*?)(?: \[listener\].*)?$", line))]
    started = [words for words in started if not {"-T", "-G"} & set(words)]  # our own questions may run at the same time
    usual = [words for words in started if option_value(words, "-f") in {"", MAIN}]
    if started and not usual:
        return Unobserved(Reason.UNSUPPORTED, f"sshd was started with -f {shown(option_value(started[0], '-f'))}, which is not read")
    beyond = [set(_settings(words)) - set(_settings(extra)) for words in usual]
    if beyond and all(beyond):
        return Unobserved(Reason.UNSUPPORTED, f"sshd was started with -o {shown(min(beyond[0]))}, which no file of options says")
    return None


def _settings(words: Sequence[str]) -> tuple[str, ...]:
    """Give what ``-o`` and ``-p`` set among the words of a command line."""
    found = []
    at = 0
    while at < len(words):
        word = words[at]
        if word[:2] in {"-o", "-p"}:
            value = word[2:] or (words[at + 1] if at + 1 < len(words) else "")
            at += 0 if word[2:] else 1
            found.append(value if word[1] == "o" else f"Port={value}")
        at += 1
    return tuple(found)


def _ask(read: Reader, found: sshd_files.Files | Unobserved, extra: Sequence[str]) -> tuple[SshSetup, ...]:
    """Ask the program; raises ``CannotObserve`` where it does not answer."""
    flags = [f"-o{setting}" for setting in _settings(extra)]
    mode = "-T"
    general = dump(read, ("sshd", "-T", *flags))
    if general is None:  # without the rights to read host keys; since OpenSSH 9.3 the settings alone can be asked for
        mode, general = "-G", dump(read, ("sshd", "-G", *flags))
    if general is None:
        raise CannotObserve(Reason.ACCESS_DENIED, "sshd -T: no answer; it needs root, and files that sshd accepts")
    setups = [SshSetup("", "", printed(general))]
    root = dump(read, ("sshd", mode, *flags, "-C", ROOT))
    if isinstance(found, Unobserved):  # the Match blocks are not known
        why = SshSetup("Match", "", found)
        return (*setups, *((SshSetup("User root", "root", printed(root)),) if root else ()), why)
    if root is not None and printed(root) != setups[0].values:
        setups.append(SshSetup("User root", "root", printed(root)))
    members, groups = _groups(read)
    for number, block in enumerate(found.blocks):
        connection = None if block.criteria is None else sshd_config.example(block.criteria, members, groups)
        if connection is None:
            if block.criteria is not None and {"user", "group"} & dict(block.criteria).keys():
                continue  # nobody of this machine belongs to it
            setups.append(
                SshSetup(block.text, "", Unobserved(Reason.UNSUPPORTED, f"Match {block.text}: such a connection cannot be made up"))
            )
            continue
        values = None if number >= MOST_ASKED else dump(read, ("sshd", mode, *flags, "-C", asking(connection)))
        kept = (
            Unobserved(Reason.TOO_LARGE, f"Match {block.text}: sshd -T was not asked or did not answer")
            if values is None
            else printed(values)
        )
        setups.append(SshSetup(block.text, connection.user, kept))
    return tuple(setups)


def dump(read: Reader, argv: tuple[str, ...]) -> Mapping[str, tuple[str, ...]] | None:
    """Give what ``sshd -T`` or ``-G`` prints; ``None`` where it does not answer or has not the rights to. Raises ``CannotObserve``."""
    try:
        output = read.command(argv)
    except CannotObserve as error:
        if error.reason is Reason.ACCESS_DENIED:
            return None
        raise
    if output is None or output.status != 0:
        return None
    try:
        return sshd_config.dumped(output.stdout)
    except sshd_config.NotSshdConfig:
        return None


def printed(said: Mapping[str, tuple[str, ...]]) -> tuple[SshValue, ...]:
    """Write what the program printed as the fact holds it."""
    return tuple(SshValue(keyword, sshd_files.normal(keyword, said[keyword]) if keyword in said else ()) for keyword in KEYWORDS)


def _groups(read: Reader) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Give the members of every local group, and the groups of every local user. Raises ``CannotObserve``."""
    names: dict[str, str] = {}
    members: dict[str, list[str]] = {}
    for line in (read.file("/etc/group", limit=10_000_000) or b"").decode("utf-8", "replace").split("\n"):
        fields = line.split(":")
        if len(fields) >= 4:
            names[fields[2]] = fields[0]
            members.setdefault(fields[0], []).extend(name for name in fields[3].split(",") if name)
    for line in (read.file("/etc/passwd", limit=10_000_000) or b"").decode("utf-8", "replace").split("\n"):
        fields = line.split(":")
        if len(fields) == 7 and fields[3] in names:
            members[names[fields[3]]].append(fields[0])
    groups: dict[str, list[str]] = {}
    for group, users in members.items():
        for user in users:
            groups.setdefault(user, []).append(group)
    return members, groups


def program_version(read: Reader) -> str:
    """Give the version, such as 9.2; empty where it is not told."""
    said: bytes | Unobserved | None
    if read.live:
        output = seen(lambda: read.command(VERSION))
        said = output.stdout + output.stderr if output is not None and not isinstance(output, Unobserved) else None
    else:
        said = seen(lambda: read.file(PROGRAM, limit=8_000_000))
    found = re.search(rb"OpenSSH_(\d{1,3}\.\d{1,3})", said) if isinstance(said, bytes) else None
    return found[1].decode() if found else ""


def _used(read: Reader, running: tuple[Process, ...] | Unobserved | None) -> bool | Unobserved:
    """Tell whether the server runs, or starts with the machine."""
    if isinstance(running, tuple) and any(process.name == "sshd" for process in running):
        return True
    starts = seen(lambda: any(enabled(read, unit) for unit in UNITS))
    if starts is False and isinstance(running, Unobserved):
        return running
    return starts


def _applied(
    read: Reader, found: sshd_files.Files | Unobserved, running: tuple[Process, ...] | Unobserved | None
) -> bool | Unobserved | None:
    """Tell whether the running server has read the files as they are now."""
    if running is None or isinstance(running, Unobserved):
        return running
    oldest = min((process.started for process in running if process.name == "sshd"), default=None)
    if oldest is None:
        return None
    if isinstance(found, Unobserved):
        return found

    def compared() -> bool:
        written = read.state(PID_FILE)
        if written is None and enabled(read, "ssh.socket"):
            return True  # a process for each connection, which reads the files anew
        loaded = oldest if written is None else max(oldest, written.modified)
        return all(at <= loaded for at in changes(read, found.paths).values())

    return seen(compared)
