"""The collector for polkit's rules: files of known shapes in the order of polkit(8), and those of the local authority where they count."""

from __future__ import annotations

from functools import partial

from scanner.facts.polkit import Polkit, PolkitGrant
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.linux.base import FIRST_PERSON, LAST_PERSON, exists, seen, shown
from scanner.hosts.linux.passwd import GROUP, LARGEST, PASSWD, groups, passwd
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import polkitrules
from scanner.wire.polkitrules import Decision, NotKnown, Way

DAEMONS = ("/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd", "/usr/lib/policykit-1/polkitd")
RULES = ("/etc/polkit-1/rules.d", "/run/polkit-1/rules.d", "/usr/local/share/polkit-1/rules.d", "/usr/share/polkit-1/rules.d")
LOCAL = ("/etc/polkit-1/localauthority", "/var/lib/polkit-1/localauthority")
OLD = "/etc/polkit-1/localauthority.conf.d"
"""Versions before 0.106 have it, which know no rules."""
COMPATIBLE = "49-polkit-pkla-compat.rules"
"""The rule by which newer versions ask the local authority (the Red Hat family, and Debian's polkitd-pkla)."""
NAME_SERVICES = "/etc/nsswitch.conf"
MOST_FILES = 300
MOST_GRANTS = 300
MOST_DECISIONS = 1_000


@collector(
    Platform.LINUX,
    *(Names(path) for path in DAEMONS),
    *(Names(path, root=True) for path in (*RULES, *LOCAL, OLD)),
    *(Files(f"{path}/*.rules", root=True) for path in RULES),
    *(Names(f"{path}/*", root=True) for path in LOCAL),
    *(Files(f"{path}/*/*.pkla", root=True) for path in LOCAL),
    Files(PASSWD, limit=LARGEST),
    Files(GROUP, limit=LARGEST),
    Files(NAME_SERVICES),
)
def polkit(read: Reader) -> Polkit:
    """See what the rules let people do without a password."""
    there = seen(lambda: exists(read, *DAEMONS) is not None)
    if there is not True:
        return Polkit(there, (), ())
    undecided: list[str] = []
    grants = seen(partial(_grants, read, undecided))
    return Polkit(there, grants, tuple(dict.fromkeys(undecided)))


def _grants(read: Reader, undecided: list[str]) -> tuple[PolkitGrant, ...]:
    files = sorted(
        (name, order, f"{top}/{name}") for order, top in enumerate(RULES) for name in read.names(top) or () if name.endswith(".rules")
    )
    compatible = any(name == COMPATIBLE for name, _, _ in files)
    old = not compatible and read.names(OLD) is not None
    if len(files) > MOST_FILES:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_FILES} files of rules")
    found = () if old else _by_rules(read, [path for name, _, path in files if name != COMPATIBLE], undecided)
    if old or compatible:
        found += _by_local_authority(read, undecided)
    if len(found) > MOST_GRANTS:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_GRANTS} grants")
    return tuple(_grant(read, way) for way in found)


def _by_rules(read: Reader, paths: list[str], undecided: list[str]) -> tuple[Way, ...]:
    """Go through the files in order. Behind one that is not known, a grant may have been refused already."""
    decisions: list[Decision] = []
    certain = True
    for path in paths:
        data = read.file(path) or b""
        try:
            own = polkitrules.rules(data)
        except NotKnown:
            certain = False
            if polkitrules.may_grant(data):
                undecided.append(shown(path))
            continue
        if certain:
            decisions += own
            if len(decisions) > MOST_DECISIONS:
                raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_DECISIONS} decisions in the rules")
        elif any(decision.yes for decision in own):
            undecided.append(shown(path))
    return polkitrules.ways(decisions)


def _by_local_authority(read: Reader, undecided: list[str]) -> tuple[Way, ...]:
    found: list[Way] = []
    for top in LOCAL:
        for directory in read.names(top) or ():
            for name in read.names(f"{top}/{directory}") or ():
                if name.endswith(".pkla"):
                    path = f"{top}/{directory}/{name}"
                    try:
                        found += polkitrules.local_authority(read.file(path) or b"")
                    except NotKnown:
                        undecided.append(shown(path))
    return tuple(found)


def _grant(read: Reader, way: Way) -> PolkitGrant:
    whom = tuple(shown(f"%{one[6:]}" if one.startswith("group:") else one[5:]) for one in way.whom)
    return PolkitGrant(shown(way.action), whom, way.narrowed, seen(partial(_people, read, way.whom)))


def _people(read: Reader, whom: tuple[str, ...]) -> bool:
    """Tell whether somebody with a person's account is all that is asked for. Raises ``CannotObserve``."""
    entries = passwd(read)
    held = {entry.name: entry for entry in entries if FIRST_PERSON <= entry.uid <= LAST_PERSON}
    for one in whom:
        kind, _, name = one.partition(":")
        if kind == "user":
            members = {name}
        else:
            group = next((group for group in groups(read) if group.name == name), None)
            members = set(group.members) | {entry.name for entry in entries if entry.gid == group.gid} if group else set()
        held = {member: entry for member, entry in held.items() if member in members}
    if not held and _directory(read):
        raise CannotObserve(Reason.UNSUPPORTED, "accounts and groups of a directory service are not seen")
    return bool(held)


def _directory(read: Reader) -> bool:
    """Tell whether accounts or groups may come from elsewhere than the files (nsswitch.conf(5))."""
    text = (read.file(NAME_SERVICES) or b"").decode("utf-8", "replace")
    words = {
        word for line in text.split("\n") if line.split(":")[0].strip() in {"passwd", "group"} for word in line.split("#")[0].split()[1:]
    }
    return any(word.isalnum() and word not in {"files", "systemd", "compat"} for word in words)
