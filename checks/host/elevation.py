"""Checks of how programs come by all rights on a Windows machine: User Account Control, and packages of Windows Installer."""

from __future__ import annotations

from checks.common import first_missing, listed
from scanner.facts.elevation import Elevation, InstallerRights, Prompt
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed


@check(
    "host.elevation.control",
    severity=Severity.HIGH,
    title=Text(
        ja="管理者の権限が必要なときにだけ与えられる（UAC）", en="An administrator's rights are given only when they are needed (UAC)"
    ),
    why=Text(
        ja="UAC がなければ、管理者が開いたメールやウェブページから起動されたプログラムも、すべての権限を持つ。",
        en="Without UAC every program that an administrator starts, from a mail or a web page as well, has all rights.",
    ),
    remedy=Text(
        ja=(
            "グループポリシー「コンピューターの構成＞Windows の設定＞セキュリティの設定＞ローカル ポリシー＞セキュリティ オプション」の"
            "「ユーザー アカウント制御: 管理者承認モードですべての管理者を実行する」を有効とし、再起動する。"
            "「…管理者に対する昇格時のプロンプトの動作」は"
            "「セキュリティで保護されたデスクトップで同意を要求する」とする。"
        ),
        en=(
            "Group Policy, Computer Configuration > Windows Settings > Security Settings > Local Policies > Security Options: User "
            "Account Control: Run all administrators in Admin Approval Mode, enabled, then restart; Behavior of the elevation prompt for "
            "administrators: Prompt for consent on the secure desktop."
        ),
    ),
    says={
        "CONTROLLED": Text(ja="求められる（{prompt}）", en="they are asked for ({prompt})"),
        "UNCONTROLLED": Text(ja="UAC が無効である（{place}）", en="UAC is off ({place})"),
        "UNASKED": Text(ja="確認なしに権限が与えられる（{place}）", en="they are given without asking ({place})"),
    },
)
def elevation_control(elevation: Elevation) -> Judgement:
    controlled = elevation.controlled
    if False in controlled.effective():
        return failed("UNCONTROLLED", place=controlled.source)
    if elevation.prompt is Prompt.NOTHING:
        return failed("UNASKED", place="ConsentPromptBehaviorAdmin")
    if why := controlled.missing():
        return why
    return elevation.prompt if isinstance(elevation.prompt, Unobserved) else passed("CONTROLLED", prompt=elevation.prompt.value)


@check(
    "host.elevation.installer",
    severity=Severity.HIGH,
    title=Text(
        ja="一般の利用者が起動したインストーラに管理者の権限が与えられない",
        en="Packages that ordinary users install get no administrator's rights",
    ),
    why=Text(
        ja="この設定があると、誰でも自作の MSI パッケージを SYSTEM の権限で実行でき、端末の全体を支配できる。",
        en="With this policy anybody runs a package of his own making as SYSTEM, and owns the machine.",
    ),
    remedy=Text(
        ja=(
            "グループポリシー「管理用テンプレート＞Windows コンポーネント＞Windows インストーラー」の"
            "「常にシステム特権でインストールする」を、コンピューターの構成とユーザーの構成の両方で無効とする。"
        ),
        en=(
            "Group Policy, Administrative Templates > Windows Components > Windows Installer: Always install with elevated privileges, "
            "disabled in both Computer Configuration and User Configuration."
        ),
    ),
    says={
        "INSTALLER_OWN_RIGHTS": Text(ja="与えられない（機器の側の設定がない）", en="they get none (the machine's policy is not set)"),
        "INSTALLER_HALF": Text(
            ja="与えられない（機器の側だけが設定され、利用者の側が設定されたアカウントはない：{count} 個を調べた）",
            en="they get none (only the machine's policy is set; none of {count} accounts has its own)",
        ),
        "INSTALLER_BARRED": Text(ja="Windows インストーラーが無効である", en="Windows Installer is off"),
        "INSTALLER_ELEVATES": Text(
            ja="AlwaysInstallElevated が機器と利用者の両方で有効である（アカウント：{accounts}）",
            en="AlwaysInstallElevated is on for the machine and for accounts: {accounts}",
        ),
    },
)
def elevation_installer(rights: InstallerRights) -> Judgement:
    if rights.machine is False:
        return passed("INSTALLER_OWN_RIGHTS")
    if rights.barred is True:
        return passed("INSTALLER_BARRED")
    if (unseen := first_missing((rights.machine, rights.barred, rights.accounts))) is not None:
        return unseen
    assert not isinstance(rights.accounts, Unobserved)
    if elevated := [half.account for half in rights.accounts if half.elevated is True]:
        return failed("INSTALLER_ELEVATES", accounts=listed(elevated))
    if not rights.accounts:
        ja, en = "利用者の側の設定を持つアカウントがまだない", "no account that could have its half of the policy has a profile yet"
        return cannot_tell(Reason.UNSUPPORTED, ja, en)
    return first_missing(half.elevated for half in rights.accounts) or passed("INSTALLER_HALF", count=len(rights.accounts))
