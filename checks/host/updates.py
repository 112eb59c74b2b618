"""Checks of security updates: are they installed, are the lists of them fresh, do they come by themselves, do they work yet."""

from __future__ import annotations

from typing import Annotated

from checks.common import also, listed
from scanner.facts.software import AutomaticUpdates, RestartNeed, SecurityUpdates
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

UPDATES_MOST_LIST_DAYS = Value(
    "updates.most-list-days",
    default=7,
    text=Text(ja="更新の一覧を取得してからの日数の上限", en="most days since the list of updates was fetched"),
    unit="d",
    least=1,
    most=365,
)


_WHY = Text(
    ja="公開された脆弱性は、修正が出てから日を置かずに攻撃に使われる。",
    en="Published flaws are attacked within days of their fix.",
)


MACOS_UPDATES_SECURITY = Text(
    ja="macOS：「softwareupdate --install --all --restart」。",
    en='macOS: "softwareupdate --install --all --restart".',
)


@check(
    "host.updates.security",
    severity=Severity.HIGH,
    title=Text(ja="提供済みのセキュリティ更新を適用している", en="Security updates that are offered are installed"),
    why=_WHY,
    remedy=also(
        Text(
            ja=(
                "Debian・Ubuntu：apt-get update と apt-get dist-upgrade。Red Hat 系：dnf upgrade --security。適用後、必要なら再起動する。"
                "Windows：「設定」の Windows Update（WSUS では更新の承認）で適用し、再起動する。"
            ),
            en=(
                'Debian, Ubuntu: "apt-get update" and "apt-get dist-upgrade". Red Hat family: "dnf upgrade --security". Restart where '
                "needed. Windows: install them by Windows Update in Settings (with WSUS, approve them) and restart."
            ),
        ),
        MACOS_UPDATES_SECURITY,
    ),
    says={
        "UPDATES_INSTALLED": Text(
            ja="未適用のセキュリティ更新はない（一覧は {days} 日前のもの）", en="none is missing (lists of {days} days ago)"
        ),
        "UPDATES_MISSING": Text(ja="未適用のセキュリティ更新が {count} 件ある：{names}", en="{count} are missing: {names}"),
    },
)
def updates_security(
    updates: SecurityUpdates, *, most_days: Annotated[int, UPDATES_MOST_LIST_DAYS] = UPDATES_MOST_LIST_DAYS.default
) -> Judgement:
    if isinstance(updates.offered, Unobserved):
        return updates.offered
    if updates.offered:
        names = (f"{u.name} {u.installed} → {u.offered}{f' ({u.notice})' if u.notice else ''}" for u in updates.offered)
        return failed("UPDATES_MISSING", count=len(updates.offered), names=listed(names))
    # Old lists cannot show what is missing today.
    if isinstance(updates.lists_days, Unobserved):
        return updates.lists_days
    if updates.lists_days > most_days:
        ja, en = (
            "更新の一覧が {days} 日前のものであり、今の状態を示さない",
            "the lists of updates are {days} days old and do not show what is missing today",
        )
        return cannot_tell(Reason.STALE, ja, en, days=updates.lists_days)
    return passed("UPDATES_INSTALLED", days=updates.lists_days)


@check(
    "host.updates.lists",
    severity=Severity.MEDIUM,
    title=Text(ja="更新の一覧が新しい", en="The lists of updates are fresh"),
    why=Text(
        ja="一覧を取得していない機器は、更新が出たことを知らない。",
        en="A machine that does not fetch the lists does not know that there are updates.",
    ),
    remedy=Text(
        ja=(
            "apt-daily.timer（Red Hat 系は dnf-makecache.timer）が動いているか、取得元に届くかを確かめる。"
            "Windows：wuauserv サービスと、更新サーバ（WSUS）への到達を確かめる。"
        ),
        en=(
            'See that "apt-daily.timer" ("dnf-makecache.timer" in the Red Hat family) runs and that the source can be reached.'
            " Windows: see that the service wuauserv works and that the update server (WSUS) can be reached."
        ),
    ),
    says={
        "LISTS_FRESH": Text(ja="{days} 日前の一覧がある", en="lists of {days} days ago"),
        "LISTS_OLD": Text(ja="一覧は {days} 日前のもので、上限 {limit} 日を超える", en="lists of {days} days ago; {limit} are allowed"),
        "LISTS_NONE": Text(ja="セキュリティ更新の一覧を取得したことがない", en="no lists of security updates were ever fetched"),
    },
)
def updates_lists(updates: SecurityUpdates, *, limit: Annotated[int, UPDATES_MOST_LIST_DAYS] = UPDATES_MOST_LIST_DAYS.default) -> Judgement:
    if updates.has_lists is False:
        return failed("LISTS_NONE")
    if isinstance(updates.has_lists, Unobserved):
        return updates.has_lists
    if isinstance(updates.lists_days, Unobserved):
        return updates.lists_days
    if updates.lists_days > limit:
        return failed("LISTS_OLD", days=updates.lists_days, limit=limit)
    return passed("LISTS_FRESH", days=updates.lists_days)


