"""Whether the disks of a Windows machine are encrypted (BitLocker, device encryption), and whether policy has recovery keys handed in.

Recovery passwords are never asked for: of protectors only their kinds are.
"""

from __future__ import annotations

from typing import Final

from scanner.facts.disk_encryption import DiskEncryption, RecoveryKeys, Volume, VolumeUse
from scanner.facts.readings import Readings
from scanner.facts.removable_media import RemovableEncryption
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import seen, shown
from scanner.hosts.windows.base import CONTROL, POLICIES, WindowsReader, number, texts
from scanner.hosts.windows.powershell import NoSuchClass, Script, ask, rows, whole
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

FVE: Final = POLICIES + r"\Microsoft\FVE"
DENIES: Final = r"HKLM\SYSTEM\CurrentControlSet\Policies\Microsoft\FVE"
MEMORY: Final = CONTROL + r"\Session Manager\Memory Management"
FILE_SYSTEM: Final = CONTROL + r"\FileSystem"
VOLUMES: Final = Script(
    "Win32_EncryptableVolume",
    "function M($v,$n){$r=Invoke-CimMethod -InputObject $v -MethodName $n;if($r.ReturnValue -eq 0){$r}};"
    "$a=@(Get-CimInstance -Namespace root/CIMV2/Security/MicrosoftVolumeEncryption -ClassName Win32_EncryptableVolume|ForEach-Object{$v=$_;"
    "$k=M $v 'GetKeyProtectors';"
    "@{letter=[string]$v.DriveLetter;type=[int]$v.VolumeType;protection=(M $v 'GetProtectionStatus').ProtectionStatus;"
    "conversion=(M $v 'GetConversionStatus').ConversionStatus;method=(M $v 'GetEncryptionMethod').EncryptionMethod;"
    "protectors=@($k.VolumeKeyProtectorID|Where-Object{$_}|ForEach-Object{(Invoke-CimMethod -InputObject $v -MethodName "
    "'GetKeyProtectorType' -Arguments @{VolumeKeyProtectorID=$_}).KeyProtectorType})}})",
    root=True,
)
METHODS: Final = {
    1: ("aes-cbc-diffuser", 128),
    2: ("aes-cbc-diffuser", 256),
    3: ("aes-cbc", 128),
    4: ("aes-cbc", 256),
    6: ("aes-xts", 128),
    7: ("aes-xts", 256),
}
"""EncryptionMethod of Win32_EncryptableVolume; 5 is the disk's own encryption, of which nothing is known."""
NOT_KNOWN: Final = Unobserved(Reason.UNSUPPORTED, "nothing is known of the volume that the paging file is on")
PROTECTED, UNPROTECTED = 1, 0
DECRYPTED, ENCRYPTED = 0, 1


@collector(Platform.WINDOWS, VOLUMES.source, Key(MEMORY), Key(FILE_SYSTEM), Key(POLICIES + r"\Microsoft\Windows\NTFS"))
def disk_encryption(read: WindowsReader) -> DiskEncryption:
    """Give every volume with a letter of its own that can be encrypted, and the paging file on it."""
    volumes = seen(lambda: _volumes(read))
    if not isinstance(volumes, Unobserved):
        read.keep(VOLUMES.about, "; ".join(f"{v.name} encrypted {v.encrypted} {v.method} {v.cipher}" for v in volumes))
    return DiskEncryption(container=False, volumes=volumes, key_files=())


def _volumes(read: WindowsReader) -> tuple[Volume, ...]:
    try:
        told = rows(ask(read, VOLUMES), VOLUMES.about)
    except NoSuchClass as why:
        raise CannotObserve(why.reason, "this Windows has no BitLocker; another maker's encryption is not known here") from why
    found = []
    for one in told:
        letter, kind = str(one.get("letter") or ""), whole(one.get("type"), "VolumeType")
        encrypted = _encrypted(one)
        method = one.get("method")
        cipher, bits = METHODS.get(method, ("", 0)) if isinstance(method, int) else ("", 0)
        unknown = Unobserved(Reason.UNSUPPORTED, f"encryption method {method}")
        held = encrypted is not False
        found.append(
            Volume(
                name=shown(letter) or "volume without a letter",
                use=VolumeUse.SYSTEM if kind == 0 else VolumeUse.DATA,
                encrypted=encrypted,
                method="bitlocker" if held else "",
                cipher=(cipher or unknown) if held else "",
                key_bits=(bits or unknown) if held else 0,
                removable=kind == 2,
            )
        )
    system = next((v for v in found if v.use is VolumeUse.SYSTEM), None)
    return (*found, *_paging(read, found, system))


