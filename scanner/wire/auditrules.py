"""Rules of the Linux audit system, auditctl(8), to the subjects that they record."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from scanner.facts.audit_trail import AuditSubject

MOST_LINES = 20_000
LONGEST_LINE = 8_192


class NotAuditRules(ValueError):
    """The text is beyond the caps."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a set of rules amounts to."""

    subjects: tuple[AuditSubject, ...]
    enabled: int | None
    """The last ``-e``: 0 off, 1 on, 2 on and fixed until the next start."""
    count: int


IDENTITY = frozenset({"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"})
TIME = frozenset({"adjtimex", "settimeofday", "clock_settime"})
MODULES = frozenset({"init_module", "finit_module"})
LOGINS = (
    "/var/log/lastlog",
    "/var/log/faillog",
    "/var/run/faillock",
    "/run/faillock",
    "/var/log/tallylog",
    "/var/log/wtmp",
    "/var/log/btmp",
)
DELETION = frozenset({"unlink", "unlinkat", "rename", "renameat", "renameat2", "rmdir"})
_NARROWING = re.compile(r"(?:a[0-3]|exit|success|exe|e?uid|e?gid|pid|ppid)[=!<>&]")
_BY_NOBODY = re.compile(r"auid=(?:unset|-1|4294967295)\Z")
"""A field that keeps a rule to what daemons do: whoever has logged in stays outside of it."""
RIGHTS = frozenset({"chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat", "lchown", "setxattr"})
POLICY = ("/etc/selinux", "/etc/apparmor", "/etc/apparmor.d", "/usr/share/selinux")


def parse(data: bytes) -> Rules:
    """Read a rules file or what ``auditctl -l`` prints. Raises ``NotAuditRules``.

    ``-D`` forgets the rules before it. After ``-e 2`` nothing more is taken. A rule of the list ``never`` takes away what comes later;
    no subject is said to be recorded where such a rule names the same files or calls, or is for everything, unless it is for daemons.
    """
    watched: list[tuple[str, str]] = []
    calls: set[str] = set()
    never: list[str] = []
    privileged = False
    deaf = False  # a rule before keeps the kernel from recording what comes later
    mute = False  # a rule keeps the kernel from recording any call, wherever it stands (-a task,never)
    enabled: int | None = None
    count = 0
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise NotAuditRules(f"more than {MOST_LINES} lines")
    for line in lines:
        if len(line) > LONGEST_LINE:
            raise NotAuditRules("a line beyond the cap")
        words = _words(line)
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "-D":
            watched, calls, never, privileged, count = [], set(), [], False, 0
            deaf = mute = False
        elif words[0] == "-e" and len(words) > 1 and words[1] in {"0", "1", "2"}:
            enabled = int(words[1])
            if enabled == 2:
                break
        elif words[0] == "-w" and len(words) > 1:
            count += 1
            if deaf:
                continue
            watched.append((words[1].rstrip("/"), _after(words, "-p") or "rwxa"))
        elif words[0] in {"-a", "-A"} and len(words) > 1:
            count += 1
            fields = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "-F"]
            named = {call for at, word in enumerate(words[:-1]) if word == "-S" for call in words[at + 1].split(",")}
            if "never" in words[1]:
                if named <= {"all"} and set(fields) <= {"arch=b64"} and "-C" not in words:
                    mute = mute or "task" in words[1] or (words[0] == "-A" and "exit" in words[1])
                    deaf = deaf or "exit" in words[1]
                never += [] if any(_BY_NOBODY.match(f) for f in fields) else [*named, *_places(fields)]
                continue
            if deaf:
                continue
            paths = _places(fields)
            permission = next((f.partition("=")[2] for f in fields if f.startswith("perm=")), "rwxa")
            # a rule for certain results, programs or arguments records some of the calls only; 32-bit calls are the lesser part
            narrow = any(_NARROWING.match(f) for f in fields)
            watched += [(path, permission) for path in paths if named <= {"all"} and not narrow]
            if not paths and not narrow and "arch=b32" not in fields:
                calls |= named
            # programs that give rights: a call made with other rights than one's own, or the files of sudo and su
            others_rights = "-C" in words or any(f.startswith(("euid=0", "euid!=uid", "uid!=euid")) for f in fields)
            privileged = privileged or ("execve" in named and others_rights)
            privileged = privileged or any(path.rpartition("/")[2] in {"sudo", "su"} for path in paths)
    return Rules(() if mute else _subjects(watched, calls, privileged, never), enabled, count)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=False)
    except ValueError:
        return line.split()


def _places(fields: list[str]) -> list[str]:
    return [field.partition("=")[2].rstrip("/") for field in fields if field.startswith(("path=", "dir="))]


def _after(words: list[str], option: str) -> str | None:
    return next((words[at + 1] for at, word in enumerate(words[:-1]) if word == option), None)


def _subjects(watched: list[tuple[str, str]], calls: set[str], privileged: bool, never: list[str]) -> tuple[AuditSubject, ...]:
    watched = [pair for pair in watched if not any(pair[0] == place or pair[0].startswith(f"{place}/") for place in never)]
    written = {path for path, permission in watched if {"w", "a"} & set(permission)}
    executed = {path for path, permission in watched if "x" in permission}
    found = set()
    if written >= IDENTITY or "/etc" in written:
        found.add(AuditSubject.IDENTITIES)
    if ({"/etc/sudoers"} <= written and {"/etc/sudoers.d"} & written) or "/etc" in written:
        found.add(AuditSubject.PRIVILEGE_RULES)
    if privileged or any(path.rpartition("/")[2] == "sudo" for path in executed):
        found.add(AuditSubject.PRIVILEGE_USE)
    if {"settimeofday", "clock_settime"} <= calls or "all" in calls:
        found.add(AuditSubject.TIME)
    if calls >= MODULES or "all" in calls:
        found.add(AuditSubject.MODULES)
    if any(path.startswith(LOGINS) for path in written):
        found.add(AuditSubject.LOGINS)
    if {"unlink", "unlinkat"} <= calls or "all" in calls:
        found.add(AuditSubject.DELETION)
    if {"chmod", "fchmodat"} <= calls or "all" in calls:
        found.add(AuditSubject.RIGHTS)
    if any(path.startswith(POLICY) for path in written) or "/etc" in written:
        found.add(AuditSubject.POLICY)
    return tuple(one for one in AuditSubject if one in found and not _BEHIND.get(one, frozenset()) & set(never))


_BEHIND = {
    AuditSubject.IDENTITIES: IDENTITY,
    AuditSubject.PRIVILEGE_RULES: frozenset({"/etc/sudoers", "/etc/sudoers.d"}),
    AuditSubject.POLICY: frozenset(POLICY),
    AuditSubject.TIME: TIME,
    AuditSubject.MODULES: MODULES,
    AuditSubject.DELETION: DELETION,
    AuditSubject.RIGHTS: RIGHTS,
    AuditSubject.PRIVILEGE_USE: frozenset({"execve", "all"}),
}
