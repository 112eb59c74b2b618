"""The collector for Samba's configuration: as ``testparm`` prints it with its defaults, else from smb.conf as far as that says it.

What another file by client name, the registry or a macro decides is not worked out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from scanner.facts.file_sharing import FileServer, FileShare, FileSharing
from scanner.facts.readings import Audience
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux.arguments import Grammar, leads_elsewhere, unit_sources, will_lead_elsewhere, written_words
from scanner.hosts.linux.audience import audience_of, narrowest, shuts_out_all
from scanner.hosts.linux.base import Process, needed, parsed, processes, runs, seen, shown
from scanner.hosts.linux.services import PROCESSES, UNITS, Found, Program, installed, paths
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import smbconf
from scanner.wire.smbconf import Section, SmbConf, truth, words

SMBD = Program("samba", ("/usr/sbin/smbd",), ("smbd.service", "smb.service"), ("smbd",))
CONTROLLER = Program("samba", ("/usr/sbin/samba",), ("samba-ad-dc.service", "samba.service"), ("samba",))
OPTIONS = ("/etc/default/samba", "/etc/sysconfig/samba")
MAIN = "/etc/samba/smb.conf"
PRINTED = ("testparm", "-s", "-v")
ARGUMENTS = Grammar(
    "DFiSbp:P:d:s:l:V",
    ("-s", "--configfile", "--option"),
    (
        "daemon",
        "interactive",
        "foreground",
        "no-process-group",
        "build-options",
        "port=",
        "profiling-level=",
        "debuglevel=",
        "debug-stdout",
        "debug-stderr",
        "log-stdout",
        "configfile=",
        "option=",
        "log-basename=",
        "leak-report",
        "leak-report-full",
        "version",
    ),
)
"""smbd(8) and samba(8), 4.0 to 4.22."""
USERS_SHARES = "/var/lib/samba/usershares"
MOST_FILES = 50
DEEPEST = 8
MOST_SHARES = 2_000
STEADY = {
    "available": "yes",
    "bindinterfacesonly": "no",
    "guestok": "no",
    "hostsallow": "",
    "hostsdeny": "",
    "interfaces": "",
    "nullpasswords": "no",
    "restrictanonymous": "0",
    "serverrole": "auto",
    "serversigning": "default",
    "serversmbencrypt": "default",
    "validusers": "",
}
"""Defaults that smb.conf(5) gives in every version since 4.0; others changed (``server min protocol`` in 4.11, ``ntlm auth`` in 4.5) or
are the distribution's (``usershare max shares``)."""
_REQUIRED = frozenset({"required", "mandatory", "force", "forced", "enforced"})
_OLD_LOGINS = {
    **dict.fromkeys(("ntlmv1-permitted", "yes", "true", "on", "1"), True),
    **dict.fromkeys(("ntlmv2-only", "no", "false", "off", "0", "mschapv2-and-ntlmv2-only", "disabled"), False),
}

Values = Mapping[str, str]


@dataclass(frozen=True)
class _Read:
    conf: SmbConf
    source: str
    complete: bool
    """Whether every default is written too."""


@collector(
    Platform.LINUX,
    *PROCESSES,
    *UNITS,
    *paths((SMBD, CONTROLLER)),
    Files(MAIN),
    Files("/etc/samba/*.conf"),
    *(source for unit in CONTROLLER.units for source in unit_sources(unit, OPTIONS)),
    Names(USERS_SHARES, root=True),
    Files(f"{USERS_SHARES}/*", limit=65_536, root=True),
    Run(PRINTED),
)
def file_sharing(read: Reader) -> FileSharing:
    """See what the configuration says."""
    running = processes(read)
    found = seen(partial(installed, read, (SMBD, CONTROLLER), running))
    if isinstance(found, Unobserved) or not found:
        return FileSharing(found if isinstance(found, Unobserved) else ())
    elsewhere = seen(partial(_elsewhere, read, running))
    got = elsewhere if elsewhere is not None else seen(partial(_read, read))
    role = got if isinstance(got, Unobserved) else _value(got, got.conf.settings, "serverrole")
    wanted = CONTROLLER if isinstance(role, str) and role.lower() in {"active directory domain controller", "dc"} else SMBD
    packaged = sorted((one for one in found if not one.unread), key=lambda one: one.program is not wanted)[:1]
    servers = [_server(read, one, got) for one in packaged] + [_server(read, one, one.unread) for one in found if one.unread]
    for server in servers:
        read.keep(MAIN, f"{server.source}: least protocol {server.least_protocol}, clients {server.clients}")
    return FileSharing(tuple(servers))


def _elsewhere(read: Reader, running: tuple[Process, ...] | Unobserved | None) -> Unobserved | None:
    """Tell why smb.conf is not what Samba goes by. Raises ``CannotObserve``.

    The domain controller writes a title over its arguments, so that only its unit tells with which ones it is started.
    """
    if runs(running, *CONTROLLER.processes) is True or not read.live:
        written = [word for unit in CONTROLLER.units for word in written_words(read, unit, OPTIONS, ("SAMBAOPTIONS",))]
        if why := will_lead_elsewhere([CONTROLLER.name, *written], ARGUMENTS, (MAIN,)):
            return why
    return leads_elsewhere(read, (*SMBD.processes, *CONTROLLER.processes), ARGUMENTS, (MAIN,))


