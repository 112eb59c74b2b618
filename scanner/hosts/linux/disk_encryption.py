"""The collector for the encryption of a Linux machine's disks: dm-crypt with or without LUKS, and ZFS. No key is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from scanner.facts.disk_encryption import DiskEncryption, KeyFile, Volume, VolumeUse
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux.base import seen, shown
from scanner.hosts.linux.container import READS as CONTAINER
from scanner.hosts.linux.container import in_container
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

BLOCKS = ("lsblk", "-J", "-o", "NAME,KNAME,TYPE,FSTYPE,MOUNTPOINT,RM")
TABLE = ("dmsetup", "table", "--target", "crypt")
ZFS = ("zfs", "get", "-H", "-p", "-t", "filesystem", "-o", "name,property,value", "encryption,mountpoint,mounted")
CRYPTTAB = "/etc/crypttab"
KEYS = "/etc/cryptsetup-keys.d"
"""Where systemd looks for the key of a volume, by the volume's name, before it asks anybody."""
SWAPS = "/proc/swaps"
NO_SECRET = frozenset({"VERITY", "INTEGRITY"})
"""What dm-crypt's neighbours make that only show whether something was changed. lsblk calls them crypt, too."""
START = ("/boot", "/efi")
DEEPEST = 24
MOST_VOLUMES = 500


@collector(
    Platform.LINUX,
    *CONTAINER,
    Run(BLOCKS),
    Run(TABLE, root=True),
    Run(ZFS),
    Names("/sys/block"),
    Files("/sys/block/dm-*/dm/uuid", limit=4_096),
    Files("/sys/block/dm-*/dm/name", limit=4_096),
    Files(CRYPTTAB),
    Names(KEYS, root=True),
    Files(SWAPS),
)
def disk_encryption(read: Reader) -> DiskEncryption:
    """See which volumes are encrypted."""
    return DiskEncryption(in_container(read), seen(partial(_volumes, read)), seen(partial(_key_files, read)))


def _volumes(read: Reader) -> tuple[Volume, ...]:
    if not read.live:
        raise CannotObserve(Reason.UNSUPPORTED, "the machine does not run, so nothing is mounted")
    answer = read.command(BLOCKS)
    if answer is None or answer.status != 0:
        raise CannotObserve(Reason.UNSUPPORTED, "lsblk did not answer")
    kinds = _kinds(read)
    try:
        devices = json.loads(answer.stdout)["blockdevices"]
        every = [one for device in devices for one in _below(device, kinds, None, 0)]
        found = [mounted for device, crypt in every if (mounted := _mounted(device, crypt))]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, "lsblk: no answer as it is documented") from error
    tables = seen(partial(_tables, read))
    made: dict[str, Volume] = {}
    for one in found:
        volume = _volume(one, kinds, tables)
        # what stands on several devices is encrypted where all of them are
        if volume.name not in made or not volume.encrypted:
            made[volume.name] = volume
    pools = frozenset(crypt for device, crypt in every if device.get("fstype") == "zfs_member")
    for own in _zfs(read, pools):
        volume = _below_pools(own, pools, kinds, tables) if own.encrypted is False else own
        made.setdefault(volume.name, volume)
    for volume in _swap_files(read, tuple(made.values())):
        made.setdefault(volume.name, volume)
    if len(made) > MOST_VOLUMES:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_VOLUMES} volumes")
    for volume in made.values():
        read.keep("lsblk", f"{volume.name}: encrypted {volume.encrypted} {volume.method}")
    return tuple(made.values())


Seen = tuple[str, VolumeUse, str | None, bool]
Device = Mapping[str, object]


def _below(device: Device, kinds: Mapping[str, str], crypt: str | None, depth: int) -> Iterator[tuple[Device, str | None]]:
    """Give a device and those that stand on it, each with the nearest encrypted one."""
    if depth > DEEPEST:
        raise ValueError("devices stand on each other without end")
    kind, name = str(device.get("type", "")), str(device.get("name", ""))
    if kind == "crypt" and kinds.get(name) not in NO_SECRET:
        crypt = name
    yield device, crypt
    for child in device.get("children") or ():  # type: ignore[attr-defined]  # JSON of lsblk; anything else is caught by the caller
        yield from _below(child, kinds, crypt, depth + 1)


def _mounted(device: Device, crypt: str | None) -> Seen | None:
    """Give what is mounted on a device."""
    kind, name, mounted = str(device.get("type", "")), str(device.get("name", "")), device.get("mountpoint")
    removable = device.get("rm") in (True, "1")
    if not isinstance(mounted, str) or not mounted or kind in {"loop", "rom"} or name.startswith("zram"):
        return None
    place = f"swap on {shown(name)}" if mounted == "[SWAP]" else shown(mounted)
    return place, _use(mounted), crypt, removable


def _swap_files(read: Reader, mounted: tuple[Volume, ...]) -> Iterator[Volume]:
    """Give swap space in files, which lsblk does not name: each is as its file system is (proc(5): name, type, size, used, priority)."""
    for line in (read.file(SWAPS) or b"").decode("utf-8", "replace").split("\n")[1:]:
        words = line.split()
        if len(words) > 1 and words[1] == "file":
            path = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), words[0])
            holding = [volume for volume in mounted if path.startswith(f"{volume.name.rstrip('/')}/")]
            unknown = Unobserved(Reason.UNSUPPORTED, shown(f"what {path} stands on is not known"))
            below = max(
                holding, key=lambda volume: len(volume.name), default=Volume("", VolumeUse.SWAP, unknown, "", unknown, unknown, False)
            )
            yield replace(below, name=shown(f"swap in {path}"), use=VolumeUse.SWAP)


