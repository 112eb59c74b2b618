"""The collector for sudo: what ``cvtsudoers`` makes of the files where it is there, otherwise the files themselves."""

from __future__ import annotations

import re
from typing import Final

from scanner.facts.readings import FileRights
from scanner.facts.sudo import SudoRule, SudoRules, SudoSetting
from scanner.hosts.base import FileKind, Files, Names, Reader, Run, collector
from scanner.hosts.linux.base import exists, needed, parsed, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import sudoers
from scanner.wire.sudoers import Entry, Include, NotSudoers, Rule, Setting

MAIN: Final = "/etc/sudoers"
CONF: Final = "/etc/sudo.conf"
DIRECTORY: Final = "/etc/sudoers.d"
PROGRAMS: Final = ("/usr/bin/sudo", "/usr/local/bin/sudo")
VERSION: Final = ("sudo", "-V")
CONVERTED: Final = ("cvtsudoers", "-e", "-f", "json", MAIN)
NSSWITCH: Final = "/etc/nsswitch.conf"
MOST_FILES: Final = 200
DEPTH: Final = 16
WANTED: Final = frozenset(
    {"authenticate", "use_pty", "logfile", "syslog", "log_allowed", "log_denied", "log_output", "log_input", "log_subcmds", "iolog_dir"}
    | {
        "timestamp_timeout",
        "timestamp_type",
        "env_reset",
        "setenv",
        "secure_path",
        "rootpw",
        "targetpw",
        "runaspw",
        "passwd_tries",
        "requiretty",
    }
    | {"env_keep", "env_delete", "umask", "log_servers", "visiblepw", "exempt_group", "env_check"}
)


@collector(
    Platform.LINUX,
    *(Names(path) for path in PROGRAMS),
    Run(VERSION),
    Run(CONVERTED, root=True),
    Files(MAIN, root=True),
    Files(f"{DIRECTORY}/*", root=True),
    Names(MAIN),
    Names(DIRECTORY, root=True),
    Files(NSSWITCH),
    Files(CONF),
)
def sudo_rules(read: Reader) -> SudoRules:
    """See who may act as whom."""
    there = seen(lambda: exists(read, *PROGRAMS) is not None)
    if there is not True:
        return SudoRules(there, "", () if there is False else there, () if there is False else there, () if there is False else there)
    if other := seen(lambda: _another_policy(read)):
        return SudoRules(True, _version(read), other, other, other, _elsewhere(read))
    paths: list[str] = []
    refused: list[str] = []
    entries = seen(lambda: tuple(_file(read, MAIN, paths, refused, 0)))
    told = seen(lambda: _by_cvtsudoers(read)) if read.live else None
    rules: tuple[SudoRule, ...] | Unobserved
    settings: tuple[SudoSetting, ...] | Unobserved
    # cvtsudoers goes by files that sudo refuses, too
    if told is not None and not isinstance(told, Unobserved) and not refused:
        rules = tuple(map(_rule, told[0]))
        # cvtsudoers does not tell "Defaults:root" (asked by root) from "Defaults>root" (as root)
        own = told[1] if isinstance(entries, Unobserved) else tuple(entry for entry in entries if isinstance(entry, Setting))
        settings = _kept(own)
    elif isinstance(entries, Unobserved):
        rules = settings = entries
    else:
        held = entries
        rules = seen(lambda: tuple(map(_rule, _resolved(held))))
        settings = _kept(tuple(entry for entry in held if isinstance(entry, Setting)))
    if isinstance(rules, tuple):
        for rule in rules[:20]:
            read.keep("sudoers", f"{' '.join(rule.users)}: {' '.join(rule.commands)} as {' '.join(rule.targets)}, asks {rule.asks}")
    return SudoRules(
        True,
        _version(read),
        rules,
        settings,
        entries if isinstance(entries, Unobserved) and not refused else seen(lambda: _rights(read, paths)),
        _elsewhere(read),
    )


def _another_policy(read: Reader) -> Unobserved | None:
    """Tell why the usual file says nothing of who may do what: sudo.conf(5) names another one, or another plugin to ask."""
    for line in (read.file(CONF) or b"").decode("utf-8", "replace").split("\n"):
        words = line.split()
        policy = words[:1] == ["Plugin"] and len(words) > 2 and words[1].endswith("_policy")
        named = [word for word in words if word.startswith("sudoers_file=")]
        if policy and (words[1] != "sudoers_policy" or set(named) - {f"sudoers_file={MAIN}"}):
            return Unobserved(Reason.UNSUPPORTED, shown(f"{CONF} has sudo go by {' '.join(words[1:])}, which is not read"))
    return None


