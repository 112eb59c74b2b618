"""The collector for programs that Linux desktops start or offer from media."""

from __future__ import annotations

from functools import partial

from scanner.facts.readings import Readings
from scanner.facts.removable_media import AutoRun, Behaviour, Runner
from scanner.hosts.base import Files, Reader, collector
from scanner.hosts.combining import mapped, same, unknown
from scanner.hosts.linux.base import accounts, seen
from scanner.hosts.linux.desktops import Session, sessions_or_reason
from scanner.hosts.linux.gsettings import Key, gsettings
from scanner.hosts.linux.reads import ACCOUNTS, SESSIONS
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason

NEVER = Key("org.gnome.desktop.media-handling", "autorun-never")
MEDIA = ("removable", "optical")
WITHOUT = frozenset({"kde"})
"""Desktops that have no such function: KDE's notifier offers to open a medium, never what is on it."""


@collector(Platform.LINUX, *SESSIONS, *ACCOUNTS, Files("/etc/xdg/kdeglobals"))
def auto_run(read: Reader) -> AutoRun:
    """See whether programs on media are started or offered."""
    sessions = sessions_or_reason(read)
    if isinstance(sessions, Unobserved):
        return AutoRun(sessions)
    found = [runner for session in sessions if session.desktop not in WITHOUT for runner in _runners(read, session)]
    for runner in found:
        read.keep(runner.behaviour.source, f"{runner.program}: {runner.behaviour.after_restart}")
    return AutoRun(tuple(found))


def _runners(read: Reader, session: Session) -> tuple[Runner, ...]:
    if session.desktop != "gnome":
        why = Unobserved(Reason.UNSUPPORTED, f"{session.desktop}: its handling of media is not known here")
        return (Runner(session.desktop, "", MEDIA, unknown(why, read.live, session.desktop), why),)
    settings = gsettings(read, session.names)
    never, fixed = settings.machine(NEVER, bool)
    machine = Runner("gnome", "", MEDIA, mapped(never, _behaviour), fixed)
    if fixed is True:
        return (machine,)
    people = seen(partial(accounts, read))
    if isinstance(people, Unobserved):
        return (machine, Runner("gnome", "?", MEDIA, unknown(people, read.live, "/etc/passwd"), fixed))
    found = [machine]
    for person in people:
        value = settings.own(NEVER, bool, person)
        if value is not None:
            own: Readings[bool] = same(value, read.live, f"{NEVER.schema} {NEVER.name} of {person.name}", configured=value)
            found.append(Runner("gnome", person.name, MEDIA, mapped(own, _behaviour), fixed))
    return tuple(found)


def _behaviour(never: bool) -> Behaviour:
    # GNOME asks before it starts anything that a medium brings along, whatever the lists of content types say.
    return Behaviour.NEVER if never else Behaviour.ASKS
