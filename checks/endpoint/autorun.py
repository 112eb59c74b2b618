"""Checks of removable media: are they mounted unasked, are programs on them started, can USB storage be used at all."""

from __future__ import annotations

from typing import Annotated

from checks.common import also, listed, value_not_set
from checks.endpoint.common import every, now_and_later, settled, whose
from scanner.facts.readings import Hold
from scanner.facts.removable_media import AutoMount, AutoRun, Barrier, Behaviour, Mounter, MountPermission, UsbStorage
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

USB_STORAGE_USE = Value(
    "usb-storage.use",
    default="unset",
    text=Text(
        ja="USB ストレージの使用（allowed：認める、blocked：認めない、unset：未定）",
        en="use of USB storage (allowed, blocked, or unset: not decided)",
    ),
    choices=("allowed", "blocked", "unset"),
)


def _unasked(mounter: Mounter, media: AutoMount) -> tuple[bool | Unobserved | None, bool | Unobserved]:
    """Tell whether a program mounts media unasked, now and after a restart, with what the mount service permits."""
    mounts = now_and_later(mounter.mounts)
    if not mounter.through_service:
        return mounts
    if media.permission is None:
        return (None if mounts[0] is None else False), False
    free = tuple(p if p is None or isinstance(p, Unobserved) else p is MountPermission.FREE for p in now_and_later(media.permission))
    now = None if mounts[0] is None or free[0] is None else every((mounts[0], free[0]))
    later = every((mounts[1], free[1] if free[1] is not None else False))
    return now, later


def _asks_first(media: AutoMount) -> bool:
    """Whether the mount service is known to ask for authentication, so that a program's own setting does not matter."""
    return media.permission is not None and media.permission.missing() is None and MountPermission.FREE not in media.permission.seen()


MACOS_AUTORUN_AUTOMOUNT = Text(
    ja=(
        "macOS には自動マウントを止める設定がない。外部ストレージを使わせない場合は、macOS 15 以降のデバイス管理の宣言"
        "（com.apple.configuration.diskmanagement.settings の ExternalStorage）で禁じる。"
    ),
    en=(
        "macOS has no setting against mounting; where external storage is not to be used, forbid it by a declaration "
        "of device management (ExternalStorage in com.apple.configuration.diskmanagement.settings, macOS 15 and later)."
    ),
)