def _by_cvtsudoers(read: Reader) -> tuple[tuple[Rule, ...], tuple[Setting, ...]]:
    output = read.command(CONVERTED)
    if output is None or output.status != 0:
        raise CannotObserve(Reason.UNSUPPORTED, "cvtsudoers gave no answer")
    try:
        return sudoers.printed(output.stdout)
    except NotSudoers as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, shown(str(error))) from error


def _file(read: Reader, path: str, paths: list[str], refused: list[str], depth: int) -> list[Entry]:
    """Read a file and what it includes, in order, as sudo does: names with a dot or a tilde at the end are passed over in directories.

    What sudo refuses is only added to ``paths`` and ``refused``.
    """
    if depth > DEPTH or len(paths) >= MOST_FILES:
        raise CannotObserve(Reason.TOO_LARGE, f"{MAIN}: includes nest too deep or are too many")
    data = read.file(path)
    if data is None:
        if path == MAIN:
            raise CannotObserve(Reason.UNSUPPORTED, f"{MAIN} is not there")
        return []
    paths.append(path)
    if _refuses(read, path):
        refused.append(path)
        if path == MAIN:
            raise CannotObserve(Reason.UNSUPPORTED, f"sudo refuses {MAIN}, since others than root can change it")
        return []
    found: list[Entry] = []
    for entry in needed(parsed(shown(path), data, sudoers.parse)):
        if not isinstance(entry, Include):
            found.append(entry)
            continue
        target = entry.path if entry.path.startswith("/") else f"{path.rpartition('/')[0]}/{entry.path}"
        if "%h" in target:
            raise CannotObserve(Reason.UNSUPPORTED, f"{shown(path)}: an include that depends on the host's name")
        if not entry.directory:
            found.extend(_file(read, target, paths, refused, depth + 1))
            continue
        paths.append(target)
        if _refuses(read, target):
            refused.append(target)
            continue
        for name in read.names(target) or ():
            if "." not in name and not name.endswith("~"):
                found.extend(_file(read, f"{target}/{name}", paths, refused, depth + 1))
    return found


def _refuses(read: Reader, path: str) -> bool:
    """Tell whether sudo passes it over because others can change it: it is not root's, or writable for all, or for a group but root's.

    Raises ``CannotObserve``.
    """
    state = read.state(path)
    if state is not None and state.kind is FileKind.LINK:
        raise CannotObserve(Reason.UNSUPPORTED, f"{shown(path)} is a link; whether sudo refuses what stands at its end is not told")
    return state is not None and (state.uid != 0 or bool(state.mode & 0o002) or (bool(state.mode & 0o020) and state.gid != 0))


def _resolved(entries: tuple[Entry, ...]) -> tuple[Rule, ...]:
    try:
        return sudoers.resolved(entries)
    except NotSudoers as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, str(error)) from error


def _rule(rule: Rule) -> SudoRule:
    users, hosts, targets, commands = (
        tuple(shown(word) for word in words) for words in (rule.users, rule.hosts, rule.targets, rule.commands)
    )
    return SudoRule(users, hosts, targets, commands, rule.asks)


def _kept(settings: tuple[Setting, ...]) -> tuple[SudoSetting, ...]:
    return tuple(SudoSetting(s.name, shown(s.value), tuple(map(shown, s.binding))) for s in settings if s.name in WANTED)


def _rights(read: Reader, paths: list[str]) -> tuple[FileRights, ...]:
    found = []
    for path in paths:
        state = read.state(path)
        if state is not None:
            found.append(FileRights(shown(path), state.mode, state.uid, state.gid))
    return tuple(found)


def _version(read: Reader) -> str:
    output = seen(lambda: read.command(VERSION)) if read.live else None
    if output is None or isinstance(output, Unobserved):
        return ""
    found = re.search(rb"\ASudo version (\d{1,3}(?:\.\d{1,3}){1,2})", output.stdout)
    return found[1].decode() if found else ""


def _elsewhere(read: Reader) -> tuple[str, ...]:
    data = seen(lambda: read.file(NSSWITCH))
    if isinstance(data, Unobserved):
        return (shown(data.detail),)
    for row in (data or b"").decode("utf-8", "replace").split("\n"):
        key, colon, value = row.partition("#")[0].partition(":")
        if key.strip() == "sudoers" and colon:
            return tuple(shown(word) for word in re.sub(r"\[[^\]]*\]", " ", value).split() if word != "files")
    return ()
