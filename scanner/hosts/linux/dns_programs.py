"""The collector for the configuration of DNS server programs, and how those of Unbound, NSD and Knot are meant (BIND: ``dns_bind``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from scanner.facts.dns_configuration import DnsConfiguration, DnsProgram, ServedZone
from scanner.facts.readings import Audience
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux.arguments import Grammar, leads_elsewhere
from scanner.hosts.linux.audience import audience_of, widest
from scanner.hosts.linux.base import Process, applied, file_needed, needed, parsed, processes, seen, shown
from scanner.hosts.linux.dns_bind import CHECKED, PLACES, VERSION, bind
from scanner.hosts.linux.dns_reading import Read, among, hints
from scanner.hosts.linux.named_paths import matching
from scanner.hosts.linux.process_account import account
from scanner.hosts.linux.services import PROCESSES, UNITS, Found, Program, installed, paths
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import dnsconf
from scanner.wire.dnsconf import Clause, Option

BIND = Program("bind", ("/usr/sbin/named",), ("named.service", "bind9.service"), ("named",))
UNBOUND = Program("unbound", ("/usr/sbin/unbound",), ("unbound.service",), ("unbound",))
NSD = Program("nsd", ("/usr/sbin/nsd",), ("nsd.service",), ("nsd",))
KNOT = Program("knot", ("/usr/sbin/knotd",), ("knot.service",), ("knotd",))
KNOWN = (BIND, UNBOUND, NSD, KNOT)
MAIN = {UNBOUND: "/etc/unbound/unbound.conf", NSD: "/etc/nsd/nsd.conf", KNOT: "/etc/knot/knot.conf"}
ARGUMENTS = {
    BIND: Grammar("46A:c:C:d:D:E:fFgi:lL:M:m:n:N:p:sS:t:T:U:u:vVx:X:", ("-c", "-t")),
    UNBOUND: Grammar("c:dhpvw:V", ("-c",)),
    NSD: Grammar("46a:c:df:hi:I:l:N:n:P:p:s:u:t:X:V:v", ("-c", "-t")),
    KNOT: Grammar(
        "c:C:m:s:dvhV",
        ("-c", "--config", "-C", "--confdb"),
        ("config=", "confdb=", "max-conf-size=", "socket=", "daemonize", "verbose", "help", "version"),
    ),
}
CONFDB = "/var/lib/knot/confdb"
"""Knot takes its configuration database before its configuration file where there is one (knotd(8))."""
ZONE_LIST = "/var/lib/nsd/zone.list"
RATE_OF_NSD = ("nsd-checkconf", "-o", "rrl-ratelimit", MAIN[NSD])
MOST_FILES = 200
DEEPEST = 8


@collector(
    Platform.LINUX,
    *PROCESSES,
    *UNITS,
    *paths(KNOWN),
    Names("/proc"),
    Files("/etc/passwd", limit=10_000_000),
    *(Files(path, root=True) for path in PLACES),
    Files("/etc/bind/named.conf*", root=True),
    Files("/usr/share/dns/root.hints"),
    *(Files(path, root=True) for path in MAIN.values()),
    Files("/etc/unbound/unbound.conf.d/*.conf", root=True),
    Files("/etc/nsd/nsd.conf.d/*.conf", root=True),
    Names(CONFDB, root=True),
    Files(ZONE_LIST, limit=8_000_000, root=True),
    Run(CHECKED, root=True),
    Run(VERSION),
    Run(RATE_OF_NSD, root=True),
)
def dns_configuration(read: Reader) -> DnsConfiguration:
    """See what the configurations say; each program that is installed stands for itself."""
    running = processes(read)
    return DnsConfiguration(seen(lambda: tuple(_program(read, found, running) for found in installed(read, KNOWN, running))))


def _program(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> DnsProgram:
    usual = PLACES if found.program is BIND else (MAIN[found.program],)
    elsewhere = (
        seen(partial(leads_elsewhere, read, found.program.processes, ARGUMENTS[found.program], ("", "/", *usual)))
        if found.unread is None
        else found.unread
    )
    reading = (
        elsewhere if elsewhere is not None else seen(partial({BIND: bind, UNBOUND: _unbound, NSD: _nsd, KNOT: _knot}[found.program], read))
    )
    if isinstance(reading, Unobserved):
        reading = Read("", (), reading, reading, reading, reading, reading, reading, reading, reading)
    read.keep(found.program.name, f"{reading.source}: recursion for {reading.recursion}, hides its version: {reading.hides_version}")
    names = found.program.processes
    return DnsProgram(
        name=found.program.name,
        version=reading.version,
        running=found.running,
        starts=found.starts,
        applied=applied(read, running, names, reading.files) if found.running is True else None,
        source=reading.source,
        recursion=reading.recursion,
        zones=reading.zones,
        rate_limit=reading.rate_limit,
        hides_version=reading.hides_version,
        validates=reading.validates,
        anchor_kept=reading.anchor_kept,
        hints=reading.hints,
        account=seen(partial(account, read, names)) if found.unread is None else found.unread,
    )


@dataclass(frozen=True)
class _Gathered:
    clauses: tuple[Clause, ...]
    files: tuple[str, ...]


def _gather(read: Reader, path: str, parse: Callable[[bytes], tuple[Clause, ...]]) -> _Gathered:
    """Read a file and what it includes, in place. Raises ``CannotObserve``."""
    files: list[str] = []

    def one(path: str, depth: int) -> list[Clause]:
        if depth > DEEPEST or len(files) >= MOST_FILES:
            raise CannotObserve(Reason.TOO_LARGE, f"{path}: too many files are included")
        data = file_needed(read, path, limit=8_000_000)
        files.append(shown(path))
        found: list[Clause] = []
        for clause in needed(parsed(path, data, parse)):
            rest: list[Option] = []
            for option in clause.options:
                if option.name not in {"include", "include-toplevel"}:
                    rest.append(option)
                    continue
                found.append(replace(clause, options=tuple(rest)))
                rest = []
                inner = [c for name in matching(read, option.value) for c in one(name, depth + 1)]
                # What an included file says before its first clause belongs to the clause that includes it.
                found += [replace(c, name=clause.name) if not c.name and option.name == "include" else c for c in inner]
            found.append(replace(clause, options=tuple(rest)))
        return found

    return _Gathered(tuple(clause for clause in one(path, 0) if clause.options), tuple(files))


def _options(gathered: _Gathered, *names: str) -> Clause:
    """Give all options of clauses of these names as one clause."""
    return Clause(names[0], tuple(option for clause in gathered.clauses if clause.name in names for option in clause.options))


def _unbound(read: Reader) -> Read:
    gathered = _gather(read, MAIN[UNBOUND], dnsconf.parse)
    server = _options(gathered, "server")
    anchors = [name for name in ("auto-trust-anchor-file", "trust-anchor-file", "trust-anchor", "trusted-keys-file") if server.all(name)]
    modules = server.last("module-config")
    validates = (modules is None or "validator" in " ".join(server.all("module-config")[-1].words)) and bool(anchors)
    given = [option.value for option in server.all("root-hints") if option.value]
    return Read(
        source=MAIN[UNBOUND],
        files=gathered.files,
        version=Unobserved(Reason.UNSUPPORTED, "unbound prints its version where it is not read"),
        recursion=_unbound_audience(server),
        zones=(),
        rate_limit=(server.last("ip-ratelimit") or "0") != "0",
        hides_version=server.last("hide-version") == "yes",
        validates=validates,
        anchor_kept="auto-trust-anchor-file" in anchors if validates else None,
        hints=seen(partial(hints, read, given[-1])) if given else None,
    )


def _unbound_audience(server: Clause) -> Audience | Unobserved:
    """Say whom access-control lets in. Unbound listens on the loopback alone, and answers it alone, unless told otherwise."""
    listens = [option.value for name in ("interface", "ip-address") for option in server.all(name)]
    if all(re.match(r"127\.|::1(?![0-9a-fA-F:])|lo\b", address) for address in listens) and server.last("interface-automatic") != "yes":
        return Audience.ITSELF
    if server.all("interface-action"):
        return Unobserved(Reason.UNSUPPORTED, "interface-action decides by interface, which is not read")
    last = {option.value: option.words[1] for option in server.all("access-control") if len(option.words) > 1}
    allowed = [network for network, action in last.items() if action.startswith("allow")]
    return widest((Audience.ITSELF, *(audience_of(network) for network in allowed)))


def _nsd(read: Reader) -> Read:
    gathered = _gather(read, MAIN[NSD], dnsconf.parse)
    server = _options(gathered, "server")
    patterns: dict[str, Audience | Unobserved] = {}
    for clause in gathered.clauses:
        if clause.name == "pattern":  # a pattern may include those above it
            patterns[clause.last("name") or ""] = seen(partial(_nsd_transfers, clause, patterns))
    zones = [
        ServedZone(shown(name.lower().rstrip(".") or "."), "", seen(partial(_nsd_transfers, clause, patterns)))
        for clause in gathered.clauses
        if clause.name == "zone" and (name := clause.last("name"))
    ]
    added = seen(partial(_nsd_added, read, server.last("zonelistfile") or ZONE_LIST, patterns))
    rate = server.last("rrl-ratelimit")
    if rate is None and read.live:
        said = read.command(RATE_OF_NSD)
        rate = said.stdout.decode("ascii", "replace").strip() if said is not None and said.status == 0 else None
    limited = (
        Unobserved(Reason.VALUE_NOT_SET, "rrl-ratelimit is not written, and not every build limits")
        if not (rate or "").isdecimal()
        else rate != "0"
    )
    return Read(
        source=MAIN[NSD],
        files=gathered.files,
        version=Unobserved(Reason.UNSUPPORTED, "nsd prints its version where it is not read"),
        recursion=None,
        zones=among(zones, added) if isinstance(added, Unobserved) else among([*zones, *added]),
        rate_limit=limited,
        hides_version=server.last("hide-version") == "yes",
        validates=None,
        anchor_kept=None,
        hints=None,
    )


def _nsd_added(read: Reader, path: str, patterns: Mapping[str, Audience | Unobserved]) -> tuple[ServedZone, ...]:
    """Give the zones that were added to a running NSD: ``add ZONE PATTERN`` lines of its list. Raises ``CannotObserve``."""
    found = []
    for line in (read.file(path, limit=8_000_000) or b"").decode("utf-8", "replace").split("\n"):
        words = line.split()
        if words[:1] == ["add"] and len(words) > 2:
            clause = Clause("zone", (Option("include-pattern", (words[2],)),))
            found.append(ServedZone(shown(words[1].lower().rstrip(".") or "."), "", seen(partial(_nsd_transfers, clause, patterns))))
    return tuple(found)


def _nsd_transfers(clause: Clause, patterns: Mapping[str, Audience | Unobserved]) -> Audience:
    """Say whom a zone or pattern lets transfer, with the patterns that it includes. Raises ``CannotObserve``."""
    found = [Audience.NOBODY]
    for used in clause.all("include-pattern"):
        if used.value not in patterns:
            raise CannotObserve(Reason.UNSUPPORTED, f"the pattern {shown(used.value)} is not in the configuration")
        found.append(needed(patterns[used.value]))
    return widest((*found, *(_nsd_audience(option) for option in clause.all("provide-xfr"))))


def _nsd_audience(option: Option) -> Audience:
    network, key = (*option.words, "", "")[:2]
    if key == "BLOCKED":
        return Audience.NOBODY
    return audience_of(network, Audience.SOME) if key == "NOKEY" else Audience.ITSELF


def _knot(read: Reader) -> Read:
    if read.names(CONFDB):
        raise CannotObserve(Reason.UNSUPPORTED, f"{CONFDB}: Knot goes by its configuration database, which is not read")
    gathered = _gather(read, MAIN[KNOT], dnsconf.parse_knot)
    items = gathered.clauses
    server = _options(gathered, "server")
    rules = {c.last("id"): c for c in items if c.name == "acl"}
    templates = {c.last("id"): c for c in items if c.name == "template"}
    zones = []
    modules: set[str] = set()
    unlimited = dynamic = False
    for clause in items:
        if clause.name == "zone" and (name := clause.last("domain")):
            template = templates.get(clause.last("template") or "default")
            named = clause.all("acl") or (template.all("acl") if template else ())
            used = {w for c in (clause, template) if c for o in (*c.all("module"), *c.all("global-module")) for w in o.words}
            modules |= used
            unlimited = unlimited or not any(word.startswith("mod-rrl") for word in used)
            who = seen(partial(_knot_transfers, [word for option in named[-1:] for word in option.words], rules))
            dynamic = dynamic or any(c.last("catalog-role") == "interpret" for c in (clause, template) if c)
            zones.append(ServedZone(shown(name.lower().rstrip(".") or "."), "", who))
    catalogued = Unobserved(Reason.UNSUPPORTED, "a catalog zone adds zones, which are not read") if dynamic else None
    default = templates.get("default")
    everywhere = default is not None and any(w.startswith("mod-rrl") for o in default.all("global-module") for w in o.words)
    version = server.last("version")
    return Read(
        source=MAIN[KNOT],
        files=gathered.files,
        version=Unobserved(Reason.UNSUPPORTED, "knotd's version is not read"),
        recursion=None,
        zones=among(zones, catalogued),
        rate_limit=everywhere or not unlimited,
        # knot.conf(5): unset, the version is told; an empty text hides it, and any other is told instead
        hides_version=version is not None and not re.search(r"\d\.\d", version),
        validates=None,
        anchor_kept=None,
        hints=None,
    )


def _knot_transfers(named: list[str], rules: Mapping[str | None, Clause]) -> Audience:
    """Say whom the rules of a zone let transfer. Raises ``CannotObserve``."""
    if missing := [word for word in named if word not in rules]:
        raise CannotObserve(Reason.UNSUPPORTED, f"the rule {shown(missing[0])} is not in the configuration")
    return widest(_knot_audience(rules[word]) for word in named)


def _knot_audience(rule: Clause) -> Audience:
    """Say whom a rule lets transfer: a rule without address, remote or key fits everybody."""
    if "transfer" not in {word for option in rule.all("action") for word in option.words} or rule.last("deny") in {"on", "true"}:
        return Audience.NOBODY
    if rule.all("key") or rule.all("remote"):
        return Audience.ITSELF if rule.all("key") else Audience.SOME
    networks = {word for option in rule.all("address") for word in option.words}
    return widest(audience_of(network, Audience.SOME) for network in networks) if networks else Audience.EVERYBODY
