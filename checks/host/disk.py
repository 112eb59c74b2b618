"""Checks of the encryption of disks: which volumes, with what, and who can open them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Final

from checks.common import also, first_missing, listed
from scanner.facts.disk_encryption import DiskEncryption, RecoveryKeys, Volume, VolumeUse
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

DISK_ENCRYPTION_USES = Value[tuple[str, ...]](
    "disk.encryption",
    default=("system", "data"),
    text=Text(ja="暗号化を求める領域（system：システム、data：データ）", en="volumes that must be encrypted (system, data)"),
    choices=("system", "data"),
)


CONTAINER = Text(ja="コンテナであり、ディスクは収容する機器のものである", en="a container, whose disks are its host's")
STRONG: Final = re.compile(r"(?:capi:)?(?:xts\()?(?:aes|camellia)\b", re.IGNORECASE)
"""Block ciphers of CRYPTREC's list that disks are encrypted with."""
LEAST_BITS: Final = 128


def _of_volumes(disks: DiskEncryption, judge: Callable[[tuple[Volume, ...]], Judgement]) -> Judgement:
    """Judge the volumes of a machine that has disks of its own."""
    if disks.container is True:
        return not_applicable("CONTAINER")
    if isinstance(disks.volumes, Unobserved):
        return disks.volumes
    return disks.container if isinstance(disks.container, Unobserved) else judge(disks.volumes)


MACOS_DISK_ENCRYPTION = Text(
    ja="macOS：構成プロファイル com.apple.MCX.FileVault2 又は「fdesetup enable」で FileVault を有効にする。",
    en='macOS: switch FileVault on by a configuration profile for com.apple.MCX.FileVault2 or "fdesetup enable".',
)


@check(
    "host.disk.encryption",
    severity=Severity.HIGH,
    title=Text(ja="情報を保存する領域が暗号化されている", en="Volumes that hold information are encrypted"),
    why=Text(
        ja="機器やディスクが盗まれ、又は廃棄・修理に出されたとき、暗号化されていない領域は取り出して読まれる。",
        en="Where a machine or disk is stolen, discarded or sent for repair, volumes that are not encrypted can simply be read.",
    ),
    remedy=also(
        Text(
            ja=(
                "情報を置く領域を LUKS2（cryptsetup luksFormat --type luks2）の上に作り直す。端末はインストール時に全体の暗号化を選ぶ。"
                "鍵は別に控える。Windows：BitLocker（Home ではデバイスの暗号化）を有効にし、中断していれば再開する（manage-bde -on、"
                "-protectors -enable）。"
            ),
            en=(
                "Put the volumes on LUKS2 (cryptsetup luksFormat --type luks2); on terminals choose full encryption when installing. Keep "
                "the keys elsewhere too. Windows: turn on BitLocker (device encryption on Home), and resume it where it is suspended "
                "(manage-bde -on, -protectors -enable)."
            ),
        ),
        MACOS_DISK_ENCRYPTION,
    ),
    says={
        "VOLUMES_ENCRYPTED": Text(ja="全て暗号化されている：{volumes}", en="all are encrypted: {volumes}"),
        "VOLUMES_PLAIN": Text(ja="暗号化されていない領域がある：{volumes}", en="not encrypted: {volumes}"),
        "NO_VOLUMES": Text(ja="対象となる領域がない", en="there are no such volumes"),
        "CONTAINER": CONTAINER,
    },
)
def disk_encryption(
    disks: DiskEncryption, *, uses: Annotated[tuple[str, ...], DISK_ENCRYPTION_USES] = DISK_ENCRYPTION_USES.default
) -> Judgement:
    return _of_volumes(disks, lambda volumes: _encrypted([volume for volume in volumes if volume.use in uses]))


def _encrypted(asked: list[Volume]) -> Judgement:
    if plain := [volume.name for volume in asked if volume.encrypted is False]:
        return failed("VOLUMES_PLAIN", volumes=listed(plain))
    if why := first_missing(volume.encrypted for volume in asked):
        return why
    return passed("VOLUMES_ENCRYPTED", volumes=listed(volume.name for volume in asked)) if asked else not_applicable("NO_VOLUMES")


