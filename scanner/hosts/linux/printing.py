"""The collector for CUPS: cupsd.conf, cups-files.conf, and the sockets that systemd opens for it. cupsd cannot print what it goes by."""

from __future__ import annotations

import re
from functools import partial

from scanner.facts.printing import Printing, PrintService
from scanner.facts.readings import Audience
from scanner.hosts.base import Files, Reader, collector
from scanner.hosts.linux.arguments import Grammar, leads_elsewhere
from scanner.hosts.linux.audience import widest
from scanner.hosts.linux.base import Process, applied, file_needed, needed, parsed, processes, seen, shown
from scanner.hosts.linux.passwd import GROUP, LARGEST, PASSWD, SHADOW, Entry, groups, passwd, shadow
from scanner.hosts.linux.services import PROCESSES, UNITS, Found, Program, installed, paths
from scanner.hosts.linux.units import settings, unit_files
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import cupsd
from scanner.wire.cupsd import Block, Cupsd

CUPS = Program("cups", ("/usr/sbin/cupsd",), ("cups.service", "cups.socket", "cups.path"), ("cupsd",))
MAIN, FILES = "/etc/cups/cupsd.conf", "/etc/cups/cups-files.conf"
ARGUMENTS = Grammar("c:fFhlps:tTV", ("-c", "-s"))
"""cupsd(8)."""
SOCKET = "cups.socket"
PLACES = ("/", "/printers/any", "/classes/any", "/jobs", "/admin")
"""Paths at which requests come in, cupsd.conf(5)."""
ADDING = "cups-add-modify-printer"
ANYBODY = "*"


@collector(
    Platform.LINUX,
    *PROCESSES,
    *UNITS,
    *paths((CUPS,)),
    Files(MAIN, root=True),
    Files(FILES, root=True),
    Files(PASSWD, limit=LARGEST),
    Files(GROUP, limit=LARGEST),
    Files(SHADOW, limit=LARGEST, root=True),
    *unit_files((SOCKET,)),
)
def printing(read: Reader) -> Printing:
    """See what the configuration says."""
    running = processes(read)
    found = seen(partial(installed, read, (CUPS,), running))
    return Printing(found if isinstance(found, Unobserved) else tuple(_service(read, one, running) for one in found))