@check(
    "endpoint.autorun.automount",
    severity=Severity.MEDIUM,
    title=Text(ja="外部電磁的記録媒体が自動で接続（マウント）されない", en="Removable media are not mounted unasked"),
    why=Text(
        ja="媒体を挿すだけで内容が読み込まれる設定では、細工されたファイルシステムやファイルにより、利用者の操作なしに攻撃が始まり得る。",
        en=(
            "Where a medium is read as soon as it is plugged in, crafted file systems and files can attack without anybody doing anything."
        ),
    ),
    remedy=also(
        Text(
            ja=(
                "GNOME：/etc/dconf/db/local.d/00-media に「[org/gnome/desktop/media-handling]」「automount=false」"
                "「automount-open=false」、/etc/dconf/db/local.d/locks/media に「/org/gnome/desktop/media-handling/automount」と"
                "「…/automount-open」を書き、dconf update を実行する（/etc/dconf/profile/user に「system-db:local」があること）。KDE："
                "/etc/xdg/kded_device_automounterrc に「[General][$i]」「AutomountEnabled=false」と書く。autofs は「systemctl disable "
                "--now autofs」、/etc/fstab は x-systemd.automount を除く。"
            ),
            en=(
                "GNOME: in /etc/dconf/db/local.d/00-media write [org/gnome/desktop/media-handling], automount=false and "
                "automount-open=false, in /etc/dconf/db/local.d/locks/media the lines /org/gnome/desktop/media-handling/automount and "
                ".../automount-open, then run dconf update (/etc/dconf/profile/user must name system-db:local). KDE: in "
                "/etc/xdg/kded_device_automounterrc write [General][$i] and AutomountEnabled=false. autofs: systemctl disable --now "
                "autofs; in /etc/fstab remove x-systemd.automount."
            ),
        ),
        MACOS_AUTORUN_AUTOMOUNT,
    ),
    says={
        "NOTHING_MOUNTS": Text(ja="自動で接続する仕組みがない", en="nothing on the machine mounts media by itself"),
        "AUTOMOUNT_OFF": Text(ja="自動接続は無効で、利用者は変更できない：{by}", en="off, and users cannot change it: {by}"),
        "AUTOMOUNT_ASKS": Text(
            ja="接続サービスが認証を求めるため、自動では接続されない：{by}", en="the mount service asks for authentication first: {by}"
        ),
        "AUTOMOUNT_OFF_CHANGEABLE": Text(ja="自動接続は無効だが、利用者が変更できる：{by}", en="off, but users can change it: {by}"),
        "AUTOMOUNT_ON": Text(ja="媒体を挿すと自動で接続される：{by}（{places}）", en="media are mounted unasked by {by} ({places})"),
        "AUTOMOUNT_NOT_APPLIED": Text(
            ja="無効にする設定が書かれているが反映されていない：{by}（{places}）",
            en="files ask for it to be off, but that is not in force: {by} ({places})",
        ),
        "AUTOMOUNT_RETURNS": Text(
            ja="今は無効だが、再起動後に有効となる：{by}（{places}）", en="off now, but on after a restart: {by} ({places})"
        ),
    },
)
def autorun_automount(media: AutoMount, *, locked: bool = True) -> Judgement:
    if isinstance(media.mounters, Unobserved):
        return media.mounters
    on: dict[str, list[Mounter]] = {"AUTOMOUNT_ON": [], "AUTOMOUNT_NOT_APPLIED": [], "AUTOMOUNT_RETURNS": []}
    unseen: Unobserved | None = None
    off: list[Mounter] = []
    asks: list[Mounter] = []
    for mounter in media.mounters:
        now, later = _unasked(mounter, media)
        if now is True or later is True:
            not_applied = mounter.mounts.configured is False
            on["AUTOMOUNT_RETURNS" if now is False else "AUTOMOUNT_NOT_APPLIED" if not_applied else "AUTOMOUNT_ON"].append(mounter)
        elif open_part := next((part for part in (now, later) if isinstance(part, Unobserved)), None):
            unseen = unseen or open_part
        elif not (mounter.through_service and media.permission is None):
            (asks if mounter.through_service and _asks_first(media) else off).append(mounter)
    for tag, found in on.items():
        if found:
            return failed(tag, by=listed(whose(m.program, m.account) for m in found), places=listed(m.mounts.source for m in found))
    changeable = [m for m in off if m.fixed is False]
    if changeable and locked:
        return failed("AUTOMOUNT_OFF_CHANGEABLE", by=listed(whose(m.program, m.account) for m in changeable))
    unseen = unseen or next((m.fixed for m in off if locked and isinstance(m.fixed, Unobserved)), None)
    if unseen:
        return unseen
    if off:
        return passed("AUTOMOUNT_OFF", by=listed(whose(m.program, m.account) for m in off))
    if asks:
        return passed("AUTOMOUNT_ASKS", by=listed(whose(m.program, m.account) for m in asks))
    return passed("NOTHING_MOUNTS")


