"""What a Windows machine tells people before they log on: title and text that policy sets. Windows shows nothing after a log-on."""

from __future__ import annotations

from typing import Final

from scanner.facts.login_notice import LoginNotice, Notice
from scanner.hosts.base import Key, collector
from scanner.hosts.notice_words import WARNING
from scanner.hosts.seeing import seen
from scanner.hosts.windows.base import MICROSOFT, WINLOGON, WindowsReader, text, texts
from scanner.model.platform import Platform

POLICY: Final = MICROSOFT + r"\Windows\CurrentVersion\Policies\System"


@collector(Platform.WINDOWS, Key(POLICY), Key(WINLOGON))
def login_notice(read: WindowsReader) -> LoginNotice:
    """See whether a text is shown before the log-on (Interactive logon: Message text for users attempting to log on)."""
    return LoginNotice(seen(lambda: _before(read)), ())


def _before(read: WindowsReader) -> tuple[Notice, ...]:
    for key in (POLICY, WINLOGON):
        words = "\n".join(texts(read, key, "LegalNoticeText") or ())
        title = text(read, key, "LegalNoticeCaption") or ""
        if words.strip():  # without a text the title alone is not shown
            read.keep(rf"{key}\LegalNoticeText", f"{len(words)} characters")
            return (Notice(rf"{key}\LegalNoticeText", WARNING.search(f"{title} {words}") is not None, tells_system=False),)
    return ()
