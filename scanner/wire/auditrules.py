"""Rules of the Linux audit system, auditctl(8), to the subjects that they record."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

from scanner.facts.audit_trail import AuditSubject

MOST_LINES = 20_000
LONGEST_LINE = 8_192


class NotAuditRules(ValueError):
    """The text is beyond the caps."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a set of rules amounts to."""

    subjects: tuple[AuditSubject, ...]
    compat_subjects: tuple[AuditSubject, ...]
    """The same of programs that call the kernel in its 32-bit form, whose calls have numbers of their own."""
    enabled: int | None
    """The last ``-e``: 0 off, 1 on, 2 on and fixed until the next start."""


NATIVE, COMPAT = "b64", "b32"
OLD_MACHINES = frozenset({COMPAT, "i386", "i486", "i586", "i686", "arm", "armv5tejl", "armv6l", "armv7l"})
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
_BY_PEOPLE = re.compile(r"auid[=!<>&]|(?:e|s|fs)?uid=(?:0|root)\Z")
"""A field that makes a rule one about whoever has logged in, or about the administrator."""
_TYPE = re.compile(r"msgtype(=|!=|<=|>=|<|>)(\w+)\Z")
SYSCALL = 1300
"""The type of record that begins each event of a rule: the kernel makes none of the others where it may not make this one."""
RIGHTS = frozenset({"chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat", "lchown", "setxattr"})
POLICY = ("/etc/selinux", "/etc/apparmor", "/etc/apparmor.d", "/usr/share/selinux")


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule. A watch has a place, all others a list and an action (``always,exit``)."""

    place: str
    permission: str
    kind: str
    first: bool
    """It goes before the rules that are there (``-A``)."""
    calls: frozenset[str]
    fields: tuple[str, ...]
    compares: bool
    form: str | None
    """The form of calls that it is about; ``None``: both, and numbers of calls are those of the native form."""


def parse(data: bytes) -> Rules:
    """Read a rules file or what ``auditctl -l`` prints. Raises ``NotAuditRules``.

    ``-D`` forgets the rules before it. After ``-e 2`` nothing more is taken. A rule of the list ``never`` takes away what comes later;
    no subject is said to be recorded where such a rule names the same files or calls, or is for everything or everybody, unless it is
    for daemons. Nothing is where ``exclude`` drops the records that events begin with.
    """
    rules: list[_Rule] = []
    enabled: int | None = None
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
            rules = []
        elif words[0] == "-e" and len(words) > 1 and words[1] in {"0", "1", "2"}:
            enabled = int(words[1])
            if enabled == 2:
                break
        elif words[0] in {"-w", "-a", "-A"} and len(words) > 1:
            rules.append(_rule(words))
    return Rules(_recorded(rules, NATIVE), _recorded(rules, COMPAT), enabled)


def _rule(words: list[str]) -> _Rule:
    if words[0] == "-w":
        return _Rule(words[1].rstrip("/"), _after(words, "-p") or "rwxa", "", False, frozenset(), (), False, None)
    fields = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "-F"]
    forms = [_form(field) for field in fields if field.startswith("arch")]
    return _Rule(
        place="",
        permission=next((f.partition("=")[2] for f in fields if f.startswith("perm=")), "rwxa"),
        kind=words[1],
        first=words[0] == "-A",
        calls=frozenset(call for at, word in enumerate(words[:-1]) if word == "-S" for call in words[at + 1].split(",")),
        fields=tuple(field for field in fields if not field.startswith("arch")),
        compares="-C" in words,
        form=forms[0] if forms else None,
    )


def _form(field: str) -> str:
    name, _, value = field.partition("=")
    return COMPAT if (value in OLD_MACHINES) is not name.endswith("!") else NATIVE


def _recorded(rules: list[_Rule], form: str) -> tuple[AuditSubject, ...]:
    """Give what rules record of calls in one form."""
    watched: list[tuple[str, str]] = []
    calls: set[str] = set()
    never: list[str] = []
    privileged = False
    deaf = False  # a rule before keeps the kernel from recording what comes later
    for rule in rules:
        every_call = rule.calls <= {"all"}
        if rule.form not in {None, form} or (rule.form is None and form == COMPAT and not every_call):
            continue
        if _mutes(rule):
            return ()
        if "exclude" in rule.kind:
            continue
        if "never" in rule.kind:
            deaf = deaf or ("exit" in rule.kind and every_call and _for_all(rule))
            never += [] if any(_BY_NOBODY.match(f) for f in rule.fields) else [*rule.calls, *_places(rule.fields)]
            continue
        if deaf:
            continue
        if rule.place:
            watched.append((rule.place, rule.permission))
            continue
        paths = _places(rule.fields)
        # a rule for certain results, programs or arguments records some of the calls only
        narrow = any(_NARROWING.match(f) for f in rule.fields)
        watched += [(path, rule.permission) for path in paths if every_call and not narrow]
        if not paths and not narrow:
            calls |= rule.calls
        # programs that give rights: a call made with other rights than one's own, or the files of sudo and su
        others_rights = rule.compares or any(f.startswith(("euid=0", "euid!=uid", "uid!=euid")) for f in rule.fields)
        privileged = privileged or ("execve" in rule.calls and others_rights)
        privileged = privileged or any(path.rpartition("/")[2] in {"sudo", "su"} for path in paths)
    return _subjects(watched, calls, privileged, never)


def _for_all(rule: _Rule) -> bool:
    """Tell whether a rule is about everything that people do."""
    return not rule.compares and all(_BY_PEOPLE.match(f) for f in rule.fields) and not any(_BY_NOBODY.match(f) for f in rule.fields)


def _mutes(rule: _Rule) -> bool:
    """Tell whether a rule keeps the kernel from recording any call, wherever it stands."""
    if "exclude" in rule.kind:  # auditctl(8): its action counts as never
        types = [_TYPE.match(field) for field in rule.fields if field.startswith("msgtype")]
        others = replace(rule, fields=tuple(field for field in rule.fields if not field.startswith("msgtype")))
        return _for_all(others) and all(found is not None and _covers(found[1], found[2]) for found in types)
    if "never" not in rule.kind or not rule.calls <= {"all"} or not _for_all(rule):
        return False
    return "task" in rule.kind or (rule.first and "exit" in rule.kind)


def _covers(operator: str, named: str) -> bool:
    """Tell whether a type of record, by name or number, is or leaves in SYSCALL."""
    number = SYSCALL if named == "SYSCALL" else int(named) if named.isdecimal() and len(named) < 6 else None
    if number is None:
        return operator == "!="
    return {
        "=": number == SYSCALL,
        "!=": number != SYSCALL,
        "<": number > SYSCALL,
        "<=": number >= SYSCALL,
        ">": number < SYSCALL,
        ">=": number <= SYSCALL,
    }[operator]


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=False)
    except ValueError:
        return line.split()


def _places(fields: Iterable[str]) -> list[str]:
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
