"""Cases of the checks of encrypted disks."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.disk_encryption import DiskEncryption, KeyFile, RecoveryKeys, Volume, VolumeUse
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED

ROOT = Volume("/", VolumeUse.SYSTEM, True, "LUKS2", "aes-xts-plain64", 512, False)
BOOT = Volume("/boot", VolumeUse.START, False, "", "", 0, False)
SWAP = Volume("swap on vda3", VolumeUse.SWAP, True, "plain", "aes-xts-plain64", 512, False)
PLAIN = Volume("/srv", VolumeUse.DATA, False, "", "", 0, False)
KEY = KeyFile("/root/key", 0o400, 0, True)


def disks(*volumes: Volume, keys: tuple[KeyFile, ...] | Unobserved = ()) -> DiskEncryption:
    """A machine with these volumes."""
    return DiskEncryption(False, volumes, keys)


def cipher(text: str | Unobserved, bits: int | Unobserved) -> DiskEncryption:
    """A machine whose root is encrypted so."""
    return disks(replace(ROOT, cipher=text, key_bits=bits))


CONTAINER = replace(disks(PLAIN), container=True)
UNTOLD = replace(disks(ROOT), container=DENIED)
UNSEEN = DiskEncryption(False, DENIED, DENIED)
EVERYWHERE = [
    case(CONTAINER, says="CONTAINER"),
    case(UNTOLD, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    case(UNSEEN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
]
CASES: dict[str, list[Case]] = {
    "host.disk.encryption": [
        *EVERYWHERE,
        case(disks(ROOT, BOOT, SWAP), says="VOLUMES_ENCRYPTED", args={"volumes": ("/",)}),
        case(disks(ROOT, PLAIN), says="VOLUMES_PLAIN", args={"volumes": ("/srv",)}),
        case(disks(ROOT, PLAIN), says="VOLUMES_ENCRYPTED", with_={"uses": ("system",)}),
        case(disks(BOOT), says="NO_VOLUMES"),
        case(disks(replace(ROOT, encrypted=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.disk.swap": [
        *EVERYWHERE,
        case(disks(ROOT, SWAP), says="SWAP_ENCRYPTED"),
        case(disks(ROOT, replace(SWAP, encrypted=False)), says="SWAP_PLAIN", args={"volumes": ("swap on vda3",)}),
        case(disks(ROOT), says="NO_SWAP"),
    ],
    "host.disk.cipher": [
        *EVERYWHERE,
        case(disks(ROOT, BOOT), says="CIPHERS_STRONG", args={"ciphers": ("aes-xts-plain64 512",)}),
        case(cipher("aes-xts-plain64", 256), says="CIPHERS_STRONG"),
        case(cipher("aes-256-gcm", 256), says="CIPHERS_STRONG"),
        case(cipher("capi:xts(aes)-plain64", 512), says="CIPHERS_STRONG"),
        case(cipher("aes-xts-plain64", 128), says="CIPHERS_WEAK"),
        case(cipher("serpent-xts-plain64", 512), says="CIPHERS_WEAK", args={"ciphers": ("/: serpent-xts-plain64",)}),
        case(cipher(DENIED, DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(disks(PLAIN), says="NOTHING_ENCRYPTED"),
    ],
    "host.disk.key-files": [
        case(disks(ROOT, keys=(KEY,)), says="KEYS_CLOSED"),
        case(disks(ROOT, keys=(replace(KEY, mode=0o440),)), says="KEYS_OPEN"),
        case(disks(ROOT, keys=(replace(KEY, owner=1000),)), says="KEYS_OPEN"),
        case(disks(ROOT, keys=(replace(KEY, there=False),)), says="NO_KEY_FILES"),
        case(disks(ROOT), says="NO_KEY_FILES"),
        case(UNSEEN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.disk.recovery-keys": [
        case(RecoveryKeys((VolumeUse.SYSTEM,), (VolumeUse.SYSTEM,), "policy"), says="KEYS_HANDED_IN"),
        case(RecoveryKeys((VolumeUse.SYSTEM, VolumeUse.DATA), (VolumeUse.DATA,), "policy"), says="KEYS_MAYBE_HANDED_IN"),
        case(RecoveryKeys((VolumeUse.DATA,), (), "policy"), says="KEYS_KEPT_ALONE"),
        case(Unobserved(Reason.ACCESS_DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
