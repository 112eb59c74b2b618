"""The collector that walks a Linux machine's own file systems, bounded in time and number, and says what it left out.

One find(1) with the lowest priority looks for everything at once. Network shares, layers of containers, snapshots and media are left out.
Owners are compared with /etc/passwd and /etc/group as numbers, because asking a directory service for each file would take minutes.
"""

from __future__ import annotations

from collections.abc import Mapping

from scanner.facts.files import FileWalk, FoundFile
from scanner.hosts.base import Files, Reader, Run, collector
from scanner.hosts.linux.base import shown
from scanner.hosts.linux.rights import name, names_of
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

SECONDS = 30
MOST_FOUND = 4_000
"""Lines of the answer; a tree with more has so much wrong that the first ones will do, and the walk counts as cut short."""
MOST_IDS = 400
TYPES = "ext2|ext3|ext4|xfs|btrfs|f2fs|jfs|reiserfs|zfs|bcachefs"
FOREIGN = "nfs|cifs|smb|fuse|ceph|gluster|9p|overlay|vfat|exfat|ntfs|iso|udf"
APART = (
    "/var/lib/docker", "/var/lib/containers", "/var/lib/containerd", "/var/lib/lxc", "/var/lib/lxd", "/var/lib/incus", "/var/lib/machines",
    "/var/lib/kubelet", "/snap", "/var/lib/snapd", "/.snapshots", "/proc", "/sys", "/dev", "/run", "/media", "/mnt",
)  # fmt: skip
"""Folders whose content is not the machine's own, or no lasting files at all."""
_PRUNED = " -o ".join(f"-path {path}" for path in APART)
_FOLDERS = " ".join(path for path in APART if path.startswith(("/var/lib", "/media", "/mnt", "/snap", "/.snap")))
_LOOK = f"""
m=/proc/self/mounts
own=$(awk '$3 ~ /^({TYPES})$/ || $2 == "/" {{ key = $3 == "btrfs" ? $1 $4 : $1; if ($2 == "/" || !seen[key]++) print $2 }}' $m)
awk '$3 ~ /^({FOREIGN})/ && $2 != "/" {{ print "- " $2 " " $3 }}' $m | head -100
for d in {_FOLDERS}; do for f in $d/* $d/.[!.]*; do [ -e "$f" ] || [ -L "$f" ] && echo "- $d" && break; done; done
users=$(cut -d: -f3 /etc/passwd | sort -un | head -{MOST_IDS} | sed 's/^/-uid /; 2,$s/^/-o /' | tr '\\n' ' ')
groups=$(cut -d: -f3 /etc/group | sort -un | head -{MOST_IDS} | sed 's/^/-gid /; 2,$s/^/-o /' | tr '\\n' ' ')
id -u
{{ nice -n 19 timeout {SECONDS} stdbuf -oL find $own -xdev \\( {_PRUNED} \\) -prune -o \\( \
  -type f -perm /6000 -printf 's|%m|%U|%G|%p\\n' , \
  -type f -perm -0002 -printf 'w|%m|%U|%G|%p\\n' , \
  -type d -perm -0002 ! -perm -1000 -printf 'd|%m|%U|%G|%p\\n' , \
  \\( ! \\( $users \\) -o ! \\( $groups \\) \\) -printf 'u|%m|%U|%G|%p\\n' \\) 2>/dev/null; echo "= $?"; }} | head -n {MOST_FOUND + 1}
""".strip().replace("\n", "; ")
WALK = Run(("sh", "-c", _LOOK), seconds=SECONDS + 10.0, root=True)


@collector(Platform.LINUX, WALK, Files("/etc/passwd", limit=10_000_000), Files("/etc/group", limit=10_000_000))
def file_walk(read: Reader) -> FileWalk:
    """See which files of the machine have rights that they should not have."""
    if not read.live:
        raise CannotObserve(Reason.UNSUPPORTED, "the files of a mounted root are not walked")
    said = read.command(WALK.argv, seconds=WALK.seconds)
    if said is None:
        raise CannotObserve(Reason.UNSUPPORTED, "find cannot be run")
    left: list[str] = []
    found: dict[str, list[tuple[str, int, int, int]]] = {"s": [], "w": [], "d": [], "u": []}
    account, status = "", ""
    for line in said.stdout.decode("utf-8", "surrogateescape").split("\n"):
        fields = line.split("|", 4)
        if len(fields) == 5 and fields[0] in found and all(field.isdecimal() for field in fields[1:4]):
            found[fields[0]].append((fields[4], int(fields[1], 8), int(fields[2]), int(fields[3])))
        elif line.startswith("- "):
            left.append(shown(line[2:]))
        elif line.startswith("= "):
            status = line[2:]
        elif line.isdecimal():
            account = line
    if not account:
        raise CannotObserve(Reason.UNSUPPORTED, "find cannot be run")
    owners, groups = names_of(read, "/etc/passwd"), names_of(read, "/etc/group")
    unowned = _without_owner(read, found["u"], owners, groups)
    # Without root's rights directories stay closed; with them find ends with 1 where a file went away meanwhile.
    complete = account == "0" and status in {"0", "1"} and unowned is not None
    files = {key: tuple(_file(one, owners, groups) for one in sorted(many)) for key, many in found.items() if key != "u"}
    for one in files["s"][:30]:
        read.keep("find", f"{one.mode:04o} {one.owner}:{one.group} {one.path}")
    return FileWalk(files["s"], files["w"], files["d"], unowned or (), complete, SECONDS, tuple(dict.fromkeys(left)))


def _file(one: tuple[str, int, int, int], owners: Mapping[int, str] | Unobserved, groups: Mapping[int, str] | Unobserved) -> FoundFile:
    path, mode, owner, group = one
    return FoundFile(shown(path), mode, name(owners, owner), name(groups, group))


def _without_owner(
    read: Reader,
    found: list[tuple[str, int, int, int]],
    owners: Mapping[int, str] | Unobserved,
    groups: Mapping[int, str] | Unobserved,
) -> tuple[FoundFile, ...] | None:
    """Keep the files whose numbers no directory service knows either: the local files are asked first, then all that getent(1) asks.

    ``None``: that cannot be told, for want of the files or because there are too many numbers.
    """
    if isinstance(owners, Unobserved) or isinstance(groups, Unobserved):
        return None
    known = []
    for database, held, place in (("passwd", owners, 2), ("group", groups, 3)):
        numbers = sorted({one[place] for one in found if one[place] not in held})
        names: set[int] = set(held)
        if len(numbers) > MOST_IDS:
            return None
        if numbers:
            said = read.command(("getent", database, *map(str, numbers)))
            lines = [] if said is None else said.stdout.decode("utf-8", "replace").split("\n")
            names |= {int(fields[2]) for line in lines if len(fields := line.split(":")) > 3 and fields[2].isdecimal()}
        known.append(names)
    return tuple(_file(one, owners, groups) for one in sorted(found) if one[2] not in known[0] or one[3] not in known[1])
