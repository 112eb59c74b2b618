"""The collector for the rights of sensitive files on Linux, of the administrator's command path and of cron and at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from scanner.facts.files import FileRights, SensitiveFiles
from scanner.hosts.base import FileKind, Files, Names, Reader, collector
from scanner.hosts.linux.base import exists, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform

PATHS = (
    "/etc/passwd", "/etc/passwd-", "/etc/group", "/etc/group-", "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-",
    "/etc/security/opasswd", "/etc/sudoers", "/etc/sudoers.d", "/etc/ssh", "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d", "/etc/crontab",
    "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/etc/cron.allow", "/etc/cron.deny",
    "/etc/at.allow", "/etc/at.deny", "/var/spool/cron", "/var/spool/cron/crontabs", "/etc/krb5.keytab", "/etc/ssl/private",
    "/etc/pki/tls/private", "/root", "/root/.ssh", "/root/.ssh/authorized_keys", "/etc/pam.d", "/etc/security", "/etc/systemd/system",
    "/etc/apt/sources.list", "/etc/apt/sources.list.d", "/etc/yum.repos.d", "/etc/ld.so.preload", "/etc/ld.so.conf", "/etc/profile",
    "/var/log", "/var/log/auth.log", "/var/log/secure", "/var/log/syslog", "/var/log/messages", "/var/log/btmp", "/var/log/audit",
    "/var/log/journal", "/boot", "/usr/bin", "/usr/sbin", "/usr/lib", "/etc",
    "/etc/audit", "/etc/rsyslog.conf", "/etc/rsyslog.d", "/etc/syslog-ng", "/etc/systemd/journald.conf", "/etc/login.defs",
    "/etc/security/faillock.conf", "/etc/security/pwquality.conf", "/etc/sysctl.conf", "/etc/sysctl.d", "/etc/modprobe.d",
    "/etc/nftables.conf",
)  # fmt: skip
"""Files and directories whose rights are looked at; patterns of others follow below."""
MANY = (
    ("/etc/ssh", re.compile(r"ssh_host_\w+_key(?:\.pub)?")),
    ("/etc/sudoers.d", re.compile(r"[^.~]+")),
    ("/etc/cron.d", re.compile(r"[\w-]+")),
)
MOST_EACH = 200
SUPATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where login.defs(5) says nothing, login(1) takes a shorter one of these same directories."""
CRON = ("/usr/sbin/cron", "/usr/sbin/crond")
AT = ("/usr/sbin/atd",)


@collector(
    Platform.LINUX,
    *(Names(path, root=path.startswith(("/root/", "/etc/sudoers.d", "/var/spool/cron"))) for path in PATHS),
    Names("/etc/sudoers.d/*", root=True),
    Names("/etc/ssh/ssh_host_*"),
    Names("/etc/cron.d/*"),
    Files("/etc/passwd", limit=10_000_000),
    Files("/etc/group", limit=10_000_000),
    Files("/etc/login.defs"),
    *(Names(path) for path in (*CRON, *AT)),
)
def sensitive_files(read: Reader) -> SensitiveFiles:
    """See who may do what with the files that guard the machine."""
    owners, groups = names_of(read, "/etc/passwd"), names_of(read, "/etc/group")
    found: list[FileRights] = []
    unseen: list[str] = []
    paths = list(PATHS)
    for directory, wanted in MANY:
        names = seen(partial(read.names, directory))
        if isinstance(names, Unobserved):
            unseen.append(f"{directory}/*")
        else:
            fitting = [f"{directory}/{name}" for name in names or () if wanted.fullmatch(name)]
            unseen += [f"{directory}/* ({len(fitting) - MOST_EACH})"] if len(fitting) > MOST_EACH else []
            paths += fitting[:MOST_EACH]
    for path in paths:
        rights = seen(partial(_rights, read, path, owners, groups))
        if isinstance(rights, Unobserved):
            unseen.append(shown(path))
        elif rights is not None:
            found.append(rights)
    for rights in found[:20]:
        read.keep(rights.path, f"{rights.mode:04o} {rights.owner}:{rights.group}")
    there = seen(lambda: _schedulers(read))
    return SensitiveFiles(
        tuple(found),
        tuple(unseen),
        seen(lambda: _command_path(read, owners, groups)),
        there,
        there if isinstance(there, Unobserved) else seen(lambda: tuple(name for name in there if _open(read, name))),
    )


def names_of(read: Reader, path: str) -> Mapping[int, str] | Unobserved:
    """Give the names behind the numbers of /etc/passwd or /etc/group."""
    data = seen(lambda: read.file(path, limit=10_000_000) or b"")
    if isinstance(data, Unobserved):
        return data
    lines = [line.split(":") for line in data.decode("utf-8", "replace").split("\n")]
    return {int(fields[2]): shown(fields[0]) for fields in reversed(lines) if len(fields) > 3 and fields[2].isdecimal()}


def name(names: Mapping[int, str] | Unobserved, number: int) -> str:
    """Give a name for a number, or the number itself."""
    return str(number) if isinstance(names, Unobserved) else names.get(number, str(number))


def _rights(read: Reader, path: str, owners: Mapping[int, str] | Unobserved, groups: Mapping[int, str] | Unobserved) -> FileRights | None:
    state = read.state(path)
    if state is None or state.kind not in {FileKind.FILE, FileKind.DIRECTORY}:
        return None  # the rights of a link say nothing
    return FileRights(shown(path), state.kind is FileKind.DIRECTORY, state.mode, name(owners, state.uid), name(groups, state.gid))


def _command_path(read: Reader, owners: Mapping[int, str] | Unobserved, groups: Mapping[int, str] | Unobserved) -> tuple[FileRights, ...]:
    written = SUPATH
    for line in (read.file("/etc/login.defs") or b"").decode("utf-8", "replace").split("\n"):
        words = line.split()
        if len(words) == 2 and words[0] == "ENV_SUPATH":
            written = words[1]
    found = []
    for directory in dict.fromkeys(written.removeprefix("PATH=").split(":")):
        if not directory.startswith("/"):
            found.append(FileRights(shown(directory) or ".", True, -1, "", ""))
            continue
        state = read.state(directory)
        if state is not None and state.kind is FileKind.DIRECTORY:
            found.append(FileRights(shown(directory), True, state.mode, name(owners, state.uid), name(groups, state.gid)))
    return tuple(found)


def _schedulers(read: Reader) -> tuple[str, ...]:
    return tuple(program for program, files in (("cron", CRON), ("at", AT)) if exists(read, *files))


def _open(read: Reader, program: str) -> bool:
    """Tell whether every account may use cron or at: crontab(1), at(1).

    With an allow file its accounts may; without one all but those of the deny file. With neither, crontab lets everybody in Debian, and at
    nobody but root.
    """
    if read.state(f"/etc/{program}.allow") is not None:
        return False
    return program == "cron" or read.state("/etc/at.deny") is not None
