"""Checks of User Account Control: does an administrator of a Windows machine work without all rights until they are needed."""

from __future__ import annotations

from scanner.facts.elevation import Elevation, Prompt
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
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
