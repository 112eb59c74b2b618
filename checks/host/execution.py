"""The check of what restricts which programs run on a machine. What is installed is judged in ``software``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from checks.common import also, listed
from scanner.facts.execution import ExecutionControl, Means, Unnamed
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

SOFTWARE_EXECUTION_RESTRICTED = Value(
    "software.execution-restricted",
    default=False,
    text=Text(
        ja="実行できるプログラムを OS の仕組み（fapolicyd 等）で制限することを求めるか",
        en="whether means of the system (such as fapolicyd) must restrict which programs run",
    ),
)


@check(
    "host.software.execution",
    severity=Severity.MEDIUM,
    title=Text(ja="規則にないプログラムは実行できない", en="Programs that no rule names do not run"),
    why=Text(
        ja="認めたもの以外のプログラムが動かなければ、利用者が持ち込んだソフトウェアも、送り込まれた不正プログラムも実行されない。",
        en="Where only what was approved runs, neither software that users bring along nor malicious programs sent to them do.",
    ),
    remedy=also(
        Text(
            ja=(
                "fapolicyd を導入し、/etc/fapolicyd/fapolicyd.conf を「permissive = 1」として記録を調べた後、「permissive = 0」とする。"
                "規則は「allow perm=execute all : trust=1」の後に「deny_audit perm=execute all : all」を置く（製品の見本にある）。"
                "watch_fs には使用中のファイルシステムの型をすべて書く。systemctl enable --now fapolicyd を実行する。"
            ),
            en=(
                'Install fapolicyd, read its records with "permissive = 1" in /etc/fapolicyd/fapolicyd.conf, then write "permissive = 0". '
                'In its rules "allow perm=execute all : trust=1" comes before "deny_audit perm=execute all : all", as in its samples. '
                'Name all types of file systems in use in watch_fs. Run "systemctl enable --now fapolicyd".'
            ),
        ),
        Text(
            ja=(
                "Windows：グループポリシー「コンピューターの構成＞Windows の設定＞セキュリティの設定＞アプリケーション制御ポリシー＞"
                "AppLocker」の「実行可能ファイルの規則」に既定の規則と認めるプログラムの規則を作り、「規則の実施」とする。"
                "サービス Application Identity（AppIDSvc）を自動で開始する。または App Control for Business（WDAC）の方針を配布する。"
            ),
            en=(
                "Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Application Control Policies > "
                "AppLocker: make the default rules and rules for what is approved under Executable Rules, enforce them, and let the "
                "service Application Identity (AppIDSvc) start by itself; or deploy a policy of App Control for Business (WDAC)."
            ),
        ),
    ),
    says={
        "EXECUTION_RESTRICTED": Text(
            ja="{name} が止める（規則が認めるプログラムの内容は見ていない）",
            en="{name} stops them (what its rules permit was not looked at)",
        ),
        "EXECUTION_RECORDED": Text(ja="{name} は記録するだけで、止めない", en="{name} only records them"),
        "EXECUTION_UNTIL_RESTART": Text(ja="{name} が今は止めるが、再起動後は止めない", en="{name} stops them now but not after a restart"),
        "EXECUTION_AFTER_RESTART": Text(
            ja="{name} は再起動後に止めるが、今は止めていない", en="{name} stops them after a restart but not now"
        ),
        "EXECUTION_UNWATCHED": Text(
            ja="{name} が見ていないファイルシステムでは実行できる：{places}",
            en="{name} does not look at file systems, where they run: {places}",
        ),
        "EXECUTION_FREE": Text(ja="実行できる（止めていないもの：{names}）", en="they run (what does not stop them: {names})"),
        "EXECUTION_NO_MEANS": Text(
            ja="実行できる（プログラムの実行を制限する OS の仕組みが見当たらない）",
            en="they run (no means of the system to restrict them was found)",
        ),
        "EXECUTION_NOT_ASKED": Text(
            ja="制限されていないが、方針は求めていない（software.execution-restricted）",
            en="no restriction was seen, and the profile asks for none (software.execution-restricted)",
        ),
    },
)
def software_execution(
    control: ExecutionControl,
    *,
    required: Annotated[bool, SOFTWARE_EXECUTION_RESTRICTED] = SOFTWARE_EXECUTION_RESTRICTED.default,
) -> Judgement:
    means = () if isinstance(control.means, Unobserved) else control.means
    whole = next((one for one in means if _stops(one) and one.unwatched == ()), None)
    if whole is not None:
        return passed("EXECUTION_RESTRICTED", name=whole.name)
    if not required:
        return not_applicable("EXECUTION_NOT_ASKED")
    return control.means if isinstance(control.means, Unobserved) else _lacking(means)


def _stops(means: Means) -> bool:
    return set(means.unnamed.effective()) == {Unnamed.REFUSED}


def _lacking(means: Sequence[Means]) -> Judgement:
    """Say what is missing where no means is known to do all of it; one that may do it leaves the question open."""
    for one in means:
        unseen = one.unwatched if _stops(one) else one.unnamed.missing()
        if isinstance(unseen, Unobserved) and set(one.unnamed.seen()) <= {Unnamed.REFUSED}:
            return unseen
    for one in means:
        if _stops(one) and not isinstance(one.unwatched, Unobserved):
            return failed("EXECUTION_UNWATCHED", name=one.name, places=listed(one.unwatched))
    partial = next((one for one in means if Unnamed.REFUSED in one.unnamed.seen()), None)
    if partial is not None:
        now = partial.unnamed.in_force is Unnamed.REFUSED
        return failed("EXECUTION_UNTIL_RESTART" if now else "EXECUTION_AFTER_RESTART", name=partial.name)
    recording = next((one for one in means if Unnamed.RECORDED in one.unnamed.seen()), None)
    if recording is not None:
        return failed("EXECUTION_RECORDED", name=recording.name)
    return failed("EXECUTION_FREE", names=listed(one.name for one in means)) if means else failed("EXECUTION_NO_MEANS")