def _encrypted(volume: object) -> bool | Unobserved:
    """Tell whether a volume is of no use without its key: wholly encrypted, and no key left open beside it (suspended protection)."""
    fields = volume if isinstance(volume, dict) else {}
    protection, conversion = fields.get("protection"), fields.get("conversion")
    if conversion == DECRYPTED or protection == UNPROTECTED:
        return False
    if conversion == ENCRYPTED and protection == PROTECTED:
        return True
    if protection == PROTECTED and isinstance(conversion, int):
        return False  # under way, or paused: part of it is still plain
    return Unobserved(Reason.UNSUPPORTED, "the volume is locked, or its state was not given")


def _paging(read: WindowsReader, volumes: list[Volume], system: Volume | None) -> tuple[Volume, ...]:
    """Give the paging files, which share the fate of the volume they are on where Windows does not encrypt them themselves."""
    files = texts(read, MEMORY, "ExistingPageFiles") or texts(read, MEMORY, "PagingFiles")
    if files is None:  # always written; where it is not, nothing is known
        return (Volume("pagefile.sys", VolumeUse.SWAP, NOT_KNOWN, "", NOT_KNOWN, NOT_KNOWN, removable=False),)
    own = number(read, FILE_SYSTEM, "NtfsEncryptPagingFile") == 1
    found = []
    on: bool | Unobserved
    cipher: str | Unobserved
    bits: int | Unobserved
    for line in files:
        place = line.removeprefix("\\??\\").split(" ")[0]
        if not place:
            continue
        under = system if place.startswith("?") else next((v for v in volumes if v.name[:2].upper() == place[:2].upper()), None)
        if own:
            on, method, cipher, bits = True, "ntfs", NOT_KNOWN, NOT_KNOWN
        elif under is not None:
            on, method, cipher, bits = under.encrypted, under.method, under.cipher, under.key_bits
        else:
            on, method, cipher, bits = NOT_KNOWN, "", NOT_KNOWN, NOT_KNOWN
        found.append(Volume(shown(place), VolumeUse.SWAP, on, method, cipher, bits, removable=False))
    return tuple(found)


@collector(Platform.WINDOWS, Key(FVE))
def recovery_keys(read: WindowsReader) -> RecoveryKeys:
    """Tell whether policy hands recovery keys to the organisation's directory before anything is encrypted."""
    held = {}
    for prefix, use in (("OS", VolumeUse.SYSTEM), ("FDV", VolumeUse.DATA)):
        recovery = number(read, FVE, f"{prefix}Recovery") == 1
        saves = number(read, FVE, f"{prefix}ActiveDirectoryBackup") == 1
        demands = number(read, FVE, f"{prefix}RequireActiveDirectoryBackup") == 1
        held[use] = (recovery and saves, recovery and saves and demands)
    read.keep(FVE, ", ".join(f"{use}: saved {saves}, demanded {demands}" for use, (saves, demands) in held.items()))
    return RecoveryKeys(
        saved=tuple(use for use, (saves, _) in held.items() if saves),
        demanded=tuple(use for use, (_, demands) in held.items() if demands),
        source=FVE,
    )


@collector(Platform.WINDOWS, Key(DENIES))
def removable_encryption(read: WindowsReader) -> RemovableEncryption:
    """Tell whether BitLocker's policy denies writing to removable drives that it does not protect; it works on the next drive put in."""
    value = number(read, DENIES, "RDVDenyWriteAccess")
    refuses = value == 1  # absent: everything can be written
    read.keep(DENIES, f"RDVDenyWriteAccess {value}")
    return RemovableEncryption(
        Readings(None if value is None else refuses, refuses if read.live else None, refuses, rf"{DENIES}\RDVDenyWriteAccess")
    )