@check(
    "host.updates.held",
    severity=Severity.LOW,
    title=Text(ja="更新を止めたソフトウェアがない", en="No software is kept from being updated"),
    why=Text(
        ja="更新を止めたソフトウェアには、後から見つかった脆弱性の修正も入らない。",
        en="Software that is held back does not get the fixes of flaws found later.",
    ),
    remedy=Text(
        ja="apt-mark unhold（Red Hat 系は dnf versionlock delete）で止めるのをやめる。止める必要がある場合は、理由と期限を記録する。",
        en='Release it with "apt-mark unhold" ("dnf versionlock delete" in the Red Hat family), or record why it is held and until when.',
    ),
    says={
        "NOTHING_HELD": Text(ja="止めているものはない", en="nothing is held"),
        "PACKAGES_HELD": Text(ja="更新を止めている：{names}", en="held: {names}"),
    },
)
def updates_held(updates: SecurityUpdates) -> Judgement:
    if isinstance(updates.held, Unobserved):
        return updates.held
    return failed("PACKAGES_HELD", names=listed(updates.held)) if updates.held else passed("NOTHING_HELD")


MACOS_UPDATES_AUTOMATIC = Text(
    ja=(
        "macOS：構成プロファイル com.apple.SoftwareUpdate の AutomaticallyInstallMacOSUpdates、CriticalUpdateInstall、"
        "ConfigDataInstall を true とする。"
    ),
    en=(
        "macOS: AutomaticallyInstallMacOSUpdates, CriticalUpdateInstall and ConfigDataInstall true in a configuration "
        "profile for com.apple.SoftwareUpdate."
    ),
)


