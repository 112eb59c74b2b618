"""Checks of mandatory access control: is there one, is it enforced, does it leave anything out."""

from __future__ import annotations

from checks.common import also, listed
from checks.host.settings import IN_CONTAINER, in_container
from scanner.facts.kernel import Confinement, Enforcement, MandatoryAccessControl
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_WHY = Text(
    ja="強制アクセス制御は、侵害されたプログラムが本来の役割を超えてファイルや機能に触れることを、利用者の権限によらず妨げる。",
    en="Mandatory access control keeps a program that was taken over within its task, whatever account it runs under.",
)


MACOS_MAC_ENFORCED = Text(
    ja="macOS：復旧システムで「csrutil enable」を実行する。",
    en='macOS: run "csrutil enable" in the recovery system.',
)


@check(
    "host.mac.enforced",
    severity=Severity.MEDIUM,
    title=Text(ja="強制アクセス制御が有効である", en="Mandatory access control is enforced"),
    why=_WHY,
    remedy=also(
        Text(
            ja=(
                "Debian・Ubuntu：apparmor と apparmor-profiles を導入し、systemctl enable --now apparmor を実行する。"
                "Red Hat 系：/etc/selinux/config を SELINUX=enforcing とし、カーネルの起動引数から selinux=0 と "
                "enforcing=0 を除いて再起動する。"
            ),
            en=(
                'Debian, Ubuntu: install apparmor and apparmor-profiles, run "systemctl enable --now apparmor". Red Hat family: write '
                '"SELINUX=enforcing" in /etc/selinux/config, remove "selinux=0" and "enforcing=0" from the kernel options and restart.'
            ),
        ),
        MACOS_MAC_ENFORCED,
    ),
    says={
        "MAC_ENFORCED": Text(ja="{system} が有効である", en="{system} is enforced"),
        "MAC_NONE": Text(ja="強制アクセス制御の仕組みがない", en="there is no mandatory access control"),
        "MAC_OFF": Text(ja="{system} が無効である", en="{system} is off"),
        "MAC_PERMISSIVE": Text(ja="{system} は記録するだけで、妨げない", en="{system} only writes down and stops nothing"),
        "MAC_UNTIL_RESTART": Text(
            ja="{system} は今は有効だが、再起動後は無効となる", en="{system} is enforced now but not after a restart"
        ),
        "MAC_AFTER_RESTART": Text(
            ja="{system} を有効にする設定が書かれているが、今は効いていない", en="files ask for {system}, but it is not enforced now"
        ),
        "IN_CONTAINER": IN_CONTAINER,
    },
)
def mac_enforced(control: MandatoryAccessControl) -> Judgement:
    if (elsewhere := in_container(control.container)) is not None:
        return elsewhere
    if isinstance(control.systems, Unobserved):
        return control.systems
    if not control.systems:
        return failed("MAC_NONE")
    # One system is enough: a kernel enforces one of them, and files of the other may be lying about.
    good = next((s for s in control.systems if set(s.state.effective()) == {Enforcement.ENFORCING}), None)
    if good:
        return passed("MAC_ENFORCED", system=good.system)
    open_part = next((missing for s in control.systems if Enforcement.OFF not in s.state.seen() and (missing := s.state.missing())), None)
    if open_part and not any(Enforcement.PERMISSIVE in s.state.seen() for s in control.systems):
        return open_part
    return _worst(next((s for s in control.systems if set(s.state.seen()) - {Enforcement.OFF}), control.systems[0]))


def _worst(system: Confinement) -> Judgement:
    now, later = system.state.in_force, system.state.after_restart
    if now is Enforcement.ENFORCING:
        return failed("MAC_UNTIL_RESTART", system=system.system)
    if now is not None and later is Enforcement.ENFORCING:
        return failed("MAC_AFTER_RESTART", system=system.system)
    tag = "MAC_PERMISSIVE" if Enforcement.PERMISSIVE in (now, later) else "MAC_OFF"
    return failed(tag, system=system.system)


@check(
    "host.mac.exceptions",
    severity=Severity.LOW,
    title=Text(ja="強制アクセス制御から外れたプログラムがない", en="No program is left out of mandatory access control"),
    why=_WHY,
    remedy=Text(
        ja=(
            "AppArmor：aa-enforce で各プロファイルを強制に戻し、外れて動くサービスを再起動する。SELinux：semanage "
            "permissive -d でドメインを戻す。"
        ),
        en='AppArmor: set profiles back with "aa-enforce" and restart services that run without theirs. SELinux: "semanage permissive -d".',
    ),
    says={
        "MAC_COMPLETE": Text(ja="外れたものがない（{system}）", en="nothing is left out ({system})"),
        "MAC_COMPLAINING": Text(ja="記録するだけで妨げないもの：{names}", en="only watched: {names}"),
        "MAC_UNCONFINED": Text(ja="適用されずに動いているもの：{names}", en="running without their rules: {names}"),
        "MAC_NOT_USED": Text(ja="強制アクセス制御が有効でない", en="mandatory access control is not in use"),
        "IN_CONTAINER": IN_CONTAINER,
    },
)
def mac_exceptions(control: MandatoryAccessControl) -> Judgement:
    if (elsewhere := in_container(control.container)) is not None:
        return elsewhere
    if isinstance(control.systems, Unobserved):
        return control.systems
    used = next((s for s in control.systems if Enforcement.ENFORCING in s.state.effective()), None)
    if used is None:
        unseen = next((missing for s in control.systems if (missing := s.state.missing())), None)
        return unseen or not_applicable("MAC_NOT_USED")
    if used.permissive and not isinstance(used.permissive, Unobserved):
        return failed("MAC_COMPLAINING", names=listed(used.permissive))
    if used.unconfined and not isinstance(used.unconfined, Unobserved):
        return failed("MAC_UNCONFINED", names=listed(used.unconfined))
    for part in (used.permissive, used.unconfined):
        if isinstance(part, Unobserved):
            return part
    return passed("MAC_COMPLETE", system=used.system)