def _read(read: Reader) -> _Read:
    """Take testparm's word where nothing stands beyond it. Raises ``CannotObserve``.

    testparm passes over an included file that it may not read, and knows no client, so the files are read here too.
    """
    files = _gathered(read)
    printed = seen(lambda: read.command(PRINTED)) if read.live else None
    if printed is not None and not isinstance(printed, Unobserved) and printed.status == 0 and printed.stdout:
        return _Read(needed(parsed("testparm", printed.stdout, smbconf.parse)), " ".join(PRINTED), True)
    if files.included:
        raise CannotObserve(Reason.UNSUPPORTED, f"{MAIN} includes other files, and testparm cannot be asked")
    if truth(files.settings.get("registryshares", "no")) is not False:
        raise CannotObserve(Reason.UNSUPPORTED, "further shares stand in Samba's registry, and testparm cannot be asked")
    return _Read(files, MAIN, False)


def _gathered(read: Reader) -> SmbConf:
    """Give the file itself, and read what it includes to see that nothing there is out of reach. Raises ``CannotObserve``."""
    known: list[str] = []

    def one(path: str, depth: int) -> SmbConf:
        if depth > DEEPEST or len(known) >= MOST_FILES:
            raise CannotObserve(Reason.TOO_LARGE, f"{shown(path)}: too many files are included")
        data = read.file(path)
        if data is None and depth:
            return SmbConf((), ())  # Samba goes on without it
        if data is None:
            raise CannotObserve(Reason.UNSUPPORTED, f"{path} is not there")
        known.append(path)
        conf = needed(parsed(path, data, smbconf.parse))
        if conf.settings.get("configbackend", "file").lower() != "file":
            raise CannotObserve(Reason.UNSUPPORTED, "the configuration stands in Samba's registry, which is not read")
        for name in conf.included:
            if "%" in name or name.lower() == "registry" or not name.startswith("/"):
                raise CannotObserve(Reason.UNSUPPORTED, f"{shown(path)} includes {shown(name)}, which differs by client or is no file")
            one(name, depth + 1)
        return conf

    return one(MAIN, 0)


def _value(got: _Read, values: Values, name: str) -> str | Unobserved:
    found = values.get(name, got.conf.settings.get(name))
    if found is None:
        found = STEADY.get(name)
    if found is None:
        return Unobserved(Reason.VALUE_NOT_SET, f"{name} is not written, and testparm cannot be asked for its default")
    return Unobserved(Reason.UNSUPPORTED, f"{name} holds a macro: {shown(found)}") if "%" in found else found


def _server(read: Reader, found: Found, got: _Read | Unobserved) -> FileServer:
    if isinstance(got, Unobserved):
        return FileServer("samba", found.running, found.starts, None, MAIN, *(got,) * 8)
    value = partial(_value, got, got.conf.settings)
    people = _people_share(got, value)
    return FileServer(
        name="samba",
        running=found.running,
        starts=found.starts,
        applied=None,  # smbd(8): a changed file is read again within minutes, and at once for new connections after a reload
        source=got.source,
        least_protocol=_upper(value("serverminprotocol")),
        takes_old_logins=_old_logins(got, value("ntlmauth")),
        takes_empty_passwords=_truth(value("nullpasswords")),
        signs=_signs(value),
        names_accounts=_names_accounts(value("restrictanonymous")),
        clients=_reach(value),
        people_share=people,
        shares=seen(partial(_shares, read, got, people)),
    )


def _upper(value: str | Unobserved) -> str | Unobserved:
    return value if isinstance(value, Unobserved) else value.upper()


def _truth(value: str | Unobserved) -> bool | Unobserved:
    if isinstance(value, Unobserved):
        return value
    found = truth(value)
    return Unobserved(Reason.PROTOCOL_VIOLATION, f"neither yes nor no: {shown(value)}") if found is None else found


def _old_logins(got: _Read, value: str | Unobserved) -> bool | Unobserved:
    if truth(got.conf.settings.get("lanmanauth", "no")):
        return True
    if isinstance(value, Unobserved):
        return value
    known = _OLD_LOGINS.get(value.lower())
    return Unobserved(Reason.UNSUPPORTED, f"ntlm auth = {shown(value)} is not known here") if known is None else known


def _signs(value: partial[str | Unobserved]) -> bool | Unobserved:
    signing, role, encryption = value("serversigning"), value("serverrole"), value("serversmbencrypt")
    if isinstance(signing, str) and signing.lower() in _REQUIRED:
        return True
    if isinstance(encryption, str) and encryption.lower() in _REQUIRED:
        return True
    if missing := next((part for part in (signing, role, encryption) if isinstance(part, Unobserved)), None):
        return missing
    # smb.conf(5): "default" asks for signatures on domain controllers only
    return str(signing).lower() == "default" and str(role).lower() in {"active directory domain controller", "dc"}


