"""Checks of file systems: are those apart that should be, and do they refuse what has no business on them."""

from __future__ import annotations

from typing import Annotated

from checks.common import listed
from checks.host.settings import IN_CONTAINER, in_container
from scanner.facts.files import Mount, Mounts
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

MOUNTS_SEPARATE = Value[tuple[str, ...]](
    "mounts.separate",
    default=("/home", "/tmp", "/var"),  # noqa: S108  mount points, nothing is written there
    text=Text(ja="ほかと分けて置くべきディレクトリ", en="directories that are kept on file systems of their own"),
)


_ASKED = {
    "/tmp": ("nodev", "nosuid", "noexec"),  # noqa: S108  a mount point
    "/var/tmp": ("nodev", "nosuid", "noexec"),  # noqa: S108  a mount point
    "/dev/shm": ("nodev", "nosuid", "noexec"),  # noqa: S108  a mount point
    "/home": ("nodev", "nosuid"),
}
"""What each place has no use for."""
_MAY_BE_MISSING = frozenset({"/home"})
"""Places that ``host.mounts.separate`` speaks of where they are not apart."""


def _missing(mount: Mount, options: tuple[str, ...] | Unobserved | None) -> tuple[str, ...] | Unobserved:
    """Give the options that a reading lacks."""
    if options is None:
        return ()
    if isinstance(options, Unobserved):
        return options
    return tuple(asked for asked in _ASKED[mount.path] if asked not in options)


def _with_missing(mount: Mount, missing: tuple[str, ...], *, apart: bool) -> str:
    return f"{mount.path}: {', '.join(missing)}" if apart else f"{mount.path}: –"


@check(
    "host.mounts.options",
    severity=Severity.MEDIUM,
    title=Text(ja="共用の場所でプログラムを実行させない", en="Shared places do not run programs"),
    why=Text(
        ja="誰でも書き込める場所（/tmp、/var/tmp、/dev/shm）でプログラムを実行できると、侵入者が持ち込んだものがそのまま動く。",
        en="Where everybody can write (/tmp, /var/tmp, /dev/shm), programs that an intruder brings along should not run.",
    ),
    remedy=Text(
        ja=(
            "/etc/fstab でこれらを別のファイルシステム（tmpfs 等）とし、nodev,nosuid,noexec（/home は "
            "nodev,nosuid）を付けて、mount -o remount を実行する。"
        ),
        en=(
            'In /etc/fstab make them file systems of their own with "nodev,nosuid,noexec" (/home: "nodev,nosuid") '
            'and run "mount -o remount".'
        ),
    ),
    says={
        "OPTIONS_SET": Text(ja="制限されている：{places}", en="restricted: {places}"),
        "OPTIONS_MISSING": Text(
            ja="制限が足りない（–：別のファイルシステムでない）：{places}", en="missing (–: no file system of its own): {places}"
        ),
        "OPTIONS_NOT_APPLIED": Text(
            ja="/etc/fstab には書かれているが、今は効いていない：{places}", en="written in /etc/fstab, but not in force: {places}"
        ),
        "OPTIONS_LOST": Text(ja="今は効いているが、再起動すると失われる：{places}", en="in force, but lost with the next start: {places}"),
        "IN_CONTAINER": IN_CONTAINER,
    },
)
def mounts_options(mounts: Mounts) -> Judgement:
    if (elsewhere := in_container(mounts.container)) is not None:
        return elsewhere
    bad: dict[str, list[str]] = {"OPTIONS_MISSING": [], "OPTIONS_NOT_APPLIED": [], "OPTIONS_LOST": []}
    fine: list[str] = []
    unseen: Unobserved | None = None
    for mount in mounts.places:
        now, later = mount.options.in_force, mount.options.after_restart
        if mount.path not in _ASKED or (mount.path in _MAY_BE_MISSING and () in (now, later)):
            continue
        lacks_now, lacks_later = _missing(mount, now), _missing(mount, later)
        if isinstance(lacks_now, tuple) and lacks_now:
            tag = "OPTIONS_NOT_APPLIED" if mount.options.configured and lacks_later == () else "OPTIONS_MISSING"
            bad[tag].append(_with_missing(mount, lacks_now, apart=now != ()))
        elif isinstance(lacks_later, tuple) and lacks_later:
            bad["OPTIONS_MISSING" if now is None else "OPTIONS_LOST"].append(_with_missing(mount, lacks_later, apart=later != ()))
        elif isinstance(lacks_now, Unobserved) or isinstance(lacks_later, Unobserved):
            unseen = unseen or next(part for part in (lacks_now, lacks_later) if isinstance(part, Unobserved))
        else:
            fine.append(mount.path)
    for tag, places in bad.items():
        if places:
            return failed(tag, places=listed(places))
    return unseen or passed("OPTIONS_SET", places=listed(fine))


