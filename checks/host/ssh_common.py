"""What the checks of a machine's own SSH server share: one verdict from all its Match blocks, words for where there is none. No check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from checks.common import listed
from checks.each import Judged, worst_of
from scanner.facts.ssh_server import SshServer, SshSetup
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Outcome, Verdict, not_applicable

NONE_THERE: Final[Mapping[str, Text]] = {
    "NO_SSHD": Text(ja="SSH サーバが導入されていない", en="no SSH server is installed"),
    "SSHD_OFF": Text(
        ja="SSH サーバは動いておらず、起動時にも始まらない", en="the SSH server does not run and does not start with the machine"
    ),
}
"""Tags of every check here for machines on which the question does not arise."""
REMEDY_JA: Final = "反映には「systemctl reload ssh」（Red Hat 系は sshd）が要る。"
REMEDY_EN: Final = 'Apply it with "systemctl reload ssh" (sshd in the Red Hat family).'


def place(setup: SshSetup) -> str:
    """Name where a setting holds: the file as a whole, or a block of it."""
    return f"Match {setup.match}" if setup.match else "sshd_config"


def absent(server: SshServer) -> Judged | None:
    """Give the ending where there is no server to judge; ``None`` where there is one."""
    if server.installed is False:
        return not_applicable("NO_SSHD")
    if isinstance(server.installed, Unobserved):
        return server.installed
    if server.used is False:
        return not_applicable("SSHD_OFF")
    return server.used if isinstance(server.used, Unobserved) else None


def each_setup(
    server: SshServer,
    judge: Callable[[SshSetup], Judged],
    *,
    wanted: Callable[[SshSetup], bool] = lambda setup: True,
    worst_first: tuple[str, ...] = (),
) -> Judged:
    """Judge what holds for everybody and in every Match block; the worst ending speaks, and ``where`` names the places that ended so.

    A pass needs the running server to have read the files as they are. What the files say is what the next start brings, so a failure
    needs nothing more.
    """
    if (ending := absent(server)) is not None:
        return ending
    if isinstance(server.setups, Unobserved):
        return server.setups
    endings = [(setup, judge(setup)) for setup in server.setups if wanted(setup)]
    worst = worst_of((ending for _, ending in endings), worst_first=worst_first)
    if worst is None:
        return cannot_tell(Reason.UNSUPPORTED, "設定が読み取れない", "there are no settings to judge")
    if isinstance(worst, Unobserved):
        return worst
    if worst.outcome is Outcome.PASS:
        if server.applied is False:
            return NOT_APPLIED
        if isinstance(server.applied, Unobserved):
            return server.applied
    same = [place(setup) for setup, ending in endings if isinstance(ending, Verdict) and ending.tag == worst.tag]
    return worst._replace(args={**worst.args, "where": listed(same)})


NOT_APPLIED: Final = cannot_tell(
    Reason.STALE,
    "動作中の sshd は今のファイルを読み込んでいないため、効いている値が分からない",
    "the running sshd has not read the files as they are now, so the values in force are unknown",
)


def one(setup: SshSetup, keyword: str) -> str | Unobserved:
    """Give the single value of a keyword; one that the program does not print is unobserved."""
    values = setup.get(keyword)
    if isinstance(values, Unobserved):
        return values
    if not values:
        return cannot_tell(
            Reason.UNSUPPORTED, "この版の sshd は {keyword} を示さない", "this version of sshd does not tell {keyword}", keyword=keyword
        )
    return values[0]


def number(setup: SshSetup, keyword: str) -> int | Unobserved:
    """Give a keyword's number."""
    value = one(setup, keyword)
    if isinstance(value, Unobserved):
        return value
    if not value.isdecimal():
        return cannot_tell(
            Reason.PROTOCOL_VIOLATION, "{keyword} の値が数でない：{value}", "{keyword} is no number: {value}", keyword=keyword, value=value
        )
    return int(value)
