"""What Thunderbird's policies and its users' preferences make of how mail is shown, on every platform. Pure; reads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scanner.facts.mail_client import MailClient, MailSetting
from scanner.model.fact import Unobserved
from scanner.wire.prefs import Pref

THUNDERBIRD: Final = "thunderbird"
HTML, REMOTE, SCRIPTS = "mailnews.display.html_as", "mailnews.message_display.disable_remote_image", "javascript.allow.mailnews"
PLAIN: Final = 1
"""``mailnews.display.html_as``: 0 the message's own HTML, 1 plain text, 3 HTML with most of it taken out (mailnews.js)."""
DEFAULTS: Final[Mapping[str, Pref]] = {HTML: 0, REMOTE: True, SCRIPTS: False}
Own = Mapping[str, tuple[Mapping[str, Pref], ...]] | Unobserved
Panes = Mapping[str, tuple[bool, ...]] | Unobserved


def clients(policies: Mapping[str, object] | Unobserved, own: Own, panes: Panes) -> list[MailClient]:
    """Give Thunderbird's settings once for all accounts without their own, and for each account that has some."""
    locked, first = ({}, {}) if isinstance(policies, Unobserved) else _preferences(policies)
    why = policies if isinstance(policies, Unobserved) else None
    general = _client("", {**DEFAULTS, **first, **locked}, locked, why, shows=True)
    if isinstance(own, Unobserved):
        return [general, _unread(general, own)]
    found = [general]
    for account, files in sorted(own.items()):
        chosen = {name: value for held in files for name, value in held.items()}
        shut = panes if isinstance(panes, Unobserved) else any(panes.get(account, ()))
        shows = shut if isinstance(shut, Unobserved) else not shut
        found.append(_client(account, {**DEFAULTS, **first, **chosen, **locked}, locked, why, shows=shows))
    # an account that never started it shows no mail, and whoever did has settings of its own
    return found if len(found) == 1 else [_without_pane(general, found[1:]), *found[1:]]


def _client(
    account: str, values: Mapping[str, Pref], locked: Mapping[str, Pref], why: Unobserved | None, *, shows: bool | Unobserved
) -> MailClient:
    def setting(name: str, happens: bool) -> MailSetting:
        return MailSetting(why or happens, why or name in locked)

    return MailClient(
        program=THUNDERBIRD,
        account=account,
        preview=MailSetting(shows, fixed=False),
        html=setting(HTML, values[HTML] != PLAIN),
        remote_content=setting(REMOTE, values[REMOTE] is False),
        scripts=setting(SCRIPTS, values[SCRIPTS] is True),
    )


def _without_pane(general: MailClient, own: list[MailClient]) -> MailClient:
    happens = [client.preview.happens for client in own]
    if any(value is not False for value in happens):
        return general
    return MailClient(general.program, "", MailSetting(False, fixed=False), general.html, general.remote_content, general.scripts)


def _unread(general: MailClient, why: Unobserved) -> MailClient:
    def setting(known: MailSetting) -> MailSetting:
        return known if known.fixed is True else MailSetting(why, known.fixed)

    return MailClient(
        THUNDERBIRD, "?", setting(general.preview), setting(general.html), setting(general.remote_content), setting(general.scripts)
    )


def _preferences(policies: Mapping[str, object]) -> tuple[dict[str, Pref], dict[str, Pref]]:
    """Give what the policy ``Preferences`` locks and what it sets as a first value."""
    locked: dict[str, Pref] = {}
    first: dict[str, Pref] = {}
    held = policies.get("Preferences")
    for name, entry in held.items() if isinstance(held, Mapping) else ():
        value = entry.get("Value") if isinstance(entry, Mapping) else entry
        status = entry.get("Status") if isinstance(entry, Mapping) else "locked"
        if isinstance(name, str) and isinstance(value, (bool, int, str)):
            (locked if status == "locked" else first)[name] = value
    return locked, first


def collapsed(store: object) -> bool:
    """Tell from the file xulstore.json whether the message pane is shut."""
    windows = store.values() if isinstance(store, Mapping) else ()
    panes = (window.get(name) for window in windows if isinstance(window, Mapping) for name in ("messagepaneboxwrapper", "messagePane"))
    return any(isinstance(pane, Mapping) and str(pane.get("collapsed")).lower() == "true" for pane in panes)