@check(
    "host.mounts.separate",
    severity=Severity.LOW,
    title=Text(ja="利用者や記録の領域が分かれている", en="Areas of users and logs are file systems of their own"),
    why=Text(
        ja="利用者のファイルや記録が増え続けても、OS の領域があふれて機器が止まらないようにする。領域ごとに実行の制限も掛けられる。",
        en="What users and logs write then cannot fill the system's own area and stop the machine, and each can be restricted.",
    ),
    remedy=Text(
        ja="{places} を別のパーティション又は論理ボリュームとし、/etc/fstab に記す。",
        en="Put {places} on partitions or logical volumes of their own and enter them in /etc/fstab.",
    ),
    says={
        "PLACES_APART": Text(ja="分かれている：{found}", en="apart: {found}"),
        "PLACES_TOGETHER": Text(ja="分かれていない：{found}", en="not apart: {found}"),
        "IN_CONTAINER": IN_CONTAINER,
    },
)
def mounts_separate(mounts: Mounts, *, places: Annotated[tuple[str, ...], MOUNTS_SEPARATE] = MOUNTS_SEPARATE.default) -> Judgement:
    if (elsewhere := in_container(mounts.container)) is not None:
        return elsewhere
    held = {mount.path: mount for mount in mounts.places}
    together = [path for path in places if path in held and () in held[path].options.effective()]
    if together:
        return failed("PLACES_TOGETHER", found=listed(together))
    unseen = next((missing for path in places if path in held and (missing := held[path].options.missing())), None)
    return unseen or passed("PLACES_APART", found=listed(path for path in places if path in held))


@check(
    "host.mounts.media",
    severity=Severity.LOW,
    title=Text(ja="外部媒体のプログラムを実行させない", en="Media that are plugged in run no programs"),
    why=Text(
        ja="外部媒体の上のプログラムや、特権を持つファイルを実行できると、媒体を挿すだけで権限を奪われ得る。",
        en="Programs and privileged files on a medium hand the machine to whoever prepared it.",
    ),
    remedy=Text(
        ja="/etc/fstab の外部媒体の行に nodev,nosuid,noexec を加える。",
        en='Add "nodev,nosuid,noexec" to the lines for media in /etc/fstab.',
    ),
    says={
        "MEDIA_RESTRICTED": Text(ja="制限されている：{places}", en="restricted: {places}"),
        "MEDIA_OPEN": Text(ja="制限が足りない：{places}", en="not restricted: {places}"),
        "MEDIA_NONE": Text(ja="/etc/fstab に外部媒体の行がない", en="there are no lines for media in /etc/fstab"),
    },
)
def mounts_media(mounts: Mounts) -> Judgement:
    if isinstance(mounts.media, Unobserved):
        return mounts.media
    if not mounts.media:
        return not_applicable("MEDIA_NONE")
    asked = ("nodev", "nosuid", "noexec")
    lacks = {m.path: tuple(o for o in asked if any(o not in part for part in m.options.seen())) for m in mounts.media}
    open_ = [f"{path}: {', '.join(missing)}" for path, missing in lacks.items() if missing]
    if open_:
        return failed("MEDIA_OPEN", places=listed(open_))
    unseen = next((missing for m in mounts.media if (missing := m.options.missing())), None)
    return unseen or passed("MEDIA_RESTRICTED", places=listed(lacks))