@check(
    "host.disk.swap",
    severity=Severity.MEDIUM,
    title=Text(ja="スワップ領域が暗号化されている", en="Swap space is encrypted"),
    why=Text(
        ja="メモリにあったパスワードや文書がスワップ領域に書き出され、電源を切った後も残る。",
        en="Passwords and documents that were in memory are written to swap space and stay there when the machine is off.",
    ),
    remedy=Text(
        ja=(
            "/etc/crypttab に「swap /dev/… /dev/urandom swap,cipher=aes-xts-plain64,size=512」と書き、/etc/fstab で "
            "/dev/mapper/swap を使う。不要ならスワップを除く。"
            "Windows：ページング ファイルを置くドライブを BitLocker で暗号化する。"
        ),
        en=(
            "In /etc/crypttab write swap /dev/... /dev/urandom swap,cipher=aes-xts-plain64,size=512 and use /dev/mapper/swap in "
            "/etc/fstab; or do without swap. Windows: encrypt the drive that holds the paging file with BitLocker."
        ),
    ),
    says={
        "SWAP_ENCRYPTED": Text(ja="暗号化されている：{volumes}", en="encrypted: {volumes}"),
        "SWAP_PLAIN": Text(ja="暗号化されていないスワップ領域がある：{volumes}", en="not encrypted: {volumes}"),
        "NO_SWAP": Text(ja="ディスク上のスワップ領域を使っていない", en="there is no swap space on a disk"),
        "CONTAINER": CONTAINER,
    },
)
def disk_swap(disks: DiskEncryption) -> Judgement:
    return _of_volumes(disks, lambda volumes: _swap([volume for volume in volumes if volume.use is VolumeUse.SWAP]))


def _swap(swaps: list[Volume]) -> Judgement:
    if not swaps:
        return passed("NO_SWAP")
    if plain := [volume.name for volume in swaps if volume.encrypted is False]:
        return failed("SWAP_PLAIN", volumes=listed(plain))
    return first_missing(volume.encrypted for volume in swaps) or passed("SWAP_ENCRYPTED", volumes=listed(v.name for v in swaps))


@check(
    "host.disk.cipher",
    severity=Severity.MEDIUM,
    title=Text(ja="ディスクの暗号化に推奨される暗号を用いている", en="Disks are encrypted with recommended ciphers"),
    why=Text(
        ja="古い暗号や短い鍵では、暗号化していても解読されるおそれがある。電子政府推奨暗号リストのブロック暗号は AES と Camellia である。",
        en="Old ciphers and short keys may be broken. The block ciphers on the e-Government list are AES and Camellia.",
    ),
    remedy=Text(
        ja=(
            "cryptsetup reencrypt --cipher aes-xts-plain64 --key-size 512 で暗号化し直す（事前にバックアップを取る）。"
            "Windows：グループポリシー「コンピューターの構成＞管理用テンプレート＞Windows コンポーネント＞BitLocker "
            "ドライブ暗号化」の「ドライブの暗号化方法と暗号強度を選択する」を XTS-AES とし、復号して暗号化し直す。"
        ),
        en=(
            "Encrypt anew: cryptsetup reencrypt --cipher aes-xts-plain64 --key-size 512, after a backup."
            " Windows: Group Policy, Computer Configuration > Administrative Templates > Windows Components > BitLocker "
            "Drive Encryption: Choose drive encryption method and cipher strength, XTS-AES; then decrypt and encrypt "
            "anew."
        ),
    ),
    says={
        "CIPHERS_STRONG": Text(ja="推奨される暗号を用いている：{ciphers}", en="recommended: {ciphers}"),
        "CIPHERS_WEAK": Text(ja="推奨されない暗号又は短い鍵がある：{ciphers}", en="not recommended, or too short a key: {ciphers}"),
        "NOTHING_ENCRYPTED": Text(ja="暗号化された領域がない", en="no volume is encrypted"),
        "CONTAINER": CONTAINER,
    },
)
def disk_cipher(disks: DiskEncryption) -> Judgement:
    return _of_volumes(disks, lambda volumes: _ciphers([volume for volume in volumes if volume.encrypted is True]))