@check(
    "host.updates.automatic",
    severity=Severity.LOW,
    title=Text(ja="セキュリティ更新が自動で適用される", en="Security updates are installed by themselves"),
    why=Text(
        ja="人の手を待つ更新は遅れる。自動で適用しない場合は、適用の時期を定めて運用する。",
        en="Updates that wait for somebody come late. Where they are not automatic, there has to be a schedule.",
    ),
    remedy=also(
        Text(
            ja=(
                "Debian・Ubuntu：unattended-upgrades を導入し、dpkg-reconfigure -plow unattended-upgrades を実行する。"
                "Red Hat 系：dnf-automatic を導入し、/etc/dnf/automatic.conf の [commands] に apply_updates=yes、"
                "systemctl enable --now dnf-automatic.timer を実行する。"
                "Windows：グループポリシー「コンピューターの構成＞管理用テンプレート＞Windows コンポーネント＞Windows "
                "Update」の「自動更新を構成する」を「4 - 自動ダウンロードしインストール日時を指定」とし、一時停止を解く。"
            ),
            en=(
                'Debian, Ubuntu: install unattended-upgrades and run "dpkg-reconfigure -plow unattended-upgrades". Red Hat family: '
                'install dnf-automatic, write "apply_updates=yes" under [commands] in /etc/dnf/automatic.conf, run "systemctl enable '
                '--now dnf-automatic.timer". Windows: Group Policy, Computer Configuration > Administrative Templates > Windows '
                "Components > Windows Update: Configure Automatic Updates, option 4; end any pause."
            ),
        ),
        MACOS_UPDATES_AUTOMATIC,
    ),
    says={
        "AUTOMATIC_ON": Text(ja="自動で適用される（{name}）", en="they are installed by {name}"),
        "AUTOMATIC_NONE": Text(ja="自動で適用する仕組みがない", en="nothing installs updates by itself"),
        "AUTOMATIC_OFF": Text(
            ja="{name} は導入されているが、適用しない設定である（{place}）", en="{name} is there but does not install ({place})"
        ),
        "AUTOMATIC_WITHOUT_SECURITY": Text(
            ja="{name} の対象にセキュリティ更新が含まれない", en="security updates are not among what {name} installs"
        ),
        "AUTOMATIC_NOT_RUNNING": Text(
            ja="{name} は適用する設定だが、今は動いていない", en="{name} is set up to install but does not run now"
        ),
        "AUTOMATIC_UNTIL_RESTART": Text(
            ja="{name} は今は動いているが、再起動後は動かない", en="{name} runs now but will not after a restart"
        ),
    },
)
def updates_automatic(updates: AutomaticUpdates) -> Judgement:
    if isinstance(updates.updaters, Unobserved):
        return updates.updaters
    if not updates.updaters:
        return failed("AUTOMATIC_NONE")
    worst: Judgement | None = None
    for updater in updates.updaters:
        installs = updater.installs
        if updater.security is True and set(installs.effective()) == {True}:
            return passed("AUTOMATIC_ON", name=updater.name)
        if installs.configured is False and False in installs.effective():
            answer: Judgement = failed("AUTOMATIC_OFF", name=updater.name, place=installs.source)
        elif updater.security is False:
            answer = failed("AUTOMATIC_WITHOUT_SECURITY", name=updater.name)
        elif installs.in_force is False:
            answer = failed("AUTOMATIC_NOT_RUNNING", name=updater.name)
        elif installs.after_restart is False:
            tag = "AUTOMATIC_OFF" if installs.in_force is None else "AUTOMATIC_UNTIL_RESTART"
            answer = failed(tag, name=updater.name, **({"place": installs.source} if tag == "AUTOMATIC_OFF" else {}))
        else:
            answer = installs.missing() or (updater.security if isinstance(updater.security, Unobserved) else failed("AUTOMATIC_NONE"))
        # One that works is enough, so what cannot be told of any of them leaves it open.
        worst = answer if worst is None or isinstance(answer, Unobserved) else worst
    return worst or failed("AUTOMATIC_NONE")


@check(
    "host.updates.restart",
    severity=Severity.MEDIUM,
    title=Text(ja="適用した更新が動作に反映されている", en="Installed updates are at work"),
    why=Text(
        ja="カーネルや、動作中のプログラムが読み込んだ部品は、再起動するまで古いままであり、脆弱性が残る。",
        en="The kernel and what running programs have loaded stay old, flaws and all, until they are started again.",
    ),
    remedy=Text(
        ja="機器を再起動する。再起動できない場合は、示されたプログラムを再起動する（needrestart で調べられる）。",
        en='Restart the machine; where that has to wait, restart the programs that are named ("needrestart" lists them).',
    ),
    says={
        "RESTART_NOT_NEEDED": Text(ja="反映待ちの更新はない", en="nothing waits for a restart"),
        "RESTART_ASKED": Text(ja="再起動が必要である：{names}", en="a restart is needed: {names}"),
        "KERNEL_OLD": Text(
            ja="動作中のカーネル {running} より新しい {newest} が導入されている", en="kernel {running} runs although {newest} is installed"
        ),
        "PROGRAMS_STALE": Text(ja="置き換えられた部品を使い続けている：{names}", en="programs use files that were replaced: {names}"),
        "RESTART_NOT_RUNNING": Text(ja="動作中の機器ではない（イメージの点検）", en="it is an image, not a running machine"),
    },
)
def updates_restart(need: RestartNeed) -> Judgement:
    if need.asked is None:
        return not_applicable("RESTART_NOT_RUNNING")
    if need.asked is True:
        return failed("RESTART_ASKED", names=listed(need.asked_by) if isinstance(need.asked_by, tuple) else ())
    own = need.container == ""
    if own and isinstance(need.newest_kernel, str) and isinstance(need.running_kernel, str) and need.newest_kernel != need.running_kernel:
        return failed("KERNEL_OLD", running=need.running_kernel, newest=need.newest_kernel)
    if need.stale_programs and not isinstance(need.stale_programs, Unobserved):
        return failed("PROGRAMS_STALE", names=listed(need.stale_programs))
    for part in (need.asked, need.container, *((need.newest_kernel, need.running_kernel) if own else ()), need.stale_programs):
        if isinstance(part, Unobserved):
            return part
    return passed("RESTART_NOT_NEEDED")
