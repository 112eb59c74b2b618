"""How mail programs on a Windows machine show mail: Outlook by policy and preference of each account, and Thunderbird.

Outlook's reading pane is kept in the mailbox, folder by folder, and is not read. Today's versions of Outlook run no scripts in messages.
The new Outlook and other programs from the Store keep their settings elsewhere and are not seen here.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from scanner.facts.mail_client import MailClient, MailClients, MailSetting
from scanner.hosts.base import Files, Key, collector
from scanner.hosts.own_files import own_files
from scanner.hosts.seeing import parse_json, seen
from scanner.hosts.thunderbird import clients, collapsed
from scanner.hosts.windows.base import Person, WindowsReader, people
from scanner.hosts.windows.browsers import mozilla_policies, unread
from scanner.hosts.windows.office import chosen, held, office_keys
from scanner.hosts.windows.own_files import housed, installed, own_sources, program_keys
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.wire import prefs

OPTIONS: Final = r"Outlook\Options\Mail"
PANE: Final = Unobserved(Reason.UNSUPPORTED, "the reading pane is kept in the mailbox, folder by folder")
MOZILLA: Final = r"SOFTWARE\Policies\Mozilla\Thunderbird"
PROFILES: Final = "AppData/Roaming/Thunderbird/Profiles"


@collector(
    Platform.WINDOWS,
    *program_keys("OUTLOOK.EXE", "thunderbird.exe"),
    *office_keys(OPTIONS),
    Key(rf"HKLM\{MOZILLA}"),
    Key(rf"HKU\*\{MOZILLA}", root=True),
    Files("/Program Files*/Mozilla Thunderbird/distribution/policies.json"),
    Files("/Program Files*/Mozilla Thunderbird/defaults/pref/*.js"),
    *own_sources(PROFILES, "prefs.js", "user.js", "xulstore.json"),
)
def mail_clients(read: WindowsReader) -> MailClients:
    """See which mail programs are installed and how they show mail."""
    return MailClients(seen(lambda: (*_outlook(read), *_thunderbird(read))))


def _outlook(read: WindowsReader) -> list[MailClient]:
    if not installed(read, "OUTLOOK.EXE"):
        return []
    found = [_account(read, person) for person in people(read)]
    for one in found:
        read.keep(OPTIONS, f"outlook {one.account}: HTML {one.html.happens}, remote content {one.remote_content.happens}")
    if found and all(one.html.fixed is True for one in found):
        return found
    shows, loads = MailSetting(True, fixed=False), MailSetting(False, fixed=False)
    return [MailClient("outlook", "", MailSetting(PANE, fixed=False), shows, loads, NO_SCRIPTS), *found]


NO_SCRIPTS: Final = MailSetting(False, fixed=True)


def _account(read: WindowsReader, person: Person) -> MailClient:
    if isinstance(person.settings, Unobserved):
        why = MailSetting(person.settings, person.settings)
        return MailClient("outlook", person.name, why, why, why, NO_SCRIPTS)
    return MailClient(
        "outlook",
        person.name,
        MailSetting(PANE, fixed=False),
        # absent: messages are shown with their HTML; 1: as plain text
        _setting(read, person.settings, "ReadAsPlain", default=0, happens=0),
        # absent: pictures are not fetched; 0: they are
        _setting(read, person.settings, "BlockExtContent", default=1, happens=0),
        NO_SCRIPTS,
    )


def _setting(read: WindowsReader, settings: str, name: str, *, default: int, happens: int) -> MailSetting:
    """Read a value: of policy before the account's own."""
    for fixed, place in ((True, held), (False, chosen)):
        value = seen(partial(place, read, settings, OPTIONS, name))
        if isinstance(value, Unobserved):
            return MailSetting(value, value)
        if value is not None:
            return MailSetting(value == happens, fixed)
    return MailSetting(default == happens, fixed=False)


def _thunderbird(read: WindowsReader) -> list[MailClient]:
    homes = installed(read, "thunderbird.exe", "AppData/Local/Mozilla Thunderbird")
    if not homes:
        return []
    own = own_files(read, housed, (PROFILES,), ("prefs.js", "user.js"), prefs.parse)
    panes = own_files(read, housed, (PROFILES,), ("xulstore.json",), lambda data: collapsed(parse_json(data)))
    why = unread(read)
    return clients(seen(partial(mozilla_policies, read, homes, MOZILLA)) if why is None else why, own, panes)