def _use(place: str) -> VolumeUse:
    if place == "[SWAP]":
        return VolumeUse.SWAP
    if place.startswith(START):
        return VolumeUse.START
    return VolumeUse.SYSTEM if place in {"/", "/usr"} else VolumeUse.DATA


def _kinds(read: Reader) -> dict[str, str]:
    """Give the kind of each mapped device by its name: the first parts of the kernel's own identifier, ``CRYPT-LUKS2-...``."""
    found = {}
    for block in read.names("/sys/block") or ():
        if block.startswith("dm-"):
            name = (read.file(f"/sys/block/{block}/dm/name", limit=4_096) or b"").decode("utf-8", "replace").strip()
            uuid = (read.file(f"/sys/block/{block}/dm/uuid", limit=4_096) or b"").decode("utf-8", "replace").strip()
            found[name] = uuid.split("-")[1] if uuid.startswith("CRYPT-") and uuid.count("-") else ""
    return found


def _tables(read: Reader) -> dict[str, tuple[str, int]]:
    """Give cipher and bits of key by device; dmsetup writes zeros where the key stands, and its length is what counts."""
    answer = read.command(TABLE)
    if answer is None:
        raise CannotObserve(Reason.UNSUPPORTED, "dmsetup is not there")
    if answer.status != 0:
        raise CannotObserve(Reason.ACCESS_DENIED, "dmsetup: only root may ask")
    found = {}
    for line in answer.stdout.decode("utf-8", "replace").split("\n"):
        match = re.match(r"(.+?): \d+ \d+ crypt (\S+) (\S+) ", line)
        if match:
            ring = re.match(r":(\d{1,4}):", match[3])  # kept in the kernel's keyring: length in octets, kind, name
            found[match[1]] = (match[2], int(ring[1]) * 8 if ring else len(match[3]) * 4)
    return found


def _volume(one: Seen, kinds: Mapping[str, str], tables: Mapping[str, tuple[str, int]] | Unobserved) -> Volume:
    name, use, crypt, removable = one
    if crypt is None:
        return Volume(name, use, False, "", "", 0, removable)
    method = {"PLAIN": "plain"}.get(kinds.get(crypt, ""), kinds.get(crypt, "") or "dm-crypt")
    if isinstance(tables, Unobserved):
        return Volume(name, use, True, method, tables, tables, removable)
    if crypt not in tables:
        why = Unobserved(Reason.UNSUPPORTED, f"dmsetup does not name {shown(crypt)}")
        return Volume(name, use, True, method, why, why, removable)
    cipher, bits = tables[crypt]
    return Volume(name, use, True, shown(method), shown(cipher), bits, removable)


def _below_pools(
    volume: Volume, pools: frozenset[str | None], kinds: Mapping[str, str], tables: Mapping[str, tuple[str, int]] | Unobserved
) -> Volume:
    """Give a file system that ZFS does not encrypt as the devices of the pools do; ``None`` among these is a plain one."""
    if None not in pools and pools:
        return _volume((volume.name, volume.use, min(filter(None, pools)), volume.removable), kinds, tables)
    if pools <= {None}:
        return volume
    unknown = Unobserved(Reason.UNSUPPORTED, shown(f"{volume.name}: some pools of ZFS stand on encrypted devices, and which is not told"))
    return replace(volume, encrypted=unknown, cipher=unknown, key_bits=unknown)


def _zfs(read: Reader, pools: frozenset[str | None]) -> list[Volume]:
    """Give the file systems of ZFS. Raises ``CannotObserve`` where there are devices of ``pools`` and nothing tells of them."""
    answer = read.command(ZFS)
    if answer is None or answer.status != 0:
        if pools:
            raise CannotObserve(Reason.UNSUPPORTED, "disks belong to ZFS, and zfs does not tell what stands on them")
        return []
    rows: dict[str, dict[str, str]] = {}
    for line in answer.stdout.decode("utf-8", "replace").split("\n"):
        fields = line.split("\t")
        if len(fields) == 3:
            rows.setdefault(fields[0], {})[fields[1]] = fields[2]
    found = []
    for row in rows.values():
        place, cipher = row.get("mountpoint", ""), row.get("encryption", "")
        if row.get("mounted") == "yes" and place.startswith("/") and cipher:
            on = cipher != "off"
            bits = re.search(r"aes-(\d{3})", cipher)
            found.append(
                Volume(shown(place), _use(place), on, "zfs" if on else "", shown(cipher) if on else "", int(bits[1]) if bits else 0, False)
            )
    return found


def _key_files(read: Reader) -> tuple[KeyFile, ...]:
    """Read crypttab(5): name, device, key file, options. Devices in /dev are no files.

    Where no file is named, or ``none`` or ``-`` is, systemd takes one of the volume's name if it is there, and else asks somebody.
    """
    found = []
    for line in (read.file(CRYPTTAB) or b"").decode("utf-8", "replace").split("\n"):
        fields = line.split()
        if len(fields) < 2 or fields[0].startswith("#"):
            continue
        written = fields[2].partition(":")[0] if len(fields) > 2 else ""
        asks = written in {"", "none", "-"}
        path = f"{KEYS}/{fields[0]}.key" if asks else written
        if not path.startswith("/") or path.startswith("/dev/"):
            continue
        state = read.state(path)
        if state or not asks:
            found.append(KeyFile(shown(path), state.mode if state else 0, state.uid if state else 0, state is not None))
    return tuple(found)
