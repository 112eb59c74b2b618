"""Checks of what the kernel may load: uncommon protocols and file systems."""

from __future__ import annotations

from checks.common import listed
from checks.host.settings import IN_CONTAINER, in_container
from scanner.facts.kernel import BarredModule, KernelModules
from scanner.facts.readings import Hold
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

_SAYS = {
    "MODULES_BARRED": Text(ja="読み込まれない：{names}", en="they cannot be loaded: {names}"),
    "MODULES_LOADABLE": Text(ja="読み込むことができる：{names}", en="they can be loaded: {names}"),
    "MODULES_LOADED": Text(ja="禁じる設定があるが、既に読み込まれている：{names}", en="they are barred but loaded already: {names}"),
    "IN_CONTAINER": IN_CONTAINER,
}


def _barred(keeper: str | Unobserved, modules: tuple[BarredModule, ...]) -> Judgement:
    if (elsewhere := in_container(keeper)) is not None:
        return elsewhere
    loadable = [m.name for m in modules if isinstance(m.holds.after_restart, Hold) and m.holds.after_restart is not Hold.FULL]
    if loadable:
        return failed("MODULES_LOADABLE", names=listed(loadable))
    loaded = [m.name for m in modules if isinstance(m.holds.in_force, Hold) and m.holds.in_force is not Hold.FULL]
    if loaded:
        return failed("MODULES_LOADED", names=listed(loaded))
    unseen = next((missing for m in modules if (missing := m.holds.missing())), None)
    return unseen or passed("MODULES_BARRED", names=listed(m.name for m in modules))


def _remedy(names: str) -> Text:
    first = names.partition(",")[0]
    return Text(
        ja=(
            f"/etc/modprobe.d/unused.conf に {names} のそれぞれについて「install {first} /bin/false」と「blacklist "
            f"{first}」の形で書き、再起動する。"
        ),
        en=(
            f'In /etc/modprobe.d/unused.conf write for each of {names} lines like "install {first} /bin/false" and '
            f'"blacklist {first}", then restart.'
        ),
    )


@check(
    "host.modules.protocols",
    severity=Severity.LOW,
    title=Text(ja="使わない通信プロトコルが読み込まれない", en="Uncommon network protocols cannot be loaded"),
    why=Text(
        ja="一般利用者が通信路を開くだけで読み込まれる、ほとんど使われないプロトコルには、権限を奪われる脆弱性が繰り返し見つかっている。",
        en=(
            "Protocols that hardly anybody uses are loaded when an ordinary account opens a socket, and have given "
            "away root again and again."
        ),
    ),
    remedy=_remedy("dccp, sctp, rds, tipc"),
    says=_SAYS,
)
def modules_protocols(modules: KernelModules) -> Judgement:
    return _barred(modules.container, modules.protocols)


@check(
    "host.modules.file-systems",
    severity=Severity.LOW,
    title=Text(ja="使わないファイルシステムが読み込まれない", en="Uncommon file systems cannot be loaded"),
    why=Text(
        ja="細工した媒体を読ませる攻撃に使われ得るファイルシステムは、使わないなら読み込めないようにする。",
        en="File systems that nobody needs only serve whoever prepares a crafted medium.",
    ),
    remedy=_remedy("cramfs, freevxfs, hfs, hfsplus, jffs2"),
    says=_SAYS,
)
def modules_file_systems(modules: KernelModules) -> Judgement:
    return _barred(modules.container, modules.file_systems)
