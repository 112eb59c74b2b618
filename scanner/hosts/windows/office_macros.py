"""What the office programs of a Windows machine do with macros: Microsoft Office by policy and preference of each account, and LibreOffice.

Policies of Office stand in each account's own settings (they are user policies), and beat the preference of the same name. Defaults are
those of Microsoft's policy templates for Office 2016 and later.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from scanner.facts.office_macros import MacroRule, OfficeMacros, OfficeProgram
from scanner.hosts.base import Files, Key, collector
from scanner.hosts.libreoffice import LEVEL, OFF, PLACES, Layer, is_product, program
from scanner.hosts.own_files import MOST
from scanner.hosts.seeing import needed, parsed, seen, shown
from scanner.hosts.windows.base import Person, WindowsReader, number, people, text, texts
from scanner.hosts.windows.office import CHOSEN, GROUP, chosen, held, office_keys, version_of
from scanner.hosts.windows.own_files import home, installed, program_keys
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import xcu

PROGRAMS: Final = {
    "word": "WINWORD.EXE",
    "excel": "EXCEL.EXE",
    "powerpoint": "POWERPNT.EXE",
    "access": "MSACCESS.EXE",
    "visio": "VISIO.EXE",
}
RULES: Final = {1: MacroRule.ALL, 2: MacroRule.ASKS, 3: MacroRule.SIGNED, 4: MacroRule.TRUSTED_PLACES}
"""VBAWarnings (VBA Macro Notification Settings)."""
DEFAULT: Final = 2
CLICK_TO_RUN: Final = r"HKLM\SOFTWARE\Microsoft\Office\ClickToRun\Configuration"
FIRST_BLOCKING: Final = 15330
"""Build of version 2206, from which subscription programs block macros from the internet without any policy."""
OWN_PLACES: Final = re.compile(
    r"(%APPDATA%|.:\\Users\\[^\\]+\\AppData\\Roaming)\\Microsoft\\|.:\\Program Files( \(x86\))?\\(Microsoft Office|Common Files)\\",
    re.IGNORECASE,
)
"""Folders that Office itself lists as trusted."""
MOST_PLACES: Final = 200
LIBRE_POLICY: Final = r"HKLM\SOFTWARE\Policies\LibreOffice\org.openoffice.Office.Common\Security\Scripting"
LIBRE_OWN: Final = "AppData/Roaming/LibreOffice/4/user/registrymodifications.xcu"


@collector(
    Platform.WINDOWS,
    *program_keys("soffice.exe", *PROGRAMS.values()),
    Key(CLICK_TO_RUN),
    *office_keys(r"*\Security", "Common"),
    Key(LIBRE_POLICY),
    Files("/Program Files*/LibreOffice/share/registry/*.xcd"),
    Files(f"/Users/*/{LIBRE_OWN}", limit=MOST, root=True),
)
def office_macros(read: WindowsReader) -> OfficeMacros:
    """See which office programs are installed and what they do with macros, for each account."""
    return OfficeMacros(seen(lambda: (*_microsoft(read), *_libre(read))))


def _microsoft(read: WindowsReader) -> list[OfficeProgram]:
    there = [name for name, file in PROGRAMS.items() if installed(read, file)]
    accounts = people(read)
    found = []
    for name in there:
        blocking = seen(partial(_blocking, read))
        # what an account without settings of its own gets: the program's defaults, which it can change
        general = OfficeProgram(name, "", RULES[DEFAULT], False, blocking, (), "Microsoft Office")
        own = [_own(read, name, person, blocking) for person in accounts]
        # where policy reaches every account that there is, it is taken to reach the next one too
        found += own if own and all(one.fixed is True for one in own) else [general, *own]
    for one in found:
        read.keep(one.source, f"{one.name} {one.account}: {one.rule}, from the internet blocked: {one.blocks_foreign}")
    return found


def _blocking(read: WindowsReader) -> bool:
    """Tell that macros of files from the internet are blocked without a policy. Which other editions do is not settled in documents."""
    build = re.fullmatch(r"16\.0\.(\d+)\.\d+", (text(read, CLICK_TO_RUN, "VersionToReport") or "").strip())
    products = text(read, CLICK_TO_RUN, "ProductReleaseIds") or ""
    if build and int(build[1]) >= FIRST_BLOCKING and re.search(r"O365|M365|MondoRetail", products):
        return True
    raise CannotObserve(
        Reason.UNSUPPORTED, f"{shown(products) or 'Office'}: whether this edition blocks them without a policy is not known"
    )


def _own(read: WindowsReader, name: str, person: Person, blocking: bool | Unobserved) -> OfficeProgram:
    if isinstance(person.settings, Unobserved):
        why = person.settings
        return OfficeProgram(name, person.name, why, why, why, why, person.sid)
    settings, security = person.settings, rf"{name}\Security"
    policy = seen(partial(held, read, settings, security, "VBAWarnings"))
    value = policy if policy is not None else seen(partial(chosen, read, settings, security, "VBAWarnings"))
    off = seen(lambda: held(read, settings, "Common", "VBAOff") == 1)
    foreign = seen(partial(held, read, settings, security, "blockcontentexecutionfrominternet"))
    nowhere = seen(lambda: held(read, settings, rf"{security}\Trusted Locations", "AllLocationsDisabled") == 1)
    rule: MacroRule | Unobserved
    if off is True:
        rule = MacroRule.NEVER
    elif isinstance(off, Unobserved):
        rule = off
    elif isinstance(value, Unobserved):
        rule = value
    else:
        asked = RULES.get(DEFAULT if value is None else value)
        rule = Unobserved(Reason.PROTOCOL_VIOLATION, f"VBAWarnings {value}") if asked is None else asked
        rule = MacroRule.NEVER if rule is MacroRule.TRUSTED_PLACES and nowhere is True else rule
    blocks = blocking if foreign is None else foreign if isinstance(foreign, Unobserved) else foreign == 1
    below = rf"{version_of(read, settings)}\{security}"
    places = seen(partial(_places, read, tuple(rf"{settings}\{place}\{below}" for place in (GROUP, CHOSEN))))
    fixed = True if off is True else policy if isinstance(policy, Unobserved) else policy is not None
    return OfficeProgram(name, person.name, rule, fixed, blocks, places, rf"{settings}\{GROUP if fixed is True else CHOSEN}\{below}")


def _places(read: WindowsReader, keys: tuple[str, ...]) -> tuple[str, ...]:
    found = []
    for key in keys:
        below = rf"{key}\Trusted Locations"
        names = read.subkeys(below) or ()
        if len(names) > MOST_PLACES:
            raise CannotObserve(Reason.TOO_LARGE, f"{below}: more than {MOST_PLACES}")
        for name in names:
            path = text(read, rf"{below}\{name}", "Path")
            if path and not OWN_PLACES.match(path):
                found.append(shown(path))
    return tuple(dict.fromkeys(found))


def _libre(read: WindowsReader) -> list[OfficeProgram]:
    folders = installed(read, "soffice.exe")
    if not folders:
        return []
    machine = seen(lambda: (*_files(read, folders), _policy(read)))
    found = [program(machine, None, "", LIBRE_POLICY)]
    for person in people(read):
        own = seen(partial(_modified, read, person))
        if own is not None:
            one = program(machine, own, person.name, shown(person.sid))
            if (one.rule, one.trusted_places) != (found[0].rule, found[0].trusted_places):
                found.append(one)
    return found


def _modified(read: WindowsReader, person: Person) -> Layer | None:
    path = f"{home(read, person)}/{LIBRE_OWN}"
    data = read.file(path, limit=MOST)
    return None if data is None else needed(parsed(shown(path), data, xcu.parse))


def _files(read: WindowsReader, folders: tuple[str, ...]) -> list[Layer]:
    layers = []
    for folder in folders:
        place = f"{folder.rpartition('/')[0]}/share/registry"  # beside the folder "program"
        for name in read.names(place) or ():
            if name.endswith((".xcd", ".xcu")) and not is_product(name):
                data = read.file(f"{place}/{name}", limit=MOST)
                if data is not None:
                    layers.append(needed(parsed(shown(f"{place}/{name}"), data, xcu.parse)))
    return layers


def _policy(read: WindowsReader) -> Layer:
    """Give what Group Policy sets: a key for each property with ``Value`` and ``Final``."""
    found = {}
    for path in (LEVEL, OFF, PLACES):
        key = rf"{LIBRE_POLICY}\{path.rpartition('/')[2]}"
        value = read.value(key, "Value")
        if value is not None:
            listed = texts(read, key, "Value") if not isinstance(value, int) else (str(value),)
            found[path] = xcu.Property(listed or (), (number(read, key, "Final") or 0) == 1)
    return found
