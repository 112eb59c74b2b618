"""The collector for the packet filter of a Linux machine: the rules in the kernel, and those that programs load at its start."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from scanner.facts.firewall import Filter, FilterProgram, Firewall, Opening
from scanner.facts.readings import Readings
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.combining import unknown
from scanner.hosts.linux.base import enabled, exists, needed, parsed, processes, runs, seen, shown
from scanner.hosts.linux.firewall_files import FIREWALLD, UFW, firewalld, ufw, ufw_enabled
from scanner.hosts.linux.named_paths import absolute, is_pattern, matching
from scanner.hosts.linux.services import PROCESSES, UNITS
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import iptables, nftables
from scanner.wire.packetfilter import Does, NotARuleset, Table, Way, base_chains, follow, follow_redirects

LIST_NFT = ("nft", "-s", "list", "ruleset")
SAVE = {"ip": ("iptables-save",), "ip6": ("ip6tables-save",)}
LEGACY = {"ip": ("iptables-legacy-save",), "ip6": ("ip6tables-legacy-save",)}
"""Each reads its table names from /proc/net and tells nothing where the kernel has no such file."""
LINKS = ("ip", "-o", "link")
NFT_FILES = ("/etc/nftables.conf", "/etc/sysconfig/nftables.conf")
RULES = {"ip": ("/etc/iptables/rules.v4", "/etc/sysconfig/iptables"), "ip6": ("/etc/iptables/rules.v6", "/etc/sysconfig/ip6tables")}
SCRIPTS = ("/etc/rc.local", "/etc/rc.d/rc.local", "/etc/network/if-pre-up.d", "/etc/network/if-up.d")
MOST_INTERFACES = 64
SECONDS = 10.0
DIRECTIONS = {"inbound": frozenset({"prerouting", "input"}), "outbound": frozenset({"output"})}
EVERYWHERE, OTHERS = "*", "(others)"
MOST_UNCLEAR, MOST_OPENINGS = 20, 500


@collector(
    Platform.LINUX,
    Run(LIST_NFT, SECONDS, root=True),
    *(Run(argv, SECONDS, root=True) for argv in SAVE.values()),
    *(Run(argv, SECONDS, root=True, needs=f"/proc/net/{family}_tables_names") for family, argv in LEGACY.items()),
    Run(LINKS),
    *PROCESSES,
    *UNITS,
    *(Files(path) for path in NFT_FILES),
    Files("/etc/nftables.d/*.nft"),
    Files("/etc/nftables/*.nft", root=True),
    *(Files(path, root=True) for held in RULES.values() for path in held),
    *UFW,
    *FIREWALLD,
    Names("/etc/network/if-pre-up.d"),
    Names("/etc/network/if-up.d"),
    Files("/etc/network/if-pre-up.d/*", limit=20_000),
    Files("/etc/network/if-up.d/*", limit=20_000),
    Files("/etc/network/interfaces"),
    Files("/etc/rc.local"),
    Files("/etc/systemd/system/*.service", limit=20_000),
    Names("/usr/sbin/nft"),
    Names("/usr/sbin/iptables"),
    Names("/sbin/iptables"),
)
def firewall(read: Reader) -> Firewall:
    """See what becomes of connections in and out, over IPv4 and IPv6, now and after a restart."""
    now: _Rules | Unobserved | None = seen(lambda: _loaded(read)) if read.live else None
    interfaces = seen(lambda: _interfaces(read)) if read.live else ()
    programs = seen(lambda: _programs(read))
    later = programs if isinstance(programs, Unobserved) else seen(lambda: _later(read, programs, now))
    asked = partial(_readings, read, _Seen(now, later, interfaces))
    return Firewall(
        tuple(FilterProgram(p.name, p.starts, p.running) for p in programs) if not isinstance(programs, Unobserved) else programs,
        asked("inbound", "ip"),
        asked("inbound", "ip6"),
        asked("outbound", "ip"),
        asked("outbound", "ip6"),
    )


@dataclass(frozen=True, slots=True)
class _Rules:
    """Rules from one place."""

    tables: tuple[Table, ...]
    source: str


@dataclass(frozen=True, slots=True)
class _Program:
    name: str
    starts: bool | Unobserved
    running: bool | Unobserved | None
    load: Callable[[], tuple[_Rules, ...]]


@dataclass(frozen=True, slots=True)
class _Seen:
    now: _Rules | Unobserved | None
    later: tuple[_Rules, ...] | Unobserved
    interfaces: tuple[str, ...] | Unobserved


def _readings(read: Reader, found: _Seen, direction: str, family: str) -> Readings[Filter]:
    now, later, interfaces = found.now, found.later, found.interfaces
    source = "" if isinstance(later, Unobserved) else ", ".join(rules.source for rules in later)
    if isinstance(interfaces, Unobserved):
        return unknown(interfaces, read.live, source)

    def one(tables: tuple[Table, ...]) -> Filter | Unobserved:
        try:
            return filtered(tables, direction, family, interfaces)
        except NotARuleset as error:
            return Unobserved(Reason.UNSUPPORTED, shown(f"the rules cannot be followed: {error}"))

    in_force = now if now is None or isinstance(now, Unobserved) else one(now.tables)
    after = later if isinstance(later, Unobserved) else one(tuple(table for rules in later for table in rules.tables))
    if isinstance(in_force, Filter):
        read.keep(f"{direction} {family}", f"let through: {in_force.let_through_on}; open: {in_force.openings}")
    configured = None if isinstance(later, tuple) and not later else after
    return Readings(configured, in_force, after, source or "nft list ruleset, iptables-save")


def filtered(tables: tuple[Table, ...], direction: str, family: str, interfaces: tuple[str, ...]) -> Filter:
    """Follow a new connection through every base chain of a direction; a refusal by one of them is final."""
    chains = base_chains(tables, family, DIRECTIONS[direction])
    mentioned = {
        name
        for table, _ in chains
        for chain in table.chains.values()
        for rule in chain.rules
        for match in (rule.inward, rule.outward)
        if match
        for name in match.values
    }
    # without a list of what is there, every interface that the rules name and one that they do not
    asked = interfaces or (*sorted(name for name in mentioned if name != "lo" and not name.endswith(("*", "+"))), "")
    ways = [Way() for _ in chains]
    if len(asked) > MOST_INTERFACES:
        raise NotARuleset(f"more than {MOST_INTERFACES} interfaces")
    refusing: list[set[str]] = []
    for (table, chain), way in zip(chains, ways, strict=True):
        refusing.append({one for one in asked if follow(table, chain, family, one, way)})
    through = [one for one in asked if not any(one in refused for refused in refusing)]
    denying = [way for way, refused in zip(ways, refusing, strict=True) if refused]
    # what several refusing chains let through is what each of them does; the one with the fewest openings is nearest to it
    chosen = min(denying, key=lambda way: len(way.opened), default=Way())
    if direction == "inbound" and any(rule.sent_on and rule.does is Does.ACCEPT for _, chain in chains for rule in chain.rules):
        for one in asked:
            follow_redirects(tables, family, one, chosen)
    unclear = [shown(text) for text in dict.fromkeys(chosen.unclear)][:MOST_UNCLEAR]
    if len(denying) > 1 and chosen.opened:
        unclear.append("several chains refuse, and what all of them let through was not worked out")
    openings = _openings(chosen, asked)
    if len(openings) > MOST_OPENINGS:
        unclear.append(f"more than {MOST_OPENINGS} openings")
    return Filter(
        any(chain.rules or chain.denies for _, chain in chains),
        (EVERYWHERE,) if len(through) == len(asked) else tuple(one or OTHERS for one in through),
        openings[:MOST_OPENINGS],
        any(way.logs for way in ways),
        tuple(unclear),
    )


def _openings(way: Way, asked: tuple[str, ...]) -> tuple[Opening, ...]:
    joined: dict[tuple[str, int, int, tuple[str, ...]], list[str]] = {}
    for one in way.opened:
        joined.setdefault((one.protocol, *one.ports, one.sources), []).append(one.interface)
    return tuple(
        Opening(
            protocol, first, last, tuple(shown(s) for s in sources), () if set(on) == set(asked) else tuple(name or OTHERS for name in on)
        )
        for (protocol, first, last, sources), on in joined.items()
    )


def _asked(read: Reader, argv: tuple[str, ...]) -> bytes | None:
    """Ask a program that only root may use; an answer without success is a missing right. Raises ``CannotObserve``."""
    answer = read.command(argv, seconds=SECONDS)
    if answer is None:
        return None
    if answer.status != 0:
        raise CannotObserve(Reason.ACCESS_DENIED, f"{' '.join(argv)}: status {answer.status}")
    return answer.stdout


def _loaded(read: Reader) -> _Rules:
    """Give the rules in the kernel. Raises ``CannotObserve``."""
    listed = _asked(read, LIST_NFT)
    tables: list[Table] = []
    sources: list[str] = []
    for family, argv in SAVE.items():
        saved = _asked(read, argv)
        if saved is None:
            continue
        sources.append(argv[0])
        tables += _ruleset(argv[0], saved, family)
        if b"(nf_tables)" in saved:
            old = read.command(LEGACY[family], seconds=SECONDS)
            if old is not None and old.status == 0:
                tables += _ruleset(LEGACY[family][0], old.stdout, family)
            elif b"legacy tables present" in saved:
                raise CannotObserve(Reason.ACCESS_DENIED, f"{LEGACY[family][0]}: it did not answer")
    if listed is not None:
        found = needed(parsed("nft list ruleset", listed, nftables.parse))
        # iptables' tables, which iptables-save told in words that hold more
        tables += [table for table in found if not (sources and _of_iptables(table))]
        sources.append("nft list ruleset")
    elif runs(processes(read), "firewalld") is not False:  # it loads rules without the program nft
        raise CannotObserve(Reason.UNSUPPORTED, "nft is not there to list what firewalld has loaded")
    return _Rules(tuple(tables), ", ".join(sources) or "no packet filter program is installed")


def _ruleset(place: str, data: bytes, family: str) -> tuple[Table, ...]:
    return needed(parsed(place, data, lambda text: iptables.parse(text, family)))


def _of_iptables(table: Table) -> bool:
    return (
        table.family != "inet"
        and table.name in {"filter", "mangle", "raw", "security", "nat"}
        and any(name.isupper() for name in table.chains)
    )


def _interfaces(read: Reader) -> tuple[str, ...]:
    """Give the interfaces on which packets arrive: up, not loopback, no port of a bridge or bond. Raises ``CannotObserve``."""
    answer = read.command(LINKS)
    found = []
    for line in answer.stdout.decode("utf-8", "replace").split("\n") if answer and answer.status == 0 else ():
        words = line.split()
        if len(words) > 2 and words[2].startswith("<") and "LOOPBACK" not in words[2] and "master" not in words:
            flags = words[2].strip("<>").split(",")
            if "UP" in flags:
                found.append(words[1].rstrip(":").partition("@")[0])
    return tuple(sorted(found))


def _programs(read: Reader) -> tuple[_Program, ...]:
    running = processes(read)
    found = []
    if exists(read, "/usr/sbin/nft"):
        found.append(_Program("nftables", seen(partial(enabled, read, "nftables.service")), None, partial(_nft_files, read)))
    if exists(read, "/usr/sbin/ufw"):
        starts = seen(lambda: enabled(read, "ufw.service") and ufw_enabled(read))
        found.append(_Program("ufw", starts, None, lambda: (_Rules(ufw(read), "/etc/ufw"),)))
    if exists(read, "/usr/sbin/firewalld"):
        starts = seen(partial(enabled, read, "firewalld.service"))
        found.append(_Program("firewalld", starts, runs(running, "firewalld"), lambda: (_Rules(firewalld(read), "/etc/firewalld"),)))
    if exists(read, "/usr/sbin/iptables", "/sbin/iptables"):
        units = ("netfilter-persistent.service", "iptables.service", "ip6tables.service")
        starts = seen(lambda: any(enabled(read, unit) for unit in units))
        found.append(_Program("iptables", starts, None, partial(_saved_rules, read)))
    return tuple(found)


def _nft_files(read: Reader) -> tuple[_Rules, ...]:
    place = exists(read, *NFT_FILES)
    if place is None:
        return ()

    def include(pattern: str) -> Iterable[bytes]:
        path = absolute("/etc", pattern)
        found = tuple(data for one in matching(read, path) if (data := read.file(one)) is not None)
        if not found and not is_pattern(path):  # nft loads nothing at all then
            raise CannotObserve(Reason.UNSUPPORTED, f"{place} includes {shown(path)}, which is not there")
        return found

    text = read.file(place) or b""
    return (_Rules(needed(parsed(place, text, lambda data: nftables.parse(data, include))), place),)


def _saved_rules(read: Reader) -> tuple[_Rules, ...]:
    found = []
    persistent = enabled(read, "netfilter-persistent.service")
    for family, (debian, redhat) in RULES.items():
        for path, loads in ((debian, persistent), (redhat, enabled(read, f"{redhat.rpartition('/')[2]}.service"))):
            data = read.file(path, limit=4_000_000) if loads else None
            if data is not None:
                found.append(_Rules(_ruleset(path, data, family), path))
    return tuple(found)


def _later(read: Reader, programs: tuple[_Program, ...], now: _Rules | Unobserved | None) -> tuple[_Rules, ...]:
    """Give the rules that will be loaded at the next start. Raises ``CannotObserve``."""
    found = tuple(rules for program in programs if needed(program.starts) for rules in program.load())
    owners = [program.name for program in programs if program.starts is True and any(_refuses(rules) for rules in program.load())]
    if len(owners) > 1:
        raise CannotObserve(Reason.UNSUPPORTED, f"{', '.join(owners)} load rules one after the other; what is left was not worked out")
    if not owners and isinstance(now, _Rules) and _refuses(now) and (script := _script(read)):
        raise CannotObserve(Reason.UNSUPPORTED, f"{script} may load rules; scripts are not followed")
    return found


def _refuses(rules: _Rules) -> bool:
    return any(
        chain.denies or any(rule.does is Does.DENY for rule in chain.rules) for table in rules.tables for chain in table.chains.values()
    )


def _script(read: Reader) -> str | None:
    """Name a script or unit of this machine that speaks of a packet filter."""
    places = ["/etc/rc.local", "/etc/rc.d/rc.local", "/etc/network/interfaces"]
    for directory in ("/etc/network/if-pre-up.d", "/etc/network/if-up.d", "/etc/systemd/system"):
        places += [f"{directory}/{name}" for name in read.names(directory) or () if directory[-1] != "m" or name.endswith(".service")]
    for place in places:
        text = seen(partial(read.file, place, limit=20_000))
        if isinstance(text, bytes) and re.search(rb"\b(ip6?tables|nft)\b", text):
            return shown(place)
    return None