@check(
    "endpoint.autorun.run",
    severity=Severity.HIGH,
    title=Text(ja="媒体の中のプログラムが自動で実行又は提示されない", en="Programs on media are neither started nor offered"),
    why=Text(
        ja="自動実行（オートラン）が有効であると、媒体を挿しただけで、又は一度の確認だけで不正プログラムが実行される。",
        en="With autorun a medium infects the machine as soon as it is plugged in, or after one careless click.",
    ),
    remedy=Text(
        ja=(
            "GNOME：/etc/dconf/db/local.d/00-media の「[org/gnome/desktop/media-handling]」に「autorun-never=true」、"
            "/etc/dconf/db/local.d/locks/media に「/org/gnome/desktop/media-handling/autorun-never」を書き、dconf update を実行する。"
            "Windows：グループポリシー「コンピューターの構成」→「管理用テンプレート」→「Windows コンポーネント」→「自動再生のポリシー」の"
            "「自動再生機能をオフにする」を「すべてのドライブ」、「自動実行の既定の動作を設定する」を「自動実行コマンドを実行しない」"
            "とし、"
            "「ボリューム以外のデバイスの自動再生を許可しない」を有効にする。"
        ),
        en=(
            "GNOME: in /etc/dconf/db/local.d/00-media under [org/gnome/desktop/media-handling] write autorun-never=true, in "
            "/etc/dconf/db/local.d/locks/media the line /org/gnome/desktop/media-handling/autorun-never, then run dconf update. "
            "Windows: Group Policy, Computer Configuration > Administrative Templates > Windows Components > AutoPlay Policies: Turn off "
            "AutoPlay on all drives, Set the default behavior for AutoRun to do not execute any autorun commands, and enable Disallow "
            "AutoPlay for non-volume devices."
        ),
    ),
    says={
        "NOTHING_RUNS": Text(
            ja="媒体のプログラムを実行又は提示する仕組みがない", en="nothing on the machine starts or offers programs on media"
        ),
        "AUTORUN_NEVER": Text(ja="自動実行は無効で、利用者は変更できない：{by}", en="never, and users cannot change it: {by}"),
        "AUTORUN_NEVER_CHANGEABLE": Text(ja="自動実行は無効だが、利用者が変更できる：{by}", en="never, but users can change it: {by}"),
        "AUTORUN_ASKS": Text(ja="確認のうえ実行する設定である：{by}（{places}）", en="programs are offered: {by} ({places})"),
        "AUTORUN_STARTS": Text(ja="確認なしに実行される：{by}（{places}）", en="programs are started unasked: {by} ({places})"),
        "AUTORUN_NOT_APPLIED": Text(
            ja="無効にする設定が書かれているが反映されていない：{by}（{places}）",
            en="files ask for never, but that is not in force: {by} ({places})",
        ),
    },
)
def autorun_run(media: AutoRun, *, locked: bool = True) -> Judgement:
    if isinstance(media.runners, Unobserved):
        return media.runners
    if not media.runners:
        return passed("NOTHING_RUNS")
    for tag, wanted in (("AUTORUN_STARTS", Behaviour.STARTS), ("AUTORUN_ASKS", Behaviour.ASKS)):
        found = [r for r in media.runners if wanted in r.behaviour.seen()]
        if found:
            ignored = all(r.behaviour.configured is Behaviour.NEVER for r in found)
            by, places = listed(whose(r.program, r.account) for r in found), listed(r.behaviour.source for r in found)
            return failed("AUTORUN_NOT_APPLIED" if ignored else tag, by=by, places=places)
    changeable = [r for r in media.runners if r.fixed is False and r.behaviour.missing() is None]
    if changeable and locked:
        return failed("AUTORUN_NEVER_CHANGEABLE", by=listed(whose(r.program, r.account) for r in changeable))
    for runner in media.runners:
        if why := runner.behaviour.missing():
            return why
        if locked and isinstance(runner.fixed, Unobserved):
            return runner.fixed
    return passed("AUTORUN_NEVER", by=listed(whose(r.program, r.account) for r in media.runners))


def _stopped(holds: list[Hold | Unobserved | None]) -> bool | Unobserved | None:
    """Tell whether one barrier holds fully; ``None`` where the machine does not run."""
    if all(hold is None for hold in holds):
        return None
    if Hold.FULL in holds:
        return True
    return next((hold for hold in holds if isinstance(hold, Unobserved)), False)


def _sources(barriers: tuple[Barrier, ...], hold: Hold) -> tuple[str, ...]:
    return listed(b.holds.source for b in barriers if hold in b.holds.effective())


