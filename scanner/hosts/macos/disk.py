"""The collector for the encryption of disks on macOS: FileVault, by its own program and by the volumes of APFS."""

from __future__ import annotations

from typing import Final

from scanner.facts.disk_encryption import DiskEncryption, RecoveryKeys, Volume, VolumeUse
from scanner.hosts.base import Reader, Run, collector
from scanner.hosts.macos.base import managed, managed_files, said
from scanner.hosts.seeing import parsed, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import plist

STATUS: Final = Run(("fdesetup", "status"), seconds=20.0)
APFS: Final = Run(("diskutil", "apfs", "list", "-plist"), seconds=30.0)
INTERNAL: Final = Run(("diskutil", "list", "-plist", "internal"), seconds=30.0)
SWAP: Final = Run(("sysctl", "-n", "vm.swapusage"))
CIPHER, BITS = "aes-xts", 256
"""What FileVault uses on every Mac that it runs on (Apple Platform Security)."""
MOST: Final = 200


@collector(Platform.MACOS, STATUS, APFS, INTERNAL, SWAP)
def disk_encryption(read: Reader) -> DiskEncryption:
    """See which volumes are encrypted."""
    volumes = [_system(read), _swap(read), *_data(read)]
    for volume in volumes:
        read.keep(volume.name, f"encrypted: {volume.encrypted}")
    return DiskEncryption(container=False, volumes=tuple(volumes), key_files=())


def _volume(name: str, use: VolumeUse, encrypted: bool | Unobserved, method: str = "filevault") -> Volume:
    if isinstance(encrypted, Unobserved):
        return Volume(name, use, encrypted, "", encrypted, encrypted, removable=False)
    return Volume(name, use, encrypted, method if encrypted else "", CIPHER if encrypted else "", BITS if encrypted else 0, removable=False)


def _system(read: Reader) -> Volume:
    """Read ``fdesetup status``; only its own full sentences count, since encryption may be under way or put off."""
    answer = said(read, STATUS)
    if isinstance(answer, Unobserved):
        return _volume("/", VolumeUse.SYSTEM, answer)
    lines = [line.strip() for line in answer.split("\n") if line.strip()]
    state: bool | Unobserved = Unobserved(Reason.UNSUPPORTED, f"fdesetup: {shown(' '.join(lines))[:200]}")
    if lines[:1] == ["FileVault is Off."]:
        state = False
    elif lines == ["FileVault is On."]:
        state = True
    return _volume("/", VolumeUse.SYSTEM, state)


def _swap(read: Reader) -> Volume:
    answer = said(read, SWAP)
    if isinstance(answer, Unobserved):
        return _volume("swap", VolumeUse.SWAP, answer)
    return _volume("swap", VolumeUse.SWAP, "(encrypted)" in answer, "secure virtual memory")


def _data(read: Reader) -> list[Volume]:
    """Give the volumes of built-in disks that people made: those without a role. FileVault covers the others with the system."""
    told = said(read, APFS)
    inside = said(read, INTERNAL)
    for answer in (told, inside):
        if isinstance(answer, Unobserved):
            return [_volume("APFS", VolumeUse.DATA, answer)]
    listed = parsed("diskutil apfs list", str(told).encode(), plist.parse)
    disks = parsed("diskutil list", str(inside).encode(), plist.parse)
    if isinstance(listed, Unobserved) or isinstance(disks, Unobserved):
        why = listed if isinstance(listed, Unobserved) else disks
        return [_volume("APFS", VolumeUse.DATA, why if isinstance(why, Unobserved) else Unobserved(Reason.PROTOCOL_VIOLATION))]
    built_in = _list(disks.get("AllDisks"))
    found: list[Volume] = []
    for container in _list(listed.get("Containers")):
        for volume in _list(plist.inside(container, "Volumes")):
            device, name = plist.inside(volume, "DeviceIdentifier"), plist.text(plist.inside(volume, "Name")) or "?"
            if device in built_in and not _list(plist.inside(volume, "Roles")):
                if len(found) == MOST:
                    return [*found, _volume("APFS", VolumeUse.DATA, Unobserved(Reason.TOO_LARGE, f"more than {MOST} volumes"))]
                encrypted = plist.flag(plist.inside(volume, "FileVault"))
                why_not = Unobserved(Reason.UNSUPPORTED, "diskutil does not say whether it is encrypted")
                found.append(_volume(shown(name), VolumeUse.DATA, why_not if encrypted is None else encrypted))
    return found


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


ESCROW: Final = "com.apple.security.FDERecoveryKeyEscrow"
INSTITUTION: Final = Run(("fdesetup", "hasinstitutionalrecoverykey"), seconds=20.0, root=True)


@collector(Platform.MACOS, *managed_files(ESCROW), INSTITUTION)
def recovery_keys(read: Reader) -> RecoveryKeys:
    """See whether a profile hands the recovery key in, or the organisation has a key of its own. That neither shows proves nothing:
    device management may have taken the key over by a command.
    """
    held = managed(read, ESCROW, "Location")
    if not isinstance(held, Unobserved) and plist.text(held.value):
        return RecoveryKeys((VolumeUse.SYSTEM,), (), held.source)
    answer = said(read, INSTITUTION)
    if isinstance(answer, str) and answer.strip() == "true":
        return RecoveryKeys((VolumeUse.SYSTEM,), (), " ".join(INSTITUTION.argv))
    raise CannotObserve(Reason.UNSUPPORTED, "whether device management keeps the recovery key does not show on the machine")