def _names_accounts(value: str | Unobserved) -> bool | Unobserved:
    if isinstance(value, Unobserved):
        return value
    return value == "0" if value.isdecimal() else Unobserved(Reason.PROTOCOL_VIOLATION, f"restrict anonymous = {shown(value)}")


def _reach(value: partial[str | Unobserved]) -> Audience | Unobserved:
    bound, interfaces = value("bindinterfacesonly"), value("interfaces")
    if isinstance(bound, str) and truth(bound) and isinstance(interfaces, str):
        names = words(interfaces)
        if names and all(name == "lo" or name.startswith(("127.", "::1")) for name in names):
            return Audience.ITSELF
    allow, deny = value("hostsallow"), value("hostsdeny")
    if isinstance(allow, Unobserved) or isinstance(deny, Unobserved):
        return next(part for part in (allow, deny) if isinstance(part, Unobserved))
    return admitted(words(allow), words(deny))


def admitted(allow: Sequence[str], deny: Sequence[str]) -> Audience:
    """Say whom the two lists let in, hosts_access(5) as Samba reads it: with both, who is on neither gets in."""
    everybody = any(audience_of(word) is Audience.EVERYBODY for word in allow)
    if not deny:
        if not allow or everybody:
            return Audience.EVERYBODY
        return Audience.ITSELF if all(w.startswith(("127.", "::1")) or w.lower() == "localhost" for w in allow) else Audience.SOME
    if not shuts_out_all(deny) or everybody:
        return Audience.EVERYBODY
    return Audience.SOME if allow or any(word.upper() == "EXCEPT" for word in deny) else Audience.ITSELF


def _people_share(got: _Read, value: partial[str | Unobserved]) -> bool | Unobserved:
    guests = truth(got.conf.settings.get("usershareallowguests", "no"))
    most = value("usersharemaxshares")
    if not guests:
        return False
    if isinstance(most, Unobserved):
        return most
    return most.lstrip("-").isdecimal() and int(most) > 0


def _shares(read: Reader, got: _Read, people: bool | Unobserved) -> tuple[FileShare, ...]:
    """Take every share. What the global section demands of clients holds for all shares, whatever these say, smb.conf(5)."""
    whole = partial(_value, got, got.conf.settings)
    all_encrypted, all_reach = _encrypted(whole("serversmbencrypt")), _reach(whole)
    found = []
    for section in got.conf.shares:
        own = partial(_value, got, section.values)
        if _truth(own("available")) is False:
            continue
        if not got.complete and "copy" in section.values:
            why = Unobserved(Reason.UNSUPPORTED, f"{shown(section.name)} is a copy of another share, and testparm cannot be asked")
            found.append(FileShare(shown(section.name), why, why, why))
            continue
        encrypted = True if all_encrypted is True else _encrypted(own("serversmbencrypt"))
        found.append(FileShare(shown(section.name), _guests(section, own), encrypted, _narrower(all_reach, _reach(own))))
    if people is not False:
        made = seen(partial(_made_by_people, read, got, people))
        if isinstance(made, Unobserved):
            made = [FileShare(USERS_SHARES, made, all_encrypted if all_encrypted is True else made, all_reach)]
        found += made
    if len(found) > MOST_SHARES:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_SHARES} shares")
    return tuple(found)


def _narrower(one: Audience | Unobserved, other: Audience | Unobserved) -> Audience | Unobserved:
    """Give those who pass both; one that is not known matters only where the other lets everybody in."""
    known = [part for part in (one, other) if isinstance(part, Audience)]
    least = narrowest(known)
    if len(known) == 2 or least is not Audience.EVERYBODY:
        return least
    return one if isinstance(one, Unobserved) else other


def _guests(section: Section, own: partial[str | Unobserved]) -> bool | Unobserved:
    guests = _truth(own("guestok"))
    named = own("validusers")
    if guests is True and named != "":
        return Unobserved(Reason.UNSUPPORTED, f"{shown(section.name)}: guests are let in, and valid users decides on them too")
    return guests


def _encrypted(value: str | Unobserved) -> bool | Unobserved:
    return value if isinstance(value, Unobserved) else value.lower() in _REQUIRED


def _made_by_people(read: Reader, got: _Read, people: bool | Unobserved) -> list[FileShare]:
    """Give the shares that people made with ``net usershare`` and opened to guests. Raises ``CannotObserve``."""
    where = _value(got, got.conf.settings, "usersharepath")
    if isinstance(where, Unobserved) and where.reason is not Reason.VALUE_NOT_SET:
        raise where.error()
    directory = USERS_SHARES if isinstance(where, Unobserved) else where
    names = read.names(directory) or ()
    if len(names) > MOST_SHARES:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_SHARES} shares of people")
    whole = partial(_value, got, got.conf.settings)
    found = []
    for name in names:
        text = read.file(f"{directory}/{name}", limit=65_536)
        if text is not None and re.search(rb"(?m)^guest_ok=[yY]", text):
            guests: bool | Unobserved = True if people is True else people
            found.append(FileShare(shown(name), guests, _encrypted(whole("serversmbencrypt")), _reach(whole)))
    return found
