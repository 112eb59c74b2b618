"""Checks of what notices changed files: is there such a program, is it looked at often enough."""

from __future__ import annotations

from typing import Annotated

from checks.common import listed
from scanner.facts.files import FileIntegrity, IntegrityTool
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

INTEGRITY_MOST_DAYS = Value(
    "integrity.most-days",
    default=7,
    text=Text(ja="改ざん検知の照合からの日数の上限", en="most days since files were last compared for changes"),
    unit="d",
    least=1,
    most=365,
)


_WHY = Text(
    ja="侵入者は設定やプログラムを書き換えて居続ける。書き換えに気付く仕組みがないと、長く見過ごされる。",
    en="Intruders change settings and programs to stay. Without something that notices they stay long.",
)
_REMEDY = Text(
    ja="Debian・Ubuntu：aide を導入し、aideinit で控えを作り、systemctl enable --now dailyaidecheck.timer を実行する。"
    "Red Hat 系：aide を導入し、aide --init で控えを作り、毎日の aide --check を cron 又はタイマーで起動する。",
    en='Debian, Ubuntu: install aide, make its database with "aideinit" and run "systemctl enable --now dailyaidecheck.timer". '
    'Red Hat family: install aide, run "aide --init" and start "aide --check" daily by cron or a timer.',
)


@check(
    "host.integrity.tool",
    severity=Severity.MEDIUM,
    title=Text(ja="ファイルの改ざんを検知する仕組みがある", en="Something notices changed files"),
    why=_WHY,
    remedy=_REMEDY,
    says={
        "INTEGRITY_READY": Text(ja="{names} が使える状態にある", en="{names} is ready"),
        "INTEGRITY_NONE": Text(ja="改ざんを検知するプログラムがない", en="no such program is installed"),
        "INTEGRITY_EMPTY": Text(ja="{names} は導入されているが、控えのデータベースがない", en="{names} is installed but has no database"),
    },
)
def integrity_tool(integrity: FileIntegrity) -> Judgement:
    if isinstance(integrity.tools, Unobserved):
        return integrity.tools
    if not integrity.tools:
        return failed("INTEGRITY_NONE")
    ready = [t.name for t in integrity.tools if isinstance(t.database_days, int)]
    if ready:
        return passed("INTEGRITY_READY", names=listed(ready))
    unseen = next((t.database_days for t in integrity.tools if isinstance(t.database_days, Unobserved)), None)
    return unseen or failed("INTEGRITY_EMPTY", names=listed(t.name for t in integrity.tools))


@check(
    "host.integrity.schedule",
    severity=Severity.MEDIUM,
    title=Text(ja="ファイルの改ざんを定期に照合している", en="Files are compared regularly"),
    why=_WHY,
    remedy=_REMEDY,
    says={
        "INTEGRITY_REGULAR": Text(ja="{name} が定期に照合している", en="{name} compares regularly"),
        "INTEGRITY_UNSCHEDULED": Text(ja="{name} は定期に起動されない", en="{name} is not started at set times"),
        "INTEGRITY_OLD": Text(
            ja="{name} の最後の照合は {days} 日前で、上限 {limit} 日を超える",
            en="{name} last compared {days} days ago; {limit} are allowed",
        ),
        "INTEGRITY_UNTIL_RESTART": Text(ja="{name} は再起動すると動かなくなる", en="{name} stops with the next start"),
        "INTEGRITY_ABSENT": Text(ja="改ざんを検知するプログラムがない", en="no such program is installed"),
    },
)
def integrity_schedule(integrity: FileIntegrity, *, limit: Annotated[int, INTEGRITY_MOST_DAYS] = INTEGRITY_MOST_DAYS.default) -> Judgement:
    if isinstance(integrity.tools, Unobserved):
        return integrity.tools
    if not integrity.tools:
        return not_applicable("INTEGRITY_ABSENT")
    endings = [_regular(tool, limit) for tool in integrity.tools]
    best = next((e for e in endings if not isinstance(e, Unobserved) and e.tag == "INTEGRITY_REGULAR"), None)
    return best or next((e for e in endings if isinstance(e, Unobserved)), endings[0])


def _regular(tool: IntegrityTool, limit: int) -> Judgement:
    if isinstance(tool.scheduled, Unobserved):
        return tool.scheduled
    if False in tool.scheduled.effective():
        stops = tool.scheduled.in_force is True
        return failed("INTEGRITY_UNTIL_RESTART" if stops else "INTEGRITY_UNSCHEDULED", name=tool.name)
    if not tool.watches and isinstance(tool.checked_days, int) and tool.checked_days > limit:
        return failed("INTEGRITY_OLD", name=tool.name, days=tool.checked_days, limit=limit)
    # Where it writes its findings is the administrator's choice, so no trace of a run proves nothing.
    return tool.scheduled.missing() or passed("INTEGRITY_REGULAR", name=tool.name)