def _ciphers(volumes: list[Volume]) -> Judgement:
    if not volumes:
        return not_applicable("NOTHING_ENCRYPTED")
    weak = []
    for volume in volumes:
        cipher, bits = volume.cipher, volume.key_bits
        if isinstance(cipher, str) and not STRONG.match(cipher):
            weak.append(f"{volume.name}: {cipher}")
        # xts has two keys of half the length each
        elif isinstance(cipher, str) and isinstance(bits, int) and bits and bits // (2 if "xts" in cipher else 1) < LEAST_BITS:
            weak.append(f"{volume.name}: {cipher} {bits}")
    if weak:
        return failed("CIPHERS_WEAK", ciphers=listed(weak))
    why = first_missing(part for volume in volumes for part in (volume.cipher, volume.key_bits))
    return why or passed("CIPHERS_STRONG", ciphers=listed(f"{volume.cipher} {volume.key_bits}" for volume in volumes))


@check(
    "host.disk.key-files",
    severity=Severity.HIGH,
    title=Text(ja="ディスクを開く鍵ファイルを、管理者だけが読める", en="Key files that open disks are the administrator's alone"),
    why=Text(
        ja="鍵ファイルを読めた者は、後からディスクの写しを開くことができる。",
        en="Whoever can read a key file can open a copy of the disk later on.",
    ),
    remedy=Text(ja="chown root:root と chmod 0400 を鍵ファイルに行う。", en="chown root:root and chmod 0400 the key files."),
    says={
        "KEYS_CLOSED": Text(ja="管理者だけが読める：{files}", en="the administrator's alone: {files}"),
        "KEYS_OPEN": Text(ja="管理者以外が読める鍵ファイルがある：{files}", en="others can read {files}"),
        "NO_KEY_FILES": Text(ja="鍵ファイルを用いていない", en="no key files are used"),
    },
)
def disk_key_files(disks: DiskEncryption) -> Judgement:
    if isinstance(disks.key_files, Unobserved):
        return disks.key_files
    there = [file for file in disks.key_files if file.there]
    if not there:
        return not_applicable("NO_KEY_FILES")
    if opened := [file.path for file in there if file.mode & 0o077 or file.owner]:
        return failed("KEYS_OPEN", files=listed(opened))
    return passed("KEYS_CLOSED", files=listed(file.path for file in there))


@check(
    "host.disk.recovery-keys",
    severity=Severity.MEDIUM,
    title=Text(ja="ディスクの回復キーが組織に預けられる", en="Recovery keys of disks are handed to the organisation"),
    why=Text(
        ja="回復キーを利用者だけが持つと、紛失や退職のときに情報を取り出せず、どこかに書き留められた鍵は漏れる。",
        en="Where only the user has the key, information is lost with it, and keys that are noted down somewhere leak.",
    ),
    remedy=Text(
        ja=(
            "Windows：グループポリシー「コンピューターの構成＞管理用テンプレート＞Windows コンポーネント＞BitLocker ドライブ暗号化」の"
            "「BitLocker で保護されているオペレーティング システム ドライブの回復方法を選択する」（固定データ "
            "ドライブも）で、AD DS への保存と"
            "「回復情報が AD DS に格納されるまで BitLocker を有効にしない」を選ぶ。macOS：MDM の構成プロファイルで "
            "FileVault の回復キーを預ける。"
        ),
        en=(
            "Windows: Group Policy, Computer Configuration > Administrative Templates > Windows Components > BitLocker Drive Encryption: "
            "Choose how BitLocker-protected operating system drives can be recovered (fixed data drives as well): save to AD DS, and do "
            "not enable BitLocker until recovery information is stored. macOS: have the FileVault recovery key escrowed by a profile of "
            "the MDM."
        ),
    ),
    says={
        "KEYS_HANDED_IN": Text(ja="預けなければ暗号化されない（{place}）", en="nothing is encrypted before the key is handed in ({place})"),
        "KEYS_MAYBE_HANDED_IN": Text(
            ja="預ける設定だが、預けられなくても暗号化される（{place}）",
            en="they are handed in, but disks are encrypted also where that fails ({place})",
        ),
        "KEYS_KEPT_ALONE": Text(ja="預けさせる方針がない（{place}）", en="no policy has them handed in ({place})"),
    },
)
def disk_recovery_keys(keys: RecoveryKeys) -> Judgement:
    if VolumeUse.SYSTEM in keys.demanded:
        return passed("KEYS_HANDED_IN", place=keys.source)
    return failed("KEYS_MAYBE_HANDED_IN" if VolumeUse.SYSTEM in keys.saved else "KEYS_KEPT_ALONE", place=keys.source)
