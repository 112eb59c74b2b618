"""What makes Dovecot send mail on: ``redirect`` in Sieve scripts, people's own and everybody's (Pigeonhole for Dovecot 2.2 and 2.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial

from scanner.facts.mail_forwarding import Forwarding, ForwardingProgram
from scanner.hosts.base import Files, Reader, Run, Source
from scanner.hosts.linux.base import Process, parsed, printed, seen, shown
from scanner.hosts.linux.mail_destinations import Delivery, Home, forwarding, homes, unread
from scanner.hosts.linux.mail_dovecot import DOVECOT, SETTINGS, Setting, in_force, printed_settings
from scanner.hosts.linux.named_paths import absolute
from scanner.hosts.linux.services import Found
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import sieve
from scanner.wire.aliases import Destination, What

LINKS = Run(
    (
        "find",
        "-H",
        "/home",
        "/root",
        "-maxdepth",
        "2",
        "-name",
        ".dovecot.sieve",
        "-type",
        "l",
        "!",
        "-lname",
        "*[[:cntrl:]]*",
        "-printf",
        r"%p\t%l\n",
    ),
    root=True,
    needs=DOVECOT.files[0],
)
"""Where people's links to the script in use lead: root's reading follows none of them."""
READS: tuple[Source, ...] = (
    Files("/home/*/.dovecot.sieve", root=True),
    Files("/home/*/sieve/*.sieve", root=True),
    Files("/root/.dovecot.sieve", root=True),
    LINKS,
)
_ACTIVE = "~/.dovecot.sieve"
DEFAULT = f"file:~/sieve;active={_ACTIVE}"
MOST_INCLUDED = 20
_PLUGIN = re.compile(r"\b(?:imap_)?sieve\b")
_EVERYBODYS = re.compile(r"sieve_(?:before|after|default|discard)\d*|imapsieve_\w+_(?:before|after)")
"""Settings that name scripts of the administrator's."""
_ELSEWHERE = Delivery(frozenset(), "")
"""A redirect hands the mail to the server for sending, so no domain is delivered here."""