def _service(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> PrintService:
    elsewhere = seen(partial(leads_elsewhere, read, CUPS.processes, ARGUMENTS, (MAIN, FILES))) if found.unread is None else found.unread
    conf = elsewhere if elsewhere is not None else seen(partial(_read, read))
    if isinstance(conf, Unobserved):
        return PrintService("cups", found.running, found.starts, None, MAIN, *(conf,) * 6)
    sockets = seen(partial(settings, read, (SOCKET,), "Socket", "ListenStream"))
    network = _on_network(sockets, conf)
    clients = _clients(conf, network)
    read.keep(MAIN, f"clients: {clients}")
    return PrintService(
        name="cups",
        running=found.running,
        starts=found.starts,
        applied=applied(read, running, CUPS.processes, (MAIN, FILES)) if found.running is True else None,
        source=MAIN,
        clients=clients,
        encrypted=_encrypted(sockets, conf),
        administration_asks=_administration_asks(conf),
        administrators=seen(partial(_administrators, read, conf)),
        announces=_announces(conf, network),
        file_devices=seen(partial(_file_devices, read)),
    )


def _read(read: Reader) -> Cupsd:
    data = file_needed(read, MAIN)
    return needed(parsed(MAIN, data, cupsd.parse))


def _on_network(sockets: tuple[str, ...] | Unobserved, conf: Cupsd) -> bool | Unobserved:
    """Tell whether it listens on more than the machine itself."""
    if any(not cupsd.is_local(value) for _, value in conf.every("listen", "port", "ssllisten", "sslport")):
        return True
    return sockets if isinstance(sockets, Unobserved) else any(not cupsd.is_local(address) for address in sockets)


def _clients(conf: Cupsd, network: bool | Unobserved) -> Audience | Unobserved:
    """Say who gets through at the place that lets in most. Where no location fits, only the machine itself does."""
    if network is False:
        return Audience.ITSELF
    found = [Audience.ITSELF]
    missing: Unobserved | None = network if isinstance(network, Unobserved) else None
    names = [block for block in conf.locations.values() if block.name.startswith("/")]
    used = {id(block): block for path in PLACES if (block := cupsd.best(names, path)) is not None}
    used.update({id(block): block for block in names if re.match(r"/(printers|classes|jobs)/", block.name)})
    for block in used.values():
        if block.limited or block.values.get("satisfy", "all").lower() != "all":
            missing = missing or Unobserved(Reason.UNSUPPORTED, f"<Location {block.name}>: Limit or Satisfy decides")
        else:
            found.append(Audience(cupsd.admits(block)))
    most = widest(found)
    return most if not missing or (most is Audience.EVERYBODY and network is True) else missing


def _encrypted(sockets: tuple[str, ...] | Unobserved, conf: Cupsd) -> bool | Unobserved:
    """Tell whether TLS is a must: by the address, or by Encryption at the root and at every place that does not take it over.

    A socket of systemd is a plain one, whatever cupsd.conf says of its port, unless that is 443 (cupsd's listen.c and main.c).
    """
    blocks = [block for block in conf.locations.values() if block.name.startswith("/")]
    open_ = [block for block in blocks if cupsd.admits(block) != "itself"]
    if open_ and all(_required(block) for block in open_):
        return True
    by_address = bool(conf.every("ssllisten", "sslport")) and all(cupsd.is_local(value) for _, value in conf.every("listen", "port"))
    if not by_address:
        return False
    if isinstance(sockets, Unobserved):
        return sockets
    return all(cupsd.is_local(address) or re.search(r"(?:^|:)443$", address) for address in sockets)


def _required(block: Block) -> bool:
    return block.values.get("encryption", "").lower() in {"required", "always"}


def _administration_asks(conf: Cupsd) -> bool | Unobserved:
    """Tell whether the policy in force lets printers be added after a login only; the one that is built in does."""
    if not conf.policies:
        return True
    limit = _adding(conf)
    if isinstance(limit, Unobserved):
        return limit
    kind = limit.values.get("authtype", "none").lower()
    if kind == "default":
        kind = (conf.last("defaultauthtype") or "basic").lower()
    either = limit.values.get("satisfy", "all").lower() == "any"
    return (kind != "none" and not either) or cupsd.admits(limit) == "itself"


def _adding(conf: Cupsd) -> Block | Unobserved:
    """Give the limit of the policy in force on adding printers."""
    name = (conf.last("defaultpolicy") or "default").lower()
    policy = conf.policies.get(name, {})
    return policy.get(ADDING, policy.get("all")) or Unobserved(
        Reason.VALUE_NOT_SET, f"the policy {name} does not speak of adding printers, and versions differ in what that means"
    )


def _administrators(read: Reader, conf: Cupsd) -> tuple[str, ...]:
    """Follow Require to accounts; groups are those of the machine itself. The policy that is built in wants ``user @SYSTEM``.

    Raises ``CannotObserve``.
    """
    if _administration_asks(conf) is False:
        return (ANYBODY,)
    require = needed(_adding(conf)).require if conf.policies else ["user @SYSTEM"]
    accounts: set[str] = set()
    wanted: set[str] = set()
    for line in require:
        kind, *names = line.split()
        if kind.lower() == "valid-user":
            return (ANYBODY,)
        if kind.lower() not in {"user", "group"} or not names or "@OWNER" in names:
            raise CannotObserve(Reason.UNSUPPORTED, shown(f"whom Require {line[:80]} lets in is not followed"))
        bare = {name.removeprefix("@") for name in names if kind.lower() == "group" or name.startswith("@")}
        wanted |= bare
        accounts |= set(names) if kind.lower() == "user" else set()
    if not require:
        raise CannotObserve(Reason.VALUE_NOT_SET, "the policy does not say who may add printers")
    if "SYSTEM" in wanted:
        wanted |= _system_groups(read)
    return tuple(sorted({one for one in accounts if not one.startswith("@")} | _members(read, wanted)))


def _system_groups(read: Reader) -> set[str]:
    """Give the groups of SystemGroup, of all its lines together. Raises ``CannotObserve``."""
    lines = needed(parsed(FILES, read.file(FILES) or b"", cupsd.parse)).every("systemgroup")
    if not lines:
        raise CannotObserve(Reason.VALUE_NOT_SET, f"{FILES}: SystemGroup is not written, and its default is the package's")
    return {name for _, value in lines for name in value.split()}


def _members(read: Reader, wanted: set[str]) -> set[str]:
    """Give the accounts of groups, by name or as their first group, but for root's and those that nobody can be.

    Raises ``CannotObserve``.
    """
    known = [group for group in groups(read) if group.name in wanted]
    if others := wanted - {"SYSTEM", *(group.name for group in known)}:
        raise CannotObserve(
            Reason.UNSUPPORTED, shown(f"{min(others)} is no group of the machine itself, and who is in it is not looked up")
        )
    people = passwd(read)
    first = {one.name for one in people if one.gid in {group.gid for group in known}}
    found = first | {name for group in known for name in group.members}
    own = [one for one in people if one.name in found]
    return found - {one.name for one in own if one.uid == 0} - _closed(read, own)


def _closed(read: Reader, people: list[Entry]) -> set[str]:
    """Name those accounts that neither a shell nor a password opens, such as ``operator`` of the Red Hat family.

    Raises ``CannotObserve``.
    """
    without = [one for one in people if not one.logs_in]
    kept = {line.name: line.password for line in shadow(read)} if without else {}
    kinds = {one.name: kept.get(one.name, "none") if one.password == "shadow" else one.password for one in without}  # noqa: S105  a kind
    return {name for name, kind in kinds.items() if kind in {"locked", "none"}}


def _announces(conf: Cupsd, network: bool | Unobserved) -> bool | Unobserved:
    said = conf.last("browsing")
    on = cupsd.truth(said) if said is not None else None
    protocols = conf.last("browselocalprotocols")
    if on is False or (protocols is not None and protocols.lower() == "none"):
        return False
    if isinstance(network, Unobserved) or network is False:
        return network
    return Unobserved(Reason.VALUE_NOT_SET, "Browsing is not written, and its default is the package's") if on is None else True


def _file_devices(read: Reader) -> bool:
    """Tell what cups-files.conf(5) says of FileDevice; without a word, or without the file, it is off. Raises ``CannotObserve``."""
    said = needed(parsed(FILES, read.file(FILES) or b"", cupsd.parse)).last("filedevice")
    on = cupsd.truth(said) if said is not None else False
    if on is None:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{FILES}: FileDevice is neither on nor off")
    return on
