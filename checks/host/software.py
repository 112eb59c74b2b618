"""Checks of the software of a machine: is the system supported, is what is installed allowed, where does it come from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated

from checks.common import listed, value_not_set
from scanner.facts.software import InstalledSoftware, OperatingSystem, PackageSources
from scanner.model.check import Judgement, Reference, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.support import REGULAR, Phase, SupportTable
from scanner.model.text import Text
from scanner.model.verdict import Severity, doubtful, failed, passed

PACKAGES_SOURCES = Value[tuple[str, ...]](
    "packages.sources",
    default=(),
    text=Text(
        ja="ソフトウェアの取得元として認めるホスト名（.example.jp は下位も含む）",
        en="host names from which software may be fetched (.example.jp takes in those below)",
    ),
)

PLATFORM_EXTENDED = Value[tuple[str, ...]](
    "platform.extended-support",
    default=("debian-lts",),
    text=Text(
        ja="組織が利用する延長サポート（debian-lts、debian-elts、ubuntu-pro、rhel-els、windows-esu）",
        en="extended support that the organisation uses (debian-lts, debian-elts, ubuntu-pro, rhel-els, windows-esu)",
    ),
    choices=("debian-elts", "debian-lts", "rhel-els", "ubuntu-pro", "windows-esu"),
)

PLATFORM_LEAST_SUPPORT_DAYS = Value(
    "platform.least-support-days",
    default=0,
    text=Text(ja="OS のサポート終了までに残すべき日数", en="days that must be left before the end of support of the operating system"),
    unit="d",
    least=0,
    most=3650,
)

SOFTWARE_FORBIDDEN = Value[tuple[str, ...]](
    "software.forbidden",
    default=(),
    text=Text(ja="使用を禁じるソフトウェアの名前（* を含んでよい）", en="names of software that is forbidden (may hold *)"),
)

SOFTWARE_PERMITTED = Value[tuple[str, ...]](
    "software.permitted",
    default=(),
    text=Text(ja="使用を認めるソフトウェアの名前（* を含んでよい）", en="names of software that is permitted (may hold *)"),
)

SOFTWARE_REMOTE_CONTROL = Value[tuple[str, ...]](
    "software.remote-control",
    default=(
        "aeroadmin*",
        "ammyy*",
        "anydesk*",
        "atera*",
        "brynhildr*",
        "chrome remote desktop*",
        "connectwise*",
        "dameware*",
        "dwservice*",
        "gotomypc*",
        "isl light*",
        "logmein*",
        "meshcentral*",
        "meshagent*",
        "netsupport*",
        "parsec*",
        "radmin*",
        "realvnc*",
        "remote utilities*",
        "remotepc*",
        "rustdesk*",
        "screenconnect*",
        "splashtop*",
        "supremo*",
        "teamviewer*",
        "tightvnc*",
        "tigervnc*",
        "ultravnc*",
        "ultraviewer*",
        "vnc server*",
        "x11vnc*",
        "zoho assist*",
    ),
    text=Text(
        ja="外から機器を操作するソフトウェアで、認めていないものの名前（* を含んでよい、大文字と小文字を区別しない）",
        en="names of software to control a machine from elsewhere that is not permitted (may hold *, case means nothing)",
    ),
)


_TOOLS = (
    "gcc",
    "gcc-[0-9]*",
    "g++",
    "g++-[0-9]*",
    "gcc-c++",
    "clang",
    "clang-[0-9]*",
    "make",
    "gdb",
    "build-essential",
    "rpm-build",
    "strace",
)
"""Compilers and what belongs to them, by the names of packages."""


@check(
    "host.platform.support",
    severity=Severity.HIGH,
    title=Text(ja="OS がサポート期間内にある", en="The operating system is supported"),
    why=Text(
        ja="サポートが終わった OS には修正が提供されず、見つかった脆弱性が残り続ける。",
        en="Nobody mends the flaws of a system whose support has ended.",
    ),
    remedy=Text(
        ja="サポート期間内の版へ移行する。移行までの間は延長サポートを契約し、方針ファイルの platform.extended-support に記す。",
        en=(
            "Move to a release that is supported. Until then subscribe to extended support and name it in the "
            "profile (platform.extended-support)."
        ),
    ),
    says={
        "SUPPORTED": Text(ja="{name} は {until} までサポートされる（{kind}）", en="{name} is supported until {until} ({kind})"),
        "SUPPORT_ENDING": Text(
            ja="{name} のサポートは {until} に終わり、残り {days} 日は下限 {least} 日に満たない",
            en="support of {name} ends on {until}; {days} days are left, {least} are asked for",
        ),
        "SUPPORT_ENDED": Text(ja="{name} のサポートは {until} に終わった", en="support of {name} ended on {until}"),
    },
)
def platform_support(
    system: OperatingSystem,
    *,
    table: Annotated[SupportTable, Reference("support-table", "linux")],
    windows: Annotated[SupportTable, Reference("support-table", "windows")],
    macos: Annotated[SupportTable, Reference("support-table", "macos")],
    extended: Annotated[tuple[str, ...], PLATFORM_EXTENDED] = PLATFORM_EXTENDED.default,
    least_days: Annotated[int, PLATFORM_LEAST_SUPPORT_DAYS] = PLATFORM_LEAST_SUPPORT_DAYS.default,
) -> Judgement:
    row = next((row for held in (table, windows, macos) if (row := held.find(system.system, system.release))), None)
    own = (Phase(REGULAR, date.fromisoformat(system.support_end)),) if system.support_end else ()
    phases = own or (row.phases if row else ())
    if not phases:
        ja, en = "{name} のサポート期限が分からない", "it is not known until when {name} is supported"
        return cannot_tell(Reason.UNSUPPORTED, ja, en, name=system.name or system.system or "?")
    if isinstance(system.today, Unobserved):
        return system.today
    mine = set(extended) | set(system.subscriptions if isinstance(system.subscriptions, tuple) else ())
    today, name = date.fromisoformat(system.today), system.name
    last = max((phase for phase in phases if phase.kind == REGULAR or phase.kind in mine), key=lambda phase: phase.until)
    days = (last.until - today).days
    sure = bool(own) or (row is not None and row.confirmed)
    bad = failed if sure else doubtful
    if days >= least_days and days >= 0:
        return passed("SUPPORTED", name=name, until=last.until.isoformat(), kind=last.kind)
    if isinstance(system.subscriptions, Unobserved):
        return system.subscriptions
    if days >= 0:
        return bad("SUPPORT_ENDING", name=name, until=last.until.isoformat(), days=days, least=least_days)
    return bad("SUPPORT_ENDED", name=name, until=last.until.isoformat())


def _matching(names: Iterable[str], patterns: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(patterns)
    return tuple(name for name in dict.fromkeys(names) if any(fnmatchcase(name, pattern) for pattern in wanted))


@check(
    "host.software.forbidden",
    severity=Severity.MEDIUM,
    title=Text(ja="禁じられたソフトウェアがない", en="No forbidden software is installed"),
    why=Text(
        ja="組織が禁じたソフトウェアは、情報の持出しや脆弱性の原因となる。",
        en="What the organisation forbids leads data out or brings flaws in.",
    ),
    remedy=Text(
        ja=(
            "示されたソフトウェアを削除する（apt-get purge、dnf remove）。必要な場合は承認を得て記録する。"
            "Windows：「設定」の「アプリ」から削除する。"
        ),
        en=('Remove it ("apt-get purge", "dnf remove"), or have its use approved and recorded. Windows: remove it under Apps in Settings.'),
    ),
    says={
        "FORBIDDEN_NONE": Text(ja="禁じられたソフトウェアはない（{count} 個を調べた）", en="none among {count} packages"),
        "FORBIDDEN_FOUND": Text(ja="禁じられたソフトウェアがある：{names}", en="forbidden software: {names}"),
    },
)
def software_forbidden(software: InstalledSoftware, *, forbidden: Annotated[tuple[str, ...], SOFTWARE_FORBIDDEN] = ()) -> Judgement:
    if not forbidden:
        return value_not_set(SOFTWARE_FORBIDDEN)
    if isinstance(software.packages, Unobserved):
        return software.packages
    found = _matching((p.name for p in software.packages), forbidden)
    if found:
        return failed("FORBIDDEN_FOUND", names=listed(found))
    return software.unread or passed("FORBIDDEN_NONE", count=len(software.packages))


@check(
    "host.software.permitted",
    severity=Severity.MEDIUM,
    title=Text(ja="認められたソフトウェアだけがある", en="Only permitted software is installed"),
    why=Text(
        ja="認められていないソフトウェアは、管理されず、更新されず、脆弱性の原因となる。",
        en="Software that nobody approved is looked after by nobody.",
    ),
    remedy=Text(
        ja="示されたソフトウェアを削除するか、承認を得て方針ファイルの software.permitted に加える。",
        en="Remove it, or have it approved and add it to software.permitted in the profile.",
    ),
    says={
        "PERMITTED_ONLY": Text(ja="認められたものだけである（{count} 個を調べた）", en="all of {count} packages are permitted"),
        "UNPERMITTED_FOUND": Text(
            ja="認められていないソフトウェアが {count} 個ある：{names}", en="{count} packages are not permitted: {names}"
        ),
    },
)
def software_permitted(software: InstalledSoftware, *, permitted: Annotated[tuple[str, ...], SOFTWARE_PERMITTED] = ()) -> Judgement:
    if not permitted:
        return value_not_set(SOFTWARE_PERMITTED)
    if isinstance(software.packages, Unobserved):
        return software.packages
    allowed = set(_matching((p.name for p in software.packages), permitted))
    found = [p.name for p in software.packages if p.name not in allowed]
    if found:
        return failed("UNPERMITTED_FOUND", count=len(found), names=listed(found))
    return software.unread or passed("PERMITTED_ONLY", count=len(software.packages))


@check(
    "host.software.remote-control",
    severity=Severity.MEDIUM,
    title=Text(ja="外から機器を操作するソフトウェアがない", en="There is no software to control the machine from elsewhere"),
    why=Text(
        ja="組織の通信の境界を越えて機器を操作でき、情報の持出しや、サポートを装う詐欺に使われる。",
        en="It reaches through the organisation's boundary, and is used to lead data out and by false helpdesks.",
    ),
    remedy=Text(
        ja="示されたソフトウェアを削除する。認めたものは方針ファイルの software.remote-control から除く。",
        en="Remove it; take what is permitted out of software.remote-control in the profile.",
    ),
    says={
        "REMOTE_CONTROL_NONE": Text(ja="ない（{count} 個を調べた）", en="none among {count} programs"),
        "REMOTE_CONTROL_FOUND": Text(ja="ある：{names}", en="found: {names}"),
    },
)
def software_remote_control(
    software: InstalledSoftware, *, unwanted: Annotated[tuple[str, ...], SOFTWARE_REMOTE_CONTROL] = SOFTWARE_REMOTE_CONTROL.default
) -> Judgement:
    if isinstance(software.packages, Unobserved):
        return software.packages
    patterns = [pattern.lower() for pattern in unwanted]
    found = [p.name for p in software.packages if any(fnmatchcase(p.name.lower(), pattern) for pattern in patterns)]
    if found:
        return failed("REMOTE_CONTROL_FOUND", names=listed(found))
    return software.unread or passed("REMOTE_CONTROL_NONE", count=len(software.packages))


@check(
    "host.software.development",
    severity=Severity.LOW,
    title=Text(ja="業務用の機器に開発用の道具がない", en="No development tools are left on the machine"),
    why=Text(
        ja="構築のときに使ったコンパイラ等が残っていると、侵入者が攻撃用のプログラムをその場で作れる。",
        en="Compilers left from building let an intruder make programs on the spot.",
    ),
    remedy=Text(
        ja="開発や構築に使わない機器から、示されたソフトウェアを削除する。",
        en="Remove them from machines that are not used for development.",
    ),
    says={
        "TOOLS_NONE": Text(ja="開発用の道具はない", en="there are none"),
        "TOOLS_FOUND": Text(ja="開発用の道具がある：{names}", en="development tools: {names}"),
    },
)
def software_development(software: InstalledSoftware) -> Judgement:
    if isinstance(software.packages, Unobserved):
        return software.packages
    if software.manager not in {"dpkg", "rpm", ""}:
        ja, en = "この OS の開発用の道具の名前を知らない", "the names of development tools on this system are not known"
        return cannot_tell(Reason.UNSUPPORTED, ja, en)
    # gcc-12-base and its like are empty packages that every Debian machine has
    found = _matching((p.name for p in software.packages if not p.name.endswith("-base")), _TOOLS)
    return failed("TOOLS_FOUND", names=listed(found)) if found else passed("TOOLS_NONE")


@check(
    "host.packages.signatures",
    severity=Severity.HIGH,
    title=Text(ja="署名を確かめたソフトウェアだけが入る", en="Only signed software is installed"),
    why=Text(
        ja="署名を確かめずに取得したソフトウェアは、途中で差し替えられていても気付けない。",
        en="Software taken without its signature may have been replaced on the way.",
    ),
    remedy=Text(
        ja=(
            "Debian・Ubuntu：取得元の記述から trusted=yes と allow-insecure=yes を除き、signed-by で鍵を示す。"
            "/etc/apt/apt.conf.d の AllowUnauthenticated 等を除く。"
            "Red Hat 系：/etc/dnf/dnf.conf と各 .repo を gpgcheck=1 とし、sslverify=0 を除く。"
        ),
        en=(
            'Debian, Ubuntu: remove "trusted=yes" and "allow-insecure=yes" from the sources, name the key with "signed-by", remove '
            '"AllowUnauthenticated" and the like from /etc/apt/apt.conf.d. Red Hat family: "gpgcheck=1" everywhere, no "sslverify=0".'
        ),
    ),
    says={
        "SIGNATURES_ASKED": Text(ja="すべての取得元で署名を確かめる（{count} 件）", en="signatures are asked of all {count} sources"),
        "SIGNATURES_LAX": Text(ja="署名がなくても受け入れる設定がある：{settings}", en="settings let unsigned content in: {settings}"),
        "SOURCES_UNSIGNED": Text(ja="署名を確かめない取得元がある：{places}", en="sources without signatures: {places}"),
    },
)
def packages_signatures(sources: PackageSources) -> Judgement:
    if isinstance(sources.lax, tuple) and sources.lax:
        return failed("SIGNATURES_LAX", settings=listed(sources.lax))
    if isinstance(sources.sources, Unobserved):
        return sources.sources
    unsigned = [f"{s.address} ({s.place})" for s in sources.sources if s.signed is False]
    if unsigned:
        return failed("SOURCES_UNSIGNED", places=listed(unsigned))
    for part in (sources.lax, *(s.signed for s in sources.sources)):
        if isinstance(part, Unobserved):
            return part
    return passed("SIGNATURES_ASKED", count=len(sources.sources))


@check(
    "host.packages.sources",
    severity=Severity.MEDIUM,
    title=Text(ja="ソフトウェアを認められた取得元からだけ取得する", en="Software is fetched from approved sources only"),
    why=Text(
        ja="認められていない取得元のソフトウェアは、その運営者が機器を意のままにできる。",
        en="Whoever runs a source of packages can do anything on the machines that use it.",
    ),
    remedy=Text(
        ja="示された取得元を除くか、承認を得て方針ファイルの packages.sources に加える。",
        en="Remove the source, or have it approved and add its host to packages.sources in the profile.",
    ),
    says={
        "SOURCES_APPROVED": Text(ja="認められた取得元だけである：{hosts}", en="all are approved: {hosts}"),
        "SOURCES_UNKNOWN": Text(ja="認められていない取得元がある：{places}", en="not approved: {places}"),
    },
)
def packages_sources(sources: PackageSources, *, approved: Annotated[tuple[str, ...], PACKAGES_SOURCES] = ()) -> Judgement:
    if not approved:
        return value_not_set(PACKAGES_SOURCES)
    if isinstance(sources.sources, Unobserved):
        return sources.sources
    bad = [f"{s.address} ({s.place})" for s in sources.sources if s.host and not _approved(s.host, approved)]
    if bad:
        return failed("SOURCES_UNKNOWN", places=listed(bad))
    return passed("SOURCES_APPROVED", hosts=listed(s.host for s in sources.sources if s.host))


def _approved(host: str, approved: tuple[str, ...]) -> bool:
    return any(host == name or (name.startswith(".") and host.endswith(name)) for name in approved)


@check(
    "host.packages.transport",
    severity=Severity.LOW,
    title=Text(ja="ソフトウェアを暗号化された通信路で取得する", en="Software is fetched over encrypted connections"),
    why=Text(
        ja=(
            "平文で取得すると、何を導入しているかが知られ、古い一覧を見せて更新を妨げる攻撃を受け得る。"
            "署名の確認はそれを補うが、代わりではない。"
        ),
        en="Plain connections show what is installed and let old lists be served; signatures help but do not replace encryption.",
    ),
    remedy=Text(
        ja=(
            "取得元の記述を http:// から https:// に改める。"
            "Windows：グループポリシー「コンピューターの構成＞管理用テンプレート＞Windows コンポーネント＞Windows "
            "Update」の「イントラネットの Microsoft 更新サービスの場所を指定する」に https:// の場所を書く。"
        ),
        en=(
            'Change "http://" to "https://" in the sources. Windows: Group Policy, Computer Configuration > Administrative Templates > '
            "Windows Components > Windows Update: Specify intranet Microsoft update service location, with an https:// address."
        ),
    ),
    says={
        "TRANSPORT_ENCRYPTED": Text(ja="平文の取得元はない", en="no source is fetched in clear text"),
        "TRANSPORT_PLAIN": Text(ja="平文の取得元がある：{places}", en="fetched in clear text: {places}"),
    },
)
def packages_transport(sources: PackageSources) -> Judgement:
    if isinstance(sources.sources, Unobserved):
        return sources.sources
    plain = [f"{s.address} ({s.place})" for s in sources.sources if s.scheme in {"http", "ftp"}]
    return failed("TRANSPORT_PLAIN", places=listed(plain)) if plain else passed("TRANSPORT_ENCRYPTED")