def forwarding_of_dovecot(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> ForwardingProgram:
    """See where scripts send mail on to."""
    said = seen(lambda: tuple(_forwardings(read))) if found.unread is None else found.unread
    return ForwardingProgram("dovecot", found.running, found.starts, in_force(read, found, running), said)


def _forwardings(read: Reader) -> Iterator[Forwarding]:
    said = printed(read, SETTINGS)
    if said is None:
        raise CannotObserve(Reason.UNSUPPORTED, "doveconf cannot be asked, and defaults differ between versions")
    text = said.decode("utf-8", "replace")
    settings = tuple(printed_settings(text))
    if not any(_loads_sieve(one) for one in settings):
        return
    limits = [one.value for one in settings if one.name == "sieve_max_redirects"]
    if limits and set(limits) == {"0"}:  # from Pigeonhole 0.3 on this forbids them all
        return
    if not re.match(r"# 2\.[0-3]\.", text):
        raise CannotObserve(Reason.UNSUPPORTED, "settings of Sieve from Dovecot 2.4 on are not read")
    plugin = {one.name: one.value for one in settings if one.blocks == ("plugin",)}
    shared = plugin.get("sieve_global") or plugin.get("sieve_global_dir", "")
    for name, value in plugin.items():
        if _EVERYBODYS.fullmatch(name) and value:
            yield from _everybodys(read, name, value, shared)
    yield from _own(read, settings, plugin.get("sieve") or DEFAULT, shared)


def _loads_sieve(setting: Setting) -> bool:
    """Tell whether a setting loads the plugin: it is a word of a list, from 2.4 on a switch in a block."""
    if setting.blocks[-1:] == ("mail_plugins",):
        return bool(_PLUGIN.fullmatch(setting.name)) and setting.value != "no"
    return setting.name == "mail_plugins" and bool(_PLUGIN.search(setting.value))


def _everybodys(read: Reader, name: str, value: str, shared: str) -> Iterator[Forwarding]:
    """Look at a script of the administrator's, or at all of a directory."""
    path = value.removeprefix("file:").partition(";")[0].rstrip("/")
    if not path.startswith("/") or "%" in path:
        yield unread(name, Unobserved(Reason.UNSUPPORTED, shown(f"scripts at {value} are not read")))
        return
    names = seen(partial(read.names, path))
    if isinstance(names, Unobserved):
        yield unread(path, names)
        return
    for place in [path] if names is None else [f"{path}/{one}" for one in names if one.endswith(".sieve")]:
        yield from _script(read, place, "", shared)


def _own(read: Reader, settings: Iterable[Setting], setting: str, shared: str) -> Iterator[Forwarding]:
    """Look at the scripts of people whose homes the machine's own list of accounts names."""
    userdbs = [one for one in settings if one.blocks[:1] == ("userdb",)]
    elsewhere = {one.value for one in userdbs if (one.name == "driver" and one.value != "passwd") or "home=" in one.value}
    if elsewhere:
        what = f"people and their homes are kept in {', '.join(sorted(elsewhere))}, so their scripts are not found"
        yield unread("sieve", Unobserved(Reason.UNSUPPORTED, shown(what)))
    people = seen(partial(homes, read))
    if isinstance(people, Unobserved):
        yield unread("sieve", people)
        return
    kind, colon, rest = setting.rpartition("file:")
    storage, _, options = rest.partition(";")
    active = next((one.removeprefix("active=") for one in options.split(";") if one.startswith("active=")), _ACTIVE if colon else storage)
    if kind or re.match(r"[a-z]+:", storage) or re.sub(r"%[hun]|%\{(?:home|user|username)\}", "", storage + active).count("%"):
        yield unread("sieve", Unobserved(Reason.UNSUPPORTED, shown(f"scripts at {setting} are not read")))
        return
    first = min((int(one.value) for one in settings if one.name == "first_valid_uid" and one.value.isdecimal()), default=0)
    for home in people:
        if home.uid is not None and home.uid < first:
            continue  # Dovecot gives those no mail
        yield from _script(read, _in_use(read, _expanded(active, home)), _expanded(storage, home) if colon else "", shared)


def _expanded(place: str, home: Home) -> str:
    """Give the path that a setting means for one account."""
    path = re.sub(r"%h|%\{home\}|^~(?=/|\Z)", lambda _: home.path, re.sub(r"%[un]|%\{user(?:name)?\}", lambda _: home.name, place))
    return path if path.startswith("/") else f"{home.path}/{path}"


def _in_use(read: Reader, path: str) -> str:
    """Give the script at the end of a link that cannot be read through; anything else is given as it is."""
    data = seen(partial(read.file, path))
    if not isinstance(data, Unobserved) or data.reason is not Reason.ACCESS_DENIED:
        return path
    said = seen(partial(printed, read, LINKS.argv))
    lines = (said if isinstance(said, bytes) else b"").decode("utf-8", "surrogateescape").split("\n")
    ends = dict(line.split("\t", 1) for line in lines if "\t" in line)
    return absolute(path.rpartition("/")[0], ends[path]) if path in ends else path


def _script(read: Reader, path: str, storage: str, shared: str) -> Iterator[Forwarding]:
    """Look at a script, if it is there, and at those that it includes."""
    waiting, known = [path], set[str]()
    while waiting:
        place = waiting.pop()
        known.add(place)
        data = seen(partial(read.file, place)) if len(known) <= MOST_INCLUDED else Unobserved(Reason.TOO_LARGE, "too many included scripts")
        found = data if isinstance(data, Unobserved) or data is None else parsed(shown(place), data, sieve.script)
        if isinstance(found, Unobserved):
            yield unread(place, found)
        elif found is not None:
            programs = (Destination(What.COMMAND, program) for program in found.programs)
            yield forwarding(read, place, (*(Destination(What.ADDRESS, one) for one in found.redirects), *programs), _ELSEWHERE)
            inside = [(one.name, shared if one.everybodys else storage) for one in found.includes]
            if any(not directory or "$" in name for name, directory in inside):
                yield unread(place, Unobserved(Reason.UNSUPPORTED, "it includes a script that is not found"))
            waiting += [one for name, directory in inside if directory and (one := f"{directory.rstrip('/')}/{name}.sieve") not in known]