@check(
    "endpoint.autorun.usb-storage",
    severity=Severity.MEDIUM,
    title=Text(ja="USB ストレージが使用できない", en="USB storage cannot be used"),
    why=Text(
        ja="使う予定のない USB ストレージを使えるままにしておくと、不正プログラムの侵入と情報の持出しの経路となる。",
        en="USB storage that nobody needs is a way in for malware and a way out for data.",
    ),
    remedy=also(
        Text(
            ja=(
                "/etc/modprobe.d/usb-storage.conf に「install usb-storage /bin/false」と「blacklist usb-storage」「blacklist uas」を書く"
                "（blacklist だけでは手動で読み込める）。媒体を限って認める場合は USBGuard を有効にし、"
                "/etc/usbguard/usbguard-daemon.conf を「ImplicitPolicyTarget=block」とする。"
                "Windows：グループポリシー「コンピューターの構成」→「管理用テンプレート」→「システム」→「リムーバブル記憶域へのアクセス」の"
                "「すべてのリムーバブル記憶域クラス: すべてのアクセスを拒否」を有効にする。媒体を限って認める場合は「システム」→"
                "「デバイスのインストール」→「デバイスのインストールの制限」で USB\\Class_08 を、インストール済みのものも含めて拒否し、"
                "認めるものを挙げる。"
            ),
            en=(
                "In /etc/modprobe.d/usb-storage.conf write install usb-storage /bin/false, blacklist usb-storage and blacklist uas "
                "(a blacklist line alone leaves loading by hand). Where listed devices are allowed, enable USBGuard with "
                "ImplicitPolicyTarget=block in /etc/usbguard/usbguard-daemon.conf. "
                "Windows: Group Policy, Computer Configuration > Administrative Templates > System > Removable Storage Access: enable All "
                "Removable Storage classes: Deny all access. Where listed devices are allowed: System > Device Installation > Device "
                "Installation Restrictions: deny USB\\Class_08, devices that are installed already included, and list those allowed."
            ),
        ),
        MACOS_AUTORUN_AUTOMOUNT,
    ),
    says={
        "USB_BLOCKED": Text(ja="使用できない（{by}）", en="it cannot be used ({by})"),
        "USB_USE_ALLOWED": Text(ja="組織が USB ストレージの使用を認めている", en="the organisation allows USB storage"),
        "USB_OPEN": Text(ja="USB ストレージを使用できる", en="USB storage can be used"),
        "USB_WEAK": Text(ja="妨げるものが不十分である（{by}）", en="what stands in the way is not enough ({by})"),
        "USB_UNTIL_RESTART": Text(
            ja="今は使用できないが、再起動後に使用できるようになる（{by}）", en="it cannot be used now, but it can after a restart ({by})"
        ),
        "USB_AFTER_RESTART": Text(
            ja="再起動後は使用できないが、今は使用できる（{by}）", en="it cannot be used after a restart, but it can now ({by})"
        ),
    },
)
def autorun_usb_storage(usb: UsbStorage, *, use: Annotated[str, USB_STORAGE_USE] = USB_STORAGE_USE.default) -> Judgement:
    if use == "allowed":
        return not_applicable("USB_USE_ALLOWED")
    judged = _usb_storage(usb)
    # What cannot be used is fine whatever the organisation says; only for the rest its decision is needed.
    return judged if use == "blocked" or settled(judged) else value_not_set(USB_STORAGE_USE)


def _usb_storage(usb: UsbStorage) -> Judgement:
    now = _stopped([barrier.holds.in_force for barrier in usb.barriers])
    later = _stopped([barrier.holds.after_restart for barrier in usb.barriers])
    full, partial = _sources(usb.barriers, Hold.FULL), _sources(usb.barriers, Hold.PARTIAL)
    if later is False and now is True:
        return failed("USB_UNTIL_RESTART", by=full)
    if now is False and later is True:
        return failed("USB_AFTER_RESTART", by=full)
    if now is False or later is False:
        return failed("USB_WEAK", by=partial) if partial else failed("USB_OPEN")
    unseen = next((part for part in (now, later) if isinstance(part, Unobserved)), None)
    return unseen or passed("USB_BLOCKED", by=full)
