"""Says to a person which facts need more than the rights at hand, and which account has them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence

from agent import collect
from scanner.model.platform import Platform
from scanner.model.reason import WORDS, Reason
from scanner.model.text import Text
from scanner.protocol.report import Report

SYSTEM = "S-1-5-18"
ROOT = Text(ja="root", en="root")
ACCOUNTS = {
    Platform.WINDOWS: Text(ja=f"SYSTEM（{SYSTEM}）", en=f"SYSTEM ({SYSTEM})"),
    Platform.MACOS: Text(ja="root（フルディスクアクセスを許可）", en="root with full disk access"),
}
"""The account that may read everything, where it is not simply root."""
LONGEST = 80
"""Of a longer source, a script that is, only the program is named; its collector has it whole."""

WHOLE = Text(ja="#   {fact}：{reason}", en="#   {fact}: {reason}")
PART = Text(ja="#   {fact} の一部：{reason}", en="#   {fact}, in part: {reason}")
READABLE = Text(ja="。{account}なら読めるもの：{sources}", en=". What {account} may read: {sources}")
BEYOND = Text(ja="次は{account}でなければ読めない場合がある：", en="These may be readable to {account} only:")
ONE = Text(ja="  {fact}：{sources}", en="  {fact}: {sources}")


def unseen(report: Report) -> Iterator[Text]:
    """Say for each fact of a report what of it could not be seen and, where a right was missing, to whom it is readable."""
    needed = collect.needs_rights(collect.this_platform())
    for name, value in report.answered.items():
        seen = report.observations.get(value, {})
        whole = seen.get("unobserved")
        if whole is None and not _denied(seen):
            continue
        reason = Reason.ACCESS_DENIED if whole is None else Reason(whole)
        said = _filled(WHOLE if whole else PART, fact=name, reason=WORDS[reason])
        if reason is Reason.ACCESS_DENIED and name in needed:
            more = _filled(READABLE, account=_account(), sources=_short(needed[name]))
            said = Text(ja=said.ja + more.ja, en=said.en + more.en)
        yield said


def beyond() -> Iterator[Text]:
    """Name by fact what this process may not be able to read; nothing where it runs as the account that may."""
    needed = collect.needs_rights(collect.this_platform())
    if needed and not _has_every_right():
        yield _filled(BEYOND, account=_account())
        for name, sources in needed.items():
            yield _filled(ONE, fact=name, sources=_short(sources))


def _has_every_right() -> bool:
    if sys.platform == "win32":
        from scanner.hosts.winapi.accounts import own_sid  # loads on Windows only

        found = own_sid() == SYSTEM
    else:
        found = os.geteuid() == 0
    return found


def _account() -> Text:
    return ACCOUNTS.get(collect.this_platform(), ROOT)


def _short(sources: Sequence[str]) -> Text:
    named = [source if len(source) <= LONGEST else source.split()[0] + " …" for source in sources]
    return Text(ja="、".join(named), en=", ".join(named))


def _denied(plain: object) -> bool:
    """Tell whether a part of an observation was not seen for want of a right."""
    match plain:
        case {"unobserved": Reason.ACCESS_DENIED}:
            return True
        case Mapping():
            return any(map(_denied, plain.values()))
        case list() | tuple():
            return any(map(_denied, plain))
        case _:
            return False


def _filled(text: Text, **args: str | Text) -> Text:
    """Fill a sentence with words that are themselves in both languages."""
    ja = {name: value.ja if isinstance(value, Text) else value for name, value in args.items()}
    en = {name: value.en if isinstance(value, Text) else value for name, value in args.items()}
    return Text(ja=text.fill(ja).ja, en=text.fill(en).en)
