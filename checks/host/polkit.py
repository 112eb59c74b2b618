"""The check of polkit's rules: does whoever administers a machine by it give a proof."""

from __future__ import annotations

from typing import Annotated

from checks.common import first_missing, listed
from checks.host.sudo import SUDO_WITHOUT_PASSWORD
from scanner.facts.polkit import Polkit, PolkitGrant
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

ADMINISTRATION = (
    "org.freedesktop.policykit.exec",
    "org.freedesktop.systemd1.manage-units",
    "org.freedesktop.systemd1.manage-unit-files",
    "org.freedesktop.systemd1.set-environment",
    "org.freedesktop.machine1.host-shell",
    "org.freedesktop.machine1.host-login",
    "org.freedesktop.packagekit.package-install",
    "org.freedesktop.packagekit.package-install-untrusted",
    "org.freedesktop.packagekit.package-remove",
    "org.freedesktop.packagekit.system-sources-configure",
    "org.freedesktop.accounts.user-administration",
    "org.freedesktop.NetworkManager.settings.modify.system",
    "org.libvirt.unix.manage",
)
"""Actions by which one becomes root, or decides what root runs."""


@check(
    "host.polkit.password",
    severity=Severity.HIGH,
    title=Text(ja="polkit による管理操作は本人のパスワード等を求める", en="Administration by polkit asks for a proof"),
    why=Text(
        ja="求めないと、離席中の端末や盗まれた鍵一つで管理者の操作ができる。sudo を厳しくしても同じ操作が pkexec でできる。",
        en="Otherwise an unattended session or one stolen key acts as administrator, by pkexec where sudo is strict.",
    ),
    remedy=Text(
        ja="/etc/polkit-1/rules.d の規則で polkit.Result.YES を返すものを AUTH_ADMIN にする。製品の規則は、名前がそれより前に並ぶ"
        "ファイルの規則で改める。",
        en="In /etc/polkit-1/rules.d let rules return AUTH_ADMIN instead of YES. A rule that a product brought is overruled by one whose "
        "file name sorts before it.",
    ),
    says={
        "POLKIT_ASKS": Text(ja="規則は求める", en="the rules ask for one"),
        "POLKIT_FREE": Text(ja="パスワードを求めない：{rules}", en="no password is asked for: {rules}"),
        "POLKIT_FREE_ALLOWED": Text(ja="求めない規則は認めた者だけのものである：{rules}", en="only for those who are permitted: {rules}"),
        "NO_POLKIT": Text(ja="polkit が入っていない", en="polkit is not installed"),
    },
)
def polkit_password(
    polkit: Polkit, *, allowed: Annotated[tuple[str, ...], SUDO_WITHOUT_PASSWORD] = SUDO_WITHOUT_PASSWORD.default
) -> Judgement:
    if polkit.installed is False:
        return not_applicable("NO_POLKIT")
    if isinstance(polkit.grants, Unobserved):
        return polkit.grants
    concerned = [grant for grant in polkit.grants if _administers(grant.action) and grant.people is not False]
    free = [grant for grant in concerned if not set(grant.whom) & set(allowed)]
    if wrong := [grant for grant in free if grant.people is True and not grant.narrowed]:
        return failed("POLKIT_FREE", rules=listed(map(_words, wrong)))
    if missing := first_missing((polkit.installed, *(grant.people for grant in free))):
        return missing
    if open_ := [*polkit.undecided, *(_words(grant) for grant in free)]:
        return cannot_tell(Reason.UNSUPPORTED, f"決められない規則：{'、'.join(listed(open_))}", f"not decided: {', '.join(listed(open_))}")
    return passed("POLKIT_FREE_ALLOWED", rules=listed(map(_words, concerned))) if concerned else passed("POLKIT_ASKS")


def _administers(action: str) -> bool:
    return any(one == action or (action.endswith("*") and one.startswith(action[:-1])) for one in ADMINISTRATION)


def _words(grant: PolkitGrant) -> str:
    return f"{' + '.join(grant.whom) or '*'}: {grant.action}"
