"""Checks of removable media: those that were put in against the organisation's ledger, and whether they have to be encrypted."""

from __future__ import annotations

from typing import Annotated

from checks.common import listed, value_not_set
from scanner.facts.media_history import InsertedMedium, MediaInsertions
from scanner.facts.readings import Hold
from scanner.facts.removable_media import RemovableEncryption, UsbStorage
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

MEDIA_REGISTERED = Value[tuple[str, ...]](
    "media.registered",
    default=(),
    text=Text(ja="使用を認めた外部電磁的記録媒体の製造番号（台帳にあるもの）", en="serial numbers of the removable media that may be used"),
)


@check(
    "endpoint.media.registered",
    severity=Severity.MEDIUM,
    title=Text(ja="登録された外部電磁的記録媒体だけが使われている", en="Only registered removable media are used"),
    why=Text(
        ja="出所の分からない媒体は不正プログラムを持ち込み、管理されない媒体は情報の持ち出しに使われる。",
        en="Media of unknown origin bring malicious programs in, and media that nobody manages take information out.",
    ),
    remedy=Text(
        ja="挿した事情を利用者に確かめる。使用を認めるものは媒体の台帳と方針ファイルの media.registered に製造番号を加える。",
        en="Ask the user about them. Add the serial numbers of those that may be used to the ledger of media and to media.registered.",
    ),
    says={
        "MEDIA_REGISTERED": Text(
            ja="記録にある媒体は全て登録されている（{count} 個）", en="every medium on record is registered ({count})"
        ),
        "MEDIA_NONE": Text(ja="媒体が挿された記録はない（{source}、{since} から）", en="none is on record ({source}, since {since})"),
        "MEDIA_OTHER": Text(
            ja="登録されていない媒体が挿された（機種、製造番号、最後の日）：{media}",
            en="media that are not registered (model, serial number, last day): {media}",
        ),
    },
)
def media_registered(
    insertions: MediaInsertions, *, registered: Annotated[tuple[str, ...], MEDIA_REGISTERED] = MEDIA_REGISTERED.default
) -> Judgement:
    if isinstance(insertions.media, Unobserved):
        return insertions.media
    if not insertions.media:
        if isinstance(insertions.since, Unobserved):
            return insertions.since
        return passed("MEDIA_NONE", source=insertions.source, since=insertions.since or "-")
    if not registered:
        return value_not_set(MEDIA_REGISTERED)
    known = {serial.casefold() for serial in registered}
    others = [m for m in insertions.media if not m.serial or m.serial.casefold() not in known]
    if others:
        return failed("MEDIA_OTHER", media=listed(map(_label, others)))
    # without knowing since when there are records, those before them may be of any medium
    return insertions.since if isinstance(insertions.since, Unobserved) else passed("MEDIA_REGISTERED", count=len(insertions.media))


def _label(medium: InsertedMedium) -> str:
    day = medium.last_day if isinstance(medium.last_day, str) else "-"
    return f"{medium.model or medium.ids or '?'} {medium.serial or '-'} {day}"


@check(
    "endpoint.media.encrypted",
    severity=Severity.MEDIUM,
    title=Text(ja="暗号化されていない外部記録媒体に書き込めない", en="Nothing is written to removable media that are not encrypted"),
    why=Text(
        ja="暗号化されていない媒体を紛失すると、拾った者に情報を読まれる。",
        en="Whoever finds a medium that was lost reads what is on it, unless it is encrypted.",
    ),
    remedy=Text(
        ja=(
            "グループポリシー「コンピューターの構成＞管理用テンプレート＞Windows コンポーネント＞BitLocker "
            "ドライブ暗号化＞リムーバブル データ ドライブ」の"
            "「BitLocker で保護されていないリムーバブル ドライブへの書き込みアクセスを拒否する」を有効にする。"
        ),
        en=(
            "Group Policy, Computer Configuration > Administrative Templates > Windows Components > BitLocker Drive Encryption > "
            "Removable Data Drives: Deny write access to removable drives not protected by BitLocker."
        ),
    ),
    says={
        "PLAIN_REFUSED": Text(ja="書き込めない（{place}）", en="it is refused ({place})"),
        "PLAIN_WRITTEN": Text(ja="書き込める（{place}）", en="it is possible ({place})"),
        "MEDIA_BARRED": Text(ja="USB 接続の記録媒体自体が使えない", en="USB storage cannot be used at all"),
    },
)
def media_encrypted(encryption: RemovableEncryption, usb: UsbStorage | Unobserved) -> Judgement:
    if not isinstance(usb, Unobserved) and any(set(barrier.holds.effective()) == {Hold.FULL} for barrier in usb.barriers):
        return not_applicable("MEDIA_BARRED")
    refuses = encryption.refuses_plain
    if False in refuses.effective():
        return failed("PLAIN_WRITTEN", place=refuses.source)
    return refuses.missing() or passed("PLAIN_REFUSED", place=refuses.source)
